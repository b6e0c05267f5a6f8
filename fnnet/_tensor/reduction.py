"""Methods of the reduction family."""

from __future__ import annotations

from fnnet.autograd.variable import Variable


class ReductionMethods(Variable):
    """Methods of the reduction family."""

"""Methods of the comparison family."""

from __future__ import annotations

from fnnet.autograd.variable import Variable


class ComparisonMethods(Variable):
    """Methods of the comparison family."""

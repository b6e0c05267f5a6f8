"""Methods of the linear family."""

from __future__ import annotations

from fnnet.autograd.variable import Variable


class LinearMethods(Variable):
    """Methods of the linear family."""

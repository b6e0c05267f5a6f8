"""Methods of the arithmetic family."""

from __future__ import annotations

from fnnet.autograd.variable import Variable


class ArithmeticMethods(Variable):
    """Methods of the arithmetic family."""

"""Methods of the elementwise family."""

from __future__ import annotations

from fnnet.autograd.variable import Variable


class ElementwiseMethods(Variable):
    """Methods of the elementwise family."""

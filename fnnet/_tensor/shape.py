"""Methods of the shape family."""

from __future__ import annotations

from fnnet.autograd.variable import Variable


class ShapeMethods(Variable):
    """Methods of the shape family."""

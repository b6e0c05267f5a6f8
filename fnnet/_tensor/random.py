"""Methods of the random family."""

from __future__ import annotations

from fnnet.autograd.variable import Variable


class RandomMethods(Variable):
    """Methods of the random family."""

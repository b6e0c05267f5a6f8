"""Methods of the sorting family."""

from __future__ import annotations

from fnnet.autograd.variable import Variable


class SortingMethods(Variable):
    """Methods of the sorting family."""

"""Methods of the indexing family."""

from __future__ import annotations

from fnnet.autograd.variable import Variable


class IndexingMethods(Variable):
    """Methods of the indexing family."""

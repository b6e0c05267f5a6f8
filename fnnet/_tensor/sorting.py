"""Methods of the sorting family."""

from __future__ import annotations

from fnnet.autograd.variable import Variable
from fnnet.functional import sorting


class SortingMethods(Variable):
    """Methods of the sorting family."""

    sort = sorting.sort
    argsort = sorting.argsort
    msort = sorting.msort
    topk = sorting.topk
    unique = sorting.unique
    unique_consecutive = sorting.unique_consecutive

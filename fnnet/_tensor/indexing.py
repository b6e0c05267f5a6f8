"""Methods of the indexing family: brackets, gather and scatter, masks."""

from __future__ import annotations

from fnnet.autograd.variable import Variable
from fnnet.functional import gathering, indexing, masking, slices


class IndexingMethods(Variable):
    """Methods of the indexing family."""

    __getitem__ = indexing.getitem
    __setitem__ = indexing.setitem

    index_select = slices.index_select
    index_put = indexing.index_put
    index_put_ = indexing.index_put_

    gather = gathering.gather
    scatter = gathering.scatter
    scatter_ = gathering.scatter_
    scatter_add = gathering.scatter_add
    scatter_add_ = gathering.scatter_add_
    scatter_reduce = gathering.scatter_reduce
    scatter_reduce_ = gathering.scatter_reduce_
    index_add = slices.index_add
    index_add_ = slices.index_add_
    index_copy = slices.index_copy
    index_copy_ = slices.index_copy_
    index_fill = slices.index_fill
    index_fill_ = slices.index_fill_
    take = gathering.take
    put = gathering.put
    put_ = gathering.put_
    take_along_dim = gathering.take_along_dim

    masked_fill = masking.masked_fill
    masked_fill_ = masking.masked_fill_
    masked_select = masking.masked_select
    masked_scatter = masking.masked_scatter
    masked_scatter_ = masking.masked_scatter_
    nonzero = masking.nonzero
    argwhere = masking.argwhere

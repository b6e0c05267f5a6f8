"""Methods of the reduction family: reductions, statistics, scans."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fnnet.autograd.variable import Variable
from fnnet.functional import maxima, quantiles, reduction, scan, statistics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fnnet._tensor import Tensor
    from fnnet.backends.dtypes import DType


class ReductionMethods(Variable):
    """Methods of the reduction family."""

    sum = reduction.sum
    mean = reduction.mean
    prod = reduction.prod
    nansum = reduction.nansum
    nanmean = reduction.nanmean
    amax = maxima.amax
    amin = maxima.amin
    aminmax = maxima.aminmax
    argmax = maxima.argmax
    argmin = maxima.argmin
    max = maxima.max
    min = maxima.min
    any = reduction.any
    all = reduction.all
    count_nonzero = reduction.count_nonzero
    logsumexp = reduction.logsumexp

    var = statistics.var
    std = statistics.std
    median = quantiles.median
    nanmedian = quantiles.nanmedian
    kthvalue = quantiles.kthvalue
    mode = quantiles.mode
    quantile = quantiles.quantile
    nanquantile = quantiles.nanquantile

    def dist(self, other: Tensor, p: float = 2) -> Tensor:
        """The p-norm of the difference from another tensor (see `fnnet.dist`).

        Args:
            other: Of a shape that broadcasts.
            p: The order, any number. Default: 2.

        Example:
            >>> import fnnet
            >>> fnnet.tensor([3.0, 4.0]).dist(fnnet.tensor([0.0, 0.0]))
            tensor(5.)
        """
        from fnnet.functional import distance

        return distance.dist(cast("Tensor", self), other, p)

    def norm(
        self,
        p: float | str | None = "fro",
        dim: int | Sequence[int] | None = None,
        keepdim: bool = False,
        dtype: DType | None = None,
    ) -> Tensor:
        """The p-norm of the elements (see `fnnet.norm`).

        Args:
            p: The order: a number, inf, -inf or "fro" (2). Default: "fro".
            dim: A dim or several. Default: all.
            keepdim: Keep the reduced dims, of size 1. Default: False.
            dtype: The tensor is cast to it first. Default: its own.

        Returns:
            The tensor without the reduced dims.

        Raises:
            DTypeError: What is to be summed is of whole numbers or bool.
        """
        return statistics.norm(cast("Tensor", self), p, dim, keepdim, dtype=dtype)

    cumsum = scan.cumsum
    cumsum_ = scan.cumsum_
    cumprod = scan.cumprod
    cumprod_ = scan.cumprod_
    cummax = scan.cummax
    cummin = scan.cummin
    logcumsumexp = scan.logcumsumexp
    diff = scan.diff

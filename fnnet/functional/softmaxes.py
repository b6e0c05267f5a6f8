"""Softmax and its relatives: exponentials along a dim, normalised to sum 1."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import OPS, OUT, Make, Op, Sample
from fnnet.autograd.node import entitle, name_of
from fnnet.autograd.tape import apply, namespace_of
from fnnet.autograd.variable import make
from fnnet.functional._common import into_same, need_tensor, to_dtype, wrap_dim
from fnnet.functional.activation import need_float
from fnnet.functional.arithmetic import neg
from fnnet.functional.layout import contiguous
from fnnet.functional.random_source import draw

if TYPE_CHECKING:
    from fnnet._tensor import Tensor
    from fnnet.backends.dtypes import DType

K = Namespace
Grads = tuple[Any, ...]


def _samples(make: Make) -> Any:
    """Each dim, one class alone, no class, large values."""
    return (
        Sample(make(3, 4), dim=1), Sample(make(3, 4), dim=0), Sample(make(2, 3, 4), dim=1), Sample(make(3, 1), dim=1),
        Sample(make(0, 3), dim=1), Sample(make(3, 0), dim=1), Sample(make(4, low=-300, high=300), dim=0),
    )  # fmt: skip


# softmax -------------------------------------------------------------------------------------------------------------
def _softmax_forward(k: K[A], x: A, *, dim: int) -> A:
    if 0 in x.shape:
        return k.clone(x)
    e = k.exp(x - k.amax(x, dim=(dim,), keepdim=True))
    return e / k.sum(e, dim=(dim,), keepdim=True)


def _softmax_backward(k: K[A], c: Call[A], g: A) -> Grads:
    weighted = g * c.out
    return (weighted - c.out * k.sum(weighted, dim=(c.static["dim"],), keepdim=True),)


SOFTMAX = Op(
    "softmax", forward=_softmax_forward, backward=_softmax_backward, uses=((OUT,),), onnx="Softmax", real=True,
    samples=_samples,
)  # fmt: skip


# log_softmax ---------------------------------------------------------------------------------------------------------
def _log_softmax_forward(k: K[A], x: A, *, dim: int) -> A:
    if 0 in x.shape:
        return k.clone(x)
    below = x - k.amax(x, dim=(dim,), keepdim=True)
    return below - k.log(k.sum(k.exp(below), dim=(dim,), keepdim=True))


def _log_softmax_backward(k: K[A], c: Call[A], g: A) -> Grads:
    return (g - k.exp(c.out) * k.sum(g, dim=(c.static["dim"],), keepdim=True),)


LOG_SOFTMAX = Op(
    "log_softmax", forward=_log_softmax_forward, backward=_log_softmax_backward, uses=((OUT,),), onnx="LogSoftmax",
    real=True, samples=_samples,
)  # fmt: skip


def along(op: Op, x: Tensor, dim: int, dtype: DType | None, out: Tensor | None = None) -> Tensor:
    """Run a softmax along `dim`, in `dtype` where it is given."""
    need_tensor(op.name, input=x)
    if dtype is not None:
        x = to_dtype(x, dtype)
    need_float(op.name, x)
    dim = wrap_dim(dim, x._data.ndim, op.name)
    if x._data.ndim:
        r = apply(op, contiguous(x), dim=dim)
    else:
        reshape = OPS["reshape"]
        r = apply(op, apply(reshape, x, shape=(1,)), dim=0)
        r = entitle(apply(reshape, r, shape=()), name_of(r))
    return cast("Tensor", r if out is None else into_same(op.name, out, r))


def _implicit_dim(name: str, ndim: int, stacklevel: int) -> int:
    """The dim that PyTorch takes where none is given."""
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        UserWarning,
        stacklevel=stacklevel,
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
    """`exp(x) / sum(exp(x))` along `dim`: positive, of sum 1.

    Args:
        input: Floating point, any shape; other dtypes with `dtype` alone.
        dim: Along which it sums to 1. None is deprecated: 0 for 0-d, 1-d and 3-d tensors, else 1.
        _stacklevel: At which caller the warning of a missing `dim` points. Default: 3.
        dtype: Cast `input` to it first. Default: its own.

    Returns:
        Input's shape, in its dtype or `dtype`. NaN where all are -inf.

    Raises:
        DTypeError: `input` is not floating point, and no `dtype` given; complex numbers.
        IndexRangeError: `dim` is not there.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.softmax(fnnet.tensor([[0.0, 0.0, 1000.0]]), dim=1)
        tensor([[0., 0., 1.]])
    """
    need_tensor("softmax", input=input)
    if dim is None:
        dim = _implicit_dim("softmax", input._data.ndim, _stacklevel)
    return along(SOFTMAX, input, dim, dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
    """`log(softmax(x))` along `dim`: `x - log(sum(exp(x)))`, without overflow.

    Args:
        input: Floating point, any shape; other dtypes with `dtype` alone.
        dim: Along which its exponentials sum to 1. None is deprecated, see `softmax`.
        _stacklevel: At which caller the warning of a missing `dim` points. Default: 3.
        dtype: Cast `input` to it first. Default: its own.

    Returns:
        Input's shape, in its dtype or `dtype`. NaN where all are -inf.

    Raises:
        DTypeError: `input` is not floating point, and no `dtype` given; complex numbers.
        IndexRangeError: `dim` is not there.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.log_softmax(fnnet.tensor([0.0, 1000.0]), dim=0)
        tensor([-1000.,     0.])
    """
    need_tensor("log_softmax", input=input)
    if dim is None:
        dim = _implicit_dim("log_softmax", input._data.ndim, _stacklevel)
    return along(LOG_SOFTMAX, input, dim, dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
    """`softmax(-x)` along `dim`: the smallest gets most.

    Args:
        input: Floating point, any shape; other dtypes with `dtype` alone.
        dim: Along which it sums to 1. None is deprecated, see `softmax`.
        _stacklevel: At which caller the warning of a missing `dim` points. Default: 3.
        dtype: Cast `-input` to it first. Default: its own.

    Returns:
        Input's shape, in its dtype or `dtype`.

    Raises:
        DTypeError: `input` is not floating point, and no `dtype` given; complex numbers.
        IndexRangeError: `dim` is not there.

    Differentiable: Everywhere, any order.

    Example:
        >>> import fnnet
        >>> fnnet.nn.functional.softmin(fnnet.tensor([0.0, 1000.0]), dim=0)
        tensor([1., 0.])
    """
    need_tensor("softmin", input=input)
    if dim is None:
        dim = _implicit_dim("softmin", input._data.ndim, _stacklevel)
    return along(SOFTMAX, neg(input), dim, dtype)


def _places(t: Tensor, n: int) -> Tensor:
    """The numbers 0 to n - 1 on the device of `t`."""
    return cast("Tensor", make(namespace_of(t._device).arange(n), t._device))


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A differentiable sample of categories: `softmax((logits + gumbel noise) / tau)`.

    Args:
        logits: `(*, C)`, unnormalised log-probabilities, floating point.
        tau: Temperature, positive: the lower, the nearer to one-hot. Default: 1.
        hard: Return one-hot vectors. Default: False.
        eps: Deprecated, without effect.
        dim: Of the categories. Default: -1.

    Returns:
        Samples in the shape and dtype of `logits`, drawn from the default generator; they sum to 1 along `dim`.

    Raises:
        DTypeError: `logits` is not floating point.
        IndexRangeError: `dim` is not there.

    Differentiable: Everywhere; with `hard` by the gradient of the soft sample (straight through).

    Source:
        E. Jang et al., "Categorical Reparameterization with Gumbel-Softmax" (2016).

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.nn.functional.gumbel_softmax(fnnet.tensor([0.0, 100.0]), hard=True)
        tensor([0., 1.])
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", UserWarning, stacklevel=2)
    need_tensor("gumbel_softmax", logits=logits)
    need_float("gumbel_softmax", logits)
    noise = draw("exponential", tuple(logits._data.shape), logits._data.dtype, logits._device)
    noise = apply(OPS["neg"], apply(OPS["log"], noise))
    soft = along(SOFTMAX, (logits + noise) / tau, dim, None)
    if not hard:
        return soft
    dim = wrap_dim(dim, soft._data.ndim, "gumbel_softmax")
    winner = apply(OPS["argmax"], soft, dim=dim, keepdim=True)
    shape = [1] * soft._data.ndim
    shape[dim] = soft._data.shape[dim]
    places = apply(OPS["reshape"], _places(soft, shape[dim]), shape=tuple(shape))
    one_hot = to_dtype(apply(OPS["eq"], places, winner), soft.dtype)
    return one_hot - soft.detach() + soft


__all__ = ["gumbel_softmax", "log_softmax", "softmax", "softmin"]

"""Tensors of random numbers, equal to PyTorch's CPU generator for a seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import ArgumentError, DTypeError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace, Shape
from fnnet._core.op import OPS, Kind, Op, Sample
from fnnet.autograd.modes import MODE, set_grad
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.autograd.writes import apply_
from fnnet.backends import dtypes
from fnnet.backends.dtypes import DEFAULT, DType
from fnnet.backends.memory_formats import MemoryFormat, preserve_format
from fnnet.functional._common import (
    broadcast_shape,
    dtype_of,
    into,
    is_tensor,
    need_operand,
    need_tensor,
    sizes,
    to_dtype,
)
from fnnet.functional._rules import zero_backward
from fnnet.functional.creation import DeviceLike, check_dtype_of_out, memory_order
from fnnet.functional.generators import Generator
from fnnet.functional.host_data import as_dtype
from fnnet.functional.movement import canonical
from fnnet.functional.random_source import draw, storage_order

if TYPE_CHECKING:
    from fnnet._tensor import Tensor


# from a shape --------------------------------------------------------------------------------------------------------
def _drawn(
    name: str,
    kind: str,
    shape: Shape,
    dtype: DType | None,
    device: DeviceLike,
    requires_grad: bool,
    out: Tensor | None,
    generator: Generator | None,
    **parameters: Any,
) -> Tensor:
    """A new tensor, or `out` filled anew."""
    if generator is not None and not isinstance(generator, Generator):
        raise ArgumentError(f"{name}(): argument 'generator' must be Generator, not {type(generator).__name__}")
    if any(n < 0 for n in shape):
        raise ShapeError(f"{name}: Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    if dtype is not None:
        dtype = as_dtype(name, dtype)
    if out is not None:
        need_tensor(name, out=out)
        check_dtype_of_out(name, dtype or dtype_of(out), out)
        with set_grad(False):
            return into(name, out, draw(kind, shape, dtype_of(out), out._device, generator, **parameters))
    if dtype is None:
        dtype = dtypes.int64 if kind in ("integers", "permutation") else DEFAULT.float
    t = draw(kind, shape, dtype, canonical(device), generator, **parameters)
    if requires_grad:
        if dtype.category < 2:
            raise DTypeError(f"Only Tensors of floating point and complex dtype can require gradients, got {dtype}")
        t._leaf_grad = True
    return t


def rand(
    *size: int | Sequence[int],
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Numbers uniform in `[0, 1)`.

    Args:
        size: The shape, as ints or one sequence.
        generator: Where from. Default: the default generator.
        out: Filled and returned; its device counts, in place of `device`.
        dtype: Floating point, or complex, of which both parts are drawn. Default: the default dtype.
        layout: Accepted for PyTorch's sake.
        device: Where it lies. Default: the CPU.
        requires_grad: Whether gradients with respect to it are computed. Default: False.
        pin_memory: Accepted for PyTorch's sake.

    Returns:
        A tensor of shape `size`.

    Raises:
        ShapeError: A size is negative.
        DTypeError: A dtype of whole numbers, or bool.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.rand(3)
        tensor([0.4963, 0.7682, 0.0885])
    """
    return _drawn("rand", "uniform", sizes("rand", size), dtype, device, requires_grad, out, generator)


def randn(
    *size: int | Sequence[int],
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Standard normal numbers; complex ones of variance 1.

    Args:
        size: The shape, as ints or one sequence.
        generator: Where from. Default: the default generator.
        out: Filled and returned; its device counts, in place of `device`.
        dtype: Floating point or complex. Default: the default dtype.
        layout: Accepted for PyTorch's sake.
        device: Where it lies. Default: the CPU.
        requires_grad: Whether gradients with respect to it are computed. Default: False.
        pin_memory: Accepted for PyTorch's sake.

    Returns:
        A tensor of shape `size`.

    Raises:
        ShapeError: A size is negative.
        DTypeError: A dtype of whole numbers, or bool.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.randn(2)
        tensor([ 1.5410, -0.2934])
    """
    return _drawn("randn", "normal", sizes("randn", size), dtype, device, requires_grad, out, generator)


def randint(
    *args: int | Sequence[int],
    low: int = 0,
    high: int | None = None,
    size: Sequence[int] | None = None,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Whole numbers uniform in `[low, high)`: `randint(high, size)` or `randint(low, high, size)`.

    Args:
        args: `high, size` or `low, high, size`; any of them may be named instead.
        low: Least number. Default: 0.
        high: One more than the greatest.
        size: The shape.
        generator: Where from. Default: the default generator.
        out: Filled and returned; its device counts, in place of `device`.
        dtype: Any real dtype that holds the numbers. Default: int64.
        layout: Accepted for PyTorch's sake.
        device: Where it lies. Default: the CPU.
        requires_grad: Whether gradients with respect to it are computed. Default: False.
        pin_memory: Accepted for PyTorch's sake.

    Returns:
        A tensor of shape `size`.

    Raises:
        ArgumentError: `high` or `size` is not given.
        ShapeError: A size is negative.
        OptionError: `low >= high`, or a bound is outside the dtype's range.
        DTypeError: A complex dtype; `requires_grad` for whole numbers.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.randint(10, (5,))
        tensor([4, 9, 3, 0, 3])
    """
    rest = list(args)
    if rest and not isinstance(rest[-1], int) and not hasattr(rest[-1], "__index__"):
        size = cast("Sequence[int]", rest.pop())
    if rest and high is None:
        high = cast("int", rest.pop())
    if rest:
        low = cast("int", rest.pop())
    if rest or high is None or size is None:
        raise ArgumentError(f"randint() expected (high, size) or (low, high, size), got {args}")
    return _drawn(
        "randint", "integers", sizes("randint", (size,)), dtype, device, requires_grad, out, generator,
        low=int(low), high=int(high),
    )  # fmt: skip


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """The numbers 0 to n - 1 in random order.

    Args:
        n: How many, at least 0.
        generator: Where from. Default: the default generator.
        out: Filled and returned; its device counts, in place of `device`.
        dtype: One that tells them apart, not bool or complex. Default: int64.
        layout: Accepted for PyTorch's sake.
        device: Where it lies. Default: the CPU.
        requires_grad: Whether gradients with respect to it are computed. Default: False.
        pin_memory: Accepted for PyTorch's sake.

    Returns:
        `(n,)`.

    Raises:
        OptionError: `n` is negative, or more than the dtype tells apart.
        DTypeError: A complex dtype or bool; `requires_grad` for whole numbers.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.randperm(4)
        tensor([0, 1, 3, 2])
    """
    if not hasattr(n, "__index__"):
        raise ArgumentError(f"randperm(): argument 'n' must be int, not {type(n).__name__}")
    if n < 0:
        raise OptionError(f"randperm: n must be non-negative, got {n}")
    return _drawn("randperm", "permutation", (n,), dtype, device, requires_grad, out, generator)


# like another --------------------------------------------------------------------------------------------------------
def _like(
    name: str, kind: str, t: Tensor, dtype: DType | None, device: DeviceLike, requires_grad: bool,
    generator: Generator | None, memory_format: MemoryFormat | None, **parameters: Any,
) -> Tensor:  # fmt: skip
    need_tensor(name, input=t)
    where = t._device if device is None else canonical(device)
    # PyTorch makes the tensor first, with the strides of a dense `t`, and fills it in the order of its memory.
    if memory_format is None or memory_format is preserve_format:
        order = storage_order(t)
    else:
        order = memory_order(name, t._data.ndim, memory_format)
    return _drawn(
        name, kind, tuple(t._data.shape), dtype_of(t) if dtype is None else dtype, where, requires_grad, None,
        generator, order=order, **parameters,
    )  # fmt: skip


def rand_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """`rand` of the shape, dtype and device of `input`, which is filled in the order of its memory.

    Args:
        input: Whose shape, dtype and device to take; its values do not count.
        generator: Where from. Default: the default generator.
        dtype: Floating point or complex. Default: input's.
        layout: Accepted for PyTorch's sake.
        device: Where it lies. Default: input's.
        requires_grad: Whether gradients with respect to it are computed. Default: False.
        pin_memory: Accepted for PyTorch's sake.
        memory_format: The order of its memory. Default: None, as in `input`.

    Returns:
        A tensor of input's shape.

    Raises:
        DTypeError: A dtype of whole numbers, or bool.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.rand_like(fnnet.zeros(2))
        tensor([0.4963, 0.7682])
    """
    return _like("rand_like", "uniform", input, dtype, device, requires_grad, generator, memory_format)


def randn_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """`randn` of the shape, dtype and device of `input`, which is filled in the order of its memory.

    Args:
        input: Whose shape, dtype and device to take; its values do not count.
        generator: Where from. Default: the default generator.
        dtype: Floating point or complex. Default: input's.
        layout: Accepted for PyTorch's sake.
        device: Where it lies. Default: input's.
        requires_grad: Whether gradients with respect to it are computed. Default: False.
        pin_memory: Accepted for PyTorch's sake.
        memory_format: The order of its memory. Default: None, as in `input`.

    Returns:
        A tensor of input's shape.

    Raises:
        DTypeError: A dtype of whole numbers, or bool.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.randn_like(fnnet.zeros(2))
        tensor([ 1.5410, -0.2934])
    """
    return _like(
        "randn_like", "normal", input, dtype, device, requires_grad, generator, memory_format,
        contiguous=is_tensor(input) and storage_order(input) is None,
    )  # fmt: skip


def randint_like(
    input: Tensor,
    *args: int,
    low: int = 0,
    high: int | None = None,
    generator: Generator | None = None,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Tensor:
    """`randint` of the shape, dtype and device of `input`: `randint_like(input, high)` or `(input, low, high)`.

    Args:
        input: Whose shape, dtype and device to take; its values do not count.
        args: `high` or `low, high`; either may be named instead.
        low: Least number. Default: 0.
        high: One more than the greatest.
        generator: Where from. Default: the default generator.
        dtype: Any real dtype that holds the numbers. Default: input's.
        layout: Accepted for PyTorch's sake.
        device: Where it lies. Default: input's.
        requires_grad: Whether gradients with respect to it are computed. Default: False.
        pin_memory: Accepted for PyTorch's sake.
        memory_format: The order of its memory. Default: None, as in `input`.

    Returns:
        A tensor of input's shape.

    Raises:
        ArgumentError: `high` is not given.
        OptionError: `low >= high`, or a bound is outside the dtype's range.
        DTypeError: A complex dtype; `requires_grad` for whole numbers.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.randint_like(fnnet.zeros(3), 10)
        tensor([4., 9., 3.])
    """
    need_tensor("randint_like", input=input)
    rest = list(args)
    if rest and high is None:
        high = rest.pop()
    if rest:
        low = rest.pop()
    if rest or high is None:
        raise ArgumentError(f"randint_like() expected (input, high) or (input, low, high), got {args}")
    return _like(
        "randint_like",
        "integers",
        input,
        dtype,
        device,
        requires_grad,
        generator,
        memory_format,
        low=int(low),
        high=int(high),
    )


# from parameters -----------------------------------------------------------------------------------------------------
def _drawn_backward(k: Namespace[A], c: Call[A], g: A) -> tuple[A | None, ...]:
    return g if c.needs[0] else None, *zero_backward(k, c, g)[1:]


DRAWN = Op(
    "drawn", forward=lambda k, values, *parameters: k.clone(values), backward=_drawn_backward, uses=((),),
    kind=Kind.MOVE, samples=lambda make: (Sample(make(3), make(3)), Sample(make(2, 3), make(3), make(2, 3))),
)  # fmt: skip


def _part_of_graph(values: Tensor, title: str, *parameters: object) -> Tensor:
    """Drawn numbers as PyTorch has them: they depend on tensors that want a gradient, which is zero."""
    wanting = [p for p in parameters if is_tensor(p) and p._edge() is not None]
    return entitle(cast("Tensor", apply(DRAWN, values, *wanting)), title) if wanting and MODE.state.grad else values


def normal(
    mean: Tensor | float,
    std: Tensor | float = 1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: DType | None = None,
    layout: object = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Normal numbers, one for each mean and standard deviation, or `size` of them for two numbers.

    Args:
        mean: Tensor, floating point or complex, or number.
        std: Tensor, floating point, or number, at least 0; broadcast with `mean`. Default: 1.
        size: The shape, where both are numbers; elsewhere it does not count.
        generator: Where from. Default: the default generator.
        out: Filled and returned.
        dtype: Floating point or complex, where both are numbers. Default: the default dtype.
        layout: Accepted for PyTorch's sake.
        device: Where it lies, where both are numbers. Default: the CPU.
        requires_grad: Whether gradients with respect to it are computed, where both are numbers. Default: False.
        pin_memory: Accepted for PyTorch's sake.

    Returns:
        A tensor of the broadcast shape and the dtype of `mean` (of `std` where `mean` is a number); of shape `size` for
        two numbers.

    Raises:
        OptionError: A standard deviation is negative.
        ArgumentError: Both are numbers, and there is no `size`.
        ShapeError: The shapes do not broadcast.
        DTypeError: A dtype of whole numbers, or bool.

    Differentiable: By `mean` and `std` zero.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.normal(10.0, 2.0, (2,))
        tensor([13.0820,  9.4131])
    """
    need_operand("normal", mean=mean, std=std)
    if not is_tensor(mean) and not is_tensor(std):
        if size is None:
            raise ArgumentError("normal(): size is needed where mean and std are numbers")
        return _drawn(
            "normal", "normal", sizes("normal", (size,)), dtype, device, requires_grad, out, generator,
            mean=float(mean), std=float(std),
        )  # fmt: skip
    like = mean if is_tensor(mean) else std
    assert is_tensor(like)
    shape = broadcast_shape("normal", *(tuple(x._data.shape) for x in (mean, std) if is_tensor(x)))
    with set_grad(False):
        if is_tensor(std):
            if std._data.size and bool(apply(OPS["lt"], std, 0).any()):
                raise OptionError("normal expects all elements of std >= 0.0")
            noise = draw("normal", shape, dtype_of(like), like._device, generator)
            r = apply_(OPS["mul"], noise, noise, _as(std, noise))
        else:
            if not float(std) >= 0:
                raise OptionError(f"normal expects std >= 0.0, but found std {std}")
            r = draw("normal", shape, dtype_of(like), like._device, generator, std=float(std))
        r = apply_(OPS["add"], r, r, _as(mean, r))
    r = _part_of_graph(r, f"NormalBackward{1 if not is_tensor(std) else 3 if is_tensor(mean) else 2}", mean, std)
    return r if out is None else into("normal", out, r)


def _as(x: Any, t: Tensor) -> Any:
    return to_dtype(x, dtype_of(t)) if is_tensor(x) else float(x)


def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None, out: Tensor | None = None
) -> Tensor:
    """1 with the probability that `input` holds, else 0; with `p`, that probability for all.

    Args:
        input: Probabilities in [0, 1], floating point; with `p`, only its shape and dtype matter, which may be any real
            one.
        p: One probability for all elements. Default: those in `input`.
        generator: Where from. Default: the default generator.
        out: Filled and returned.

    Returns:
        Input's shape and dtype.

    Raises:
        OptionError: A probability is outside [0, 1].
        DTypeError: `input` is not floating point, and no `p` given.

    Differentiable: By `input` zero.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.bernoulli(fnnet.tensor([0.0, 0.5, 1.0]))
        tensor([0., 0., 1.])
    """
    need_tensor("bernoulli", input=input)
    found = dtype_of(input)
    r = draw("bernoulli", tuple(input._data.shape), found, input._device, generator, p=input if p is None else float(p))
    r = _part_of_graph(r, "BernoulliBackward0", input)
    return r if out is None else into("bernoulli", out, r)


def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Indices of categories, drawn with the probabilities in each row of `input`.

    Args:
        input: `(categories,)` or `(rows, categories)`, floating point, not negative; need not sum to 1.
        num_samples: How many for each row, at least 1.
        replacement: Whether an index may be drawn again. Default: False.
        generator: Where from. Default: the default generator.
        out: Filled and returned, int64.

    Returns:
        int64, `(num_samples,)` or `(rows, num_samples)`.

    Raises:
        OptionError: A probability is negative or not finite, a row sums to 0, or `num_samples` can't be drawn.
        ShapeError: `input` has not one or two dims.
        DTypeError: `input` is not floating point, or `out` is not int64.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.multinomial(fnnet.tensor([0.0, 10.0, 3.0, 0.0]), 2)
        tensor([1, 2])
    """
    need_tensor("multinomial", input=input)
    if out is not None:
        need_tensor("multinomial", out=out)
    if out is not None and dtype_of(out) is not dtypes.int64:
        raise DTypeError(f"multinomial expects Long tensor out, got: {dtype_of(out)}")
    shape = (*input._data.shape[:-1], num_samples)
    r = draw(
        "multinomial", shape, dtypes.int64, input._device, generator, probabilities=input,
        num_samples=int(num_samples), replacement=bool(replacement),
    )  # fmt: skip
    return r if out is None else into("multinomial", out, r)


__all__ = [
    "bernoulli", "multinomial", "normal", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like",
    "randperm",
]  # fmt: skip

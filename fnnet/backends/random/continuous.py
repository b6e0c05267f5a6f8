"""Samplers of continuous distributions: each a function of a generator, a shape, a dtype and parameters.

They draw what PyTorch's CPU kernels draw, word for word, and return a new C-contiguous array. A tensor that is not
contiguous is filled in the order of its memory: `view = in_storage_order(array)`, then
`view[...] = sample_...(generator, view.shape, ...)`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnnet._core.errors import OptionError
from fnnet.backends.dtypes import F64
from fnnet.backends.random.arithmetic import cast, largest, libm, multiply_add
from fnnet.backends.random.generator import Generator
from fnnet.backends.random.normal import BLOCK, box_muller_blocks, box_muller_pairs
from fnnet.backends.random.uniform import COMPLEX, FLOATS, need, size_of, unit32, unit64


def sample_uniform(
    generator: Generator, shape: Sequence[int], dtype: np.dtype[Any], low: float = 0.0, high: float = 1.0
) -> NDArray[Any]:
    """Numbers uniform in `[low, high)`: `rand`, `uniform_`.

    float64 takes two words for each number (53 bits), all others one (24 bits). Complex: both parts.

    Args:
        generator: Where the words come from.
        shape: Shape of the result.
        dtype: Floating point or complex.
        low: Lower bound, included.
        high: Upper bound; a number that rounding brings to it becomes `low`.

    Raises:
        OptionError: `low > high`, or a bound or their difference is outside the dtype's range.
        DTypeError: `dtype` is no floating point or complex dtype.

    Example:
        >>> import numpy as np
        >>> import fnnet
        >>> generator = fnnet.backends.random.Generator().manual_seed(0)
        >>> sample_uniform(generator, (3,), np.dtype(np.float32)).tolist()
        [0.49625658988952637, 0.7682217955589294, 0.08847743272781372]
    """
    if dtype in COMPLEX:
        return sample_uniform(generator, (*shape, 2), COMPLEX[dtype], low, high).view(dtype)[..., 0]
    need("uniform_", dtype, FLOATS)
    limit = largest(dtype)
    for name, bound in (("from", low), ("to", high)):
        if not -limit <= bound <= limit:
            raise OptionError(f"uniform_: {name} is out of bounds for {dtype}: {bound}, expected {-limit} to {limit}")
    if low > high:
        raise OptionError(f"uniform_ expects to return a [from, to) range, but found from={low} > to={high}")
    if high - low > limit:
        raise OptionError(f"uniform_ expects to-from <= {limit} for {dtype}, but found to={high} and from={low}")
    unit: NDArray[Any] = (unit64 if dtype == F64 else unit32)(generator, size_of(shape))
    kind = unit.dtype.type
    if low != 0 or high != 1:
        unit = multiply_add(unit, kind(high) - kind(low), low)
    values = cast(unit, dtype)
    if dtype.itemsize == 2 or low != 0 or high != 1:
        bounds = cast(np.array((low, high)), dtype)
        values[values == bounds[1]] = bounds[0]
    return values.reshape(shape)


def sample_normal(
    generator: Generator,
    shape: Sequence[int],
    dtype: np.dtype[Any],
    mean: float = 0.0,
    std: float = 1.0,
    *,
    contiguous: bool = True,
) -> NDArray[Any]:
    """Normal numbers: `randn`, `normal_`.

    16 elements or more, to be written to a contiguous tensor: Box-Muller on blocks of 16, in float32 for the half
    types too; where 16 does not divide their number, the last 16 are drawn again. Otherwise: pairs in float64, the
    second of which is kept for the next call. Float32 results are those of PyTorch with AVX2 (no bit differed in 10**8
    numbers).

    Args:
        generator: Where the words come from.
        shape: Shape of the result.
        dtype: Floating point, or complex (of variance `std**2`: both parts have half of it).
        mean: Mean; of both parts.
        std: Standard deviation, at least 0.
        contiguous: Whether the tensor to be filled is contiguous: PyTorch draws others as pairs.

    Raises:
        OptionError: `std` is negative or no number.
        DTypeError: `dtype` is no floating point or complex dtype.

    Source:
        G. E. P. Box and M. E. Muller, "A note on the generation of random normal deviates" (1958).

    Example:
        >>> import numpy as np
        >>> import fnnet
        >>> generator = fnnet.backends.random.Generator().manual_seed(0)
        >>> sample_normal(generator, (2,), np.dtype(np.float32)).tolist()
        [1.5409960746765137, -0.293428897857666]
    """
    if not std >= 0:
        raise OptionError(f"normal expects std >= 0.0, but found std {std}")
    if dtype in COMPLEX:
        both = sample_normal(generator, (*shape, 2), COMPLEX[dtype], mean, std / math.sqrt(2), contiguous=contiguous)
        return both.view(dtype)[..., 0]
    need("normal_", dtype, FLOATS)
    count = size_of(shape)
    if not contiguous or count < BLOCK:
        return cast(multiply_add(_pairs(generator, count), std, mean), dtype).reshape(shape)
    uniform = unit64 if dtype == F64 else unit32
    whole = count - count % BLOCK
    with generator.lock:
        # The half types draw whole blocks only, the others a number for each element.
        values: NDArray[Any] = uniform(generator, whole if dtype.itemsize == 2 else count)
        if count % BLOCK:
            values = np.concatenate((values[:whole], uniform(generator, BLOCK)))
    box_muller_blocks(values.reshape(-1, BLOCK), mean, std)
    if count % BLOCK:
        values = np.concatenate((values[: count - BLOCK], values[whole:]))
    return cast(values, dtype).reshape(shape)


def sample_log_normal(
    generator: Generator, shape: Sequence[int], dtype: np.dtype[Any], mean: float = 1.0, std: float = 2.0
) -> NDArray[Any]:
    """`exp` of normal numbers, drawn as pairs: `log_normal_`.

    Args:
        generator: Where the words come from.
        shape: Shape of the result.
        dtype: Floating point.
        mean: Mean of the logarithm.
        std: Standard deviation of the logarithm, more than 0.

    Raises:
        OptionError: `std` is not positive.
        DTypeError: `dtype` is no floating point dtype.
    """
    if not std > 0:
        raise OptionError(f"log_normal_ expects std > 0.0, but found std={std}")
    need("log_normal_", dtype, FLOATS)
    exponents = multiply_add(_pairs(generator, size_of(shape)), std, mean)
    return cast(libm(_exp, exponents), dtype).reshape(shape)


def sample_exponential(
    generator: Generator, shape: Sequence[int], dtype: np.dtype[Any], lambd: float = 1.0
) -> NDArray[Any]:
    """Exponential numbers `-log1p(-u) / lambd`, u of 53 bits: `exponential_`.

    Args:
        generator: Where the words come from.
        shape: Shape of the result.
        dtype: Floating point.
        lambd: Rate, more than 0.

    Raises:
        OptionError: `lambd` is not positive.
        DTypeError: `dtype` is no floating point dtype.
    """
    if not lambd > 0:
        raise OptionError(f"exponential_ expects lambda > 0.0, but found lambda={lambd}")
    need("exponential_", dtype, FLOATS)
    values = -1.0 / lambd * libm(math.log1p, -unit64(generator, size_of(shape)))
    return cast(values, dtype).reshape(shape)


def sample_cauchy(
    generator: Generator, shape: Sequence[int], dtype: np.dtype[Any], median: float = 0.0, sigma: float = 1.0
) -> NDArray[Any]:
    """Cauchy numbers `median + sigma tan(pi (u - 1/2))`, u of 53 bits: `cauchy_`.

    Args:
        generator: Where the words come from.
        shape: Shape of the result.
        dtype: Floating point.
        median: Median.
        sigma: Half of the distance between the quartiles, more than 0.

    Raises:
        OptionError: `sigma` is not positive.
        DTypeError: `dtype` is no floating point dtype.
    """
    if not sigma > 0:
        raise OptionError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
    need("cauchy_", dtype, FLOATS)
    slopes = libm(math.tan, math.pi * (unit64(generator, size_of(shape)) - 0.5))
    return cast(multiply_add(slopes, sigma, median), dtype).reshape(shape)


def _pairs(generator: Generator, count: int) -> NDArray[np.float64]:
    """`count` standard normals of pairs, beginning with the one left from before, and keeping the one left over."""
    out = np.empty(count, np.float64)
    with generator.lock:
        kept = generator.next_double_normal
        first = 1 if kept is not None and count else 0
        if first and kept is not None:
            out[0], generator.next_double_normal = kept, None
        missing = count - first
        if missing:
            pairs = box_muller_pairs(unit64(generator, missing + missing % 2).reshape(-1, 2)).ravel()
            out[first:] = pairs[:missing]
            if missing % 2:
                generator.next_double_normal = float(pairs[-1])
    return out


def _exp(x: float) -> float:
    """The C library's exp: infinity, no exception, where it overflows."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf

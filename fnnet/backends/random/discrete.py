"""Samplers of whole numbers, permutations, coins and categories, with PyTorch's words and roundings.

As in `continuous`, each returns a new C-contiguous array; see there for tensors that are not contiguous.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fnnet._core.errors import DTypeError, OptionError, ShapeError
from fnnet.backends import dtypes
from fnnet.backends.dtypes import BFLOAT16, F32, F64
from fnnet.backends.random.arithmetic import cast, largest, libm
from fnnet.backends.random.continuous import sample_exponential
from fnnet.backends.random.generator import Generator
from fnnet.backends.random.order import in_storage_order
from fnnet.backends.random.uniform import FLOATS, need, size_of, unit32, unit64

_WHOLE: Final = tuple(d.numpy for d in dtypes.ALL if d.category == 1)
_REAL: Final = (*_WHOLE, *FLOATS)
_REAL_AND_BOOL: Final = (dtypes.bool_.numpy, *_REAL)
_DIGITS: Final = {dtypes.float16.numpy: 11, BFLOAT16: 8, F32: 24, F64: 53}  # bits of the significand
_INT64: Final = np.iinfo(np.int64)

_TWO_WORDS_FROM: Final = 1 << 28  # ranges from here on take 64 bits: PyTorch's bound on the skew of `word % range`
_SMALL_PERMUTATION: Final = (2**32 - 1) // 20  # PyTorch's bound below which a permutation takes one word per element
_MOST_CATEGORIES: Final = 1 << 24  # PyTorch's bound for multinomial: whole numbers that float32 tells apart


def sample_integers(
    generator: Generator, shape: Sequence[int], dtype: np.dtype[Any], low: int, high: int | None
) -> NDArray[Any]:
    """Whole numbers uniform in `[low, high)`: `randint`, `random_(low, high)`.

    `low + bits % (high - low)`: the bits are one word, or two where the range is 2**28 or more.

    Args:
        generator: Where the words come from.
        shape: Shape of the result.
        dtype: Any but complex.
        low: Least number.
        high: One more than the greatest; None: the dtype's greatest is included (floats: 2**(bits of significand)).

    Raises:
        OptionError: `low >= high`, or a bound is outside the dtype's range.
        DTypeError: `dtype` is complex; or the range has 2**64 numbers, which int64 and wide floats alone can hold.

    Example:
        >>> import numpy as np
        >>> import fnnet
        >>> generator = fnnet.backends.random.Generator().manual_seed(0)
        >>> sample_integers(generator, (5,), np.dtype(np.int64), 0, 10).tolist()
        [4, 9, 3, 0, 3]
    """
    need("random_", dtype, _REAL_AND_BOOL)
    low, high = _bounds(dtype, low, high)
    if high - low == 2**64:
        need("random_ over 2**64 numbers", dtype, (dtypes.int64.numpy, F64, F32, BFLOAT16))
    return cast(_integers(generator, size_of(shape), high - low, low), dtype).reshape(shape)


def sample_random(generator: Generator, shape: Sequence[int], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Whole numbers uniform over the dtype's: `random_()`.

    Whole dtypes: 0 to the greatest; floats: 0 to 2**(bits of significand); bool: both. int64 and float64 take two
    words each.

    Args:
        generator: Where the words come from.
        shape: Shape of the result.
        dtype: Any but complex.

    Raises:
        DTypeError: `dtype` is complex.
    """
    need("random_", dtype, _REAL_AND_BOOL)
    if dtype == np.bool_:
        count = 2
    else:
        count = 2 ** _DIGITS[dtype] + 1 if dtype in _DIGITS else np.iinfo(dtype).max + 1
    wide = dtype == F64 or dtype == np.int64
    return cast(_integers(generator, size_of(shape), count, 0, wide=wide), dtype).reshape(shape)


def sample_permutation(generator: Generator, n: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """The numbers 0 to n - 1 in random order: `randperm`.

    Fisher and Yates' shuffle from the front with `word % (n - i)`; from 2**32 / 20 elements on, inside out with two
    words each.

    Args:
        generator: Where the words come from.
        n: How many.
        dtype: A whole or floating-point dtype that tells all n apart, or bfloat16.

    Raises:
        OptionError: `n` is negative, or the dtype can't hold it.
        DTypeError: `dtype` is bool or complex.

    Example:
        >>> import numpy as np
        >>> import fnnet
        >>> generator = fnnet.backends.random.Generator().manual_seed(0)
        >>> sample_permutation(generator, 6, np.dtype(np.int64)).tolist()
        [2, 5, 3, 0, 1, 4]
    """
    need("randperm", dtype, _REAL)
    if n < 0:
        raise OptionError(f"randperm: n must be non-negative, got {n}")
    most = 2 ** _DIGITS[dtype] + 1 if dtype in _DIGITS else int(np.iinfo(dtype).max) + 1
    if n > most and dtype != BFLOAT16:  # PyTorch lets bfloat16 round
        raise OptionError(f"randperm: n cannot be greater than {most} for {dtype} without overflow, got {n}")
    order = _shuffled(generator, n) if n < _SMALL_PERMUTATION else _shuffled_inside_out(generator, n)
    return cast(order, dtype)


def sample_bernoulli(
    generator: Generator, shape: Sequence[int], dtype: np.dtype[Any], p: float | NDArray[Any]
) -> NDArray[Any]:
    """1 with probability p, else 0: `bernoulli_`.

    A number p, or an array of float64, is compared with 53 bits (two words per element), other arrays with 24 (one).

    Args:
        generator: Where the words come from.
        shape: Shape of the result.
        dtype: Any but complex.
        p: Probability in [0, 1], or an array of them that broadcasts to `shape`.

    Raises:
        OptionError: A probability outside [0, 1].
        DTypeError: `dtype` is complex, or an array `p` is no floating-point one.
    """
    need("bernoulli_", dtype, _REAL_AND_BOOL)
    count = size_of(shape)
    if not isinstance(p, np.ndarray):
        if not 0 <= p <= 1:
            raise OptionError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
        return (unit64(generator, count) < p).astype(dtype).reshape(shape)
    need("bernoulli_ with a tensor p", p.dtype, FLOATS)
    wide = p if p.dtype == F64 else p.astype(np.float32)
    if not ((wide >= 0) & (wide <= 1)).all():
        raise OptionError("bernoulli_: Expected p_in >= 0 && p_in <= 1 to be true, got a p outside [0, 1]")
    unit = unit64(generator, count) if p.dtype == F64 else unit32(generator, count)
    drawn = np.empty(shape, np.bool_)
    np.less(unit.reshape(shape), wide, out=drawn)
    return drawn.astype(dtype)


def sample_dropout(generator: Generator, shape: Sequence[int], dtype: np.dtype[Any], p: float) -> NDArray[Any]:
    """What dropout multiplies its input with: 0 with probability p, else 1 / (1 - p).

    Args:
        generator: Where the words come from: two for each element (none where p is 1).
        shape: Shape of the input.
        dtype: Floating point.
        p: Probability of a zero, in [0, 1].

    Raises:
        OptionError: `p` is outside [0, 1].
        DTypeError: `dtype` is no floating-point dtype.
    """
    need("dropout", dtype, FLOATS)
    if not 0 <= p <= 1:
        raise OptionError(f"dropout probability has to be between 0 and 1, but got {p}")
    if p == 1:
        return np.zeros(shape, dtype)
    wide = F32 if dtype.itemsize == 2 else dtype
    kept = sample_bernoulli(generator, shape, wide, 1 - p)
    kept /= wide.type(1 - p)
    return cast(kept, dtype)


def sample_geometric(generator: Generator, shape: Sequence[int], dtype: np.dtype[Any], p: float) -> NDArray[Any]:
    """The number of trials up to the first success, `ceil(log(u) / log1p(-p))`, u of 53 bits: `geometric_`.

    Args:
        generator: Where the words come from.
        shape: Shape of the result.
        dtype: Any but bool and complex.
        p: Probability of success, in (0, 1).

    Raises:
        OptionError: `p` is outside (0, 1).
        DTypeError: `dtype` is bool or complex.
    """
    if not 0 < p < 1:
        raise OptionError(f"geometric_ expects p to be in (0, 1), but got p={p}")
    need("geometric_", dtype, _REAL)
    trials = np.ceil(libm(_log, unit64(generator, size_of(shape))) / math.log1p(-p))
    return cast(trials, dtype).reshape(shape)


def sample_multinomial(
    generator: Generator, probabilities: NDArray[Any], num_samples: int, replacement: bool = False
) -> NDArray[np.int64]:
    """Indices of categories, drawn by their probabilities: `multinomial`.

    With replacement (two samples or more): the cumulative sums, in the dtype of `probabilities` (half types: float32),
    are searched for u of 53 bits. Without: the greatest of `p / e`, e exponential; of equal ones (half types have few
    values, and all categories of probability 0 are equal) the least index first, PyTorch's order being its sort's.

    Args:
        generator: Where the words come from.
        probabilities: `(categories,)` or `(rows, categories)`, floating point, not negative; need not sum to 1.
        num_samples: How many indices for each row.
        replacement: Whether an index may be drawn again.

    Returns:
        `(num_samples,)` or `(rows, num_samples)`, int64.

    Raises:
        OptionError: A probability is negative or not finite, a row sums to 0, or `num_samples` can't be drawn.
        ShapeError: `probabilities` is no vector or matrix.
        DTypeError: `probabilities` is not floating point.

    Source:
        Without replacement: P. S. Efraimidis and P. G. Spirakis, "Weighted random sampling with a reservoir" (2006).
    """
    p = probabilities
    if p.ndim not in (1, 2):
        raise ShapeError(f"multinomial: prob_dist must be 1 or 2 dim, got {p.ndim} (shape {p.shape})")
    if p.dtype not in FLOATS:
        raise DTypeError(f"multinomial only supports floating-point dtypes for input, got: {p.dtype}")
    categories = p.shape[-1]
    if num_samples <= 0:
        raise OptionError(f"multinomial: cannot sample n_sample <= 0 samples, got {num_samples}")
    if not replacement and num_samples > categories:
        raise OptionError(
            "multinomial: cannot sample n_sample > prob_dist.size(-1) samples without replacement, "
            f"got n_sample={num_samples} of {categories} categories"
        )
    if categories > _MOST_CATEGORIES:
        raise OptionError(f"multinomial: number of categories cannot exceed 2^24, got {categories}")
    rows = p if p.ndim == 2 else p[np.newaxis]
    if not len(rows):
        return np.empty((0, num_samples), np.int64)
    wide = rows.astype(F32) if p.dtype.itemsize == 2 else rows
    if not (np.isfinite(wide) & (wide >= 0)).all():
        raise OptionError("multinomial: probability tensor contains either `inf`, `nan` or element < 0")
    if not (wide > 0).any(axis=1).all():
        raise OptionError("invalid multinomial distribution (sum of probabilities <= 0)")
    if replacement and num_samples > 1:  # PyTorch draws a single sample as if without replacement
        result = _with_replacement(generator, wide, num_samples)
    else:
        result = _without_replacement(generator, p).reshape(rows.shape)[:, :num_samples]
    return np.ascontiguousarray(result).reshape((*p.shape[:-1], num_samples))


def _with_replacement(generator: Generator, p: NDArray[Any], num_samples: int) -> NDArray[np.int64]:
    sums = np.cumsum(p, axis=1, dtype=p.dtype)
    sums /= sums[:, -1:].copy()
    sums[:, -1] = 1
    points = unit64(generator, len(p) * num_samples).reshape(len(p), num_samples)
    out = np.empty(points.shape, np.int64)
    for row, (ladder, wanted) in enumerate(zip(sums, points, strict=True)):
        out[row] = np.searchsorted(ladder.astype(F64), wanted)
    return out


def _without_replacement(generator: Generator, p: NDArray[Any]) -> NDArray[np.int64]:
    """All categories of each row, the greatest of `p / e` first, ties by index."""
    noise = np.empty_like(p)
    view = in_storage_order(noise)
    view[...] = sample_exponential(generator, view.shape, p.dtype)
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = cast(p.astype(F32) / noise.astype(F32), p.dtype) if p.dtype.itemsize == 2 else p / noise
    return np.argsort(-scores, axis=-1, kind="stable")


def _integers(generator: Generator, count: int, span: int, base: int, *, wide: bool | None = None) -> NDArray[np.int64]:
    """`base + bits % span` in the arithmetic of 64 bits; `wide`: two words (by default where the span asks for it)."""
    if wide is None:
        wide = span >= _TWO_WORDS_FROM
    if not wide:
        numbers = (generator.words(count).astype(np.uint32) % np.uint32(span)).astype(np.int64)
        numbers += base
        return numbers
    bits = generator.words64(count)
    if span < 2**64:  # all 64 bits: they are the number, whatever the base
        bits %= np.uint64(span)
        bits += np.uint64(base % 2**64)
    return bits.view(np.int64)


def _bounds(dtype: np.dtype[Any], low: int, high: int | None) -> tuple[int, int]:
    """`[low, high)` within what the dtype can hold, or an error."""
    given = low, high
    if high is None:
        if low == _INT64.min:
            return low, 2**63
        if dtype in _DIGITS:
            low, high = _raised(dtype, low), 2 ** _DIGITS[dtype] + 1
        else:
            high = 2 if dtype == np.bool_ else np.iinfo(dtype).max + 1
    elif dtype in _DIGITS and low < high:
        low, high = _raised(dtype, low), _lowered(dtype, high)
    if low >= high:
        raise OptionError(f"random_ expects 'from' to be less than 'to', but got from={given[0]} >= to={given[1]}")
    least, greatest = _range(dtype)
    for name, bound in (("from", low), ("to - 1", high - 1)):
        if not least <= bound <= greatest:
            raise OptionError(f"random_: {name} is out of bounds for {dtype}: {bound}, expected {least} to {greatest}")
        if dtype in _DIGITS and abs(bound) > 2 ** _DIGITS[dtype]:
            digits = _DIGITS[dtype]
            warnings.warn(
                f"random_: {name} is out of bounds [-(2^{digits}), 2^{digits}]: {dtype} does not tell all whole "
                "numbers apart there",
                UserWarning,
                stacklevel=4,
            )
    return low, high


def _range(dtype: np.dtype[Any]) -> tuple[float, float]:
    """The least and the greatest number that the dtype can hold."""
    if dtype == np.bool_:
        return 0, 1
    if dtype in _WHOLE:
        return int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    return -largest(dtype), largest(dtype)


def _raised(dtype: np.dtype[Any], low: int) -> int:
    """The least whole number of the dtype that no rounding takes below `low` (PyTorch's update_from)."""
    next_up = _rounded(dtype, low + 1)
    if next_up < low:
        return next_up + (1 << max(0, abs(low + 1).bit_length() - _DIGITS[dtype]))
    return low


def _lowered(dtype: np.dtype[Any], high: int) -> int:
    """The bound below which no number is rounded to `high` or above (PyTorch's update_to)."""
    next_down = _rounded(dtype, high - 1)
    if next_down >= high:
        return next_down - (1 << max(0, abs(high - 1).bit_length() - _DIGITS[dtype]))
    return high


def _rounded(dtype: np.dtype[Any], number: int) -> int:
    """`number`, rounded to the dtype; as in C, what is beyond int64 becomes its least number."""
    value = float(cast(np.array(float(number)), dtype))
    return int(value) if -(2.0**63) <= value < 2.0**63 else int(_INT64.min)


def _shuffled(generator: Generator, n: int) -> NDArray[np.int64]:
    """What is left of 0 to n - 1 when for i = 0, 1 ... the elements at i and at `i + word % (n - i)` change places."""
    step = np.arange(max(n - 1, 0))
    target = generator.words(step.size) % (n - step) + step
    # All the swaps at once. Step k lays `moved[k]`, what stood at place k, down at target[k]. It finds there what the
    # last earlier step with that target laid down, or else what was there at first: the place's own number.
    moved = np.arange(n)
    elsewhere = target != step
    moved[target[elsewhere]] = step[elsewhere]  # by which step place k was last filled (a step fills places behind it)
    while True:
        further = moved[moved]
        if np.array_equal(further, moved):
            break
        moved = further
    key = np.sort(target << 32 | step)  # n < 2**32: by target, then by step
    place, when = key >> 32, key & 0xFFFFFFFF
    again = place[1:] == place[:-1]
    found = np.arange(n)
    found[:-1] = target
    found[when[1:][again]] = moved[when[:-1][again]]
    if n:
        found[-1] = moved[-1]
    return found


def _shuffled_inside_out(generator: Generator, n: int) -> NDArray[np.int64]:
    out = np.empty(n, np.int64)
    order = out.data  # a memoryview: its items are read and written quicker than the array's
    chunk = 1 << 20
    with generator.lock:
        for start in range(0, n, chunk):
            stop = min(n, start + chunk)
            choices = generator.words64(stop - start) % np.arange(start + 1, stop + 1, dtype=np.uint64)
            for here, there in enumerate(choices.tolist(), start):
                order[here] = here
                order[here] = order[there]
                order[there] = here
    return out


def _log(x: float) -> float:
    """The C library's log: minus infinity, no exception, at 0."""
    return math.log(x) if x > 0 else -math.inf

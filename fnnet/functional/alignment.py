"""Losses of sequences whose alignment in time is unknown: connectionist temporal classification (CTC).

The labels of a sequence are put between blanks: `2 S + 1` states, which a path through time visits in order; it may
stay, go on by one, or by two where that leaves out a blank between different labels. `alpha[t]` is the log-probability
of all paths that end in a state at time t.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import ArgumentError, DTypeError, GatherIndexError, OptionError, ShapeError
from fnnet._core.namespace import A, Call, Namespace
from fnnet._core.op import OPS, OUT, Make, Op, Sample
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.backends import dtypes
from fnnet.functional import creation
from fnnet.functional._common import _title, dtype_of, is_tensor, need_tensor, refuse_dtype, to_dtype
from fnnet.functional.activation import need_float
from fnnet.functional.checks import bounds
from fnnet.functional.classification import flattened
from fnnet.functional.elementwise import where
from fnnet.functional.joining import cat
from fnnet.functional.loss import reduce_composed, reduction_of
from fnnet.functional.ranges import arange

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

K = Namespace
Grads = tuple[Any, ...]
_INF = float("inf")


# states and steps ----------------------------------------------------------------------------------------------------
def _label_places(k: K[A], labels: A, classes: int) -> A:
    """Where each state's label stands in the flattened `(N, C)`: a vector."""
    n = labels.shape[0]
    return flattened(k, labels + k.reshape(k.arange(n), shape=(n, 1)) * classes)


def _emissions(k: K[A], log_probs: A, labels: A) -> A:
    """The log-probabilities of the states' labels over time: `(T, N, L)`."""
    (steps, n, classes), states = log_probs.shape, labels.shape[1]
    rows = k.reshape(k.permute(log_probs, dims=(1, 2, 0)), shape=(n * classes, steps))
    taken = k.reshape(k.take(rows, _label_places(k, labels, classes)), shape=(n, states, steps))
    return k.clone(k.permute(taken, dims=(2, 0, 1)), contiguous=True)


def _leaps(k: K[A], labels: A, dtype: Any) -> A:
    """What is added to a step by two states: 0 where it leaves out a blank between different labels, else -inf."""
    n, states = labels.shape
    if states < 3:
        return k.full((n, states), -_INF, dtype=dtype)
    here, there = (k.getitem(labels, index=(slice(None), part)) for part in (slice(2, states), slice(0, states - 2)))
    free = k.where(k.ne(here, there), k.full(here.shape, 0, dtype=dtype), -_INF)
    return k.cat(k.full((n, 2), -_INF, dtype=dtype), free, dim=1)


def _onward(k: K[A], a: A) -> tuple[A, A]:
    """What stands one state and two states before: -inf before the first."""
    n, states = a.shape
    padded = k.cat(k.full((n, 2), -_INF, dtype=a.dtype), a, dim=1)
    return (k.getitem(padded, index=(slice(None), slice(1, states + 1))),
            k.getitem(padded, index=(slice(None), slice(0, states))))  # fmt: skip


def _back(k: K[A], a: A, by: int) -> A:
    """What stands `by` states after: 0 behind the last."""
    n, states = a.shape
    padded = k.cat(a, k.full((n, by), 0, dtype=a.dtype), dim=1)
    return k.getitem(padded, index=(slice(None), slice(by, states + by)))


def _finite(k: K[A], a: A) -> A:
    """`a` with 0 for -inf: what may be subtracted from -inf."""
    return k.where(k.eq(a, -_INF), 0, a)


def _at(k: K[A], x: A, t: int) -> A:
    return k.getitem(x, index=(t,))


def _live(k: K[A], lengths: A, t: int) -> A:
    """Which sequences have a time t, as a column."""
    return k.reshape(k.gt(lengths, t), shape=(lengths.shape[0], 1))


def _is_last(k: K[A], states: int, target_lengths: A) -> A:
    """Which states may be a path's last: the blank behind the last label, and that label."""
    last = k.reshape(target_lengths, shape=(target_lengths.shape[0], 1)) * 2
    state = k.arange(states)
    return k.logical_or(k.eq(state, last), k.eq(state, last - 1))


# ctc_loss ------------------------------------------------------------------------------------------------------------
def _ctc_forward(
    k: K[A], log_probs: A, labels: A, input_lengths: A, target_lengths: A, *, least: int, zero_infinity: bool
) -> tuple[A, A]:  # fmt: skip
    """The loss `(N)` and alpha `(T, N, L)`, which from the end of a sequence on stays as it is."""
    e = _emissions(k, log_probs, labels)
    steps, n, states = e.shape
    leaps = _leaps(k, labels, e.dtype)
    alpha = k.where(k.lt(k.arange(states), 2), _at(k, e, 0), -_INF)
    alphas = [alpha]
    for t in range(1, steps):
        one, two = _onward(k, alpha)
        two = two + leaps
        top = _finite(k, k.maximum(k.maximum(alpha, one), two))
        new = k.log(k.exp(alpha - top) + k.exp(one - top) + k.exp(two - top)) + top + _at(k, e, t)
        alpha = new if t < least else k.where(_live(k, input_lengths, t), new, alpha)
        alphas.append(alpha)
    ends = k.where(_is_last(k, states, target_lengths), alpha, -_INF)
    top = _finite(k, k.amax(ends, dim=(1,), keepdim=True))
    loss = -k.reshape(k.log(k.sum(k.exp(ends - top), dim=(1,), keepdim=True)) + top, shape=(n,))
    if not least:  # without input, there is no label and one path, or there are labels and none
        none = k.where(k.eq(target_lengths, 0), k.full((n,), 0, dtype=e.dtype), _INF)
        loss = k.where(k.eq(input_lengths, 0), none, loss)
    return loss, k.cat(*(k.reshape(a, shape=(1, n, states)) for a in alphas), dim=0)


def _ctc_backward(k: K[A], c: Call[A], grads: tuple[A | None, ...]) -> Grads:
    """From the end to the start, the probabilities of all paths that pass through a state: the gradient of alpha.

    As PyTorch's, the gradient is that by the input of a log_softmax, `exp(log_probs)` more than by its output: the
    log_softmax before it makes no difference between the two.
    """
    (g, g_alpha), (log_probs, labels, input_lengths, target_lengths) = grads, c.inputs
    outs: Any = c.out
    loss, alpha = outs
    e = _emissions(k, log_probs, labels)
    (steps, n, states), classes, least = e.shape, log_probs.shape[2], c.static["least"]
    leaps = _leaps(k, labels, e.dtype)
    lost = k.reshape(k.eq(loss, _INF), shape=(n, 1))
    bar = k.full((n, states), 0, dtype=e.dtype)
    if g is not None:
        ends = k.where(_is_last(k, states, target_lengths), _at(k, alpha, steps - 1), -_INF)
        paths = k.exp(ends + k.where(lost, 0, k.reshape(loss, shape=(n, 1))))
        bar = bar - paths * k.reshape(g, shape=(n, 1))
    bars = []
    for t in range(steps - 1, -1, -1):
        if g_alpha is not None:
            bar = bar + _at(k, g_alpha, t)
        live = None if t < least else _live(k, input_lengths, t)
        here = bar if live is None else k.where(live, bar, 0)
        bars.append(here)
        if t:
            before = _at(k, alpha, t - 1)
            one, two = _onward(k, before)
            rest = _at(k, e, t) - _finite(k, _at(k, alpha, t))
            earlier = (
                here * k.exp(before + rest)
                + _back(k, here * k.exp(one + rest), 1)
                + _back(k, here * k.exp(two + (rest + leaps)), 2)
            )
            bar = earlier if live is None else k.where(live, earlier, bar)
    bars[-1] = k.where(k.lt(k.arange(states), 2), bars[-1], 0)
    occupied = k.cat(*(k.reshape(b, shape=(1, n, states)) for b in reversed(bars)), dim=0)
    occupied = k.reshape(k.permute(occupied, dims=(1, 2, 0)), shape=(n * states, steps))
    by_class = k.index_add(
        k.full((n * classes, steps), 0, dtype=e.dtype), _label_places(k, labels, classes), occupied
    )  # fmt: skip
    dx = k.permute(k.reshape(by_class, shape=(n, classes, steps)), dims=(2, 0, 1))
    if g is not None:
        dx = dx + k.exp(log_probs) * k.reshape(g, shape=(n, 1))
        dx = k.where(lost, 0 if c.static["zero_infinity"] else float("nan"), dx)
    if least < steps:
        times = k.reshape(k.arange(steps), shape=(steps, 1, 1))
        dx = k.where(k.lt(times, k.reshape(input_lengths, shape=(n, 1))), dx, 0)
    return dx, None, None, None


def _ctc_samples(make: Make) -> Any:
    def whole(*shape: int, low: float, high: float) -> Any:
        return make(*shape, low=low, high=high, dtype=dtypes.int64)

    # `smooth`: the gradient is that by a log_softmax's input.
    labels = whole(2, 5, low=0, high=3)
    yield Sample(make(6, 2, 3), labels, whole(2, low=6, high=6), whole(2, low=1, high=3), smooth=False, least=6,
                 zero_infinity=False)  # fmt: skip
    yield Sample(make(6, 2, 3), labels, whole(2, low=3, high=7), whole(2, low=0, high=3), smooth=False, least=0,
                 zero_infinity=True)  # fmt: skip
    yield Sample(make(3, 1, 2), whole(1, 1, low=0, high=1), whole(1, low=3, high=3), whole(1, low=0, high=0),
                 smooth=False, least=3, zero_infinity=False)  # fmt: skip


CTC_LOSS = Op(
    "ctc_loss", forward=_ctc_forward, backward=_ctc_backward, uses=((0, 1, 2, 3, OUT), ()), n_out=2, real=True,
    samples=_ctc_samples,
)  # fmt: skip


# public --------------------------------------------------------------------------------------------------------------
_LABELS = ("uint8", "int8", "int16", "int32", "int64")


def _lengths(name: str, what: str, given: Tensor | Sequence[int], n: int, most: int | None) -> list[int]:
    """Lengths on the host, after checks."""
    if is_tensor(given):
        if dtype_of(given).name not in _LABELS:
            raise DTypeError(f"{name}: {what} must be integral, got {_title(dtype_of(given))}")
        found: list[int] = given.reshape(-1).tolist()
    else:
        if not isinstance(given, (list, tuple)) or not all(hasattr(v, "__index__") for v in given):
            raise ArgumentError(
                f"{name}(): argument '{what}' must be Tensor or tuple of ints, not {type(given).__name__}"
            )
        found = [int(v) for v in given]
    if len(found) != n:
        raise ShapeError(f"{name}: {what} must be of size batch_size ({n}), got {len(found)}")
    if found and min(found) < 0:
        raise OptionError(f"{name}: Expected {what} to have value at least 0, but got value {min(found)}")
    if most is not None and max(found) > most:
        raise OptionError(f"{name}: Expected {what} to have value at most {most}, but got value {max(found)}")
    return found


def _padded(name: str, targets: Tensor, lengths: list[int], device: Any) -> Tensor:
    """Targets as `(N, S)`, where S is the longest of the lengths; what stands behind each target's end is arbitrary."""
    given, longest, n = tuple(targets._data.shape), max(lengths), len(lengths)
    targets = to_dtype(targets, dtypes.int64)
    if len(given) == 2:
        if given[0] != n:
            raise ShapeError(f"{name}: Expected tensor to have size {n} at dimension 0, but got size {given[0]} "
                             "for argument #2 'targets'")  # fmt: skip
        if given[1] < longest:
            raise ShapeError(f"{name}: Expected tensor to have size at least {longest} at dimension 1, but got size "
                             f"{given[1]} for argument #2 'targets'")  # fmt: skip
        return cast("Tensor", apply(OPS["getitem"], targets, index=(slice(None), slice(0, longest))))
    if len(given) != 1:
        raise ShapeError(f"{name}: Expected 1 to 2 dimensions, but got {len(given)}-dimensional tensor for argument #2 "
                         "'targets'")  # fmt: skip
    if given[0] != sum(lengths):
        raise ShapeError(f"{name}: Expected tensor to have size {sum(lengths)} at dimension 0, but got size {given[0]} "
                         "for argument #2 'targets'")  # fmt: skip
    starts = list(itertools.accumulate(lengths, initial=0))[:-1]
    index = creation.tensor(starts, dtype=dtypes.int64, device=device).unsqueeze(1) + arange(longest, device=device)
    index = index.clamp_max(max(given[0] - 1, 0))
    return cast("Tensor", apply(OPS["take"], targets, index))


def _states(name: str, targets: Tensor, lengths: Tensor, blank: int, classes: int) -> Tensor:
    """The labels of the states `(N, 2 S + 1)`: blanks, and between them the targets."""
    n, longest = targets._data.shape
    within = arange(longest, device=targets._device) < lengths.unsqueeze(1)
    targets = where(within, targets, blank)
    found = bounds(targets)
    if found is not None and (found[0] < 0 or found[1] >= classes):
        wrong = found[0] if found[0] < 0 else found[1]
        raise GatherIndexError(f"{name}: Target {wrong} is out of bounds, expected 0 to {classes - 1}")
    blanks = creation.full((n, longest, 1), blank, dtype=dtypes.int64, device=targets._device)
    pairs = cat((blanks, targets.unsqueeze(2)), 2).reshape(n, 2 * longest)
    return cat((pairs, creation.full((n, 1), blank, dtype=dtypes.int64, device=targets._device)), 1)


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """`-log P(target)`, where P adds up all alignments of a target with the outputs over time.

    An alignment says a label or the blank at each time; without repetitions, and then without blanks, it is the target.

    Args:
        log_probs: Log-probabilities of the classes over time, `(T, N, C)` or `(T, C)`, floating-point: what
            `log_softmax` gives.
        targets: Labels in [0, C) other than the blank, of whole numbers: `(N, S)`, of which the first are taken;
            `(sum(target_lengths))`, one behind the other; for `(T, C)` also `(S)`.
        input_lengths: `(N)` or `()`, in [0, T]; a tensor of whole numbers or a tuple.
        target_lengths: `(N)` or `()`, in [0, S]; a tensor of whole numbers or a tuple.
        blank: The class that stands for no label. Default: 0.
        reduction: "none", "sum", or "mean": of the losses divided by their target's length, at least 1, the mean over
            the batch. Default: "mean".
        zero_infinity: Take 0 for infinite losses, and their gradients: of targets too long for their input.
            Default: False.

    Returns:
        `(N)` or `()` with "none", else 0-d; of the dtype of `log_probs`.

    Raises:
        OptionError: `blank` is no class, a length is out of range, or `reduction` is none of these.
        ShapeError: `log_probs` is empty or has neither two nor three dims, or shapes and lengths do not fit together.
        GatherIndexError: A target is no class (checked in host memory only).
        DTypeError: `log_probs` is not floating-point; targets or lengths are not of whole numbers.

    Differentiable:
        By `log_probs`, any order, if they come from `log_softmax`: as in PyTorch, the gradient is
        `exp(log_probs) - (probability of the class at that time, given the target)`, which is the gradient by the
        log_softmax's input. It is NaN where the loss is infinite, or 0 with `zero_infinity`.

    Source:
        A. Graves et al., "Connectionist Temporal Classification: Labelling Unsegmented Sequence Data with Recurrent
        Neural Networks" (2006).

    Example:
        >>> import fnnet
        >>> even = fnnet.zeros(2, 1, 2).log_softmax(2)  # both classes are equally probable, two times
        >>> fnnet.nn.functional.ctc_loss(even, fnnet.tensor([[1]]), (2,), (1,)).exp()  # three of four paths say "1"
        tensor(1.3333)
    """
    name = "ctc_loss"
    reduction = reduction_of(name, reduction)
    need_tensor(name, log_probs=log_probs, targets=targets)
    need_float(name, log_probs)
    refuse_dtype(name, dtype_of(log_probs), 3)
    shape = tuple(log_probs._data.shape)
    if len(shape) not in (2, 3):
        raise ShapeError(f"{name}: Expected 3-dimensional tensor, but got {len(shape)}-dimensional tensor for argument "
                         f"#1 'log_probs' ({shape})")  # fmt: skip
    if 0 in shape:
        raise ShapeError(f"{name}: log_probs tensor must not be empty, got {shape}")
    if dtype_of(targets).name not in _LABELS:
        raise DTypeError(f"{name}: targets must be integral, got {_title(dtype_of(targets))}")
    steps, n, classes = shape if len(shape) == 3 else (shape[0], 1, shape[1])
    if not 0 <= blank < classes:
        raise OptionError(f"{name}: blank must be in label range, got {blank}, expected 0 to {classes - 1}")
    in_lengths = _lengths(name, "input_lengths", input_lengths, n, steps)
    out_lengths = _lengths(name, "target_lengths", target_lengths, n, None)
    device = log_probs._device
    padded = _padded(name, targets, out_lengths, device)
    lengths = creation.tensor(out_lengths, dtype=dtypes.int64, device=device)
    labels = _states(name, padded, lengths, int(blank), classes)
    x = log_probs if len(shape) == 3 else apply(OPS["reshape"], log_probs, shape=(steps, 1, classes))
    ins = creation.tensor(in_lengths, dtype=dtypes.int64, device=device)
    loss: Tensor = apply(
        CTC_LOSS, x, labels, ins, lengths, least=min(in_lengths), zero_infinity=bool(zero_infinity)
    )[0]  # fmt: skip
    if zero_infinity:
        loss = where(loss == _INF, 0.0, loss)
    if reduction == "mean":
        loss = loss / lengths.clamp_min(1)
    if reduction == "none" and len(shape) == 2:
        return entitle(cast("Tensor", apply(OPS["reshape"], loss, shape=())), "SqueezeBackward1")
    return reduce_composed(loss, reduction)


__all__ = ["ctc_loss"]

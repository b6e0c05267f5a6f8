"""Recurrent networks step by step: one time step of one layer, for loops that the user writes.

`ignore[no-any-return]`: what `apply` gives is a tensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fnnet._core.errors import ShapeError
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.functional._common import need_one_device, need_tensor
from fnnet.functional.recurrent import GRU, LSTM, RNN_RELU, RNN_TANH, Kind, need_one_dtype

if TYPE_CHECKING:
    from fnnet._tensor import Tensor


def _check(
    name: str, gates: int, x: Tensor, states: Sequence[Tensor], weights: Sequence[Tensor], biases: Sequence[Any]
) -> None:
    """Raise unless everything fits; in PyTorch's words."""
    need_tensor(name, input=x, **{f"hx[{i}]": s for i, s in enumerate(states)}, w_ih=weights[0], w_hh=weights[1])
    for argument, b in zip(("b_ih", "b_hh"), biases, strict=True):
        if b is not None:
            need_tensor(name, **{argument: b})
    for argument, t in (("input", x), ("w_ih", weights[0]), ("w_hh", weights[1])):
        if t._data.ndim != 2:
            raise ShapeError(f"{name}: {argument} must have 2 dimensions, got {t._data.ndim}")
    n, features = x._data.shape
    rows, taken = weights[0]._data.shape
    hidden = weights[1]._data.shape[1]
    if features != taken:
        raise ShapeError(f"{name}: input has inconsistent input_size: got {features} expected {taken}")
    for i, s in enumerate(states):
        shape = tuple(s._data.shape)
        if not shape or shape[0] != n:
            raise ShapeError(
                f"{name}: Input batch size {n} doesn't match hidden{i} batch size {shape[0] if shape else None}"
            )
        if shape[1:] != (hidden,):
            got = shape[1] if len(shape) > 1 else None
            raise ShapeError(
                f"{name}: hidden{i} has inconsistent hidden_size: got {got}, expected {hidden} (hidden{i}: {shape})"
            )
    for argument, t in (("w_ih", weights[0]), ("w_hh", weights[1]), ("b_ih", biases[0]), ("b_hh", biases[1])):
        if t is not None and t._data.shape[0] != gates * hidden:
            raise ShapeError(
                f"{name}: {argument} has {t._data.shape[0]} rows, expected {gates * hidden}: {gates} times the hidden "
                f"size (w_ih: {(rows, taken)}, w_hh: {tuple(weights[1]._data.shape)})"
            )
    need_one_dtype(name, x, *states, *weights, *biases)
    states_by_name = {f"hx[{i}]": s for i, s in enumerate(states)}
    need_one_device(name, input=x, **states_by_name, w_ih=weights[0], w_hh=weights[1], b_ih=biases[0], b_hh=biases[1])


def _cell(
    kind: Kind, x: Tensor, states: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None,
    b_hh: Tensor | None,
) -> Sequence[Any]:  # fmt: skip
    """One step: the outputs of the layer's op, of which the second and third are the new states."""
    _check(kind.name + "_cell", kind.gates, x, states, (w_ih, w_hh), (b_ih, b_hh))
    more = (None,) if kind.cells else ()
    r: tuple[Any, ...] = apply(
        kind.op, x, *states, w_ih, w_hh, b_ih, b_hh, *more, batch_sizes=(x._data.shape[0],), reverse=False,
        **kind.static(),
    )  # fmt: skip
    return r


def lstm_cell(
    input: Tensor,
    hx: Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """One step of long short-term memory: `c' = f * c + i * g`, `h' = o * tanh(c')`.

    `i, f, o = sigmoid(w_ih x + b_ih + w_hh h + b_hh)` and `g = tanh(...)`, each with its quarter of the weights' rows
    in the order i, f, g, o.

    Args:
        input: `(N, F)`, floating-point, the same dtype for all.
        hx: Hidden and cell state, `(N, H)` each.
        w_ih: `(4 H, F)`.
        w_hh: `(4 H, H)`.
        b_ih: `(4 H,)`. Default: None, nothing is added.
        b_hh: `(4 H,)`. Default: None, nothing is added.

    Returns:
        The new hidden and cell state, `(N, H)` each.

    Raises:
        ShapeError: The sizes do not fit, or `hx` has not two tensors.
        DTypeError: The dtypes differ, or are not floating-point.
        ArgumentError: Something is no tensor.

    Differentiable: Everywhere, any order.

    Source:
        S. Hochreiter, J. Schmidhuber, "Long Short-Term Memory" (1997), with the forget gate of F. Gers et al. (2000).

    Example:
        >>> import fnnet
        >>> h = c = fnnet.zeros(2, 3)
        >>> h, c = fnnet.lstm_cell(fnnet.ones(2, 4), (h, c), fnnet.ones(12, 4), fnnet.ones(12, 3))
        >>> h.shape, c.shape
        (fnnet.Size([2, 3]), fnnet.Size([2, 3]))
    """
    need_tensor("lstm_cell", input=input)
    states = tuple(hx) if isinstance(hx, (list, tuple)) else (hx,)
    if len(states) != 2:
        raise ShapeError(f"lstm_cell expects two hidden states, got {len(states)}")
    _, h, c, *_ = _cell(LSTM, input, states, w_ih, w_hh, b_ih, b_hh)
    return h, c


def gru_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """One step of gated recurrent units: `h' = (1 - z) * n + z * h`.

    `r, z = sigmoid(w_ih x + b_ih + w_hh h + b_hh)` and `n = tanh(w_ih x + b_ih + r * (w_hh h + b_hh))`, each with its
    third of the weights' rows in the order r, z, n.

    Args:
        input: `(N, F)`, floating-point, the same dtype for all.
        hx: State `(N, H)`.
        w_ih: `(3 H, F)`.
        w_hh: `(3 H, H)`.
        b_ih: `(3 H,)`. Default: None, nothing is added.
        b_hh: `(3 H,)`. Default: None, nothing is added.

    Returns:
        The new state `(N, H)`.

    Raises:
        ShapeError: The sizes do not fit.
        DTypeError: The dtypes differ, or are not floating-point.
        ArgumentError: Something is no tensor.

    Differentiable: Everywhere, any order.

    Source:
        K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation"
        (2014), with the reset gate behind the product as in cuDNN.

    Example:
        >>> import fnnet
        >>> fnnet.gru_cell(fnnet.ones(2, 4), fnnet.zeros(2, 3), fnnet.ones(9, 4), fnnet.ones(9, 3)).shape
        fnnet.Size([2, 3])
    """
    return entitle(_cell(GRU, input, (hx,), w_ih, w_hh, b_ih, b_hh)[1], "AddBackward0")  # type: ignore[no-any-return]


def rnn_tanh_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """One step of Elman's recurrent network: `h' = tanh(w_ih x + b_ih + w_hh h + b_hh)`.

    Args:
        input: `(N, F)`, floating-point, the same dtype for all.
        hx: State `(N, H)`.
        w_ih: `(H, F)`.
        w_hh: `(H, H)`.
        b_ih: `(H,)`. Default: None, nothing is added.
        b_hh: `(H,)`. Default: None, nothing is added.

    Returns:
        The new state `(N, H)`.

    Raises:
        ShapeError: The sizes do not fit.
        DTypeError: The dtypes differ, or are not floating-point.
        ArgumentError: Something is no tensor.

    Differentiable: Everywhere, any order.

    Source:
        J. Elman, "Finding Structure in Time" (1990).

    Example:
        >>> import fnnet
        >>> fnnet.rnn_tanh_cell(fnnet.ones(2, 4), fnnet.zeros(2, 3), fnnet.ones(3, 4), fnnet.ones(3, 3)).shape
        fnnet.Size([2, 3])
    """
    return entitle(_cell(RNN_TANH, input, (hx,), w_ih, w_hh, b_ih, b_hh)[1], "TanhBackward0")  # type: ignore[no-any-return]


def rnn_relu_cell(
    input: Tensor,
    hx: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """One step of Elman's recurrent network: `h' = relu(w_ih x + b_ih + w_hh h + b_hh)`.

    Args:
        input: `(N, F)`, floating-point, the same dtype for all.
        hx: State `(N, H)`.
        w_ih: `(H, F)`.
        w_hh: `(H, H)`.
        b_ih: `(H,)`. Default: None, nothing is added.
        b_hh: `(H,)`. Default: None, nothing is added.

    Returns:
        The new state `(N, H)`.

    Raises:
        ShapeError: The sizes do not fit.
        DTypeError: The dtypes differ, or are not floating-point.
        ArgumentError: Something is no tensor.

    Differentiable: Any order, where no sum is 0; there the gradient is 0.

    Source:
        J. Elman, "Finding Structure in Time" (1990).

    Example:
        >>> import fnnet
        >>> fnnet.rnn_relu_cell(fnnet.ones(2, 4), fnnet.zeros(2, 3), fnnet.ones(3, 4), fnnet.ones(3, 3)).shape
        fnnet.Size([2, 3])
    """
    return entitle(_cell(RNN_RELU, input, (hx,), w_ih, w_hh, b_ih, b_hh)[1], "ReluBackward0")  # type: ignore[no-any-return]


__all__ = ["gru_cell", "lstm_cell", "rnn_relu_cell", "rnn_tanh_cell"]

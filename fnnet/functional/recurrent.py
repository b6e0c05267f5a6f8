"""Recurrent networks over whole sequences: layers on top of each other, one or two directions each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from fnnet._core.errors import ArgumentError, DTypeError, OptionError, ShapeError
from fnnet._core.namespace import Shape
from fnnet._core.op import OPS, Op
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.backends.dtypes import TITLES
from fnnet.functional._common import dtype_of, need_one_device, need_tensor
from fnnet.functional.dropout import dropout as drop
from fnnet.functional.joining import cat, stack
from fnnet.functional.time_steps import GRU_LAYER, LSTM_LAYER, RNN_LAYER
from fnnet.functional.transposition import transpose

if TYPE_CHECKING:
    from fnnet._tensor import Tensor


class Kind(NamedTuple):
    """A kind of recurrent network: its op for one layer in one direction, and what that takes."""

    name: str
    op: Op
    gates: int
    """How many times the hidden size the rows of the weights are."""
    cells: bool = False
    """Whether there is a cell state beside the hidden state."""
    nonlinearity: str | None = None

    def static(self) -> dict[str, Any]:  # static arguments of an op
        """Static arguments of the op that belong to the kind."""
        return {} if self.nonlinearity is None else {"nonlinearity": self.nonlinearity}


LSTM = Kind("lstm", LSTM_LAYER, 4, cells=True)
GRU = Kind("gru", GRU_LAYER, 3)
RNN_TANH = Kind("rnn_tanh", RNN_LAYER, 1, nonlinearity="tanh")
RNN_RELU = Kind("rnn_relu", RNN_LAYER, 1, nonlinearity="relu")


def need_one_dtype(name: str, *tensors: Tensor | None) -> None:
    """Raise unless all tensors that are given are of the first one's dtype, a floating one."""
    found = [dtype_of(t) for t in tensors if t is not None]
    for other in found:
        if other is not found[0]:
            raise DTypeError(
                f"{name}: mat1 and mat2 must have the same dtype, but got {TITLES[other.name]} and "
                f"{TITLES[found[0].name]}"
            )
    if found[0].category != 2:
        raise DTypeError(f"{name}: expected floating-point tensors, got {found[0]}")


class _Weights(NamedTuple):
    """Of one layer in one direction."""

    ih: Tensor
    hh: Tensor
    bias_ih: Tensor | None
    bias_hh: Tensor | None
    hr: Tensor | None


def _weights(kind: Kind, params: Sequence[Tensor], biases: bool, projected: bool, count: int) -> list[_Weights]:
    """The flat list of parameters by layer and direction."""
    each = 2 + 2 * biases + projected
    if not isinstance(params, (list, tuple)):
        raise ArgumentError(f"{kind.name}(): argument 'params' must be a list of tensors, not {type(params).__name__}")
    if len(params) != each * count:
        raise ShapeError(
            f"{kind.name}: got an incorrect number of RNN parameters: {len(params)}, expected {each * count}"
        )
    need_tensor(kind.name, **{f"params[{i}]": p for i, p in enumerate(params)})
    found = []
    for at in range(0, len(params), each):
        own = list(params[at : at + each])
        hr = own.pop() if projected else None
        b_ih, b_hh = own[2:] if biases else (None, None)
        found.append(_Weights(own[0], own[1], b_ih, b_hh, hr))
    return found


def _check_layer(kind: Kind, w: _Weights, features: int, states: Sequence[Tensor], where: str) -> None:
    """Raise unless a layer's parameters fit its input and its states."""
    out, hidden = states[0]._data.shape[-1], states[-1]._data.shape[-1]
    rows = kind.gates * hidden
    expected = (
        ("w_ih", w.ih, (rows, features)), ("w_hh", w.hh, (rows, out)), ("b_ih", w.bias_ih, (rows,)),
        ("b_hh", w.bias_hh, (rows,)), ("w_hr", w.hr, (out, hidden)),
    )  # fmt: skip
    for name, t, shape in expected:
        if t is not None and tuple(t._data.shape) != shape:
            raise ShapeError(
                f"{kind.name}: mat1 and mat2 shapes cannot be multiplied: {name} of {where} has shape "
                f"{tuple(t._data.shape)}, expected {shape} (input features: {features}, hidden size: {hidden})"
            )


def _layers(
    kind: Kind,
    x: Tensor,
    batch_sizes: Shape,
    states: Sequence[Tensor],
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """All layers, on packed rows `(S, F)`: the last one's output and the final states."""
    directions = 2 if bidirectional else 1
    count = num_layers * directions
    for i, state in enumerate(states):
        if state._data.ndim != 3 or tuple(state._data.shape[:2]) != (count, batch_sizes[0]):
            raise ShapeError(
                f"{kind.name}: Expected hidden{f'[{i}]' if kind.cells else ''} size ({count}, {batch_sizes[0]}, *), "
                f"got {list(state._data.shape)}"
            )
    projected = kind.cells and states[0]._data.shape[2] != states[1]._data.shape[2]
    weights = _weights(kind, params, has_biases, projected, count)
    need_one_dtype(kind.name, x, *states, *params)
    others = {**{f"hx[{i}]": s for i, s in enumerate(states)}, **{f"params[{i}]": p for i, p in enumerate(params)}}
    for argument, t in others.items():
        need_one_device(kind.name, input=x, **{argument: t})
    features = x._data.shape[-1]
    for i, w in enumerate(weights):
        _check_layer(kind, w, features, states, f"layer {i // directions}")
        if (i + 1) % directions == 0:
            features = directions * states[0]._data.shape[-1]
    getitem, finals = OPS["getitem"], []
    for layer in range(num_layers):
        outs = []
        for direction in range(directions):
            at = layer * directions + direction
            own = [apply(getitem, s, index=(at,)) for s in states]
            w = weights[at]
            args = (*w,) if kind.cells else w[:4]
            y, *left = apply(kind.op, x, *own, *args, batch_sizes=batch_sizes, reverse=direction == 1, **kind.static())
            outs.append(y)
            finals.append(left[: len(states)])
        x = outs[0] if directions == 1 else cat(outs, 1)
        if dropout and train and layer < num_layers - 1:
            x = drop(x, dropout, True)
    if directions == 1 and x._node is not None:
        x = entitle(x.clone(), "StackBackward0")  # what backward has kept may then be written by the user
    return x, tuple(stack([f[i] for f in finals]) for i in range(len(states)))


def _run(
    kind: Kind,
    input: Tensor,
    hx: Any,
    params: Any,
    has_biases: Any,
    num_layers: Any,
    dropout: Any,
    train: Any,
    bidirectional: Any,
    batch_first: bool,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Either way of calling: dense with batch_first, or packed with batch_sizes as the second argument."""
    need_tensor(kind.name, input=input)
    packed = isinstance(has_biases, (list, tuple))
    if packed:
        sizes, hx, params, has_biases = hx, params, has_biases, num_layers
        num_layers, dropout, train, bidirectional = dropout, train, bidirectional, batch_first
    states = tuple(hx) if kind.cells and isinstance(hx, (list, tuple)) else (hx,)
    if kind.cells and len(states) != 2:
        raise ShapeError(f"{kind.name} expects two hidden states, got {len(states)}")
    need_tensor(kind.name, **{f"hx[{i}]" if kind.cells else "hx": s for i, s in enumerate(states)})
    if not 0 <= dropout <= 1:
        raise OptionError(f"{kind.name}: dropout probability has to be between 0 and 1, but got {dropout}")
    options = (params, has_biases, num_layers, float(dropout), train, bidirectional)
    shape = tuple(input._data.shape)
    if packed:
        need_tensor(kind.name, batch_sizes=sizes)
        steps = tuple(sizes.tolist())
        if len(shape) != 2 or sum(steps) != shape[0]:
            raise ShapeError(
                f"{kind.name}: packed data must be ({sum(steps)}, features), as batch_sizes {list(steps)} say, got "
                f"{list(shape)}"
            )
        return _layers(kind, input, steps, states, *options)
    if len(shape) != 3:
        raise ShapeError(f"{kind.name}: input must have 3 dimensions, got {len(shape)}")
    x = transpose(input, 0, 1) if batch_first else input
    time, n, features = x._data.shape
    if not time:
        raise ShapeError(f"{kind.name}: Expected sequence length to be larger than 0 in RNN")
    y, finals = _layers(kind, x.reshape(time * n, features), (n,) * time, states, *options)
    title = "CatBackward0" if bidirectional else "StackBackward0"
    y = entitle(y.reshape(time, n, y._data.shape[-1]), title)
    return transpose(y, 0, 1) if batch_first else y, finals


def lstm(
    input: Tensor,
    hx: Sequence[Tensor],
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Long short-term memory: `c' = f * c + i * g`, `h' = o * tanh(c')`, gates from the input and h.

    `i, f, o = sigmoid(W x + b_ih + U h + b_hh)` and `g = tanh(...)`, each with its quarter of the weights' rows in
    the order i, f, g, o.

    Packed sequences are given in the same nine places as `lstm(data, batch_sizes, hx, params, has_biases, num_layers,
    dropout, train, bidirectional)`.

    Args:
        input: `(T, N, F)`, floating-point; packed: `(S, F)`.
        hx: Initial hidden state `(num_layers * D, N, P)` and cell state `(num_layers * D, N, H)`, with D = 2 if
            `bidirectional`, else 1. Where P is not H the hidden state is projected.
        params: Per layer and direction: w_ih `(4 H, F)` (above the first layer `(4 H, D P)`), w_hh `(4 H, P)`, then
            b_ih and b_hh `(4 H,)` if there are biases, then w_hr `(P, H)` if P is not H.
        has_biases: Whether there are biases.
        num_layers: Layers on top of each other.
        dropout: Probability with which elements between layers are zeroed, in [0, 1].
        train: Whether there is dropout at all.
        bidirectional: Whether each layer has a second direction, from the last step to the first; the outputs of both
            stand side by side.
        batch_first: Whether input and output are `(N, T, *)`.

    Returns:
        Output `(T, N, D P)`, and the final hidden and cell states of the shapes of the initial ones.

    Raises:
        ShapeError: The sizes do not fit, there is no step, `hx` has not two tensors, or `params` another number of
            them than said.
        DTypeError: The dtypes differ, or are not floating-point.
        ArgumentError: Something is no tensor.
        OptionError: `dropout` is outside [0, 1].

    Differentiable: Everywhere, any order.

    Source:
        S. Hochreiter, J. Schmidhuber, "Long Short-Term Memory" (1997), with the forget gate of F. Gers et al. (2000).

    Example:
        >>> import fnnet
        >>> h, w = fnnet.zeros(1, 2, 3), (fnnet.ones(12, 4), fnnet.ones(12, 3))
        >>> y, h_n, c_n = fnnet.lstm(fnnet.ones(5, 2, 4), (h, h), w, False, 1, 0.0, False, False, False)
        >>> y.shape, h_n.shape
        (fnnet.Size([5, 2, 3]), fnnet.Size([1, 2, 3]))
    """
    y, (h, c) = _run(
        LSTM, input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first
    )  # fmt: skip
    return y, h, c


def gru(
    input: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Tensor, Tensor]:
    """Gated recurrent units: `h' = (1 - z) * n + z * h`, with `n = tanh(W x + b_ih + r * (U h + b_hh))`.

    `r, z = sigmoid(W x + b_ih + U h + b_hh)`, each with its third of the weights' rows in the order r, z, n.

    Packed sequences are given in the same nine places as `gru(data, batch_sizes, hx, params, has_biases, num_layers,
    dropout, train, bidirectional)`.

    Args:
        input: `(T, N, F)`, floating-point; packed: `(S, F)`.
        hx: Initial state `(num_layers * D, N, H)`, with D = 2 if `bidirectional`, else 1.
        params: Per layer and direction: w_ih `(3 H, F)` (above the first layer `(3 H, D H)`), w_hh `(3 H, H)`, then
            b_ih and b_hh `(3 H,)` if there are biases.
        has_biases: Whether there are biases.
        num_layers: Layers on top of each other.
        dropout: Probability with which elements between layers are zeroed, in [0, 1].
        train: Whether there is dropout at all.
        bidirectional: Whether each layer has a second direction, from the last step to the first; the outputs of both
            stand side by side.
        batch_first: Whether input and output are `(N, T, *)`.

    Returns:
        Output `(T, N, D H)`, and the final state `(num_layers * D, N, H)`.

    Raises:
        ShapeError: The sizes do not fit, there is no step, or `params` has another number of tensors than said.
        DTypeError: The dtypes differ, or are not floating-point.
        ArgumentError: Something is no tensor.
        OptionError: `dropout` is outside [0, 1].

    Differentiable: Everywhere, any order.

    Source:
        K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation"
        (2014), with the reset gate behind the product as in cuDNN.

    Example:
        >>> import fnnet
        >>> h, w = fnnet.zeros(1, 2, 3), (fnnet.ones(9, 4), fnnet.ones(9, 3))
        >>> y, h_n = fnnet.gru(fnnet.ones(5, 2, 4), h, w, False, 1, 0.0, False, False, False)
        >>> y.shape, h_n.shape
        (fnnet.Size([5, 2, 3]), fnnet.Size([1, 2, 3]))
    """
    y, (h,) = _run(GRU, input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
    return y, h


def rnn_tanh(
    input: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Tensor, Tensor]:
    """Elman's recurrent network: `h' = tanh(W x + b_ih + U h + b_hh)`.

    Packed sequences are given in the same nine places as `rnn_tanh(data, batch_sizes, hx, params, has_biases,
    num_layers, dropout, train, bidirectional)`.

    Args:
        input: `(T, N, F)`, floating-point; packed: `(S, F)`.
        hx: Initial state `(num_layers * D, N, H)`, with D = 2 if `bidirectional`, else 1.
        params: Per layer and direction: w_ih `(H, F)` (above the first layer `(H, D H)`), w_hh `(H, H)`, then b_ih and
            b_hh `(H,)` if there are biases.
        has_biases: Whether there are biases.
        num_layers: Layers on top of each other.
        dropout: Probability with which elements between layers are zeroed, in [0, 1].
        train: Whether there is dropout at all.
        bidirectional: Whether each layer has a second direction, from the last step to the first; the outputs of both
            stand side by side.
        batch_first: Whether input and output are `(N, T, *)`.

    Returns:
        Output `(T, N, D H)`, and the final state `(num_layers * D, N, H)`.

    Raises:
        ShapeError: The sizes do not fit, there is no step, or `params` has another number of tensors than said.
        DTypeError: The dtypes differ, or are not floating-point.
        ArgumentError: Something is no tensor.
        OptionError: `dropout` is outside [0, 1].

    Differentiable: Everywhere, any order.

    Source:
        J. Elman, "Finding Structure in Time" (1990).

    Example:
        >>> import fnnet
        >>> h, w = fnnet.zeros(1, 2, 3), (fnnet.ones(3, 4), fnnet.ones(3, 3))
        >>> y, h_n = fnnet.rnn_tanh(fnnet.ones(5, 2, 4), h, w, False, 1, 0.0, False, False, False)
        >>> y.shape, h_n.shape
        (fnnet.Size([5, 2, 3]), fnnet.Size([1, 2, 3]))
    """
    y, (h,) = _run(RNN_TANH, input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
    return y, h


def rnn_relu(
    input: Tensor,
    hx: Tensor,
    params: Sequence[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Tensor, Tensor]:
    """Elman's recurrent network: `h' = relu(W x + b_ih + U h + b_hh)`.

    Packed sequences are given in the same nine places as `rnn_relu(data, batch_sizes, hx, params, has_biases,
    num_layers, dropout, train, bidirectional)`.

    Args:
        input: `(T, N, F)`, floating-point; packed: `(S, F)`.
        hx: Initial state `(num_layers * D, N, H)`, with D = 2 if `bidirectional`, else 1.
        params: Per layer and direction: w_ih `(H, F)` (above the first layer `(H, D H)`), w_hh `(H, H)`, then b_ih and
            b_hh `(H,)` if there are biases.
        has_biases: Whether there are biases.
        num_layers: Layers on top of each other.
        dropout: Probability with which elements between layers are zeroed, in [0, 1].
        train: Whether there is dropout at all.
        bidirectional: Whether each layer has a second direction, from the last step to the first; the outputs of both
            stand side by side.
        batch_first: Whether input and output are `(N, T, *)`.

    Returns:
        Output `(T, N, D H)`, and the final state `(num_layers * D, N, H)`.

    Raises:
        ShapeError: The sizes do not fit, there is no step, or `params` has another number of tensors than said.
        DTypeError: The dtypes differ, or are not floating-point.
        ArgumentError: Something is no tensor.
        OptionError: `dropout` is outside [0, 1].

    Differentiable: Any order, where no sum is 0; there the gradient is 0.

    Source:
        J. Elman, "Finding Structure in Time" (1990).

    Example:
        >>> import fnnet
        >>> h, w = fnnet.zeros(1, 2, 3), (fnnet.ones(3, 4), fnnet.ones(3, 3))
        >>> y, h_n = fnnet.rnn_relu(fnnet.ones(5, 2, 4), h, w, False, 1, 0.0, False, False, False)
        >>> y.shape, h_n.shape
        (fnnet.Size([5, 2, 3]), fnnet.Size([1, 2, 3]))
    """
    y, (h,) = _run(RNN_RELU, input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
    return y, h


__all__ = ["gru", "lstm", "rnn_relu", "rnn_tanh"]

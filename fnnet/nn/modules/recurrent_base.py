"""What recurrent networks have in common: their parameters, checks of what they are given, the way through `forward`.

`Any`: a state is a tensor, or a pair of them for an LSTM.
"""

from __future__ import annotations

import math
import warnings
from numbers import Number
from typing import TYPE_CHECKING, Any, NoReturn

from fnnet._core.errors import ArgumentError, OptionError, ShapeError
from fnnet._tensor import Tensor
from fnnet.backends.dtypes import DType
from fnnet.functional import recurrent
from fnnet.functional._common import need_tensor
from fnnet.functional.creation import zeros
from fnnet.functional.slices import index_select
from fnnet.nn import init
from fnnet.nn.module import Module
from fnnet.nn.modules._state import DeviceLike, parameter
from fnnet.nn.utils.rnn import PackedSequence

if TYPE_CHECKING:
    from fnnet.nn.parameter import Parameter

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}
"""How many times the hidden size the rows of the weights are."""


class RNNBase(Module):
    """Base of RNN, LSTM and GRU: it holds the parameters and draws them, and checks what forward is given.

    State, for every layer l of D directions, those of the second one ending in `_reverse`: weight_ih_l{l} `(G H, F)`
    (above the first layer `(G H, D P)`), weight_hh_l{l} `(G H, P)`, bias_ih_l{l} and bias_hh_l{l} `(G H,)`, and
    weight_hr_l{l} `(P, H)` where the hidden state is projected. G is 4 for LSTM, 3 for GRU, else 1; P is `proj_size`
    where there is one, else H. All are drawn uniformly from [-1/sqrt(H), 1/sqrt(H)).

    Args:
        mode: "LSTM", "GRU", "RNN_TANH" or "RNN_RELU".
        input_size: Features of the input, F.
        hidden_size: Size of the state, H.
        num_layers: Layers on top of each other. Default: 1.
        bias: Whether there are biases. Default: True.
        batch_first: Whether input and output are `(N, T, *)`. Default: False.
        dropout: In training, probability with which elements between layers are zeroed. Default: 0.
        bidirectional: Whether each layer has a second direction, from the last step to the first. Default: False.
        proj_size: LSTM: to what size the hidden state is projected, less than H. Default: 0, it is not.
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Raises:
        OptionError: A size is not positive, proj_size is not below hidden_size or not for an LSTM, dropout is outside
            [0, 1], or the mode is another.
        ArgumentError: A size is no int, or bias or batch_first no bool.

    Example:
        >>> import fnnet
        >>> net = fnnet.nn.RNNBase("GRU", 2, 3, bidirectional=True)
        >>> [name for name, _ in net.named_parameters()][4:]
        ['weight_ih_l0_reverse', 'weight_hh_l0_reverse', 'bias_ih_l0_reverse', 'bias_hh_l0_reverse']
    """

    mode: str
    input_size: int
    hidden_size: int
    num_layers: int
    bias: bool
    batch_first: bool
    dropout: float
    bidirectional: bool
    proj_size: int

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        sizes = {"input_size": input_size, "hidden_size": hidden_size}
        switches = {"bias": bias, "batch_first": batch_first}
        _check_options(type(self).__name__, mode, sizes, num_layers, switches, dropout, proj_size)
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                f"num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
                UserWarning,
                stacklevel=3,
            )
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._all_weights: list[list[str]] = []
        directions = 2 if bidirectional else 1
        rows, out = _GATES[mode] * hidden_size, proj_size or hidden_size
        for layer in range(num_layers):
            features = input_size if layer == 0 else out * directions
            for suffix in ("", "_reverse")[:directions]:
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, features), "weight_hh": (rows, out)}
                if bias:
                    shapes.update(bias_ih=(rows,), bias_hh=(rows,))
                if proj_size:
                    shapes["weight_hr"] = (out, hidden_size)
                names = [f"{name}_l{layer}{suffix}" for name in shapes]
                for name, shape in zip(names, shapes.values(), strict=True):
                    setattr(self, name, parameter(shape, device, dtype))
                self._all_weights.append(names)
        self.reset_parameters()

    @property
    def _flat_weights_names(self) -> list[str]:
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[Any]:
        return [getattr(self, name) for name in self._flat_weights_names]

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def flatten_parameters(self) -> None:
        """Do nothing: PyTorch lays the parameters of networks on a GPU side by side here."""

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        bound = 1 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def check_input(self, input: Tensor, batch_sizes: Tensor | None) -> None:
        """Raise unless the input is of the weights' dtype, and of the dims and the size of the last that are expected.

        Args:
            input: `(T, N, F)` or `(N, T, F)`; packed `(S, F)`.
            batch_sizes: Of packed sequences, else None.

        Raises:
            OptionError: The dtype is another.
            ShapeError: The shape is another.
        """
        dtype = self._flat_weights[0].dtype
        if input.dtype != dtype:
            raise OptionError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({dtype}). Convert input: "
                f"input.to({dtype}), or convert model: model.to({input.dtype})"
            )
        dims = 3 if batch_sizes is None else 2
        if input.dim() != dims:
            raise ShapeError(f"{type(self).__name__}: input must have {dims} dimensions, got {input.dim()}")
        if input.size(-1) != self.input_size:
            raise ShapeError(
                f"{type(self).__name__}: input.size(-1) must be equal to input_size. Expected {self.input_size}, got "
                f"{input.size(-1)}"
            )

    def get_expected_hidden_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """The shape of the hidden state.

        Args:
            input: `(T, N, F)` or `(N, T, F)`; packed `(S, F)`.
            batch_sizes: Of packed sequences, else None.

        Returns:
            `(num_layers * D, N, P)`.
        """
        return self._state_shape(input, batch_sizes, self.proj_size or self.hidden_size)

    def _state_shape(self, input: Tensor, batch_sizes: Tensor | None, size: int) -> tuple[int, int, int]:
        n = input.size(0 if self.batch_first else 1) if batch_sizes is None else batch_sizes.tolist()[0]
        return self.num_layers * (2 if self.bidirectional else 1), n, size

    def check_hidden_size(
        self, hx: Tensor, expected_hidden_size: tuple[int, int, int], msg: str = "Expected hidden size {}, got {}"
    ) -> None:
        """Raise unless a state has the expected shape.

        Args:
            hx: The state.
            expected_hidden_size: What is expected.
            msg: The error's text, with places for the expected shape and for the state's.

        Raises:
            ShapeError: It has another.
        """
        if tuple(hx.shape) != tuple(expected_hidden_size):
            raise ShapeError(f"{type(self).__name__}: " + msg.format(tuple(expected_hidden_size), list(hx.shape)))

    def check_forward_args(self, input: Tensor, hidden: Any, batch_sizes: Tensor | None) -> None:
        """Raise unless input and state fit the network.

        Args:
            input: `(T, N, F)` or `(N, T, F)`; packed `(S, F)`.
            hidden: The state (LSTM: a pair).
            batch_sizes: Of packed sequences, else None.

        Raises:
            OptionError: The dtype is another than the weights'.
            ShapeError: A shape is another than expected.
        """
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden, self.get_expected_hidden_size(input, batch_sizes))

    def permute_hidden(self, hx: Any, permutation: Tensor | None) -> Any:
        """The state's sequences in another order.

        Args:
            hx: The state (LSTM: a pair).
            permutation: Which sequence stands where; None: as they are.

        Returns:
            A state of the same shape.
        """
        return hx if permutation is None else index_select(hx, 1, permutation)

    def extra_repr(self) -> str:
        options = [
            f"{self.input_size}, {self.hidden_size}",
            f"proj_size={self.proj_size}" if self.proj_size != 0 else "",
            f"num_layers={self.num_layers}" if self.num_layers != 1 else "",
            f"bias={self.bias}" if self.bias is not True else "",
            f"batch_first={self.batch_first}" if self.batch_first is not False else "",
            f"dropout={self.dropout}" if self.dropout != 0 else "",
            f"bidirectional={self.bidirectional}" if self.bidirectional is not False else "",
        ]
        return ", ".join(o for o in options if o)

    # forward ----------------------------------------------------------------------------------------------------------
    def _zero_state(self, input: Tensor, batch_sizes: Tensor | None) -> Any:
        shape = self.get_expected_hidden_size(input, batch_sizes)
        return zeros(*shape, dtype=input.dtype, device=input.device)

    def _state(self, hx: Any) -> Any:
        """The state that was given, a tensor (LSTM: two)."""
        need_tensor(type(self).__name__, hx=hx)
        return hx

    def _batched_state(self, hx: Any, batched: bool) -> Any:
        """The state, with a batch dim."""
        if hx.dim() != 2 + batched:
            raise ShapeError(f"{type(self).__name__}: {WANTED[batched]}, hx should also be {2 + batched}-D but got "
                             f"{hx.dim()}-D tensor")  # fmt: skip
        return hx if batched else hx.unsqueeze(1)

    def _run(self, *args: Any) -> tuple[Tensor, Any]:
        """The function behind the module: the output and the final state."""
        function = {"RNN_TANH": recurrent.rnn_tanh, "RNN_RELU": recurrent.rnn_relu, "GRU": recurrent.gru}[self.mode]
        return function(*args)

    def _forward(self, input: Tensor | PackedSequence, hx: Any) -> tuple[Any, Any]:
        name = type(self).__name__
        options = (self.bias, self.num_layers, self.dropout, self.training, self.bidirectional)
        if isinstance(input, PackedSequence):
            data, batch_sizes, order, back = input
            hx = self._zero_state(data, batch_sizes) if hx is None else self.permute_hidden(self._state(hx), order)
            self.check_forward_args(data, hx, batch_sizes)
            y, left = self._run(data, batch_sizes, hx, self._flat_weights, *options)
            return PackedSequence(y, batch_sizes, order, back), self.permute_hidden(left, back)
        need_tensor(name, input=input)
        if input.dim() not in (2, 3):
            what = " tensor" if self.mode.startswith("RNN") else ""
            raise ShapeError(f"{name}: Expected input to be 2D or 3D, got {input.dim()}D{what} instead")
        batched = input.dim() == 3
        batch_dim = 0 if self.batch_first else 1
        x = input if batched else input.unsqueeze(batch_dim)
        hx = self._zero_state(x, None) if hx is None else self._batched_state(self._state(hx), batched)
        self.check_forward_args(x, hx, None)
        y, left = self._run(x, hx, self._flat_weights, *options, self.batch_first)
        if batched:
            return y, left
        alone = left.squeeze(1) if isinstance(left, Tensor) else tuple(s.squeeze(1) for s in left)
        return y.squeeze(batch_dim), alone


WANTED = ("For unbatched 2-D input", "For batched 3-D input")


def _check_options(
    name: str, mode: str, sizes: dict[str, int], num_layers: int, switches: dict[str, bool], dropout: float,
    proj_size: int,
) -> None:  # fmt: skip
    """Raise unless the options of the class `name` are what they may be."""
    if not isinstance(dropout, Number) or isinstance(dropout, bool) or not 0 <= dropout <= 1:
        raise OptionError(
            f"{name}: dropout should be a number in range [0, 1] representing the probability of an element being "
            f"zeroed, got {dropout!r}"
        )
    for option, switch in switches.items():
        if not isinstance(switch, bool):
            raise ArgumentError(f"{name}: {option} should be of type bool, got: {type(switch).__name__}")
    for option, size in sizes.items():
        if not isinstance(size, int):
            raise ArgumentError(f"{name}: {option} should be of type int, got: {type(size).__name__}")
        if size <= 0:
            raise OptionError(f"{name}: {option} must be greater than zero, got {size}")
    if num_layers <= 0:
        raise OptionError(f"{name}: num_layers must be greater than zero, got {num_layers}")
    if proj_size < 0:
        raise OptionError(
            f"{name}: proj_size should be a positive integer or zero to disable projections, got {proj_size}"
        )
    hidden_size = sizes["hidden_size"]
    if proj_size >= hidden_size:
        raise OptionError(f"{name}: proj_size has to be smaller than hidden_size, got {proj_size} and {hidden_size}")
    if mode not in _GATES:
        raise OptionError(f"{name}: Unrecognized RNN mode: {mode}, expected one of {', '.join(_GATES)}")
    if proj_size and mode != "LSTM":
        refuse_projection(name)


def refuse_projection(name: str) -> NoReturn:
    """Say that only an LSTM has projections."""
    raise OptionError(f"{name}: proj_size argument is only supported for LSTM, not RNN or GRU")


__all__ = ["WANTED", "RNNBase", "refuse_projection"]

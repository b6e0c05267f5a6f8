"""Single steps of recurrent networks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fnnet._core.errors import OptionError, ShapeError
from fnnet._tensor import Tensor
from fnnet.backends.dtypes import DType
from fnnet.functional import recurrent_cells as cells
from fnnet.functional.creation import zeros
from fnnet.nn import init
from fnnet.nn.module import Module
from fnnet.nn.modules._state import DeviceLike, parameter

if TYPE_CHECKING:
    from fnnet.nn.parameter import Parameter


class RNNCellBase(Module):
    """Base of the cells: it holds the parameters and draws them; a subclass says what a step computes.

    State: weight_ih `(num_chunks * H, F)`, weight_hh `(num_chunks * H, H)`, bias_ih and bias_hh `(num_chunks * H,)`,
    all drawn uniformly from [-1/sqrt(H), 1/sqrt(H)).

    Args:
        input_size: Features of the input, F.
        hidden_size: Size of the state, H.
        bias: Whether there are biases.
        num_chunks: How many times H the rows of the weights are.
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Example:
        >>> import fnnet
        >>> [name for name, _ in fnnet.nn.RNNCellBase(3, 4, bias=True, num_chunks=1).named_parameters()]
        ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh']
    """

    input_size: int
    hidden_size: int
    bias: bool
    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        self.weight_ih = parameter((rows, input_size), device, dtype)
        self.weight_hh = parameter((rows, hidden_size), device, dtype)
        self.register_parameter("bias_ih", parameter((rows,), device, dtype) if bias else None)
        self.register_parameter("bias_hh", parameter((rows,), device, dtype) if bias else None)
        self.reset_parameters()

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        return text if nonlinearity == "tanh" else f"{text}, nonlinearity={nonlinearity}"

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def _batched(self, input: Tensor) -> Tensor:
        """The input with a batch dim."""
        if input.dim() not in (1, 2):
            raise ShapeError(f"{type(self).__name__}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        return input if input.dim() == 2 else input.unsqueeze(0)

    def _state(self, input: Tensor, batched: Tensor, hx: Tensor | None, name: str) -> Tensor:
        """A state with a batch dim; zeros where none is given."""
        if hx is None:
            return zeros(batched.size(0), self.hidden_size, dtype=input.dtype, device=input.device)
        if hx.dim() not in (1, 2):
            raise ShapeError(f"{type(self).__name__}: Expected {name} to be 1D or 2D, got {hx.dim()}D instead")
        return hx if batched is input else hx.unsqueeze(0)


class RNNCell(RNNCellBase):
    """One step of Elman's recurrent network: `h' = tanh(W x + b_ih + U h + b_hh)`, or relu; see `rnn_tanh_cell`.

    State: weight_ih `(H, F)`, weight_hh `(H, H)`, bias_ih and bias_hh `(H,)`, all drawn uniformly from
    [-1/sqrt(H), 1/sqrt(H)).

    Args:
        input_size: Features of the input, F.
        hidden_size: Size of the state, H.
        bias: Whether there are biases. Default: True.
        nonlinearity: "tanh" or "relu". Default: "tanh".
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        Input `(N, F)` and state `(N, H)`, by default zeros, to the new state `(N, H)`; all without N where the input
        has one dim.

    Raises:
        ShapeError: Called with other sizes.
        OptionError: Called with another nonlinearity.
        DTypeError: Called with other dtypes than the weights'.

    Example:
        >>> import fnnet
        >>> cell = fnnet.nn.RNNCell(10, 20)
        >>> h = fnnet.zeros(3, 20)
        >>> for x in fnnet.ones(6, 3, 10):
        ...     h = cell(x, h)
        >>> h.shape
        fnnet.Size([3, 20])
    """

    nonlinearity: str

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, num_chunks=1, device=device, dtype=dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        x = self._batched(input)
        h = self._state(input, x, hx, "hidden")
        if self.nonlinearity not in ("tanh", "relu"):
            raise OptionError(f"RNNCell: Unknown nonlinearity: {self.nonlinearity}, expected 'tanh' or 'relu'")
        step = cells.rnn_tanh_cell if self.nonlinearity == "tanh" else cells.rnn_relu_cell
        r = step(x, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return r if x is input else r.squeeze(0)


class LSTMCell(RNNCellBase):
    """One step of long short-term memory: `c' = f * c + i * g`, `h' = o * tanh(c')`; see `lstm_cell`.

    State: weight_ih `(4 H, F)`, weight_hh `(4 H, H)`, bias_ih and bias_hh `(4 H,)`, all drawn uniformly from
    [-1/sqrt(H), 1/sqrt(H)).

    Args:
        input_size: Features of the input, F.
        hidden_size: Size of the states, H.
        bias: Whether there are biases. Default: True.
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        Input `(N, F)` and a pair of states `(N, H)`, by default zeros, to the new pair; all without N where the input
        has one dim.

    Raises:
        ShapeError: Called with other sizes.
        DTypeError: Called with other dtypes than the weights'.

    Example:
        >>> import fnnet
        >>> cell = fnnet.nn.LSTMCell(10, 20)
        >>> h, c = cell(fnnet.ones(3, 10))
        >>> h, c = cell(fnnet.ones(3, 10), (h, c))
        >>> h.shape, c.shape
        (fnnet.Size([3, 20]), fnnet.Size([3, 20]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, num_chunks=4, device=device, dtype=dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        x = self._batched(input)
        given = (None, None) if hx is None else hx
        states = [self._state(input, x, state, f"hx[{i}]") for i, state in enumerate(given)]
        h, c = cells.lstm_cell(x, states, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return (h, c) if x is input else (h.squeeze(0), c.squeeze(0))


class GRUCell(RNNCellBase):
    """One step of gated recurrent units: `h' = (1 - z) * n + z * h`; see `gru_cell`.

    State: weight_ih `(3 H, F)`, weight_hh `(3 H, H)`, bias_ih and bias_hh `(3 H,)`, all drawn uniformly from
    [-1/sqrt(H), 1/sqrt(H)).

    Args:
        input_size: Features of the input, F.
        hidden_size: Size of the state, H.
        bias: Whether there are biases. Default: True.
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        Input `(N, F)` and state `(N, H)`, by default zeros, to the new state `(N, H)`; all without N where the input
        has one dim.

    Raises:
        ShapeError: Called with other sizes.
        DTypeError: Called with other dtypes than the weights'.

    Example:
        >>> import fnnet
        >>> cell = fnnet.nn.GRUCell(10, 20)
        >>> cell(fnnet.ones(3, 10), fnnet.zeros(3, 20)).shape
        fnnet.Size([3, 20])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, num_chunks=3, device=device, dtype=dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        x = self._batched(input)
        h = self._state(input, x, hx, "hidden")
        r = cells.gru_cell(x, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return r if x is input else r.squeeze(0)


__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]

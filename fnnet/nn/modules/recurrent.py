"""Recurrent networks over whole sequences.

`Any`: a state is a tensor, or a pair of them for an LSTM; an input is a tensor or a PackedSequence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from fnnet._core.errors import ArgumentError, OptionError, ShapeError
from fnnet._tensor import Tensor
from fnnet.backends.dtypes import DType
from fnnet.functional import recurrent
from fnnet.functional._common import need_tensor
from fnnet.functional.creation import zeros
from fnnet.functional.slices import index_select
from fnnet.nn.modules._state import DeviceLike
from fnnet.nn.modules.recurrent_base import WANTED, RNNBase, refuse_projection
from fnnet.nn.utils.rnn import PackedSequence

Pair = tuple[Tensor, Tensor]


class RNN(RNNBase):
    """Elman's recurrent network: `h' = tanh(W x + b_ih + U h + b_hh)`, or relu; see `rnn_tanh`.

    State: see `RNNBase`, with G = 1.

    Args:
        input_size: Features of the input, F.
        hidden_size: Size of the state, H.
        num_layers: Layers on top of each other. Default: 1.
        nonlinearity: "tanh" or "relu". Default: "tanh".
        bias: Whether there are biases. Default: True.
        batch_first: Whether input and output are `(N, T, *)`. Default: False.
        dropout: In training, probability with which elements between layers are zeroed. Default: 0.
        bidirectional: Whether each layer has a second direction, from the last step to the first. Default: False.
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        Input `(T, N, F)`, `(T, F)` or a PackedSequence, and the state `(num_layers * D, N, H)`, by default zeros, to
        the output `(T, N, D H)`, of the input's form, and the final state. D is 2 if `bidirectional`, else 1.

    Raises:
        OptionError: A size is not positive, the nonlinearity is another, dropout is outside [0, 1], or called with
            another dtype than the weights'.
        ArgumentError: A size is no int, or bias or batch_first no bool.
        ShapeError: Called with other sizes.

    Example:
        >>> import fnnet
        >>> y, h = fnnet.nn.RNN(10, 20, 2)(fnnet.ones(5, 3, 10))
        >>> y.shape, h.shape
        (fnnet.Size([5, 3, 20]), fnnet.Size([2, 3, 20]))
    """

    nonlinearity: str

    @overload
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None: ...
    @overload
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...  # as PyTorch declares it
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # as the overload says
        if "proj_size" in kwargs:
            refuse_projection(type(self).__name__)
        if len(args) > 3:
            nonlinearity, args = args[3], args[:3] + args[4:]
        else:
            nonlinearity = kwargs.pop("nonlinearity", "tanh")
        if nonlinearity not in ("tanh", "relu"):
            raise OptionError(
                f"{type(self).__name__}: Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        super().__init__(f"RNN_{nonlinearity.upper()}", *args, **kwargs)
        self.nonlinearity = nonlinearity

    @overload
    def forward(self, input: Tensor, hx: Tensor | None = None) -> Pair: ...
    @overload
    def forward(self, input: PackedSequence, hx: Tensor | None = None) -> tuple[PackedSequence, Tensor]: ...
    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Tensor]:  # as the overloads say
        return self._forward(input, hx)

    if TYPE_CHECKING:
        __call__ = forward  # both of its forms, of which Module's sees the first


class LSTM(RNNBase):
    """Long short-term memory: `c' = f * c + i * g`, `h' = o * tanh(c')`, gates from the input and h; see `lstm`.

    State: see `RNNBase`, with G = 4.

    Args:
        input_size: Features of the input, F.
        hidden_size: Size of the cell state, H.
        num_layers: Layers on top of each other. Default: 1.
        bias: Whether there are biases. Default: True.
        batch_first: Whether input and output are `(N, T, *)`. Default: False.
        dropout: In training, probability with which elements between layers are zeroed. Default: 0.
        bidirectional: Whether each layer has a second direction, from the last step to the first. Default: False.
        proj_size: To what size P the hidden state is projected, less than H. Default: 0, it is not, and P is H.
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        Input `(T, N, F)`, `(T, F)` or a PackedSequence, and the states `(num_layers * D, N, P)` and
        `(num_layers * D, N, H)`, by default zeros, to the output `(T, N, D P)`, of the input's form, and the final
        states. D is 2 if `bidirectional`, else 1.

    Raises:
        OptionError: A size is not positive, proj_size is not below hidden_size, dropout is outside [0, 1], or called
            with another dtype than the weights'.
        ArgumentError: A size is no int, or bias or batch_first no bool.
        ShapeError: Called with other sizes.

    Example:
        >>> import fnnet
        >>> y, (h, c) = fnnet.nn.LSTM(10, 20, 2)(fnnet.ones(5, 3, 10))
        >>> y.shape, h.shape, c.shape
        (fnnet.Size([5, 3, 20]), fnnet.Size([2, 3, 20]), fnnet.Size([2, 3, 20]))
    """

    @overload
    def __init__(
        self,
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
    ) -> None: ...
    @overload
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...  # as PyTorch declares it
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # as the overload says
        super().__init__("LSTM", *args, **kwargs)

    def get_expected_cell_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """The shape of the cell state.

        Args:
            input: `(T, N, F)` or `(N, T, F)`; packed `(S, F)`.
            batch_sizes: Of packed sequences, else None.

        Returns:
            `(num_layers * D, N, H)`.
        """
        return self._state_shape(input, batch_sizes, self.hidden_size)

    def check_forward_args(self, input: Tensor, hidden: Any, batch_sizes: Tensor | None) -> None:
        self.check_input(input, batch_sizes)
        for i, expected in enumerate((self.get_expected_hidden_size, self.get_expected_cell_size)):
            self.check_hidden_size(
                hidden[i], expected(input, batch_sizes), f"Expected hidden[{i}] size {{}}, got {{}}"
            )  # fmt: skip

    def permute_hidden(self, hx: Any, permutation: Tensor | None) -> Any:
        return hx if permutation is None else tuple(index_select(s, 1, permutation) for s in hx)

    def _zero_state(self, input: Tensor, batch_sizes: Tensor | None) -> Any:
        shapes = self.get_expected_hidden_size(input, batch_sizes), self.get_expected_cell_size(input, batch_sizes)
        return tuple(zeros(*shape, dtype=input.dtype, device=input.device) for shape in shapes)

    def _state(self, hx: Any) -> Any:
        if not isinstance(hx, (list, tuple)) or len(hx) != 2:
            raise ArgumentError(f"LSTM: hx must be a pair of hidden and cell state, got {type(hx).__name__}")
        need_tensor("LSTM", **{"hx[0]": hx[0], "hx[1]": hx[1]})
        return tuple(hx)

    def _batched_state(self, hx: Any, batched: bool) -> Any:
        if any(s.dim() != 2 + batched for s in hx):
            raise ShapeError(f"LSTM: {WANTED[batched]}, hx and cx should also be {2 + batched}-D but got "
                             f"({hx[0].dim()}-D, {hx[1].dim()}-D) tensors")  # fmt: skip
        return hx if batched else tuple(s.unsqueeze(1) for s in hx)

    def _run(self, *args: Any) -> tuple[Tensor, Any]:
        y, h, c = recurrent.lstm(*args)
        return y, (h, c)

    @overload
    def forward(self, input: Tensor, hx: Pair | None = None) -> tuple[Tensor, Pair]: ...
    @overload
    def forward(self, input: PackedSequence, hx: Pair | None = None) -> tuple[PackedSequence, Pair]: ...
    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Pair]:  # as the overloads say
        return self._forward(input, hx)

    if TYPE_CHECKING:
        __call__ = forward  # both of its forms, of which Module's sees the first


class GRU(RNNBase):
    """Gated recurrent units: `h' = (1 - z) * n + z * h`, with gates from the input and h; see `gru`.

    State: see `RNNBase`, with G = 3.

    Args:
        input_size: Features of the input, F.
        hidden_size: Size of the state, H.
        num_layers: Layers on top of each other. Default: 1.
        bias: Whether there are biases. Default: True.
        batch_first: Whether input and output are `(N, T, *)`. Default: False.
        dropout: In training, probability with which elements between layers are zeroed. Default: 0.
        bidirectional: Whether each layer has a second direction, from the last step to the first. Default: False.
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        Input `(T, N, F)`, `(T, F)` or a PackedSequence, and the state `(num_layers * D, N, H)`, by default zeros, to
        the output `(T, N, D H)`, of the input's form, and the final state. D is 2 if `bidirectional`, else 1.

    Raises:
        OptionError: A size is not positive, dropout is outside [0, 1], or called with another dtype than the weights'.
        ArgumentError: A size is no int, or bias or batch_first no bool.
        ShapeError: Called with other sizes.

    Example:
        >>> import fnnet
        >>> y, h = fnnet.nn.GRU(10, 20, 2)(fnnet.ones(5, 3, 10))
        >>> y.shape, h.shape
        (fnnet.Size([5, 3, 20]), fnnet.Size([2, 3, 20]))
    """

    @overload
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None: ...
    @overload
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...  # as PyTorch declares it
    def __init__(self, *args: Any, **kwargs: Any) -> None:  # as the overload says
        if "proj_size" in kwargs:
            refuse_projection(type(self).__name__)
        super().__init__("GRU", *args, **kwargs)

    @overload
    def forward(self, input: Tensor, hx: Tensor | None = None) -> Pair: ...
    @overload
    def forward(self, input: PackedSequence, hx: Tensor | None = None) -> tuple[PackedSequence, Tensor]: ...
    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Tensor]:  # as the overloads say
        return self._forward(input, hx)

    if TYPE_CHECKING:
        __call__ = forward  # both of its forms, of which Module's sees the first


__all__ = ["GRU", "LSTM", "RNN"]

"""Read by mypy --strict, never run: recurrent networks take tensors and packed sequences, and give the same back."""

from typing import assert_type

import fnnet
from fnnet import Tensor, nn
from fnnet.nn.utils.rnn import PackedSequence, pack_sequence

x = fnnet.ones(2, 3, 4)
packed = pack_sequence([x[0], x[1]])

assert_type(nn.GRU(4, 5)(x), tuple[Tensor, Tensor])
assert_type(nn.RNN(4, 5, nonlinearity="relu")(packed), tuple[PackedSequence, Tensor])
assert_type(nn.LSTM(4, 5, proj_size=2)(x), tuple[Tensor, tuple[Tensor, Tensor]])
assert_type(nn.LSTM(4, 5)(packed), tuple[PackedSequence, tuple[Tensor, Tensor]])
assert_type(nn.LSTMCell(4, 5)(x[0]), tuple[Tensor, Tensor])
assert_type(packed.double(), PackedSequence)

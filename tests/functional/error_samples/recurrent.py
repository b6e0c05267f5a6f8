"""Error samples of recurrent networks, whole and step by step."""

from __future__ import annotations

import fnnet
from tests.functional.error_samples.table import Bad, bad, floats

X, H = floats(5, 2, 3), floats(1, 2, 4)
WHOLE = (False, 1, 0.0, False, False, False)  # no biases, one layer, no dropout, no training, one direction, time first
NAMES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}


def _weights(gates: int) -> list[fnnet.Tensor]:
    return [floats(gates * 4, 3), floats(gates * 4, 4)]


def _network(name: str, gates: int) -> list[Bad]:
    w = _weights(gates)
    hx = (H, H) if gates == 4 else H
    wide = (floats(1, 2, 4), floats(1, 3, 4)) if gates == 4 else floats(1, 3, 4)
    expected = "Expected hidden[1] size (1, 2, *)" if gates == 4 else "Expected hidden size (1, 2, *)"
    double = X.double()
    return [
        bad(name, RuntimeError, "input must have 3 dimensions, got 2", X[0], hx, w, *WHOLE),
        bad(name, RuntimeError, "Expected sequence length to be larger than 0 in RNN", floats(0, 2, 3), hx, w, *WHOLE),
        bad(name, RuntimeError, expected, X, wide, w, *WHOLE),
        bad(name, RuntimeError, "shapes cannot be multiplied: w_ih of layer 0", floats(5, 2, 2), hx, w, *WHOLE),
        bad(name, RuntimeError, "must have the same dtype, but got Float and Double", double, hx, w, *WHOLE),
        bad(name, RuntimeError, "incorrect number of RNN parameters: 2, expected 4", X, hx, w, True, *WHOLE[1:]),
        bad(name, TypeError, "argument 'params' must be a list of tensors, not int", X, hx, 1, *WHOLE),
        bad(name, TypeError, "argument 'params[1]' must be Tensor, not int", X, hx, [w[0], 1], *WHOLE),
        bad(name, RuntimeError, "dropout probability has to be between 0 and 1, but got 2", X, hx, w, False, 1, 2,
            False, False, False),
        bad(name, RuntimeError, "packed data must be (4, features)", X[0], fnnet.tensor([3, 1]), hx, w, *WHOLE[:-1]),
    ]  # fmt: skip


def _cell(name: str, gates: int) -> list[Bad]:
    name, w, x = name + "_cell", _weights(gates), X[0]

    def states(*shape: int) -> object:
        return (floats(*shape), floats(*shape)) if gates == 4 else floats(*shape)

    h = states(2, 4)
    return [
        bad(name, RuntimeError, "input has inconsistent input_size: got 2 expected 3", floats(2, 2), h, *w),
        bad(name, RuntimeError, "hidden0 has inconsistent hidden_size: got 5, expected 4", x, states(2, 5), *w),
        bad(name, RuntimeError, "Input batch size 2 doesn't match hidden0 batch size 3", x, states(3, 4), *w),
        bad(name, RuntimeError, "input must have 2 dimensions, got 3", X, h, *w),
        bad(name, RuntimeError, "b_ih has 2 rows", x, h, *w, floats(2), floats(gates * 4)),
        bad(name, RuntimeError, "mat1 and mat2 must have the same dtype", x, h, w[0].double(), w[1]),
        bad(name, TypeError, "argument 'b_hh' must be Tensor, not int", x, h, *w, floats(gates * 4), 1),
    ]


SAMPLES = [
    *(sample for name, gates in NAMES.items() for sample in _network(name, gates)),
    *(sample for name, gates in NAMES.items() for sample in _cell(name, gates)),
    bad("lstm", RuntimeError, "lstm expects two hidden states", X, (H,), _weights(4), *WHOLE),
    bad("lstm_cell", RuntimeError, "lstm_cell expects two hidden states", X[0], H[0], *_weights(4)),
]

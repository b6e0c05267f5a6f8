"""Error samples of comparisons, truth values, bits."""

from __future__ import annotations

import fnnet
from tests.functional.error_samples.table import bad, bools, complexes, each, floats, longs

SAMPLES = [
    *each(
        "eq ne lt le gt ge isclose logical_and logical_or logical_xor",
        RuntimeError,
        "The size of tensor a (2) must match the size of tensor b (3) at",
        floats(2),
        floats(3),
    ),
    *each("eq ne lt le gt ge", TypeError, "argument 'other' (position 2) must be Tensor, not str", floats(2), "x"),
    *each("logical_and logical_or logical_xor", TypeError, "argument 'other'", floats(2), "x"),
    *each("lt le gt ge", NotImplementedError, "not implemented for 'ComplexFloat'", complexes(2), complexes(2)),
    *each("isfinite isinf isnan isneginf isposinf isreal", TypeError, "argument 'input'", "x"),
    bad("isneginf", RuntimeError, "\"isneginf\" not implemented for 'ComplexFloat'", complexes(2)),
    bad("isposinf", RuntimeError, "\"isposinf\" not implemented for 'ComplexFloat'", complexes(2)),
    bad("logical_and", TypeError, "logical_and(): argument 'other'", floats(2), 1.0),
    bad("logical_not", TypeError, "logical_not(): argument 'input' (position 1) must be Tensor, not float", 1.0),
    bad("isclose", RuntimeError, "did not match", floats(2), floats(2, dtype=fnnet.float64)),
    bad("isclose", RuntimeError, "rtol must be greater than or equal to zero, but", floats(2), floats(2), rtol=-0.4),
    bad("isclose", RuntimeError, "atol must be greater than or equal to zero, but", floats(2), floats(2), atol=-0.4),
    bad("allclose", RuntimeError, "did not match", floats(2), floats(2, dtype=fnnet.float64)),
    bad("allclose", RuntimeError, "rtol must be greater than or equal to zero, but", floats(2), floats(2), rtol=-0.4),
    bad("allclose", RuntimeError, "The size of tensor a (2) must match the size of tensor b (3)", floats(2), floats(3)),
    bad("equal", TypeError, "equal(): argument 'other'", floats(2), [1.0]),
    bad("equal", TypeError, "equal(): argument 'input'", 1, floats(2)),
    *each(
        "bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift",
        RuntimeError,
        "The size of tensor a (2) must match the size of tensor b (3) at",
        longs(1, 2),
        longs(1, 2, 3),
    ),
    *each(
        "bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift",
        NotImplementedError,
        "not implemented for 'Float'",
        floats(2),
        floats(2),
    ),
    *each("bitwise_and bitwise_or bitwise_xor", NotImplementedError, "not implemented for 'Float'", longs(1, 2), 1.5),
    bad("bitwise_left_shift", NotImplementedError, '"lshift_cpu" not implemented for', bools(True), bools(True)),
    bad("bitwise_right_shift", NotImplementedError, '"rshift_cpu" not implemented for', bools(True), bools(True)),
    bad("bitwise_not", NotImplementedError, "\"bitwise_not_cpu\" not implemented for 'Float'", floats(2)),
]

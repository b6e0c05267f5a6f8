"""Error samples of arithmetic."""

from __future__ import annotations

import fnnet
from tests.functional.error_samples.table import bad, bools, complexes, each, floats, longs

SAMPLES = [
    # arithmetic: operands that do not broadcast, dtypes that have no such operation
    *each(
        "add sub mul div true_divide floor_divide fmod remainder rsub",
        RuntimeError,
        "must match the size of tensor b",
        floats(2),
        floats(3),
    ),
    *each(
        "add sub mul div floor_divide fmod remainder",
        RuntimeError,
        "result type Float can't be cast to the desired output",
        floats(2),
        floats(2),
        out=longs(0, 0),
    ),
    *each("addcmul addcdiv", RuntimeError, "The size of tensor a (2) must match the", floats(2), floats(3), floats(2)),
    bad("addcdiv", RuntimeError, "Integer division with addcdiv is no longer", longs(4, 6), longs(2, 3), longs(1, 1)),
    bad("addcmul", TypeError, "addcmul(): argument 'value' must be", floats(2), floats(2), floats(2), value="x"),
    bad("addcdiv", RuntimeError, "result type Float can't be cast", floats(2), floats(2), floats(2), out=longs(0, 0)),
    bad("add", RuntimeError, "For integral input tensors, argument alpha must", longs(1, 2), longs(1, 2), alpha=0.5),
    bad("sub", RuntimeError, "For integral input tensors, argument alpha must", longs(1, 2), longs(1, 2), alpha=0.5),
    bad("add", RuntimeError, "For integral input tensors, argument alpha must", bools(True), bools(True), alpha=0.5),
    bad("add", TypeError, "add(): argument 'other' (position 2) must be Tensor, not list", floats(2), [1.0]),
    bad("mul", TypeError, "mul(): argument 'other' (position 2) must be Tensor, not str", floats(2), "x"),
    bad("div", TypeError, "div(): argument 'other' (position 2) must be Tensor, not NoneType", floats(2), None),
    bad("sub", RuntimeError, "Subtraction, the `-` operator, with two bool", bools(True, False), bools(True, True)),
    bad("sub", RuntimeError, "Subtraction, the `-` operator, with a bool tensor is not", floats(2), bools(True, True)),
    bad("rsub", RuntimeError, "Subtraction, the `-` operator, with two bool tensors is not", bools(True), bools(True)),
    bad("div", RuntimeError, "div expected rounding_mode to be one of", floats(2), floats(2), rounding_mode="round"),
    bad("div", RuntimeError, "div expected rounding_mode to be one of None", floats(2), 2, rounding_mode="ceil"),
    bad("floor_divide", RuntimeError, "ZeroDivisionError", longs(1, 2), longs(0, 1)),
    bad("floor_divide", NotImplementedError, '"div_floor_cpu" not implemented for', complexes(2), complexes(2)),
    bad("remainder", RuntimeError, "ZeroDivisionError", longs(1, 2), longs(0, 1)),
    bad("remainder", NotImplementedError, '"remainder_cpu" not implemented for', complexes(2), complexes(2)),
    bad("fmod", RuntimeError, "ZeroDivisionError", longs(1, 2), longs(0, 1)),
    bad("fmod", NotImplementedError, "\"fmod_cpu\" not implemented for 'ComplexFloat'", complexes(2), complexes(2)),
    bad("lerp", RuntimeError, "The size of tensor a (2) must match the size of tensor b", floats(2), floats(3), 0.5),
    bad("lerp", RuntimeError, "The size of tensor a (2) must match the size of", floats(2), floats(2), floats(3)),
    bad("lerp", NotImplementedError, '"lerp_kernel_scalar" not implemented for', longs(1, 2), longs(1, 2), 0.5),
    bad("lerp", RuntimeError, "for `end` but got dtype", floats(2), floats(2, dtype=fnnet.float64), 0.5),
    bad("neg", RuntimeError, "Negation, the `-` operator, on a bool tensor is not supported. If", bools(True, False)),
    bad("positive", RuntimeError, "The `+` operator, on a bool tensor is not supported", bools(True, False)),
]

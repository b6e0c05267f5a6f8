"""Methods and in-place variants of elementwise ops: the same numbers as the op, in the tensor's own memory."""

from __future__ import annotations

from typing import Any

import pytest

import fnnet
from fnnet._core.op import OPS, Kind
from fnnet.autograd.tape import apply
from fnnet.autograd.variable import Variable
from fnnet.backends import dtypes
from fnnet.backends.devices import CPU
from fnnet.testing import conformance

# Methods whose arguments are not the op's inputs in order: tested where they are at home.
OTHER_ARGUMENTS = frozenset(("index_add", "median", "prelu", "where"))
CASES = [
    case
    for case in conformance.cases()
    if case.dtype is dtypes.float64
    and case.op.kind is not Kind.MOVE
    and hasattr(fnnet.Tensor, case.op.name)
    and case.op.name not in OTHER_ARGUMENTS
]
INPLACE = [case for case in CASES if hasattr(fnnet.Tensor, case.op.name + "_")]


def plain_samples(case: Any) -> list[Any]:
    """Samples of inputs alone, of which the first is a tensor: as methods take them."""
    return [s for s in case.samples(CPU) if not s.static and s.inputs and isinstance(s.inputs[0], Variable)]


@pytest.mark.parametrize("case", CASES, ids=[case.op.name for case in CASES])
def test_the_method_computes_the_op(case: Any) -> None:
    for sample in plain_samples(case):
        expected = apply(case.op, *sample.inputs)
        got = getattr(sample.inputs[0], case.op.name)(*sample.inputs[1:])
        assert fnnet.allclose(got, expected, rtol=1e-12, atol=1e-14, equal_nan=True)


@pytest.mark.parametrize("case", INPLACE, ids=[case.op.name for case in INPLACE])
def test_the_in_place_variant_writes_the_op_s_result(case: Any) -> None:
    for sample in plain_samples(case):
        expected = apply(case.op, *sample.inputs)
        target = sample.inputs[0].detach().clone()
        if expected.shape != target.shape:
            before = target.clone()
            with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
                getattr(target, case.op.name + "_")(*sample.inputs[1:])
            assert fnnet.equal(target, before)
            continue
        memory, version = target.data_ptr(), target._version
        result = getattr(target, case.op.name + "_")(*sample.inputs[1:])
        assert result is target
        assert target.data_ptr() == memory
        assert target._version > version
        assert fnnet.allclose(target, expected.to(target.dtype), rtol=1e-12, atol=1e-14, equal_nan=True)


def test_the_suite_is_not_empty() -> None:
    assert len(CASES) > 60
    assert len(INPLACE) > 40
    assert {"add", "mul", "exp", "sigmoid", "pow"} <= {case.op.name for case in INPLACE}
    assert set(OPS) >= {case.op.name for case in CASES}

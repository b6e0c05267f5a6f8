"""What the NumPy backend computes its own way: where it is asked, its layouts, blocks and values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytest

import fnnet
from fnnet._core.op import OPS, Op
from fnnet.backends.numpy_backend import BACKEND, NumpyBackend
from fnnet.backends.numpy_blocks import BLOCK, blockwise

WHOLE = np.random.default_rng(0).normal(size=(41, 3, 277)) * 2  # two blocks and a rest
LAYOUTS = {
    "rows": WHOLE,
    "permuted": WHOLE.transpose(2, 0, 1),
    "strided": WHOLE[::2, :, ::3],
    "backwards": WHOLE[:, ::-1],
    "expanded": np.broadcast_to(WHOLE[:1], WHOLE.shape),
    "empty": WHOLE[:0],
    "0-d": WHOLE[0, 0, 0, ...],
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_are_those_that_a_ufunc_gives(layout: str, dtype: Any) -> None:
    x = LAYOUTS[layout].astype(dtype) if layout not in ("strided", "backwards", "expanded") else LAYOUTS[layout]
    r = BACKEND.erf(x)
    assert r == pytest.approx(np.vectorize(math.erf, otypes=[float])(x), rel=1e-6)
    if r.size > 1:
        assert r.strides == np.exp(x).strides


def test_operands_laid_out_otherwise_follow_the_first() -> None:
    a, b = WHOLE, np.asfortranarray(WHOLE * 3)

    def kernel(x: Any, y: Any, out: Any, spare: Any) -> None:
        np.multiply(x, 2, spare)
        np.add(spare, y, out)

    assert np.array_equal(blockwise(kernel, a, b, spare=1), a * 2 + b)
    assert np.array_equal(blockwise(kernel, b, a, spare=1), b * 2 + a)


SPREAD = np.linspace(-30, 30, 2 * BLOCK + 5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("name", "static"),
    [
        ("elu", {"alpha": 1.5, "scale": 1.0, "input_scale": 0.5}),
        ("gelu", {"approximate": "none"}),
        ("gelu", {"approximate": "tanh"}),
        ("logsigmoid", {}),
        ("mish", {}),
        ("silu", {}),
        ("softplus", {"beta": 2.0, "threshold": 20.0}),
    ],
)
def test_in_blocks_as_the_definition_says(name: str, static: dict[str, Any], dtype: Any) -> None:
    op, x = OPS[name], SPREAD.astype(dtype)
    plain = _Plain()
    definition: Any = op.forward
    want = definition(plain, x, **static)
    tolerance = 1e-6 if dtype is np.float32 else 1e-14
    assert BACKEND.run(op, [x], static) == pytest.approx(want, rel=tolerance, abs=tolerance)
    needs = (True,)
    _, keep_out = op.kept(needs)
    g = np.cos(x)
    call = _Call((x,), want if keep_out else None, (x.shape,), needs, static)
    rule: Any = op.backward
    (expected,) = rule(plain, call, g)
    (got,) = BACKEND.run_backward(op, call, g, None)
    assert got.dtype == dtype
    assert got == pytest.approx(expected, rel=tolerance, abs=tolerance)


class _Plain(NumpyBackend):
    """The NumPy backend with the ops' definitions alone."""

    own: ClassVar[Mapping[str, Any]] = {}
    own_backward: ClassVar[Mapping[str, Any]] = {}


class _Call:
    private = ()

    def __init__(self, inputs: Any, out: Any, shapes: Any, needs: Any, static: Any) -> None:
        self.inputs, self.out, self.shapes, self.needs, self.static = inputs, out, shapes, needs, static


def test_a_backend_s_own_comes_before_the_definition() -> None:
    op = Op("twice", forward=lambda k, x: x + x, backward=lambda k, c, g: (g * 2,), uses=((),), register=False)

    class Mine(NumpyBackend):
        own: ClassVar[Mapping[str, Any]] = {"twice": lambda k, x: x * 20}
        own_backward: ClassVar[Mapping[str, Any]] = {"twice": lambda k, c, g: (g * 200,)}

    x = np.ones(2)
    assert _Plain().run(op, [x], {}).tolist() == [2.0, 2.0]
    assert Mine().run(op, [x], {}).tolist() == [20.0, 20.0]
    call = _Call((None,), None, ((2,),), (True,), {})
    assert _Plain().run_backward(op, call, x, None)[0].tolist() == [2.0, 2.0]
    assert Mine().run_backward(op, call, x, None)[0].tolist() == [200.0, 200.0]


def test_quick_paths_ask_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NumpyBackend, "own", {**NumpyBackend.own, "relu": lambda k, x: x * 7})
    assert fnnet.relu(fnnet.tensor([1.0, 2.0])).tolist() == [7.0, 14.0]

"""The GELU kernel: when it serves, and that eager mode goes through it. (The kit compares it with its definition.)"""

from __future__ import annotations

import math

import numpy as np
import pytest
from fnnet_example.kernels import KERNELS, SMALLEST

import fnnet
from fnnet.backends.kernels import ArrayMeta, Meta
from fnnet.nn import functional as F

LARGE = (SMALLEST // 8, 8)
FLOAT = np.dtype(np.float32)


def meta(x: ArrayMeta, approximate: str = "tanh", needs: bool = False) -> Meta:
    return Meta((x,), {"approximate": approximate}, (needs,))


@pytest.mark.parametrize(
    ("x", "approximate"),
    [
        (ArrayMeta(LARGE, FLOAT), "none"),
        (ArrayMeta(LARGE, np.dtype(np.float64)), "tanh"),
        (ArrayMeta((10, 8), FLOAT), "tanh"),
        (ArrayMeta(LARGE, FLOAT, (4, 4 * LARGE[0])), "tanh"),
    ],
    ids=["exact form", "float64", "small", "transposed"],
)
def test_declines_what_it_was_not_written_for(x, approximate):
    assert KERNELS["gelu"].accepts(meta(x, approximate)) is None


def test_keeps_the_tanh_only_for_a_backward():
    x = ArrayMeta(LARGE, FLOAT)
    assert len(KERNELS["gelu"].accepts(meta(x)).outputs) == 1
    assert len(KERNELS["gelu"].accepts(meta(x, needs=True)).outputs) == 2


def test_values_and_gradient_in_eager_mode(monkeypatch):
    """Against the formula in float64, and through the kernels: they are counted."""
    calls = []
    for name in KERNELS:
        kind = type(KERNELS[name])
        accepts = kind.accepts

        def counted(self, meta, accepts=accepts, name=name):
            plan = accepts(self, meta)
            calls.append((name, plan is not None))
            return plan

        monkeypatch.setattr(kind, "accepts", counted)
    host = np.linspace(-4, 4, math.prod(LARGE), dtype=np.float32).reshape(LARGE)
    x = fnnet.from_numpy(host).requires_grad_()
    y = F.gelu(x, approximate="tanh")
    y.backward(fnnet.ones_like(y))  # of a sum the gradient is expanded, not dense: declined
    assert calls == [("gelu", True), ("gelu.backward", True)]
    v, c = host.astype(np.float64), math.sqrt(2 / math.pi)
    t = np.tanh(c * (v + 0.044715 * v**3))
    np.testing.assert_allclose(y.detach().numpy(), v / 2 * (1 + t), rtol=0, atol=2e-6)
    slope = (1 + t) / 2 + v / 2 * (1 - t * t) * c * (1 + 3 * 0.044715 * v * v)
    np.testing.assert_allclose(x.grad.numpy(), slope, rtol=0, atol=2e-6)


def test_second_derivatives_go_through_the_definition():
    x = fnnet.linspace(-2, 2, SMALLEST).requires_grad_()
    (first,) = fnnet.autograd.grad(F.gelu(x, approximate="tanh").sum(), x, create_graph=True)
    (second,) = fnnet.autograd.grad(first.sum(), x)
    step = 1e-3
    v = x.detach().numpy().astype(np.float64)

    def gelu(v):
        return v / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v**3)))

    numeric = (gelu(v + step) - 2 * gelu(v) + gelu(v - step)) / step**2
    np.testing.assert_allclose(second.numpy(), numeric, rtol=0, atol=1e-4)

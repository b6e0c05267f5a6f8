"""What functions do at their edges: kinks, NaN and infinities, bounds of dtypes, arguments of the wrong kind.

Expected numbers, and the builtin classes of the errors, are PyTorch 2.13's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F
from fnnet import Tensor

NAN, INF = math.nan, math.inf


def derivative(f: Callable[[Tensor], Tensor], at: list[float], order: int = 1) -> list[float]:
    """The derivative of an elementwise function."""
    x = fnnet.tensor(at, dtype=fnnet.float64, requires_grad=True)
    y = f(x)
    for _ in range(order):
        (y,) = fnnet.autograd.grad(y.sum(), x, create_graph=True)
    found: list[float] = y.tolist()
    return found


def against_zero(loss: Callable[..., Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda x: loss(x, fnnet.zeros(x.shape, dtype=x.dtype), reduction="sum")


@pytest.mark.parametrize(
    ("f", "at", "order", "expected"),
    [
        (F.elu, [NAN, 0.0, -1.0], 1, [1.0, 1.0, 0.36787944117144233]),
        (F.celu, [NAN, 0.0, -1.0], 1, [1.0, 1.0, 0.36787944117144233]),
        (F.selu, [NAN, 0.0, -1.0], 1, [1.0507009873554805, 1.7580993408473766, 0.646768603034814]),
        (F.elu, [NAN, 0.0, -0.0, -1.0], 2, [0.0, 0.0, 0.0, 0.36787944117144233]),
        (F.celu, [NAN, 0.0, -0.0, -1.0], 2, [0.0, 0.0, 0.0, 0.36787944117144233]),
        (F.selu, [NAN, 0.0, -0.0, -1.0], 2, [0.0, 0.0, 0.0, 0.646768603034814]),
        (F.softsign, [INF, -INF, 1.0], 1, [NAN, NAN, 0.25]),
        (lambda x: fnnet.logit(x, eps=0.1), [NAN, 0.05, 0.5, INF], 1, [NAN, 0.0, 4.0, 0.0]),
        (against_zero(F.huber_loss), [NAN, 1.0, -1.0, 0.5, 2.0], 1, [NAN, 1.0, -1.0, 0.5, 1.0]),
        (against_zero(F.huber_loss), [1.0, -1.0, 0.5, 2.0], 2, [0.0, 0.0, 1.0, 0.0]),
        (against_zero(F.smooth_l1_loss), [1.0, -1.0, 0.5, 2.0], 2, [0.0, 0.0, 1.0, 0.0]),
    ],
)
def test_derivatives(f: Any, at: list[float], order: int, expected: list[float]) -> None:
    np.testing.assert_allclose(derivative(f, at, order), expected, rtol=1e-12)


def test_zeros_keep_their_sign() -> None:
    for f in (F.elu, F.celu, F.selu):
        assert str(f(fnnet.tensor([-0.0, 0.0])).tolist()) == "[-0.0, 0.0]"
    assert str(F.logsigmoid(fnnet.tensor(1000.0)).item()) == "0.0"


def ones(n: int = 3, dtype: fnnet.dtype = fnnet.float32) -> Tensor:
    return fnnet.ones(n, dtype=dtype)


def u8(*values: int) -> Tensor:
    return fnnet.tensor(values, dtype=fnnet.uint8)


REFUSED: list[tuple[type[Exception], str, Callable[[], Any]]] = [
    (RuntimeError, "addcmul: value cannot be", lambda: fnnet.addcmul(ones(), ones(), ones(), value=1j)),
    (RuntimeError, "addcdiv: value cannot be", lambda: fnnet.addcdiv(ones(), ones(), ones(), value=1j)),
    (RuntimeError, "addcdiv: value cannot be", lambda: ones().addcdiv_(ones(), ones(), value=1j)),
    (RuntimeError, "lerp: value cannot be", lambda: fnnet.lerp(ones(), ones(), 1j)),
    (RuntimeError, "argument alpha must not be a complex", lambda: fnnet.add(ones(), ones(), alpha=1j)),
    (TypeError, "tril(): argument 'diagonal' must be int", lambda: fnnet.tril(fnnet.ones(2, 2), 1.5)),
    (TypeError, "topk(): argument 'k' must be int", lambda: fnnet.topk(ones(), 1.0)),
    (TypeError, "'split_sizes' must be tuple of ints, not float", lambda: fnnet.split(ones(), 1.5)),
    (TypeError, "must be int, not float", lambda: fnnet.split(ones(), [1.5, 1.5])),
    (TypeError, "chunk(): argument 'chunks' must be int", lambda: fnnet.chunk(ones(), 1.5)),
    (TypeError, "argument 'type2' must be fnnet.dtype", lambda: fnnet.promote_types(fnnet.float32, 3)),
    (TypeError, "zeros() got multiple values for argument 'size'", lambda: fnnet.zeros(2, size=(3,))),
    (RuntimeError, "does not match dtype of out", lambda: fnnet.zeros(2, out=ones(2), dtype=fnnet.float64)),
    (RuntimeError, "does not match dtype of out", lambda: fnnet.arange(2, out=ones(2), dtype=fnnet.float64)),
    (RuntimeError, "does not match dtype of out", lambda: fnnet.rand(2, out=ones(2), dtype=fnnet.float64)),
    (RuntimeError, "nonzero(): Expected out tensor", lambda: fnnet.nonzero(ones(), out=ones())),
    (RuntimeError, "amax(): Expected out tensor", lambda: fnnet.amax(u8(1), 0, out=fnnet.empty(()))),
    (TypeError, "trapezoid() takes the points", lambda: fnnet.trapezoid(ones(), ones(), dx=1.0)),
    (RuntimeError, "required rank 4", lambda: fnnet.rand_like(ones(), memory_format=fnnet.channels_last)),
    (TypeError, "'memory_format' must be fnnet.memory_format", lambda: ones().is_contiguous(memory_format="x")),
    (RuntimeError, "to type uint8 without overflow: 300", lambda: fnnet.clamp(u8(1, 7), 300)),
    (RuntimeError, "to type uint8 without overflow: 300", lambda: u8(1, 7).clamp_max_(300)),
    (RuntimeError, "to type uint8 without overflow: 300", lambda: fnnet.where(u8(1, 0) > 0, u8(1, 7), 300)),
    (RuntimeError, "mixed dtype (CPU)", lambda: F.layer_norm(ones(), (3,), ones(3, fnnet.float64))),
    (RuntimeError, "mixed dtype (CPU)", lambda: F.group_norm(fnnet.ones(2, 3, 2), 1, ones(3, fnnet.float64))),
    (
        RuntimeError,
        "mixed dtype (CPU)",
        lambda: F.batch_norm(fnnet.ones(2, 3, 2), ones(3), ones(3, fnnet.float64), training=True),
    ),
    (RuntimeError, "atol must be greater than or equal to zero", lambda: fnnet.isclose(ones(), ones(), atol=NAN)),
]


@pytest.mark.parametrize(("error", "phrase", "call"), REFUSED)
def test_refused(error: type[Exception], phrase: str, call: Callable[[], Any]) -> None:
    with pytest.raises(fnnet.FnnetError) as caught:
        call()
    assert isinstance(caught.value, error)
    assert phrase in str(caught.value)


def test_whole_numbers_at_their_bounds() -> None:
    assert fnnet.full((1,), 2.0**63, dtype=fnnet.int64).tolist() == [-(2**63)]
    assert fnnet.clamp(u8(1, 7), -1).tolist() == [255, 255]  # wrapped around
    for dtype, least in (("int64", -(2**63)), ("int32", -(2**31)), ("int16", 0), ("uint8", 0)):
        nothing = fnnet.empty(0, dtype=getattr(fnnet, dtype))
        assert fnnet.median(nothing).item() == fnnet.nanmedian(nothing).item() == least


def test_half_types_take_parameters_of_float32() -> None:
    x = fnnet.ones(2, 3, 2, dtype=fnnet.bfloat16)
    assert F.batch_norm(x, ones(), ones(), ones(), ones()).dtype is fnnet.bfloat16
    assert F.group_norm(x, 1, ones(), ones()).dtype is fnnet.bfloat16


def test_random_tensors_in_a_memory_format() -> None:
    x = fnnet.ones(2, 3, 4, 5).permute(3, 1, 2, 0)
    assert fnnet.rand_like(x, memory_format=fnnet.contiguous_format).stride() == (24, 8, 2, 1)
    assert fnnet.randn_like(x, memory_format=fnnet.channels_last).stride() == (24, 1, 6, 3)
    assert fnnet.rand_like(x).stride() == (1, 20, 5, 60)

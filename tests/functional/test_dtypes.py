"""What functions refuse for the sake of a dtype, and what complex numbers give where the definition is in real ones."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

import pytest

import fnnet
from fnnet import FnnetError
from fnnet._core.op import OPS
from fnnet.autograd.tape import apply

F = fnnet.nn.functional
REAL = sorted(name for name, op in OPS.items() if op.real and op.samples is not None)


def complex_tensor(*shape: int, low: float = -1.0, high: float = 1.0, dtype: object = None) -> fnnet.Tensor:
    return fnnet.full(shape, complex(0.5, 0.25), dtype=fnnet.complex64)


@pytest.mark.parametrize("name", REAL)
def test_ops_of_real_numbers_refuse_complex_ones(name: str) -> None:
    op = OPS[name]
    assert op.samples is not None
    sample = next(iter(op.samples(complex_tensor)))
    with pytest.raises(NotImplementedError, match=rf"{name}.*'ComplexFloat' \(fnnet.complex64\)") as caught:
        apply(op, *sample.inputs, **sample.static)
    assert isinstance(caught.value, FnnetError)


@pytest.mark.parametrize("name", ["relu_", "erf_", "clamp_", "floor_", "sign_", "hypot_", "abs_", "xlogy_"])
def test_in_place_refuses_and_changes_nothing(name: str) -> None:
    x = fnnet.tensor([1 + 2j, -3j])
    args = {"clamp_": (0, 1), "hypot_": (x.clone(),), "xlogy_": (x.clone(),)}.get(name, ())
    with pytest.raises(RuntimeError):
        getattr(x, name)(*args)
    assert x.tolist() == [1 + 2j, -3j]
    assert x._version == 0


BOOL = fnnet.tensor([[True, False], [True, True]])
COMPLEX = fnnet.tensor([[1 + 2j, 3j], [1 - 2j, 4]])
REFUSED: dict[str, Callable[[], object]] = {
    "median": lambda: fnnet.median(BOOL),
    "nanmedian": lambda: fnnet.nanmedian(BOOL),
    "kthvalue": lambda: fnnet.kthvalue(BOOL, 1),
    "topk": lambda: fnnet.topk(BOOL, 1),
    "clamp": lambda: fnnet.clamp(BOOL, BOOL, BOOL),
    "addcmul": lambda: fnnet.addcmul(BOOL, BOOL, BOOL),
    "trace": lambda: fnnet.trace(BOOL),
    "trapezoid": lambda: fnnet.trapezoid(BOOL),
    "tanhshrink": lambda: F.tanhshrink(BOOL),
    "softsign": lambda: F.softsign(BOOL),
    "softmin": lambda: F.softmin(BOOL, 0),
    "reflect": lambda: F.pad(BOOL, (1, 1), "reflect"),
    "lshift": lambda: BOOL.clone().bitwise_left_shift_(1),
    "scatter mean": lambda: fnnet.scatter_reduce(BOOL, 0, fnnet.zeros(1, 2, dtype=fnnet.int64), BOOL, "mean"),
    "scatter amax": lambda: fnnet.scatter_reduce(COMPLEX, 0, fnnet.zeros(1, 2, dtype=fnnet.int64), COMPLEX, "amax"),
    "cummax": lambda: fnnet.cummax(COMPLEX, 0),
    "unique": lambda: fnnet.unique(COMPLEX),
    "mode": lambda: fnnet.mode(COMPLEX),
    "nanmean": lambda: fnnet.nanmean(COMPLEX),
    "mse_loss": lambda: F.mse_loss(COMPLEX, COMPLEX),
    "binary_cross_entropy": lambda: F.binary_cross_entropy(COMPLEX, COMPLEX),
    "max_pool1d": lambda: F.max_pool1d(COMPLEX, 2),
    "hardtanh": lambda: F.hardtanh(fnnet.tensor([1], dtype=fnnet.uint8)),
    "linspace": lambda: fnnet.linspace(0, 1j, 3, dtype=fnnet.float32),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refused(name: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        REFUSED[name]()
    assert isinstance(caught.value, FnnetError)


# Numbers and whole-number dtypes -------------------------------------------------------------------------------------
STORES: dict[str, Callable[[Any, float], object]] = {
    "fill_": lambda x, v: x.fill_(v),
    "x[0] = v": lambda x, v: x.__setitem__(0, v),
    "x[[0]] = v": lambda x, v: x.__setitem__([0], v),
    "masked_fill": lambda x, v: x.masked_fill(x == 0, v),
    "index_fill": lambda x, v: x.index_fill(0, fnnet.tensor([0]), v),
    "scatter": lambda x, v: x.scatter(0, fnnet.tensor([0]), v),
    "threshold": lambda x, v: F.threshold(x, 1, v),
    "pad": lambda x, v: F.pad(x, (1, 1), value=v),
    "full_like": lambda x, v: fnnet.full_like(x, v),
    "tensor": lambda x, v: fnnet.tensor([v], dtype=x.dtype),
}


@pytest.mark.parametrize("name", sorted(STORES))
@pytest.mark.parametrize("value", [300, -8.4, 255.9, math.inf])
def test_numbers_that_a_dtype_cannot_hold_are_refused(name: str, value: float) -> None:
    x = fnnet.zeros(2, dtype=fnnet.uint8)
    with pytest.raises(RuntimeError, match="without overflow"):
        STORES[name](x, value)
    assert x.tolist() == [0, 0]


def test_a_value_in_a_tensor_that_does_not_fit_is_refused() -> None:
    x = fnnet.zeros(2, dtype=fnnet.uint8)
    with pytest.raises(RuntimeError, match="without overflow"):
        x.masked_fill(x == 0, fnnet.tensor(300))


@pytest.mark.parametrize("name", ["fill_", "masked_fill", "index_fill", "scatter", "threshold", "pad", "full_like"])
def test_so_are_floats_beyond_a_narrower_dtype(name: str) -> None:
    x = fnnet.zeros(2)
    with pytest.raises(RuntimeError, match="without overflow"):
        STORES[name](x, 1e40)
    assert x.tolist() == [0, 0]


def test_assignment_refuses_complex_numbers_and_lets_floats_overflow() -> None:
    x = fnnet.zeros(2)
    with pytest.raises(RuntimeError, match="without overflow"):
        x[0] = 1j  # type: ignore[assignment]  # refused
    x[0] = 1e40
    x[[1]] = -1e40
    assert x.tolist() == [math.inf, -math.inf]


def test_threshold_of_whole_numbers_keeps_their_dtype() -> None:
    # PyTorch 2.13: tensor([7, 7, 3])
    r = F.threshold(fnnet.tensor([-5, -4, 3]), -3.5, 7.9)
    assert r.dtype is fnnet.int64
    assert r.tolist() == [7, 7, 3]


# complex numbers -----------------------------------------------------------------------------------------------------
Z = (1 + 2j, 3 - 1j, -0.5j)


def close(found: Any, expected: complex) -> bool:
    return cmath.isclose(found.item(), expected, rel_tol=1e-12)


def test_variance_norm_and_logsumexp_of_complex_numbers() -> None:
    z = fnnet.tensor(Z, dtype=fnnet.complex128)
    mean = sum(Z) / 3
    variance = sum(abs(v - mean) ** 2 for v in Z) / 2
    assert close(z.var(), variance)
    assert z.var().dtype is fnnet.float64
    assert close(z.std(), math.sqrt(variance))
    assert close(fnnet.var_mean(z)[1], mean)
    assert close(z.norm(), math.sqrt(sum(abs(v) ** 2 for v in Z)))
    assert close(z.norm(1), sum(map(abs, Z)))
    assert close(z.norm(math.inf), max(map(abs, Z)))
    assert close(F.normalize(z, dim=0)[0], Z[0] / math.sqrt(sum(abs(v) ** 2 for v in Z)))
    assert close(fnnet.logsumexp(z, 0), cmath.log(sum(map(cmath.exp, Z))))
    assert close(fnnet.logsumexp(z + 1000, 0), cmath.log(sum(map(cmath.exp, Z))) + 1000)
    assert close(fnnet.logaddexp(z[:1], z[1:2])[0], cmath.log(cmath.exp(Z[0]) + cmath.exp(Z[1])))


@pytest.mark.parametrize("function", [fnnet.var, fnnet.std, fnnet.norm, lambda z: fnnet.logsumexp(z, 0).abs()])
def test_their_gradients(function: Callable[[Any], Any]) -> None:
    parts = fnnet.tensor([[z.real, z.imag] for z in Z], dtype=fnnet.float64, requires_grad=True)
    assert fnnet.autograd.gradcheck(lambda x: function(fnnet.view_as_complex(x)), (parts,))


def test_nan_to_num_replaces_in_both_parts() -> None:
    z = fnnet.tensor([complex(math.nan, 1), complex(2, math.inf)], dtype=fnnet.complex128)
    assert fnnet.nan_to_num(z, 5, posinf=7).tolist() == [5 + 1j, 2 + 7j]

"""Reductions, statistics, scans and sorting. Values without a derivation were printed by PyTorch 2.13."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fnnet

NAN, INF = math.nan, math.inf
M = fnnet.tensor([[1.0, 5.0, 2.0], [4.0, 0.0, 3.0]], dtype=fnnet.float64)


def gradient(compute, *values: float) -> list[float]:
    x = fnnet.tensor(list(values), dtype=fnnet.float64, requires_grad=True)
    compute(x).sum().backward()
    return x.grad.tolist()


@pytest.mark.parametrize(
    ("ours", "numpys"),
    [
        (lambda x: x.sum(), np.sum),
        (lambda x: x.sum((0, 2), keepdim=True), lambda a: a.sum((0, 2), keepdims=True)),
        (lambda x: x.mean(-1), lambda a: a.mean(-1)),
        (lambda x: x.prod(1), lambda a: a.prod(1)),
        (lambda x: x.amax((0, 1)), lambda a: a.max((0, 1))),
        (lambda x: x.amin(), np.min),
        (lambda x: x.max(2).indices, lambda a: a.argmax(2)),
        (lambda x: x.min(0, keepdim=True).values, lambda a: a.min(0, keepdims=True)),
        (lambda x: x.argmax(), np.argmax),
        (lambda x: x.argmin(1), lambda a: a.argmin(1)),
        (lambda x: x.var(), lambda a: a.var(ddof=1)),
        (lambda x: x.std(1, correction=0), lambda a: a.std(1)),
        (lambda x: fnnet.var_mean(x, 0)[1], lambda a: a.mean(0)),
        (lambda x: x.norm(dim=2), lambda a: np.linalg.norm(a, axis=2)),
        (lambda x: x.norm(INF), lambda a: np.abs(a).max()),
        (lambda x: x.norm(0, dim=1), lambda a: (a != 0).sum(1).astype(float)),
        (lambda x: x.logsumexp((0, 1)), lambda a: np.log(np.exp(a).sum((0, 1)))),
        (lambda x: x.cumsum(1), lambda a: a.cumsum(1)),
        (lambda x: x.cumprod(2), lambda a: a.cumprod(2)),
        (lambda x: x.logcumsumexp(0), lambda a: np.log(np.exp(a).cumsum(0))),
        (lambda x: x.diff(n=2, dim=1), lambda a: np.diff(a, 2, 1)),
        (lambda x: fnnet.trapezoid(x, dx=0.5), lambda a: np.trapezoid(a, dx=0.5)),
        (lambda x: x.quantile(0.3, 1), lambda a: np.quantile(a, 0.3, 1)),
        (lambda x: x.sort(1, descending=True).values, lambda a: -np.sort(-a, 1)),
        (lambda x: x.argsort(0), lambda a: a.argsort(0)),
        (lambda x: x.topk(2, 1, largest=False).values, lambda a: np.sort(a, 1)[:, :2]),
        (lambda x: x.kthvalue(2, 0).values, lambda a: np.sort(a, 0)[1]),
        (lambda x: (x > 0).count_nonzero(0), lambda a: (a > 0).sum(0)),
        (lambda x: fnnet.cummax(x, 1).values, lambda a: np.maximum.accumulate(a, 1)),
        (lambda x: fnnet.cummin(x, 2).values, lambda a: np.minimum.accumulate(a, 2)),
    ],
)
def test_as_numpy_does(ours, numpys):
    a = np.random.default_rng(0).normal(size=(3, 4, 5))
    np.testing.assert_allclose(ours(fnnet.tensor(a)).numpy(), numpys(a), rtol=1e-12, atol=1e-14)


# numbers -----------------------------------------------------------------------------------------------------------
def test_float32_sums_do_not_stop_at_2_to_the_24():
    x = fnnet.ones(2**24 + 100, 1)
    assert x.sum(0).item() == 16777316.0
    assert x.sum().item() == 16777316.0


def test_running_sums_in_float32_do_not_drift():
    x = fnnet.full((1_000_000,), 0.1)
    assert x.cumsum(0)[-1].item() == pytest.approx(1_000_000 * np.float32(0.1).item(), rel=1e-6)


def test_half_types_accumulate_in_float32():
    x = fnnet.ones(1000, dtype=fnnet.bfloat16)
    assert x.sum().item() == 1000
    assert x.sum().dtype is fnnet.bfloat16
    assert x.cumsum(0)[-1].item() == 1000
    assert x.argmax().dtype is fnnet.int64


@pytest.mark.parametrize(
    ("compute", "dtype", "expected"),
    [
        (lambda: fnnet.tensor([200, 100], dtype=fnnet.uint8).sum(), fnnet.int64, 300),
        (lambda: fnnet.tensor([True, True]).sum(), fnnet.int64, 2),
        (lambda: fnnet.tensor([2, 3], dtype=fnnet.int32).prod(), fnnet.int64, 6),
        (lambda: fnnet.tensor([1, 2]).sum(dtype=fnnet.float32), fnnet.float32, 3),
        (lambda: fnnet.tensor([1, 2]).mean(dtype=fnnet.float64), fnnet.float64, 1.5),
        (lambda: fnnet.tensor([0, 7], dtype=fnnet.uint8).any(), fnnet.uint8, 1),
        (lambda: fnnet.tensor([0.0, 7.0]).all(), fnnet.bool, False),
        (lambda: fnnet.tensor([True, False]).max(0).values, fnnet.bool, True),
        (lambda: fnnet.tensor([1, 2]).logsumexp(0), fnnet.float32, pytest.approx(2.3132617)),
        (lambda: fnnet.tensor([True, True]).cumsum(0)[1], fnnet.int64, 2),
        (lambda: fnnet.zeros(0).sum(), fnnet.float32, 0),
        (lambda: fnnet.zeros(0).prod(), fnnet.float32, 1),
        (lambda: fnnet.tensor(3).cumsum(0), fnnet.int64, 3),
    ],
)
def test_dtypes(compute, dtype, expected):
    r = compute()
    assert r.dtype is dtype
    assert r.item() == expected


def test_nan():
    x = fnnet.tensor([3.0, 1.0, NAN, 2.0])
    assert math.isnan(x.max().item())
    assert x.argmax().item() == 2
    assert math.isnan(x.median().item())
    assert x.nanmedian().item() == 2
    assert x.nansum().item() == 6
    assert x.nanmean().item() == 2
    assert math.isnan(x.quantile(0.5).item())
    assert x.nanquantile(0.5).item() == 2
    assert x.argsort().tolist() == [1, 3, 0, 2]
    assert x.argsort(descending=True).tolist() == [2, 0, 3, 1]
    values, indices = fnnet.tensor([1.0, 3.0, 3.0, NAN, 2.0]).cummax(0)
    assert indices.tolist() == [0, 1, 2, 3, 3]
    assert values[:3].tolist() == [1, 3, 3]
    assert math.isnan(fnnet.zeros(0).mean().item())
    assert math.isnan(fnnet.ones(1).std().item())
    assert fnnet.full((2,), -INF).logsumexp(0).item() == -INF


def test_sorting_is_stable_both_ways():
    x = fnnet.tensor([1, 0, 1, 0, 1])
    assert x.argsort().tolist() == [1, 3, 0, 2, 4]
    assert x.argsort(descending=True).tolist() == [0, 2, 4, 1, 3]


def test_mode_and_unique():
    values, indices = fnnet.tensor([1, 2, 2, 3, 3]).mode()
    assert (values.item(), indices.item()) == (2, 2)
    rows = fnnet.tensor([[2, 1], [0, 5], [2, 1]])
    found, inverse, counts = fnnet.unique(rows, return_inverse=True, return_counts=True, dim=0)
    assert found.tolist() == [[0, 5], [2, 1]]
    assert inverse.tolist() == [1, 0, 1]
    assert counts.tolist() == [1, 2]
    runs, counts = fnnet.unique_consecutive(fnnet.tensor([1, 1, 2, 1]), return_counts=True)
    assert runs.tolist() == [1, 2, 1]
    assert counts.tolist() == [2, 1, 1]


@pytest.mark.parametrize(("find", "title"), [(fnnet.max, "MaxBackward1"), (fnnet.min, "MinBackward1")])
def test_nan_takes_the_gradient_of_an_extreme_of_all(find, title):
    nan = float("nan")
    x = fnnet.tensor([2.0, nan, 1.0, nan], requires_grad=True)
    r = find(x)
    assert r.grad_fn.name() == title
    r.backward()
    assert x.grad.tolist() == [0, 0.5, 0, 0.5]  # PyTorch 2.13
    ties = fnnet.tensor([2.0, 2.0], requires_grad=True)
    find(ties).backward()
    assert ties.grad.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("find", [fnnet.argmax, fnnet.argmin])
def test_indices_are_written_into_int64_alone(find):
    out = fnnet.tensor(7.0)
    with pytest.raises(RuntimeError, match="out tensor to have dtype"):
        find(fnnet.tensor([1, 2]), out=out)
    assert out.item() == 7


def test_several_results_have_names():
    r = fnnet.max(M, 1)
    assert r.values.tolist() == [5, 4]
    assert repr(fnnet.tensor([3, 1]).sort()) == (
        "fnnet.return_types.sort(\nvalues=tensor([1, 3]),\nindices=tensor([1, 0]))"
    )
    assert repr(fnnet.tensor(3).sort()) == "fnnet.return_types.sort(\nvalues=tensor(3),\nindices=tensor(0))"
    low, high = fnnet.aminmax(M)
    assert (low.item(), high.item()) == (0, 5)


def test_the_three_forms_of_max():
    assert fnnet.max(M).item() == 5
    assert fnnet.max(M, 0).indices.tolist() == [1, 0, 1]
    assert fnnet.max(M[0], M[1]).tolist() == [4, 5, 3]
    assert M[0].min(other=M[1]).tolist() == [1, 0, 2]


def test_out_takes_the_results():
    values, indices = fnnet.zeros(2, dtype=fnnet.float64), fnnet.zeros(2, dtype=fnnet.int64)
    fnnet.max(M, 1, out=(values, indices))
    assert indices.tolist() == [1, 0]
    total = fnnet.zeros(3, dtype=fnnet.float64)
    assert fnnet.sum(M, 0, out=total) is total
    assert total.tolist() == [5, 5, 5]


# gradients ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("compute", "at", "expected"),
    [
        (lambda x: x.prod(), (2, 0, 3, 0.5), [0, 3, 0, 0]),
        (lambda x: x.prod(), (2, 0, 0), [0, 0, 0]),
        (lambda x: x.cumprod(0), (2, 0, 3, 0.5), [1, 11, 0, 0]),
        (lambda x: x.amax(), (1, 3, 3), [0, 0.5, 0.5]),
        (lambda x: x.max(), (1, 3, 3), [0, 0.5, 0.5]),
        (lambda x: x.max(0).values, (1, 3, 3), [0, 1, 0]),
        (lambda x: x.median(), (3, 1, 1, 2), [0, 0.5, 0.5, 0]),
        (lambda x: x.median(0).values, (3, 1, 2), [0, 0, 1]),
        (lambda x: x.norm(), (0, 0), [0, 0]),
        (lambda x: x.norm(), (3, 4), [0.6, 0.8]),
        (lambda x: x.norm(INF), (2, -2), [0.5, -0.5]),
        (lambda x: x.norm(1), (2, 0, -2), [1, 0, -1]),
        (lambda x: x.std(), (1, 1), [0, 0]),
        (lambda x: x.var(), (1, 3), [-2, 2]),
        (lambda x: x.cumsum(0), (5, 5, 5), [3, 2, 1]),
        (lambda x: x.topk(2).values, (1, 3, 2), [0, 1, 1]),
        (lambda x: x.nansum(), (1, NAN), [1, 0]),
        (lambda x: x.logsumexp(0), (-INF, 0), [0, 1]),
        (lambda x: x.mean(), (1, 2, 3, 4), [0.25] * 4),
    ],
)
def test_gradients_at_the_edges(compute, at, expected):
    assert gradient(compute, *at) == pytest.approx(expected)


def test_the_spread_of_one_value_has_no_gradient():
    assert math.isnan(gradient(lambda x: x.std(), 1.0)[0])


def test_second_derivative_of_a_product_with_a_zero():
    x = fnnet.tensor([2.0, 0.0, 3.0], dtype=fnnet.float64, requires_grad=True)
    (g,) = fnnet.autograd.grad(x.prod(), [x], create_graph=True)
    (h,) = fnnet.autograd.grad(g.sum(), [x])
    assert h.tolist() == [3, 5, 2]  # the sums of the products of the two others' cofactors: x1+x2, x0+x2, x0+x1


@pytest.mark.parametrize(
    ("compute", "error", "phrase"),
    [
        (lambda: fnnet.zeros(0).max(), RuntimeError, "Expected reduction dim to be specified for input.numel"),
        (lambda: fnnet.zeros(0, 3).max(0), IndexError, "Expected reduction dim 0 to have non-zero size"),
        (lambda: fnnet.zeros(0).argmax(), IndexError, "Expected reduction dim to be specified"),
        (lambda: fnnet.zeros(0).amax(), RuntimeError, "Expected reduction dim to be specified"),
        (lambda: fnnet.tensor([1]).mean(), RuntimeError, "could not infer output dtype"),
        (lambda: fnnet.tensor([1]).var(), RuntimeError, "std and var only support floating point"),
        (lambda: M.sum((0, 0)), RuntimeError, "dim 0 appears multiple times in the list of dims"),
        (lambda: M.sum(5), IndexError, r"expected to be in range of \[-2, 1\], but got 5"),
        (lambda: fnnet.tensor([True]).argmax(), RuntimeError, "does not support bool input"),
        (lambda: M.topk(9), RuntimeError, "selected index k out of range"),
        (lambda: M.kthvalue(9), RuntimeError, "selected number k out of range for dimension 1"),
        (lambda: M.quantile(1.5), RuntimeError, r"q values must be in the range \[0, 1\]"),
        (lambda: fnnet.sum([1]), TypeError, "must be Tensor, not list"),
        (lambda: M.norm("x"), RuntimeError, "Order x not supported"),
    ],
)
def test_errors(compute, error, phrase):
    with pytest.raises(error, match=phrase):
        compute()

"""Losses: numbers that PyTorch 2.13 prints, reductions, extreme values, half types, errors that change nothing."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F

X = [[1.0, 2.0, -1.0], [0.5, -2.0, 3.0], [4.0, 0.0, 1.0]]
TARGET = [2, -100, 0]
WEIGHT = [1.0, 2.0, 0.5]

# PyTorch 2.13, float64: options of cross_entropy(X, TARGET), its value, the gradient of X (of the sum for "none")
CROSS_ENTROPY: list[tuple[str, bool, float, Any, list[list[float]]]] = [
    ("mean", False, 0.0, 1.70744806,
     [[0.12974823, 0.352692256, -0.482440487], [-0.0318802241, 0.00857391277, 0.0233063113]]),
    ("mean", True, 0.0, 1.16026001,
     [[0.0864988201, 0.235128171, -0.321626991], [-0.0425069654, 0.0114318837, 0.0310750817]]),
    ("mean", False, 0.1, 1.74078139,
     [[0.113081564, 0.33602559, -0.449107153], [0.00145310927, -0.00809275389, 0.00663964462]]),
    ("mean", True, 0.1, 1.34317037,
     [[0.0758097739, 0.222034149, -0.297843923], [0.0123401407, -0.0328220294, 0.0204818886]]),
    ("sum", False, 0.0, 3.41489612,
     [[0.25949646, 0.705384513, -0.964880973], [-0.0637604481, 0.0171478255, 0.0466126226]]),
    ("sum", True, 0.1, 2.01475556,
     [[0.113714661, 0.333051224, -0.446765885], [0.0185102111, -0.049233044, 0.030722833]]),
    ("none", True, 0.0, [1.67450611, 0.0, 0.0658839038],
     [[0.12974823, 0.352692256, -0.482440487], [-0.0637604481, 0.0171478255, 0.0466126226]]),
    ("none", True, 0.1, [1.63110692, 0.0, 0.383648635],
     [[0.113714661, 0.333051224, -0.446765885], [0.0185102111, -0.049233044, 0.030722833]]),
]  # fmt: skip


def t64(data: Any, requires_grad: bool = False) -> fnnet.Tensor:
    return fnnet.tensor(data, dtype=fnnet.float64, requires_grad=requires_grad)


def close(t: Any, expected: Any, rtol: float = 1e-8) -> None:
    np.testing.assert_allclose(t.detach().numpy(), expected, rtol=rtol, atol=1e-12)


def slope(loss: fnnet.Tensor, x: fnnet.Tensor) -> fnnet.Tensor:
    found: fnnet.Tensor = fnnet.autograd.grad(loss.sum(), x)[0]
    return found


@pytest.mark.parametrize(("reduction", "weighted", "smoothing", "value", "rows"), CROSS_ENTROPY)
def test_cross_entropy(reduction: str, weighted: bool, smoothing: float, value: Any, rows: list[list[float]]) -> None:
    x, target = t64(X, True), fnnet.tensor(TARGET)
    weight = t64(WEIGHT) if weighted else None
    loss = F.cross_entropy(x, target, weight, reduction=reduction, label_smoothing=smoothing)
    close(loss, value)
    close(slope(loss, x), [rows[0], [0.0] * 3, rows[1]])


def test_cross_entropy_with_probabilities() -> None:
    # PyTorch 2.13: weight WEIGHT, label_smoothing 0.1
    x, q = t64(X, True), t64([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.1, 0.1, 0.8]])
    loss = F.cross_entropy(x, q, t64(WEIGHT), label_smoothing=0.1)
    close(loss, 2.07597005)
    close(
        slope(loss, x),
        [[0.0207218029, 0.0474055192, -0.0681273221], [-0.285562702, -0.0201250811, 0.305687783],
         [0.191908511, -0.077954319, -0.113954192]],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reduction", "value", "rows"),
    [("mean", -2.33333333333, [[0, 0, -1 / 3], [-2 / 3, 0, 0]]), ("sum", -3.5, [[0, 0, -0.5], [-1, 0, 0]]),
     ("none", [0.5, 0.0, -4.0], [[0, 0, -0.5], [-1, 0, 0]])],
)  # fmt: skip
def test_nll_loss(reduction: str, value: Any, rows: list[list[float]]) -> None:
    x = t64(X, True)
    loss = F.nll_loss(x, fnnet.tensor(TARGET), t64(WEIGHT), reduction=reduction)
    close(loss, value)
    close(slope(loss, x), [rows[0], [0.0] * 3, rows[1]])


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 3, 4, 5), (3,)])
def test_more_dims_are_rows_of_classes(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape)
    classes = shape[1] if len(shape) > 1 else shape[0]
    target = rng.integers(0, classes, (shape[0], *shape[2:]) if len(shape) > 1 else ())
    loss = F.cross_entropy(t64(x), fnnet.tensor(target), reduction="none").numpy()
    rows = np.moveaxis(x, 1, -1).reshape(-1, classes) if len(shape) > 1 else x[None]
    log_p = rows - np.log(np.exp(rows).sum(1, keepdims=True))
    np.testing.assert_allclose(loss.ravel(), -log_p[np.arange(len(rows)), target.ravel()], rtol=1e-10)
    assert loss.shape == target.shape


def test_cross_entropy_of_huge_logits_is_exact() -> None:
    x = fnnet.tensor([[1e4, 0.0], [0.0, 1e4]], requires_grad=True)
    loss = F.cross_entropy(x, fnnet.tensor([1, 1]), reduction="none")
    assert loss.tolist() == [1e4, 0.0]
    assert slope(loss, x).tolist() == [[1.0, -1.0], [0.0, 0.0]]


def test_all_targets_ignored() -> None:
    x = fnnet.ones(2, 3, requires_grad=True)
    for loss in (F.cross_entropy(x, fnnet.tensor([-100, -100])), F.nll_loss(x, fnnet.tensor([-100, -100]))):
        assert math.isnan(loss.item())
        assert slope(loss, x).tolist() == [[0.0] * 3] * 2


def test_second_derivatives_of_cross_entropy() -> None:
    x, target = t64(X, True), fnnet.tensor([2, 1, 0])
    for options in ({}, {"weight": t64(WEIGHT)}, {"label_smoothing": 0.2}, {"ignore_index": 1}, {"reduction": "none"}):
        assert fnnet.autograd.gradgradcheck(lambda x, o=options: F.cross_entropy(x, target, **o), (x,))


@pytest.mark.parametrize(
    ("name", "options", "values", "slopes"),
    [  # PyTorch 2.13: input [-2, -0.4, 0, 0.7, 3], target 0, reduction "none"
        ("mse_loss", {}, [4.0, 0.16, 0.0, 0.49, 9.0], [-4.0, -0.8, 0.0, 1.4, 6.0]),
        ("l1_loss", {}, [2.0, 0.4, 0.0, 0.7, 3.0], [-1.0, -1.0, 0.0, 1.0, 1.0]),
        ("smooth_l1_loss", {"beta": 0.5}, [1.75, 0.16, 0.0, 0.45, 2.75], [-1.0, -0.8, 0.0, 1.0, 1.0]),
        ("huber_loss", {"delta": 0.6}, [1.02, 0.08, 0.0, 0.24, 1.62], [-0.6, -0.4, 0.0, 0.6, 0.6]),
    ],
)
def test_losses_of_a_difference(name: str, options: dict[str, float], values: list[float], slopes: list[float]) -> None:
    x, target = t64([-2.0, -0.4, 0.0, 0.7, 3.0], True), t64([0.0] * 5, True)
    f = getattr(F, name)
    loss = f(x, target, reduction="none", **options)
    close(loss, values)
    found = fnnet.autograd.grad(loss.sum(), (x, target))
    close(found[0], slopes)
    close(found[1], [-s for s in slopes])
    close(f(x, target, reduction="sum", **options), sum(values))
    close(f(x, target, **options), sum(values) / 5)
    close(slope(f(x, target, **options), x), [s / 5 for s in slopes])


def test_weights_of_regression_losses() -> None:
    x, target, weight = t64([1.0, 3.0]), t64([0.0, 0.0]), t64([3.0, 1.0])
    assert F.mse_loss(x, target, weight=weight).item() == 3.0  # (3 * 1 + 1 * 9) / 4
    assert F.l1_loss(x, target, weight=weight).item() == 1.5
    assert F.huber_loss(x, target, weight=weight).item() == 2.0  # (3 * 0.5 + 2.5) / 2
    with pytest.raises(ValueError, match="Weights and input must have the same size"):
        F.mse_loss(x, target, weight=t64([1.0]))


def test_binary_cross_entropy() -> None:
    # PyTorch 2.13
    p, target = t64([0.1, 0.5, 1.0], True), t64([0.0, 0.3, 0.0])
    loss = F.binary_cross_entropy(p, target, reduction="none")
    close(loss, [0.105360516, 0.693147181, 100.0])
    close(slope(loss, p), [1.11111111, 0.8, 1e12])
    z = t64([-200.0, 0.5, 100.0], True)
    loss = F.binary_cross_entropy_with_logits(z, target, reduction="none", pos_weight=t64(WEIGHT))
    close(loss, [0.0, 0.966300079, 100.0])
    close(slope(loss, z), [0.0, 0.209197131, 1.0])


def test_kl_div() -> None:
    # PyTorch 2.13
    x = t64([-1.0, -0.5, -2.0], True)
    loss = F.kl_div(x, t64([0.0, 0.3, 0.7]), reduction="none")
    close(loss, [0.0, -0.211191841, 1.15032754])
    close(slope(loss, x), [0.0, -0.3, -0.7])
    loss = F.kl_div(x, t64([-1.2, -0.1, -3.0]), reduction="none", log_target=True)
    close(loss, [-0.0602388424, 0.361934967, -0.0497870684])
    with pytest.warns(UserWarning, match="'batchmean' divides only by the batch size"):
        F.kl_div(x, t64([0.0, 0.3, 0.7]))


def test_deprecated_reductions() -> None:
    x = fnnet.tensor([1.0, 3.0])
    for average, reduce, expected in ((None, False, "none"), (False, None, "sum"), (True, True, "mean")):
        with pytest.warns(UserWarning, match=f"please use reduction='{expected}' instead"):
            loss = F.mse_loss(x, fnnet.zeros(2), average, reduce)
        assert loss.tolist() == F.mse_loss(x, fnnet.zeros(2), reduction=expected).tolist()


@pytest.mark.parametrize("dtype", [fnnet.float16, fnnet.bfloat16])
def test_half_types_keep_their_dtype(dtype: Any) -> None:
    x = fnnet.tensor(X, dtype=dtype)
    loss = F.cross_entropy(x, fnnet.tensor([2, 1, 0]))
    assert loss.dtype is dtype
    assert loss.item() == pytest.approx(F.cross_entropy(t64(X), fnnet.tensor([2, 1, 0])).item(), rel=1e-2)
    assert F.mse_loss(x, x).dtype is dtype


def test_shapes_that_differ_warn_and_dtypes_promote() -> None:
    with pytest.warns(UserWarning, match="Using a target size"):
        F.mse_loss(fnnet.ones(2, 1), fnnet.ones(2))
    assert F.mse_loss(fnnet.ones(2), t64([1.0, 2.0])).dtype is fnnet.float64


@pytest.mark.parametrize(
    ("call", "error", "phrase"),
    [
        (lambda x: F.cross_entropy(x, fnnet.tensor([0, 7, 1])), IndexError, "Target 7 is out of bounds."),
        (lambda x: F.cross_entropy(x, fnnet.tensor([0, -1, 1])), IndexError, "Target -1 is out of bounds."),
        (lambda x: F.cross_entropy(x, fnnet.tensor([0, 1])),
         ValueError, r"batch_size \(3\) to match target batch_size \(2\)"),
        (lambda x: F.cross_entropy(x, fnnet.tensor([0, 1, 2]).int()), RuntimeError, "target dtype to be Long or Byte"),
        (lambda x: F.cross_entropy(x, fnnet.tensor([0, 1, 2]), fnnet.ones(2)), RuntimeError, "for all 3 classes or no"),
        (lambda x: F.cross_entropy(x, fnnet.tensor([0, 1, 2]), label_smoothing=2.0),
         RuntimeError, "between 0.0 and 1.0"),
        (lambda x: F.cross_entropy(x, fnnet.tensor([0, 1, 2]), reduction="x"), ValueError, "x is not a valid value"),
        (lambda x: F.cross_entropy(x, fnnet.zeros(3, 3).long()),
         RuntimeError, "Expected floating point type for target"),
        (lambda x: F.cross_entropy(x, fnnet.zeros(3, 3, dtype=fnnet.complex64)),
         RuntimeError, "Expected floating point type for target"),
        (lambda x: F.cross_entropy(x, fnnet.tensor([0, 1, 2]), fnnet.ones(3, requires_grad=True)), RuntimeError,
         "derivative for 'weight' is not implemented"),
        (lambda x: F.nll_loss(fnnet.ones(2, 3, 4), fnnet.zeros(2, 5).long()), RuntimeError,
         r"Expected target size \[2, 4\], got \[2, 5\]"),
        (lambda x: F.binary_cross_entropy(x, x), RuntimeError, "all elements of input should be between 0 and 1"),
        (lambda x: F.binary_cross_entropy_with_logits(x, fnnet.ones(3)), ValueError, "must be the same as input size"),
        (lambda x: F.mse_loss(fnnet.tensor([1]), fnnet.tensor([1])), RuntimeError, "not implemented for 'Long'"),
        (lambda x: F.huber_loss(x, x, delta=0.0), RuntimeError, "non-positive values for delta"),
        (lambda x: F.smooth_l1_loss(x, x, beta=-1.0), RuntimeError, "negative values for beta"),
    ],
)  # fmt: skip
def test_errors_change_nothing(call: Any, error: type[Exception], phrase: str) -> None:
    x = fnnet.tensor(X, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error, match=phrase):
            call(x)
    assert x.tolist() == X
    assert x.grad is None

"""Activations: values and gradients against numbers that PyTorch 2.13 prints, edges, dtypes, in-place, errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import fnnet
from fnnet.functional import activation, piecewise, rectifiers, softmaxes
from fnnet.functional.generators import manual_seed

X = [-2.5, -0.75, 0.0, 0.3, 1.25, 7.0]
# name, arguments, torch.nn.functional.<name>(X, *arguments), gradient of its sum: PyTorch 2.13, float64
TABLE: list[tuple[str, tuple[Any, ...], list[float], list[float]]] = [
    (
        "relu", (),
        [0.0, 0.0, 0.0, 0.3, 1.25, 7.0],
        [0.0, 0.0, 0.0, 1.0, 1.0, 1.0],
    ),
    (
        "relu6", (),
        [0.0, 0.0, 0.0, 0.3, 1.25, 6.0],
        [0.0, 0.0, 0.0, 1.0, 1.0, 0.0],
    ),
    (
        "leaky_relu", (0.2,),
        [-0.5, -0.15, 0.0, 0.3, 1.25, 7.0],
        [0.2, 0.2, 0.2, 1.0, 1.0, 1.0],
    ),
    (
        "elu", (1.5,),
        [-1.376872502, -0.7914501709, 0.0, 0.3, 1.25, 7.0],
        [0.1231274979, 0.7085498291, 1.5, 1.0, 1.0, 1.0],
    ),
    (
        "celu", (2.0,),
        [-1.426990406, -0.6254214424, 0.0, 0.3, 1.25, 7.0],
        [0.2865047969, 0.6872892788, 1.0, 1.0, 1.0, 1.0],
    ),
    (
        "selu", (),
        [-1.613785759, -0.9276320158, 0.0, 0.3152102962, 1.313376234, 7.354906911],
        [0.144313582, 0.830467325, 1.758099341, 1.050700987, 1.050700987, 1.050700987],
    ),
    (
        "gelu", (),
        [-0.01552416331, -0.1699705143, 0.0, 0.1853734267, 1.117937783, 7.0],
        [-0.03761108591, 0.0007742782608, 0.5, 0.7323277668, 1.122661583, 1.0],
    ),
    (
        "silu", (),
        [-0.1896454501, -0.2406159756, 0.0, 0.172332755, 0.9716248265, 6.993622642],
        [-0.09940111134, 0.1574000555, 0.5, 0.6477800103, 0.9936808449, 1.005460497],
    ),
    (
        "mish", (),
        [-0.1968162039, -0.2764947145, 0.0, 0.2080013723, 1.131870304, 6.99998838],
        [-0.1097435728, 0.1607457405, 0.6, 0.7828272996, 1.080463093, 1.000021559],
    ),
    (
        "softplus", (2.0, 3.0),
        [0.003357674245, 0.100706639, 0.3465735903, 0.5187439752, 1.289444867, 7.0],
        [0.006692850924, 0.1824255238, 0.5, 0.6456563062, 0.92414182, 1.0],
    ),
    (
        "logsigmoid", (),
        [-2.578889734, -1.136871006, -0.6931471806, -0.5543552445, -0.2519290813, -0.0009114664538],
        [0.92414182, 0.6791786992, 0.5, 0.4255574832, 0.2227001388, 0.0009110511944],
    ),
    (
        "softsign", (),
        [-0.7142857143, -0.4285714286, 0.0, 0.2307692308, 0.5555555556, 0.875],
        [0.08163265306, 0.3265306122, 1.0, 0.5917159763, 0.1975308642, 0.015625],
    ),
    (
        "tanhshrink", (),
        [-1.513385702, -0.1148510476, 0.0, 0.008687387548, 0.40171636, 6.000001663],
        [0.9734077733, 0.4034141917, 0.0, 0.08486303817, 0.7195851338, 0.9999966739],
    ),
    (
        "hardtanh", (-0.5, 1.0),
        [-0.5, -0.5, 0.0, 0.3, 1.0, 1.0],
        [0.0, 0.0, 1.0, 1.0, 0.0, 0.0],
    ),
    (
        "hardsigmoid", (),
        [0.08333333333, 0.375, 0.5, 0.55, 0.7083333333, 1.0],
        [0.1666666716, 0.1666666716, 0.1666666716, 0.1666666716, 0.1666666716, 0.0],
    ),
    (
        "hardswish", (),
        [-0.2083333333, -0.28125, 0.0, 0.165, 0.8854166667, 7.0],
        [-0.3333333333, 0.25, 0.5, 0.6, 0.9166666667, 1.0],
    ),
    (
        "threshold", (0.25, 9.0),
        [9.0, 9.0, 9.0, 0.3, 1.25, 7.0],
        [0.0, 0.0, 0.0, 1.0, 1.0, 1.0],
    ),
    (
        "hardshrink", (),
        [-2.5, -0.75, 0.0, 0.0, 1.25, 7.0],
        [1.0, 1.0, 0.0, 0.0, 1.0, 1.0],
    ),
    (
        "softshrink", (0.4,),
        [-2.1, -0.35, 0.0, 0.0, 0.85, 6.6],
        [1.0, 1.0, 0.0, 0.0, 1.0, 1.0],
    ),
    (
        "glu", (),
        [-1.436106292, -0.5829748959, 0.0],
        [0.5744425168, 0.7772998612, 0.9990889488, -0.6111457792, -0.1298285902, 0.0],
    ),
    (
        "softmax", (0,),
        [7.441788661e-05, 0.0004282453694, 0.0009065954542, 0.001223775859, 0.003164329059, 0.9942026364],
        [8.262045116e-21, 4.754478693e-20, 1.006523147e-19, 1.358664135e-19, 3.513110979e-19, 1.103786658e-16],
    ),
    (
        "log_softmax", (0,),
        [-9.505814234, -7.755814234, -7.005814234, -6.705814234, -5.755814234, -0.005814233573],
        [0.9995534927, 0.9974305278, 0.9945604273, 0.9926573448, 0.9810140256, -4.965215818],
    ),
    (
        "softmin", (0,),
        [0.7461229944, 0.129656735, 0.06124550497, 0.04537178601, 0.01754713096, 5.584867145e-05],
        [1.656725855e-16, 2.878957851e-17, 1.359923395e-17, 1.00745603e-17, 3.896245761e-18, 1.240089619e-20],
    ),
]  # fmt: skip


def find(name: str) -> Any:
    return next(getattr(m, name) for m in (activation, rectifiers, piecewise, softmaxes) if hasattr(m, name))


def close(t: Any, expected: Any, rel: float = 1e-9) -> None:
    # atol: gradients that are zero but for rounding. hardsigmoid: PyTorch's 1/6 is a float32.
    np.testing.assert_allclose(t.numpy(), expected, rtol=rel, atol=1e-12)


@pytest.mark.parametrize(("name", "args", "values", "slopes"), TABLE, ids=[row[0] for row in TABLE])
def test_values_and_gradients(name: str, args: tuple[Any, ...], values: list[float], slopes: list[float]) -> None:
    x = fnnet.tensor(X, dtype=fnnet.float64, requires_grad=True)
    y = find(name)(x, *args)
    close(y.detach(), values)
    y.backward(fnnet.ones(len(values), dtype=fnnet.float64))
    assert x.grad is not None
    close(x.grad, slopes, 1e-7 if name == "hardsigmoid" else 1e-8)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "celu", "selu", "silu", "mish", "relu6", "hardtanh",
                                  "hardsigmoid", "hardswish"])  # fmt: skip
@pytest.mark.parametrize("dtype", [fnnet.float32, fnnet.float64, fnnet.float16, fnnet.bfloat16])
def test_in_place_writes_the_same_values_and_gradient(name: str, dtype: Any) -> None:
    f = find(name)
    x = fnnet.tensor([-1.5, -0.25, 0.75, 2.0], dtype=dtype, requires_grad=True)
    apart = f(x)
    apart.backward(fnnet.ones(4, dtype=dtype))
    expected, x.grad = x.grad, None
    y = x.clone()
    written = f(y, inplace=True)
    assert written is y
    assert written.dtype is dtype
    assert written.tolist() == apart.tolist()
    written.backward(fnnet.ones(4, dtype=dtype))
    assert x.grad is not None
    assert expected is not None
    assert x.grad.tolist() == expected.tolist()


def test_gelu_tanh() -> None:
    # PyTorch 2.13: gelu(X, approximate="tanh") and its gradient
    x = fnnet.tensor(X, dtype=fnnet.float64, requires_grad=True)
    y = activation.gelu(x, approximate="tanh")
    close(y.detach(), [-0.01508426609, -0.1700394448, 0.0, 0.1853709235, 1.117714203, 7.0])
    y.backward(fnnet.ones(6, dtype=fnnet.float64))
    assert x.grad is not None
    close(x.grad, [-0.03795157621, 0.001061743863, 0.5, 0.7322954516, 1.122492632, 1.0])


def test_large_arguments_stay_finite_to_second_order() -> None:
    for name in ("elu", "selu", "softplus", "logsigmoid", "mish", "silu"):
        f = find(name)
        x = fnnet.tensor([-1000.0, 1000.0], requires_grad=True)
        (slope,) = fnnet.autograd.grad(f(x), x, fnnet.ones(2), create_graph=True)
        (curve,) = fnnet.autograd.grad(slope, x, fnnet.ones(2))
        assert np.isfinite(f(x).detach().numpy()).all(), name
        assert np.isfinite(slope.detach().numpy()).all(), name
        assert np.isfinite(curve.numpy()).all(), name


def test_nan_propagates() -> None:
    x = fnnet.tensor([math.nan])
    for name, args, _, _ in TABLE:
        if name != "glu":
            assert math.isnan(find(name)(x, *args).item()), name


def test_relu_of_whole_numbers_and_bool() -> None:
    assert rectifiers.relu(fnnet.tensor([-1, 2])).tolist() == [0, 2]
    assert rectifiers.relu(fnnet.tensor([-1, 2])).dtype is fnnet.int64
    with pytest.raises(RuntimeError, match="Boolean inputs not supported"):
        rectifiers.relu(fnnet.tensor([True]))


@pytest.mark.parametrize("name", ["leaky_relu", "elu", "gelu", "silu", "softplus", "hardsigmoid", "hardshrink"])
def test_whole_numbers_are_refused(name: str) -> None:
    with pytest.raises(RuntimeError, match=f"{name}.*not implemented for 'Long'|elu.*not implemented for 'Long'"):
        find(name)(fnnet.tensor([1, 2]))


def test_prelu_weights_per_channel() -> None:
    x = fnnet.tensor([[[-1.0, 2.0], [-3.0, 4.0]]], requires_grad=True)
    w = fnnet.tensor([0.5, 0.25], requires_grad=True)
    y = rectifiers.prelu(x, w)
    assert y.tolist() == [[[-0.5, 2.0], [-0.75, 4.0]]]
    y.backward(fnnet.ones(1, 2, 2))
    assert x.grad is not None
    assert w.grad is not None
    assert x.grad.tolist() == [[[0.5, 1.0], [0.25, 1.0]]]
    assert w.grad.tolist() == [-1.0, -3.0]
    with pytest.raises(RuntimeError, match="Mismatch of parameter numbers and input channel size"):
        rectifiers.prelu(x, fnnet.ones(3))


@pytest.mark.parametrize(
    ("call", "error", "phrase"),
    [
        (lambda: activation.gelu(fnnet.ones(1), approximate="x"), RuntimeError, "must be either none or tanh"),
        (lambda: activation.glu(fnnet.ones(3)), RuntimeError, "Halving dimension must be even"),
        (lambda: activation.glu(fnnet.tensor(1.0)), RuntimeError, "does not support scalars"),
        (lambda: rectifiers.celu(fnnet.ones(1), 0.0), RuntimeError, "alpha cannot be 0"),
        (lambda: piecewise.hardtanh(fnnet.ones(1), 1.0, -1.0), ValueError, "min_val cannot be greater than max_val"),
        (lambda: piecewise.softshrink(fnnet.ones(1), -1.0), RuntimeError, "lambda must be in range .0, maximum of"),
        (lambda: softmaxes.softmax(fnnet.ones(2), dim=1), IndexError, "Dimension out of range"),
        (lambda: softmaxes.softmax(fnnet.tensor([1, 2]), dim=0), RuntimeError, "not implemented for 'Long'"),
    ],
)
def test_errors(call: Any, error: type[Exception], phrase: str) -> None:
    with pytest.raises(error, match=phrase):
        call()


def test_in_place_on_a_leaf_changes_nothing() -> None:
    x = fnnet.tensor([-1.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        rectifiers.relu_(x)
    assert x.tolist() == [-1.0]


def test_softmax_sums_to_one_along_each_dim_and_takes_a_dtype() -> None:
    x = fnnet.tensor([[[1.0, 2.0], [3.0, 400.0]], [[-5.0, 0.5], [0.0, 0.0]]])
    for dim in range(-3, 3):
        np.testing.assert_allclose(softmaxes.softmax(x, dim).numpy().sum(dim), 1, rtol=1e-6)
    y = softmaxes.softmax(fnnet.tensor([1, 1]), 0, dtype=fnnet.float64)
    assert y.dtype is fnnet.float64
    assert y.tolist() == [0.5, 0.5]
    assert softmaxes.softmax(fnnet.tensor(3.0), 0).item() == 1.0
    assert softmaxes.softmax(fnnet.zeros(0, 3), 1).shape == (0, 3)


def test_softmax_without_a_dim_warns() -> None:
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax has been deprecated"):
        assert softmaxes.softmax(fnnet.zeros(2, 2)).tolist() == [[0.5, 0.5], [0.5, 0.5]]


def test_gumbel_softmax_draws_pytorchs_numbers() -> None:
    logits = fnnet.tensor([[0.0, 1.0, 2.0], [1.0, -1.0, 0.5]])
    # PyTorch 2.13: manual_seed(0); gumbel_softmax(logits, tau=0.7, dim=1)
    expected = [[0.004364701, 0.081369102, 0.91426617], [0.45862734, 0.094622158, 0.44675046]]
    manual_seed(0)
    np.testing.assert_allclose(softmaxes.gumbel_softmax(logits, tau=0.7, dim=1).numpy(), expected, rtol=1e-5)
    manual_seed(0)
    hard = softmaxes.gumbel_softmax(logits, tau=0.7, hard=True, dim=1)
    assert (hard.numpy().argmax(1) == np.argmax(expected, 1)).all()
    assert sorted(np.unique(hard.numpy().round(6)).tolist()) == [0.0, 1.0]


def test_rrelu_draws_slopes_for_what_is_not_positive() -> None:
    x = fnnet.tensor([-1.0, 2.0, -3.0, 0.0, 5.0, -0.5], requires_grad=True)
    # PyTorch 2.13: manual_seed(0); rrelu(x, 0.1, 0.4, True)
    expected = [-0.391015917, 2.0, -0.937037826, 0.0, 5.0, -0.188112155]
    manual_seed(0)
    y = piecewise.rrelu(x, 0.1, 0.4, True)
    np.testing.assert_allclose(y.detach().numpy(), expected, rtol=1e-6)
    y.sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose((x.grad * x).detach().numpy(), expected, rtol=1e-6)
    mean = piecewise.rrelu(x.detach(), 0.25, 0.75)
    assert mean.tolist() == [-0.5, 2.0, -1.5, 0.0, 5.0, -0.25]
    with pytest.raises(RuntimeError, match="Lower bound should be less than or equal"):
        piecewise.rrelu(x, 0.5, 0.4)

"""Normalization: numbers that PyTorch 2.13 prints, running statistics, accuracy in float32, half types, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F

X = [[1.0, 2.0, -1.0], [0.5, -2.0, 3.0], [4.0, 0.0, 1.0]]
G = [[1.0, 0.0, 2.0], [0.0, 1.0, -1.0], [0.5, 0.5, 1.0]]

# PyTorch 2.13, float64: result, gradients of X, weight and bias for the output gradient G.
# weight [1, 2, 0.5], bias [0.1, -0.2, 0], eps 1e-3; batch_norm with momentum 0.3 on running statistics 0 and 1.
EXPECTED: dict[str, tuple[Any, ...]] = {
    "batch_norm": (
        [[-0.439051053, 2.24903059, -0.612257648], [-0.762481685, -2.64903059, 0.612257648], [1.50153274, -0.2, 0.0]],
        [[0.34222687, -0.000229510552, -0.0508493378], [-0.293356651, 0.000229510552, -0.0511936036],
         [-0.0488702196, 0.0, 0.102042941]],
        [0.161715316, -1.2245153, -3.67354589], [1.5, 1.5, 2.0],
    ),
    "batch_norm, evaluation": (
        [[0.437668877, 2.70114164, -0.471435517], [0.0624812359, -3.10114164, 0.979135304],
         [2.68879472, -0.2, 0.253849894]],
        [[0.750375281, 0.0, 0.725285411], [0.0, 1.45057082, -0.362642705], [0.375187641, 0.725285411, 0.362642705]],
        [1.63206624, -1.45057082, -3.33631289], [1.5, 1.5, 2.0],
    ),
    "layer_norm": (
        [[0.367175378, 1.93740302, -0.667938445], [0.1, -2.64919586, 0.612298964],
         [1.47257541, -2.16082201, -0.196082201]],
        [[0.343462159, -0.229203633, -0.114258526], [-0.244919586, 0.122606709, 0.122312876],
         [0.033891635, 0.101844533, -0.135736168]],
        [0.953463081, -1.71480343, -4.28851611], [1.5, 1.5, 2.0],
    ),
    "rms_norm": (
        [[0.706930071, 2.82772028, -0.353465035], [0.237888546, -1.90310837, 0.713665639],
         [1.68018786, 0.0, 0.210023482]],
        [[0.706930071, 0.0, 0.706930071], [0.0987238365, 0.55665884, 0.354454473],
         [-0.0370193716, 0.420046964, 0.148262769]],
        [1.547024, -0.951554186, -2.42114446], None,
    ),
}  # fmt: skip
EXPECTED["group_norm"] = EXPECTED["layer_norm"]  # of one group and no spatial dims


def t64(data: Any, requires_grad: bool = False) -> fnnet.Tensor:
    return fnnet.tensor(data, dtype=fnnet.float64, requires_grad=requires_grad)


EVALUATED = t64([0.55, 0.0, 0.3]), t64([1.775, 1.9, 1.9])


@pytest.mark.parametrize("name", EXPECTED)
def test_values_and_gradients(name: str) -> None:
    x, w, b = t64(X, True), t64([1.0, 2.0, 0.5], True), t64([0.1, -0.2, 0.0], True)
    mean, var = t64([0.0] * 3), t64([1.0] * 3)
    call: dict[str, Any] = {
        "batch_norm": lambda: F.batch_norm(x, mean, var, w, b, True, 0.3, 1e-3),
        "batch_norm, evaluation": lambda: F.batch_norm(x, EVALUATED[0], EVALUATED[1], w, b, eps=1e-3),
        "layer_norm": lambda: F.layer_norm(x, (3,), w, b, 1e-3),
        "rms_norm": lambda: F.rms_norm(x, (3,), w, 1e-3),
        "group_norm": lambda: F.group_norm(x, 1, w, b, 1e-3),
    }
    y = call[name]()
    y.backward(t64(G))
    for got, expected in zip((y.detach(), x.grad, w.grad, b.grad), EXPECTED[name], strict=True):
        if expected is None:
            assert got is None
        else:
            np.testing.assert_allclose(got.numpy(), expected, rtol=1e-8, atol=1e-12)
    if name == "batch_norm":  # PyTorch 2.13
        np.testing.assert_allclose(mean.numpy(), [0.55, 0.0, 0.3], rtol=1e-12)
        np.testing.assert_allclose(var.numpy(), [1.775, 1.9, 1.9], rtol=1e-9)


def test_instance_norm_local_response_norm_and_normalize() -> None:
    x = t64(X)
    y = F.instance_norm(x.reshape(1, 3, 3), weight=t64([1.0, 2.0, 0.5]), bias=t64([0.1, -0.2, 0.0]), eps=1e-3)
    expected = [[0.367175378, 1.16870151, -1.23587689], [-0.2, -2.64919586, 2.24919586],
                [0.686287703, -0.490205502, -0.196082201]]  # fmt: skip
    np.testing.assert_allclose(y.numpy()[0], expected, rtol=1e-8)
    expected = [[0.845897011, 1.18920712, -0.845897011], [0.407751456, -0.877382675, 1.17238491],
                [1.18518519, 0.0, 0.390794971]]  # fmt: skip
    np.testing.assert_allclose(F.local_response_norm(x.reshape(1, 3, 3), 2, 0.5).numpy()[0], expected, rtol=1e-8)
    expected = [[0.40824829, 0.816496581, -0.40824829], [0.137360564, -0.549442256, 0.824163384],
                [0.9701425, 0.0, 0.242535625]]  # fmt: skip
    np.testing.assert_allclose(F.normalize(x).numpy(), expected, rtol=1e-8)


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 3, 4, 2), (2, 3, 2, 2, 2)])
def test_batch_norm_of_more_dims_is_that_of_their_columns(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape)
    y = F.batch_norm(t64(x), None, None, training=True).numpy()
    columns = np.moveaxis(x, 1, 0).reshape(3, -1)
    expected = (columns - columns.mean(1, keepdims=True)) / np.sqrt(columns.var(1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(np.moveaxis(y, 1, 0).reshape(3, -1), expected, rtol=1e-9)


def test_running_statistics_are_written_in_place_and_unrecorded() -> None:
    mean, var = fnnet.zeros(2), fnnet.ones(2)
    shared = mean.numpy()
    F.batch_norm(fnnet.tensor([[1.0, 2.0], [3.0, 6.0]], requires_grad=True), mean, var, training=True, momentum=0.5)
    assert shared.tolist() == [1.0, 2.0]
    np.testing.assert_allclose(var.numpy(), [1.5, 4.5], rtol=1e-5)  # half of 1, half of the unbiased 2 and 8
    assert not mean.requires_grad


def test_statistics_of_large_batches_keep_their_digits() -> None:
    # Mean 1000 and spread 1 over 65,536 rows: in plain float32 the sum alone loses the third digit.
    x = (np.random.default_rng(0).normal(size=(65536, 2)) + 1000).astype(np.float32)
    y = F.batch_norm(fnnet.from_numpy(x), None, None, training=True).numpy()
    wide = x.astype(np.float64)
    expected = (wide - wide.mean(0)) / np.sqrt(wide.var(0) + 1e-5)
    np.testing.assert_allclose(y, expected, atol=2e-4)


@pytest.mark.parametrize("dtype", [fnnet.float16, fnnet.bfloat16])
def test_half_types_keep_their_dtype_and_float32_statistics(dtype: Any) -> None:
    x = fnnet.tensor(X, dtype=dtype)
    mean, var = fnnet.zeros(3), fnnet.ones(3)
    y = F.batch_norm(x, mean, var, training=True, momentum=0.3)
    assert y.dtype is dtype
    np.testing.assert_allclose(mean.numpy(), [0.55, 0.0, 0.3], rtol=1e-6)
    assert F.layer_norm(x, (3,)).dtype is dtype
    assert F.rms_norm(x, (3,)).dtype is dtype


def test_second_derivatives_against_differences() -> None:
    rng = np.random.default_rng(1)
    x, w, b = t64(rng.normal(size=(4, 3)), True), t64(rng.normal(size=3), True), t64(rng.normal(size=3), True)
    assert fnnet.autograd.gradgradcheck(lambda *a: F.batch_norm(a[0], None, None, a[1], a[2], True), (x, w, b))
    assert fnnet.autograd.gradgradcheck(lambda *a: F.layer_norm(a[0], (3,), a[1], a[2]), (x, w, b))
    assert fnnet.autograd.gradgradcheck(lambda *a: F.rms_norm(a[0], (3,), a[1]), (x, w))


def test_the_result_itself_is_not_kept_for_backward() -> None:
    node: Any = F.batch_norm(fnnet.ones(4, 3, requires_grad=True), None, None, training=True).grad_fn
    assert node.out[0] is None
    assert [o.shape for o in node.out[1:]] == [(1, 3), (1, 3)]


@pytest.mark.parametrize(
    ("call", "error", "phrase"),
    [
        (lambda: F.batch_norm(fnnet.ones(1, 3), None, None, training=True), ValueError, "more than 1 value"),
        (lambda: F.batch_norm(fnnet.ones(2, 3), None, None), RuntimeError, "Expected running_mean and running_var"),
        (lambda: F.batch_norm(fnnet.ones(2, 3), fnnet.ones(2), fnnet.ones(3)), RuntimeError,
         "running_mean should contain 3 elements not 2"),
        (lambda: F.batch_norm(fnnet.ones(2, 3), None, None, training=True, eps=0.0), ValueError, "eps must be"),
        (lambda: F.layer_norm(fnnet.ones(2, 3), (2,)), RuntimeError, "Given normalized_shape=.2., expected input with"),
        (lambda: F.layer_norm(fnnet.ones(2, 3), (3,), fnnet.ones(2)), RuntimeError, "Expected weight to be of same"),
        (lambda: F.group_norm(fnnet.ones(2, 3), 2), RuntimeError, "divisible by num_groups"),
        (lambda: F.instance_norm(fnnet.ones(2, 3, 1)), ValueError, "more than 1 spatial element"),
        (lambda: F.local_response_norm(fnnet.ones(2, 3), 2), ValueError, "Expected 3D or higher"),
        (lambda: F.batch_norm(fnnet.tensor([[1, 2]]), None, None), RuntimeError, "not implemented for 'Long'"),
    ],
)  # fmt: skip
def test_errors(call: Any, error: type[Exception], phrase: str) -> None:
    with pytest.raises(error, match=phrase):
        call()


def test_a_refused_batch_leaves_the_running_statistics_alone() -> None:
    mean, var = fnnet.zeros(3), fnnet.ones(3)
    with pytest.raises(RuntimeError, match="weight should contain 3 elements"):
        F.batch_norm(fnnet.ones(2, 3), mean, var, fnnet.ones(2), training=True)
    assert mean.tolist() == [0.0] * 3
    assert var.tolist() == [1.0] * 3

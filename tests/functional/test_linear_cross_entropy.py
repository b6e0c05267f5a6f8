"""linear_cross_entropy: numbers that PyTorch 2.13 prints, with and without chunks, and how many rows a chunk has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F
from fnnet.nn import LinearCrossEntropyOptions

X = [[1.0, 2.0, -1.0], [0.5, -2.0, 3.0], [4.0, 0.0, 1.0]]
W = [[0.5, -1.0, 0.25], [1.0, 0.0, 2.0], [0.0, 1.0, 1.0], [-1.0, 0.5, 0.0]]
BIAS = [0.1, -0.2, 0.0, 0.3]
TARGET = [0, 3, 1]
WEIGHT = [1.0, 2.0, 0.5, 1.5]

# PyTorch 2.13: options of linear_cross_entropy(X, W, TARGET, linear_bias=BIAS), its value, the gradients of X, W, BIAS
CASES: list[tuple[dict[str, Any], Any, Any, Any, list[float]]] = [
    ({"reduction": "none"}, [3.167626252, 7.545266709, 0.039269015],
     [[-0.70884878, 1.701795945, 0.488521942], [1.974693023, -0.533923191, 1.925995307],
      [-0.023318363, -0.022574355, -0.061472333]],
     [[-0.816324787, -1.9937095, 1.105294271], [0.389870655, -1.779422465, 2.762688336],
      [0.62997015, 1.182325575, -0.573708594], [-0.203516018, 2.59080639, -3.294274013]],
     [-0.888415229, 0.983265871, 0.608616981, -0.703467623]),
    ({"weight": WEIGHT}, 3.236458744,
     [[-0.157521951, 0.378176877, 0.108560432], [0.658231008, -0.177974397, 0.641998436],
      [-0.010363717, -0.010033047, -0.027321037]],
     [[-0.152109453, -0.451703927, 0.265389935], [0.105505414, -0.607814446, 0.92395426],
      [0.147292036, 0.261678866, -0.124142164], [-0.100687997, 0.797839508, -1.06520203]],
     [-0.186313993, 0.316139814, 0.137536701, -0.267362522]),
    ({"weight": WEIGHT, "ignore_index": 3}, 1.082054761,
     [[-0.236282927, 0.567265315, 0.162840647], [0.0, 0.0, 0.0], [-0.015545575, -0.01504957, -0.040981555]],
     [[-0.237903723, -0.638597718, 0.339647643], [-0.080677514, 0.044020873, -0.047682424],
      [0.219745385, 0.397288977, -0.193369265], [0.098835852, 0.197287868, -0.098595954]],
     [-0.298950075, -0.003661551, 0.203919713, 0.098691913]),
]  # fmt: skip


def t64(data: Any, requires_grad: bool = True) -> fnnet.Tensor:
    return fnnet.tensor(data, dtype=fnnet.float64, requires_grad=requires_grad)


def close(t: fnnet.Tensor, expected: Any) -> None:
    np.testing.assert_allclose(t.detach().numpy(), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("chunk", [None, 1, 2, 3, 10])
@pytest.mark.parametrize(("options", "value", "by_x", "by_w", "by_bias"), CASES)
def test_linear_cross_entropy(
    options: dict[str, Any], value: Any, by_x: Any, by_w: Any, by_bias: Any, chunk: int | None
) -> None:
    given = dict(options)
    if "weight" in given:
        given["weight"] = t64(WEIGHT, False)
    if chunk is not None:
        given["options"] = LinearCrossEntropyOptions(batch_chunk_size=chunk)
    x, w, bias = t64(X), t64(W), t64(BIAS)
    loss = F.linear_cross_entropy(x, w, fnnet.tensor(TARGET), linear_bias=bias, **given)
    close(loss, value)
    found = fnnet.autograd.grad(loss.sum(), (x, w, bias))
    close(found[0], by_x)
    close(found[1], by_w)
    close(found[2], by_bias)


def test_one_row() -> None:
    x, w = t64(X), t64(W)
    for options in (None, LinearCrossEntropyOptions()):
        loss = F.linear_cross_entropy(x[1], w, fnnet.tensor(3), reduction="none", options=options)
        assert loss.shape == ()
        close(loss, F.cross_entropy(F.linear(x, w), fnnet.tensor(TARGET), reduction="none")[1].item())


def test_a_loss_of_more_dims() -> None:
    x, w, bias = t64(X), t64(np.arange(24.0).reshape(4, 2, 3) / 10), t64(np.arange(8.0).reshape(4, 2))
    target = fnnet.tensor([[0, 1], [3, 2], [1, 1]])
    logits = np.einsum("nf,cdf->ncd", np.array(X), np.arange(24.0).reshape(4, 2, 3) / 10) + bias.detach().numpy()
    log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    exact = -np.take_along_axis(log_p, target.numpy()[:, None], 1)[:, 0]
    close(F.linear_cross_entropy(x, w, target, linear_bias=bias, reduction="none"), exact)
    with pytest.warns(UserWarning, match="linear_cross_entropy: ``options`` ignored"):
        loss = F.linear_cross_entropy(x, w, target, linear_bias=bias, options=LinearCrossEntropyOptions())
    close(loss, exact.mean())


def test_probabilities_and_smoothing_leave_options_aside() -> None:
    x, w, q = t64(X), t64(W), t64(np.full((3, 4), 0.25))
    for target, more in ((q, {}), (fnnet.tensor(TARGET), {"label_smoothing": 0.1})):
        with pytest.warns(UserWarning, match="``options`` ignored"):
            loss = F.linear_cross_entropy(x, w, target, options=LinearCrossEntropyOptions(), **more)
        close(loss, F.cross_entropy(x @ w.t(), target, **more).item())


def test_targets_that_are_all_ignored() -> None:
    x, w = t64(X), t64(W)
    options = LinearCrossEntropyOptions(batch_chunk_size=2)
    ones = fnnet.tensor([1, 1, 1])
    assert F.linear_cross_entropy(x, w, ones, ignore_index=1, reduction="sum", options=options).item() == 0.0
    loss = F.linear_cross_entropy(x, w, ones, ignore_index=1, options=options)
    assert np.isnan(loss.item())
    assert (fnnet.autograd.grad(loss, x)[0].numpy() == 0).all()


def test_no_rows() -> None:
    x, w, target = fnnet.zeros(0, 3, requires_grad=True), fnnet.zeros(4, 3, requires_grad=True), fnnet.zeros(0).long()
    loss = F.linear_cross_entropy(x, w, target, reduction="sum", options=LinearCrossEntropyOptions())
    assert loss.item() == 0.0
    loss.backward()
    assert x.grad.shape == (0, 3)
    assert (w.grad.numpy() == 0).all()


def test_gradients_come_as_often_as_asked_for() -> None:
    x, w = t64(X), t64(W)
    loss = F.linear_cross_entropy(x, w, fnnet.tensor(TARGET), options=LinearCrossEntropyOptions(batch_chunk_size=2))
    first, second = (fnnet.autograd.grad(loss, x, retain_graph=True)[0].tolist() for _ in range(2))
    assert first == second


# PyTorch's rule: rows / ceil(classes / features), rounded up to a power of two, divided by N; at most all rows
@pytest.mark.parametrize(
    ("given", "sizes", "dtype", "device", "expected"),
    [
        ({"batch_chunk_size": 7}, (100, 4, 9), fnnet.float32, "cpu", 7),
        ({"batch_chunk_size": 700}, (100, 4, 9), fnnet.float32, "cpu", 100),
        ({"chunking_method": None}, (100, 4, 9), fnnet.float32, "cpu", 100),
        ({"chunking_method": "aspect_ratio"}, (100, 4, 9), fnnet.float32, "cpu", 64),  # ceil(100 / 3) = 34
        ({"chunking_method": "aspect_ratio:4"}, (100, 4, 9), fnnet.float32, "cpu", 16),
        ({"chunking_method": "aspect_ratio:1000"}, (100, 4, 9), fnnet.float32, "cpu", 1),
        ({"chunking_method": "aspect_ratio"}, (100, 9, 4), fnnet.float32, "cpu", 100),
        ({}, (100, 4, 9), fnnet.float32, "cpu", 32),
        ({}, (100, 4, 9), fnnet.float16, "cpu", 64),
        ({}, (100, 4, 9), fnnet.float16, "cuda", 32),
        ({"batch_chunk_size": 64, "chunking_method": "aspect_ratio"}, (100, 4, 9), fnnet.float32, "cpu", 64),
    ],
)
def test_rows_of_a_chunk(given: dict[str, Any], sizes: Any, dtype: fnnet.dtype, device: str, expected: int) -> None:
    assert LinearCrossEntropyOptions(**given).chunk_size(*sizes, dtype, device) == expected


def test_options_are_values() -> None:
    options = LinearCrossEntropyOptions(batch_chunk_size=2)
    assert repr(options) == (
        "LinearCrossEntropyOptions(allow_retain_graph=False, batch_chunk_size=2, chunking_method='auto', "
        "acc_policy='auto', acc_dtype=None)"
    )
    assert options == LinearCrossEntropyOptions(batch_chunk_size=2)
    with pytest.raises(AttributeError):
        options.batch_chunk_size = 3  # type: ignore[misc]  # that it is frozen is what is shown


def test_half_types_sum_in_float32() -> None:
    x, w = fnnet.tensor(X, dtype=fnnet.float16), fnnet.tensor(W, dtype=fnnet.float16)
    options = LinearCrossEntropyOptions(acc_dtype=fnnet.float32, batch_chunk_size=2)
    loss = F.linear_cross_entropy(x, w, fnnet.tensor(TARGET), options=options)
    assert loss.dtype is fnnet.float16
    exact = F.linear_cross_entropy(t64(X), t64(W), fnnet.tensor(TARGET)).item()
    assert loss.item() == pytest.approx(exact, rel=1e-3)

"""Bags of embeddings against plain loops: every mode and option, gradients, empty bags."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fnnet
import fnnet.nn.functional as F

TABLE = np.random.default_rng(0).normal(size=(5, 3))
FLAT, OFFSETS = [4, 1, 1, 0, 3, 2, 1], [0, 3, 3, 5]


def loop(bags: list[list[int]], mode: str, padding: int | None = None) -> Any:
    """What the bags give, one after the other."""
    out = np.zeros((len(bags), TABLE.shape[1]))
    for i, bag in enumerate(bags):
        rows = TABLE[[n for n in bag if n != padding]]
        if len(rows):
            out[i] = {"sum": rows.sum, "mean": rows.mean, "max": rows.max}[mode](0)
    return out


BAGS = [[4, 1, 1], [], [0, 3], [2, 1]]


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("padding", [None, 1, -1])
@pytest.mark.parametrize("dtype", [fnnet.int64, fnnet.int32])
def test_bags_cut_by_offsets(mode: str, padding: int | None, dtype: Any) -> None:
    index, offsets = fnnet.tensor(FLAT, dtype=dtype), fnnet.tensor(OFFSETS, dtype=dtype)
    y = F.embedding_bag(index, fnnet.tensor(TABLE), offsets, mode=mode, padding_idx=padding)
    np.testing.assert_allclose(y.numpy(), loop(BAGS, mode, 4 if padding == -1 else padding), rtol=1e-12)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_bags_of_one_length(mode: str) -> None:
    bags = [[4, 1, 1], [0, 3, 2]]
    y = F.embedding_bag(fnnet.tensor(bags), fnnet.tensor(TABLE), mode=mode)
    np.testing.assert_allclose(y.numpy(), loop(bags, mode), rtol=1e-12)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_the_last_offset_is_where_the_last_bag_ends(mode: str) -> None:
    y = F.embedding_bag(
        fnnet.tensor(FLAT), fnnet.tensor(TABLE), fnnet.tensor([0, 3, 5]), mode=mode, include_last_offset=True
    )
    np.testing.assert_allclose(y.numpy(), loop([[4, 1, 1], [0, 3]], mode), rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "gradient"),
    [  # bags [2, 0, 2] and [0], with output gradients 6 and 12
        ({"mode": "sum"}, [18, 0, 12]),
        ({"mode": "mean"}, [14, 0, 4]),
        ({"mode": "mean", "padding_idx": 0}, [0, 0, 6]),
        ({"mode": "sum", "scale_grad_by_freq": True}, [9, 0, 6]),
    ],
)
def test_the_gradient_of_the_table(options: dict[str, Any], gradient: list[float]) -> None:
    weight = fnnet.ones(3, 1, requires_grad=True)
    y = F.embedding_bag(fnnet.tensor([2, 0, 2, 0]), weight, fnnet.tensor([0, 3]), **options)
    y.backward(fnnet.tensor([[6.0], [12.0]]))
    assert weight.grad is not None
    assert weight.grad.flatten().tolist() == gradient


def test_the_gradient_of_a_maximum_goes_to_the_first_of_equals() -> None:
    weight = fnnet.tensor([[1.0, 5.0], [3.0, 5.0], [3.0, 2.0]], requires_grad=True)
    y = F.embedding_bag(fnnet.tensor([[0, 1, 2]]), weight, mode="max")
    assert y.tolist() == [[3.0, 5.0]]
    y.backward(fnnet.tensor([[1.0, 10.0]]))
    assert weight.grad is not None
    assert weight.grad.tolist() == [[0.0, 10.0], [1.0, 0.0], [0.0, 0.0]]


def test_weights_of_samples() -> None:
    weight, scale = fnnet.tensor(TABLE, requires_grad=True), fnnet.tensor([2.0, -1.0, 0.5]).double().requires_grad_()
    y = F.embedding_bag(
        fnnet.tensor([3, 1, 0]), weight, fnnet.tensor([0, 2]), mode="sum", per_sample_weights=scale, padding_idx=1
    )
    np.testing.assert_allclose(y.detach().numpy(), [2 * TABLE[3], 0.5 * TABLE[0]], rtol=1e-12)
    y.sum().backward()
    assert scale.grad is not None
    assert weight.grad is not None
    np.testing.assert_allclose(scale.grad.numpy(), [TABLE[3].sum(), 0, TABLE[0].sum()], rtol=1e-12)
    assert weight.grad[:, 0].tolist() == [0.5, 0.0, 0.0, 2.0, 0.0]


def test_long_rows_are_scaled_in_memory() -> None:
    weight = fnnet.tensor([[3.0, 4.0], [30.0, 40.0]])
    F.embedding_bag(fnnet.tensor([[0, 0]]), weight, max_norm=1.0)
    np.testing.assert_allclose(weight.numpy(), [[0.6, 0.8], [30.0, 40.0]], rtol=1e-6)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize(("n", "offsets"), [(0, []), (0, [0, 0]), (3, [])])
def test_empty_inputs(mode: str, n: int, offsets: list[int]) -> None:
    weight = fnnet.tensor(TABLE, requires_grad=True)
    index, begins = fnnet.zeros(n, dtype=fnnet.int64), fnnet.tensor(offsets, dtype=fnnet.int64)
    y = F.embedding_bag(index, weight, begins, mode=mode)
    assert y.tolist() == [[0.0] * 3] * len(offsets)
    y.sum().backward()
    assert weight.grad is not None
    assert not weight.grad.any()


def test_the_older_order_of_arguments_warns() -> None:
    index, weight = fnnet.tensor([[0, 1]]), fnnet.tensor(TABLE)
    with pytest.warns(UserWarning, match="Argument order of nn.functional.embedding_bag was changed"):
        y = F.embedding_bag(weight, index)
    assert fnnet.equal(y, F.embedding_bag(index, weight))

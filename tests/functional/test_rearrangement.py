"""Rearranged copies and joined tensors, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import fnnet


def counting(*shape: int) -> fnnet.Tensor:
    return fnnet.arange(int(np.prod(shape))).reshape(shape).float()


@pytest.mark.parametrize(
    ("ours", "numpys"),
    [
        (lambda x: x.flip(0, 1), lambda a: a[::-1, ::-1]),
        (lambda x: x.fliplr(), np.fliplr),
        (lambda x: x.flipud(), np.flipud),
        (lambda x: x.roll(2), lambda a: np.roll(a, 2)),
        (lambda x: x.roll((1, -2), (0, 1)), lambda a: np.roll(a, (1, -2), (0, 1))),
        (lambda x: x.rot90(), np.rot90),
        (lambda x: x.rot90(2), lambda a: np.rot90(a, 2)),
        (lambda x: x.rot90(-1, (1, 0)), lambda a: np.rot90(a, -1, (1, 0))),
        (lambda x: x.repeat(2, 1, 3), lambda a: np.tile(a, (2, 1, 3))),
        (lambda x: x.tile(2), lambda a: np.tile(a, 2)),
        (lambda x: x.repeat_interleave(2, 1), lambda a: np.repeat(a, 2, 1)),
        (lambda x: x.repeat_interleave(fnnet.tensor([2, 0, 1]), 0), lambda a: np.repeat(a, [2, 0, 1], 0)),
        (lambda x: x.tril(-1), lambda a: np.tril(a, -1)),
        (lambda x: x.triu(1), lambda a: np.triu(a, 1)),
        (lambda x: x.diag(1), lambda a: np.diag(a, 1)),
        (lambda x: x[0].diag(-1), lambda a: np.diag(a[0], -1)),
        (lambda x: x.diagflat(1), lambda a: np.diagflat(a, 1)),
        (lambda x: x[:, :3].trace(), lambda a: np.trace(a[:, :3])),
        (lambda x: fnnet.cat([x, x[:1]]), lambda a: np.concatenate([a, a[:1]])),
        (lambda x: fnnet.stack([x, x], -1), lambda a: np.stack([a, a], -1)),
        (lambda x: fnnet.hstack([x, x]), lambda a: np.hstack([a, a])),
        (lambda x: fnnet.vstack([x, x[0]]), lambda a: np.vstack([a, a[0]])),
        (lambda x: fnnet.dstack([x, x]), lambda a: np.dstack([a, a])),
        (lambda x: fnnet.column_stack([x[:, 0], x]), lambda a: np.column_stack([a[:, 0], a])),
        (lambda x: fnnet.meshgrid(x[0], x[:, 0], indexing="xy")[1], lambda a: np.meshgrid(a[0], a[:, 0])[1]),
        (
            lambda x: fnnet.meshgrid(x[0], x[:, 0], indexing="ij")[0],
            lambda a: np.meshgrid(a[0], a[:, 0], indexing="ij")[0],
        ),
        (lambda x: fnnet.tril_indices(3, 4, 1), lambda a: np.stack(np.tril_indices(3, 1, 4))),
        (lambda x: fnnet.triu_indices(4, 3, -1), lambda a: np.stack(np.triu_indices(4, -1, 3))),
    ],
)
def test_as_numpy_does(ours, numpys):
    x = counting(3, 4)
    r = ours(x)
    np.testing.assert_array_equal(r.numpy(), numpys(x.numpy()))


def test_copies_do_not_share_memory():
    x = counting(2, 2)
    for r in (
        x.repeat(1, 1),
        x.flip(()),
        x.rot90(0),
        x.roll(0, 0),
        x.diag(),
        x.repeat_interleave(1, 0),
        fnnet.cat([x]),
    ):
        assert not np.shares_memory(r.numpy(), x.numpy())


def test_replaced_parts_and_their_gradients():
    x, src = fnnet.zeros(3, 3, requires_grad=True), fnnet.ones(3, requires_grad=True)
    w = counting(3, 3)
    (fnnet.diagonal_scatter(x, src) * w).sum().backward()
    assert src.grad.tolist() == [0, 4, 8]
    assert x.grad.tolist() == [[0, 1, 2], [3, 0, 5], [6, 7, 0]]
    assert fnnet.select_scatter(x, src, 1, -1)[:, 2].tolist() == [1, 1, 1]
    assert x.slice_scatter(fnnet.ones(2, 3), start=0, end=3, step=2)[::2].sum().item() == 6
    with pytest.raises(RuntimeError, match="src to have a size equal to the slice"):
        fnnet.select_scatter(x, fnnet.ones(2), 0, 0)


def test_slice_scatter_is_a_function_too():
    r = fnnet.slice_scatter(fnnet.zeros(4), fnnet.ones(2), start=1, end=3)
    assert r.tolist() == [0, 1, 1, 0]  # PyTorch 2.13
    with pytest.raises(IndexError, match=r"slice\(\) cannot be applied to a 0-dim tensor"):
        fnnet.slice_scatter(fnnet.tensor(1.0), fnnet.tensor(1.0))


@pytest.mark.parametrize("make", [fnnet.tril_indices, fnnet.triu_indices])
def test_places_are_whole_numbers_without_gradient(make):
    assert make(2, 2, dtype=fnnet.int32).dtype is fnnet.int32
    with pytest.raises(NotImplementedError, match="_indices\" not implemented for 'Float'"):
        make(2, 2, dtype=fnnet.float32)
    with pytest.raises(RuntimeError, match="can require gradients"):
        make(2, 2, requires_grad=True)


def test_repeats_are_int64_or_int32():
    with pytest.raises(NotImplementedError, match="repeats has to be Long or Int tensor"):
        fnnet.repeat_interleave(fnnet.tensor([1, 2]), fnnet.tensor([1, 2], dtype=fnnet.int8))


def test_fill_diagonal():
    x = fnnet.zeros(5, 2).fill_diagonal_(1, wrap=True)
    assert x.tolist() == [[1, 0], [0, 1], [0, 0], [1, 0], [0, 1]]  # PyTorch 2.13
    cube = fnnet.zeros(2, 2, 2).fill_diagonal_(1)
    assert cube.nonzero().tolist() == [[0, 0, 0], [1, 1, 1]]


def test_cat_promotes_and_leaves_empty_vectors_out():
    r = fnnet.cat([fnnet.tensor([1]), fnnet.tensor([2.5])])
    assert r.dtype is fnnet.float32
    assert fnnet.cat([fnnet.zeros(0), counting(2, 2)]).shape == (2, 2)
    assert fnnet.block_diag(counting(1, 2), fnnet.tensor(5.0)).tolist() == [[0, 1, 0], [0, 0, 5]]
    assert fnnet.combinations(fnnet.tensor([1, 2]), with_replacement=True).tolist() == [[1, 1], [1, 2], [2, 2]]


@pytest.mark.parametrize(
    ("compute", "error", "phrase"),
    [
        (lambda: fnnet.cat([]), ValueError, "expected a non-empty list of Tensors"),
        (
            lambda: fnnet.cat([counting(2, 2), counting(2)]),
            RuntimeError,
            "must have same number of dimensions: got 2 and 1",
        ),
        (
            lambda: fnnet.cat([counting(2, 2), counting(2, 3)]),
            RuntimeError,
            "Expected size 2 but got size 3 for tensor number 1",
        ),
        (
            lambda: fnnet.cat([fnnet.tensor(1), fnnet.tensor(2)]),
            RuntimeError,
            "zero-dimensional tensor .* cannot be concatenated",
        ),
        (lambda: fnnet.cat(counting(2)), TypeError, "must be tuple of Tensors"),
        (
            lambda: fnnet.stack([counting(2), counting(3)]),
            RuntimeError,
            r"equal size, but got \[2\] at entry 0 and \[3\]",
        ),
        (lambda: counting(2).repeat(()), RuntimeError, "can not be smaller than number of dimensions"),
        (lambda: counting(2).flip(0, 0), RuntimeError, "appears multiple times"),
        (lambda: counting(2, 2).roll((1, 2), 0), RuntimeError, "shifts and dimensions must align"),
        (lambda: counting(2, 2).rot90(1, (0, 0)), RuntimeError, "rotation dims to be different"),
        (lambda: counting(2).tril(), RuntimeError, "at least 2 dimensions"),
        (
            lambda: counting(2).repeat_interleave(fnnet.tensor([1, 2, 3]), 0),
            RuntimeError,
            "same size as input along dim",
        ),
    ],
)
def test_errors(compute, error, phrase):
    with pytest.raises(error, match=phrase):
        compute()


@pytest.mark.parametrize("dtype", [fnnet.bool, fnnet.uint8, fnnet.int64, fnnet.float16, fnnet.bfloat16])
def test_every_dtype_is_moved_unchanged(dtype):
    x = fnnet.tensor([[1, 0], [1, 1]]).to(dtype)
    for r in (x.flip(0), x.roll(1), x.tril(), x.repeat(2, 1), fnnet.cat([x, x]), x.diag(), x.t().contiguous()):
        assert r.dtype is dtype
    assert x.triu().tolist() == [[1, 0], [0, 1]]

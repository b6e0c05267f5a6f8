"""`x[...]`, `x[...] = v`, gather, scatter, masks. Messages and values without a derivation are PyTorch 2.13's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import fnnet

SHAPES = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)


def counting(*shape: int) -> fnnet.Tensor:
    return fnnet.arange(int(np.prod(shape))).reshape(shape).float()


def has_negative_step(index):
    return any(
        isinstance(i, slice) and i.step is not None and i.step < 0
        for i in (index if isinstance(index, tuple) else (index,))
    )


# basic -------------------------------------------------------------------------------------------------------------
@given(
    SHAPES.flatmap(
        lambda s: st.tuples(
            st.just(s), hnp.basic_indices(s, allow_newaxis=True).filter(lambda i: not has_negative_step(i))
        )
    )
)
def test_basic_reads_are_numpys_views(case):
    shape, index = case
    x = counting(*shape)
    expected = x.numpy()[index]
    r = x[index]
    np.testing.assert_array_equal(r.numpy(), expected)
    assert r.numel() == 0 or np.shares_memory(r.numpy(), x.numpy())


@given(SHAPES.flatmap(lambda s: st.tuples(st.just(s), hnp.basic_indices(s).filter(lambda i: not has_negative_step(i)))))
def test_basic_writes_are_numpys(case):
    shape, index = case
    x = counting(*shape)
    expected = x.numpy().copy()
    expected[index] = -1
    x[index] = -1
    np.testing.assert_array_equal(x.numpy(), expected)


@given(
    SHAPES.flatmap(
        lambda s: st.tuples(
            st.just(s), hnp.integer_array_indices(s, result_shape=hnp.array_shapes(max_dims=2, max_side=3))
        )
    )
)
def test_index_arrays_read_and_write_as_numpys(case):
    shape, index = case
    x = counting(*shape)
    at = tuple(fnnet.tensor(i.astype(np.int64)) for i in index)
    np.testing.assert_array_equal(x[at].numpy(), x.numpy()[index])
    expected = x.numpy().copy()
    expected[index] = -1
    x[at] = -1
    np.testing.assert_array_equal(x.numpy(), expected)


@given(SHAPES.flatmap(lambda s: st.tuples(st.just(s), hnp.arrays(np.bool_, s))))
def test_masks_read_and_write_as_numpys(case):
    shape, mask = case
    x = counting(*shape)
    m = fnnet.tensor(mask)
    np.testing.assert_array_equal(x[m].numpy(), x.numpy()[mask])
    assert x.masked_select(m).tolist() == x.numpy()[mask].tolist()
    np.testing.assert_array_equal(m.nonzero().numpy(), np.argwhere(mask))
    expected = np.where(mask, -1, x.numpy())
    np.testing.assert_array_equal(x.masked_fill(m, -1).numpy(), expected)
    x[m] = -1
    np.testing.assert_array_equal(x.numpy(), expected)


# where PyTorch and NumPy part: an int beside index arrays is a view first, so it does not move the indexed dims
def test_ints_beside_index_tensors_are_views_first():
    x = counting(2, 3, 4)
    i = fnnet.tensor([0, 2])
    assert x[0, :, i].shape == (3, 2)
    assert x[i[:1], :, i].shape == (2, 3)
    assert x[:, i[:1], i].shape == (2, 2)
    assert x[None, True, :, i].shape == (2, 1, 2, 4)
    assert x[fnnet.tensor(1)].shape == (3, 4)
    assert np.shares_memory(x[fnnet.tensor(1)].numpy(), x.numpy())
    assert x[True].shape == (1, 2, 3, 4)
    assert x[False].shape == (0, 2, 3, 4)
    assert x[[]].shape == (0, 3, 4)
    assert x[..., ...].shape == (2, 3, 4)


def test_contiguous_in_contiguous_out():
    x = counting(3, 4, 5)
    i = fnnet.tensor([0, 1])
    for r in (x[i], x[:, i], x[:, :, i], x[:, i, i], x[i, :, i], x.gather(1, fnnet.zeros(3, 2, 5).long())):
        assert r.is_contiguous()


# writes and history ------------------------------------------------------------------------------------------------
def test_augmented_assignment_writes_once_and_keeps_history():
    leaf = fnnet.ones(3, requires_grad=True)
    x = leaf * 2
    version = x._version
    x[0] += 1
    assert x._version == version + 1
    x[fnnet.tensor([1])] *= 5
    x.sum().backward()
    assert x.tolist() == [3, 10, 2]
    assert leaf.grad.tolist() == [2, 10, 2]


def test_gradients_go_to_both_sides_of_an_assignment():
    leaf, v = fnnet.zeros(2, 3, requires_grad=True), fnnet.tensor([1.0, 2.0], requires_grad=True)
    x = leaf * 1
    x[:, fnnet.tensor([0, 2])] = v
    (x * counting(2, 3)).sum().backward()
    assert x.tolist() == [[1, 0, 2], [1, 0, 2]]
    assert leaf.grad.tolist() == [[0, 1, 0], [0, 4, 0]]
    assert v.grad.tolist() == [3, 7]


def test_repeated_indices_add_their_gradients():
    x = counting(3).requires_grad_()
    x[fnnet.tensor([0, 0, -1])].sum().backward()
    assert x.grad.tolist() == [2, 0, 1]


def test_writes_through_a_transposed_tensor_reach_its_memory():
    x = fnnet.zeros(2, 3)
    x.t()[fnnet.tensor([0, 2]), fnnet.tensor([1, 0])] = fnnet.tensor([1.0, 2.0])
    x.t()[:, fnnet.tensor([1])] += 10
    assert x.tolist() == [[0, 0, 2], [11, 10, 10]]


def test_values_are_cast_where_pytorch_casts_them():
    x = fnnet.zeros(2, dtype=fnnet.int64)
    x[0] = fnnet.tensor(2.9)
    x[fnnet.tensor([1])] = 3.9
    assert x.tolist() == [2, 3]
    y = fnnet.zeros(2, 4)
    y[0] = fnnet.ones(1, 1, 4)
    assert y[0].tolist() == [1, 1, 1, 1]
    with pytest.raises(RuntimeError, match="Index put requires the source and destination dtypes match"):
        y[fnnet.tensor([0])] = fnnet.zeros(4, dtype=fnnet.float64)


def test_overlapping_memory_is_refused():
    x = counting(4)
    with pytest.raises(RuntimeError, match="refer to a single memory location"):
        x[1:] = x[:-1]
    assert x.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("write", "error", "phrase"),
    [
        (lambda x: x[5], IndexError, "index 5 is out of bounds for dimension 0 with size 3"),
        (lambda x: x[0, 0, 0], IndexError, "too many indices for tensor of dimension 2"),
        (lambda x: x.sum()[0], IndexError, "invalid index of a 0-dim tensor"),
        (lambda x: x[1.0], IndexError, "only integers, slices"),
        (lambda x: x["a"], TypeError, "only integers, slices"),
        (lambda x: x[::-1], ValueError, "step must be greater than zero"),
        (lambda x: x[fnnet.tensor([7])], IndexError, "index 7 is out of bounds for dimension 0 with size 3"),
        (lambda x: x[fnnet.tensor([0.5])], IndexError, "must be long, int, byte or bool tensors"),
        (lambda x: x[fnnet.tensor([True])], IndexError, r"shape of the mask \[1\] at index 0 does not match"),
        (
            lambda x: x[fnnet.tensor([0, 1]), fnnet.tensor([0, 1, 2])],
            IndexError,
            r"could not be broadcast together with shapes \[2\], \[3\]",
        ),
        (lambda x: x.__setitem__(fnnet.tensor([0, 9]), 1), IndexError, "index 9 is out of bounds"),
        (
            lambda x: x.__setitem__(fnnet.tensor([0, 1]), fnnet.zeros(7)),
            RuntimeError,
            r"\[7\] cannot be broadcast to indexing result of shape \[2, 4\]",
        ),
        (lambda x: x.__setitem__(0, fnnet.zeros(7)), RuntimeError, "must match the existing size"),
        (lambda x: x.__setitem__(0, [1.0]), TypeError, "can't assign a list"),
        (lambda x: x.index_select(0, fnnet.tensor([9])), IndexError, "index out of range in self"),
        (lambda x: x.index_select(0, fnnet.tensor([-1])), IndexError, "index out of range in self"),
        (lambda x: x.gather(1, fnnet.tensor([0])), RuntimeError, "same number of dimensions as input"),
        (
            lambda x: x.gather(1, fnnet.tensor([[9]])),
            RuntimeError,
            "index 9 is out of bounds for dimension 1 with size 4",
        ),
        (lambda x: x.scatter_(0, fnnet.tensor([[-1]]), 1.0), RuntimeError, "index -1 is out of bounds"),
        (
            lambda x: x.index_add_(0, fnnet.tensor([0, 1]), x),
            RuntimeError,
            r"Number of indices \(2\) should be equal to source.size\(dim\)",
        ),
        (lambda x: x.index_fill_(0, fnnet.tensor([9]), 1.0), IndexError, "index 9 is out of bounds"),
        (lambda x: x.masked_fill_(fnnet.tensor([1]), 1.0), RuntimeError, "only supports boolean masks"),
        (
            lambda x: x.masked_scatter_(x == x, fnnet.zeros(2)),
            RuntimeError,
            "Number of elements of source < number of ones in mask",
        ),
        (lambda x: x.take(fnnet.tensor([12])), IndexError, "tried to access index 12 on a tensor of 12 elements"),
        (lambda x: x.put_(fnnet.tensor([12]), fnnet.zeros(1)), IndexError, "out of range"),
    ],
)
def test_bad_input_raises_and_changes_nothing(write, error, phrase):
    x = counting(3, 4)
    before = x.clone()
    with pytest.raises(error, match=phrase):
        write(x)
    np.testing.assert_array_equal(x.numpy(), before.numpy())


# by name -----------------------------------------------------------------------------------------------------------
def test_gather_and_scatter_are_adjoint():
    x = counting(2, 3).requires_grad_()
    index = fnnet.tensor([[0, 0], [2, 1]])
    (x.gather(1, index) * fnnet.tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    assert x.grad.tolist() == [[3, 0, 0], [0, 4, 3]]
    added = fnnet.zeros(2, 3).scatter_add(1, index, fnnet.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert added.tolist() == x.grad.tolist()


@pytest.mark.parametrize(
    ("reduce", "include", "expected"),
    [
        ("sum", True, [1, 6]),
        ("sum", False, [1, 5]),
        ("prod", True, [1, 6]),
        ("mean", True, [1, 2]),
        ("mean", False, [1, 2.5]),
        ("amax", True, [1, 3]),
        ("amin", False, [1, 2]),
        ("amin", True, [1, 1]),
    ],
)
def test_scatter_reduce(reduce, include, expected):
    index, src = fnnet.tensor([1, 1]), fnnet.tensor([2.0, 3.0])
    assert fnnet.ones(2).scatter_reduce(0, index, src, reduce, include_self=include).tolist() == expected


@pytest.mark.parametrize("include", [True, False])
@pytest.mark.parametrize("reduce", ["amax", "amin"])
def test_equal_extremes_share_the_gradient_equally(reduce, include):
    x = fnnet.tensor([1.0, 4.0], requires_grad=True)
    other = 3.0 if reduce == "amax" else 5.0
    src = fnnet.tensor([other, 4.0, 4.0, 4.0], requires_grad=True)
    x.scatter_reduce(0, fnnet.tensor([1, 1, 1, 1]), src, reduce, include_self=include).sum().backward()
    share = 1 / (3 + include)  # in PyTorch 2.13 too
    np.testing.assert_allclose(src.grad.numpy(), [0.0, share, share, share], rtol=1e-7)
    np.testing.assert_allclose(x.grad.numpy(), [1.0, share * include], rtol=1e-7)


def test_scatter_reduce_joins_many_values_at_one_place():
    values = np.random.default_rng(0).uniform(0.5, 1.5, 37)
    places = np.arange(37) % 4
    r = fnnet.ones(4, dtype=fnnet.float64).scatter_reduce(0, fnnet.tensor(places), fnnet.tensor(values), "prod")
    np.testing.assert_allclose(r.numpy(), [values[places == p].prod() for p in range(4)], rtol=1e-13)


def test_whole_slices():
    x, i = fnnet.zeros(3, 2), fnnet.tensor([2, 0])
    src = fnnet.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert x.index_copy(0, i, src).tolist() == [[3, 4], [0, 0], [1, 2]]
    assert fnnet.index_copy(x, 0, i, src).tolist() == [[3, 4], [0, 0], [1, 2]]
    assert x.index_add(0, i, src, alpha=2).tolist() == [[6, 8], [0, 0], [2, 4]]
    assert x.index_fill(1, fnnet.tensor([-1]), 7).tolist() == [[0, 7]] * 3
    assert x.index_put((i, i // 2), fnnet.tensor([1.0, 2.0])).tolist() == [[2, 0], [0, 0], [0, 1]]
    assert x.sum().item() == 0


def test_a_number_is_selected_once():
    x = fnnet.tensor(5.0)
    assert fnnet.index_select(x, 0, fnnet.tensor([0])).tolist() == 5.0
    for index in ([0, 0], []):
        with pytest.raises(RuntimeError, match=f"can have only 1 value, got {len(index)} value"):
            fnnet.index_select(x, 0, fnnet.tensor(index, dtype=fnnet.int64))


def test_a_scattered_0d_tensor_has_a_gradient():
    value = fnnet.tensor(3.0, requires_grad=True)
    y = fnnet.scatter(fnnet.zeros(3), 0, fnnet.tensor([2]), value)
    assert y.tolist() == [0.0, 0.0, 3.0]
    y.sum().backward()
    assert value.grad.tolist() == 1.0


def test_take_along_dim_undoes_argsort():
    x = fnnet.tensor([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]])
    assert fnnet.take_along_dim(x, x.argsort(1), 1).tolist() == [[1, 2, 3], [0, 4, 5]]
    assert fnnet.take_along_dim(x, fnnet.tensor([[-1]]), 1).tolist() == [[2], [4]]


def test_filling_once_where_an_index_repeats():
    v = fnnet.tensor(2.0, requires_grad=True)
    fnnet.zeros(3, 2).index_fill(0, fnnet.tensor([1, 1]), v).sum().backward()
    assert v.grad.item() == 2


def test_whole_numbers_are_filled_with_whole_numbers():
    at, value = fnnet.tensor([1]), fnnet.tensor(2.7)
    assert fnnet.index_fill(fnnet.tensor([5, 6]), 0, at, value).tolist() == [5, 2]
    assert fnnet.tensor([5, 6]).index_fill_(0, at, value).tolist() == [5, 2]


@pytest.mark.parametrize("dtype", [fnnet.bool, fnnet.int8, fnnet.float16, fnnet.bfloat16, fnnet.complex64])
def test_every_dtype_is_read_and_written(dtype):
    x = fnnet.tensor([[1, 0], [0, 1]]).to(dtype)
    i = fnnet.tensor([1, 0])
    assert x[i].tolist() == [[0, 1], [1, 0]]
    assert x.gather(1, i[None]).tolist() == [[0, 1]]
    x[x.to(fnnet.bool)] = 0
    assert not x.to(fnnet.bool).any()


def test_a_number_is_written_as_a_tensor_would_be():
    x = fnnet.zeros(2, 3)
    x[0, 1:] = 2
    x[1] = 0.5
    assert x.tolist() == [[0.0, 2.0, 2.0], [0.5, 0.5, 0.5]]
    whole = fnnet.zeros(2, dtype=fnnet.int64)
    whole[0] = 1.75  # PyTorch 2.13: cast as by `.to`
    assert whole.tolist() == [1, 0]
    expanded = fnnet.zeros(1).expand(3)
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor refers to a single memory"):
        expanded[:] = 1
    leaf = fnnet.zeros(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad is being used in an in-place"):
        leaf[0] = 1
    y = leaf * 3
    y[0] = 1
    y.sum().backward()
    assert leaf.grad.tolist() == [0.0, 3.0]
    saved = fnnet.ones(2)
    z = leaf * saved
    saved[0] = 5
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()

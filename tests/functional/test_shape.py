"""Views, their order of dims, their parts. Messages and values without a derivation are PyTorch 2.13's."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import fnnet


def counting(*shape: int) -> fnnet.Tensor:
    return fnnet.arange(int(np.prod(shape))).reshape(shape).float()


# sharing -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "see",
    [
        lambda x: x.view(12),
        lambda x: x.reshape(2, 6),
        lambda x: x.t(),
        lambda x: x.permute(1, 0),
        lambda x: x[1:],
        lambda x: x[None],
        lambda x: x.unsqueeze(0),
        lambda x: x.narrow(1, 0, 2),
        lambda x: x.select(0, 0),
        lambda x: x.diagonal(),
        lambda x: x.unfold(1, 2, 2),
        lambda x: x.flatten(),
        lambda x: x.chunk(2)[0],
        lambda x: x.unbind()[0],
        lambda x: x.expand(2, 3, 4),
        lambda x: x.movedim(0, 1),
        lambda x: x.squeeze(),
    ],
)
def test_views_see_and_write_the_same_memory(see):
    x = counting(3, 4)
    v = see(x)
    x.add_(100)
    np.testing.assert_array_equal(v.numpy(), see(x).numpy())
    assert np.shares_memory(v.numpy(), x.numpy())


def test_a_diagonal_can_be_written():
    x = fnnet.zeros(2, 3)
    x.diagonal().fill_(1)
    assert x.tolist() == [[1, 0, 0], [0, 1, 0]]


def test_reshape_copies_where_no_view_can_be_had():
    x = counting(2, 3)
    r = x.t().reshape(-1)
    r.zero_()
    assert x.sum().item() == 15


def test_view_refuses_what_would_copy():
    x = counting(2, 3).t()
    with pytest.raises(RuntimeError, match="at least one dimension spans across two contiguous subspaces"):
        x.view(6)
    assert x[::2].t().view(2, 1, 2).shape == (2, 1, 2)


@given(
    hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4).flatmap(
        lambda shape: st.tuples(st.just(shape), st.permutations(range(len(shape))), st.permutations(shape))
    )
)
def test_view_agrees_with_reshape_that_does_not_copy(case):
    shape, order, new = case
    a = np.zeros(shape).transpose(order)
    possible = np.shares_memory(a.reshape(new), a)
    x = fnnet.zeros(*shape).permute(*order)
    if possible:
        assert x.view(*new).shape == tuple(new)
    else:
        with pytest.raises(RuntimeError, match="view size is not compatible"):
            x.view(*new)


def test_expanded_memory_is_not_written():
    x = fnnet.zeros(3, 1)
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor refers to a single memory"):
        x.expand(3, 4).add_(1)
    assert x.sum().item() == 0


@pytest.mark.parametrize("parts", [lambda x: x.unbind(), lambda x: x.split(1), lambda x: x.chunk(2)])
def test_recorded_writes_through_one_of_several_views_are_refused(parts):
    base = fnnet.ones(2, 2, requires_grad=True) * 1
    with pytest.raises(RuntimeError, match="output of a function that returns multiple views"):
        parts(base)[0].mul_(2)
    assert base.tolist() == [[1, 1], [1, 1]]
    free = fnnet.ones(2, 2)
    parts(free)[0].mul_(2)
    assert free[0].tolist() == [2, 2]


def test_gradients_of_pieces_come_together():
    x = counting(5).requires_grad_()
    a, _, c = x.split([1, 2, 2])
    (a * 3 + c.sum()).sum().backward()
    assert x.grad.tolist() == [3, 0, 0, 1, 1]
    assert type(x.unbind()[0].grad_fn).__name__ == "Node"


def test_a_view_follows_its_base_after_a_recorded_write():
    base = fnnet.ones(3, requires_grad=True) * 2
    part = base[1:]
    base.mul_(5)
    part.sum().backward()
    assert part.tolist() == [10, 10]


def test_overlapping_windows_add_their_gradients():
    x = counting(5).requires_grad_()
    x.unfold(0, 3, 1).sum().backward()
    assert x.grad.tolist() == [1, 2, 3, 2, 1]


# layout ------------------------------------------------------------------------------------------------------------
def test_contiguous_returns_itself_or_a_dense_copy():
    x = counting(2, 3)
    assert x.contiguous() is x
    c = x.t().contiguous()
    assert c.is_contiguous()
    assert c.stride() == (2, 1)
    assert not x[:, ::2].is_contiguous()


# Strides printed by PyTorch 2.13. NumPy gives 0 to the dim that None inserts, and to one of size 1 that it broadcasts.
STRIDES = {
    "unsqueeze(0)": (lambda: counting(2, 3).unsqueeze(0), (6, 3, 1)),
    "unsqueeze(1)": (lambda: counting(2, 3).unsqueeze(1), (3, 3, 1)),
    "unsqueeze(2)": (lambda: counting(2, 3).unsqueeze(2), (3, 1, 1)),
    "None first": (lambda: counting(2, 3)[None], (6, 3, 1)),
    "None in the middle": (lambda: counting(2, 3)[:, None], (3, 3, 1)),
    "None last": (lambda: counting(2, 3)[..., None], (3, 1, 1)),
    "None twice": (lambda: counting(2, 3)[None, None], (6, 6, 3, 1)),
    "None around": (lambda: counting(2, 3)[None, :, None], (6, 3, 3, 1)),
    "None of a 0-d tensor": (lambda: counting()[None, None], (1, 1)),
    "None after an int": (lambda: counting(2, 3)[0, None], (3, 1)),
    "None after a slice": (lambda: counting(2, 3)[:, 1:, None], (3, 1, 1)),
    "transposed, then unsqueeze(0)": (lambda: counting(2, 3).t().unsqueeze(0), (3, 1, 3)),
    "transposed, then unsqueeze(1)": (lambda: counting(2, 3).t().unsqueeze(1), (1, 6, 3)),
    "transposed, then None last": (lambda: counting(2, 3).t()[..., None], (1, 3, 1)),
    "unsqueeze, then transposed": (lambda: counting(2, 3).unsqueeze(0).transpose(0, 2), (1, 3, 6)),
    "new dim of size 1 by expand": (lambda: counting(3).expand(1, 1, 3), (3, 3, 1)),
    "size 1 kept by expand": (lambda: counting(3, 1).expand(2, 3, 1), (0, 1, 1)),
    "expanded": (lambda: counting(1, 3).expand(2, 3), (0, 1)),
    "narrowed to size 1": (lambda: counting(4, 3)[0:1], (3, 1)),
    "size 1 at the end": (lambda: counting(4, 3)[:, 1:2], (3, 1)),
    "no elements": (lambda: counting(2, 0, 3), (3, 3, 1)),
    "no elements, None": (lambda: counting(0, 3)[:, None], (3, 3, 1)),
}


@pytest.mark.parametrize("case", STRIDES)
def test_a_dim_of_size_1_has_the_stride_of_a_dense_one(case):
    make, strides = STRIDES[case]
    x = make()
    assert x.stride() == strides
    assert [x.stride(d) for d in range(-x.ndim, 0)] == list(strides)


def test_is_contiguous_in_a_memory_format():
    x = counting(2, 3, 4, 5)
    last = x.contiguous(memory_format=fnnet.channels_last)
    assert (x.is_contiguous(), x.is_contiguous(memory_format=fnnet.channels_last)) == (True, False)
    assert (last.is_contiguous(), last.is_contiguous(memory_format=fnnet.channels_last)) == (False, True)
    assert not counting(2, 3).is_contiguous(memory_format=fnnet.channels_last)
    assert counting(2, 1, 4, 5).is_contiguous(memory_format=fnnet.channels_last)
    assert counting(0, 3).t().is_contiguous()


def test_transposes_warn_and_refuse_by_rank():
    with pytest.warns(UserWarning, match="The use of `x.T` on tensors of dimension other than 2"):
        assert counting(2, 3, 4).T.shape == (4, 3, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert counting(2, 3).T.shape == (3, 2)
    assert counting(2, 3, 4).mT.shape == (2, 4, 3)
    with pytest.raises(RuntimeError, match="only supported on matrices"):
        _ = counting(2).mT


def test_in_place_changes_of_shape():
    x = counting(1, 2, 3)
    same = x
    x.squeeze_().t_().unsqueeze_(0).transpose_(0, 2)
    assert same.shape == (2, 3, 1)
    y = (fnnet.ones(2, 3, requires_grad=True) * 2).t_()
    assert y.shape == (3, 2)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        fnnet.ones(2, 3, requires_grad=True).t_()


# sizes and dims ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("compute", "shape"),
    [
        (lambda: fnnet.movedim(counting(2, 3, 4), (0, 1), (2, 0)), (3, 4, 2)),
        (lambda: counting(2, 6).unflatten(1, (-1, 2)), (2, 3, 2)),
        (lambda: counting(2, 3, 4).flatten(0, 1), (6, 4)),
        (lambda: fnnet.flatten(fnnet.tensor(1)), (1,)),
        (lambda: fnnet.zeros(0, 3).reshape(3, 0, 2), (3, 0, 2)),
        (lambda: fnnet.zeros(1, 2, 1).squeeze((0, 1)), (2, 1)),
        (lambda: fnnet.zeros(2).expand(3, -1), (3, 2)),
        (lambda: fnnet.atleast_3d(fnnet.zeros(2, 3)), (2, 3, 1)),
        (lambda: fnnet.tensor_split(counting(7), 3)[0], (3,)),
        (lambda: fnnet.zeros(4, 0).chunk(3, 1)[2], (4, 0)),
        (lambda: fnnet.zeros(5, 4).diagonal(-2), (3,)),
        (lambda: fnnet.zeros(2, 3).swapaxes(0, 1), (3, 2)),
    ],
)
def test_shapes(compute, shape):
    assert tuple(compute().shape) == shape


@pytest.mark.parametrize(
    ("compute", "error", "phrase"),
    [
        (lambda x: x.view(7), RuntimeError, r"shape '\[7\]' is invalid for input of size 6"),
        (lambda x: x.view(-1, -1), RuntimeError, "only one dimension can be inferred"),
        (lambda x: x.transpose(0, 5), IndexError, r"expected to be in range of \[-2, 1\], but got 5"),
        (lambda x: x.permute(0), RuntimeError, "number of dimensions in the tensor input does not match"),
        (lambda x: x.permute(0, 0), RuntimeError, "duplicate dims are not allowed"),
        (lambda x: x.expand(4, 3), RuntimeError, "must match the existing size"),
        (lambda x: x.expand(3), RuntimeError, "must be greater or equal to the number of dimensions"),
        (lambda x: x.narrow(0, 1, 2), RuntimeError, "exceeds dimension size"),
        (lambda x: x.split(0), RuntimeError, "split_size can only be 0 if dimension size is 0"),
        (lambda x: x.split([1, 2]), RuntimeError, "split_with_sizes expects split_sizes to sum exactly to 2"),
        (lambda x: x.chunk(0), RuntimeError, "`chunks` to be greater than 0, got: 0"),
        (lambda x: x.unfold(0, 5, 1), RuntimeError, "maximum size for tensor at dimension 0 is 2 but size is 5"),
        (lambda x: x.unflatten(1, (2, 2)), RuntimeError, "don't multiply up to the size of dim 1"),
        (lambda x: x[0, 0].unflatten(0, (1,)), RuntimeError, "tensor has no dimensions"),
        (lambda x: x.flatten(1, 0), RuntimeError, "start_dim cannot come after end_dim"),
        (lambda x: x.select(0, 2), IndexError, "index 2 out of range"),
        (lambda x: x.diagonal(0, 1, 1), RuntimeError, "diagonal dimensions cannot be identical"),
        (lambda x: fnnet.tensor(1).unbind(), IndexError, "tensor has no dimensions"),
        (lambda x: fnnet.t(fnnet.zeros(1, 1, 1)), RuntimeError, "<= 2 dimensions"),
    ],
)
def test_errors(compute, error, phrase):
    with pytest.raises(error, match=phrase):
        compute(counting(2, 3))

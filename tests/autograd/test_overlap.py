"""What is written may not be read elsewhere by the same op. Which cases raise, and the messages, are PyTorch 2.13's."""

from __future__ import annotations

import pytest

import fnnet
from fnnet.backends.overlap import dense_size, partial

PARTLY = (
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory "
    "location. Please clone() the tensor before performing the operation."
)
TWICE = (
    "unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please "
    "clone() the tensor before performing the operation."
)


def square() -> fnnet.Tensor:
    return fnnet.arange(9.0).reshape(3, 3).clone()


REFUSED = {
    "out= one further": (PARTLY, lambda x: fnnet.exp(x[:-1], out=x[1:])),
    "out= of another size": (PARTLY, lambda x: fnnet.exp(x[:3], out=x[1:3])),
    "out= of two operands": (PARTLY, lambda x: fnnet.add(fnnet.ones(5), x[:-1], out=x[1:])),
    "out= of a broadcast operand": (PARTLY, lambda x: fnnet.add(x, x[:1], out=x)),
    "out= of a comparison": (PARTLY, lambda x: fnnet.eq(x[:-1], 1, out=x[1:])),
    "out= of clamp": (PARTLY, lambda x: fnnet.clamp(x[:-1], 0, 1, out=x[1:])),
    "out= of cumsum": (PARTLY, lambda x: fnnet.cumsum(x[:-1], 0, out=x[1:])),
    "out= of cat": (PARTLY, lambda x: fnnet.cat([x[:2], x[3:4]], out=x[:3])),
    "out= of stack": (PARTLY, lambda x: fnnet.stack([x[0], x[1]], out=x[:2])),
    "out= expanded": (TWICE, lambda x: fnnet.exp(x, out=fnnet.ones(1).expand(6))),
    "add_ one further": (PARTLY, lambda x: x[1:].add_(x[:-1])),
    "add_ of an element": (PARTLY, lambda x: x.add_(x[0])),
    "addcmul_": (PARTLY, lambda x: x[1:].addcmul_(x[:-1], fnnet.ones(5))),
    "lerp_": (PARTLY, lambda x: x[1:].lerp_(x[:-1], 0.5)),
    "copy_ one further": (PARTLY, lambda x: x[1:].copy_(x[:-1])),
    "copy_ of an element": (PARTLY, lambda x: x.copy_(x[2])),
    "memory by .data": (PARTLY, lambda x: x.data[1:].add_(x.data[:-1])),
    "setitem one further": (PARTLY, lambda x: x.__setitem__(slice(1, None), x[:-1])),
    "index_add_": (PARTLY, lambda x: x.index_add_(0, fnnet.tensor([1, 2]), x[:2])),
    "index_add_ of itself": (PARTLY, lambda x: x.index_add_(0, fnnet.arange(6), x)),
    "index_copy_": (PARTLY, lambda x: x.index_copy_(0, fnnet.arange(6).flip(0), x)),
    "scatter_": (PARTLY, lambda x: x.scatter_(0, fnnet.tensor([1, 2]), x)),
    "scatter_ reduced": (PARTLY, lambda x: x.scatter_(0, fnnet.tensor([1, 2]), x[:2], reduce="add")),
    "scatter_add_": (PARTLY, lambda x: x.scatter_add_(0, fnnet.tensor([1, 2]), x[:2])),
    "scatter_reduce_": (PARTLY, lambda x: x.scatter_reduce_(0, fnnet.tensor([1, 2]), x[:2], "amax")),
    "index_put_": (PARTLY, lambda x: x.index_put_((fnnet.tensor([1, 2]),), x[4])),
    "index_put_ added": (PARTLY, lambda x: x.index_put_((fnnet.tensor([1, 2]),), x[:2], accumulate=True)),
    "setitem at indices": (PARTLY, lambda x: x.__setitem__(fnnet.arange(6).flip(0), x)),
    "setitem where true": (PARTLY, lambda x: x.__setitem__(x < 2, x[2:4])),
    "put_": (PARTLY, lambda x: x.put_(fnnet.arange(6).flip(0), x)),
    "out= of scatter": (PARTLY, lambda x: fnnet.scatter(fnnet.zeros(2), 0, fnnet.tensor([1, 0]), x[:2], out=x[:2])),
    "out= of scatter_add": (
        PARTLY,
        lambda x: fnnet.scatter_add(x[:3], 0, fnnet.tensor([1, 2]), fnnet.ones(2), out=x[1:4]),
    ),
    "out= of index_add": (
        PARTLY,
        lambda x: fnnet.index_add(x[:3], 0, fnnet.tensor([1, 2]), fnnet.ones(2), out=x[1:4]),
    ),
    "add_ expanded": (TWICE, lambda x: fnnet.ones(1).expand(6).add_(x)),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("mode", [fnnet.enable_grad, fnnet.no_grad, fnnet.inference_mode])
def test_overlapping_memory_is_refused_and_unchanged(case, mode):
    message, write = REFUSED[case]
    with mode():
        x = fnnet.arange(6.0)
        with pytest.raises(RuntimeError) as caught:
            write(x)
    assert message in str(caught.value)
    assert x.tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("write", [lambda x: x.mul_(x.T), lambda x: x.copy_(x.T), lambda x: x.T.copy_(x)])
@pytest.mark.parametrize("mode", [fnnet.enable_grad, fnnet.no_grad])
def test_the_same_memory_in_another_order_is_refused(write, mode):
    x = square()
    with mode(), pytest.raises(RuntimeError, match="some elements of the input tensor"):
        write(x)
    assert x.tolist() == square().tolist()


ALLOWED = {
    "out= itself": (lambda x: fnnet.mul(x, 2, out=x), [0, 2, 4, 6, 8, 10]),
    "out= the same view": (lambda x: fnnet.mul(x[1:], 2, out=x[1:]), [0, 2, 4, 6, 8, 10]),
    "out= disjoint": (lambda x: fnnet.mul(x[:3], 2, out=x[3:]), [0, 1, 2, 0, 2, 4]),
    "out= interleaved": (lambda x: fnnet.mul(x[::2], 2, out=x[1::2]), [0, 0, 2, 4, 4, 8]),
    "add_ itself": (lambda x: x.add_(x), [0, 2, 4, 6, 8, 10]),
    "add_ the same view": (lambda x: x[1:].add_(x[1:]), [0, 2, 4, 6, 8, 10]),
    "add_ a copy": (lambda x: x[1:].add_(x[:-1].clone()), [0, 1, 3, 5, 7, 9]),
    "copy_ itself": (lambda x: x.copy_(x), [0, 1, 2, 3, 4, 5]),
    "fill_ by an element": (lambda x: x.fill_(x[1]), [1, 1, 1, 1, 1, 1]),
    "setitem by an element": (lambda x: x.__setitem__(slice(None), x[1]), [1, 1, 1, 1, 1, 1]),
    "masked_fill_ by an element": (lambda x: x.masked_fill_(x > 2, x[1]), [0, 1, 2, 1, 1, 1]),
    "cumsum itself": (lambda x: fnnet.cumsum(x, 0, out=x), [0, 1, 3, 6, 10, 15]),
    "index_add_ interleaved": (lambda x: x.index_add_(0, fnnet.tensor([1, 2, 3]), x[::2]), [0, 1, 4, 7, 4, 5]),
    "index_fill_ by an element": (lambda x: x.index_fill_(0, fnnet.tensor([1, 2]), x[3]), [0, 3, 3, 3, 4, 5]),
    "setitem of a part": (lambda x: x[1:].__setitem__(fnnet.tensor([0]), x[:1]), [0, 0, 2, 3, 4, 5]),
    "setitem where true by an element": (lambda x: x.__setitem__(x > 2, x[4]), [0, 1, 2, 4, 4, 4]),
    "masked_scatter_ itself": (lambda x: x.masked_scatter_(x > 2, x), [0, 1, 2, 0, 1, 2]),
    "scatter out= itself": (
        lambda x: fnnet.scatter(x, 0, fnnet.tensor([1, 2]), fnnet.ones(2), out=x),
        [0, 1, 1, 3, 4, 5],
    ),
}


@pytest.mark.parametrize("case", ALLOWED)
@pytest.mark.parametrize("mode", [fnnet.enable_grad, fnnet.no_grad, fnnet.inference_mode])
def test_the_same_elements_in_the_same_order_are_allowed(case, mode):
    write, expected = ALLOWED[case]
    with mode():
        x = fnnet.arange(6.0)
        write(x)
    assert x.tolist() == expected


def test_partial_overlap_is_told_from_strides():
    assert dense_size((2, 3), (12, 4), 4) == dense_size((3, 2), (4, 12), 4) == 24
    assert dense_size((2, 3), (24, 4), 4) is None  # a gap
    assert dense_size((2, 3), (0, 4), 4) is None  # expanded
    assert dense_size((1, 3), (0, 4), 4) == 12
    row = (0, (3,), (4,), 4)
    assert partial(*row, 4, (3,), (4,), 4)
    assert not partial(*row, 12, (3,), (4,), 4)
    assert not partial(*row, 0, (1, 3), (40, 4), 4)
    assert partial(0, (2, 2), (8, 4), 4, 0, (2, 2), (4, 8), 4)
    assert not partial(*row, 0, (0,), (4,), 4)


INDICES = {
    "index_add_": lambda x, one: x.index_add_(0, x[:2], one),
    "index_copy_": lambda x, one: x.index_copy_(0, x[:2], one),
    "index_fill_": lambda x, one: x.index_fill_(0, x[:2], 7),
    "scatter_": lambda x, one: x.scatter_(0, x[:2], one),
    "scatter_ of itself": lambda x, one: x.scatter_(0, x, 7),
    "scatter_add_": lambda x, one: x.scatter_add_(0, x[:2], one),
    "scatter_reduce_": lambda x, one: x.scatter_reduce_(0, x[:2], one, "sum"),
    "index_put_": lambda x, one: x.index_put_((x[:2],), one),
    "setitem": lambda x, one: x.__setitem__(x[:2], 7),
    "put_": lambda x, one: x.put_(x[:2], one),
}


@pytest.mark.parametrize("case", INDICES)
def test_an_index_in_the_memory_that_is_written_is_refused(case):
    x = fnnet.arange(6)
    with pytest.raises(RuntimeError) as caught:
        INDICES[case](x, fnnet.ones(2, dtype=fnnet.int64))
    assert PARTLY in str(caught.value)
    assert x.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_mask_may_be_what_it_masks_but_not_overlap_it_otherwise():
    mask = fnnet.tensor([True, False, True])
    for write in (lambda m: m.masked_fill_(m, False), lambda m: m.__setitem__(m, False)):
        m = mask.clone()
        write(m)
        assert m.tolist() == [False, False, False]
    for write in (
        lambda m: m[1:].masked_fill_(m[:2], False),
        lambda m: m[1:].__setitem__(m[:2], False),
        lambda m: m.__setitem__(m, fnnet.tensor([False, False])),
    ):
        m = mask.clone()
        with pytest.raises(RuntimeError, match="some elements of the input tensor"):
            write(m)
        assert m.tolist() == mask.tolist()

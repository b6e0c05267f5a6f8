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

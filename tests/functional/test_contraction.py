"""einsum. Literals were printed by PyTorch 2.13."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fnnet
from fnnet.functional.contraction import einsum


def ramp(*shape: int) -> fnnet.Tensor:
    return fnnet.from_numpy(np.arange(float(np.prod(shape)), dtype=np.float64).reshape(shape))


@pytest.mark.parametrize(
    ("equation", "shapes", "expected"),
    [
        ("bij,bjk->bik", [(2, 2, 2), (2, 2, 2)], [[[2.0, 3.0], [6.0, 11.0]], [[46.0, 55.0], [66.0, 79.0]]]),
        ("...ij,jk", [(2, 2, 2), (2, 2)], [[[2.0, 3.0], [6.0, 11.0]], [[10.0, 19.0], [14.0, 27.0]]]),
        ("ba", [(2, 2)], [[0.0, 2.0], [1.0, 3.0]]),
        ("bA", [(2, 2)], [[0.0, 2.0], [1.0, 3.0]]),
        ("ii->i", [(2, 2)], [0.0, 3.0]),
        ("ii", [(2, 2)], 3.0),
        ("aB,aB", [(2, 2), (2, 2)], 14.0),
        (" i j , j k -> i k ", [(2, 2), (2, 2)], [[2.0, 3.0], [6.0, 11.0]]),
    ],
)
def test_equations(equation: str, shapes: list[tuple[int, ...]], expected: Any) -> None:
    assert einsum(equation, *(ramp(*s) for s in shapes)).tolist() == expected


def test_sublists_and_lists_of_operands() -> None:
    a = ramp(2, 2)
    assert einsum(a, [0, 1], a, [1, 2], [2, 0]).tolist() == [[2.0, 6.0], [3.0, 11.0]]
    assert einsum("ij,jk", [a, a]).tolist() == [[2.0, 3.0], [6.0, 11.0]]
    assert einsum(a, [..., 0]).tolist() == a.tolist()


@given(st.data())
def test_agrees_with_numpy(data: st.DataObject) -> None:
    """numpy.einsum without an optimised path is an independent definition."""
    sizes = {x: data.draw(st.integers(1, 3), label=x) for x in "abcd"}
    count = data.draw(st.integers(1, 3))
    terms = ["".join(data.draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=3))) for _ in range(count)]
    used = sorted(set("".join(terms)))
    output = "".join(data.draw(st.lists(st.sampled_from(used), unique=True, max_size=3)))
    equation = ",".join(terms) + "->" + output
    arrays = [ramp(*(sizes[x] for x in term)) for term in terms]
    np.testing.assert_allclose(einsum(equation, *arrays).numpy(), np.einsum(equation, *(a.numpy() for a in arrays)))


def test_dims_of_size_one_broadcast() -> None:
    r = einsum("ij,ij->ij", ramp(2, 1), ramp(2, 3))
    np.testing.assert_array_equal(r.numpy(), ramp(2, 1).numpy() * ramp(2, 3).numpy())
    r = einsum("ij,jk->ik", ramp(2, 1) + 1, ramp(3, 2))
    np.testing.assert_array_equal(r.numpy(), (ramp(2, 1).numpy() + 1) * ramp(3, 2).numpy().sum(0))


def test_the_gradient_reaches_every_operand() -> None:
    a, b = ramp(2, 2).requires_grad_(), ramp(2, 2).requires_grad_()
    einsum("ij,jk->", a, b).backward()
    assert a.grad is not None
    assert b.grad is not None
    assert a.grad.tolist() == [[1.0, 5.0], [1.0, 5.0]]
    assert b.grad.tolist() == [[2.0, 2.0], [4.0, 4.0]]


@pytest.mark.parametrize(
    ("equation", "shapes", "message"),
    [
        ("ij", [(2,)], r"number of subscripts in the equation \(2\) does not match the number of dimensions \(1\)"),
        ("ij,jk", [(2, 2)], "fewer operands were provided than specified in the equation"),
        ("ij", [(2, 2), (2, 2)], "more operands were provided than specified in the equation"),
        ("ij->ik", [(2, 2)], "output subscript k does not appear in the equation"),
        ("ij->ii", [(2, 2)], "output subscript i appears more than once in the output"),
        ("i1", [(2, 2)], r"invalid subscript given at index 1 .*subscripts must be in \[a-zA-Z\]"),
        ("i.j", [(2, 2)], "found '.' that is not part of any ellipsis"),
        ("...i...", [(2, 2)], "an ellipsis was already found"),
        ("ij,jk", [(2, 2), (3, 2)], "does not broadcast with previously seen size 2"),
        ("ii", [(2, 3)], "subscript i is repeated for operand 0 but the sizes don't match"),
    ],
)
def test_malformed_equations_are_refused(equation: str, shapes: list[tuple[int, ...]], message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        einsum(equation, *(ramp(*s) for s in shapes))


def test_sublists_out_of_range_are_refused() -> None:
    with pytest.raises(RuntimeError, match=r"within \[0, 52\)"):
        einsum(ramp(2), [52])

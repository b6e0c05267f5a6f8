"""Matrix products. Literals were printed by PyTorch 2.13 unless a comment says otherwise."""

from __future__ import annotations

import numpy as np
import pytest

import fnnet
from fnnet.functional import products


def ramp(*shape: int) -> fnnet.Tensor:
    return fnnet.from_numpy(np.arange(float(np.prod(shape)), dtype=np.float32).reshape(shape))


def test_matmul_serves_every_pair_of_ranks() -> None:
    shapes = {
        ((3,), (3,)): (),
        ((2, 3), (3,)): (2,),
        ((3,), (3, 4)): (4,),
        ((2, 3), (3, 4)): (2, 4),
        ((5, 2, 3), (3,)): (5, 2),
        ((3,), (5, 3, 4)): (5, 4),
        ((5, 2, 3), (3, 4)): (5, 2, 4),
        ((2, 3), (5, 3, 4)): (5, 2, 4),
        ((6, 1, 2, 3), (5, 3, 4)): (6, 5, 2, 4),
        ((2, 0), (0, 4)): (2, 4),
    }
    for (a, b), expected in shapes.items():
        x, y = ramp(*a), ramp(*b)
        r = fnnet.matmul(x, y)
        assert tuple(r.shape) == expected, (a, b)
        np.testing.assert_array_equal(r.numpy(), np.matmul(x.numpy(), y.numpy()))
    assert fnnet.matmul(ramp(2, 0), ramp(0, 4)).sum().item() == 0


def test_operator_and_methods_are_the_same_products() -> None:
    a, v = ramp(2, 2), fnnet.tensor([1.0, 2.0])
    assert (a @ v).tolist() == a.mv(v).tolist() == a.matmul(v).tolist() == [2.0, 8.0]
    assert a.mm(a).tolist() == [[2.0, 3.0], [6.0, 11.0]]
    assert v.dot(v).item() == 5
    assert a.reshape(1, 2, 2).bmm(a.reshape(1, 2, 2)).tolist() == [[[2.0, 3.0], [6.0, 11.0]]]
    with pytest.raises(TypeError, match="unsupported operand"):
        a @ 3  # type: ignore[operator]


def test_whole_numbers_wrap_around() -> None:
    x = fnnet.tensor([[100, 100]], dtype=fnnet.int8)
    assert (x @ x.reshape(2, 1)).tolist() == [[32]]


def test_half_is_computed_in_float32() -> None:
    # 2048 + 1 is not a float16; in float32 the sum of 4096 ones is exact and fits
    x = fnnet.ones(1, 4096, dtype=fnnet.float16)
    r = x @ x.reshape(4096, 1)
    assert r.dtype is fnnet.float16
    assert r.item() == 4096


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ((2, 3), (4, 5), r"mat1 and mat2 shapes cannot be multiplied \(2x3 and 4x5\)"),
        ((2, 3), (4,), r"size mismatch, got input \(2\), mat \(2x3\), vec \(4\)"),
        ((4,), (2, 3), r"mat1 and mat2 shapes cannot be multiplied \(1x4 and 2x3\)"),
        ((3,), (2,), r"inconsistent tensor size, expected tensor \[3\] and src \[2\]"),
        ((2, 2, 3), (4, 5), r"mat1 and mat2 shapes cannot be multiplied \(4x3 and 4x5\)"),
        ((2, 2, 3), (2, 4, 5), r"batch2 tensor to be: \[2, 3\] but got: \[2, 4\]"),
        ((2, 2, 3), (3, 3, 5), r"The size of tensor a \(2\) must match the size of tensor b \(3\)"),
        ((), (2, 3), "both arguments to matmul need to be at least 1D, but they are 0D and 2D"),
    ],
)
def test_matmul_says_what_does_not_fit(a: tuple[int, ...], b: tuple[int, ...], message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        fnnet.matmul(fnnet.zeros(a), fnnet.zeros(b))


def test_products_refuse_other_dtypes() -> None:
    with pytest.raises(RuntimeError, match="have the same dtype, but got: float32 != float64"):
        fnnet.mm(fnnet.ones(2, 2), fnnet.ones(2, 2, dtype=fnnet.float64))
    with pytest.raises(RuntimeError, match="both vectors to have same dtype"):
        fnnet.dot(fnnet.ones(2), fnnet.ones(2, dtype=fnnet.float64))
    with pytest.raises(RuntimeError, match="not implemented for 'Bool'"):
        fnnet.mm(fnnet.ones(2, 2) > 0, fnnet.ones(2, 2) > 0)
    with pytest.raises(TypeError, match="must be Tensor, not int"):
        fnnet.matmul(fnnet.ones(2), 3)  # type: ignore[arg-type]


def test_products_of_fixed_rank_refuse_others() -> None:
    m, v = fnnet.ones(2, 2), fnnet.ones(2)
    for function, args, message in (
        (products.mm, (m, v), "mat2 must be a matrix"),
        (products.bmm, (m, m), "batch1 must be a 3D tensor"),
        (products.dot, (m, m), "1D tensors expected, but got 2D and 2D tensors"),
        (products.outer, (m, v), "must be a vector"),
    ):
        with pytest.raises(RuntimeError, match=message):
            function(*args)  # type: ignore[operator]


def test_matmul_gradients_fold_batches() -> None:
    # d sum(x @ w): each row of x gives its column sums to w's gradient, w's row sums are x's gradient
    x, w = ramp(2, 3, 2).requires_grad_(), ramp(2, 2).requires_grad_()
    (x @ w).sum().backward()
    assert w.grad is not None
    assert x.grad is not None
    assert w.grad.tolist() == [[30.0, 30.0], [36.0, 36.0]]
    assert x.grad.tolist() == [[[1.0, 5.0]] * 3] * 2


def test_out_receives_the_result() -> None:
    out = fnnet.zeros(2, 2)
    assert fnnet.mm(ramp(2, 2), ramp(2, 2), out=out) is out
    assert out.tolist() == [[2.0, 3.0], [6.0, 11.0]]


def test_outer_inner_kron_tensordot_chain() -> None:
    a = ramp(2, 2)
    assert fnnet.outer(a[0], a[1]).tolist() == [[0.0, 0.0], [2.0, 3.0]]
    assert fnnet.inner(a, a).tolist() == [[1.0, 3.0], [3.0, 13.0]]
    assert fnnet.inner(a, fnnet.tensor(2.0)).tolist() == [[0.0, 2.0], [4.0, 6.0]]
    assert fnnet.kron(a, fnnet.tensor([1.0, 10.0])).tolist() == [[0.0, 0.0, 1.0, 10.0], [2.0, 20.0, 3.0, 30.0]]
    assert fnnet.tensordot(ramp(1, 2, 3), ramp(3, 2), dims=([2, 1], [0, 1])).tolist() == [50.0]
    assert fnnet.tensordot(a, a, dims=0).shape == (2, 2, 2, 2)
    assert fnnet.chain_matmul(a, a, a).tolist() == [[6.0, 11.0], [22.0, 39.0]]  # a cubed
    with pytest.raises(RuntimeError, match="contracted dimensions need to match"):
        fnnet.tensordot(ramp(2, 3), ramp(2, 3), dims=1)

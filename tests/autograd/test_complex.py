"""Gradients of complex numbers: PyTorch's convention, `dL/d(real z) + i dL/d(imag z)` of a real loss L."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import fnnet
from fnnet.nn import functional as F

Z = (1 + 2j, -3 + 0.5j, 0.25 - 1j)


def leaf(values=Z, dtype=fnnet.complex128):
    return fnnet.tensor(values, dtype=dtype, requires_grad=True)


# (name, loss, gradient at Z as PyTorch 2.13 prints it, rounded to ten digits)
PRINTED = [
    ("mul by a number", lambda z: (z * (2 - 1j)).real.sum(), [2 + 1j, 2 + 1j, 2 + 1j]),
    ("abs", lambda z: (z.abs() ** 2).sum(), [2 + 4j, -6 + 1j, 0.5 - 2j]),
    (
        "exp",
        lambda z: z.exp().imag.sum(),
        [2.471726672 - 1.1312043838j, 0.0238691921 + 0.043692263j, -1.0804701319 + 0.6937618934j],
    ),
    (
        "div",
        lambda z: ((1 + 1j) / z).real.sum(),
        [-0.04 - 0.28j, -0.0672023375 + 0.1373265157j, 1.2733564014 - 0.3875432526j],
    ),
    (
        "matmul and conj",
        lambda z: (z.reshape(1, 3) @ z.conj().reshape(3, 1)).real.sum(),
        [2 + 4j, -6 + 1j, 0.5 - 2j],
    ),
    (
        "angle",
        lambda z: z.angle().sum(),
        [-0.4 + 0.2j, -0.0540540541 - 0.3243243243j, 0.9411764706 + 0.2352941176j],
    ),
    ("prod", lambda z: z.prod().real, [-0.25 - 3.125j, 2.25 + 0.5j, -4 + 5.5j]),
    (
        "sgn",
        lambda z: z.sgn().imag.sum(),
        [-0.1788854382 + 0.0894427191j, 0.0533185905 + 0.3199115429j, 0.2282688236 + 0.0570672059j],
    ),
    (
        "log",
        lambda z: z.log().real.sum(),
        [0.2 + 0.4j, -0.3243243243 + 0.0540540541j, 0.2352941176 - 0.9411764706j],
    ),
    (
        "view_as_real",
        lambda z: (fnnet.view_as_real(z) * fnnet.tensor([1.0, 3.0], dtype=fnnet.float64)).sum(),
        [1 + 3j, 1 + 3j, 1 + 3j],
    ),
]


@pytest.mark.parametrize(("loss", "expected"), [p[1:] for p in PRINTED], ids=[p[0] for p in PRINTED])
def test_gradients_as_pytorch_prints_them(loss, expected) -> None:
    for create_graph in (False, True):
        z = leaf()
        (g,) = fnnet.autograd.grad(loss(z), z, create_graph=create_graph)
        assert g.dtype is fnnet.complex128
        np.testing.assert_allclose(g.detach().numpy(), expected, atol=1e-9)


def differences(loss: Callable[[np.ndarray], float], z: np.ndarray) -> np.ndarray:
    """The gradient by central differences along the real and the imaginary axis."""
    found, step = np.zeros_like(z), 1e-6
    for at in np.ndindex(z.shape):
        for direction in (1, 1j):
            shift = np.zeros_like(z)
            shift[at] = step * direction
            found[at] += direction * (loss(z + shift) - loss(z - shift)) / (2 * step)
    return found


W = fnnet.tensor([[1 - 1j, 2j, 0.5], [1.0, -1 + 0.25j, 3j], [2 + 2j, 1j, -1.0]], dtype=fnnet.complex128)
LOSSES = {
    "pow": lambda z: (z**2.5).imag.sum(),
    "pow of a number": lambda z: ((2 - 1j) ** z).real.sum(),
    "sqrt": lambda z: z.sqrt().imag.sum(),
    "tanh": lambda z: (z * 0.3).tanh().real.sum(),
    "einsum": lambda z: fnnet.einsum("i,ij,j->", z, W, z).real,
    "cat and stack": lambda z: (fnnet.stack([fnnet.cat([z, z * 1j]), fnnet.cat([z * z, z])]) ** 2).imag.sum(),
    "mean": lambda z: (z * z).mean().abs(),
    "softsign": lambda z: F.softsign(z).imag.sum(),
    "polar": lambda z: (fnnet.polar(z.real, z.imag) * (1 + 2j)).real.sum(),
    "complex": lambda z: (fnnet.complex(z.imag * 2, z.real) * z).real.sum(),
    "in place": lambda z: ((z * 0.5).mul_(z).exp_() * 0.1).real.sum(),
    "write to the real part": lambda z: _with_doubled_real_part(z).abs().sum(),
}


def _with_doubled_real_part(z):
    w = z * (1 + 1j)
    w.real.mul_(z.imag)
    return w


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_gradients_agree_with_differences(loss) -> None:
    z = leaf()
    (g,) = fnnet.autograd.grad(loss(z), z)
    expected = differences(lambda a: loss(fnnet.tensor(a)).item(), np.array(Z))
    np.testing.assert_allclose(g.numpy(), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ["pow", "sqrt", "tanh", "einsum", "mean", "polar"])
def test_second_derivatives_agree_with_differences(name: str) -> None:
    weights = fnnet.tensor([1 + 1j, 2.0, -1j], dtype=fnnet.complex128)

    def slope(z):
        (g,) = fnnet.autograd.grad(LOSSES[name](z), z, create_graph=True)
        return (g * weights).real.sum()

    z = leaf()
    (g,) = fnnet.autograd.grad(slope(z), z)
    expected = differences(lambda a: slope(leaf(a)).item(), np.array(Z))
    np.testing.assert_allclose(g.numpy(), expected, rtol=1e-5, atol=1e-5)


def test_a_real_leaf_gets_a_real_gradient() -> None:
    x = fnnet.tensor([1.0, 2.0], requires_grad=True)
    (x * (2 + 3j)).imag.sum().backward()
    assert x.grad.dtype is fnnet.float32
    assert x.grad.tolist() == [3.0, 3.0]


def test_hooks_see_the_gradient_that_is_meant() -> None:
    z = leaf()
    seen = []
    square = z * z
    square.register_hook(lambda g: seen.append(g.numpy().copy()))
    square.grad_fn.register_hook(lambda inputs, outputs: seen.extend(g.numpy().copy() for g in outputs))
    (square * 1j).real.sum().backward()
    assert [g.tolist() for g in seen] == [[-1j] * 3, [-1j] * 3]


def test_zero_has_a_gradient_of_zero() -> None:
    for function in (fnnet.abs, fnnet.angle, lambda z: fnnet.sgn(z).real):
        z = leaf([0j])
        function(z).sum().backward()
        assert z.grad.tolist() == [0j]


def test_a_rule_for_real_numbers_alone_is_refused() -> None:
    from fnnet._core.op import Op
    from fnnet.autograd.tape import apply

    op = Op("size", forward=lambda k, x: k.abs(x), backward=lambda k, c, g: (g,), uses=((),), register=False)
    with pytest.raises(RuntimeError, match="size does not support automatic differentiation for inputs with complex"):
        apply(op, leaf())
    assert apply(op, leaf().detach()).tolist() == pytest.approx([abs(z) for z in Z])


def test_complex64_stays_complex64() -> None:
    z = leaf(dtype=fnnet.complex64)
    (z.exp() * z).abs().sum().backward()
    assert z.grad.dtype is fnnet.complex64


def test_parts_are_views_and_conjugates_are_not() -> None:
    z = fnnet.tensor([1 + 2j, 3.0])
    z.real[0] = 5
    z.imag.neg_()
    fnnet.view_as_real(z)[1, 1] = 7
    assert z.tolist() == [5 - 2j, 3 + 7j]
    conjugate = z.conj()
    conjugate.zero_()
    assert z.tolist() == [5 - 2j, 3 + 7j]
    pairs = fnnet.tensor([[1.0, 2.0]])
    fnnet.view_as_complex(pairs).mul_(2)
    assert pairs.tolist() == [[2.0, 4.0]]


def test_values() -> None:
    z = fnnet.tensor([3 + 4j, -1.0, 0j])
    assert z.sgn().tolist() == pytest.approx([0.6 + 0.8j, -1, 0])
    assert z.angle().tolist() == pytest.approx([math.atan2(4, 3), math.pi, 0])
    assert fnnet.angle(fnnet.tensor([-2, 0, 3])).tolist() == pytest.approx([math.pi, 0, 0])
    assert fnnet.isreal(z).tolist() == [False, True, True]
    assert fnnet.vdot(z, z).item() == pytest.approx(26)
    m = fnnet.tensor([[1j, 2.0]])
    assert m.mH.tolist() == m.H.tolist() == m.adjoint().tolist() == [[-1j], [2 - 0j]]
    x = fnnet.tensor([[1.0, 2.0]])
    assert x.real is x
    assert x.conj() is x
    edge = fnnet.complex(fnnet.tensor([math.inf]), fnnet.tensor([1.0]))
    assert edge.tolist() == [complex(math.inf, 1)]


def test_errors() -> None:
    x, whole = fnnet.ones(2, 2), fnnet.tensor([1, 2])
    for run, words in [
        (lambda: fnnet.imag(x), "imag is not implemented for tensors with non-complex dtypes"),
        (lambda: fnnet.view_as_real(x), "view_as_real is only supported for complex tensors"),
        (lambda: fnnet.view_as_complex(whole), "only supported for floating point tensors"),
        (lambda: fnnet.view_as_complex(fnnet.ones(3)), "must have a last dimension of size 2"),
        (lambda: fnnet.view_as_complex(fnnet.ones(2, 2).T), "must have a last dimension with stride 1"),
        (lambda: fnnet.view_as_complex(fnnet.ones(3, 3)[:, :2]), "stride divisible by 2"),
        (lambda: fnnet.complex(whole, whole), "Expected both inputs to be Half, Float or Double tensors"),
        (lambda: fnnet.complex(x, x.double()), "Expected object of scalar type float32 but got scalar type float64"),
        (lambda: fnnet.complex(x, fnnet.ones(3)), "must match the size"),
        (lambda: fnnet.adjoint(whole), "only supported on matrices or batches of matrices"),
        (lambda: fnnet.ones(1, 2, 3).H, "only supported on matrices"),
    ]:
        with pytest.raises(RuntimeError, match=words):
            run()

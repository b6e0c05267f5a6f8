"""Parametrizations: what a module with them holds, gives, loads and becomes."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import fnnet as torch
from fnnet import nn
from fnnet.nn.utils import parametrizations
from fnnet.nn.utils import parametrize as P


class Symmetric(nn.Module):
    def forward(self, X: Any) -> Any:
        return X.triu() + X.triu(1).mT


class Double(nn.Module):
    def forward(self, X: Any) -> Any:
        return X * 2

    def right_inverse(self, A: Any) -> Any:
        return A / 2


class Sum(nn.Module):
    def forward(self, a: Any, b: Any) -> Any:
        return a + b

    def right_inverse(self, A: Any) -> Any:
        return A * 0.25, A * 0.75


def square() -> Any:
    m = nn.Linear(2, 2)
    m.weight.data = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    return m


def test_registration_and_removal() -> None:
    m = square()
    own = m.weight
    assert P.register_parametrization(m, "weight", Symmetric()) is m
    assert m.weight.tolist() == [[1.0, 2.0], [2.0, 4.0]]
    assert m.parametrizations.weight.original is own
    assert list(m.state_dict()) == ["bias", "parametrizations.weight.original"]
    assert isinstance(m, nn.Linear)
    assert type(m).__name__ == "ParametrizedLinear"
    assert P.type_before_parametrizations(m) is nn.Linear
    assert (P.is_parametrized(m), P.is_parametrized(m, "weight"), P.is_parametrized(m, "bias")) == (True, True, False)
    assert repr(m) == (
        "ParametrizedLinear(\n  in_features=2, out_features=2, bias=True\n  (parametrizations): ModuleDict(\n"
        "    (weight): ParametrizationList(\n      (0): Symmetric()\n    )\n  )\n)"
    )
    P.register_parametrization(m, "weight", Double())
    assert m.weight.tolist() == [[2.0, 4.0], [4.0, 8.0]]
    m(torch.ones(1, 2)).sum().backward()
    assert own.grad.tolist() == [[2.0, 4.0], [0.0, 2.0]]
    P.remove_parametrizations(m, "weight")
    assert m.weight is own
    assert own.tolist() == [[2.0, 4.0], [4.0, 8.0]]
    assert type(m) is nn.Linear
    assert not P.is_parametrized(m)
    assert not hasattr(m, "parametrizations")
    other = P.register_parametrization(square(), "weight", Symmetric())
    P.remove_parametrizations(other, "weight", leave_parametrized=False)
    assert other.weight.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_the_classes_of_modules_are_their_own() -> None:
    first, second = P.register_parametrization(square(), "weight", Double()), square()
    assert second.weight.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert type(second) is nn.Linear
    P.register_parametrization(first, "bias", Double())
    P.remove_parametrizations(first, "weight")
    assert P.is_parametrized(first, "bias")
    assert type(first.weight) is nn.Parameter


def test_assignment() -> None:
    m = P.register_parametrization(square(), "weight", Double())
    assert m.weight.tolist() == [[1.0, 2.0], [3.0, 4.0]]  # through the way back
    own = m.parametrizations.weight.original
    m.weight = torch.full((2, 2), 6.0)
    assert own.tolist() == [[3.0, 3.0], [3.0, 3.0]]
    assert m.parametrizations.weight.original is own
    P.register_parametrization(m, "weight", Symmetric())
    with pytest.raises(RuntimeError, match="parametrization Symmetric does not implement right_inverse"):
        m.weight = torch.ones(2, 2)
    assert own.tolist() == [[3.0, 3.0], [3.0, 3.0]]
    with pytest.raises(KeyError, match="already exists"):
        m.weight = nn.Parameter(torch.ones(2, 2))


def test_several_originals() -> None:
    m = P.register_parametrization(square(), "weight", Sum())
    assert list(m.state_dict())[1:] == ["parametrizations.weight.original0", "parametrizations.weight.original1"]
    assert m.parametrizations.weight.original0.tolist() == [[0.25, 0.5], [0.75, 1.0]]
    assert m.weight.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    m.weight = torch.full((2, 2), 4.0)
    assert m.parametrizations.weight.original1.tolist() == [[3.0, 3.0], [3.0, 3.0]]
    with pytest.raises(ValueError, match="Cannot leave unparametrized"):
        P.remove_parametrizations(m, "weight", leave_parametrized=False)
    P.remove_parametrizations(m, "weight")
    assert type(m.weight) is nn.Parameter
    assert m.weight.tolist() == [[4.0, 4.0], [4.0, 4.0]]


def test_buffers() -> None:
    m = nn.Module()
    m.register_buffer("b", torch.ones(2, 2))
    P.register_parametrization(m, "b", Double())
    assert [n for n, _ in m.named_buffers()] == ["parametrizations.b.original"]
    P.remove_parametrizations(m, "b")
    assert [n for n, _ in m.named_buffers()] == ["b"]


def test_copies_state_and_modes() -> None:
    m = P.register_parametrization(square(), "weight", Double())
    twin = copy.deepcopy(m)
    with torch.no_grad():
        twin.parametrizations.weight.original.mul_(10)
    assert twin.weight.tolist() == [[10.0, 20.0], [30.0, 40.0]]
    assert m.weight.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    m.load_state_dict(twin.state_dict())
    assert m.weight.tolist() == [[10.0, 20.0], [30.0, 40.0]]
    with pytest.raises(RuntimeError, match="only supported through state_dict"):
        pickle.dumps(m)
    assert m.double().weight.dtype is torch.float64
    assert not m.eval().parametrizations.weight[0].training
    late = P.register_parametrization(nn.Linear(2, 2).eval(), "weight", Double())
    assert not late.parametrizations.weight[0].training
    optimizer = torch.optim.SGD(m.parameters(), lr=1.0)
    m(torch.ones(1, 2, dtype=torch.float64)).sum().backward()
    optimizer.step()
    assert m.weight.tolist() == [[6.0, 16.0], [26.0, 36.0]]  # 2 (w / 2 - 1 * 2)


def test_cached() -> None:
    m = P.register_parametrization(square(), "weight", Double())
    with P.cached():
        first = m.weight
        with P.cached():
            assert m.weight is first
        assert m.weight is first
    assert m.weight is not first

    def fail() -> None:
        with P.cached():
            seen.append(m.weight)
            raise ZeroDivisionError

    seen: list[Any] = []
    with pytest.raises(ZeroDivisionError):
        fail()
    assert m.weight is not seen[0]
    assert m.weight is not m.weight


def test_transfer() -> None:
    source = P.register_parametrization(square(), "weight", Double())
    P.register_parametrization(source, "bias", Double())
    target = P.transfer_parametrizations_and_params(source, nn.Linear(2, 2), "weight")
    assert target.parametrizations.weight.original is source.parametrizations.weight.original
    assert not P.is_parametrized(target, "bias")
    empty = P.transfer_parametrizations_and_params(source, nn.Module())
    assert torch.equal(empty.bias, source.bias)
    several = P.register_parametrization(square(), "weight", Sum())
    found = P.transfer_parametrizations_and_params(several, nn.Linear(2, 2))
    assert found.weight.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    plain = square()
    assert P.transfer_parametrizations_and_params(square(), plain) is plain
    assert not P.is_parametrized(plain)


def with_way_back(back: Any, forward: Any = lambda self, *X: X[0]) -> nn.Module:
    made: nn.Module = type("Made", (nn.Module,), {"forward": forward, "right_inverse": lambda self, X: back(X)})()
    return made


@pytest.mark.parametrize("registered", [False, True])
def test_refusals(registered: bool) -> None:
    def module() -> Any:
        return P.register_parametrization(square(), "weight", Double()) if registered else square()

    for wrong, match in (
        (with_way_back(lambda X: X, lambda self, X: X[0]), "may not change the shape"),
        (with_way_back(lambda X: X, lambda self, X: X.double()), "may not change the dtype"),
        (with_way_back(lambda X: X, lambda self, X: "word"), "must return a tensor. Got str"),
        (with_way_back(lambda X: 5), "must return a [tT]ensor"),
        (with_way_back(lambda X: X.double()), "change the dtype"),
        (with_way_back(lambda X: X[0]), "may not change the shape"),
        (with_way_back(lambda X: [X, 5]), "must return a [tT]ensor"),
    ):
        m = module()
        before = m.state_dict()
        with pytest.raises(ValueError, match=match):
            P.register_parametrization(m, "weight", wrong)
        assert list(m.state_dict()) == list(before)
        assert m.weight.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    m = module()
    with pytest.raises(ValueError, match="does not have a parameter, a buffer, or a parametrized element with name"):
        P.register_parametrization(m, "x", Double())
    with pytest.raises(ValueError, match="does not have a parametrization on bias"):
        P.remove_parametrizations(m, "bias")
    with pytest.raises(ValueError, match="requires one or more modules"):
        P.ParametrizationList([], m.bias)


def test_unsafe() -> None:
    m = P.register_parametrization(square(), "weight", with_way_back(lambda X: X, lambda self, X: X[0]), unsafe=True)
    assert m.weight.tolist() == [1.0, 2.0]
    assert m.parametrizations.weight.unsafe
    m = P.register_parametrization(square(), "weight", Double())
    P.register_parametrization(m, "weight", with_way_back(lambda X: X, lambda self, X: X[0]), unsafe=True)
    assert m.weight.tolist() == [1.0, 2.0]
    assert m.parametrizations.weight.unsafe


# orthogonal matrices --------------------------------------------------------------------------------------------------
SHAPES = [(3, 3), (5, 3), (3, 5), (1, 1), (4, 1), (2, 4, 4), (2, 2, 3, 5), (7, 7)]


def holder(value: Any) -> nn.Module:
    m = nn.Module()
    m.weight = nn.Parameter(value)
    return m


def distance(w: Any) -> float:
    """From orthonormal columns, or rows of a wide matrix."""
    w = w.detach() if w.shape[-2] >= w.shape[-1] else w.detach().mH
    return float((w.mH @ w - torch.eye(w.shape[-1], dtype=w.dtype)).abs().max())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("trivial", [True, False])
def test_orthogonal(shape: tuple[int, ...], kind: str, trivial: bool) -> None:
    torch.manual_seed(1)
    m = parametrizations.orthogonal(
        holder(torch.randn(shape, dtype=torch.float64)), "weight", kind, use_trivialization=trivial
    )
    assert distance(m.weight) < 1e-13
    own = m.parametrizations.weight.original
    for _ in range(2):
        (m.weight * torch.randn(shape, dtype=torch.float64)).sum().backward()
        with torch.no_grad():
            own.sub_(own.grad)
        assert distance(m.weight) < 1e-13


@pytest.mark.parametrize("shape", [(2, 2), (3, 2), (2, 3)])
@pytest.mark.parametrize("kind", ["matrix_exp", "cayley", "householder"])
def test_derivatives_of_orthogonal_matrices(shape: tuple[int, ...], kind: str) -> None:
    torch.manual_seed(1)
    m = parametrizations.orthogonal(holder(torch.randn(shape, dtype=torch.float64)), "weight", kind)
    signs = -torch.eye(*shape, dtype=torch.float64)

    def by(value: Any) -> Any:
        return m.parametrizations.weight[0](value * (1 + signs) + signs)  # the signs of reflections stay what they are

    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(by, [x])
    assert torch.autograd.gradgradcheck(by, [x])


@pytest.mark.parametrize("kind", ["matrix_exp", "cayley"])
def test_unitary(kind: str) -> None:
    torch.manual_seed(1)
    for shape in ((3, 3), (5, 2), (2, 5)):
        m = parametrizations.orthogonal(holder(torch.randn(shape, dtype=torch.complex128)), orthogonal_map=kind)
        assert distance(m.weight) < 1e-13
        with torch.no_grad():
            m.parametrizations.weight.original.add_(torch.randn(shape, dtype=torch.complex128))
        assert distance(m.weight) < 1e-13
    with pytest.raises(ValueError, match="householder parametrization does not support complex tensors"):
        parametrizations.orthogonal(holder(torch.zeros(2, 2, dtype=torch.complex64)), orthogonal_map="householder")


def test_the_first_value() -> None:
    """An orthogonal matrix stays; of others the Q of QR; without trivialization what the map makes of it."""
    c, s = 0.6, 0.8
    turned = torch.tensor([[c, -s], [s, c]], dtype=torch.float64)
    for kind in ("matrix_exp", "cayley", "householder"):
        m = parametrizations.orthogonal(holder(turned), orthogonal_map=kind)
        assert torch.allclose(m.weight, turned, atol=1e-15)
    tall = torch.tensor([[3.0, 1.0], [4.0, 2.0], [0.0, 5.0]], dtype=torch.float64)
    q = torch.tensor([[0.6, -0.063796178], [0.8, 0.047847133], [0.0, 0.996815279]], dtype=torch.float64)  # PyTorch 2.13
    for trivial in (True, False):
        m = parametrizations.orthogonal(holder(tall), use_trivialization=trivial)
        assert torch.allclose(m.weight, q, atol=1e-8)
        m.weight = tall.flip(0)
        assert distance(m.weight) < 1e-14
        assert torch.allclose(m.weight[:, 0], torch.tensor([0.0, 0.8, 0.6], dtype=torch.float64))
    value = torch.arange(9.0, dtype=torch.float64).reshape(3, 3) / 4
    cayley = [[0.430379747, -0.835443038, -0.341772152], [-0.227848101, 0.265822785, -0.936708861],
              [0.873417722, 0.481012658, -0.075949367]]  # PyTorch 2.13  # fmt: skip
    exponential = [[0.160661126, -0.986890662, -0.015323951], [-0.579875236, -0.081814549, -0.810586880],
                   [0.798706901, 0.139115781, -0.585417873]]  # PyTorch 2.13  # fmt: skip
    for kind, expected in (("cayley", cayley), ("matrix_exp", exponential)):
        m = parametrizations.orthogonal(holder(value), orthogonal_map=kind, use_trivialization=False)
        assert torch.allclose(m.weight, torch.tensor(expected, dtype=torch.float64), atol=1e-8)
        with pytest.raises(NotImplementedError, match="not possible to assign"):
            m.weight = value


def test_orthogonal_refusals() -> None:
    for call, match in (
        (lambda: parametrizations.orthogonal(holder(torch.ones(3))), "Expected a matrix or batch of matrices. Got a"),
        (lambda: parametrizations.orthogonal(square(), "what"), "has no parameter or buffer with name 'what'"),
        (lambda: parametrizations.orthogonal(square(), orthogonal_map="qr"), "orthogonal_map has to be one of"),
    ):
        with pytest.raises(ValueError, match=match):
            call()
    m = parametrizations.orthogonal(square())
    with pytest.raises(ValueError, match="Expected a matrix or batch of matrices of shape"):
        m.weight = torch.ones(3, 3)


# their matrix functions -----------------------------------------------------------------------------------------------
def test_matrix_exp() -> None:
    from fnnet.nn.utils.orthogonal_maps import matrix_exp

    for angle in (0.0, 1e-9, 0.5, 3.0, 40.0):
        a = torch.tensor([[0.0, -angle], [angle, 0.0]], dtype=torch.float64)
        expected = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64) * torch.tensor(angle).double().sin()
        expected += torch.eye(2, dtype=torch.float64) * torch.tensor(angle).double().cos()
        assert torch.allclose(matrix_exp(a), expected, atol=1e-13)
    diagonal = torch.tensor([-3.0, 0.0, 2.0], dtype=torch.float64)
    assert torch.allclose(matrix_exp(diagonal.diag()), diagonal.exp().diag(), rtol=1e-14)
    assert torch.allclose(matrix_exp(diagonal.float().diag()), diagonal.float().exp().diag(), rtol=5e-6, atol=1e-6)
    assert matrix_exp(torch.zeros(2, 0, 0)).shape == (2, 0, 0)


def test_inverse_and_qr() -> None:
    from fnnet.nn.utils.orthogonal_maps import householder_qr, inverse, orthonormalized

    torch.manual_seed(0)
    for n in (1, 2, 5, 16):
        x = torch.randn(3, n, n, dtype=torch.float64)
        a = torch.eye(n, dtype=torch.float64) + x - x.mT
        assert torch.allclose(a @ inverse(a), torch.eye(n, dtype=torch.float64).expand(3, n, n), atol=1e-12)
        tall = torch.cat([x, 2 * x + 1], 1)
        r, _ = householder_qr(tall)
        q = orthonormalized(tall)
        assert distance(q) < 1e-13
        back = q.mT @ tall
        assert torch.allclose(back.tril(-1), torch.zeros_like(back), atol=1e-12)
        assert (back.diagonal(dim1=-2, dim2=-1) > 0).all()
        assert torch.allclose(back.abs(), r[:, :n].triu().abs(), atol=1e-12)

"""nn.utils' norms, parametrizations, fusion and skip_init against PyTorch's: the same done to both, and compared."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

import fnnet

Step = Callable[[], Any]
SCENARIOS: dict[str, Callable[[Any], Iterator[Step]]] = {}


def scenario(function: Callable[[Any], Iterator[Step]]) -> Callable[[Any], Iterator[Step]]:
    SCENARIOS[function.__name__] = function
    return function


def plain(value: Any) -> Any:
    """What can be compared: tensors as PyTorch's, modules as their text."""
    if isinstance(value, torch.Tensor):
        return value.detach()
    if isinstance(value, fnnet.Tensor):
        return torch.from_numpy(value.detach().numpy().copy())
    if isinstance(value, torch.nn.Module | fnnet.nn.Module):
        return repr(value)
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    return value


def same(mine: Any, theirs: Any) -> None:
    if isinstance(theirs, torch.Tensor):
        tight = theirs.dtype in (torch.float64, torch.complex128)
        torch.testing.assert_close(mine, theirs, rtol=1e-9 if tight else 2e-5, atol=1e-10 if tight else 2e-5)
    elif isinstance(theirs, dict):
        assert list(mine) == list(theirs)
        for key in theirs:
            same(mine[key], theirs[key])
    elif isinstance(theirs, list):
        assert len(mine) == len(theirs)
        for m, t in zip(mine, theirs, strict=True):
            same(m, t)
    else:
        assert mine == theirs


def outcome(step: Step) -> Any:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        try:
            result = plain(step())
        except Exception as error:
            return error
    return [result, [(w.category, str(w.message)[:80]) for w in found]]


def x(lib: Any, *shape: int) -> Any:
    """The same numbers on both sides, far from any singular matrix."""
    return lib.randn(shape, dtype=lib.float64, generator=lib.Generator().manual_seed(11))


def layer(lib: Any, kind: str, *args: Any, **options: Any) -> Any:
    lib.manual_seed(3)
    return getattr(lib.nn, kind)(*args, dtype=lib.float64, **options)


def trained(lib: Any, m: Any, given: Any, steps: int = 3) -> Any:
    """Output, all gradients and the state after some steps."""
    optimizer = lib.optim.SGD(m.parameters(), lr=0.1, momentum=0.9)
    seen = []
    for _ in range(steps):
        optimizer.zero_grad()
        out = m(given)
        out.cos().sum().backward()
        seen.append([out, [p.grad for p in m.parameters()]])
        optimizer.step()
    m.eval()
    return seen, m.state_dict(), m(given)


def state(m: Any) -> Any:
    return dict(m.state_dict()), [n for n, _ in m.named_parameters()], repr(m)


# weight norm ----------------------------------------------------------------------------------------------------------
@scenario
def old_weight_norm(lib: Any) -> Iterator[Step]:
    u = lib.nn.utils
    for dim in (0, 1, -1, -2, None):
        m = layer(lib, "Linear", 4, 3)
        yield lambda m=m, dim=dim: u.weight_norm(m, dim=dim)
        yield lambda m=m: (state(m), m.weight)
        yield lambda m=m: trained(lib, m, x(lib, 5, 4))
        yield lambda m=m: (u.remove_weight_norm(m), state(m), m(x(lib, 5, 4)), type(m.weight).__name__)
    for dim in range(4):
        m = u.weight_norm(layer(lib, "Conv2d", 2, 3, (2, 3)), "weight", dim)
        yield lambda m=m: trained(lib, m, x(lib, 2, 2, 4, 4))
    m = layer(lib, "Linear", 4, 3)
    yield lambda: u.weight_norm(u.weight_norm(m, "weight"), "bias")
    yield lambda: trained(lib, m, x(lib, 5, 4))
    yield lambda: u.weight_norm(m, "weight")
    yield lambda: u.remove_weight_norm(m, "other")
    yield lambda: u.weight_norm(m, "other")
    yield lambda: u.weight_norm(layer(lib, "Linear", 2, 2), dim=2)
    yield lambda: u.weight_norm(layer(lib, "LazyLinear", 2))
    yield lambda: u.remove_weight_norm(layer(lib, "Linear", 2, 2))
    yield lambda: trained(lib, u.weight_norm(layer(lib, "GRUCell", 3, 2), "weight_hh"), x(lib, 4, 3))


@scenario
def new_weight_norm(lib: Any) -> Iterator[Step]:
    u = lib.nn.utils
    norm = u.parametrizations.weight_norm
    for dim in (0, 1, -1, None):
        m = layer(lib, "Linear", 4, 3)
        yield lambda m=m, dim=dim: norm(m, dim=dim)
        yield lambda m=m: (state(m), m.weight)
        yield lambda m=m: trained(lib, m, x(lib, 5, 4))
        yield lambda m=m: setattr(m, "weight", x(lib, 3, 4))
        yield lambda m=m: (state(m), m.weight)
        yield lambda m=m: u.parametrize.remove_parametrizations(m, "weight", leave_parametrized=False)
        yield lambda m=m: (u.parametrize.remove_parametrizations(m, "weight"), state(m), m(x(lib, 5, 4)))
    old, new = u.weight_norm(layer(lib, "Linear", 4, 3)), norm(layer(lib, "Linear", 4, 3))
    with lib.no_grad():
        old.weight_g.mul_(2)
    yield lambda: (list(new.load_state_dict(old.state_dict())), state(new), new(x(lib, 5, 4)), old(x(lib, 5, 4)))
    yield lambda: norm(layer(lib, "Linear", 4, 3), "other")


# spectral norm --------------------------------------------------------------------------------------------------------
@scenario
def old_spectral_norm(lib: Any) -> Iterator[Step]:
    u = lib.nn.utils
    for options in ({}, {"n_power_iterations": 3}, {"dim": 1}, {"eps": 0.5}):
        m = layer(lib, "Linear", 4, 3)
        yield lambda m=m, options=options: u.spectral_norm(m, **options)
        yield lambda m=m: (state(m), m.weight, dict(m.state_dict()._metadata))
        yield lambda m=m: trained(lib, m, x(lib, 5, 4))
        yield lambda m=m: (u.remove_spectral_norm(m), state(m), m(x(lib, 5, 4)))
        yield lambda m=m: dict(m.state_dict()._metadata)
    m = u.spectral_norm(layer(lib, "Conv2d", 2, 3, 2))
    yield lambda: trained(lib, m, x(lib, 2, 2, 4, 4))
    yield lambda: (m.train()(x(lib, 2, 2, 4, 4)).sum() - m(x(lib, 2, 2, 4, 4)).cos().sum()).backward()
    yield lambda: [p.grad for p in m.parameters()]
    yield lambda: u.spectral_norm(m)
    yield lambda: u.spectral_norm(m, "bias", n_power_iterations=0)
    yield lambda: u.spectral_norm(m, "other")
    yield lambda: u.remove_spectral_norm(m, "other")
    yield lambda: u.spectral_norm(layer(lib, "Linear", 2, 2, bias=False), "bias")
    yield lambda: u.spectral_norm(layer(lib, "LazyLinear", 2))
    if hasattr(fnnet.nn, "ConvTranspose2d"):
        yield lambda: state(u.spectral_norm(layer(lib, "ConvTranspose2d", 2, 3, 2)))


@scenario
def spectral_norm_of_old_files(lib: Any) -> Iterator[Step]:
    u = lib.nn.utils
    for shape in ((4, 3), (3, 6)):
        m = u.spectral_norm(layer(lib, "Linear", *shape))
        m(x(lib, 5, shape[0]))
        now = m.state_dict()
        before = OrderedDict((k, v) for k, v in now.items() if k != "weight_v")
        before["weight"] = m.weight.detach()
        for version in ({}, {"spectral_norm": {"weight.version": 0}}, {"spectral_norm": {"weight.version": 1}}):
            given = OrderedDict(before)
            given._metadata = {"": {"version": 1, **version}}  # type: ignore[attr-defined]
            other = u.spectral_norm(layer(lib, "Linear", *shape))
            yield lambda other=other, given=given: (list(other.load_state_dict(given)), state(other))
            if version.get("spectral_norm") != {"weight.version": 1}:  # where PyTorch keeps half of a state refused
                yield lambda other=other, shape=shape: other.eval()(x(lib, 5, shape[0]))
        del given["weight"]
        yield lambda given=given, shape=shape: u.spectral_norm(layer(lib, "Linear", *shape)).load_state_dict(given)
        without = dict(now)
        yield lambda without=without, shape=shape: list(
            u.spectral_norm(layer(lib, "Linear", *shape)).load_state_dict(without)
        )


@scenario
def new_spectral_norm(lib: Any) -> Iterator[Step]:
    u = lib.nn.utils
    norm = u.parametrizations.spectral_norm
    for options in ({}, {"n_power_iterations": 3}, {"dim": 1}, {"dim": -1}, {"eps": 0.5}):
        m = layer(lib, "Linear", 4, 3)
        yield lambda m=m, options=options: norm(m, **options)
        yield lambda m=m: (state(m), m.weight, state(m))
        yield lambda m=m: trained(lib, m, x(lib, 5, 4))
        yield lambda m=m: setattr(m, "weight", x(lib, 3, 4))
        yield lambda m=m: (u.parametrize.remove_parametrizations(m, "weight"), state(m))
    yield lambda: trained(lib, norm(layer(lib, "Conv2d", 2, 3, 2)), x(lib, 2, 2, 4, 4))
    yield lambda: trained(lib, norm(layer(lib, "Linear", 4, 3), "bias"), x(lib, 5, 4))
    yield lambda: norm(layer(lib, "Linear", 4, 3), "other")
    yield lambda: norm(layer(lib, "Linear", 4, 3), dim=2)
    yield lambda: norm(layer(lib, "Linear", 4, 3), n_power_iterations=0)
    if hasattr(fnnet.nn, "ConvTranspose2d"):
        yield lambda: state(norm(layer(lib, "ConvTranspose2d", 2, 3, 2)))


# orthogonal matrices --------------------------------------------------------------------------------------------------
class Holder:
    """Makes modules that hold one tensor."""

    def __new__(cls, lib: Any, value: Any) -> Any:
        m = lib.nn.Module()
        m.weight = lib.nn.Parameter(value)
        return m


def moved(lib: Any, m: Any) -> Any:
    """The matrix, its gradient and where a step leads."""
    own = m.parametrizations.weight.original
    seen = []
    for _ in range(2):
        own.grad = None
        w = m.weight
        weights = x(lib, *w.shape)
        ((w * weights).real if w.is_complex() else w * weights).sum().backward()
        seen += [w, own.grad]
        with lib.no_grad():
            own.sub_(own.grad * 0.3)
    return seen, m.weight, w.shape


@scenario
def orthogonal(lib: Any) -> Iterator[Step]:
    make = lib.nn.utils.parametrizations.orthogonal
    for shape in ((3, 3), (5, 3), (3, 5), (1, 1), (4, 1), (1, 4), (2, 4, 4), (2, 2, 5, 3), (17, 17), (33, 20)):
        for kind in (None, "matrix_exp", "cayley", "householder"):
            for trivial in (True, False):
                lib.manual_seed(2)
                m = Holder(lib, x(lib, *shape) * 3)
                yield lambda m=m, kind=kind, trivial=trivial: make(m, "weight", kind, use_trivialization=trivial)
                yield lambda m=m: state(m)
                yield lambda m=m: moved(lib, m)
                yield lambda m=m, shape=shape: setattr(m, "weight", x(lib, *shape).exp())
                yield lambda m=m: m.weight
    for kind in (None, "matrix_exp", "cayley", "householder"):
        for shape in ((3, 3), (5, 3), (3, 5)):
            for trivial in (True, False):
                m = Holder(lib, lib.complex(x(lib, *shape), x(lib, *shape).cos()))
                lib.manual_seed(2)
                yield lambda m=m, kind=kind, trivial=trivial: make(m, "weight", kind, use_trivialization=trivial)
                yield lambda m=m: moved(lib, m)
    yield lambda: make(Holder(lib, lib.eye(3, dtype=lib.float64))).weight
    yield lambda: make(Holder(lib, lib.eye(4, 3, dtype=lib.float64)), use_trivialization=False).weight
    yield lambda: make(Holder(lib, x(lib, 3)))
    yield lambda: make(Holder(lib, x(lib, 3, 3)), "other")
    yield lambda: make(Holder(lib, x(lib, 3, 3)), orthogonal_map="what")
    yield lambda: setattr(make(Holder(lib, x(lib, 3, 3))), "weight", x(lib, 2, 2))
    yield lambda: make(layer(lib, "Linear", 4, 3))
    yield lambda: make(Holder(lib, x(lib, 3, 3).float())).weight


# parametrize ----------------------------------------------------------------------------------------------------------
def parts(lib: Any) -> dict[str, Any]:
    """Parametrizations of all sorts, with names of their own on both sides."""
    Module = lib.nn.Module

    class Symmetric(Module):  # type: ignore[misc, valid-type]
        def forward(self, X: Any) -> Any:
            return X.triu() + X.triu(1).mT

    class Skew(Module):  # type: ignore[misc, valid-type]
        def forward(self, X: Any) -> Any:
            return X.triu(1) - X.triu(1).mT

        def right_inverse(self, A: Any) -> Any:
            return A.triu(1)

    class Double(Module):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            super().__init__()
            self.factor = lib.nn.Parameter(lib.tensor(2.0, dtype=lib.float64))

        def forward(self, X: Any) -> Any:
            return X * self.factor

        def right_inverse(self, A: Any) -> Any:
            return A / self.factor

    class Sum(Module):  # type: ignore[misc, valid-type]
        def forward(self, a: Any, b: Any) -> Any:
            return a + b

        def right_inverse(self, A: Any) -> Any:
            return A * 0.25, A * 0.75

    class First(Module):  # type: ignore[misc, valid-type]
        def forward(self, X: Any) -> Any:
            return X[0]

    class Float(Module):  # type: ignore[misc, valid-type]
        def forward(self, X: Any) -> Any:
            return X.float()

    class Word(Module):  # type: ignore[misc, valid-type]
        def forward(self, X: Any) -> Any:
            return "word"

    def with_back(name: str, back: Any, forward: Any = lambda self, X, *more: X) -> Any:
        return type(name, (Module,), {"forward": forward, "right_inverse": lambda self, X: back(X)})

    def refuse(X: Any) -> Any:
        raise NotImplementedError

    return {
        "Symmetric": Symmetric, "Skew": Skew, "Double": Double, "Sum": Sum, "First": First, "Float": Float,
        "Word": Word, "BackWord": with_back("BackWord", lambda X: "word"), "BackInt": with_back("BackInt", lambda X: 5),
        "BackFloat": with_back("BackFloat", lambda X: X.float()), "BackFirst": with_back("BackFirst", lambda X: X[0]),
        "BackList": with_back("BackList", lambda X: [X, 5]), "NoBack": with_back("NoBack", refuse),
    }  # fmt: skip


@scenario
def parametrized(lib: Any) -> Iterator[Step]:
    P, made = lib.nn.utils.parametrize, parts(lib)
    m = layer(lib, "Linear", 3, 3)
    held = m.weight
    optimizer = lib.optim.SGD(m.parameters(), lr=0.1)
    yield lambda: P.register_parametrization(m, "weight", made["Skew"]())
    yield lambda: (state(m), m.weight, type(m).__name__, isinstance(m, lib.nn.Linear))
    yield lambda: m.parametrizations.weight.original is held
    yield lambda: (P.is_parametrized(m), P.is_parametrized(m, "weight"), P.is_parametrized(m, "bias"))
    yield lambda: P.type_before_parametrizations(m) is P.type_before_parametrizations(lib.nn.Linear(1, 1))
    yield lambda: P.register_parametrization(m, "bias", made["Double"]())
    yield lambda: P.register_parametrization(m, "weight", made["Double"]())
    yield lambda: (state(m), m.weight, m.bias)
    yield lambda: trained(lib, m, x(lib, 5, 3))
    yield lambda: (m(x(lib, 2, 3)).sum().backward(), optimizer.step(), m.weight)
    yield lambda: setattr(m, "weight", x(lib, 3, 3))
    yield lambda: (m.weight, m.parametrizations.weight.original is held)
    yield lambda: setattr(m, "weight", lib.nn.Parameter(x(lib, 3, 3)))
    yield lambda: delattr(m, "weight")
    twin = copy.deepcopy(m)
    yield lambda: (state(twin), twin(x(lib, 2, 3)), twin.weight is m.weight)
    yield lambda: pickle.dumps(m)
    yield lambda: list(twin.load_state_dict({k: v * 2 for k, v in m.state_dict().items()}))
    yield lambda: (twin.weight, m.weight, twin.float().weight)
    yield lambda: (m.eval().parametrizations.weight[0].training, m.train().parametrizations.weight[0].training)
    yield lambda: P.remove_parametrizations(m, "weight", leave_parametrized=False)
    yield lambda: (state(m), m.weight is held, type(m.weight).__name__)
    yield lambda: P.remove_parametrizations(m, "bias")
    yield lambda: (state(m), m(x(lib, 2, 3)))
    yield lambda: P.remove_parametrizations(m, "bias")
    yield lambda: P.register_parametrization(m, "other", made["Skew"]())


@scenario
def several_originals(lib: Any) -> Iterator[Step]:
    P, made = lib.nn.utils.parametrize, parts(lib)
    m = layer(lib, "Linear", 3, 2)
    yield lambda: P.register_parametrization(m, "weight", made["Sum"]())
    yield lambda: (state(m), m.weight)
    yield lambda: P.register_parametrization(m, "weight", made["Double"]())
    yield lambda: trained(lib, m, x(lib, 5, 3))
    yield lambda: setattr(m, "weight", x(lib, 2, 3))
    yield lambda: (state(m), m.weight)
    yield lambda: P.remove_parametrizations(m, "weight", leave_parametrized=False)
    yield lambda: (P.remove_parametrizations(m, "weight"), state(m), type(m.weight).__name__)
    other = P.register_parametrization(layer(lib, "Linear", 3, 2).requires_grad_(False), "weight", made["Sum"]())
    yield lambda: [p.requires_grad for p in other.parameters()]
    yield lambda: (P.remove_parametrizations(other, "weight"), state(other))


@scenario
def buffers(lib: Any) -> Iterator[Step]:
    P, made = lib.nn.utils.parametrize, parts(lib)
    m = lib.nn.Module()
    m.register_buffer("b", x(lib, 3, 3))
    yield lambda: P.register_parametrization(m, "b", made["Skew"]())
    yield lambda: (state(m), m.b, [n for n, _ in m.named_buffers()])
    yield lambda: setattr(m, "b", x(lib, 3, 3).cos())
    yield lambda: (P.remove_parametrizations(m, "b"), state(m), m.b, [n for n, _ in m.named_buffers()])


@scenario
def refused(lib: Any) -> Iterator[Step]:
    P, made = lib.nn.utils.parametrize, parts(lib)
    for name in ("First", "Float", "Word", "BackWord", "BackInt", "BackFloat", "BackFirst", "BackList", "NoBack"):
        for unsafe in (False, True):
            m = layer(lib, "Linear", 3, 3)
            yield lambda m=m, name=name, unsafe=unsafe: P.register_parametrization(
                m, "weight", made[name](), unsafe=unsafe
            )
            if not (name == "BackFirst" and not unsafe):  # PyTorch leaves what the way back made
                yield lambda m=m: (state(m), m.weight)
            m = P.register_parametrization(layer(lib, "Linear", 3, 3), "weight", made["Double"]())
            yield lambda m=m, name=name, unsafe=unsafe: P.register_parametrization(
                m, "weight", made[name](), unsafe=unsafe
            )
            yield lambda m=m: (state(m), m.weight)
            yield lambda m=m: setattr(m, "weight", x(lib, 3, 3))
    yield lambda: P.ParametrizationList([], lib.nn.Parameter(x(lib, 2)))
    m = P.register_parametrization(layer(lib, "Linear", 3, 3), "weight", made["Symmetric"]())
    yield lambda: setattr(m, "weight", x(lib, 3, 3))
    yield lambda: P.register_parametrization(m, "weight", made["First"](), unsafe=True)
    yield lambda: (m.weight, m.parametrizations.weight.unsafe)


@scenario
def cached(lib: Any) -> Iterator[Step]:
    P, made = lib.nn.utils.parametrize, parts(lib)
    m = P.register_parametrization(layer(lib, "Linear", 3, 3), "weight", made["Double"]())

    def inside() -> Any:
        with P.cached():
            first = m.weight
            with P.cached():
                again = m.weight
            last = m.weight
        return first is again is last, m.weight is first

    yield inside

    def failing() -> Any:
        with P.cached():
            kept = m.weight
            raise ZeroDivisionError(kept)

    yield failing
    yield lambda: m.weight is m.weight


@scenario
def transferred(lib: Any) -> Iterator[Step]:
    P, made = lib.nn.utils.parametrize, parts(lib)
    source = P.register_parametrization(layer(lib, "Linear", 3, 3), "weight", made["Skew"]())
    P.register_parametrization(source, "bias", made["Double"]())
    P.register_parametrization(source, "weight", made["Double"]())
    for name in ("weight", None):
        target = lib.nn.Linear(3, 3, dtype=lib.float64)
        yield lambda target=target, name=name: P.transfer_parametrizations_and_params(source, target, name)
        yield lambda target=target: (target.weight, target.parametrizations.weight.original is held(source))
    empty = lib.nn.Module()
    yield lambda: P.transfer_parametrizations_and_params(source, empty)
    yield lambda: (state(empty), empty.weight)
    plain_one = layer(lib, "Linear", 2, 2)
    yield lambda: P.transfer_parametrizations_and_params(plain_one, layer(lib, "Linear", 2, 2))
    several = P.register_parametrization(layer(lib, "Linear", 3, 3), "weight", made["Sum"]())
    yield lambda: (P.transfer_parametrizations_and_params(several, layer(lib, "Linear", 3, 3)).weight, several.weight)


def held(m: Any) -> Any:
    return m.parametrizations.weight.original


# fusion, skip_init ----------------------------------------------------------------------------------------------------
def statistics(lib: Any, bn: Any) -> Any:
    with lib.no_grad():
        for i, t in enumerate((bn.running_mean, bn.running_var, bn.weight, bn.bias)):
            if t is not None:
                t.copy_(x(lib, *t.shape) + 2 + i)
    return bn.eval()


@scenario
def fusion(lib: Any) -> Iterator[Step]:
    u = lib.nn.utils
    for bias in (True, False):
        for options in ({}, {"affine": False}, {"eps": 0.1}):
            conv = layer(lib, "Conv2d", 2, 3, 2, bias=bias).eval()
            bn = statistics(lib, layer(lib, "BatchNorm2d", 3, **options))
            yield lambda conv=conv, bn=bn: u.fuse_conv_bn_eval(conv, bn)
            yield lambda conv=conv, bn=bn: (
                u.fuse_conv_bn_eval(conv, bn)(x(lib, 2, 2, 4, 4)), bn(conv(x(lib, 2, 2, 4, 4))),
                [p.requires_grad for p in u.fuse_conv_bn_eval(conv, bn).parameters()],
            )  # fmt: skip
            if "affine" in options:
                continue  # PyTorch's takes no None
            linear = layer(lib, "Linear", 4, 3, bias=bias).eval()
            for n in (3, 1):
                bn = statistics(lib, layer(lib, "BatchNorm1d", n, **options))
                yield lambda linear=linear, bn=bn: state(u.fuse_linear_bn_eval(linear, bn))
                yield lambda linear=linear, bn=bn: u.fuse_linear_bn_eval(linear, bn)(x(lib, 2, 4))
    conv, bn = layer(lib, "Conv1d", 2, 3, 2), layer(lib, "BatchNorm1d", 3)
    yield lambda: u.fuse_conv_bn_eval(conv, bn)
    yield lambda: u.fuse_linear_bn_eval(layer(lib, "Linear", 4, 3), bn)
    yield lambda: u.fuse_linear_bn_eval(layer(lib, "Linear", 4, 2).eval(), bn.eval())
    yield lambda: u.fuse_conv_bn_eval(conv.eval(), layer(lib, "BatchNorm1d", 3, track_running_stats=False).eval())
    given = [x(lib, 3, 2, 2), None, x(lib, 3), x(lib, 3) + 2, 0.1, None, None]
    yield lambda: u.fuse_conv_bn_weights(*given)
    yield lambda: u.fuse_conv_bn_weights(x(lib, 2, 3, 2), *given[1:], transpose=True)
    yield lambda: u.fuse_linear_bn_weights(x(lib, 3, 4).float(), x(lib, 3), *given[2:5], x(lib, 3), x(lib, 3))
    with_grad = lib.nn.Conv1d(2, 3, 2, dtype=lib.float64).requires_grad_(False).eval()
    yield lambda: [p.requires_grad for p in u.fuse_conv_bn_eval(with_grad, bn.eval()).parameters()]


@scenario
def skip_init(lib: Any) -> Iterator[Step]:
    skip = lib.nn.utils.skip_init
    lib.manual_seed(1)
    yield lambda: skip(lib.nn.Linear, 5, out_features=2, bias=False)
    yield lambda: skip(lib.nn.Linear, 5, 2, dtype=lib.float64).weight.dtype == lib.float64
    yield lambda: skip(lib.nn.Conv2d, 5, 2, 3, device="cpu").weight.shape
    yield lambda: [p.requires_grad for p in skip(lib.nn.BatchNorm1d, 5).parameters()]
    yield lambda: lib.rand(3)  # nothing was drawn
    yield lambda: skip(lib.nn.ReLU)
    yield lambda: skip(int)


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str) -> None:
    for at, (mine, theirs) in enumerate(zip(SCENARIOS[name](fnnet), SCENARIOS[name](torch), strict=True)):
        got, expected = outcome(mine), outcome(theirs)
        if isinstance(expected, Exception):
            assert isinstance(got, type(expected)), (at, got, expected)
            continue
        assert not isinstance(got, Exception), (at, got, expected)
        try:
            same(got, expected)
        except AssertionError as error:
            raise AssertionError(f"step {at}: {error}") from error

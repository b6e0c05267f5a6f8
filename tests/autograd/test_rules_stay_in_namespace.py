"""Rules compute through their namespace and nowhere else, leave what they are given alone, and do no unasked work.

Each rule runs on proxies that have a shape, a dtype and the operators, over a namespace that notes every primitive.
What it noted, replayed on other numbers, must give what the rule gives on those: a rule that computed beside it,
or looked at a value, would have baked the first numbers in. Transforms (compile, vmap, ONNX) rest on this.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fnnet._core.namespace import Namespace
from fnnet._core.op import OPS, Op, Sample
from fnnet.backends import dtypes
from fnnet.backends.devices import CPU
from fnnet.backends.dtypes import DType
from fnnet.testing import conformance
from fnnet.testing.conformance.cases import CONSTANT, Maker
from fnnet.testing.conformance.run import Definitions

Host = np.ndarray[Any, Any]
PLAIN: Any = Definitions()
PRIMITIVES = {name for name in vars(Namespace) if not name.startswith("_")}

Step = tuple[str, tuple[Any, ...], dict[str, Any], "Proxy"]


class Proxy:
    """An array of which a rule may know its shape, its dtype and the operators."""

    __array_ufunc__ = None
    __hash__ = object.__hash__

    def __init__(self, k: Noting, raw: Any) -> None:
        self._k, self._raw = k, raw
        self.shape, self.ndim, self.dtype = raw.shape, raw.ndim, raw.dtype

    def __add__(self, other: Any) -> Proxy:
        return self._k.add(self, other)

    def __radd__(self, other: Any) -> Proxy:
        return self._k.add(other, self)

    def __sub__(self, other: Any) -> Proxy:
        return self._k.sub(self, other)

    def __rsub__(self, other: Any) -> Proxy:
        return self._k.sub(other, self)

    def __mul__(self, other: Any) -> Proxy:
        return self._k.mul(self, other)

    def __rmul__(self, other: Any) -> Proxy:
        return self._k.mul(other, self)

    def __truediv__(self, other: Any) -> Proxy:
        return self._k.div(self, other)

    def __rtruediv__(self, other: Any) -> Proxy:
        return self._k.div(other, self)

    def __pow__(self, other: Any) -> Proxy:
        return self._k.pow(self, other)

    def __neg__(self) -> Proxy:
        return self._k.neg(self)

    def __bool__(self) -> bool:
        raise TypeError("a rule looked at a value")

    def __eq__(self, other: object) -> bool:
        raise TypeError("a rule looked at a value")

    def __array__(self, dtype: object = None, copy: object = None) -> Any:
        raise TypeError("a rule left its namespace")


class Noting:
    """A namespace of proxies that notes each primitive; composites are their definitions."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **static: Any) -> Any:
            for a in (*args, *static.values()):
                assert not isinstance(a, (np.ndarray, np.generic)), f"{name}: a raw array or scalar of NumPy in a rule"
            op = OPS.get(name)
            if op is not None and op.forward is not None:
                return op.forward(self, *args, **static)
            assert name in PRIMITIVES, f"k.{name} is no primitive of Namespace and no op"
            r = getattr(PLAIN, name)(*[a._raw if isinstance(a, Proxy) else a for a in args], **static)
            new = Proxy(self, np.asarray(r))
            self.steps.append((name, args, static, new))
            return new

        return call

    def replay(self, given: dict[Proxy, Any], wanted: Sequence[Any]) -> list[Any]:
        """Run what was noted on other arrays."""
        known = dict(given)
        for name, args, static, new in self.steps:
            raw = getattr(PLAIN, name)(*[known.get(a) if isinstance(a, Proxy) else a for a in args], **static)
            known[new] = np.asarray(raw)
        return [known[w] if isinstance(w, Proxy) else w for w in wanted]


CASES = {case.op.name: case for case in conformance.cases() if case.dtype is dtypes.float64}
RULES = {name: case for name, case in CASES.items() if case.op.forward is not None}
BACKWARD = {name: case for name, case in CASES.items() if case.op.backward is not None}


class Reseeded(Maker):
    """Makes other numbers; those of a given dtype (indices, masks) stay."""

    def __init__(self, dtype: DType, seed: int) -> None:
        super().__init__(dtype, CPU)
        self.other = np.random.default_rng(seed)

    def __call__(self, *shape: int, low: float = -1.0, high: float = 1.0, dtype: DType | None = None) -> Any:
        t = super().__call__(*shape, low=low, high=high, dtype=dtype)
        if dtype is None:
            t._data[...] = self.other.uniform(low, high, shape)
        return t


def raw(x: Any) -> Any:
    return x._data if hasattr(x, "_data") else x


def samples(op: Op, seed: int | None = None) -> list[Sample]:
    assert op.samples is not None
    maker = Maker(dtypes.float64, CPU) if seed is None else Reseeded(dtypes.float64, seed)
    return [Sample(*map(raw, s.inputs), smooth=s.smooth, **s.static) for s in op.samples(maker)]


def outputs(r: Any) -> tuple[Any, ...]:
    return r if isinstance(r, tuple) else (r,)


def same(a: Any, b: Any) -> None:
    assert (a is None) == (b is None)
    if a is not None:
        assert tuple(a.shape) == tuple(b.shape)
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-9, atol=1e-11)


def run_forward(k: Any, op: Op, inputs: Sequence[Any], static: dict[str, Any]) -> Any:
    if op.forward is not None:
        with np.errstate(all="ignore"):
            return op.forward(k, *inputs, **static)
    return getattr(k, op.name)(*inputs, **static)


def call_of(op: Op, inputs: Sequence[Any], out: Any, needs: tuple[bool, ...], static: dict[str, Any]) -> Any:
    """The Call that the tape would hand to backward: only what `uses` names is there."""
    keep, keep_out = op.kept(needs)
    if keep_out and op.keeps is not None:
        out = tuple(o if i in op.keeps else None for i, o in enumerate(out))
    return SimpleNamespace(
        inputs=tuple(x if i in keep else None for i, x in enumerate(inputs)),
        out=out if keep_out else None, shapes=tuple(tuple(getattr(x, "shape", ())) for x in inputs), needs=needs,
        static=static, private=(),
    )  # fmt: skip


def differentiable(op: Op, inputs: Sequence[Any]) -> list[int]:
    constant = CONSTANT.get(op.name, ())
    return [i for i, x in enumerate(inputs) if isinstance(x, np.ndarray) and x.dtype.kind == "f" and i not in constant]


def seeds(out: Any) -> Any:
    random = np.random.default_rng(5)
    found = tuple(random.uniform(0.5, 1.5, o.shape) if o.dtype.kind == "f" else np.zeros(o.shape) for o in outputs(out))
    return found if isinstance(out, tuple) else found[0]


def run_backward(k: Any, op: Op, call: Any, grad: Any) -> Sequence[Any]:
    assert op.backward is not None
    with np.errstate(all="ignore"):
        found: Sequence[Any] = op.backward(k, call, grad)
    return found


@pytest.mark.parametrize("name", RULES)
def test_forward_computes_through_its_namespace(name: str) -> None:
    op = OPS[name]
    for first, second in zip(samples(op), samples(op, seed=11), strict=True):
        k = Noting()
        given = [Proxy(k, x) if isinstance(x, np.ndarray) else x for x in first.inputs]
        found = outputs(run_forward(k, op, given, first.static))
        for got, want in zip(found, outputs(run_forward(PLAIN, op, first.inputs, first.static)), strict=True):
            same(got._raw, want)
        other = {p: x for p, x in zip(given, second.inputs, strict=True) if isinstance(p, Proxy)}
        with np.errstate(all="ignore"):
            replayed = k.replay(other, found)
        for got, want in zip(replayed, outputs(run_forward(PLAIN, op, second.inputs, second.static)), strict=True):
            same(got, want)


@pytest.mark.parametrize("name", BACKWARD)
def test_backward_computes_through_its_namespace(name: str) -> None:
    op = OPS[name]
    for first, second in zip(samples(op), samples(op, seed=11), strict=True):
        if not (wanted := differentiable(op, first.inputs)):
            continue
        needs = tuple(i in wanted for i in range(len(first.inputs)))
        k = Noting()
        given = [Proxy(k, x) if isinstance(x, np.ndarray) else x for x in first.inputs]
        outs = [run_forward(PLAIN, op, s.inputs, s.static) for s in (first, second)]
        lifted = tuple(Proxy(k, o) for o in outputs(outs[0]))
        grads = tuple(Proxy(k, g) for g in outputs(seeds(outs[0])))
        many = isinstance(outs[0], tuple)
        call = call_of(op, given, lifted if many else lifted[0], needs, first.static)
        found = run_backward(k, op, call, grads if many else grads[0])
        plain = run_backward(PLAIN, op, call_of(op, first.inputs, outs[0], needs, first.static), seeds(outs[0]))
        for got, want in zip(found, plain, strict=True):
            same(got if got is None else got._raw, want)
        arrays = (*second.inputs, *outputs(outs[1]), *outputs(seeds(outs[1])))
        other = {p: x for p, x in zip((*given, *lifted, *grads), arrays, strict=True) if isinstance(p, Proxy)}
        with np.errstate(all="ignore"):
            replayed = k.replay(other, found)
        plain = run_backward(PLAIN, op, call_of(op, second.inputs, outs[1], needs, second.static), seeds(outs[1]))
        for got, want in zip(replayed, plain, strict=True):
            same(got, want)


@pytest.mark.parametrize("name", CASES)
def test_rules_leave_what_they_are_given(name: str) -> None:
    op = OPS[name]
    for sample in samples(op):
        inputs = [x.copy() if isinstance(x, np.ndarray) else x for x in sample.inputs]
        out = run_forward(PLAIN, op, inputs, sample.static)
        for before, after in zip(sample.inputs, inputs, strict=True):
            same_bits(before, after)
        wanted = differentiable(op, inputs)
        if op.backward is None or not wanted:
            continue
        kept = [np.array(o) for o in outputs(out)]
        grad = seeds(out)
        needs = tuple(i in wanted for i in range(len(inputs)))
        run_backward(PLAIN, op, call_of(op, inputs, out, needs, sample.static), grad)
        for before, after in zip(
            (*sample.inputs, *kept, *outputs(seeds(out))), (*inputs, *outputs(out), *outputs(grad)), strict=True
        ):
            same_bits(before, after)


def same_bits(before: Any, after: Any) -> None:
    if isinstance(before, np.ndarray):
        assert np.asarray(after).tobytes() == np.asarray(before).tobytes()


@pytest.mark.parametrize("name", BACKWARD)
def test_no_gradient_is_memory_that_was_saved(name: str) -> None:
    op = OPS[name]
    for sample in samples(op):
        if not (wanted := differentiable(op, sample.inputs)):
            continue
        out = run_forward(PLAIN, op, sample.inputs, sample.static)
        grad = seeds(out)
        if op.is_view or not any(isinstance(o, np.ndarray) for o in outputs(out)):
            continue
        call = call_of(op, sample.inputs, out, tuple(i in wanted for i in range(len(sample.inputs))), sample.static)
        for found in run_backward(PLAIN, op, call, grad):
            for saved in (*sample.inputs, *outputs(out)):
                if isinstance(saved, np.ndarray) and isinstance(found, np.ndarray):
                    assert not np.shares_memory(found, saved)


SEVERAL = {
    name: case
    for name, case in BACKWARD.items()
    if any(len(differentiable(case.op, s.inputs)) > 1 for s in samples(case.op))
}


@pytest.mark.parametrize("name", SEVERAL)
def test_each_gradient_alone_is_what_all_are(name: str) -> None:
    op = OPS[name]
    for sample in samples(op):
        wanted = differentiable(op, sample.inputs)
        n = len(sample.inputs)
        out = run_forward(PLAIN, op, sample.inputs, sample.static)
        grad = seeds(out)
        every = run_backward(
            PLAIN, op, call_of(op, sample.inputs, out, tuple(i in wanted for i in range(n)), sample.static), grad
        )
        for size in range(1, len(wanted)):
            for some in itertools.combinations(wanted, size):
                needs = tuple(i in some for i in range(n))
                found = run_backward(PLAIN, op, call_of(op, sample.inputs, out, needs, sample.static), grad)
                assert len(found) == len(every)
                for i in range(n):
                    if needs[i]:
                        same(found[i], every[i])
                    else:
                        assert found[i] is None, f"gradient {i} was not asked for"


def test_the_watch_bites() -> None:
    def looks(k: Any, x: Any) -> Any:
        return x if x else -x

    def leaves(k: Any, x: Any) -> Any:
        return np.exp(x)

    def hides(k: Any, x: Any) -> Any:
        return k.mul(x, x._raw)

    k = Noting()
    x = Proxy(k, np.ones(()))
    for rule in (looks, leaves):
        with pytest.raises(TypeError):
            rule(k, x)
    with pytest.raises(AssertionError, match="raw array"):
        hides(k, x)

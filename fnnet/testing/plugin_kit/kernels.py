"""Checks of kernels: each agrees with its op's definition, on the op's own samples, as accurately.

The truth is the definition in float64 on NumPy. A kernel may be as far from it as a small multiple of what the
definition is off in the kernel's own dtype.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any, Final, NamedTuple, cast

import numpy as np

from fnnet._core.op import OPS, Op, Sample, Samples
from fnnet.backends.base import Backend
from fnnet.backends.devices import backend_of
from fnnet.backends.dtypes import DType
from fnnet.backends.kernels import ArrayMeta, Kernel, Meta, Plan
from fnnet.backends.numpy_backend import NumpyBackend
from fnnet.plugins import KernelSpec
from fnnet.plugins.specs import AnySpec
from fnnet.testing.conformance.cases import load_every_op
from fnnet.testing.plugin_kit.check import Check, CheckError, require

Raw = np.ndarray[Any, Any]
Arrays = tuple[Any, ...]  # raw arrays of a backend, numbers, None

BACKWARD: Final = ".backward"
DTYPES: Final = (np.float32, np.float64)
"""Half types are widened before a kernel is asked; whole numbers are asked for by few ops."""
TIMES: Final = 4.0
"""How much farther from the truth than the definition a kernel may be ..."""
ULPS: Final = 16.0
"""... and how many units in the last place of the largest value beside that."""
DIFFERENCES: Final = 1e-6
"""Relative error of central differences in float64, with room to spare; for ops without a rule of their own."""
ENLARGED: Final = 128
"""Kernels may decline what is small: the samples are asked for once more with every dim so many times as large ..."""
LARGEST: Final = 2**20
"""... unless an operand would have more elements than this."""
LAYOUTS: Final[dict[str, Callable[[Raw], Raw]]] = {
    "dense": lambda x: x,
    "transposed": np.asfortranarray,
    "stepped": lambda x: np.repeat(x, 2, -1)[..., ::2] if x.ndim else x,
}
"""How operands may lie in memory. A kernel may decline any; what it accepts it must compute."""


class Case(NamedTuple):
    """One call: inputs on the host, as the op's samples give them, in one dtype and layout."""

    about: str
    inputs: tuple[Any, ...]
    static: dict[str, Any]
    smooth: bool


def checks(spec: AnySpec) -> Iterator[Check]:
    """The checks of one provider."""
    spec = cast("KernelSpec", spec)
    yield Check("provides what it says", partial(_provides, spec))
    for name in spec.provides:
        base = name.removesuffix(BACKWARD)
        yield Check(f"{name} agrees with its definition", partial(_agrees, spec, base, name != base))


def _provides(spec: KernelSpec) -> None:
    load_every_op()
    found, said = set(spec.load()), set(spec.provides)
    require(found == said, f"load() gives {sorted(found)}, provides says {sorted(said)}")
    for name in said:
        require(name.removesuffix(BACKWARD) in OPS, f"{name}: there is no op of that name")


def _agrees(spec: KernelSpec, name: str, backward: bool) -> None:
    load_every_op()
    op, backend, kernels = OPS[name], backend_of(spec.device_type), spec.load()
    forward = cast("Kernel | None", kernels.get(name))
    served = []
    for case in cases(op):
        trial = _Trial(op, backend, case)
        private: Arrays | None = ()
        if forward is not None:
            private = trial.forward(forward)
        if backward:
            if case.smooth and trial.backward(cast("Kernel", kernels[name + BACKWARD]), private or ()):
                served.append(case.about)
        elif private is not None:
            served.append(case.about)
    require(bool(served), f"{name + BACKWARD * backward} declines every sample of the op")


def cases(op: Op) -> Iterator[Case]:
    """The op's samples in every dtype and layout, as they are and enlarged."""
    if op.samples is None:
        raise CheckError(f"op {op.name} has no samples to test it on")
    for dtype in DTYPES:
        for factor in (1, ENLARGED):
            for number, sample in enumerate(_samples(op.samples, dtype, factor)):
                if factor > 1 and not _computable(op, sample):
                    continue
                for layout, lay in LAYOUTS.items():
                    inputs = tuple(lay(x) if isinstance(x, np.ndarray) else x for x in sample.inputs)
                    size = "" if factor == 1 else f", every dim times {factor}"
                    about = f"sample {number} of {op.name}, {np.dtype(dtype).name}, {layout}{size}"
                    yield Case(about, inputs, sample.static, sample.smooth and (factor == 1 or op.backward is not None))


def _samples(samples: Samples, dtype: type[np.generic], factor: int) -> Sequence[Sample]:
    """The samples; none where an enlarged one would be too large."""
    try:
        return tuple(samples(_maker(dtype, factor)))
    except _TooLargeError:
        return ()


def _computable(op: Op, sample: Sample) -> bool:
    """Whether the static arguments still fit an enlarged sample."""
    try:
        with np.errstate(all="ignore"):
            NumpyBackend().run(op, sample.inputs, sample.static)
    except Exception:
        return False
    return True


class _TooLargeError(Exception):
    """An enlarged sample has more elements than the kit computes with."""


def _maker(default: type[np.generic], factor: int) -> Callable[..., Raw]:
    random = np.random.default_rng(0)

    def make(*shape: int, low: float = -1.0, high: float = 1.0, dtype: DType | np.dtype[Any] | None = None) -> Raw:
        wanted = np.dtype(default) if dtype is None else dtype.numpy if isinstance(dtype, DType) else np.dtype(dtype)
        shape = tuple(n * factor if n > 1 else n for n in shape)
        if math.prod(shape) > LARGEST:
            raise _TooLargeError
        return np.asarray(random.uniform(low, high, shape)).astype(wanted)

    return make


class _Trial:
    """One case on one backend, beside the definition in the same dtype and in float64."""

    def __init__(self, op: Op, backend: Backend, case: Case) -> None:
        self.op, self.backend, self.case = op, backend, case
        self.reference = NumpyBackend()  # one without providers
        self.inputs = tuple(self._device(x) for x in case.inputs)
        self.same = _tuple(op, self._define(case.inputs))
        self.truth = _tuple(op, self._define(tuple(map(_wide, case.inputs))))
        self.private: tuple[Any, ...] = ()

    def _define(self, inputs: tuple[Any, ...]) -> Any:
        with np.errstate(all="ignore"):
            return self.reference.run(self.op, inputs, self.case.static)

    def _device(self, x: Any) -> Any:
        """A host array on the device; layouts survive where the backend knows strides."""
        if not isinstance(x, np.ndarray):
            return x
        return x if self.backend.device_type == "cpu" else self.backend.from_host(x, 0)

    def forward(self, kernel: Kernel) -> Arrays | None:
        """Run the forward and compare; the private outputs, or None where it declines."""
        needs = tuple(isinstance(x, np.ndarray) and x.dtype.kind == "f" for x in self.case.inputs)
        meta = Meta(self._metas(self.inputs), self.case.static, needs)
        outs = self._run(kernel, meta, self.inputs)
        if outs is None:
            return None
        n = self.op.n_out
        require(len(outs) >= n, f"{self.case.about}: the plan has {len(outs)} outputs, the op has {n}")
        self._compare("output", outs[:n], self.same, self.truth)
        return outs[n:]

    def backward(self, kernel: Kernel, private: Arrays) -> bool:
        """Run the backward and compare; False where it declines."""
        needs = tuple(isinstance(x, np.ndarray) and x.dtype.kind == "f" for x in self.case.inputs)
        grads = tuple(np.cos(np.arange(o.size)).reshape(o.shape).astype(o.dtype) for o in self.same)
        keep, keep_out = self.op.kept(needs)
        inputs = tuple(x if i in keep else None for i, x in enumerate(self.inputs))
        kept = range(len(self.same)) if self.op.keeps is None else self.op.keeps
        outs = tuple(self._device(o) if keep_out and i in kept else None for i, o in enumerate(self.same))
        sent = tuple(map(self._device, grads))
        args = (*inputs, *outs, *private, *sent)
        about = map(self._metas, (inputs, outs, private, sent))
        meta = Meta(next(about), self.case.static, needs, *about)
        found = self._run(kernel, meta, args)
        if found is None:
            return False
        same = self._gradients(self.case.inputs, grads, needs)
        truth = self._gradients(tuple(map(_wide, self.case.inputs)), tuple(map(_wide, grads)), needs)
        self._compare("gradient", found, same, truth, DIFFERENCES if self.op.backward is None else 0.0)
        return True

    def _metas(self, xs: Arrays) -> Arrays:
        return tuple(map(self.backend.meta, xs))

    def _run(self, kernel: Kernel, meta: Meta, args: Arrays) -> Arrays | None:
        about = self.case.about
        plan, again = kernel.accepts(meta), kernel.accepts(meta)
        require((plan is None) == (again is None), f"{about}: accepts() answers the same question differently")
        if plan is None or again is None:
            return None
        require(plan.outputs == again.outputs, f"{about}: accepts() plans different outputs for the same question")
        outs, second = self._execute(plan, args), self._execute(again, args)
        same = self._equal(self._copies(outs), second)
        require(same, f"{about}: run twice, it gives two results, or leaves some memory unwritten")
        return outs

    def _execute(self, plan: Plan, args: Arrays) -> Arrays:
        like = next(a for a in args if isinstance(a, self.backend.array_type))
        outs = tuple(None if m is None else self._fresh(m, like) for m in plan.outputs)
        closure = plan.prepare(args, outs)
        before = self._copies(args)
        closure()
        require(self._equal(before, args), f"{self.case.about}: it writes its inputs")
        first = self._copies(outs)
        closure()  # a compiled step runs the same closure again
        require(self._equal(first, outs), f"{self.case.about}: its closure, run again, gives another result")
        return outs

    def _copies(self, arrays: Arrays) -> list[Raw | None]:
        """Copies on the host; None for what is no array."""
        return [np.array(self.backend.to_host(a)) if isinstance(a, self.backend.array_type) else None for a in arrays]

    def _equal(self, copies: list[Raw | None], arrays: Arrays) -> bool:
        return all(
            copy is None or np.array_equal(copy, self.backend.to_host(array), equal_nan=True)
            for copy, array in zip(copies, arrays, strict=True)
        )

    def _fresh(self, meta: ArrayMeta, like: Any) -> Any:
        """Memory with something in it, another something each time."""
        out = self.backend.empty(meta, like)
        self.garbage = getattr(self, "garbage", 0) + 1
        host = np.full(meta.shape, self.garbage, self.backend.to_host(out).dtype)
        self.backend.overwrite(out, self._device(host))
        return out

    def _gradients(self, inputs: Arrays, grads: Arrays, needs: tuple[bool, ...]) -> Arrays:
        """The op's own rule, or central differences where it has none."""
        out = self._define(inputs)
        if self.op.backward is None:
            return tuple(
                _differences(self._define, inputs, i, grads, self.op) if need else None for i, need in enumerate(needs)
            )
        shapes = tuple(getattr(x, "shape", ()) for x in inputs)
        call = SimpleNamespace(inputs=inputs, out=out, shapes=shapes, needs=needs, static=self.case.static)
        with np.errstate(all="ignore"):
            found = self.op.backward(self.reference, call, grads if self.op.n_out > 1 else grads[0])
        return tuple(found)

    def _compare(self, what: str, found: Arrays, same: Arrays, truth: Arrays, slack: float = 0.0) -> None:
        about = self.case.about
        for number, (f, s, t) in enumerate(zip(found, same, truth, strict=False)):
            if s is None or f is None:
                there = "absent" if f is None else "there"
                require((f is None) == (s is None), f"{about}: {what} {number} is {there}, the definition's is not")
                continue
            host, s = np.asarray(self.backend.to_host(f)), np.asarray(s)
            require(
                (host.shape, host.dtype) == (s.shape, s.dtype),
                f"{about}: {what} {number} is {host.dtype}{host.shape}, the definition's {s.dtype}{s.shape}",
            )
            if s.dtype.kind != "f":
                require(np.array_equal(host, s), f"{about}: {what} {number} differs from the definition's")
                continue
            finite = np.array_equal(np.isfinite(host), np.isfinite(s))
            require(finite, f"{about}: {what} {number} has infinities or NaN elsewhere than the definition")
            error, own = _distance(host, t), _distance(s, t)
            largest = float(np.max(np.abs(t), initial=0.0, where=np.isfinite(t)))
            allowed = TIMES * own + (ULPS * float(np.finfo(s.dtype).eps) + slack) * largest
            require(
                error <= allowed,
                f"{about}: {what} {number} is {error:.3g} from the definition in float64, allowed {allowed:.3g} "
                f"(the definition in {s.dtype}: {own:.3g})",
            )


def _tuple(op: Op, out: Any) -> Arrays:
    return tuple(map(np.asarray, out)) if op.n_out > 1 else (np.asarray(out),)


def _wide(x: Any) -> Any:
    return x.astype(np.float64) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x


def _distance(x: Raw, truth: Raw) -> float:
    finite = np.isfinite(x) & np.isfinite(truth)
    return float(np.max(np.abs(x.astype(np.float64) - truth), initial=0.0, where=finite))


def _differences(define: Callable[[Arrays], Any], inputs: Arrays, index: int, grads: Arrays, op: Op) -> Raw:
    """d(sum of outputs * grads) / d(inputs[index]) by central differences in float64."""
    step = 1e-6  # near the cube root of float64's epsilon: truncation and rounding errors balance
    wide = [np.array(_wide(x)) if isinstance(x, np.ndarray) else x for x in inputs]
    x = wide[index]
    result = np.zeros(x.shape)
    for at in np.ndindex(x.shape):
        values = []
        for sign in (1, -1):
            old = x[at]
            x[at] = old + sign * step
            outs = _tuple(op, define(tuple(wide)))
            values.append(sum(float(np.sum(o * _wide(g))) for o, g in zip(outs, grads, strict=True)))
            x[at] = old
        result[at] = (values[0] - values[1]) / (2 * step)
    return result.astype(inputs[index].dtype)

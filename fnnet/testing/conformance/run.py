"""How the conformance kit runs a case, and what it compares it with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np

from fnnet._core.op import Op
from fnnet.autograd.engine import grad
from fnnet.autograd.modes import use_namespace
from fnnet.autograd.tape import apply
from fnnet.autograd.variable import Variable, make
from fnnet.backends import dtypes
from fnnet.backends.devices import CPU, Device
from fnnet.backends.dtypes import DType
from fnnet.backends.numpy_backend import NumpyBackend
from fnnet.functional.movement import to_device
from fnnet.testing.conformance.cases import Case, cases
from fnnet.testing.plugin_kit.check import Check, CheckError

Host = np.ndarray[Any, Any]

TOLERANCES = {
    dtypes.float64: 1e-9,
    dtypes.float32: 1e-4,
    dtypes.float16: 4e-3,
    dtypes.bfloat16: 3e-2,
    dtypes.complex64: 1e-4,
}
"""How far a result may lie from the definition in float64, relative to 1 + its magnitude.

About 4 units in the last place of float16 and bfloat16 (2**-10 and 2**-7), which compute in float32 and are rounded
once, and 1,000 of float32: a sample's sums are short, but quotients of small numbers amplify.
"""


COUNTERPARTS = {
    dtypes.float32: (dtypes.float32, dtypes.complex64),
    dtypes.complex64: (dtypes.float32, dtypes.complex64),
    dtypes.float64: (dtypes.float64, dtypes.complex128),
    dtypes.complex128: (dtypes.float64, dtypes.complex128),
}
"""The real and the complex dtype of a precision: the absolute value of a complex number is real."""


class Definitions(NumpyBackend):
    """NumPy's primitives and the ops' definitions over them: no plugin's kernels, none of the backend's own."""

    own: ClassVar[dict[str, Any]] = {}
    own_backward: ClassVar[dict[str, Any]] = {}


PLAIN = Definitions()


def checks(device: str) -> Iterator[Check]:
    """One check per op and dtype, on one device.

    Args:
        device: Such as "cuda" or "fake:1".

    Example:
        >>> from fnnet.testing import conformance
        >>> next(check for check in conformance.checks("cpu") if check.name == "relu in float64").run()
    """
    there = Device(device)
    for case in cases():
        yield Check(case.name, partial(hold, case, there))


def gap(case: Case, device: Device) -> str | None:
    """Why the device's backend says that it can't run a case."""
    op, dtype, gaps = case.op.name, case.dtype.name, device.backend.gaps
    return gaps.get(op) or gaps.get(f"{op}:{dtype}") or gaps.get(f"*:{dtype}")


def hold(case: Case, device: Device) -> None:
    """Check that a case is right on a device, or fails there as its backend declares.

    Raises:
        CheckError: It is wrong or fails and no gap says so, or it passes in spite of a gap.
    """
    declared = gap(case, device)
    try:
        worst, where = deviation(case, device)
        wrong = f"{where} is off by {worst:.2g}" if worst > TOLERANCES.get(case.dtype, 0) else None
    except Exception as error:  # whatever a backend raises where it does not serve
        if declared is None:
            kind = "" if isinstance(error, CheckError) else f"{type(error).__name__}: "
            raise CheckError(f"{case.name} on {device}: {kind}{error}") from error
        return
    if wrong is not None and declared is None:
        raise CheckError(f"{case.name} on {device}: {wrong}, expected at most {TOLERANCES.get(case.dtype, 0)}")
    if wrong is None and declared is not None:
        raise CheckError(f"{case.name} on {device}: passes, but the backend declares a gap: {declared!r}")


def deviation(case: Case, device: Device) -> tuple[float, str]:
    """How far the results of a case lie from the definition: the worst of all samples, relative to 1 + magnitude.

    Compared are outputs (whose shape and dtype must be equal), gradients, and in float64 second derivatives.

    Returns:
        The deviation and what it was found in.
    """
    worst, where = 0.0, "everything"
    mine, theirs = case.samples(device), case.samples(CPU)
    for n, (own, other) in enumerate(zip(mine, theirs, strict=True)):
        same = {id(x): _widened(x) for x in other.inputs}  # a tensor that stands twice is one leaf
        exact = tuple(same[id(x)] for x in other.inputs)
        got = _outputs(case.op, own.inputs, own.static, device)
        with use_namespace(lambda _: PLAIN):
            want = _outputs(case.op, exact, other.static, CPU)
        twice = own.smooth and case.dtype is dtypes.float64
        results = [(f"output {i}", g, w) for i, (g, w) in enumerate(zip(got, want, strict=True))]
        results += _derivatives(own.inputs, got, exact, want, twice)
        for what, g, w in results:
            found = _distance(what, g, w, case.dtype)
            if found > worst:
                worst, where = found, f"{what} of sample {n}"
    return worst, where


def _widened(x: Any) -> Any:
    """An input in which the definition computes without rounding."""
    if not isinstance(x, Variable):
        return x
    target = {2: dtypes.float64, 3: dtypes.complex128}.get(_dtype(x).category)
    if target is None:
        return x
    t = make(x._data.astype(target.numpy), CPU)
    t._leaf_grad = x._leaf_grad
    return t


def _dtype(t: Variable) -> DType:
    found: DType = t._device.backend.dtype_of(t._data)
    return found


def _outputs(op: Op, inputs: Sequence[Any], static: dict[str, Any], device: Device) -> tuple[Any, ...]:
    r = apply(op, *inputs, **static)
    outs = r if isinstance(r, tuple) else (r,)
    for o in outs:
        if o._device is not device:
            raise CheckError(f"{op.name}: the result lies on {o._device}, expected {device}")
    return outs


def _seeds(outs: Sequence[Any], random: np.random.Generator) -> list[Any]:
    """Random gradients of outputs, of the outputs' dtypes, on their devices."""
    found = []
    for o in outs:
        host = random.uniform(0.5, 1.5, tuple(o._data.shape))
        found.append(to_device(make(np.asarray(host).astype(_dtype(o).numpy), CPU), o._device))
    return found


def _pulled(inputs: Sequence[Any], outs: Sequence[Any], twice: bool) -> list[tuple[str, Any]]:
    """The gradients of a random combination of the outputs, and those of a random combination of these."""
    random = np.random.default_rng(1)
    leaves = list({id(x): x for x in inputs if isinstance(x, Variable) and x._leaf_grad}.values())
    ends = [o for o in outs if o._edge() is not None]
    if not leaves or not ends:
        return []
    first = grad(ends, leaves, _seeds(ends, random), create_graph=twice, allow_unused=True)
    found = [(f"gradient {i}", g) for i, g in enumerate(first)]
    ends = [g for g in first if g is not None and g._edge() is not None]
    if ends:
        second = grad(ends, leaves, _seeds(ends, random), allow_unused=True)
        found += [(f"second derivative {i}", g) for i, g in enumerate(second)]
    return found


def _derivatives(
    mine: Sequence[Any], got: Sequence[Any], theirs: Sequence[Any], want: Sequence[Any], twice: bool
) -> list[tuple[str, Any, Any]]:
    own = _pulled(mine, got, twice)
    with use_namespace(lambda _: PLAIN):
        other = _pulled(theirs, want, twice)
    if [what for what, _ in own] != [what for what, _ in other]:
        raise CheckError(f"{[what for what, _ in own]}, but the definition has {[what for what, _ in other]}")
    return [(what, g, w) for (what, g), (_, w) in zip(own, other, strict=True)]


def _distance(what: str, got: Any, want: Any, dtype: DType) -> float:
    """How far a result lies from the definition's, relative to 1 + its magnitude."""
    if got is None or want is None:
        if got is not want:
            raise CheckError(f"{what}: one of backend and definition gives no gradient")
        return 0.0
    real, double = COUNTERPARTS.get(dtype, (dtype, dtype))
    expected = {dtypes.float64: real, dtypes.complex128: double}.get(_dtype(want), _dtype(want))
    if _dtype(got) is not expected:
        raise CheckError(f"{what} has dtype {_dtype(got)}, expected {expected}")
    a, b = (t._device.backend.to_host(t._data) for t in (got, want))
    if a.shape != b.shape:
        raise CheckError(f"{what} has shape {a.shape}, expected {b.shape}")
    a = a.astype(b.dtype)
    if b.dtype.kind not in "fc":
        return 0.0 if np.array_equal(a, b) else float("inf")
    finite = np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True) or not np.isfinite(a[finite]).all():
        return float("inf")
    return float((np.abs(a[finite] - b[finite]) / (1 + np.abs(b[finite]))).max(initial=0))

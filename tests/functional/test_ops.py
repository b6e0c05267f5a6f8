"""One suite over the op table: every op on NumPy and on the fake device, in every dtype, from the op's own samples.

What is compared, and how closely, says `fnnet.testing.conformance`. Derivatives of order 1 and 2 are checked against
central differences of the op itself, in float64; along one random direction, or with `--full` column by column (where
the Jacobian is not large).
"""

from __future__ import annotations

from typing import Any

import pytest

from fnnet._core.op import OPS, Op, Sample
from fnnet.autograd.engine import backward
from fnnet.autograd.gradcheck import gradcheck, gradgradcheck
from fnnet.autograd.tape import apply
from fnnet.autograd.variable import Variable, make
from fnnet.backends import dtypes
from fnnet.backends.devices import CPU, Device
from fnnet.testing import conformance, fake_device
from fnnet.testing.conformance.cases import CONSTANT
from fnnet.testing.plugin_kit import Check

FAKE = fake_device.register()
CPU_CHECKS = {check.name: check for check in conformance.checks("cpu")}
FAKE_CHECKS = {check.name: check for check in conformance.checks("fake:1")}

# What no sample can show: tested by name where it is at home.
ELSEWHERE = {
    "to_device": "needs two devices: tests/testing/test_fake_device.py",
    "nonzero": "its result's shape depends on values: tests/functional/test_indexing.py",
}


def test_every_op_is_run() -> None:
    run = {case.op.name for case in conformance.cases()}
    assert set(OPS) - run - set(ELSEWHERE) == set()
    assert not run & set(ELSEWHERE)


@pytest.mark.parametrize("check", CPU_CHECKS.values(), ids=CPU_CHECKS)
def test_on_numpy(check: Check) -> None:
    check.run()


@pytest.mark.parametrize("check", FAKE_CHECKS.values(), ids=FAKE_CHECKS)
def test_on_the_fake_device(check: Check) -> None:
    check.run()


FLOAT64 = [case for case in conformance.cases() if case.dtype is dtypes.float64]


@pytest.mark.parametrize("case", FLOAT64, ids=[case.op.name for case in FLOAT64])
def test_no_copy_to_or_from_the_host(case: conformance.Case) -> None:
    device = Device("fake:1")
    for sample in case.samples(device):
        with FAKE.capturing():
            r = apply(case.op, *sample.inputs, **sample.static)
            outs = [o for o in (r if isinstance(r, tuple) else (r,)) if o._edge() is not None]
            for o in outs:
                seed = make(device.backend.full(o._data.shape, 1.0, dtype=o._data.dtype), device)
                backward(o, seed, retain_graph=True)


def leaves_of(op: Op, sample: Sample) -> list[Any]:
    inputs = [x for i, x in enumerate(sample.inputs) if i not in CONSTANT.get(op.name, ())]
    return list({id(x): x for x in inputs if isinstance(x, Variable) and x._leaf_grad and x._data.size}.values())


def smooth_samples() -> list[tuple[Op, int]]:
    found = []
    for case in FLOAT64:
        if case.op.backward is not None or case.op.forward is not None:
            for i, sample in enumerate(case.samples(CPU)):
                if sample.smooth and leaves_of(case.op, sample):
                    found.append((case.op, i))
    return found


SMOOTH = smooth_samples()
LARGE = 4_000  # entries of the second derivative: each costs two runs of the first


@pytest.mark.parametrize(("op", "at"), SMOOTH, ids=[f"{op.name}-{at}" for op, at in SMOOTH])
def test_derivatives_agree_with_differences(op: Op, at: int, full: bool) -> None:
    sample = conformance.Case(op, dtypes.float64).samples(CPU)[at]
    leaves = tuple(leaves_of(op, sample))

    def run(*_: Any) -> Any:  # gradcheck moves the leaves themselves
        return apply(op, *sample.inputs, **sample.static)

    outs = run()
    outs = outs if isinstance(outs, tuple) else (outs,)
    if all(o._edge() is None for o in outs):
        assert op.backward is None or op.kind.value == "bool"
        return
    n = sum(t._data.size for t in leaves)
    fast = not full or n * (n + sum(o._data.size for o in outs)) > LARGE
    gradcheck(run, leaves, fast_mode=fast)
    gradgradcheck(run, leaves, fast_mode=fast)

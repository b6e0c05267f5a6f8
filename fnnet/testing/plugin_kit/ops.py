"""Checks of new operations: defined once, sampled, differentiated rightly."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, cast

import numpy as np

import fnnet
from fnnet._core.op import OPS, Op
from fnnet.autograd.gradcheck import gradcheck
from fnnet.autograd.tape import apply
from fnnet.plugins import OpSpec
from fnnet.plugins.specs import AnySpec
from fnnet.testing.plugin_kit.check import Check, require


def checks(spec: AnySpec) -> Iterator[Check]:
    """The checks of one op."""
    spec = cast("OpSpec", spec)
    yield Check("is in the table of ops", partial(_defined, spec))
    yield Check("is differentiated as numbers say", partial(_gradients, spec))


def _op(spec: OpSpec) -> Op:
    found = spec.load()
    require(isinstance(found, Op), f"load() gives {found!r}, which is no fnnet._core.op.Op")
    return cast("Op", found)


def _defined(spec: OpSpec) -> None:
    op = _op(spec)
    require(op.name == spec.name, f"the op calls itself {op.name!r}, its descriptor {spec.name!r}")
    require(OPS.get(op.name) is op, f"{op.name!r} in the table of ops is another one")
    require(op.forward is not None, "it has no forward: a primitive needs a backend that supplies it")
    require(op.samples is not None, "it has no samples to test it on")


def _gradients(spec: OpSpec) -> None:
    op = _op(spec)
    random = np.random.default_rng(0)

    def make(*shape: int, low: float = -1.0, high: float = 1.0, dtype: Any = None) -> fnnet.Tensor:
        tensor = fnnet.from_numpy(np.asarray(random.uniform(low, high, shape)))
        return tensor.requires_grad_() if dtype is None else tensor.to(dtype)

    for sample in op.samples(make) if op.samples is not None else ():
        tensors = tuple(x for x in sample.inputs if isinstance(x, fnnet.Tensor))
        if sample.smooth and any(t.requires_grad and t.numel() for t in tensors):
            gradcheck(lambda *_, sample=sample: apply(op, *sample.inputs, **sample.static), tensors)

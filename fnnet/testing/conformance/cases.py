"""What the conformance kit runs: every op in every dtype that it is defined for, on the op's own samples."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import frozen

from fnnet import functional, optim
from fnnet._core.op import OPS, Kind, Op, Sample
from fnnet.autograd.variable import Variable, make
from fnnet.backends import dtypes
from fnnet.backends.devices import CPU, Device
from fnnet.backends.dtypes import DType
from fnnet.functional.movement import to_device

DTYPES = (
    dtypes.float64, dtypes.float32, dtypes.float16, dtypes.bfloat16, dtypes.int64, dtypes.uint8, dtypes.bool_,
    dtypes.complex64,
)  # fmt: skip
"""The dtypes in which ops run; the other whole-number and complex dtypes go the same ways."""

WHOLE = frozenset(
    ("abs", "add", "addcmul", "all", "amax", "amin", "any", "argmax", "argmin", "argsort", "clamp", "cumprod", "cumsum",
     "eq", "floor_divide", "fmax", "fmin", "fmod", "ge", "gt", "index_add", "isfinite", "isinf", "isnan", "le",
     "logical_and", "logical_not", "logical_or", "logical_xor", "lt", "matmul", "maximum", "minimum", "mul", "ne",
     "neg", "prod", "relu", "remainder", "sign", "signbit", "square", "sub", "sum", "trunc", "where")
)  # fmt: skip
"""Ops that compute with whole numbers; those that only move data take every dtype."""
TRUTH = frozenset(
    ("add", "all", "amax", "amin", "any", "eq", "ge", "gt", "le", "logical_and", "logical_not", "logical_or",
     "logical_xor", "lt", "maximum", "minimum", "mul", "ne", "prod", "sum", "where")
)  # fmt: skip
"""Ops that compute with bool: the logical or and and, counts, comparisons."""
COMPLEX = frozenset(
    ("abs", "add", "addcmul", "cos", "cumsum", "div", "eq", "exp", "log", "matmul", "mul", "ne", "neg", "prod",
     "reciprocal", "sin", "sqrt", "square", "sub", "sum", "tanh", "where")
)  # fmt: skip
"""Ops that compute with complex numbers."""
FLOATING = frozenset(("pad", "pad_by_index", "dropout", "windows"))
"""Ops that only move data, but with a fractional number among their static arguments."""

CONSTANT = {
    "binary_cross_entropy": (2,), "binary_cross_entropy_with_logits": (2, 3), "cross_entropy": (2,),
    "linear_cross_entropy": (4,), "median": (1,), "multi_margin_loss": (2,), "nll_loss": (2,), "soft_margin_loss": (1,),
}  # fmt: skip
"""Inputs by which nobody differentiates, here or in PyTorch: a loss's weights or signs, the value of a median."""


@frozen
class Case:
    """One op in one dtype."""

    op: Op
    dtype: DType

    @property
    def name(self) -> str:
        """Such as "gelu in float32"."""
        return f"{self.op.name} in {self.dtype.name}"

    def samples(self, device: Device) -> list[Sample]:
        """The op's samples as tensors of this dtype on `device`; the same numbers on every device.

        Left out are those with numbers that would widen the dtype.
        """
        found = list(self.op.samples(Maker(self.dtype, device))) if self.op.samples is not None else []
        return [s for s in found if all(fits(x, self.dtype) for x in (*s.inputs, *s.static.values()))]


def defined_for(op: Op, dtype: DType) -> bool:
    """Whether an op computes in a dtype, as PyTorch's ops do once promotion is settled."""
    if dtype.category == 2:
        return True
    if op.kind is Kind.MOVE and op.name not in FLOATING:
        return True
    names = (TRUTH, WHOLE, frozenset[str](), COMPLEX)[dtype.category]
    return op.name in names


def fits(x: Any, dtype: DType) -> bool:  # an array or a number
    """Whether a number may stand beside arrays of a dtype without widening it; anything else fits."""
    if isinstance(x, bool) or not isinstance(x, (int, float, complex)):
        return True
    return dtype.category >= (1 if isinstance(x, int) else 2 if isinstance(x, float) else 3)


def load_every_op() -> None:
    """Import the families and optimizers that otherwise load on first use: the table of ops is whole then."""
    for package in (functional, optim):
        for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)


def cases() -> Iterator[Case]:
    """Every op that has samples, in every dtype that it is defined for; once where its samples choose their dtypes."""
    load_every_op()
    for op in OPS.values():
        if op.samples is not None:
            trial = Maker(DTYPES[0], CPU)
            if not list(op.samples(trial)):
                continue
            if trial.given and not trial.free:
                yield Case(op, trial.given[0])
                continue
            for dtype in DTYPES:
                if defined_for(op, dtype):
                    yield Case(op, dtype)


class Maker:
    """Makes the arrays of samples: `make(*shape, low=-1.0, high=1.0, dtype=None)`, seeded; a dtype that is given stays.

    Whole numbers are drawn from five times the interval, so that there is more than one of them.
    """

    def __init__(self, dtype: DType, device: Device) -> None:
        self.dtype, self.device = dtype, device
        self.random = np.random.default_rng(0)
        self.free, self.given = False, list[DType]()  # whether a dtype was left to it; those that were not

    def __call__(self, *shape: int, low: float = -1.0, high: float = 1.0, dtype: DType | None = None) -> Variable:
        drawn = self.random.uniform(low, high, shape)
        imaginary = self.random.uniform(low, high, shape)
        target = self.dtype if dtype is None else dtype
        if dtype is None:
            self.free = True
        else:
            self.given.append(dtype)
        if dtype is None and target.category < 2:
            drawn = drawn * 5
        if target is dtypes.uint8:
            drawn = np.abs(drawn)
        value: Any = drawn > np.median(drawn) if target is dtypes.bool_ and drawn.size else drawn
        if target.category == 3:
            value = drawn + 1j * imaginary
        t = to_device(make(np.asarray(value).astype(target.numpy), CPU), self.device)
        t._leaf_grad = dtype is None and target.category == 2
        return t

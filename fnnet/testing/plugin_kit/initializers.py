"""Checks of initializers: filled in place, returned, reproducible, unrecorded."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, cast

import numpy as np

import fnnet
from fnnet import nn
from fnnet._core.errors import FnnetError
from fnnet.plugins import InitializerSpec
from fnnet.plugins.specs import AnySpec
from fnnet.testing.plugin_kit.check import Check, require

SHAPES: Final = ((7,), (6, 4), (5, 3, 4), (4, 4, 3, 3))
"""Of these an initializer may refuse some (one that needs fan-in and fan-out has no use for a vector), not all."""
ARGUMENT: Final = 0.5
"""For further arguments without default: a value, a fraction."""


def checks(spec: AnySpec) -> Iterator[Check]:
    """The checks of one initializer."""
    spec = cast("InitializerSpec", spec)
    yield Check("fills in place and returns its tensor", partial(_fills, spec))
    yield Check("fills a parameter unrecorded", partial(_unrecorded, spec))
    yield Check("follows the seed", partial(_seeded, spec))


def _initializer(spec: InitializerSpec) -> Callable[[fnnet.Tensor], fnnet.Tensor]:
    fill = cast("Callable[..., fnnet.Tensor]", spec.load())
    first, *others = inspect.signature(fill).parameters.values()
    require(first.name == "tensor", f"its first argument is called {first.name!r}, expected 'tensor'")
    missing = {p.name: ARGUMENT for p in others if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD}
    return partial(fill, **missing)


def _filled(spec: InitializerSpec, dtype: fnnet.dtype = fnnet.float32) -> Iterator[tuple[fnnet.Tensor, fnnet.Tensor]]:
    """Tensors of NaN with what the initializer made of them."""
    fill = _initializer(spec)
    served = 0
    for shape in SHAPES:
        tensor = fnnet.full(shape, float("nan"), dtype=dtype)
        try:
            result = fill(tensor)
        except FnnetError:
            continue
        served += 1
        yield tensor, result
    require(served > 0, f"it refuses every one of the shapes {SHAPES}")


def _fills(spec: InitializerSpec) -> None:
    for dtype in (fnnet.float32, fnnet.float64):
        for tensor, result in _filled(spec, dtype):
            shape = tuple(tensor.shape)
            require(result is tensor, f"shape {shape}: it returns {type(result).__name__}, not the tensor it was given")
            require(tensor.dtype is dtype, f"shape {shape}: {dtype} became {tensor.dtype}")
            require(bool(np.isfinite(tensor.numpy()).all()), f"shape {shape}: something was left unfilled: {tensor}")


def _unrecorded(spec: InitializerSpec) -> None:
    fill = _initializer(spec)
    for tensor, _ in _filled(spec):
        parameter = nn.Parameter(fnnet.full(tuple(tensor.shape), float("nan")))
        fill(parameter)
        leaf = parameter.is_leaf and parameter.grad_fn is None and parameter.requires_grad
        require(leaf, "a parameter is no longer a leaf that requires grad: fill it under no_grad")


def _seeded(spec: InitializerSpec) -> None:
    values = []
    for _ in range(2):
        fnnet.manual_seed(11)
        values.append([tensor.numpy().copy() for tensor, _ in _filled(spec)])
    same = all(np.array_equal(a, b) for a, b in zip(*values, strict=True))
    require(same, "the same seed gives other values: draw from fnnet's generator")

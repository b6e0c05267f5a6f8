"""Tensors print as in PyTorch, but for the name of the framework."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest
import torch

import fnnet
from tests.parity import oracle, samples

FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
WHOLE = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool)
SHAPES = ((), (1,), (0,), (2, 0, 3), (7,), (3, 4), (2, 3, 4), (1, 2, 1, 3), (30,), (40, 2))
SPECIAL = (float("nan"), float("inf"), -float("inf"), 0.0, -0.0)
LARGE = ((1001,), (2000, 3), (3, 1200), (12, 11, 10), (7, 8, 30))
"""Above 1000 elements the middle is left out."""


def values() -> Iterator[torch.Tensor]:
    """Tensors of all dtypes, shapes and magnitudes."""
    torch.manual_seed(samples.seed_of("printing"))
    dice = random.Random(samples.seed_of("printing"))
    for dtype, shape in itertools.product(FLOATS, (*SHAPES, *LARGE)):
        for scale in (1.0, 1e-5, 3e4, 1e6):
            yield (torch.randn(shape) * scale).to(dtype)
        yield torch.randn(shape).mul(5).round().to(dtype)
        mixed = torch.randn(shape).mul(10.0 ** dice.randint(-6, 9))
        if mixed.numel():
            mixed.view(-1)[dice.randrange(mixed.numel())] = dice.choice(SPECIAL)
        yield mixed.to(dtype)
    for dtype, shape in itertools.product(WHOLE, (*SHAPES, *LARGE)):
        for high in (2, 100):
            yield torch.randint(0, high, shape).to(dtype)
        yield torch.randint(-(2**40), 2**40, shape).to(dtype)
    for dtype in (torch.complex64, torch.complex128):
        for shape in ((), (3,), (2, 2)):
            yield torch.randn(shape, dtype=dtype)
    yield torch.tensor(SPECIAL)
    yield torch.tensor([float("nan"), float("inf")])
    yield torch.tensor([1.0, float("nan"), 1e10])
    yield torch.full((3,), 1e-45)
    yield torch.tensor([3.4028235e38, 1.0])


def as_torch(text: str) -> str:
    return text.replace("fnnet.", "torch.")


def test_values() -> None:
    report = oracle.Report()
    for theirs in values():
        mine = oracle.tensor(theirs)
        where = oracle.shown(theirs)
        for text in (repr, str):
            expected = text(theirs)
            got = as_torch(text(mine))
            report.check(where, None if got == expected else f"\n{got}\n  not\n{expected}")
    report.close()


@pytest.mark.parametrize(
    "options",
    [
        {"precision": 2}, {"sci_mode": True}, {"sci_mode": False}, {"linewidth": 40}, {"threshold": 5, "edgeitems": 2},
        {"profile": "short"}, {"profile": "full"}, {"precision": 7, "linewidth": 120},
    ],
    ids=str,
)  # fmt: skip
def test_options(options: dict[str, Any]) -> None:
    try:
        torch.set_printoptions(**options)
        fnnet.set_printoptions(**options)
        report = oracle.Report()
        torch.manual_seed(1)
        for shape in SHAPES:
            for theirs in (
                torch.randn(shape),
                torch.randn(shape) * 1e6,
                torch.arange(max(torch.Size(shape).numel(), 1)),
            ):
                got, expected = as_torch(repr(oracle.tensor(theirs))), repr(theirs)
                report.check(oracle.shown(theirs), None if got == expected else f"\n{got}\n  not\n{expected}")
        report.close()
    finally:
        torch.set_printoptions(profile="default")
        fnnet.set_printoptions(profile="default")


def printed(torch: Any) -> Iterator[str]:
    """What hangs on a tensor, and other things that print."""
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    y = x * 2
    for thing in (x, x.detach(), y, y.sum(), x + y, x.exp(), y.relu(), x.softmax(1), torch.nn.Parameter(x)):
        yield repr(thing)
    for thing in (x.t(), x[0], x.mm(y.t()), x.view(3, 2), y.max()):
        yield repr(thing)
    yield repr([x, {"a": y}])
    yield f"{x[0, 1]:.3f} {x.sum().item()} {torch.tensor(3)} {torch.tensor(2.5):.1f} {torch.tensor([1, 2])!s}"
    yield repr((x.shape, x.size(0), x.dtype, x.device, torch.float, torch.int64, torch.bool, torch.Size([])))
    yield repr(torch.max(x.detach(), 1))
    yield repr(torch.sort(x.detach(), 0))
    yield repr(torch.device("cpu", 0))
    yield repr(torch.zeros(2, dtype=torch.float64))
    yield repr(torch.empty(0, 3, dtype=torch.int32))


def test_other_things() -> None:
    for mine, theirs in zip(printed(fnnet), printed(torch), strict=True):
        assert as_torch(mine) == theirs

"""Interpolation, grids, bags and distances beyond PyTorch's table: antialias, bytes, options and their mixtures."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as torch_functional

import fnnet
import fnnet.nn.functional as fnnet_functional
from tests.parity import oracle
from tests.parity import samples as s

INTERPOLATIONS: dict[str, list[dict[str, Any]]] = {
    "nearest": [{}],
    "nearest-exact": [{}],
    "bilinear": [
        {"align_corners": align, "antialias": anti} for align in (None, True) for anti in (False, True)
    ],
    "bicubic": [
        {"align_corners": align, "antialias": anti} for align in (None, True) for anti in (False, True)
    ],
    "lanczos": [{"antialias": True}],
}  # fmt: skip
SHAPES = ((4, 4), (7, 5), (13, 20), (1, 3))
SIZES: list[dict[str, Any]] = [
    {"size": (3, 6)}, {"size": (9, 2)}, {"size": (7, 5)}, {"scale_factor": 1.7}, {"scale_factor": 0.6},
    {"scale_factor": (1.1, 2.0)}, {"scale_factor": 0.6, "recompute_scale_factor": True},
]  # fmt: skip


def interpolations(mode: str) -> Iterator[tuple[tuple[int, int], dict[str, Any]]]:
    for shape, size, options in itertools.product(SHAPES, SIZES, INTERPOLATIONS[mode]):
        factor = size.get("scale_factor", 1)
        factors = factor if isinstance(factor, tuple) else (factor, factor)
        if all(int(n * f) for n, f in zip(shape, factors, strict=True)):
            yield shape, {"mode": mode, **size, **options}


@pytest.mark.parametrize("mode", INTERPOLATIONS)
@pytest.mark.parametrize("channels", [3, 5])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32], ids=["bytes", "floats"])
def test_images_in_every_size(mode: str, channels: int, dtype: torch.dtype) -> None:
    """Few channels take another way through PyTorch than many; bytes have whole-number weights."""
    torch.manual_seed(1)
    report = oracle.Report()
    for (h, w), options in interpolations(mode):
        x = (torch.rand(2, channels, h, w) * 255).to(dtype)
        theirs = torch_functional.interpolate(x, **options)
        mine = fnnet_functional.interpolate(oracle.tensor(x), **options)
        report.check(f"{options}, {tuple(x.shape)}", oracle.difference(mine, theirs, (1e-5, 1e-3)))
    report.close()


def compare(run: Callable[..., Any], *inputs: torch.Tensor, second: bool = False) -> str | None:
    """The result and its gradients, of both orders with `second`."""
    call = s.Call(s.sample(inputs))
    theirs = call.oracle(lambda *tensors: run(torch_functional, torch, *tensors))
    mine = call.fnnet(lambda *tensors: run(fnnet_functional, fnnet, *tensors))
    text = oracle.difference(mine, theirs)
    return text or s.order([(mine, theirs)], call.translate.leaves(), second=second)


def leaf(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("mode", INTERPOLATIONS)
def test_gradients_of_interpolation(mode: str) -> None:
    report = oracle.Report()
    for shape, options in interpolations(mode):
        if options.get("antialias") and options.get("scale_factor") == (1.1, 2.0) and shape[0] < 10:
            continue  # PyTorch leaves a dim of the same size alone, but scales its gradient
        run = lambda F, _, x, options=options: F.interpolate(x, **options)  # noqa: E731  # a case
        report.attempt(f"{options}, {shape}", compare, run, leaf(1, 2, *shape), second=not options.get("antialias"))
    report.close()


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_bags(mode: str) -> None:
    cases = [
        (torch.randint(0, 5, (3, 4)), None), (torch.randint(0, 5, (7,)), torch.tensor([0, 3, 3, 5])),
        (torch.randint(0, 5, (7,)), torch.tensor([0, 7, 7])), (torch.full((2, 3), 2), None),
    ]  # fmt: skip
    report = oracle.Report()
    for (index, offsets), padding, weighted in itertools.product(cases, (None, 2, -1), (False, True)):
        if weighted and mode != "sum":
            continue
        inputs = (leaf(5, 3), leaf(*index.shape)) if weighted else (leaf(5, 3),)

        def run(F: Any, home: Any, weight: Any, scale: Any = None, *, given: Any = (index, offsets, padding)) -> Any:
            whole = [None if t is None else home.tensor(t.tolist()) for t in given[:2]]
            return F.embedding_bag(
                whole[0], weight, whole[1], mode=mode, per_sample_weights=scale, padding_idx=given[2]
            )

        report.attempt(f"{tuple(index.shape)}, {offsets}, {padding}, {weighted}", compare, run, *inputs)
    report.close()


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, float("inf")])
def test_distances(p: float) -> None:
    report = oracle.Report()
    modes = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")
    for a, b in (((3, 4), (5, 4)), ((2, 3, 4), (5, 4)), ((30, 4), (5, 4)), ((2, 1, 3, 4), (3, 5, 4)), ((3, 0), (2, 0))):
        for mode in modes:
            run = lambda _, home, x, y, mode=mode: home.cdist(x, y, p, mode)  # noqa: E731  # a case
            report.attempt(f"cdist {a}, {b}, {mode}", compare, run, leaf(*a), leaf(*b))
    report.attempt("pdist", compare, lambda F, _, x: F.pdist(x, p), leaf(6, 3))
    report.close()

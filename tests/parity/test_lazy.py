"""Lazy modules against PyTorch's: what they print, hold, save and become, before and after the first call."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch

import fnnet

CASES: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
    ("LazyLinear", {"out_features": 3}, (2, 5)),
    ("LazyLinear", {"out_features": 3, "bias": False}, (5,)),
]
for n, size in (1, (7,)), (2, (7, 8)), (3, (5, 6, 4)):
    CASES += [
        (f"LazyConv{n}d", {"out_channels": 4, "kernel_size": 3}, (2, 2, *size)),
        (
            f"LazyConv{n}d",
            {"out_channels": 4, "kernel_size": 2, "stride": 2, "padding": 1, "dilation": 2, "groups": 2, "bias": False,
             "padding_mode": "circular"},
            (2, *size),
        ),
        (f"LazyConvTranspose{n}d", {"out_channels": 4, "kernel_size": 3}, (2, 2, *size)),
        (
            f"LazyConvTranspose{n}d",
            {"out_channels": 4, "kernel_size": 2, "stride": 3, "padding": 1, "output_padding": 1, "groups": 2,
             "bias": False, "dilation": 2},
            (2, *size),
        ),
    ]  # fmt: skip
    for kind in ("Batch", "Instance"):
        CASES += [
            (f"Lazy{kind}Norm{n}d", {}, (2, 3, *size)),
            (f"Lazy{kind}Norm{n}d", {"eps": 0.1, "momentum": 0.5, "bias": False}, (2, 3, *size)),
            (f"Lazy{kind}Norm{n}d", {"affine": False}, (2, 3, *size)),
            (f"Lazy{kind}Norm{n}d", {"track_running_stats": False}, (2, 3, *size)),
        ]
CASES = [case for case in CASES if hasattr(fnnet.nn, case[0])]


def values(module: Any) -> dict[str, Any]:
    return {k: repr(v) if "Uninit" in repr(v) else v.detach().tolist() for k, v in module.state_dict().items()}


@pytest.mark.parametrize(("name", "options", "shape"), CASES)
def test_first_call(
    name: str, options: dict[str, Any], shape: tuple[int, ...], record_property: Callable[[str, object], None]
) -> None:
    record_property("parity", f"nn.{name}")
    made = []
    for lib in (fnnet, torch):
        lib.manual_seed(3)
        m = getattr(lib.nn, name)(**options)
        seen = [repr(m), values(m), [type(p).__name__ for p in m.parameters()], m.has_uninitialized_params()]
        held = dict(m.named_parameters())
        m = m.double()
        x = lib.arange(float(torch.Size(shape).numel()), dtype=lib.float64).reshape(shape).sin().requires_grad_()
        out = m(x)
        out.cos().sum().backward()
        seen += [repr(m), type(m).__name__, sorted(set(vars(m)) - {"_compiled_call_impl"})]
        seen += [all(m.get_parameter(n) is p and type(p) is lib.nn.Parameter for n, p in held.items())]
        made.append((m, seen, [out, x.grad, *(p.grad for p in m.parameters())]))
    (mine, seen, got), (theirs, expected, wanted) = made
    private = {"_load_hook", "_initialize_hook"}
    assert seen[:-2] == expected[:-2]
    assert seen[-1] is expected[-1] is True
    assert private.isdisjoint(seen[-2])
    for g, w in zip(got, wanted, strict=True):
        torch.testing.assert_close(torch.from_numpy(g.detach().numpy()), w.detach())
    assert list(mine.state_dict()) == list(theirs.state_dict())
    for n, value in mine.state_dict().items():
        torch.testing.assert_close(torch.from_numpy(value.numpy()), theirs.state_dict()[n])


def seen_by(lib: Any, function: Callable[[Any], Any]) -> Any:
    try:
        return function(lib)
    except Exception as error:
        return error


def saved(lib: Any, first: str, second: str) -> Any:
    """The state of one Linear loaded into another; lazy or not."""
    lib.manual_seed(1)
    made = {
        "lazy": lambda: lib.nn.LazyLinear(3),
        "plain": lambda: lib.nn.Linear(2, 3),
        "other": lambda: lib.nn.Linear(4, 3),
    }
    a, b = made[first](), made[second]()
    kept = b.weight
    found = list(b.load_state_dict(a.state_dict()))
    return found, repr(b), values(b), type(b.weight).__name__, b.weight is kept, b(lib.ones(1, 2)).tolist(), repr(b)


def copied(lib: Any) -> Any:
    m = lib.nn.Sequential(lib.nn.LazyLinear(2, dtype=lib.float64), lib.nn.LazyBatchNorm1d())
    for twin in (copy.deepcopy(m[0]), pickle.loads(pickle.dumps(m[0])), m[0]):
        if twin.weight.dtype != lib.float64:
            continue
        twin(lib.ones(1, 3, dtype=lib.float64))
    return repr(m), repr(copy.deepcopy(m[0]))


def optimized(lib: Any) -> Any:
    lib.manual_seed(4)
    m = lib.nn.LazyLinear(2)
    optimizer = lib.optim.SGD(m.parameters(), lr=0.5)
    optimizer.step()
    optimizer.zero_grad()
    m(lib.ones(1, 3)).sum().backward()
    optimizer.step()
    return m.weight.tolist(), m.bias.tolist()


def half_done(lib: Any) -> Any:
    m = lib.nn.LazyLinear(2)
    m.more = lib.nn.UninitializedParameter()
    m(lib.ones(1, 3))


SCENARIOS: dict[str, Callable[[Any], Any]] = {
    **{f"{a} into {b}": lambda lib, a=a, b=b: saved(lib, a, b) for a in ("lazy", "plain") for b in ("lazy", "plain")},
    "other into plain": lambda lib: saved(lib, "other", "plain"),
    "another size, loaded": lambda lib: saved(lib, "other", "lazy"),
    "copied": copied,
    "optimized": optimized,
    "half done": half_done,
    "repr": lambda lib: (repr(lib.nn.UninitializedParameter()), repr(lib.nn.UninitializedBuffer())),
    "shape": lambda lib: lib.nn.UninitializedParameter().shape,
    "len": lambda lib: len(lib.nn.UninitializedParameter()),
    "add": lambda lib: lib.nn.UninitializedParameter() + 1,
    "add to": lambda lib: lib.ones(1) + lib.nn.UninitializedParameter(),
    "sum": lambda lib: lib.nn.UninitializedParameter().sum(),
    "detach": lambda lib: lib.nn.UninitializedParameter().detach(),
    "parameter of it": lambda lib: lib.nn.Parameter(lib.nn.UninitializedParameter()),
    "zero_": lambda lib: lib.nn.UninitializedParameter().zero_(),
    "fill": lambda lib: lib.nn.init.ones_(lib.nn.UninitializedParameter()),
    "index": lambda lib: lib.nn.UninitializedParameter()[0],
    "numpy": lambda lib: lib.nn.UninitializedParameter(requires_grad=False).numpy(),
    "tolist": lambda lib: lib.nn.UninitializedParameter().tolist(),
    "numel": lambda lib: lib.nn.UninitializedParameter().numel(),
    "shared": lambda lib: lib.nn.LazyLinear(1).share_memory(),
    "state_dict": lambda lib: values(lib.nn.LazyBatchNorm1d()),
    "is_lazy": lambda lib: [
        lib.nn.parameter.is_lazy(v)
        for v in (lib.nn.UninitializedParameter(), lib.nn.UninitializedBuffer(), lib.nn.Parameter(lib.ones(1)), 1, None)
    ],
    "attributes": lambda lib: (
        lib.nn.UninitializedParameter(requires_grad=False).requires_grad,
        lib.nn.UninitializedParameter().is_leaf,
        lib.nn.UninitializedParameter().grad,
        str(lib.nn.UninitializedParameter(dtype=lib.float64).dtype)[-7:],
        str(lib.nn.UninitializedParameter().device),
        lib.nn.UninitializedBuffer(persistent=False).persistent,
        isinstance(lib.nn.UninitializedParameter(), lib.nn.Parameter),
        isinstance(lib.nn.UninitializedBuffer(), lib.nn.Buffer),
        lib.nn.UninitializedParameter().is_floating_point(),
        lib.nn.UninitializedParameter().is_complex(),
    ),
    "wrong dims": lambda lib: lib.nn.LazyConv2d(3, 2)(lib.ones(2, 2)),
    "wrong groups": lambda lib: lib.nn.LazyConv2d(4, 2, groups=2)(lib.ones(1, 3, 4, 4)),
    "no input": lambda lib: lib.nn.LazyLinear(3)(),
    "wrong mode": lambda lib: lib.nn.LazyConv2d(4, 2, padding_mode="what"),
    "mixin": lambda lib: type("L", (lib.nn.modules.lazy.LazyModuleMixin, lib.nn.Module), {})()(1),
    "moved": lambda lib: values(lib.nn.LazyBatchNorm2d().to(lib.float64).half().to("cpu")),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str) -> None:
    mine, theirs = (seen_by(lib, SCENARIOS[name]) for lib in (fnnet, torch))
    if isinstance(theirs, Exception):
        assert isinstance(mine, type(theirs)), mine
        assert str(mine)[:30] == str(theirs)[:30] or "groups" in name or "mode" in name
    else:
        assert mine == theirs

"""Every module class that fnnet has against PyTorch's, on PyTorch's own samples and some of ours.

Both are built with the same arguments and hold the same state; what they print, the state's names, the output and all
gradients are compared. Each test notes the class that it covers as the property `parity`, for the table.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.testing._internal.common_modules import ModuleInfo, ModuleInput, module_db

import fnnet
from fnnet import nn
from tests.parity import speech
from tests.parity.module_samples import own_samples
from tests.parity.option_samples import option_samples

DB = {info.module_cls.__name__: info for info in module_db if hasattr(nn, info.module_cls.__name__)}
TOLERANCE = {"float64": {"rtol": 1e-10, "atol": 1e-11}, "float32": {"rtol": 2e-5, "atol": 2e-5}}


NAMES = sorted({*DB, *(name for name in own_samples(torch.float32) if hasattr(nn, name))})


def ours(value: Any) -> Any:
    """PyTorch's tensors, dtypes and modules as fnnet's; all else as it is."""
    if torch.nn.parameter.is_lazy(value):
        return nn.UninitializedParameter()
    if isinstance(value, torch.Tensor):
        t = fnnet.from_numpy(value.detach().numpy().copy())
        return t.requires_grad_(value.requires_grad)
    if isinstance(value, torch.dtype):
        return getattr(fnnet, str(value).removeprefix("torch."))
    if isinstance(value, torch.device):
        return str(value)
    if isinstance(value, torch.nn.utils.rnn.PackedSequence):
        return nn.utils.rnn.PackedSequence(*map(ours, value))
    if isinstance(value, torch.nn.Linear):
        return nn.Linear(value.in_features, value.out_features, value.bias is not None, dtype=ours(value.weight.dtype))
    if isinstance(value, torch.nn.ReLU):
        return nn.ReLU()
    if isinstance(value, torch.nn.TransformerEncoderLayer):
        return encoder_layer(value)
    if isinstance(value, torch.nn.LinearCrossEntropyOptions):
        return nn.LinearCrossEntropyOptions(**{f.name: ours(getattr(value, f.name)) for f in fields(value)})
    if inspect.isroutine(value):
        return speech.translated(value)
    if isinstance(value, dict):
        return {k: ours(v) for k, v in value.items()}
    return type(value)(ours(v) for v in value) if type(value) in (tuple, list) else value


def encoder_layer(value: torch.nn.TransformerEncoderLayer) -> nn.TransformerEncoderLayer:
    """The layer that is copied into an encoder."""
    attention, first = value.self_attn, value.linear1
    made = nn.TransformerEncoderLayer(
        first.in_features, attention.num_heads, first.out_features, value.dropout.p, ours(value.activation),
        value.norm1.eps, attention.batch_first, value.norm_first, first.bias is not None,
        dtype=ours(first.weight.dtype),
    )  # fmt: skip
    made.load_state_dict({k: ours(v) for k, v in value.state_dict().items()})
    return made


def tensors(value: Any) -> Iterator[Any]:
    """What a module gave or was given, without the tuples around it."""
    if isinstance(value, (tuple, list)):
        for part in value:
            yield from tensors(part)
    else:
        yield value


def same(mine: Any, theirs: Any, what: str, dtype: torch.dtype) -> None:
    if theirs is None:
        assert mine is None, what
        return
    theirs = theirs.detach()
    assert str(mine.dtype).split(".")[1] == str(theirs.dtype).split(".")[1], what
    found = torch.from_numpy(mine.detach().numpy().copy())
    assert found.shape == theirs.shape, what
    tolerance = TOLERANCE[str(dtype).split(".")[1]] if theirs.is_floating_point() else {"rtol": 0, "atol": 0}
    torch.testing.assert_close(found, theirs, equal_nan=True, msg=lambda m: f"{what}: {m}", **tolerance)


def samples(name: str, dtype: torch.dtype, training: bool) -> list[ModuleInput]:
    torch.manual_seed(7)
    info: ModuleInfo | None = DB.get(name)
    given = [] if info is None else info.module_inputs_func(
        info, device="cpu", dtype=dtype, requires_grad=True, training=training
    )  # fmt: skip
    return [*given, *own_samples(dtype).get(name, list)(), *option_samples(dtype).get(name, list)()]


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_module(name: str, dtype: torch.dtype, training: bool, record_property: Callable[[str, object], None]) -> None:
    record_property("parity", f"nn.{name}")
    for at, s in enumerate(samples(name, dtype, training)):
        where = f"{name}, sample {at} {s.desc}"
        built = s.constructor_input
        theirs = getattr(torch.nn, name)(*built.args, **built.kwargs).to(dtype).train(training)
        mine = getattr(nn, name)(*ours(built.args), **ours(built.kwargs)).to(ours(dtype)).train(training)
        assert repr(mine) == repr(theirs), where
        state = {k: ours(v) for k, v in theirs.state_dict().items()}
        assert list(mine.state_dict()) == list(state), where
        mine.load_state_dict(state)
        if s.forward_input is None or name in ("ModuleDict", "ModuleList"):
            continue
        args = s.forward_input.args
        my_args = ours(args)
        my_kwargs = ours(s.forward_input.kwargs)
        torch.manual_seed(3)
        fnnet.manual_seed(3)
        out = theirs(*args, **s.forward_input.kwargs)
        my_out = mine(*my_args, **my_kwargs)
        for i, (a, b) in enumerate(zip(tensors(my_out), tensors(out), strict=True)):
            same(a, b, f"{where}: output {i}", dtype)
        wanted = [(a, b) for a, b in zip(tensors(my_out), tensors(out), strict=True) if getattr(b, "requires_grad", 0)]
        if wanted:
            for a, b in wanted:
                cotangent = torch.linspace(-1, 1, max(b.numel(), 1), dtype=b.dtype)[: b.numel()].reshape(b.shape)
                b.backward(cotangent, retain_graph=True)
                a.backward(ours(cotangent), retain_graph=True)
            for i, (a, b) in enumerate(zip(tensors(my_args), tensors(args), strict=True)):
                if isinstance(b, torch.Tensor) and b.is_leaf:
                    same(a.grad, b.grad, f"{where}: gradient of argument {i}", dtype)
            for (n, a), (_, b) in zip(mine.named_parameters(), theirs.named_parameters(), strict=True):
                same(a.grad, b.grad, f"{where}: gradient of {n}", dtype)
        for (n, a), (_, b) in zip(mine.named_buffers(), theirs.named_buffers(), strict=True):
            same(a, b, f"{where}: buffer {n} afterwards", dtype)


@pytest.mark.parametrize("name", NAMES)
def test_initial_state(name: str) -> None:
    """The same seed, the same initial values."""
    for at, s in enumerate(samples(name, torch.float32, True)):
        args, kwargs = s.constructor_input.args, s.constructor_input.kwargs
        if any(isinstance(v, (torch.nn.Module, list, dict)) for v in args):
            continue  # built by the table, not by the constructor
        torch.manual_seed(5)
        fnnet.manual_seed(5)
        theirs = getattr(torch.nn, name)(*args, **kwargs)
        mine = getattr(nn, name)(*ours(args), **ours(kwargs))
        for (n, a), b in zip(mine.state_dict().items(), theirs.state_dict().values(), strict=True):
            if torch.nn.parameter.is_lazy(b):
                assert nn.parameter.is_lazy(a)
                continue
            found = torch.from_numpy(a.numpy())
            leave = 1e-6 if name == "Embedding" else 0.0  # float32 normals: 2 ulp
            torch.testing.assert_close(found, b, rtol=leave, atol=leave, msg=f"{name}, sample {at}: {n}")


@pytest.mark.parametrize("name", NAMES)
def test_signature(name: str) -> None:
    """Names, order and defaults of the constructor's and of forward's arguments, where the class defines them."""
    for method in ("__init__", "forward"):
        if getattr(getattr(torch.nn, name), method) is getattr(torch.nn.Module, method):
            continue
        theirs = inspect.signature(getattr(getattr(torch.nn, name), method)).parameters
        mine = inspect.signature(getattr(getattr(nn, name), method)).parameters
        assert [(p.name, p.kind, p.default) for p in mine.values()] == [
            (p.name, p.kind, ours(p.default)) for p in theirs.values()
        ], method


def test_denominator(shared: Callable[[str], Path]) -> None:
    """The classes that fnnet has are among the 161 that it is to have."""
    names = json.loads(shared("parity/names.json").read_text())["nn (Module classes)"]["names"]
    assert len(names) == 161
    assert {*NAMES, "Module"} <= set(names)


def test_module_methods(shared: Callable[[str], Path], record_property: Callable[[str, object], None]) -> None:
    """Every method of Module, with PyTorch's names, order and defaults of arguments."""
    record_property("parity", "nn.Module")
    names = json.loads(shared("parity/names.json").read_text())["nn.Module (methods)"]["names"]
    for name in [*names, "cuda", "bfloat16"]:
        mine, theirs = (inspect.signature(getattr(m.Module, name)) for m in (nn, torch.nn))
        if name == "forward":
            continue  # a subclass defines it
        found = [(p.name, p.kind, p.default) for p in mine.parameters.values()]
        assert found == [(p.name, p.kind, p.default) for p in theirs.parameters.values()], name
    assert vars(nn.Module()).keys() >= vars(torch.nn.Module()).keys()

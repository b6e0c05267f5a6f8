"""fnnet against PyTorch over PyTorch's older tables of modules, functions and losses: `common_nn`.

Each entry is built on both sides in float64, holds the same state and is called with the same input; the output and the
gradients by inputs and parameters are compared, second derivatives where the table asks for them. An entry that is a
piece of code runs with fnnet where it says `torch`, `nn` or `F`.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch.testing._internal import common_nn

import fnnet
from tests.parity import entries, oracle, speech
from tests.parity import samples as s

VALUES = {
    "CrossMapLRN2d": "PyTorch's gradient is not that of its formula",
    "L1Loss_no_reduce_complex": "fnnet differentiates functions of real numbers",
}
"""Entries whose gradients are not compared, and why; tests/nn/test_spatial.py checks those of the first."""
LEAVE = {"Hardsigmoid_no_batch_dim": (1e-7, 1e-9)}
"""(relative, absolute) leave: PyTorch's kernel holds the slope 1/6 as a float32, in float64 too."""


@pytest.fixture
def doubles() -> Iterator[None]:
    """float64 by default on both sides."""
    before = torch.get_default_dtype(), fnnet.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    fnnet.set_default_dtype(fnnet.float64)
    yield
    torch.set_default_dtype(before[0])
    fnnet.set_default_dtype(before[1])


def in_fnnet(value: Any, translate: oracle.Translation) -> Any:
    """What an entry is made of, for fnnet: classes, functions with what they enclose, tensors."""
    if isinstance(value, types.FunctionType) and value.__module__ == common_nn.__name__:
        world = {**value.__globals__, "torch": fnnet, "nn": fnnet.nn, "F": fnnet.nn.functional}
        enclosed = tuple(types.CellType(in_fnnet(c.cell_contents, translate)) for c in value.__closure__ or ())
        copy = types.FunctionType(value.__code__, world, value.__name__, value.__defaults__, enclosed)
        copy.__kwdefaults__ = value.__kwdefaults__
        return copy
    if isinstance(value, type) and issubclass(value, torch.nn.Module):
        if value.__module__ != common_nn.__name__:
            return getattr(fnnet.nn, value.__name__)
        return type(value.__name__, (fnnet.nn.Module,), {"forward": in_fnnet(value.forward, translate)})
    if isinstance(value, dict):
        return {key: in_fnnet(v, translate) for key, v in value.items()}
    return speech.translated(value) if isinstance(value, torch.nn.Module) else translate(value)


def compare(name: str) -> oracle.Report:
    """Both sides of one entry."""
    entry, report, translate = dict(entries.common_nn()[name]), oracle.Report(), oracle.Translation()
    if "constructor" not in entry:
        entry["constructor"] = getattr(torch.nn, entry.pop("module_name"))
    torch.manual_seed(3)
    is_loss = any(key.startswith("target") for key in entry)
    table = (common_nn.CriterionTest if is_loss else common_nn.NewModuleTest)(**entry)
    theirs = table.constructor(*table.constructor_args)
    mine = in_fnnet(table.constructor, translate)(*in_fnnet(tuple(table.constructor_args), translate))
    given = table._get_input()
    given = given if isinstance(given, tuple) else (given,)
    if is_loss:
        given = (*given, table._get_target(), *table.extra_args)
    if name in VALUES:
        given = tuple(g.detach() for g in given)
    state = theirs.state_dict()
    report.check("state", None if list(mine.state_dict()) == list(state) else f"{list(mine.state_dict())}")
    report.check("repr", None if repr(mine) == repr(theirs).replace("torch.", "fnnet.") else repr(mine))
    mine.load_state_dict({key: oracle.tensor(v) for key, v in state.items()})
    torch.manual_seed(5)
    fnnet.manual_seed(5)
    expected, found = theirs(*given), mine(*translate(given))
    report.check("output", oracle.difference(found, expected, LEAVE.get(name)))
    pairs = [(m, t) for m, t in zip(oracle.flat(found), oracle.flat(expected), strict=True) if t.requires_grad]
    leaves = [pair for pair in translate.leaves() if any(pair[0] is g for g in given)]
    leaves += list(zip(theirs.parameters(), mine.parameters(), strict=True))
    if pairs and leaves and name not in VALUES:
        report.attempt("gradients", s.order, pairs, leaves, second=table.check_gradgrad, leave=LEAVE.get(name))
    return report


@pytest.mark.usefixtures("doubles")
@pytest.mark.parametrize("name", entries.parameters(entries.covered(entries.OLDER)))
def test_entry(name: str, record_property: Callable[[str, object], None]) -> None:
    record_property("parity", f"common_nn.{name}")
    compare(name).close()


@pytest.mark.parametrize("name", entries.parameters(entries.SPARSE))
def test_sparse_gradients_are_refused(name: str) -> None:
    with pytest.raises(fnnet.FnnetError, match="sparse"):
        compare(name)

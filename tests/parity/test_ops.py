"""fnnet against PyTorch, over PyTorch's own table of operators: values, methods, in-place, gradients, refusals.

Entries whose function fnnet lacks have no test here; the table at the end counts them as uncovered.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from tests.parity import entries, oracle
from tests.parity import samples as s

COVERED = {name: entries.operators()[name] for name in entries.covered(entries.OPERATORS)} if entries.present() else {}
Record = Callable[[str, object], None]

ONCE = {
    "nn.functional.ctc_loss": "PyTorch's is differentiable once",
    "nn.functional.linear_cross_entropy.chunked": "PyTorch's makes its gradients in forward, which have none",
    "nn.functional.linear_cross_entropy.chunked_none": "PyTorch's gradients are made in place, which have none",
}
"""Entries that the table says to be differentiable twice, and are not, and why; fnnet's derivatives are checked by
differences in tests/functional/test_ops.py and test_alignment.py."""


def note(record: Record, name: str) -> None:
    """Notes for the table what a test is about; an entry of nn.functional counts for the function, too."""
    record("parity", f"op_db.{name}")
    if name.startswith("nn.functional."):
        record("parity", ".".join(name.split(".")[:3]))


@pytest.mark.parametrize("name", entries.parameters(COVERED))
def test_values(name: str, full: bool, record_property: Record) -> None:
    """Function, method and in-place variant in float32, float64, int64 and bool."""
    note(record_property, name)
    info, report = COVERED[name], oracle.Report()
    for dtype in s.dtypes(info):
        for where, sample in s.samples(info, dtype, full):
            if report.attempt(where, s.compare_values, info, sample, dtype):
                report.attempt(f"method, {where}", s.compare_method, info, sample, dtype)
                report.attempt(f"in place, {where}", s.compare_inplace, info, sample, dtype)
    report.close()


@pytest.mark.parametrize("name", entries.parameters(entries.GAPS))
def test_gaps(name: str) -> None:
    """A declared gap is refused in all samples: one that is closed must leave the list."""
    info = entries.operators()[name]
    for dtype in s.dtypes(info):
        for where, sample in s.samples(info, dtype, full=False):
            assert s.refuses(lambda sample=sample: s.compare_values(info, sample, sample.input.dtype)), where


@pytest.mark.parametrize("name", entries.parameters(n for n, info in COVERED.items() if info.supports_autograd))
def test_gradients(name: str, full: bool, record_property: Record) -> None:
    """First order in float64, second order where PyTorch has it."""
    note(record_property, name)
    info, report = COVERED[name], oracle.Report()
    dtype = torch.float64 if torch.float64 in info.dtypes else torch.complex128
    second = bool(info.supports_gradgrad) and name not in ONCE
    with sdpa_kernel(SDPBackend.MATH):  # its fused kernel of attention has no second derivative
        for where, sample in s.samples(info, dtype, full, gradients=True):
            report.attempt(where, s.compare_gradients, info, sample, second=second)
    report.close()


@pytest.mark.parametrize("name", entries.parameters(n for n, info in COVERED.items() if info.error_inputs_func))
def test_errors(name: str, record_property: Record) -> None:
    """What PyTorch refuses is refused, with the same kind of exception."""
    note(record_property, name)
    info, report = COVERED[name], oracle.Report()
    for error in info.error_inputs("cpu"):
        sample = error.sample_input
        where = oracle.call_shown((sample.input, *sample.args), sample.kwargs)
        report.attempt(where, s.compare_error, info, error)
    report.close()

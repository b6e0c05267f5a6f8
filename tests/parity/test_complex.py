"""Complex numbers against PyTorch, over its table of operators: values and gradients of both orders in complex128."""

from __future__ import annotations

import functools
from typing import Any

import pytest
import torch

from fnnet import FnnetError
from tests.parity import entries, oracle
from tests.parity import samples as s

DTYPE = torch.complex128
REQUIRED = frozenset((
    "__getitem__", "abs", "add", "addmm", "angle", "bmm", "cat", "complex", "conj", "cos", "cumsum", "div", "dot",
    "einsum", "exp", "imag", "linalg.multi_dot", "log", "matmul", "mean", "mm", "mul", "mv", "nn.functional.conv2d",
    "permute", "polar", "pow", "prod", "real", "reshape", "sgn", "sin", "sqrt", "stack", "sub", "sum", "tanh", "vdot",
    "view_as_complex", "view_as_real", "where",
))  # fmt: skip
"""What may not be refused; every other operator is right or raises."""
COVERED = (
    {
        name: info
        for name in entries.covered(entries.OPERATORS)
        if (info := entries.operators()[name]).supports_autograd and DTYPE in info.backward_dtypes
    }
    if entries.present()
    else {}
)


@pytest.mark.parametrize("name", entries.parameters(COVERED))
def test_complex128(name: str, full: bool) -> None:
    info, report = COVERED[name], oracle.Report()
    second = bool(info.supports_gradgrad)
    for where, sample in s.samples(info, DTYPE, full, gradients=True):
        values = functools.partial(s.compare_values, info, sample, DTYPE)
        if _tried(report, info, f"{where}, values", values):
            gradients = functools.partial(s.compare_gradients, info, sample, second=second)
            _tried(report, info, f"{where}, gradients", gradients)
    report.close()


def _tried(report: oracle.Report, info: Any, where: str, check: Any) -> bool:
    """Runs a check; a refusal by fnnet's own error is no difference, unless the operator is required."""
    try:
        text = check()
    except FnnetError as error:
        text = f"refused: {error}" if str(info.name) in REQUIRED else None
        report.check(where, text)
        return False
    except Exception as error:  # a broken sample must not hide the others
        text = f"{type(error).__name__}: {str(error)[:200]}"
    return report.check(where, text)

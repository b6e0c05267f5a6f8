"""Making tensors from Python and NumPy values: dtypes, shapes, layouts and refusals as in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import fnnet
from tests.parity import oracle

Code = Callable[[Any], Any]

GOOD: dict[str, Code] = {
    "tensor(3)": lambda t: t.tensor(3),
    "tensor(3.5)": lambda t: t.tensor(3.5),
    "tensor(True)": lambda t: t.tensor(True),
    "tensor(1j)": lambda t: t.tensor(1 + 2j),
    "tensor([])": lambda t: t.tensor([]),
    "tensor([[], []])": lambda t: t.tensor([[], []]),
    "tensor([1, 2])": lambda t: t.tensor([1, 2]),
    "tensor([1, 2.5])": lambda t: t.tensor([1, 2.5]),
    "tensor([True, 2])": lambda t: t.tensor([True, 2]),
    "tensor(((1, 2), (3, 4)))": lambda t: t.tensor(((1, 2), (3, 4))),
    "tensor of tensors": lambda t: t.tensor([t.tensor(1.5), t.tensor(2)]),
    "tensor of NumPy scalars": lambda t: t.tensor([np.float64(1.5), np.float32(2)]),
    "tensor(float64 array)": lambda t: t.tensor(np.arange(3.0)),
    "tensor(int32 array)": lambda t: t.tensor(np.arange(3, dtype=np.int32)),
    "tensor(transposed array)": lambda t: t.tensor(np.arange(6.0).reshape(2, 3).T),
    "tensor(NumPy scalar)": lambda t: t.tensor(np.float32(2)),
    "tensor(list of arrays)": lambda t: t.tensor([np.arange(2), np.arange(2)]),
    "tensor(range)": lambda t: t.tensor(range(4)),
    "tensor(dtype=)": lambda t: t.tensor([1.7, -2.3], dtype=t.int64),
    "tensor(large int)": lambda t: t.tensor([2**40, -1]),
    "tensor(bool from numbers)": lambda t: t.tensor([0, 2, -1], dtype=t.bool),
    "tensor(float16)": lambda t: t.tensor([1e-7, 1 / 3, 65504], dtype=t.float16),
    "tensor(bfloat16)": lambda t: t.tensor([1 / 3, 1e30], dtype=t.bfloat16),
    "as_tensor": lambda t: t.as_tensor([[1, 2], [3, 4]], dtype=t.float32),
    "Tensor(2, 3)": lambda t: t.Tensor(2, 3).shape,
    "Tensor([1, 0, 1])": lambda t: t.Tensor([1, 0, 1]),
    "Tensor().long()": lambda t: t.Tensor([1, 0, 1]).long(),
    "Tensor()": lambda t: t.Tensor(),
    "arange(5)": lambda t: t.arange(5),
    "arange(1, 2.5, 0.5)": lambda t: t.arange(1, 2.5, 0.5),
    "arange(5, 0, -2)": lambda t: t.arange(5, 0, -2),
    "arange(0)": lambda t: t.arange(0),
    "arange(0, 1, 0.1)": lambda t: t.arange(0, 1, 0.1),
    "arange(float16)": lambda t: t.arange(0, 5, 0.7, dtype=t.float16),
    "arange(int of floats)": lambda t: t.arange(0.5, 5, dtype=t.int32),
    "linspace(0, 1, 7)": lambda t: t.linspace(0, 1, 7),
    "linspace(3, -3, 1)": lambda t: t.linspace(3, -3, 1),
    "linspace of ints": lambda t: t.linspace(0, 10, 4, dtype=t.int64),
    "logspace": lambda t: t.logspace(-2, 3, 6),
    "logspace of base 2": lambda t: t.logspace(0, 4, 5, base=2.0, dtype=t.float64),
    "eye(3)": lambda t: t.eye(3),
    "eye(2, 4)": lambda t: t.eye(2, 4, dtype=t.int64),
    "full bool": lambda t: t.full((2,), True),
    "full int": lambda t: t.full((2, 3), 7),
    "full float": lambda t: t.full((2, 3), 7.5),
    "full()": lambda t: t.full((), 1),
    "zeros(2, 3)": lambda t: t.zeros(2, 3),
    "zeros([2, 3])": lambda t: t.zeros([2, 3]),
    "zeros(Size)": lambda t: t.zeros(t.Size([2, 0])),
    "ones(())": lambda t: t.ones(()),
    "zeros_like": lambda t: t.zeros_like(t.arange(3)),
    "ones_like(dtype=)": lambda t: t.ones_like(t.arange(3), dtype=t.float64),
    "full_like": lambda t: t.full_like(t.zeros(2, 3), 4),
    "zeros_like of a transposed": lambda t: t.zeros_like(t.zeros(2, 3, 4).permute(2, 0, 1)).stride(),
    "empty_like of an expanded": lambda t: t.empty_like(t.zeros(3, 1).expand(3, 4)).stride(),
    "new_tensor": lambda t: t.zeros(1, dtype=t.float64).new_tensor([1, 2]),
    "new_full": lambda t: t.zeros(1, dtype=t.int64).new_full((2,), 3),
    "from_numpy": lambda t: t.from_numpy(np.arange(6).reshape(2, 3)[:, ::2]),
    "from_numpy strides": lambda t: t.from_numpy(np.arange(6).reshape(2, 3).T).stride(),
    "frombuffer": lambda t: t.frombuffer(bytearray(b"\1\0\0\0\2\0\0\0"), dtype=t.int32),
    "asarray": lambda t: t.asarray([1.0, 2.0]),
    "scalar_tensor": lambda t: t.scalar_tensor(2),
    "tril_indices": lambda t: t.tril_indices(3, 4, 1),
    "meshgrid": lambda t: t.meshgrid(t.arange(2), t.arange(3), indexing="xy"),
    "requires_grad": lambda t: t.tensor([1.0], requires_grad=True).requires_grad,
    "double default": lambda t: with_default(t, lambda: (t.tensor(1.5), t.zeros(2), t.arange(2.0), t.tensor(1j))),
}

BAD: dict[str, Code] = {
    "ragged": lambda t: t.tensor([[1, 2], [3]]),
    "text": lambda t: t.tensor(["a"]),
    "None": lambda t: t.tensor(None),
    "object array": lambda t: t.tensor(np.array([object()])),
    "dict": lambda t: t.tensor({"a": 1}),
    "too large": lambda t: t.tensor([2**70]),
    "out of range": lambda t: t.tensor([300], dtype=t.uint8),
    "requires_grad of ints": lambda t: t.tensor([1], requires_grad=True),
    "negative size": lambda t: t.zeros(-1),
    "size of floats": lambda t: t.zeros(2.5),
    "full without size": lambda t: t.full(3, 1),
    "arange of step 0": lambda t: t.arange(0, 3, 0),
    "arange the wrong way": lambda t: t.arange(3, 0),
    "arange to nan": lambda t: t.arange(0, float("nan")),
    "linspace of -1": lambda t: t.linspace(0, 1, -1),
    "eye(-1)": lambda t: t.eye(-1),
    "from_numpy of a list": lambda t: t.from_numpy([1]),
    "from_numpy of negative strides": lambda t: t.from_numpy(np.arange(3)[::-1]),
    "numpy() of what requires grad": lambda t: t.ones(2, requires_grad=True).numpy(),
    "item of two": lambda t: t.ones(2).item(),
    "bool of two": lambda t: bool(t.ones(2)),
    "float of two": lambda t: float(t.ones(2)),
    "int of nan": lambda t: int(t.tensor(float("nan"))),
    "len of a scalar": lambda t: len(t.tensor(1)),
    "iteration over a scalar": lambda t: list(t.tensor(1)),
}


def with_default(framework: Any, code: Callable[[], Any]) -> Any:
    """Runs code with float64 as the default."""
    framework.set_default_dtype(framework.float64)
    try:
        return code()
    finally:
        framework.set_default_dtype(framework.float32)


@pytest.mark.parametrize("name", GOOD)
def test_good(name: str) -> None:
    theirs, mine = GOOD[name](torch), GOOD[name](fnnet)
    if isinstance(theirs, torch.Size):
        assert tuple(mine) == tuple(theirs)
    else:
        assert oracle.difference(mine, theirs) is None


@pytest.mark.parametrize("name", BAD)
def test_bad(name: str) -> None:
    """The same builtin exception, and PyTorch's class is at most more special."""
    with pytest.raises(Exception) as theirs:  # noqa: PT011 -- which one is PyTorch's to say
        BAD[name](torch)
    kind = next(c for c in theirs.type.__mro__ if c.__module__ == "builtins")
    with pytest.raises(kind):
        BAD[name](fnnet)

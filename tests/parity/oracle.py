"""PyTorch's values as fnnet's, and the comparison of what comes back."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import torch

import fnnet
from tests.parity import speech

TOLERANCE = {"float32": (1e-5, 1e-5), "float64": (1e-9, 1e-10), "float16": (2e-3, 1e-3), "bfloat16": (1e-2, 1e-2)}
"""(relative, absolute) leave by dtype: some ulp per step of the longest sums among the samples."""


class Translation:
    """Turns nested samples into fnnet's, each tensor once, and remembers the pairs.

    A tensor keeps its layout and its `requires_grad`. Tensors that share memory share a copy of it, so that neither
    side sees the other write.
    """

    def __init__(self) -> None:
        self.pairs: dict[int, tuple[torch.Tensor, fnnet.Tensor]] = {}
        self.memory: dict[int, torch.UntypedStorage] = {}

    def __call__(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            if id(value) not in self.pairs:
                self.pairs[id(value)] = (value, tensor(value, self.memory))
            return self.pairs[id(value)][1]
        if isinstance(value, torch.Size):
            return fnnet.Size(value)
        if isinstance(value, torch.dtype | torch.layout | torch.memory_format):
            return getattr(fnnet, str(value).removeprefix("torch."))
        if isinstance(value, torch.device):
            return fnnet.device(str(value))
        if isinstance(value, torch.nn.LinearCrossEntropyOptions):
            return fnnet.nn.LinearCrossEntropyOptions(**{f.name: self(getattr(value, f.name)) for f in fields(value)})
        if isinstance(value, dict):
            return {key: self(v) for key, v in value.items()}
        if isinstance(value, tuple | list):
            return type(value)(self(v) for v in value)
        return speech.translated(value) if callable(value) and not isinstance(value, type) else value

    def leaves(self) -> list[tuple[torch.Tensor, fnnet.Tensor]]:
        """The pairs that want a gradient."""
        return [pair for pair in self.pairs.values() if pair[0].requires_grad]


def tensor(value: torch.Tensor, memory: dict[int, torch.UntypedStorage] | None = None) -> fnnet.Tensor:
    """A copy with the same strides; `memory` holds the copies of storages by their address, to be used again."""
    plain = value.detach().resolve_conj().resolve_neg()
    if plain.dtype == torch.bfloat16:
        return tensor(plain.float()).bfloat16().requires_grad_(value.requires_grad)
    storage = plain.untyped_storage()
    if memory is None or value.is_conj() or value.is_neg():  # resolved just now: its address will be another's next
        copied = storage.clone()
    else:
        copied = memory.setdefault(storage.data_ptr(), storage.clone())
    twin = torch.empty(0, dtype=plain.dtype).set_(copied, plain.storage_offset(), plain.shape, plain.stride())
    return fnnet.from_numpy(twin.numpy()).requires_grad_(value.requires_grad)


def numpy(value: Any) -> np.ndarray[Any, Any]:
    """The values of either side's tensor."""
    value = value.detach()
    if str(value.dtype).endswith("bfloat16"):
        value = value.float()
    # force: conjugated, negated and zero tensors of PyTorch have no memory that NumPy could share
    return np.asarray(value.numpy(force=True) if isinstance(value, torch.Tensor) else value.numpy())


def is_tensor(value: object) -> bool:
    return isinstance(value, torch.Tensor | fnnet.Tensor)


def flat(value: Any) -> list[Any]:
    """What a function returned, as a list."""
    return [leaf for v in value for leaf in flat(v)] if isinstance(value, tuple | list) else [value]


def difference(mine: Any, theirs: Any, leave: tuple[float, float] | None = None, *, values: bool = True) -> str | None:
    """How two results differ, nested ones too; None where they agree. `values=False` compares the rest alone."""
    if isinstance(theirs, tuple | list):
        if not isinstance(mine, tuple | list) or len(mine) != len(theirs):
            return f"{shown(mine)}, not {shown(theirs)}"
        found = (difference(m, t, leave, values=values) for m, t in zip(mine, theirs, strict=True))
        return next((text for text in found if text), None)
    if not is_tensor(theirs):
        alike = type(mine) is type(theirs) and (
            mine == theirs or (isinstance(theirs, float | complex) and np.isclose(mine, theirs, 1e-5, equal_nan=True))
        )
        return None if alike else f"{shown(mine)}, not {shown(theirs)}"
    if not isinstance(mine, fnnet.Tensor):
        return f"{shown(mine)}, not a tensor"
    name, expected = str(mine.dtype).partition(".")[2], str(theirs.dtype).partition(".")[2]
    if name != expected or tuple(mine.shape) != tuple(theirs.shape):
        return f"{name} {tuple(mine.shape)}, not {expected} {tuple(theirs.shape)}"
    if not values:
        return None
    a, b = numpy(mine), numpy(theirs)
    if b.dtype.kind in "biu":
        wrong = a != b
    else:
        precision = {"complex64": "float32", "complex128": "float64"}.get(name, name)
        rtol, atol = leave or TOLERANCE[precision]
        with np.errstate(all="ignore"):
            wrong = ~np.isclose(a, b, rtol, atol, equal_nan=True)
    if not wrong.any():
        return None
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    return f"{wrong.sum()} of {wrong.size} differ, first at {at}: {a[at]!r}, not {b[at]!r}"


def gradient_difference(mine: Any, theirs: Any, leave: tuple[float, float] | None = None) -> str | None:
    """As `difference`; None as a gradient is zero, and so is what PyTorch's double backward leaves of x - x."""
    found = theirs if mine is None else mine
    if mine is not None and theirs is not None:
        return difference(mine, theirs, leave)
    zero = found is None or np.allclose(numpy(found), 0, atol=TOLERANCE["float64"][1])
    return None if zero else f"{shown(mine)}, not {shown(theirs)}"


def shown(value: Any) -> str:
    """A short description of an argument or result."""
    if is_tensor(value):
        step = "" if value.is_contiguous() else f" strides {tuple(value.stride())}"
        return f"{str(value.dtype).partition('.')[2]}{list(value.shape)}{step}"
    if isinstance(value, tuple | list):
        text = ", ".join(shown(v) for v in value)
        return f"({text})" if isinstance(value, tuple) else f"[{text}]"
    return repr(value)[:80]


def call_shown(args: Sequence[Any], kwargs: dict[str, Any]) -> str:
    return ", ".join(itertools.chain(map(shown, args), (f"{k}={shown(v)}" for k, v in kwargs.items())))[:300]


class Report:
    """Collects the differences of one test and fails it at the end, with the first few of them."""

    SHOWN = 6

    def __init__(self) -> None:
        self.checks = 0
        self.found: list[str] = []

    def check(self, where: str, text: str | None) -> bool:
        """Notes a difference under `where`; True where there is none."""
        self.checks += 1
        if text:
            self.found.append(f"{where}: {text}")
        return text is None

    def attempt(self, where: str, check: Callable[..., str | None], *args: Any, **kwargs: Any) -> bool:
        """Runs a check; an exception is a difference, too."""
        try:
            text = check(*args, **kwargs)
        except Exception as error:  # a broken sample must not hide the others
            text = f"{type(error).__name__}: {str(error)[:200]}"
        return self.check(where, text)

    def close(self) -> None:
        more = [f"... and {len(self.found) - self.SHOWN} more"] if len(self.found) > self.SHOWN else []
        text = "\n  ".join([*self.found[: self.SHOWN], *more])
        assert not self.found, f"{len(self.found)} of {self.checks} checks differ from PyTorch:\n  {text}"


def cotangents(outputs: Sequence[torch.Tensor]) -> Iterator[torch.Tensor]:
    """Random ones; they want a gradient themselves, for the second order."""
    return (torch.randn_like(out.detach().contiguous()).requires_grad_() for out in outputs)

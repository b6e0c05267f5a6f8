"""Random programs of views, writes, arithmetic, modes and hooks, run by fnnet and by PyTorch.

A program is a list of steps, each done to one of the tensors there are; at the end all are summed into a loss, and
backward is called. A step that raises is skipped, and must have changed nothing. Both sides must raise in the same
steps and end with equal tensors, gradients and flags. Where one side alone raises, the message must be one of those
explained below, and the comparison ends there: none may differ in silence.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

import fnnet
from fnnet.testing import fake_device

fake_device.register()
BLOCK = 100
PROGRAMS = 5_000

Step = tuple[str, str, float, float]
Program = list[Step]

# What a step may do to a tensor `t`, with another one `o` of its shape or of none.
VIEWS = [
    "t[0]", "t[1:]", "t[..., -1]", "t[::2]", "t[None]", "t.reshape(-1)", "t.view(-1)", "t.transpose(0, t.ndim - 1)",
    "t.unsqueeze(-1)", "t.squeeze()", "t.narrow(0, 0, 1)", "t.expand(2, *t.shape)", "t.diagonal()",
    "t.unfold(0, 1, 1)", "t.detach()", "t.data", "t.unbind(0)[0]", "t.split(1)[0]", "t.chunk(2)[0]",
    "t.T if t.ndim == 2 else t.flatten()", "t.view_as(t)", "t.movedim(0, -1)",
]  # fmt: skip
PURE = [
    "(t * 0.3).exp()", "t * t", "t.clone()", "t * 2", "t.tanh()", "t.sigmoid()", "t * o", "t - o", "t + o",
    "t / (o * o + 1)", "lib.cat([t, t], 0)", "lib.stack([t, t * 2])", "t.sum(0)", "t.cumsum(0)",
    "lib.where(t > 0, t, t * 0.1)", "t.contiguous()", "t.relu()",
]  # fmt: skip
WRITES = [
    "t.mul_(o)", "t.add_(o)", "t.sub_(o, alpha=2)", "t.copy_(o)", "t.mul_(2)", "t += o", "t.zero_()", "t.fill_(0.5)",
    "t.tanh_()", "t.relu_()", "t.clamp_(-0.5, 0.5)", "t.sigmoid_()", "t.addcmul_(o, o, value=0.5)",
    "t.masked_fill_(t > 0, 0.1)", "t.detach().mul_(0.5)", "t.data.mul_(0.5)", "t.div_(2)", "t.neg_()",
    "t.unsqueeze_(0)", "t[0] = o if o.ndim == 0 else o[0]", "t[t > 0.5] = 0.25",
    "t[lib.tensor([0], device=t.device)] = 1.5", "t[-1] += 1",
    "with lib.no_grad(): lib.mul(t.detach(), 0.5, out=t.detach())",
]  # fmt: skip
# (PyTorch 2.13 crashes in register_hook on a view whose history detach_ has taken away.)
HOOKS = ["t.grad_fn is not None and t.register_hook(lambda g: g * 2)", "t.retain_grad()", "t.requires_grad_()"]
TABLES = {"view": VIEWS, "quiet view": VIEWS, "pure": PURE, "write": WRITES, "quiet write": WRITES, "hook": HOOKS,
          "grad": ["gradients of t.sum()"]}  # fmt: skip
CODE = {source: compile(source, source, "exec" if table in (WRITES, HOOKS) else "eval")
        for table in (VIEWS, PURE, WRITES, HOOKS) for source in table}  # fmt: skip
KINDS = ["view"] * 5 + ["pure"] * 4 + ["write"] * 5 + ["quiet view", "quiet write", "hook", "grad"]


def program(seed: int) -> Program:
    rng = random.Random(seed)
    steps = []
    for _ in range(rng.randint(3, 9)):
        kind = rng.choice(KINDS)
        steps.append((kind, rng.choice(TABLES[kind]), rng.random(), rng.random()))
    return steps


def chosen(table: list[Any], at: float) -> Any:
    return table[int(at * len(table))]


# Skipped: PyTorch's gradient keeps the shape that the tensor had before.
UNLIKE = {("quiet write", "t.unsqueeze_(0)")}
ERRORS = (RuntimeError, ValueError, IndexError)


class Run:
    """One side's run of a program.

    Attributes:
        ts: The tensors there are.
        taken: Gradients that were asked for on the way.
        raised: What each step raised, or None.
        targets: What each step chose to work on.
        self_write: Whether a tensor was written in place from its own memory: `t.mul_(t)`.
    """

    def __init__(self, lib: Any, seed: int, device: str = "cpu") -> None:
        nr = np.random.default_rng(seed)
        values = [nr.normal(size=(3, 4)).tolist() for _ in range(2)]
        self.lib = lib
        self.x, self.w = (lib.tensor(v, dtype=lib.float64, device=device).requires_grad_() for v in values)
        self.ts = [self.x * 1, self.w * 1]
        self.taken: list[Any] = []
        self.raised: list[str | None] = []
        self.self_write = False
        self.targets: list[Any] = []
        for step in program(seed):
            self.attempt(lambda step=step: self.step(*step))
        self.attempt(self.finish)

    def attempt(self, action: Callable[[], Any]) -> None:
        try:
            action()
            self.raised.append(None)
        except ERRORS as error:
            self.raised.append(f"{type(error).__name__}: {str(error).splitlines()[0]}")

    def step(self, kind: str, source: str, a: float, b: float) -> None:
        lib, ts = self.lib, self.ts
        t, o = chosen(ts, a), chosen(ts, b)
        self.targets.append(t)
        if not t.ndim or not t.numel() or t.numel() > 300 or (kind, source) in UNLIKE:
            return
        if tuple(o.shape) != tuple(t.shape):
            o = o.mean()
        with ExitStack() as quiet:
            if kind.startswith("quiet"):
                quiet.enter_context(lib.no_grad())
            names = {"lib": lib, "t": t, "o": o}
            self.self_write |= kind.endswith("write") and overlap(t, o) and "o" in CODE[source].co_names
            if kind == "grad":
                if (total := t.sum()).requires_grad:
                    self.taken += lib.autograd.grad(total, [self.x, t], retain_graph=True, allow_unused=True)
            elif kind in ("view", "quiet view", "pure"):
                ts.append(eval(CODE[source], names))
            else:
                exec(CODE[source], names)

    def finish(self) -> None:
        loss = self.ts[0].sum() * 0
        for i, t in enumerate(self.ts):
            loss = loss + (t * (i + 1)).sum()
        self.taken.append(loss)
        if loss.requires_grad:
            loss.backward()

    def results(self) -> dict[str, Any]:
        """Values, gradients, flags."""
        found = {"x.grad": self.x.grad, "w.grad": self.w.grad}
        for name, tensors in (
            ("taken", self.taken),
            ("value", self.ts),
            ("grad", [kept_gradient(t) for t in self.ts]),
        ):
            found |= {f"{name} {i}": t for i, t in enumerate(tensors)}
        arrays = {name: None if v is None else v.detach().cpu().numpy() for name, v in found.items()}
        flags = {f"flags {i}": (t.requires_grad, leaf(t), tuple(t.shape)) for i, t in enumerate(self.ts)}
        return arrays | flags


def overlap(t: Any, o: Any) -> bool:
    """Whether two tensors lie in one piece of memory."""
    if isinstance(t, torch.Tensor):
        return bool(t.untyped_storage().data_ptr() == o.untyped_storage().data_ptr())
    return t._counter is o._counter


def leaf(t: Any) -> bool:
    """Whether a tensor is a leaf; False where the question itself finds that a view has lost its history."""
    try:
        if not isinstance(t, torch.Tensor):
            t._edge()  # where PyTorch looks
        return bool(t.is_leaf)
    except RuntimeError:
        return False


def kept_gradient(t: Any) -> Any:
    """The gradient that a tensor that is no leaf has kept."""
    try:
        return None if t.is_leaf else t.grad
    except RuntimeError:
        return None


def equal(a: Any, b: Any) -> bool:
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return type(a) is type(b) and bool(a == b)
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-9, atol=1e-11, equal_nan=True)


class Explained(NamedTuple):
    """Where one side alone may raise.

    Attributes:
        side: Who raises.
        pattern: Found in the message.
        where: Whether it can be that: `(our run, step)`.
        why: What happens there.
    """

    side: str
    pattern: str
    where: Callable[[Run, int], bool]
    why: str


EXPLAINED = [
    Explained(
        "fnnet", "more than one element of the written-to tensor", lambda run, at: True,
        "masked_fill_ or index_put_ on an expanded tensor, which PyTorch deprecates or writes several times",
    ),
    Explained(
        "PyTorch", "more than one element of the written-to tensor", lambda run, at: at == len(run.targets),
        "backward through fill_ of an expanded tensor: PyTorch's own backward expands and writes",
    ),
    Explained(
        "PyTorch", "modified by an inplace operation", lambda run, at: run.self_write,
        "t.mul_(t): fnnet keeps a copy of what it overwrites, PyTorch finds in backward that it is gone",
    ),
    Explained(
        "PyTorch", "A view was created in no_grad mode|is a view|is a view of a view", lambda run, at: run.self_write,
        "t[0] = t[0] of a tensor with such views: fnnet writes nothing, as nothing changes",
    ),
    Explained(
        "PyTorch", "some elements of the input tensor and the written-to", lambda run, at: run.self_write,
        "a tensor and a view of all its elements, whose strides of dims of size 1 differ",
    ),
    Explained(
        "PyTorch", "a leaf Variable that requires grad", lambda run, at: run.targets[at]._node is not None,
        "PyTorch has not yet derived the history of a view of what was just written",
    ),
    Explained(
        "PyTorch", "please report a bug to PyTorch", lambda run, at: True, "PyTorch's own assertion fails"
    ),
    Explained(
        "PyTorch", "view size is not compatible", lambda run, at: run.x.device.type == "fake",
        "results on the fake device are dense in C order; on the CPU they keep the order of the operands",
    ),
]  # fmt: skip


def told(seed: int) -> str:
    """A program for a reader: which tensor is chosen depends on how many there are, so on steps that raised."""
    lines, n = [], 2
    for kind, source, a, b in program(seed):
        made = f"t{n} = " if kind in ("view", "quiet view", "pure") else ""
        lines.append(f"{made}{source}    # {kind}, t = t{int(a * n)}, o = t{int(b * n)}")
        n += bool(made)
    return "\n".join(lines)


def compare(seed: int, device: str) -> str:
    """Run a program on both sides; how it ended: "equal", or the explained reason why one side alone raises.

    Raises:
        AssertionError: They differ.
    """
    ours, theirs = Run(fnnet, seed, device), Run(torch, seed)
    for at, (a, b) in enumerate(zip(ours.raised, theirs.raised, strict=True)):
        if (a is None) != (b is None):
            side, message = ("fnnet", a) if a is not None else ("PyTorch", b)
            for e in EXPLAINED:
                if e.side == side and re.search(e.pattern, str(message)) and e.where(ours, at):
                    return f"only {side} raises: {e.why}"
            raise AssertionError(f"program {seed}, step {at}: only {side} raises {message}\n{told(seed)}")
    mine, want = ours.results(), theirs.results()
    wrong = {name: (mine.get(name), value) for name, value in want.items() if not equal(mine.get(name), value)}
    assert not wrong, f"program {seed} differs at {list(wrong)}\n{told(seed)}\n{ours.raised}\n{wrong}"
    return "equal, with steps that raise" if any(ours.raised) else "equal"


@pytest.mark.parametrize("device", ["cpu", "fake:0"])
@pytest.mark.parametrize("block", range(PROGRAMS // BLOCK))
@pytest.mark.sampled(share=12)
def test_random_programs(block: int, device: str, capsys: pytest.CaptureFixture[str]) -> None:
    programs = range(block * BLOCK, (block + 1) * BLOCK)
    counts = Counter(compare(seed, device) for seed in programs)
    with capsys.disabled():
        print(f" {device} programs {programs[0]}-{programs[-1]}: {dict(counts)}", end="")

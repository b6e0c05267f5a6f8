"""What a test does with one entry of PyTorch's table of operators: samples, calls on both sides, comparisons."""

from __future__ import annotations

import hashlib
import itertools
import os
import random
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import torch

import fnnet
from tests.parity import entries, oracle, speech

DTYPES = (torch.float32, torch.float64, torch.int64, torch.bool)
FEW, SOME = 8, 400
"""Samples per entry and dtype without --full, drawn from so many: to make them all takes some entries ten seconds."""
MANY, ALL = 1000, 5000
"""The same with --full: some entries have thousands, which differ in one option out of six."""

Pairs = list[tuple[fnnet.Tensor, torch.Tensor]]

UNWRITTEN = frozenset(("empty", "empty_like", "new_empty"))
"""Their values are whatever lies in memory."""
TIES = frozenset(("argsort", "kthvalue", "median", "mode", "nanmedian", "sort", "topk"))
"""Of equal values, which index they give is nobody's promise; whole numbers, bools and half floats are full of them."""
LEAVE = {
    # Of vectors that lie near each other, |a|^2 + |b|^2 - 2 a b leaves the rounding of the squares.
    "cdist": {torch.float32: (1e-4, 5e-4)},
    # PyTorch's kernel holds the slope 1/6 as a float32, in float64 too.
    "nn.functional.hardsigmoid": {torch.float64: (1e-7, 1e-9)},
    # Scores of some hundreds, whose rounding is that of the exponent.
    "nn.functional.multi_head_attention_forward": {torch.float32: (1e-4, 1e-4)},
    "nn.functional.scaled_dot_product_attention": {torch.float32: (1e-4, 1e-4)},
    # Sums of 768 products, in another order.
    "nn.functional.conv3d": {torch.float32: (1e-4, 2e-5)},
}
"""(relative, absolute) leave where `oracle.TOLERANCE` is too tight."""


def seed_of(name: str) -> int:
    """The seed of an entry's samples: another one in each commit."""
    text = f"{os.environ.get('FNNET_PARITY_SEED', '')} {name}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])


def drawn(name: str, samples: Iterator[Any], full: bool) -> list[Any]:
    """The samples to run, in their order: all or a few of them."""
    found = list(itertools.islice(filter(in_scope, samples), ALL if full else SOME))
    limit = MANY if full else FEW
    if len(found) <= limit:
        return found
    chosen = random.Random(seed_of(name)).sample(range(len(found)), limit)
    return [found[at] for at in sorted(chosen)]


def in_scope(sample: Any) -> bool:
    """Sparse tensors are no part of fnnet."""
    return not sample.kwargs.get("sparse")


def dtypes(info: Any) -> tuple[torch.dtype, ...]:
    """The dtypes that are compared; complex ones where an entry knows no other."""
    return tuple(d for d in DTYPES if d in info.dtypes) or (torch.complex64,)


def samples(info: Any, dtype: torch.dtype, full: bool, *, gradients: bool = False) -> Iterator[tuple[str, Any]]:
    """PyTorch's samples with a description that fits into a message."""
    name = entries.entry_name(info)
    torch.manual_seed(seed_of(name))
    random.seed(seed_of(name))
    for sample in drawn(name, iter(info.sample_inputs("cpu", dtype, requires_grad=gradients)), full):
        kind = str(dtype).removeprefix("torch.")
        yield f"{kind} ({oracle.call_shown((sample.input, *sample.args), sample.kwargs)})", sample


def sample(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """A sample of our own in the shape of PyTorch's."""
    return SimpleNamespace(input=inputs[0], args=tuple(inputs[1:]), kwargs=kwargs)


class Call:
    """One call on both sides: the arguments are translated once, each side gets its own."""

    def __init__(self, sample: Any) -> None:
        self.translate = oracle.Translation()
        self.theirs = ((sample.input, *sample.args), dict(sample.kwargs))
        self.mine = (self.translate(self.theirs[0]), self.translate(self.theirs[1]))

    @staticmethod
    def run(function: Callable[..., Any], given: tuple[Sequence[Any], dict[str, Any]]) -> Any:
        """A call after the same seed on both sides."""
        torch.manual_seed(11)
        fnnet.manual_seed(11)
        return function(*given[0], **given[1])

    def oracle(self, function: Callable[..., Any]) -> Any:
        return self.run(function, self.theirs)

    def fnnet(self, function: Callable[..., Any]) -> Any:
        return self.run(function, self.mine)


def refuses(run: Callable[[], Any]) -> Exception | None:
    """What a call raises, if it does."""
    try:
        run()
    except Exception as error:
        return error
    return None


def offered(info: Any, variant: str) -> tuple[Any, Any] | None:
    """PyTorch's and fnnet's method or in-place variant; None where there is none or it is not asked for.

    A method that fnnet is to offer and lacks raises AttributeError.
    """
    theirs = getattr(info, variant)
    if theirs is None:
        return None
    for path in speech.needed(theirs):
        space, _, name = path.rpartition(".")
        if space == "Tensor":
            lists = entries.public_names()
            known = (*lists["Tensor (methods, attributes)"], *lists["Tensor (operators)"])
            if name not in known and path not in lists["also"]:
                return None
    return theirs, speech.translated(theirs)


def leave(info: Any, dtype: torch.dtype) -> tuple[float, float] | None:
    return LEAVE.get(str(info.name), {}).get(dtype)


def compare_values(info: Any, sample: Any, dtype: torch.dtype) -> str | None:
    """The function's own result."""
    function = speech.translated(info.op, str(info.name))
    call = Call(sample)
    theirs: list[Any] = []
    if refuses(lambda: theirs.append(call.oracle(info.op))):
        return None
    mine = call.fnnet(function)
    return result_difference(info, dtype, mine, theirs[0])


def result_difference(info: Any, dtype: torch.dtype, mine: Any, theirs: Any) -> str | None:
    """How two results differ, with what the entry leaves open."""
    ties = info.name in TIES and dtype not in (torch.float32, torch.float64)
    found, expected = oracle.flat(mine), oracle.flat(theirs)
    if ties and len(found) == len(expected):
        for m, t in zip(found, expected, strict=True):
            text = oracle.difference(m, t, values=t.dtype != torch.int64 or (t is expected[0] and len(expected) > 1))
            if text:
                return text
        return None
    values = info.name not in UNWRITTEN
    wrong = [
        f"requires_grad {m.requires_grad}"
        for m, t in zip(found, expected, strict=False)
        if oracle.is_tensor(t) and oracle.is_tensor(m) and m.requires_grad != t.requires_grad
    ]
    return oracle.difference(mine, theirs, leave(info, dtype), values=values) or next(iter(wrong), None)


def compare_method(info: Any, sample: Any, dtype: torch.dtype) -> str | None:
    """The method `input.name(...)`."""
    variants = offered(info, "method_variant")
    if variants is None or not isinstance(sample.input, torch.Tensor):
        return None
    call = Call(sample)
    theirs: list[Any] = []
    if refuses(lambda: theirs.append(call.oracle(variants[0]))):
        return None
    return result_difference(info, dtype, call.fnnet(variants[1]), theirs[0])


def compare_inplace(info: Any, sample: Any, dtype: torch.dtype) -> str | None:
    """The method `input.name_(...)`: refused where PyTorch refuses, else the same values in the same tensor."""
    variants = offered(info, "inplace_variant")
    if variants is None or sample.broadcasts_input or not isinstance(sample.input, torch.Tensor):
        return None
    plain = SimpleNamespace(
        input=sample.input.detach().clone(), args=detached(sample.args), kwargs=detached(sample.kwargs)
    )
    call = Call(plain)
    before = oracle.numpy(call.mine[0][0]).copy()
    error = refuses(lambda: call.oracle(variants[0]))
    if error is not None:
        mine = refuses(lambda: call.fnnet(variants[1]))
        if mine is None:
            return f"PyTorch refuses: {type(error).__name__}: {str(error)[:100]}"
        unchanged = (oracle.numpy(call.mine[0][0]) == before) | (before != before)
        return None if unchanged.all() else "refused, but the target has changed"
    result = call.fnnet(variants[1])
    if result is not call.mine[0][0]:
        return "does not return the tensor itself"
    return oracle.difference(call.mine[0][0], plain.input, leave(info, dtype))


def detached(value: Any) -> Any:
    """The same arguments outside of any graph, tensors copied."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: detached(v) for key, v in value.items()}
    return type(value)(map(detached, value)) if type(value) in (tuple, list) else value


def compare_gradients(info: Any, sample: Any, *, second: bool) -> str | None:
    """A product with the Jacobian and, with `second`, one with the second derivatives."""
    wrap, process = info.gradcheck_wrapper, sample.output_process_fn_grad
    mine_wrap, mine_process = speech.translated(wrap), speech.translated(process)
    function = speech.translated(info.op, str(info.name))
    call = Call(sample)
    theirs: list[Any] = []
    if refuses(lambda: theirs.append(process(call.oracle(lambda *a, **k: wrap(info.op, *a, **k))))):
        return None
    mine = oracle.flat(mine_process(call.fnnet(lambda *a, **k: mine_wrap(function, *a, **k))))
    leaves = call.translate.leaves()
    pairs = zip(mine, oracle.flat(theirs[0]), strict=True)
    both = [(m, t) for m, t in pairs if oracle.is_tensor(t) and t.requires_grad]
    if not both or not leaves:
        return None
    if not all(m.requires_grad for m, _ in both):
        return "the result does not require a gradient"
    return order(both, leaves, second=second, leave=leave(info, torch.float64))


def order(outputs: Pairs, leaves: list[Any], *, second: bool, leave: tuple[float, float] | None = None) -> str | None:
    """Compares the gradients of `outputs` (fnnet's, PyTorch's) by `leaves`, and by cotangents in the next order."""
    torch.manual_seed(13)
    cotangents = list(oracle.cotangents([t for _, t in outputs]))
    mine_cotangents = [oracle.tensor(c) for c in cotangents]
    options = {"create_graph": second, "allow_unused": True}
    theirs = torch.autograd.grad([t for _, t in outputs], [t for t, _ in leaves], cotangents, **options)
    # One that is constant here must be so there, too: its gradients are compared with zeros.
    live = [at for at, (m, _) in enumerate(outputs) if m.requires_grad]
    mine = [None] * len(leaves)
    if live:
        mine = fnnet.autograd.grad(
            [outputs[at][0] for at in live], [m for _, m in leaves], [mine_cotangents[at] for at in live], **options
        )
    for at, (m, t) in enumerate(zip(mine, theirs, strict=True)):
        text = oracle.gradient_difference(m, t, leave)
        if text:
            return f"gradient {at}: {text}"
    again = [(m, t) for m, t in zip(mine, theirs, strict=True) if m is not None and t is not None and t.requires_grad]
    if not second or not again:
        return None
    text = order(again, [*leaves, *zip(cotangents, mine_cotangents, strict=True)], second=False, leave=leave)
    return text and f"second order, {text}"


def comparable(sample: Any) -> bool:
    """Whether a bad sample is one for fnnet, too.

    It is not where a tensor has more dims than NumPy knows (64), nor where the bad thing is that `out`, made larger in
    place, would run into its neighbour in memory: fnnet gives it new memory then.
    """
    if isinstance(sample.input, torch.Tensor) and sample.input.dim() > 64:
        return False
    out = sample.kwargs.get("out")
    if not isinstance(out, torch.Tensor):
        return True
    others = [x for x in (sample.input, *sample.args) if isinstance(x, torch.Tensor)]
    beside = [x for x in others if x.untyped_storage().data_ptr() == out.untyped_storage().data_ptr()]
    return not beside or any(x is out or (x.data_ptr() < end(out) and out.data_ptr() < end(x)) for x in beside)


def end(t: torch.Tensor) -> int:
    """The address behind the last element of a dense tensor."""
    return t.data_ptr() + t.nbytes


def compare_error(info: Any, error: Any) -> str | None:
    """Bad input is refused with an exception of the same kind."""
    by_number = info.name.startswith("__") and not isinstance(error.sample_input.input, torch.Tensor)
    if by_number:  # `Tensor.__rsub__(2, x)`: a C method checks its `self`, a Python function doesn't
        return None
    call = Call(error.sample_input) if comparable(error.sample_input) else None
    if call is None or not isinstance(refuses(lambda: call.oracle(info.op)), error.error_type):
        return None
    mine = refuses(lambda: call.fnnet(speech.translated(info.op, str(info.name))))
    if isinstance(mine, error.error_type):
        return None
    got = "nothing" if mine is None else f"{type(mine).__name__}: {str(mine)[:120]}"
    return f"raised {got}, not {error.error_type}: {error.error_regex[:120]}"

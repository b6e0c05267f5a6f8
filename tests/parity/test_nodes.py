"""Nodes of the graph against PyTorch's: what they are called, and which writes in place their gradients survive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

import fnnet
from fnnet._core.op import OPS
from tests.parity import entries, oracle, speech
from tests.parity import samples as s

COVERED = {name: entries.operators()[name] for name in entries.covered(entries.OPERATORS)} if entries.present() else {}
DIFFERENTIABLE = sorted(name for name, info in COVERED.items() if info.supports_autograd)

ANOTHER_NAME = {
    "einsum": "a term of one product per element is a sum here, a batch of matrix products there",
    "nn.functional.dropout3d": "PyTorch gives a volume without a batch one, and takes it away again",
    "nn.functional.linear_cross_entropy.chunked": "PyTorch's node is that of a custom operator, and says so",
    "nn.functional.linear_cross_entropy.chunked_none": "PyTorch's node is that of a custom operator, and says so",
    "repeat_interleave": "of a 0-d tensor: PyTorch makes a vector of it first, and sees it as one again",
    "round.decimals_0": "`decimals=0` is not told from its default; PyTorch has an overload for it",
    "sort": "`stable=False` is not told from its default; PyTorch has an overload for it",
}
"""Entries some of whose nodes are called otherwise, and why."""

UNSEEN = {
    "conv_input", "conv_weight", "windows", "fold", "col2im", "pick", "resample_transposed",  # in higher derivatives
    "affine_grid",  # no entry
    "to_device",  # no second device
    "heaviside",  # PyTorch gives it no gradient
}  # fmt: skip
"""Ops with a gradient whose node no entry of the table makes."""

SAVES_MORE = {
    "__rdiv__": "PyTorch saves the reciprocal, fnnet both operands",
    "__rmatmul__": "PyTorch saves a copy that a batch's layout needs",
    "matmul": "PyTorch saves a copy that a batch's layout needs",
    "cdist": "PyTorch saves a copy that a batch's layout needs",
    "kron": "PyTorch saves copies",
    "ldexp": "PyTorch saves the power, fnnet the exponent",
    "nn.functional.cross_entropy": "PyTorch saves log_softmax, fnnet the input, which is there already",
    "nn.functional.instance_norm": "PyTorch repeats the weight over the batch, and saves that",
    "nn.functional.kl_div": "PyTorch saves what it computes on the way, fnnet the operands",
    "nn.functional.l1_loss": "PyTorch saves the difference, fnnet the operands",
    "nn.functional.linear_cross_entropy.chunked": "PyTorch makes the gradients in forward, and saves those",
    "nn.functional.scaled_dot_product_attention": "but for its fused kernel PyTorch saves scaled copies, and no result",
    "nn.functional.smooth_l1_loss": "with beta=0, it is l1_loss",
    "nn.functional.tanhshrink": "PyTorch saves tanh, fnnet the input",
    "polar": "PyTorch saves sine and cosine, fnnet the operands",
    "nn.functional.dropout3d": "PyTorch gives a view of the input where there is nothing to drop, fnnet the input",
}
"""Entries that keep a tensor which PyTorch does not: writing into it before backward raises here alone."""


def variants(info: Any) -> Iterator[tuple[str, Any, Any]]:
    """An entry's function, method and in-place method: PyTorch's and fnnet's."""
    yield "function", info.op, speech.translated(info.op, str(info.name))
    for kind in ("method_variant", "inplace_variant"):
        found = s.offered(info, kind)
        if found is not None:
            yield kind, *found


def dtype_of(info: Any) -> torch.dtype:
    return torch.float64 if torch.float64 in info.dtypes else torch.complex128


def results(sample: Any, kind: str, theirs: Any, mine: Any) -> list[tuple[Any, Any]] | None:
    """Pairs of results (fnnet's, PyTorch's); None where PyTorch refuses."""
    call = s.Call(sample)
    if kind == "inplace_variant":  # not into a leaf
        for given in ("theirs", "mine"):
            (target, *rest), kwargs = getattr(call, given)
            setattr(call, given, ((target * 1, *rest), kwargs))
    found: list[Any] = []
    if s.refuses(lambda: found.append(call.oracle(theirs))):
        return None
    return list(zip(oracle.flat(call.fnnet(mine)), oracle.flat(found[0]), strict=True))


def name_of(t: Any) -> str | None:
    return None if t.grad_fn is None else str(t.grad_fn.name())


def ops_of(t: fnnet.Tensor) -> set[str]:
    """The names of all ops in a tensor's graph."""
    met, rest = set(), [t.grad_fn]
    while rest:
        node = rest.pop()
        if hasattr(node, "op"):
            met.add(node.op.name)
            rest += [n for n, _ in node.next_functions]
    return met


def name_difference(mine: Any, theirs: Any) -> str | None:
    if not isinstance(theirs, torch.Tensor) or name_of(mine) == name_of(theirs):
        return None
    return f"{name_of(mine)}, not {name_of(theirs)}"


@pytest.mark.parametrize("name", entries.parameters(set(DIFFERENTIABLE) - set(ANOTHER_NAME)))
def test_names(name: str, full: bool) -> None:
    """The node of each result has PyTorch's name."""
    info, report = COVERED[name], oracle.Report()
    for where, sample in s.samples(info, dtype_of(info), full, gradients=True):
        for kind, theirs, mine in variants(info):
            if kind == "inplace_variant" and sample.broadcasts_input:
                continue
            try:
                pairs = results(sample, kind, theirs, mine) or []
            except Exception:  # what fnnet refuses is the business of test_ops
                continue
            for m, t in pairs:
                report.check(f"{kind}, {where}", name_difference(m, t))
    report.close()


def graphs(lib: Any) -> Iterator[Any]:
    """What the table of operators does not have: operators, indices, options, complex numbers, writes through views."""
    f = lib.nn.functional

    def mk(*shape: int, dtype: Any = None) -> Any:
        return (lib.ones(shape, dtype=dtype or lib.float32) * 0.5).requires_grad_()

    x, i = mk(3, 4), lib.tensor([0, 2])
    yield from (x + x, x - 1, 1 - x, x * 2, 2 / x, x / 2, x**2, x**x, 2**x, x @ mk(4, 2), -x, abs(x), x % 2)
    yield from (x[0], x[1:], x[:], x[...], x[None], x[:, 1], x[0, 1:], x[1:, None], x[..., 0], x[::2], x[i], x[x > 0])
    yield from (x.T, x.mT, x.t(), x.view(12), x.reshape(2, 6), x.t().reshape(12), x.t().flatten(), x.flatten())
    yield from (x.sum(), x.sum(0), x.mean(), x.mean(0), x.max(), x.max(0)[0], x.min(), x.prod(), x.norm(), x.std())
    yield from (x.double(), x.to(lib.float64), x.half(), x.clone(), x.t().contiguous(), x.expand(2, 3, 4))
    yield from (x.clamp(0, 1), x.clamp(min=0), x.clamp(mk(4), None), x.masked_fill(x > 0, 0), x.lerp(x, 0.5))
    yield from (x.split(2)[0], x.split([1, 2])[0], x.chunk(2)[0], x.unbind()[0], x.tensor_split(2)[0])
    yield from (lib.stack([x, x]), lib.cat([x, x]), lib.where(x > 0, x, 0.0), lib.einsum("ij,jk->ik", x, mk(4, 2)))
    yield from (f.linear(x, mk(2, 4)), f.linear(x, mk(2, 4), mk(2)), f.linear(mk(2, 3, 4), mk(2, 4), mk(2)))
    yield from (mk(2, 3, 4) @ mk(2, 4, 3), mk(2, 3, 4) @ mk(4, 3), x.mv(mk(4)), mk(4).dot(mk(4)), mk(4) @ mk(4, 2))
    image = mk(1, 2, 4, 4)
    yield from (f.conv2d(image, mk(1, 2, 2, 2)), f.max_pool2d(image, 2), f.avg_pool2d(image, 2))
    yield from (f.adaptive_avg_pool2d(image, 2), f.adaptive_avg_pool2d(image, 1), f.adaptive_max_pool2d(image, 2))
    yield from (f.batch_norm(x, None, None, training=True), f.layer_norm(x, (4,)), f.group_norm(image, 2))
    yield from (f.cross_entropy(x, lib.tensor([0, 1, 1])), f.mse_loss(x, x), f.l1_loss(x, x), f.dropout(x), f.gelu(x))
    yield from (f.relu6(x), f.hardtanh(x * 1, inplace=True), f.elu(x * 1, inplace=True), f.pad(x, (1, 1)))
    rows = [mk(3, 2, dtype=lib.float64), mk(2, 2, dtype=lib.float64)]
    packed = lib.nn.utils.rnn.pack_sequence(rows)
    yield from (packed.data, lib.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)[0])
    for kind, gates in (("gru", 3), ("lstm", 4), ("rnn_tanh", 1)):
        w = [mk(gates * 2, 2, dtype=lib.float64), mk(gates * 2, 2, dtype=lib.float64)]
        first = mk(1, 1, 2, dtype=lib.float64)
        states = (first, first) if kind == "lstm" else first
        series = mk(3, 1, 2, dtype=lib.float64)
        yield getattr(lib, kind)(series, states, w, False, 1, 0.0, False, False, False)[0]
    z = mk(3, 2, dtype=lib.complex64)
    yield from (z.angle(), z.abs(), z.sgn(), z.real, z.imag, lib.view_as_real(z), z.conj_physical(), z * z)

    def written(change: Callable[[Any], Any]) -> Any:
        y = mk(3, 4) * 1
        change(y)
        return y

    yield written(lambda y: y.add_(1))
    yield written(lambda y: y.mul_(y.detach()))
    yield written(lambda y: y.copy_(lib.zeros(4)))
    yield written(lambda y: y.fill_(1))
    yield written(lambda y: y.fill_(mk()))
    yield written(lambda y: y.zero_())
    yield written(lambda y: y[0].mul_(2))
    yield written(lambda y: y.__setitem__(0, 1.0))
    yield written(lambda y: y.__setitem__(i, mk(2, 4)))
    y = mk(3, 4) * 1
    view = y[0]
    yield view.exp_()
    yield y
    y.mul_(2)
    yield view


def test_other_names() -> None:
    """The same names, and printed in the same way."""
    report = oracle.Report()
    for at, (mine, theirs) in enumerate(zip(graphs(fnnet), graphs(torch), strict=True)):
        if not report.check(f"case {at}", name_difference(mine, theirs)):
            continue
        got, expected = (repr(t).partition("grad_fn=")[2] for t in (mine, theirs))
        report.check(f"case {at}", None if got == expected else f"{got}, not {expected}")
    report.close()


def test_names_of_leaves_and_functions() -> None:
    for lib in (torch, fnnet):

        class Twice(lib.autograd.Function):  # type: ignore[misc, name-defined]
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                return x * 2

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return g * 2

        x = lib.ones(2, requires_grad=True)
        assert (x * 2).grad_fn.next_functions[0][0].name() == "torch::autograd::AccumulateGrad"
        assert repr(Twice.apply(x)).endswith("grad_fn=<TwiceBackward>)")


@pytest.mark.skipif(not entries.present(), reason="shared data absent: parity/")
def test_every_op_is_met() -> None:
    """Each op with a gradient stands in the graph of something whose name is compared above."""
    met = {op for t in graphs(fnnet) for op in ops_of(t)}
    for name in DIFFERENTIABLE:
        info = COVERED[name]
        for _, sample in s.samples(info, dtype_of(info), full=False, gradients=True):
            for kind, theirs, mine in variants(info):
                if kind != "function":
                    continue
                try:
                    pairs = results(sample, kind, theirs, mine) or []
                except Exception:  # what fnnet refuses is the business of test_ops
                    continue
                for m, _ in pairs:
                    met |= ops_of(m) if isinstance(m, fnnet.Tensor) else set()
    differentiable = {name for name, op in OPS.items() if op.backward is not None}
    assert differentiable - met <= UNSEEN


# writes before backward ----------------------------------------------------------------------------------------------
def lifted(value: Any, made: list[Any]) -> Any:
    """The same arguments with results of ops for leaves, which may be written; `made` lists them."""
    if oracle.is_tensor(value) and value.requires_grad:
        made.append(value * 1)
        return made[-1]
    if isinstance(value, dict):
        return {key: lifted(v, made) for key, v in value.items()}
    return type(value)(lifted(v, made) for v in value) if type(value) in (tuple, list) else value


def outcome(function: Any, given: Any, place: int) -> str:
    """What comes of a write into the first result (place -1) or a tensor that was given, before backward."""
    made: list[Any] = []
    args, kwargs = lifted(given[0], made), lifted(given[1], made)
    try:
        outs = [t for t in oracle.flat(s.Call.run(function, (args, kwargs))) if oracle.is_tensor(t) and t.requires_grad]
        written = outs[0] if place < 0 else made[place]
    except Exception:
        return "nothing to write into"
    try:
        written.add_(1)
        for t in outs:
            (t * 1).sum().abs().backward(retain_graph=True)
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:120]}"
    return "fine"


@pytest.mark.parametrize("name", entries.parameters(set(DIFFERENTIABLE) - set(SAVES_MORE)))
def test_writes(name: str, full: bool) -> None:
    """A write that PyTorch's gradient survives, fnnet's survives."""
    info, report = COVERED[name], oracle.Report()
    function = speech.translated(info.op, str(info.name))
    for where, sample in s.samples(info, dtype_of(info), full, gradients=True):
        for place in (-1, 0, 1, 2):
            call = s.Call(sample)
            if outcome(info.op, call.theirs, place) == "fine":
                mine = outcome(function, call.mine, place)
                report.check(f"writing into {place}, {where}", None if mine == "fine" else mine)
    report.close()

"""Recurrent networks, their cells and packed sequences against PyTorch: every option, forward, gradients, errors."""

from __future__ import annotations

import copy
import inspect
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch.nn.utils import rnn as theirs_rnn
from torch.testing._internal.common_modules import ErrorModuleInput, ModuleErrorEnum, module_db

import fnnet
from fnnet import nn
from fnnet.nn.utils import rnn as mine_rnn

LENGTHS = {"falling": [4, 4, 2, 1], "mixed": [2, 4, 1, 4]}
FORMS = ("batched", "without state", "unbatched", "falling", "mixed")


def networks() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every class with every combination of its options."""
    for layers, bias, batch_first, bidirectional in itertools.product(
        (1, 2), (True, False), (False, True), (False, True)
    ):
        options = {
            "num_layers": layers, "bias": bias, "batch_first": batch_first, "bidirectional": bidirectional
        }  # fmt: skip
        for nonlinearity in ("tanh", "relu"):
            yield "RNN", {**options, "nonlinearity": nonlinearity}
        yield "GRU", options
        for proj_size in (0, 2):
            yield "LSTM", {**options, "proj_size": proj_size}


NETWORKS = list(networks())


def ours(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return fnnet.from_numpy(value.detach().numpy().copy()).requires_grad_(value.requires_grad)
    if isinstance(value, theirs_rnn.PackedSequence):
        return mine_rnn.PackedSequence(*map(ours, value))
    if isinstance(value, torch.dtype):
        return getattr(fnnet, str(value).removeprefix("torch."))
    if isinstance(value, dict):
        return {key: ours(v) for key, v in value.items()}
    return type(value)(ours(v) for v in value) if isinstance(value, (list, tuple)) else value


def flat(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from flat(part)
    elif value is not None:
        yield value


def same(mine: Any, theirs: Any, what: str = "", leave: float = 1e-9) -> None:
    for i, (a, b) in enumerate(zip(flat(mine), flat(theirs), strict=True)):
        found = torch.from_numpy(a.detach().numpy().copy())
        torch.testing.assert_close(found, b.detach(), rtol=leave, atol=leave, msg=lambda m: f"{what}, {i}: {m}")  # noqa: B023


def pair(name: str, args: tuple[Any, ...], options: dict[str, Any], dtype: torch.dtype) -> tuple[Any, Any]:
    """PyTorch's network and fnnet's with the same parameters."""
    theirs = getattr(torch.nn, name)(*args, **options, dtype=dtype)
    mine = getattr(nn, name)(*args, **options, dtype=ours(dtype))
    mine.load_state_dict({key: ours(v) for key, v in theirs.state_dict().items()})
    return theirs, mine


def arguments(net: Any, form: str, dtype: torch.dtype) -> tuple[Any, ...]:
    """Input and state in one of the forms that a network takes."""

    def make(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, dtype=dtype, requires_grad=True)

    count, n = net.num_layers * (1 + net.bidirectional), 4
    out = getattr(net, "proj_size", 0) or net.hidden_size
    alone = form == "unbatched"

    def state(size: int) -> torch.Tensor:
        return make(count, size) if alone else make(count, n, size)

    hx = (state(out), state(net.hidden_size)) if isinstance(net, torch.nn.LSTM) else state(out)
    if form in LENGTHS:
        padded = torch.randn(4, n, net.input_size, dtype=dtype)
        packed = theirs_rnn.pack_padded_sequence(padded, LENGTHS[form], enforce_sorted=form == "falling")
        packed.data.requires_grad_()
        return packed, hx
    shape = (4, net.input_size) if alone else (n, 4, net.input_size)
    return (make(*shape),) if form == "without state" else (make(*shape), hx)


def weighed(outs: Any) -> Any:
    """A number that depends on every output, and differently on each element."""
    total: Any = 0
    for o in flat(outs):
        if o.requires_grad:
            total = total + (o * o * o).sum() + (o.cumsum(0) * o).sum()
    return total


def leaves(args: Any, net: Any) -> list[Any]:
    return [*(t for t in flat(args) if t.requires_grad), *net.parameters()]


@pytest.mark.sampled(share=4)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("name", "options"), NETWORKS, ids=[f"{n}-{'-'.join(map(str, o.values()))}" for n, o in NETWORKS]
)
def test_every_option(
    name: str, options: dict[str, Any], form: str, record_property: Callable[[str, object], None]
) -> None:
    record_property("parity", f"nn.{name}")
    torch.manual_seed(1)
    theirs, mine = pair(name, (2, 3), options, torch.float64)
    assert repr(mine) == repr(theirs)
    assert [[w.shape for w in ws] for ws in mine.all_weights] == [[w.shape for w in ws] for ws in theirs.all_weights]
    args = arguments(theirs, form, torch.float64)
    my_args = ours(args)
    out, my_out = theirs(*args), mine(*my_args)
    same(my_out, out, "output")
    assert my_out[0].data.stride() == out[0].data.stride()
    wanted, my_wanted = leaves(args, theirs), leaves(my_args, mine)
    first = torch.autograd.grad(weighed(out), wanted, create_graph=True)
    my_first = fnnet.autograd.grad(weighed(my_out), my_wanted, create_graph=True)
    same(my_first, first, "gradient")
    second = torch.autograd.grad(sum((g * g).sum() for g in first), wanted)
    my_second = fnnet.autograd.grad(sum((g * g).sum() for g in my_first), my_wanted)
    same(my_second, second, "second derivative", 1e-7)


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("form", FORMS)
def test_float32_is_close_to_what_pytorch_s_own_kernels_give(name: str, form: str) -> None:
    torch.manual_seed(2)
    theirs, mine = pair(name, (5, 7), {"num_layers": 2, "bidirectional": True}, torch.float32)
    args = arguments(theirs, form, torch.float32)
    my_args = ours(args)
    out, my_out = theirs(*args), mine(*my_args)
    same(my_out, out, "output", 1e-5)
    weighed(out).backward()
    weighed(my_out).backward()
    same([t.grad for t in leaves(my_args, mine)], [t.grad for t in leaves(args, theirs)], "gradient", 1e-4)


@pytest.mark.sampled(share=4)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("p", [0.4, 1.0])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("RNN", {}), ("GRU", {"bidirectional": True, "batch_first": True}), ("LSTM", {}),
        ("LSTM", {"bidirectional": True, "proj_size": 2}),
    ],
)  # fmt: skip
def test_dropout_between_layers_draws_the_same_numbers(
    name: str, options: dict[str, Any], p: float, form: str, dtype: torch.dtype
) -> None:
    torch.manual_seed(3)
    theirs, mine = pair(name, (3, 5), {"num_layers": 3, "dropout": p, **options}, dtype)
    args = arguments(theirs, form, dtype)
    torch.manual_seed(4)
    fnnet.manual_seed(4)
    leave = 1e-5 if dtype is torch.float32 else 1e-10
    same(mine(*ours(args)), theirs(*args), "training", leave)
    assert fnnet.rand(3).tolist() == torch.rand(3).tolist()
    same(mine.eval()(*ours(args)), theirs.eval()(*args), "evaluation", leave)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("form", ["batched", "without state", "unbatched"])
@pytest.mark.parametrize(
    ("name", "options"),
    [("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu"}), ("LSTMCell", {}), ("GRUCell", {})],
)
def test_cells(
    name: str, options: dict[str, Any], form: str, bias: bool, record_property: Callable[[str, object], None]
) -> None:
    record_property("parity", f"nn.{name}")
    torch.manual_seed(5)
    theirs, mine = pair(name, (2, 3), {"bias": bias, **options}, torch.float64)
    assert repr(mine) == repr(theirs)
    lead = () if form == "unbatched" else (4,)

    def make(size: int) -> torch.Tensor:
        return torch.randn(*lead, size, dtype=torch.float64, requires_grad=True)

    args: tuple[Any, ...] = (make(2),)
    if form != "without state":
        args = (make(2), (make(3), make(3)) if name == "LSTMCell" else make(3))
    my_args = ours(args)
    out, my_out = theirs(*args), mine(*my_args)
    same(my_out, out, "output")
    assert [t.grad_fn.name() for t in flat(my_out)] == [t.grad_fn.name() for t in flat(out)] or name == "LSTMCell"
    wanted, my_wanted = leaves(args, theirs), leaves(my_args, mine)
    first = torch.autograd.grad(weighed(out), wanted, create_graph=True)
    my_first = fnnet.autograd.grad(weighed(my_out), my_wanted, create_graph=True)
    same(my_first, first, "gradient")
    second = torch.autograd.grad(sum((g * g).sum() for g in first), wanted)
    same(fnnet.autograd.grad(sum((g * g).sum() for g in my_first), my_wanted), second, "second derivative", 1e-7)


CLASSES = ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell")
ERRORS = [
    (info.module_cls.__name__, error)
    for info in module_db
    if info.module_cls.__name__ in CLASSES
    for error in info.module_error_inputs_func(
        info, device="cpu", dtype=torch.float64, requires_grad=False, training=True
    )
]


@pytest.mark.parametrize(("name", "error"), ERRORS, ids=[f"{name}-{i}" for i, (name, _) in enumerate(ERRORS)])
def test_errors(name: str, error: ErrorModuleInput) -> None:
    sample = error.module_error_input
    built, given = sample.constructor_input, sample.forward_input
    if error.error_on is ModuleErrorEnum.CONSTRUCTION_ERROR:
        with pytest.raises(error.error_type, match=error.error_regex.replace("torch", "fnnet")):
            getattr(nn, name)(*ours(built.args), **ours({k: v for k, v in built.kwargs.items() if k != "device"}))
        return
    net = getattr(nn, name)(*ours(built.args), **ours({k: v for k, v in built.kwargs.items() if k != "device"}))
    if "dtype" not in built.kwargs:
        net.double()
    with pytest.raises(error.error_type, match=error.error_regex):
        net(*ours(given.args))


def test_the_base_class_has_the_same_parameters_and_signature(record_property: Callable[[str, object], None]) -> None:
    record_property("parity", "nn.RNNBase")
    record_property("parity", "nn.RNNCellBase")
    for kind in ("RNNBase", "RNNCellBase"):
        mine, theirs = (inspect.signature(getattr(m, kind).__init__).parameters for m in (nn, torch.nn))
        assert [(p.name, p.default) for p in mine.values()] == [(p.name, p.default) for p in theirs.values()]
    for mode in ("LSTM", "GRU", "RNN_TANH", "RNN_RELU"):
        a, b = pair("RNNBase", (mode, 2, 3, 2), {"bidirectional": True}, torch.float64)
        assert list(a.state_dict()) == list(b.state_dict())
        assert repr(a) == repr(b)
    a, b = pair("RNNCellBase", (2, 3, True, 2), {}, torch.float64)
    assert repr(a) == repr(b)
    assert list(a.state_dict()) == list(b.state_dict())


@pytest.mark.parametrize("name", ["lstm", "gru", "rnn_tanh", "rnn_relu"])
@pytest.mark.parametrize("packed", [False, True])
def test_functions(name: str, packed: bool) -> None:
    torch.manual_seed(6)
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}.get(name, torch.nn.RNN)
    net = kind(2, 3, 2, dtype=torch.float64)
    data, hx = arguments(net, "falling" if packed else "batched", torch.float64)
    args = ((data.data, data.batch_sizes) if packed else (data,)) + (
        hx, net._flat_weights, True, 2, 0.0, False, False, *(() if packed else (True,)),
    )  # fmt: skip
    same(getattr(fnnet, name)(*ours(args)), getattr(torch, name)(*args))


@pytest.mark.parametrize("name", ["lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"])
def test_functions_of_cells(name: str) -> None:
    gates = {"lstm_cell": 4, "gru_cell": 3}.get(name, 1)

    def make(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, dtype=torch.float64)

    hx = (make(5, 3), make(5, 3)) if gates == 4 else make(5, 3)
    args = (make(5, 2), hx, make(gates * 3, 2), make(gates * 3, 3), make(gates * 3), make(gates * 3))
    same(getattr(fnnet, name)(*ours(args)), getattr(torch, name)(*args))
    same(getattr(fnnet, name)(*ours(args[:4])), getattr(torch, name)(*args[:4]))


# packed sequences ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("lengths", [[3, 2, 2], [4, 4, 4], [1, 1, 1], [2, 4, 1]])
@pytest.mark.parametrize("rest", [(), (2,), (2, 2)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.int64, torch.bool])
def test_packing_and_padding(batch_first: bool, lengths: list[int], rest: tuple[int, ...], dtype: torch.dtype) -> None:
    shape = (3, 4, *rest) if batch_first else (4, 3, *rest)
    x = (torch.randn(shape, dtype=torch.float64) * 5).to(dtype)
    x.requires_grad_(dtype is torch.float64)
    mine = ours(x)
    ordered = lengths == sorted(lengths, reverse=True)
    packed = theirs_rnn.pack_padded_sequence(x, lengths, batch_first, ordered)
    my_packed = mine_rnn.pack_padded_sequence(mine, lengths, batch_first, ordered)
    assert [t is None for t in my_packed] == [t is None for t in packed]
    same(my_packed, packed)
    for options in ({}, {"batch_first": True}, {"padding_value": 1.0, "total_length": 6}):
        back = theirs_rnn.pad_packed_sequence(packed, **options)
        my_back = mine_rnn.pad_packed_sequence(my_packed, **options)
        same(my_back, back)
    same(mine_rnn.unpack_sequence(my_packed), theirs_rnn.unpack_sequence(packed))
    if x.requires_grad:
        (back[0] ** 2).sum().backward()
        (my_back[0] ** 2).sum().backward()
        same(mine.grad, x.grad)
    parts = [torch.ones(n, *rest).to(dtype) * n for n in lengths]
    for options in ({}, {"batch_first": True, "padding_value": 2.0}, {"padding_side": "left"}):
        padded = theirs_rnn.pad_sequence(parts, **options)
        same(mine_rnn.pad_sequence(ours(parts), **options), padded)
    sequence = theirs_rnn.pack_sequence(parts, enforce_sorted=ordered)
    same(mine_rnn.pack_sequence(ours(parts), enforce_sorted=ordered), sequence)
    rows = torch.stack([torch.arange(8).reshape(4, 2)] * 3)
    unpadded = theirs_rnn.unpad_sequence(rows, torch.tensor(lengths), True)
    same(mine_rnn.unpad_sequence(ours(rows), fnnet.tensor(lengths), True), unpadded)


def test_packed_sequences_are_the_same_things(record_property: Callable[[str, object], None]) -> None:
    x = torch.arange(12.0).reshape(3, 2, 2)
    theirs = theirs_rnn.pack_padded_sequence(x, [2, 3], enforce_sorted=False)
    mine = mine_rnn.pack_padded_sequence(ours(x), [2, 3], enforce_sorted=False)
    assert repr(mine) == repr(theirs)
    assert mine._fields == theirs._fields
    for name in ("double", "float", "half", "long", "int", "short", "char", "byte", "cpu"):
        a, b = getattr(mine, name)(), getattr(theirs, name)()
        assert (a is mine) == (b is theirs)
        assert str(a.data.dtype).split(".")[1] == str(b.data.dtype).split(".")[1]
        same(a[1:], b[1:])
    assert not mine.is_cuda
    assert not mine.is_pinned()
    same(copy.deepcopy(mine), theirs)
    same(mine_rnn.PackedSequence(mine.data, mine.batch_sizes, mine.sorted_indices), theirs)
    same(mine_rnn.PackedSequence((mine.data, mine.batch_sizes)), (x_ := theirs)[:2])
    assert x_ is theirs


def test_names_and_signatures(shared: Callable[[str], Any]) -> None:
    import json

    names = json.loads(shared("parity/names.json").read_text())["nn.utils.rnn"]["names"]
    for name in names:
        assert hasattr(mine_rnn, name), name
    for name in theirs_rnn.__all__:
        function = getattr(theirs_rnn, name)
        theirs, mine = (inspect.signature(getattr(m, name)).parameters for m in (theirs_rnn, mine_rnn))
        assert [(p.name, p.default) for p in mine.values()] == [(p.name, p.default) for p in theirs.values()], function
    public = {n for n in dir(theirs_rnn.PackedSequence) if not n.startswith("_")}
    assert public <= set(dir(mine_rnn.PackedSequence))

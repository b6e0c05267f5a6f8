"""No argument of a module's constructor is left at its default by all comparisons with PyTorch."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import fnnet
from tests.parity import entries, oracle, test_lazy, test_modules

ELSEWHERE: dict[str, dict[str, str]] = {
    "DataParallel": {"module device_ids output_device dim": f"uncovered: {entries.WHY['DataParallel']}"},
    "Embedding": {"sparse": "test_common_nn.py::test_sparse_gradients_are_refused"},
    "EmbeddingBag": {"sparse": "test_common_nn.py::test_sparse_gradients_are_refused"},
    "GRUCell": {"bias": "test_recurrent.py::test_cells"},
    "LSTMCell": {"bias": "test_recurrent.py::test_cells"},
    "RNNCell": {"bias": "test_recurrent.py::test_cells"},
    "MultiheadAttention": {"dropout kdim vdim": "test_attention.py::test_multihead_attention"},
    "ParameterDict": {"parameters": "test_parameter_containers.py::test_both"},
    "ParameterList": {"values": "test_parameter_containers.py::test_both"},
    "RNNBase": {
        "mode input_size hidden_size num_layers bias batch_first dropout bidirectional proj_size":
            "test_recurrent.py::test_every_option",
    },
    "RNNCellBase": {"input_size hidden_size bias num_chunks": "test_recurrent.py::test_cells"},
    "SyncBatchNorm": {"process_group": "uncovered: fnnet computes in one process"},
    "Transformer": {"custom_encoder custom_decoder": "test_completeness.py::test_custom_stacks"},
    "TransformerDecoder": {"decoder_layer num_layers norm": "test_attention.py::test_stacks"},
    "TransformerEncoder": {"norm": "test_attention.py::test_stacks"},
    **{
        f"{kind}{d}d": {"padding_mode": "uncovered: PyTorch takes 'zeros' alone"}
        for kind in ("ConvTranspose", "LazyConvTranspose") for d in (1, 2, 3)
    },
}  # fmt: skip
"""Arguments that get another value in a test of their own, or in none, and why."""
COMMON = {"self", "device", "dtype", "size_average", "reduce"}
"""Arguments of all classes, and deprecated ones."""

IN_PLACE: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"), (0.3,)),
    **dict.fromkeys(("Hardsigmoid", "Hardswish", "Mish", "ReLU", "ReLU6", "SELU", "SiLU"), ()),
    "CELU": (0.5,),  # PyTorch's derivative holds it as a float32, in float64 too
    "ELU": (0.7,),
    "Hardtanh": (-0.5, 0.4),
    "LeakyReLU": (0.2,),
    "RReLU": (0.1, 0.4),
    "Threshold": (0.1, 2.0),
}
"""Classes that can write their result into the input, with arguments."""


def exercised(name: str) -> Iterator[str]:
    """The arguments of a class that some sample sets to anything but the default."""
    signature = inspect.signature(getattr(torch.nn, name).__init__)
    found = [
        (s.constructor_input.args, s.constructor_input.kwargs)
        for training in (True, False)
        for s in (test_modules.samples(name, torch.float64, training) if name in test_modules.NAMES else ())
    ]
    found += [((), options) for lazy, options, _ in test_lazy.CASES if lazy == name]
    found += [(IN_PLACE[name], {"inplace": True})] if name in IN_PLACE else []
    for args, kwargs in found:
        for key, value in signature.bind(None, *args, **kwargs).arguments.items():
            default = signature.parameters[key].default
            if isinstance(value, torch.Tensor) or type(value) is not type(default) or value != default:
                yield key


@pytest.mark.parametrize("name", entries.parameters(entries.names(entries.MODULES) if entries.present() else ()))
def test_every_argument_has_another_value(name: str) -> None:
    parameters = inspect.signature(getattr(torch.nn, name).__init__).parameters.values()
    wanted = {p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)} - COMMON
    own = {argument for group in ELSEWHERE.get(name, {}) for argument in group.split()}
    seen = set(exercised(name))
    assert not wanted - seen - own
    assert not own & seen, "needs no test of its own"


def test_the_tests_of_their_own_exist() -> None:
    for where in {where for group in ELSEWHERE.values() for where in group.values()}:
        if not where.startswith("uncovered: "):
            file, _, test = where.partition("::")
            assert f"\ndef {test}(" in (Path(__file__).parent / file).read_text(), where


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place(name: str, training: bool, record_property: Callable[[str, object], None]) -> None:
    """The result is the input itself; the gradient goes through."""
    record_property("parity", f"nn.{name}")
    torch.manual_seed(1)
    x = torch.randn(6, 5, 4, dtype=torch.float64).reshape(6, 5, *{"2": (2, 2), "3": (2, 2, 1)}.get(name[-2], (4,)))
    made: list[Any] = []
    for lib in (fnnet, torch):
        lib.manual_seed(3)
        module = getattr(lib.nn, name)(*IN_PLACE[name], inplace=True).train(training)
        leaf = (oracle.tensor(x) if lib is fnnet else x.clone()).requires_grad_()
        given = leaf * 1
        out = module(given)
        (out * out.detach().cos()).sum().backward()
        made.append((out is given, repr(module), dict(module.state_dict()), out.detach(), given.detach(), leaf.grad))
    assert made[0][:3] == made[1][:3]
    leave = (1e-7, 1e-9) if name == "Hardsigmoid" else None  # PyTorch's kernel holds the slope 1/6 as a float32
    for mine, theirs in zip(made[0][3:], made[1][3:], strict=True):
        assert oracle.difference(mine, theirs, leave) is None


def test_custom_stacks(record_property: Callable[[str, object], None]) -> None:
    """A Transformer with an encoder and a decoder of one's own."""
    record_property("parity", "nn.Transformer")
    made: list[Any] = []
    torch.manual_seed(1)
    given = torch.randn(3, 2, 4, dtype=torch.float64), torch.randn(5, 2, 4, dtype=torch.float64)
    for lib in (fnnet, torch):
        lib.manual_seed(3)
        place = {"dtype": lib.float64}
        encoder = lib.nn.TransformerEncoder(lib.nn.TransformerEncoderLayer(4, 1, 3, 0.0, **place), 1)
        decoder = lib.nn.TransformerDecoder(lib.nn.TransformerDecoderLayer(4, 4, 5, 0.0, **place), 2)
        module = lib.nn.Transformer(4, 2, custom_encoder=encoder, custom_decoder=decoder, **place)
        made.append((module, [(oracle.tensor(x) if lib is fnnet else x.clone()).requires_grad_() for x in given]))
    (mine, my_leaves), (theirs, leaves) = made
    assert mine.encoder is not None
    assert repr(mine) == repr(theirs)
    assert list(mine.state_dict()) == list(theirs.state_dict())
    mine.load_state_dict({key: oracle.tensor(v) for key, v in theirs.state_dict().items()})
    found, expected = mine(*my_leaves), theirs(*leaves)
    assert oracle.difference(found, expected) is None
    found.cos().sum().backward()
    expected.cos().sum().backward()
    pairs = zip([*my_leaves, *mine.parameters()], [*leaves, *theirs.parameters()], strict=True)
    assert all(oracle.difference(m.grad, t.grad) is None for m, t in pairs)

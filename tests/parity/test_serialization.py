"""Files between fnnet and PyTorch, both ways, through PyTorch's default (`weights_only=True`) reader and ours."""

from __future__ import annotations

import collections
import inspect
import io
import pickle
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn as tnn

import fnnet
from fnnet import nn
from fnnet.autograd.variable import make
from fnnet.serialization import SerializationError

NAMES = (
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64",
    "complex128",
)  # fmt: skip


def to_torch(obj: object, **options: object) -> object:
    stream = io.BytesIO()
    fnnet.save(obj, stream, **options)
    stream.seek(0)
    return torch.load(stream)


def to_fnnet(obj: object, **options: object) -> object:
    stream = io.BytesIO()
    torch.save(obj, stream)
    stream.seek(0)
    return fnnet.load(stream, **options)


def same(a: object, b: object) -> None:
    """Plain data and tensors of either framework are equal, classes included."""
    if isinstance(a, torch.Tensor | fnnet.Tensor):
        assert isinstance(b, torch.Tensor | fnnet.Tensor)
        assert str(a.dtype).partition(".")[2] == str(b.dtype).partition(".")[2]
        assert tuple(a.shape) == tuple(b.shape)
        assert tuple(a.stride()) == tuple(b.stride())
        assert a.requires_grad == b.requires_grad
        assert isinstance(a, tnn.Parameter | nn.Parameter) == isinstance(b, tnn.Parameter | nn.Parameter)
        np.testing.assert_array_equal(values(a), values(b))
    elif isinstance(a, torch.Size | fnnet.Size):
        assert tuple(a) == tuple(b)
    elif isinstance(a, torch.dtype | fnnet.dtype | torch.device | fnnet.device):
        assert str(a).partition(".")[2] == str(b).partition(".")[2]
    elif isinstance(a, dict):
        assert type(a) is type(b)
        assert list(a) == list(b)
        for key in a:
            same(a[key], b[key])
        same(getattr(a, "_metadata", None), getattr(b, "_metadata", None))
    elif isinstance(a, list | tuple):
        assert type(a) is type(b)
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    else:
        assert type(a) is type(b)
        np.testing.assert_equal(a, b)


def values(t: object) -> np.ndarray:
    t = t.detach()
    if isinstance(t, torch.Tensor):
        t = t.resolve_conj().resolve_neg()
        return (t.float() if t.dtype is torch.bfloat16 else t).numpy()
    array = t.numpy()
    return array.astype(np.float32) if str(t.dtype).endswith("bfloat16") else array


def torch_tensors() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    base = torch.randn(4, 6, 3)
    out = {name: (torch.randn(2, 3) * 9).to(getattr(torch, name)) for name in NAMES}
    out |= {
        "permuted": base.permute(2, 0, 1),
        "sliced": base[1:3, ::2],
        "tail": base[3, 5],
        "expanded": torch.randn(1, 3).expand(4, 3),
        "scalar": torch.tensor(1.5),
        "empty": torch.empty(2, 0),
        "channels": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last),
        "strided": torch.randn(20).as_strided((3, 2), (5, 2), 1),
        "overlapping": torch.randn(20).as_strided((3, 4), (2, 1), 1),
        "grad": torch.ones(2, requires_grad=True),
        "parameter": tnn.Parameter(torch.ones(2)),
        "fixed": tnn.Parameter(torch.ones(2), requires_grad=False),
        "whole": tnn.Parameter(torch.ones(2, dtype=torch.int64), requires_grad=False),
    }
    return out


@pytest.mark.parametrize("name", sorted(torch_tensors()))
def test_tensors_from_torch(name: str) -> None:
    t = torch_tensors()[name]
    same(t, to_fnnet(t))


@pytest.mark.parametrize("name", sorted(torch_tensors()))
def test_tensors_from_torch_and_back(name: str) -> None:
    t = torch_tensors()[name]
    back = to_torch(to_fnnet(t))
    if name in ("sliced", "strided"):  # a view with gaps is saved without them
        t = t.contiguous()
    same(t, back)


def test_all_of_them_at_once_and_back() -> None:
    tensors = torch_tensors()
    same(tensors, to_fnnet(tensors))
    back = to_torch(to_fnnet(tensors))
    # What overlaps is kept as it lies: only what stands alone loses its gaps.
    tensors["strided"] = tensors["strided"].contiguous()
    same(tensors, back)


def test_torch_reads_every_kind_of_view() -> None:
    base = np.arange(24, dtype=np.float32).reshape(4, 6)
    cpu = fnnet.device("cpu")
    for view in (base, base.T, base[1:3], base[:, 1], base[::2, ::3], base[:0], np.broadcast_to(base[0], (3, 6))):
        same(to_torch(make(view, cpu)), to_fnnet(to_torch(make(view, cpu))))
        np.testing.assert_array_equal(to_torch(make(view, cpu)).numpy(), view)


def test_shared_memory_is_shared_in_torch() -> None:
    raw = np.zeros(6, np.float32)
    a, b, bits = to_torch([fnnet.from_numpy(raw), fnnet.from_numpy(raw[2:]), fnnet.from_numpy(raw.view(np.int32)[3:4])])
    a[3] = 1.0
    assert b[1].item() == 1.0
    assert bits.dtype is torch.int32
    assert bits.item() == 0x3F800000
    assert a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr() == bits.untyped_storage().data_ptr()


def test_values_from_torch_and_back() -> None:
    obj = {
        "numbers": [True, 0, -1, 255, 65536, -(2**31), 2**40, -(2**70), 0.5, float("inf"), 1 - 2j, None],
        "text": ("", "Größe", b"", b"\x00\xff", bytearray(b"ab")),
        "set": {1},
        "ordered": collections.OrderedDict(b=1, a=[2]),
        "counter": collections.Counter("aab"),
        "size": torch.Size((2, 3)),
        "device": (torch.device("cpu"), torch.device("cuda", 1)),
        "dtype": [getattr(torch, name) for name in NAMES],
        "nested": {"a": {"b": [({"c": torch.ones(1)},)]}, 3: 4, (1, 2): 5},
    }
    same(obj, to_fnnet(obj))
    same(obj, to_torch(to_fnnet(obj)))


def modules() -> list[tnn.Module]:
    torch.manual_seed(0)
    return [
        tnn.Sequential(tnn.Conv2d(1, 2, 3), tnn.BatchNorm2d(2), tnn.Linear(3, 4, bias=False)),
        tnn.LSTM(3, 4, num_layers=2, bidirectional=True),
        tnn.TransformerEncoderLayer(8, 2),
        tnn.Embedding(5, 3),
    ]


@pytest.mark.parametrize("module", modules(), ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "LBFGS"])
def test_checkpoints(module: tnn.Module, kind: str) -> None:
    optimizer = getattr(torch.optim, kind)(module.parameters(), lr=0.01)
    for p in module.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step(lambda: torch.tensor(1.0))
    checkpoint = {"model": module.state_dict(), "optimizer": optimizer.state_dict(), "rng": torch.get_rng_state()}
    loaded = to_fnnet(checkpoint)
    same(checkpoint, loaded)
    back = to_torch(loaded)
    same(checkpoint, back)
    assert not module.load_state_dict(back["model"]).missing_keys
    optimizer.load_state_dict(back["optimizer"])


def test_checkpoints_of_a_double_precision_module() -> None:
    module = tnn.Linear(2, 3).double()
    same(module.state_dict(), to_fnnet(module.state_dict()))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "complex128"])
def test_safetensors(name: str, tmp_path: Path) -> None:
    t = torch_tensors()[name]
    path = tmp_path / "a.safetensors"
    safetensors.torch.save_file({"t": t}, path)
    loaded = fnnet.load(path)
    same({"t": t}, loaded)
    fnnet.save(loaded, path)
    same({"t": t}, safetensors.torch.load_file(path))


@pytest.mark.parametrize("mmap", [False, True])
def test_mapped_files_from_fnnet(tmp_path: Path, mmap: bool) -> None:
    path = tmp_path / "a.pth"
    fnnet.save({"w": fnnet.arange(1000.0)}, path)
    np.testing.assert_array_equal(torch.load(path, mmap=mmap)["w"].numpy(), np.arange(1000))


def test_wide_fields_are_read_by_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zip64, as in files beyond 4 GiB."""
    monkeypatch.setattr("fnnet.serialization.zip_writer.WIDE_FROM", 100)
    np.testing.assert_array_equal(to_torch(fnnet.arange(100.0)).numpy(), np.arange(100))


def test_other_options_of_torch_save() -> None:
    torch.serialization.set_crc32_options(False)
    try:
        same(torch.ones(3), to_fnnet(torch.ones(3)))
    finally:
        torch.serialization.set_crc32_options(True)
    stream = io.BytesIO()
    torch.save({"w": torch.ones(3)}, stream, pickle_protocol=4)
    stream.seek(0)
    same({"w": torch.ones(3)}, fnnet.load(stream))


def test_attributes_and_buffers() -> None:
    p, t = nn.Parameter(fnnet.ones(2)), fnnet.ones(2)
    p.tag, t.tag = "p", [1]
    got = to_torch([p, t, nn.Buffer(fnnet.ones(1), persistent=False)])
    assert (got[0].tag, got[1].tag) == ("p", [1])
    assert isinstance(got[0], tnn.Parameter)
    assert isinstance(got[2], tnn.Buffer)
    assert got[2].persistent is False
    again = to_fnnet(got)
    assert (again[0].tag, again[1].tag, type(again[2])) == ("p", [1], nn.Buffer)


def test_the_same_things_are_refused() -> None:
    for obj in (tnn.Linear(1, 1), {"f": print}, {"r": range(3)}):
        stream = io.BytesIO()
        torch.save(obj, stream)
        stream.seek(0)
        with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
            torch.load(stream)
        stream.seek(0)
        with pytest.raises(pickle.UnpicklingError, match="Weights only load failed") as caught:
            fnnet.load(stream)
        assert isinstance(caught.value, SerializationError)


@pytest.mark.parametrize("name", ["save", "load"])
def test_signatures(name: str) -> None:
    ours, theirs = (inspect.signature(getattr(framework, name)).parameters for framework in (fnnet, torch))
    extra = {"format", "metadata"} if name == "save" else set()
    assert [p for p in ours if p not in extra] == list(theirs)
    for key, p in theirs.items():
        assert ours[key].kind is p.kind, key
        assert ours[key].default == p.default, key

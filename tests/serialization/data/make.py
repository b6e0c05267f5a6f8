"""Makes the files in this folder; run by hand, with PyTorch 2.13: `python make.py`. The tests only read the files."""

from __future__ import annotations

import collections
import warnings
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from torch import nn

HERE = Path(__file__).resolve().parent
NAMES = (
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64",
    "complex128",
)  # fmt: skip


def put(name: str, obj: object, **options: object) -> None:
    torch.save(obj, HERE / name, **options)


def main() -> None:
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    put("dtypes.pth", {name: torch.arange(6).reshape(2, 3).to(getattr(torch, name)) for name in NAMES})

    base = torch.arange(24.0)
    put(
        "views.pth",
        {
            "rows": base.view(4, 6)[1:3],
            "turned": base.view(4, 6).t(),
            "tail": base[20:],
            "expanded": torch.tensor([[7.0]]).expand(2, 3),
            "scalar": torch.tensor(2.5),
            "empty": torch.empty(0, 3),
            "conjugate": torch.tensor([1 + 2j, 3 - 4j]).conj(),
            "negative": torch.tensor([1 + 2j, 3 - 4j]).conj().imag,
            "untyped": torch.tensor([1.5, -2.5]).view(torch.int32).view(torch.float32),
        },
    )

    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 2))
    with torch.no_grad():
        for i, p in enumerate(module.parameters()):
            p.copy_(torch.arange(p.numel()).reshape(p.shape) + i)
    adam = torch.optim.Adam(module.parameters(), lr=0.5, betas=(0.5, 0.75))
    for p in module.parameters():
        p.grad = torch.full_like(p, 2.0)
    adam.step()
    put("checkpoint.pth", {"model": module.state_dict(), "optimizer": adam.state_dict(), "epoch": 3})
    torch.serialization.set_crc32_options(False)
    put("no_crc.pth", {"w": torch.arange(3.0)})
    torch.serialization.set_crc32_options(True)

    named = nn.Parameter(torch.arange(2.0))
    named.tag = "mine"
    put(
        "values.pth",
        {
            "parameter": nn.Parameter(torch.arange(3.0), requires_grad=False),
            "grad": torch.arange(2.0).requires_grad_(),
            "named": named,
            "buffer": nn.Buffer(torch.arange(4.0), persistent=False),
            "device": torch.device("cuda:1"),
            "dtype": torch.bfloat16,
            "size": torch.Size((2, 3)),
            "numbers": [True, -1, 2**40, 2**70, 0.5, 1 + 2j, None],
            "text": ("ascii", "Größe", b"\x00\xff", bytearray(b"ab")),
            "sets": ({1, "a"}, frozenset({2})),
            "ordered": collections.OrderedDict(b=1, a=2),
            "default": collections.defaultdict(list, x=[1]),
            "counter": collections.Counter("aab"),
            3: {"integer": "key"},
        },
    )
    put(
        "numpy.pth",
        {
            "array": np.arange(6, dtype=np.int16).reshape(2, 3),
            "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
            "big": np.arange(3, dtype=">f4"),
            "scalar": np.float64(0.25),
            "text": np.array(["a", "bc"]),
            "dtype": np.dtype("float32"),
        },
    )
    put("protocol4.pth", {"w": torch.arange(3.0), "s": {1, 2}, "b": b"xy"}, pickle_protocol=4)
    put("legacy.pth", {"w": torch.arange(3.0)}, _use_new_zipfile_serialization=False)
    put("module.pth", nn.Sequential(nn.Linear(2, 1), nn.ReLU()))
    put("sparse.pth", {"s": torch.eye(2).to_sparse()})
    put("quantized.pth", {"q": torch.quantize_per_tensor(torch.ones(2), 0.5, 0, torch.qint8)})
    put("uint16.pth", {"u": torch.zeros(2, dtype=torch.uint16)})
    put("storage.pth", {"s": torch.arange(3.0).untyped_storage()})
    torch.jit.save(torch.jit.script(nn.ReLU()), str(HERE / "script.pt"))
    safetensors.torch.save_file(
        {name: torch.arange(6).reshape(2, 3).to(getattr(torch, name)) for name in NAMES if name != "complex128"},
        HERE / "dtypes.safetensors",
        metadata={"format": "pt"},
    )


if __name__ == "__main__":
    main()

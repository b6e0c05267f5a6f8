"""What an error sample is: a bad call, the builtin class that PyTorch 2.13 raises for it, a phrase of the message.

The phrase is PyTorch's where PyTorch says as much; fnnet's own where PyTorch's is a list of overloads, the mistake of
a helper (`'NoneType' object has no attribute 'size'`), or where PyTorch lets the call pass.
"""

from __future__ import annotations

import math
from typing import Any

from attrs import frozen

import fnnet
import fnnet.nn.functional as F
from fnnet import Tensor, nn


@frozen
class Bad:
    """One bad call."""

    function: str  # "add" of fnnet, "F.conv2d", "Tensor.view", "nn.Linear"
    error: type[Exception]
    phrase: str
    args: tuple[Any, ...]
    options: dict[str, Any]

    @property
    def name(self) -> str:
        """Without where it is: "conv2d"."""
        return self.function.rpartition(".")[2]

    def callable(self) -> Any:
        """What is called."""
        home, _, name = self.function.rpartition(".")
        return getattr({"": fnnet, "F": F, "Tensor": Tensor, "nn": nn}[home], name)


def bad(function: str, error: type[Exception], phrase: str, /, *args: Any, **options: Any) -> Bad:
    """`function(*args, **options)` raises `error`, and its message has `phrase`."""
    return Bad(function, error, phrase, args, options)


def each(functions: str, error: type[Exception], phrase: str, /, *args: Any, **options: Any) -> list[Bad]:
    """The same bad call of several functions, whose names stand in one text."""
    return [bad(function, error, phrase, *args, **options) for function in functions.split()]


def floats(*shape: int, dtype: fnnet.dtype = fnnet.float32) -> Tensor:
    """Different numbers between 0 and 1."""
    n = math.prod(shape)
    return fnnet.tensor([(i + 1) / (n + 1) for i in range(n)], dtype=dtype).reshape(shape)


def longs(*values: int) -> Tensor:
    """A vector of whole numbers."""
    return fnnet.tensor(values, dtype=fnnet.int64)


def rows(*values: tuple[int, ...]) -> Tensor:
    """A matrix of whole numbers."""
    return fnnet.tensor(values, dtype=fnnet.int64)


def bools(*values: bool) -> Tensor:
    """A vector of truth values."""
    return fnnet.tensor(values)


def complexes(n: int) -> Tensor:
    """A vector of complex numbers."""
    return fnnet.tensor([complex(i, 1) for i in range(n)])


# By what an error names a function, where not by its name: the function that it is made of, or PyTorch's kernel.
NAMED_BY = {
    "Linear": ("empty",), "PReLU": ("empty",), "addmm": ("mm",), "addmv": ("mv", "matmul"), "addr": ("outer",),
    "allclose": ("isclose",), "aminmax": ("amin",), "as_tensor": ("tensor",), "asarray": ("tensor",),
    "bitwise_left_shift": ("lshift_cpu",), "bitwise_right_shift": ("rshift_cpu",), "broadcast_to": ("expand",),
    "celu": ("elu",), "celu_": ("elu",), "chain_matmul": ("mm",), "clamp_max": ("clamp",), "clamp_min": ("clamp",),
    "clone": ("contiguous",), "column_stack": ("cat",), "conj_physical": ("conj",), "count_nonzero": ("sum",),
    "diagonal_scatter": ("diagonal",), "diff": ("cat",), "dot": ("matmul",), "dsplit": ("tensor_split",),
    "dstack": ("cat",), "expand_as": ("expand",), "float_power": ("pow",), "floor_divide": ("div_floor_cpu",),
    "grid_sample": ("grid_sampler",), "gumbel_softmax": ("softmax",), "hsplit": ("tensor_split",), "hstack": ("cat",),
    "index_put": ("index", "indices"),
    "is_nonzero": ("Boolean value",), "ldexp": ("mul",), "linear_cross_entropy": ("cross_entropy",),
    "masked_scatter": ("expand",), "mode": ("argsort",),
    "msort": ("sort",), "mv": ("matmul",), "nanmean": ("sum",), "nansum": ("sum",), "normalize": ("norm",),
    "pairwise_distance": ("sub",), "polar": ("mul",), "rand": ("uniform_",), "rand_like": ("uniform_",),
    "randint": ("random_",),
    "randint_like": ("random_",), "randn": ("normal_",), "randn_like": ("normal_",), "relu6": ("hardtanh",),
    "reshape_as": ("reshape",), "row_stack": ("cat", "vstack"), "rsub": ("sub",), "select_scatter": ("select",),
    "selu": ("elu",), "selu_": ("elu",), "set_rng_state": ("set_state",), "sgn": ("sign",), "softmin": ("softmax",),
    "std_mean": ("std",), "swapaxes": ("transpose",), "swapdims": ("transpose",), "tile": ("repeat",),
    "true_divide": ("div",), "var_mean": ("var",), "vdot": ("matmul",), "view": ("reshape",), "view_as": ("reshape",),
    "upsample": ("interpolate",), "upsample_bilinear": ("interpolate",), "upsample_nearest": ("interpolate",),
    "vsplit": ("tensor_split",), "vstack": ("cat",),
}  # fmt: skip


def names_it(function: Any, name: str, message: str) -> bool:
    """Whether a message says which function failed; an operator needs no name."""
    known = (name.rstrip("_"), getattr(function, "__name__", name).rstrip("_"), *NAMED_BY.get(name, ()))
    return name.startswith("__") or any(n in message for n in known)

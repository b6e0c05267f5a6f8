"""fnnet: a plugin-based, functional-first neural-network framework that speaks PyTorch's nn.

`import fnnet as torch` is the test of fluency. What lies beneath, floor by floor: docs/explanation/architecture.md.
"""

import importlib as _importlib
from math import e, inf, nan, pi
from typing import TYPE_CHECKING

from fnnet import autograd
from fnnet._core.errors import FnnetError
from fnnet._core.size import Size
from fnnet._tensor import Tensor
from fnnet._tensor.printing import set_printoptions
from fnnet.autograd.modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from fnnet.backends.devices import CPU as _CPU
from fnnet.backends.devices import Device as device
from fnnet.backends.discovery import install_kernels as _install_kernels
from fnnet.backends.dtypes import DType as dtype
from fnnet.backends.dtypes import (
    bfloat16,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    promote_types,
    set_default_dtype,
    uint8,
)
from fnnet.backends.dtypes import bool_ as bool
from fnnet.backends.memory_formats import channels_last, channels_last_3d, contiguous_format, preserve_format, strided
from fnnet.functional.affine import addbmm, addmm, addmv, addr, baddbmm
from fnnet.functional.arithmetic import (
    add, addcdiv, addcmul, lerp, mul, multiply, neg, negative, positive, rsub, sub, subtract,
)  # fmt: skip
from fnnet.functional.broadcasting import (
    atleast_1d, atleast_2d, atleast_3d, broadcast_shapes, broadcast_tensors, broadcast_to,
)  # fmt: skip
from fnnet.functional.comparison import (
    allclose, eq, equal, ge, greater, greater_equal, gt, isclose, isfinite, isinf, isnan, isneginf, isposinf,
    isreal, le, less, less_equal, lt, ne, not_equal,
)  # fmt: skip
from fnnet.functional.complex_numbers import (
    adjoint, angle, complex, conj, conj_physical, imag, polar, real, resolve_conj, view_as_complex, view_as_real,
)  # fmt: skip
from fnnet.functional.contraction import chain_matmul, einsum, inner, kron, tensordot
from fnnet.functional.convolution import conv1d, conv2d, conv3d
from fnnet.functional.creation import (
    empty, empty_like, full, full_like, ones, ones_like, scalar_tensor, tensor, zeros, zeros_like,
)  # fmt: skip
from fnnet.functional.diagonals import (
    diag, diag_embed, diagflat, diagonal_scatter, select_scatter, slice_scatter, trace, tril, tril_indices, triu,
    triu_indices,
)  # fmt: skip
from fnnet.functional.division import div, divide, floor_divide, fmod, remainder, true_divide
from fnnet.functional.elementwise import copysign, heaviside, logit, sigmoid, where
from fnnet.functional.exponential import exp, exp2, expm1, log, log10, log1p, log2, logaddexp, logaddexp2, xlogy
from fnnet.functional.extremes import clamp, clamp_max, clamp_min, clip, fmax, fmin, maximum, minimum, nan_to_num
from fnnet.functional.gathering import gather, put, scatter, scatter_add, scatter_reduce, take, take_along_dim
from fnnet.functional.generators import (
    Generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state,
)  # fmt: skip
from fnnet.functional.indexing import index_put
from fnnet.functional.joining import (
    block_diag, cartesian_prod, cat, column_stack, combinations, concat, concatenate, dstack, hstack, meshgrid,
    row_stack, stack, vstack,
)  # fmt: skip
from fnnet.functional.logic import (
    bitwise_and, bitwise_left_shift, bitwise_not, bitwise_or, bitwise_right_shift, bitwise_xor, logical_and,
    logical_not, logical_or, logical_xor,
)  # fmt: skip
from fnnet.functional.masking import argwhere, masked_fill, masked_scatter, masked_select, nonzero
from fnnet.functional.maxima import amax, amin, aminmax, argmax, argmin, max, min
from fnnet.functional.movement import clone, zero_
from fnnet.functional.parts import diagonal, narrow, select
from fnnet.functional.pooling import max_pool2d
from fnnet.functional.power import float_power, hypot, ldexp, pow, reciprocal, rsqrt, sqrt, square
from fnnet.functional.products import bmm, dot, ger, matmul, mm, mv, outer, vdot
from fnnet.functional.quantiles import kthvalue, median, mode, nanmedian, nanquantile, quantile
from fnnet.functional.queries import (
    can_cast, finfo, iinfo, is_complex, is_floating_point, is_nonzero, is_tensor, numel, result_type,
)  # fmt: skip
from fnnet.functional.random import (
    bernoulli, multinomial, normal, rand, rand_like, randint, randint_like, randn, randn_like, randperm,
)  # fmt: skip
from fnnet.functional.ranges import arange, eye, linspace, logspace
from fnnet.functional.rearrangement import flip, fliplr, flipud, repeat_interleave, roll, rot90, tile
from fnnet.functional.rectifiers import relu
from fnnet.functional.reduction import all, any, count_nonzero, logsumexp, mean, nanmean, nansum, prod, sum
from fnnet.functional.rounding import abs, absolute, ceil, fix, floor, frac, round, sgn, sign, signbit, trunc
from fnnet.functional.scan import (
    cummax, cummin, cumprod, cumsum, cumulative_trapezoid, diff, logcumsumexp, trapezoid, trapz,
)  # fmt: skip
from fnnet.functional.shape import flatten, ravel, reshape, squeeze, unflatten, unsqueeze
from fnnet.functional.sharing import as_tensor, asarray, from_dlpack, from_numpy, frombuffer
from fnnet.functional.slices import index_add, index_copy, index_fill, index_select
from fnnet.functional.sorting import argsort, msort, sort, topk, unique, unique_consecutive
from fnnet.functional.special import erf, erfc, erfinv
from fnnet.functional.splitting import chunk, dsplit, hsplit, split, split_with_sizes, tensor_split, unbind, vsplit
from fnnet.functional.statistics import norm, std, std_mean, var, var_mean
from fnnet.functional.toplevel import batch_norm, dropout, embedding, layer_norm, log_softmax, softmax
from fnnet.functional.transposition import moveaxis, movedim, permute, swapaxes, swapdims, t, transpose
from fnnet.functional.trigonometry import (
    acos, acosh, arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, asin, asinh, atan, atan2, atanh,
    cos, cosh, deg2rad, rad2deg, sin, sinc, sinh, tan, tanh,
)  # fmt: skip
from fnnet.version import __version__

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
cfloat, cdouble = complex64, complex128
newaxis = None

if TYPE_CHECKING:
    from fnnet import cuda, models, nn, optim, plugins, random, serialization, testing, training, utils
    from fnnet.backends.threads import get_num_threads, set_num_threads
    from fnnet.functional.distance import cdist, cosine_similarity, dist, pairwise_distance, pdist
    from fnnet.functional.recurrent import gru, lstm, rnn_relu, rnn_tanh
    from fnnet.functional.recurrent_cells import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell
    from fnnet.functional.shuffling import channel_shuffle, pixel_shuffle, pixel_unshuffle
    from fnnet.functional.transposed_convolution import conv_transpose1d, conv_transpose2d, conv_transpose3d
    from fnnet.serialization.files import load, save

__all__ = [
    "channels_last", "channels_last_3d", "contiguous_format", "preserve_format", "strided",
    "FnnetError", "Generator", "Size", "Tensor", "__version__", "abs", "absolute", "acos", "acosh", "add", "addbmm",
    "addcdiv", "addcmul", "addmm", "addmv", "addr", "adjoint", "all", "allclose", "amax", "amin", "aminmax", "angle",
    "any", "arange", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "argmax", "argmin",
    "argsort", "argwhere", "as_tensor", "asarray", "asin", "asinh", "atan", "atan2", "atanh", "atleast_1d",
    "atleast_2d", "atleast_3d", "autograd", "baddbmm", "batch_norm", "bernoulli", "bfloat16", "bitwise_and",
    "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "block_diag", "bmm",
    "bool", "broadcast_shapes", "broadcast_tensors", "broadcast_to", "can_cast", "cartesian_prod", "cat", "cdist",
    "cdouble",
    "ceil", "cfloat", "chain_matmul", "channel_shuffle", "chunk", "clamp", "clamp_max", "clamp_min", "clip", "clone",
    "column_stack",
    "combinations", "complex", "complex128", "complex64", "concat", "concatenate", "conj", "conj_physical", "conv1d",
    "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "copysign", "cos", "cosh",
    "cosine_similarity",
    "count_nonzero", "cuda", "cummax", "cummin", "cumprod", "cumsum",
    "cumulative_trapezoid", "deg2rad", "device", "diag", "diag_embed", "diagflat", "diagonal", "diagonal_scatter",
    "diff", "dist", "div", "divide", "dot", "double", "dropout", "dsplit", "dstack", "dtype", "e", "einsum",
    "embedding",
    "empty", "empty_like", "enable_grad", "eq", "equal", "erf", "erfc", "erfinv", "exp", "exp2", "expm1", "eye",
    "finfo", "fix", "flatten", "flip", "fliplr", "flipud", "float", "float16", "float32", "float64", "float_power",
    "floor", "floor_divide", "fmax", "fmin", "fmod", "frac", "from_dlpack", "from_numpy", "frombuffer", "full",
    "full_like", "gather", "ge", "ger", "get_default_dtype", "get_num_threads", "get_rng_state", "greater",
    "greater_equal", "gru", "gru_cell", "gt", "half",
    "heaviside", "hsplit", "hstack", "hypot", "iinfo", "imag", "index_add", "index_copy", "index_fill", "index_put",
    "index_select", "inf", "inference_mode", "initial_seed", "inner", "int", "int16", "int32", "int64", "int8",
    "is_complex", "is_floating_point", "is_grad_enabled", "is_inference_mode_enabled", "is_nonzero", "is_tensor",
    "isclose", "isfinite", "isinf", "isnan", "isneginf", "isposinf", "isreal", "kron", "kthvalue", "layer_norm",
    "ldexp",
    "le", "lerp", "less", "less_equal", "linspace", "load", "log", "log10", "log1p", "log2", "log_softmax", "logaddexp",
    "logaddexp2", "logcumsumexp", "logical_and", "logical_not", "logical_or", "logical_xor", "logit", "logspace",
    "logsumexp", "long", "lstm", "lstm_cell",
    "lt", "manual_seed", "masked_fill", "masked_scatter", "masked_select", "matmul", "max",
    "max_pool2d", "maximum", "mean", "median", "meshgrid", "min", "minimum", "mm", "mode", "models", "moveaxis",
    "movedim", "msort", "mul", "multinomial", "multiply", "mv", "nan", "nan_to_num", "nanmean", "nanmedian",
    "nanquantile", "nansum", "narrow", "ne", "neg", "negative", "newaxis", "nn", "no_grad", "nonzero", "norm", "normal",
    "not_equal", "numel", "ones", "ones_like", "optim", "outer", "pairwise_distance",
    "pdist", "permute", "pi", "pixel_shuffle", "pixel_unshuffle",
    "plugins", "polar", "positive", "pow",
    "prod", "promote_types", "put", "quantile", "rad2deg", "rand", "rand_like", "randint", "randint_like", "randn",
    "randn_like", "random", "randperm", "ravel", "real", "reciprocal", "relu", "remainder", "repeat_interleave",
    "reshape", "resolve_conj", "result_type", "rnn_relu", "rnn_relu_cell",
    "rnn_tanh", "rnn_tanh_cell", "roll", "rot90", "round", "row_stack", "rsqrt", "rsub", "save",
    "scalar_tensor", "scatter", "scatter_add", "scatter_reduce", "seed", "select", "select_scatter", "serialization",
    "set_default_dtype", "set_grad_enabled", "set_num_threads", "set_printoptions", "set_rng_state", "sgn", "short",
    "sigmoid", "sign",
    "signbit", "sin", "sinc", "sinh", "slice_scatter", "softmax", "sort", "split", "split_with_sizes", "sqrt", "square",
    "squeeze", "stack", "std", "std_mean", "sub", "subtract", "sum", "swapaxes", "swapdims", "t", "take",
    "take_along_dim", "tan", "tanh", "tensor", "tensor_split", "tensordot", "testing", "tile", "topk", "trace",
    "training", "transpose", "trapezoid",
    "trapz", "tril", "tril_indices", "triu", "triu_indices", "true_divide", "trunc", "uint8", "unbind", "unflatten",
    "unique", "unique_consecutive", "unsqueeze", "utils", "var", "var_mean", "vdot", "view_as_complex", "view_as_real",
    "vsplit", "vstack", "where", "xlogy", "zero_", "zeros", "zeros_like",
]  # fmt: skip

_LAZY = frozenset(
    ("cuda", "models", "nn", "optim", "plugins", "random", "serialization", "testing", "training", "utils")
)
"""Rooms that are opened on first use."""
_LATER = {
    "load": "serialization.files", "save": "serialization.files",
    "get_num_threads": "backends.threads", "set_num_threads": "backends.threads",
    "gru": "functional.recurrent", "lstm": "functional.recurrent", "rnn_relu": "functional.recurrent",
    "rnn_tanh": "functional.recurrent", "gru_cell": "functional.recurrent_cells",
    "lstm_cell": "functional.recurrent_cells", "rnn_relu_cell": "functional.recurrent_cells",
    "rnn_tanh_cell": "functional.recurrent_cells",
    "channel_shuffle": "functional.shuffling", "pixel_shuffle": "functional.shuffling",
    "cdist": "functional.distance", "cosine_similarity": "functional.distance", "dist": "functional.distance",
    "pairwise_distance": "functional.distance", "pdist": "functional.distance",
    "pixel_unshuffle": "functional.shuffling", "conv_transpose1d": "functional.transposed_convolution",
    "conv_transpose2d": "functional.transposed_convolution", "conv_transpose3d": "functional.transposed_convolution",
}  # fmt: skip
"""Names that few programs type, and where they live: looked up on first use."""


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return _importlib.import_module("fnnet." + name)
    if name in _LATER:
        found: object = getattr(_importlib.import_module("fnnet." + _LATER[name]), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module 'fnnet' has no attribute {name!r}")


# Last: discovery imports the plugins' modules, and one whose package imports fnnet in turn must find it whole.
_install_kernels(_CPU.backend)

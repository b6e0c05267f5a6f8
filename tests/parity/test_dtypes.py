"""Which dtypes a function takes, and of which dtype its result is: as PyTorch says, function by function.

The samples are those of PyTorch's table in float32 (int64 where there is none) with their tensors in the other dtypes,
and own ones of what that table lacks. Both sides return equal values of one dtype, or both refuse; nothing else but
what is listed here with its reason.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import pkgutil
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

import fnnet.functional
from fnnet import FnnetError
from tests.parity import entries, oracle, speech
from tests.parity import samples as s

DTYPES = (
    torch.bool, torch.uint8, torch.int32, torch.int64, torch.float16, torch.bfloat16, torch.complex64,
)  # fmt: skip
WHOLE, HALF = ("uint8", "int32", "int64"), ("float16", "bfloat16")
SAMPLES, LOOKED_AT = 3, 60
"""Samples per entry and dtype: the first among so many that have tensors to convert, none of them empty."""

Listed = dict[str, tuple[tuple[str, ...], str]]
MORE: Listed = {
    "nn.functional.avg_pool3d": (HALF, "the same means as in two dims, where PyTorch takes them"),
    "nn.functional.conv1d": (("uint8", "int32"), "dilated or not, they are sums of products"),
    "nn.functional.conv2d": (("uint8", "int32"), "as conv1d"),
    "lp_pool3d": (HALF, "as avg_pool3d"),
    "nn.functional.local_response_norm": (("uint8", "int32"), "the same definition as for int64"),
    "nn.functional.ctc_loss": (HALF, "computed in float32, as all losses"),
    "nn.functional.multi_margin_loss": (HALF, "as ctc_loss"),
    "nn.functional.multilabel_margin_loss": (HALF, "as ctc_loss"),
    "nn.functional.max_pool1d": (WHOLE, "the same maxima as in two dims, where PyTorch takes them"),
    "nn.functional.rrelu": (("float16",), "the same definition as for bfloat16"),
    "round.decimals_0": (WHOLE, "a whole number is round already, as without `decimals`"),
}
"""What fnnet takes and PyTorch does not, as the definition holds there, too: entries, dtypes, and why."""
LESS: Listed = {
    "complex": (("float16",), "there are no complex numbers of two float16"),
    "view_as_complex": (("float16",), "as complex"),
    "inner": (("bool",), "products of truth values have no sum; that a 0-d operand needs none makes no difference"),
    "tensordot": (("bool",), "as inner: one number along the summed dims makes no difference"),
    "logcumsumexp": (("complex64",), "the branch of a running complex logarithm depends on the order of the steps"),
    "nn.functional.feature_alpha_dropout.with_train": (
        ("bool", *WHOLE, "complex64"),
        "dropout is for floating point; PyTorch takes others where all is dropped",
    ),
    "nn.functional.hinge_embedding_loss": (WHOLE, "as l1_loss; PyTorch cuts the margin's fraction off"),
    "nn.functional.pdist": (HALF, "as for more than one row, where PyTorch refuses too"),
    "nn.functional.soft_margin_loss": (("complex64",), "losses are for real numbers"),
    "nn.functional.l1_loss": (WHOLE, "losses are for floating point; PyTorch takes others where there is no mean"),
}
"""What PyTorch takes and fnnet refuses."""
OTHER: Listed = {
    "trapezoid": (("uint8",), "computed in floating point, where PyTorch's sums of neighbours wrap around"),
    "trapz": (("uint8",), "as trapezoid"),
    "cumulative_trapezoid": (("uint8",), "as trapezoid"),
    "addbmm": (HALF, "PyTorch rounds each partial sum to half precision, fnnet the result alone"),
    "addr": (HALF, "as addbmm"),
    "baddbmm": (HALF, "as addbmm"),
    "nn.functional.adaptive_avg_pool3d": (HALF, "as addbmm"),
    "nn.functional.batch_norm.without_cudnn": (HALF, "as addbmm"),
    "nn.functional.conv_transpose2d": (HALF, "as addbmm"),
    "nn.functional.conv_transpose3d": (HALF, "as addbmm"),
    "nn.functional.grid_sample": (HALF, "as addbmm"),
    "nn.functional.hinge_embedding_loss": (("bfloat16",), "other steps are rounded"),
    "nn.functional.instance_norm": (HALF, "as addbmm"),
    "nn.functional.soft_margin_loss": (("float16",), "computed without the exponential that overflows in PyTorch"),
}
"""Where values differ; shapes and dtypes do not."""


def listed(where: Listed, name: str, dtype: torch.dtype) -> bool:
    return str(dtype).removeprefix("torch.") in where.get(name, ((), ""))[0]


def converted(value: Any, source: torch.dtype, dtype: torch.dtype) -> Any:
    """Arguments with every tensor of dtype `source` in another one: fractions cut off, complex with both parts."""
    if isinstance(value, torch.Tensor) and value.dtype == source:
        x = value.detach()
        if dtype == torch.bool:
            return x > 0
        if dtype == torch.complex64:
            return torch.complex(x.float(), (x.flip(-1) if x.ndim else x / 2).float())
        if not dtype.is_floating_point:
            x = x.nan_to_num().clamp(-100, 100)
        return (x.abs() if dtype == torch.uint8 else x).to(dtype)
    if isinstance(value, dict):
        return {key: converted(v, source, dtype) for key, v in value.items()}
    if type(value) in (tuple, list):
        return type(value)(converted(v, source, dtype) for v in value)
    return value


def tensors(value: Any) -> Iterator[torch.Tensor]:
    """The tensors among arguments."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict | tuple | list):
        for v in value.values() if isinstance(value, dict) else value:
            yield from tensors(v)


def source_of(info: Any) -> torch.dtype:
    """The dtype whose samples are converted."""
    return torch.float32 if torch.float32 in info.dtypes else torch.int64


def chosen(info: Any) -> list[Any]:
    """Samples with something to convert, and nothing empty: of no elements anything may be said."""
    torch.manual_seed(0)  # the same in every commit: the lists above are checked against these very samples
    random.seed(0)
    found = itertools.islice(filter(s.in_scope, info.sample_inputs("cpu", source_of(info))), LOOKED_AT)
    useful = (x for x in found if fit(list(tensors((x.input, x.args, x.kwargs))), source_of(info)))
    return list(itertools.islice(useful, SAMPLES))


def fit(given: list[torch.Tensor], source: torch.dtype) -> bool:
    return all(t.numel() for t in given) and any(t.dtype == source for t in given)


class Outcome:
    """What two calls made of one sample, and what the lists say to it."""

    def __init__(self, name: str, dtype: torch.dtype) -> None:
        self.name, self.dtype = name, dtype
        self.used: set[str] = set()

    def difference(self, call: s.Call, function: Any, mine_function: Any, compare: Callable[..., str | None]) -> Any:
        theirs: list[Any] = []
        mine: list[Any] = []
        refused = s.refuses(lambda: theirs.append(call.oracle(function)))
        error = s.refuses(lambda: mine.append(call.fnnet(mine_function)))
        if error is not None and not isinstance(error, FnnetError):
            return f"no error of fnnet's own: {type(error).__name__}: {error}"
        if refused is not None and error is not None:
            same = isinstance(error, builtin(refused))
            return None if same else f"{type(error).__name__} ({error}), not {type(refused).__name__} ({refused})"
        if refused is not None:
            return self.unless("MORE", f"accepts what PyTorch refuses: {str(refused)[:100]}")
        if error is not None:
            return self.unless("LESS", f"refused: {error}")
        kind = oracle.difference(mine[0], theirs[0], values=False)
        return kind or (text if (text := compare(mine[0], theirs[0])) is None else self.unless("OTHER", text))

    def unless(self, table: str, text: str) -> str | None:
        """The complaint, unless it is listed."""
        if listed(globals()[table], self.name, self.dtype):
            self.used.add(table)
            return None
        return text


def builtin(error: Exception) -> type[BaseException]:
    """The builtin class of an exception."""
    return next(c for c in type(error).__mro__ if c.__module__ == "builtins")


COVERED = {name: entries.operators()[name] for name in entries.covered(entries.OPERATORS)} if entries.present() else {}


@pytest.mark.parametrize("name", entries.parameters(COVERED))
def test_dtypes(name: str) -> None:
    """The function, and where it has one and the sample fits it, the in-place method."""
    info, report = COVERED[name], oracle.Report()
    function = speech.translated(info.op, str(info.name))
    found = chosen(info)
    for dtype in DTYPES:
        outcome = Outcome(name, dtype)
        for sample in found:
            given = converted((sample.input, *sample.args), source_of(info), dtype)
            plain = s.sample(given, **converted(dict(sample.kwargs), source_of(info), dtype))
            plain.broadcasts_input = sample.broadcasts_input
            where = f"({oracle.call_shown(given, plain.kwargs)})"

            def compare(mine: Any, theirs: Any, dtype: torch.dtype = dtype) -> str | None:
                return s.result_difference(info, dtype, mine, theirs)

            report.attempt(where, outcome.difference, s.Call(plain), info.op, function, compare)
            if not outcome.used:
                report.attempt(f"in place, {where}", s.compare_inplace, info, plain, dtype)
        for table in ("MORE", "LESS"):  # how PyTorch rounds depends on the processor
            if listed(globals()[table], name, dtype) and table not in outcome.used:
                report.check(f"{dtype}", f"stands in {table} without need")
    report.close()


def grid(x: Any) -> Any:
    """Places 0 ... n - 1 along the first dim."""
    return x.new_ones(x.shape[0]).long().cumsum(0) - 1


OWN: dict[str, Callable[[Any, Any], Any]] = {
    "affine_grid": lambda lib, x: lib.nn.functional.affine_grid(
        x[:2, :3].reshape(1, 2, 3), (1, 1, 2, 2), align_corners=False
    ),
    "bernoulli_": lambda lib, x: x.bernoulli_(1.0),
    "celu_": lambda lib, x: lib.nn.functional.celu_(x),
    "chain_matmul": lambda lib, x: lib.chain_matmul(x, x.mT, x),
    "conj_physical": lambda lib, x: lib.conj_physical(x),
    "copy_": lambda lib, x: (lib.ones(3, 4).copy_(x), lib.ones(3, 4, dtype=lib.uint8).copy_(x.abs())),
    "detach": lambda lib, x: x.detach(),
    "dropout1d": lambda lib, x: lib.nn.functional.dropout1d(x, 0.0),
    "elu_": lambda lib, x: lib.nn.functional.elu_(x),
    "fill_": lambda lib, x: x.fill_(3),
    "fold": lambda lib, x: lib.nn.functional.fold(x, (3, 4), (3, 1)),
    "fractional_max_pool2d_with_indices": lambda lib, x: lib.nn.functional.fractional_max_pool2d_with_indices(
        x.reshape(1, 3, 4), (3, 4), 1
    ),
    "fractional_max_pool3d_with_indices": lambda lib, x: lib.nn.functional.fractional_max_pool3d_with_indices(
        x.reshape(1, 3, 2, 2), (2, 1, 1), 1
    ),
    "gumbel_softmax": lambda lib, x: lib.nn.functional.gumbel_softmax(x).sum(-1) > 0.5,
    "hardtanh_": lambda lib, x: lib.nn.functional.hardtanh_(x),
    "imag": lambda lib, x: lib.imag(x),
    "index_copy": lambda lib, x: x.index_copy(0, grid(x), x.flip(0)),
    "leaky_relu_": lambda lib, x: lib.nn.functional.leaky_relu_(x),
    "lp_pool1d": lambda lib, x: lib.nn.functional.lp_pool1d(x, 2, 2),
    "lp_pool2d": lambda lib, x: lib.nn.functional.lp_pool2d(x.reshape(1, 3, 4), 2, 2),
    "lp_pool3d": lambda lib, x: lib.nn.functional.lp_pool3d(x.reshape(1, 1, 3, 4), 2, (1, 2, 2)),
    "random_": lambda lib, x: x.random_(1, 2),
    "relu_": lambda lib, x: lib.nn.functional.relu_(x),
    "resolve_conj": lambda lib, x: lib.resolve_conj(x),
    "rrelu_": lambda lib, x: lib.nn.functional.rrelu_(x),
    "selu_": lambda lib, x: lib.nn.functional.selu_(x),
    "slice_scatter": lambda lib, x: x.slice_scatter(x[:1], 0, 1, 2),
    "threshold_": lambda lib, x: lib.nn.functional.threshold_(x, 1.5, 3.7),
    "upsample": lambda lib, x: lib.nn.functional.upsample(x.reshape(1, 1, 3, 4), scale_factor=2),
    "view_as_real": lambda lib, x: lib.view_as_real(x),
}
"""Functions that PyTorch's table lacks, called with a tensor (3, 4)."""
NO_MATTER = frozenset((
    "gru", "gru_cell", "lstm", "lstm_cell", "rnn_relu", "rnn_relu_cell", "rnn_tanh", "rnn_tanh_cell",
    "is_complex", "is_floating_point", "is_nonzero", "numel", "result_type", "set_rng_state",
))  # fmt: skip
"""Recurrent layers, for floating point alone; questions about a tensor and its dtype; the generator's state."""


@pytest.mark.parametrize("name", sorted(OWN))
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_own_dtypes(name: str, dtype: torch.dtype) -> None:
    x = converted(torch.linspace(-2.6, 2.6, 12).reshape(3, 4), torch.float32, dtype)
    run, outcome = OWN[name], Outcome(name, dtype)
    text = outcome.difference(
        s.Call(s.sample((x,))), lambda x: run(torch, x), lambda x: run(fnnet, x), oracle.difference
    )
    assert text is None


@pytest.mark.skipif(not entries.present(), reason="shared data absent: parity/")
def test_every_function_is_compared() -> None:
    compared = {*OWN, *NO_MATTER}
    for info in COVERED.values():
        paths = (str(info.name), *(alias.name for alias in info.aliases), *speech.needed(info.op, str(info.name)))
        compared.update(path.rpartition(".")[2] for path in paths)
    assert not sorted(public() - compared)


def public() -> set[str]:
    """The functions of fnnet.functional that users are offered and whose first argument is a tensor."""
    found = set()
    for room in pkgutil.iter_modules(fnnet.functional.__path__, "fnnet.functional."):
        module = importlib.import_module(room.name)
        for name in getattr(module, "__all__", ()):
            function = getattr(module, name)
            arguments = list(inspect.signature(function).parameters.values()) if inspect.isfunction(function) else []
            offered = any(hasattr(space, name) for space in (fnnet, fnnet.nn.functional, fnnet.Tensor))
            if offered and arguments and str(arguments[0].annotation).startswith("Tensor"):
                found.add(name)
    return found

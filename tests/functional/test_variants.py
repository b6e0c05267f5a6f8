"""Public functions, methods and in-place variants over the op table: the same numbers as the op, in every dtype.

An op's samples hold its inputs and its static arguments in normal form; both are handed on by position and by name, so
that what a user calls is compared with what the tape runs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import fnnet
import fnnet.nn.functional as F
from fnnet import Tensor
from fnnet._core.op import Sample
from fnnet.autograd.tape import apply
from fnnet.autograd.variable import Variable
from fnnet.backends import dtypes
from fnnet.backends.devices import CPU, Device
from fnnet.testing import conformance, fake_device
from fnnet.testing.conformance.cases import DTYPES, Maker

fake_device.register()
FAKE = Device("fake:1")

# Where the op's inputs are not what a user gives, in order: these are tested where they are at home.
OTHER_ARGUMENTS = frozenset(
    ("binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "dropout", "embedding", "index_add",
     "kl_div", "median", "multilabel_margin_loss", "nll_loss", "prelu", "soft_margin_loss", "take", "topk",
     "where")
)  # fmt: skip
# Refused as in PyTorch: the result is real.
NOT_IN_PLACE = frozenset(("abs in complex64",))
# The array API standard, which the fake device keeps to, has no 16-bit floats.
FAKE_LACKS = frozenset((dtypes.float16, dtypes.bfloat16))
# Sizes that the method takes one by one.
SPREAD = {"expand": "shape", "reshape": "shape"}


def arguments(f: Callable[..., Any], name: str, sample: Sample) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """A sample as a user gives it to `f`, or None where that can't be said."""
    static = dict(sample.static)
    if name == "prod":
        if len(static["dim"]) != 1:  # PyTorch takes one dim
            return None
        static["dim"] = static["dim"][0]
    sizes = static.pop(SPREAD[name], ()) if name in SPREAD else ()
    parameters = inspect.signature(f).parameters
    if not set(static) <= set(parameters):
        return None
    return (*sample.inputs, *sizes), static


def samples(case: conformance.Case, device: Device, f: Callable[..., Any]) -> Iterator[tuple[Sample, Any]]:
    """The case's samples that `f` takes, and as what."""
    for sample in case.samples(device):
        if sample.inputs and isinstance(sample.inputs[0], Variable):
            given = arguments(f, case.op.name, sample)
            if given is not None:
                yield sample, given


def close(got: Any, expected: Any) -> None:
    """One tensor, or a tuple of them: rounding apart, which half types have to 3 digits."""
    pairs = zip(*(x if isinstance(x, tuple) else (x,) for x in (got, expected)), strict=True)
    for g, e in pairs:
        assert g.shape == e.shape
        short = e.dtype in (dtypes.float16, dtypes.bfloat16)
        rtol = 1e-2 if short else 1e-12 if e.dtype is dtypes.float64 else 1e-5
        assert fnnet.allclose(g.detach().cpu().to(e.dtype), e.detach().cpu(), rtol=rtol, atol=rtol, equal_nan=True)


def found(home: Any, suffix: str = "") -> dict[str, tuple[conformance.Case, Callable[..., Any]]]:
    """Cases whose op has a callable of its name in `home` that takes a sample of it."""
    by_name = {}
    for case in conformance.cases():
        f = getattr(home, case.op.name + suffix, None)
        if callable(f) and case.op.name not in OTHER_ARGUMENTS and next(samples(case, CPU, f), None) is not None:
            by_name[case.name] = (case, f)
    return by_name


def on_devices(table: dict[str, Any]) -> dict[str, Any]:
    """Cases on NumPy and on the fake device."""
    on = {f"{i} on NumPy": (case, f, CPU) for i, (case, f) in table.items()}
    on.update({f"{i} on fake": (case, f, FAKE) for i, (case, f) in table.items() if case.dtype not in FAKE_LACKS})
    return on


METHODS, FUNCTIONS = found(Tensor), found(F)
IN_PLACE = {i: x for i, x in found(Tensor, "_").items() if i not in NOT_IN_PLACE}


@pytest.mark.parametrize(("case", "f", "device"), on_devices(METHODS).values(), ids=on_devices(METHODS))
def test_the_method_computes_the_op(case: conformance.Case, f: Callable[..., Any], device: Device) -> None:
    for sample, (args, options) in samples(case, device, f):
        close(f(*args, **options), apply(case.op, *sample.inputs, **sample.static))


@pytest.mark.parametrize(("case", "f"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_the_function_computes_the_op(case: conformance.Case, f: Callable[..., Any]) -> None:
    for sample, (args, options) in samples(case, CPU, f):
        close(f(*args, **options), apply(case.op, *sample.inputs, **sample.static))


@pytest.mark.parametrize(("case", "f", "device"), on_devices(IN_PLACE).values(), ids=on_devices(IN_PLACE))
def test_the_in_place_variant_writes_the_op_s_result(
    case: conformance.Case, f: Callable[..., Any], device: Device
) -> None:
    for sample, (args, options) in samples(case, device, f):
        expected = apply(case.op, *sample.inputs, **sample.static)
        target = sample.inputs[0].detach().clone()
        if expected.shape != target.shape:
            before = target.clone()
            with pytest.raises(RuntimeError, match=r"must match|doesn't match"):
                f(target, *args[1:], **options)
            assert fnnet.equal(target, before)
            continue
        version = target._version
        memory = target.data_ptr() if device is CPU else None
        assert f(target, *args[1:], **options) is target
        assert target.dtype is sample.inputs[0].dtype
        assert memory is None or target.data_ptr() == memory
        assert target._version > version
        close(target, expected.to(target.dtype))


def test_the_suite_is_not_empty() -> None:
    methods, in_place, functions = ({case.op.name for case, _ in t.values()} for t in (METHODS, IN_PLACE, FUNCTIONS))
    assert len(methods) >= 115
    assert len(in_place) >= 75
    assert len(functions) >= 20
    assert {"sum", "amax", "var", "softmax", "permute", "flip", "roll", "reshape", "expand"} <= methods
    assert {"add", "mul", "exp", "sigmoid", "pow", "cumsum", "tril", "masked_fill"} <= in_place
    assert {"gelu", "softplus", "mse_loss", "linear"} <= functions
    assert {case.dtype for case, _ in METHODS.values()} >= {case.dtype for case in conformance.cases()}


# Of methods that are no single op, or whose op has other arguments: the shape of the tensor, and what else is given.
OTHERS: dict[str, tuple[tuple[int, ...], Callable[[Callable[..., Tensor]], tuple[Any, ...]]]] = {
    "addbmm": ((2, 2), lambda make: (make(3, 2, 4), make(3, 4, 2))),
    "addmm": ((2, 2), lambda make: (make(2, 3), make(3, 2))),
    "addmv": ((2,), lambda make: (make(2, 3), make(3))),
    "addr": ((2, 3), lambda make: (make(2), make(3))),
    "arccos": ((3,), lambda make: ()),
    "arcsinh": ((3,), lambda make: ()),
    "arctan2": ((3,), lambda make: (make(3),)),
    "baddbmm": ((3, 2, 2), lambda make: (make(3, 2, 4), make(3, 4, 2))),
    "clamp_max": ((3,), lambda make: (make(3),)),
    "clamp_min": ((3,), lambda make: (2,)),
    "divide": ((3,), lambda make: (make(3),)),
    "fix": ((3,), lambda make: ()),
    "greater": ((3,), lambda make: (make(3),)),
    "index_add": ((3, 2), lambda make: (0, fnnet.tensor([2, 0, 2]), make(3, 2))),
    "index_copy": ((3, 2), lambda make: (0, fnnet.tensor([2, 0]), make(2, 2))),
    "index_fill": ((3, 2), lambda make: (1, fnnet.tensor([1]), 3)),
    "index_put": ((3, 2), lambda make: ((fnnet.tensor([2, 0]),), make(2))),
    "ldexp": ((3,), lambda make: (fnnet.tensor([1, 0, 2]),)),
    "masked_scatter": ((3,), lambda make: (fnnet.tensor([True, False, True]), make(2))),
    "multiply": ((3,), lambda make: (make(3),)),
    "negative": ((3,), lambda make: ()),
    "not_equal": ((3,), lambda make: (make(3),)),
    "put": ((3, 2), lambda make: (fnnet.tensor([5, 0]), make(2))),
    "scatter": ((3, 2), lambda make: (0, fnnet.tensor([[2, 0]]), make(1, 2))),
    "scatter_add": ((3, 2), lambda make: (0, fnnet.tensor([[2, 0], [2, 1]]), make(2, 2))),
    "scatter_reduce": ((3, 2), lambda make: (0, fnnet.tensor([[2, 0], [2, 1]]), make(2, 2), "amax")),
    "squeeze": ((1, 3), lambda make: ()),
    "subtract": ((3,), lambda make: (make(3),)),
    "t": ((2, 3), lambda make: ()),
    "transpose": ((2, 3), lambda make: (0, 1)),
    "unsqueeze": ((3,), lambda make: (1,)),
}


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("name", OTHERS)
def test_in_place_does_as_out_of_place(name: str, dtype: fnnet.dtype) -> None:
    shape, others = OTHERS[name]
    make = Maker(dtype, CPU)
    x, args = make(*shape).detach(), others(lambda *size: make(*size).detach())
    target = x.clone()
    try:
        expected = getattr(x, name)(*args)
    except fnnet.FnnetError:
        expected = None
    if expected is None or expected.dtype.category > dtype.category:
        with pytest.raises(fnnet.FnnetError):
            getattr(target, name + "_")(*args)
        expected = x
    else:
        assert getattr(target, name + "_")(*args) is target
    assert target.dtype is dtype
    close(target, expected.to(dtype))

"""Error samples: what bad calls raise, what the messages say, and that nothing is changed by them.

Each sample runs as a function, as a method and in place where these exist; and once more with leaves that require
gradients and hold one. The tables are in `error_samples`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import fnnet
import fnnet.nn.functional as F
from fnnet import FnnetError, Tensor
from tests.functional.error_samples import (
    activation,
    arithmetic,
    attention,
    comparison,
    creation,
    elementwise,
    indexing,
    layers,
    linear,
    loss,
    modules,
    recurrent,
    reduction,
    resampling,
    shape,
    spatial,
)
from tests.functional.error_samples.table import Bad, names_it

# What PyTorch warns of before it refuses the rest.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*Using a target size:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*reduction. 'mean' divides:UserWarning"),
    pytest.mark.filterwarnings("ignore:.nn.functional.upsample.* is deprecated:UserWarning"),
    pytest.mark.filterwarnings("ignore:Default grid_sample and affine_grid behavior:UserWarning"),
]

FAMILIES = (
    activation, arithmetic, attention, comparison, creation, elementwise, indexing, layers, linear, loss, recurrent,
    reduction, resampling, shape, spatial,
)  # fmt: skip
SAMPLES = [sample for family in FAMILIES for sample in family.SAMPLES]
OPTIONS = modules.SAMPLES

# Functions that refuse nothing, or only what is no tensor: see `test_what_is_no_tensor`.
REFUSE_NOTHING_ELSE = frozenset(("get_rng_state", "initial_seed", "is_tensor", "seed"))


def named(samples: list[Bad]) -> dict[str, Bad]:
    """Samples by a name that says which of its function's samples it is."""
    count: dict[str, int] = {}
    found = {}
    for sample in samples:
        count[sample.function] = count.get(sample.function, -1) + 1
        found[f"{sample.function}-{count[sample.function]}"] = sample
    return found


def tensors(*values: Any) -> Iterator[Tensor]:
    """All tensors in arguments."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from tensors(*value)


def state(t: Tensor) -> tuple[Any, ...]:
    """All that a failed call must leave as it was."""
    return t.tolist(), t._version, t.shape, t.stride(), t.dtype, t.requires_grad, t.is_leaf, t.data_ptr(), t.grad


def refused(call: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> FnnetError:
    """The error that a call raises, after checking that its tensors are what they were."""
    given = list(tensors(*args, *options.values()))
    before = [state(t) for t in given]
    with pytest.raises(FnnetError) as caught:
        call(*args, **options)
    for t, old in zip(given, before, strict=True):
        new = state(t)
        assert new[:-1] == old[:-1]
        assert new[-1] is old[-1]
    return caught.value


def check(sample: Bad, call: Callable[..., Any]) -> None:
    error = refused(call, sample.args, sample.options)
    assert isinstance(error, sample.error)
    assert sample.phrase in str(error)
    assert names_it(sample.callable(), sample.name, str(error)), f"{sample.function} is not named: {error}"


# Methods that take other arguments than the function of their name; in-place methods of another meaning.
OTHER_ARGUMENTS = frozenset(("bernoulli_", "normal_", "permute", "where"))


def method(sample: Bad, name: str) -> Any:
    """A method of Tensor that takes the sample's arguments, or None."""
    found = getattr(Tensor, name, None)
    if found is None or name in OTHER_ARGUMENTS or sample.function.startswith("Tensor."):
        return None
    if not sample.args or not isinstance(sample.args[0], Tensor):
        return None
    try:
        inspect.signature(found).bind(*sample.args, **sample.options)
    except TypeError:
        return None
    return found


FUNCTIONS = named(SAMPLES)
METHODS = {i: s for i, s in FUNCTIONS.items() if method(s, s.name) is not None}
IN_PLACE = {i: s for i, s in FUNCTIONS.items() if method(s, s.name + "_") is not None and "out" not in s.options}


@pytest.mark.parametrize("sample", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_function_refuses(sample: Bad) -> None:
    check(sample, sample.callable())


@pytest.mark.parametrize("sample", METHODS.values(), ids=METHODS)
def test_a_method_refuses(sample: Bad) -> None:
    check(sample, method(sample, sample.name))


@pytest.mark.parametrize("sample", IN_PLACE.values(), ids=IN_PLACE)
def test_the_in_place_form_leaves_its_target_alone(sample: Bad) -> None:
    error = refused(method(sample, sample.name + "_"), sample.args, sample.options)
    # A target that can't hold the result is refused first, with a RuntimeError.
    assert isinstance(error, sample.error) or "can't be cast to the desired output type" in str(error)
    assert names_it(sample.callable(), sample.name, str(error)), f"{sample.function}_ is not named: {error}"


@pytest.mark.parametrize("sample", FUNCTIONS.values(), ids=FUNCTIONS)
def test_leaves_keep_their_gradients(sample: Bad) -> None:
    given = [t for t in tensors(*sample.args, *sample.options.values()) if t.dtype.is_floating_point]
    for t in given:
        t.requires_grad_().grad = fnnet.ones_like(t)
    try:
        refused(sample.callable(), sample.args, sample.options)
    finally:
        for t in given:
            t.grad = None
            t.requires_grad_(False)


@pytest.mark.parametrize("sample", named(OPTIONS).values(), ids=named(OPTIONS))
def test_a_module_refuses_its_options(sample: Bad) -> None:
    check(sample, sample.callable())


# completeness --------------------------------------------------------------------------------------------------------
def public() -> dict[str, Callable[..., Any]]:
    """Every function of fnnet.functional's families that users call, once."""
    found: dict[Any, str] = {}
    for prefix, home, names in (("", fnnet, fnnet.__all__), ("F.", F, F.__all__)):
        for name in names:
            f = getattr(home, name)
            if inspect.isfunction(f) and f.__module__.startswith("fnnet.functional"):
                found.setdefault(f, prefix + name)
    return {name: f for f, name in found.items()}


PUBLIC = public()


def test_every_function_has_error_samples() -> None:
    sampled = {sample.callable() for sample in SAMPLES}
    assert {name for name, f in PUBLIC.items() if f not in sampled} == REFUSE_NOTHING_ELSE


POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD


def tensor_parameters() -> dict[str, tuple[Callable[..., Any], inspect.Parameter]]:
    """The first parameter of each function, where it is a tensor."""
    found = {}
    for name, f in PUBLIC.items():
        parameter = next(iter(inspect.signature(f).parameters.values()), None)
        if parameter is not None and str(parameter.annotation) == "Tensor" and parameter.kind is POSITIONAL:
            found[name] = (f, parameter)
    return found


# Arguments that follow the one that is no tensor: right enough to get to it.
FILLERS: dict[str, Any] = {"int": 1, "float": 0.5, "bool": True, "str": "sum", "Number": 1, "float | str": 2.0}


@pytest.mark.parametrize("value", ["text", None], ids=["text", "None"])
@pytest.mark.parametrize(("f", "parameter"), tensor_parameters().values(), ids=tensor_parameters())
def test_what_is_no_tensor(f: Callable[..., Any], parameter: inspect.Parameter, value: Any) -> None:
    others = [
        p for p in list(inspect.signature(f).parameters.values())[1:] if p.default is p.empty and p.kind is POSITIONAL
    ]
    fillers = [
        FILLERS.get(str(p.annotation), fnnet.ones(2, 2) if "Tensor" in str(p.annotation) else (1,)) for p in others
    ]
    with pytest.raises(FnnetError) as caught:
        f(value, *fillers)
    assert isinstance(caught.value, TypeError)
    assert f"must be Tensor, not {type(value).__name__}" in str(caught.value)
    assert "argument '" in str(caught.value)
    assert names_it(f, f.__name__, str(caught.value)), str(caught.value)

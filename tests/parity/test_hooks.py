"""Hooks of modules against PyTorch's: scenarios run on both sides, and what they saw compared."""

from __future__ import annotations

import collections
import copy
import io
import pickle
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
import torch

import fnnet


class Pair(NamedTuple):
    """A result that is a tuple of a class of its own."""

    first: Any
    second: Any


def plain(value: Any) -> Any:
    """What can be compared: tensors as lists, modules by their class."""
    if isinstance(value, torch.Tensor | fnnet.Tensor):
        return "tensor", tuple(value.shape), value.detach().tolist()
    if isinstance(value, torch.nn.Module | fnnet.nn.Module):
        return type(value).__name__
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return type(value).__name__.lstrip("_"), [plain(v) for v in value]
    return value


class Log:
    """One side's library, and what happened in it."""

    def __init__(self, lib: Any) -> None:
        self.lib, self.nn = lib, lib.nn
        self.everywhere = lib.nn.modules.module
        self.seen: list[Any] = []
        self.handles: list[Any] = []

    def __call__(self, *values: Any) -> None:
        """Note what was seen; as a hook it returns None."""
        self.seen.append(tuple(plain(v) for v in values))

    def hook(self, name: str, returns: Callable[..., Any] | None = None) -> Callable[..., Any]:
        def run(*given: Any) -> Any:
            self(name, *given)
            return None if returns is None else returns(*given)

        return run

    def keep(self, handle: Any) -> Any:
        """A handle of a hook for all modules, removed at the end."""
        self.handles.append(handle)
        return handle

    def attempt(self, function: Callable[[], Any]) -> Any:
        """Call it; note its warnings, and the error if it raises."""
        result = None
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            try:
                result = function()
            except Exception as error:
                self.seen.append(error)
        self.seen += [(w.category, str(w.message)[:60]) for w in found]
        return result

    def leaf(self, *values: float) -> Any:
        return self.lib.tensor(list(values), requires_grad=True)

    def module(self, forward: Callable[..., Any], name: str = "Net") -> Any:
        return type(name, (self.nn.Module,), {"forward": lambda self, *a, **k: forward(*a, **k)})()


SCENARIOS: dict[str, Callable[[Log], None]] = {}


def scenario(function: Callable[[Log], None]) -> Callable[[Log], None]:
    SCENARIOS[function.__name__] = function
    return function


# forward --------------------------------------------------------------------------------------------------------------
@scenario
def order(log: Log) -> None:
    m = log.module(lambda x: x * 2)
    for i in range(2):
        m.register_forward_hook(log.hook(f"after {i}"))
        m.register_forward_hook(log.hook(f"after, first {i}"), prepend=True)
        m.register_forward_pre_hook(log.hook(f"before {i}"))
        m.register_forward_pre_hook(log.hook(f"before, first {i}"), prepend=True)
        log.keep(log.everywhere.register_module_forward_hook(log.hook(f"all after {i}")))
        log.keep(log.everywhere.register_module_forward_pre_hook(log.hook(f"all before {i}")))
    log(m(log.leaf(1.0)))


@scenario
def results_replaced(log: Log) -> None:
    m = log.module(lambda x, *more, plus=0: x * 2 + plus)
    m.register_forward_pre_hook(log.hook("one", lambda m, a: a[0] + 1))
    m.register_forward_pre_hook(log.hook("list", lambda m, a: (a[0], [1])))
    m.register_forward_pre_hook(log.hook("kw", lambda m, a, k: (a, {"plus": 10})), with_kwargs=True)
    m.register_forward_hook(log.hook("after", lambda m, a, out: out * 3))
    m.register_forward_hook(log.hook("after, kw", lambda m, a, k, out: [out, k]), with_kwargs=True)
    log(m(log.leaf(1.0), plus=5))


@scenario
def wrong_pre_hook(log: Log) -> None:
    for wrong in (5, (1,), (1, 2, 3), [(), {}]):
        m = log.module(lambda x: x)
        m.register_forward_pre_hook(lambda m, a, k, wrong=wrong: wrong, with_kwargs=True)
        log.attempt(lambda m=m: m(1))


@scenario
def removed_while_running(log: Log) -> None:
    m = log.module(lambda x: x)
    handles: list[Any] = []

    def once(*given: Any) -> None:
        log("once", *given)
        for handle in handles:
            handle.remove()

    handles += [m.register_forward_pre_hook(once), m.register_forward_hook(once), m.register_forward_hook(once)]
    handles.append(m.register_forward_pre_hook(log.hook("second")))
    log(m(1), m(2))
    for handle in handles:
        handle.remove()


@scenario
def added_while_running(log: Log) -> None:
    m = log.module(lambda x: x)

    def add(*given: Any) -> None:
        log("add")
        m.register_forward_pre_hook(log.hook("new before"))
        m.register_forward_hook(log.hook("new after"))
        m.register_full_backward_hook(log.hook("new backward"))

    m.register_forward_pre_hook(add)
    m(log.leaf(1.0)).sum().backward()
    m.register_forward_hook(lambda *given: m.register_forward_hook(log.hook("later")) and None)
    m(log.leaf(2.0))


@scenario
def handles(log: Log) -> None:
    m = log.module(lambda x: x)
    with m.register_forward_hook(log.hook("inside")) as handle:
        m(1)
    m(2)
    handle.remove()
    first, second = m.register_forward_hook(log.hook("a")), m.register_forward_hook(log.hook("b"))
    first.remove()
    m(3)
    second.remove()
    log(len(m._forward_hooks))


@scenario
def copies(log: Log) -> None:
    m = log.module(lambda x: x)
    m.handle = m.register_forward_hook(log.hook("after"))
    m.register_forward_pre_hook(log.hook("before"), with_kwargs=True)
    m.register_full_backward_hook(log.hook("backward"))
    other = copy.deepcopy(m)
    shallow = copy.copy(m)
    m.handle.remove()
    for one in (m, other, shallow):
        log("call")
        one(log.leaf(1.0)).sum().backward()
    other.handle.remove()
    log(len(m._forward_hooks), len(other._forward_hooks))


def doubled(module: Any, args: Any) -> Any:
    """A hook that pickle finds by its name."""
    return (args[0] * 2,)


def emptied(module: Any, state: Any, prefix: Any, *rest: Any) -> None:
    state.pop(prefix + "weight")


@scenario
def pickled(log: Log) -> None:
    m = log.nn.Linear(1, 1, bias=False)
    log.lib.nn.init.ones_(m.weight)
    m.register_forward_pre_hook(doubled)
    m.register_load_state_dict_pre_hook(emptied)
    other = pickle.loads(pickle.dumps(m))
    log(other(log.leaf(3.0)))
    log(other.load_state_dict({"weight": other.weight}, strict=False))


@scenario
def saved_whole(log: Log) -> None:
    m = log.nn.Linear(1, 1, bias=False)
    log.lib.nn.init.ones_(m.weight)
    file = io.BytesIO()
    log.lib.save(m.state_dict(), file)
    file.seek(0)
    log(log.lib.load(file))


@scenario
def always_called(log: Log) -> None:
    def fail(x: Any) -> Any:
        raise ZeroDivisionError("on purpose")

    m = log.module(fail)
    m.register_forward_hook(log.hook("never"))
    m.register_forward_hook(log.hook("always", lambda *a: 7), always_call=True)
    m.register_forward_hook(log.hook("with kwargs"), always_call=True, with_kwargs=True)
    m.register_forward_hook(lambda *a: 1 // 0, always_call=True)
    m.register_forward_hook(log.hook("first"), always_call=True, prepend=True)
    m.register_forward_pre_hook(log.hook("before", lambda m, a: (a[0] + 1,)))
    log.keep(log.everywhere.register_module_forward_hook(log.hook("all"), always_call=True))
    log.keep(log.everywhere.register_module_forward_hook(lambda *a: 1 // 0, always_call=True))
    log.attempt(lambda: m(1))


@scenario
def always_called_after_a_hook(log: Log) -> None:
    m = log.module(lambda x: x)

    def fail(*given: Any) -> None:
        log("fails")
        raise KeyError("hook")

    m.register_forward_hook(log.hook("before it", lambda m, a, out: out + 1), always_call=True)
    m.register_forward_hook(fail, always_call=True)
    m.register_forward_hook(log.hook("behind it"), always_call=True)
    log.attempt(lambda: m(1))


@scenario
def always_called_after_a_pre_hook(log: Log) -> None:
    m = log.module(lambda x: x)
    m.register_forward_pre_hook(lambda m, a: (5,))
    m.register_forward_pre_hook(lambda m, a: 1 // 0)
    m.register_forward_hook(log.hook("always"), always_call=True)
    log.attempt(lambda: m(1))
    with log.lib.no_grad():
        log.attempt(lambda: m(1))


@scenario
def always_called_and_interrupted(log: Log) -> None:
    def interrupted(x: Any) -> Any:
        raise KeyboardInterrupt

    m = log.module(interrupted)
    m.register_forward_hook(log.hook("always"), always_call=True)
    try:
        m(1)
    except KeyboardInterrupt:
        log("interrupted")


# backward -------------------------------------------------------------------------------------------------------------
@scenario
def backward_order(log: Log) -> None:
    m = log.module(lambda x: x * 2)
    for i in range(2):
        m.register_full_backward_hook(log.hook(f"after {i}"))
        m.register_full_backward_hook(log.hook(f"after, first {i}"), prepend=True)
        m.register_full_backward_pre_hook(log.hook(f"before {i}"))
        m.register_full_backward_pre_hook(log.hook(f"before, first {i}"), prepend=True)
        log.keep(log.everywhere.register_module_full_backward_hook(log.hook(f"all after {i}")))
        log.keep(log.everywhere.register_module_full_backward_pre_hook(log.hook(f"all before {i}")))
    x = log.leaf(1.0)
    (m(x) * 3).sum().backward()
    log(x.grad)


@scenario
def backward_replaced(log: Log) -> None:
    m = log.module(lambda x, y: (x * 2, x * y))
    m.register_full_backward_pre_hook(log.hook("pre", lambda m, go: (go[0] * 10, go[1])))
    m.register_full_backward_pre_hook(log.hook("pre, list", lambda m, go: [go[0], go[1] * 100]))
    m.register_full_backward_hook(log.hook("after", lambda m, gi, go: (gi[0] + 1, gi[1] + 2)))
    m.register_full_backward_hook(log.hook("after, list", lambda m, gi, go: [gi[0] + 1, gi[1] + 2]))
    x, y = log.leaf(3.0), log.leaf(4.0)
    a, b = m(x, y)
    (a + b).sum().backward()
    log(x.grad, y.grad)


@scenario
def nested_modules(log: Log) -> None:
    net = log.nn.Sequential(log.module(lambda x: x * 2, "A"), log.module(lambda x: x * 3, "B"))
    for m in (net, *net):
        m.register_full_backward_pre_hook(log.hook("pre"))
        m.register_full_backward_hook(log.hook("after"))
        m.register_forward_hook(log.hook("forward"))
    net(log.leaf(1.0)).sum().backward()


@scenario
def inputs_without_gradient(log: Log) -> None:
    m = log.nn.Linear(1, 1)
    log.lib.nn.init.ones_(m.weight)
    log.lib.nn.init.ones_(m.bias)
    m.register_full_backward_hook(log.hook("after"))
    m.register_full_backward_pre_hook(log.hook("pre"))
    out = m(log.lib.ones(1, 1))
    log.attempt(lambda: out.sum().backward())
    m.register_full_backward_hook(lambda m, gi, go: (None,))
    out = m(log.lib.ones(1, 1))
    log.attempt(lambda: out.sum().backward())
    m.register_full_backward_hook(lambda m, gi, go: (go[0],))
    out = m(log.lib.ones(1, 1))
    log.attempt(lambda: out.sum().backward())


@scenario
def mixed_inputs(log: Log) -> None:
    m = log.module(lambda x, i, y, word, z=None: x[i] * y)
    m.register_full_backward_hook(log.hook("after"))
    x, z = log.leaf(1.0, 2.0, 3.0), log.leaf(1.0)
    m(x, log.lib.tensor([1]), log.lib.tensor([4.0]), "word", z=z).sum().backward()
    log(x.grad, z.grad)


@scenario
def no_tensor_given(log: Log) -> None:
    p = log.leaf(2.0)
    m = log.module(lambda word: p * 2)
    m.register_full_backward_hook(log.hook("after"))
    out = m("word")
    log.attempt(lambda: out.sum().backward())
    m = log.module(lambda: p * 2)
    m.register_full_backward_hook(log.hook("after"))
    out = m()
    log.attempt(lambda: out.sum().backward())
    m = log.module(lambda x: 5)
    m.register_full_backward_hook(log.hook("after"))
    log(log.attempt(lambda: m(p)))


@scenario
def kinds_of_results(log: Log) -> None:
    x = log.leaf(2.0)
    for result in (
        lambda x: Pair(x * 2, x * 3),
        lambda x: (x * 2, "word", None),
        lambda x: [x * 2],
        lambda x: {"a": x * 2},
        lambda x: (x * 2, x.detach()),
        lambda x: (x * 2, (x * 3,)),
        lambda x: x.detach(),
        lambda x: (),
        lambda x: None,
    ):
        m = log.module(result)
        m.register_full_backward_hook(log.hook("after"))
        m.register_full_backward_pre_hook(log.hook("pre"))
        out = log.attempt(lambda m=m: m(x))
        log(type(out).__name__, out)
        while isinstance(out, tuple | list | dict) and out:
            out = next(iter(out.values() if isinstance(out, dict) else out))
        if isinstance(out, torch.Tensor | fnnet.Tensor) and out.requires_grad:
            log.attempt(lambda out=out: out.sum().backward())
        with log.lib.no_grad():
            log.attempt(lambda m=m: m(x))


@scenario
def unused_results(log: Log) -> None:
    m = log.module(lambda x, y: (x * 2, y * 3))
    m.register_full_backward_hook(log.hook("after"))
    m.register_full_backward_pre_hook(log.hook("pre"))
    x, y = log.leaf(1.0), log.leaf(2.0)
    m(x, y)[0].sum().backward()
    log(x.grad, y.grad)


@scenario
def wrong_counts(log: Log) -> None:
    x = log.leaf(1.0, 2.0)
    for wrong in ((1, 2), (), (None, None)):
        m = log.module(lambda x: x * 2)
        m.register_full_backward_hook(lambda m, gi, go, wrong=wrong: wrong)
        log.attempt(lambda m=m: m(x).sum().backward())
        m = log.module(lambda x: x * 2)
        m.register_full_backward_pre_hook(lambda m, go, wrong=wrong: wrong)
        log.attempt(lambda m=m: m(x).sum().backward())


@scenario
def none_for_a_gradient(log: Log) -> None:
    m = log.module(lambda x, y: x * y)
    m.register_full_backward_hook(lambda m, gi, go: (None, gi[1]))
    x, y = log.leaf(2.0), log.leaf(3.0)
    m(x * 1, y).sum().backward()
    log(x.grad, y.grad)


@scenario
def written_results(log: Log) -> None:
    m = log.module(lambda x: x * 2)
    m.register_full_backward_hook(log.hook("after"))
    out = m(log.leaf(1.0))
    log.attempt(lambda: out.add_(1))
    m = log.module(lambda x: x.mul_(2))
    m.register_full_backward_hook(log.hook("after"))
    x = log.leaf(1.0)
    log.attempt(lambda: m(x * 1).sum().backward())
    with log.lib.no_grad():
        log(m(log.lib.ones(1)).add_(1))


@scenario
def hooks_that_raise(log: Log) -> None:
    m = log.module(lambda x: x * 2)

    def fail(*given: Any) -> None:
        raise KeyError("hook")

    handle = m.register_full_backward_hook(fail)
    x = log.leaf(1.0)
    log.attempt(lambda: m(x).sum().backward())
    log(x.grad)
    handle.remove()
    m.register_full_backward_pre_hook(fail)
    log.attempt(lambda: m(x).sum().backward())
    log(x.grad)


@scenario
def backward_twice(log: Log) -> None:
    m = log.module(lambda x: x**3)
    m.register_full_backward_hook(log.hook("after"))
    m.register_full_backward_pre_hook(log.hook("pre"))
    x = log.leaf(2.0)
    out = m(x)
    out.sum().backward(retain_graph=True)
    out.sum().backward()
    log(x.grad)
    (g,) = log.lib.autograd.grad(m(x).sum(), x, create_graph=True)
    (gg,) = log.lib.autograd.grad(g.sum(), x)
    log(g, gg)


@scenario
def called_twice(log: Log) -> None:
    m = log.module(lambda x: x * 2)
    m.register_full_backward_hook(log.hook("after"))
    x = log.leaf(2.0)
    (m(x) + 10 * m(m(x))).sum().backward()
    log(x.grad)


@scenario
def removed_before_backward(log: Log) -> None:
    m = log.module(lambda x: x * 2)
    handle = m.register_full_backward_hook(log.hook("after"))
    out = m(log.leaf(1.0))
    handle.remove()
    out.sum().backward()
    m(log.leaf(1.0)).sum().backward()


@scenario
def gradient_of_the_weight_alone(log: Log) -> None:
    m = log.nn.Linear(1, 1, bias=False)
    log.lib.nn.init.ones_(m.weight)
    m.register_full_backward_hook(log.hook("after"))
    m.register_full_backward_pre_hook(log.hook("pre", lambda m, go: (go[0] * 5,)))
    x = log.leaf(2.0)
    log(log.lib.autograd.grad(m(x).sum(), m.weight))


@scenario
def frozen(log: Log) -> None:
    m = log.module(lambda x: x * 2)
    m.register_full_backward_hook(log.hook("after"))
    out = m(log.lib.ones(1))
    log(out.requires_grad)
    with log.lib.no_grad():
        log(m(log.leaf(1.0)).requires_grad)


@scenario
def both_kinds(log: Log) -> None:
    m = log.module(lambda x: x)
    m.register_full_backward_hook(log.hook("full"))
    log.attempt(lambda: m.register_backward_hook(log.hook("old")))
    m = log.module(lambda x: x)
    m.register_backward_hook(log.hook("old"))
    log.attempt(lambda: m.register_full_backward_hook(log.hook("full")))
    log.keep(log.everywhere.register_module_full_backward_hook(log.hook("all")))
    log.attempt(lambda: log.everywhere.register_module_backward_hook(log.hook("old")))


@scenario
def old_backward_hooks(log: Log) -> None:
    x, y = log.leaf(2.0), log.leaf(3.0)
    for forward in (
        lambda x, y: x * y,
        lambda x, y: (x * y) * 2,
        lambda x, y: (x * y, x + y),
        lambda x, y: [x * y],
        lambda x, y: {"a": x * y},
        lambda x, y: ([x * y],),
        lambda x, y: (x * y).detach(),
    ):
        m = log.module(forward)
        m.register_backward_hook(log.hook("old"))
        for given in ((x, y), (x * 1, y * 1)):
            out = log.attempt(lambda m=m, given=given: m(*given))
            while isinstance(out, tuple | list | dict):
                out = next(iter(out.values() if isinstance(out, dict) else out))
            if out is not None and out.requires_grad:
                log.attempt(lambda out=out: out.sum().backward())
    m = log.module(lambda x, word: x * 2)
    m.register_backward_hook(log.hook("old", lambda m, gi, go: (gi[0] * 5, *gi[1:])))
    x.grad = None
    out = log.attempt(lambda: m(x * 1, "word"))
    out.sum().backward()
    log(x.grad)


# state ----------------------------------------------------------------------------------------------------------------
def linear(log: Log) -> Any:
    net = log.nn.Sequential(log.nn.Linear(1, 1), log.nn.BatchNorm1d(1))
    for p in net.parameters():
        log.lib.nn.init.ones_(p)
    return net


@scenario
def state_hooks(log: Log) -> None:
    net = linear(log)
    for name, m in net.named_modules():
        m.register_state_dict_pre_hook(log.hook(f"pre {name}"))
        m.register_state_dict_post_hook(log.hook(f"post {name}"))
        m._register_state_dict_hook(log.hook(f"private {name}"))
    log(net.state_dict(prefix="net.", keep_vars=True))
    log(dict(net.state_dict()._metadata))


@scenario
def state_hooks_that_return(log: Log) -> None:
    net = linear(log)
    net._register_state_dict_hook(lambda m, state, prefix, meta: {"instead": 1})
    log(net.state_dict())
    net.register_state_dict_post_hook(lambda *a: 5)
    log.attempt(net.state_dict)

    def hook(*given: Any) -> None: ...

    net = linear(log)
    net.register_state_dict_post_hook(hook)
    log.attempt(lambda: net._register_state_dict_hook(hook))
    net[0].register_state_dict_post_hook(lambda m, state, prefix, meta: state.pop(prefix + "bias") and None)
    log(list(net.state_dict()))


@scenario
def load_hooks(log: Log) -> None:
    net = linear(log)
    state = net.state_dict()
    for name, m in net.named_modules():
        m.register_load_state_dict_pre_hook(log.hook(f"pre {name}"))
        m._register_load_state_dict_pre_hook(log.hook(f"private {name}"))
        m._register_load_state_dict_pre_hook(log.hook(f"private with module {name}"), with_module=True)
        m.register_load_state_dict_post_hook(log.hook(f"post {name}"))
    log(net.load_state_dict(state))
    log(net.load_state_dict({}, strict=False))
    log(net.load_state_dict({**state, "more": 1, "0.more": 2, "2.x": 3}, strict=False))


@scenario
def load_hooks_that_change(log: Log) -> None:
    net = linear(log)

    def rename(m: Any, state: Any, prefix: str, *rest: Any) -> None:
        state[prefix + "weight"] = state.pop(prefix + "old") * 2

    net[0].register_load_state_dict_pre_hook(rename)
    state = {**net.state_dict()}
    state["0.old"] = state.pop("0.weight")
    log(net.load_state_dict(state))
    log(net.state_dict(), sorted(state))
    net.register_load_state_dict_post_hook(lambda m, found: found.missing_keys.append("made up"))
    log.attempt(lambda: net.load_state_dict(state))
    net.register_load_state_dict_post_hook(lambda m, found: found.missing_keys.clear())
    log(net.load_state_dict(state))
    net[0].register_load_state_dict_pre_hook(lambda *given: given[-1].append("an error of mine"))
    log.attempt(lambda: net.load_state_dict(state, strict=False))
    net = linear(log)
    net.register_load_state_dict_post_hook(lambda *a: 5)
    log.attempt(lambda: net.load_state_dict(net.state_dict()))


@scenario
def load_hooks_of_copies(log: Log) -> None:
    net = linear(log)
    net[0].register_load_state_dict_pre_hook(lambda m, *rest: log(m is net[0]))
    other = copy.deepcopy(net)
    net.load_state_dict(net.state_dict())
    other.load_state_dict(net.state_dict())


# registration ---------------------------------------------------------------------------------------------------------
@scenario
def registrations(log: Log) -> None:
    for kind in ("parameter", "buffer", "module"):
        register = getattr(log.everywhere, f"register_module_{kind}_registration_hook")
        log.keep(register(lambda m, name, what, kind=kind: log(kind, m, name, None if what is None else kind)))
    net = linear(log)
    net.extra = log.nn.Parameter(log.lib.zeros(1))
    net.extra = log.nn.Parameter(log.lib.ones(1))
    net.extra = None
    net.none = None
    net.register_parameter("p", None)
    net.register_buffer("b", None)
    net.b = log.lib.ones(1)
    net.c = log.nn.Buffer(log.lib.ones(1))
    net.add_module("m", None)
    net.m = log.nn.ReLU()
    net.n = log.nn.ReLU()
    log.nn.ModuleList([log.nn.ReLU()]).append(log.nn.Tanh())
    log.nn.ModuleDict({"a": log.nn.ReLU()})
    net.load_state_dict(net.state_dict(), assign=True)
    net.double()


@scenario
def registrations_replaced(log: Log) -> None:
    every = log.everywhere
    made = log.nn.Parameter(log.lib.full((1,), 7.0))
    log.keep(every.register_module_parameter_registration_hook(lambda m, name, p: made))
    log.keep(every.register_module_buffer_registration_hook(lambda m, name, b: log.lib.full((1,), 8.0)))
    log.keep(every.register_module_module_registration_hook(lambda m, name, c: log.nn.Identity()))
    net = log.nn.Sequential(log.nn.ReLU())
    net.p = log.nn.Parameter(log.lib.zeros(1))
    net.register_buffer("b", log.lib.zeros(1))
    log(net.p, net.b, net[0])


@scenario
def subclass_of_ordered_dict(log: Log) -> None:
    class Kept(collections.OrderedDict):  # type: ignore[type-arg]
        pass

    net, destination = linear(log), Kept()
    log(net.state_dict(destination=destination) is destination, list(destination))


def run(function: Callable[[Log], None], lib: Any) -> list[Any]:
    log = Log(lib)
    try:
        function(log)
    finally:
        for handle in log.handles:
            handle.remove()
        lib.nn.modules.module._global_is_full_backward_hook = None
    return log.seen


def differences(mine: list[Any], theirs: list[Any]) -> Iterator[str]:
    for at, (m, t) in enumerate(zip(mine, theirs, strict=False)):
        if isinstance(t, Exception):
            if not isinstance(m, type(t)):
                yield f"{at}: {m!r}, not {t!r}"
        elif m != t:
            yield f"{at}: {m}, not {t}"
    if len(mine) != len(theirs):
        yield f"{len(mine)} entries, not {len(theirs)}: {mine}, not {theirs}"


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str) -> None:
    mine, theirs = (run(SCENARIOS[name], lib) for lib in (fnnet, torch))
    found = list(differences(mine, theirs))
    assert not found, "\n" + "\n".join(found)

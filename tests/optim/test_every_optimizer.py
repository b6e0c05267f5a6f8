"""What holds for all optimizers of the package: the plugin kit, options that are refused, gradients through a step."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import fnnet
from fnnet import nn, optim
from fnnet._core.errors import FnnetError
from fnnet._core.op import OPS
from fnnet.backends.numpy_backend import BACKEND
from fnnet.backends.numpy_blocks import BLOCK
from fnnet.backends.numpy_composites import STEPS
from fnnet.plugins import manager
from fnnet.plugins.core import OPTIMIZERS
from fnnet.testing import fake_device
from fnnet.testing.plugin_kit import optimizers as kit

CLASSES = [optim.get(name) for name in OPTIMIZERS]
CHECKS = [(name, check) for name in OPTIMIZERS for check in kit.checks(manager().optimizers.get(name))]


@pytest.mark.parametrize(("name", "check"), CHECKS, ids=[f"{name}: {check.name}" for name, check in CHECKS])
def test_plugin_kit(name, check):
    check.run()


def test_every_class_has_a_name():
    assert {kind.__name__ for kind in CLASSES} == {n for n in optim.__all__ if n[0].isupper()} - {"Optimizer"}


BAD = [
    ("ASGD", {"weight_decay": -0.5}, "Invalid weight_decay value: -0.5"),
    ("Adadelta", {"rho": 1.1}, "Invalid rho value: 1.1"),
    ("Adadelta", {"eps": -1}, "Invalid epsilon value: -1"),
    ("Adafactor", {"eps": (-1e-30, 1e-3)}, "epsilon1 should be >= 0 but is: -1e-30"),
    ("Adafactor", {"eps": (None, -1e-3)}, "epsilon2 should be >= 0 but is: -0.001"),
    ("Adafactor", {"d": 0.0}, "Clipping threshold d should be >= 1 but is: 0.0"),
    ("Adafactor", {"beta2_decay": 0.8}, "beta2_decay should be <= 0 but is: 0.8"),
    ("Adafactor", {"weight_decay": -1}, "weight_decay should be >= 0 but is: -1"),
    ("Adafactor", {"lr": -1}, "Learning rate should be >= 0 but is: -1"),
    ("Adagrad", {"lr_decay": -0.5}, "Invalid lr_decay value: -0.5"),
    ("Adagrad", {"initial_accumulator_value": -1}, "Invalid initial_accumulator_value value: -1"),
    ("Adagrad", {"fused": True, "foreach": True}, "`fused` and `foreach` cannot be `True` together"),
    ("Adamax", {"betas": (0.0, 1.0)}, "Invalid beta parameter at index 1: 1.0"),
    ("Muon", {"momentum": -1}, "momentum should be >= 0 but is: -1"),
    ("Muon", {"weight_decay": -1}, "weight decay should be >= 0 but is: -1"),
    ("Muon", {"adjust_lr_fn": "arbitrary"}, "Adjust learning rate function arbitrary is not supported"),
    ("NAdam", {"momentum_decay": -0.2}, "Invalid momentum_decay value: -0.2"),
    ("RAdam", {"betas": (1.0, 0.0)}, "Invalid beta parameter at index 0: 1.0"),
    ("RMSprop", {"momentum": -1.0}, "Invalid momentum value: -1.0"),
    ("RMSprop", {"alpha": -1.0}, "Invalid alpha value: -1.0"),
    ("Rprop", {"etas": (1.0, 0.5)}, "Invalid eta values: 1.0, 0.5"),
]


@pytest.mark.parametrize(("name", "options", "phrase"), BAD, ids=str)
def test_bad_options(name, options, phrase):
    with pytest.raises(FnnetError, match=phrase) as error:
        getattr(optim, name)([nn.Parameter(fnnet.ones(2, 2))], **options)
    assert isinstance(error.value, ValueError)
    assert isinstance(error.value, RuntimeError)


@pytest.mark.parametrize("kind", CLASSES)
def test_a_negative_learning_rate(kind):
    with pytest.raises(ValueError, match=r"(Invalid learning rate:|Learning rate should be >= 0 but is:) -0.1"):
        kind([nn.Parameter(fnnet.ones(2, 2))], lr=-0.1)
    with pytest.raises(ValueError, match="Tensor lr must be 1-element"):
        kind([nn.Parameter(fnnet.ones(2, 2))], lr=fnnet.tensor([0.1, 0.1]))


def test_parameters_that_some_refuse():
    p = nn.Parameter(fnnet.ones(2, 2, dtype=fnnet.complex64))
    p.grad = fnnet.ones_like(p)
    for kind in (optim.Adafactor, optim.Muon):
        with pytest.raises(RuntimeError, match=f"{kind.__name__} does not support complex parameters"):
            kind([p]).step()
    with pytest.raises(ValueError, match="Muon only supports 2D parameters whereas we found a parameter with size"):
        optim.Muon([nn.Parameter(fnnet.ones(2))])
    p = nn.Parameter(fnnet.ones(2, 2))
    p.grad = fnnet.ones(2, 2)
    for options, phrase in (
        ({"ns_steps": 100}, "Number of steps must be less than 100"),
        ({"ns_coefficients": (1.0, 2.0)}, "Coefficients must be a tuple of exactly 3 values"),
    ):
        with pytest.raises(ValueError, match=phrase):
            optim.Muon([p], **options).step()
    assert p.tolist() == [[1.0, 1.0], [1.0, 1.0]]


FIRST_ORDER = [kind for kind in CLASSES if kind is not optim.LBFGS]


@pytest.mark.parametrize("kind", FIRST_ORDER)
def test_the_gradient_and_the_memory_stay(kind):
    p = nn.Parameter(fnnet.ones(2, 3))
    memory, address = p.data, p.data_ptr()
    p.grad = grad = fnnet.tensor([[1.0, 2.0, 3.0], [-1.0, 0.5, 0.0]])
    optimizer = kind([p], lr=0.1)
    for _ in range(3):
        optimizer.step()
    assert p.grad is grad
    assert grad.tolist() == [[1.0, 2.0, 3.0], [-1.0, 0.5, 0.0]]
    assert p.data_ptr() == address
    assert memory.tolist() == p.tolist() != [[1.0] * 3] * 2


@pytest.mark.parametrize("kind", FIRST_ORDER)
@pytest.mark.parametrize("dtype", [fnnet.float16, fnnet.bfloat16])
def test_half_precision(kind, dtype):
    """State as the parameter; counts and rates stay float32, after loading too. The steps are float32's, rounded."""
    ends = []
    for d in (dtype, fnnet.float32):
        p = nn.Parameter(fnnet.tensor([[1.0, -2.0], [0.5, 3.0]], dtype=d))
        optimizer = kind([p], lr=0.01)
        for factor in (1.0, -0.5, 0.25):
            p.grad = fnnet.tensor([[0.5, -1.0], [0.25, 2.0]], dtype=d) * factor
            optimizer.step()
            again = kind([p])
            again.load_state_dict(optimizer.state_dict())
            optimizer = again
        assert {v.dtype for k, v in optimizer.state[p].items() if k not in optimizer.counters} <= {d}
        assert {v.dtype for k, v in optimizer.state[p].items() if k in optimizer.counters} <= {fnnet.float32}
        ends.append(p.detach().float())
    assert (ends[0] - ends[1]).abs().max().item() < (0.01 if dtype is fnnet.float16 else 0.05)


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if kind.counters])
def test_counts_that_old_files_hold_as_numbers(kind):
    p = nn.Parameter(fnnet.ones(2, 2))
    p.grad = fnnet.ones(2, 2)
    optimizer = kind([p])
    optimizer.step()
    old = optimizer.state_dict()
    old["state"] = {0: {k: v.item() if k in kind.counters else v for k, v in old["state"][0].items()}}
    again = kind([p])
    again.load_state_dict(old)
    for name in kind.counters:
        assert (again.state[p][name].dtype, again.state[p][name].shape) == (fnnet.float32, ())
        assert again.state[p][name].item() == pytest.approx(optimizer.state[p][name].item())
    assert again.state[p]["step"].item() == 1.0


DIFFERENTIABLE = [kind for kind in CLASSES if "differentiable" in inspect.signature(kind).parameters]


@pytest.mark.parametrize("kind", DIFFERENTIABLE)
def test_differentiable_steps_by_numerical_differentiation(kind):
    def trained(start):
        p = start * 1
        options = {} if kind is optim.Rprop else {"weight_decay": 0.1}
        if kind is optim.SGD or kind is optim.RMSprop:
            options["momentum"] = 0.9
        optimizer = kind([p], lr=0.1, differentiable=True, **options)
        for factor in (1.0, 0.5):
            p.grad = start**2 * factor + 0.3
            optimizer.step()
        return p.sum()

    start = fnnet.tensor([0.7, -1.2], dtype=fnnet.float64, requires_grad=True)
    assert fnnet.autograd.gradcheck(trained, (start,))


@pytest.mark.parametrize("name", sorted(STEPS))
def test_long_parameters_are_written_block_by_block(name):
    """As if at once: the rules of the table are elementwise."""
    rng, op = np.random.default_rng(0), OPS[name]
    sample = next(iter(op.samples(lambda *shape, low=-1.0, high=1.0: rng.uniform(low, high, 2 * BLOCK + 5))))
    targets = [sample.inputs[0], *sample.inputs[2 : 1 + op.n_out]]
    expected = op.forward(BACKEND, *(np.copy(x) for x in sample.inputs), **sample.static)
    BACKEND.write_many(targets, op, sample.inputs, sample.static)
    for target, values in zip(targets, expected if op.n_out > 1 else (expected,), strict=True):
        assert np.array_equal(target, values)


@pytest.mark.parametrize("kind", CLASSES)
def test_another_device(kind):
    """Steps and loaded state as on the CPU; counts stay on the host."""
    fake_device.register()
    ends = []
    for device in ("cpu", "fake:1"):
        p = nn.Parameter(fnnet.tensor([[1.0, 2.0], [3.0, -4.0]], device=device))
        optimizer = kind([p], lr=0.05)

        def closure(p=p):
            p.grad = None
            loss = (p * p).sum()
            loss.backward()
            return loss

        for _ in range(3):
            optimizer.step(closure)
            again = kind([p])
            again.load_state_dict(optimizer.state_dict())
            optimizer = again
        found = {k: str(v.device) for k, v in optimizer.state[p].items() if isinstance(v, fnnet.Tensor) and v.ndim}
        assert set(found.values()) <= {device}
        ends.append(p.tolist())
    assert ends[0] == ends[1]


def test_the_first_sum_of_squares_of_adagrad():
    """It stands in the state from the beginning; of a complex parameter in both parts."""
    p, z = nn.Parameter(fnnet.ones(2)), nn.Parameter(fnnet.ones(2, dtype=fnnet.complex64))
    optimizer = optim.Adagrad([p, z], initial_accumulator_value=0.5)
    assert optimizer.state[p]["sum"].tolist() == [0.5, 0.5]
    assert optimizer.state[z]["sum"].tolist() == [0.5 + 0.5j, 0.5 + 0.5j]
    optimizer.share_memory()
    assert optimizer.state[p]["sum"].tolist() == [0.5, 0.5]


def test_averaging_begins_after_t0():
    p = nn.Parameter(fnnet.zeros(1))
    optimizer = optim.ASGD([p], lr=1.0, lambd=0.0, t0=1)
    means = []
    for _ in range(4):
        p.grad = -fnnet.ones(1)
        optimizer.step()
        means.append(optimizer.state[p]["ax"].item())
    assert means == [1.0, 2.0, 3.0, 3.5]


def test_empty_parameters():
    for kind in FIRST_ORDER:
        p = nn.Parameter(fnnet.ones(0, 3))
        p.grad = fnnet.ones(0, 3)
        kind([p]).step()
        assert p.shape == (0, 3)

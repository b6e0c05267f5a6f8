"""What each optimizer does to parameters. Numbers are those that PyTorch 2.13 prints for the same steps."""

from __future__ import annotations

import pytest

import fnnet
from fnnet import nn, optim

GRADIENTS = ([0.5, -1.0, 2.0], [-0.25, 0.5, 1.0], [1.0, 0.0, -2.0])

# (optimizer, options, parameters after the three gradients from [1, -2, 3], in float64)
STEPS = [
    ("SGD", {}, [0.99875, -1.9995, 2.999]),
    ("SGD", {"lr": 0.1}, [0.875, -1.95, 2.9]),
    ("SGD", {"lr": 0.1, "momentum": 0.9}, [0.812, -1.824, 2.468]),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.4}, [0.833, -1.786, 2.464]),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}, [0.7058, -1.7916, 2.4212]),
    ("SGD", {"lr": 0.1, "weight_decay": 0.3}, [0.789878, -1.779756, 2.652839]),
    (
        "SGD", {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.3, "maximize": True},
        [1.022368, -1.844736, 2.907399],
    ),
    ("Adam", {}, [0.998075551396771, -1.99852778367331, 2.9979570373014]),
    ("Adam", {"lr": 0.1, "betas": (0.5, 0.7)}, [0.821695239909379, -1.900000001, 2.84358696426883]),
    ("Adam", {"lr": 0.1, "eps": 0.5}, [0.900757704165857, -1.90541972160509, 2.8405838283721]),
    ("Adam", {"lr": 0.1, "weight_decay": 0.3}, [0.748662508363301, -1.75774793004584, 2.7528954206466]),
    (
        "Adam", {"lr": 0.1, "weight_decay": 0.3, "decoupled_weight_decay": True},
        [0.726937150657654, -1.68483337838122, 2.54242926900945],
    ),
    (
        "Adam", {"lr": 0.1, "amsgrad": True, "betas": (0.5, 0.2)},
        [0.837072407463183, -1.900000001, 2.85744433244138],
    ),
    (
        "Adam", {"lr": 0.1, "maximize": True, "weight_decay": 0.3, "amsgrad": True},
        [1.07404101578661, -1.99013284120795, 3.1310926241996],
    ),
    ("AdamW", {"lr": 0.1}, [0.804784672376384, -1.84701089903308, 2.78700584510255]),
    (
        "AdamW", {"lr": 0.1, "weight_decay": 0.5, "amsgrad": True, "maximize": True},
        [1.0387381753533, -1.85087965104496, 2.76201037174391],
    ),
    (
        "AdamW", {"lr": 0.1, "eps": 0.1, "betas": (0.3, 0.4)},
        [0.855933459176442, -1.9314408355432, 2.86953759926944],
    ),
    ("ASGD", {}, [0.987497020823204, -1.99499401139705, 2.98999102788759]),
    (
        "ASGD", {"lr": 0.1, "lambd": 0.3, "alpha": 0.5, "t0": 1.0},
        [0.793576717100433, -1.7814106041628, 2.65185674519684],
    ),
    (
        "ASGD", {"lr": 0.1, "weight_decay": 0.3, "maximize": True},
        [1.03543839029304, -1.87087978764041, 2.82311380615529],
    ),
    ("Adadelta", {}, [0.994616156999081, -1.9989228680131, 2.99813978231273]),
    (
        "Adadelta", {"lr": 0.5, "rho": 0.5, "eps": 0.01, "weight_decay": 0.3},
        [0.843522186387466, -1.87252544144258, 2.91692151576061],
    ),
    ("Adafactor", {}, [0.963863404898808, -1.99258124791256, 2.9876552646191]),
    (
        "Adafactor",
        {"lr": 0.3, "eps": (0.5, 0.1), "d": 2.0, "beta2_decay": -0.5, "weight_decay": 0.3, "maximize": True},
        [1.84371356392872, -1.53043878557523, 2.49693797687036],
    ),
    ("Adagrad", {}, [0.985743420347522, -1.9944721359556, 2.99219453071214]),
    (
        "Adagrad", {"lr": 0.1, "lr_decay": 0.5, "initial_accumulator_value": 0.3, "eps": 0.1, "weight_decay": 0.3},
        [0.886003639852162, -1.89278252993861, 2.88533166091812],
    ),
    ("Adamax", {}, [0.996707677242966, -1.99731231110094, 2.99633295872962]),
    (
        "Adamax", {"lr": 0.1, "betas": (0.5, 0.7), "eps": 0.1, "weight_decay": 0.3, "maximize": True},
        [1.05293486915583, -1.95825116974895, 3.09165293604676],
    ),
    ("NAdam", {}, [0.99671311170511, -1.99865691694789, 2.99820815084399]),
    (
        "NAdam", {"lr": 0.1, "betas": (0.5, 0.7), "eps": 0.1, "weight_decay": 0.3, "momentum_decay": 0.5},
        [0.776191413140821, -1.81893322450229, 2.85106184822739],
    ),
    (
        "NAdam", {"lr": 0.1, "weight_decay": 0.3, "decoupled_weight_decay": True},
        [0.753338886056284, -1.76320214824237, 2.65624194215156],
    ),
    ("RAdam", {}, [0.998959312487862, -1.9986566323558, 2.99633443387065]),
    ("RAdam", {"lr": 0.1, "betas": (0.5, 0.9), "weight_decay": 0.3}, [0.807001142857143, -1.728288, 2.47079580952381]),
    (
        "RAdam", {"lr": 0.1, "eps": 0.1, "weight_decay": 0.3, "decoupled_weight_decay": True, "maximize": True},
        [1.01347096174014, -1.95314118547291, 3.08833456030297],
    ),
    ("RMSprop", {}, [0.85742737839286, -1.94490133147444, 2.92209969634803]),
    (
        "RMSprop", {"lr": 0.1, "alpha": 0.5, "eps": 0.1, "weight_decay": 0.3},
        [0.755217813183159, -1.79260341106634, 2.84298568891518],
    ),
    ("RMSprop", {"lr": 0.1, "momentum": 0.9}, [-1.73161401709186, -0.143125379014258, 0.106885137565173]),
    ("RMSprop", {"lr": 0.1, "centered": True}, [-0.435541871644106, -1.44441084274122, 2.21222449689268]),
    (
        "RMSprop", {"lr": 0.1, "centered": True, "momentum": 0.5, "maximize": True},
        [2.96459582327862, -3.08464316445045, 4.76809762742562],
    ),
    ("Rprop", {}, [0.985, -1.99, 2.978]),
    ("Rprop", {"lr": 0.1, "etas": (0.3, 1.5), "step_sizes": (0.05, 0.12), "maximize": True}, [1.15, -2.1, 3.22]),
]  # fmt: skip


def take_steps(optimizer, p, gradients=GRADIENTS):
    for values in gradients:
        p.grad = fnnet.tensor(values, dtype=p.dtype)
        optimizer.step()


@pytest.mark.parametrize(("name", "options", "expected"), STEPS, ids=str)
@pytest.mark.parametrize("kind", [float, fnnet.tensor], ids=["number", "tensor"])
def test_three_steps(name, options, expected, kind):
    if "lr" in options:
        options = {**options, "lr": kind(options["lr"]) if kind is float else kind(options["lr"], dtype=fnnet.float64)}
    p = nn.Parameter(fnnet.tensor([1.0, -2.0, 3.0], dtype=fnnet.float64))
    take_steps(getattr(optim, name)([p], **options), p)
    assert p.tolist() == pytest.approx(expected, rel=1e-13)
    assert p.dtype is fnnet.float64


@pytest.mark.parametrize(
    ("name", "options", "dtype", "expected", "ulp"),
    [
        ("SGD", {"lr": 0.1, "momentum": 0.9}, fnnet.float16, [0.8125, -1.82421875, 2.46875], 2e-3),
        ("SGD", {"lr": 0.1, "momentum": 0.9}, fnnet.bfloat16, [0.8125, -1.8203125, 2.46875], 1.6e-2),
        ("AdamW", {"lr": 0.1}, fnnet.float16, [0.80419921875, -1.84765625, 2.787109375], 2e-3),
        ("AdamW", {"lr": 0.1}, fnnet.bfloat16, [0.8046875, -1.8515625, 2.796875], 1.6e-2),
    ],
)
def test_half_precision(name, options, dtype, expected, ulp):
    """A step is computed in float32 and rounded once, where PyTorch rounds each operation: equal within an ulp."""
    p = nn.Parameter(fnnet.tensor([1.0, -2.0, 3.0], dtype=dtype))
    optimizer = getattr(optim, name)([p], **options)
    take_steps(optimizer, p)
    assert p.tolist() == pytest.approx(expected, abs=ulp)
    assert {v.dtype for k, v in optimizer.state[p].items() if k != "step"} == {dtype}


def test_complex_parameters_are_pairs_of_numbers():
    gradients = [[1j + i, 1 - 2j] for i in range(3)]
    p = nn.Parameter(fnnet.tensor([1 + 2j, -3.0]))
    take_steps(optim.Adam([p], lr=0.1, amsgrad=True), p, gradients)
    expected = [0.8427290916442871 + 1.6999999284744263j, -3.299999713897705 + 0.29999998211860657j]
    assert p.tolist() == pytest.approx(expected, rel=1e-6)
    p = nn.Parameter(fnnet.tensor([1 + 2j, -3.0]))
    take_steps(optim.SGD([p], lr=0.1, momentum=0.9, weight_decay=0.1), p, gradients)
    expected = [0.5553790330886841 + 1.3325480222702026j, -3.3893468379974365 + 1.1124200820922852j]
    assert p.tolist() == pytest.approx(expected, rel=1e-6)


def test_a_changed_learning_rate_counts_from_the_next_step():
    p = nn.Parameter(fnnet.tensor([1.0]))
    rate = fnnet.tensor(0.1)
    optimizer = optim.SGD([p], lr=rate)
    assert optimizer.param_groups[0]["lr"] is rate
    take_steps(optimizer, p, [[1.0]])
    rate.fill_(0.5)
    take_steps(optimizer, p, [[1.0]])
    assert p.tolist() == pytest.approx([0.4])
    optimizer.param_groups[0]["lr"] = 0.2
    take_steps(optimizer, p, [[1.0]])
    assert p.tolist() == pytest.approx([0.2])


def test_a_parameter_without_gradient_is_left_alone():
    with_grad, without = nn.Parameter(fnnet.ones(2)), nn.Parameter(fnnet.ones(2))
    for name in ("SGD", "Adam", "AdamW"):
        options = {"momentum": 0.9} if name == "SGD" else {}
        optimizer = getattr(optim, name)([with_grad, without], lr=0.1, weight_decay=0.5, **options)
        with_grad.grad = fnnet.ones(2)
        optimizer.step()
        assert without.tolist() == [1.0, 1.0]
        assert list(optimizer.state) == [with_grad]
        assert list(optimizer.state_dict()["state"]) == [0]


def test_the_gradient_itself_is_not_changed():
    for name in ("SGD", "Adam", "AdamW"):
        p = nn.Parameter(fnnet.ones(3))
        p.grad = grad = fnnet.tensor([1.0, 2.0, 3.0])
        optimizer = getattr(optim, name)([p], lr=0.1, weight_decay=0.3, maximize=True)
        optimizer.step()
        optimizer.step()
        assert p.grad is grad
        assert grad.tolist() == [1.0, 2.0, 3.0]


def test_a_step_writes_into_the_parameters_memory():
    p = nn.Parameter(fnnet.ones(3))
    memory, address = p.data, p.data_ptr()
    used = (p * p).sum()
    p.grad = fnnet.ones(3)
    optim.SGD([p], lr=0.5).step()
    assert memory.tolist() == [0.5, 0.5, 0.5]
    assert p.data_ptr() == address
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        used.backward()


def test_parameters_whose_data_were_converted():
    """`Module.double()` rebinds the data of the same Parameter objects: the optimizer goes on with them."""
    layer = nn.Linear(2, 1)
    optimizer = optim.SGD(layer.parameters(), lr=0.5)
    layer.double()
    before = layer.weight.tolist()
    layer(fnnet.ones(1, 2, dtype=fnnet.float64)).sum().backward()
    optimizer.step()
    assert layer.weight.dtype is fnnet.float64
    assert layer.weight.tolist()[0] == pytest.approx([before[0][0] - 0.5, before[0][1] - 0.5])


@pytest.mark.parametrize("name", ["Adam", "AdamW"])
def test_running_means_of_another_dtype_are_refused(name):
    """As in PyTorch, where `double()` after the first step ends in a RuntimeError: expected dtype float ..."""
    layer = nn.Linear(2, 1)
    optimizer = getattr(optim, name)(layer.parameters(), lr=0.5)
    layer(fnnet.ones(1, 2)).sum().backward()
    optimizer.step()
    layer.double().zero_grad()
    layer(fnnet.ones(1, 2, dtype=fnnet.float64)).sum().backward()
    before = layer.weight.tolist()
    with pytest.raises(RuntimeError, match=r"expected dtype fnnet.float32 .* but got dtype fnnet.float64"):
        optimizer.step()
    assert layer.weight.tolist() == before
    assert optimizer.state[layer.weight]["step"].item() == 1
    again = getattr(optim, name)(layer.parameters())
    again.load_state_dict(optimizer.state_dict())
    again.step()
    assert layer.weight.tolist() != before


def test_state_lies_as_the_parameter_does():
    p = nn.Parameter(fnnet.ones(2, 3).t())
    p.grad = fnnet.ones(3, 2)
    optimizer = optim.Adam([p])
    optimizer.step()
    assert p.stride() == (1, 3)
    assert optimizer.state[p]["exp_avg"].stride() == (1, 3)


# differentiable ------------------------------------------------------------------------------------------------------
def test_a_differentiable_step_has_gradients():
    """d/dw of sum(w - 0.1 * 2w) is 0.8; and by the learning rate, -sum(2w) = -6."""
    w, rate = fnnet.ones(3, requires_grad=True), fnnet.tensor(0.1, requires_grad=True)
    p = w * 1
    optimizer = optim.SGD([p], lr=rate, differentiable=True)
    p.grad = w * 2
    optimizer.step()
    p.sum().backward()
    assert w.grad.tolist() == pytest.approx([0.8, 0.8, 0.8])
    assert rate.grad.item() == pytest.approx(-6.0)


def test_differentiable_adam_by_numerical_differentiation():
    def trained(start, rate):
        p = start * 1
        optimizer = optim.Adam([p], lr=rate, differentiable=True, weight_decay=0.1, eps=1e-3)
        for factor in (1.0, -0.5):
            p.grad = start**2 * factor + 0.3
            optimizer.step()
        return p.sum()

    start = fnnet.tensor([0.7, -1.2], dtype=fnnet.float64, requires_grad=True)
    rate = fnnet.tensor(0.1, dtype=fnnet.float64, requires_grad=True)
    assert fnnet.autograd.gradcheck(trained, (start, rate))

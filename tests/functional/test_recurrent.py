"""Recurrent networks: PyTorch's numbers, packed against dense, what is written in place, NumPy's own against the rules.

What bad calls raise stands in `error_samples`; every option against PyTorch in tests/parity.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fnnet
from fnnet import Tensor
from fnnet._core.op import OPS
from fnnet._core.packed_steps import Carried, before, steps
from fnnet.autograd.tape import apply
from fnnet.backends import numpy_recurrent
from fnnet.backends.numpy_backend import BACKEND
from fnnet.testing.conformance.run import Definitions


def numbers(shape: tuple[int, ...], shift: float = 0.0) -> Tensor:
    """Eleven different numbers around 0, again and again."""
    n = int(np.prod(shape))
    return fnnet.from_numpy((np.arange(n) * 7 % 11 - 5.0) / 10 + shift).reshape(shape)


X = numbers((3, 2, 2))
H = numbers((1, 2, 2), 0.2)


def parameters(gates: int) -> list[Tensor]:
    n = gates * 2
    given = [numbers((n, 2)), numbers((n, 2), 0.05), numbers((n,), 0.1), numbers((n,), -0.1)]
    return [p.requires_grad_() for p in given]


# Printed by PyTorch 2.13: the last step of the output, the last final state, and of the sum of squares of the output
# the gradients of the first row of w_hh and of b_hh.
PRINTED: dict[str, tuple[int, list[float], list[float], list[float], list[float]]] = {
    "lstm": (
        4,
        [0.0921150536, -0.2420482561, 0.0306011522, -0.1739049161],
        [0.1388354817, -0.586906003, 0.0427559691, -0.3819593009],
        [-0.0076993449, 0.0314914665],
        [0.0680046356, 0.1481297333, 0.0129768952, -0.0227724494, 0.2047752175, -0.4722235081, 0.0356042752,
         0.1445625603],
    ),
    "gru": (
        3,
        [0.3043345893, -0.1596736671, 0.1157552003, 0.041985885],
        [0.3043345893, -0.1596736671, 0.1157552003, 0.041985885],
        [-0.0064707653, 0.023407293],
        [0.0349928229, -0.0129716019, -0.1869400024, 0.2541196571, 0.5062924278, 0.0565597684],
    ),
    "rnn_tanh": (
        1,
        [-0.3003497718, 0.7816571854, -0.5315073769, 0.566422875],
        [-0.3003497718, 0.7816571854, -0.5315073769, 0.566422875],
        [1.6415477106, -2.4993382028],
        [-3.8390355734, 4.7163940992],
    ),
    "rnn_relu": (
        1,
        [0.0, 1.0181625, 0.0, 0.6711875],
        [0.0, 1.0181625, 0.0, 0.6711875],
        [0.0, 0.0],
        [0.0, 15.15174175],
    ),
}  # fmt: skip
NAMES = list(PRINTED)
OPTIONS = (True, 1, 0.0, False, False, False)  # biases, one layer, no dropout, no training, one direction, time first


def state(gates: int) -> Any:
    return (H, H + 0.1) if gates == 4 else H


@pytest.mark.parametrize("name", NAMES)
def test_pytorch_s_numbers(name: str) -> None:
    gates, last, final, by_w_hh, by_b_hh = PRINTED[name]
    params = parameters(gates)
    outs = getattr(fnnet, name)(X, state(gates), params, *OPTIONS)
    assert outs[0][-1].flatten().tolist() == pytest.approx(last, abs=1e-9)
    assert outs[-1].flatten().tolist() == pytest.approx(final, abs=1e-9)
    outs[0].square().sum().backward()
    assert params[1].grad[0].tolist() == pytest.approx(by_w_hh, abs=1e-9)
    assert params[3].grad.tolist() == pytest.approx(by_b_hh, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_a_cell_is_one_step(name: str) -> None:
    gates = PRINTED[name][0]
    params = parameters(gates)
    h: Any = (H[0], H[0] + 0.1) if gates == 4 else H[0]
    for x in X:
        h = getattr(fnnet, name + "_cell")(x, h, *params)
    y, *left = getattr(fnnet, name)(X, state(gates), params, *OPTIONS)
    final = h if gates == 4 else (h,)
    for a, b in zip(final, left, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b[0].detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(final[0].detach().numpy(), y[-1].detach().numpy(), rtol=1e-12)


def test_an_lstm_of_one_number_by_hand() -> None:
    """One step from zero states: i, f, g, o of 1, 2, 3, 4 times x, c = i g, h = o tanh(c)."""
    x = 0.5

    def sigmoid(v: float) -> float:
        return 1 / (1 + np.exp(-v))

    c = sigmoid(x) * np.tanh(3 * x)
    h = sigmoid(4 * x) * np.tanh(c)
    zero = fnnet.zeros(1, 1, dtype=fnnet.float64)
    w = fnnet.tensor([[1.0], [2.0], [3.0], [4.0]], dtype=fnnet.float64)
    got = fnnet.lstm_cell(zero + x, (zero, zero), w, w)
    assert [t.item() for t in got] == pytest.approx([h, c], rel=1e-12)


def test_a_gru_keeps_its_state_where_z_is_one() -> None:
    h, zero = fnnet.tensor([[0.3, -0.7]]), fnnet.zeros(6, 2)
    bias = fnnet.tensor([0.0, 0.0, 100.0, 100.0, 0.0, 0.0])
    assert fnnet.gru_cell(fnnet.ones(1, 2), h, zero, zero, bias).tolist() == h.tolist()


# packed ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_packed_is_each_sequence_alone(name: str, bidirectional: bool) -> None:
    lengths = [4, 2, 2, 1]
    gates, count = PRINTED[name][0], 2 if bidirectional else 1
    params = [p for _ in range(count) for p in parameters(gates)]
    data = [numbers((n, 2), 0.1 * n) for n in lengths]
    sizes = fnnet.tensor([4, 3, 1, 1])
    packed = fnnet.cat([d[t : t + 1] for t in range(4) for d in data if len(d) > t])
    h = numbers((count, 4, 2), 0.2)
    hx = (h, h + 0.1) if gates == 4 else h
    options = (True, 1, 0.0, False, bidirectional)
    y, *final = getattr(fnnet, name)(packed, sizes, hx, params, *options)
    at = [0, 4, 7, 8]
    for i, d in enumerate(data):
        own = tuple(s[:, i : i + 1] for s in hx) if gates == 4 else hx[:, i : i + 1]
        alone, *left = getattr(fnnet, name)(d.reshape(-1, 1, 2), own, params, *options, False)
        rows = fnnet.stack([y[at[t] + i] for t in range(len(d))])
        np.testing.assert_allclose(rows.detach().numpy(), alone[:, 0].detach().numpy(), rtol=1e-12)
        for a, b in zip(final, left, strict=True):
            np.testing.assert_allclose(a[:, i].detach().numpy(), b[:, 0].detach().numpy(), rtol=1e-12)


def test_what_steps_hand_on() -> None:
    sizes = (3, 2, 2, 1)
    assert steps(sizes, False) == [(0, 3), (3, 5), (5, 7), (7, 8)]
    assert steps(sizes, True) == [(7, 8), (5, 7), (3, 5), (0, 3)]
    initial = np.arange(3.0).reshape(3, 1) - 10
    states = np.arange(8.0).reshape(8, 1)
    seen = {}
    for reverse in (False, True):
        h = Carried(BACKEND, initial)
        for start, stop in steps(sizes, reverse):
            seen[start, reverse] = h.take(stop - start)
            h.state = states[start:stop]
        old = before(BACKEND, states, initial, sizes, reverse)
        order = np.concatenate([seen[start, reverse] for start, _ in steps(sizes, False)])
        assert old.tolist() == order.tolist()
        assert h.final()[:, 0].tolist() == ([7, 6, 2] if not reverse else [0, 1, 2])
    assert before(BACKEND, states, initial, sizes, False)[:, 0].tolist() == [-10, -9, -8, 0, 1, 3, 4, 5]
    assert before(BACKEND, states, initial, sizes, True)[:, 0].tolist() == [3, 4, -8, 5, 6, 7, -9, -10]


# memory and the graph ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_the_output_may_be_written_before_backward(name: str) -> None:
    gates = PRINTED[name][0]
    grads = []
    for in_place in (False, True):
        params = parameters(gates)
        y = getattr(fnnet, name)(X, state(gates), params, *OPTIONS)[0]
        y = y.mul_(2) if in_place else y * 2
        y.square().sum().backward()
        grads.append([p.grad for p in params])
    for a, b in zip(*grads, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_final_states_have_memory_of_their_own(name: str) -> None:
    gates = PRINTED[name][0]
    y, *final = getattr(fnnet, name)(X[:1], state(gates), parameters(gates), *OPTIONS)
    kept = y.tolist()
    with fnnet.no_grad():
        for t in final:
            t.zero_()
    assert y.tolist() == kept


def test_nothing_is_kept_of_what_learns_nothing() -> None:
    """The input's weight alone: the input is kept, the recurrent weight for the way through time, no gradient else."""
    params = parameters(3)
    for p in params[1:]:
        p.requires_grad_(False)
    y = fnnet.gru(X, H, params, *OPTIONS)[0]
    y.sum().backward()
    assert params[0].grad is not None
    assert all(p.grad is None for p in params[1:])


@pytest.mark.parametrize("dtype", [fnnet.float16, fnnet.bfloat16])
def test_half_floats_compute_in_float32(dtype: fnnet.dtype) -> None:
    params = [p.detach().to(dtype) for p in parameters(4)]
    hx = (H.to(dtype), H.to(dtype))
    y = fnnet.lstm(X.to(dtype), hx, params, *OPTIONS)[0]
    wide = fnnet.lstm(X.to(dtype).float(), [h.float() for h in hx], [p.float() for p in params], *OPTIONS)[0]
    assert y.dtype is dtype
    assert y.tolist() == wide.to(dtype).tolist()


# NumPy's own ---------------------------------------------------------------------------------------------------------
class _Call:
    private = ()

    def __init__(self, node: Any) -> None:
        self.inputs, self.out, self.shapes = node.inputs, node.out, node.shapes
        self.needs, self.static = node.needs, node.static


@pytest.mark.parametrize("sizes", [(3, 3, 3), (4, 2, 2, 1), (2,)])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("name", "projected"), [("lstm", False), ("lstm", True), ("gru", False)])
def test_numpy_s_own_says_what_the_rules_say(name: str, projected: bool, reverse: bool, sizes: tuple[int, ...]) -> None:
    gates, op = PRINTED[name][0], OPS[name + "_layer"]
    random = np.random.default_rng(0)
    out = 2 if projected else 3

    def make(*shape: int) -> Tensor:
        return fnnet.from_numpy(random.normal(size=shape)).requires_grad_()

    states = [make(sizes[0], out)] + ([make(sizes[0], 3)] if gates == 4 else [])
    args: list[Any] = [make(sum(sizes), 2), *states, make(gates * 3, 2), make(gates * 3, out), make(gates * 3),
                       make(gates * 3), *([make(2, 3) if projected else None] if gates == 4 else [])]  # fmt: skip
    static = {"batch_sizes": sizes, "reverse": reverse}
    outs = apply(op, *args, **static)
    definition: Any = op.forward
    want = definition(Definitions(), *(None if a is None else a._data for a in args), **static)
    for a, b in zip(outs, want, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b, rtol=1e-12, atol=1e-14)
    call = _Call(outs[0]._node)
    grads = [random.normal(size=o.shape) for o in want]
    for given in (
        (*grads[: len(states) + 1], *(None for _ in grads[len(states) + 1 :])),
        (None, *grads[1 : len(states) + 1], *(None for _ in grads[len(states) + 1 :])),
        grads,
    ):
        own = getattr(numpy_recurrent, name + "_layer_backward")(BACKEND, call, given)
        rule: Any = op.backward
        for a, b in zip(own, rule(Definitions(), call, given), strict=True):
            if b is None:
                assert a is None
            else:
                np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def test_gates_far_out_are_zero_and_one_without_a_warning() -> None:
    w = fnnet.full((8, 1), 1e4)
    h, c = fnnet.lstm_cell(fnnet.tensor([[-1.0], [1.0]]), (fnnet.zeros(2, 2), fnnet.ones(2, 2)), w, fnnet.zeros(8, 2))
    assert c.tolist() == [[0.0, 0.0], [2.0, 2.0]]
    assert h[0].tolist() == [0.0, 0.0]

"""Tensors of random numbers: PyTorch's for a seed, memory order, generators, state, errors that draw nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fnnet


def same(t: fnnet.Tensor, expected: Any) -> None:
    """Equal, except float32 normals: one in 10**8 may differ in the last bit."""
    np.testing.assert_allclose(t.numpy(), expected, rtol=2e-7)


def test_one_stream_of_everything() -> None:
    # PyTorch 2.13 after manual_seed(0), the calls in this order
    fnnet.manual_seed(0)
    same(fnnet.rand(3), [0.49625658988952637, 0.7682217955589294, 0.08847743272781372])
    same(fnnet.randn(2), [0.3643381893634796, 0.13439632952213287])
    assert fnnet.randint(10, (4,)).tolist() == [3, 7, 3, 1]
    assert fnnet.randint(-5, 5, (4,)).tolist() == [1, 1, 4, 3]
    assert fnnet.randperm(5).tolist() == [1, 0, 2, 3, 4]
    means, stds = fnnet.tensor([1.0, 2.0]), fnnet.tensor([0.5, 3.0])
    same(fnnet.normal(means, stds), [0.9774592518806458, 4.6390838623046875])
    same(fnnet.normal(1.0, 2.0, (2,)), [3.096412420272827, 0.910999059677124])
    assert fnnet.bernoulli(fnnet.tensor([0.2, 0.5, 0.9])).tolist() == [1.0, 1.0, 1.0]
    assert fnnet.multinomial(fnnet.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]), 2).tolist() == [[2, 1], [2, 0]]
    assert fnnet.multinomial(fnnet.tensor([1.0, 2.0, 3.0]), 5, True).tolist() == [2, 0, 2, 1, 2]
    x = fnnet.zeros(3)
    same(x.normal_(1, 2), [-1.5808701515197754, -0.5822053551673889, 0.9582410454750061])
    same(x.uniform_(-1, 1), [0.4524730443954468, 0.4021604061126709, -0.5923525094985962])
    assert x.bernoulli_(0.3).tolist() == [1.0, 0.0, 0.0]
    assert x.random_().tolist() == [16443218.0, 1923991.0, 5314399.0]
    assert x.random_(7).tolist() == [1.0, 3.0, 4.0]
    assert x.random_(3, 9).tolist() == [8.0, 6.0, 7.0]
    same(x.exponential_(2), [0.2294093668460846, 0.15885330736637115, 0.021161291748285294])
    assert x.geometric_(0.3).tolist() == [1.0, 4.0, 2.0]
    same(x.cauchy_(1, 2), [0.78787761926651, 5.373936653137207, -14.418767929077148])
    same(x.log_normal_(0.1, 0.5), [0.7716377973556519, 3.091930389404297, 1.0857696533203125])
    turned = fnnet.zeros(2, 3).t()  # filled in the order of its memory
    same(turned.uniform_(), [[0.9703746438026428, 0.3741576075553894], [0.8369089365005493, 0.023700952529907227],
                             [0.28198742866516113, 0.49101293087005615]])  # fmt: skip
    same(turned.normal_(), [[1.7340123653411865, 0.9855432510375977], [-0.1335686445236206, -0.005227182991802692],
                            [-0.8351086974143982, -0.09443804621696472]])  # fmt: skip
    same(fnnet.rand(1), [0.572950541973114])


def test_like_keeps_shape_dtype_and_memory_order() -> None:
    x = fnnet.zeros(2, 3, dtype=fnnet.float64).t()
    fnnet.manual_seed(0)
    flat = fnnet.rand(6, dtype=fnnet.float64).tolist()
    fnnet.manual_seed(0)
    y = fnnet.rand_like(x)
    assert y.dtype is fnnet.float64
    assert y.stride() == x.stride()
    assert y.t().flatten().tolist() == flat
    assert fnnet.randint_like(fnnet.zeros(2), 5, 6).tolist() == [5.0, 5.0]
    assert fnnet.randn_like(x, dtype=fnnet.float32).dtype is fnnet.float32


def test_generators_and_states() -> None:
    generator = fnnet.Generator().manual_seed(3)
    state = generator.get_state()
    assert state.dtype is fnnet.uint8
    assert state.shape == (5056,)
    first = fnnet.randn(5, generator=generator).tolist()
    assert generator.set_state(state) is generator
    assert fnnet.randn(5, generator=generator).tolist() == first
    fnnet.manual_seed(3)
    assert fnnet.initial_seed() == 3
    assert fnnet.zeros(5).normal_().tolist() == first
    before = fnnet.get_rng_state()
    with fnnet.random.fork_rng():
        fnnet.rand(10)
    assert fnnet.get_rng_state().tolist() == before.tolist()
    fnnet.set_rng_state(before)
    assert isinstance(fnnet.seed(), int)
    with pytest.raises(TypeError, match="'generator' must be Generator"):
        fnnet.rand(2, generator=3)  # type: ignore[arg-type]


def test_out_requires_grad_and_keywords() -> None:
    out = fnnet.zeros(2, dtype=fnnet.float64)
    assert fnnet.rand(2, out=out) is out
    assert out.numpy().any()
    assert fnnet.rand(2, requires_grad=True).requires_grad
    assert fnnet.rand((2, 3)).shape == (2, 3)
    assert fnnet.randint(low=3, high=4, size=(2,)).tolist() == [3, 3]
    assert (fnnet.zeros(50).uniform_(**{"from": 2.0, "to": 3.0}).numpy() >= 2).all()
    assert (fnnet.zeros(50).random_(**{"from": 2, "to": 4}).numpy() >= 2).all()
    with pytest.raises(RuntimeError, match="floating point and complex"):
        fnnet.randint(3, (2,), requires_grad=True)


def test_what_is_drawn_over_has_no_gradient() -> None:
    x = fnnet.ones(3, requires_grad=True)
    y = x * 2
    y.normal_()
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("call", "error", "phrase"),
    [
        (lambda: fnnet.ones(2, requires_grad=True).normal_(), RuntimeError, "a leaf Variable that requires grad"),
        (lambda: fnnet.rand(-1), RuntimeError, "negative dimension"),
        (lambda: fnnet.randint(3), TypeError, "expected"),
        (lambda: fnnet.randint(5, 5, (2,)), RuntimeError, "expects 'from' to be less than 'to'"),
        (lambda: fnnet.randperm(-1), RuntimeError, "n must be non-negative"),
        (lambda: fnnet.normal(fnnet.ones(2), -1.0), RuntimeError, "std >= 0.0"),
        (lambda: fnnet.normal(0.0, fnnet.tensor([1.0, -1.0])), RuntimeError, "std >= 0.0"),
        (lambda: fnnet.bernoulli(fnnet.tensor([2.0])), RuntimeError, "p_in >= 0 && p_in <= 1"),
        (lambda: fnnet.zeros(2).bernoulli_(-0.5), RuntimeError, r"p to be in \[0, 1\]"),
        (lambda: fnnet.multinomial(fnnet.ones(2), 3), RuntimeError, "without replacement"),
        (lambda: fnnet.zeros(2).exponential_(0.0), RuntimeError, "lambda > 0.0"),
        (lambda: fnnet.zeros(2).geometric_(1.0), RuntimeError, r"p to be in \(0, 1\)"),
        (lambda: fnnet.zeros(2).uniform_(2, 1), RuntimeError, "from=2.0 > to=1.0"),
        (lambda: fnnet.zeros(2).long().normal_(), RuntimeError, "normal_"),
    ],
)  # fmt: skip
def test_errors_draw_nothing(call: Any, error: type[Exception], phrase: str) -> None:
    before = fnnet.get_rng_state().tolist()
    with pytest.raises(error, match=phrase):
        call()
    assert fnnet.get_rng_state().tolist() == before


def test_drawn_numbers_have_a_gradient_of_zero() -> None:
    normals = lambda x: fnnet.normal(x, 2.0), lambda x: fnnet.normal(0.0, x), lambda x: fnnet.normal(x, x)
    for run in (fnnet.bernoulli, *normals):
        x = fnnet.full((3,), 0.5, requires_grad=True)
        run(x).sum().backward()
        assert x.grad is not None
        assert x.grad.tolist() == [0.0, 0.0, 0.0]

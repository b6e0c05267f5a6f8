"""Updates written block by block: equal to the whole arrays' update, and refused where blocks would not do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fnnet
from fnnet._core.op import OPS
from fnnet.backends.numpy_backend import BACKEND
from fnnet.backends.numpy_blocks import BLOCK, write_blockwise

N = 2 * BLOCK + 7


def _update(p: Any, g: Any, rate: float) -> tuple[Any, Any]:
    return p - g * rate, p + g


def test_targets_may_be_operands() -> None:
    p, g = np.arange(N, dtype=np.float32), np.full(N, 2, np.float32)
    other = np.empty_like(p)
    assert write_blockwise(_update, [p, other], [p, g, 0.5])
    assert np.array_equal(p, np.arange(N) - 1)
    assert np.array_equal(other, np.arange(N) + 2)


def test_what_is_laid_out_otherwise_or_broadcast_is_left_alone() -> None:
    p = np.zeros((N, 2), np.float32)
    for g in (np.ones((2, N), np.float32).T, np.ones((1, 2), np.float32), np.ones((), np.float32)):
        assert not write_blockwise(lambda a, b: a + b, [p], [p, g])
    every_other = np.zeros((N, 4), np.float32)[:, ::2]
    assert not write_blockwise(lambda a: a + 1, [every_other], [every_other])
    assert not p.any()
    assert not every_other.any()


@pytest.mark.parametrize("layout", ["rows", "columns"])
def test_optimizers_step_is_the_rule_s(layout: str) -> None:
    fnnet.optim  # noqa: B018 - registers the rules
    rng = np.random.default_rng(0)
    p, g, m = (rng.normal(size=(N, 2)).astype(np.float32, order="C" if layout == "rows" else "F") for _ in range(3))
    v = np.square(m)
    numbers = (0.1, 0.3, 0.99)
    static: dict[str, Any] = {"beta1": 0.9, "beta2": 0.99, "eps": 1e-8, "weight_decay": 0.1, "maximize": False}
    rule: Any = OPS["adam_step"].forward
    want = rule(BACKEND, p.copy(), g, m.copy(), v.copy(), *numbers, **static)
    BACKEND.write_many([p, m, v], OPS["adam_step"], [p, g, m, v, *numbers], static)
    for got, expected in zip((p, m, v), want, strict=True):
        assert np.array_equal(got, expected)

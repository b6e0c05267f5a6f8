"""Saved-tensor hooks and ops of several outputs."""

from __future__ import annotations

import numpy as np
import pytest

import fnnet
from fnnet.autograd.graph import saved_tensors_hooks
from fnnet.nn import functional as F

# Ops of several outputs whose gradients need some of them.
OPS = {
    "max_pool_with_indices": lambda x: F.max_pool2d(x, 2, return_indices=True)[0],
    "rms_norm": lambda x: F.rms_norm(x, (4,)),
    "cross_entropy": lambda x: F.cross_entropy(x.reshape(8, 4), fnnet.arange(8) % 4),
}


@pytest.mark.parametrize("function", OPS.values(), ids=OPS)
def test_hooks_get_every_saved_output(function) -> None:
    def loss(x):
        return (function(x) * 3).sum()

    values = np.random.default_rng(0).normal(size=(1, 2, 4, 4))
    plain = fnnet.tensor(values, requires_grad=True)
    loss(plain).backward()

    packed = []

    def pack(t):
        packed.append(t.numpy().copy())
        return len(packed) - 1

    x = fnnet.tensor(values, requires_grad=True)
    with saved_tensors_hooks(pack, lambda at: fnnet.tensor(packed[at])):
        r = loss(x)
    node = r.grad_fn
    while node is not None and type(node.out) is not tuple:
        node = node.next_functions[0][0]
    assert node is not None, "no op of several outputs was recorded"
    assert [o for o in node.out if o is not None] == []  # nothing is kept beside what the hooks keep
    r.backward()
    np.testing.assert_array_equal(x.grad.numpy(), plain.grad.numpy())

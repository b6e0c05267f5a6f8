"""Read by mypy --strict, never run: arithmetic on Tensors, and a Module's call typed through its `forward`."""

from typing import assert_type

import fnnet
from fnnet import nn


class Split(nn.Module):
    def forward(self, x: fnnet.Tensor, at: int = 1) -> tuple[fnnet.Tensor, fnnet.Tensor]:
        return x[:at], x[at:]


x = fnnet.zeros(2, 3)
assert_type(x, fnnet.Tensor)
assert_type(x + 1, fnnet.Tensor)
assert_type(2.0 * x, fnnet.Tensor)
assert_type(x @ x.T, fnnet.Tensor)
assert_type(x.requires_grad, bool)
assert_type(Split()(x, at=1), tuple[fnnet.Tensor, fnnet.Tensor])

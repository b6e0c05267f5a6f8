from __future__ import annotations
from typing import Any
import numpy as np
from fnnet.autograd import engine
from fnnet.autograd.tape import apply, apply_
from fnnet.autograd.variable import Variable, bind_tensor, make
from fnnet.backends.devices import CPU
from fnnet.functional import arithmetic, movement, shape as _shape, reduction
from fnnet.functional._common import inplace, dtype_of, binary
from fnnet._core.op import OPS


class Tensor(Variable):
    __add__ = arithmetic.add
    __sub__ = arithmetic.sub
    __mul__ = arithmetic.mul
    clone = movement.clone
    copy_ = movement.copy_
    zero_ = movement.zero_
    fill_ = movement.fill_
    detach = movement.detach
    def __truediv__(self, o): return binary(arithmetic.DIV, self, o)
    def add_(self, o): return inplace(OPS["add"], self, o)
    def mul_(self, o): return inplace(OPS["mul"], self, o)
    def __iadd__(self, o): return self.add_(o)
    def reshape(self, *s): return apply(OPS["reshape"], self, shape=s)
    def transpose(self, a, b):
        d = list(range(self._data.ndim)); d[a], d[b] = d[b], d[a]
        return apply(OPS["permute"], self, dims=tuple(d))
    def __getitem__(self, i): return apply(OPS["getitem"], self, index=i if isinstance(i, tuple) else (i,))
    def __setitem__(self, i, v):
        w = self[i]
        w.copy_(v) if isinstance(v, Variable) else w.fill_(v)
    def sum(self): return apply(OPS["sum"], self, dim=tuple(range(self._data.ndim)))
    @property
    def shape(self): return self._data.shape
    @property
    def ndim(self): return self._data.ndim
    @property
    def dtype(self): return dtype_of(self)
    @property
    def grad(self): return self._grad
    def requires_grad_(self): self._leaf_grad = True; return self
    def backward(self, g=None, **k): engine.backward(self, g, **k)
    def numpy(self): return self._data
    __hash__ = object.__hash__


bind_tensor(Tensor)
def tensor(a, rg=False):
    t = make(np.array(a), CPU); t._leaf_grad = rg; return t

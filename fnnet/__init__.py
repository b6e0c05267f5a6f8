"""fnnet: a plugin-based, functional-first neural-network framework that speaks PyTorch's nn.

`import fnnet as torch` is the test of fluency. What lies beneath, floor by floor, is told in docs/explanation/architecture.md.
"""

from fnnet import autograd
from fnnet._core.errors import FnnetError
from fnnet._core.size import Size
from fnnet._tensor import Tensor
from fnnet._tensor.printing import set_printoptions
from fnnet.autograd.modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from fnnet.backends.devices import Device as device
from fnnet.backends.dtypes import DType as dtype
from fnnet.backends.dtypes import (
    bfloat16,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    promote_types,
    uint8,
)
from fnnet.backends.dtypes import bool_ as bool
from fnnet.functional.creation import *
from fnnet.functional.movement import clone
from fnnet.serialization import load, save
from fnnet.version import __version__

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
cfloat, cdouble = complex64, complex128

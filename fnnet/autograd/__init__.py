"""Floor 3: differentiation. Variables, the tape, backward, modes, hooks, Functions."""

from __future__ import annotations

from fnnet.autograd import graph
from fnnet.autograd.engine import backward, grad
from fnnet.autograd.function import Function
from fnnet.autograd.gradcheck import gradcheck, gradgradcheck
from fnnet.autograd.modes import (
    detect_anomaly,
    enable_grad,
    inference_mode,
    no_grad,
    set_detect_anomaly,
    set_grad_enabled,
)
from fnnet.autograd.variable import Variable

__all__ = [
    "Function", "Variable", "backward", "detect_anomaly", "enable_grad", "grad", "gradcheck", "gradgradcheck", "graph",
    "inference_mode", "no_grad", "set_detect_anomaly", "set_grad_enabled",
]  # fmt: skip

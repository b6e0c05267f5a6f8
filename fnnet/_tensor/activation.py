"""Methods of the activation family."""

from __future__ import annotations

from fnnet.autograd.variable import Variable
from fnnet.functional import piecewise, rectifiers, toplevel


class ActivationMethods(Variable):
    """Activations that are methods in PyTorch too."""

    hardshrink = piecewise.hardshrink
    log_softmax = toplevel.log_softmax
    prelu = rectifiers.prelu
    relu = rectifiers.relu
    relu_ = rectifiers.relu_
    softmax = toplevel.softmax

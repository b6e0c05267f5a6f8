"""Methods of the activation family."""

from __future__ import annotations

from fnnet.autograd.variable import Variable
from fnnet.functional import activation, piecewise, toplevel


class ActivationMethods(Variable):
    """Activations that are methods in PyTorch too."""

    hardshrink = piecewise.hardshrink
    log_softmax = toplevel.log_softmax
    prelu = activation.prelu
    relu = activation.relu
    relu_ = activation.relu_
    softmax = toplevel.softmax

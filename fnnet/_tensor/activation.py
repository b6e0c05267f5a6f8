"""Methods of the activation family."""

from __future__ import annotations

from fnnet.autograd.variable import Variable
from fnnet.functional import activation, piecewise, softmaxes


class ActivationMethods(Variable):
    """Activations that are methods in PyTorch too."""

    hardshrink = piecewise.hardshrink
    log_softmax = softmaxes.log_softmax_along
    prelu = activation.prelu
    relu = activation.relu
    relu_ = activation.relu_
    softmax = softmaxes.softmax_along

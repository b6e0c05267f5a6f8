"""Methods of the activation family."""

from __future__ import annotations

from fnnet.autograd.variable import Variable


class ActivationMethods(Variable):
    """Methods of the activation family."""

"""Tools that look at the graph: saved-tensor hooks, nodes, and where a tensor's gradient goes."""

from __future__ import annotations

from fnnet.autograd.modes import saved_tensors_hooks
from fnnet.autograd.node import Node

__all__ = ["Node", "saved_tensors_hooks"]

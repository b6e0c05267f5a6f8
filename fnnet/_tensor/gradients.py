"""A tensor's place in the graph: whether gradients are wanted, what they are, what is called when they arrive."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import ArgumentError, AutogradError, DTypeError, ShapeError
from fnnet.autograd import engine
from fnnet.autograd.node import Handle, Node
from fnnet.autograd.variable import INFERENCE, Variable
from fnnet.functional import movement
from fnnet.functional._common import dtype_of

if TYPE_CHECKING:
    from fnnet._tensor import Tensor


class GradientMethods(Variable):
    """Gradients, history and hooks."""

    @property
    def requires_grad(self) -> bool:
        """Whether gradients with respect to this tensor are computed."""
        return self._requires_grad()

    @requires_grad.setter
    def requires_grad(self, on: bool) -> None:
        self.requires_grad_(on)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Switch accumulation of gradients on or off, for a leaf.

        Args:
            requires_grad: Whether they are accumulated. Default: True.

        Returns:
            The tensor itself.

        Raises:
            AutogradError: A result of recorded ops is to be switched off, or an inference tensor on.
            DTypeError: The dtype is neither of floating point nor complex.
        """
        if self._node is not None:
            if not requires_grad:
                raise AutogradError(
                    "you can only change requires_grad flags of leaf variables. If you want to use a computed variable "
                    "in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
                )
            return cast("Tensor", self)
        if requires_grad and dtype_of(self).category < 2:
            raise DTypeError(
                f"only Tensors of floating point and complex dtype can require gradients, got {dtype_of(self)}"
            )
        if requires_grad and self._counter is INFERENCE:
            raise AutogradError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
        self._leaf_grad = bool(requires_grad)
        return cast("Tensor", self)

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient, or None."""
        if self._grad is None and self._node is not None and not self.retains_grad:
            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute "
                "won't be populated during autograd.backward(). Use .retain_grad() on it, if its gradient is wanted, "
                "or access the leaf Tensor instead.",
                UserWarning,
                stacklevel=2,
            )
        found: Tensor | None = self._grad
        return found

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Variable):
                raise ArgumentError(
                    f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}"
                )
            if value is self:
                raise AutogradError("can't assign Variable as its own grad")
            if tuple(value._data.shape) != tuple(self._data.shape):
                raise ShapeError(
                    f"assigned grad has data of a different size: grad {tuple(value._data.shape)}, "
                    f"tensor {tuple(self._data.shape)}"
                )
            if dtype_of(value) is not dtype_of(self):
                raise DTypeError(
                    f"assigned grad has data of a different type: {dtype_of(value)}, the tensor has {dtype_of(self)}"
                )
            if value._device is not self._device:
                raise DTypeError(
                    f"assigned grad has data located on a different device: {value._device}, "
                    f"the tensor is on {self._device}"
                )
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def grad_fn(self) -> Node | None:
        """The node that computed this tensor; None for a leaf."""
        edge = self._edge()
        return None if edge is None or isinstance(edge, Variable) else edge[0] if type(edge) is tuple else edge

    @property
    def output_nr(self) -> int:
        """Which output of its node this tensor is."""
        return self._index

    @property
    def is_leaf(self) -> bool:
        """Whether the tensor was made by the user rather than by a recorded op."""
        return self._node is None

    @property
    def retains_grad(self) -> bool:
        """Whether a tensor that is no leaf keeps its gradient."""
        node = self.grad_fn
        return node is not None and any(
            getattr(h, "of", lambda: None)() is self
            for h in (node.hooks or {}).get(("retain", self._index), {}).values()
        )

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,  # a Tensor or a sequence of them
    ) -> None:
        """Add the gradient of this tensor to the `.grad` of the leaves it was computed from (see `autograd.backward`).

        Args:
            gradient: The gradient of some outer function with respect to this tensor. Default: 1, for one element.
            retain_graph: Keep the graph for another pass. Default: the value of `create_graph`.
            create_graph: Record the pass, so that it can be differentiated. Default: False.
            inputs: Accumulate into these tensors only. Default: all leaves.

        Raises:
            AutogradError: No graph, a graph that was freed, saved tensors that were overwritten, or several elements
                without `gradient`.
            ShapeError: `gradient` has another shape.

        Example:
            >>> import fnnet
            >>> x = fnnet.tensor([1.0, 2.0], requires_grad=True)
            >>> (x * x).sum().backward()
            >>> x.grad
            tensor([2., 4.])
        """
        engine.backward(self, gradient, retain_graph, create_graph, inputs)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> Handle:
        """Call a function when this tensor's gradient has been computed.

        Args:
            hook: Takes the gradient; what it returns, if not None, replaces it.

        Returns:
            A handle whose `remove()` takes the hook out.

        Raises:
            AutogradError: The tensor requires no gradient.
        """
        return engine.add_hook(self, "pre", hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> Handle:
        """Call a function after this leaf's `.grad` has been added to.

        Args:
            hook: Takes the tensor.

        Returns:
            A handle whose `remove()` takes the hook out.

        Raises:
            AutogradError: The tensor is no leaf, or requires no gradient.
        """
        if not self.is_leaf:
            raise AutogradError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        return engine.add_hook(self, "post", hook)

    def retain_grad(self) -> None:
        """Let this tensor, which is no leaf, keep its gradient in `.grad`.

        Raises:
            AutogradError: The tensor requires no gradient.
        """
        engine.retain_grad(self)

    @property
    def _version(self) -> int:
        """How often the memory was written, as autograd counts: PyTorch's name.

        Raises:
            AutogradError: An inference tensor, which is not counted.
        """
        return int(self._counter[0])

    def is_inference(self) -> bool:
        """Whether the tensor was made in inference_mode."""
        return self._counter is INFERENCE

    detach = movement.detach

    def detach_(self) -> Tensor:
        """Forget the history, in place.

        Returns:
            The tensor itself.

        Raises:
            AutogradError: The tensor is a view.
        """
        if self._view is not None:
            raise AutogradError("Can't detach views in-place; use detach() instead")
        self._node, self._index, self._leaf_grad = None, 0, False
        return cast("Tensor", self)


__all__ = ["GradientMethods"]

"""A module's modes, dtypes and devices: changed for it and for all below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, cast

from fnnet._core.errors import DTypeError, OptionError
from fnnet._tensor import Tensor
from fnnet._tensor.conversion import parse_to
from fnnet.autograd.modes import no_grad
from fnnet.backends import dtypes
from fnnet.functional import creation, movement
from fnnet.functional._common import to_dtype
from fnnet.nn.traversal import TraversalMethods

if TYPE_CHECKING:
    from fnnet.nn.module import Module


class ConversionMethods(TraversalMethods):
    """The part of Module that sets modes and moves its tensors."""

    training: bool

    def train(self, mode: bool = True) -> Self:
        """Set training mode (dropout, batch norm) for this module and all below it."""
        if not isinstance(mode, bool):
            raise OptionError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Set evaluation mode: the same as `train(False)`."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Whether the parameters accumulate gradients."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the parameters' gradients; with `set_to_none=False` overwrite them with zeros."""
        for p in self.parameters():
            if p._grad is not None:
                if set_to_none:
                    p._grad = None
                else:
                    if p._grad.grad_fn is not None:
                        p._grad.detach_()
                    else:
                        p._grad.requires_grad_(False)
                    p._grad.zero_()

    def apply(self, fn: Callable[[Module], None]) -> Self:
        """Call `fn` on every submodule, then on this module."""
        for module in self.children():
            module.apply(fn)
        fn(cast("Module", self))
        return self

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace every parameter, gradient and buffer by `fn` of it; parameters keep their identity."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        for p in self._parameters.values():
            if p is None:
                continue
            with no_grad():
                p.data = fn(p)
                if p._grad is not None:
                    p._grad.data = fn(p._grad)
        for name, b in self._buffers.items():
            if b is not None:
                self._buffers[name] = fn(b)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:  # as Tensor.to
        """Move parameters and buffers to a dtype (the floating-point ones) and a device, in place."""
        target, wanted, _ = parse_to(args, kwargs)
        if wanted is not None and wanted.category < 2:
            raise DTypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={wanted}"
            )

        def move(t: Tensor) -> Tensor:
            t = t if target is None else movement.to_device(t, target)
            return to_dtype(t, wanted) if wanted is not None and t.dtype.category >= 2 else t

        return self._apply(move)

    def _floating(self, dtype: dtypes.DType) -> Self:
        return self._apply(lambda t: to_dtype(t, dtype) if t.dtype.category == 2 else t)

    def float(self) -> Self:
        """Floating-point parameters and buffers in float32."""
        return self._floating(dtypes.float32)

    def double(self) -> Self:
        """Floating-point parameters and buffers in float64."""
        return self._floating(dtypes.float64)

    def half(self) -> Self:
        """Floating-point parameters and buffers in float16."""
        return self._floating(dtypes.float16)

    def bfloat16(self) -> Self:
        """Floating-point parameters and buffers in bfloat16."""
        return self._floating(dtypes.bfloat16)

    def type(self, dst_type: Any) -> Self:  # a dtype or its legacy name
        """All parameters and buffers in a dtype."""
        return self._apply(lambda t: t.type(dst_type))

    def cpu(self) -> Self:
        """Move parameters and buffers to host memory."""
        return self._apply(lambda t: t.cpu())

    def cuda(self, device: Any = None) -> Self:  # a device, its index or its name
        """Move parameters and buffers to a CUDA device."""
        return self._apply(lambda t: t.cuda(device))

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:  # a device, its index or its name
        """Move to a device without copying values."""
        return self._apply(lambda t: creation.empty_like(t, device=device), recurse)

    def share_memory(self) -> Self:
        """The module itself: its memory is moved to shared memory when it travels to another process."""
        return self


__all__ = ["ConversionMethods"]

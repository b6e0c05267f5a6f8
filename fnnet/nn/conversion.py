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
from fnnet.nn.parameter import is_lazy
from fnnet.nn.traversal import TraversalMethods

if TYPE_CHECKING:
    from fnnet.nn.module import Module


class ConversionMethods(TraversalMethods):
    """The part of Module that sets modes and moves its tensors."""

    training: bool

    def train(self, mode: bool = True) -> Self:
        """Set training mode (dropout, batch norm) for this module and all below it.

        Args:
            mode: False sets evaluation mode. Default: True.

        Returns:
            This module.

        Raises:
            OptionError: `mode` is no bool.
        """
        if not isinstance(mode, bool):
            raise OptionError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Set evaluation mode: the same as `train(False)`.

        Returns:
            This module.
        """
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Say whether the parameters accumulate gradients.

        Args:
            requires_grad: Whether they do. Default: True.

        Returns:
            This module.
        """
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the parameters' gradients.

        Args:
            set_to_none: False overwrites them with zeros. Default: True.
        """
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
        """Call a function on every submodule, then on this module.

        Args:
            fn: Takes a module; what it returns is ignored.

        Returns:
            This module.

        Example:
            >>> from fnnet import nn
            >>> net = nn.Sequential(nn.Linear(1, 1), nn.ReLU())
            >>> _ = net.apply(lambda module: print(type(module).__name__))
            Linear
            ReLU
            Sequential
        """
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
                p.data = fn(p.data if is_lazy(p) else p)
                if p._grad is not None:
                    p._grad.data = fn(p._grad)
        for name, b in self._buffers.items():
            if is_lazy(b):
                b.data = fn(b.data)
            elif b is not None:
                self._buffers[name] = fn(b)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:  # as Tensor.to
        """Move parameters and buffers to a dtype (those of floating point) and a device, in place.

        Args:
            args: A device, a dtype, both, or a tensor that has them, and `non_blocking`: as of `Tensor.to`.
            kwargs: The same by name.

        Returns:
            This module.

        Raises:
            DTypeError: A dtype of whole numbers.
            DeviceError: A device that is not there.

        Example:
            >>> import fnnet
            >>> fnnet.nn.Linear(1, 1).to(fnnet.float64).weight.dtype
            fnnet.float64
        """
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
        """Cast parameters and buffers of floating point to float32.

        Returns:
            This module.
        """
        return self._floating(dtypes.float32)

    def double(self) -> Self:
        """Cast parameters and buffers of floating point to float64.

        Returns:
            This module.
        """
        return self._floating(dtypes.float64)

    def half(self) -> Self:
        """Cast parameters and buffers of floating point to float16.

        Returns:
            This module.
        """
        return self._floating(dtypes.float16)

    def bfloat16(self) -> Self:
        """Cast parameters and buffers of floating point to bfloat16.

        Returns:
            This module.
        """
        return self._floating(dtypes.bfloat16)

    def type(self, dst_type: Any) -> Self:  # a dtype or its legacy name
        """Cast all parameters and buffers.

        Args:
            dst_type: A dtype, or its legacy name.

        Returns:
            This module.
        """
        return self._apply(lambda t: t.type(dst_type))

    def cpu(self) -> Self:
        """Move parameters and buffers to host memory.

        Returns:
            This module.
        """
        return self._apply(lambda t: t.cpu())

    def cuda(self, device: Any = None) -> Self:  # a device, its index or its name
        """Move parameters and buffers to a CUDA device.

        Args:
            device: Which one: an index, a name or a device. Default: the first.

        Returns:
            This module.

        Raises:
            DeviceError: There is none.
        """
        return self._apply(lambda t: t.cuda(device))

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:  # a device, its index or its name
        """Move to a device without copying values.

        Args:
            device: Where to: a device or its name.
            recurse: All submodules, too. Default: True.

        Returns:
            This module; its values are undefined.
        """
        return self._apply(lambda t: creation.empty_like(t, device=device), recurse)

    def share_memory(self) -> Self:
        """The module itself: its memory is moved to shared memory when it travels to another process.

        Returns:
            This module.

        Raises:
            OptionError: A parameter or buffer is uninitialized.
        """
        for t in (*self.parameters(), *self.buffers()):
            t.share_memory_()
        return self


__all__ = ["ConversionMethods"]

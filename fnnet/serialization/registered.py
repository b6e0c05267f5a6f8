"""What the floors above make known here: serialization stands below nn and can't import its Parameter and Buffer."""

from __future__ import annotations

from collections.abc import Callable

from fnnet.autograd.variable import Variable

MakeTensor = Callable[[Variable, bool], Variable]


class Registered:
    """nn's Parameter and Buffer, once nn has registered them."""

    parameter: type[Variable] | None = None
    make_parameter: MakeTensor | None = None
    buffer: type[Variable] | None = None
    make_buffer: MakeTensor | None = None


def register_parameter(cls: type[Variable], make_parameter: MakeTensor) -> None:
    """Let tensors of this class be saved as PyTorch's parameters, and those be loaded as this class.

    Args:
        cls: The class.
        make_parameter: Makes one of (tensor, requires_grad), sharing the tensor's memory.

    Example:
        >>> import fnnet
        >>> from fnnet.serialization import register_parameter
        >>> register_parameter(fnnet.nn.Parameter, fnnet.nn.Parameter)  # as fnnet.nn does
    """
    Registered.parameter, Registered.make_parameter = cls, make_parameter


def register_buffer(cls: type[Variable], make_buffer: MakeTensor) -> None:
    """Let tensors of this class be saved as PyTorch's buffers, and those be loaded as this class.

    Args:
        cls: The class.
        make_buffer: Makes one of (tensor, persistent), sharing the tensor's memory.

    Example:
        >>> import fnnet
        >>> from fnnet.serialization import register_buffer
        >>> def make(tensor, persistent):
        ...     return fnnet.nn.Buffer(tensor, persistent=persistent)
        >>> register_buffer(fnnet.nn.Buffer, make)  # as fnnet.nn does
    """
    Registered.buffer, Registered.make_buffer = cls, make_buffer

"""The errors that fnnet raises.

Each derives from `FnnetError` and from the builtin that PyTorch raises in the same place, so that code written for
PyTorch catches it; where users might catch either of two builtins, from both.

A message says what failed, what it got, what it expected, and where.
"""

from __future__ import annotations


class FnnetError(Exception):
    """Base of every error that fnnet raises on purpose.

    Example:
        >>> import fnnet
        >>> try:
        ...     fnnet.zeros(2) + fnnet.zeros(3)
        ... except fnnet.FnnetError as error:
        ...     print(isinstance(error, RuntimeError))
        True
    """


class ShapeError(FnnetError, RuntimeError, ValueError):
    """Shapes, dims or sizes do not fit together."""


class AssertedShapeError(ShapeError, AssertionError):
    """A ShapeError where PyTorch's own code asserts."""


class DTypeError(FnnetError, RuntimeError, TypeError):
    """A dtype is not served, or a result can't be cast to where it should go."""


class AssertedDTypeError(DTypeError, AssertionError):
    """A DTypeError where PyTorch's own code asserts."""


class ValueDTypeError(DTypeError, ValueError):
    """A DTypeError where PyTorch raises a ValueError."""


class UnsupportedDTypeError(DTypeError, NotImplementedError):
    """A function is not defined for a dtype, as relu is not for complex numbers."""


class DivisionError(FnnetError, RuntimeError, ZeroDivisionError):
    """Whole numbers are divided by zero."""


class DeviceError(FnnetError, RuntimeError):
    """Tensors on different devices, or a device that is not there."""


class OptionError(FnnetError, ValueError, RuntimeError):
    """An argument that is no tensor has a value outside its range."""


class MissingOptionError(OptionError, KeyError):
    """An option that must be there is not."""

    __str__ = Exception.__str__  # KeyError's shows the message in quotes


class AssertedOptionError(OptionError, AssertionError):
    """An OptionError where PyTorch's own code asserts."""


class RegistrationError(FnnetError, KeyError):
    """A name that a module can't register something under."""

    __str__ = Exception.__str__  # a KeyError shows its repr


class IndexRangeError(FnnetError, IndexError):
    """A dim, an index, a target or an embedding row is out of range."""


class GatherIndexError(IndexRangeError, RuntimeError):
    """An index of gather, scatter or their kin does not fit, where PyTorch raises a RuntimeError."""


class IndexDTypeError(DTypeError, IndexError):
    """An index is of a dtype that can't index."""


class UnservedOptionError(OptionError, NotImplementedError):
    """An option that is not served, where PyTorch raises a NotImplementedError."""


class ArgumentError(FnnetError, TypeError):
    """An argument is of the wrong type."""


class AutogradError(FnnetError, RuntimeError):
    """The graph can't be differentiated as asked: freed, modified in place, or never recorded."""


class ExportError(AutogradError, BufferError):
    """Memory can't be shared by DLPack (PyTorch raises a BufferError there)."""


class OverlapError(FnnetError, RuntimeError):
    """Memory is to be written that the same call writes twice, or reads elsewhere."""


class MissingMethodError(FnnetError, NotImplementedError):
    """A class does not define a method that its base leaves to it."""


class StateDictError(FnnetError, RuntimeError):
    """A state_dict does not fit the module or the optimizer."""


class AssertedStateDictError(StateDictError, AssertionError):
    """A StateDictError where PyTorch's own code asserts."""


class SerializationError(FnnetError, RuntimeError, ValueError):
    """A file is malformed, malicious, truncated, or of a format that nobody serves.

    Example:
        >>> import io
        >>> import fnnet
        >>> try:
        ...     fnnet.load(io.BytesIO(b"no model"))
        ... except RuntimeError as error:
        ...     print(type(error).__name__)
        SerializationError
    """


class WorkerError(FnnetError, RuntimeError):
    """A process that loads data died, or gave nothing in time."""


class PluginError(FnnetError, RuntimeError):
    """A plugin is broken, missing, or two of them claim one name."""


class LookupNameError(PluginError, KeyError, ValueError):
    """A name (optimizer, initializer, format ...) that no plugin provides."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

"""The parametrizations of one tensor, and the tensors that it is made of.

What a user's parametrization returns is checked, and until then `Any`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from fnnet._core.errors import OptionError, StateDictError
from fnnet._tensor import Tensor
from fnnet.autograd.modes import no_grad
from fnnet.nn.module import Module
from fnnet.nn.modules.container import ModuleList
from fnnet.nn.parameter import Parameter


def register(module: Module, name: str, tensor: Tensor) -> None:
    """Register a tensor as a parameter where it is a Parameter, else as a buffer.

    Args:
        module: Gets it.
        name: Its name there.
        tensor: The tensor.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.parametrization_list import register
        >>> m = fnnet.nn.Module()
        >>> register(m, "mean", fnnet.zeros(1))
        >>> [name for name, _ in m.named_buffers()]
        ['mean']
    """
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def way_back(parametrization: Module) -> Any:  # a bound method, or None
    """A parametrization's method `right_inverse`, which finds an original for a value.

    Args:
        parametrization: The module.

    Returns:
        The method, or None.

    Example:
        >>> from fnnet import nn
        >>> from fnnet.nn.utils.parametrization_list import way_back
        >>> print(way_back(nn.Identity()))
        None
    """
    return getattr(parametrization, "right_inverse", None)


def must_be_like(made: Any, like: Tensor, what: str, expected: str) -> None:
    """Refuse what a parametrization, or the way back, makes of a tensor where it is another kind of tensor.

    Args:
        made: What it returned.
        like: The tensor.
        what: Who returned it, for the message.
        expected: Whose dtype and shape are wanted, for the message.

    Raises:
        OptionError: It is no tensor of the same dtype and shape.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.parametrization_list import must_be_like
        >>> must_be_like(fnnet.zeros(2), fnnet.ones(2), "A parametrization", "unparametrized")
    """
    if not isinstance(made, Tensor):
        raise OptionError(f"{what} must return a tensor. Got {type(made).__name__}.")
    if made.dtype is not like.dtype:
        raise OptionError(
            "Registering a parametrization may not change the dtype of the tensor, unless `unsafe` flag is enabled.\n"
            f"{expected} dtype: {like.dtype}\n{what} dtype: {made.dtype}"
        )
    if made.shape != like.shape:
        raise OptionError(
            "Registering a parametrization may not change the shape of the tensor, unless `unsafe` flag is enabled.\n"
            f"{expected} shape: {tuple(like.shape)}\n{what} shape: {tuple(made.shape)}"
        )


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, in the order in which they are applied, and the tensors they start from.

    `register_parametrization` makes it; it stands in `module.parametrizations[name]`. State: `original`, or
    `original0`, `original1` ... where the first parametrization's `right_inverse` returns several tensors; and that of
    the parametrizations.

    Args:
        modules: The parametrizations, at least one.
        original: The parameter or buffer that is parametrized.
        unsafe: Let them change dtype and shape; nothing is checked then. Default: False.

    Shape:
        Called without arguments; returns the parametrized tensor.

    Raises:
        OptionError: There are no modules; a `right_inverse` returns something else than tensors of the original's
            dtype and device; the parametrization changes dtype or shape, without `unsafe`.

    Example:
        >>> import fnnet
        >>> from fnnet import nn
        >>> class Double(nn.Module):
        ...     def forward(self, x):
        ...         return 2 * x
        >>> made = nn.utils.parametrize.ParametrizationList([Double()], nn.Parameter(fnnet.ones(2)))
        >>> made(), list(made.state_dict())
        (tensor([2., 2.], grad_fn=<MulBackward0>), ['original'])
    """

    original: Tensor
    unsafe: bool
    is_tensor: bool
    ntensors: int

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if len(modules) == 0:
            raise OptionError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        before = original.detach()
        new: Any = original
        with no_grad():
            for module in reversed(list(self)):
                back = way_back(module)
                if back is not None:
                    with suppress(NotImplementedError):  # taken for the identity, as where there is none
                        new = back(new)
        if not isinstance(new, Tensor | Sequence):
            raise OptionError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(new).__name__}"
            )
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if isinstance(new, Tensor) else len(new)
        if isinstance(new, Tensor):
            for what in ("dtype", "device"):
                if getattr(original, what) != getattr(new, what):
                    raise OptionError(
                        f"When `right_inverse` outputs one tensor, it may not change the {what}.\n"
                        f"original.{what}: {getattr(original, what)}\n"
                        f"right_inverse(original).{what}: {getattr(new, what)}"
                    )
            register(self, "original", original)  # the same object: an optimizer knows it
        else:
            for i, t in enumerate(new):
                if not isinstance(t, Tensor):
                    raise OptionError(
                        "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                        f"Got element {i} of the sequence with type {type(t).__name__}."
                    )
                made = Parameter(t, original.requires_grad) if isinstance(original, Parameter) else t
                register(self, f"original{i}", made.requires_grad_(original.requires_grad))
        try:
            if isinstance(new, Tensor):
                rebind(original, new)
            if not unsafe:
                must_be_like(self(), before, "A parametrization", "unparametrized")
        except BaseException:
            rebind(original, before)
            raise

    def right_inverse(self, value: Tensor) -> None:
        """Set the originals so that the parametrized tensor becomes `value`, as far as the parametrizations can.

        Args:
            value: What is wanted.

        Raises:
            StateDictError: A parametrization has no `right_inverse`.
            OptionError: One returns other tensors than the originals are: other dtypes, or another number.
        """
        found: Any = value
        with no_grad():
            for module in reversed(list(self)):
                back = way_back(module)
                if back is None:
                    raise StateDictError(f"parametrization {type(module).__name__} does not implement right_inverse.")
                found = back(found)
        if self.is_tensor:
            if not isinstance(found, Tensor):
                raise OptionError(f"`right_inverse` should return a tensor. Got {type(found).__name__}")
            if found.dtype is not self.original.dtype:
                raise OptionError(
                    f"The tensor returned by `right_inverse` has dtype {found.dtype} while `original` has dtype "
                    f"{self.original.dtype}"
                )
            rebind(self.original, found)
            return
        if not isinstance(found, Sequence):
            raise OptionError(f"'right_inverse' must return a sequence of tensors. Got {type(found).__name__}.")
        if len(found) != self.ntensors:
            raise OptionError(
                f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. Got a sequence of "
                f"length {len(found)}."
            )
        originals = self._originals()
        for i, (t, own) in enumerate(zip(found, originals, strict=True)):
            if not isinstance(t, Tensor):
                raise OptionError(
                    f"'right_inverse' must return a sequence of tensors. Got element {i} of type {type(t).__name__}."
                )
            if t.dtype is not own.dtype:
                raise OptionError(
                    f"Tensor {i} returned by `right_inverse` has dtype {t.dtype} while `original{i}` has dtype "
                    f"{own.dtype}"
                )
        for t, own in zip(found, originals, strict=True):
            rebind(own, t)

    def _originals(self) -> list[Tensor]:
        names = ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]
        return [getattr(self, name) for name in names]

    def forward(self) -> Any:  # a tensor, unless `unsafe`
        """The parametrized tensor."""
        first, *rest = self
        x = first(*self._originals())
        for module in rest:
            x = module(x)
        return x


def rebind(own: Tensor, value: Tensor) -> None:
    """Let a tensor have the memory of another: it stays the same object, for optimizers.

    Args:
        own: The tensor.
        value: The other.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.utils.parametrization_list import rebind
        >>> p = fnnet.nn.Parameter(fnnet.zeros(1))
        >>> rebind(p, fnnet.ones(1))
        >>> p.item()
        1.0
    """
    with no_grad():
        own.set_(value)


__all__ = ["ParametrizationList", "must_be_like", "rebind", "register", "way_back"]

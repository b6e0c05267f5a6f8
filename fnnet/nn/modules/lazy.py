"""Lazy modules: those whose parameters get their shapes from the first input, and LazyLinear, one of them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, ClassVar, cast

from fnnet._core.errors import AssertedShapeError, AutogradError, MissingMethodError
from fnnet._tensor import Tensor
from fnnet.autograd.modes import no_grad
from fnnet.backends.dtypes import DType
from fnnet.nn.module import Module
from fnnet.nn.modules._state import DeviceLike
from fnnet.nn.modules.linear import Linear
from fnnet.nn.parameter import Parameter, UninitializedParameter, UninitializedTensorMixin, is_lazy


class LazyModuleMixin(Module):
    """Base, beside a Module's class, of modules that make their parameters when they are first called.

    The subclass sets UninitializedParameters and UninitializedBuffers and defines `initialize_parameters`, which calls
    their `materialize`. The first call runs it before `forward`; then the module becomes one of `cls_to_become`.

    Args:
        args: Those of the class beside it.
        kwargs: The same by name.

    Raises:
        AutogradError: Called, where `initialize_parameters` leaves a parameter uninitialized.

    Example:
        >>> import fnnet
        >>> from fnnet import nn
        >>> class Scale(nn.modules.lazy.LazyModuleMixin, nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.weight = nn.UninitializedParameter()
        ...     def initialize_parameters(self, x):
        ...         self.weight.materialize(x.shape[-1:])
        ...         nn.init.ones_(self.weight)
        ...     def forward(self, x):
        ...         return x * self.weight
        >>> m = Scale()
        >>> m.has_uninitialized_params()
        True
        >>> m(fnnet.zeros(2, 3)).shape, m.weight.shape
        (fnnet.Size([2, 3]), fnnet.Size([3]))
    """

    cls_to_become: ClassVar[type[Module] | None] = None
    """What the module becomes once its parameters are there; None: it stays."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # those of the class beside it
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = self.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def _lazy_load_hook(self, state_dict: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        """Give what is uninitialized the shape of what is to be loaded."""
        for name, own in itertools.chain(self._parameters.items(), self._buffers.items()):
            value = state_dict.get(prefix + name)
            if value is not None and is_lazy(own) and not is_lazy(value):
                own.materialize(value.shape)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Materialize the parameters and buffers: every lazy module defines it.

        Args:
            args: What the module is called with.
            kwargs: The same by name.

        Raises:
            MissingMethodError: The subclass does not.
        """
        raise MissingMethodError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer of this module, without those below it, is uninitialized.

        Returns:
            True before the first call.
        """
        return any(is_lazy(t) for t in itertools.chain(self._parameters.values(), self._buffers.values()))

    def _infer_parameters(self, module: LazyModuleMixin, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        module.initialize_parameters(*args, **kwargs)
        if module.has_uninitialized_params():
            raise AutogradError(f"module {self._get_name()} has not been fully initialized")
        module._initialize_hook.remove()
        module._load_hook.remove()
        del module._initialize_hook, module._load_hook
        if module.cls_to_become is not None:
            module.__class__ = cast("Any", module.cls_to_become)


class LazyLinear(LazyModuleMixin, Linear):
    """y = x Wᵀ + b, where the first input tells in_features; becomes a `Linear` then.

    State: weight `(out_features, in_features)` and bias `(out_features,)`, uninitialized until the first call, which
    draws both as `Linear` does.

    Args:
        out_features: Size of the last dim of the output.
        bias: Whether there is a bias. Default: True.
        device: Where the parameters lie. Default: the default device.
        dtype: Their dtype. Default: the default dtype.

    Shape:
        `(*, in_features)` to `(*, out_features)`.

    Raises:
        OptionError: The parameters are used before the first call.
        AssertedShapeError: First called with another last dim than that of parameters that have been loaded.

    Example:
        >>> import fnnet
        >>> m = fnnet.nn.LazyLinear(30)
        >>> m(fnnet.zeros(128, 20)).shape
        fnnet.Size([128, 30])
        >>> m
        Linear(in_features=20, out_features=30, bias=True)
    """

    cls_to_become = Linear
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, out_features: int, bias: bool = True, device: DeviceLike = None, dtype: DType | None = None
    ) -> None:
        super().__init__(0, 0, False)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw the initial values anew, once there are parameters."""
        if not self.has_uninitialized_params() and self.in_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Make the parameters for the input's last dim.

        Args:
            input: The first input.

        Raises:
            AssertedShapeError: Parameters that have been loaded are for another last dim.
        """
        found = input.shape[-1]
        if self.has_uninitialized_params():
            with no_grad():
                self.in_features = found
                materialize(self.weight, (self.out_features, found))
                materialize(self.bias, (self.out_features,))
                self.reset_parameters()
        if self.in_features == 0:
            expected = self.weight.shape[-1]
            if found != expected:
                raise AssertedShapeError(
                    f"The in_features inferred from input: {found} is not equal to in_features from self.weight: "
                    f"{expected}"
                )
            self.in_features = found


def materialize(t: Tensor | None, shape: tuple[int, ...]) -> None:
    """Give a parameter or buffer of a lazy module its shape, where it is there and uninitialized.

    Args:
        t: The parameter or buffer.
        shape: Its shape.

    Example:
        >>> from fnnet.nn import UninitializedParameter
        >>> from fnnet.nn.modules.lazy import materialize
        >>> p = UninitializedParameter()
        >>> materialize(p, (2,))
        >>> p.shape
        fnnet.Size([2])
    """
    if isinstance(t, UninitializedTensorMixin):
        t.materialize(shape)


__all__ = ["LazyLinear", "LazyModuleMixin"]

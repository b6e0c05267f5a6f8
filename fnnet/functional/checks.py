"""Checks of values, made before anything is computed or changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fnnet._core.errors import AutogradError, DTypeError
from fnnet.autograd.modes import MODE
from fnnet.functional._common import _title, dtype_of, need_tensor

if TYPE_CHECKING:
    from fnnet._tensor import Tensor


def bounds(t: Tensor) -> tuple[Any, Any] | None:  # of t's dtype
    """The least and the greatest value of `t`, as Python numbers.

    None where there is no value, where a transform is in force (its arrays may have no values, and a decision by value
    would fix what it records), and off the host, where reading would wait for all that was started.
    """
    if MODE.state.namespace is not None or t._device.type != "cpu" or 0 in t._data.shape:
        return None
    k, dim = t._device.backend, tuple(range(t._data.ndim))
    return k.amin(t._data, dim=dim).item(), k.amax(t._data, dim=dim).item()


def constant(name: str, **tensors: Tensor | None) -> None:
    """Refuse gradients with respect to arguments for which there is no derivative."""
    for what, t in tensors.items():
        if t is not None:
            need_tensor(name, **{what: t})
            if MODE.state.grad and t._edge() is not None:
                raise AutogradError(f"{name}: the derivative for '{what}' is not implemented; pass {what}.detach()")


def need_index(name: str, what: str, t: Tensor) -> None:
    """Raise unless `t` is a tensor of int64 or int32."""
    need_tensor(name, **{what: t})
    if dtype_of(t).name not in ("int64", "int32"):
        raise DTypeError(
            f"{name}: Expected tensor for argument '{what}' to have one of the following scalar types: Long, Int; but "
            f"got {_title(dtype_of(t))} instead"
        )

"""What functions of several results return: tuples whose elements have names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from fnnet._tensor import Tensor


def _printed(self: Any) -> str:
    fields = "".join(f"{name}={value},\n" for name, value in zip(self._fields, self, strict=True))
    return f"fnnet.return_types.{type(self).__name__}(\n{fields.removesuffix(',' + chr(10))})"


class max(NamedTuple):
    """Of `fnnet.max(input, dim)`."""

    values: Tensor
    indices: Tensor
    __repr__ = _printed


class min(NamedTuple):
    """Of `fnnet.min(input, dim)`."""

    values: Tensor
    indices: Tensor
    __repr__ = _printed


class aminmax(NamedTuple):
    """Of `fnnet.aminmax`."""

    min: Tensor
    max: Tensor
    __repr__ = _printed


class median(NamedTuple):
    """Of `fnnet.median(input, dim)`."""

    values: Tensor
    indices: Tensor
    __repr__ = _printed


class nanmedian(NamedTuple):
    """Of `fnnet.nanmedian(input, dim)`."""

    values: Tensor
    indices: Tensor
    __repr__ = _printed


class mode(NamedTuple):
    """Of `fnnet.mode`."""

    values: Tensor
    indices: Tensor
    __repr__ = _printed


class kthvalue(NamedTuple):
    """Of `fnnet.kthvalue`."""

    values: Tensor
    indices: Tensor
    __repr__ = _printed


class sort(NamedTuple):
    """Of `fnnet.sort`."""

    values: Tensor
    indices: Tensor
    __repr__ = _printed


class topk(NamedTuple):
    """Of `fnnet.topk`."""

    values: Tensor
    indices: Tensor
    __repr__ = _printed


class cummax(NamedTuple):
    """Of `fnnet.cummax`."""

    values: Tensor
    indices: Tensor
    __repr__ = _printed


class cummin(NamedTuple):
    """Of `fnnet.cummin`."""

    values: Tensor
    indices: Tensor
    __repr__ = _printed

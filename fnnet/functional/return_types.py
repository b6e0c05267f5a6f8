"""What functions of several results return: tuples whose elements have names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fnnet._tensor import Tensor


def _printed(result: tuple[Tensor, ...], names: tuple[str, ...]) -> str:
    fields = ",\n".join(f"{name}={value!r}" for name, value in zip(names, result, strict=True))
    return f"fnnet.return_types.{type(result).__name__}(\n{fields})"


class max(NamedTuple):
    """Of `fnnet.max(input, dim)`."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        return _printed(self, self._fields)


class min(NamedTuple):
    """Of `fnnet.min(input, dim)`."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        return _printed(self, self._fields)


class aminmax(NamedTuple):
    """Of `fnnet.aminmax`."""

    min: Tensor
    max: Tensor

    def __repr__(self) -> str:
        return _printed(self, self._fields)


class median(NamedTuple):
    """Of `fnnet.median(input, dim)`."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        return _printed(self, self._fields)


class nanmedian(NamedTuple):
    """Of `fnnet.nanmedian(input, dim)`."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        return _printed(self, self._fields)


class mode(NamedTuple):
    """Of `fnnet.mode`."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        return _printed(self, self._fields)


class kthvalue(NamedTuple):
    """Of `fnnet.kthvalue`."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        return _printed(self, self._fields)


class sort(NamedTuple):
    """Of `fnnet.sort`."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        return _printed(self, self._fields)


class topk(NamedTuple):
    """Of `fnnet.topk`."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        return _printed(self, self._fields)


class cummax(NamedTuple):
    """Of `fnnet.cummax`."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        return _printed(self, self._fields)


class cummin(NamedTuple):
    """Of `fnnet.cummin`."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        return _printed(self, self._fields)

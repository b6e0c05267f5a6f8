"""Parameters as the layers make them."""

from __future__ import annotations

from fnnet.backends.dtypes import DType
from fnnet.functional import creation
from fnnet.functional.creation import DeviceLike
from fnnet.nn.parameter import Parameter


def parameter(shape: tuple[int, ...], device: DeviceLike, dtype: DType | None) -> Parameter:
    """A Parameter that waits for its initial values."""
    return Parameter(creation.empty(shape, device=device, dtype=dtype))


__all__ = ["DeviceLike", "parameter"]

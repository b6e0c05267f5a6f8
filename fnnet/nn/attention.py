"""PyTorch's switch between ways of computing `F.scaled_dot_product_attention`, accepted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import IntEnum

from fnnet._core.errors import AssertedOptionError


class SDPBackend(IntEnum):
    """PyTorch's ways of computing attention, by its names and numbers.

    Example:
        >>> from fnnet.nn.attention import SDPBackend
        >>> SDPBackend.MATH.value
        0
    """

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


@contextlib.contextmanager
def sdpa_kernel(backends: list[SDPBackend] | SDPBackend, set_priority: bool = False) -> Iterator[dict[str, object]]:
    """Choose how attention is computed; it has no effect: fnnet takes the kernel that is installed for the device.

    All of PyTorch's ways give the same values but for rounding. Which plugin's kernel runs, say `FNNET_PREFER` and
    `FNNET_DISABLE_PLUGINS`.

    Args:
        backends: One way, or several.
        set_priority: Whether their order counts. Default: False.

    Returns:
        A context manager, which is a decorator, too.

    Raises:
        OptionError: `backends` is neither.

    Example:
        >>> import fnnet
        >>> from fnnet.nn.attention import SDPBackend, sdpa_kernel
        >>> x = fnnet.ones(1, 2)
        >>> with sdpa_kernel(SDPBackend.MATH):
        ...     fnnet.nn.functional.scaled_dot_product_attention(x, x, x)
        tensor([[1., 1.]])
    """
    if not isinstance(backends, list | SDPBackend):
        raise AssertedOptionError(
            "sdpa_kernel: Backend must be an instance of SDPBackend or a list of SDPBackend instances, got "
            f"{type(backends).__name__}"
        )
    yield {}


__all__ = ["SDPBackend", "sdpa_kernel"]

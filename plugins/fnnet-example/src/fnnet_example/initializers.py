"""LeCun's normal initialization."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fnnet.nn import init
from fnnet.nn.fans import fan_in_and_fan_out

if TYPE_CHECKING:
    from fnnet import Tensor


def lecun_normal_(tensor: Tensor) -> Tensor:
    """Fill a weight with normal values of variance `1 / fan_in`, so that sums keep the variance of their inputs.

    Args:
        tensor: Of shape `(out, in, ...)`; `fan_in` is the number of elements per output. Written in place.

    Returns:
        `tensor`.

    Raises:
        ShapeError: Fewer than two dims: there is no fan-in.

    Source:
        Y. LeCun et al., "Efficient BackProp" (1998), section 4.6.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> w = fnnet.nn.init.get("lecun_normal")(fnnet.empty(100, 400))
        >>> bool(abs(w.std() - 0.05) < 0.001)
        True
    """
    fan_in, _ = fan_in_and_fan_out(tensor)
    return init.normal_(tensor, std=1 / math.sqrt(fan_in))

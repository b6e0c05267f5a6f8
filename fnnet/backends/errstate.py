"""NumPy's floating-point warnings, kept from users: infinities and NaN are ordinary results of ops, as in PyTorch.

Switching them off around each op (`numpy.errstate`) costs as much as a small op. So they are filtered as warnings,
those raised in fnnet's modules alone, which costs nothing until one is raised. Where somebody has made warnings errors,
the op is computed again, `silently`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

warnings.filterwarnings(
    "ignore", "(overflow|underflow|invalid value|divide by zero) encountered", RuntimeWarning, r"fnnet\."
)


def silently(function: Callable[..., Any], *args: Any, **options: Any) -> Any:  # function's own
    """`function(*args, **options)` without NumPy's floating-point warnings."""
    with np.errstate(all="ignore"):
        return function(*args, **options)

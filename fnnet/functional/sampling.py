"""Samplers in place: each fills a tensor with random numbers, in the order of its memory as PyTorch does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fnnet._core.errors import ArgumentError
from fnnet.functional._common import is_tensor, need_one_device
from fnnet.functional.random_source import fill

if TYPE_CHECKING:
    from fnnet._tensor import Tensor
    from fnnet.functional.generators import Generator


def normal_(self: Tensor, mean: float = 0, std: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill with normal numbers.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.zeros(2).normal_(10, 2)
        tensor([13.0820,  9.4131])
    """
    contiguous = self.is_contiguous()
    return fill(self, "normal_", "normal", generator, mean=float(mean), std=float(std), contiguous=contiguous)


def uniform_(
    self: Tensor, from_: float = 0, to: float = 1, *, generator: Generator | None = None, **bounds: float
) -> Tensor:
    """Fill with numbers uniform in `[from, to)`; the keyword is `from_` or `**{"from": 0}`: Python keeps the word.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.zeros(2).uniform_(-1, 1)
        tensor([-0.0075,  0.5364])
    """
    low = _from("uniform_", from_, bounds)
    return fill(self, "uniform_", "uniform", generator, low=float(low), high=float(to))


def _from(name: str, given: Any, bounds: dict[str, Any]) -> Any:
    """The lower bound, which PyTorch calls `from`."""
    low = bounds.pop("from", given)
    if bounds:
        raise ArgumentError(f"{name}() got an unexpected keyword argument {next(iter(bounds))!r}")
    return low


def bernoulli_(self: Tensor, p: Tensor | float = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill with 1 with probability `p`, else 0; a tensor `p` is broadcast.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.zeros(4).bernoulli_(0.5)
        tensor([0., 0., 1., 0.])
    """
    need_one_device("bernoulli_", self=self, p=p)
    return fill(self, "bernoulli_", "bernoulli", generator, p=p if is_tensor(p) else float(p))


def random_(self: Tensor, *args: int | None, generator: Generator | None = None, **bounds: int | None) -> Tensor:
    """Fill with whole numbers: `random_()` of the dtype's range, `random_(to)`, `random_(from, to)`.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.zeros(3).random_(10)
        tensor([4., 9., 3.])
    """
    to = bounds.pop("to", None)
    named = "from" in bounds or "from_" in bounds
    low = _from("random_", bounds.pop("from_", None), bounds)
    if len(args) == 2:
        (low, to), named = args, True
    elif len(args) == 1 and named:
        to = args[0]
    elif len(args) == 1 and to is not None:
        low, named = args[0], True
    elif len(args) == 1:
        to = args[0]
    elif args:
        raise ArgumentError(f"random_() takes at most 2 bounds, got {args}")
    if not named and to is None:
        return fill(self, "random_", "random", generator)
    return fill(self, "random_", "integers", generator, low=int(low or 0), high=None if to is None else int(to))


def exponential_(self: Tensor, lambd: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill with exponential numbers of rate `lambd`.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> bool((fnnet.zeros(100).exponential_() > 0).all())
        True
    """
    return fill(self, "exponential_", "exponential", generator, lambd=float(lambd))


def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill with the numbers of trials up to the first success, whose probability is `p`.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> bool((fnnet.zeros(100).geometric_(0.5) >= 1).all())
        True
    """
    return fill(self, "geometric_", "geometric", generator, p=float(p))


def cauchy_(self: Tensor, median: float = 0, sigma: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill with Cauchy numbers.

    Example:
        >>> import fnnet
        >>> fnnet.zeros(3).cauchy_().shape
        fnnet.Size([3])
    """
    return fill(self, "cauchy_", "cauchy", generator, median=float(median), sigma=float(sigma))


def log_normal_(self: Tensor, mean: float = 1, std: float = 2, *, generator: Generator | None = None) -> Tensor:
    """Fill with exponentials of normal numbers of that mean and standard deviation.

    Example:
        >>> import fnnet
        >>> bool((fnnet.zeros(100).log_normal_() > 0).all())
        True
    """
    return fill(self, "log_normal_", "log_normal", generator, mean=float(mean), std=float(std))


__all__ = [
    "bernoulli_", "cauchy_", "exponential_", "geometric_", "log_normal_", "normal_", "random_", "uniform_",
]  # fmt: skip

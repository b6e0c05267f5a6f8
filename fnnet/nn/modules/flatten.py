"""Several dims as one, one as several."""

from __future__ import annotations

from collections.abc import Sequence

from fnnet._core.errors import ArgumentError
from fnnet._tensor import Tensor
from fnnet.nn.module import Module


class Flatten(Module):
    """The dims from `start_dim` to `end_dim` as one: `Tensor.flatten`, by default keeping the first, the batch.

    Args:
        start_dim: The first dim. Default: 1.
        end_dim: The last dim. Default: -1.

    Shape:
        `(N, A, B, ...)` to `(N, A * B * ...)`: a view where the memory allows it.

    Raises:
        IndexRangeError: Called with an input that lacks the dims.
        ShapeError: The first dim is behind the last.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Flatten()(fnnet.zeros(32, 1, 5, 5)).shape
        fnnet.Size([32, 25])
    """

    start_dim: int
    end_dim: int

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One dim as several: `Tensor.unflatten`.

    Args:
        dim: The dim; negative counts from the end.
        unflattened_size: The sizes that it becomes, of which one may be -1.

    Shape:
        `(*, n, *)` to `(*, *unflattened_size, *)`: a view.

    Raises:
        ArgumentError: The sizes are no tuple or list of ints.
        ShapeError: Called with a dim of another size than their product.
        IndexRangeError: Called with an input that lacks the dim.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Unflatten(1, (2, 5, 5))(fnnet.zeros(2, 50)).shape
        fnnet.Size([2, 2, 5, 5])
    """

    dim: int
    unflattened_size: Sequence[int]

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        if not isinstance(unflattened_size, (tuple, list)):
            raise ArgumentError(
                f"{type(self).__name__}: unflattened_size must be a tuple of ints, but found type "
                f"{type(unflattened_size).__name__}"
            )
        for at, n in enumerate(unflattened_size):
            if not isinstance(n, int):
                raise ArgumentError(
                    f"{type(self).__name__}: unflattened_size must be tuple of ints, but found element of type "
                    f"{type(n).__name__} at pos {at}"
                )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


__all__ = ["Flatten", "Unflatten"]

"""A table of vectors, looked up by index."""

from __future__ import annotations

from typing import Self

from fnnet._core.errors import AssertedOptionError
from fnnet._tensor import Tensor
from fnnet.autograd.modes import no_grad
from fnnet.backends.dtypes import DType
from fnnet.nn import functional as F
from fnnet.nn import init
from fnnet.nn.module import Module
from fnnet.nn.modules._state import DeviceLike, parameter
from fnnet.nn.parameter import Parameter


class Embedding(Module):
    """Rows of a table, by index: `F.embedding`.

    State: weight `(num_embeddings, embedding_dim)`, drawn from N(0, 1).

    Args:
        num_embeddings: Rows of the table, V.
        embedding_dim: Length of a row, D.
        padding_idx: A row that begins as zeros and receives no gradient; negative counts from the end. Default: none.
        max_norm: Rows that are longer are shortened to this norm, in place, when they are looked up. Default: none.
        norm_type: Which p-norm that is. Default: 2.
        scale_grad_by_freq: Divide a row's gradient by how often it is looked up in the batch. Default: False.
        sparse: Sparse gradients, which are not served. Default: False.
        _weight: The table itself, whose memory is shared (`from_pretrained` gives it). Default: a table that is drawn.
        _freeze: Whether the table does not learn. Default: False.
        device: Where the weight lies. Default: the default device.
        dtype: Its dtype. Default: the default dtype.

    Shape:
        `(*)`, int64 or int32, to `(*, D)`.

    Raises:
        AssertedOptionError: padding_idx is no row of the table, or a given weight has another shape.
        IndexRangeError: Called with an index that is negative or not below V.
        DTypeError: Called with indices of another dtype.
        OptionError: Called where `sparse` is asked for.

    Example:
        >>> import fnnet
        >>> fnnet.nn.Embedding(10, 3)(fnnet.tensor([[1, 2, 4, 5], [4, 3, 2, 9]])).shape
        fnnet.Size([2, 4, 3])
    """

    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None
    max_norm: float | None
    norm_type: float
    scale_grad_by_freq: bool
    weight: Parameter
    sparse: bool

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings and padding_idx:
                raise AssertedOptionError(
                    f"{type(self).__name__}: Padding_idx must be within num_embeddings ({num_embeddings}), got "
                    f"{padding_idx}"
                )
            padding_idx = padding_idx + num_embeddings if padding_idx < 0 else padding_idx
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_idx
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        if _weight is None:
            self.weight = parameter((num_embeddings, embedding_dim), device, dtype)
            self.weight.requires_grad_(not _freeze)
            self.reset_parameters()
        else:
            if tuple(_weight.shape) != (num_embeddings, embedding_dim):
                raise AssertedOptionError(
                    f"Shape of weight does not match num_embeddings and embedding_dim: {tuple(_weight.shape)}, "
                    "expected "
                    f"{(num_embeddings, embedding_dim)}"
                )
            self.weight = Parameter(_weight, requires_grad=not _freeze)
        self.sparse = sparse

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )

    def extra_repr(self) -> str:
        options = [
            f"{self.num_embeddings}, {self.embedding_dim}",
            f"padding_idx={self.padding_idx}" if self.padding_idx is not None else "",
            f"max_norm={self.max_norm}" if self.max_norm is not None else "",
            f"norm_type={self.norm_type}" if self.norm_type != 2 else "",
            f"scale_grad_by_freq={self.scale_grad_by_freq}" if self.scale_grad_by_freq else "",
            "sparse=True" if self.sparse else "",
        ]
        return ", ".join(o for o in options if o)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """An Embedding over a given table, by default one that does not learn.

        Args:
            embeddings: `(V, D)`; its memory is shared.
            freeze: Whether the table does not learn. Default: True.
            padding_idx: As the class takes it; the row keeps its values.
            max_norm: As the class takes it.
            norm_type: As the class takes it.
            scale_grad_by_freq: As the class takes it.
            sparse: As the class takes it.

        Returns:
            An Embedding.

        Raises:
            AssertedOptionError: `embeddings` is not 2-d, or padding_idx no row of it.

        Example:
            >>> import fnnet
            >>> fnnet.nn.Embedding.from_pretrained(fnnet.tensor([[1.0, 2.3], [4.0, 5.1]]))(fnnet.tensor([1]))
            tensor([[4.0000, 5.1000]])
        """
        if embeddings.ndim != 2:
            raise AssertedOptionError(
                f"Embeddings parameter is expected to be 2-dimensional, got shape {tuple(embeddings.shape)}"
            )
        rows, length = embeddings.shape
        return cls(
            rows,
            length,
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
            _weight=embeddings,
            _freeze=freeze,
        )


__all__ = ["Embedding"]

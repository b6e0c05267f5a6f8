"""Sums, means and maxima of a table's rows."""

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


class EmbeddingBag(Module):
    """The sum, mean or maximum of a table's rows, for each bag of indices: `F.embedding_bag`.

    State: weight `(num_embeddings, embedding_dim)`, drawn from N(0, 1).

    Args:
        num_embeddings: Rows of the table, V.
        embedding_dim: Length of a row, D.
        max_norm: Rows that are longer are shortened to this norm, in place, when they are looked up. Default: none.
        norm_type: Which p-norm that is. Default: 2.
        scale_grad_by_freq: Divide a row's gradient by how often it is looked up in the batch; not in the mode "max".
            Default: False.
        mode: "sum", "mean" or "max". Default: "mean".
        sparse: Sparse gradients, which are not served. Default: False.
        _weight: The table itself, whose memory is shared (`from_pretrained` gives it). Default: a table that is drawn.
        include_last_offset: The last of the offsets is where the last bag ends. Default: False.
        padding_idx: A row that begins as zeros and does not count in any bag; negative counts from the end. Default:
            none.
        device: Where the weight lies. Default: the default device.
        dtype: Its dtype. Default: the default dtype.

    Shape:
        `(B, L)`, B bags of L indices, or `(N,)` with offsets `(B,)`, to `(B, D)`; int64 or int32. In the mode "sum",
        `per_sample_weights` of the indices' shape may follow.

    Raises:
        AssertedOptionError: padding_idx is no row of the table, or a given weight has another shape.
        OptionError: Called where options or arguments do not go together, or `sparse` is asked for.
        IndexRangeError: Called with an index that is negative or not below V.
        ShapeError: Called with arguments of other dims, or offsets that do not cut the input.

    Example:
        >>> import fnnet
        >>> bag = fnnet.nn.EmbeddingBag(10, 3, mode="sum")
        >>> bag(fnnet.tensor([1, 2, 4, 5, 4, 3, 2, 9]), fnnet.tensor([0, 4])).shape
        fnnet.Size([2, 3])
    """

    num_embeddings: int
    embedding_dim: int
    max_norm: float | None
    norm_type: float
    scale_grad_by_freq: bool
    weight: Parameter
    mode: str
    sparse: bool
    include_last_offset: bool
    padding_idx: int | None

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings and padding_idx:
                raise AssertedOptionError(
                    f"{type(self).__name__}: padding_idx must be within num_embeddings ({num_embeddings}), got "
                    f"{padding_idx}"
                )
            padding_idx = padding_idx + num_embeddings if padding_idx < 0 else padding_idx
        self.padding_idx = padding_idx
        if _weight is None:
            self.weight = parameter((num_embeddings, embedding_dim), device, dtype)
            self.reset_parameters()
        else:
            if tuple(_weight.shape) != (num_embeddings, embedding_dim):
                raise AssertedOptionError(
                    f"{type(self).__name__}: Shape of weight does not match num_embeddings and embedding_dim: "
                    f"{tuple(_weight.shape)}, expected {(num_embeddings, embedding_dim)}"
                )
            self.weight = Parameter(_weight)
        self.mode = mode
        self.sparse = sparse
        self.include_last_offset = include_last_offset

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        options = [
            f"{self.num_embeddings}, {self.embedding_dim}",
            f"max_norm={self.max_norm}" if self.max_norm is not None else "",
            f"norm_type={self.norm_type}" if self.norm_type != 2 else "",
            f"scale_grad_by_freq={self.scale_grad_by_freq}" if self.scale_grad_by_freq else "",
            f"mode={self.mode!r}",
            f"padding_idx={self.padding_idx}" if self.padding_idx is not None else "",
        ]
        return ", ".join(o for o in options if o)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """An EmbeddingBag over a given table, by default one that does not learn.

        Args:
            embeddings: `(V, D)`; its memory is shared.
            freeze: Whether the table does not learn. Default: True.
            max_norm: As the class takes it.
            norm_type: As the class takes it.
            scale_grad_by_freq: As the class takes it.
            mode: As the class takes it.
            sparse: As the class takes it.
            include_last_offset: As the class takes it.
            padding_idx: As the class takes it; the row keeps its values.

        Returns:
            An EmbeddingBag.

        Raises:
            AssertedOptionError: `embeddings` is not 2-d, or padding_idx no row of it.

        Example:
            >>> import fnnet
            >>> table = fnnet.tensor([[1.0, 2.3, 3.0], [4.0, 5.1, 6.3]])
            >>> fnnet.nn.EmbeddingBag.from_pretrained(table)(fnnet.tensor([[1, 0]]))
            tensor([[2.5000, 3.7000, 4.6500]])
        """
        if embeddings.ndim != 2:
            raise AssertedOptionError(
                f"Embeddings parameter is expected to be 2-dimensional, got shape {tuple(embeddings.shape)}"
            )
        rows, length = embeddings.shape
        bag = cls(
            rows,
            length,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            mode,
            sparse,
            embeddings,
            include_last_offset,
            padding_idx,
        )
        bag.weight.requires_grad = not freeze
        return bag


__all__ = ["EmbeddingBag"]

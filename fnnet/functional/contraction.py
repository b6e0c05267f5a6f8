"""Products of tensors along named dims: `einsum`, contracted pair by pair, `tensordot`, `inner`, `kron`, chains."""

from __future__ import annotations

import itertools
import math
import string
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from fnnet._core.errors import ArgumentError, OptionError, ShapeError
from fnnet._core.op import OPS
from fnnet.autograd.node import entitle
from fnnet.autograd.tape import apply
from fnnet.functional._common import into, into_same, is_tensor, need_tensor, wrap_dim
from fnnet.functional.arithmetic import mul
from fnnet.functional.products import check_dtypes, check_rank, contract, mm, permute, product, reshape, shape_of

if TYPE_CHECKING:
    from fnnet._tensor import Tensor

LETTERS = string.ascii_uppercase + string.ascii_lowercase
"""In the order in which an output that is not given lists them."""
Labels = list[Any]
"""One label per dim: a letter, or a number for a dim that the ellipsis covers."""


def einsum(*args: Any) -> Tensor:  # an equation and operands, or operands and sublists by turns
    """A sum of products: the dims of equal label meet, those without a label in the output are summed.

    Args:
        *args: `"ij,jk->ik", a, b`: labels of each operand's dims, and of the output's. A label given twice in one
            operand takes the diagonal; `...` stands for dims that broadcast; without `->` the output has the
            ellipsis's dims, then the labels that occur once, in alphabetical order. Or `a, [0, 1], b, [1, 2], [0, 2]`
            with numbers below 52 as labels. Dims of size 1 broadcast. The operands have one dtype.

    Returns:
        The tensor of the output's labels, of the operands' dtype. Where nothing is computed, a view of the operand or
        the operand itself.

    Raises:
        OptionError: The equation is malformed, or does not fit the number of operands.
        ShapeError: The sizes of a label differ, or an operand has other dims than labels.
        DTypeError: Two operands that are summed over a common label differ in dtype, or are bool.
        ArgumentError: An operand is not a tensor.

    Differentiable: In all operands, any order.

    Example:
        >>> import fnnet
        >>> a = fnnet.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> fnnet.einsum("ij,kj->ik", a, a)
        tensor([[ 5., 11.],
                [11., 25.]])
        >>> fnnet.einsum("ii", a)
        tensor(5.)
    """
    if len(args) < 2:
        raise OptionError(
            "einsum(): must specify the equation string and at least one operand, or at least one operand and its "
            "subscripts list"
        )
    if isinstance(args[0], str):
        operands = args[1] if len(args) == 2 and isinstance(args[1], (list, tuple)) else args[1:]
        inputs, output = _parse(args[0])
    else:
        operands = args[0 : len(args) - len(args) % 2 : 2]
        lists = [_letters(x) for x in args[1::2]]
        inputs, output = lists, _letters(args[-1]) if len(args) % 2 else None
    for i, t in enumerate(operands):
        if not is_tensor(t):
            raise ArgumentError(f"einsum(): operand {i} must be Tensor, not {type(t).__name__}")
    if len(inputs) != len(operands):
        word = "fewer" if len(operands) < len(inputs) else "more"
        raise OptionError(
            f"einsum(): {word} operands were provided than specified in the equation ({len(operands)} for "
            f"{len(inputs)})"
        )
    labels, covered = _cover(inputs, operands)
    output = _output(output, inputs, covered)
    sizes = _sizes(labels, operands)
    terms = [_simplify(t, ls, sizes) for t, ls in zip(operands, labels, strict=True)]
    while len(terms) > 1:
        i, j = min(itertools.combinations(range(len(terms)), 2), key=lambda ij: _cost(terms, ij, output, sizes))
        b, a = terms.pop(j), terms.pop(i)
        kept = set(output).union(*(ls for _, ls in terms))
        terms.append(_pair(a, b, kept))
    return _finish(*terms[0], output)


# reading the equation --------------------------------------------------------------------------------------------
def _parse(equation: str) -> tuple[list[Labels], Labels | None]:
    left, arrow, right = equation.partition("->")
    if "->" in right or ">" in left or "-" in left:
        raise OptionError(f"einsum(): found '.' or '-' or '>' out of place in the equation {equation!r}")
    inputs = [_split(part, equation) for part in left.split(",")]
    return inputs, _split(right, equation) if arrow else None


def _split(part: str, equation: str) -> Labels:
    found: Labels = []
    rest = part.replace(" ", "")
    while rest:
        if rest.startswith("..."):
            if Ellipsis in found:
                raise OptionError(f"einsum(): found '.' for which an ellipsis was already found in {equation!r}")
            found.append(Ellipsis)
            rest = rest[3:]
        elif rest[0] in LETTERS:
            found.append(rest[0])
            rest = rest[1:]
        elif rest[0] == ".":
            raise OptionError(f"einsum(): found '.' that is not part of any ellipsis in {equation!r}")
        else:
            raise OptionError(
                f"einsum(): invalid subscript given at index {equation.index(rest[0])} in the equation string "
                f"{equation!r}, subscripts must be in [a-zA-Z]"
            )
    return found


def _letters(sublist: Sequence[Any]) -> Labels:
    found: Labels = []
    for x in sublist:
        if x is Ellipsis:
            found.append(x)
        elif isinstance(x, int) and 0 <= x < len(LETTERS):
            found.append(LETTERS[x])
        else:
            raise OptionError(f"einsum(): subscripts in a sublist must be within [0, {len(LETTERS)}), got {x!r}")
    return found


def _cover(inputs: list[Labels], operands: Sequence[Any]) -> tuple[list[Labels], Labels]:
    """One label per dim: the ellipsis's dims are numbered so that the last ones of all operands agree."""
    labels: list[Labels] = []
    most = 0
    for i, (ls, t) in enumerate(zip(inputs, operands, strict=True)):
        ndim, named = t._data.ndim, len(ls) - (Ellipsis in ls)
        if Ellipsis not in ls and named != ndim:
            raise ShapeError(
                f"einsum(): the number of subscripts in the equation ({named}) does not match the number of dimensions "
                f"({ndim}) for operand {i} and no ellipsis was given"
            )
        if named > ndim:
            raise ShapeError(
                f"einsum(): the number of subscripts in the equation ({named}) is more than the number of dimensions "
                f"({ndim}) for operand {i}"
            )
        if Ellipsis in ls:
            at, n = ls.index(Ellipsis), ndim - named
            most = max(most, n)
            ls = [*ls[:at], *range(-n, 0), *ls[at + 1 :]]
        labels.append(ls)
    return labels, list(range(-most, 0))


def _output(output: Labels | None, inputs: list[Labels], covered: Labels) -> Labels:
    everything = [x for ls in inputs for x in ls if x is not Ellipsis]
    if output is None:
        return covered + sorted((x for x in set(everything) if everything.count(x) == 1), key=LETTERS.index)
    for x in output:
        if output.count(x) > 1:
            raise OptionError(f"einsum(): output subscript {x} appears more than once in the output")
        if x is not Ellipsis and x not in everything:
            raise OptionError(f"einsum(): output subscript {x} does not appear in the equation for any input operand")
    if Ellipsis in output:
        at = output.index(Ellipsis)
        return [*output[:at], *covered, *output[at + 1 :]]
    return output


def _sizes(labels: list[Labels], operands: Sequence[Any]) -> dict[Any, int]:
    sizes: dict[Any, int] = {}
    for i, (ls, t) in enumerate(zip(labels, operands, strict=True)):
        own: dict[Any, int] = {}
        for x, n in zip(ls, t._data.shape, strict=True):
            if own.setdefault(x, n) != n:
                raise ShapeError(
                    f"einsum(): subscript {x} is repeated for operand {i} but the sizes don't match, {n} != {own[x]}"
                )
            if n != 1 and sizes.get(x, 1) not in (1, n):
                raise ShapeError(
                    f"einsum(): operands do not broadcast with remapped shapes: subscript {x} has size {n} for operand "
                    f"{i} which does not broadcast with previously seen size {sizes[x]}"
                )
            if n != 1 or x not in sizes:
                sizes[x] = n
    return sizes


# contracting -----------------------------------------------------------------------------------------------------
Term = tuple[Any, Labels]
"""A tensor and the labels of its dims, each once."""


def _simplify(t: Tensor, labels: Labels, sizes: dict[Any, int]) -> Term:
    """Diagonals taken; dims of size 1 that broadcast against larger ones dropped."""
    labels = list(labels)
    while len(set(labels)) < len(labels):
        x = next(x for x in labels if labels.count(x) > 1)
        i = labels.index(x)
        j = labels.index(x, i + 1)
        t = cast("Tensor", apply(OPS["diagonal"], t, offset=0, dim1=i, dim2=j))
        labels = [*labels[:i], *labels[i + 1 : j], *labels[j + 1 :], x]
    shape = t._data.shape
    kept = [i for i, x in enumerate(labels) if shape[i] == sizes[x]]
    if len(kept) < len(labels):
        t = reshape(t, tuple(shape[i] for i in kept))
    return t, [labels[i] for i in kept]


def _sum_out(t: Tensor, labels: Labels, kept: Any) -> Term:
    """Sum over the dims whose labels nobody needs any more."""
    gone = tuple(i for i, x in enumerate(labels) if x not in kept)
    if gone:
        t = entitle(cast("Tensor", apply(OPS["sum"], t, dim=gone)), "SumBackward1")
    return t, [x for x in labels if x in kept]


def _cost(terms: list[Term], pair: tuple[int, int], output: Labels, sizes: dict[Any, int]) -> int:
    """How much larger the product is than its factors: the pair that shrinks the most goes first."""
    i, j = pair
    others = set(output).union(*(ls for n, (_, ls) in enumerate(terms) if n not in pair))
    a, b = terms[i][1], terms[j][1]
    whole = math.prod(sizes[x] for x in {*a, *b} if x in others)
    return whole - math.prod(sizes[x] for x in a) - math.prod(sizes[x] for x in b)


def _pair(first: Term, second: Term, kept: set[Any]) -> Term:
    """Two terms as one: batched matrix product over the labels that both have."""
    a, la = _sum_out(*first, {*kept, *second[1]})
    b, lb = _sum_out(*second, {*kept, *first[1]})
    batch = [x for x in la if x in lb and x in kept]
    inner = [x for x in la if x in lb and x not in kept]
    left, right = [x for x in la if x not in lb], [x for x in lb if x not in la]
    size = dict(zip((*la, *lb), (*a._data.shape, *b._data.shape), strict=True))
    shape = [[size[x] for x in xs] for xs in (batch, left, inner, right)]
    if not inner:
        a = reshape(permute(a, tuple(la.index(x) for x in (*batch, *left))), (*shape[0], *shape[1], *(1,) * len(right)))
        b = reshape(permute(b, tuple(lb.index(x) for x in (*batch, *right))), (*shape[0], *(1,) * len(left), *shape[3]))
        return mul(a, b), [*batch, *left, *right]
    check_dtypes("einsum", first=a, second=b)
    n, rows, both, cols = map(math.prod, shape)
    lead = (n,) if batch else ()
    a = reshape(permute(a, tuple(la.index(x) for x in (*batch, *left, *inner))), (*lead, rows, both))
    b = reshape(permute(b, tuple(lb.index(x) for x in (*batch, *inner, *right))), (*lead, both, cols))
    return reshape(product(a, b), (*shape[0], *shape[1], *shape[3])), [*batch, *left, *right]


def _finish(t: Tensor, labels: Labels, output: Labels) -> Tensor:
    t, labels = _sum_out(t, labels, output)
    dims = tuple(labels.index(x) for x in output)
    return t if dims == tuple(range(len(dims))) else permute(t, dims)


# other products along dims --------------------------------------------------------------------------------------
def inner(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The dot products along the last dims; a 0-d tensor scales.

    Args:
        input: `(*, K)`, any dtype but bool.
        other: `(*', K)`, of the same dtype.
        out: Where to write the result.

    Returns:
        `(*, *')`, the operands' dtype; with a 0-d operand the product, of the other's shape.

    Raises:
        ShapeError: The last dims differ.
        DTypeError: The dtypes differ or are bool, or `out` can't hold the result.

    Differentiable: In `input` and `other`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.inner(fnnet.tensor([[1.0, 2.0], [3.0, 4.0]]), fnnet.tensor([1.0, 1.0]))
        tensor([3., 7.])
    """
    check_dtypes("inner", input=input, other=other)
    x, y = shape_of(input), shape_of(other)
    if not x or not y:
        r = mul(input, other)
    else:
        if x[-1] != y[-1]:
            raise ShapeError(
                f"inner() the last dimension must match on both input tensors but got shapes {list(x)} and {list(y)}"
            )
        r = tensordot(input, other, ([len(x) - 1], [len(y) - 1]))
    return r if out is None else into_same("inner", out, r)


def tensordot(
    a: Tensor,
    b: Tensor,
    dims: Any = 2,  # an int, a pair of lists of ints, or a Tensor of either, as in PyTorch
    out: Tensor | None = None,
) -> Tensor:
    """The product of two tensors, summed over the named dims.

    Args:
        a: Tensor of any dtype but bool.
        b: Tensor of a's dtype.
        dims: How many of the last dims of `a` meet the first of `b`; or two lists, of the dims of `a` and of `b` that
            meet; or a tensor of either. Dims that meet are of equal size, or one is 1. Default: 2.
        out: Where to write the result.

    Returns:
        The dims of `a` that are left, then those of `b`; the operands' dtype.

    Raises:
        ShapeError: There are not so many dims, the lists differ in length, or the sizes of dims that meet differ.
        IndexRangeError: A list names a dim that there is not.
        DTypeError: The dtypes differ or are bool, or `out` can't hold the result.

    Differentiable: In `a` and `b`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.tensordot(fnnet.ones(2, 3, 4), fnnet.ones(4, 3), dims=([2, 1], [0, 1]))
        tensor([12., 12.])
    """
    check_dtypes("tensordot", a=a, b=b)
    if is_tensor(dims):
        dims = dims.tolist()
    x, y = shape_of(a), shape_of(b)
    if isinstance(dims, int):
        if dims < 0:
            raise ShapeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(len(x), len(y)):
            raise ShapeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims} (a: {x}, b: {y})")
        dims_a: Sequence[int] = range(len(x) - dims, len(x))
        dims_b: Sequence[int] = range(dims)
    else:
        dims_a, dims_b = dims
    dims_a = [wrap_dim(d, len(x), "tensordot") for d in dims_a]
    dims_b = [wrap_dim(d, len(y), "tensordot") for d in dims_b]
    if len(dims_a) != len(dims_b):
        raise ShapeError(
            f"tensordot: both dimension lists should have same length, got {len(dims_a)} and {len(dims_b)}"
        )
    for i, j in zip(dims_a, dims_b, strict=True):
        if x[i] != y[j] and 1 not in (x[i], y[j]):
            raise ShapeError(
                f"tensordot: contracted dimensions need to match, but first has size {x[i]} in dim {i} and second has "
                f"size {y[j]} in dim {j}"
            )
    r = contract(a, b, dims_a, dims_b)
    return r if out is None else into_same("tensordot", out, r)


def kron(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Kronecker product: each element of `input` times the whole of `other`.

    Args:
        input: Tensor of any dtype; where it has fewer dims than `other`, dims of size 1 come before them.
        other: Tensor, likewise; promoted.
        out: Where to write the result.

    Returns:
        Each size the product of both operands' sizes; the promoted dtype.

    Raises:
        DTypeError: `out` can't hold the result.

    Differentiable: In `input` and `other`, any order.

    Example:
        >>> import fnnet
        >>> fnnet.kron(fnnet.tensor([1, 10]), fnnet.tensor([1, 2]))
        tensor([ 1,  2, 10, 20])
    """
    need_tensor("kron", input=input, other=other)
    x, y = shape_of(input), shape_of(other)
    n = max(len(x), len(y))
    x, y = (1,) * (n - len(x)) + x, (1,) * (n - len(y)) + y
    a = reshape(input, tuple(s for i in x for s in (i, 1)))
    b = reshape(other, tuple(s for j in y for s in (1, j)))
    r = reshape(mul(a, b), tuple(i * j for i, j in zip(x, y, strict=True)))
    entitle(r, "UnsafeViewBackward0")
    return r if out is None else into("kron", out, r)


def chain_matmul(*matrices: Tensor, out: Tensor | None = None) -> Tensor:
    """The product of several matrices, bracketed so that the fewest multiplications are made.

    Args:
        *matrices: `(M, K1)`, `(K1, K2)`, ... `(Kn, N)`, of one dtype, not bool.
        out: Where to write the result.

    Returns:
        `(M, N)`, the matrices' dtype; a single matrix itself.

    Raises:
        ShapeError: A tensor is not 2-d, or sizes that meet differ.
        DTypeError: The dtypes differ or are bool, or `out` can't hold the result.
        OptionError: There are no matrices.

    Differentiable: In all matrices, any order.

    Source: Cormen et al., Introduction to Algorithms, section 15.2.

    Example:
        >>> import fnnet
        >>> fnnet.chain_matmul(fnnet.ones(1, 2), fnnet.ones(2, 3), fnnet.ones(3, 1))
        tensor([[6.]])
    """
    if not matrices:
        raise OptionError("chain_matmul(): Expected one or more matrices")
    for t in matrices:
        need_tensor("chain_matmul", matrices=t)
        check_rank("chain_matmul", "matrices", t, 2)
    n = len(matrices)
    sizes = [shape_of(t)[0] for t in matrices] + [shape_of(matrices[-1])[1]]
    cost: dict[tuple[int, int], tuple[int, int]] = {(i, i): (0, i) for i in range(n)}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i, j] = min(
                (cost[i, m][0] + cost[m + 1, j][0] + sizes[i] * sizes[m + 1] * sizes[j + 1], m) for m in range(i, j)
            )

    def multiply(i: int, j: int) -> Tensor:
        if i == j:
            return matrices[i]
        m = cost[i, j][1]
        return mm(multiply(i, m), multiply(m + 1, j))

    r = multiply(0, n - 1)
    return r if out is None else into_same("chain_matmul", out, r)


__all__ = ["chain_matmul", "einsum", "inner", "kron", "tensordot"]

"""`out=`: memory that it may not share, dtypes that it must have. Phrases: PyTorch 2.13."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import fnnet

X = [3.0, 1.0, 2.0]
READERS: dict[str, Callable[[fnnet.Tensor], object]] = {
    "gather": lambda x: fnnet.gather(x, 0, fnnet.tensor([2, 0, 1]), out=x),
    "take": lambda x: fnnet.take(x, fnnet.tensor([2, 0, 1]), out=x),
    "index_select": lambda x: fnnet.index_select(x, 0, fnnet.tensor([2, 0, 1]), out=x),
    "masked_select": lambda x: fnnet.masked_select(x, x > 0, out=x),
    "cat": lambda x: fnnet.cat([x[:1], x[1:]], out=x),
    "kthvalue": lambda x: fnnet.kthvalue(x, 2, out=(x, fnnet.tensor(0))),
}


@pytest.mark.parametrize("name", READERS)
def test_memory_that_is_read_meanwhile(name: str) -> None:
    x = fnnet.tensor(X)
    with pytest.raises(
        RuntimeError, match=r"unsupported operation: some elements .* refer to a single memory location"
    ):
        READERS[name](x)
    assert x.tolist() == X


def test_elements_that_share_memory() -> None:
    out = fnnet.zeros(1).expand(3)
    with pytest.raises(
        RuntimeError, match=r"more than one element of the written-to tensor refers? to a single memory"
    ):
        fnnet.gather(fnnet.tensor(X), 0, fnnet.tensor([0, 1, 2]), out=out)
    assert out.tolist() == [0, 0, 0]


def test_neighbours_in_memory_are_no_overlap() -> None:
    x = fnnet.tensor([*X, 0.0, 0.0, 0.0])
    fnnet.gather(x[:3], 0, fnnet.tensor([2, 0, 1]), out=x[3:])
    assert x.tolist() == [3, 1, 2, 2, 3, 1]


def test_the_dtype_must_be_the_results() -> None:
    x = fnnet.tensor([X])
    with pytest.raises(RuntimeError, match="Expected out tensor to have dtype"):
        fnnet.gather(x, 1, fnnet.tensor([[0]]), out=fnnet.zeros(1, 1, dtype=fnnet.float64))
    with pytest.raises(RuntimeError, match="Expected out tensor to have dtype"):
        fnnet.aminmax(x, dim=0, out=(fnnet.zeros(3), fnnet.zeros(3, dtype=fnnet.float64)))
    with pytest.raises(RuntimeError, match="multinomial expects Long tensor out"):
        fnnet.multinomial(x, 2, out=fnnet.zeros(1, 2))
    with pytest.raises(
        RuntimeError, match="Expected object of scalar type ComplexFloat but got scalar type ComplexDouble"
    ):
        fnnet.complex(x, x, out=fnnet.zeros(1, 3, dtype=fnnet.complex128))


def test_complex_numbers_and_their_parts() -> None:
    z = fnnet.zeros(4, dtype=fnnet.complex64)
    parts = fnnet.view_as_real(z)
    flat = parts.reshape(-1)[:4]
    for write in (
        lambda: fnnet.conj_physical(z[:3], out=z[1:]),
        lambda: fnnet.complex(flat, fnnet.ones(4), out=z),
        lambda: fnnet.polar(flat, fnnet.ones(4), out=z),
    ):
        with pytest.raises(RuntimeError, match="some elements of the input tensor"):
            write()
    assert z.tolist() == [0, 0, 0, 0]
    parts[:, 0] = 2
    fnnet.complex(parts[:, 0], parts[:, 1] + 1, out=z)
    fnnet.conj_physical(z, out=z)
    assert z.tolist() == [2 - 1j] * 4

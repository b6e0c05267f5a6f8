"""How tensors print: literals of PyTorch 2.13, but for the name of the framework."""

from __future__ import annotations

import pytest

import fnnet

NAN, INF = float("nan"), float("inf")

PRINTED = [
    (lambda: fnnet.tensor(1.5), "tensor(1.5000)"),
    (lambda: fnnet.tensor(-0.0), "tensor(-0.)"),
    (lambda: fnnet.tensor([0.0, -0.0]), "tensor([0., -0.])"),
    (lambda: fnnet.tensor([1.0, NAN]), "tensor([1., nan])"),
    (lambda: fnnet.tensor([1.5, INF, -INF, NAN]), "tensor([1.5000,    inf,   -inf,    nan])"),
    (lambda: fnnet.tensor([1e-5, 1.0]), "tensor([1.0000e-05, 1.0000e+00])"),
    (lambda: fnnet.tensor([1e8 + 8, 1.0]), "tensor([1.0000e+08, 1.0000e+00])"),
    (lambda: fnnet.tensor([1000.5, 0.5]), "tensor([1.0005e+03, 5.0000e-01])"),
    (
        lambda: fnnet.tensor([[1.5, -2.0], [3.0, 400.0]]),
        "tensor([[  1.5000,  -2.0000],\n        [  3.0000, 400.0000]])",
    ),
    (lambda: fnnet.tensor([True, False]), "tensor([ True, False])"),
    (lambda: fnnet.tensor([1, -100]), "tensor([   1, -100])"),
    (lambda: fnnet.tensor([1, 2], dtype=fnnet.int32), "tensor([1, 2], dtype=fnnet.int32)"),
    (lambda: fnnet.tensor([1, 2], dtype=fnnet.uint8), "tensor([1, 2], dtype=fnnet.uint8)"),
    (lambda: fnnet.tensor([1.5], dtype=fnnet.float16), "tensor([1.5000], dtype=fnnet.float16)"),
    (lambda: fnnet.tensor([1.5, 2.0], dtype=fnnet.bfloat16), "tensor([1.5000, 2.0000], dtype=fnnet.bfloat16)"),
    (lambda: fnnet.tensor([1.5], dtype=fnnet.float64), "tensor([1.5000], dtype=fnnet.float64)"),
    (lambda: fnnet.tensor([]), "tensor([])"),
    (lambda: fnnet.zeros(0, dtype=fnnet.int64), "tensor([], dtype=fnnet.int64)"),
    (lambda: fnnet.zeros(2, 0), "tensor([], size=(2, 0))"),
    (lambda: fnnet.zeros(0, 3, dtype=fnnet.int32), "tensor([], size=(0, 3), dtype=fnnet.int32)"),
    (
        lambda: fnnet.zeros(2, 1, 2),
        "tensor([[[0., 0.]],\n\n        [[0., 0.]]])",
    ),
    (lambda: fnnet.arange(1001), "tensor([   0,    1,    2,  ...,  998,  999, 1000])"),
    (
        lambda: fnnet.arange(30),
        "tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17,\n"
        "        18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29])",
    ),
    (lambda: fnnet.tensor([1 + 2j, 3.5]), "tensor([1.0000+2.j, 3.5000+0.j])"),
    (lambda: fnnet.tensor(1 - 2j), "tensor(1.-2.j)"),
    (
        lambda: fnnet.tensor([[1 + 2j, 3.5], [1e10, 0]]),
        "tensor([[1.0000e+00+2.j, 3.5000e+00+0.j],\n        [1.0000e+10+0.j, 0.0000e+00+0.j]])",
    ),
    (lambda: fnnet.tensor([1 + 2j], dtype=fnnet.complex128), "tensor([1.+2.j], dtype=fnnet.complex128)"),
    (lambda: fnnet.tensor([complex(NAN, 1), complex(1, -INF)]), "tensor([nan+1.j, 1.-infj])"),
    (lambda: fnnet.ones(2, requires_grad=True), "tensor([1., 1.], requires_grad=True)"),
    (lambda: fnnet.ones(2, requires_grad=True) * 2, "tensor([2., 2.], grad_fn=<MulBackward0>)"),
    (lambda: fnnet.ones(2, requires_grad=True).exp(), "tensor([2.7183, 2.7183], grad_fn=<ExpBackward0>)"),
    (
        lambda: fnnet.ones(20, requires_grad=True) * 1.5,
        "tensor([1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000,\n"
        "        1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000,\n"
        "        1.5000, 1.5000], grad_fn=<MulBackward0>)",
    ),
    (
        lambda: fnnet.ones(2, dtype=fnnet.float64, requires_grad=True),
        "tensor([1., 1.], dtype=fnnet.float64, requires_grad=True)",
    ),
    (
        lambda: fnnet.nn.Parameter(fnnet.ones(2)),
        "Parameter containing:\ntensor([1., 1.], requires_grad=True)",
    ),
]


@pytest.mark.parametrize(("make", "text"), PRINTED, ids=[text[:50] for _, text in PRINTED])
def test_repr(make, text):
    assert repr(make()) == text
    assert str(make()) == text


def test_a_large_tensor_is_summarised_in_every_dim():
    lines = repr(fnnet.arange(4000).reshape(4, 10, 100)).split("\n")
    assert lines[0] == "tensor([[[   0,    1,    2,  ...,   97,   98,   99],"
    assert lines[3:5] == ["         ...,", "         [ 700,  701,  702,  ...,  797,  798,  799],"]
    assert lines[7:9] == ["", "        [[1000, 1001, 1002,  ..., 1097, 1098, 1099],"]
    assert lines[-1] == "         [3900, 3901, 3902,  ..., 3997, 3998, 3999]]])"
    assert len(lines) == 4 * 7 + 3


def test_numbers_in_text():
    """A 0-d tensor formats as its number, with or without a format."""
    assert f"{fnnet.tensor(3.14159):.3f}" == "3.142"
    assert f"{fnnet.tensor(3):>5}|" == "    3|"
    assert f"{fnnet.tensor(1.25)}" == "1.25"
    assert f"{fnnet.tensor([1, 2])}" == "tensor([1, 2])"
    with pytest.raises(TypeError, match="unsupported format string"):
        format(fnnet.ones(2), ".2f")


OPTIONS = [
    ({"precision": 2}, lambda: fnnet.tensor([1.23456]), "tensor([1.23])"),
    ({"precision": 2}, lambda: fnnet.tensor([1.23456 + 1j]), "tensor([1.23+1.j])"),
    ({"precision": 0}, lambda: fnnet.tensor([1.5, 2.25]), "tensor([2, 2])"),
    ({"sci_mode": True}, lambda: fnnet.tensor([1.23456]), "tensor([1.2346e+00])"),
    ({"sci_mode": False}, lambda: fnnet.tensor([1e-6, 1e6]), "tensor([      0.0000, 1000000.0000])"),
    ({"threshold": 3, "edgeitems": 1}, lambda: fnnet.arange(5), "tensor([0,  ..., 4])"),
    ({"threshold": 1, "edgeitems": 0}, lambda: fnnet.arange(5), "tensor([...], size=(5,))"),
    ({"linewidth": 20}, lambda: fnnet.arange(6), "tensor([0, 1, 2, 3,\n        4, 5])"),
    ({"profile": "short"}, lambda: fnnet.tensor([1.23456]), "tensor([1.23])"),
    ({"profile": "full"}, lambda: repr(fnnet.zeros(1001)).count("0."), "1001"),
]


@pytest.mark.parametrize(("options", "make", "text"), OPTIONS, ids=[str(options) for options, _, _ in OPTIONS])
def test_set_printoptions(options, make, text):
    try:
        fnnet.set_printoptions(**options)
        assert repr(make()) == text
    finally:
        fnnet.set_printoptions(profile="default")
    assert repr(fnnet.tensor([1.23456])) == "tensor([1.2346])"


def test_an_unknown_profile_changes_nothing():
    with pytest.raises(ValueError, match="expected one of default, short, full"):
        fnnet.set_printoptions(precision=1, profile="long")
    assert repr(fnnet.tensor([1.23456])) == "tensor([1.2346])"

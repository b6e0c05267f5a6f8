"""RNN, LSTM, GRU and their cells as modules: state, printing, the forms of input, errors."""

from __future__ import annotations

import copy
import inspect
import io

import numpy as np
import pytest

import fnnet
from fnnet import nn
from fnnet.nn.utils.rnn import PackedSequence, pack_padded_sequence, pack_sequence, pad_packed_sequence
from fnnet.testing import fake_device


def test_names_of_parameters() -> None:
    layer = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_hr_l0"]
    each = [name.replace("0", str(i)) + suffix for i in range(2) for suffix in ("", "_reverse") for name in layer]
    net = nn.LSTM(2, 3, 2, bidirectional=True, proj_size=1)
    assert list(net.state_dict()) == each  # list(torch.nn.LSTM(...).state_dict())
    assert [w is v for ws, i in zip(net.all_weights, range(0, 20, 5), strict=True)
            for w, v in zip(ws, list(net.parameters())[i : i + 5], strict=True)] == [True] * 20  # fmt: skip
    assert [tuple(w.shape) for w in net.all_weights[2]] == [(12, 2), (12, 1), (12,), (12,), (1, 3)]
    assert [len(ws) for ws in nn.GRU(2, 3, bias=False).all_weights] == [2]
    assert net.flatten_parameters() is None


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda: nn.RNN(3, 4, 2, "relu"), "RNN(3, 4, num_layers=2)"),
        (lambda: nn.RNN(3, 4, 1, "relu", False, True), "RNN(3, 4, bias=False, batch_first=True)"),
        (lambda: nn.LSTM(3, 4, 1, False, True, 0.0, True, 2),
         "LSTM(3, 4, proj_size=2, bias=False, batch_first=True, bidirectional=True)"),
        (lambda: nn.GRU(3, 4, 2, dropout=0.5), "GRU(3, 4, num_layers=2, dropout=0.5)"),
        (lambda: nn.RNNCell(3, 4, nonlinearity="relu"), "RNNCell(3, 4, nonlinearity=relu)"),
        (lambda: nn.LSTMCell(3, 4, False), "LSTMCell(3, 4, bias=False)"),
        (lambda: nn.GRUCell(3, 4), "GRUCell(3, 4)"),
    ],
)  # fmt: skip
def test_printing(made: object, text: str) -> None:
    assert repr(made()) == text  # type: ignore[operator]  # as PyTorch 2.13 prints them


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_the_forms_of_input_agree(kind: type[nn.RNNBase]) -> None:
    fnnet.manual_seed(0)
    net = kind(2, 3, 2, bidirectional=True, dtype=fnnet.float64)
    x = fnnet.rand(5, 4, 2, dtype=fnnet.float64)
    y, left = net(x)
    h = left if kind is not nn.LSTM else left[0]
    assert (y.shape, h.shape) == ((5, 4, 6), (4, 4, 3))
    first = kind(2, 3, 2, bidirectional=True, batch_first=True, dtype=fnnet.float64)
    first.load_state_dict(net.state_dict())
    turned, _ = first(x.transpose(0, 1))
    assert fnnet.equal(turned, y.transpose(0, 1))
    alone, state = net(x[:, 1])
    np.testing.assert_allclose(alone.detach().numpy(), y[:, 1].detach().numpy(), rtol=1e-12)
    assert (state if kind is not nn.LSTM else state[0]).shape == (4, 3)
    packed, final = net(pack_sequence([x[:2, 0], x[:, 1]], enforce_sorted=False))
    assert isinstance(packed, PackedSequence)
    assert packed.unsorted_indices.tolist() == [1, 0]
    own = final if kind is not nn.LSTM else final[0]  # in the order of the sequences, not of the packing
    np.testing.assert_allclose(own[:, 1].detach().numpy(), h[:, 1].detach().numpy(), rtol=1e-12)


def test_dropout_between_layers_and_seeds() -> None:
    fnnet.manual_seed(0)
    net = nn.GRU(2, 3, 2, dropout=0.5)
    fnnet.manual_seed(1)
    y, _ = net(fnnet.ones(3, 1, 2))
    # torch.nn.GRU likewise
    expected = [
        [-0.12078361958265305, -0.344590425491333, -0.1490340232849121],
        [-0.2337658703327179, -0.4780380427837372, -0.2034609317779541],
        [-0.07619846612215042, -0.5083249807357788, -0.11922796070575714],
    ]
    np.testing.assert_allclose(y[:, 0].detach().numpy(), expected, rtol=1e-5)
    assert fnnet.rand(1).tolist() == pytest.approx([0.93708336353302])
    net.eval()
    assert fnnet.equal(net(fnnet.ones(3, 1, 2))[0], net(fnnet.ones(3, 1, 2))[0])


def test_dropout_of_one_layer_warns() -> None:
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last recurrent layer"):
        nn.LSTM(2, 3, dropout=0.5)


def test_state_is_saved_copied_and_replaced() -> None:
    net = nn.GRU(2, 3)
    file = io.BytesIO()
    fnnet.save(net.state_dict(), file)
    file.seek(0)
    twin = nn.GRU(2, 3)
    twin.load_state_dict(fnnet.load(file))
    x = fnnet.ones(2, 1, 2)
    assert fnnet.equal(twin(x)[0], net(x)[0])
    other = copy.deepcopy(net)
    other.weight_ih_l0 = nn.Parameter(fnnet.zeros(9, 2))  # found by its name at each call
    assert not fnnet.equal(other(x)[0], net(x)[0])
    assert other.double()(x.double())[0].dtype is fnnet.float64


def test_signatures_say_what_is_meant() -> None:
    """The constructors take `*args`, as PyTorch's; a type checker sees the options."""
    assert list(inspect.signature(nn.RNNBase).parameters)[:3] == ["mode", "input_size", "hidden_size"]
    assert nn.RNN(3, 4, 1, "relu").mode == "RNN_RELU"
    assert nn.RNN(input_size=3, hidden_size=4).nonlinearity == "tanh"


X, H = fnnet.ones(5, 2, 3), fnnet.ones(1, 2, 4)


@pytest.mark.parametrize(
    ("net", "args", "error", "phrase"),
    [
        (nn.GRU(3, 4), (fnnet.ones(3),), ValueError, "GRU: Expected input to be 2D or 3D, got 1D instead"),
        (nn.RNN(3, 4), (fnnet.ones(3),), ValueError, "RNN: Expected input to be 2D or 3D, got 1D tensor instead"),
        (nn.GRU(3, 4), (fnnet.ones(5, 2, 4),), RuntimeError, "Expected 3, got 4"),
        (nn.GRU(3, 4), (X.double(),), ValueError, "RNN input dtype (fnnet.float64) does not match weight dtype"),
        (nn.GRU(3, 4), (X, fnnet.ones(1, 2, 5)), RuntimeError, "Expected hidden size (1, 2, 4), got [1, 2, 5]"),
        (nn.GRU(3, 4), (X, H[0]), RuntimeError, "For batched 3-D input, hx should also be 3-D but got 2-D tensor"),
        (nn.GRU(3, 4), (X[:, 0], H), RuntimeError, "For unbatched 2-D input, hx should also be 2-D but got 3-D tensor"),
        (nn.GRU(3, 4), (X, H.double()), RuntimeError, "must have the same dtype, but got Double and Float"),
        (nn.GRU(3, 4), (X[:0],), RuntimeError, "Expected sequence length to be larger than 0 in RNN"),
        (nn.GRU(3, 4), ([1],), TypeError, "argument 'input' must be Tensor, not list"),
        (nn.LSTM(3, 4), (X, (H, fnnet.ones(1, 2, 5))), RuntimeError, "hidden[1] size (1, 2, 4), got [1, 2, 5]"),
        (nn.LSTM(3, 4), (X, (H[0], H)), RuntimeError, "hx and cx should also be 3-D but got (2-D, 3-D) tensors"),
        (nn.LSTM(3, 4), (X, H), TypeError, "hx must be a pair of hidden and cell state, got Tensor"),
        (nn.LSTM(3, 4), (pack_sequence([X]), None), RuntimeError, "input must have 2 dimensions, got 3"),
        (nn.GRU(3, 4), (pack_sequence([X[:, 0]]), H), RuntimeError, "Expected hidden size (1, 1, 4), got [1, 2, 4]"),
        (nn.GRUCell(3, 4), (X,), ValueError, "GRUCell: Expected input to be 1D or 2D, got 3D instead"),
        (nn.GRUCell(3, 4), (X[0], X), ValueError, "GRUCell: Expected hidden to be 1D or 2D, got 3D instead"),
        (nn.LSTMCell(3, 4), (X[0], (H[0], H)), ValueError, "Expected hx[1] to be 1D or 2D, got 3D instead"),
        (nn.RNNCell(3, 4), (X[0], fnnet.ones(3, 4)), RuntimeError, "batch size 2 doesn't match hidden0 batch size 3"),
        (nn.RNNCell(3, 4, nonlinearity="x"), (X[0],), RuntimeError, "Unknown nonlinearity: x"),
    ],
)  # fmt: skip
def test_errors(net: nn.Module, args: tuple[object, ...], error: type[Exception], phrase: str) -> None:
    with pytest.raises(error) as caught:
        net(*args)
    assert isinstance(caught.value, fnnet.FnnetError)
    assert phrase in str(caught.value)


def test_cells_of_one_row() -> None:
    fnnet.manual_seed(0)
    cell = nn.LSTMCell(3, 4)
    h, c = cell(X[0])
    alone, _ = cell(X[0, 0])
    np.testing.assert_allclose(alone.detach().numpy(), h[0].detach().numpy(), rtol=1e-6)
    again, _ = cell(X[0, 0], (alone, c[0]))
    assert again.shape == (4,)


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_on_another_device(kind: type[nn.RNNBase]) -> None:
    """The definitions compute what NumPy's own does; what counts steps stays on the host."""
    fake_device.register()
    fnnet.manual_seed(0)
    net = kind(2, 3, 2, bidirectional=True)
    x = fnnet.rand(4, 3, 2)
    there = copy.deepcopy(net).to("fake:1")
    grads = []
    for m, data in ((net, x), (there, x.to("fake:1"))):
        packed = pack_padded_sequence(data, [2, 4, 1], enforce_sorted=False)
        y, _ = m(packed)
        assert y.batch_sizes.device.type == "cpu"
        assert y.data.device == data.device
        padded, lengths = pad_packed_sequence(y)
        assert lengths.device.type == "cpu"
        padded.square().sum().backward()
        grads.append([padded.detach(), *(p.grad for p in m.parameters())])
    for a, b in zip(*grads, strict=True):
        np.testing.assert_allclose(a.numpy(), b.cpu().numpy(), rtol=1e-5, atol=1e-6)
    with pytest.raises(RuntimeError, match=r"found at least two devices \(input: cpu; params\[0\]: fake:1\)"):
        there(x)

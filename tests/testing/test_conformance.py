"""The conformance kit finds what is wrong with a backend, and holds it to the gaps that it declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pytest

from fnnet._core.op import OPS
from fnnet.autograd.variable import Variable
from fnnet.backends import devices, dtypes
from fnnet.backends.devices import CPU, Device
from fnnet.backends.numpy_backend import NumpyBackend
from fnnet.testing import conformance
from fnnet.testing.conformance import Case
from fnnet.testing.conformance.cases import COMPLEX, FLOATING, TRUTH, WHOLE
from fnnet.testing.plugin_kit import CheckError

DEVICE = Device("planted", 0)


class Planted(NumpyBackend):
    """NumPy, but for what a test breaks."""

    device_type: ClassVar[str] = "planted"

    def device_count(self) -> int:
        return 1


@pytest.fixture
def backend() -> Iterator[Planted]:
    found = Planted()
    devices.register_backend(found)
    yield found
    del devices._BACKENDS["planted"]
    DEVICE._backend = None


def hold(op: str, dtype: Any = dtypes.float32) -> None:
    conformance.hold(Case(OPS[op], dtype), DEVICE)


def test_a_right_backend_holds(backend: Planted) -> None:
    for op in ("add", "exp", "softmax", "conv", "getitem", "view_set"):
        hold(op)


def test_a_wrong_value_is_found(backend: Planted) -> None:
    backend.__dict__["exp"] = lambda x: np.exp(x) + 1e-2
    with pytest.raises(CheckError, match=r"exp in float32 on planted:0: .* of sample 0 is off by 0.01"):
        hold("exp")
    with pytest.raises(CheckError, match="softmax in float32"):  # which is made of it
        hold("softmax")


def test_a_wrong_gradient_is_found(backend: Planted) -> None:
    backend.__dict__["cos"] = lambda x: np.sin(x)
    with pytest.raises(CheckError, match="gradient 0"):
        hold("sin")


def test_a_wrong_dtype_is_found(backend: Planted) -> None:
    backend.__dict__["exp"] = lambda x: np.exp(x).astype(np.float64)
    with pytest.raises(CheckError, match=r"output 0 has dtype .*float64, expected .*float32"):
        hold("exp")


def test_a_wrong_whole_number_is_found(backend: Planted) -> None:
    backend.__dict__["add"] = lambda a, b: np.add(a, b) + 1
    with pytest.raises(CheckError, match="add in int64"):
        hold("add", dtypes.int64)


def test_a_nan_is_found(backend: Planted) -> None:
    backend.__dict__["exp"] = lambda x: np.full_like(x, np.nan)
    with pytest.raises(CheckError, match="off by inf"):
        hold("exp")


def test_an_undeclared_gap_fails(backend: Planted) -> None:
    def refuses(*_: Any, **__: Any) -> Any:
        raise NotImplementedError("no cosines here")

    backend.__dict__["cos"] = refuses
    with pytest.raises(CheckError, match="cos in float32 on planted:0: NotImplementedError: no cosines here"):
        hold("cos")


@pytest.mark.parametrize("key", ["cos", "cos:float32", "*:float32"])
def test_a_declared_gap_holds(backend: Planted, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    backend.__dict__["cos"] = lambda x: x
    monkeypatch.setattr(Planted, "gaps", {key: "planted"})
    hold("cos")


def test_an_unexpected_pass_fails(backend: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Planted, "gaps", {"cos": "planted"})
    with pytest.raises(CheckError, match="passes, but the backend declares a gap: 'planted'"):
        hold("cos")


def test_lists_of_dtypes_name_ops() -> None:
    assert set(OPS) >= WHOLE | TRUTH | COMPLEX | FLOATING


def test_samples_are_equal_on_every_device(backend: Planted) -> None:
    for one, two in zip(
        Case(OPS["where"], dtypes.float32).samples(CPU), Case(OPS["where"], dtypes.float32).samples(DEVICE), strict=True
    ):
        for a, b in zip(one.inputs, two.inputs, strict=True):
            assert np.array_equal(a._data, b._data) if isinstance(a, Variable) else a == b


def test_tolerances_bite(backend: Planted) -> None:
    for dtype, factor in (
        (dtypes.float64, 1e-8),
        (dtypes.float32, 1e-3),
        (dtypes.float16, 0.05),
        (dtypes.bfloat16, 0.2),
    ):
        backend.__dict__["exp"] = lambda x, factor=factor: np.exp(x) * x.dtype.type(1 + factor)
        with pytest.raises(CheckError):
            hold("exp", dtype)

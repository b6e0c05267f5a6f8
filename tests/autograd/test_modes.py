"""no_grad, enable_grad, set_grad_enabled, inference_mode: blocks, decorators, generators, threads.

PyTorch 2.13 runs this file unchanged, but for a refused write to an inference tensor, which changes its memory there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import Any

import pytest

import fnnet as torch


def leaf() -> Any:
    return torch.tensor([1.0, 2.0], requires_grad=True)


def test_no_grad_records_nothing() -> None:
    x = leaf()
    with torch.no_grad():
        y = x * 2
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()
    assert (y.requires_grad, y.is_leaf) == (False, True)


def test_modes_nest() -> None:
    with torch.no_grad():
        with torch.enable_grad():
            assert torch.is_grad_enabled()
            with torch.set_grad_enabled(False):
                assert not torch.is_grad_enabled()
            assert torch.is_grad_enabled()
        assert not torch.is_grad_enabled()


def test_modes_end_with_errors() -> None:
    with pytest.raises(KeyError), torch.no_grad():
        raise KeyError
    assert torch.is_grad_enabled()


def test_set_grad_enabled_as_a_function() -> None:
    torch.set_grad_enabled(False)
    try:
        assert not torch.is_grad_enabled()
    finally:
        torch.set_grad_enabled(True)
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    "mode",
    [torch.no_grad, lambda: torch.no_grad, lambda: torch.set_grad_enabled(False), torch.inference_mode],
)
def test_decorators(mode: Callable[[], Any]) -> None:
    decorate = mode()

    @decorate
    def inner(x: Any, *, scale: float) -> Any:
        """Says so."""
        assert not torch.is_grad_enabled()
        return x * scale

    assert inner.__doc__ == "Says so."
    assert not inner(leaf(), scale=2.0).requires_grad
    assert torch.is_grad_enabled()


def test_a_decorated_function_may_recurse() -> None:
    @torch.no_grad()
    def down(n: int) -> bool:
        return torch.is_grad_enabled() if n == 0 else down(n - 1)

    assert down(3) is False
    assert torch.is_grad_enabled()


def test_a_mode_around_yield_leaks_to_the_consumer() -> None:
    def leaking() -> Generator[int]:
        with torch.no_grad():
            yield 1

    for _ in leaking():
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()


def test_a_decorated_generator_does_not_leak() -> None:
    sent: list[Any] = []

    @torch.no_grad()
    def steps() -> Generator[bool, str, str]:
        sent.append((yield torch.is_grad_enabled()))
        try:
            yield torch.is_grad_enabled()
        except KeyError:
            sent.append(torch.is_grad_enabled())
        yield torch.is_grad_enabled()
        return "end"

    body = steps()
    assert next(body) is False
    assert torch.is_grad_enabled()
    assert body.send("hello") is False
    assert body.throw(KeyError()) is False
    assert torch.is_grad_enabled()
    with pytest.raises(StopIteration) as stop:
        next(body)
    assert stop.value.value == "end"
    assert sent == ["hello", False]


def test_modes_are_per_thread() -> None:
    found: list[bool] = []
    with torch.no_grad():
        thread = threading.Thread(target=lambda: found.append(torch.is_grad_enabled()))
        thread.start()
        thread.join()
    assert found == [True]


def test_backward_runs_while_recording_is_off() -> None:
    x = leaf()
    y = (x * x).sum()
    with torch.no_grad():
        y.backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_new_leaves_may_require_grad_under_no_grad() -> None:
    with torch.no_grad():
        x = torch.ones(2, requires_grad=True)
    assert x.requires_grad


# inference ----------------------------------------------------------------------------------------------------------
def test_inference_tensors() -> None:
    x = leaf()
    with torch.inference_mode():
        assert torch.is_inference_mode_enabled()
        y = x * 2
        y.add_(1)
    assert y.is_inference()
    assert not x.is_inference()
    assert y.tolist() == [3.0, 5.0]
    assert not (y + 1).requires_grad


def test_inference_tensors_are_not_written_outside() -> None:
    with torch.inference_mode():
        y = torch.ones(2)
    with pytest.raises(RuntimeError, match="Inplace update to inference tensor outside InferenceMode is not allowed"):
        y.add_(1)
    assert y.tolist() == [1.0, 1.0]


def test_inference_tensors_are_not_saved() -> None:
    x = leaf()
    with torch.inference_mode():
        y = torch.ones(2)
    with pytest.raises(RuntimeError, match=r"[Ii]nference tensors"):
        (x * y).sum().backward()
    assert (x * y.clone()).sum().requires_grad
    with pytest.raises(RuntimeError, match="requires_grad=True on inference tensor outside InferenceMode"):
        y.requires_grad_()


def test_inference_mode_off() -> None:
    x = leaf()
    with torch.inference_mode(), torch.inference_mode(mode=False):
        y = x * 2
        assert not torch.is_inference_mode_enabled()
    assert y.requires_grad


def test_ordinary_tensors_may_be_written_in_inference_mode() -> None:
    a = torch.ones(2)
    v = a[:1]
    with torch.inference_mode():
        a.add_(1)
    assert v.tolist() == [2.0]
    assert not a.is_inference()

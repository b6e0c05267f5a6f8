"""Generators of random numbers, which for a seed give PyTorch's: their seeds and states."""

from __future__ import annotations

import contextlib
from collections.abc import Generator as Yields
from collections.abc import Iterable
from typing import TYPE_CHECKING, Self, cast

from fnnet._core.errors import ArgumentError, OptionError
from fnnet.autograd.variable import Variable
from fnnet.backends.devices import CPU
from fnnet.backends.random import generator as streams
from fnnet.functional._common import need_tensor
from fnnet.functional.creation import DeviceLike, finish

if TYPE_CHECKING:
    from fnnet._tensor import Tensor


class Generator(streams.Generator):
    """A stream of random numbers on the CPU: for a seed the same one as PyTorch's. States are uint8 tensors.

    Args:
        device: A CPU device. Default: the CPU.

    Raises:
        DeviceError: Another device: those bring their own generators.

    Example:
        >>> import fnnet
        >>> generator = fnnet.Generator().manual_seed(0)
        >>> fnnet.rand(2, generator=generator)
        tensor([0.4963, 0.7682])
    """

    def get_state(self) -> Tensor:  # type: ignore[override]  # a Tensor, as PyTorch's; the floor below has arrays only
        """The state as PyTorch writes it: a uint8 tensor of 5056 bytes."""
        return finish(super().get_state(), CPU)

    def set_state(self, new_state: Tensor) -> Self:  # type: ignore[override]  # likewise
        """Continue from a state that `get_state` returned, here or in PyTorch."""
        if isinstance(new_state, Variable):
            super().set_state(new_state._device.backend.to_host(new_state._data))
        else:
            super().set_state(new_state)
        return self


streams.register_generator_class(Generator)


def default_generator() -> Generator:
    """The generator that is used where none is named.

    Returns:
        The one `Generator` of the CPU that all draws share.

    Example:
        >>> import fnnet
        >>> fnnet.manual_seed(3) is fnnet.random.default_generator()
        True
    """
    return cast("Generator", streams.default_generator())


def manual_seed(seed: int) -> Generator:
    """Start the default generator's stream of `seed`, and return the generator.

    Args:
        seed: In `[-2**63, 2**64)`; a negative one stands for `seed + 2**64`.

    Returns:
        The default generator.

    Raises:
        OptionError: `seed` is out of range.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> fnnet.rand(2)
        tensor([0.4963, 0.7682])
    """
    try:
        number = int(seed)
    except TypeError:
        raise ArgumentError(f"manual_seed(): argument 'seed' must be int, not {type(seed).__name__}") from None
    except ValueError:
        raise OptionError(f"manual_seed(): argument 'seed' must be int, got {seed!r}") from None
    return default_generator().manual_seed(number)


def seed() -> int:
    """Start the default generator's stream of a seed that the operating system draws.

    Returns:
        The seed, an int in `[0, 2**64)`.

    Example:
        >>> import fnnet
        >>> fnnet.seed() == fnnet.initial_seed()
        True
    """
    return default_generator().seed()


def initial_seed() -> int:
    """The seed that the default generator was started with.

    Returns:
        An int in `[0, 2**64)`.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(7)
        >>> fnnet.initial_seed()
        7
    """
    return default_generator().initial_seed()


def get_rng_state() -> Tensor:
    """The default generator's state, as PyTorch writes it.

    Returns:
        uint8, `(5056,)`, on the CPU.

    Differentiable: No.

    Example:
        >>> import fnnet
        >>> fnnet.get_rng_state().shape
        fnnet.Size([5056])
    """
    return default_generator().get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Let the default generator continue from a state that `get_rng_state` returned, here or in PyTorch.

    Args:
        new_state: uint8, `(5056,)`.

    Raises:
        ArgumentError: It is no uint8 tensor.
        StateDictError: It has another size, or holds no state.

    Example:
        >>> import fnnet
        >>> state = fnnet.get_rng_state()
        >>> before = fnnet.rand(3)
        >>> fnnet.set_rng_state(state)
        >>> bool((fnnet.rand(3) == before).all())
        True
    """
    need_tensor("set_rng_state", new_state=new_state)
    default_generator().set_state(new_state)


@contextlib.contextmanager
def fork_rng(
    devices: Iterable[DeviceLike] | None = None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str = "cuda",
) -> Yields[None]:
    """Let a block draw without moving the default generator: its state is put back afterwards.

    Args:
        devices: Accepted; other devices' generators are their backends'.
        enabled: False makes the block an ordinary one. Default: True.
        _caller: Accepted for PyTorch's sake.
        _devices_kw: Accepted for PyTorch's sake.
        device_type: Accepted, as `devices`.

    Returns:
        A context manager.

    Example:
        >>> import fnnet
        >>> _ = fnnet.manual_seed(0)
        >>> with fnnet.random.fork_rng():
        ...     _ = fnnet.rand(100)
        >>> fnnet.rand(2)
        tensor([0.4963, 0.7682])
    """
    if not enabled:
        yield
        return
    state = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(state)


__all__ = [
    "Generator", "default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed",
    "set_rng_state",
]  # fmt: skip

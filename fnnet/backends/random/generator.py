"""The CPU's random generator: MT19937 with PyTorch's seeding, order of words, cached normal and state bytes.

The words come from NumPy's MT19937 bit generator, whose raw stream is the algorithm's own (and is promised not to
change); what is PyTorch's is when words are used and how the state is written down.
"""

from __future__ import annotations

import operator
import os
import threading
from typing import TYPE_CHECKING, Any, Final, Self, SupportsIndex

import numpy as np

from fnnet._core.errors import ArgumentError, DeviceError, OptionError, StateDictError
from fnnet.backends import devices
from fnnet.backends.devices import CPU, Device

if TYPE_CHECKING:
    from numpy.random import MT19937, RandomState
    from numpy.typing import ArrayLike, NDArray

DEFAULT_SEED: Final = 67280421310721  # PyTorch's default_rng_seed_val: the seed of a Generator that nobody seeded

_WORDS: Final = 624  # MT19937 makes this many words at a time (Matsumoto and Nishimura 1998)

# at::CPUGeneratorImplState, byte for byte: the state of Torch 7's generator (words widened to 64 bits), then a float.
_STATE: Final = np.dtype(
    [
        ("initial_seed", "<u8"),
        ("left", "<i4"),
        ("seeded", "<i4"),
        ("next", "<u8"),
        ("words", "<u8", (_WORDS,)),
        ("normal_x", "<f8"),
        ("normal_y", "<f8"),
        ("normal_rho", "<f8"),
        ("normal_is_valid", "<i4"),
        ("padding", "V4"),
        ("float_normal", "<f4"),
        ("float_normal_is_valid", "?"),
        ("padding_at_end", "V3"),
    ]
)
STATE_BYTES: Final = _STATE.itemsize  # 5056


class Generator:
    """A stream of random numbers on the CPU: for a seed the same one as PyTorch's.

    State: 624 words of MT19937 and the position in them, the seed, and the second half of the last pair of normals
    (drawn by tensors of fewer than 16 elements). Each draw holds `lock`; to draw several times without another thread
    in between, hold it around them.

    Args:
        device: A CPU device; all of them share the algorithm.

    Raises:
        DeviceError: `device` is no CPU.

    Example:
        >>> import fnnet
        >>> generator = fnnet.backends.random.Generator().manual_seed(0)
        >>> generator.random()
        2357136044
    """

    def __init__(self, device: str | Device = CPU) -> None:
        if devices.device(device).type != "cpu":
            raise DeviceError(f"Generator: got device {str(device)!r}, expected a CPU (other devices bring their own)")
        self.lock = threading.RLock()
        self.next_float_normal: float | None = None
        self.next_double_normal: float | None = None
        self._bits, self._seeder = _engine()
        # Where PyTorch's `next` stands while no word of the current 624 is left: 0 after seeding, 624 after use.
        self._next_when_empty = 0
        self._seed(DEFAULT_SEED)

    @property
    def device(self) -> Device:
        """The device that the numbers are drawn on."""
        return CPU

    def manual_seed(self, seed: SupportsIndex) -> Self:
        """Start the stream of `seed`.

        Args:
            seed: A whole number in `[-2**63, 2**64)`; a negative one stands for `seed + 2**64`. The lower 32 bits
                decide.

        Returns:
            This generator.

        Raises:
            OptionError: `seed` is no whole number, or out of range.
        """
        if isinstance(seed, bool) or not hasattr(seed, "__index__"):
            raise OptionError(f"manual_seed expected a long, but got {type(seed).__name__}")
        number = operator.index(seed)
        if not -(2**63) <= number < 2**64:
            raise OptionError(f"manual_seed: Overflow when unpacking long long: {number}, expected -2**63 to 2**64-1")
        self._seed(number % 2**64)
        return self

    def seed(self) -> int:
        """Start the stream of a seed of 64 bits that the operating system draws, and return it."""
        number = int.from_bytes(os.urandom(8), "little")
        self._seed(number)
        return number

    def initial_seed(self) -> int:
        """The seed that the stream was started with."""
        return self._initial_seed

    def random(self) -> int:
        """The next word: 32 random bits."""
        with self.lock:
            return int(self.words(1)[0])

    def random64(self) -> int:
        """The next two words as 64 random bits, the first word on top."""
        with self.lock:
            return int(self.words64(1)[0])

    def words(self, count: int) -> NDArray[np.int64]:
        """The next `count` words, each 0 to `2**32 - 1`."""
        if count == 0:
            return np.empty(0, np.int64)
        with self.lock:
            self._next_when_empty = _WORDS
            return self._bits.random_raw(count).view(np.int64)

    def words64(self, count: int) -> NDArray[np.uint64]:
        """The next `2 * count` words in pairs of 64 bits, the first word of each on top."""
        words = self.words(2 * count).view(np.uint64)
        pairs: NDArray[np.uint64] = words[::2] << np.uint64(32)
        pairs |= words[1::2]
        return pairs

    def get_state(self) -> NDArray[np.uint8]:
        """The state as PyTorch writes it: shape `(5056,)`, uint8; `torch.set_rng_state` takes it."""
        record = np.zeros((), _STATE)
        with self.lock:
            engine = self._bits.state["state"]
            used = int(engine["pos"])
            empty = used == _WORDS
            record["initial_seed"] = self._initial_seed
            record["left"] = 1 if empty else _WORDS + 1 - used
            record["seeded"] = 1
            record["next"] = self._next_when_empty if empty else used
            record["words"] = engine["key"]
            if self.next_double_normal is not None:
                record["normal_is_valid"], record["normal_y"] = 1, self.next_double_normal
            if self.next_float_normal is not None:
                record["float_normal_is_valid"], record["float_normal"] = True, self.next_float_normal
        return np.frombuffer(bytearray(record.tobytes()), np.uint8)

    def set_state(self, new_state: ArrayLike) -> None:
        """Continue from a state that `get_state` returned, here or in PyTorch.

        Args:
            new_state: Shape `(5056,)`, uint8.

        Raises:
            ArgumentError: It is not uint8.
            StateDictError: It is of another size, or no state of MT19937.
        """
        state = np.asarray(new_state)
        if state.dtype != np.uint8:
            raise ArgumentError(f"set_state: RNG state must be a ByteTensor (uint8), got {state.dtype}")
        if state.size != STATE_BYTES:
            raise StateDictError(
                f"set_state: Expected a CPUGeneratorImplState of size {STATE_BYTES} "
                f"but found the input RNG state size to be {state.size}"
            )
        record = np.frombuffer(state.tobytes(), _STATE)[0]
        left, position = int(record["left"]), int(record["next"])
        # left == 1: the next draw makes new words, wherever `next` stands. Else the two count the same thing.
        fits = 0 <= position <= _WORDS if left == 1 else 1 <= position < _WORDS and left == _WORDS + 1 - position
        if not record["seeded"] or not fits:
            raise StateDictError(
                f"set_state: Invalid mt19937 state: seeded={int(record['seeded'])}, left={left}, next={position}"
            )
        with self.lock:
            self._initial_seed = int(record["initial_seed"])
            self._load_engine(record["words"].astype(np.uint32), _WORDS if left == 1 else position)
            self._next_when_empty = position if left == 1 else _WORDS
            self.next_double_normal = float(record["normal_y"]) if record["normal_is_valid"] else None
            self.next_float_normal = float(record["float_normal"]) if record["float_normal_is_valid"] else None

    def clone_state(self) -> Self:
        """A new generator that goes on from here by itself."""
        copy = type(self)()
        Generator.set_state(copy, Generator.get_state(self))
        return copy

    def _seed(self, number: int) -> None:
        with self.lock:
            self._seeder.seed(number & 0xFFFFFFFF)
            self._initial_seed = number
            self._next_when_empty = 0
            self.next_double_normal = self.next_float_normal = None

    def _load_engine(self, key: NDArray[np.uint32], position: int) -> None:
        self._bits.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": position}}

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self.clone_state()

    def __reduce__(self) -> tuple[Any, ...]:  # Any: pickle's protocol
        return _restored, (type(self), Generator.get_state(self))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} device={self.device} initial_seed={self._initial_seed}>"


def _engine() -> tuple[MT19937, RandomState]:
    """NumPy's MT19937, and the door to its seeding by `init_genrand` (the seeding of 2002, as in PyTorch)."""
    # Here, not above: numpy.random costs 20 ms, which `import fnnet` would pay for everybody.
    from numpy.random import MT19937, RandomState

    bits = MT19937(0)
    return bits, RandomState(bits)


def _restored(kind: type[Generator], state: NDArray[np.uint8]) -> Generator:
    generator = kind()
    Generator.set_state(generator, state)  # not a subclass's, which may want another type of state
    return generator


class _Default:
    """The generator that is used where none is named; made when first asked for, with a random seed."""

    kind: type[Generator] = Generator
    generator: Generator | None = None
    lock = threading.Lock()


def default_generator() -> Generator:
    """The generator of the process, used where none is named.

    Example:
        >>> import fnnet
        >>> fnnet.backends.random.default_generator().manual_seed(1).initial_seed()
        1
    """
    if _Default.generator is None:
        with _Default.lock:
            if _Default.generator is None:
                generator = _Default.kind()
                generator.seed()
                _Default.generator = generator
    return _Default.generator


def register_generator_class(kind: type[Generator]) -> None:
    """Let the default generator be of class `kind`: a higher floor's, whose states are Tensors."""
    with _Default.lock:
        _Default.kind = kind
        if _Default.generator is not None:
            _Default.generator = _restored(kind, Generator.get_state(_Default.generator))

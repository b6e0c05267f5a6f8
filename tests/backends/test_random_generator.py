"""The generator: words, state bytes, seeds, caches, threads.

Numbers marked "PyTorch" were printed by PyTorch 2.13.0 on x86-64; a digest is the first 16 digits of
`hashlib.sha256(torch.get_rng_state().numpy().tobytes()).hexdigest()`.
"""

from __future__ import annotations

import copy
import hashlib
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fnnet._core.errors import FnnetError
from fnnet.backends import random
from fnnet.backends.devices import device
from fnnet.backends.random import generator as generator_module

F32 = np.dtype(np.float32)


def digest(generator: random.Generator) -> str:
    return hashlib.sha256(generator.get_state().tobytes()).hexdigest()[:16]


def test_words_are_mt19937s() -> None:
    """Seed 5489: the reference implementation's default; its 10,000th word is in the C++ standard, [rand.predef]."""
    words = random.Generator().manual_seed(5489).words(10_000)
    assert words[0] == 3499211612
    assert words[-1] == 4123659995


# PyTorch: manual_seed(s), the digest of its state, then torch.empty(4, dtype=torch.int64).random_(0, 2**28 - 1).
@pytest.mark.parametrize(
    ("seed", "state", "words"),
    [
        (0, "1ccf17250133dec5", [209652404, 130329144, 118924928, 136432845]),
        (1, "f5defda135ec2e0d", [180483115, 256344314, 140980119, 247206998]),
        (2**32 - 1, "4f01c70c12d14130", [150890916, 210911523, 160558106, 830544]),
        (2**32, "a6188dc9231bfcca", [209652404, 130329144, 118924928, 136432845]),
        (-1, "74c65bce05a4fcdd", [150890916, 210911523, 160558106, 830544]),
    ],
)
def test_seeds_give_pytorchs_states_and_words(seed: int, state: str, words: list[int]) -> None:
    generator = random.Generator().manual_seed(seed)
    assert digest(generator) == state
    assert generator.initial_seed() == seed % 2**64
    assert (generator.words(4) % (2**28 - 1)).tolist() == words


def test_the_state_is_pytorchs_byte_for_byte() -> None:
    generator = random.Generator().manual_seed(42)
    state = generator.get_state()
    assert state.dtype == np.uint8
    assert state.shape == (5056,)
    # PyTorch: initial seed 42; left 1, seeded 1; next 0.
    assert state[:24].tolist() == [42, *[0] * 7, 1, 0, 0, 0, 1, 0, 0, 0, *[0] * 8]
    assert digest(generator) == "5feb54a46230d321"
    random.sample_uniform(generator, (624,), F32)
    # PyTorch, after torch.rand(624): left 1, next 624 = 2 * 256 + 112.
    assert generator.get_state()[8:24].tolist() == [1, 0, 0, 0, 1, 0, 0, 0, 112, 2, *[0] * 6]
    assert digest(generator) == "e390c389ddb91c65"
    random.sample_normal(generator, (1,), F32)
    # PyTorch, after torch.randn(1) too: four words used, the second normal of the pair kept as a double.
    assert generator.get_state()[5024:5032].tolist() == [202, 105, 204, 39, 165, 154, 226, 191]
    assert generator.get_state()[5040:5044].tolist() == [1, 0, 0, 0]
    assert digest(generator) == "2420384b560e3215"


def test_a_state_continues_where_it_was_taken() -> None:
    generator = random.Generator().manual_seed(7)
    for count in (0, 1, 623, 624, 625, 5):
        random.sample_normal(generator, (3,), F32)
        generator.words(count)
        state = generator.get_state()
        expected = generator.words(2000), random.sample_normal(generator, (3,), F32)
        other = random.Generator()
        other.set_state(state)
        assert np.array_equal(other.get_state(), state)
        assert np.array_equal(other.words(2000), expected[0])
        assert np.array_equal(random.sample_normal(other, (3,), F32), expected[1])


def test_a_word_does_not_depend_on_how_many_are_drawn_at_once() -> None:
    whole = random.Generator().manual_seed(3).words(3000)
    generator = random.Generator().manual_seed(3)
    parts = [generator.words(count) for count in (1, 0, 7, 623, 1, 624, 1248, 496)]
    assert np.array_equal(np.concatenate(parts), whole)
    generator.manual_seed(3)
    assert generator.random() == whole[0]
    assert generator.random64() == (int(whole[1]) << 32) + int(whole[2])


def test_copies_go_on_by_themselves() -> None:
    generator = random.Generator().manual_seed(11)
    random.sample_normal(generator, (1,), F32)
    makers: list[Callable[[Any], Any]] = [
        copy.copy,
        copy.deepcopy,
        lambda g: pickle.loads(pickle.dumps(g)),
        lambda g: g.clone_state(),
    ]
    copies = [make(generator) for make in makers]
    expected = random.sample_normal(generator, (5,), F32)
    for twin in copies:
        assert twin is not generator
        assert np.array_equal(random.sample_normal(twin, (5,), F32), expected)


def test_seeding_forgets_the_kept_normal() -> None:
    generator = random.Generator().manual_seed(1)
    first = random.sample_normal(generator, (1,), F32)
    assert generator.next_double_normal is not None
    generator.manual_seed(1)
    assert generator.next_double_normal is None
    assert np.array_equal(random.sample_normal(generator, (1,), F32), first)


def test_the_float_normal_of_a_state_is_carried() -> None:
    """No CPU sampler of PyTorch 2.13 uses it, but its states have it (bytes 5048 to 5052 and the flag after them)."""
    state = random.Generator().get_state()
    state[5048:5052] = np.frombuffer(np.float32(0.75).tobytes(), np.uint8)
    state[5052] = 1
    generator = random.Generator()
    generator.set_state(state)
    assert generator.next_float_normal == 0.75
    assert np.array_equal(generator.get_state(), state)


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1, 1.5, True, "a", None])
def test_bad_seeds_change_nothing(seed: Any) -> None:
    generator = random.Generator().manual_seed(5)
    state = generator.get_state()
    with pytest.raises(FnnetError) as caught:
        generator.manual_seed(seed)
    assert isinstance(caught.value, RuntimeError)
    assert isinstance(caught.value, ValueError)
    assert np.array_equal(generator.get_state(), state)


def test_seeds_of_numpy_are_whole_numbers_too() -> None:
    assert random.Generator().manual_seed(np.int32(7)).initial_seed() == 7


def broken(at: int, value: int) -> Any:
    state = random.Generator().get_state()
    state[at] = value
    return state


@pytest.mark.parametrize(
    ("state", "kind", "message"),
    [
        (np.zeros(5056, np.uint8), RuntimeError, "Invalid mt19937 state: seeded=0, left=0, next=0"),
        (np.zeros(50, np.uint8), RuntimeError, "of size 5056 but found the input RNG state size to be 50"),
        (np.zeros(5056, np.float32), TypeError, "RNG state must be a ByteTensor"),
        (broken(8, 7), RuntimeError, "Invalid mt19937 state: seeded=1, left=7, next=0"),  # the words left are not there
        (broken(12, 0), RuntimeError, "Invalid mt19937 state: seeded=0"),
        (broken(18, 1), RuntimeError, "Invalid mt19937 state: seeded=1, left=1, next=65536"),
    ],
)
def test_bad_states_change_nothing(state: Any, kind: type[Exception], message: str) -> None:
    generator = random.Generator().manual_seed(5)
    before = generator.get_state()
    with pytest.raises(kind, match=message):
        generator.set_state(state)
    assert np.array_equal(generator.get_state(), before)


def test_device() -> None:
    assert str(random.Generator("cpu").device) == "cpu"
    assert random.Generator(device("cpu:1")).device is device("cpu")
    with pytest.raises(RuntimeError, match="expected a CPU"):
        random.Generator("cuda")


def test_repr() -> None:
    assert repr(random.Generator().manual_seed(3)) == "<Generator device=cpu initial_seed=3>"


def test_a_new_generator_has_a_seed_of_its_own_kind() -> None:
    assert random.Generator().initial_seed() == 67280421310721  # PyTorch's default_rng_seed_val
    generator = random.Generator()
    seeds = {generator.seed() for _ in range(3)}
    assert len(seeds) == 3
    assert generator.initial_seed() in seeds


def test_threads_share_a_generator_without_losing_or_repeating_words() -> None:
    generator = random.Generator().manual_seed(2)
    drawn: list[list[Any]] = [[] for _ in range(4)]

    def draw(into: list[Any]) -> None:
        into.extend(generator.words64(3) for _ in range(300))

    threads = [threading.Thread(target=draw, args=(into,)) for into in drawn]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = np.sort(np.concatenate([part for into in drawn for part in into]))
    assert np.array_equal(together, np.sort(random.Generator().manual_seed(2).words64(3600)))


def test_the_default_generator_is_one_and_can_be_given_a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    class Higher(random.Generator):
        pass

    # Both are put back, so that no other test sees the class.
    monkeypatch.setattr(generator_module._Default, "kind", random.Generator)
    monkeypatch.setattr(generator_module._Default, "generator", None)
    default = random.default_generator()
    assert random.default_generator() is default
    state = default.get_state()
    random.register_generator_class(Higher)
    assert type(random.default_generator()) is Higher
    assert np.array_equal(random.default_generator().get_state(), state)


def test_the_default_generator_is_seeded_anew_in_each_process() -> None:
    code = "from fnnet.backends.random import default_generator as g; print(g().initial_seed())"
    seeds = {subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout for _ in range(2)}
    assert len(seeds) == 2


def test_importing_the_samplers_does_not_import_numpy_random() -> None:
    """It costs 20 ms, a third of what `import fnnet` may cost over `import numpy`."""
    code = "import sys, fnnet.backends.random; print('numpy.random' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "False"

"""Random numbers against PyTorch's CPU generator, live: same seed, same calls, same bits, same state afterwards.

PyTorch 2.13's wheels have no MKL in `bernoulli_`, so an Intel CPU gives everybody's numbers. On a CPU without AVX2 the
last bits of PyTorch's own floating-point numbers differ, and are given leave to.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from fnnet.backends import dtypes, random

SIZES = (0, 1, 2, 15, 16, 17, 31, 32, 33, 100, 1000)
DRAWN = int.from_bytes(hashlib.sha256(os.environ.get("FNNET_PARITY_SEED", "").encode()).digest()[:8], "little")
SEEDS = (0, 1, 42, 2**32 - 1, 2**32, 2**63 + 5, DRAWN)

FLOATS = ("float16", "bfloat16", "float32", "float64")
COMPLEX = ("complex64", "complex128")
WHOLE = ("uint8", "int8", "int16", "int32", "int64")

# Without AVX2 PyTorch rounds `x * y + z` twice and takes float32's log, sin and cos from the C library.
ROUNDED_ALIKE = torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")


def bits(values: Any) -> NDArray[Any]:
    """An array or tensor as bytes, so that -0 and NaN count too."""
    if isinstance(values, torch.Tensor):
        return values.contiguous().view(torch.uint8).numpy() if values.dim() else bits(values.reshape(1))
    return np.ascontiguousarray(values).reshape(-1).view(np.uint8)


def same_bits(ours: NDArray[Any], theirs: torch.Tensor, magnitude: float = 1.0) -> None:
    """`magnitude`: of the numbers that were added, where PyTorch rounds otherwise."""
    assert ours.shape == tuple(theirs.shape)
    if ROUNDED_ALIKE or not (theirs.is_floating_point() or theirs.is_complex()):
        assert np.array_equal(bits(ours), bits(theirs.reshape(-1)))
    else:
        wide = theirs.to(torch.complex128).numpy()
        leave = 8 * torch.finfo(theirs.dtype).eps * np.abs(wide).max(initial=magnitude)
        np.testing.assert_allclose(ours.astype(np.complex128), wide, rtol=0, atol=leave)


def seeded(seed: int) -> random.Generator:
    torch.manual_seed(seed)
    return random.Generator().manual_seed(seed)


def same_state(generator: random.Generator) -> None:
    assert np.array_equal(generator.get_state(), torch.get_rng_state().numpy())


def pair(name: str) -> tuple[np.dtype[Any], torch.dtype]:
    return dtypes.BY_NAME[name].numpy, getattr(torch, name)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_state_after_seeding_and_words(seed: int) -> None:
    generator = seeded(seed)
    same_state(generator)
    for count in (1, 622, 1, 1, 623, 624, 625, 3):
        ours = generator.words(count)
        theirs = torch.empty(count, dtype=torch.int64).random_(0, 2**28 - 1)  # one word each
        assert np.array_equal(ours % (2**28 - 1), theirs.numpy())
        same_state(generator)


@pytest.mark.parametrize("name", FLOATS + COMPLEX)
@pytest.mark.parametrize(
    "bounds", [(0.0, 1.0), (-1.0, 1.0), (-0.3, 0.7), (0.0, 0.1), (0.1, 0.1000001), (-3e4, 3e4), (2.0, 2.0)]
)
def test_uniform(name: str, bounds: tuple[float, float]) -> None:
    dtype, torch_dtype = pair(name)
    for seed, size in itertools.product(SEEDS, SIZES):
        generator = seeded(seed)
        same_bits(
            random.sample_uniform(generator, (size,), dtype, *bounds),
            torch.empty(size, dtype=torch_dtype).uniform_(*bounds),
            magnitude=max(map(abs, bounds)),
        )
        same_state(generator)


@pytest.mark.parametrize("name", FLOATS)
def test_many_scaled_uniforms_are_rounded_once(name: str) -> None:
    dtype, torch_dtype = pair(name)
    for seed in SEEDS:
        low, high = -0.1 - (seed % 7) / 3, 1.3 + (seed % 5) / 7
        ours = random.sample_uniform(seeded(seed), (300_000,), dtype, low, high)
        same_bits(ours, torch.empty(300_000, dtype=torch_dtype).uniform_(low, high))


@pytest.mark.parametrize("name", FLOATS + COMPLEX)
@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (0.0, 0.02), (5.0, 0.3), (-0.7, 2.0), (3.0, 0.0)])
def test_normal(name: str, mean: float, std: float) -> None:
    dtype, torch_dtype = pair(name)
    for seed, size in itertools.product(SEEDS, SIZES):
        generator = seeded(seed)
        same_bits(
            random.sample_normal(generator, (size,), dtype, mean, std),
            torch.empty(size, dtype=torch_dtype).normal_(mean, std),
        )
        same_state(generator)


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (0.37, 1.7)])
def test_many_normals(name: str, mean: float, std: float) -> None:
    dtype, torch_dtype = pair(name)
    for seed in SEEDS:
        ours = random.sample_normal(seeded(seed), (200_003,), dtype, mean, std)
        same_bits(ours, torch.empty(200_003, dtype=torch_dtype).normal_(mean, std))


def strided(torch_dtype: torch.dtype) -> dict[str, Callable[[], torch.Tensor]]:
    """Makers of tensors of many layouts, zeroed."""
    return {
        "transposed": lambda: torch.zeros(7, 5, dtype=torch_dtype).t(),
        "every second": lambda: torch.zeros(6, 10, dtype=torch_dtype)[:, ::2],
        "column": lambda: torch.zeros(20, 3, dtype=torch_dtype)[:, 1],
        "channels last": lambda: torch.zeros(2, 3, 4, 5, dtype=torch_dtype).to(memory_format=torch.channels_last),
        "permuted": lambda: torch.zeros(2, 3, 4, 5, dtype=torch_dtype).permute(2, 0, 3, 1),
        "permuted and cut": lambda: torch.zeros(4, 6, 8, dtype=torch_dtype).permute(1, 2, 0)[::2, 1:6, 1:],
        "with dims of one": lambda: torch.zeros(3, 1, 6, 1, dtype=torch_dtype).permute(2, 3, 0, 1),
        "a diagonal": lambda: torch.zeros(6, 6, dtype=torch_dtype).diagonal(),
    }


@pytest.mark.parametrize("layout", strided(torch.float32))
@pytest.mark.parametrize("name", FLOATS)
def test_tensors_of_any_layout_are_filled_in_the_order_of_memory(layout: str, name: str) -> None:
    dtype, torch_dtype = pair(name)
    for seed in SEEDS[:3]:
        generator = seeded(seed)
        target = strided(torch_dtype)[layout]()
        strides = [stride * dtype.itemsize for stride in target.stride()]
        ours = np.lib.stride_tricks.as_strided(np.zeros(1000, dtype), target.shape, strides)
        view = random.in_storage_order(ours)
        contiguous = target.is_contiguous()
        for drawn, theirs in (
            (random.sample_uniform(generator, view.shape, dtype), target.uniform_().clone()),
            (random.sample_normal(generator, view.shape, dtype, contiguous=contiguous), target.normal_().clone()),
            (random.sample_bernoulli(generator, view.shape, dtype, 0.3), target.bernoulli_(0.3).clone()),
            (random.sample_random(generator, view.shape, dtype), target.random_().clone()),
        ):
            view[...] = drawn
            same_bits(ours, theirs)
        same_state(generator)


@pytest.mark.parametrize("name", FLOATS)
def test_the_other_continuous_distributions(name: str) -> None:
    dtype, torch_dtype = pair(name)
    for seed, size in itertools.product(SEEDS, (0, 1, 3, 17, 2000)):
        generator = seeded(seed)
        empty = torch.empty(size, dtype=torch_dtype)
        for ours, theirs in (
            (random.sample_exponential(generator, (size,), dtype), empty.clone().exponential_()),
            (random.sample_exponential(generator, (size,), dtype, 0.3), empty.clone().exponential_(0.3)),
            (random.sample_cauchy(generator, (size,), dtype), empty.clone().cauchy_()),
            (random.sample_cauchy(generator, (size,), dtype, 0.4, 1.7), empty.clone().cauchy_(0.4, 1.7)),
            (random.sample_log_normal(generator, (size,), dtype), empty.clone().log_normal_()),
            (random.sample_log_normal(generator, (size,), dtype, -0.2, 0.6), empty.clone().log_normal_(-0.2, 0.6)),
        ):
            same_bits(ours, theirs)
        same_state(generator)


@pytest.mark.parametrize("name", FLOATS + WHOLE)
def test_geometric(name: str) -> None:
    dtype, torch_dtype = pair(name)
    for seed, size, p in itertools.product(SEEDS, (0, 1, 3, 2000), (0.1, 0.37, 0.5, 0.9)):
        generator = seeded(seed)
        same_bits(
            random.sample_geometric(generator, (size,), dtype, p), torch.empty(size, dtype=torch_dtype).geometric_(p)
        )
        same_state(generator)


RANGES = {
    "bool": [(0, 1), (0, 2), (1, 2), (0, None)],
    "uint8": [(0, 10), (0, 256), (7, None)],
    "int8": [(-128, 128), (-5, 5), (3, None)],
    "int16": [(-(2**15), 2**15), (0, 7), (-9, None)],
    "int32": [(0, 10), (-(2**31), 2**31), (0, 2**28 - 1), (0, 2**28), (5, None), (-(2**31), None)],
    "int64": [
        (0, 10),
        (-7, 3),
        (0, 2**28),
        (0, 2**32 + 1),
        (-(2**63), 2**63 - 1),
        (-(2**63), None),
        (0, None),
        (-5, None),
    ],
    "float16": [(0, 10), (-2048, 2048), (0, None), (-17, None)],
    "bfloat16": [(0, 10), (-256, 256), (0, None), (-(2**63), None)],
    "float32": [(0, 10), (-(2**24), 2**24), (0, None), (-(2**63), None)],
    "float64": [(0, 10), (-(2**53), 2**53), (0, None), (-(2**63), None)],
}


@pytest.mark.parametrize("name", RANGES)
def test_whole_numbers(name: str) -> None:
    dtype, torch_dtype = pair(name)
    for seed, size, (low, high) in itertools.product(SEEDS, SIZES, RANGES[name]):
        generator = seeded(seed)
        theirs = torch.empty(size, dtype=torch_dtype).random_(low, high)
        same_bits(random.sample_integers(generator, (size,), dtype, low, high), theirs)
        same_bits(random.sample_random(generator, (size,), dtype), torch.empty(size, dtype=torch_dtype).random_())
        same_state(generator)


@pytest.mark.filterwarnings("ignore:.*is out of bounds:UserWarning")
@pytest.mark.parametrize("name", FLOATS)
def test_whole_numbers_in_floats_that_do_not_tell_them_apart(name: str) -> None:
    dtype, torch_dtype = pair(name)
    limits = {"float16": 40_000, "bfloat16": 2**60, "float32": 2**60, "float64": 2**62}
    chooser = np.random.RandomState(0)
    for _ in range(100):
        low, high = sorted(int(end) for end in chooser.uniform(-limits[name], limits[name], 2))
        generator = seeded(5)
        try:
            theirs = torch.empty(20, dtype=torch_dtype).random_(low, high)
        except RuntimeError:
            with pytest.raises(RuntimeError):
                random.sample_integers(generator, (20,), dtype, low, high)
        else:
            same_bits(random.sample_integers(generator, (20,), dtype, low, high), theirs)


@pytest.mark.parametrize("name", FLOATS + WHOLE)
def test_permutations(name: str) -> None:
    dtype, torch_dtype = pair(name)
    for seed, size in itertools.product(SEEDS, (*SIZES, 20_000)):
        generator = seeded(seed)
        try:
            theirs = torch.randperm(size, dtype=torch_dtype)
        except RuntimeError:
            with pytest.raises(RuntimeError):
                random.sample_permutation(generator, size, dtype)
        else:
            same_bits(random.sample_permutation(generator, size, dtype), theirs)
            same_state(generator)


@pytest.mark.parametrize("name", ["bool", *WHOLE, *FLOATS])
def test_bernoulli(name: str) -> None:
    dtype, torch_dtype = pair(name)
    for seed, size in itertools.product(SEEDS, SIZES):
        generator = seeded(seed)
        for p in (0.0, 0.1, 0.5, 0.9, 1.0):
            same_bits(
                random.sample_bernoulli(generator, (size,), dtype, p),
                torch.empty(size, dtype=torch_dtype).bernoulli_(p),
            )
        for kind in FLOATS:
            p = torch.linspace(0, 1, size, dtype=getattr(torch, kind))
            theirs = torch.empty(size, dtype=torch_dtype).bernoulli_(p)
            ours = np.frombuffer(bits(p).tobytes(), dtypes.BY_NAME[kind].numpy)
            same_bits(random.sample_bernoulli(generator, (size,), dtype, ours), theirs)
        same_state(generator)


@pytest.mark.parametrize("name", FLOATS)
def test_dropout(name: str) -> None:
    dtype, torch_dtype = pair(name)
    for seed, size, p in itertools.product(SEEDS, SIZES, (0.1, 0.3, 0.5, 0.7, 1.0)):
        generator = seeded(seed)
        theirs = torch.nn.functional.dropout(torch.ones(size, dtype=torch_dtype), p)
        same_bits(random.sample_dropout(generator, (size,), dtype, p), theirs)
        same_state(generator)


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("replacement", [False, True])
def test_multinomial(name: str, transposed: bool, replacement: bool) -> None:
    dtype, torch_dtype = pair(name)
    for seed, shape in itertools.product(SEEDS, ((5,), (50,), (3, 4), (20, 30), (0, 4))):
        torch.manual_seed(seed)
        p = torch.rand(shape, dtype=torch_dtype) + 0.01
        ours = np.frombuffer(bits(p.reshape(-1)).tobytes(), dtype).reshape(shape)
        if transposed:
            p, ours = p.t(), ours.T
        if p.shape[-1] == 0:
            continue
        # Half types: PyTorch breaks ties among the greatest scores as its sort happens to leave them.
        counts = (1,) if dtype.itemsize == 2 and not replacement else (1, 2, p.shape[-1])
        for count in counts:
            generator = seeded(seed + 1)
            theirs = torch.multinomial(p, count, replacement)
            same_bits(random.sample_multinomial(generator, ours, count, replacement), theirs)
            same_state(generator)


def test_calls_in_any_order() -> None:
    chooser = np.random.RandomState(DRAWN % 2**32)
    f32, f64, i64 = (dtypes.BY_NAME[name].numpy for name in ("float32", "float64", "int64"))
    generator = seeded(DRAWN)

    def normal(n: int) -> None:
        same_bits(random.sample_normal(generator, (n,), f32), torch.randn(n))

    def wide_normal(n: int) -> None:
        same_bits(random.sample_normal(generator, (n,), f64), torch.randn(n, dtype=torch.float64))

    def uniform(n: int) -> None:
        same_bits(random.sample_uniform(generator, (n,), f32), torch.rand(n))

    def whole(n: int) -> None:
        same_bits(random.sample_integers(generator, (n,), i64, 0, 10), torch.randint(0, 10, (n,)))

    def permutation(n: int) -> None:
        same_bits(random.sample_permutation(generator, n, i64), torch.randperm(n))

    def log_normal(n: int) -> None:
        same_bits(random.sample_log_normal(generator, (n,), f64), torch.empty(n, dtype=torch.float64).log_normal_())

    def theirs_from_ours(n: int) -> None:
        generator.words(n)
        torch.set_rng_state(torch.from_numpy(generator.get_state()))

    def ours_from_theirs(n: int) -> None:
        torch.rand(n)
        generator.set_state(torch.get_rng_state().numpy())

    def seed(n: int) -> None:
        generator.manual_seed(n)
        torch.manual_seed(n)

    calls = (normal, wide_normal, uniform, whole, permutation, log_normal, theirs_from_ours, ours_from_theirs)
    for _ in range(2000):
        call = seed if chooser.randint(100) == 0 else calls[chooser.randint(len(calls))]
        call(int(chooser.choice((1, 2, 3, 5, 7, 15, 16, 17, 40, 624))))
        same_state(generator)


def test_states_that_pytorch_refuses_are_refused() -> None:
    state = random.Generator().manual_seed(3).get_state()
    for at, value in ((12, 0), (8, 0), (9, 100), (17, 200)):  # seeded, left (twice), next
        broken = state.copy()
        broken[at] = value
        with pytest.raises(RuntimeError, match="Invalid mt19937 state"):
            torch.Generator().set_state(torch.from_numpy(broken))
        with pytest.raises(RuntimeError, match="Invalid mt19937 state"):
            random.Generator().set_state(broken)


@pytest.mark.parametrize("seed", [-1, -(2**63), 2**64 - 1, 2**64, -(2**63) - 1, 1.5, True, "a"])
def test_seeds(seed: Any) -> None:
    try:
        theirs = torch.Generator().manual_seed(seed)
    except (RuntimeError, ValueError) as error:
        with pytest.raises(type(error)):
            random.Generator().manual_seed(seed)
    else:
        ours = random.Generator().manual_seed(seed)
        assert ours.initial_seed() == theirs.initial_seed()
        assert np.array_equal(ours.get_state(), theirs.get_state().numpy())


def test_a_new_generator_has_pytorchs_default_seed() -> None:
    assert random.Generator().initial_seed() == torch.Generator().initial_seed() == random.DEFAULT_SEED

"""The samplers against numbers that PyTorch 2.13.0 printed on x86-64 (AVX-512; AVX2 gives the same).

Each was got by `torch.manual_seed(42)` and the call named; a digest is the first 16 digits of
`hashlib.sha256(tensor.view(torch.uint8).numpy().tobytes()).hexdigest()` of 1000 elements. Where the C library's log,
tan ... decide the last bit (float64), values are compared within 2 units of it instead; tests/parity compares bits.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fnnet._core.errors import FnnetError
from fnnet.backends import dtypes, random
from fnnet.backends.random import discrete

Sampler = Callable[..., NDArray[Any]]


def seeded() -> random.Generator:
    return random.Generator().manual_seed(42)


def numpy_dtype(name: str) -> np.dtype[Any]:
    return dtypes.native(dtypes.BY_NAME[name])


def digest(values: NDArray[Any]) -> str:
    return hashlib.sha256(values.tobytes()).hexdigest()[:16]


N = (1000,)
EXACT: dict[str, tuple[Sampler, dict[str, tuple[list[float], str]]]] = {
    "torch.rand(1000)": (
        lambda g, d: random.sample_uniform(g, N, d),
        {
            "float16": ([0.88232421875, 0.9150390625, 0.3828125, 0.95947265625], "faf25c4a4ec96b9e"),
            "bfloat16": ([0.8828125, 0.9140625, 0.3828125, 0.9609375], "733af77f1ac43ee9"),
            "float32": (
                [0.8822692632675171, 0.9150039553642273, 0.38286375999450684, 0.9593056440353394],
                "80ff065ee30ad7ac",
            ),
            "float64": (
                [0.05815448596142969, 0.06291016742457756, 0.12358607277440903, 0.05258016436107704],
                "3c32285b450a7e7c",
            ),
        },
    ),
    "torch.empty(1000).uniform_(-0.3, 0.7)": (
        lambda g, d: random.sample_uniform(g, N, d, -0.3, 0.7),
        {
            "float16": ([0.58203125, 0.615234375, 0.0828857421875, 0.6591796875], "6cf0284dc1b7cc3d"),
            "bfloat16": ([0.58203125, 0.61328125, 0.0830078125, 0.66015625], "991e9d6f7dc92036"),
            "float32": (
                [0.5822692513465881, 0.6150039434432983, 0.08286374807357788, 0.6593056321144104],
                "89c2de668781bbee",
            ),
            "float64": (
                [-0.2418455140385703, -0.23708983257542243, -0.17641392722559096, -0.24741983563892295],
                "8dd8f2535d42f0cf",
            ),
        },
    ),
    "torch.randn(1000)": (
        lambda g, d: random.sample_normal(g, N, d),
        {
            "float16": ([1.9267578125, 1.4873046875, 0.90087890625, -2.10546875], "c92e7cb251d74dcd"),
            "bfloat16": ([1.9296875, 1.484375, 0.90234375, -2.109375], "75e94f621ecc941a"),
            "float32": (
                [1.9269152879714966, 1.4872840642929077, 0.9007171988487244, -2.1055209636688232],
                "13b35fb427f5f8d7",
            ),
        },
    ),
    "torch.empty(1000).normal_(0.5, 1.7)": (
        lambda g, d: random.sample_normal(g, N, d, 0.5, 1.7),
        {
            "float16": ([3.775390625, 3.029296875, 2.03125, -3.080078125], "d7c186f0ec947e25"),
            "bfloat16": ([3.78125, 3.03125, 2.03125, -3.078125], "fed5d5376aea6f39"),
            "float32": (
                [3.7757561206817627, 3.0283830165863037, 2.031219244003296, -3.079385757446289],
                "db9ef04a434032d7",
            ),
        },
    ),
    "torch.empty(1000).random_()": (
        lambda g, d: random.sample_random(g, N, d),
        {
            "bool": ([False, True, False, False], "b3297dc555e015dd"),
            "uint8": ([102, 179, 92, 14], "248faf181bf1132e"),
            "int8": ([102, 51, 92, 14], "ffb8e6e076421d99"),
            "int16": ([23654, 15795, 860, 5390], "98cf93f62127885e"),
            "int32": ([1608637542, 1273642419, 1935803228, 787846414], "b422faa5ac57c4de"),
            "int64": (
                [6909045637428952499, 8314211556539077902, 4279532810384561223, 1819927849474927636],
                "26ef4ebde4d9fac3",
            ),
            "float16": ([426.0, 923.0, 745.0, 1816.0], "656281f55f592d71"),
            "bfloat16": ([12.0, 149.0, 201.0, 64.0], "004f0c0bdb8ef012"),
            "float32": ([14801927.0, 15351016.0, 6423145.0, 16094432.0], "f8a0301880b1b434"),
            "float64": (
                [523809042610868.0, 566644413140339.0, 1113164382588524.0, 473600017246026.0],
                "1b2dc044a811bc9b",
            ),
        },
    ),
    "torch.randint(0, 10, (1000,))": (
        lambda g, d: random.sample_integers(g, N, d, 0, 10),
        {"int64": ([2, 7, 6, 4], "7a70c1a85599ee17")},
    ),
    "torch.randint(0, 2**28, (1000,))": (
        lambda g, d: random.sample_integers(g, N, d, 0, 2**28),
        {"int64": ([199900595, 250975502, 127521863, 147532820], "dfea92006c4d1321")},
    ),
    "torch.randint(-5, 2**40, (1000,))": (
        lambda g, d: random.sample_integers(g, N, d, -5, 2**40),
        {"int64": ([441476371554, 395845085946, 458553876606, 809967084457], "aa2325be214d3bfb")},
    ),
    "torch.empty(1000).random_(-2**63, None)": (
        lambda g, d: random.sample_integers(g, N, d, -(2**63), None),
        {
            "int64": (
                [6909045637428952499, -909160480315697906, -4943839226470214585, -7403444187379848172],
                "fd02d90327f22804",
            )
        },
    ),
    "torch.randperm(1000)": (
        lambda g, d: random.sample_permutation(g, 1000, d),
        {"int64": ([542, 618, 816, 68], "ac5c22de20fc5d16")},
    ),
    "torch.empty(1000).bernoulli_(0.3)": (
        lambda g, d: random.sample_bernoulli(g, N, d, 0.3),
        {"float32": ([1.0, 1.0, 1.0, 1.0], "6847249cdf1a832b")},
    ),
    "torch.bernoulli(torch.linspace(0, 1, 1000))": (
        lambda g, d: random.sample_bernoulli(g, N, d, (np.arange(1000) / 999).astype(np.float32)),
        {"float32": ([0.0, 0.0, 0.0, 0.0], "1cff5bef5683a4ed")},
    ),
    "torch.bernoulli(torch.linspace(0, 1, 1000, dtype=torch.float64))": (
        lambda g, d: random.sample_bernoulli(g, N, d, np.arange(1000) / 999),
        {"float64": ([0.0, 0.0, 0.0, 0.0], "77e5f12090ff3b44")},
    ),
    "torch.nn.functional.dropout(torch.ones(1000), 0.3)": (
        lambda g, d: random.sample_dropout(g, N, d, 0.3),
        {"float32": ([1.4285714626312256] * 4, "8736941908a4035e")},
    ),
    "torch.empty(1000).geometric_(0.3)": (
        lambda g, d: random.sample_geometric(g, N, d, 0.3),
        {
            "float16": ([8.0, 8.0, 6.0, 9.0], "b71d7367fef1361b"),
            "bfloat16": ([8.0, 8.0, 6.0, 9.0], "29abedbe436a0783"),
            "float32": ([8.0, 8.0, 6.0, 9.0], "b75f3bc8bc1c3db6"),
            "float64": ([8.0, 8.0, 6.0, 9.0], "eb4ba8f33f534ba2"),
        },
    ),
}


@pytest.mark.parametrize(("call", "name"), [(call, name) for call, (_, results) in EXACT.items() for name in results])
def test_bits_are_pytorchs(call: str, name: str) -> None:
    sample, results = EXACT[call]
    first, whole = results[name]
    values = sample(seeded(), numpy_dtype(name))
    assert values.dtype == numpy_dtype(name)
    assert values[:4].tolist() == first
    assert digest(values) == whole


CLOSE: dict[str, tuple[Sampler, list[float]]] = {
    "torch.randn(1000, dtype=torch.float64)": (
        lambda g, d: random.sample_normal(g, N, d),
        [0.2995562877502637, 0.24237779080894106, 0.28320739441795323, -0.23294220898382634],
    ),
    "torch.empty(1000, dtype=torch.float64).normal_(0.5, 1.7)": (
        lambda g, d: random.sample_normal(g, N, d, 0.5, 1.7),
        [1.0092456891754482, 0.9120422443751998, 0.9814525705105205, 0.10399824472749523],
    ),
    "torch.randn(15, dtype=torch.float64)": (
        lambda g, d: random.sample_normal(g, (15,), d),
        [0.33669035438385886, 0.1288094051365897, 0.23446236336153173, 0.2303330279146119],
    ),
    "torch.empty(1000, dtype=torch.float64).exponential_(0.5)": (
        lambda g, d: random.sample_exponential(g, N, d, 0.5),
        [0.11982803138160429, 0.1299522575867706, 0.26383355996818114, 0.10802590358138832],
    ),
    "torch.empty(1000, dtype=torch.float64).cauchy_(0.4, 1.7)": (
        lambda g, d: random.sample_cauchy(g, N, d, 0.4, 1.7),
        [-8.801228404895433, -8.089291836095818, -3.7562863554361954, -9.79768700650565],
    ),
    "torch.empty(1000, dtype=torch.float64).log_normal_(-0.2, 0.6)": (
        lambda g, d: random.sample_log_normal(g, N, d, -0.2, 0.6),
        [1.0020162425192225, 0.8845162824364968, 0.9424027179813934, 0.9400707098982257],
    ),
}


@pytest.mark.parametrize("call", CLOSE)
def test_doubles_are_pytorchs_up_to_the_c_library(call: str) -> None:
    sample, first = CLOSE[call]
    values = sample(seeded(), np.dtype(np.float64))
    np.testing.assert_array_max_ulp(values[:4], np.array(first), 2)


def test_the_other_dtypes_are_rounded_doubles() -> None:
    """PyTorch: torch.empty(1000, dtype=...).cauchy_(0.4, 1.7), first four."""
    expected = {
        "float32": [-8.801228523254395, -8.0892915725708, -3.756286382675171, -9.797686576843262],
        "float16": [-8.8046875, -8.0859375, -3.755859375, -9.796875],
        "bfloat16": [-8.8125, -8.0625, -3.75, -9.8125],
    }
    for name, first in expected.items():
        assert random.sample_cauchy(seeded(), N, numpy_dtype(name), 0.4, 1.7)[:4].tolist() == first


def test_complex_numbers() -> None:
    generator = seeded()
    drawn = random.sample_normal(generator, (2, 4), np.dtype(np.complex64))
    assert drawn.shape == (2, 4)
    # PyTorch: torch.randn(8, dtype=torch.complex64)[:2], then torch.rand(2, dtype=torch.complex64).
    assert drawn[0, :2].tolist() == [1.3625348806381226 + 1.051668643951416j, 0.6369032263755798 - 1.488828182220459j]
    assert random.sample_uniform(generator, (2,), np.dtype(np.complex64)).tolist() == [
        0.8854429125785828 + 0.5739044547080994j,
        0.2665800452232361 + 0.6274491548538208j,
    ]
    assert random.sample_uniform(generator, (), np.dtype(np.complex128)).shape == ()


def test_calls_between_each_other() -> None:
    """PyTorch: randn(3), rand(2), randn(2), randint(0, 100, (3,)), randn(17)[-2:], randn(1, dtype=torch.float64).

    The second `randn` begins with the normal that the first has left over.
    """
    generator, f32 = seeded(), np.dtype(np.float32)
    assert random.sample_normal(generator, (3,), f32).tolist() == [
        0.33669036626815796, 0.12880940735340118, 0.23446236550807953,
    ]  # fmt: skip
    assert random.sample_uniform(generator, (2,), f32).tolist() == [0.9407714605331421, 0.13318592309951782]
    assert random.sample_normal(generator, (2,), f32).tolist() == [0.23033303022384644, -2.466057062149048]
    assert random.sample_integers(generator, (3,), np.dtype(np.int64), 0, 100).tolist() == [31, 72, 15]
    assert random.sample_normal(generator, (17,), f32)[-2:].tolist() == [-1.4180599451065063, 0.8962683081626892]
    last = random.sample_normal(generator, (1,), np.dtype(np.float64))
    np.testing.assert_array_max_ulp(last, np.array([0.362286205493289]), 2)


def test_a_strided_tensor_is_drawn_as_pairs_in_the_order_of_its_memory() -> None:
    """PyTorch: torch.empty(4, 5).t().normal_()[:2]; 20 elements, and yet not the block of 16."""
    target = np.empty((4, 5), np.float32).T
    view = random.in_storage_order(target)
    view[...] = random.sample_normal(seeded(), view.shape, target.dtype, contiguous=False)
    assert target[:2].tolist() == [
        [0.33669036626815796, -0.18632829189300537, 0.5349046587944031, 0.9579718112945557],
        [0.12880940735340118, 2.2082014083862305, 0.809357225894928, 1.322135090827942],
    ]


def test_multinomial() -> None:
    """PyTorch: p = torch.arange(1., 11.); torch.multinomial(p, 12, True); then, seeded again, the others."""
    p = np.arange(1, 11, dtype=np.float32)
    assert random.sample_multinomial(seeded(), p, 12, True).tolist() == [2, 2, 3, 1, 7, 6, 9, 9, 2, 3, 3, 5]
    generator = seeded()
    assert random.sample_multinomial(generator, p, 10).tolist() == [8, 3, 9, 1, 2, 0, 5, 4, 7, 6]
    assert random.sample_multinomial(generator, p, 1).tolist() == [6]
    two = np.stack((p, p[::-1]))
    assert random.sample_multinomial(seeded(), two, 4).tolist() == [[8, 3, 9, 1], [0, 6, 1, 4]]


def test_multinomial_draws_no_category_of_probability_zero() -> None:
    p = np.array([[0.0, 3.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0]])
    for replacement in (False, True):
        drawn = random.sample_multinomial(seeded(), p, 2 if not replacement else 500, replacement)
        assert set(drawn[0].tolist()) == {1, 3}
        assert drawn[1, 0] == 0
    assert random.sample_multinomial(seeded(), np.ones((0, 4)), 3).shape == (0, 3)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 10, 500])
def test_permutations_are_the_swaps_one_by_one(n: int) -> None:
    for seed in range(20):
        expected, generator = list(range(n)), random.Generator().manual_seed(seed)
        for here in range(n - 1):
            there = here + generator.random() % (n - here)
            expected[here], expected[there] = expected[there], expected[here]
        drawn = random.sample_permutation(random.Generator().manual_seed(seed), n, np.dtype(np.int64))
        assert drawn.tolist() == expected


def test_great_permutations_are_built_inside_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """From 2**32 / 20 elements on, which takes a minute and 2 GB: so the bound is lowered."""
    monkeypatch.setattr(discrete, "_SMALL_PERMUTATION", 100)
    expected: list[int] = []
    generator = seeded()
    for here in range(100):
        there = generator.random64() % (here + 1)
        expected.append(here)
        expected[here], expected[there] = expected[there], here
    assert random.sample_permutation(seeded(), 100, np.dtype(np.int64)).tolist() == expected


def test_the_upper_bound_is_never_drawn() -> None:
    for name in ("float16", "bfloat16", "float32"):
        values = random.sample_uniform(seeded(), (100_000,), numpy_dtype(name), 1.0, 1.0 + 2.0**-6)
        assert (values >= 1).all()
        assert (values < 1 + 2.0**-6).all()


def test_bounds_that_a_float_cannot_hold_are_moved_inward() -> None:
    values = random.sample_integers(seeded(), (100_000,), np.dtype(np.float16), 0, 2049)
    assert values.max() == 2048
    with pytest.warns(UserWarning, match=r"to - 1 is out of bounds \[-\(2\^11\), 2\^11\]"):
        values = random.sample_integers(seeded(), (100_000,), np.dtype(np.float16), 0, 40_000)
    assert values.max() < 40_000


def test_dropout_of_everything_and_of_nothing() -> None:
    generator = seeded()
    state = generator.get_state()
    assert random.sample_dropout(generator, (3,), np.dtype(np.float32), 1.0).tolist() == [0, 0, 0]
    assert np.array_equal(generator.get_state(), state)
    assert random.sample_dropout(generator, (3,), np.dtype(np.float32), 0.0).tolist() == [1, 1, 1]


def test_probabilities_broadcast() -> None:
    p = np.array([[0.0], [1.0]], np.float32)
    assert random.sample_bernoulli(seeded(), (2, 3), np.dtype(np.bool_), p).tolist() == [[False] * 3, [True] * 3]


@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (2, 3), (1, 20, 1)])
def test_shapes(shape: tuple[int, ...]) -> None:
    f32, i64 = np.dtype(np.float32), np.dtype(np.int64)
    generator = seeded()
    for values in (
        random.sample_uniform(generator, shape, f32),
        random.sample_normal(generator, shape, f32),
        random.sample_normal(generator, shape, np.dtype(np.complex128)),
        random.sample_log_normal(generator, shape, f32),
        random.sample_exponential(generator, shape, f32),
        random.sample_cauchy(generator, shape, f32),
        random.sample_geometric(generator, shape, i64, 0.5),
        random.sample_integers(generator, shape, i64, 0, 5),
        random.sample_random(generator, shape, i64),
        random.sample_bernoulli(generator, shape, f32, 0.5),
        random.sample_bernoulli(generator, shape, f32, np.full(shape, 0.5)),
        random.sample_dropout(generator, shape, f32, 0.5),
    ):
        assert isinstance(values, np.ndarray)
        assert values.shape == shape
        assert values.flags.c_contiguous


F16, F32, I32, U8, BOOL, C64 = (np.dtype(kind) for kind in ("f2", "f4", "i4", "u1", "?", "c8"))
NAN, INF = math.nan, math.inf
HALVES = np.array([0.5, 1.5])
BAD: list[tuple[Callable[..., Any], tuple[Any, ...], str]] = [
    (random.sample_uniform, ((3,), F32, 2, 1), r"expects to return a \[from, to\) range, but found from=2 > to=1"),
    (random.sample_uniform, ((3,), F32, 0, 1e39), "uniform_: to is out of bounds for float32"),
    (random.sample_uniform, ((3,), F32, 0, NAN), "uniform_: to is out of bounds for float32"),
    (random.sample_uniform, ((3,), F32, -3e38, 3e38), "uniform_ expects to-from <= "),
    (random.sample_uniform, ((3,), I32), "uniform_: not implemented for int32"),
    (random.sample_normal, ((3,), F32, 0, -1), "normal expects std >= 0.0, but found std -1"),
    (random.sample_normal, ((3,), F32, 0, NAN), "normal expects std >= 0.0, but found std nan"),
    (random.sample_normal, ((3,), I32), "normal_: not implemented for int32"),
    (random.sample_log_normal, ((3,), F32, 0, 0), "log_normal_ expects std > 0.0, but found std=0"),
    (random.sample_log_normal, ((3,), C64), "log_normal_: not implemented for complex64"),
    (random.sample_exponential, ((3,), F32, 0), "exponential_ expects lambda > 0.0, but found lambda=0"),
    (random.sample_exponential, ((3,), I32), "exponential_: not implemented for int32"),
    (random.sample_cauchy, ((3,), F32, 0, 0), "cauchy_ expects sigma > 0.0, but found sigma=0"),
    (random.sample_cauchy, ((3,), I32), "cauchy_: not implemented for int32"),
    (random.sample_geometric, ((3,), F32, 1), r"geometric_ expects p to be in \(0, 1\), but got p=1"),
    (random.sample_geometric, ((3,), BOOL, 0.5), "geometric_: not implemented for bool"),
    (random.sample_bernoulli, ((3,), F32, 1.5), r"bernoulli_ expects p to be in \[0, 1\], but got p=1.5"),
    (random.sample_bernoulli, ((2,), F32, HALVES), "Expected p_in >= 0 && p_in <= 1"),
    (random.sample_bernoulli, ((2,), F32, np.array([0, 1])), "not implemented for int64"),
    (random.sample_bernoulli, ((3,), C64, 0.5), "bernoulli_: not implemented for complex64"),
    (random.sample_dropout, ((3,), F32, -1), "dropout probability has to be between 0 and 1, but got -1"),
    (random.sample_dropout, ((3,), I32, 0.5), "dropout: not implemented for int32"),
    (random.sample_integers, ((3,), I32, 5, 5), "expects 'from' to be less than 'to', but got from=5 >= to=5"),
    (random.sample_integers, ((3,), U8, 0, 300), "to - 1 is out of bounds for uint8: 299, expected 0 to 255"),
    (random.sample_integers, ((0,), U8, -1, 3), "from is out of bounds for uint8: -1, expected 0 to 255"),
    (random.sample_integers, ((3,), BOOL, 0, 3), "to - 1 is out of bounds for bool: 2, expected 0 to 1"),
    (random.sample_integers, ((3,), F16, 0, 70_000), "to - 1 is out of bounds for float16"),
    (random.sample_integers, ((3,), I32, -(2**63), None), r"random_ over 2\*\*64 numbers: not implemented for int32"),
    (random.sample_random, ((3,), C64), "random_: not implemented for complex64"),
    (random.sample_permutation, (-1, I32), "n must be non-negative, got -1"),
    (random.sample_permutation, (257, U8), "n cannot be greater than 256 for uint8 without overflow, got 257"),
    (random.sample_permutation, (2050, F16), "n cannot be greater than 2049 for float16 without overflow, got 2050"),
    (random.sample_permutation, (1, BOOL), "randperm: not implemented for bool"),
    (random.sample_multinomial, (np.ones(3), 4), "samples without replacement, got n_sample=4 of 3 categories"),
    (random.sample_multinomial, (np.ones(3), 0), "cannot sample n_sample <= 0 samples, got 0"),
    (random.sample_multinomial, (np.ones(3, np.int64), 1), "only supports floating-point dtypes for input, got: int64"),
    (random.sample_multinomial, (np.ones((1, 1, 1)), 1), "prob_dist must be 1 or 2 dim, got 3"),
    (
        random.sample_multinomial,
        (np.broadcast_to(F16.type(1), 2**24 + 1), 1),
        r"number of categories cannot exceed 2\^24",
    ),
    (random.sample_multinomial, (np.array([1.0, -1.0]), 1), "either `inf`, `nan` or element < 0"),
    (random.sample_multinomial, (np.array([1.0, INF]), 2, True), "either `inf`, `nan` or element < 0"),
    (random.sample_multinomial, (np.array([1.0, NAN]), 1), "either `inf`, `nan` or element < 0"),
    (random.sample_multinomial, (np.zeros((2, 3)), 1), "sum of probabilities <= 0"),
    (random.sample_multinomial, (np.ones((2, 0)), 1, True), "sum of probabilities <= 0"),
]


@pytest.mark.parametrize(("sample", "arguments", "message"), BAD, ids=range(len(BAD)))
def test_bad_input_is_refused_and_draws_nothing(sample: Sampler, arguments: tuple[Any, ...], message: str) -> None:
    generator = seeded()
    state = generator.get_state()
    with pytest.raises(RuntimeError, match=message) as caught:
        sample(generator, *arguments)
    assert isinstance(caught.value, FnnetError)
    assert np.array_equal(generator.get_state(), state)


# The shapes, strides (in elements) and orders of PyTorch's walk; each order was read off torch.empty_strided(...)
# .random_() by the words that its elements took.
@pytest.mark.parametrize(
    ("shape", "strides", "order"),
    [
        ((), (), ()),
        ((2, 3), (3, 1), (0, 1)),
        ((2, 3), (1, 2), (1, 0)),
        ((2, 3, 4, 5), (60, 1, 15, 3), (0, 2, 3, 1)),  # channels last
        ((3, 1, 6), (1, 99, 3), (1, 2, 0)),
    ],
)
def test_storage_order(shape: tuple[int, ...], strides: tuple[int, ...], order: tuple[int, ...]) -> None:
    assert random.storage_order(shape, strides) == order

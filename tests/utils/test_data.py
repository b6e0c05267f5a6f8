"""Datasets, samplers and the DataLoader. Orders are what PyTorch 2.13 gives for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

import fnnet
from fnnet.utils import data


class Count(data.IterableDataset):
    """0, 1, ... n-1."""

    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return iter(range(self.n))


class SizedCount(Count):
    def __len__(self):
        return self.n


def seeded(seed=0):
    return fnnet.Generator().manual_seed(seed)


def lists(batches):
    return [batch.tolist() for batch in batches]


# datasets ------------------------------------------------------------------------------------------------------------
def test_tensor_dataset():
    dataset = data.TensorDataset(fnnet.arange(4), fnnet.arange(8).reshape(4, 2))
    assert len(dataset) == 4
    assert [t.tolist() for t in dataset[1]] == [1, [2, 3]]
    assert [t.tolist() for t in dataset[-1]] == [3, [6, 7]]
    assert dataset[[0, 2]][0].tolist() == [0, 2]
    assert len(list(dataset)) == 4
    with pytest.raises(AssertionError, match="Size mismatch between tensors"):
        data.TensorDataset(fnnet.ones(2), fnnet.ones(3))


def test_concat_dataset():
    a, b = range(3), range(10, 12)
    both = data.ConcatDataset([a, b])
    assert [both[i] for i in range(-5, 5)] == [0, 1, 2, 10, 11] * 2
    assert both.cumulative_sizes == [3, 5]
    with pytest.raises(IndexError):
        both[5]
    with pytest.raises(ValueError, match="absolute value of index should not exceed dataset length"):
        both[-6]
    with pytest.raises(AssertionError, match="datasets should not be an empty iterable"):
        data.ConcatDataset([])
    with pytest.raises(AssertionError, match="ConcatDataset does not support IterableDataset"):
        data.ConcatDataset([Count(2)])


def test_datasets_add():
    dataset = data.TensorDataset(fnnet.arange(2))
    assert [x.item() for (x,) in dataset + dataset] == [0, 1, 0, 1]
    assert list(Count(2) + Count(1)) == [0, 1, 0]
    assert len(SizedCount(2) + SizedCount(1)) == 3
    with pytest.raises(TypeError):
        len(Count(2) + Count(1))
    with pytest.raises(AssertionError, match="ChainDataset only supports IterableDataset"):
        list(data.ChainDataset([range(2)]))


def test_subset():
    subset = data.Subset(list("abcdef"), [4, 2, 0])
    assert [subset[i] for i in range(3)] == ["e", "c", "a"]
    assert len(subset) == 3
    assert subset.__getitems__([0, 2]) == ["e", "a"]
    assert data.Subset(data.TensorDataset(fnnet.arange(5)), [4, 3])[[0, 1]][0].tolist() == [4, 3]
    with pytest.raises(IndexError):
        subset[3]


def test_methods_that_a_subclass_owes():
    class Nothing(data.Dataset):
        pass

    class NoIteration(data.IterableDataset):
        pass

    class NoOrder(data.Sampler):
        pass

    with pytest.raises(NotImplementedError, match="subclasses of Dataset implement __getitem__"):
        Nothing()[0]
    for kind in (NoIteration, NoOrder):
        with pytest.raises(NotImplementedError, match="implement __iter__"):
            iter(kind())


def test_stack_dataset():
    """Values and messages are PyTorch 2.13's."""
    numbers, letters = [1, 2, 3], "abc"
    pairs = data.StackDataset(numbers, letters)
    assert (len(pairs), pairs[1], pairs.datasets) == (3, (2, "b"), (numbers, letters))
    named = data.StackDataset(number=numbers, letter=letters)
    assert named[2] == {"number": 3, "letter": "c"}
    asked = []

    class Several(list):
        def __getitems__(self, indices):
            asked.append(indices)
            return [self[i] for i in indices]

    assert data.StackDataset(Several(numbers), letters).__getitems__([2, 0]) == [(3, "c"), (1, "a")]
    assert named.__getitems__([1]) == [{"number": 2, "letter": "b"}]
    assert asked == [[2, 0]]
    batches = list(data.DataLoader(data.StackDataset(x=data.TensorDataset(fnnet.arange(3)), y=numbers), batch_size=2))
    assert [(b["x"][0].tolist(), b["y"].tolist()) for b in batches] == [([0, 1], [1, 2]), ([2], [3])]


def test_stack_dataset_refuses():
    class Short(list):
        def __getitems__(self, indices):
            return []

    for make, message in (
        (data.StackDataset, "At least one dataset should be passed"),
        (lambda: data.StackDataset([1], x=[1]), "but both types are given"),
        (lambda: data.StackDataset([1], [1, 2]), "Size mismatch between datasets"),
        (lambda: data.StackDataset(Short([1])).__getitems__([0]), "output size mismatch. Expected 1, got 0"),
    ):
        with pytest.raises(ValueError, match=message):
            make()


def test_random_split():
    fnnet.manual_seed(0)
    parts = data.random_split(range(10), [3, 7])
    assert [list(p.indices) for p in parts] == [[4, 1, 7], [5, 3, 9, 0, 8, 6, 2]]
    parts = data.random_split(range(10), [0.33, 0.33, 0.34], seeded(3))
    assert [list(p.indices) for p in parts] == [[6, 0, 3, 7], [8, 5, 1], [9, 2, 4]]
    with pytest.warns(UserWarning, match=r"Length of split at index [12] is 0"):
        assert [len(p) for p in data.random_split(range(2), [0.9, 0.05, 0.05])] == [2, 0, 0]


@pytest.mark.parametrize(
    ("lengths", "phrase"),
    [
        ([3, 6], "Sum of input lengths does not equal the length of the input dataset"),
        ([0.5, 0.6], "Sum of input lengths"),
        ([1.5, -0.5], "Fraction at index 0 is not between 0 and 1"),
    ],
)
def test_random_split_refuses(lengths, phrase):
    with pytest.raises(ValueError, match=phrase):
        data.random_split(range(10), lengths)


# samplers ------------------------------------------------------------------------------------------------------------
ORDERS = [
    (lambda: data.SequentialSampler(range(3)), [0, 1, 2]),
    (lambda: data.RandomSampler(range(10)), [6, 9, 0, 7, 3, 5, 4, 2, 1, 8]),
    (lambda: data.RandomSampler(range(8), generator=seeded(4)), [2, 7, 3, 6, 5, 1, 4, 0]),
    (lambda: data.RandomSampler(range(5), num_samples=12), [1, 3, 4, 2, 0, 4, 0, 2, 3, 1, 4, 0]),
    (
        lambda: data.RandomSampler(range(10), replacement=True, num_samples=40),  # 32 at a time
        [6, 0, 4, 3, 9, 5, 7, 8, 9, 1, 8, 5, 6, 9, 0, 0, 8, 3, 0, 0, 1, 9, 0, 7, 8, 3, 9, 7, 2, 2, 2, 9, 4, 6, 8, 8,
         8, 7, 3, 9],
    ),
    (lambda: data.SubsetRandomSampler([3, 1, 4, 1, 5]), [5, 3, 1, 1, 4]),
    (lambda: data.WeightedRandomSampler([0.1, 0.9, 0.4], 8), [2, 1, 1, 2, 1, 2, 1, 1]),
    (lambda: data.WeightedRandomSampler([0.1, 0.9, 0.4], 3, replacement=False), [1, 2, 0]),
]  # fmt: skip


@pytest.mark.parametrize(("make", "expected"), ORDERS)
def test_orders(make, expected):
    fnnet.manual_seed(0)
    sampler = make()
    assert list(sampler) == expected
    assert len(sampler) == len(expected)


def test_batch_sampler():
    assert list(data.BatchSampler(range(5), 2, False)) == [[0, 1], [2, 3], [4]]
    assert list(data.BatchSampler(range(5), 2, True)) == [[0, 1], [2, 3]]
    assert len(data.BatchSampler(range(5), 2, False)) == 3
    assert len(data.BatchSampler(range(5), 2, True)) == 2


BAD_SAMPLERS = [
    (
        lambda: data.RandomSampler([]),
        ValueError,
        "num_samples should be a positive integer value, but got num_samples=0",
    ),
    (lambda: data.RandomSampler(range(3), num_samples=-1), ValueError, "num_samples=-1"),
    (lambda: data.RandomSampler(range(3), num_samples=1.5), ValueError, "num_samples=1.5"),
    (lambda: data.RandomSampler(range(3), replacement=1), TypeError, "replacement should be a boolean value"),
    (lambda: data.RandomSampler(iter([1])), TypeError, r"has no len\(\)"),
    (lambda: data.WeightedRandomSampler([0.5], 0), ValueError, "num_samples should be a positive integer value"),
    (lambda: data.WeightedRandomSampler([0.5], True), ValueError, "num_samples should be a positive integer value"),
    (lambda: data.WeightedRandomSampler([0.5], 1, replacement=1), ValueError, "replacement should be a boolean value"),
    (lambda: data.WeightedRandomSampler([[0.5]], 1), ValueError, "weights should be a 1d sequence"),
    (lambda: data.BatchSampler(range(3), 0, False), ValueError, "batch_size should be a positive integer value"),
    (lambda: data.BatchSampler(range(3), 2.5, False), ValueError, "batch_size should be a positive integer value"),
    (lambda: data.BatchSampler(range(3), True, False), ValueError, "batch_size should be a positive integer value"),
    (lambda: data.BatchSampler(range(3), 2, 1), ValueError, "drop_last should be a boolean value"),
]


@pytest.mark.parametrize(("make", "error", "phrase"), BAD_SAMPLERS)
def test_bad_samplers(make, error, phrase):
    with pytest.raises(error, match=phrase):
        make()


def test_distributed_sampler():
    """PyTorch 2.13's orders."""
    for (n, replicas, rank), padded, dropped in (
        ((10, 3, 0), [4, 5, 0, 2], [4, 5, 0]),
        ((10, 3, 2), [7, 9, 6, 1], [7, 9, 6]),
        ((10, 4, 1), [1, 9, 2], [1, 9]),
        ((2, 5, 4), [0], []),
    ):
        for drop_last, expected in ((False, padded), (True, dropped)):
            sampler = data.DistributedSampler(range(n), replicas, rank, drop_last=drop_last)
            assert list(sampler) == expected
            assert len(sampler) == sampler.num_samples == len(expected)
    sampler = data.DistributedSampler(range(10), num_replicas=2, rank=0, seed=3)
    sampler.set_epoch(4)
    assert list(sampler) == [5, 3, 1, 9, 8]
    assert list(data.DistributedSampler(range(5), 2, 1, shuffle=False)) == [1, 3, 0]
    assert list(data.DistributedSampler(range(0), 2, 1)) == []
    with pytest.raises(ValueError, match=r"Invalid rank 2, rank should be in the interval \[0, 1\]"):
        data.DistributedSampler(range(5), 2, 2)
    with pytest.raises(ValueError, match="Default process group has not been initialized"):
        data.DistributedSampler(range(5))


# the loader ----------------------------------------------------------------------------------------------------------
def test_batches():
    assert lists(data.DataLoader(range(5), batch_size=2)) == [[0, 1], [2, 3], [4]]
    assert lists(data.DataLoader(range(5), batch_size=2, drop_last=True)) == [[0, 1], [2, 3]]
    assert lists(data.DataLoader(range(4), sampler=[3, 1])) == [[3], [1]]
    assert lists(data.DataLoader(range(4), batch_sampler=[[0, 3], [1]])) == [[0, 3], [1]]
    assert list(data.DataLoader(range(4), batch_size=2, collate_fn=sum)) == [1, 5]
    (x, y), *_ = data.DataLoader(data.TensorDataset(fnnet.arange(3), fnnet.ones(3, 2)), batch_size=2)
    assert (tuple(x.shape), tuple(y.shape)) == ((2,), (2, 2))
    assert list(data.DataLoader([], batch_size=2)) == []


def test_single_samples():
    assert list(data.DataLoader(range(3), batch_size=None)) == [0, 1, 2]
    (first, *_) = data.DataLoader(np.arange(3.0), batch_size=None)
    assert (first.dtype, tuple(first.shape)) == (fnnet.float64, ())


def test_shuffled_order():
    fnnet.manual_seed(0)
    loader = data.DataLoader(range(7), batch_size=3, shuffle=True)
    assert [lists(loader), lists(loader)] == [[[0, 4, 1], [5, 2, 6], [3]], [[3, 1, 4], [2, 5, 0], [6]]]
    loader = data.DataLoader(range(7), batch_size=3, shuffle=True, generator=seeded(5))
    assert [lists(loader), lists(loader)] == [[[2, 4, 3], [5, 0, 6], [1]], [[4, 1, 0], [2, 3, 6], [5]]]


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (lambda: list(data.DataLoader(range(7))), 2),
        (lambda: list(data.DataLoader(range(7), shuffle=True)), 4),
        (lambda: next(iter(data.DataLoader(range(7), shuffle=True))), 4),
        (lambda: iter(data.DataLoader(range(7), shuffle=True)), 2),
        (lambda: list(data.DataLoader(range(7), shuffle=True, generator=seeded())), 0),
        (lambda: list(data.DataLoader(Count(3))), 2),
        (lambda: list(data.RandomSampler(range(7))), 2),
        (lambda: list(data.SubsetRandomSampler([1, 2])), 1),
    ],
)
def test_words_taken_from_the_global_generator(run, words):
    """What comes after an iteration is PyTorch's, too: each takes as many 32-bit words of the stream."""
    fnnet.manual_seed(0)
    run()
    after = fnnet.rand(1).item()
    fnnet.manual_seed(0)
    for _ in range(words):
        fnnet.empty((), dtype=fnnet.int32).random_()
    assert fnnet.rand(1).item() == after


def test_iterable_datasets():
    assert lists(data.DataLoader(Count(5), batch_size=2)) == [[0, 1], [2, 3], [4]]
    assert lists(data.DataLoader(Count(5), batch_size=2, drop_last=True)) == [[0, 1], [2, 3]]
    assert list(data.DataLoader(Count(3), batch_size=None)) == [0, 1, 2]
    assert data.get_worker_info() is None


def test_lengths():
    assert len(data.DataLoader(range(7), batch_size=2)) == 4
    assert len(data.DataLoader(range(7), batch_size=2, drop_last=True)) == 3
    assert len(data.DataLoader(range(7), batch_size=None)) == 7
    assert len(iter(data.DataLoader(range(7), batch_size=2))) == 4
    assert [len(data.DataLoader(SizedCount(5), batch_size=2, drop_last=d)) for d in (False, True)] == [3, 2]
    assert len(data.DataLoader(SizedCount(5), batch_size=None)) == 5
    with pytest.raises(TypeError, match=r"has no len\(\)"):
        len(data.DataLoader(Count(5)))


def test_several_samples_at_once():
    class Tens(data.Dataset):
        def __getitem__(self, i):
            return i

        def __getitems__(self, indices):
            return [10 * i for i in indices]

        def __len__(self):
            return 3

    assert lists(data.DataLoader(Tens(), batch_size=2)) == [[0, 10], [20]]
    assert list(data.DataLoader(Tens(), batch_size=None)) == [0, 1, 2]


def test_two_iterators_at_once():
    loader = data.DataLoader(range(3))
    assert [(a.item(), b.item()) for a, b in zip(loader, loader, strict=True)] == [(0, 0), (1, 1), (2, 2)]


BAD_LOADERS = [
    ({"batch_size": None, "drop_last": True}, "batch_size=None option disables auto-batching"),
    ({"batch_size": 0}, "batch_size should be a positive integer value, but got batch_size=0"),
    ({"batch_size": 2.5}, "batch_size should be a positive integer value"),
    ({"timeout": -1}, "timeout option should be non-negative"),
    ({"prefetch_factor": 2}, "prefetch_factor option could only be specified in multiprocessing"),
    ({"persistent_workers": True}, "persistent_workers option needs num_workers > 0"),
    ({"sampler": [1], "shuffle": True}, "sampler option is mutually exclusive with shuffle"),
    ({"batch_sampler": [[1]], "shuffle": True}, "batch_sampler option is mutually exclusive with"),
    ({"batch_sampler": [[1]], "batch_size": 2}, "batch_sampler option is mutually exclusive with"),
]


@pytest.mark.parametrize(("options", "phrase"), BAD_LOADERS)
def test_bad_options(options, phrase):
    with pytest.raises(ValueError, match=phrase):
        data.DataLoader(range(4), **options)


@pytest.mark.parametrize("options", [{"shuffle": True}, {"sampler": [1]}, {"batch_sampler": [[1]]}])
def test_iterable_datasets_have_an_order_of_their_own(options):
    with pytest.raises(ValueError, match="DataLoader with IterableDataset: expected unspecified"):
        data.DataLoader(Count(3), **options)
    assert data.DataLoader(Count(3), shuffle=False).batch_size == 1
    with pytest.raises(ValueError, match="num_samples should be a positive integer"):
        data.DataLoader([], shuffle=True)


def test_attributes():
    loader = data.DataLoader(range(4), batch_size=2, worker_init_fn=print)
    assert (loader.batch_size, loader.drop_last, loader.num_workers, loader.timeout) == (2, False, 0, 0)
    assert (loader.worker_init_fn, loader.pin_memory, loader.persistent_workers) == (print, False, False)
    for name in ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset"):
        with pytest.raises(ValueError, match=f"{name} attribute should not be set after DataLoader is initialized"):
            setattr(loader, name, None)
    loader.collate_fn = sum
    assert list(loader) == [1, 5]

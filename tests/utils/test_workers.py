"""The DataLoader with worker processes. Orders and seeds are what PyTorch 2.13 gives."""

from __future__ import annotations

import multiprocessing
import os
import random

import numpy as np
import pytest

import fnnet
from fnnet.utils import data
from tests.utils.datasets import LONG, Numbers, SizedStream, Stream, forked, lists

# Machines with one processor are told that two workers are many.
pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")


# orders and seeds ----------------------------------------------------------------------------------------------------
def test_order():
    assert lists(forked(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert lists(forked(range(5), 2, drop_last=True)) == [[0, 1], [2, 3]]
    assert lists(forked(range(9), batch_sampler=[[8, 1], [3]])) == [[8, 1], [3]]
    assert list(forked(range(3), None)) == [0, 1, 2]
    assert list(forked([], 2)) == []
    assert lists(forked(range(5), 2, prefetch_factor=7)) == [[0, 1], [2, 3], [4]]
    assert len(iter(forked(range(5), 2))) == 3


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_start_methods(method):
    """The dataset is pickled. The order is PyTorch's."""
    if method not in multiprocessing.get_all_start_methods():
        method = "spawn"
    fnnet.manual_seed(0)
    dataset = data.TensorDataset(fnnet.arange(7), fnnet.arange(70_000.0).reshape(7, 10_000))
    loader = data.DataLoader(dataset, 3, True, num_workers=1, multiprocessing_context=method)
    batches = list(loader)
    assert [x.tolist() for x, _ in batches] == [[0, 4, 1], [5, 2, 6], [3]]
    assert all((y[:, 5] == 10_000.0 * x + 5).all() for x, y in batches)


def test_shuffled_order():
    fnnet.manual_seed(0)
    loader = forked(range(7), 3, shuffle=True)
    assert [lists(loader), lists(loader)] == [[[0, 4, 1], [5, 2, 6], [3]], [[3, 1, 4], [2, 5, 0], [6]]]


def draws(_):
    return fnnet.initial_seed(), random.random(), np.random.rand(), fnnet.rand(1).item()  # noqa: NPY002  # as users do


def test_seeds():
    fnnet.manual_seed(0)
    first, second = [[x.tolist() for x in batch] for batch in forked(Numbers(4, draws), 2)]
    assert first[0] == [900450186894289455] * 2
    assert second[0] == [900450186894289456] * 2
    expected = [
        [[0.21315340548154382, 0.2764485855185723], [0.8371640508861415, 0.38757835109739946],
         [0.7821398973464966, 0.053598999977111816]],
        [[0.7733861492043289, 0.1634220007200502], [0.6702704958690073, 0.07589687641367027],
         [0.6938178539276123, 0.29795897006988525]],
    ]  # fmt: skip
    assert [first[1:], second[1:]] == expected
    generator = fnnet.Generator().manual_seed(5)
    seeds = [batch[0][0].item() for batch in forked(Numbers(4, draws), 2, generator=generator)]
    assert seeds == [4095051218741643470, 4095051218741643471]


@pytest.mark.parametrize(("options", "words"), [({}, 2), ({"shuffle": True}, 4)])
def test_words_taken_from_the_global_generator(options, words):
    fnnet.manual_seed(0)
    list(forked(range(7), **options))
    after = fnnet.rand(1).item()
    fnnet.manual_seed(0)
    for _ in range(words):
        fnnet.empty((), dtype=fnnet.int32).random_()
    assert fnnet.rand(1).item() == after


def test_what_a_worker_knows():
    def known(i):
        info = data.get_worker_info()
        return [info.id, info.num_workers, info.seed == fnnet.initial_seed()]

    assert list(forked(Numbers(3, known), None)) == [[0, 2, True], [1, 2, True], [0, 2, True]]
    assert data.get_worker_info() is None


def test_dataset_of_a_worker_is_a_copy():
    def rename(worker_id):
        data.get_worker_info().dataset.function = lambda i: 100 * worker_id + i

    dataset = Numbers(4)
    assert list(forked(dataset, None, worker_init_fn=rename)) == [0, 101, 2, 103]
    assert dataset.function is int


def test_workers_multiply_on_one_thread():
    assert list(forked(Numbers(2, lambda _: fnnet.get_num_threads()), None)) == [1, 1]


# ahead, in order, again ----------------------------------------------------------------------------------------------
def test_batches_are_fetched_ahead():
    asked = multiprocessing.get_context("fork").SimpleQueue()
    iterator = iter(forked(Numbers(20, asked.put), None, prefetch_factor=3))
    assert sorted(asked.get() for _ in range(6)) == [0, 1, 2, 3, 4, 5]
    next(iterator)
    assert asked.get() == 6
    assert asked.empty()


def test_out_of_order():
    """The second worker gives all of its batches while the first one waits for them."""
    gate = multiprocessing.get_context("fork").Event()

    def function(i):
        if i == 0:
            gate.wait(LONG)
        return i

    got = []
    for i in forked(Numbers(6, function), None, in_order=False, prefetch_factor=1):
        got.append(i)
        if len(got) == 5:
            gate.set()
    assert got == [1, 2, 3, 4, 5, 0]


def test_persistent_workers():
    loader = forked(Numbers(6, lambda i: (i, os.getpid())), None, shuffle=True, persistent_workers=True)
    fnnet.manual_seed(0)
    passes = [list(loader) for _ in range(2)]
    pids = {pid for batches in passes for _, pid in batches}
    assert len(pids) == 2
    assert os.getpid() not in pids
    assert [[i for i, _ in batches] for batches in passes] == [[0, 4, 3, 5, 2, 1], [5, 0, 3, 2, 1, 4]]
    next(iter(loader))  # a pass that is left
    last = list(loader)
    assert sorted(i for i, _ in last) == list(range(6))
    assert {pid for _, pid in last} == pids
    assert iter(loader) is iter(loader)


def test_persistent_workers_end_with_their_loader():
    loader = forked(range(4), None, persistent_workers=True)
    list(loader)
    processes = loader._iterator.processes
    assert all(p.is_alive() for p in processes)
    del loader
    assert [p.exitcode for p in processes] == [0, 0]


def test_persistent_workers_of_streams():
    loader = forked(Stream(5), 2, persistent_workers=True)
    assert [lists(loader), lists(loader)] == [[[0, 2], [1, 3], [4]]] * 2


def test_two_iterators_at_once():
    loader = forked(range(3), None)
    assert list(zip(loader, loader, strict=True)) == [(0, 0), (1, 1), (2, 2)]


def test_workers_end_with_the_iteration():
    iterator = iter(forked(range(4), None))
    processes = iterator.processes
    assert len(processes) == 2
    assert [next(iterator), next(iterator)] == [0, 1]
    del iterator
    assert [p.exitcode for p in processes] == [0, 0]
    iterator = iter(forked(range(4), None))
    list(iterator)
    assert [p.exitcode for p in iterator.processes] == [0, 0]
    assert next(iterator, "end") == "end"


# streams -------------------------------------------------------------------------------------------------------------
def test_streams():
    assert lists(forked(Stream(7), 2)) == [[0, 2], [1, 3], [4, 6], [5]]
    assert lists(forked(Stream(7), 2, drop_last=True)) == [[0, 2], [1, 3], [4, 6]]
    assert list(forked(Stream(3), None)) == [0, 1, 2]
    assert sorted(forked(Stream(5), None, in_order=False)) == [0, 1, 2, 3, 4]
    assert list(forked(Stream(1, shared=False), None)) == [0, 0]
    assert lists(forked(Stream(4, shared=False), 3)) == [[0, 1, 2], [0, 1, 2], [3], [3]]


def test_streams_that_are_longer_than_they_say():
    loader = forked(SizedStream(3, shared=False), None)
    assert len(loader) == 3
    text = "was reported to be 3.*but [456] samples have been fetched.*Each worker iterates over a copy"
    with pytest.warns(UserWarning, match=text) as told:
        assert list(loader) == [0, 0, 1, 1, 2, 2]
    assert len(told) == 3
    alone = data.DataLoader(SizedStream(3), None)
    assert len(alone) == 3
    alone.dataset.n = 4
    with pytest.warns(UserWarning, match="but 4 samples have been fetched"):
        list(alone)

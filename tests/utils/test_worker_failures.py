"""What goes wrong in worker processes, and options that are refused. Phrases are PyTorch 2.13's."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import time

import pytest

import fnnet
from fnnet.utils import data
from tests.utils.datasets import LONG, Numbers, forked

# Machines with one processor are told that two workers are many.
pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")
UNPICKLED = (AttributeError, TypeError, pickle.PicklingError)
"""What pickle raises, from version to version of Python."""


class Awkward(Exception):
    """One that can't be made of a text."""

    def __init__(self, a, b):
        super().__init__(a, b)


def failing(how):
    """A function of the number that does something bad at 5."""

    def function(i):
        if i == 5:
            how()
        return i

    return function


# failures ------------------------------------------------------------------------------------------------------------
def test_exception_arrives_with_its_traceback():
    def fail():
        raise ValueError("no such thing")

    iterator = iter(forked(Numbers(8, failing(fail)), None))
    assert [next(iterator) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="Caught ValueError in DataLoader worker process 1") as caught:
        next(iterator)
    text = str(caught.value)
    assert "Original Traceback (most recent call last):" in text
    assert "in fail" in text
    assert text.endswith("ValueError: no such thing\n")
    assert list(iterator) == [6, 7]  # as in PyTorch


def test_exceptions_of_all_classes():
    class Local(LookupError):
        pass

    for kind, expected, text in (
        (KeyError, KeyError, "in DataLoader worker process 0.\nOriginal Traceback"),  # no \\n
        (lambda text: Awkward(text, 1), RuntimeError, "Caught Awkward in"),
        (Local, LookupError, "Caught Local in"),
        (lambda text: fnnet.zeros(2) + fnnet.zeros(3), fnnet.FnnetError, "Caught ShapeError in"),
        (StopIteration, StopIteration, "Caught StopIteration in"),
    ):

        def fail(kind=kind):
            raise kind("text")

        with pytest.raises(expected) as caught:
            next(iter(forked(Numbers(6, lambda _: fail()), num_workers=1)))
        assert text in str(caught.value)


def test_exceptions_elsewhere():
    def fail(_):
        raise ArithmeticError("here")

    class NoStream(data.IterableDataset):
        __iter__ = fail

    for loader in (
        forked(range(2), worker_init_fn=fail),
        forked(range(2), collate_fn=fail),
        forked(NoStream()),
    ):
        iterator = iter(loader)
        for _ in range(2):
            with pytest.raises(ArithmeticError, match="Caught ArithmeticError in DataLoader worker process"):
                next(iterator)


def test_batches_that_do_not_pickle():
    with pytest.raises(UNPICKLED, match=r"Can't (pickle|get) local object"):
        list(forked(Numbers(2, lambda _: lambda: 0), None))
    x = fnnet.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="with a history can't be pickled"):
        list(forked(Numbers(2, lambda _: x * 2), None))


def test_sampler_that_fails():
    def sampler():
        yield 1
        raise ArithmeticError("of the sampler")

    with pytest.raises(ArithmeticError, match="of the sampler"):
        list(forked(range(3), None, sampler=sampler()))


@pytest.mark.parametrize(
    ("how", "text"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), r"worker \(pid \d+\) is killed by signal: Killed"),
        (lambda: os._exit(3), r"worker \(pid\(s\) \d+\) exited unexpectedly with exit code 3"),
    ],
)
def test_dead_worker(how, text):
    """Though the other worker would keep the main process waiting, and would be next."""

    def function(i):
        if i == 4:
            time.sleep(0.5)
        return i

    loader = forked(Numbers(9, lambda i: failing(how)(i) if i == 5 else function(i)), None, timeout=LONG)
    iterator = iter(loader)
    with pytest.raises(RuntimeError, match=text):
        list(iterator)
    with pytest.raises(RuntimeError, match=text):
        next(iterator)


def test_dead_worker_of_an_index_queue():
    """It is found where the next index is sent, too."""
    iterator = iter(forked(range(9), None, num_workers=1))
    os.kill(iterator.processes[0].pid, signal.SIGKILL)
    iterator.processes[0].join()
    with pytest.raises(RuntimeError, match="is killed by signal: Killed"):
        list(iterator)


def test_timeout():
    gate = multiprocessing.get_context("fork").Event()
    iterator = iter(forked(Numbers(1, lambda _: gate.wait(LONG)), None, num_workers=1, timeout=0.05))
    with pytest.raises(RuntimeError, match=r"DataLoader timed out after 0.05 seconds"):
        next(iterator)
    gate.set()
    assert next(iterator) is True


def test_full_ways_block_nobody():
    """Long indices one way and long answers the other, more than the buffers between the processes hold."""
    batches = [list(range(i, i + 4000)) for i in range(40)]
    loader = forked(Numbers(5000, str), batch_sampler=batches, collate_fn=" ".join, prefetch_factor=20, num_workers=1)
    assert [batch.split()[0] for batch in loader] == [str(i) for i in range(40)]


# options -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "error", "phrase"),
    [
        ({"num_workers": -1}, ValueError, "num_workers option should be non-negative"),
        ({"prefetch_factor": -1}, ValueError, "prefetch_factor option should be non-negative"),
        ({"multiprocessing_context": "thread"}, ValueError, "should specify a valid start method in"),
        ({"multiprocessing_context": 3}, TypeError, "should be a valid context object or a string"),
        (
            {"multiprocessing_context": "spawn", "num_workers": 0},
            ValueError,
            "can only be used with multi-process loading",
        ),
    ],
)
def test_bad_options(options, error, phrase):
    with pytest.raises(error, match=phrase):
        data.DataLoader(range(4), **{"num_workers": 1, **options})


def test_options():
    loader = data.DataLoader(range(4), num_workers=1)
    assert (loader.prefetch_factor, loader.multiprocessing_context, loader.in_order) == (2, None, True)
    context = multiprocessing.get_context("spawn")
    loader.multiprocessing_context = context
    assert loader.multiprocessing_context is context
    with pytest.raises(ValueError, match="persistent_workers attribute should not be set"):
        loader.persistent_workers = True
    with pytest.raises(AssertionError, match="prefetch_factor must be greater than 0"):
        iter(data.DataLoader(range(4), num_workers=1, prefetch_factor=0))
    with pytest.raises(AssertionError, match="requires timeout == 0"):
        iter(data.DataLoader(range(4), timeout=1))
    with pytest.raises(NotImplementedError, match="cannot be pickled"):
        iter(data.DataLoader(range(4))).__getstate__()


def test_workers_that_do_not_start():
    """What can't be pickled is told, and nothing is left behind."""
    loader = data.DataLoader(Numbers(2, lambda i: i), num_workers=1, multiprocessing_context="spawn")
    before = multiprocessing.active_children()
    with pytest.raises(UNPICKLED) as caught:
        iter(loader)
    assert "get the dataset, collate_fn and worker_init_fn pickled" in caught.value.__notes__[0]
    assert set(multiprocessing.active_children()) <= set(before)


def test_too_many_workers():
    with pytest.warns(UserWarning, match="This DataLoader will create 5000 worker processes in total"):
        data.DataLoader(range(4), num_workers=5000)

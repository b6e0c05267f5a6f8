"""What a worker process of a DataLoader does: it fetches batches as it is told, until its main process hangs up."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import random
import signal
import threading
import traceback
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import Any, Final, NoReturn

import attrs
import numpy as np

from fnnet.backends.threads import set_num_threads
from fnnet.functional.generators import manual_seed
from fnnet.utils.data.dataset import IterableDataset
from fnnet.utils.data.fetch import Recipe
from fnnet.utils.data.transport import Channel, Letter, Parcel, close_inherited_ends
from fnnet.utils.data.worker_info import WorkerInfo, set_worker_info

# Kinds of messages: to a worker ...
FETCH: Final = 0
AGAIN: Final = 1
# ... and from one.
BATCH: Final = 2
FAILURE: Final = 3
END: Final = 4
READY: Final = 5

WATCH_INTERVAL: Final = 2.0
"""Seconds between two looks whether the main process lives; mostly the channel tells at once."""
_MASK32: Final = 0xFFFFFFFF


@attrs.frozen
class Job:
    """What a worker is started with.

    Args:
        recipe: What to make of which dataset.
        base_seed: The iteration's seed.
        init_fn: Called with the worker's number before it begins.
        worker_id: The worker's number.
        num_workers: How many workers there are.
    """

    recipe: Recipe
    base_seed: int
    init_fn: Callable[[int], Any] | None
    worker_id: int
    num_workers: int


class _Message(str):
    """The text of a KeyError, which prints the repr of what it is given."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@attrs.frozen
class Failure:
    """An exception on its way to the main process: tracebacks do not pickle, their text does.

    Args:
        kind: Its class, or the nearest one above that another process can import.
        name: The name of its own class.
        text: Its traceback, printed.
        where: Which process it comes from.
    """

    kind: type[Exception]
    name: str
    text: str
    where: str

    @classmethod
    def of(cls, error: Exception, worker_id: int) -> Failure:
        """The failure of a worker, to be sent."""
        kind = next(k for k in type(error).__mro__ if _travels(k))
        text = "".join(traceback.format_exception(error))
        return cls(kind, type(error).__name__, text, f"in DataLoader worker process {worker_id}")

    def exception(self) -> Exception:
        """The exception for the main process: of the same class, where that can be made of a text."""
        text = f"Caught {self.name} {self.where}.\nOriginal {self.text}"
        try:
            made = self.kind(_Message(text) if self.kind is KeyError else text)
        except Exception:  # a class that wants other arguments
            return RuntimeError(text)
        return made


def _travels(kind: type) -> bool:
    try:
        pickle.dumps(kind)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


def run(connection: Connection[Any, Any], job: Job) -> None:  # it carries bytes here, never objects
    """The life of a worker process.

    Args:
        connection: To the main process.
        job: What to do.
    """
    try:
        close_inherited_ends()
        # What the main process does when it is asked to end is not what its workers should do.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        threading.Thread(target=_leave_with_parent, daemon=True).start()
        _Worker(Channel(connection), job).serve()
    except (KeyboardInterrupt, EOFError, ConnectionError):
        pass  # Ctrl-C reaches all processes of a terminal, and the main one tells of it; else that one has hung up


def _leave_with_parent() -> None:
    """End this process, whatever it is at, when its main process is gone."""
    main, above = multiprocessing.parent_process(), os.getppid()
    if main is None:
        return  # nobody's child
    # The sentinel alone does not do: workers that were forked later hold its other end, too.
    while os.getppid() == above and not wait([main.sentinel], WATCH_INTERVAL):
        pass
    os._exit(1)


def _seed(job: Job) -> int:
    """Give all global random numbers of this process a stream of their own; for a seed they are PyTorch's."""
    seed = job.base_seed + job.worker_id
    random.seed(seed)
    manual_seed(seed)
    # Another seed than Python's: both are MT19937, whose streams would be one.
    words = np.random.SeedSequence([job.worker_id, job.base_seed & _MASK32, job.base_seed >> 32, 0])
    np.random.seed(words.generate_state(4))  # noqa: NPY002  # users' datasets draw from it
    return seed


class _Worker:
    """The state of a worker: how to fetch, or why it can't.

    Args:
        channel: To the main process.
        job: What to do.
    """

    def __init__(self, channel: Channel, job: Job) -> None:
        self.channel, self.job = channel, job
        self.ended = False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where the BLAS can't be told, it stays as it is
            set_num_threads(1)
        seed = _seed(job)
        set_worker_info(WorkerInfo(job.worker_id, job.num_workers, seed, job.recipe.dataset))
        self.fetch: Callable[[Any], Any] | None = None
        self.failure: Failure | None = None
        try:
            if job.init_fn is not None:
                job.init_fn(job.worker_id)
        except Exception as error:
            self.failure = Failure.of(error, job.worker_id)
        else:
            self.begin()

    def begin(self) -> None:
        """Make ready for an iteration over the dataset."""
        self.ended = False
        try:
            self.fetch = self.job.recipe.fetcher()
        except Exception as error:
            self.failure = Failure.of(error, self.job.worker_id)

    def serve(self) -> NoReturn:
        """Do what the main process asks for, until it hangs up: an EOFError."""
        while True:
            parcel = self.channel.receive()
            if parcel.kind == AGAIN:
                if self.fetch is not None:
                    self.begin()
                self.channel.post(Letter(READY))
            elif not self.ended:
                self.channel.post(self.answer(parcel))

    def answer(self, parcel: Parcel) -> Letter:
        """The batch that was asked for, or why there is none."""
        if self.failure is not None or self.fetch is None:
            return Letter(FAILURE, self.failure)
        try:
            return Letter(BATCH, self.fetch(parcel.unpack()))
        except Exception as error:
            if isinstance(error, StopIteration) and isinstance(self.job.recipe.dataset, IterableDataset):
                self.ended = True
                return Letter(END)
            return Letter(FAILURE, Failure.of(error, self.job.worker_id))


__all__ = ["AGAIN", "BATCH", "END", "FAILURE", "FETCH", "READY", "Failure", "Job", "run"]

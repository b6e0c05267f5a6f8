"""Batches from worker processes: the main process's side.

Each worker has a channel of its own, on which it answers in the order in which it was asked. So where batches are to
come in order, the next one is the next message of one known worker, and nothing is ever sorted. No lock is shared: a
worker that is killed leaves the others whole.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import pickle
import signal
import time
import weakref
from collections import deque
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from typing import TYPE_CHECKING, Any, Final

from fnnet._core.errors import AssertedOptionError, WorkerError
from fnnet.utils.data.iteration import Iteration
from fnnet.utils.data.transport import Channel, Letter, Parcel, main_end
from fnnet.utils.data.worker import AGAIN, BATCH, END, FETCH, READY, Job, run

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from fnnet.utils.data.dataloader import DataLoader

CHECK_INTERVAL: Final = 5.0
"""Seconds between two looks whether the workers live (PyTorch's MP_STATUS_CHECK_INTERVAL); mostly one is told at once.
Also how long a worker has to end by itself."""
_UNPICKLED: Final = (pickle.PicklingError, AttributeError, TypeError)
"""What pickle raises of what does not pickle."""


class InWorkers(Iteration):
    """Batches fetched by worker processes, `prefetch_factor` of them per worker ahead.

    Args:
        loader: The loader.
    """

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        if loader.prefetch_factor is None or loader.prefetch_factor <= 0:
            raise AssertedOptionError(
                f"prefetch_factor must be greater than 0 for loading by workers, got {loader.prefetch_factor}"
            )
        self.most_tasks = loader.prefetch_factor * loader.num_workers
        self.timeout, self.in_order, self.persistent = loader.timeout, loader.in_order, loader.persistent_workers
        self.processes: list[BaseProcess] = []
        self.channels: list[Channel] = []
        self._finalizer = weakref.finalize(self, _shut_down, os.getpid(), self.channels, self.processes)
        self._finalizer.atexit = False  # daemons are ended by multiprocessing itself
        context = loader.multiprocessing_context or multiprocessing.get_context()
        try:
            for i in range(loader.num_workers):
                self._start(context, Job(self.recipe, self.base_seed, loader.worker_init_fn, i, loader.num_workers))
        except BaseException as error:
            self._finalizer()
            if isinstance(error, _UNPICKLED) and context.get_start_method() != "fork":
                error.add_note("Workers that are not forked get the dataset, collate_fn and worker_init_fn pickled.")
            raise
        self.rewind(loader)

    def _start(self, context: BaseContext, job: Job) -> None:
        ours, theirs = context.Pipe(duplex=True)
        self.channels.append(main_end(ours))
        make: Any = context  # every context has a class Process of its own, which its base leaves out
        process: BaseProcess = make.Process(target=run, args=(theirs, job), daemon=True)
        try:
            process.start()
        finally:
            theirs.close()
        self.processes.append(process)

    def rewind(self, loader: DataLoader[Any]) -> None:  # of any samples
        """Begin anew, with workers that are there already if this is not the first time.

        Args:
            loader: The loader.
        """
        again = hasattr(self, "active")
        super().rewind(loader)
        n = len(self.processes)
        self.active = [True] * n
        """Which workers still have something to give in this pass."""
        self.tasks = [0] * n
        """How many batches each worker owes."""
        self.order: deque[int] = deque()
        """The workers that were asked, in the order in which they were."""
        self.turn = itertools.cycle(range(n))
        if again:
            for i in range(n):
                self._send(i, Letter(AGAIN))
            for i in range(n):
                while self._receive([i])[1].kind != READY:
                    pass  # left over from a pass that was not finished
        for _ in range(self.most_tasks):
            self._ask()

    def _ask(self) -> None:
        """Let one worker fetch the next batch, if there is one and somebody to do it."""
        try:
            index = next(self.indices)
        except StopIteration:
            return
        for _ in self.processes:
            i = next(self.turn)
            if self.active[i] and (self.in_order or self.tasks[i] < self.most_tasks // sum(self.active)):
                break
        else:
            return
        self._send(i, Letter(FETCH, index))
        self.tasks[i] += 1
        self.order.append(i)

    def next_batch(self) -> Any:  # whatever the loader's collate_fn returns
        """Wait for the next batch."""
        while True:
            while self.order and not self.active[self.order[0]]:
                self.order.popleft()
            if not self.order:
                if not self.persistent:
                    self._finalizer()
                raise StopIteration
            i, parcel = self._receive([self.order[0]] if self.in_order else self._owing())
            self.order.remove(i)  # the first one, where batches come in order
            self.tasks[i] -= 1
            if parcel.kind == END:
                self._retire(i)
            self._ask()
            if parcel.kind != END:
                found = parcel.unpack()
                if parcel.kind == BATCH:
                    return found
                raise found.exception()

    def _owing(self) -> list[int]:
        return [i for i, n in enumerate(self.tasks) if n and self.active[i]]

    def _retire(self, i: int) -> None:
        """A worker's iterable dataset has ended."""
        self.active[i] = False
        self.tasks[i] = 0
        if not self.persistent:
            self.channels[i].hang_up()

    def _send(self, i: int, letter: Letter) -> None:
        try:
            self.channels[i].send(letter)
        except OSError:
            raise self._death([i]) from None

    def _receive(self, candidates: list[int]) -> tuple[int, Parcel]:
        """The next message of one of these workers."""
        ends: dict[Any, int] = {self.channels[i].connection: i for i in candidates}
        alive = [i for i, active in enumerate(self.active) if active]
        watched = [*ends, *(self.processes[i].sentinel for i in alive)]
        deadline = time.monotonic() + self.timeout if self.timeout > 0 else None
        while True:
            left = CHECK_INTERVAL if deadline is None else min(deadline - time.monotonic(), CHECK_INTERVAL)
            ready = wait(watched, max(left, 0))
            if len(ready) != 1 or ready[0] not in ends:
                dead = [i for i in alive if not self.processes[i].is_alive()]
                if dead:
                    raise self._death(dead)
            for end in ready:
                if end in ends:
                    i = ends[end]
                    try:
                        return i, self.channels[i].receive()
                    except (EOFError, ConnectionError):
                        raise self._death([i]) from None
            if deadline is not None and time.monotonic() >= deadline:
                raise WorkerError(f"DataLoader timed out after {self.timeout} seconds")

    def _death(self, dead: list[int]) -> WorkerError:
        """What to say of workers that are gone."""
        told = []
        for process in (self.processes[i] for i in dead):
            process.join(CHECK_INTERVAL)  # its channel is closed: it ends any moment
            code = process.exitcode
            if code is not None and code < 0:
                name = signal.strsignal(-code) or str(-code)
                told.append(f"DataLoader worker (pid {process.pid}) is killed by signal: {name}.")
            else:
                told.append(
                    f"DataLoader worker (pid(s) {process.pid}) exited unexpectedly with exit code {code}. Details are "
                    "lost due to multiprocessing. Rerunning with num_workers=0 may give better error trace."
                )
        return WorkerError(" ".join(told))


def _shut_down(owner: int, channels: list[Channel], processes: list[BaseProcess]) -> None:
    """End the workers, in the process that has started them (a fork of it has this to do, too, and leaves it)."""
    if os.getpid() != owner:
        return
    for channel in channels:
        channel.hang_up()
    deadline = time.monotonic() + CHECK_INTERVAL
    for process in processes:
        process.join(max(deadline - time.monotonic(), 0))
    for process in processes:
        if process.is_alive():
            process.terminate()
            process.join(CHECK_INTERVAL)


__all__ = ["InWorkers"]

"""Works on parts of something, in this process or in several, and yields the results in the order of the parts.

Each worker has its own pipe. It gets one part at a time, and ends when the other end of the pipe is closed.
`concurrent.futures` is not used, because its workers survive if this process is killed, and because a signal can
interrupt it while it starts them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from .._files import why

P = TypeVar("P")
R = TypeVar("R")

_AHEAD = 6
"""The number of parts for each process that may be done before an earlier part. It is enough to keep all busy."""
_PATIENCE = 5
"""The seconds that an idle worker has to end."""
_SIGNALS = {getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)}


class WorkerError(Exception):
    """A worker process ended before its work was done, or cannot be started; the message says why."""


def in_order(work: Callable[[P], R], parts: Iterable[P], jobs: int) -> Generator[R, None, None]:
    """Yield what *work* makes of each part. With several *jobs*, function, parts and results have to be picklable.

    A caller that stops in the middle, with or without an exception, closes the iterator. Raise `WorkerError`. Signal
    handlers are not changed.
    """
    if jobs == 1:
        yield from map(work, parts)
        return
    with _pool(work, jobs) as pool:
        for part in parts:
            yield from pool.results(block=False)
            while pool.is_full:
                yield from pool.results(block=True)
            pool.give(part)
        while pool.is_owing:
            yield from pool.results(block=True)


class _Pool(Generic[P, R]):
    """Workers, each with a pipe."""

    def __init__(self, jobs: int) -> None:
        self._most = _AHEAD * jobs
        self._processes: dict[Connection, BaseProcess] = {}
        self._idle: list[Connection] = []
        self._busy: dict[Connection, int] = {}
        """The workers that are busy, with the number of their part."""
        self._results: dict[int, R] = {}
        """The results that were done before an earlier part, by the number of the part."""
        self._given = self._taken = 0

    @property
    def is_full(self) -> bool:
        """Whether a result has to come before the next part can be given."""
        return not self._idle or self._given - self._taken >= self._most

    @property
    def is_owing(self) -> bool:
        """Whether results are still to come."""
        return self._given > self._taken

    def start(self, work: Callable[[P], R]) -> None:
        """Start a worker. Raise `WorkerError`."""
        # A fork of a process with threads can hang. A fresh interpreter is the same everywhere.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(work, theirs), daemon=True)
        with _signals_later():
            try:
                process.start()
            except OSError as error:
                raise WorkerError(f"a worker process cannot be started: {why(error)}") from None
            self._processes[ours] = process
        theirs.close()
        self._idle.append(ours)

    def give(self, part: P) -> None:
        """Give a part to an idle worker. Raise `WorkerError`."""
        connection = self._idle.pop()
        try:
            connection.send(part)
        except OSError:
            raise self._lost(connection) from None
        self._busy[connection] = self._given
        self._given += 1

    def results(self, block: bool) -> Iterator[R]:
        """Yield the results that are ready, in the order of the parts. Wait for one if *block*.

        Raise `WorkerError`, and any exception of the work.
        """
        ready: list[Any] = wait([*self._busy], None if block else 0)
        for connection in ready:
            try:
                result, error = connection.recv()
            except (EOFError, OSError):
                raise self._lost(connection) from None
            if error is not None:
                raise error
            self._results[self._busy.pop(connection)] = result
            self._idle.append(connection)
        while self._taken in self._results:
            result = self._results.pop(self._taken)
            self._taken += 1
            yield result

    def _lost(self, connection: Connection) -> WorkerError:
        process = self._processes[connection]
        process.join(_PATIENCE)
        code = process.exitcode
        if code is not None and code < 0:
            how = f"was ended by the signal {-code} ({signal.strsignal(-code)}); if memory is short, use fewer jobs"
        else:
            how = f'ended with the exit status {code}; a script that uses jobs needs `if __name__ == "__main__"`'
        return WorkerError(f"a worker process {how}")

    def stop(self, at_once: bool) -> None:
        """End all workers, even in the middle of their work if *at_once*."""
        for connection, process in self._processes.items():
            if at_once:
                process.kill()
            connection.close()
        for process in self._processes.values():
            process.join(_PATIENCE)
            process.kill()
            process.join()


@contextmanager
def _pool(work: Callable[[P], R], jobs: int) -> Iterator[_Pool[P, R]]:
    pool: _Pool[P, R] = _Pool(jobs)
    done = False
    try:
        for _ in range(jobs):
            pool.start(work)
        yield pool
        done = True
    finally:
        pool.stop(at_once=not done)


@contextmanager
def _signals_later() -> Iterator[None]:
    """Block signals that would end the process halfway. Processes that are started meanwhile do not get them either."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing.resource_tracker import ensure_running

    # Start the resource tracker first, because it would unblock the signals when it starts.
    ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(work: Callable[[Any], Any], connection: Connection) -> None:
    """Work until there is nothing more to read. This is all that a worker does."""
    # Ctrl-C and the end of a terminal reach all processes. The parent process decides.
    for number in _SIGNALS - {signal.SIGTERM}:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    threading.Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            part = connection.recv()
            try:
                answer: tuple[Any, Exception | None] = work(part), None
            except Exception as error:  # the parent raises it
                answer = None, error
            connection.send(answer)


def _end_with(parent: BaseProcess) -> None:
    """End this process as soon as its parent has ended, whatever it is doing."""
    parent.join()
    os._exit(1)

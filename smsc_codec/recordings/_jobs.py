"""Work over parts of something, in this process or in several, with the results in the order of the parts."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

P = TypeVar("P")
R = TypeVar("R")

_AHEAD = 6
"""Parts for each process that wait or are worked on: enough that none is idle, few enough for the memory."""


def in_order(work: Callable[[P], R], parts: Iterable[P], jobs: int) -> Generator[R, None, None]:
    """What *work* makes of each part. With several *jobs* all of it has to be picklable.

    Whoever stops in the middle, with an exception or without, closes the iterator.
    """
    if jobs == 1:
        yield from map(work, parts)
        return
    with _workers(jobs) as pool:
        waiting: deque[Future[R]] = deque()
        for part in parts:
            waiting.append(pool.submit(work, part))
            if len(waiting) > _AHEAD * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def _workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    # A fork of a process with threads can hang; a fresh interpreter is the same everywhere.
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _ignore_interrupts)
    try:
        with _interrupts_ignored():
            # Started here, so that they inherit it: before they can ignore it themselves Ctrl-C would hit them too.
            for _ in range(jobs):
                pool.submit(_ignore_interrupts)
        yield pool
    finally:
        # What is worked on takes some hundredths of a second.
        pool.shutdown(wait=True, cancel_futures=True)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

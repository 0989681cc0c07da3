"""What is imported or made at first use: one thread at a time, and never while the process forks.

A child that is forked in the middle of another thread's import has modules that stay half imported, and locks that
nobody releases: it would wait for ever.
"""

from __future__ import annotations

# Lark asks for a logger, and a fork takes the lock of `logging` too. A fork takes the lock first that was registered
# last: one that waits for the lock here must not have that one yet. So `logging` has to be imported before.
import logging  # noqa: F401
import os
import threading
from contextlib import suppress

# Seconds that a fork waits; to load a format takes some tenths of one. An end of patience is better than none: what
# the forking thread holds may be what the loading thread waits for.
_PATIENCE = 10.0


class Loading:
    """A context for what is loaded. A fork waits until it is left, and no child finds it taken."""

    def __init__(self) -> None:
        # Lark loads a grammar with `ast.literal_eval`, which CPython 3.11 cannot do in two threads at once.
        self._lock = threading.RLock()
        with suppress(AttributeError):  # a system without forks
            os.register_at_fork(before=self._before, after_in_parent=self._in_parent, after_in_child=self._in_child)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def _before(self) -> None:
        self._lock.acquire(timeout=_PATIENCE)

    def _in_parent(self) -> None:
        with suppress(RuntimeError):  # patience was lost, and another thread has it
            self._lock.release()

    def _in_child(self) -> None:
        try:
            self._lock.release()
        except RuntimeError:  # patience was lost, and the thread that has it is not here
            self._lock = threading.RLock()


LOADING = Loading()

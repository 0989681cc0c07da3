"""What the command line reads from and writes to, whatever state the standard streams are in."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, TextIO


def make_usable() -> None:
    """Give every standard stream something that can be used, and that can write every character.

    A stream that was closed before the command began is `None`. What stands in for it fails when it is used,
    as any other stream that cannot be read or written: nobody hears what standard error says, though. It
    also keeps the stream's number, which the next file that is opened would get.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_WRONLY), "r", closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def complain(message: str, end: str = "\n") -> None:
    """Write to standard error, if that takes it."""
    try:
        print(message, end=end, file=sys.stderr, flush=True)
    except OSError:
        discard(sys.stderr)
        sys.stderr = io.StringIO()


def discard(stream: TextIO) -> None:
    """Close a stream that cannot be written; else Python would try, and complain, once more at its end."""
    with contextlib.suppress(OSError):
        stream.close()


def forget(stream: TextIO) -> None:
    """Let what a stream has not written yet go nowhere, as whoever reads it does not."""
    with contextlib.suppress(OSError, ValueError):
        number = stream.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


def why(error: Exception) -> str:
    """What an exception of opening, reading or writing says, without the name."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def read(name: str, most: int) -> bytes:
    """At most that many bytes of a file, or of standard input for `-`. Raises `OSError` or `ValueError`."""
    if name == "-":
        # A terminal or a pipe that somebody has set not to block can have nothing to read, which is `None`.
        return sys.stdin.buffer.read(most) or b""
    with open(name, "rb") as file:
        return file.read(most)


def files_in(folder: str, trouble: Callable[[OSError], Any]) -> Iterator[str]:
    """Every file in a folder and the folders in it, in order; hidden ones and links to folders are left out."""
    for place, folders, files in os.walk(folder, onerror=trouble):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = (os.path.join(place, name) for name in sorted(files) if not name.startswith("."))
        yield from filter(os.path.isfile, paths)

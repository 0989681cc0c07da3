"""What the command line reads from and writes to, whatever state the standard streams are in."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from .._secrets import safe_name, without_secrets


class OutputError(OSError):
    """Standard output cannot be written."""


class SpoolError(OSError):
    """What waits to be printed cannot be kept in a temporary file."""


# What the library advises at the end of a message.
_ADVICE = re.compile(r"pass endpoint='([a-z_]+)'\Z")


def for_command_line(message: str) -> str:
    """Return a message with the library's advice in terms of the command line."""
    return _ADVICE.sub(r"pass --endpoint \1", message)


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


def put(data: bytes | str) -> None:
    """Write to standard output. Raise `OutputError`."""
    try:
        if isinstance(data, str):
            sys.stdout.write(data)
        else:
            sys.stdout.buffer.write(data)
    except OSError as error:
        raise OutputError(*error.args) from error


def flush() -> None:
    """Write to standard output what waits in this process. Raise `OutputError`."""
    try:
        sys.stdout.flush()
    except OSError as error:
        raise OutputError(*error.args) from error


class Spool:
    """Text that waits in a temporary file, which has no name and is gone when it is closed. Raises `SpoolError`."""

    def __init__(self) -> None:
        with _spooling():
            self._file = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")  # noqa: SIM115

    def write(self, text: str) -> None:
        """Add a text."""
        with _spooling():
            self._file.write(text)

    def take(self) -> Iterator[str]:
        """Give all that was added, in pieces, and forget it."""
        with _spooling():
            self._file.seek(0)
        while True:
            with _spooling():
                text = self._file.read(1 << 16)
            if not text:
                break
            yield text
        with _spooling():
            self._file.seek(0)
            self._file.truncate()

    def close(self) -> None:
        """Give the file back; what could not be written to it is not wanted any more."""
        with contextlib.suppress(OSError):
            self._file.close()


@contextlib.contextmanager
def _spooling() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SpoolError(*error.args) from error


def write_new(path: Path, data: bytes) -> None:
    """Make a file, whole or not at all, and never over another. Raise `OSError` and `ValueError`."""
    # What breaks off leaves nothing under the name. A hidden file is what a kill may leave.
    part = path.with_name(f".smsc-codec-{os.urandom(8).hex()}")
    try:
        with open(part, "xb") as file:
            file.write(data)
        try:
            os.link(part, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            _move(part, path)
    finally:
        with contextlib.suppress(OSError, ValueError):
            os.unlink(part)


def _move(part: Path, path: Path) -> None:
    """Give a file its name if no other has it."""
    with open(path, "xb"):
        pass  # from here on nobody else can take it
    try:
        os.replace(part, path)
    except BaseException:
        os.unlink(path)
        raise


def shown_arguments(arguments: Iterable[str]) -> list[str]:
    """Return the arguments of the command for people, without secrets. An option and its value can be two of them."""
    shown = []
    option = ""
    for argument in arguments:
        pair = f"{option}={argument}"
        hidden = option and without_secrets(pair) != pair
        shown.append("*" * len(argument) if hidden else safe_name(argument))
        option = argument.lstrip("-") if argument.startswith("-") and "=" not in argument else ""
    return shown


def printable_json(line: bytes) -> bytes:
    """Return the same JSON on one line, every character that would disturb a terminal's line escaped."""
    text = line.decode()
    if text.isprintable():
        return line
    # JSON has such characters inside of strings alone, where they can be escaped.
    return "".join(character if character.isprintable() else _escaped(character) for character in text).encode()


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


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


def read(name: str, most: int) -> bytes:
    """At most that many bytes of a file, or of standard input for `-`. Raise `OSError` or `ValueError`."""
    if name == "-":
        # A terminal or a pipe that somebody has set not to block can have nothing to read, which is `None`.
        return sys.stdin.buffer.read(most) or b""
    with open(name, "rb") as file:
        return file.read(most)

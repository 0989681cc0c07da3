"""Reads the output of curl's `-v`, `--trace` and `--trace-ascii`. It turns it into a dump of messages, line by line."""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Iterator
from typing import Protocol

from msgspec.structs import replace

from . import _http
from ._coding import BrokenError
from ._entry import Entry, header_of
from ._tape import METHODS, Tape

_STAMP = rb"(?:\d\d:\d\d:\d\d\.\d{1,6} )?(?:\[\d{1,9}-\d{1,9}\] )?"
_PROGRESS = rb"  % Total |[ ]{33}Dload |\r(?!\n)"
# The lines that can come before all messages: the command itself, and curl's remarks about it.
_COMMAND = rb"(?:[^\n]{0,200}[$%#>] ?curl(?:\.exe)? |(?:Note|Warning): )[^\n]*\n"
_SIGN = re.compile(
    rb"(?:"
    + _COMMAND
    + rb"){1,9}HTTP/\d|(?:"
    + _COMMAND
    + rb"){0,9}(?:\s*"
    + _STAMP
    + rb"(?:\* |== Info: |=> Send |<= Recv |[<>] |[{}] \[\d)|"
    + _PROGRESS
    + rb")"
)
_BEFORE = re.compile(_COMMAND)
_MESSAGE = re.compile(
    rb"^" + _STAMP + rb"(?:(?:[<>] )?HTTP/\d|[<>] " + METHODS + rb" |=> Send |<= Recv )", re.MULTILINE
)
# Lines of `-v` that belong to a message's head, and lines about the connection. All others belong to a body.
_HEAD_LINE = re.compile(_STAMP + rb"[<>](?: |(?=[\r\n]))")
_ABOUT = re.compile(_STAMP + rb"(?:\* |[{}] \[\d{1,12} bytes data\])|" + _PROGRESS)
# curl does not write a line end after a body.
_BEHIND = re.compile(
    rb"\* (?:Connection #\d{1,9} to host \S{1,300} left intact|Closing connection[^\r\n]{0,100}|"
    rb"  Trying [^\r\n]{1,300}\.\.\.|Host [^\r\n]{1,300} was resolved\.|Re-using existing [^\r\n]{1,400}|"
    rb"Found bundle for host[^\r\n]{1,400}|Hostname [^\r\n]{1,300} was found in DNS cache)\r?\n?\Z"
)
# Blocks of `--trace` and `--trace-ascii`, and their rows.
_BLOCK = re.compile(_STAMP + rb"(?:=>|<=) (?:Send|Recv) (header|data|SSL data), (\d{1,12}) bytes \(0x[0-9a-f]{1,10}\)")
_A_BLOCK = re.compile(rb"^" + _BLOCK.pattern, re.MULTILINE)
_ROW = re.compile(rb"([0-9a-f]{4,10}):(?: |(?=[\r\n]|\Z))")
_HEX = re.compile(rb"[0-9a-f]{2}(?: [0-9a-f]{2}){0,15}(?: |\Z)")
_BETWEEN_TAGS = re.compile(rb"(?<=>)\.(?=<|\Z)")
_BETWEEN = re.compile(rb"(?<![0-9])\.|\.(?![0-9])")
_DOTS = (
    "curl --trace-ascii writes a full stop for every byte that is not printable ASCII, so that letters of the reply "
    "can be lost: record with --trace or -i"
)
_LONGEST_LINE = 1 << 17
_START = re.compile(rb"^(?:HTTP/\d|" + METHODS + rb" )", re.MULTILINE)
_MOST_STARTS = 10_000
"""The most lines that are remembered because a message can begin there."""


def is_trace(head: bytes) -> bool:
    """Return whether a recording begins like the output of curl."""
    return _SIGN.match(head) is not None and _MESSAGE.search(head) is not None


def read(tape: Tape) -> Iterator[Entry]:
    """Yield the responses. Raise `BrokenError` and `OSError`."""
    if not _A_BLOCK.search(tape.beginning()):
        for entry in _http.read(_Messages(tape, _Shown())):
            yield replace(entry, body_line=0)
        return
    blocks = _Blocks()
    for entry in _http.read(_Messages(tape, blocks)):
        if blocks.is_hex or entry.body is None or b"." not in entry.body:
            yield replace(entry, body_line=0)
            continue
        body = None if header_of(entry.headers, "content-encoding") else _with_line_ends(entry.body)
        yield replace(entry, body_line=0, body=body, length=None, doubt=_DOTS if body is None or b"." in body else "")


def _with_line_ends(body: bytes) -> bytes | None:
    """Return a body with line ends instead of the full stops that stand for them, or None if these cannot be told.

    In JSON such full stops are between values, but not in numbers. In XML they are between tags.
    """
    start = body.lstrip(b" .")
    if start.startswith(b"<"):
        return _BETWEEN_TAGS.sub(b"\n", body)
    if b"\\" in body or not start.startswith((b"[", b"{")):
        return None
    parts = body.split(b'"')
    parts[::2] = (_BETWEEN.sub(b"\n", part) for part in parts[::2])
    return b'"'.join(parts)


class _Lines(Protocol):
    """Takes the output of curl line by line, and makes messages of it."""

    def line(self, line: bytes, begins: bool) -> bytes:
        """Return what belongs to a message in a line, or in a part of one: the first part if it *begins* the line."""
        ...


class _Messages:
    """A source of messages from the output of curl."""

    def __init__(self, tape: Tape, lines: _Lines) -> None:
        self.recoded = tape.recoded
        self._tape = tape
        self._lines = lines
        self._held = b""
        self._begins = True
        self._shown = self._made = 1
        """The next line of the recording, and the line of the messages that it belongs to."""
        self._starts: deque[tuple[int, int]] = deque()
        """The lines of the messages in which one can begin, each with the line of the recording."""

    @property
    def line(self) -> int:
        """The line of the recording in which the current message begins."""
        return self._tape.line

    @line.setter
    def line(self, made: int) -> None:
        while self._starts and self._starts[0][0] <= made:
            _, self._tape.line = self._starts.popleft()

    def _part(self, line: bytes) -> bytes:
        """Return what belongs to a message in a line, or in a part of one. Remember where messages can begin."""
        part = self._lines.line(line, self._begins)
        self._begins = line.endswith(b"\n")
        start = _START.search(part)
        if start is not None and len(self._starts) < _MOST_STARTS:
            self._starts.append((self._made + part.count(b"\n", 0, start.start()), self._shown))
        self._shown += self._begins
        self._made += part.count(b"\n")
        return part

    def piece(self) -> bytes:
        """Return the next bytes, or no bytes at the end."""
        while data := self._tape.piece():
            made = bytearray()
            # `bytes.splitlines` ends a line at a carriage return too.
            lines = io.BytesIO(self._held + data)
            self._held = b""
            for line in lines:
                if line.endswith(b"\n") or len(line) >= _LONGEST_LINE:
                    made += self._part(line)
                else:
                    self._held = line
            if made:
                return bytes(made)
        held, self._held = self._held, b""
        return self._part(held) if held else b""


class _Shown:
    """Takes lines of `-v`."""

    def __init__(self) -> None:
        self._in_body = False
        self._begun = False
        """Whether curl has shown anything except the command."""

    def line(self, line: bytes, begins: bool) -> bytes:
        """Return what belongs to a message in a line, or in a part of one: the first part if it *begins* the line."""
        if not begins:
            return line if self._in_body else b""
        if not self._begun and _BEFORE.match(line):
            return b""
        self._begun = True
        head = _HEAD_LINE.match(line)
        self._in_body = head is None and _ABOUT.match(line) is None
        if head is not None:
            return line[head.end() :].rstrip(b"\r\n") + b"\r\n"
        return _BEHIND.sub(b"", line) if self._in_body else b""


class _Blocks:
    """Takes lines of `--trace` and `--trace-ascii`."""

    def __init__(self) -> None:
        self.is_hex = False
        """Whether the rows have the bytes as numbers, so that no byte is lost."""
        self._known = False
        """Whether a row has shown which it is."""
        self._in_block = False
        self._size = 0
        """The number of bytes of the block."""
        self._behind: int | None = None
        """The position where the last row ends; None if it has all of its bytes."""

    def line(self, line: bytes, begins: bool) -> bytes:
        """Return what belongs to a message in a row."""
        row = _ROW.match(line) if begins and self._in_block else None
        if row is not None:
            return self._row(int(row[1], 16), line[row.end() :].rstrip(b"\r\n"))
        block = _BLOCK.match(line) if begins else None
        # If curl prints the body too, its lines are between the blocks.
        left = self._left_out(self._size)
        self._in_block = block is not None and block[1] != b"SSL data"
        self._size = int(block[2]) if block is not None else 0
        return left

    def _row(self, at: int, text: bytes) -> bytes:
        pairs = _HEX.match(text)
        if not self._known:
            # The head of a message never begins like numbers.
            self._known, self.is_hex = True, pairs is not None
        if self.is_hex:
            if pairs is None:
                raise BrokenError("a row of the trace is broken")
            return bytes.fromhex(pairs[0].decode())
        left = self._left_out(at)
        self._behind = at + len(text)
        return left + text

    def _left_out(self, at: int) -> bytes:
        """Return the line end that `--trace-ascii` has left out between the last row and a place."""
        behind, self._behind = self._behind, None
        return b"\r\n" if behind is not None and at - behind == len(b"\r\n") else b""

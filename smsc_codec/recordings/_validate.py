"""Validates recordings: opens files and folders, reads them in parts, and judges the parts."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, nullcontext
from functools import partial
from typing import BinaryIO

from .._files import files_in, why
from .._options import charset_of, flag_of, format_of
from .._source import quote
from .._types import is_really
from ..door import name_of_endpoint
from ..endpoints import all_kinds, kinds
from ..errors import OptionError
from ..formats import Format
from . import _cassette, _columns, _dumps, _har, _lines
from ._check import Batch, Options, Outcome, entries_of, judge
from ._coding import MOST, BrokenError, MissingError
from ._columns import Rows
from ._entry import Entry, Found, Problem, weight_of
from ._jobs import in_order
from ._keys import OURS, Keys, keys_of
from ._lines import Block
from ._signs import kind_of
from ._summary import Summary
from ._tape import Kind, Tape

_ENTRIES = 256
_BYTES = 1 << 20


class Validation:
    """Findings about recordings, in the order of the recordings and of their entries.

    It can be iterated over once, and `summary` grows meanwhile.
    """

    summary: Summary
    """The counts of everything that has been judged so far."""
    consumed: int
    """The number of bytes of the files that have been read so far, before they were unpacked."""

    def __init__(self, batches: Iterator[Batch], options: Options, jobs: int) -> None:
        self.summary = Summary()
        self.consumed = 0
        self._outcomes: Generator[Outcome, None, None] = in_order(partial(judge, options), batches, jobs)

    def __iter__(self) -> Iterator[Found]:
        for part in self.parts():
            yield from part.found

    def parts(self) -> Generator[Outcome, None, None]:
        """Yield the results for the parts of recordings in their order. Most parts have no findings."""
        begin = time.perf_counter()
        with closing(self._outcomes) as outcomes:
            try:
                for outcome in outcomes:
                    self.summary.merge(outcome.summary)
                    self.consumed = outcome.consumed
                    yield outcome
            finally:
                self.summary.seconds = time.perf_counter() - begin


def validate_recordings(
    paths: Iterable[str | os.PathLike[str]],
    *,
    kind: Kind | str | None = None,
    fmt: Format | int | str | None = None,
    charset: str | None = None,
    expect: str | None = None,
    endpoint: str | None = None,
    strict: bool = False,
    jobs: int = 1,
    keys: Mapping[str, str] | None = None,
) -> Validation:
    """Judge every reply of recordings, however large they are.

    - *paths*: files, folders and `-` for standard input. A folder stands for all files in it and in its folders,
      except hidden ones.
    - *kind*: the kind of all recordings. `None` detects the kind of each from its content.
    - *fmt*, *endpoint* (such as `send`), *expect* (a kind of replies, such as `senders`): what was asked for, if a
      recording does not say it itself.
    - *charset*: the charset of all bodies that are recorded as bytes, whatever a recording says.
    - *strict*: refuse replies that have findings.
    - *jobs*: the number of worker processes. The findings are the same.
    - *keys*: the members of JSON Lines and the columns of Parquet and Arrow files, if they have other names than the
      library's: `{"body": "response.body", "url": "request_url"}`.

    Raise `OptionError` if an argument is wrong. A problem of a recording is a finding. Iterating raises `WorkerError`
    if one of several processes ends before its work is done. Signal handlers are not changed.
    """
    if type(jobs) is not int or jobs < 1:
        raise OptionError(f"jobs has to be a whole number, 1 or more, not {quote(jobs)}")
    flag_of("strict", strict)
    expected = str.__str__(expect) if is_really(expect, str) else expect
    name = None if endpoint is None else name_of_endpoint(endpoint)
    allowed = all_kinds() if name is None else [*kinds()[name]]
    if expect is not None and (type(expected) is not str or expected not in allowed):
        raise OptionError(f"expect has to be one of {', '.join(allowed)}, not {quote(expect)}")
    options = Options(
        fmt=None if fmt is None else format_of(fmt),
        charset=None if charset is None else charset_of(charset),
        expect=expected,
        endpoint=name,
        strict=strict,
    )
    if is_really(paths, str) or is_really(paths, bytes):
        raise OptionError("paths has to be a list of paths, not one")
    columns = keys_of(keys)
    batches = batches_of((os.fsdecode(path) for path in paths), None if kind is None else _kind_of(kind), columns)
    return Validation(batches, options, jobs)


def recorded_in(file: BinaryIO, kind: Kind | str | None = None) -> Iterator[Entry]:
    """Yield the entries of a recording, without judging them.

    *file* is open for reading bytes. *kind* is detected if it is `None`. Raise `BrokenError` at the place where the
    recording is cut or broken, `MissingError` if a library for it is not installed, and `OSError`.
    """
    tape = Tape(file)
    for content in _contents(tape, None if kind is None else _kind_of(kind), OURS):
        yield from entries_of(content)


def _kind_of(kind: object) -> Kind:
    for known in Kind:
        if is_really(kind, str) and str.__str__(kind) == known.value:
            return known
    raise OptionError(f"kind has to be one of {', '.join(known.value for known in Kind)}, not {quote(kind)}")


def files_of(paths: Iterable[str], trouble: Callable[[str, str], object] = lambda name, reason: None) -> Iterator[str]:
    """Yield all files that *paths* mean. Call *trouble* with each folder that cannot be read, and the reason."""
    for path in paths:
        if path == "-" or not os.path.isdir(path):
            yield path
            continue
        empty = True
        for name in files_in(path, lambda error: trouble(error.filename, why(error))):
            empty = False
            yield name
        if empty:
            trouble(path, "there is no file in it")


def batches_of(paths: Iterable[str], kind: Kind | None, keys: Keys) -> Iterator[Batch]:
    """Yield the parts of all files that *paths* mean, and their problems."""
    before = 0
    for path in paths:
        troubles: list[Batch] = []

        def trouble(name: str, reason: str, into: list[Batch] = troubles, consumed: int = before) -> None:
            into.append(Batch(name, Problem("unreadable", f"cannot be read: {reason}"), 0, consumed))

        for name in files_of([path], trouble):
            for batch in _batches_of(name, kind, keys, before):
                yield batch
            before = batch.consumed
        yield from troubles


def _batches_of(name: str, kind: Kind | None, keys: Keys, before: int) -> Iterator[Batch]:
    """Yield the parts of a file, at least one, and the problem of the whole file if it has one."""
    label = "<stdin>" if name == "-" else name
    tape: Tape | None = None
    last = 0

    def batch(content: Block | Rows | list[Entry] | Problem) -> Batch:
        consumed, line = (0, 1) if tape is None else (tape.consumed, tape.line)
        return Batch(label, content, last, before + consumed, line)

    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else open(name, "rb") as file:
            tape = Tape(file)
            for content in _contents(tape, kind, keys):
                yield batch(content)
                last = content[-1].number if isinstance(content, list) else content.last
                if isinstance(content, Block) and not content.line:
                    tape.line = last + 1
            yield batch([])
    except BrokenError as error:
        yield batch(Problem("bad-recording", str(error)))
    except (OSError, ValueError) as error:
        yield batch(Problem("unreadable", f"cannot be read: {why(error)}"))
    except MissingError as error:
        yield batch(Problem("unreadable", f"cannot be read: {error}"))


def _contents(tape: Tape, given: Kind | None, keys: Keys) -> Iterator[Block | Rows | list[Entry]]:
    """Yield the contents of a recording in parts that fit the memory and are large enough to keep a process busy."""
    kind = given or kind_of(tape, keys)
    if kind in (Kind.PARQUET, Kind.ARROW):
        yield from _columns.read(tape, kind, keys)
        return
    if kind is not Kind.BODY:
        tape.decode()
    if kind is Kind.LINES:
        yield from _lines.read(tape, keys)
    elif kind is Kind.BODY:
        # One byte more than the limit is enough for the body to be refused. A device may have no end.
        body = tape.read(MOST)
        yield [Entry(number=0, line=1, body_line=1, body=body, guessed=given is None)]
        if len(body) < MOST:
            # If a packed file is cut, this read raises the error.
            tape.read(1)
    else:
        reader = {Kind.HAR: _har.read, Kind.CASSETTE: _cassette.read, Kind.HTTP: _dumps.read}[kind]
        yield from _grouped(reader(tape))


def _grouped(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    group: list[Entry] = []
    size = 0
    try:
        for entry in entries:
            group.append(entry)
            # A packed body can have many findings, whatever its size is, so it is the last of its group.
            size += _BYTES if entry.body and entry.header("content-encoding") else weight_of(entry)
            if size >= _BYTES or len(group) >= _ENTRIES:
                yield group
                group, size = [], 0
    except Exception:
        # The entries before the problem are judged first.
        if group:
            yield group
        raise
    if group:
        yield group

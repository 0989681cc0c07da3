"""Many lines of one shape, read by one regular expression: how the fast lanes of text and XML read lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, repeat
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")

# A hostile body can invent shapes without end; one costs a millisecond to compile and some kilobytes.
MAX_NEW_SHAPES = 8
_MAX_SHAPES = 64

# Characters of a line that is read by itself; one with all documented fields has some 200.
LONG_LINE = 8 * 1024

# So few lines of one shape in a row say that shapes take turns; then so many lines are read one by one.
_FEW_LINES = 16
_MOST_TURNS = 512

# Characters that are read at a time: enough to be quick, little enough to need no memory.
_FIRST_CHUNK = 8 * 1024
_LAST_CHUNK = 256 * 1024


class Shapes(Generic[T]):
    """What has been learned of shapes, by their keys; of too many the one that was learned first is forgotten."""

    def __init__(self) -> None:
        self._known: dict[Hashable, T] = {}

    def get(self, key: Hashable) -> T | None:
        """What has been learned, if it has."""
        return self._known.get(key)

    def add(self, key: Hashable, shape: T) -> T:
        """Remember *shape*."""
        known = self._known.items()
        # Replaced, not changed: another thread may be reading.
        self._known = {**dict(islice(known, max(0, len(known) + 1 - _MAX_SHAPES), None)), key: shape}
        return shape


class _Matches(Hashable, Protocol):
    @property
    def match(self) -> Callable[[str, int], re.Match[str] | None]: ...
    @property
    def chunks(self) -> Callable[[str, int], Iterator[tuple[list[Any], int]]]: ...


M = TypeVar("M", bound=_Matches)


class Turns(Generic[M]):
    """Some lines of several shapes that take turns, the rows of each shape together."""

    def __init__(self, text: str, start: int, shape_at: Callable[[int], M | None]) -> None:
        """Read lines from *start*, to a long one or one of which *shape_at* does not know the shape."""
        self.shapes: list[M] = []
        """The shape of each line."""
        self.rows: dict[M, list[Any]] = {}
        self.end = start
        """Where the next line begins."""
        while self.end < len(text) and len(self.shapes) < _MOST_TURNS:
            if text.find("\n", self.end, self.end + LONG_LINE) < 0 and self.end + LONG_LINE < len(text):
                return
            found = next(((shape, match) for shape in self.rows if (match := shape.match(text, self.end))), None)
            if found is None:
                shape = shape_at(self.end)
                match = None if shape is None else shape.match(text, self.end)
                if shape is None or match is None:
                    return
                found = shape, match
                self.rows[shape] = []
            shape, match = found
            self.shapes.append(shape)
            self.rows[shape].append(match.groups())
            self.end = match.end()


def parts(
    shape: M, text: str, position: int, shape_at: Callable[[int], M | None]
) -> Iterator[tuple[Mapping[M, list[Any]], Iterable[M], int]]:
    """Lines from *position*, where one of that shape begins, some at a time.

    Gives the rows of each shape, the shape of each line, and where the next line begins.
    """
    count = 0
    for rows, after in shape.chunks(text, position):
        yield {shape: rows}, repeat(shape, len(rows)), after
        count += len(rows)
        position = after
    if count < _FEW_LINES and position < len(text):
        turns = Turns(text, position, shape_at)
        yield turns.rows, turns.shapes, turns.end


def in_order(records: Mapping[M, list[Any]], shapes: Iterable[M]) -> Iterable[Any]:
    """The records of all shapes in the order of the lines, of which *shapes* has the shape of each."""
    if len(records) == 1:
        return next(iter(records.values()))
    rest = {shape: iter(some) for shape, some in records.items()}
    return (next(rest[shape]) for shape in shapes)


class Lines:
    """Lines with the same *keys*; *pattern* has a group for the value of each.

    *end* is what ends a line; *last* if the text may end there instead.
    """

    def __init__(self, keys: Sequence[str], pattern: str, end: str, last: bool) -> None:
        self.keys = keys
        self.places = {key: place for place, key in enumerate(keys)}
        self._find_end = re.compile(end).search
        line = f"{pattern}(?:{end}|\\Z)" if last else pattern + end
        self.match = re.compile(line).match
        self.fullmatch = re.compile(line).fullmatch
        # What is no line of this shape is taken whole, so that nothing is searched for behind it.
        self._findall = re.compile(f"{line}|(?s:(.+))").findall

    def chunks(self, text: str, position: int) -> Iterator[tuple[list[Any], int]]:
        """The rows of the lines from *position*, some at a time, and where the next line begins.

        Ends before a line of another shape, and before a long one.
        """
        size = _FIRST_CHUNK
        rest = ""
        while position < len(text) and not rest:
            cut = self._cut(text, position, size)
            if cut <= position:
                return
            rows = self._findall(text, position, cut)
            rest = rows.pop()[-1] if rows[-1][-1] else ""
            position = cut - len(rest)
            if rows:
                yield rows, position
            size = min(size * 8, _LAST_CHUNK)

    def _cut(self, text: str, position: int, size: int) -> int:
        """Where the line ends that is *size* characters on, or begins if it is a long one."""
        found = self._find_end(text, position + size, position + size + LONG_LINE)
        if found:
            return found.end()
        if position + size + LONG_LINE >= len(text):
            return len(text)
        return text.rfind("\n", position, position + size) + 1

"""Many lines of one shape, read by one regular expression: how the fast lanes of text and XML read lists."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar

T = TypeVar("T")

# A hostile body can invent shapes without end; one costs a millisecond to compile and some kilobytes.
MAX_NEW_SHAPES = 8
_MAX_SHAPES = 64

# Characters of a line that is read by itself; one with all documented fields has some 200.
LONG_LINE = 8 * 1024

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

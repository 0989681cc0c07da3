"""Keeps what a format compiles for sequences of keys, up to a limit, and the code tables that it reads with."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from typing import Any, Generic, NamedTuple, TypeVar

from .._rows.read import Rows, Small
from .._rows.source import Fallback
from .._rows.values import Codes, NotedCodes
from .._types import lazy
from ..declare import Object, Reply
from ..report import Finding

S = TypeVar("S")

MOST_SHAPES = 64
"""The number of sequences of keys whose compiled reader or writer a format remembers."""

_SOME_SHAPES = 16
"""The number of shapes that are compiled even for a short list."""

_RECORDS_A_SHAPE = 16
"""The number of records that are read or written carefully in about the time that a reader or writer is compiled."""


class Tables:
    """The code tables of an endpoint. With *noted* they serve one reply, and record its undocumented codes."""

    def __init__(self, plain: dict[Any, tuple[Codes, ...]], noted: bool) -> None:
        self._plain, self._noted = plain, noted
        self._found: list[Any] = []
        self.unknown_keys = False

    def of(self, obj: Object) -> Any:
        """Return the tables for the compiled readers of an object."""
        plain = self._plain[obj.cls]
        if not self._noted:
            return plain
        made = tuple(map(NotedCodes, plain))
        self._found += made
        return made

    @property
    def noticed(self) -> bool:
        """Whether anything was noticed."""
        return self.unknown_keys or self.unknown_codes

    @property
    def unknown_codes(self) -> bool:
        """Whether an undocumented code was noticed."""
        return any(table.unknown for table in self._found)


def shape_budget(records: int) -> int:
    """Return the most shapes to compile for this many records. Records of other shapes are read and written carefully.

    So the shapes that a hostile list makes us compile cost no more than the list itself.
    """
    return min(MOST_SHAPES, _SOME_SHAPES + records // _RECORDS_A_SHAPE)


class Shapes(Generic[S]):
    """Cache what a format has compiled for the last `MOST_SHAPES` sequences of keys.

    The declaration and the keys alone decide what is compiled. So the cache never changes what a reply means, and costs
    one compilation at most. Hostile bodies can empty the cache; later replies are then compiled again. No lock is held:
    if two threads compile the same, either may win.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, S] = {}
        self.find = self._known.get
        """Returns what the cache has for keys, or None."""

    def __len__(self) -> int:
        return len(self._known)

    def keep(self, keys: Hashable, made: S) -> None:
        """Remember what was compiled for these keys, and forget the oldest if there is no room."""
        known = self._known
        known[keys] = made
        if len(known) > MOST_SHAPES:
            for oldest in [*known][:-MOST_SHAPES]:
                known.pop(oldest, None)

    def get(self, keys: Hashable, make: Callable[[], S]) -> S:
        """Return what is compiled for these keys. Compile it if it is not in the cache."""
        found = self.find(keys)
        if found is None:
            found = make()
            self.keep(keys, found)
        return found


class Reported(NamedTuple):
    """Reads short replies with the same undocumented keys, and knows what `validate` reports about these."""

    read_reply: Small
    """The reader of the replies. It refuses undocumented codes, which would have to be reported too."""
    find: Callable[[str, int], re.Match[str] | None]
    """Finds the record at a place of a text that was read."""
    start: int
    """Where the first record begins."""
    findings: Sequence[tuple[Finding, int, int]]
    """The findings about a record, each with the group of the value, and how far the place precedes that group."""
    attribute: str
    """The attribute of the list that holds the records; empty if there is one record that is not in a list."""

    def read(self, text: str) -> tuple[str, Any, list[tuple[Finding, int, int]]] | None:
        """Return a text, the reply in it and the findings about it, or None if it has other keys.

        Each finding comes with its place in the text, and with the number of records that it is about.
        """
        reply, found = self.read_reply(text), self.find(text, self.start)
        if reply is None or found is None:
            return None
        records = len(getattr(reply, self.attribute)) if self.attribute else 1
        places = [(finding, found.start(group) - before) for finding, group, before in self.findings]
        return text, reply, [(finding, place, finding.count * records) for finding, place in places]


class AtOnce:
    """Read replies with certain keys in the service's own layout. The readers are compiled when first needed."""

    def __init__(
        self, make: Callable[[Any], Small], tables: Any, documented: Any, report: Callable[[Small], Reported | None]
    ) -> None:
        self._make, self._tables, self._documented, self._report = make, tables, documented, report

    @lazy
    def plain(self) -> Small:
        """The reader of replies with any codes."""
        return self._make(self._tables)

    @lazy
    def documented(self) -> Small:
        """The reader of replies with documented codes only."""
        return self._make(self._documented)

    @lazy
    def reported(self) -> Reported | None:
        """The reader of replies with undocumented keys, or None if the keys alone do not tell what to report."""
        return self._report(self.documented)


class Shape(NamedTuple):
    """Reads consecutive records with the same keys."""

    reply: Reply
    rows: Rows
    find: Callable[[str], list[Any]]
    """Finds them; the last group holds the rest of the text."""
    at_once: AtOnce | None = None
    """Reads a short reply that has only such records, as the service writes it."""
    alone: AtOnce | None = None
    """Reads such a record that is a reply itself, if a list can have it too."""


class ShapesOfBody(Generic[S]):
    """Keeps what is compiled for the records of one body."""

    def __init__(self, shapes: Shapes[S], records: int) -> None:
        self._shapes, self._most = shapes, shape_budget(records)
        self._found: dict[Hashable, S | None] = {}

    def get(self, keys: Hashable, make: Callable[[], S]) -> S | None:
        """Return what is compiled for these keys, or None if it cannot be compiled or the body has used its share."""
        if keys not in self._found and len(self._found) < self._most:
            self._found[keys] = None
            with suppress(Fallback):
                self._found[keys] = self._shapes.get(keys, make)
        return self._found.get(keys)

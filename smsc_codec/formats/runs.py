"""Reads lists as runs of records of the same shape (fmt=0, fmt=2)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterable
from typing import Any

from .._rows.opened import grouped
from .._rows.source import Fallback
from ..declare import Endpoint, Reply
from ..limits import Limits
from .reader import FormatReader
from .shapes import Shape, Shapes, Tables, shape_budget

_RUNS = 4
"""The number of runs that are read before the rest of a list is sorted by shape."""


class RunReader(FormatReader):
    """Reads lists as runs of records of the same shape (fmt=0, fmt=2)."""

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        super().__init__(endpoint)
        # The last shape with each width. It is a guess: `find` tells whether it fits.
        self._widths: Shapes[Shape] = Shapes()

    @abstractmethod
    def shape_at(self, text: str, at: int, reply: Reply) -> tuple[Shape, int]:
        """Return the shape of the record at a place, and where the next one begins. Raise `Fallback` if it has none."""

    @abstractmethod
    def pieces(self, text: str, reply: Reply) -> tuple[list[str], Iterable[Hashable], str]:
        """Return the records of a text, a sign of the shape of each, and the text that ends each of them.

        Records of different shapes can have the same sign. Then `find` does not find all of them.
        """

    @abstractmethod
    def width(self, text: str, reply: Reply) -> int:
        """Return a number that most shapes do not share: about how many keys the first record of a text has."""

    def plain_rows(self, text: str, found: list[Any]) -> list[Any]:
        """Return the rows that were found in a text, with escapes undone."""
        return found

    def runs(self, text: str, reply: Reply, limits: Limits, tables: Tables) -> tuple[list[Any], Shape | None]:
        """Return the records of a text that contains nothing else, and their shape. It is None if they have several."""
        shape = self._widths.find(self.width(text, reply))
        found = shape.find(text) if shape is not None and shape.reply is reply else [(text,)]
        if shape is not None and not found[-1][-1]:
            return self._read(shape, text, found, limits, tables), shape
        records: list[Any] = []
        for _ in range(_RUNS):
            rest = found.pop()[-1]
            if found and shape is not None:
                records += self._read(shape, text, found, limits, tables)
            text = rest
            shape = self.shape_at(text, 0, reply)[0]
            self._widths.keep(self.width(text, reply), shape)
            found = shape.find(text)
            if not found[-1][-1]:
                alike = None if records else shape
                return records + self._read(shape, text, found, limits, tables), alike
        return records + self._by_shape(text, reply, limits, tables), None

    def _by_shape(self, text: str, reply: Reply, limits: Limits, tables: Tables) -> list[Any]:
        """Return the same if shapes take turns. Read the records of a shape together, and put them in their places."""
        pieces, signs, end = self.pieces(text, reply)
        places = grouped(signs)
        if len(places) > shape_budget(len(pieces)):
            raise Fallback
        records: list[Any] = [None] * len(pieces)
        for some in places.values():
            joined = end.join([*map(pieces.__getitem__, some), ""])
            shape = self.shape_at(joined, 0, reply)[0]
            found = shape.find(joined)
            if len(found) != len(some) or found[-1][-1]:
                raise Fallback
            made = self._read(shape, joined, found, limits, tables)
            for place, record in zip(some, made):
                records[place] = record
        return records

    def _read(self, shape: Shape, text: str, found: list[Any], limits: Limits, tables: Tables) -> list[Any]:
        return self.made(shape, self.plain_rows(text, found), limits, text, tables)

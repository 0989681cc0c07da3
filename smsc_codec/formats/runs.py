"""Lists in which records of the same shape stand one behind another (fmt=0, fmt=2)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterable
from typing import Any

from .._rows.source import Fallback
from ..declare import Endpoint, Reply
from ..limits import Limits
from .reader import FormatReader
from .shapes import Shape, Shapes, Tables, grouped, most_shapes

_RUNS = 4
"""Shapes one behind another before the rest of a list is sorted by shape."""


class RunReader(FormatReader):
    """Reads lists in which records of the same shape stand one behind another (fmt=0, fmt=2)."""

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        super().__init__(endpoint)
        # The last shape with each number of keys. It is a guess: `find` tells whether it fits.
        self._widths: Shapes[Shape] = Shapes()

    @abstractmethod
    def shape_at(self, text: str, at: int, reply: Reply) -> tuple[Shape, int]:
        """Return the shape of the record at a place, and where the next one begins. Raise `Fallback` if it has none."""

    @abstractmethod
    def pieces(self, text: str, reply: Reply) -> tuple[list[str], Iterable[Hashable], str]:
        """Return the records of a text, what is the same of records with the same shape, and what ends each of them.

        Where it is the same of others too, `find` does not find all of them.
        """

    @abstractmethod
    def width(self, text: str, reply: Reply) -> int:
        """Return how many keys the first record of a text seems to have."""

    def plain_rows(self, text: str, found: list[Any]) -> list[Any]:
        """Return the rows that were found in a text without what the format escapes."""
        return found

    def runs(self, text: str, reply: Reply, limits: Limits, tables: Tables) -> list[Any]:
        """Return the records that a text consists of."""
        shape = self._widths.find(self.width(text, reply))
        found = shape.find(text) if shape is not None and shape.reply is reply else [(text,)]
        if shape is not None and not found[-1][-1]:
            return self._read(shape, text, found, limits, tables)
        records: list[Any] = []
        for _ in range(_RUNS):
            rest = found.pop()[-1]
            if found and shape is not None:
                records += self._read(shape, text, found, limits, tables)
            text = rest
            shape = self.shape_at(text, 0, reply)[0]
            self._widths.keep(shape.width, shape)
            found = shape.find(text)
            if not found[-1][-1]:
                return records + self._read(shape, text, found, limits, tables)
        return records + self._by_shape(text, reply, limits, tables)

    def learn_runs(self, text: str, records: str, reply: Reply, tables: Tables) -> None:
        """Remember the shape of a text whose *records* may have one."""
        self.learn(text, self._widths.find(self.width(records, reply)), tables)

    def _by_shape(self, text: str, reply: Reply, limits: Limits, tables: Tables) -> list[Any]:
        """Return the same where shapes take turns: records of a shape are read together, and put in their places."""
        pieces, signs, end = self.pieces(text, reply)
        places = grouped(signs)
        if len(places) > most_shapes(len(pieces)):
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
        return self.made(shape, self.plain_rows(text, found), limits, len(text), tables)

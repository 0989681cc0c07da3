"""Many records at once, a field at a time: how the fast lanes read and write lists."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Columns:
    """What the fast lanes find: the spellings of many records with the same keys, a column for each key."""

    def __init__(self, columns: Mapping[str, Sequence[str]]) -> None:
        self.column = columns.__getitem__


class Rows:
    """The same, a row for each record; *places* says where in it a key's spelling stands."""

    def __init__(self, rows: Sequence[Any], places: Mapping[str, Any]) -> None:
        self._rows = rows
        self._places = places

    def column(self, key: str) -> list[Any]:
        """The spellings of a key."""
        place = self._places[key]
        return [row[place] for row in self._rows]

    def rows(self, keys: Sequence[str]) -> Iterable[Sequence[Any]]:
        """The spellings of some keys, of which there are several, a row for each record."""
        return map(itemgetter(*map(self._places.__getitem__, keys)), self._rows)


Table = Columns | Rows


def places_of(kinds: Iterable[K]) -> dict[K, list[int]]:
    """Where each kind stands, in the order in which they are met first."""
    places: defaultdict[K, list[int]] = defaultdict(list)
    for place, kind in enumerate(kinds):
        places[kind].append(place)
    return places


def put_back(places: Iterable[Sequence[int]], values: Iterable[Sequence[V]]) -> list[V]:
    """The *values* of all kinds in their *places*, of which none is left free."""
    by_place = dict(zip(chain.from_iterable(places), chain.from_iterable(values)))
    return list(map(by_place.__getitem__, range(len(by_place))))


def looked_up(table: Mapping[Any, Any] | Sequence[Any], keys: Sequence[Any]) -> Sequence[Any]:
    """The values of all *keys*, of which there is at least one; twice as quick as `map`."""
    return itemgetter(*keys)(table) if len(keys) > 1 else (table[keys[0]],)


class Run(NamedTuple):
    """One field of many records, spelled out."""

    key: str
    number: bool
    """Whether JSON writes it bare."""
    column: Sequence[str]
    text: str = ""
    """All of the column run together, to look for characters; of numbers nothing."""

    @property
    def first(self) -> str:
        """The first spelling."""
        return self.column[0]

    def behind(self, before: str) -> tuple[str | Sequence[str], ...]:
        """The parts to weave where *before* stands before each value."""
        return before, self.column


class Codes(NamedTuple):
    """One field of many records, of numbers that are nearly always below 100.

    One look-up spells each of them with what stands before it.
    """

    key: str
    numbers: Sequence[int]
    larger: Callable[[Sequence[int]], Sequence[str]]
    """Spells numbers that may be larger."""
    number: bool = True
    text: str = ""

    @property
    def first(self) -> str:
        """The first spelling."""
        return int.__repr__(self.numbers[0])

    @property
    def column(self) -> Sequence[str]:
        """The spellings."""
        (column,) = self.behind("")
        return column

    def behind(self, before: str) -> tuple[str | Sequence[str], ...]:
        """The parts to weave where *before* stands before each value."""
        numbers = self.numbers
        if before and (len(before) > _LONG_KEY or len(numbers) < _FEW_NUMBERS):
            return before, self.column
        try:
            return (looked_up(_spellings(before), numbers),)
        except IndexError:
            return ([before + text for text in self.larger(numbers)],)


# Characters of what stands before a number that its spellings are remembered with, and numbers for which a hundred
# spellings are not worth making: a hostile list has a key of its own in every record.
_LONG_KEY = 64
_FEW_NUMBERS = 16


@lru_cache(128)
def _spellings(before: str) -> list[str]:
    return [f"{before}{number}" for number in range(100)]


def weave(parts: Sequence[str | Sequence[str]], count: int) -> str:
    """*parts* one after another for each of *count* records: a text stands in each, of a column one value.

    Four times as quick as a template that is filled.
    """
    woven = [part if isinstance(part, str) else "" for part in parts] * count
    for place, part in enumerate(parts):
        if not isinstance(part, str):
            woven[place :: len(parts)] = part
    return "".join(woven)


def escape(run: Run | Codes, special: re.Pattern[str], by: Callable[[str], str]) -> Run | Codes:
    """The run as the format writes it: *by* is needed only where a text has *special* characters."""
    if isinstance(run, Codes) or not special.search(run.text):
        return run
    return run._replace(column=list(map(by, run.column)))

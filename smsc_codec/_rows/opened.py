"""What compiled functions call for the values under open keys, which become mappings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, repeat
from operator import attrgetter, itemgetter
from typing import Any

from .._types import all_are
from ..mapping import EMPTY, FrozenMapping, shared
from .source import Fallback
from .values import lookup_all


def arrange(keys: Sequence[str], order: Sequence[str]) -> list[str]:
    """Return documented keys in their order, and each other key after the one that it followed."""
    ranks = {key: rank for rank, key in enumerate(order)}
    place, placed = -1, []
    for key in keys:
        place = ranks.get(key, place)
        placed.append(place)
    return [key for _, key in sorted(zip(placed, keys), key=itemgetter(0))]


class Mapped(dict[Any, Any]):
    """Map the spellings of the codes under some *keys* to a mapping. Records that have the same codes share one."""

    __slots__ = ("_keys", "_table")

    def __init__(self, keys: tuple[str, ...], table: Mapping[Any, Any]) -> None:
        super().__init__()
        self._keys, self._table = keys, table

    def __missing__(self, values: tuple[Any, ...]) -> Any:
        made = FrozenMapping(self._keys, tuple(map(self._table.__getitem__, values)))
        if len(self) < _MOST_MAPPED:
            self[values] = made
        return made


_MOST_MAPPED = 1024

_LOOKED_AT = 64


def are_few(rows: Sequence[Any], pick: Callable[[Any], Any]) -> bool:
    """Return whether the codes of records repeat, judging by the first `_LOOKED_AT` of them."""
    return len(rows) >= _LOOKED_AT and len({*map(pick, rows[:_LOOKED_AT])}) <= _LOOKED_AT // 4


class _Sorted(dict[Any, Any]):
    """Map the values of open keys to their codes, or to themselves if they are texts."""

    __slots__ = ("_table",)

    def __init__(self, table: Mapping[Any, Any]) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, value: Any) -> Any:
        try:
            made = self._table[value]
        except KeyError:
            if not value or value.__class__ is not str:
                raise Fallback from None
            made = value
        self[value] = made
        return made


@lru_cache(128)
def _part(keys: tuple[str, ...], order: tuple[str, ...], places: tuple[int, ...]) -> tuple[tuple[str, ...], Any]:
    """Return the keys in these places, in their *order*, and what picks their values."""
    chosen = {keys[place]: place for place in places}
    arranged = shared(tuple(arrange([*chosen], order)))
    if len(places) == 1:
        (only,) = places
        return arranged, lambda row: (row[only],)
    return arranged, itemgetter(*[chosen[key] for key in arranged]) if arranged else None


class _Parts(dict[Any, Any]):
    """Cache which places of a row hold codes and which hold texts, by the types of the values that can be either."""

    __slots__ = ("_keys", "_order", "_texts", "_turns")

    def __init__(
        self, keys: tuple[str, ...], order: tuple[str, ...], texts: Sequence[int], turns: Sequence[int]
    ) -> None:
        super().__init__()
        self._keys, self._order, self._texts, self._turns = keys, order, texts, turns

    def __missing__(self, classes: tuple[type, ...]) -> Any:
        texts = {*self._texts, *[place for place, cls in zip(self._turns, classes) if cls is str]}
        every = range(len(self._keys))
        codes = tuple([place for place in every if place not in texts])
        part = (*_part(self._keys, self._order, codes), *_part(self._keys, self._order, tuple(sorted(texts))))
        self[classes] = part
        return part


def sorted_out(
    columns: Sequence[Sequence[Any]], keys: tuple[str, ...], table: Mapping[Any, Any], order: tuple[str, ...]
) -> Iterable[tuple[Any, Any]]:
    """Return for each record the mapping of its codes and that of its texts, for columns that hold both.

    Each mapping has its keys in the documented *order*.
    """
    either = _Sorted(table)
    made: list[Sequence[Any]] = []
    texts: list[int] = []
    turns: list[int] = []
    for place, column in enumerate(columns):
        try:
            made.append(lookup_all(table, column))
        except KeyError:
            made.append(lookup_all(either, column))
            (texts if {*map(type, made[-1])} == {str} else turns).append(place)
    parts = _Parts(keys, order, texts, turns)
    if not turns:
        codes, pick_codes, named, pick_named = parts[()]
        return zip(_mappings(codes, pick_codes, made), _mappings(named, pick_named, made))
    return [
        (
            FrozenMapping(codes, pick_codes(row)) if codes else EMPTY,
            FrozenMapping(named, pick_named(row)) if named else EMPTY,
        )
        for row, (codes, pick_codes, named, pick_named) in zip(
            zip(*made), map(parts.__getitem__, zip(*[map(type, made[place]) for place in turns]))
        )
    ]


def _mappings(keys: tuple[str, ...], pick: Any, columns: Sequence[Sequence[Any]]) -> Iterable[Any]:
    """Return mappings with these keys."""
    return map(FrozenMapping, repeat(keys), zip(*pick(columns))) if keys else repeat(EMPTY)


_keys_of = attrgetter("_keys")

_values_of = attrgetter("_values")


def values_of(records: Sequence[Any], mapping_of: Callable[[Any], Any], keys: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Return the values of the open keys of records. Raise `Fallback` if a record has other keys than *keys*."""
    mappings = [*map(mapping_of, records)]
    if {*map(type, mappings)} != {FrozenMapping}:
        raise Fallback
    given = [*map(_keys_of, mappings)]
    if {*map(id, given)} != {id(keys)} and any(
        [plain_keys(each) != keys for each in {id(each): each for each in given}.values()]
    ):
        raise Fallback
    values = [*map(_values_of, mappings)]
    if {*map(type, values)} != {tuple}:
        raise Fallback
    return values


def plain_keys(keys: Any) -> Any:
    """Return the keys of a mapping. Raise `Fallback` if one is not a plain text: it can be equal to another key."""
    if keys.__class__ is not tuple or not all_are(keys, str):
        raise Fallback
    return keys


def check_codes(values: list[tuple[Any, ...]], cls: type) -> list[tuple[Any, ...]]:
    """Return open codes. Raise `Fallback` if one of them is not of the class."""
    if {*map(type, chain.from_iterable(values))} != {cls}:
        raise Fallback
    return values


def columns_of(
    values: list[tuple[Any, ...]], texts: Sequence[Callable[[list[str], int], list[str]]], longest: int
) -> list[list[str]]:
    """Return open texts as they are written, a column for each key."""
    columns = [*zip(*values, strict=True)]
    if len(columns) != len(texts):
        raise Fallback
    return [many([*column], longest) for many, column in zip(texts, columns)]


def check_texts(columns: list[list[str]], is_code: Callable[[str], Any]) -> list[list[str]]:
    """Return open texts beside codes. Raise `Fallback` if one is empty, or would be read as a code."""
    if not all(map(all, columns)) or any([is_code(text) for column in columns for text in column]):
        raise Fallback
    return columns

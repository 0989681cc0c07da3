"""The values under open keys, which become mappings. Compiled functions and the compiler call this module."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, repeat
from operator import attrgetter, itemgetter
from typing import Any, TypeVar

from .._types import all_are
from ..mapping import EMPTY, FrozenMapping, shared
from .source import Fallback
from .values import Codes, lookup_all

H = TypeVar("H", bound=Hashable)


def arrange(keys: Sequence[str], order: Sequence[str]) -> list[str]:
    """Return documented keys in their order, and each other key after the one that it followed."""
    ranks = {key: rank for rank, key in enumerate(order)}
    place, placed = -1, []
    for key in keys:
        place = ranks.get(key, place)
        placed.append(place)
    return [key for _, key in sorted(zip(placed, keys), key=itemgetter(0))]


def grouped(signs: Iterable[H]) -> Mapping[H, Sequence[int]]:
    """Return the positions of each sign."""
    signs = [*signs]
    if signs and signs.count(signs[0]) == len(signs):
        return {signs[0]: range(len(signs))}
    found: defaultdict[H, list[int]] = defaultdict(list)
    for place, sign in enumerate(signs):
        found[sign].append(place)
    return found


def are_digits(joined: Sequence[str], width: int, table: Any) -> bool:
    """Return whether each text is *width* digits that the *table* serves.

    Each text was joined of that many values, none of them empty. A table that notes undocumented codes does not serve
    their digits.
    """
    every = "".join(joined)
    if not (every.isascii() and every.isdigit()) or {*map(len, joined)} != {width}:
        return False
    return not any([digit in every for digit in table.other_digits])


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


def values_of(mappings: Sequence[Any], keys: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Return the values of mappings. Raise `Fallback` if one has other keys than *keys*."""
    if not all_are(mappings, FrozenMapping):
        raise Fallback
    _check_keys(mappings, keys)
    values = [*map(_values_of, mappings)]
    if not all_are(values, tuple):
        raise Fallback
    return values


def _check_keys(mappings: Sequence[Any], keys: tuple[str, ...]) -> None:
    """Raise `Fallback` if a mapping has other keys than *keys*."""
    given = [*map(_keys_of, mappings)]
    if {*map(id, given)} != {id(keys)} and any(
        [plain_keys(each) != keys for each in {id(each): each for each in given}.values()]
    ):
        raise Fallback


def plain_keys(keys: Any) -> Any:
    """Return the keys of a mapping. Raise `Fallback` if one is not a plain text: it can be equal to another key."""
    if type(keys) is not tuple or not all_are(keys, str):
        raise Fallback
    return keys


def codes_in(mappings: Sequence[Any], keys: tuple[str, ...], codes: Codes) -> Sequence[Sequence[Any]]:
    """Return the open codes of records, each a code or its digit. Raise `Fallback` if one is something else."""
    if all_are(mappings, codes.mapping):
        _check_keys(mappings, keys)
        joined = [*map(_values_of, mappings)]
        if not all_are(joined, str) or not are_digits(joined, len(keys), codes):
            raise Fallback
        return joined
    plain = [FrozenMapping.of(each.items()) if type(each) is codes.mapping else each for each in mappings]
    values = values_of(plain, keys)
    if not all_are(chain.from_iterable(values), codes.enum):
        raise Fallback
    return values


def columns_of(
    mappings: Sequence[Any],
    keys: tuple[str, ...],
    texts: Sequence[Callable[[list[str], int], list[str]]],
    longest: int,
) -> list[list[str]]:
    """Return the open texts of records as they are written, a column for each key."""
    columns = [*zip(*values_of(mappings, keys), strict=True)]
    if len(columns) != len(texts):
        raise Fallback
    return [many([*column], longest) for many, column in zip(texts, columns)]


def texts_of(mapping: Any, keys: tuple[str, ...], texts: Sequence[Callable[[str], str]], longest: int) -> list[str]:
    """Return the open texts of one record as they are written."""
    if type(mapping) is not FrozenMapping or (mapping._keys is not keys and plain_keys(mapping._keys) != keys):
        raise Fallback
    values = mapping._values
    if type(values) is not tuple or len(values) != len(texts) or not all_are(values, str):
        raise Fallback
    if max(map(len, values)) > longest:
        raise Fallback
    return [one(text) for one, text in zip(texts, values)]


def check_texts(columns: list[list[str]], is_code: Callable[[str], Any]) -> list[list[str]]:
    """Return open texts beside codes, in groups. Raise `Fallback` if one is empty, or would be read as a code."""
    if not all(map(all, columns)) or any([is_code(text) for column in columns for text in column]):
        raise Fallback
    return columns

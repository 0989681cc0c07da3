"""Lists of objects that have the same documented keys: how the fast lane of fmt=3 reads them.

msgspec makes of each object one of a class that has an attribute for each key, and refuses an object that lacks a key
or has another, a value of another type, and what is no JSON. orjson, which makes dictionaries, takes twice as long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Literal

import msgspec
import orjson
from msgspec.structs import astuple

from .._forms import Listing
from .._generated import column_of
from .._runs import Rows
from .._values import Unusual
from .lines import Shapes

Column = Callable[[Sequence[Any]], list[Any]]
"""What lists the values of a key of all objects."""


class Objects(Rows):
    """Objects of a class that has an attribute for each key, in that order."""

    def __init__(self, objects: Sequence[Any], keys: Sequence[str], columns: Sequence[Column]) -> None:
        super().__init__(objects, {key: place for place, key in enumerate(keys)})
        self._columns = columns

    def column(self, key: str) -> list[Any]:
        """The values of a key: all of them texts, or all numbers."""
        place: int = self._places[key]
        return self._columns[place](self._rows)

    def rows(self, keys: Sequence[str]) -> Iterable[Sequence[Any]]:
        """The values of some keys, of which there are several, a row for each object."""
        return map(itemgetter(*map(self._places.__getitem__, keys)), map(astuple, self._rows))


Decode = Callable[[bytes], list[Any]]


class ObjectReader:
    """Reads such lists, with what it has learned of their keys."""

    def __init__(self, form: Listing | None) -> None:
        self._codes = {} if form is None else _codes(form)
        self._attributes = [f"f{place}" for place in range(len(self._codes))]
        self._columns = list(map(column_of, self._attributes))
        self._shapes: Shapes[Decode] = Shapes()

    def read(self, array: bytes, budget: Iterator[int]) -> tuple[Sequence[str], Objects]:
        """The keys, and the objects, of which each has every key once; learning keys takes one from *budget*.

        Raises `Unusual`, a `ValueError` or a `msgspec.MsgspecError` if that is not so, if a key is not documented, or
        if it is no such array.
        """
        # With a bracket in its first name, or none at all, this is no JSON.
        (first,) = orjson.loads(array[: array.find(b"}") + 1] + b"]")
        if type(first) is not dict or not self._codes.keys() >= first.keys():
            raise Unusual
        keys, types = tuple(first), tuple(map(type, first.values()))
        try:
            objects = self._shape(keys, types, True, budget)(array)
        except msgspec.ValidationError as error:
            if "enum" not in str(error):
                raise
            # What is no code is a name.
            objects = self._shape(keys, types, False, budget)(array)
        table = Objects(objects, keys, self._columns)
        texts = (text for key, type_ in zip(keys, types) if type_ is str for text in table.column(key))
        if not no_key_twice(array, len(keys) * len(objects), texts):
            raise Unusual
        if int in types and has_minus_zero(array):
            raise Unusual
        return keys, table

    def _shape(self, keys: tuple[str, ...], types: tuple[type, ...], coded: bool, budget: Iterator[int]) -> Decode:
        """What reads an array of objects with these keys, and values of these types; texts are codes if *coded*."""
        known = (keys, types, coded)
        decode = self._shapes.get(known)
        if decode is None:
            if next(budget, None) is None or not {int, str}.issuperset(types):
                raise Unusual
            decode = self._shapes.add(known, self._learn(keys, types, coded))
        return decode

    def _learn(self, keys: Sequence[str], types: Sequence[type], coded: bool) -> Decode:
        # All objects share the texts of codes.
        spellings = [tuple(self._codes[key]) if coded and type_ is str else () for key, type_ in zip(keys, types)]
        literals: list[Any] = [Literal.__getitem__(some) if some else type_ for some, type_ in zip(spellings, types)]
        fields, rename = list(zip(self._attributes, literals)), dict(zip(self._attributes, keys))
        cls: Any = msgspec.defstruct("Object", fields, rename=rename, forbid_unknown_fields=True, gc=False)
        return msgspec.json.Decoder(list[cls]).decode


def _codes(form: Listing) -> dict[str, Mapping[str, Any]]:
    """The documented keys, and the spellings of the codes that each can have."""
    record = form.record
    others = None if record.extras is None else record.extras.code.table
    named = {key: record.types[name].table for key, name in form.json.names.items()}
    # A colon in a key would be counted as one of a member.
    return {key: named.get(key, others) or {} for key in form.json.ranks if ":" not in key}


def no_key_twice(body: bytes, members: int, texts: Iterable[str]) -> bool:
    """Whether what was read of the body, so many members with these *texts*, is all that its objects have.

    Of two members with the same key only the last is read. Every member has a colon, so that there are as many as
    members, and those inside of strings.
    """
    more = body.count(b":") - members
    # An escaped colon would hide one.
    return more == 0 or (b"\\u003" not in body and more == "".join(texts).count(":"))


def has_minus_zero(body: bytes) -> bool:
    """Whether there may be a number -0, which is read as 0."""
    return b"-" in body and _MINUS_ZERO.search(body) is not None


_MINUS_ZERO = re.compile(rb"-0\s*[,}\]]")

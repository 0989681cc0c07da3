"""Lists of objects that have the same documented keys: how the fast lane of fmt=3 reads them.

msgspec makes of each object one of a class that has an attribute for each key, and refuses an object that lacks a key
or has another, a value of another type, and what is no JSON. orjson, which makes dictionaries, takes twice as long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Literal, NamedTuple

import msgspec
import orjson
from msgspec.structs import astuple

from ._forms import Listing
from ._generated import column_of
from ._lines import Shapes
from ._runs import Rows
from ._values import Unusual


class Objects(Rows):
    """Objects of a class that has an attribute for each key."""

    def __init__(self, objects: Sequence[Any], shape: _Shape) -> None:
        super().__init__(objects, shape.places)
        self._shape = shape

    def column(self, key: str) -> list[Any]:
        """The values of a key: all of them texts, or all numbers."""
        return self._shape.readers[self._shape.places[key]](self._rows)

    def rows(self, keys: Sequence[str]) -> Iterable[Sequence[Any]]:
        """The values of some keys, of which there are several, a row for each object."""
        return map(itemgetter(*map(self._places.__getitem__, keys)), map(astuple, self._rows))


class _Shape(NamedTuple):
    keys: tuple[str, ...]
    places: dict[str, int]
    readers: Sequence[Callable[[Sequence[Any]], list[Any]]]
    """What lists the values of all objects, by the key's place."""
    decode: Callable[[bytes], list[Any]]


class ObjectReader:
    """Reads such lists, with what it has learned of their keys."""

    def __init__(self, form: Listing | None) -> None:
        self._codes = {} if form is None else _codes(form)
        self._attributes = [f"f{place}" for place in range(len(self._codes))]
        self._readers = list(map(column_of, self._attributes))
        self._shapes: Shapes[_Shape] = Shapes()

    def read(self, array: bytes) -> tuple[Sequence[str], Objects]:
        """The keys, and the objects, of which each has every key once.

        Raises `Unusual`, a `ValueError` or a `msgspec.MsgspecError` if that is not so, if a key is not documented, or
        if it is no such array.
        """
        (first,) = orjson.loads(array[: array.find(b"}") + 1] + b"]")
        if type(first) is not dict or not self._codes.keys() >= first.keys():
            raise Unusual
        types = tuple(map(type, first.values()))
        shape = self._shape(tuple(first), types, coded=True)
        try:
            objects = shape.decode(array)
        except msgspec.ValidationError:
            # What is no code is a name.
            shape = self._shape(tuple(first), types, coded=False)
            objects = shape.decode(array)
        table = Objects(objects, shape)
        texts = (text for key, type_ in zip(first, types) if type_ is str for text in table.column(key))
        if not no_key_twice(array, len(first) * len(objects), texts):
            raise Unusual
        if int in types and has_minus_zero(array):
            raise Unusual
        return shape.keys, table

    def _shape(self, keys: tuple[str, ...], types: tuple[type, ...], coded: bool) -> _Shape:
        known = (keys, types, coded)
        return self._shapes.get(known) or self._shapes.add(known, self._learn(keys, types, coded))

    def _learn(self, keys: tuple[str, ...], types: tuple[type, ...], coded: bool) -> _Shape:
        if not {int, str}.issuperset(types):
            raise Unusual
        # All objects share the texts of codes.
        spellings = [tuple(self._codes[key]) if coded and type_ is str else () for key, type_ in zip(keys, types)]
        literals: list[Any] = [Literal.__getitem__(some) if some else type_ for some, type_ in zip(spellings, types)]
        attributes = self._attributes
        fields, rename = list(zip(attributes, literals)), dict(zip(attributes, keys))
        cls: Any = msgspec.defstruct("Object", fields, rename=rename, forbid_unknown_fields=True, gc=False)
        places = {key: place for place, key in enumerate(keys)}
        return _Shape(keys, places, self._readers, msgspec.json.Decoder(list[cls]).decode)


def _codes(form: Listing) -> dict[str, Mapping[str, Any]]:
    """The documented keys, and the spellings of the codes that each can have."""
    record = form.record
    others = None if record.extras is None else record.extras.code.table
    named = {key: record.types[name].table for key, name in form.json.names.items()}
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

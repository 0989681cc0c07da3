"""A read-only mapping that many records share the keys of."""

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from functools import lru_cache
from typing import Any, ClassVar, Generic, TypeVar, cast

import msgspec

from ._types import all_are

V = TypeVar("V")

# Characters of keys that are remembered; the documented ones have some 120 together.
_SHORT = 512


@lru_cache(64)
def _remembered(keys: tuple[str, ...]) -> tuple[str, ...]:
    return keys


def shared(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return the same keys; one object for all mappings that have them, so that a list of these is quickly compared."""
    # A key of another class may be equal and not the same.
    return _remembered(keys) if all_are(keys, str) and sum(map(len, keys)) <= _SHORT else keys


class _Values(ValuesView[V]):
    """Those of a `FrozenMapping`, one after another instead of by look-up."""

    _mapping: Any

    def __iter__(self) -> Iterator[V]:
        return iter(self._mapping._plain_values())


class _Items(ItemsView[str, V]):
    """The same with the keys."""

    _mapping: Any

    def __iter__(self) -> Iterator[tuple[str, V]]:
        return zip(self._mapping._keys, self._mapping._plain_values())


# `msgspec` writes the fields by these names.
_NAMES = {"_keys": "keys", "_values": "values"}


class FrozenMapping(msgspec.Struct, Generic[V], frozen=True, eq=False, gc=False, rename=_NAMES):
    """A read-only `Mapping` from names to values that a whole list of senders shares its keys with.

    Compares equal to any mapping with the same items, in whatever order; keeps the order it was given.
    """

    _keys: tuple[str, ...] = ()
    _values: tuple[V, ...] = ()

    @classmethod
    def of(cls, items: Mapping[str, V] | Iterable[tuple[str, V]]) -> "FrozenMapping[V]":
        """Return the same items, frozen; of two with the same key the later one."""
        plain = dict(items)
        return cls(shared(tuple(plain)), tuple(plain.values()))

    def __getitem__(self, key: str) -> V:
        try:
            return self._values[self._keys.index(key)]
        except ValueError:
            raise KeyError(key) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of *key*, or *default*."""
        return self[key] if key in self._keys else default

    def keys(self) -> KeysView[str]:
        """Return the keys, in the order of the reply."""
        return KeysView(self._as_mapping())

    def values(self) -> ValuesView[V]:
        """Return the values, in the order of the reply."""
        return _Values(self._as_mapping())

    def items(self) -> ItemsView[str, V]:
        """Return the pairs, in the order of the reply."""
        return _Items(self._as_mapping())

    def _plain_values(self) -> tuple[V, ...]:
        return self._values

    def _as_mapping(self) -> Mapping[str, V]:
        return cast("Mapping[str, V]", self)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FrozenMapping) and self._keys == other._keys:
            if type(self) is type(other):
                return self._values == other._values
            return self._plain_values() == other._plain_values()
        if isinstance(other, Mapping):
            return dict(self.items()) == dict(other.items())
        return NotImplemented

    # Not derived from `__eq__`: the base class has one of its own.
    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(frozenset(self.items()))

    def __repr__(self) -> str:
        return repr(dict(self.items()))

    def __rich_repr__(self) -> Any:
        return [dict(self.items())] if self._keys else []


class DigitMapping(FrozenMapping[V], Generic[V], frozen=True):
    """The same for values that are known by digits. It holds the digits as one text.

    A tuple of values takes twice the memory, and the garbage collector visits each.
    """

    by_digit: ClassVar[Mapping[str, Any]]
    """The values. A subclass has them."""

    def __getitem__(self, key: str) -> V:
        return cast("V", self.by_digit[cast("str", super().__getitem__(key))])

    def _plain_values(self) -> tuple[V, ...]:
        return tuple(map(self.by_digit.__getitem__, cast("str", self._values)))

    def __reduce__(self) -> tuple[Any, ...]:
        return FrozenMapping, (self._keys, self._plain_values())


def of_digits(values: Mapping[str, Any]) -> type[DigitMapping[Any]]:
    """Return the class of mappings of these values, which are known by digits."""
    return type("FrozenMapping", (DigitMapping,), {"by_digit": values, "__module__": __name__})


# A real base class would need a metaclass of both msgspec's and abc's.
Mapping.register(FrozenMapping)

EMPTY = cast("Mapping[str, Any]", FrozenMapping())
"""The mapping of no items: one object, so that a look tells whether a mapping has any."""

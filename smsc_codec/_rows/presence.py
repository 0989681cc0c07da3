"""Tells which fields a record has, and so which writer it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ..declare import Many, Object, OpenMap, Several, Type
from ..mapping import EMPTY, FrozenMapping
from .opened import plain_keys
from .source import Fallback, compiled, fall_back
from .write import Keys

_GROUP = 8
"""Most records lack many fields. One comparison tells that a group of this many fields is absent."""


def check_keys(keys: Any, checked: dict[int, Any]) -> None:
    """Note that keys are plain texts. Raise `Fallback` if one is not."""
    checked[id(keys)] = plain_keys(keys)


def compile_presence(obj: Object) -> Callable[[Any, dict[int, Any]], tuple[Any, ...]]:
    """Compile a function that returns what is present in a record: which fields and open keys it has.

    Records with the same presence have the same writer. `present_in` says what a presence means.

    It raises one of `REFUSED` for a record that only the careful writer can judge. Its second argument has the keys
    that have been checked, by their identity.
    """
    lines, made, space = _presence(obj)
    return compiled("presence_of", obj.cls.__name__, "record, checked", [*lines, f"return {made}"], space)


def by_presence(
    obj: Object,
    find: Callable[[Any], Callable[[Any, int], str] | None],
    make: Callable[[Any], Callable[[Any, int], str]],
    longest: int,
) -> Callable[[Any], str]:
    """Compile a function that writes a record with the writer that *find* or *make* returns for its presence.

    No text may be longer than *longest*.
    """
    lines, made, space = _presence(obj)
    space |= {"find_writer": find, "make_writer": make}
    lines = ["checked = {}", *lines] if obj.opened else lines
    lines += [f"presence = {made}", f"return (find_writer(presence) or make_writer(presence))(record, {longest})"]
    return compiled("write_by_presence", obj.cls.__name__, "record", lines, space)


def _presence(obj: Object) -> tuple[list[str], str, dict[str, Any]]:
    """Return lines that check a record, the expression of its presence, and the names in them."""
    lines = ["if class_of(record) is not Record:", "    fall_back()"]
    parts = [_absent(names) for names in _groups(obj)]
    lists = [f"record.{field.name}" for field in obj.fields if isinstance(field.type, (Many, Several))]
    parts += [f"(class_of({each}) is tuple and not {each}) or fall_back()" for each in lists]
    for name in obj.opened:
        keys = f"{name}_keys"
        # Most records have nothing under undocumented keys.
        lines += [
            f"{keys} = () if record.{name} is EMPTY else record.{name}._keys",
            f"if {keys} is not NO_KEYS and id({keys}) not in checked:",
            f"    check_keys({keys}, checked)",
        ]
        parts.append(keys)
    made = f"({', '.join(parts)}{',' * (len(parts) == 1)})"
    names = {"Record": obj.cls, "EMPTY": EMPTY, "NO_KEYS": ()}
    return lines, made, {**names, "class_of": type, "fall_back": fall_back, "check_keys": check_keys}


def _groups(obj: Object) -> list[list[str]]:
    """Return the names of the fields that a record may lack, in groups. If they are few, each field is a group."""
    names = [field.name for field in obj.fields if field.optional and isinstance(field.type, Type)]
    size = _GROUP if len(names) > _GROUP else 1
    return [names[start : start + size] for start in range(0, len(names), size)]


def _absent(names: Sequence[str]) -> str:
    """Return the expression that says which fields of a group are absent. It is True if all of them are."""
    if len(names) == 1:
        return f"record.{names[0]} is None"
    each = ", ".join(f"record.{name} is None" for name in names)
    return f"None is {' is '.join(f'record.{name}' for name in names)} or ({each})"


def present_in(obj: Object, presence: tuple[Any, ...]) -> tuple[frozenset[str], Keys]:
    """Return the fields that records with a *presence* have, and their open keys."""
    absent: set[str] = set()
    for names, group in zip(_groups(obj), presence):
        flags = [group] * len(names) if isinstance(group, bool) else group
        absent.update(name for name, is_absent in zip(names, flags) if is_absent)
    present = {field.name for field in obj.fields if isinstance(field.type, Type)} - absent
    opened = presence[len(presence) - len(obj.opened) :]
    keys = Keys(*opened) if isinstance(obj.open, OpenMap) else Keys((), *opened) if opened else Keys((), ())
    if any(len({*some}) < len(some) for some in keys):
        raise Fallback
    return frozenset(present), keys


def with_mappings(obj: Object, record: Any) -> Any:
    """Return a record with the library's mappings in place of dictionaries."""
    if type(record) is not obj.cls:
        raise Fallback
    given = {name: getattr(record, name) for name in obj.opened}
    made = {name: FrozenMapping.of(items) for name, items in given.items() if type(items) is dict}
    if not made:
        raise Fallback
    return msgspec.structs.replace(record, **made)

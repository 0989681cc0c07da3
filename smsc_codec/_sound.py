"""Checks a declaration when its codec is made, so that a mistake in it is named before a reply is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from ._types import class_name, is_really, name_of
from .declare import Const, Endpoint, Field, Layout, Many, Object, Other, Reply, Type, name_of_cell
from .errors import OptionError

_KINDS = frozenset({"number", "code", "money", "date", "text"})

_IN_SOURCE = """
    CODES CODE_CLASS Decimal EMPTY KEYS MAX Many Mapped Mapping ORDER Record TEXTS TEXTS_MANY WIRE_KEYS are_few
    check_codes check_keys columns_of datetime fall_back find_reader find_rows find_writer has_escapes is_broken
    is_code key_mark list_head lookup_all make_writer match_whole nothing pick read_date read_iso read_money
    read_numbers reply_classes sorted_out unescape values_of write_date write_money write_numbers
"""
RESERVED = frozenset(_IN_SOURCE.split())
"""Names in the source of functions. Names of fields become variables there, and cannot be among them."""


def check(endpoint: Endpoint[Any]) -> None:
    """Raise `OptionError` if a reply's declaration fits neither its class nor itself.

    What only the grammar can tell is checked where it is loaded.
    """
    if not is_really(endpoint.own, tuple) or not all(is_really(reply, Reply) for reply in endpoint.own):
        raise OptionError(f"{endpoint.name}: the replies have to be a tuple of Reply, such as (SENT,)")
    kinds: set[str] = {"error"}
    for reply in endpoint.own:
        trouble = _trouble(reply)
        if reply.kind in kinds:
            trouble = "another reply has this kind"
        if trouble is not None:
            raise OptionError(f"{endpoint.name}: reply {reply.kind!r}: {trouble}")
        kinds.add(reply.kind)


def _trouble(reply: Reply) -> str | None:
    """Return what is wrong with a reply, None if it is sound."""
    found = next(_in_object(reply.object), None) or next(_in_layouts(reply.csv, reply.object), None)
    if found is None and not is_really(reply.xml, tuple):
        found = f"xml has to be a tuple of elements, not {name_of(reply.xml)}: write ({reply.xml!r},)"
    if found is None and reply.many is not None:
        if not _is_struct(reply.many) or not reply.many.__struct_fields__:
            found = "many has to be a msgspec.Struct with an attribute for the records"
        elif not reply.item:
            found = "a list needs item, the element of a record in fmt=2"
    return found


def _called(value: object) -> str:
    return class_name(value) if is_really(value, type) else name_of(value)


def _is_struct(cls: object) -> bool:
    return is_really(cls, type) and issubclass(cls, msgspec.Struct)


def _in_object(obj: Object) -> Iterator[str]:
    if not _is_struct(obj.cls):
        yield f"the class of an Object has to be a msgspec.Struct, not {_called(obj.cls)}"
    elif not is_really(obj.members, tuple):
        yield f"the members of an Object have to be a tuple, not {name_of(obj.members)}: write (Field(…),)"
    else:
        yield from _in_members(obj)


def _in_members(obj: Object) -> Iterator[str]:
    cls, name = obj.cls, class_name(obj.cls)
    attributes: tuple[str, ...] = cls.__struct_fields__
    defaults: tuple[Any, ...] = cls.__struct_defaults__
    behind = zip(attributes[len(attributes) - len(defaults) :], defaults)
    lacking = {*attributes} - {attribute for attribute, default in behind if default is not msgspec.NODEFAULT}
    given: set[str] = set()
    for field in obj.fields:
        given.add(field.name)
        if field.name not in attributes:
            yield f"field {field.name!r} is not an attribute of {name}"
        elif field.name in lacking and (field.optional or field.absent_in):
            yield f"field {field.name!r} may be missing, and has no default in {name}"
        elif field.name in RESERVED:
            yield f"field {field.name!r} has a name that compiled functions use: give the attribute another one"
        yield from _in_type(field)
    rest = obj.open
    names = () if rest is None else (rest.name,) if isinstance(rest, Other) else (rest.codes, rest.texts)
    for each in names:
        if each not in attributes or each in lacking:
            yield f"{name} needs an attribute {each!r} with the default FrozenMapping() for open keys"
    if isinstance(rest, Other) and attributes[-1] != rest.name:
        yield f"{rest.name!r} has to be the last attribute of {name}"
    for each in sorted(lacking - given - {*names}):
        yield f"attribute {each!r} of {name} has no field and no default"
    for order in (order for orders in obj.orders.values() for order in orders):
        yield from (f"the order of fields names {each!r}, which is not a field" for each in order if each not in given)


def _in_type(field: Field) -> Iterator[str]:
    type_: Any = field.type
    if isinstance(type_, Many):
        inside = next(_in_object(type_.object), None) or next(_in_layouts(type_.csv, type_.object), None)
        if inside is not None:
            yield f"field {field.name!r}: {inside}"
    elif not isinstance(type_, Type):
        wanted = "a Type or a Many of smsc_codec.declare, such as ID"
        yield f"field {field.name!r} needs {wanted}, not {_called(type_)}"
    elif type_.kind not in _KINDS:
        yield f"field {field.name!r}: a Type is of the kind {', '.join(sorted(_KINDS))}, not {type_.kind!r}"
    elif type_.kind == "code" and type_.enum is None:
        yield f"field {field.name!r}: a code needs the class of its numbers: make its Type with declare.code"


def _in_layouts(layouts: Any, obj: Object) -> Iterator[str]:
    if not is_really(layouts, tuple):
        yield f"csv has to be a tuple of Layout, not {name_of(layouts)}: write (Layout(…),)"
    for layout in layouts if is_really(layouts, tuple) else ():
        if not isinstance(layout, Layout):
            yield f"csv has to be a tuple of Layout, and has a {name_of(layout)}: write (Layout(…),)"
        elif not is_really(layout.cells, tuple):
            yield f"a Layout has a tuple of cells, not {name_of(layout.cells)}: write Layout(('id',))"
        else:
            names = [name_of_cell(cell) for cell in layout.cells if not isinstance(cell, Const)]
            yield from (f"a Layout names {name!r}, which is not a field" for name in names if name not in obj.by_name)

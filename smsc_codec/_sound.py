"""Checks a declaration when its codec is made, so that a mistake in it is named before a reply is read.

Each `_in_…` function yields what is wrong with a part of a declaration. Only the first is reported, so that a check may
rely on those before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from ._source import quote
from ._types import class_name, is_really, name_of
from .declare import (
    FORMATS,
    Const,
    Endpoint,
    Field,
    Layout,
    Many,
    Maybe,
    Object,
    Only,
    OpenMap,
    Other,
    Reply,
    Rest,
    Signed,
    Type,
    name_of_cell,
)
from .errors import OptionError
from .model import Code, ErrorCode

_KINDS = frozenset({"number", "code", "money", "date", "text"})
_CELLS = (str, Const, Signed, Rest, Only, Maybe)

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
    found = next(_in_endpoint(endpoint), None)
    if found is not None:
        raise OptionError(f"{endpoint.name}: {found}")


def _in_endpoint(endpoint: Endpoint[Any]) -> Iterator[str]:
    if not is_really(endpoint.grammar, str):
        yield f"grammar has to be the name of a file in grammars/ or a path, not {_called(endpoint.grammar)}"
    if not _is_class(endpoint.errors, ErrorCode):
        yield f"errors has to be a subclass of ErrorCode, not {_called(endpoint.errors)}"
    others: Any = endpoint.other_errors
    if not is_really(others, frozenset) or not all(is_really(each, int) for each in others):
        yield f"other_errors has to be a frozenset of int, not {quote(others)}"
    if not is_really(endpoint.own, tuple) or not all(is_really(reply, Reply) for reply in endpoint.own):
        yield "the replies have to be a tuple of Reply, such as (SENT,)"
    kinds: list[str] = ["error"]
    for reply in endpoint.own:
        trouble = next(_in_reply(reply), None)
        if reply.kind in kinds:
            trouble = "another reply has this kind"
        if trouble is not None:
            yield f"reply {quote(reply.kind)}: {trouble}"
        kinds.append(reply.kind)


def _in_reply(reply: Reply) -> Iterator[str]:
    yield from _in_texts(reply, "kind", "title", "rule", "constant", "item")
    yield from _in_object(reply.object)
    yield from _in_layouts(reply.csv, reply.object)
    if not is_really(reply.xml, tuple):
        yield f"xml has to be a tuple of elements, not {name_of(reply.xml)}: write ({quote(reply.xml)},)"
    if reply.many is not None:
        yield from _in_list(reply)


def _in_list(reply: Reply) -> Iterator[str]:
    if not _is_class(reply.many, msgspec.Struct) or not reply.many.__struct_fields__:
        yield "many has to be a msgspec.Struct with an attribute for the records"
    yield from _in_class(reply.many)
    if not reply.item:
        yield "a list needs item, the element of a record in fmt=2"


def _called(value: object) -> str:
    return class_name(value) if is_really(value, type) else name_of(value)


def _is_class(value: object, base: type) -> bool:
    return is_really(value, type) and issubclass(value, base)


def _in_texts(declared: Any, *names: str) -> Iterator[str]:
    """Yield which of these attributes are not texts."""
    for name in names:
        if not is_really(getattr(declared, name), str):
            yield f"{name} has to be a str, not {_called(getattr(declared, name))}"


def _in_class(cls: Any) -> Iterator[str]:
    """Yield what is wrong with a struct: its values are given by their places."""
    named = [name for name in cls.__struct_fields__ if name not in cls.__match_args__]
    yield from (f"attribute {name!r} of {class_name(cls)} is keyword-only: leave out kw_only" for name in named)


def _in_object(obj: Any) -> Iterator[str]:
    if not is_really(obj, Object):
        yield f"object has to be an Object, not {_called(obj)}: write Object(Sent, (Field('id', ID),))"
    elif not _is_class(obj.cls, msgspec.Struct):
        yield f"the class of an Object has to be a msgspec.Struct, not {_called(obj.cls)}"
    elif not is_really(obj.members, tuple):
        yield f"the members of an Object have to be a tuple, not {name_of(obj.members)}: write (Field(…),)"
    else:
        for member in obj.members:
            if not any(is_really(member, each) for each in (Field, OpenMap, Other)):
                yield f"a member of an Object is a Field, an OpenMap or Other, not {_called(member)}"
        yield from _in_class(obj.cls)
        yield from _in_members(obj)


def _in_members(obj: Object) -> Iterator[str]:
    cls, name = obj.cls, class_name(obj.cls)
    attributes: tuple[str, ...] = cls.__struct_fields__
    defaults: tuple[Any, ...] = cls.__struct_defaults__
    behind = zip(attributes[len(attributes) - len(defaults) :], defaults)
    lacking = {*attributes} - {attribute for attribute, default in behind if default is not msgspec.NODEFAULT}
    given: set[str] = set()
    for field in obj.fields:
        yield from (f"field {quote(field.name)}: {each}" for each in _in_field(field))
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
    if is_really(rest, OpenMap):
        yield from _in_open_map(rest)
    if is_really(rest, Other) and attributes[-1] != rest.name:
        yield f"{rest.name!r} has to be the last attribute of {name}"
    for each in sorted(lacking - given - {*names}):
        yield f"attribute {each!r} of {name} has no field and no default"
    for order in (order for orders in obj.orders.values() for order in orders):
        yield from (f"the order of fields names {each!r}, which is not a field" for each in order if each not in given)


def _in_field(field: Field) -> Iterator[str]:
    """Yield what is wrong with a field's own name, its keys and what else is a text."""
    yield from _in_texts(field, "name", "absent_in")
    yield from _in_texts(field, *(fmt for fmt in FORMATS if getattr(field, fmt) is not None))


def _in_type(field: Field) -> Iterator[str]:
    type_: Any = field.type
    if is_really(type_, Many):
        yield from (f"field {field.name!r}: {each}" for each in _in_many(type_))
    elif not is_really(type_, Type):
        wanted = "a Type or a Many of smsc_codec.declare, such as ID"
        yield f"field {field.name!r} needs {wanted}, not {_called(type_)}"
    else:
        yield from (f"field {field.name!r}: {each}" for each in _in_values(type_))


def _in_many(many: Many) -> Iterator[str]:
    yield from _in_texts(many, "item", "rule")
    yield from _in_object(many.object)
    yield from _in_layouts(many.csv, many.object)


def _in_values(type_: Type) -> Iterator[str]:
    """Yield what is wrong with the type of a value."""
    yield from _in_texts(type_, "kind", "title")
    if type_.kind not in _KINDS:
        yield f"a Type is of the kind {', '.join(sorted(_KINDS))}, not {type_.kind!r}"
    yield from in_pattern(type_.pattern)
    if type_.kind == "code" and not _is_class(type_.enum, Code):
        yield "a code needs the class of its numbers, a subclass of Code: make its Type with declare.code"


def in_pattern(pattern: Any) -> Iterator[str]:
    """Yield what is wrong with the pattern of a value."""
    if not is_really(pattern, str):
        yield f"a pattern has to be a str, not {_called(pattern)}"
    try:
        found = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        yield f"the pattern {quote(pattern)} is not a regular expression: {error}"
    else:
        # It becomes a part of longer expressions, in which groups are counted.
        if found.groups:
            yield f"the pattern {quote(pattern)} has a group that captures: write (?:…) instead of (…)"
        if found.flags != re.UNICODE:
            yield f"the pattern {quote(pattern)} has flags for the whole of it: write (?i:…) instead of (?i)"


def _in_open_map(member: OpenMap) -> Iterator[str]:
    for name in ("code", "text"):
        type_ = getattr(member, name)
        if not is_really(type_, Type):
            yield f"{name} of an OpenMap has to be a Type, not {_called(type_)}"
        yield from (f"{name} of an OpenMap: {each}" for each in _in_values(type_))


def _in_layouts(layouts: Any, obj: Object) -> Iterator[str]:
    if not is_really(layouts, tuple):
        yield f"csv has to be a tuple of Layout, not {name_of(layouts)}: write (Layout(…),)"
    for layout in layouts:
        if not is_really(layout, Layout):
            yield f"csv has to be a tuple of Layout, and has a {name_of(layout)}: write (Layout(…),)"
        if not is_really(layout.cells, tuple):
            yield f"a Layout has a tuple of cells, not {name_of(layout.cells)}: write Layout(('id',))"
        yield from _in_cells(layout, obj)


def _in_cells(layout: Layout, obj: Object) -> Iterator[str]:
    for cell in layout.cells:
        if not any(is_really(cell, each) for each in _CELLS):
            yield f"a cell of a Layout is the name of a field or one of Const, Maybe, Only, …, not {_called(cell)}"
        yield from _in_texts(cell, "text") if is_really(cell, Const) else ()
        name = name_of_cell(cell)
        if name not in obj.by_name and not is_really(cell, Const):
            yield f"a Layout names {name!r}, which is not a field"
        yield from (
            f"the cell of {name!r}: {each}" for each in (in_pattern(cell.pattern) if is_really(cell, Only) else ())
        )

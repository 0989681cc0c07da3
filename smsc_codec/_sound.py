"""Checks a declaration when its codec is made, so that a mistake in it is named before a reply is read.

Each `_in_…` function yields what is wrong with a part of a declaration. Only the first is reported, so that a check may
rely on those before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ._source import quote
from ._types import class_name, is_really, name_of
from .declare import (
    FORMATS,
    XML_NAME,
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
    Several,
    Signed,
    Type,
    name_of_cell,
)
from .errors import OptionError
from .mapping import FrozenMapping
from .model import Code, ErrorCode, ErrorReply

_KINDS = frozenset({"number", "code", "money", "date", "text"})
_NAMES = "text, csv, xml or json"
_KEYS = {"text": "a key", "csv": "a cell", "xml": "an element", "json": "a member"}
_MAPPING: Any = Mapping
_MEMBERS: Any = (Field, OpenMap, Other)
_is_name = re.compile(XML_NAME).fullmatch
_CELLS: Any = (str, Const, Signed, Rest, Only, Maybe)

_IN_SOURCE = """
    CODE_TABLE CODES Decimal Digits EMPTY KEYS Many Mapping MAX NO_KEYS ORDER Record TEXTS TEXTS_MANY TEXTS_ONE
    WIRE_KEYS are_digits check_keys check_texts class_of codes_in columns_of convert_numbers datetime digits fall_back
    find_reader find_rows find_writer has_escapes is_broken is_code joined key_mark list_head list_start lookup_all
    make_writer match_whole nothing pick read_amounts read_dates read_iso read_numbers rest sorted_out texts_of
    unescape write_amounts write_date write_dates write_money write_numbers
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
    if not endpoint.own:
        yield "the replies are missing: an endpoint has one at least beside the error"
    kinds: list[str] = ["error"]
    classes: list[Any] = [ErrorReply]
    for reply in endpoint.own:
        trouble = next(_in_reply(reply), None)
        if reply.kind in kinds:
            trouble = "another reply has this kind"
        elif trouble is None and any(reply.cls is cls for cls in classes):
            trouble = f"another reply has the class {class_name(reply.cls)}, so that encode cannot tell them apart"
        if trouble is not None:
            yield f"reply {quote(reply.kind)}: {trouble}"
        kinds.append(reply.kind)
        classes.append(reply.cls)
    yield from _in_lists(endpoint.own)


def _in_lists(replies: tuple[Reply, ...]) -> Iterator[str]:
    """Yield which lists could not be told from other replies."""
    for number, reply in enumerate(replies):
        for other in replies[:number]:
            if reply.many and other.many:
                for what in ("item", "member"):
                    name = getattr(reply, what)
                    if name and name == getattr(other, what):
                        yield f"reply {quote(reply.kind)}: {what} {name!r} is that of {other.kind!r} too"
            for one, record in ((reply, other), (other, reply)):
                if record.many and not one.many and one.object is not record.object and record.item in one.xml:
                    yield f"reply {quote(one.kind)}: its element {record.item!r} in xml is a record of {record.kind!r}"


def _in_reply(reply: Reply) -> Iterator[str]:
    yield from _in_texts(reply, "kind", "title", "rule", "constant", "item", "member")
    yield from _in_object(reply.object)
    yield from _in_layouts(reply.csv, reply.object)
    if not is_really(reply.xml, tuple):
        yield f"xml has to be a tuple of elements, not {name_of(reply.xml)}: write ({quote(reply.xml)},)"
    yield from _in_roots(reply)
    yield from _in_unknown(reply)
    if reply.member and (reply.many is None or reply.member in reply.object.names("json")):
        what = "a key of its records too" if reply.many is not None else "that of an array, and this is not a list"
        yield f"member {reply.member!r} is {what}"
    if reply.many is not None:
        yield from _in_list(reply)
    yield from _in_nested(reply.object, within="the record of a list" if reply.many is not None else "")
    yield from _in_record(reply.object, reply.item) if reply.many is not None else _in_flat(reply.object)
    if reply.constant and (reply.many is not None or reply.object.members):
        yield "a constant has neither fields nor records: leave out constant, or many and the members"
    for what in ("rule", "csv"):
        behind = [f.name for f in reply.object.fields if is_really(f.type, Many) and getattr(f.type, what)]
        if len(behind) > 1:
            yield f"fields {behind[0]!r} and {behind[1]!r} have {what}: one list stands in the lines behind the first"


def _in_roots(reply: Reply) -> Iterator[str]:
    if not reply.xml:
        yield "xml has to have an element at least, or None for no root: write ('result',)"
    for root in reply.xml:
        if root is None and (reply.many is not None or reply.constant):
            yield "xml has None, and a list or a constant needs a root"
        if root is not None and not _is_element(root):
            yield f"xml has {quote(root)}, which cannot be the name of an element"


def _in_unknown(reply: Reply) -> Iterator[str]:
    unknown: Any = reply.unknown
    if not is_really(unknown, tuple) or not {*unknown} <= {*FORMATS}:
        yield f"unknown has to be a tuple of the formats {_NAMES}, not {quote(unknown)}"
    if reply.csv and not reply.is_known("csv"):
        yield "csv has layouts, and nobody knows what it looks like with fmt=1: leave out one of them"


def _in_list(reply: Reply) -> Iterator[str]:
    if not _is_class(reply.many, msgspec.Struct) or not reply.many.__struct_fields__:
        yield "many has to be a msgspec.Struct with an attribute for the records"
    yield from _in_class(reply.many)
    if len(reply.many.__struct_fields__) > 1:
        yield f"many has to have one attribute, for the records, and {class_name(reply.many)} has more"
    if not reply.item:
        yield "a list needs item, the element of a record in fmt=2"
    if not _is_element(reply.item):
        yield f"item is {quote(reply.item)}, which cannot be the name of an element"
    if reply.item in reply.xml:
        yield f"item {reply.item!r} is a root in xml too: a list of one record would be read as that record"


def _in_nested(obj: Object, within: str, in_xml: bool = True) -> Iterator[str]:
    """Yield which lists no format but fmt=3 can hold: those *within* another list."""
    for field in obj.fields:
        if not is_really(field.type, Many):
            continue
        where, key = f"field {field.name!r}", field.key("xml")
        if within and (field.type.rule or field.type.csv):
            yield f"{where}: a list in {within} has no lines: leave out rule and csv"
        if key is not None and in_xml:
            if within:
                yield f"{where}: fmt=2 has no place for a list in {within}: give the field xml=None"
            if not _is_element(key):
                yield f"{where}: xml of a list has to be the name of an element, not {quote(key)}"
            if not _is_element(field.type.item):
                yield f"{where}: item has to be the name of an element, not {quote(field.type.item)}, or xml None"
            yield from (f"{where}: {each}" for each in _in_record(field.type.object, field.type.item))
        inside = _in_nested(field.type.object, "another list", in_xml and key is not None)
        yield from (f"{where}: {each}" for each in inside)


def _in_flat(obj: Object) -> Iterator[str]:
    """Yield which fields of a reply that is not a list are not elements."""
    for field in obj.fields:
        key = field.key("xml") or ""
        if key.startswith(("@", ".")):
            yield f"field {field.name!r}: xml is {key!r}, and a reply that is not a list has its fields in elements"


def _in_record(obj: Object, item: str) -> Iterator[str]:
    """Yield which fields of a record cannot be read beside that which is the record's own text."""
    own = [field.name for field in obj.fields if field.key("xml") == "."]
    for field in obj.fields if own else ():
        key = field.key("xml")
        if key is not None and not key.startswith(("@", ".")):
            yield f"field {field.name!r}: beside {own[0]!r}, the text of the element, it has to be an attribute in xml"
        if key == f"@{item}":
            yield f"field {field.name!r}: the key {key!r} is that of the text of <{item}>, which is {own[0]!r}"


def _called(value: object) -> str:
    return class_name(value) if is_really(value, type) else name_of(value)


def _plain_key(fmt: str, key: str | None) -> str | None:
    """Return a key without what says that it is an attribute."""
    return key.removeprefix("@") if fmt == "xml" and key is not None else key


def _is_element(name: object) -> bool:
    return is_really(name, str) and _is_name(name) is not None


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
            if not is_really(member, _MEMBERS):
                yield f"a member of an Object is a Field, an OpenMap or Other, not {_called(member)}"
        if len(obj.members) > len(obj.fields) + 1:
            yield "an Object has one OpenMap or Other at most"
        yield from _in_class(obj.cls)
        yield from _in_members(obj)
        yield from _in_keys(obj)
        yield from _in_orders(obj)
        yield from _in_also(obj)


def _in_members(obj: Object) -> Iterator[str]:
    cls, name = obj.cls, class_name(obj.cls)
    attributes: tuple[str, ...] = cls.__struct_fields__
    defaults: tuple[Any, ...] = cls.__struct_defaults__
    filled = zip(attributes[len(attributes) - len(defaults) :], defaults)
    default_of = {attribute: default for attribute, default in filled if default is not msgspec.NODEFAULT}
    lacking = {*attributes} - default_of.keys()
    given: set[str] = set()
    for field in obj.fields:
        yield from (f"field {quote(field.name)}: {each}" for each in _in_field(field))
        if field.name in given:
            yield f"field {field.name!r} is declared twice"
        given.add(field.name)
        if field.name not in attributes:
            yield f"field {field.name!r} is not an attribute of {name}"
        if field.name in RESERVED:
            yield f"field {field.name!r} has a name that compiled functions use: give the attribute another one"
        yield from _in_type(field)
        if field.optional or field.absent_in:
            if field.name in lacking:
                yield f"field {field.name!r} may be missing, and has no default in {name}"
            yield from _in_default(field, default_of[field.name], name)
    rest = obj.open
    names = () if rest is None else (rest.name,) if isinstance(rest, Other) else (rest.codes, rest.texts)
    for each in names:
        if each not in default_of:
            yield f"{name} needs an attribute {each!r} with the default FrozenMapping() for open keys"
    if is_really(rest, OpenMap):
        yield from _in_open_map(rest)
    if is_really(rest, Other) and attributes[-1] != rest.name:
        yield f"{rest.name!r} has to be the last attribute of {name}"
    for each in names:
        if not is_really(default_of[each], FrozenMapping) or default_of[each]:
            yield f"the default of {each!r} in {name} has to be FrozenMapping(), not {quote(default_of[each])}"
    for each in sorted(lacking - given - {*names}):
        yield f"attribute {each!r} of {name} has no field and no default"


def _in_default(field: Field, default: Any, name: str) -> Iterator[str]:
    """Yield what is wrong with the default of a field that may be missing."""
    if is_really(field.type, Many) or is_really(field.type, Several):
        if not is_really(default, tuple) or default:
            yield f"field {field.name!r} may be missing: its default in {name} has to be (), not {quote(default)}"
    elif default is not None:
        yield f"field {field.name!r} may be missing: its default in {name} has to be None, not {quote(default)}"


def _in_keys(obj: Object) -> Iterator[str]:
    """Yield which fields cannot be told apart, or written, by their keys."""
    for fmt in FORMATS:
        names: dict[str, str] = {}
        for field in obj.fields:
            key = field.key(fmt)
            plain = _plain_key(fmt, key)
            if key is None or plain is None:
                continue
            if not plain or (fmt == "xml" and key != "." and not _is_element(plain)):
                wanted = ", an attribute or '.'" if fmt == "xml" else "; None says that the format has no place for it"
                yield f"field {field.name!r}: {fmt} has to be the name of {_KEYS[fmt]}{wanted}, not {quote(key)}"
            if plain in names:
                yield f"fields {names[plain]!r} and {field.name!r} have the same key {quote(key)} in {fmt}"
            names[plain] = field.name


def _in_orders(obj: Object) -> Iterator[str]:
    yield from _in_formats("orders", obj.orders)
    for fmt, orders in obj.orders.items():
        if not is_really(orders, tuple) or not all(is_really(order, tuple) for order in orders):
            yield f"orders[{fmt!r}] has to be a tuple of tuples of fields, not {quote(orders)}: write (('id',),)"
        for order in orders:
            for each in order:
                if each not in obj.by_name:
                    yield f"the order of fields names {quote(each)}, which is not a field"
                if order.count(each) > 1:
                    yield f"the order of fields names {quote(each)} twice"


def _in_also(obj: Object) -> Iterator[str]:
    yield from _in_formats("also", obj.also)
    for fmt, also in obj.also.items():
        if not is_really(also, _MAPPING):
            yield f"also[{fmt!r}] has to be a mapping of keys to fields, not {name_of(also)}: write {{'ident': 'id'}}"
        taken = {_plain_key(fmt, field.key(fmt)): field.name for field in obj.fields}
        for key, name in also.items():
            if name not in obj.by_name:
                yield f"also[{fmt!r}] names {quote(name)}, which is not a field"
            if taken.get(key, name) != name:
                yield f"also[{fmt!r}] has the key {quote(key)}, which is that of the field {taken[key]!r}"


def _in_formats(name: str, declared: Any) -> Iterator[str]:
    """Yield what is wrong with a mapping of formats."""
    if not is_really(declared, _MAPPING):
        yield f"{name} has to be a mapping of formats, not {name_of(declared)}"
    for fmt in declared:
        if fmt not in FORMATS:
            yield f"{name} has {quote(fmt)}, which is not a format: {_NAMES}"


def _in_field(field: Field) -> Iterator[str]:
    """Yield what is wrong with a field's own name, its keys and what else is a text."""
    yield from _in_texts(field, "name", "absent_in")
    yield from _in_texts(field, *(fmt for fmt in FORMATS if getattr(field, fmt) is not None))
    if field.absent_in and field.absent_in not in FORMATS:
        yield f"absent_in is {quote(field.absent_in)}, which is not a format: {_NAMES}"


def _in_type(field: Field) -> Iterator[str]:
    type_: Any = field.type
    if is_really(type_, Many):
        yield from (f"field {field.name!r}: {each}" for each in _in_many(type_))
    elif is_really(type_, Several):
        if (field.text, field.csv, field.xml) != (None, None, None):
            yield f"field {field.name!r}: fmt=3 alone has a list of texts: text, csv and xml are None"
        if not is_really(type_.type, Type):
            yield f"field {field.name!r}: a Several is of a Type of smsc_codec.declare, not {quote(type_.type)}"
        yield from (f"field {field.name!r}: {each}" for each in _in_values(type_.type))
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
        groups, flags = re.compile(pattern).groups, re.compile(pattern).flags
    except (re.error, OverflowError, RecursionError) as error:
        yield f"the pattern {quote(pattern)} is not a regular expression: {error}"
    else:
        # It becomes a part of longer expressions, in which groups are counted.
        if groups:
            yield f"the pattern {quote(pattern)} has a group that captures: write (?:…) instead of (…)"
        if flags != re.UNICODE:
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
    needed = [each.name for each in obj.fields if is_really(each.type, Type) and not each.may_lack("csv")]
    for layout in layouts:
        if not is_really(layout, Layout):
            yield f"csv has to be a tuple of Layout, and has a {name_of(layout)}: write (Layout(…),)"
        if not is_really(layout.cells, tuple):
            yield f"a Layout has a tuple of cells, not {name_of(layout.cells)}: write Layout(('id',))"
        yield from _in_cells(layout, obj, needed)


def _in_cells(layout: Layout, obj: Object, needed: list[str]) -> Iterator[str]:
    """Yield what is wrong with the cells of a layout, which has to name the *needed* fields."""
    names: list[str] = []
    for cell in layout.cells:
        if not is_really(cell, _CELLS):
            yield f"a cell of a Layout is the name of a field or one of Const, Maybe, Only, …, not {_called(cell)}"
        if is_really(cell, Const):
            yield from _in_texts(cell, "text")
            continue
        name = name_of_cell(cell)
        if name not in obj.by_name:
            yield f"a Layout names {name!r}, which is not a field"
        yield from _in_cell(cell, obj.by_name[name])
        if name in names:
            yield f"a Layout names {name!r} twice"
        names.append(name)
    if len([cell for cell in layout.cells if is_really(cell, Rest)]) > 1:
        yield "a Layout has one Rest at most"
    for name in needed:
        if name not in layout.required:
            yield f"a Layout lacks the field {name!r}, which every reply has: name it, or make it optional"


def _in_cell(cell: Any, field: Field) -> Iterator[str]:
    """Yield what is wrong with a cell of this field."""
    if not is_really(field.type, Type):
        yield f"a Layout names {field.name!r}, which is a list: its lines follow the first"
    elif is_really(cell, Rest) and field.type.kind != "text":
        yield f"a Rest takes commas, and {field.name!r} is not a text"
    if field.csv is None:
        yield f"a Layout names {field.name!r}, which has csv=None"
    if is_really(cell, Only):
        yield from (f"the cell of {field.name!r}: {each}" for each in in_pattern(cell.pattern))

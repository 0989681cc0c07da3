"""Normalized JSON: one form for a reply whatever format it came in, the same that the command line prints.

    {"kind":"senders","senders":[{"name":"SMSC.RU","id":5,"status":1,
      "operators":{"mega_step":2},"replacements":{"mega_step":"INFO"}}]}
    {"kind":"sent","id":279,"parts":1,"cost":"1.40"}
    {"kind":"success"}
    {"kind":"error","endpoint":"send","code":7,"description":"invalid number","id":541}

A key is absent where the value is. Each kind is one class. `endpoint` stands where several endpoints have that class;
without it, it is the one of `senders.php`.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import orjson

from ._careful import checked_list, format_value, parser, plain_items
from ._public import public
from ._source import BOM, bytes_of, from_utf16, is_utf16, quote
from ._types import is_really, kind_of, name_of
from .declare import TEXT, Endpoint, Many, Object, OpenMap, Several, Type
from .declare import Reply as Declared
from .door import name_of_endpoint
from .endpoints import CLASSES, DEFAULT, ENDPOINTS, codec_of, first_of, having, loaded
from .errors import DecodeError, EncodeError, OptionError, unreadable
from .limits import Limits
from .mapping import FrozenMapping
from .model import ErrorReply, Reply

# What a number is here, whether or not fmt=3 has quotes around it.
_NUMBERS = ("number", "code")
_NOT_SAID = object()
# The normalized form has no bounds.
_UNBOUNDED = Limits(text=2**62, items=2**62)


@public
def to_json(reply: Reply, /, *, endpoint: str | None = None) -> bytes:
    """Return the reply as normalized JSON on one line.

    *endpoint* is the endpoint of the reply, such as `"send"`. It is needed if several endpoints share the reply's
    class; an error that was decoded knows its endpoint by the class of its code. Raise `EncodeError` if *reply* is not
    a reply, and `OptionError` for an unknown endpoint.
    """
    name = _endpoint_of(reply) if endpoint is None else name_of_endpoint(endpoint)
    return written(codec_of(name).endpoint, reply, "" if name == DEFAULT else name)


@public
def to_dict(reply: Reply, /, *, endpoint: str | None = None) -> dict[str, Any]:
    """Return what `to_json` writes as plain Python objects: dictionaries, lists, strings and integers.

    The parameters and exceptions are those of `to_json`.
    """
    plain: dict[str, Any] = orjson.loads(to_json(reply, endpoint=endpoint))
    return plain


def _endpoint_of(reply: Any) -> str:
    """Return the first endpoint that has the class of a reply, of an error that which has its number."""
    cls = type(reply.code) if type(reply) is ErrorReply else type(reply)
    codecs = ((name, codec_of(name)) for name in having([cls]))
    found = (name for name, codec in codecs if codec.endpoint.errors is cls or id(cls) in codec._replies)
    return next(found, DEFAULT)


def written(endpoint: Endpoint[Any], reply: Any, name: str = "") -> bytes:
    """Return what `to_json` does, of a reply of an endpoint; its *name* is said if others have the class too."""
    form = endpoint.reply_of(type(reply))
    if form is None:
        names = ", ".join(each.cls.__name__ for each in endpoint.replies)
        raise EncodeError(f"expected a reply of {endpoint.name} ({names}), found {kind_of(reply)}")
    try:
        if not form.many:
            plain = _plain(form.object, reply, "")
        else:
            items = enumerate(getattr(reply, form.attribute))
            where = form.attribute
            plain = {where: [_plain(form.object, item, f"{where}[{number}]") for number, item in items]}
        said = {"endpoint": name} if name and is_shared(form) else {}
        return orjson.dumps({"kind": form.kind, **said, **plain})
    except EncodeError:
        raise
    except Exception as error:
        raise unreadable(error) from error


def is_shared(reply: Declared) -> bool:
    """Return whether the class of a kind of replies is not that of one endpoint alone."""
    return reply.cls.__name__ not in CLASSES


@public
def from_json(data: bytes | str) -> Reply:
    """Return the reply that normalized JSON describes.

    It may begin with a byte order mark, and may be UTF-16 if it does: some shells write that.

    Raise `DecodeError` if it is not the normalized JSON of a reply, and `OptionError` if *data* is neither bytes nor a
    string.
    """
    return from_json_of(data)[0]


def from_json_of(data: bytes | str, endpoint: str = DEFAULT) -> tuple[Reply, str]:
    """Return what `from_json` does, and the endpoint of the reply: *endpoint* if several have it and none is said."""
    value = _loaded(data)
    kind, said = value.pop("kind", _NOT_SAID), value.pop("endpoint", _NOT_SAID)
    name = _endpoint_in(kind, said, endpoint)
    return _made(codec_of(name).endpoint, kind, value), name


def read(endpoint: Endpoint[Any], data: bytes | str) -> Any:
    """Return what `from_json` does, of a reply of an endpoint."""
    value = _loaded(data)
    return _made(endpoint, value.pop("kind", _NOT_SAID), value)


def _endpoint_in(kind: object, said: object, endpoint: str) -> str:
    """Return the endpoint that has a kind of replies. Raise `DecodeError` if none has it, or the one *said* has not.

    If several have it, and it is not said which, *endpoint* is meant.
    """
    named = said if isinstance(said, str) and said in ENDPOINTS else None
    if named is None and said is not _NOT_SAID:
        raise _unexpected(f"expected one of {', '.join(ENDPOINTS)}", said, "endpoint")
    # Those that have been used are asked first: the modules of others need not be loaded then.
    names = [named] if named else [*dict.fromkeys([endpoint, *loaded(), *ENDPOINTS])]
    kinds: list[str] = []
    for name in names:
        found = {reply.kind: reply for reply in codec_of(name).endpoint.replies if not named or is_shared(reply)}
        if isinstance(kind, str) and kind in found:
            return name if named or name == endpoint else first_of(found[kind].cls, name)
        kinds += found
    raise _unexpected(f"expected one of {', '.join(dict.fromkeys(kinds))}", kind, "kind")


def _made(endpoint: Endpoint[Any], kind: object, rest: dict[str, Any]) -> Any:
    """Return the reply of a kind with these members."""
    form = next((reply for reply in endpoint.replies if reply.kind == kind), None)
    if form is None:
        raise _unexpected(f"expected one of {', '.join(reply.kind for reply in endpoint.replies)}", kind, "kind")
    if not form.many:
        return _built(form.object, rest, "")
    items = rest.pop(form.attribute, _NOT_SAID)
    if not isinstance(items, list):
        raise _unexpected(f"expected the array {form.attribute} and no other member", items, form.attribute)
    _check_no_more(rest, "")
    built = (_built(form.object, item, f"{form.attribute}[{number}]") for number, item in enumerate(items))
    return form.cls(tuple(built))


def _loaded(data: bytes | str) -> dict[str, Any]:
    """Return the members of an object in JSON."""
    given = str.__str__(data) if is_really(data, str) else bytes_of(data)
    if given is None:
        raise OptionError(f"normalized JSON has to be bytes or a string, not {name_of(data)}")
    given, start, wide = unmarked(given)
    broken: DecodeError | None = None
    try:
        value = orjson.loads(given)
    except orjson.JSONDecodeError as error:
        broken = DecodeError(
            f"expected normalized JSON ({error.msg})",
            code="malformed",
            offset=start + _offset(error.doc[: error.pos], given, wide),
            line=error.lineno,
            column=error.colno,
        )
    if broken is not None:
        raise broken  # not from orjson's error, which holds the whole text
    if not isinstance(value, dict):
        raise _unexpected("expected an object", value, "")
    _check_once(given if isinstance(given, str) else given.decode())
    return value


def _check_once(text: str) -> None:
    """Raise `DecodeError` about a member that is given twice: one of its values would be lost."""
    twice = None
    try:
        with suppress(RecursionError):  # nothing that is so deep is a reply
            _find_twice(text)
    except _TwiceError as found:
        twice = quote(found.args[0])
    if twice is not None:
        raise DecodeError(f"expected each member once, found {twice} twice", code="value")


class _TwiceError(Exception):
    """The key that is given twice."""


def _once(pairs: list[tuple[str, Any]]) -> None:
    keys: set[str] = set()
    for key, _ in pairs:
        if key in keys:
            raise _TwiceError(key)
        keys.add(key)


_find_twice = json.JSONDecoder(object_pairs_hook=_once, parse_int=str, parse_float=str).decode


def unmarked(data: bytes | str) -> tuple[bytes | str, int, bool]:
    """Return a text without its byte order mark, the length of that, and whether it was UTF-16. Raise `DecodeError`."""
    if isinstance(data, str):
        return data.removeprefix("\ufeff"), int(data.startswith("\ufeff")), False
    if not is_utf16(data):
        return data.removeprefix(BOM), len(BOM) * data.startswith(BOM), False
    try:
        return from_utf16(data), 2, True
    except UnicodeDecodeError as error:
        at = 2 + error.start
    raise DecodeError("expected normalized JSON, found broken UTF-16", code="charset", offset=at)


def _offset(before: str, given: bytes | str, wide: bool) -> int:
    """Return how much of a text in its own units stands *before* a place."""
    if wide:
        return len(before.encode("utf-16-le"))
    return len(before) if isinstance(given, str) else len(before.encode())


def _plain(record: Object, value: Any, path: str) -> dict[str, Any]:
    if type(value) is not record.cls:
        raise EncodeError(f"expected a {record.cls.__name__}, found {name_of(value)}", path=path)
    plain: dict[str, Any] = {}
    order = record.cls.__struct_fields__
    for field in sorted(record.fields, key=lambda field: order.index(field.name)):
        item, where = getattr(value, field.name), _join(path, field.name)
        if isinstance(field.type, Several):
            texts = checked_list(item, where, _UNBOUNDED)
            if texts:
                plain[field.name] = [
                    _scalar(field.type.type, each, f"{where}[{place}]") for place, each in enumerate(texts)
                ]
        elif isinstance(field.type, Many):
            objects = checked_list(item, where, _UNBOUNDED)
            if objects:
                inner = field.type.object
                plain[field.name] = [_plain(inner, each, f"{where}[{place}]") for place, each in enumerate(objects)]
        elif item is not None or not (field.optional or field.absent_in):
            plain[field.name] = _scalar(field.type, item, where)
    for attribute, type_ in _open_types(record):
        where = _join(path, attribute)
        items = plain_items(getattr(value, attribute), where)
        if items:
            plain[attribute] = {
                format_value(TEXT, key, where, _UNBOUNDED): _scalar(type_, item, f"{where}.{key}")
                for key, item in items.items()
            }
    return plain


def _open_types(obj: Object) -> list[tuple[str, Type]]:
    """Return the attributes that hold open keys, and what a value in each is."""
    rest = obj.open
    if rest is None:
        return []
    return [(rest.codes, rest.code), (rest.texts, rest.text)] if isinstance(rest, OpenMap) else [(rest.name, TEXT)]


def _scalar(type_: Any, value: Any, path: str) -> int | str:
    text = format_value(type_, value, path, _UNBOUNDED)
    return int(text) if type_.kind in _NUMBERS else text


def _built(record: Object, value: Any, path: str) -> Any:
    if not isinstance(value, dict):
        raise _unexpected("expected an object", value, path)
    rest = dict(value)
    arguments: dict[str, Any] = {}
    for field in record.fields:
        if field.name in rest:
            arguments[field.name] = _parsed(field.type, rest.pop(field.name), _join(path, field.name))
        elif not (field.optional or field.absent_in):
            raise DecodeError(f"missing member {field.name!r}", code="value", path=path)
    for attribute, type_ in _open_types(record):
        items = rest.pop(attribute, {})
        if not isinstance(items, dict):
            raise _unexpected("expected an object", items, _join(path, attribute))
        where = _join(path, attribute)
        arguments[attribute] = FrozenMapping.of(
            (key, _parsed(type_, item, f"{where}.{key}")) for key, item in items.items()
        )
    _check_no_more(rest, path)
    return record.cls(**arguments)


def _check_no_more(rest: dict[str, Any], path: str) -> None:
    """Raise `DecodeError` about a member that is left."""
    for key in rest:
        raise DecodeError(f"expected no member {quote(key)}", code="value", path=path)


def _parsed(type_: Any, value: Any, path: str) -> Any:
    if isinstance(type_, (Many, Several)):
        if not isinstance(value, list):
            raise _unexpected("expected an array", value, path)
        if isinstance(type_, Several):
            return tuple(_parsed(type_.type, item, f"{path}[{number}]") for number, item in enumerate(value))
        return tuple(_built(type_.object, item, f"{path}[{number}]") for number, item in enumerate(value))
    right = isinstance(value, int) and not isinstance(value, bool) if type_.kind in _NUMBERS else isinstance(value, str)
    parse, is_value = parser(type_)
    if right and is_value(str(value)):
        with suppress(ValueError):  # a date that no calendar has
            return parse(str(value))
    raise _unexpected(f"expected {type_.title}", value, path)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _unexpected(expected: str, found: object, path: str) -> DecodeError:
    if found is _NOT_SAID:
        return DecodeError(f"missing member {path!r}, {expected}", code="value", path=path)
    return DecodeError(f"{expected}, found {_words_of(found)}", code="value", path=path)


def _words_of(value: object) -> str:
    """Return what errors call a value of JSON."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, str):
        return quote(value)
    return (
        f"the number {value!r}"
        if isinstance(value, (int, float))
        else "an array"
        if isinstance(value, list)
        else "an object"
    )

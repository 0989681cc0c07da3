"""fmt=3: objects with one member a line. Read by orjson, lists by `_json_objects`; written in the server's layout."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import msgspec
import orjson

from .._forms import Const, Endpoint, Flat, Form, Listing
from .._lists import ListMaker, written
from .._records import Field, Pair
from .._runs import Codes, Rows, Run, escape, places_of, put_back, weave
from .._source import Source
from .._values import Unusual
from ..limits import Limits
from ..report import Severity
from .json_objects import ObjectReader, has_minus_zero, no_key_twice
from .json_tokens import Node, Tokens
from .lines import MAX_NEW_SHAPES


class JsonFormat:
    """Reads and writes an endpoint's replies in fmt=3."""

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        self._endpoint = endpoint
        self._listing = next((form for form in endpoint.forms if isinstance(form, Listing)), None)
        self._objects = ObjectReader(self._listing)

    # Reading

    def fast(self, body: bytes, limits: Limits) -> Any:
        """The reply, or `None` if `read` has to judge: an error, a finding, a rare form."""
        form = self._listing
        if form is None or body[:1] != b"[" or limits.depth < _DEPTH:
            return None
        records: list[Any] = []
        maker = ListMaker(form)
        budget = iter(range(MAX_NEW_SHAPES))
        try:
            for piece in _pieces(body):
                records += self._read_array(piece, maker, limits, budget)
                if len(records) > limits.items:
                    return None
        except (Unusual, ValueError, KeyError, TypeError):
            return None  # Broken, or a value that a record cannot have.
        return maker.reply(records)

    def read(self, source: Source, expect: tuple[Any, ...]) -> Any:
        """The reply; forms of *expect* are tried before others."""
        text = source.text
        try:
            orjson.loads(text)
        except orjson.JSONDecodeError as error:
            self._fail(source, error)
        return self._read_text(source, expect)

    def _fail(self, source: Source, error: orjson.JSONDecodeError) -> None:
        said = error.msg
        # It stops behind the bracket that is one too many.
        if "limit" in said:
            Tokens(source).check_depth(error.pos)
            source.fail(f"expected values at most {_DEEPEST} deep", error.pos - 1, code="limit")
        # Of many open brackets orjson says that it failed to allocate memory, which is not so.
        why = f" ({said})"
        if "memory" in said:
            Tokens(source).check_depth(error.pos)
            why = ""
        source.fail(f"expected a reply in JSON, found {source.found(error.pos)}{why}", error.pos)

    def _read_array(self, array: bytes, maker: ListMaker, limits: Limits, budget: Iterator[int]) -> list[Any]:
        """The records of a list without position or finding; `Unusual` if there may be cause for one."""
        try:
            keys, objects = self._objects.read(array, budget)
        except (Unusual, ValueError, msgspec.MsgspecError):
            return self._read_objects(orjson.loads(array), maker, array, limits)
        return self._alike(keys, objects, maker, limits, limits.text if len(array) > limits.text else None)

    def _read_objects(self, array: list[Any], maker: ListMaker, body: bytes, limits: Limits) -> list[Any]:
        """The same where objects have different keys, or others than the documented ones."""
        if not array:
            raise Unusual
        longest = limits.text if len(body) > limits.text else None
        keys = list(array[0])
        lengths = list(map(len, array))
        try:
            # Documented keys are put into order anyway; whether all are there is seen when they are looked up.
            if lengths.count(len(keys)) != len(array) or not maker.form.json.ranks.keys() >= set(keys):
                raise KeyError
            records = self._alike(keys, _Members(array, dict(zip(keys, keys))), maker, limits, longest)
            firsts = [array[0]]
        except KeyError:
            kinds = places_of(map(tuple, array))
            of_kinds = [[array[place] for place in places] for places in kinds.values()]
            tables = [(keys, _Members(rows, dict(zip(keys, keys)))) for keys, rows in zip(kinds, of_kinds)]
            made = [self._alike(keys, table, maker, limits, longest) for keys, table in tables]
            records = put_back(kinds.values(), made)
            firsts = [rows[0] for rows in of_kinds]
        texts = (text for row in array for member in row.items() for text in member if text.__class__ is str)
        if not no_key_twice(body, sum(lengths), texts):
            raise Unusual
        bare = any(int in map(type, row.values()) for row in firsts)
        if bare and has_minus_zero(body):
            raise Unusual
        return records

    def _alike(
        self, keys: Sequence[str], table: Rows, maker: ListMaker, limits: Limits, longest: int | None
    ) -> list[Any]:
        """The records of objects with the same keys."""
        if len(keys) > limits.fields:
            raise Unusual
        order = maker.form.json
        maker.note(keys, order.names)
        return maker.form.record.many(keys, table, order.names, order.arrange, longest)

    def _read_text(self, source: Source, expect: tuple[Any, ...]) -> Any:
        tokens = Tokens(source)
        token = tokens.next()
        forms = sorted(self._endpoint.forms, key=lambda form: form.cls not in expect)
        if token.mark == "[" and self._listing is not None:
            tokens.enter(token)
            return self._listing.cls(tuple(self._records(self._listing, tokens.items(), source)))
        node = tokens.node(token)
        most = source.limits.fields
        if len(node.members) > most:
            source.fail(f"expected at most {most} fields", node.members[most].value.at, code="limit")
        for form in forms:
            if isinstance(form, Flat):
                pairs = _match_flat(form, node, source)
                if pairs is not None:
                    return form.record.build(pairs, _names(form), source, "", node.at)
            elif form.json.head[0][0] in _keys(node) and [member.value.kind for member in node.members] != ["number"]:
                # A single object where an array of one is meant is read as one; a number alone is an id.
                return form.cls(tuple(self._records(form, [node], source)))
        found = node.words(source)
        if node.kind == "object":
            keys = ", ".join(source.shown(member.key) for member in node.members[:5])
            found = f"an object with {keys}" if keys else "an empty object"
        return source.fail(f"expected {self._endpoint.expected()} in JSON, found {found}", node.at)

    def _records(self, form: Listing, nodes: Iterable[Node], source: Source) -> Iterator[Any]:
        names = form.json.names
        types = form.record.by_name
        for number, item in enumerate(nodes):
            path = f"{form.attribute}[{number}]"
            if number >= source.limits.items:
                source.fail(f"expected at most {source.limits.items} names", item.at, code="limit")
            if item.kind != "object":
                source.fail(f"expected an object, found {item.words(source)}", item.at, path)
            pairs = []
            for key, value in item.members:
                name = names.get(key)
                pairs.append(
                    Pair(key, _spelled(types.get(name or ""), value, source, f"{path}.{name or key}"), value.at)
                )
            yield form.record.build(pairs, names, source, path, item.at, form.json.arrange)

    # Writing

    def write(self, reply: Any, form: Form, limits: Limits) -> str:
        """The canonical text, or `EncodeError`."""
        if isinstance(form, Listing):
            values = getattr(reply, form.attribute)
            try:
                # Each object is written with the end of the one before it.
                text = "".join(written(form, reply, form.json, limits, partial(_woven, form), _BETWEEN))
                return f"[{text[len(_BETWEEN) - 2 :]}}}]" if text else "[]"
            except Unusual:
                pass
            objects = [_object(self._members(form, value, number, limits)) for number, value in enumerate(values)]
            return "[" + ",\n".join(objects) + "]"
        types = form.record.by_name
        members = []
        for key, name in form.json:
            if isinstance(name, Const):
                members.append((key, _quoted(name.text)))
                continue
            value = getattr(reply, name)
            if value is not None or not types[name].optional:
                text = types[name].type.spell(value, name, limits)
                members.append((key, text if types[name].type.number else _quoted(text)))
        return _object(members)

    def _members(self, form: Listing, value: Any, number: int, limits: Limits) -> list[tuple[str, str]]:
        fields = form.record.spell(value, form.json, f"{form.attribute}[{number}]", limits, unique=True)
        names = form.json.names
        types = form.record.types
        # [doc] With operators every value is quoted, the id too; without them numbers stand bare.
        quoted = any(key not in names for key, _ in fields)
        return [(key, _quoted(text) if quoted or not types[names[key]].number else text) for key, text in fields]


def _woven(form: Listing, given: Sequence[Run | Codes]) -> str:
    """The objects of records with the same fields, each behind the end of the one before it."""
    runs = [escape(run, _SPECIAL, lambda text: _quoted(text)[1:-1]) for run in given]
    # [doc] With operators every value is quoted, the id too; without them numbers stand bare.
    quoted = any(run.key not in form.json.names for run in runs)
    parts: list[str | Sequence[str]] = []
    before = _BETWEEN
    for run in runs:
        mark = "" if run.number and not quoted else '"'
        parts += run.behind(f"{before}{_quoted(run.key)}: {mark}")
        before = f"{mark},\n"
    parts.append(f"{mark}\n")
    return weave(parts, len(runs[0].column))


def _object(members: list[tuple[str, str]]) -> str:
    lines = ",\n".join(f"{_quoted(key)}: {text}" for key, text in members)
    return f"{{\n{lines}\n}}"


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


class _Members(Rows):
    """Rows of objects, which can hold anything."""

    def column(self, key: str) -> list[Any]:
        """The values of a key: all of them texts, or none."""
        column = super().column(key)
        if column[0].__class__ is str:
            "".join(column)  # raises `TypeError` for anything else
        elif column[0].__class__ is not int:
            raise Unusual
        return column


def _pieces(body: bytes) -> Iterator[bytes]:
    """The array in pieces, each an array itself, so that what is made of it first needs no memory.

    Strings have no line ends in them, so that where the canonical layout has one an object ends. Arrays
    that are put together again are the same array, if each of them is one.
    """
    start = 1
    while (cut := body.find(_CUT, start + _PIECE)) >= 0:
        yield b"[" + body[start : cut + 1] + b"]"
        start = cut + 2
    yield b"[" + body[start:] if start > 1 else body


def _keys(node: Node) -> set[str]:
    return {member.key for member in node.members}


def _names(form: Flat) -> dict[str, str]:
    return {key: name for key, name in form.json if not isinstance(name, Const)}


def _match_flat(form: Flat, node: Node, source: Source) -> list[Pair] | None:
    if node.kind != "object":
        return None
    names = dict(form.json)
    types = form.record.by_name
    pairs = []
    others = []
    constants: set[str] = set()
    for key, value in node.members:
        name = names.get(key)
        if isinstance(name, Const):
            if value.kind != "string" or value.text != name.text:
                return None
            if key in constants:
                message = f"the field {source.shown(key)} is given twice; the last value is kept"
                source.note(Severity.WARNING, "duplicate-key", message, value.at, key)
            constants.add(key)
        elif name is not None:
            # A new name's id has the key of a name in a list: only a number is an id.
            if len(names) == 1 and not (
                value.kind in ("string", "number") and types[name].type.pattern.fullmatch(value.text)
            ):
                return None
            pairs.append(Pair(key, _spelled(types[name], value, source, name), value.at))
        elif not form.more:
            return None
        else:
            others.append((key, value.at))
    given = _keys(node)
    for key, name in names.items():
        if key not in given and (isinstance(name, Const) or not types[name].optional):
            return None
    for key, index in others:
        message = f"the member {source.shown(key)} is not known, and not kept"
        source.note(Severity.WARNING, "unknown-key", message, index, key)
    return pairs


def _spelled(field: Field | None, value: Node, source: Source, path: str) -> str:
    """The spelling of a member's value: a string, or a bare whole number where a number can stand."""
    if value.kind == "string" or (
        # A whole number: there are no other digits in JSON.
        value.kind == "number" and value.text.isdigit() and (field is None or field.type.number)
    ):
        return value.text
    wanted = field.type.words if field is not None else "a code or a name"
    return source.fail(f"expected {wanted}, found {value.words(source)}", value.at, path, code="value")


# Between two objects of a list.
_BETWEEN = "},\n{\n"
_CUT = _BETWEEN.encode()
_PIECE = 256 * 1024
_SPECIAL = re.compile('["\\\\\x00-\x1f]')

_DEEPEST = 1024
"""Containers inside each other that orjson reads."""

_DEPTH = 2
"""Containers inside each other in a list."""

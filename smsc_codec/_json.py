"""fmt=3: objects with one member a line. Read by orjson, written by hand in the server's own layout."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import orjson

from ._forms import Const, Endpoint, Flat, Form, Listing
from ._limits import Limits
from ._records import Field, Pair
from ._report import Severity
from ._runs import escape, weave
from ._source import Source, shown
from ._values import Unusual


class Node(NamedTuple):
    """A JSON value and where it stands: a list of nodes, a list of (key, index, node), a scalar."""

    kind: str
    value: Any
    at: int

    @property
    def words(self) -> str:
        """What errors call it."""
        if self.kind in ("array", "object"):
            return f"an {self.kind}"
        return shown(self.value) if self.kind == "string" else str(self.value)


class JsonFormat:
    """Reads and writes an endpoint's replies in fmt=3."""

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        self._endpoint = endpoint
        self._listing = next((form for form in endpoint.forms if isinstance(form, Listing)), None)

    # Reading

    def fast(self, body: bytes, limits: Limits) -> Any:
        """The reply, or `None` if `read` has to judge: an error, a finding, a rare form."""
        try:
            value = orjson.loads(body)
            if type(value) is list and self._listing is not None:
                return self._listing.cls(tuple(self._read_array(value, self._listing, body, limits)))
        except (orjson.JSONDecodeError, Unusual):
            pass
        return None

    def read(self, source: Source, collect: bool, expect: tuple[Any, ...]) -> Any:
        """The reply; *collect* if findings are wanted, forms of *expect* are tried before others."""
        text = source.text
        try:
            orjson.loads(text)
        except orjson.JSONDecodeError as error:
            self._fail(source, error)
        return self._read_nodes(_nodes(source), source, expect)

    def _fail(self, source: Source, error: orjson.JSONDecodeError) -> None:
        said = error.msg.partition(": line")[0]
        source.fail(f"expected a reply in JSON, found {source.found(error.pos)} ({said})", error.pos)

    def _read_array(self, array: list[Any], form: Listing, body: bytes, limits: Limits) -> list[Any]:
        """The records of a list without position or finding; `Unusual` if there may be cause for one."""
        if not array or len(array) > limits.names:
            raise Unusual
        longest = limits.text if len(body) > limits.text else None
        records: list[Any] = []
        members = colons = 0
        for keys, rows in _runs(array):
            if not keys or len(keys) > limits.attributes:
                raise Unusual
            columns: list[Sequence[Any]] = []
            for key, column in zip(keys, zip(*map(dict.values, rows))):
                kinds = set(map(type, column))
                type_ = form.record.types.get(form.json.names.get(key, ""))
                if kinds == {int} and (type_ is None or type_.number):
                    columns.append(column if type_ is not None else list(map(str, column)))
                elif kinds == {str}:
                    columns.append(column)
                    if type_ is None or not type_.number:
                        colons += "".join(column).count(":")
                else:
                    raise Unusual
            records += form.record.columns(keys, columns, form.json.names, longest)
            members += len(keys) * len(rows)
            colons += "".join(keys).count(":") * len(rows)
        # Of two members with the same key orjson keeps the last. Every member has a colon, so fewer members
        # than colons outside strings are keys given twice; an escaped colon would hide one.
        if body.count(b":") != members + colons or b"\\u003" in body:
            raise Unusual
        return records

    def _read_nodes(self, node: Node, source: Source, expect: tuple[Any, ...]) -> Any:
        forms = sorted(self._endpoint.forms, key=lambda form: form.cls not in expect)
        for form in forms:
            if isinstance(form, Flat):
                pairs = _match_flat(form, node, source)
                if pairs is not None:
                    return form.record.build(pairs, {pair.key: pair.key for pair in pairs}, source, "", node.at)
            elif node.kind == "array" or (node.kind == "object" and form.json.head[0][0] in _keys(node)):
                # A single object where an array of one is meant is read as one.
                return form.cls(tuple(self._records(form, node, source)))
        found = node.words
        if node.kind == "object":
            keys = ", ".join(shown(key) for key, _ in node.value[:5])
            found = f"an object with {keys}" if keys else "an empty object"
        return source.fail(f"expected {self._endpoint.expected()} in JSON, found {found}", node.at)

    def _records(self, form: Listing, node: Node, source: Source) -> Iterator[Any]:
        items = node.value if node.kind == "array" else [node]
        if len(items) > source.limits.names:
            source.fail(f"expected at most {source.limits.names} names, found {len(items)}", items[-1].at, code="limit")
        names = form.json.names
        types = form.record.by_name
        for number, item in enumerate(items):
            path = f"{form.attribute}[{number}]"
            if item.kind != "object":
                source.fail(f"expected an object, found {item.words}", item.at, path)
            pairs = []
            for key, value in item.value:
                name = names.get(key)
                pairs.append(
                    Pair(key, _spelled(types.get(name or ""), value, source, f"{path}.{name or key}"), value.at)
                )
            yield form.record.build(pairs, names, source, path, item.at)

    # Writing

    def write(self, reply: Any, form: Form) -> str:
        """The canonical text, or `EncodeError`."""
        if isinstance(form, Listing):
            values = getattr(reply, form.attribute)
            try:
                # Each object is written with the end of the one before it.
                text = "".join(self._write_runs(values, form))
                return f"[{text[len(_BETWEEN) - 2 :]}}}]" if text else "[]"
            except Unusual:
                pass
            written = [_object(self._members(form, value, number)) for number, value in enumerate(values)]
            return "[" + ",\n".join(written) + "]"
        types = form.record.by_name
        members = []
        for key, name in form.json:
            if isinstance(name, Const):
                members.append((key, _quoted(name.text)))
                continue
            value = getattr(reply, name)
            if value is not None or not types[name].optional:
                text = types[name].type.spell(value, name)
                members.append((key, text if types[name].type.number else _quoted(text)))
        return _object(members)

    def _write_runs(self, values: Any, form: Listing) -> Iterator[str]:
        names = form.json.names
        for given in form.record.runs(values, form.json):
            runs = [escape(run, _SPECIAL, lambda text: _quoted(text)[1:-1]) for run in given]
            # [doc] With operators every value is quoted, the id too; without them numbers stand bare.
            quoted = any(run.key not in names for run in runs)
            parts: list[str | Sequence[str]] = []
            before = _BETWEEN
            for run in runs:
                mark = "" if run.number and not quoted else '"'
                parts += (f"{before}{_quoted(run.key)}: {mark}", run.column)
                before = f"{mark},\n"
            parts.append(f"{mark}\n")
            yield weave(parts, len(runs[0].column))

    def _members(self, form: Listing, value: Any, number: int) -> list[tuple[str, str]]:
        fields = form.record.spell(value, form.json, f"{form.attribute}[{number}]", unique=True)
        names = form.json.names
        types = form.record.types
        # [doc] With operators every value is quoted, the id too; without them numbers stand bare.
        quoted = any(key not in names for key, _ in fields)
        return [(key, _quoted(text) if quoted or not types[names[key]].number else text) for key, text in fields]


def _object(members: list[tuple[str, str]]) -> str:
    lines = ",\n".join(f"{_quoted(key)}: {text}" for key, text in members)
    return f"{{\n{lines}\n}}"


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


def _runs(array: list[Any]) -> Iterator[tuple[list[str], list[Any]]]:
    """The keys of consecutive objects with the same ones in the same order, and these objects."""
    if set(map(type, array)) != {dict}:
        raise Unusual
    keys = list(array[0])
    if list(map(list, array)).count(keys) == len(array):
        yield keys, array
    else:
        yield from ((keys, list(rows)) for keys, rows in groupby(array, list))


def _keys(node: Node) -> set[str]:
    return {key for key, _ in node.value}


def _match_flat(form: Flat, node: Node, source: Source) -> list[Pair] | None:
    if node.kind != "object":
        return None
    names = dict(form.json)
    types = form.record.by_name
    pairs = []
    others = []
    constants: set[str] = set()
    for key, value in node.value:
        name = names.get(key)
        if isinstance(name, Const):
            if value.kind != "string" or value.value != name.text:
                return None
            if key in constants:
                message = f"the field {shown(key)} is given twice; the last value is kept"
                source.note(Severity.WARNING, "duplicate-key", message, value.at, key)
            constants.add(key)
        elif name is not None:
            # A new name's id has the key of a name in a list: only a number is an id.
            if len(names) == 1 and not (
                value.kind in ("string", "number") and types[name].type.pattern.fullmatch(str(value.value))
            ):
                return None
            pairs.append(Pair(name, _spelled(types[name], value, source, name), value.at))
        elif not form.more:
            return None
        else:
            others.append((key, value.at))
    given = _keys(node)
    for key, name in names.items():
        if key not in given and (isinstance(name, Const) or not types[name].optional):
            return None
    for key, index in others:
        message = f"the member {shown(key)} is not known, and not kept"
        source.note(Severity.WARNING, "unknown-key", message, index, key)
    return pairs


def _spelled(field: Field | None, value: Node, source: Source, path: str) -> str:
    """The spelling of a member's value: a string, or a bare whole number where a number can stand."""
    if value.kind == "string":
        return str(value.value)
    if value.kind == "number" and (field is None or field.type.number) and isinstance(value.value, int):
        return str(value.value)
    wanted = field.type.words if field is not None else "a code or a name"
    return source.fail(f"expected {wanted}, found {value.words}", value.at, path, code="value")


_BETWEEN = "},\n{\n"
_SPECIAL = re.compile('["\\\\\x00-\x1f]')
_WORDS = ("true", "false", "null")
_TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|([\[\]{},:])|([^\s\[\]{},:"]+))')


def _nodes(source: Source) -> Node:
    """The same document with positions, from text that orjson has found to be JSON."""
    text = source.text
    stack: list[Node] = []
    keys: list[str | None] = []
    pending: str | None = None
    tokens = _TOKEN.finditer(text)
    while True:
        token = next(tokens)
        string, mark, bare = token.groups()
        index = token.start(token.lastindex or 0)
        if mark in (",", ":"):
            continue
        if mark in ("]", "}"):
            node = stack.pop()
            if not stack:
                return node
            pending = keys.pop()
        elif mark is not None:
            if len(stack) >= source.limits.depth:
                source.fail(f"expected values at most {source.limits.depth} deep", index, code="limit")
            stack.append(Node("array" if mark == "[" else "object", [], index))
            keys.append(pending)
            pending = None
            continue
        elif string is not None:
            value = orjson.loads(string)
            if stack and stack[-1].kind == "object" and pending is None:
                pending = value
                continue
            node = Node("string", value, index)
        else:
            node = Node(bare, bare, index) if bare in _WORDS else Node("number", orjson.loads(bare), index)
        if not stack:
            return node
        if stack[-1].kind == "array":
            stack[-1].value.append(node)
        else:
            stack[-1].value.append((pending, node))
            pending = None

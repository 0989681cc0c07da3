"""The text format of every endpoint read by plain Lark, the grammar file and the declaration's keys and types alone.

Nothing of the library's readers is in it: where a free text ends is written down here once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput
from lark.lexer import PatternStr
from msgspec.structs import replace

from smsc_codec import FrozenMapping
from smsc_codec.declare import Endpoint, Field, Many, Object, OpenMap, Other, Reply, Type

from .grammar_lane import GRAMMARS, without_blank_lines

BLANK = "\ufffc"


class RefusedError(Exception):
    """The text is not a reply."""


class Pair(NamedTuple):
    key: str
    text: str


@cache
def parser_of(grammar: str, start: str = "reply") -> Lark:
    """Return a parser made of the file, which keeps all tokens."""
    text = (GRAMMARS / f"{grammar}.lark").read_text("utf-8")
    return Lark(
        text,
        parser="lalr",
        start=start,
        keep_all_tokens=True,
        maybe_placeholders=False,
        import_paths=[str(GRAMMARS)],
    )


def read(endpoint: Endpoint[Any], text: str) -> Any:
    """Return the reply that a text is, None if it is refused. A lone record is a reply if there is such a reply."""
    text = without_blank_lines(text)
    lists = [reply for reply in endpoint.own if reply.many]
    if text in ("", "\n", "\r\n"):
        return lists[0].many() if len(lists) == 1 else None
    generic = next((reply for reply in lists if reply.object.is_generic), None)
    known = next((reply for reply in lists if reply.object.fields and text.startswith(_head(reply))), None)
    try:
        alone = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]* = (?:0|[1-9][0-9]{0,17})(?:\r?\n)?", text)
        if (
            generic
            and _KEY(text)
            and not alone
            and not text.startswith("ERROR = ")
            and not (known and _has_needed(known, text))
        ):
            return _generic(endpoint, generic, text)
        if known is not None and _free_keys(known.object):
            return _with_texts(endpoint, known, text)
        return _reply(endpoint, [*parser_of(endpoint.grammar).parse(text).children])
    except (UnexpectedInput, RefusedError):
        return None


_KEY = re.compile("[A-Za-z_][A-Za-z0-9_]* = ").match


def _has_needed(reply: Reply, text: str) -> bool:
    """Return whether the first record of a text has the keys that all of a list have."""
    record = _records_in(reply, text)[0] if _free_keys(reply.object) else re.split(r"\r?\n", text)[0]
    names = reply.object.names("text")
    given = {names[key] for key in names if f", {key} = " in f", {record}"}
    return all(field.may_lack("text") or field.name in given for field in reply.object.fields)


def _generic(endpoint: Endpoint[Any], reply: Reply, text: str) -> Any:
    """Return a list of records whose keys nobody knows."""
    parser = parser_of(endpoint.grammar, "record")
    lines = re.split(r"\r?\n", re.sub(r"\r?\n\Z", "", text))
    return reply.many(tuple(_build(reply.object, [*_keyed(parser, parser.parse(line), True)]) for line in lines))


def _reply(endpoint: Endpoint[Any], children: list[Any]) -> Any:
    trees = [child for child in children if isinstance(child, Tree)]
    while len(trees) == 1 and any(isinstance(child, Tree) for child in trees[0].children):
        trees = [child for child in trees[0].children if isinstance(child, Tree)]
    rules = [_own(str(tree.data)) for tree in trees]
    parser = parser_of(endpoint.grammar)
    lists = [reply for reply in endpoint.own if reply.rule == rules[0] and reply.many]
    if lists:
        return _listed(endpoint, lists[0], [_build(lists[0].object, [*_keyed(parser, tree, True)]) for tree in trees])
    reply = next(each for each in endpoint.replies if rules[0] in (each.kind, each.rule))
    if reply.constant:
        return reply.cls()
    made = _build(reply.object, [*_keyed(parser, trees[0], False)])
    if len(trees) == 1:
        return made
    many = next(field for field in reply.object.fields if isinstance(field.type, Many))
    assert isinstance(many.type, Many)
    lines = [[*_keyed(parser, tree, True)] for tree in trees[1:]]
    first = many.type.object.fields[0].key("text")
    found = [_build(many.type.object, line) for line in lines if first in {pair.key for pair in line}]
    others = {pair.key: pair.text for line in lines if first not in {each.key for each in line} for pair in line}
    return replace(made, **{many.name: tuple(found)}, other=FrozenMapping.of({**made.other, **others}))


def _listed(endpoint: Endpoint[Any], reply: Reply, records: list[Any]) -> Any:
    alone = any(not each.many and each.object is reply.object for each in endpoint.own)
    return records[0] if alone and len(records) == 1 else reply.many(tuple(records))


def _keyed(parser: Lark, tree: Tree[Token], record: bool) -> Iterator[Pair]:
    """Yield the values of a rule with their keys: in a record what precedes ` = `, else the terminal's name."""
    fixed = {terminal.name for terminal in parser.terminals if isinstance(terminal.pattern, PatternStr)}
    key: str | None = None
    for token in tree.scan_values(lambda value: isinstance(value, Token)):
        name = _own(token.type)
        if name.startswith("_") or (token.type in fixed and not record):
            continue
        if name == "KEY" or token.type in fixed:
            if key is not None:
                yield Pair(key, "")
            key = str(token)
        else:
            yield Pair(name.lower() if key is None else key, str(token))
            key = None
    if key is not None:
        yield Pair(key, "")


def _own(name: str) -> str:
    """Return a name without what Lark puts in front of an imported one."""
    if name.startswith("__"):
        return name.lstrip("_")
    return "_" * name.startswith("_") + name.rpartition("__")[2] if "__" in name else name


def _build(obj: Object, pairs: list[Pair]) -> Any:
    """Return the value of some pairs; of those with the same key the last one counts."""
    names = obj.names("text")
    if any(field.leads for field in obj.fields) and pairs:
        pairs = [Pair(obj.fields[0].key("text") or "", pairs[0].text), *pairs[1:]]
    values: dict[str, Any] = {}
    others: dict[str, str] = {}
    for key, text in pairs:
        name = names.get(key, "")
        if key.isupper() and not name and (field := obj.by_name.get(names.get(key.lower(), ""))):
            name = field.name if field.optional and isinstance(field.type, Type) else ""
        if name:
            values.pop(name, None)
            if text or not obj.by_name[name].optional or _may_be_empty(obj.by_name[name]):
                values[name] = _value(obj.by_name[name], text)
        else:
            others[key] = text
    for field in obj.fields:
        if field.name not in values and not field.may_lack("text"):
            raise RefusedError
    rest = obj.open
    if others and isinstance(rest, OpenMap):
        known = obj.names("text")
        open_ = [(key, text, re.fullmatch(rest.code.pattern, text)) for key, text in pairs if key not in known]
        codes = {key: rest.code.enum(int(text)) for key, text, is_code in open_ if is_code}
        values[rest.codes] = FrozenMapping.of(codes)
        values[rest.texts] = FrozenMapping.of({key: text for key, text, is_code in open_ if not is_code})
    elif others:
        if not isinstance(obj.open, Other):
            raise RefusedError
        values[obj.open.name] = FrozenMapping.of(others)
    return obj.cls(**values)


def _may_be_empty(field: Field) -> bool:
    return isinstance(field.type, Type) and re.fullmatch(field.type.pattern, "") is not None


def _value(field: Field, text: str) -> Any:
    type_ = field.type
    assert isinstance(type_, Type)
    if not re.compile(type_.pattern).fullmatch(text):
        raise RefusedError
    try:
        if type_.kind == "date":
            return datetime.strptime(text, "%d.%m.%Y %H:%M:%S")
        return {"number": int, "money": Decimal, "text": str}.get(type_.kind, lambda code: type_.enum(int(code)))(text)
    except ValueError:
        raise RefusedError from None


# Free texts


def _free_keys(obj: Object) -> list[str]:
    free = [field for field in obj.fields if isinstance(field.type, Type) and field.type.free]
    return [field.key("text") or "" for field in free]


def _head(reply: Reply) -> str:
    return f"{reply.object.fields[0].key('text')} = "


def _with_texts(endpoint: Endpoint[Any], reply: Reply, text: str) -> Any:
    """Return a reply with free texts: a line that does not begin like a record goes on with the one before it."""
    found = []
    for record in _records_in(reply, text):
        body = re.sub(r"\r?\n\Z", "", record)
        pairs = _cut(reply.object, body)
        free = _free_keys(reply.object)
        keys = [key for key, _ in pairs]
        first = keys.index(free[0]) if free[0] in keys else len(keys)
        blanked = ", ".join(
            f"{key} = {BLANK * len(value) if key in free and place >= first else value}"
            for place, (key, value) in enumerate(pairs)
        )
        parser_of(endpoint.grammar).parse(blanked)
        found.append(_build(reply.object, pairs))
    return _listed(endpoint, reply, found)


def _records_in(reply: Reply, text: str) -> list[str]:
    records: list[str] = []
    for line in re.split(r"(?<=\n)", text):
        if line.startswith(_head(reply)) or not records:
            records.append(line)
        else:
            records[-1] += line
    return records


def _cut(obj: Object, record: str) -> list[Pair]:
    """Return the pairs of a record: before the first free text, the free texts, and from the right those after them."""
    pieces = re.split(r", (?=[A-Za-z_][A-Za-z0-9_]* = )", record)
    pairs = [Pair(*piece.split(" = ", 1)) for piece in pieces]
    free = _free_keys(obj)
    fields = [member for member in obj.ordered("text") if isinstance(member, Field) and member.key("text")]
    place = max(number for number, field in enumerate(fields) if field.key("text") in free)
    behind = {field.key("text"): field for field in fields[place + 1 :]}
    first = next((number for number, pair in enumerate(pairs) if pair.key == free[0]), None)
    if first is None:
        return pairs
    end, seen = len(pairs), set[str]()
    last = first
    for key in free[1:]:
        last = next((number for number in range(len(pairs) - 1, last, -1) if pairs[number].key == key), last)
    while end - 1 > last:
        key, value = pairs[end - 1]
        field = behind.get(key)
        if field is None or key in seen or not isinstance(field.type, Type):
            break
        if not re.compile(field.type.pattern).fullmatch(value):
            break
        seen.add(key)
        end -= 1
    starts = [first, *([last] if last > first else []), end]
    texts = [
        Pair(pairs[start].key, ", ".join(f"{k} = {v}" for k, v in pairs[start:stop]).split(" = ", 1)[1])
        for start, stop in zip(starts, [*starts[1:]])
    ]
    return [*pairs[:first], *texts, *pairs[end:]]

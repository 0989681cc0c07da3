"""Reads and writes fmt=3: objects with one member per line. One expression reads small replies, msgspec reads lists."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
import orjson

from .._careful import Bare, Builder, Formatted, Note, Pairs, Place, Trouble, format_value, note_twice, words_of
from .._rows.opened import grouped
from .._rows.read import Rows, members, rows
from .._rows.small import Part, Variant, each_way
from .._rows.source import Fallback, title_of
from .._rows.values import may_be_empty
from .._rows.write import Keys, OpenText, Slot, Template, Texts, Writer, open_slots, surrounded, writer
from .._source import Source
from ..declare import ID, TEXT, Endpoint, Field, Many, OpenMap, Reply, Several, Type, either
from ..errors import EncodeError
from ..limits import Limits
from ..report import Severity
from .json_places import locate, too_deep
from .reader import FormatReader, check_width, rank, texts_with
from .shapes import AtOnce, Shapes, Tables, shape_budget

_PLAIN = r'[^"\\\x00-\x1f]'
_TEXT = rf"{_PLAIN}*(?:\\.{_PLAIN}*)*"
_BLANK = r"[ \t\r\n]*"
# The text around an array that is the only member of an object.
_MEMBER = re.compile(rb'\{[ \t\r\n]*"([^"\\]*)"[ \t\r\n]*:[ \t\r\n]*').fullmatch
_END = re.compile(rb"[ \t\r\n]*\}[ \t\r\n]*").fullmatch
_AROUND = (r"\{\n", r"\n\}(?:\n|)")
_SPECIAL = re.compile('["\\\\\x00-\x1f\ud800-\udfff]').search
_MINUS_ZERO = re.compile(rb"-0\s*[,}\]]").search
_DEEPEST = 1024
"""The deepest nesting of containers that orjson reads."""
_COLONS_OF_A_DATE = 2
_FEW = 80
"""The most objects of a list that count as few."""
_LONG_KEYS = 4096
"""Characters of keys whose shape is learned."""


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


def _unescaped(text: str) -> str:
    return text if "\\" not in text else str(orjson.loads(f'"{text}"'))


_TEXTS = texts_with(_SPECIAL, lambda text: _quoted(text)[1:-1])
_is_bare = re.compile(ID.pattern).fullmatch


def _with_marks(text: str) -> str:
    """Return the text of an undocumented key with its quotes: a number has none."""
    return text if text.isdigit() and _is_bare(text) else f'"{_TEXTS.one(text)}"'


def _all_with_marks(column: list[str], longest: int) -> list[str]:
    """Return the texts of a column in the same way."""
    return [text if text.isdigit() and _is_bare(text) else f'"{text}"' for text in _TEXTS.many(column, longest)]


_OTHERS = Texts(_with_marks, _all_with_marks)


class _Shape(NamedTuple):
    """Reads objects with the same keys, whose values are bare or quoted in the same way."""

    reply: Reply
    keys: tuple[str, ...]
    rows: Rows
    wire: Any
    """Decodes a list of them whose open keys have codes."""
    loose: Any
    """The same for open keys with any texts."""
    one: Any
    """Decodes a single object."""
    row: Any
    """The class of a row."""
    bare: bool
    """Whether a value is a bare number: it could be -0."""
    texts: tuple[str, ...]
    """The attributes of a row that are any texts."""
    colons: int
    """The colons of an object that are not in such texts: behind its keys, in them, and in its dates."""
    ordered: bool
    """Whether the documentation says in which order the keys come. msgspec does not check the order."""
    at_once: AtOnce | None = None
    """Reads a short reply that has only such objects, as the service writes it."""


class JsonFormat(FormatReader):
    """Reads and writes an endpoint's replies in fmt=3."""

    fmt = "json"
    mark = '": '
    list_start = "["
    # Escapes of quotes and slashes are not here: these are not letters.
    hides = staticmethod(re.compile(rb"\\[bfnrtu]").search)
    between = ",\n"

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        super().__init__(endpoint)
        self._shapes: Shapes[_Shape] = Shapes()
        # The shape of the last object, and the last shapes by their number of members: guesses that msgspec judges.
        self._last_one: _Shape | None = None
        self._widths: Shapes[_Shape] = Shapes()
        self._inside = {reply.member.encode(): reply for reply in self.lists if reply.member}

    # Reading

    def variants(
        self, replies: Sequence[Reply], first: type | None, canonical: bool
    ) -> tuple[list[Variant], tuple[str, str], Callable[[str], str] | None]:
        """Return the variants of these replies, with their members in the documented order."""
        if canonical:
            found = [Variant(reply.object, tuple(_parts(reply, "\n", " ", ""))) for reply in replies]
            return [way for variant in found for way in each_way(variant)], _AROUND, _unescaped
        found = [Variant(reply.object, tuple(_parts(reply, _BLANK, _BLANK, _BLANK))) for reply in replies]
        # Only one pattern takes white space. Otherwise a body full of it would take time with its length squared.
        return found, (rf"\{{{_BLANK}", rf"\}}{_BLANK}"), _unescaped

    def fast(self, body: bytes, limits: Limits, expect: tuple[Any, ...], tables: Tables) -> Any:
        """Read a reply. Return None if only `read` can read it."""
        if limits.depth < 1:
            return None
        if body[:1] == b"{":
            found = self.read_small(body.decode(), expect, limits, tables)
            if found is None and self._inside:
                found = self._within(body, limits, expect, tables)
            if found is None and self.wide:
                found = self._wide(body, limits, expect, tables)
            return found
        if body[:1] != b"[" or not self.lists or limits.depth < 2:
            return None
        return self._list(body, body, limits, expect, tables, self.lists)

    def _wide(self, body: bytes, limits: Limits, expect: tuple[Any, ...], tables: Tables) -> Any:
        shape, row = self._last_one, None
        if shape is not None and (len(expect) != 2 or shape.reply.cls is expect[0]):
            with suppress(msgspec.ValidationError):
                row = shape.one(body)
        if shape is None or row is None:
            shape = self._shape_of(self.wide, orjson.loads(body), expect)
            row = shape.one(body)
            self._last_one = shape if shape.ordered else None
        if not self._is_plain(shape, body, [row]):
            return None
        made = self.made(shape, [row], limits, body, tables)[0]
        self.learn(body.decode(), made, shape, expect, tables)
        return made

    def _within(self, body: bytes, limits: Limits, expect: tuple[Any, ...], tables: Tables) -> Any:
        """Return the list that is the only member of an object, or None if the object has other members or no list."""
        start, end = body.find(b"["), body.rfind(b"]") + 1
        before = _MEMBER(body[: max(start, 0)])
        reply = self._inside.get(before[1]) if before else None
        if reply is not None and _END(body[end:]) and limits.depth > 2:
            return self._list(body[start:end], body, limits, expect, tables, (reply,))
        return None

    def _list(
        self,
        array: bytes,
        body: bytes,
        limits: Limits,
        expect: tuple[Any, ...],
        tables: Tables,
        lists: Sequence[Reply],
    ) -> Any:
        """Return the list, one of *lists*, in an array of the *body*. Return None if only `read` can read it."""
        shape, found = self._guessed(array)
        if shape is not None and self.several_lists and self._fitting(lists, shape.keys, expect) is not shape.reply:
            found = None
        if shape is None or found is None:
            shape = self._shape_of(lists, _first_of(array), expect)
            found = self._decoded(shape, array) if shape.ordered else None
        reply = shape.reply
        alike: _Shape | None = shape
        if found is None:
            records, alike = self._by_keys(array, limits, reply, tables)
        elif len(found) <= limits.items and self._is_plain(shape, array, found):
            records = self.made(shape, found, limits, array, tables)
        else:
            return None
        made = reply.many(tuple(records))
        if len(records) <= _FEW:
            self.learn(body.decode(), made, alike, expect, tables)
        return made

    def _guessed(self, body: bytes) -> tuple[_Shape | None, Any]:
        shape = self._widths.find(body.count(b":", 0, body.find(b"}")))
        if shape is not None:
            try:
                return shape, shape.wire(body)
            except msgspec.ValidationError:
                pass
        return None, None

    def _fitting(self, replies: Sequence[Reply], keys: Sequence[str], expect: tuple[Any, ...]) -> Reply | None:
        """Return the reply that has these keys. Return None if only `read` can choose it."""
        given = {*keys}
        ranked = [(len(given - each.object.names(self.fmt).keys()), each) for each in replies if self.fits(each, given)]
        best = self.choose(ranked, expect) if len(ranked) > 1 else [each for _, each in ranked]
        return best[0] if len(best) == 1 else None

    def _shape_of(self, replies: Sequence[Reply], row: Any, expect: tuple[Any, ...]) -> _Shape:
        if row.__class__ is not dict or not row or sum(map(len, row)) > _LONG_KEYS:
            raise Fallback
        keys = tuple(row)
        quoted = frozenset([key for key, value in row.items() if value.__class__ is str])
        reply = self._fitting(replies, keys, expect)
        if reply is None:
            raise Fallback
        return self._shapes.get((reply.kind, keys, quoted), lambda: self._compile(reply, keys, quoted))

    def _compile(self, reply: Reply, keys: tuple[str, ...], quoted: frozenset[str]) -> _Shape:
        if not reply.many and self.has_rivals(reply, keys):
            raise Fallback
        shape = _compiled(reply, keys, quoted)
        head = _around(reply)[0] if reply.many else ""
        pattern = _canonical(reply, keys, quoted)
        before = dict.fromkeys(quoted, len('"'))
        return shape._replace(at_once=self.make_at_once(reply.object, reply, keys, pattern, before, head))

    def _decoded(self, shape: _Shape, body: bytes) -> Any:
        """Return the rows, or None if one of them has another shape."""
        for decode in [shape.wire, shape.loose] if shape.rows.opened else [shape.wire]:
            try:
                found = decode(body)
            except msgspec.ValidationError:
                continue
            self._widths.keep(len(shape.keys), shape)
            return found
        return None

    def _is_plain(self, shape: _Shape, body: bytes, found: Sequence[Any]) -> bool:
        """Return whether every member is given once and no number is -0, which msgspec does not check."""
        # Most bodies have no backslash and no minus sign, which are found sooner than what begins with them.
        if b"\\" in body and b"\\u003" in body:  # a colon may be hidden
            return False
        more = body.count(b":") - shape.colons * len(found)
        if more and more != sum(["".join(map(attrgetter(name), found)).count(":") for name in shape.texts]):
            return False
        return not (shape.bare and b"-" in body and b"-0" in body and _MINUS_ZERO(body))

    def _by_keys(self, body: bytes, limits: Limits, reply: Reply, tables: Tables) -> tuple[list[Any], _Shape | None]:
        """Return the records of a list whose objects have different keys, or the same bare and quoted by turns.

        Objects with the same keys are read together. Return their shape too. It is None if they have several.
        """
        given = orjson.loads(body)
        if len(given) > limits.items or {*map(type, given)} != {dict} or _MINUS_ZERO(body):
            raise Fallback
        keys = [tuple(row) for row in given]
        if body.count(b":") != sum(map(len, keys)) and not _no_key_twice(body, given):
            raise Fallback
        try:
            return self._sorted(given, keys, reply, limits, body, tables)
        except msgspec.ValidationError:
            # The same key has bare and quoted values by turns.
            typed = zip(keys, [tuple(map(type, row.values())) for row in given])
            return self._sorted(given, typed, reply, limits, body, tables)

    def _sorted(
        self,
        given: Sequence[dict[str, Any]],
        signs: Iterable[Any],
        reply: Reply,
        limits: Limits,
        body: bytes,
        tables: Tables,
    ) -> tuple[list[Any], _Shape | None]:
        """Return the records of objects, and their shape if they have only one.

        Objects with equal *signs* are read together.
        """
        places = grouped(signs)
        if len(places) > shape_budget(len(given)):
            raise Fallback
        found: list[Any] = [None] * len(given)
        for some in places.values():
            shape = self._shape_of([reply], given[some[0]], ())
            made = msgspec.convert([given[place] for place in some], list[shape.row])  # type: ignore[name-defined]
            for place, record in zip(some, self.made(shape, made, limits, body, tables)):
                found[place] = record
        return found, shape if len(places) == 1 else None

    def around(self, text: str, reply: Reply) -> Sequence[str]:
        """Return the key of a list."""
        return (reply.member,)

    def read(self, source: Source, expect: tuple[Any, ...], notes: list[Note] | None) -> Any:
        """Return the reply. If a body can be several replies, return the expected one."""
        given = self._parsed(source)
        if isinstance(given, list) and not isinstance(given, Pairs) and self.lists:
            if not given:
                return self.empty_list(expect, "an empty array")
            return self._listed(given, self._list_of(given[0], expect, source), source, notes)
        if isinstance(given, Pairs):
            check_width(given, source.limits)
            chosen = self._chosen(given, expect)
            if chosen is not None and chosen.many:
                items = _in_member(chosen, given)
                if items is not None and notes is not None:
                    self._note_members(chosen, given, source, notes)
                return self._listed([given] if items is None else items, chosen, source, notes)
            if chosen is not None and chosen.constant:
                for again, (key, _) in enumerate(given):
                    if again:
                        note_twice(key, source, Place((key,), again), key, notes)
                return chosen.object.cls()
            if chosen is not None:
                return self.builder(chosen).build(given, source, (), "", notes)
        found = words_of(given, source)
        if isinstance(given, Pairs):
            found = f"an object with {_keys_in(given, source)}" if given else "an empty object"
        raise Trouble(f"expected {self.endpoint.expected()} in JSON, found {found}", Place(), "", "malformed")

    def _parsed(self, source: Source) -> Any:
        """Return the document as plain values. Raise `DecodeError` if it is not JSON, or too deep."""
        text, deepest = source.text, source.limits.depth
        try:
            orjson.loads(text)
        except orjson.JSONDecodeError as error:
            self._fail(source, error)
        if text.count("[") + text.count("{") > deepest:
            at = too_deep(text, deepest)
            if at is not None:
                source.fail(f"expected values at most {deepest} deep", at, code="limit")
        try:
            return _LOAD(text)
        except RecursionError:
            return source.fail("expected values that are less deep", 0, code="limit")

    def _fail(self, source: Source, error: orjson.JSONDecodeError) -> None:
        said = error.msg
        deepest = source.limits.depth
        # For many open brackets orjson says that it failed to allocate memory, which is not true.
        if "limit" in said or "memory" in said:
            at = too_deep(source.text, deepest, error.pos)
            if at is not None:
                source.fail(f"expected values at most {deepest} deep", at, code="limit")
        if "limit" in said:
            # orjson stops after the first bracket that is too many.
            source.fail(f"expected values at most {_DEEPEST} deep", error.pos - 1, code="limit")
        why = "" if "memory" in said else f" ({said})"
        source.fail(f"expected a reply in JSON, found {source.found(error.pos)}{why}", error.pos)

    def _list_of(self, first: Any, expect: tuple[Any, ...], source: Source) -> Reply:
        """Return the list that an array is, judged by its first item. Raise `Trouble` if nothing tells which."""
        keys = {key for key, _ in first} if isinstance(first, Pairs) else set()
        ranked = [
            (len(keys - each.object.names(self.fmt).keys()), each)
            for each in self.lists
            if isinstance(first, Pairs) and self.fits(each, keys)
        ]
        best = self.choose(ranked, expect)
        if len(best) > 1:
            raise self.ambiguous(best, "an array")
        # An error about its records names the expected list, or the only one.
        expected = [each for each in self.lists if each.cls in expect]
        if best or expected or len(self.lists) == 1:
            return [*best, *expected, *self.lists][0]
        found = f"an object with {_keys_in(first, source)}" if keys else words_of(first, source)
        wanted = either(each.title for each in self.lists)
        raise Trouble(f"expected {wanted}, found an array that begins with {found}", Place((0,)), "", "malformed")

    def _note_members(self, reply: Reply, pairs: Pairs, source: Source, notes: list[Note]) -> None:
        """Report the members of an object other than the list in it."""
        seen: dict[str, int] = {}
        for key, _ in pairs:
            again = seen[key] = seen.get(key, -1) + 1
            place = Place((key,), again)
            if key != reply.member:
                words = f"the member {source.quote(key)} is not known, and not kept"
                notes.append(Note(Severity.WARNING, "unknown-key", words, place, key))
            elif again:
                note_twice(key, source, place, key, notes)

    def _listed(self, items: list[Any], reply: Reply, source: Source, notes: list[Note] | None) -> Any:
        build = self.builder(reply).build
        most, records = source.limits.items, []
        for number, item in enumerate(items):
            path = f"{reply.attribute}[{number}]"
            if number >= most:
                raise Trouble(f"expected at most {most} records", Place((number,)), "", "limit")
            if not isinstance(item, Pairs):
                raise Trouble(
                    f"expected an object, found {words_of(item, source)}", Place((number,)), path, "malformed"
                )
            records.append(build(item, source, (number,), path, notes))
        return reply.many(tuple(records))

    def make_builder(self, reply: Reply) -> Builder:
        """Make the careful reader of a reply's records."""
        return Builder(reply.object, self.fmt, "the field {}" if reply.many else "the member {}")

    def _chosen(self, pairs: Pairs, expect: tuple[Any, ...]) -> Reply | None:
        """Return the reply that an object is: an error if it can be one, else the one with places for most members.

        If there are several, return the expected one. Raise `Trouble` if nothing tells which.
        """
        if self.is_error([key for key, _ in pairs]):
            return self.error
        ordered = self.ordered(expect, self.replies)
        ranked = [(others, reply) for reply in ordered if (others := self._rank(reply, pairs)) is not None]
        best = self.choose(ranked, expect)
        if len(best) > 1:
            raise self.ambiguous(best, "an object")
        return best[0] if best else None

    def _rank(self, reply: Reply, pairs: Pairs) -> int | None:
        """Return how many members do not fit into a reply, or None if the object is not such a reply."""
        if reply.constant:
            return (
                0
                if {key for key, _ in pairs} == {"result"} and all(value == reply.constant for _, value in pairs)
                else None
            )
        if reply.object.takes_any_keys and not _can_have_any_keys(pairs):
            return None
        if reply.many:
            if _in_member(reply, pairs) is not None:
                return len({key for key, _ in pairs}) - 1
            # A single object means a list of one. A number alone is an id.
            alone = len(pairs) == 1 and isinstance(pairs[0][1], Bare)
            keys = {key for key, _ in pairs}
            if alone or not self.fits(reply, keys):
                return None
            return len(keys - reply.object.names(self.fmt).keys())
        return rank(reply, self.fmt, pairs)

    def locate(self, source: Source, places: Sequence[Place], expect: tuple[Any, ...] = ()) -> list[int]:
        """Return where in the text each of *places* is."""
        text = source.text
        if self._inside and text.startswith("{"):
            given = orjson.loads(text)
            lists = (reply.member for reply in self._inside.values())
            member = next((name for name in lists if type(given.get(name)) is list), None)
            if member is not None:
                places = [
                    place._replace(steps=(member, *place.steps))
                    if place.steps and isinstance(place.steps[0], int)
                    else place
                    for place in places
                ]
        return locate(text, places)

    # Writing

    def framed(self, lines: list[str], reply: Reply) -> str:
        """Return the records of a list with the text around and between them."""
        return self.between.join(lines).join(_around(reply))

    def constant(self, reply: Reply) -> str:
        """Return the text of a reply that is a word."""
        return f'{{\n"result": {_quoted(reply.constant)}\n}}'

    def compile_writer(self, reply: Reply, present: frozenset[str], keys: Keys) -> Writer:
        """Compile a writer of records with these fields and open keys."""
        obj = reply.object
        quotes = any(keys) and isinstance(obj.open, OpenMap) and obj.open.quotes
        template: Template = []
        before = "{\n"
        for member in obj.ordered(self.fmt, present):
            if isinstance(member, Field):
                if member.name not in present or not isinstance(member.type, Type):
                    continue
                mark = "" if member.type.bare and not quotes else '"'
                template += [f"{before}{_quoted(member.key(self.fmt) or '')}: {mark}", Slot(member.name), mark]
                before = ",\n"
            else:
                for key, slot in open_slots(member, self.fmt, keys):
                    mark = '"' if quotes or (isinstance(slot, OpenText) and isinstance(member, OpenMap)) else ""
                    template += surrounded(f"{before}{_quoted(key)}: {mark}", slot, mark)
                    before = ",\n"
        template.append("\n}")
        self.check_keys(reply, keys)
        wire = [obj.by_name[name].key(self.fmt) or "" for name in present]
        if before == "{\n" or self._rival(reply, [*wire, *keys.codes, *keys.texts]) is not None:
            raise Fallback
        absent = [field for field in obj.fields if field.name in present and field.key(self.fmt) is None]
        if absent:
            raise Fallback
        texts = dict.fromkeys(obj.by_name, _TEXTS)
        texts |= dict.fromkeys(keys.slots, _TEXTS if isinstance(obj.open, OpenMap) else _OTHERS)
        return writer(obj, title_of(obj, self.fmt), template, keys, texts)

    def _rival(self, reply: Reply, keys: Collection[str]) -> Reply | None:
        """Return the list that knows more of a record's keys than its own list, or None if there is none."""
        if not reply.many or reply.object.is_generic:
            return None  # a generic list can only be read by a caller who expects it
        unknown = len({*keys} - reply.object.names(self.fmt).keys())
        others = (each for each in self.lists if each.object is not reply.object)
        return next(
            (
                each
                for each in others
                if self.fits(each, {*keys}) and len({*keys} - each.object.names(self.fmt).keys()) < unknown
            ),
            None,
        )

    def format_record(self, fields: list[Formatted], value: Any, reply: Reply, path: str, limits: Limits) -> str:
        """Return an object with these members, and with the lists in it."""
        obj = reply.object
        rival = self._rival(reply, [each.key for each in fields])
        if rival is not None:
            raise EncodeError(f"with these keys it would be read back as a record of {rival.title}", path=path)
        # [doc] With operators every value is quoted, even the id. Without them numbers are bare.
        quotes = isinstance(obj.open, OpenMap) and obj.open.quotes and any(not field.name for field in fields)
        lines = [
            f"{_quoted(each.key)}: {each.text if each.bare and not quotes else _quoted(each.text)}" for each in fields
        ]
        for field in obj.fields:
            where = f"{path}.{field.name}" if path else field.name
            if isinstance(field.type, Several) and getattr(value, field.name):
                texts = [
                    _quoted(format_value(field.type.type, item, f"{where}[{number}]", limits))
                    for number, item in enumerate(getattr(value, field.name))
                ]
                lines.append(f"{_quoted(field.key(self.fmt) or '')}: [{', '.join(texts)}]")
            if isinstance(field.type, Many) and getattr(value, field.name):
                inner = Reply("", "", field.type.object)
                items = [
                    self.write_carefully(item, inner, f"{where}[{number}]", limits)
                    for number, item in enumerate(getattr(value, field.name))
                ]
                lines.append(f"{_quoted(field.key(self.fmt) or '')}: [{self.between.join(items)}]")
        return "{\n" + ",\n".join(lines) + "\n}"


def _parts(reply: Reply, line: str, blank: str, behind: str) -> Iterable[Part]:
    """Yield the parts of a small reply. The other arguments are patterns of the white space between them."""
    if reply.constant:
        yield Part(rf'"result"{behind}:{blank}"{re.escape(reply.constant)}"{behind}')
        return
    obj, first = reply.object, True
    for field in obj.ordered("json"):
        if not isinstance(field, Field) or not isinstance(field.type, Type):
            continue
        # This is the service's way. The careful reader also reads numbers in quotes, and amounts without.
        mark = "" if field.type.bare else '"'
        text = _TEXT if may_be_empty(field.type) else f'(?!"){_TEXT}'
        pattern = text if field.type.kind == "text" else field.type.pattern
        before = rf'{"" if first else f",{line}"}"{re.escape(field.key("json") or "")}"{behind}:{blank}{mark}'
        yield Part(before, field.name, pattern, mark + behind, field.optional and not first)
        first = False


def _canonical(reply: Reply, keys: Sequence[str], quoted: frozenset[str]) -> str:
    """Return the pattern of an object with these keys as the service writes it. Its groups are the values."""
    obj, members = reply.object, []
    names = obj.names("json")
    for key in keys:
        opened = obj.open.code if isinstance(obj.open, OpenMap) else TEXT
        type_ = obj.by_name[names[key]].type if key in names else opened
        assert isinstance(type_, Type)
        mark = '"' if key in quoted else ""
        if type_.kind != "text":
            pattern = type_.pattern
        elif mark:
            pattern = f"{_PLAIN}{'*' if may_be_empty(type_) else '+'}"
        else:
            pattern = ID.pattern  # of the bare values under open keys, the fast path reads only whole numbers
        members.append(f'"{re.escape(key)}": {mark}({pattern}){mark}')
    lines = ",\n".join(members)
    whole = f"\\{{\n{lines}\n\\}}"
    return f"{whole}(?:,\n(?=\\{{)|{re.escape(_around(reply)[1])}\n?\\Z)|((?s:.+))" if reply.many else f"{whole}\n?"


def _around(reply: Reply) -> tuple[str, str]:
    """Return the text before the records of a list and after them."""
    return (f"{{\n{_quoted(reply.member)}: [", "]\n}") if reply.member else ("[", "]")


def _compiled(reply: Reply, keys: tuple[str, ...], quoted: frozenset[str]) -> _Shape:
    made = rows(reply.object, "json", keys, "members", quoted)
    strict, loose = members(reply.object, "json", keys, quoted)
    decoders = (msgspec.json.Decoder(list[strict]).decode, msgspec.json.Decoder(list[loose]).decode)  # type: ignore[valid-type]
    rest, names = reply.object.open, reply.object.names("json")
    known = {*rest.order["json"]} if isinstance(rest, OpenMap) else frozenset()
    ordered = known >= {*keys} - names.keys()
    one = msgspec.json.Decoder(loose).decode
    types = [reply.object.by_name[name].type if (name := names.get(key)) else TEXT for key in keys]
    kinds = [type_.kind if isinstance(type_, Type) else "" for type_ in types]
    slots = zip(loose.__struct_fields__, keys, kinds)
    texts = tuple(slot for slot, key, kind in slots if key in quoted and kind == "text")
    colons = len(keys) + sum(key.count(":") for key in keys) + _COLONS_OF_A_DATE * kinds.count("date")
    return _Shape(reply, keys, made, *decoders, one, loose, len(quoted) < len(keys), texts, colons, ordered)


def _can_have_any_keys(pairs: Pairs) -> bool:
    """Return whether an object can be a reply that takes any keys: it has a member to keep, and is not `OK`."""
    kept = any(isinstance(value, str) for _, value in pairs)
    return kept and {key for key, _ in pairs} != {"result"}


def _in_member(reply: Reply, pairs: Pairs) -> list[Any] | None:
    """Return the array of a list that is a member of an object, or None if the object does not have it."""
    value = dict(pairs).get(reply.member) if reply.member else None
    return value if isinstance(value, list) and not isinstance(value, Pairs) else None


def _keys_in(pairs: Pairs, source: Source) -> str:
    """Return the first keys of an object, for an error."""
    return ", ".join(source.quote(key) for key, _ in pairs[:5])


def _first_of(body: bytes) -> Any:
    """Return the first item of an array."""
    try:
        return orjson.loads(body[: body.find(b"}") + 1] + b"]")[0]
    except orjson.JSONDecodeError:  # a bracket in a text of it
        return orjson.loads(body)[0]


def _no_key_twice(body: bytes, given: Sequence[dict[str, Any]]) -> bool:
    more = body.count(b":") - sum(map(len, given))
    texts = sum(text.count(":") for row in given for pair in row.items() for text in pair if text.__class__ is str)
    return more == texts and b"\\u003" not in body


_LOAD = json.JSONDecoder(object_pairs_hook=Pairs, parse_int=Bare, parse_float=Bare).decode

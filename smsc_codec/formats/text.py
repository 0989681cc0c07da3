"""Reads and writes fmt=0: lines of `key = value`, errors, ids and OK, as the endpoint's grammar defines them.

The grammar is the only definition of the format, and Lark says what is wrong with a text. But Lark takes about 3 µs a
token. So regular expressions that are made of the grammar's own terminals read usual replies. One expression reads
small replies, in all ways to write their rules. Lines are read by the *shape* of their keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec.structs import replace

from .._careful import Formatted, Note, Pair, Place, Trouble, unknown_key
from .._rows.presence import present_in
from .._rows.read import MOST_KEYS, rows
from .._rows.small import Part, Variant
from .._rows.source import Fallback, title_of
from .._rows.values import matcher, may_be_empty
from .._rows.write import Keys, OpenSlot, OpenText, Slot, Template, Texts, Writer, open_slots, writer
from .._source import EMPTY_BODY, SURROGATE, Source, quote
from .._types import lazy
from ..declare import DATE, Endpoint, Field, Many, Object, OpenMap, Reply, Several, Type
from ..errors import DecodeError, EncodeError, OptionError
from ..limits import DEFAULT_LIMITS, Limits
from ..report import Severity
from .free_text import FreeText
from .grammar import Grammar, Piece, Words
from .reader import UNBOUNDED, checked_join, keys_of, lines_from, required, texts_with
from .runs import RunReader
from .shapes import Shape, Shapes, ShapesOfBody, Tables

# The most characters of a line whose shape is learned.
_LONG_LINE = 4096


_KEY = re.compile("[A-Za-z_][A-Za-z0-9_]* = ").match

# A number alone.
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]* = (?:0|[1-9][0-9]{0,17})(?:\r?\n)?").fullmatch

_ERROR = "ERROR = "
"""The beginning of the first line of an error [client]."""

_Values: TypeAlias = list[Callable[[str], Any]]
"""A check of the values of each key of a record."""


class TextFormat(RunReader):
    """Reads and writes an endpoint's replies in fmt=0."""

    fmt = "text"
    unique = False

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        super().__init__(endpoint)
        self._records = (*self.lists, *self.wide)
        inner = tuple(reply for _, reply in self.behind.values())
        self._required |= {reply.kind: required(reply, self.fmt) for reply in inner}
        rules = dict.fromkeys(reply.rule for reply in (*self._records, *inner))
        every = (*self.replies, *inner)
        named = [(field.key(self.fmt) or "", field.type) for reply in every for field in reply.object.fields]
        self._where = f"{endpoint.name}: grammar {endpoint.grammar!r}"
        for reply in self._records:
            if not reply.rule:
                raise OptionError(f"{endpoint.name}: reply {reply.kind!r} needs rule, the grammar's rule of its lines")
        grammar = self._grammar = Grammar(endpoint.grammar, ("reply", *rules), _words_of(named))
        self._check_rules()
        self._find_line_end = re.compile(grammar.pattern("_LINE_END")).search
        self._shapes: Shapes[Shape] = Shapes()
        self._variants = {reply.kind: [*grammar.variants(reply.rule or reply.kind)] for reply in self.narrow}
        self._check_values()
        self._check_records((*self._records, *inner))
        # A line after the first one that is not kept.
        self._is_note = re.compile(grammar.pattern("_NOTE") if grammar.has_terminal("_NOTE") else "(?!)").fullmatch
        # The text between an open key and its value, in a reply that is not a record.
        self._dash = grammar.fixed("_DASH")
        if self._dash:
            self._comma = grammar.literal("_NEXT")
        self._texts_of: dict[str, list[str]] = {reply.kind: [] for reply in self.wide}
        for reply in self.narrow:
            types = {field.name: field.type for field in reply.object.fields}
            self._texts_of[reply.kind] = [n for n, t in types.items() if isinstance(t, Type) and t.kind == "text"]
        # The beginning of a record tells which reply it belongs to.
        if rules:
            self._equals, self._comma = grammar.literal("_IS"), grammar.literal("_NEXT")
            self.mark = self._equals
            self._equals_mark = self._equals.strip()
        self._needed = {reply.kind: self._marks_of(reply.object) for reply in self._records}
        self._alike_of = {reply.object.cls: self._of_object(reply.object) for reply in self._records}
        self._generic = [reply for reply in self._records if reply.object.is_generic]
        self._free = {reply.rule: FreeText(reply.object) for reply in self._records if _has_free(reply.object)}
        self._values: Shapes[_Values] = Shapes()
        known = [reply for reply in self._records if not reply.object.is_generic]
        self._heads = [(reply, f"{_first_key(reply.object)}{self._equals}") for reply in known]
        self._check_heads()
        self._led = next((reply for reply in self._records if _leads(reply.object)), None)
        if self._led is not None:
            self._any_key = f"{grammar.pattern('KEY')}{re.escape(self._equals)}"
            self._is_led = re.compile(self._any_key).match
        self.list_start = self._list_start()

    def _check_rules(self) -> None:
        """Raise `OptionError` if the grammar and the declaration do not name the same replies."""
        declared = {name for reply in self.replies for name in (reply.kind, reply.rule) if name}
        declared |= {inner.rule for _, inner in self.behind.values()}
        for name in self._grammar.inside("reply") - declared:
            records = self._grammar.inside(name)
            if not records or not records <= declared:
                raise OptionError(f"{self._where}: rule {name!r} has no Reply of that kind")
        named = self._grammar.inside("reply")
        named |= {inner for name in named for inner in self._grammar.inside(name)}
        for reply in self.replies:
            if named.isdisjoint((reply.rule, reply.kind)) and not reply.object.is_generic:
                raise OptionError(f"{self._where}: rule 'reply' does not name {reply.rule or reply.kind!r}")

    def _check_values(self) -> None:
        """Raise `OptionError` if a terminal of a small reply has no field, or allows less than its field."""
        for reply in self.narrow:
            names = reply.object.names(self.fmt)
            for piece in (piece for pieces in self._variants[reply.kind] for piece in pieces):
                if piece.kind not in ("literal", "separator", *names):
                    wanted = "name it like the field's key, or begin its name with _"
                    raise OptionError(
                        f"{self._where}: reply {reply.kind!r}: terminal {piece.terminal} is not the value of a field"
                        f" ({wanted})"
                    )
                if piece.kind in names:
                    self._check_terminals(reply, [piece.terminal], reply.object.by_name[names[piece.kind]])

    def _check_terminals(self, reply: Reply, terminals: Sequence[str], field: Field) -> None:
        """Raise `OptionError` if no terminal matches some value of its field, which the writer would write."""
        left = _unmatched(self._patterns_of(terminals), field.type)
        if left:
            raise OptionError(
                f"{self._where}: reply {reply.kind!r}: terminal {' or '.join(terminals)} does not match {left[0]!r}, a"
                f" value of the field {field.name!r}"
            )

    def _check_records(self, records: Iterable[Reply]) -> None:
        """Raise `OptionError` if a record's rule names a key that would not be kept, or allows less than a field."""
        for reply in records:
            names, by_name = reply.object.names(self.fmt), reply.object.by_name
            where = f"{self._where}: reply {reply.kind!r}"
            for key, terminals in self._grammar.fields(reply.rule).items():
                if key not in names and reply.object.open is None:
                    raise OptionError(f"{where}: the key {key!r} in rule {reply.rule!r} is not that of a field")
                if key in names and terminals:
                    self._check_terminals(reply, sorted(terminals), by_name[names[key]])

    def _check_heads(self) -> None:
        """Raise `OptionError` if the first key of a record does not tell which reply it belongs to."""
        heads: dict[str, Reply] = {}
        for reply, head in self._heads:
            other = heads.setdefault(head, reply)
            if other.object is not reply.object:
                raise OptionError(
                    f"{self._where}: lines of {other.kind!r} and {reply.kind!r} both begin with {head!r}: nothing tells"
                    " which they are"
                )
        for reply, _ in self._heads:
            first = _first_key(reply.object)
            others = self._grammar.first_keys(reply.rule) - {first}
            if others and not _leads(reply.object):
                found = f"the key {min(others)!r}" if all(others) else "any key"
                raise OptionError(
                    f"{self._where}: reply {reply.kind!r}: rule {reply.rule!r} begins with {found}, and the first field"
                    f" has the key {first!r}"
                )

    def _list_start(self) -> str:
        """Return the character that all records begin with and no other reply, or an empty text if there is none."""
        starts = {head[0] for _, head in self._heads} if not self._generic and self._led is None else set()
        others = [pieces[0].text[:1] for reply in self.narrow for pieces in self._variants[reply.kind]]
        return starts.pop() if len(starts) == 1 and starts.isdisjoint(others) and all(others) else ""

    # Reading

    def variants(
        self, replies: Sequence[Reply], first: type | None, canonical: bool
    ) -> tuple[list[Variant], tuple[str, str], Callable[[str], str] | None]:
        """Return every way to write the rules of these replies."""
        found = [
            Variant(reply.object, tuple(self._part(reply.object, piece) for piece in pieces))
            for reply in replies
            for pieces in self._variants[reply.kind]
            if (reply.cls is first or not _lacking(reply, {piece.kind for piece in pieces}))
            if not canonical or _is_fixed(pieces)
        ]
        return found, ("", f"(?:{self._grammar.pattern('_LINE_END')}|)"), None

    def may_be_own(self, text: str) -> bool:
        """Return whether a text begins as a reply of the endpoint alone does."""
        return self._begins_as_own(text) is not None

    @lazy
    def _begins_as_own(self) -> Callable[[str], Any]:
        """Matches the beginning of a text that begins as a reply of the endpoint alone does."""
        first = [pieces[0] for reply in self.own if reply in self.narrow for pieces in self._variants[reply.kind]]
        found = [re.escape(piece.text) or self._grammar.pattern(piece.terminal) for piece in first]
        found += [re.escape(head) for reply, head in self._heads if reply in self.own]
        if self._led in self.own:
            found.append(self._any_key)
        return re.compile("|".join(f"(?:{each})" for each in dict.fromkeys(found)) or "(?!)").match

    def _part(self, obj: Object, piece: Piece) -> Part:
        if piece.kind in ("literal", "separator"):
            return Part(re.escape(piece.text) or f"(?:{self._grammar.pattern(piece.terminal)})")
        name = obj.names(self.fmt)[piece.kind]
        return Part("", name, _within([self._grammar.pattern(piece.terminal)], obj.by_name[name]))

    def fast(self, body: bytes, limits: Limits, expect: tuple[Any, ...], tables: Tables) -> Any:
        """Read a reply. Return None if only `read` can read it."""
        text = body.decode()
        if not text:
            return None
        reply = None if self._generic else self._record_by_key(text)
        if reply is None:
            found = self.read_small(text, expect, limits, tables)
            if found is not None:
                return found
            if not self._generic:
                return self._with_lines(text, expect, limits, tables) if self.behind else None
            meant = self._record_at(text, expect)
            if len(meant) != 1:
                return None
            reply = meant[0]
        records, alike = self.runs(text, reply, limits, tables)
        if len(records) > limits.items:
            return None
        found = self._reply(records, reply, expect)
        # A pair alone can be the id of something new: its value tells.
        if found is not None and alike is not None and not (reply.object.is_generic and alike.rows.width == 1):
            self.learn(text, found, alike, expect, tables, alone=found is records[0])
        return found

    def _with_lines(self, text: str, expect: tuple[Any, ...], limits: Limits, tables: Tables) -> Any:
        """Read a reply whose list follows in more lines. Return None if only `read` can read it."""
        found = self._find_line_end(text)
        if found is None:
            return None
        first = self.read_small(text[: found.start()], expect, limits, tables)
        rest = text[found.end() :]
        return self.with_records(first, limits, tables, lambda inner: self.runs(rest, inner, limits, tables)[0])

    def _of_object(self, obj: Object) -> tuple[bool, Reply | None]:
        """Return whether a record of an object can stand alone, and the reply that is a list of them."""
        alike = [reply for reply in self._records if reply.object is obj]
        return not all(reply.many for reply in alike), next((reply for reply in alike if reply.many), None)

    def _reply(self, records: list[Any], reply: Reply, expect: tuple[Any, ...]) -> Any:
        """Return the reply that records are. A record that can also be a reply is a list only if a list is expected."""
        single, listed = self._alike_of[reply.object.cls]
        if single and len(records) == 1 and not self._is_list(listed, expect):
            return records[0]
        return listed.many(tuple(records)) if listed is not None else None

    def _is_list(self, listed: Reply | None, expect: tuple[Any, ...]) -> bool:
        """Return whether a record alone is expected to be a list."""
        return listed is not None and len(expect) == 2 and expect[0] is listed.cls

    def width(self, text: str, reply: Reply) -> int:
        """Return how many fields the first line seems to have."""
        end = text.find("\n")
        return text.count(self._equals_mark) if end < 0 else text.count(self._equals_mark, 0, end)

    def pieces(self, text: str, reply: Reply) -> tuple[list[str], Iterable[Hashable], str]:
        """Return the records of a text, the keys of each, and the text after each that does not belong to it."""
        if reply.rule in self._free:
            records, at = [], 0
            while at < len(text):
                start, at = at, self._record_of(text, at, reply)[1]
                records.append(text[start:at])
            return records, [self._keys(record, reply) for record in records], ""
        lines = text.removesuffix("\n").split("\n")
        if text.endswith("\r") or max(map(len, lines)) > _LONG_LINE:
            raise Fallback
        # This takes half the time of splitting field by field. If a value has an equals sign, the keys are wrong.
        equals, comma = self._equals, self._comma
        return lines, [tuple(line.replace(comma, equals).split(equals)[::2]) for line in lines], "\n"

    def shape_at(self, text: str, at: int, reply: Reply) -> tuple[Shape, int]:
        """Return the shape of the line at a place, and where the next one begins."""
        end, after = self._record_of(text, at, reply)
        if end - at > _LONG_LINE:
            raise Fallback
        keys = self._keys(text[at:end], reply)
        return self._shapes.get((reply.kind, keys), lambda: self._shape(reply, keys)), after

    def _keys(self, line: str, reply: Reply) -> tuple[str, ...]:
        """Return the keys of a line, which determine its shape."""
        free = self._free.get(reply.rule)
        if free is not None:
            return tuple([field.key for field in free.cut(line) or ()])
        # A part without a key belongs to the value before it, as in the country `Korea, Republic of`.
        equals = self._equals
        return tuple([field.partition(equals)[0] for field in line.split(self._comma) if equals in field])

    def _shape(self, reply: Reply, keys: tuple[str, ...]) -> Shape:
        values = self._grammar.values(reply.rule, keys) if len(keys) <= MOST_KEYS else None
        if values is None or (_leads(reply.object) and keys[0] != _first_key(reply.object)):
            raise Fallback
        names = reply.object.names(self.fmt)
        free = self._free.get(reply.rule)
        are_free = [False] * len(keys) if free is None else free.among(keys)
        fields = []
        for key, terminals, is_free in zip(keys, values, are_free):
            if free is not None and is_free:
                fields.append(f"{re.escape(key + self._equals)}({free.pattern})")
                continue
            field = reply.object.by_name.get(names.get(key, ""))
            patterns = self._patterns_of(terminals)
            pattern = _within(patterns, field) if field is not None else _first_of(patterns)
            if field is None and isinstance(reply.object.open, OpenMap) and re.compile(pattern).fullmatch(""):
                raise Fallback  # neither a code nor the text beside codes is empty
            fields.append(f"{re.escape(key + self._equals)}({pattern})")
        line = re.escape(self._comma).join(fields)
        line_end = self._grammar.pattern("_LINE_END")
        behind = f"{line_end}|\\Z" if free is None else f"{free.line_end}|(?:{line_end})?\\Z"
        several = f"{line}(?:{behind})|((?s:.+))"
        find = re.compile(several).findall
        listed = self._alike_of.get(reply.object.cls, (True, None))[1]
        alone = self.make_at_once(reply.object, None, keys, f"{line}(?:{line_end})?", {})
        made = self.make_at_once(reply.object, listed, keys, several, {}) if listed is not None else None
        return Shape(reply, rows(reply.object, self.fmt, keys, "match"), find, made, alone)

    def around(self, text: str, reply: Reply) -> Sequence[str]:
        """Return the marks between keys and values, which the grammar defines."""
        return (self._equals, self._comma)

    def read(self, source: Source, expect: tuple[Any, ...], notes: list[Note] | None) -> Any:
        """Return the reply. *expect* decides whether one record is a list, and what lines of unknown keys are."""
        text = source.text
        if not text or self._line_of(text, 0) == (0, len(text)):
            if self.lists:
                return self.empty_list(expect, "an empty body")
            source.fail(EMPTY_BODY, code="empty")
        if self._led is not None and not text.startswith(_ERROR):
            # The first key can be anything. The expression for it remembers each step of a long key.
            self._check_line(source, 0, self._line_of(text, 0)[0], "", self._led)
        meant = self._record_at(text, expect)
        if not meant:
            return self._narrow(source, expect, notes)
        if len(meant) > 1:
            raise self.ambiguous(meant, source.found(0))
        reply = meant[0]
        records: list[Any] = []
        count = text.count("\n") + 1
        shapes, values = ShapesOfBody(self._shapes, count), ShapesOfBody(self._values, count)
        builder, position = self.builder(reply), 0
        single, several = self._alike_of[reply.object.cls]
        path = several.attribute if several is not None else ""
        listed = not single or self._record_of(text, 0, reply)[1] < len(text) or self._is_list(several, expect)
        while position < len(text):
            number = len(records)
            if number >= source.limits.items:
                source.fail(f"expected at most {source.limits.items} records", position, code="limit")
            where = f"{path}[{number}]" if listed else ""
            end, after = self._record_of(text, position, reply)
            if reply.rule in self._free:
                pairs = self._cut_pairs(source, reply, position, end, values, where)
            else:
                self._check_line(source, position, end, where, reply)
                pairs = self._pairs(source, reply, position, end, shapes)
                if _leads(reply.object):
                    pairs = self._renamed(pairs, reply, source, number, where, notes)
            records.append(builder.build(pairs, source, (number,), where, notes))
            if notes is not None and reply.rule in self._free:
                self._note_line_ends(pairs, reply, number, where, notes)
            position = after
        return self._reply(records, reply, expect)

    def _record_at(self, text: str, expect: tuple[Any, ...]) -> list[Reply]:
        """Return the reply whose record begins a text, or an empty list if the text does not begin with a record.

        Return several replies if only the caller can tell which of them is meant.
        """
        known = self._record_by_key(text)
        found = [] if known is None else [known]
        if not self._generic:
            return [self._led] if not found and self._led is not None and self._is_led(text) else found
        if not found and (not _KEY(text) or text.startswith(_ERROR)):
            return []
        wanted = [reply for reply in self._generic if reply.cls in expect]
        if found:
            # A line may begin like a line of a known list, and lack what all of these have.
            alike = [each.cls for each in self._records if each.object is found[0].object]
            if self._has_needed(text, found[0]) and not (wanted and not any(cls in expect for cls in alike)):
                return found
        else:
            small = self.tolerant_reader(None, False)(text[: self._line_of(text, 0)[0]])
            if small is not None and (not wanted or type(small) in expect):
                return []
        if not wanted and _ID(text):
            return found  # it may be the id of something new
        return self.choose([(0, reply) for reply in wanted or self._generic], expect)

    def _record_by_key(self, text: str) -> Reply | None:
        """Return the reply that is not generic and whose records begin with the first key of a text, or None."""
        for reply, head in self._heads:
            if text.startswith(head):
                return reply
        return None

    def _has_needed(self, text: str, reply: Reply) -> bool:
        """Return whether the first record seems to contain all keys that a record needs."""
        record = text[: self._record_of(text, 0, reply)[0]]
        start = f"{self._comma}{record}"
        return all([any([mark in start for mark in marks]) for marks in self._needed[reply.kind]])

    def _marks_of(self, obj: Object) -> list[list[str]]:
        """Return for each field that a record has to have the text that comes before its value, for each key."""
        needed = keys_of(obj, self.fmt, [field for field in obj.fields if not field.optional])
        return [[f"{self._comma}{key}{self._equals}" for key in keys] for keys in needed]

    def _renamed(
        self,
        pairs: Sequence[Pair],
        reply: Reply,
        source: Source,
        number: int,
        path: str,
        notes: list[Note] | None,
    ) -> Sequence[Pair]:
        """Return the fields of a record whose first one may have any key. Report its key if it is not documented."""
        (key, value), *rest = pairs
        name = _first_key(reply.object)
        if key != name and notes is not None:
            notes.append(unknown_key(key, source, Place((number, name)), f"{path}.{name}" if path else name))
        return [(name, value), *rest]

    def _narrow(self, source: Source, expect: tuple[Any, ...], notes: list[Note] | None) -> Any:
        reply, pieces, after = self._parsed(source)
        name, inner = self.behind.get(reply.kind, ("", None))
        if after < len(source.text) and reply is self.error:
            self._grammar.parse(source, "reply", 0, len(source.text))
            self.note_lines(reply, lines_from(source.text, after), source, notes)
        elif after < len(source.text) and inner is None:
            source.fail(f"expected the end of the reply after {reply.title}", after)
        if reply.constant:
            return reply.object.cls()
        pairs = [(key, piece.text) for key, piece in _values_in(pieces, reply.object)]
        first = source.text[:after].rstrip("\r\n")
        made = self.builder(reply).build(pairs, source, (), "", notes)
        records: list[Any] = []
        unknown: dict[int, str] = {}
        number = count = 0
        shapes = ShapesOfBody(self._shapes, source.text.count("\n"))
        while inner is not None and after < len(source.text):
            if number >= source.limits.items:
                source.fail(f"expected at most {source.limits.items} records", after, code="limit")
            number += 1
            end, behind = self._line_of(source.text, after)
            where, line = f"{name}[{len(records)}]", source.text[after:end]
            if self._is_note(line):
                unknown[number] = line
                after = behind
                continue
            if self._equals not in line:
                wanted = f"{inner.title} or the end of the reply"
                source.fail(f"expected {wanted}, found {source.found(after)}", after, code="unknown-form")
            self._check_line(source, after, end, where, inner)
            fields = self._pairs(source, inner, after, end, shapes)
            if self._required[inner.kind] <= {key for key, _ in fields}:
                records.append(self.builder(inner).build(fields, source, (number,), where, notes))
            else:
                count += len(fields)
                if count > source.limits.fields:
                    source.fail(f"expected at most {source.limits.fields} fields", after, code="limit")
                made = self.builder(reply).with_others(made, fields, source, (number,), notes)
            after = behind
        self.note_lines(reply, unknown, source, notes)
        lacking = _lacking(reply, {key for key, _ in pairs})
        if lacking and reply.cls not in expect:
            found = f"found {source.quote(first)}, which may be {reply.title} without {lacking}"
            source.fail(f"expected {self.endpoint.expected()}, {found} (say what is expected)", code="ambiguous")
        return replace(made, **{name: tuple(records)}) if records else made

    def _parsed(self, source: Source) -> tuple[Reply, list[Piece], int]:
        """Return what Lark finds in a first line that is not a record, and where the next line begins."""
        end, after = self._line_of(source.text, 0)
        # In an error only the description can be long.
        if not source.text.startswith(_ERROR):
            if self._dash:
                self._check_line(source, 0, end, "", None)
            elif end > source.limits.text + _LONG_LINE:
                _check_length(source, end, 0, "")
        rule, pieces = self._grammar.parse(source, "reply", 0, end)
        reply = next((each for each in self.narrow if rule in (each.rule, each.kind)), None)
        assert reply is not None, f"the grammar's rule {rule} has no reply"
        return reply, pieces, after

    def _pairs(
        self, source: Source, reply: Reply, position: int, end: int, shapes: ShapesOfBody[Shape]
    ) -> Sequence[Pair]:
        """Return the fields of a line. Raise `DecodeError` if it is not a record."""
        line = source.text[position:end]
        if len(line) <= _LONG_LINE:
            keys = self._keys(line, reply)
            shape = shapes.get((reply.kind, keys), lambda: self._shape(reply, keys))
            found = shape.find(line) if shape is not None else ()
            if len(found) == 1 and not found[0][-1]:
                return list(zip(keys, found[0]))
        _, pieces = self._grammar.parse(source, self._start(reply, position), position, end)
        return _keyed(pieces)

    def _cut_pairs(
        self, source: Source, reply: Reply, position: int, end: int, values: ShapesOfBody[_Values], path: str
    ) -> Sequence[Pair]:
        """Return the fields of a record with free texts. Raise `DecodeError` if it is not one."""
        record, free = source.text[position:end], self._free[reply.rule]
        cut = free.cut(record) or []
        if len(cut) > source.limits.fields:
            source.fail(f"expected at most {source.limits.fields} fields", position, path, code="limit")
        keys = tuple([field.key for field in cut])
        pairs = [(key, record[start:stop]) for key, start, stop in cut]
        if len(record) > _LONG_LINE:
            names = reply.object.names(self.fmt)
            for key, start, stop in cut:
                _check_length(source, stop - start, position + start, _where(path, key, names))
        known = None
        if len(record) <= _LONG_LINE:
            known = values.get((reply.rule, keys), lambda: self._values_of(reply, keys))
        checked = zip(known or (), pairs, free.among(keys))
        if known is None or not all([is_free or are(value) for are, (_, value), is_free in checked]):
            seen = free.blanked(record, cut)
            self._grammar.parse(source, self._start(reply, position), position, end, seen)
        return pairs

    def _start(self, reply: Reply, position: int) -> str:
        """Return the rule of the line of a reply at a position. On the first line the rule covers all possible replies.

        A literal cannot be the key of a generic record there.
        """
        return "reply" if position == 0 and not self._generic else reply.rule

    def _values_of(self, reply: Reply, keys: Sequence[str]) -> _Values:
        """Return a check of the values of each key of a record with free texts."""
        values = self._grammar.values(reply.rule, keys) if len(keys) <= MOST_KEYS else None
        if values is None:
            raise Fallback
        return [re.compile(self._pattern_of(terminals)).fullmatch for terminals in values]

    def _pattern_of(self, terminals: Sequence[str]) -> str:
        """Return an expression for the values of these terminals; a value that may be missing has an empty name."""
        return _first_of(self._patterns_of(terminals))

    def _patterns_of(self, terminals: Sequence[str]) -> list[str]:
        """Return an expression for the values of each terminal."""
        return [self._grammar.pattern(terminal) if terminal else "" for terminal in terminals]

    def _note_line_ends(self, pairs: Sequence[Pair], reply: Reply, number: int, path: str, notes: list[Note]) -> None:
        names = reply.object.names(self.fmt)
        for key, value in pairs:
            if "\n" in value and key in self._free[reply.rule].free:
                message = "a line end stands in the text: whoever wrote it could have written a whole record there"
                where = f"{path}.{names[key]}" if path else names[key]
                notes.append(Note(Severity.WARNING, "line-end-in-text", message, Place((number, key)), where))

    def _check_line(self, source: Source, position: int, end: int, path: str, reply: Reply | None) -> None:
        """Raise `DecodeError` if a line is beyond the limits, before anything spends time on each of its fields.

        *reply* is the reply of the record in the line, or None if a first line is not a record.
        """
        text, limits = source.text, source.limits
        mark = self._equals if reply is not None else self._dash
        # A part without a key belongs to the value before it.
        if text.count(self._comma, position, end) >= limits.fields and (
            sum([mark in field for field in text[position:end].split(self._comma)]) > limits.fields
        ):
            source.fail(f"expected at most {limits.fields} fields", position, path, code="limit")
        if end - position <= _LONG_LINE:
            return
        names = reply.object.names(self.fmt) if reply is not None else {}
        for field in text[position:end].split(self._comma):
            # Without an equals sign it can only be a value.
            key, equals, value = field.rpartition(mark)
            where = _where(path, key, names)
            _check_length(source, len(key) if key not in names else 0, position, where)
            _check_length(source, len(value), position + len(key) + len(equals), where)
            position += len(field) + len(self._comma)

    def _record_of(self, text: str, position: int, reply: Reply) -> tuple[int, int]:
        """Return where the record at *position* ends and where the next one begins."""
        free = self._free.get(reply.rule)
        return self._line_of(text, position) if free is None else free.end_of(text, position)

    def _line_of(self, text: str, position: int) -> tuple[int, int]:
        """Return where the line at *position* ends, and where the next one begins."""
        found = self._find_line_end(text, position)
        return found.span() if found else (len(text), len(text))

    def locate(self, source: Source, places: Sequence[Place], expect: tuple[Any, ...] = ()) -> list[int]:
        """Return where in the text each of *places* is."""
        text = source.text
        reply = next(iter(self._record_at(text, expect)), None)
        # Look only as far as there is something to find.
        most = 1 + max(place.steps[0] if place.steps and isinstance(place.steps[0], int) else 0 for place in places)
        starts = [0]
        while starts[-1] < len(text) and len(starts) <= most:
            last = starts[-1]
            starts.append((self._record_of(text, last, reply) if reply else self._line_of(text, last))[1])
        # A record is looked at once, however many findings it has.
        known: dict[int, dict[tuple[str, int], int]] = {}
        found = []
        for steps, again in places:
            number, *keys = steps if steps and isinstance(steps[0], int) else (0, *steps)
            at = starts[int(number)]
            if keys and at not in known:
                known[at] = self._values_at(source, at, reply)
            found.append(known[at].get((str(keys[-1]), again), at) if keys else at)
        return found

    def _values_at(self, source: Source, at: int, reply: Reply | None) -> dict[tuple[str, int], int]:
        """Return where the values of the record at a place begin, by their keys and how often these came before."""
        pairs: list[tuple[str, int]] = []
        if reply is None and at == 0:
            own, pieces, _ = self._parsed(source)
            pairs = [(key, piece.at) for key, piece in _values_in(pieces, own.object)]
        elif reply is not None and reply.rule in self._free:
            record = source.text[at : self._record_of(source.text, at, reply)[0]]
            pairs = [(field.key, at + field.start) for field in self._free[reply.rule].cut(record) or ()]
        else:
            for field in source.text[at : self._line_of(source.text, at)[0]].split(self._comma):
                key, equals, _ = field.partition(self._equals)
                if equals:  # a part without a key belongs to the value before it
                    pairs.append((key, at + len(key) + len(equals)))
                at += len(field) + len(self._comma)
            if reply is not None and _leads(reply.object):
                pairs[0] = _first_key(reply.object), pairs[0][1]
        found: dict[tuple[str, int], int] = {}
        seen: dict[str, int] = {}
        for key, start in pairs:
            seen[key] = seen.get(key, -1) + 1
            found[key, seen[key]] = start
        return found

    # Writing

    def has_open_keys(self, reply: Reply) -> bool:
        """Return whether the format has a place for keys of a reply that are not fields."""
        return bool(self._dash) or reply not in self.narrow

    def listed(self, lines: list[str], reply: Reply) -> str:
        """Return the text of a list with these records. Raise `EncodeError` if it would be read back as an error."""
        text = self.framed(lines, reply)
        if text.startswith(_ERROR):
            raise EncodeError(_otherwise(text), path=f"{reply.attribute}[0]")
        return text

    def write_one(self, value: Any, reply: Reply, limits: Limits) -> str:
        """Return the text of a reply that is not a list."""
        text = super().write_one(value, reply, limits)
        if not self._is_read_back(value, text, reply):
            self._parsed_back(text, "")
            raise EncodeError(_otherwise(text))
        return text

    def make_record_writer(self, reply: Reply, presence: Any) -> Callable[[Any, int], str]:
        """Return the writer of replies with that presence. Its second argument is the greatest length of a text."""
        made = super().make_record_writer(reply, presence)
        if present_in(reply.object, presence)[0].isdisjoint(self._texts_of.get(reply.kind, ())):
            return made

        def write(value: Any, longest: int) -> str:
            text = made(value, longest)
            if not self._is_read_back(value, text, reply):
                raise Fallback
            return text

        return write

    def _is_read_back(self, value: Any, text: str, reply: Reply) -> bool:
        """Return whether the text of a reply is read back as the same value. A text in it can contain a separator."""
        lines = self._find_line_end(text)
        if not (lines and reply.kind in self.behind):
            if all([getattr(value, name) is None for name in self._texts_of[reply.kind]]):
                return True
            if not lines and self.tolerant_reader(None, False)(text) == value:
                return True
        # A compiled reader does not know open keys.
        try:
            return bool(self.read(Source(text, UNBOUNDED), (reply.cls,), None) == value)
        except (Trouble, DecodeError):
            return False

    def compile_writer(self, reply: Reply, present: frozenset[str], keys: Keys) -> Writer:
        """Compile a writer of records with these fields and open keys."""
        obj = reply.object
        title = title_of(obj, self.fmt)
        names = obj.names(self.fmt)
        if reply in self.narrow:
            for pieces in filter(_is_fixed, self._variants[reply.kind]):
                parts: list[str | Slot] = [piece.text or Slot(names[piece.kind]) for piece in pieces]
                if {part.name for part in parts if isinstance(part, Slot)} == present:
                    return writer(obj, title, parts, keys, dict.fromkeys(obj.by_name, _PLAIN))
            raise Fallback
        self.check_keys(reply, keys)
        line: list[tuple[str, Slot | OpenSlot | OpenText]] = []
        for member in obj.ordered(self.fmt, present):
            if not isinstance(member, Field):
                line += open_slots(member, self.fmt, keys)
            elif member.name in present:
                line.append((member.key(self.fmt) or "", Slot(member.name)))
        if reply.rule in self._free:
            are_open = [not isinstance(slot, Slot) for _, slot in line]
            line = [line[place] for place in self._free[reply.rule].order([key for key, _ in line], are_open)]
        values = self._grammar.values(reply.rule, [key for key, _ in line]) if line else None
        if values is None or len(line) < len(present) + len(keys.codes) + len(keys.texts):
            raise Fallback
        template: Template = []
        texts = {}
        free = self._free.get(reply.rule)
        are_free = [False] * len(line) if free is None else free.among([key for key, _ in line])
        for (key, slot), terminals, is_free in zip(line, values, are_free):
            before = f"{self._comma if template else ''}{key}{self._equals}"
            if isinstance(slot, OpenSlot):
                template.append(slot._replace(before=before))
                continue
            template += [before, slot]
            if isinstance(slot, Slot) and _unmatched([self._pattern_of(terminals)], obj.by_name[slot.name].type):
                raise Fallback
            name = slot.name if isinstance(slot, Slot) else keys.slots[slot.place]
            texts[name] = _free_texts(free) if free is not None and is_free else self._texts(terminals)
        return writer(obj, title, template, keys, texts)

    def _texts(self, terminals: Sequence[str]) -> Texts:
        """Return the writers of values of these terminals. They write a value as it is, if it matches."""
        pattern = self._pattern_of(terminals)
        specials = self._grammar.specials(terminals[0]) if len(terminals) == 1 else None
        is_value = re.compile(pattern).fullmatch
        are_values = matcher(pattern)

        def one(text: str) -> str:
            if "\n" in text or not is_value(text):
                raise Fallback
            return _same(text)

        def many(column: list[str], longest: int) -> list[str]:
            joined = _same(checked_join(column, longest))
            if specials is not None and joined.isascii() and not any([mark in joined for mark in specials]):
                allowed = all(column)
            else:
                allowed = are_values(column)
            if not allowed:
                raise Fallback
            return column

        return Texts(one, many)

    def write_carefully(self, value: Any, reply: Reply, path: str, limits: Limits) -> str:
        """Return the text of one record, or of a reply that is not a list. Raise `EncodeError` if it has no text."""
        if reply in self.narrow:
            given = {field.name for field in reply.object.fields if getattr(value, field.name) is not None}
            fields = reply.object.fields
            missing = [field.name for field in fields if not field.may_lack(self.fmt) and field.name not in given]
            if missing and not path:
                raise EncodeError(f"the text format needs a value of {', '.join(missing)}")
        return super().write_carefully(value, reply, path, limits)

    def format_record(self, fields: list[Formatted], value: Any, reply: Reply, path: str, limits: Limits) -> str:
        """Return a line with these fields. Raise `EncodeError` if it would be read back as something else."""
        if reply in self.narrow:
            return self._format_small(fields, reply)
        if reply.rule in self._free:
            are_open = [not each.name for each in fields]
            fields = [fields[place] for place in self._free[reply.rule].order([each.key for each in fields], are_open)]
        text = self._comma.join([f"{each.key}{self._equals}{each.text}" for each in fields])
        if reply.rule in self._free:
            self._check_cut(text, fields, reply, path)
            return text
        rule, pieces = self._parsed_back(text, path, self._start(reply, 0 if reply in self._records else 1))
        read = _keyed(pieces)
        if read != [(each.key, each.text) for each in fields] or rule in {each.kind for each in self.narrow}:
            raise EncodeError(_otherwise(text), path=path)
        return text

    def _format_small(self, fields: list[Formatted], reply: Reply) -> str:
        """Return the text of a reply that is not a record, with its open keys at the end."""
        texts = {each.name: each.text for each in fields if each.name}
        others = [(each.key, each.text) for each in fields if not each.name]
        names = reply.object.names(self.fmt)
        for pieces in filter(_is_fixed, self._variants[reply.kind]):
            slots = {names[piece.kind] for piece in pieces if not piece.text}
            if slots == texts.keys():
                text = "".join([piece.text or texts[names[piece.kind]] for piece in pieces])
                break
        else:
            raise EncodeError(f"the text format has no place for {', '.join(texts)} together")
        if not others:
            return text
        inner = self.behind[reply.kind][1] if reply.kind in self.behind else None
        if not self._dash and inner is None:
            raise EncodeError(self.no_place_for_keys(reply), path=fields[-1].path)
        try:
            return self._with_pairs(text, others, len(fields), reply)
        except EncodeError:
            if inner is None:
                raise
        return f"{text}\n{self._line_of_others(others, inner, fields[-1].path)}"

    def _with_pairs(self, text: str, others: list[Pair], count: int, reply: Reply) -> str:
        """Return a line with open keys at its end. Raise `EncodeError` if it is not read back with *count* values."""
        text += "".join([f"{self._comma}{key}{self._dash}{value}" for key, value in others])
        read = _values_in(self._parsed_back(text, "")[1], reply.object)
        if [(key, piece.text) for key, piece in read][-len(others) :] != others or len(read) > count:
            raise EncodeError(_otherwise(text))
        return text

    def _line_of_others(self, others: list[Pair], inner: Reply, path: str) -> str:
        """Return open keys as a line after the first one. Raise `EncodeError` if it is not read back as that."""
        line = self._comma.join([f"{key}{self._equals}{value}" for key, value in others])
        read = _keyed(self._parsed_back(line, path, inner.rule)[1])
        if read != others or self._required[inner.kind] <= {key for key, _ in others}:
            raise EncodeError(_otherwise(line), path=path)
        return line

    def _check_cut(self, text: str, fields: list[Formatted], reply: Reply, path: str) -> None:
        """Raise `EncodeError` if a record would be read back as something else, inside a list or at its end."""
        values = ShapesOfBody(self._values, 1)
        for behind in ("", "\n"):
            source = Source(text + behind, UNBOUNDED)
            end, after = self._record_of(source.text, 0, reply)
            try:
                read = self._cut_pairs(source, reply, 0, end, values, path) if after == len(source.text) else []
            except DecodeError as error:
                reason = f"the text format cannot carry it, as {quote(text)} cannot be read back: {error.reason}"
                raise EncodeError(reason, path=path) from None
            if [*read] != [(each.key, each.text) for each in fields]:
                raise EncodeError(_otherwise(text), path=path)

    def _parsed_back(self, text: str, path: str, start: str = "reply") -> tuple[str, list[Piece]]:
        if self._find_line_end(text):
            raise EncodeError(f"a line end would split the value in this format, found {quote(text)}", path=path)
        try:
            return self._grammar.parse(Source(text, DEFAULT_LIMITS), start, 0, len(text))
        except DecodeError as error:
            reason = f"the text format cannot carry it, as {quote(text)} cannot be read back: {error.reason}"
            raise EncodeError(reason, path=path) from None


def _words_of(types: Sequence[tuple[str, Type | Many | Several]]) -> Words:
    """Return the words of errors for values, by the name and pattern of the terminal, or by the pattern alone.

    A text has the name of its terminal, which says more than `text`.
    """
    found: dict[tuple[str, str], str] = {}
    for key, type_ in types:
        if isinstance(type_, Type) and type_.kind != "text":
            found.setdefault((key.lower(), type_.pattern), type_.title)
            if type_.kind != "code":
                found.setdefault(("", type_.pattern), type_.title)
    return tuple((*place, words) for place, words in found.items())


def _where(path: str, key: str, names: Mapping[str, str]) -> str:
    """Return the path of the value of a key in the record at *path*."""
    return f"{path}.{names[key]}" if key in names and path else names.get(key, path)


def _check_length(source: Source, size: int, at: int, path: str) -> None:
    """Raise `DecodeError` if a text of *size* characters is too long."""
    longest = source.limits.text
    if size > longest:
        source.fail(f"expected at most {longest} characters, found {size}", at, path, code="limit")


def _has_free(obj: Object) -> bool:
    """Return whether an object has free texts."""
    return any(isinstance(field.type, Type) and field.type.free for field in obj.fields)


def _free_texts(free: FreeText) -> Texts:
    """Return the writers of free texts. They refuse a text that contains anything that could follow it."""
    fullmatch = re.compile(free.pattern).fullmatch

    def one(text: str) -> str:
        if not fullmatch(text):
            raise Fallback
        return _same(text)

    def many(column: list[str], longest: int) -> list[str]:
        _same(checked_join(column, longest))
        if not all(map(fullmatch, column)):
            raise Fallback
        return column

    return Texts(one, many)


def _first_key(obj: Object) -> str:
    """Return the key that every record of an object begins with."""
    first = next(member for member in obj.ordered("text") if isinstance(member, Field))
    return first.key("text") or ""


def _first_of(patterns: Sequence[str]) -> str:
    """Return an expression for the first of *patterns* that matches.

    It tries a pattern only where none before it matches. Otherwise, if two of them matched the same value, a line
    that is wrong at its end would be tried with every combination of them.
    """
    first, *rest = [f"(?:{pattern})" for pattern in patterns]
    tried, either = first, first
    for pattern in rest:
        either += f"|(?!{tried}){pattern}"
        tried += f"|{pattern}"
    return f"(?:{either})" if rest else first


_USUAL_TEXTS = {
    "number": ("0", "1", "9" * 18),
    "money": ("0", "1", "0.5", "100.00", "-1"),
    "date": ("31.12.1999 23:59:59",),
}


def _usual_texts(type_: Any) -> list[str]:
    """Return some values of a type as they are written. Texts have no usual ones."""
    given = type_.documented if type_.kind == "code" else _USUAL_TEXTS.get(type_.kind, ())
    is_value = re.compile(type_.pattern).fullmatch
    return [text for text in map(str, given) if is_value(text)]


def _unmatched(patterns: Sequence[str], type_: Any) -> list[str]:
    """Return usual values of a type that none of the patterns matches."""
    matches = [re.compile(pattern).fullmatch for pattern in patterns]
    return [text for text in _usual_texts(type_) if not any(is_value(text) for is_value in matches)]


def _within(patterns: Sequence[str], field: Field) -> str:
    """Return an expression for the values of a field that some terminals allow, given the pattern of each.

    A field's name or the end of the line follows it.
    """
    type_ = field.type
    assert isinstance(type_, Type)
    if type_.kind == "text":
        if may_be_empty(type_):
            return _first_of(patterns)
        pattern = _first_of([each for each in patterns if each])
        return rf"(?=[^,\r\n]){pattern}" if re.compile(pattern).fullmatch("") else pattern
    if not {type_.pattern, f"(?:{type_.pattern})", *_WIDER.get(type_.pattern, ())}.isdisjoint(patterns):
        return type_.pattern
    return rf"(?=(?:{_first_of(patterns)})(?:, |\)|\r?\n|\Z)){type_.pattern}"


_WIDER = {DATE.pattern: (r"[0-9]{2}\.[0-9]{2}\.[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}",)}
"""The patterns of terminals that allow all values of a type, by the pattern of the type."""


def _values_in(pieces: Sequence[Piece], obj: Object) -> list[tuple[str, Piece]]:
    """Return the values of a reply that is not a record, with their keys. The terminal or the key before it names them.

    Keys are written only in `, CODE - 123456`, in capitals. Only values that may be missing have such a key.
    """
    named = {field.key("text") for field in obj.fields if field.optional and isinstance(field.type, Type)}
    found: list[tuple[str, Piece]] = []
    key = ""
    for piece in pieces:
        if piece.kind == "key":
            key = piece.text.lower() if piece.text.lower() in named else piece.text
        elif piece.kind not in ("literal", "separator"):
            found.append((key or piece.kind, piece))
            key = ""
    return found


def _lacking(reply: Reply, given: Collection[str]) -> str:
    """Return the field that a way to write a reply lacks, so that it may be another reply, or an empty text."""
    names = {field.name: field.key("text") for field in reply.object.fields if field.absent_in == "text"}
    return next((name for name, key in names.items() if key not in given), "")


def _is_fixed(pieces: Sequence[Piece]) -> bool:
    """Return whether all text between the values is fixed, so that it can be written."""
    return all(piece.text for piece in pieces if piece.kind == "separator")


def _leads(obj: Object) -> bool:
    """Return whether the first field of a line has any key."""
    return any(field.leads for field in obj.fields)


def _keyed(pieces: Sequence[Piece]) -> list[Pair]:
    """Return the fields of a record: each value with the key before it."""
    pairs: list[Pair] = []
    key = ""
    for piece in pieces:
        if piece.kind in ("literal", "key"):
            key = piece.text
            pairs.append((key, ""))
        elif piece.kind != "separator" and pairs:
            pairs[-1] = (key, piece.text)
    return pairs


_PLAIN = texts_with(SURROGATE.search)


def _same(text: str) -> str:
    """Return a text. Raise `Fallback` if no charset can hold one of its characters."""
    return text if text.isascii() else _PLAIN.one(text)


def _otherwise(text: str) -> str:
    return f"the text format cannot carry it, as {quote(text)} would be read back as something else"

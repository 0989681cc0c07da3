"""fmt=0: lines of `key = value`, errors, ids and OK, as the endpoint's grammar has them.

Lark takes some 3 µs a token, so it reads each shape of reply only once. A *shape* is what Lark's tokens
say when values are left open: literals and keys stand as they are, each value becomes its terminal's own
regular expression. One `findall` then reads all lines of a shape. So the grammar is the only definition
of the format: what no shape covers, and every error, is Lark's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ._errors import DecodeError, EncodeError
from ._forms import Endpoint, Flat, Form, Listing
from ._grammar import Grammar, Piece
from ._limits import DEFAULT_LIMITS, Limits
from ._records import Pair, carry_out
from ._runs import weave
from ._source import Source, shown
from ._values import Unusual

# A hostile body can invent shapes without end; a shape costs a millisecond to compile and some kilobytes.
_MAX_SHAPES = 64
_MAX_NEW_SHAPES = 8

# Characters that a text is told apart by, before its shape is looked for.
_HEAD = 2

# Characters of lines that are read at a time: enough to be quick, little enough to need no memory.
_FIRST_CHUNK = 1024
_LAST_CHUNK = 256 * 1024


class Shape:
    """A line, or a flat reply, with its values left open."""

    def __init__(self, form: Form, pieces: Sequence[Piece], grammar: Grammar, line_end: str) -> None:
        self.form = form
        self.keys: list[str] = []
        self.trusted = True
        terminals: list[str] = []
        pattern = ""
        for key, piece in _keyed(form, pieces):
            if key is None:
                pattern += re.escape(piece.text)
                continue
            terminal = grammar.pattern(piece.terminal)
            type_ = form.record.types.get(piece.kind)
            # A terminal that allows more than the value's own pattern is checked again.
            self.trusted &= type_ is None or type_.least is not None or type_.pattern.pattern == terminal
            terminals.append(terminal)
            pattern += f"({terminal})"
            self.keys.append(key)
        end = f"(?:{line_end}|\\Z)"
        self.match = re.compile(f"{pattern}{end}").match
        self.finditer = re.compile(f"{pattern}{end}").finditer
        # What is not a line of this shape is taken whole, so that nothing is searched for behind it.
        self.findall = re.compile(f"{pattern}{end}|([\\s\\S]+)").findall if isinstance(form, Listing) else None
        # Whether every line of a text is a value of the field, for each field.
        self.values = [re.compile(f"(?:{terminal}\\n)*").fullmatch for terminal in terminals]
        self.head = pieces[0].text[:_HEAD]
        self.count = len(self.keys)
        self.names = form.text.names if isinstance(form, Listing) else {key: key for key in self.keys}
        # A value that has to be checked again, or is optional in its place, needs more than a call.
        self.plan = form.record.plan(self.keys, self.names) if self.trusted else None

    def pairs(self, match: re.Match[str]) -> list[Pair]:
        """The fields of a match."""
        return [Pair(key, match[group], match.start(group)) for group, key in enumerate(self.keys, 1)]


def _keyed(form: Form, pieces: Iterable[Piece]) -> Iterator[tuple[str | None, Piece]]:
    """Each piece with the key of the field whose value it is; `None` with what is no value."""
    key = ""
    for piece in pieces:
        if piece.kind in ("literal", "key", "separator"):
            key = key if piece.kind == "separator" else piece.text
            yield None, piece
        else:
            yield key if isinstance(form, Listing) else piece.kind, piece


class TextFormat:
    """Reads and writes an endpoint's replies in fmt=0."""

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        self._endpoint = endpoint
        self._forms: dict[str, Form] = {form.rule: form for form in endpoint.forms}
        listings = [form for form in endpoint.forms if isinstance(form, Listing)]
        self._listing = listings[0] if listings else None
        records = tuple(form.rule for form in listings)
        self._grammar = Grammar(endpoint.grammar, ("reply", *records))
        self._line_end = self._grammar.pattern("_LINE_END")
        self._find_line_end = re.compile(self._line_end).search
        # By the first characters of the text; those of a record all begin alike.
        self._shapes: dict[str, list[Shape]] = {}
        self._constants: dict[str, Any] = {}

    # Reading

    def fast(self, body: bytes, limits: Limits) -> Any:
        """The reply, or `None` if `read` has to judge: an error, a finding, a shape that is new."""
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return None
        constant = self._constants.get(text)
        if constant is not None:
            return constant
        size = len(text)
        if size <= limits.text and limits.names:
            for shape in self._shapes.get(text[:_HEAD], ()):
                match = shape.match(text)
                if match is not None:
                    if match.end() < size or shape.plan is None or shape.count > limits.attributes:
                        break
                    value = carry_out(shape.plan, match.groups())
                    form = shape.form
                    return value if isinstance(form, Flat) else form.cls((value,))
        return self._read(text, limits, None, False)

    def read(self, source: Source, collect: bool, expect: tuple[Any, ...]) -> Any:
        """The reply; *collect* if findings are wanted. No text is two replies, so *expect* is not asked."""
        text = source.text
        if not text or self._line_of(text, 0) == (0, len(text)):
            if self._listing is not None:
                return self._listing.cls()
            source.fail("expected a reply, found an empty body", code="empty")
        return self._read(text, source.limits, source, collect)

    def _read(self, text: str, limits: Limits, source: Source | None, collect: bool) -> Any:
        """The reply; without *source* `None` if there is anything to learn or to say."""
        longest = limits.text if len(text) > limits.text else None
        records: list[Any] = []
        end = len(text)
        position = learned = 0
        size = _FIRST_CHUNK
        while position < end:
            shape, match = self._shape_at(text, position)
            if shape is None or match is None:
                if source is None:
                    return None
                form, pieces, after = self._parsed(source, position)
                if (
                    isinstance(form, Listing)
                    and sum(key is not None for key, _ in _keyed(form, pieces)) > limits.attributes
                ):
                    # Before the line becomes an expression with a group for each field.
                    path = f"{form.attribute}[{len(records)}]"
                    source.fail(f"expected at most {limits.attributes} fields", position, path, code="limit")
                if learned >= _MAX_NEW_SHAPES and isinstance(form, Listing):
                    pairs = [Pair(key, piece.text, piece.at) for key, piece in _keyed(form, pieces) if key is not None]
                    path = f"{form.attribute}[{len(records)}]"
                    records.append(form.record.build(pairs, form.text.names, source, path, position))
                    position = after
                    continue
                learned += 1
                shape = self._learn(form, pieces)
                match = shape.match(text, position, after)
                assert match is not None, "a shape matches the text that it was made of"
            form = shape.form
            if isinstance(form, Flat):
                return None if source is None else self._flat(form, shape, match, source, position)
            assert shape.findall is not None
            cut = self._line_of(text, position + size)[1] if position + size < end else end
            rows = shape.findall(text, position, cut)
            rest = rows.pop()[-1] if rows[-1][-1] else ""
            after = cut - len(rest)
            try:
                if len(shape.keys) > limits.attributes:
                    raise Unusual
                columns = list(zip(*rows))[:-1]
                taken = form.record.columns(shape.keys, columns, shape.names, longest, shape.trusted)
                if collect and any(map(form.record.odd, taken)):
                    raise Unusual
            except Unusual:
                if source is None:
                    return None
                taken = []
                for match in shape.finditer(text, position, after):
                    path = f"{form.attribute}[{len(records) + len(taken)}]"
                    taken.append(form.record.build(shape.pairs(match), shape.names, source, path, match.start()))
            records += taken
            position = after
            size = _FIRST_CHUNK if rest else min(size * 4, _LAST_CHUNK)
            if len(records) > limits.names:
                if source is None:
                    return None
                source.fail(f"expected at most {limits.names} names", position, code="limit")
        return self._listing.cls(tuple(records)) if self._listing is not None and records else None

    def _flat(self, form: Flat, shape: Shape, match: re.Match[str], source: Source, position: int) -> Any:
        if position or match.end() < len(source.text):
            source.fail(f"expected the end of the reply after {form.words}", position or match.end())
        reply = form.record.build(shape.pairs(match), shape.names, source, "", 0)
        if not shape.keys:
            self._constants[match[0]] = reply
        return reply

    def _parsed(self, source: Source, position: int) -> tuple[Form, list[Piece], int]:
        """What Lark says of the line at *position*, and where the next line begins."""
        end, after = self._line_of(source.text, position)
        start = "reply" if position == 0 or self._listing is None else self._listing.rule
        rule, pieces = self._grammar.parse(source, start, position, end)
        form = self._forms.get(rule, self._listing)
        assert form is not None, f"the grammar's rule {rule} has no form"
        return form, pieces, after

    def _learn(self, form: Form, pieces: Sequence[Piece]) -> Shape:
        """Remember a shape, in place of the one that was learned first if there are too many."""
        shape = Shape(form, pieces, self._grammar, self._line_end)
        known = self._shapes.get(shape.head, [])
        # Replaced, not changed: another thread may be reading.
        self._shapes[shape.head] = [shape, *known[: _MAX_SHAPES - 1]]
        return shape

    def _line_of(self, text: str, position: int) -> tuple[int, int]:
        """Where the line at *position* ends, and where the next one begins."""
        found = self._find_line_end(text, position)
        return found.span() if found else (len(text), len(text))

    def _shape_at(self, text: str, position: int) -> tuple[Shape | None, re.Match[str] | None]:
        for shape in self._shapes.get(text[position : position + _HEAD], ()):
            match = shape.match(text, position)
            if match is not None:
                return shape, match
        return None, None

    # Writing

    def write(self, reply: Any, form: Form) -> str:
        """The canonical text, or `EncodeError`."""
        return self._write_list(reply, form) if isinstance(form, Listing) else self._write_flat(reply, form)

    def _write_flat(self, reply: Any, form: Flat) -> str:
        fields = {field.name: getattr(reply, field.name) for field in form.record.fields}
        given = {name for name, value in fields.items() if value is not None}
        types = form.record.types
        for pieces in self._grammar.variants(form.rule):
            if {piece.kind for piece in pieces} - {"literal", "separator"} == given:
                break
        else:
            missing = ", ".join(
                field.name for field in form.record.fields if not field.optional and field.name not in given
            )
            raise EncodeError(f"the text form needs a value of {missing}")
        spelled = {name: types[name].spell(fields[name], name) for name in given}
        text = "".join(piece.text or spelled[piece.kind] for piece in pieces)
        self._verify(text, form, [*spelled.items()], "")
        return text

    def _write_list(self, reply: Any, form: Listing) -> str:
        try:
            # Each line is written with the end of the one before it.
            return "".join(self._write_runs(getattr(reply, form.attribute), form))[1:]
        except (Unusual, EncodeError):
            return self._write_lines(reply, form)

    def _write_runs(self, values: Any, form: Listing) -> Iterator[str]:
        equals, comma, line_end = self._grammar.literal("_IS"), self._grammar.literal("_NEXT"), "\n"
        for runs in form.record.runs(values, form.text):
            # What holds for the keys of one line holds for those of all.
            fields = [(run.key, run.column[0]) for run in runs]
            shape = self._verify(comma.join(f"{key}{equals}{text}" for key, text in fields), form, fields, "")
            for run in runs:
                if not run.number:
                    lines = "\n".join([*run.column, ""])
                    if not shape.values[shape.keys.index(run.key)](lines) or lines.count("\n") != len(run.column):
                        raise Unusual
            parts: list[str | Sequence[str]] = []
            for run in runs:
                parts += (f"{comma if parts else line_end}{run.key}{equals}", run.column)
            yield weave(parts, len(runs[0].column))

    def _write_lines(self, reply: Any, form: Listing) -> str:
        equals, comma = self._grammar.literal("_IS"), self._grammar.literal("_NEXT")
        lines = []
        for number, value in enumerate(getattr(reply, form.attribute)):
            path = f"{form.attribute}[{number}]"
            fields = form.record.spell(value, form.text, path, unique=False)
            line = comma.join(f"{key}{equals}{text}" for key, text in fields)
            self._verify(line, form, fields, path)
            lines.append(line)
        return "\n".join(lines)

    def _verify(self, text: str, form: Form, fields: Iterable[tuple[str, str]], path: str) -> Shape:
        """The shape of a text; refuses what would be read back as something else."""
        if self._find_line_end(text):
            raise EncodeError(f"a line end would split the value in this format, found {shown(text)}", path=path)
        shape, match = self._shape_at(text, 0)
        if shape is None or match is None:
            try:
                form_read, pieces, _ = self._parsed(Source(text, DEFAULT_LIMITS), 0)
            except DecodeError as error:
                reason = f"the text format cannot carry it, as {shown(text)} cannot be read back: {error.reason}"
                raise EncodeError(reason, path=path) from None
            shape = self._learn(form_read, pieces)
            match = shape.match(text)
            assert match is not None, "a shape matches the text that it was made of"
        read = [(pair.key, pair.value) for pair in shape.pairs(match)]
        if shape.form is not form or sorted(read) != sorted(fields):
            reason = f"the text format cannot carry it, as {shown(text)} would be read back as something else"
            raise EncodeError(reason, path=path)
        return shape

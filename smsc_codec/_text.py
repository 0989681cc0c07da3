"""fmt=0: lines of `key = value`, errors, ids and OK, as the endpoint's grammar has them.

Lark takes some 3 µs a token, so it reads each shape of reply only once. A *shape* is what Lark's tokens
say when values are left open: literals and keys stand as they are, each value becomes its terminal's own
regular expression. One `findall` then reads all lines of a shape. So the grammar is the only definition
of the format: what no shape covers, and every error, is Lark's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from ._errors import DecodeError, EncodeError
from ._forms import Endpoint, Flat, Form, Listing, Pair, Unusual
from ._grammar import Grammar, Piece
from ._limits import DEFAULT_LIMITS
from ._source import Source, shown

# A hostile body can invent shapes without end; a shape costs a millisecond to compile and some kilobytes.
_MAX_SHAPES = 64
_MAX_NEW_SHAPES = 8

# Characters of lines that are read at a time: enough to be quick, little enough to need no memory.
_FIRST_CHUNK = 1024
_LAST_CHUNK = 256 * 1024


class Shape:
    """A line, or a flat reply, with its values left open."""

    def __init__(self, form: Form, pieces: Sequence[Piece], grammar: Grammar, line_end: str) -> None:
        self.form = form
        self.keys: list[str] = []
        pattern = ""
        key = ""
        for piece in pieces:
            if piece.kind in ("literal", "key", "separator"):
                pattern += re.escape(piece.text)
                key = key if piece.kind == "separator" else piece.text
            else:
                pattern += f"({grammar.pattern(piece.terminal)})"
                self.keys.append(key if isinstance(form, Listing) else piece.kind)
        end = f"(?:{line_end}|\\Z)"
        self.one = re.compile(f"{pattern}{end}")
        # What is not a line of this shape is taken whole, so that nothing is searched for behind it.
        self.many = re.compile(f"{pattern}{end}|([\\s\\S]+)") if isinstance(form, Listing) else None

    def pairs(self, match: re.Match[str]) -> list[Pair]:
        """The fields of a match of `one`."""
        groups = range(1, len(self.keys) + 1)
        return [Pair(key, match[group], match.start(group)) for key, group in zip(self.keys, groups)]


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
        self._shapes: list[Shape] = []

    # Reading

    def read(self, source: Source, collect: bool, expect: tuple[Any, ...]) -> Any:
        """The reply; *collect* if findings are wanted. No text is two replies, so *expect* is not asked."""
        text = source.text
        if not text or self._line_of(text, 0) == (0, len(text)):
            if self._listing is not None:
                return self._listing.cls()
            source.fail("expected a reply, found an empty body", code="empty")
        records: list[Any] = []
        new_shapes = 0
        size = _FIRST_CHUNK
        position = 0
        while position < len(text):
            shape, match = self._shape_at(text, position)
            if shape is None or match is None:
                end, after = self._line_of(text, position)
                start = "reply" if position == 0 or self._listing is None else self._listing.rule
                rule, pieces = self._grammar.parse(source, start, position, end)
                form = self._form(rule)
                shape = Shape(form, pieces, self._grammar, self._line_end)
                if new_shapes < _MAX_NEW_SHAPES:
                    new_shapes += 1
                    self._keep(shape)
                match = shape.one.match(text, position, after)
                assert match is not None, "a shape matches the text that it was made of"
            if isinstance(shape.form, Flat):
                if position or match.end() < len(text):
                    at = position or match.end()
                    source.fail(f"expected the end of the reply after {shape.form.words}", at)
                names = {key: key for key in shape.keys}
                return shape.form.record.build(shape.pairs(match), names, source, "", 0)
            taken, position, whole = self._run(shape, source, position, size, len(records), collect)
            records += taken
            size = min(size * 4, _LAST_CHUNK) if whole else _FIRST_CHUNK
            if len(records) > source.limits.names:
                source.fail(f"expected at most {source.limits.names} names", position, code="limit")
        assert self._listing is not None
        return self._listing.cls(tuple(records))

    def _form(self, rule: str) -> Form:
        form = self._forms.get(rule, self._listing)
        assert form is not None, f"the grammar's rule {rule} has no form"
        return form

    def _line_of(self, text: str, position: int) -> tuple[int, int]:
        """Where the line at *position* ends, and where the next one begins."""
        found = self._find_line_end(text, position)
        return found.span() if found else (len(text), len(text))

    def _shape_at(self, text: str, position: int) -> tuple[Shape | None, re.Match[str] | None]:
        for shape in self._shapes:
            match = shape.one.match(text, position)
            if match is not None:
                return shape, match
        return None, None

    def _keep(self, shape: Shape) -> None:
        """Remember a shape, in place of one that has not been new for longest."""
        self._shapes = [shape, *self._shapes[: _MAX_SHAPES - 1]]

    def _run(
        self, shape: Shape, source: Source, position: int, size: int, count: int, collect: bool
    ) -> tuple[list[Any], int, bool]:
        """The records of the next lines of one shape, where they end, and whether all that was looked at was."""
        assert isinstance(shape.form, Listing) and shape.many is not None
        text, record = source.text, shape.form.record
        names = shape.form.text.names
        cut = self._line_of(text, position + size)[1] if position + size < len(text) else len(text)
        rows = shape.many.findall(text, position, cut)
        rest = rows[-1][-1]
        if rest:
            del rows[-1]
        try:
            if len(shape.keys) > source.limits.attributes:
                raise Unusual
            columns = list(zip(*rows))[:-1]
            records = record.columns(shape.keys, columns, names, source.limits.text)
            if collect and any(map(record.odd, records)):
                raise Unusual
        except Unusual:
            records = []
            for match in shape.one.finditer(text, position, cut - len(rest)):
                path = f"{shape.form.attribute}[{count + len(records)}]"
                records.append(record.build(shape.pairs(match), names, source, path, match.start()))
        return records, cut - len(rest), not rest

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
        equals, comma = self._grammar.literal("_IS"), self._grammar.literal("_NEXT")
        lines = []
        for number, value in enumerate(getattr(reply, form.attribute)):
            path = f"{form.attribute}[{number}]"
            fields = form.record.spell(value, form.text, path, unique=False)
            line = comma.join(f"{key}{equals}{text}" for key, text in fields)
            self._verify(line, form, fields, path)
            lines.append(line)
        return "\n".join(lines)

    def _verify(self, text: str, form: Form, fields: Iterable[tuple[str, str]], path: str) -> None:
        """Refuse what would be read back as something else: whatever the reason, the reader knows it."""
        if self._find_line_end(text):
            raise EncodeError(f"a line end would split the value in this format, found {shown(text)}", path=path)
        shape, match = self._shape_at(text, 0)
        if shape is None or match is None:
            try:
                rule, pieces = self._grammar.parse(Source(text, DEFAULT_LIMITS), "reply", 0, len(text))
            except DecodeError as error:
                reason = f"the text format cannot carry it, as {shown(text)} cannot be read back: {error.reason}"
                raise EncodeError(reason, path=path) from None
            shape = Shape(self._form(rule), pieces, self._grammar, self._line_end)
            self._keep(shape)
            match = shape.one.match(text)
            assert match is not None, "a shape matches the text that it was made of"
        read = [(pair.key, pair.value) for pair in shape.pairs(match)]
        if shape.form is not form or sorted(read) != sorted(fields):
            reason = f"the text format cannot carry it, as {shown(text)} would be read back as something else"
            raise EncodeError(reason, path=path)

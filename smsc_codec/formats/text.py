"""fmt=0: lines of `key = value`, errors, ids and OK, as the endpoint's grammar has them.

Lark takes some 3 µs a token, so it reads each shape of reply only once. A *shape* is what Lark's tokens
say when values are left open: literals and keys stand as they are, each value becomes its terminal's own
regular expression. One `findall` then reads all lines of a shape. So the grammar is the only definition
of the format: what no shape covers, and every error, is Lark's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from .._forms import Endpoint, Flat, Form, Listing
from .._lists import ListMaker, written
from .._odd import odd_records
from .._records import Pair
from .._runs import Codes, Rows, Run, weave
from .._source import Source, shown
from .._values import Unusual
from ..errors import DecodeError, EncodeError
from ..limits import DEFAULT_LIMITS, MAX_DIGITS, Limits
from .grammar import Grammar, Piece
from .lines import LONG_LINE, MAX_NEW_SHAPES, Lines, Shapes, in_order, parts

# Characters of a value that are more than a name, or a replacement, has.
_LONG_VALUE = 64

# As it is written; what is read is the grammar's.
_LINE_END = "\n"


class Shape:
    """A line, or a flat reply, with its values left open."""

    def __init__(self, form: Form, pieces: Iterable[Piece], grammar: Grammar) -> None:
        """Take the keys from the pieces of a line. Each value may be whatever the grammar allows behind its key."""
        self.form = form
        self.is_flat = isinstance(form, Flat)
        keys: list[str] = []
        terminals: list[str] = []
        specials: list[str | None] = []
        pattern = key_terminal = ""
        self.trusted = True
        for key, piece in _keyed(form, pieces):
            if key is None:
                pattern += re.escape(piece.text)
                key_terminal = key_terminal if piece.kind == "separator" else piece.terminal
                continue
            # The variants of a flat reply are shapes of their own.
            names = (piece.terminal,) if isinstance(form, Flat) else grammar.alternatives(key_terminal, piece.terminal)
            allowed = [grammar.pattern(name) for name in names]
            field = key if isinstance(form, Flat) else form.text.names.get(key, "")
            type_ = form.record.types.get(field)
            # A terminal that allows more than the value's own pattern is checked again.
            self.trusted &= type_ is None or type_.least is not None or allowed == [type_.pattern.pattern]
            terminals.append(_first_of(allowed))
            specials.append(grammar.specials(piece.terminal) if len(allowed) == 1 else None)
            pattern += f"({terminals[-1]})"
            keys.append(key)
        self.count = len(keys)
        self.lines = Lines(keys, pattern, grammar.pattern("_LINE_END"), last=True)
        self.match = self.lines.match
        self.chunks = self.lines.chunks
        self.fullmatch = self.lines.fullmatch
        self.names = form.text.names if isinstance(form, Listing) else {key: key for key in keys}
        # A value that has to be checked again, or is optional in its place, needs more than a call.
        self.arrange: Callable[[Sequence[str]], list[str]] = form.text.arrange if isinstance(form, Listing) else list
        self.one = form.record.one(keys, self.names, self.arrange) if self.trusted else None
        self._value = {key: re.compile(terminal).fullmatch for key, terminal in zip(keys, terminals)}
        self._values = {key: re.compile(f"(?:{terminal}\\n)*").fullmatch for key, terminal in zip(keys, terminals)}
        self._specials = dict(zip(keys, specials))

    def allows(self, run: Run | Codes) -> bool:
        """Whether all texts of the run match the field's terminal, and none has a line end."""
        texts = run.column
        specials = self._specials[run.key]
        if specials is not None and run.text.isascii() and not any(mark in run.text for mark in specials):
            return all(texts)
        # Long texts one by one: what an expression remembers of each step takes memory until it is through.
        if len(run.text) > _LONG_VALUE * len(texts):
            return "\n" not in run.text and all(map(self._value[run.key], texts))
        return "\n" not in run.text and self._values[run.key]("\n".join([*texts, ""])) is not None

    def pairs(self, match: re.Match[str]) -> list[Pair]:
        """The fields of a match."""
        return [Pair(key, match[group], match.start(group)) for group, key in enumerate(self.lines.keys, 1)]


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
        grammar = self._grammar = Grammar(endpoint.grammar, ("reply", *records))
        self._find_line_end = re.compile(grammar.pattern("_LINE_END")).search
        # Shapes of records by their keys; what a reply of one line is tried with, by what it begins with.
        self._shapes: Shapes[Shape] = Shapes()
        self._alone: dict[str, list[Shape]] = {}
        # Flat replies that begin with a value.
        self._open: list[Shape] = []
        self._variants = {
            form.rule: [*grammar.variants(form.rule)] for form in endpoint.forms if isinstance(form, Flat)
        }
        for form in endpoint.forms:
            for pieces in self._variants.get(form.rule, ()):
                shape = Shape(form, pieces, grammar)
                if pieces[0].text:
                    self._try_first(shape, pieces[0].text[0])
                else:
                    self._open.append(shape)
        if self._listing is not None:
            self._names = self._listing.text.names
            self._odd = odd_records(self._listing.record)
            self._equals, self._comma = grammar.literal("_IS"), grammar.literal("_NEXT")

    # Reading

    def fast(self, body: bytes, limits: Limits) -> Any:
        """The reply, or `None` if `read` has to judge: an error, a finding, a shape that is new."""
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return None
        if 0 < len(text) <= limits.text:
            shapes: Sequence[Shape] = self._alone.get(text[0], self._open)
            for shape in shapes:
                match = shape.fullmatch(text)
                if match is not None:
                    if shape.one is None or shape.count > limits.fields:
                        break
                    if shape is not shapes[0]:
                        self._try_first(shape, text[0])
                    try:
                        value = shape.one(match.groups())
                    except KeyError:
                        break
                    if shape.is_flat:
                        return value
                    return shape.form.cls((value,)) if limits.items else None
        return self._read(text, limits, None)

    def _try_first(self, shape: Shape, head: str) -> None:
        """Try *shape* before others with what begins like this."""
        # Replaced, not changed: another thread may be reading.
        others = [other for other in self._alone.get(head, self._open) if other.is_flat and other is not shape]
        self._alone[head] = [shape, *others]

    def read(self, source: Source, expect: tuple[Any, ...]) -> Any:
        """The reply. No text is two replies, so *expect* is not asked."""
        text = source.text
        if not text or self._line_of(text, 0) == (0, len(text)):
            if self._listing is not None:
                return self._listing.cls()
            source.fail("expected a reply, found an empty body", code="empty")
        for shape in self._alone.get(text[0], self._open):
            if shape.is_flat and (match := shape.match(text)) is not None:
                if match.end() < len(text):
                    source.fail(f"expected the end of the reply after {shape.form.words}", match.end())
                return shape.form.record.build(shape.pairs(match), shape.names, source, "", 0)
        return self._read(text, source.limits, source)

    def _read(self, text: str, limits: Limits, source: Source | None) -> Any:
        """The reply, a list; without *source* `None` if there is anything to learn or to say."""
        longest = limits.text if len(text) > limits.text else None
        form = self._listing
        maker = None if form is None else ListMaker(form)
        records: list[Any] = []
        position = learned = 0
        while position < len(text):
            before = position
            end = self._line_of(text, position)[0]
            shape = None
            keys: tuple[str, ...] = ()
            if form is not None:
                path = f"{form.attribute}[{len(records)}]"
                line = self._line_within(text, position, end, limits, source, path)
                if line is None:
                    return None
                keys = self._signature(line)
                shape = self._shapes.get(keys)
            if shape is not None and maker is not None:
                if position == 0:
                    self._try_first(shape, text[0])
                for rows, shapes, after in parts(shape, text, position, partial(self._shape_at, text, limits)):
                    made = self._many(rows, maker, longest, source)
                    if made is not None:
                        records += in_order(made, shapes)
                    elif source is not None:
                        records += self._each(shapes, position, source, len(records))
                    else:
                        return None
                    position = after
                    if len(records) > limits.items:
                        break
            if position == before:
                if source is None:
                    return None
                learns = shape is None and learned < MAX_NEW_SHAPES and end - position <= LONG_LINE
                learned += learns
                value, position = self._by_lark(source, position, keys if learns else None, len(records))
                records += value
            if len(records) > limits.items:
                if source is None:
                    return None
                source.fail(f"expected at most {limits.items} names", self._start_of(text, limits.items), code="limit")
        if maker is None or not records:
            return None
        # The maker has not made what Lark has read.
        return maker.reply(records) if source is None else maker.form.cls(tuple(records))

    def _line_within(
        self, text: str, position: int, end: int, limits: Limits, source: Source | None, path: str
    ) -> str | None:
        """The line, if it is within the limits; looked at before anything takes its time over each field of it."""
        if text.count(self._comma, position, end) >= limits.fields:
            if source is None:
                return None
            source.fail(f"expected at most {limits.fields} fields", position, path, code="limit")
        line = text[position:end]
        if len(line) <= LONG_LINE or source is None:
            return line if len(line) <= LONG_LINE else None
        for field in line.split(self._comma):
            # Without an equals sign it is a value, if it is anything.
            key, equals, value = field.rpartition(self._equals)
            for what in (key, value):
                if len(what) > limits.text and what not in self._names:
                    at = position + (len(key) + len(equals) if what is value else 0)
                    source.fail(f"expected at most {limits.text} characters, found {len(what)}", at, path, code="limit")
            position += len(field) + len(self._comma)
        return line

    def _shape_at(self, text: str, limits: Limits, position: int) -> Shape | None:
        """The shape of the line at *position*, if it has been learned and is within the limits."""
        line = text[position : self._line_of(text, position)[0]]
        shape = self._shapes.get(self._signature(line)) if line.count(self._comma) < limits.fields else None
        return shape if len(line) <= LONG_LINE else None

    def _many(
        self, rows: Mapping[Shape, list[Any]], maker: ListMaker, longest: int | None, source: Source | None
    ) -> dict[Shape, list[Any]] | None:
        """The records of each shape's rows, `None` if there is anything to say of one."""
        if source is not None and source.limits.digits < MAX_DIGITS:
            return None
        made: dict[Shape, list[Any]] = {}
        for shape, some in rows.items():
            lines, record = shape.lines, shape.form.record
            maker.note(lines.keys, shape.names)
            table = Rows(some, lines.places)
            try:
                made[shape] = record.many(lines.keys, table, shape.names, shape.arrange, longest, shape.trusted)
            except Unusual:
                return None
            if source is not None and source.findings is not None and self._odd(made[shape]):
                return None
        return made

    def _each(self, shapes: Iterable[Shape], position: int, source: Source, count: int) -> list[Any]:
        """The records of lines of these shapes, with errors and findings."""
        form = self._listing
        assert form is not None, "only lists have several lines"
        taken: list[Any] = []
        for shape in shapes:
            if count + len(taken) > source.limits.items:
                break  # What is one too many is judged, and what stands behind it is not.
            match = shape.match(source.text, position)
            assert match is not None, "a line that was found once is found again"
            path = f"{form.attribute}[{count + len(taken)}]"
            taken.append(form.record.build(shape.pairs(match), shape.names, source, path, position, shape.arrange))
            position = match.end()
        return taken

    def _by_lark(
        self, source: Source, position: int, keys: tuple[str, ...] | None, count: int
    ) -> tuple[list[Any], int]:
        """Learn the shape of the line at *position* under its *keys*; or else its record, and where the next begins."""
        form, pieces, after = self._parsed(source, position)
        if not isinstance(form, Listing):
            source.fail(f"expected the end of the reply after {form.words}", after)
        if keys is not None:
            self._learn(keys, form, pieces)
            return [], position
        pairs = [Pair(key, piece.text, piece.at) for key, piece in _keyed(form, pieces) if key is not None]
        path = f"{form.attribute}[{count}]"
        return [form.record.build(pairs, form.text.names, source, path, position, form.text.arrange)], after

    def _learn(self, keys: tuple[str, ...], form: Listing, pieces: list[Piece]) -> Shape:
        return self._shapes.add(keys, Shape(form, pieces, self._grammar))

    def _parsed(self, source: Source, position: int) -> tuple[Form, list[Piece], int]:
        """What Lark says of the line at *position*, and where the next line begins."""
        end, after = self._line_of(source.text, position)
        start = "reply" if position == 0 or self._listing is None else self._listing.rule
        rule, pieces = self._grammar.parse(source, start, position, end)
        form = self._forms.get(rule, self._listing)
        assert form is not None, f"the grammar's rule {rule} has no form"
        return form, pieces, after

    def _signature(self, line: str) -> tuple[str, ...]:
        """The keys of a line, which tell shapes apart."""
        return tuple([field.partition(self._equals)[0] for field in line.split(self._comma)])

    def _start_of(self, text: str, number: int) -> int:
        """Where the line of that number begins, from 0."""
        position = 0
        for _ in range(number):
            position = self._line_of(text, position)[1]
        return position

    def _line_of(self, text: str, position: int) -> tuple[int, int]:
        """Where the line at *position* ends, and where the next one begins."""
        found = self._find_line_end(text, position)
        return found.span() if found else (len(text), len(text))

    # Writing

    def write(self, reply: Any, form: Form, limits: Limits) -> str:
        """The canonical text, or `EncodeError`."""
        if isinstance(form, Listing):
            return self._write_list(reply, form, limits)
        return self._write_flat(reply, form, limits)

    def _write_flat(self, reply: Any, form: Flat, limits: Limits) -> str:
        fields = {field.name: getattr(reply, field.name) for field in form.record.fields}
        given = {name for name, value in fields.items() if value is not None}
        for pieces in self._variants[form.rule]:
            if {piece.kind for piece in pieces} - {"literal", "separator"} == given:
                break
        else:
            missing = ", ".join(
                field.name for field in form.record.fields if not field.optional and field.name not in given
            )
            raise EncodeError(f"the text form needs a value of {missing}")
        types = form.record.types
        spelled = {name: types[name].spell(fields[name], name, limits) for name in given}
        text = "".join([piece.text or spelled[piece.kind] for piece in pieces])
        matches = [(shape, shape.fullmatch(text)) for shape in self._alone.get(text[0], self._open) if shape.is_flat]
        read = [(shape.form, dict(zip(shape.lines.keys, match.groups()))) for shape, match in matches if match]
        if read != [(form, spelled)] or self._find_line_end(text):
            self._parsed_back(text, "")
            raise EncodeError(_otherwise(text))
        return text

    def _write_list(self, reply: Any, form: Listing, limits: Limits) -> str:
        try:
            # Each line is written with the end of the one before it.
            woven = partial(self._woven, form, iter(range(MAX_NEW_SHAPES)))
            return "".join(written(form, reply, form.text, limits, woven, _LINE_END))[1:]
        except (Unusual, EncodeError):
            return self._write_lines(reply, form, limits)

    def _woven(self, form: Listing, budget: Iterator[int], runs: Sequence[Run | Codes]) -> str:
        """The lines of records with the same fields, each behind a line end."""
        # What holds for the keys of one line holds for those of all.
        shape = self._verify(form, [(run.key, run.first) for run in runs], "", budget)
        if shape is None:
            keys = [run.key for run in runs]
            for row in zip(*(run.column for run in runs)):
                self._verify(form, [*zip(keys, row)], "", budget)
        elif not all(run.number or shape.allows(run) for run in runs):
            raise Unusual
        parts: list[str | Sequence[str]] = []
        for run in runs:
            parts += run.behind(f"{self._comma if parts else _LINE_END}{run.key}{self._equals}")
        return weave(parts, len(runs[0].column))

    def _write_lines(self, reply: Any, form: Listing, limits: Limits) -> str:
        budget = iter(range(MAX_NEW_SHAPES))
        lines = []
        for number, value in enumerate(getattr(reply, form.attribute)):
            path = f"{form.attribute}[{number}]"
            fields = form.record.spell(value, form.text, path, limits, unique=False)
            self._verify(form, fields, path, budget)
            lines.append(self._line(fields))
        return _LINE_END.join(lines)

    def _line(self, fields: Iterable[tuple[str, str]]) -> str:
        return self._comma.join([f"{key}{self._equals}{text}" for key, text in fields])

    def _verify(self, form: Listing, fields: list[tuple[str, str]], path: str, budget: Iterator[int]) -> Shape | None:
        """Refuse what would be read back as something else; the shape of the line, if it has been learned.

        Learning takes one from *budget*.
        """
        text = self._line(fields)
        signature = tuple([key for key, _ in fields])
        shape = self._shapes.get(signature)
        match = shape.fullmatch(text) if shape is not None else None
        if shape is not None and match is not None and not self._find_line_end(text):
            read = list(zip(signature, match.groups()))
        else:
            form_read, pieces = self._parsed_back(text, path)
            read = [(key, piece.text) for key, piece in _keyed(form_read, pieces) if key is not None]
            learns = shape is None and form_read is form and len(text) <= LONG_LINE
            if learns and next(budget, None) is not None:
                shape = self._learn(self._signature(text), form, pieces)
        if read != fields:
            raise EncodeError(_otherwise(text), path=path)
        return shape

    def _parsed_back(self, text: str, path: str) -> tuple[Form, list[Piece]]:
        if self._find_line_end(text):
            raise EncodeError(f"a line end would split the value in this format, found {shown(text)}", path=path)
        try:
            form, pieces, _ = self._parsed(Source(text, DEFAULT_LIMITS), 0)
        except DecodeError as error:
            reason = f"the text format cannot carry it, as {shown(text)} cannot be read back: {error.reason}"
            raise EncodeError(reason, path=path) from None
        return form, pieces


def _otherwise(text: str) -> str:
    return f"the text format cannot carry it, as {shown(text)} would be read back as something else"

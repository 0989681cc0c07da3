"""fmt=1: the values of fmt=0 joined by commas, a record a line. Nothing is quoted or escaped."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from .._forms import Column, Const, Endpoint, Flat, Form, Listing
from .._lists import ListMaker, written
from .._records import Pair
from .._runs import Codes, Columns, Run, places_of, put_back, weave
from .._source import BOM, Source, shown
from .._values import Unusual
from ..errors import EncodeError
from ..limits import Limits

_FORBIDDEN = frozenset(",\r\n")

# Characters that are read at a time: enough to be quick, little enough to need no memory.
_PIECE = 256 * 1024

# Characters that lines have at most on average where nothing is wrong; real ones have some 20.
_USUAL_LINE = 256


class CsvFormat:
    """Reads and writes an endpoint's replies in fmt=1."""

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        self._endpoint = endpoint
        self._listing = next((form for form in endpoint.forms if isinstance(form, Listing) and form.csv), None)
        self._names = {field.name: field.name for field in self._listing.record.fields} if self._listing else {}

    # Reading

    def fast(self, body: bytes, limits: Limits) -> Any:
        """The reply, or `None` if `read` has to judge: a flat reply, an error, a line whose width no layout has."""
        form = self._listing
        # A byte order mark would be a part of the first name.
        if form is None or b"\r" in body or body.startswith(BOM):
            return None
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return None
        end = len(text) - text.endswith("\n")
        records: list[Any] = []
        maker = ListMaker(form)
        start = 0
        try:
            while start <= end:
                cut = text.find("\n", start + _PIECE, end)
                cut = end if cut < 0 else cut
                records += self._read_piece(text[start:cut], maker, limits)
                if len(records) > limits.items:
                    return None
                start = cut + 1
        except Unusual:
            return None
        return maker.reply(records)

    def _read_piece(self, text: str, maker: ListMaker, limits: Limits) -> list[Any]:
        """The records of some lines; `Unusual` if one of them has a width that no layout has."""
        longest = limits.text if len(text) > limits.text else None
        count = text.count("\n") + 1
        # Commas without end are not to become cells.
        if len(text) > count * _USUAL_LINE and text.count(",") >= count * max(map(len, maker.form.csv)):
            raise Unusual
        # A line end becomes a cell of its own, so that one split does for all lines. If one has another width, a line
        # end stands in another place, and the lines are read a width at a time.
        cells = text.replace("\n", ",\n,").split(",")
        width = cells.index("\n") if "\n" in text else len(cells)
        if len(cells) == count * (width + 1) - 1 and cells[width :: width + 1].count("\n") == count - 1:
            return self._alike(cells, width, width + 1, maker, limits, longest)
        lines = text.split("\n")
        kinds = places_of(line.count(",") for line in lines)
        made = [
            self._alike(
                ",".join([lines[place] for place in places]).split(","), commas + 1, commas + 1, maker, limits, longest
            )
            for commas, places in kinds.items()
        ]
        return put_back(kinds.values(), made)

    def _alike(
        self, cells: Sequence[str], width: int, step: int, maker: ListMaker, limits: Limits, longest: int | None
    ) -> list[Any]:
        """The records of lines of the same *width*, of which one begins every *step* cells."""
        layout = next((layout for layout in maker.form.csv if len(layout) == width), None)
        if layout is None or width > limits.fields:
            raise Unusual
        columns = {key: cells[number::step] for number, key in enumerate(layout)}
        maker.note(layout, self._names)
        return maker.form.record.many(layout, Columns(columns), self._names, list, longest)

    def read(self, source: Source, expect: tuple[Any, ...]) -> Any:
        """The reply. A body is never two of them, so *expect* is not asked."""
        # One line end after the last line happens [client]; CRLF is read too.
        text = source.text.removesuffix("\n").removesuffix("\r") if source.text.endswith("\n") else source.text
        for form in self._endpoint.forms:
            if isinstance(form, Flat):
                pairs = self._match(form, text)
                if pairs is not None:
                    return form.record.build(pairs, {pair.key: pair.key for pair in pairs}, source, "", 0)
        for form in self._endpoint.forms:
            if isinstance(form, Listing) and form.csv:
                if not text:
                    return form.cls()
                if "\n" in text or "," in text:
                    return form.cls(tuple(self._read_lines(form, source)))
        return source.fail(f"expected {self._endpoint.expected()} as comma-separated values, found {source.found(0)}")

    def _match(self, form: Flat, text: str) -> list[Pair] | None:
        """The fields of a flat reply, `None` if this is not one of that form."""
        cells = text.split(",", len(form.csv))
        if len(cells) != len(form.csv):
            return None
        types = form.record.types
        pairs = []
        index = 0
        for column, cell in zip(form.csv, cells):
            if isinstance(column, Const):
                if cell != column.text:
                    return None
            elif cell != column.absent:
                value = cell.removeprefix(column.prefix)
                if not cell.startswith(column.prefix) or not types[column.field].pattern.fullmatch(value):
                    return None
                pairs.append(Pair(column.field, value, index + len(column.prefix)))
            index += len(cell) + 1
        return pairs

    def _read_lines(self, form: Listing, source: Source) -> list[Any]:
        lines = source.text.removesuffix("\n").split("\n")
        if len(lines) > source.limits.items:
            source.fail(f"expected at most {source.limits.items} names, found {len(lines)}", code="limit")
        layouts = {len(layout): layout for layout in form.csv}
        records = []
        index = 0
        for number, whole in enumerate(lines):
            # A lone CR at the end of the body ends no line.
            ended = number < len(lines) - 1 or source.text.endswith("\n")
            line = whole.removesuffix("\r") if ended else whole
            cells = line.split(",")
            if len(cells) not in layouts:
                wanted = " or ".join(f"<{'>,<'.join(layout)}>" for layout in form.csv)
                values = "1 value" if len(cells) == 1 else f"{len(cells)} values"
                source.fail(f"expected {wanted}, found {values}: {source.shown(line)}", index)
            pairs = []
            at = index
            for key, cell in zip(layouts[len(cells)], cells):
                pairs.append(Pair(key, cell, at))
                at += len(cell) + 1
            records.append(form.record.build(pairs, self._names, source, f"{form.attribute}[{number}]", index))
            index += len(whole) + 1
        return records

    # Writing

    def write(self, reply: Any, form: Form, limits: Limits) -> str:
        """The canonical text, or `EncodeError`."""
        return (
            self._write_list(reply, form, limits)
            if isinstance(form, Listing)
            else self._write_flat(reply, form, limits)
        )

    def _write_flat(self, reply: Any, form: Flat, limits: Limits) -> str:
        cells = []
        placed = {column.field for column in form.csv if isinstance(column, Column)}
        for field in form.record.fields:
            if field.name not in placed and getattr(reply, field.name) is not None:
                raise EncodeError("comma-separated replies have no place for it", path=field.name)
        types = form.record.by_name
        for column in form.csv:
            if isinstance(column, Const):
                cells.append(column.text)
                continue
            value = getattr(reply, column.field)
            if value is None and column.absent is not None:
                cells.append(column.absent)
                continue
            cell = column.prefix + types[column.field].type.spell(value, column.field, limits)
            if cell == column.absent:
                raise EncodeError(f"{shown(cell)} means that there is none in this format", path=column.field)
            if not _FORBIDDEN.isdisjoint(cell):
                raise EncodeError(_why(cell), path=column.field)
            cells.append(cell)
        return ",".join(cells)

    def _write_list(self, reply: Any, form: Listing, limits: Limits) -> str:
        if not form.csv:
            raise EncodeError(f"{form.words} has no comma-separated form")
        try:
            # Each line is written with the end of the one before it.
            return "".join(written(form, reply, form.text, limits, partial(_woven, form), "\n"))[1:]
        except Unusual:
            return self._write_lines(reply, form, limits)

    def _write_lines(self, reply: Any, form: Listing, limits: Limits) -> str:
        lines = []
        for number, value in enumerate(getattr(reply, form.attribute)):
            path = f"{form.attribute}[{number}]"
            fields = dict(form.record.spell(value, form.text, path, limits, unique=True))
            given = {form.text.names.get(key, key): text for key, text in fields.items()}
            layout = next((layout for layout in form.csv if set(layout) == given.keys()), None)
            if layout is None:
                wanted = " or ".join(f"<{'>,<'.join(layout)}>" for layout in form.csv)
                raise EncodeError(
                    f"comma-separated replies have the fields {wanted}, here are {', '.join(given)}", path=path
                )
            for name, text in given.items():
                if not _FORBIDDEN.isdisjoint(text):
                    raise EncodeError(_why(text), path=f"{path}.{name}")
            lines.append(",".join(given[name] for name in layout))
        return "\n".join(lines)


def _woven(form: Listing, runs: Sequence[Run | Codes]) -> str:
    """The lines of records with the same fields, each behind a line end."""
    names = form.text.names
    by_name = {names.get(run.key, run.key): run for run in runs}
    layout = next((layout for layout in form.csv if set(layout) == by_name.keys()), None)
    if layout is None or any(mark in run.text for run in runs for mark in _FORBIDDEN):
        raise Unusual
    parts: list[str | Sequence[str]] = []
    for name in layout:
        parts += by_name[name].behind("," if parts else "\n")
    return weave(parts, len(runs[0].column))


def _why(text: str) -> str:
    return f"a comma or a line end would split the value in this format, found {shown(text)}"

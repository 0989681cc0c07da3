"""fmt=1: the values of fmt=0 joined by commas, a record a line. Nothing is quoted or escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from .._careful import Builder, Note, Place, Spelled, Trouble
from .._rows import Keys, Part, Rows, Slot, Unusual, Variant, Writer, may_be_empty, rows, writer
from .._source import Source, shown
from ..declare import Const, Endpoint, Layout, Many, Object, Reply, Rest, Signed, Type
from ..errors import EncodeError
from ..limits import Limits
from .reader import AtOnce, FormatReader, Tables, is_value, texts_with

_FORBIDDEN = frozenset(",\r\n")
_LINE_END = r"(?:\r?\n|)"
# Characters that lines have at most on average where nothing is wrong; real ones have some 20.
_USUAL_LINE = 256


def _refuse(text: str) -> str:
    raise Unusual


_TEXTS = texts_with(re.compile("[,\r\n\ud800-\udfff]").search, _refuse)
_REST = texts_with(re.compile("[\r\n\ud800-\udfff]").search, _refuse)


class _Lines(NamedTuple):
    """What reads lines of a layout."""

    reply: Reply
    layout: Layout
    rows: Rows
    """From columns."""
    at_once: AtOnce


class CsvFormat(FormatReader):
    """Reads and writes an endpoint's replies in fmt=1."""

    fmt = "csv"
    mark = ","

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        super().__init__(endpoint)
        # A layout says which fields there are, so that no reply is too wide to be tried.
        self.narrow, self.wide = (*self.narrow, *self.wide), ()
        self._most_fields = max(len(layout.cells) for reply in self.narrow for layout in (*reply.csv, Layout(())))
        self._lines_of: dict[str, dict[int, _Lines]] = {}
        for reply in self.lists:
            plain = (layout for layout in reply.csv if layout.rest is None and not layout.when)
            self._lines_of[reply.kind] = {len(layout.cells): self._layout_lines(reply, layout) for layout in plain}

    def _layout_lines(self, reply: Reply, layout: Layout) -> _Lines:
        keys = [cell for cell in layout.cells if isinstance(cell, str)]
        cells = []
        for name in keys:
            type_ = reply.object.by_name[name].type
            assert isinstance(type_, Type)
            some = r"[^,\r\n]" + ("*" if may_be_empty(type_) else "+")
            cells.append(f"({some if type_.kind == 'text' else type_.pattern})")
        pattern = rf"(?!\A\ufeff){','.join(cells)}(?:\r?\n|\Z)|((?s:.+))"
        made = self.make_at_once(reply.object, reply.many, keys, pattern)
        return _Lines(reply, layout, rows(reply.object, self.fmt, keys, "cells"), made)

    # Reading

    def variants(
        self, replies: Sequence[Reply], canonical: bool
    ) -> tuple[list[Variant], tuple[str, str], Callable[[str], str] | None]:
        """Return what reads these replies; of a reply's layouts the longest is tried first."""
        found: list[Variant] = []
        for reply in replies:
            if reply.constant:
                found.append(Variant(reply.object, (Part(re.escape(reply.constant)),)))
            for layout in sorted(reply.csv, key=lambda layout: -len(layout.cells)):
                found.append(Variant(reply.object, tuple(_parts(reply.object, layout))))
        return found, ("", _LINE_END), None

    def fast(self, body: bytes, limits: Limits, expect: tuple[Any, ...], tables: Tables) -> Any:
        """Return the reply, or None if `read` has to judge."""
        text = body.decode()
        found = self.read_small(text, expect, limits, tables)
        if found is not None:
            return found
        if not text or text[0] == "\ufeff":
            return None
        for reply in self.ordered(expect, self.lists):
            found = self._list(text, reply, self._lines_of[reply.kind], limits, tables)
            if found is not None:
                return found
        return None

    def _list(self, text: str, reply: Reply, known: dict[int, _Lines], limits: Limits, tables: Tables) -> Any:
        if "\r" in text:
            text = text.replace("\r\n", "\n")
            if "\r" in text:
                return None
        whole, text = text, text.removesuffix("\n")
        count = text.count("\n") + 1
        longest = limits.text if len(text) > limits.text else None
        if count > limits.items or len(text) > count * _USUAL_LINE:
            return None
        # A line end becomes a cell of its own, so that one split does for all lines. If one has another width, a line
        # end stands in another place, and the lines are read a width at a time.
        cells = text.replace("\n", ",\n,").split(",")
        width = cells.index("\n") if count > 1 else len(cells)
        step = width + 1
        if len(cells) == count * step - 1 and cells[width::step].count("\n") == count - 1:
            columns = [cells[place::step] for place in range(width)]
            found = self._of_columns(columns, known, limits, longest, tables)
            self.remember(whole, known[width], tables)
            return reply.many(tuple(found))
        split = [line.split(",") for line in text.split("\n")]
        places: dict[int, list[int]] = {}
        for place, row in enumerate(split):
            places.setdefault(len(row), []).append(place)
        records: list[Any] = [None] * count
        for some in places.values():
            columns = [*map(list, zip(*[split[place] for place in some]))]
            for place, record in zip(some, self._of_columns(columns, known, limits, longest, tables)):
                records[place] = record
        return reply.many(tuple(records))

    def _of_columns(
        self, columns: list[list[str]], known: dict[int, _Lines], limits: Limits, longest: int | None, tables: Tables
    ) -> list[Any]:
        """Return the records of columns."""
        lines = known[len(columns)]
        if len(columns) > limits.fields or (
            longest is not None and any(max(map(len, columns[place])) > longest for place in lines.rows.texts)
        ):
            raise Unusual
        looked = tables.of(lines.reply.object)
        return lines.rows.many(columns, looked)

    def read(self, source: Source, expect: tuple[Any, ...], notes: list[Note] | None) -> Any:
        """Return the reply; of those that it could be, the expected one."""
        # One line end after the last line happens [client]; CRLF is read too.
        text = source.text.removesuffix("\n").removesuffix("\r") if source.text.endswith("\n") else source.text
        first, _, rest = text.partition("\n")
        cells = (first.removesuffix("\r") if rest else first).split(",")
        for reply in self.ordered(expect, self.replies):
            if reply.many:
                continue
            if reply.constant and text == reply.constant:
                return reply.object.cls()
            nested = next(
                (field for field in reply.object.fields if isinstance(field.type, Many) and field.type.csv), None
            )
            if rest and nested is None:
                continue
            pairs = _fitting(reply, cells)
            if pairs is not None:
                return self.builder(reply).build(pairs, source, (), "", notes)
        for reply in self.ordered(expect, self.lists):
            if reply.csv:
                if not text:
                    return reply.many()
                if "\n" in text or "," in text:
                    return self._read_lines(reply, source, notes)
        found = source.found(0)
        raise Trouble(
            f"expected {self.endpoint.expected()} as comma-separated values, found {found}", Place(), "", "malformed"
        )

    def make_builder(self, reply: Reply) -> Builder:
        """Make the careful reader of a reply's records: the pairs have the names of fields."""
        return Builder(reply.object, self.fmt, names={field.name: field.name for field in reply.object.fields})

    def _read_lines(self, reply: Reply, source: Source, notes: list[Note] | None) -> Any:
        lines = source.text.removesuffix("\n").split("\n")
        if len(lines) > source.limits.items:
            source.fail(f"expected at most {source.limits.items} records, found {len(lines)}", code="limit")
        build, records = self.builder(reply).build, []
        for number, whole in enumerate(lines):
            # A lone CR at the end of the body ends no line.
            ended = number < len(lines) - 1 or source.text.endswith("\n")
            line = whole.removesuffix("\r") if ended else whole
            pairs = _pairs(reply, line.split(","))
            if pairs is None:
                wanted = " or ".join(_shown(layout) for layout in reply.csv)
                count = line.count(",") + 1
                values = "1 value" if count == 1 else f"{count} values"
                raise Trouble(
                    f"expected {wanted}, found {values}: {source.shown(line)}", Place((number,)), "", "malformed"
                )
            records.append(build(pairs, source, (number,), f"{reply.attribute}[{number}]", notes))
        return reply.many(tuple(records))

    def locate(self, source: Source, places: Sequence[Place]) -> list[int]:
        """Return where in the text each of *places* is."""
        text = source.text
        starts = [0]
        for line in text.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        found = []
        for place in places:
            if not place.steps:
                found.append(0)
                continue
            many = isinstance(place.steps[0], int)
            number = int(place.steps[0]) if many else 0
            at = starts[number]
            if len(place.steps) > many:
                line = text[at : starts[number + 1] - 1]
                replies = self.lists if many else self.narrow
                at += _column(replies, line.removesuffix("\r").split(","), str(place.steps[-1]))
            found.append(at)
        return found

    # Writing

    def write(self, value: Any, reply: Reply, limits: Limits) -> str:
        """Return the canonical text of a reply. Raise `EncodeError` if the format cannot carry it."""
        if not reply.csv and not reply.constant:
            raise EncodeError(f"{reply.words} has no comma-separated form")
        return super().write(value, reply, limits)

    def write_one(self, value: Any, reply: Reply, limits: Limits) -> str:
        """Return the text of a reply that is not a list."""
        return reply.constant or super().write_one(value, reply, limits)

    def compile_writer(self, reply: Reply, present: frozenset[str], keys: Keys) -> Writer:
        """Compile what writes records with these fields."""
        layout = next((layout for layout in reply.csv if layout.names == present), None)
        # A value that looks like the fixed text of another layout is for the careful writer to refuse.
        fixed = any(isinstance(cell, Const) for other in reply.csv if other is not layout for cell in other.cells)
        if layout is None or keys.codes or keys.texts or fixed:
            raise Unusual
        template: list[str | Slot] = []
        for cell in layout.cells:
            template += [","] if template else []
            if isinstance(cell, Const):
                template.append(cell.text)
            else:
                template += ["-"] if isinstance(cell, Signed) else []
                template.append(Slot(cell if isinstance(cell, str) else cell.name))
        texts = {field.name: _REST if field.name == layout.rest else _TEXTS for field in reply.object.fields}
        return writer(reply.object, f"{reply.object.cls.__name__} fmt=1", template, keys, texts)

    def spelled_out(self, fields: list[Spelled], value: Any, reply: Reply, path: str, limits: Limits) -> str:
        """Return the line of a record with these fields."""
        given = {each.name or each.key: each for each in fields}
        layout = next((layout for layout in reply.csv if layout.names == given.keys()), None)
        if layout is None:
            wanted = " or ".join(map(_shown, reply.csv))
            here = ", ".join(given)
            raise EncodeError(f"comma-separated replies have the fields {wanted}, here are {here}", path=path)
        cells = []
        for cell in layout.cells:
            if isinstance(cell, Const):
                cells.append(cell.text)
                continue
            each = given[cell if isinstance(cell, str) else cell.name]
            if not _FORBIDDEN.isdisjoint(each.text) and not (
                isinstance(cell, Rest) and "\n" not in each.text and "\r" not in each.text
            ):
                reason = f"a comma or a line end would split the value in this format, found {shown(each.text)}"
                raise EncodeError(reason, path=each.path)
            cells.append("-" * isinstance(cell, Signed) + each.text)
        if cells[0] == "0" and not isinstance(layout.cells[0], Const) and isinstance(layout.cells[-1], Signed):
            raise EncodeError(f"{shown('0')} means that there is none in this format", path=given["id"].path)
        return ",".join(cells)


def _column(replies: Sequence[Reply], cells: list[str], name: str) -> int:
    """Return where in a line the value of a field begins."""
    for layout in (layout for reply in replies for layout in reply.csv if name in layout.names):
        at = 0
        for cell, (key, value) in zip(layout.cells, _in_layout(layout, cells) or ()):
            at += isinstance(cell, Signed)
            if key == name:
                return at
            at += len(value) + 1
    return 0


def _shown(layout: Layout) -> str:
    return ",".join(
        f"<{cell if isinstance(cell, str) else cell.text if isinstance(cell, Const) else cell.name}>"
        for cell in layout.cells
    )


def _parts(obj: Object, layout: Layout) -> Iterable[Part]:
    """Yield the parts of a small reply."""
    before = ""
    for cell in layout.cells:
        if isinstance(cell, Const):
            yield Part(before + re.escape(cell.text))
        else:
            type_ = obj.by_name[cell if isinstance(cell, str) else cell.name].type
            assert isinstance(type_, Type)
            text = r"[^\r\n]*" if isinstance(cell, Rest) else r"[^,\r\n]*"
            pattern = text if type_.kind == "text" else type_.pattern
            yield Part(before + "-" * isinstance(cell, Signed), cell if isinstance(cell, str) else cell.name, pattern)
        before = ","


def _in_layout(layout: Layout, cells: Sequence[str]) -> list[tuple[str, str]] | None:
    """Return the cells of a line with the names that a layout gives them, None if it has another number of them."""
    count = len(layout.cells)
    rest = next((place for place, cell in enumerate(layout.cells) if isinstance(cell, Rest)), None)
    if len(cells) < count or (rest is None and len(cells) > count):
        return None
    if rest is not None:
        behind = len(cells) - (count - rest - 1)
        cells = [*cells[:rest], ",".join(cells[rest:behind]), *cells[behind:]]
    pairs = []
    for cell, text in zip(layout.cells, cells):
        if isinstance(cell, Const):
            if text != cell.text:
                return None
            pairs.append(("", text))
        elif isinstance(cell, Signed):
            if not text.startswith("-"):
                return None
            pairs.append((cell.name, text[1:]))
        else:
            pairs.append((cell if isinstance(cell, str) else cell.name, text))
    return pairs


def _pairs(reply: Reply, cells: Sequence[str]) -> list[tuple[str, str]] | None:
    """Return the fields of a line by the first layout that it can have, None if there is none."""
    for layout in reply.csv:
        pairs = _in_layout(layout, cells)
        if pairs is not None:
            return [pair for pair in pairs if pair[0]]
    return None


def _fitting(reply: Reply, cells: Sequence[str]) -> list[tuple[str, str]] | None:
    """Return the fields of a small reply, None if this is not one: only what its values can be tells it from others."""
    for layout in reply.csv:
        pairs = _in_layout(layout, cells)
        if pairs is not None and all(not name or is_value(reply.object.by_name[name], text) for name, text in pairs):
            return [pair for pair in pairs if pair[0]]
    return None

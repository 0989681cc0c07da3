"""Reads and writes fmt=1: the values of fmt=0 joined by commas, one record per line. Nothing is quoted or escaped.

`Layout` in `smsc_codec/declare.py` says which layout a line has. `choose` in `layouts.py` decides it for one line. The
compiled readers decide it for all lines with the same number of values together. If they cannot, they return None or
raise `Fallback`, and the careful reader decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from .._careful import Builder, Formatted, Note, Place, Trouble, no_place
from .._rows.opened import grouped
from .._rows.read import Rows, Small, rows
from .._rows.small import Part, Variant, small
from .._rows.source import CAUGHT, Fallback, title_of
from .._rows.values import matcher
from .._rows.write import Keys, Slot, Writer, writer
from .._source import EMPTY_BODY, SURROGATE, Source, quote
from ..declare import (
    Const,
    Endpoint,
    Layout,
    Maybe,
    Only,
    Reply,
    Rest,
    Signed,
    either,
    name_of_cell,
)
from ..errors import EncodeError
from ..limits import Limits
from ..model import ErrorReply
from .layouts import (
    NOTHING,
    NOTHING_WRITTEN,
    Candidate,
    are_one,
    candidates,
    choose,
    cut_line,
    fits_of,
    is_plain,
    line_pattern,
    may_overlap,
    named_cells,
    pairs_of,
    parts_of,
    shown,
    value_pattern,
)
from .reader import FormatReader, lines_from, texts_with
from .shapes import AtOnce, Tables

_LINE_END = r"(?:\r?\n|)"
_NO_MARKS = bytes(byte for byte in range(256) if byte not in b",\n")
"""All bytes but those that end a cell."""
# Valid lines have at most this many characters on average. Real lines have about 20.
_USUAL_LINE = 256
# The same for lines with texts of any length.
_USUAL_TEXT = 4096
# Up to this many lines, one expression for all of them is quicker than columns.
_FEW_LINES = 30


def _ends_line(text: str) -> bool:
    """Return whether a text has a line end, or a character that no charset has."""
    return "\n" in text or "\r" in text or (not text.isascii() and SURROGATE.search(text) is not None)


def _ends_cell(text: str) -> bool:
    """Return whether a text has a comma, a line end, or a character that no charset has."""
    return "," in text or _ends_line(text)


# An expression is quicker for one text, and a search for each character for the joined texts of a list.
_TEXTS = texts_with(re.compile("[,\r\n\ud800-\udfff]").search, within=_ends_cell)
_REST = texts_with(re.compile("[\r\n\ud800-\udfff]").search, within=_ends_line)


class _Lines(NamedTuple):
    """Reads lines of a layout."""

    reply: Reply
    layout: Layout
    rows: Rows | None
    """Reads lines as columns. None if a column does not have a value in each line."""
    told: tuple[tuple[int, Callable[[Sequence[str]], bool], Callable[[str], Any]], ...]
    """The cells whose spelling tells the layout: their places, counted from the end if they are behind the rest, and
    the checks of a column and of a cell."""
    maybe: tuple[int, ...]
    """The places of the cells whose value may be missing."""
    at_once: AtOnce | None
    """Reads a few lines, if all cells are values."""

    def fits(self, columns: Sequence[Sequence[str]]) -> bool | None:
        """Return whether all lines may have the layout, or None if some of them may."""
        answer: bool | None = True
        for place, are_told, is_told in self.told:
            if not are_told(columns[place]):
                if not any(map(is_told, {*columns[place]})):
                    return False
                answer = None
        return answer


class _Choice:
    """Reads a line that may have one of several layouts. The line itself or the request tells which."""

    def __init__(
        self,
        title: str,
        some: Sequence[Candidate],
        known: Mapping[Any, Sequence[Any]],
        alone: bool,
        classes: Sequence[Any] = (),
    ) -> None:
        """Take the layouts and the tables of codes. If *alone*, a line that is a record of a list is a list of one.

        `read_expected` returns replies of these *classes*, or of any class if none is given.
        """
        self._title, self._some, self._known, self._alone, self._classes = title, some, known, alone, classes
        self._most = max((len(layout.cells) for _, layout in some), default=0) + 1
        self._by_width: dict[int, Small] = {}

    def read(self, line: str) -> Any:
        """Return the value of a line, or None if no layout fits or only the request could tell which one does."""
        width = min(line.count(",") + 1, self._most)
        read = self._by_width.get(width)
        if read is None:
            read = self._by_width[width] = self._of_width(width)
        return read(line)

    def read_text(self, text: str) -> Any:
        """Return the value of a text, or None if it is not one line that has a layout."""
        line = text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text
        return None if "\n" in line or line[:1] == "\ufeff" else self.read(line)

    def read_expected(self, text: str) -> Any:
        """Return the same if it has an expected class, or None."""
        found = self.read_text(text)
        return found if not self._classes or type(found) in self._classes else None

    def _of_width(self, width: int) -> Small:
        """Return a function that reads a line with that many cells."""
        made = [
            self._made(reply, layout)
            for reply, layout in self._some
            if len(layout.cells) == width or (layout.rest is not None and len(layout.cells) < width)
        ]
        if len(made) == 1 and not made[0][1]:
            return made[0][0]

        def read_line(line: str) -> Any:
            for read, rivals in made:
                value = read(line)
                if value is not None:
                    return None if rivals and any([rival(line) for rival in rivals]) else value
            return None

        return read_line

    def _made(self, reply: Reply, layout: Layout) -> tuple[Small, list[Any]]:
        """Return a function that reads a layout, and the checks whether a line has another layout of the same rank."""
        rivals = [
            re.compile(line_pattern(*other)).fullmatch
            for other in self._some
            if other[1].rank == layout.rank and not are_one(other, (reply, layout))
            if may_overlap(other, (reply, layout))
        ]
        variant = Variant(reply.object, tuple(parts_of(reply.object, layout)))
        read = small(self._title, [variant], [self._known[reply.object.cls]], ("", ""), None, None)
        return (_listed(reply.many, read) if self._alone and reply.many else read), rivals


def _listed(many: Any, read: Small) -> Small:
    """Return a function that reads a line as a list of one record."""

    def read_list(line: str) -> Any:
        record = read(line)
        return None if record is None else many((record,))

    return read_list


class CsvFormat(FormatReader):
    """Reads and writes an endpoint's replies in fmt=1."""

    fmt = "csv"
    mark = ","

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        super().__init__(endpoint)
        # A layout says which fields a line has, so that no reply is too wide to be tried.
        self.narrow, self.wide = (*self.narrow, *self.wide), ()
        self._by_kind = {reply.kind: reply for reply in self.replies}
        self._plain = {
            reply.kind for reply in self.lists if all(is_plain(reply.object, layout) for layout in reply.csv)
        }
        # A single line may be one of these lists: their records are replies too, so that the meaning of the line
        # depends on what is expected; or there are several lists; or `_list` cannot read the line.
        alone = [reply.object for reply in self.narrow]
        self._twins = tuple(
            reply
            for reply in self.lists
            if self.several_lists or reply.object in alone or reply.kind not in self._plain
        )
        self._most_fields = max(len(layout.cells) for reply in self.replies for layout in (*reply.csv, Layout(())))
        self._choices: dict[Any, _Choice] = {}
        self._readers: dict[tuple[str, int], list[_Lines]] = {}
        self._own_lines: dict[Any, Any] = {}
        error = self.replies[0]
        self._is_error = re.compile("|".join(line_pattern(error, layout) for layout in error.csv)).fullmatch

    def _lines_of(self, reply: Reply, layout: Layout) -> _Lines:
        """Return the reader of lines of a layout."""
        obj, told, maybe, rest = reply.object, [], [], False
        for place, cell in enumerate(layout.cells):
            at = place - len(layout.cells) if rest else place
            if isinstance(cell, (Const, Only, Signed)):
                pattern = value_pattern(obj, cell)
                told.append((at, matcher(pattern), re.compile(pattern).fullmatch))
            elif isinstance(cell, Maybe):
                maybe.append(at)
            rest = rest or isinstance(cell, Rest)
        keys = [name_of_cell(cell) for cell in layout.cells if not isinstance(cell, (Const, Signed))]
        made = rows(obj, self.fmt, keys, "cells") if len(keys) == len(layout.cells) else None
        at_once = None
        # A blank line looks like a record of one value.
        if reply.kind in self._plain and len(keys) > 1:
            pattern = ",".join([f"({value_pattern(obj, name)})" for name in keys])
            pattern = rf"(?!\A\ufeff){pattern}(?:\r?\n|\Z)|((?s:.+))"
            at_once = self.make_at_once(obj, reply, keys, pattern, {})
        return _Lines(reply, layout, made, tuple(told), tuple(maybe), at_once)

    # Reading

    def variants(
        self, replies: Sequence[Reply], first: type | None, canonical: bool
    ) -> tuple[list[Variant], tuple[str, str], Callable[[str], str] | None]:
        """Return a variant for each layout of these replies whose cells alone tell it from all others."""
        found: list[Variant] = []
        for group, sure, open_ in self._sorted_out(replies, first):
            constants = (reply for reply in group if reply.constant)
            found += [Variant(reply.object, (Part(re.escape(reply.constant)),)) for reply in constants]
            found += [Variant(reply.object, tuple(parts_of(reply.object, layout))) for reply, layout in sure]
            # Layouts of expected replies need no guard: a caller who expects a class does not take another reply.
            for place in open_:
                others = [other for other in open_ if other is not place and may_overlap(other, place)]
                if not place[0].many and all(layout.rest is None for _, layout in (place, *others)) and len(others) < 3:
                    guard = "|".join(f"{line_pattern(*other)}{_LINE_END}\\Z" for other in others)
                    reply, layout = place
                    found.append(Variant(reply.object, (Part(f"(?!{guard})"), *parts_of(reply.object, layout))))
        return found, ("", _LINE_END), None

    def _sorted_out(
        self, replies: Iterable[Reply], first: type | None
    ) -> Iterable[tuple[list[Reply], list[Candidate], list[Candidate]]]:
        """Yield the expected replies, then the others. Each has the layouts that cells tell, and the rest."""
        every = [*replies, *self._twins]
        expected = [reply for reply in every if first is not None and reply.cls in (first, ErrorReply)]
        passed: list[Candidate] = []
        for group in (expected, [reply for reply in every if reply not in expected]):
            places = candidates(group)
            sure: list[Candidate] = []
            open_: list[Candidate] = []
            for place in places:
                layout = place[1]
                rivals = [other for other in places if other[1].rank == layout.rank and not are_one(other, place)]
                if (
                    layout.rest
                    or place[0].many
                    or any(may_overlap(other, place) for other in (*rivals, *passed, *open_))
                ):
                    open_.append(place)
                else:
                    sure.append(place)
            passed += open_
            yield group, sure, open_

    def _choice(self, expect: tuple[Any, ...], documented: bool) -> _Choice:
        """Return the reader of lines that are whole replies."""
        first = expect[0] if len(expect) == 2 else None
        found = self._choices.get((first, documented))
        if found is None:
            known = self._documented if documented else self._tables
            some = [place for _, _, open_ in self._sorted_out(self.narrow, first) for place in open_]
            title, classes = f"{self.endpoint.name} fmt=1", () if first is None else (first, ErrorReply)
            found = self._choices[first, documented] = _Choice(title, some, known, True, classes)
        return found

    def fast(self, body: bytes, limits: Limits, expect: tuple[Any, ...], tables: Tables) -> Any:
        """Read a reply. Return None if only `read` can read it."""
        text = body.decode()
        found = self._line(text, expect, limits, tables)
        if found is not None:
            return found
        if not text or text[0] == "\ufeff":
            return None
        for reply in self._meant(text, expect):
            found = self._list(text, reply, limits, expect, tables)
            if found is not None:
                return found
        return self._with_lines(text, expect, limits, tables) if self.behind else None

    def _meant(self, text: str, expect: tuple[Any, ...]) -> Sequence[Reply]:
        """Return the list that the lines belong to. If the endpoint has several, the first line tells which."""
        if not self.several_lists:
            return self.lists
        first, _, rest = text.partition("\n")
        if not rest:
            return ()
        # If another list has such a line too, `read` has to say so.
        cells = first.removesuffix("\r").split(",")
        fitting = {fit.reply.kind: fit.reply for fit in fits_of(self.lists, cells)}
        expected = [reply for reply in fitting.values() if reply.cls in expect]
        found = expected or [*fitting.values()]
        return found if len(found) == 1 else ()

    def _line(self, text: str, expect: tuple[Any, ...], limits: Limits, tables: Tables) -> Any:
        """Read a reply of one line. Return None if the line is another reply, or if only `read` can read it."""
        found = self.read_small(text, expect, limits, tables)
        if found is not None or len(text) > limits.text or limits.fields < self._most_fields:
            return found
        # It may be a list of one.
        if limits.items < 1:
            return None
        documented = tables is not self.plain_tables
        choice = self._choice(expect, documented)
        found = choice.read_text(text)
        if found is not None and self.can_learn(text, found, expect):
            self.keep(text, choice.read_expected, "documented" if documented else "plain", expect)
        return found

    def _list(self, text: str, reply: Reply, limits: Limits, expect: tuple[Any, ...], tables: Tables) -> Any:
        """Return the list in a text, or None if a line has no layout, or if only `read` can read it."""
        if reply.kind not in self._plain and "\n" not in text[:-1]:
            return None  # `_line` has tried it
        records, alike = self._records(text, reply, limits, tables)
        if records is None:
            return None
        found = reply.many(tuple(records))
        # A line may belong to another list too.
        if not self.several_lists and len(records) <= _FEW_LINES:
            self.learn(text, found, alike, expect, tables)
        return found

    def _records(
        self, text: str, reply: Reply, limits: Limits, tables: Tables
    ) -> tuple[list[Any] | None, _Lines | None]:
        """Return the records of lines, and the reader of the layout that all of them have.

        Each is None if there is none.
        """
        if "\r" in text:
            text = text.replace("\r\n", "\n")
            if "\r" in text:
                return None, None
        text = text.removesuffix("\n")
        count = text.count("\n") + 1
        if count > limits.items:
            return None, None
        try:
            return self._together(text, count, reply, limits, tables)
        except CAUGHT:
            # A value that is wrong in one layout can be right in another.
            if reply.kind in self._plain:
                raise
        return self._line_by_line(text, reply, limits, tables), None

    def _together(
        self, text: str, count: int, reply: Reply, limits: Limits, tables: Tables
    ) -> tuple[list[Any], _Lines | None]:
        """Do the same where widths tell the layouts. Raise one of `CAUGHT` if a line needs a closer look."""
        if len(text) > count * (_USUAL_LINE if reply.kind in self._plain else _USUAL_TEXT):
            raise Fallback
        columns = _columns(text, count)
        if columns is None:
            return self._by_width(text, reply, limits, tables), None
        alike, columns = self._all_alike(columns, reply)
        return self.made(alike, columns, limits, text, tables), alike

    def _by_width(self, text: str, reply: Reply, limits: Limits, tables: Tables) -> list[Any]:
        """Return the records of lines of several widths. Lines of one width are read together."""
        split = [line.split(",") for line in text.split("\n")]
        records: list[Any] = [None] * len(split)
        for some in grouped(map(len, split)).values():
            columns = [*map(list, zip(*[split[place] for place in some]))]
            alike, columns = self._all_alike(columns, reply)
            for place, record in zip(some, self.made(alike, columns, limits, text, tables)):
                records[place] = record
        return records

    def _line_by_line(self, text: str, reply: Reply, limits: Limits, tables: Tables) -> list[Any] | None:
        """Return the records of lines with layouts of all kinds, or None if a line has no layout."""
        lines = text.split("\n")
        cells = max((len(layout.cells) for layout in reply.csv), default=0)
        # Blank lines around a reply do not belong to it.
        if cells > limits.fields or not all(map(str.strip, lines)):
            return None
        if len(text) > limits.text and max(map(len, lines)) > limits.text:
            return None
        documented = tables is not self.plain_tables
        choice = self._choices.get((reply.kind, documented))
        if choice is None:
            known = self._documented if documented else self._tables
            choice = _Choice(f"{self.endpoint.name} fmt=1", candidates([reply]), known, alone=False)
            self._choices[reply.kind, documented] = choice
        found = [*map(choice.read, lines)]
        return None if any([each is None for each in found]) else found

    def _all_alike(self, columns: list[list[str]], reply: Reply) -> tuple[_Lines, list[list[str]]]:
        """Return the reader of the layout that all lines have, and its columns.

        Raise `Fallback` if only each line can tell which layout it has.
        """
        width = len(columns)
        # A layout whose rest takes commas fits all lines that are wider.
        known = (reply.kind, min(width, self._most_fields + 1))
        readers = self._readers.get(known)
        if readers is None:
            readers = self._readers[known] = [
                self._lines_of(*each)
                for each in candidates([reply])
                if len(each[1].cells) == width or (each[1].rest is not None and len(each[1].cells) < width)
            ]
        found: _Lines | None = None
        for each in readers:
            if found is not None and (each.layout.rank > found.layout.rank or are_one(each[:2], found[:2])):
                continue
            fits = each.fits(columns)
            if fits is None or (fits and found is not None):
                raise Fallback
            found = each if fits else found
        if found is None or found.rows is None:
            raise Fallback
        names = [*map(name_of_cell, found.layout.cells)]
        if len(names) < width:
            at, behind = names.index(str(found.layout.rest)), width - len(names) + 1
            rest = [*map(",".join, zip(*columns[at : at + behind]))]
            columns = [*columns[:at], rest, *columns[at + behind :]]
        if any([not {*columns[place]}.isdisjoint(NOTHING) for place in found.maybe]):
            raise Fallback
        # A blank line is not a record.
        if len(columns) == 1 and not all(map(str.strip, columns[0])):
            raise Fallback
        return found, columns

    def _with_lines(self, text: str, expect: tuple[Any, ...], limits: Limits, tables: Tables) -> Any:
        """Read a reply whose list follows in more lines. Return None if only `read` can read it."""
        line, _, rest = text.partition("\n")
        first = self._line(line.removesuffix("\r"), expect, limits, tables) if rest else None
        return self.with_records(first, limits, tables, lambda inner: self._records(rest, inner, limits, tables)[0])

    def read(self, source: Source, expect: tuple[Any, ...], notes: list[Note] | None) -> Any:
        """Return the reply. If a body can be several replies, return the expected one."""
        # One line end after the last line happens [client]; CRLF is read too.
        text = source.text.removesuffix("\n").removesuffix("\r") if source.text.endswith("\n") else source.text
        first, _, rest = text.partition("\n")
        cells = (first.removesuffix("\r") if rest else first).split(",")
        expected = [reply for reply in self.replies if reply.cls in expect]
        for group in (expected, [reply for reply in self.replies if reply not in expected]):
            for reply in group:
                if reply.constant and text == reply.constant:
                    return reply.object.cls()
            some = group if not rest else [reply for reply in group if self._goes_on(reply, cells)]
            found = choose(fits_of(some, cells), ",".join(cells), source, Place())
            if found is None:
                continue
            if found.reply.many:
                return self._read_lines(found.reply, source, notes)
            made = self.builder(found.reply).build(found.pairs, source, (), "", notes)
            if rest and found.reply is self.error:
                self.note_lines(self.error, lines_from(text, len(first) + 1), source, notes)
                return made
            return self._read_behind(made, found.reply, source, notes) if rest else made
        if not rest and len(cells) > 1 and all(reply.is_known(self.fmt) for reply in self.endpoint.own):
            self._check_values(cells, source, expect)
        if not text:
            if any(reply.csv or not reply.is_known(self.fmt) for reply in self.lists):
                return self.empty_list(expect, "an empty body")
            source.fail(EMPTY_BODY, code="empty")
        # An error about a line names the expected list, or the only one.
        lists = [reply for reply in self.lists if reply.csv and (not self.several_lists or reply.cls in expect)]
        if lists and ("\n" in text or "," in text):
            return self._read_lines(lists[0], source, notes)
        found_ = source.found(0)
        unknown = [
            reply for reply in self.endpoint.own if not reply.is_known(self.fmt) and (not expect or reply.cls in expect)
        ]
        if unknown:
            titles = either(reply.title for reply in unknown)
            reason = (
                f"expected {self.endpoint.expected()}, found {found_}; nobody knows what {titles} looks like with fmt=1"
            )
            raise Trouble(reason, Place(), "", "unknown-form")
        raise Trouble(
            f"expected {self.endpoint.expected()} as comma-separated values, found {found_}", Place(), "", "malformed"
        )

    def _goes_on(self, reply: Reply, cells: Sequence[str]) -> bool:
        """Return whether other lines may follow a reply that begins with a line of these cells.

        A line that can begin a list is not an error.
        """
        if reply is self.error:
            return not fits_of(self.lists, cells)
        return reply.kind in self.behind or (self.several_lists and bool(reply.many))

    def _check_values(self, cells: Sequence[str], source: Source, expect: tuple[Any, ...]) -> None:
        """Raise `Trouble` about a value if the width of the line fits exactly one reply that is not a list.

        If a class is expected, only its replies count.
        """
        some = [reply for reply in (*self.narrow, *self.lists) if not expect or reply.cls in expect]
        found = [(reply, layout, cut_line(layout, cells)) for reply, layout in candidates(some)]
        fitting = [(reply, layout, texts) for reply, layout, texts in found if texts is not None]
        if fitting and all(reply is fitting[0][0] and not reply.many for reply, *_ in fitting):
            reply, layout, texts = fitting[0]
            self.builder(reply).build(named_cells(layout, texts), source, (), "", None)

    def _read_behind(self, first: Any, reply: Reply, source: Source, notes: list[Note] | None) -> Any:
        """Return a reply with the list in the lines after the first one."""
        name, inner = self.behind[reply.kind]
        unknown: dict[int, str] = {}
        records = self._read_records(inner, name, 1, source, notes, unknown)
        self.note_lines(reply, unknown, source, notes)
        return replace(first, **{name: tuple(records)})

    def make_builder(self, reply: Reply) -> Builder:
        """Make the careful reader of a reply's records. The keys of its pairs are the names of fields."""
        return Builder(reply.object, self.fmt, names={field.name: field.name for field in reply.object.fields})

    def _read_lines(self, reply: Reply, source: Source, notes: list[Note] | None) -> Any:
        return reply.many(tuple(self._read_records(reply, reply.attribute, 0, source, notes)))

    def _read_records(
        self,
        reply: Reply,
        name: str,
        start: int,
        source: Source,
        notes: list[Note] | None,
        unknown: dict[int, str] | None = None,
    ) -> list[Any]:
        """Return the records of the list *name*, which begins in the line *start*.

        Lines that are not values go to *unknown*, by their numbers. If it is not given, they are refused.
        """
        lines = source.text.removesuffix("\n").split("\n")
        if len(lines) - start > source.limits.items:
            source.fail(f"expected at most {source.limits.items} records, found {len(lines) - start}", code="limit")
        build = self.builder(reply).build
        records: list[Any] = []
        for number, whole in enumerate(lines[start:], start):
            # A lone CR at the end of the body does not end a line.
            ended = number < len(lines) - 1 or source.text.endswith("\n")
            line = whole.removesuffix("\r") if ended else whole
            pairs = pairs_of(reply, line.split(","), source, Place((number,)))
            if pairs is None and unknown is not None and _is_text(line) and not _begins_like_a_record(reply, line):
                unknown[number] = line
                continue
            if pairs is None:
                wanted = " or ".join(dict.fromkeys(map(shown, reply.csv)))
                count = line.count(",") + 1
                values = "1 value" if count == 1 else f"{count} values"
                reason = f"expected {wanted}, found {values}: {source.quote(line)}"
                # Without keys, nothing says what the values are.
                raise Trouble(reason, Place((number,)), "", "unknown-form" if start else "malformed")
            records.append(build(pairs, source, (number,), f"{name}[{len(records)}]", notes))
        return records

    def locate(self, source: Source, places: Sequence[Place], expect: tuple[Any, ...] = ()) -> list[int]:
        """Return where in the text each of *places* is."""
        text = source.text
        lists = self._meant(text, expect) or self.ordered(expect, self.lists)
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
                replies = [*lists, *(reply for _, reply in self.behind.values())] if many else self.narrow
                at += _column(replies, line.removesuffix("\r").split(","), str(place.steps[-1]))
            found.append(at)
        return found

    # Writing

    def has_open_keys(self, reply: Reply) -> bool:
        """Return whether the format has a place for keys of a reply that are not fields."""
        return False

    def write(self, value: Any, reply: Reply, limits: Limits) -> str:
        """Return the canonical text of a reply. Raise `EncodeError` if the format cannot carry it."""
        # This reader has the layouts of the request that it is for.
        reply = self._by_kind[reply.kind]
        if not reply.csv and not reply.constant and reply.is_known(self.fmt):
            raise EncodeError(f"{reply.title} has no comma-separated form")
        return super().write(value, reply, limits)

    def listed(self, lines: list[str], reply: Reply) -> str:
        """Return the text of a list with these records. Raise `EncodeError` if it would be read back as an error."""
        text = self.framed(lines, reply)
        if self._is_error(text):
            raise EncodeError(_otherwise(text))
        return text

    def compile_writer(self, reply: Reply, present: frozenset[str], keys: Keys) -> Writer:
        """Compile a writer of records with these fields."""
        fitting = [layout for layout in reply.csv if layout.has_place_for(present)]
        # `_own` knows which lines a layout that says 0 of missing values takes away from others.
        layout = min(fitting, key=lambda each: each.required != each.names, default=None)
        if layout is None or keys.codes or keys.texts:
            raise Fallback
        template: list[str | Slot] = []
        for cell in layout.cells:
            template += [","] if template else []
            if isinstance(cell, Const):
                template.append(cell.text)
            elif isinstance(cell, Maybe):
                template.append(Slot(cell.name, NOTHING) if cell.name in present else NOTHING_WRITTEN)
            else:
                template += ["-"] if isinstance(cell, Signed) else []
                template.append(Slot(name_of_cell(cell)))
        texts = {field.name: _REST if field.name == layout.rest else _TEXTS for field in reply.object.fields}
        made = writer(reply.object, title_of(reply.object, self.fmt), template, keys, texts)
        is_own = self._own(reply, layout)
        return made if is_own is None else _watched(made, is_own)

    def _own(self, reply: Reply, layout: Layout) -> Any:
        """Return what matches the lines of a layout that are read back as such lines, or None if all of them are."""
        known = (reply.kind, reply.csv.index(layout))
        if known not in self._own_lines:
            alone = not reply.many and reply.kind in self._by_kind
            places = candidates([self.replies[0], reply] if alone else [reply])
            place = next(number for number, each in enumerate(places) if each[1] is layout)
            others = [
                line_pattern(*other)
                for number, other in enumerate(places)
                if number < place or (other[1].rank == layout.rank and not are_one(other, places[place]))
                if may_overlap(other, places[place])
            ]
            fixed = any(isinstance(cell, Only) for cell in layout.cells)
            own = line_pattern(reply, layout) if fixed else r"[^\r\n]*"
            guard = rf"(?!(?:{'|'.join(others)})\Z)" if others else ""
            self._own_lines[known] = re.compile(guard + own).fullmatch if others or fixed else None
        return self._own_lines[known]

    def format_record(self, fields: list[Formatted], value: Any, reply: Reply, path: str, limits: Limits) -> str:
        """Return the line of a record with these fields."""
        for each in fields:
            if not each.name:
                raise EncodeError(self.no_place_for_keys(reply), path=each.path)
        given = {each.name: each for each in fields}
        fitting = [layout for layout in reply.csv if layout.has_place_for(given)]
        if not fitting:
            raise self._unfitting(reply, given, path)
        for layout in fitting:
            line = _line(layout, given)
            is_own = self._own(reply, layout)
            if line is not None and (is_own is None or is_own(line)):
                return line
        lacking = _lacking(reply, given)
        if lacking and not any(_is_like(layout, given) for layout in fitting):
            only = (cell for cell in fitting[0].cells if isinstance(cell, Only))
            cell = next(cell for cell in only if not _is_like_cell(cell, given))
            wrong = given[cell.name]
            # A value that every record has, such as a state, is right: another layout has it.
            if not reply.object.by_name[cell.name].optional:
                raise EncodeError(lacking, path=path)
            reason = f"expected a value that matches {cell.pattern} in this format, found {quote(wrong.text)}"
            raise EncodeError(reason, path=wrong.path)
        line = _line(fitting[0], given)
        if line is None:
            maybe = [given[cell.name] for cell in fitting[0].cells if isinstance(cell, Maybe) and cell.name in given]
            blank = next(each for each in maybe if each.text in NOTHING)
            raise EncodeError(f"{quote(blank.text)} means that there is none in this format", path=blank.path)
        if line.startswith("0,") and isinstance(fitting[0].cells[-1], Signed):
            raise EncodeError(f"{quote('0')} means that there is none in this format", path=given["id"].path)
        when = fitting[0].when
        without = f", unless the codec is that for the request: `Codec.asked({dict(when)})`" if when else ""
        raise EncodeError(f"{_otherwise(line)}{without}", path=path)

    def _unfitting(self, reply: Reply, given: Mapping[str, Formatted], path: str) -> EncodeError:
        """Return the error about fields that do not have a layout: one too many, or one too few."""
        has = {name for layout in reply.csv for name in layout.names}
        for name, each in given.items():
            if name not in has:
                return EncodeError(no_place(self.fmt, name, frozenset()), path=each.path)
        lacking = _lacking(reply, given)
        if lacking:
            return EncodeError(lacking, path=path)
        wanted = " or ".join(dict.fromkeys(map(shown, reply.csv)))
        return EncodeError(f"comma-separated replies have the fields {wanted}, found {', '.join(given)}", path=path)


def _columns(text: str, count: int) -> list[list[str]] | None:
    """Return the columns of *count* lines, or None if they do not have the same number of cells.

    One split is enough for all lines then.
    """
    marks = text.encode().translate(None, _NO_MARKS)
    line = marks.partition(b"\n")[0]
    if marks != (line + b"\n") * (count - 1) + line:
        return None
    cells, width = text.replace("\n", ",").split(","), len(line) + 1
    return [cells[place::width] for place in range(width)]


def _is_text(line: str) -> bool:
    """Return whether a line is neither blank nor pairs."""
    return bool(line.strip()) and " = " not in line


def _begins_like_a_record(reply: Reply, line: str) -> bool:
    """Return whether the first cell of a line can begin a record of a list."""
    first = line.partition(",")[0]
    return any(re.compile(value_pattern(reply.object, layout.cells[0])).fullmatch(first) for layout in reply.csv)


def _lacking(reply: Reply, given: Mapping[str, Formatted]) -> str:
    """Return the missing fields of the layout that lacks the fewest, or an empty text if no layout lacks any."""
    near = [layout for layout in reply.csv if given.keys() <= layout.names and _is_like(layout, given)]
    lacking = [[n for n in map(name_of_cell, each.cells) if n in each.required and n not in given] for each in near]
    some = min(lacking, key=len, default=[])
    return f"fmt=1 needs {', '.join(some)}" if some else ""


def _is_like(layout: Layout, given: Mapping[str, Formatted]) -> bool:
    """Return whether values that are given match the cells whose spelling tells the layout."""
    return all(_is_like_cell(cell, given) for cell in layout.cells if isinstance(cell, Only))


def _is_like_cell(cell: Only, given: Mapping[str, Formatted]) -> bool:
    """Return whether a cell's value, if it is given, has the spelling that tells the layout."""
    return cell.name not in given or re.compile(cell.pattern).fullmatch(given[cell.name].text) is not None


def _line(layout: Layout, given: Mapping[str, Formatted]) -> str | None:
    """Return the line of a layout with these values, or None if one of them would not be read back."""
    cells = []
    for cell in layout.cells:
        if isinstance(cell, Const):
            cells.append(cell.text)
            continue
        each = given.get(name_of_cell(cell))
        if each is None:
            cells.append(NOTHING_WRITTEN)
            continue
        if (_ends_line if isinstance(cell, Rest) else _ends_cell)(each.text):
            reason = f"a comma or a line end would split the value in this format, found {quote(each.text)}"
            raise EncodeError(reason, path=each.path)
        if isinstance(cell, Maybe) and each.text in NOTHING:
            return None
        cells.append("-" * isinstance(cell, Signed) + each.text)
    return ",".join(cells)


def _otherwise(line: str) -> str:
    return f"comma-separated replies cannot carry it, as {quote(line)} would be read back as something else"


def _watched(made: Writer, is_own: Callable[[str], Any]) -> Writer:
    """Return a writer that leaves lines that would be read back as something else to the careful writer."""

    def one(record: Any, longest: int) -> str:
        line = made.one(record, longest)
        if not is_own(line):
            raise Fallback
        return line

    def many(records: Any, longest: int) -> list[str]:
        lines = made.many(records, longest)
        if not all(map(is_own, lines)):
            raise Fallback
        return lines

    return made._replace(one=one, many=many)


def _column(replies: Sequence[Reply], cells: list[str], name: str) -> int:
    """Return the position in a line where the value of a field begins."""
    fitting = ((layout, cut_line(layout, cells)) for _, layout in candidates(replies) if name in layout.names)
    layout, texts = next((layout, texts) for layout, texts in fitting if texts is not None)
    place = [*map(name_of_cell, layout.cells)].index(name)
    return sum(len(text) + 1 for text in texts[:place]) + isinstance(layout.cells[place], Signed)

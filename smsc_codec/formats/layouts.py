"""Chooses the layout of a line in fmt=1, and so the reply or record that the line is.

A declaration lists the layouts of a reply; `smsc_codec/declare.py` says what a cell of one can be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .._careful import Place, Trouble, never_empty
from .._rows.small import Part
from .._rows.values import may_be_empty
from .._source import Source
from ..declare import Cell, Const, Layout, Maybe, Object, Only, Reply, Rest, Signed, Type, name_of_cell
from ..model import ErrorReply
from .reader import is_value

Candidate = tuple[Reply, Layout]
"""A layout that a line may have, and the reply that it belongs to."""

NOTHING = ("", "0")
"""The texts of a cell whose value is missing."""

NOTHING_WRITTEN = "0"
"""The one of these that is written."""

_END = r"(?![^,\r\n])"


def shown(layout: Layout) -> str:
    """Return a layout as errors show it: the names of its cells."""
    return ",".join(f"<{cell.text if isinstance(cell, Const) else name_of_cell(cell)}>" for cell in layout.cells)


def is_plain(obj: Object, layout: Layout) -> bool:
    """Return whether all cells are values, so that their number decides, and have the values of every record."""
    needed = {field.name for field in obj.fields if not field.optional}
    return all(isinstance(cell, str) for cell in layout.cells) and needed <= layout.names and not layout.when


def value_pattern(obj: Object, cell: Cell) -> str:
    """Return an expression for the text of a cell."""
    if isinstance(cell, Const):
        return re.escape(cell.text)
    if isinstance(cell, Only):
        return f"(?:{cell.pattern})"
    type_ = obj.by_name[name_of_cell(cell)].type
    assert isinstance(type_, Type)
    text = r"[^\r\n]*" if isinstance(cell, Rest) else r"[^,\r\n]*" if may_be_empty(type_) else r"[^,\r\n]+"
    pattern = text if type_.kind == "text" else f"(?:{type_.pattern})"
    return (
        f"-{pattern}" if isinstance(cell, Signed) else f"(?:0|{pattern}|){_END}" if isinstance(cell, Maybe) else pattern
    )


def line_pattern(reply: Reply, layout: Layout) -> str:
    """Return an expression for a line."""
    return ",".join(value_pattern(reply.object, cell) for cell in layout.cells)


def parts_of(obj: Object, layout: Layout) -> Iterable[Part]:
    """Yield the parts of a line."""
    before = ""
    for cell in layout.cells:
        pattern = value_pattern(obj, cell)
        if isinstance(cell, Const):
            yield Part(before + pattern)
        elif isinstance(cell, Signed):
            yield Part(f"{before}-", cell.name, pattern[1:])
        elif isinstance(cell, Maybe):
            type_ = obj.by_name[cell.name].type
            assert isinstance(type_, Type)
            yield Part(before)
            yield Part(f"(?!0?{_END})", cell.name, type_.pattern, _END, optional=True)
            yield Part(f"(?:0{_END}|)")
        else:
            yield Part(before, name_of_cell(cell), pattern)
        before = ","


def candidates(replies: Iterable[Reply]) -> list[Candidate]:
    """Return the layouts of replies, those of the lowest rank first."""
    return sorted(((reply, layout) for reply in replies for layout in reply.csv), key=lambda each: each[1].rank)


def are_one(one: Candidate, other: Candidate) -> bool:
    """Return whether two layouts belong to the same reply and request, so that the first one that fits is meant."""
    return one[0] is other[0] and one[1].when == other[1].when


def may_overlap(one: Candidate, other: Candidate) -> bool:
    """Return whether a line may have both layouts, as far as the number of their cells and fixed texts tell."""
    (reply, layout), (other_reply, other_layout) = one, other
    if layout is other_layout or not layout.collides(other_layout):
        return False
    for cell, opposite in zip(layout.cells, other_layout.cells):
        if isinstance(cell, Rest) or isinstance(opposite, Rest):
            break
        if isinstance(cell, str) and isinstance(opposite, str):
            continue
        if _are_apart(reply.object, cell, opposite) or _are_apart(other_reply.object, opposite, cell):
            return False
    return True


def _are_apart(obj: Object, cell: Cell, other: Cell) -> bool:
    """Return whether a text can never be both cells. The second one is a fixed text or a signed number."""
    if isinstance(other, Const):
        return re.compile(value_pattern(obj, cell)).fullmatch(other.text) is None
    type_ = obj.by_name[name_of_cell(cell)].type if not isinstance(cell, Const) else None
    return isinstance(other, Signed) and isinstance(cell, str) and isinstance(type_, Type) and type_.kind == "number"


class Fit(NamedTuple):
    """A layout that a line has, and its fields."""

    reply: Reply
    layout: Layout
    pairs: list[tuple[str, str]]


def fits_of(replies: Iterable[Reply], cells: Sequence[str]) -> list[Fit]:
    """Return the layouts that fit the values of a line, those of the lowest rank first.

    Only if none fits, an empty cell can be an optional field whose value is missing.
    """
    found, lacking = [], []
    for reply, layout in candidates(replies):
        texts = cut_line(layout, cells)
        if texts is not None:
            pairs, fields = named_cells(layout, texts), reply.object.by_name
            wrong = [(name, text) for name, text in pairs if not is_value(fields[name], text)]
            if not wrong:
                found.append(Fit(reply, layout, pairs))
            elif {*wrong} <= {(name, "") for name in never_empty(reply.object)} and reply.cls is not ErrorReply:
                lacking.append(Fit(reply, layout, pairs))
    return found or lacking


def choose(fits: Sequence[Fit], line: str, source: Source, place: Place) -> Fit | None:
    """Return the layout that is meant, or None if there is none. Raise `Trouble` if only the request could tell."""
    if not fits:
        return None
    first = fits[0]
    for each in fits:
        if each.layout.rank == first.layout.rank and not are_one(each[:2], first[:2]):
            choices = " or ".join(f"{fit.reply.title}: {shown(fit.layout)}" for fit in (first, each))
            reason = f"expected a line that can mean one thing, found {source.quote(line)}, which can be {choices}"
            raise Trouble(f"{reason} (say what the request asked for)", place, "", "ambiguous")
    return first


def pairs_of(reply: Reply, cells: Sequence[str], source: Source, place: Place) -> list[tuple[str, str]] | None:
    """Return the fields of a record, or None if it has no layout."""
    known = [(layout, texts) for _, layout in candidates([reply]) if (texts := cut_line(layout, cells)) is not None]
    if len(known) > 1:
        found = choose(fits_of([reply], cells), ",".join(cells), source, place)
        if found is not None:
            return found.pairs
    return named_cells(*known[0]) if known else None


def cut_line(layout: Layout, cells: Sequence[str]) -> list[str] | None:
    """Return the texts of a layout's cells, or None if a line has another number of cells or other fixed texts."""
    count = len(layout.cells)
    if len(cells) < count or (layout.rest is None and len(cells) > count):
        return None
    if layout.rest is not None:
        rest = next(place for place, cell in enumerate(layout.cells) if isinstance(cell, Rest))
        behind = len(cells) - (count - rest - 1)
        cells = [*cells[:rest], ",".join(cells[rest:behind]), *cells[behind:]]
    for cell, text in zip(layout.cells, cells):
        if (isinstance(cell, Const) and text != cell.text) or (isinstance(cell, Signed) and not text.startswith("-")):
            return None
        if isinstance(cell, Only) and not re.compile(cell.pattern).fullmatch(text):
            return None
    return [*cells]


def named_cells(layout: Layout, texts: Sequence[str]) -> list[tuple[str, str]]:
    """Return the fields of a line."""
    return [
        (name_of_cell(cell), text[1:] if isinstance(cell, Signed) else text)
        for cell, text in zip(layout.cells, texts)
        if not isinstance(cell, Const) and not (isinstance(cell, Maybe) and text in NOTHING)
    ]

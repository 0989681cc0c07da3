"""Many records at once, a field at a time: how lists are written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from ._source import SURROGATE
from ._values import Scalar, Unusual, in_range


class Run(NamedTuple):
    """The values of one field in many records, to be written."""

    key: str
    type: Scalar
    column: Sequence[Any]

    @property
    def place(self) -> str:
        """What stands for a value in a template for `%`."""
        return "%d" if self.type.number else "%s"

    def check(self) -> None:
        """Raise `Unusual` unless all are values of the type."""
        kinds = set(map(type, self.column))
        if self.type.number:
            if bool in kinds or not all(issubclass(kind, int) for kind in kinds) or not in_range(self.column):
                raise Unusual
            if self.type.table is not None and not self.type.closed(self.column):
                raise Unusual
            return
        if kinds != {str} or self.type.least is None or (self.type.least and "" in self.column):
            raise Unusual
        text = "".join(self.column)
        if not text.isascii() and SURROGATE.search(text):
            raise Unusual


def fill(line: str, separator: str, runs: Sequence[Run]) -> str:
    """*line*, a template for `%`, once for each record."""
    count = len(runs[0].column)
    template = separator.join([line] * count)
    return template % tuple(chain.from_iterable(zip(*(run.column for run in runs))))


def literal(text: str) -> str:
    """*text* as it has to stand in a template for `%`."""
    return text.replace("%", "%%")


def escape(runs: list[Run], special: re.Pattern[str], by: Callable[[str], str]) -> list[Run]:
    """The runs with texts as the format writes them: *by* is needed only where one has *special* characters."""

    def escaped(run: Run) -> Run:
        if run.type.number or not special.search("".join(run.column)):
            return run
        return run._replace(column=list(map(by, run.column)))

    return list(map(escaped, runs))


def texts(runs: Iterable[Run]) -> Iterator[str]:
    """All that is no number, run together: enough to look for characters."""
    return ("".join(run.column) for run in runs if not run.type.number)

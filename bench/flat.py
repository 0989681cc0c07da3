"""What a name costs in lists that are not like others, by their length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle
from statistics import median

from smsc_codec import DecodeError, Format, decode

from .bodies import broken, invented, mixed, replaced
from .contest import Effort, Run
from .peers import ours
from .timing import by_turns

SHAPES = 300
"""So many lists of one name come by turns where each is to be new: more than a decoder would remember."""


@dataclass(frozen=True)
class Line:
    """The seconds that a name costs, by the length of the list."""

    work: str
    seconds: dict[int, float]


@dataclass(frozen=True)
class Kind:
    """A kind of list, and how one of a given length is read again and again."""

    work: str
    reader: Callable[[int], Run]

    def measure(self, effort: Effort) -> Line:
        counts = (*(count for count in (1, 10, 1_000) if count < effort.many), effort.many)
        rounds = by_turns([self.reader(count) for count in counts], replace(effort, rounds=effort.few))
        return Line(self.work, {count: median(column) / count for count, column in zip(counts, zip(*rounds))})


def kinds() -> list[Kind]:
    """Return the lists that are not like others, in every format."""
    return [
        *(Kind(f"decode fmt={fmt:d}, a status in every other line", partial(_mixed, fmt)) for fmt in Format),
        *(
            Kind(f"decode fmt={fmt:d}, operators=1, every third name replaced", partial(_replaced, fmt))
            for fmt in (Format.TEXT, Format.XML, Format.JSON)
        ),
        *(
            Kind(f"decode fmt={fmt:d}, a new key in every line", partial(_invented, fmt))
            for fmt in (Format.TEXT, Format.XML, Format.JSON)
        ),
        *(Kind(f"decode fmt={fmt:d}, a wrong id in the last line", partial(_broken, fmt)) for fmt in Format),
    ]


def _mixed(fmt: Format, count: int) -> Run:
    return ours(mixed(fmt, count), fmt)


def _replaced(fmt: Format, count: int) -> Run:
    return ours(replaced(fmt, count), fmt)


def _invented(fmt: Format, count: int) -> Run:
    bodies = cycle([invented(fmt, count, first) for first in range(0, max(SHAPES, count), count)])
    return lambda: decode(next(bodies), fmt=fmt)


def _broken(fmt: Format, count: int) -> Run:
    given = broken(fmt, count)

    def refuse() -> None:
        try:
            decode(given, fmt=fmt)
        except DecodeError:
            return
        raise AssertionError("a wrong id was read")

    return refuse

"""Values: how one field is spelled, the same in every format."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from ._errors import EncodeError
from ._model import MAX_NUMBER, Code
from ._source import shown


class Unusual(Exception):  # noqa: N818 - a signal, not an error
    """A fast lane has met what only the slow lane can judge. Never leaves the library."""


@dataclass(frozen=True)
class Scalar:
    """How a field's value is spelled, and the Python value that it stands for."""

    words: str
    """What errors call it."""
    pattern: re.Pattern[str]
    """Every spelling that stands for a value; no two stand for the same one."""
    parse: Callable[[str], Any] = str
    number: bool = False
    """Whether JSON writes it bare."""
    known: Callable[[Any], bool] = lambda _: True
    """Whether the documentation names the value."""
    least: int | None = None
    """Of a text that can be anything: the fewest characters that it has."""
    table: Mapping[str, Any] | None = None
    """Common spellings and their values, for speed."""

    def closed(self, values: Iterable[Any]) -> bool:
        """Whether every number is one that the pattern allows."""
        if self.pattern is NUMBER.pattern:
            return True
        return self._values.issuperset(values)

    @cached_property
    def _values(self) -> frozenset[Any]:
        return frozenset((self.table or {}).values())

    def spell(self, value: Any, path: str) -> str:
        """The value as it is written; `EncodeError` if it is no such value."""
        if self.number:
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_NUMBER:
                raise EncodeError(f"expected {self.words}, found {shown(value)}", path=path)
            text = int.__repr__(value)
        elif isinstance(value, str):
            text = str(value)
        else:
            raise EncodeError(f"expected {self.words}, found {shown(value)}", path=path)
        if not self.pattern.fullmatch(text):
            raise EncodeError(f"expected {self.words}, found {shown(value)}", path=path)
        return text

    def column(self, spelled: Sequence[str] | Sequence[int], longest: int | None, trusted: bool) -> Sequence[Any]:
        """The values of many spellings at once; `Unusual` if one of them is none, or longer than *longest*.

        A number may also be given as such. *trusted* if the grammar has seen to it that the spellings match
        the pattern.
        """
        if spelled[0].__class__ is int:
            return self._bare(cast("Sequence[int]", spelled))
        return self._spelled(cast("Sequence[str]", spelled), longest, trusted)

    def _bare(self, numbers: Sequence[int]) -> Sequence[Any]:
        if not in_range(numbers):
            raise Unusual
        if self.parse is int:
            return numbers
        try:
            return list(map(self._by_number.__getitem__, numbers))
        except KeyError:
            return list(map(self.parse, map(str, numbers)))

    @cached_property
    def _by_number(self) -> dict[int, Any]:
        return {int(spelled): value for spelled, value in (self.table or {}).items()}

    def _spelled(self, spelled: Sequence[str], longest: int | None, trusted: bool) -> Sequence[Any]:
        if self.table is not None:
            try:
                return list(map(self.table.__getitem__, spelled))
            except KeyError:
                pass
        if self.parse is int:
            return self._numbers(spelled, trusted)
        if longest is not None and max(map(len, spelled)) > longest:
            raise Unusual
        if self.least is not None:
            if self.least and "" in spelled:
                raise Unusual
        elif not trusted and not all(map(self.pattern.fullmatch, spelled)):
            raise Unusual
        return spelled if self.parse is str else list(map(self.parse, spelled))

    def _numbers(self, spelled: Sequence[str], trusted: bool) -> list[int]:
        # `int` is content with signs, spaces, underscores and foreign digits, and with leading zeros.
        if not trusted and not ((digits := "".join(spelled)).isdigit() and digits.isascii()):
            raise Unusual
        try:
            numbers = list(map(int, spelled))
        except ValueError:
            raise Unusual from None
        if not trusted:
            zeros = " 0" in " ".join(("", *spelled))
            if max(numbers) > MAX_NUMBER or (zeros and list(map(str, numbers)) != list(spelled)):
                raise Unusual
        return numbers


def in_range(numbers: Sequence[int]) -> bool:
    """Whether all of them are numbers that every format carries."""
    return min(numbers) >= 0 and max(numbers) <= MAX_NUMBER


def code(codes: type[Code], words: str, pattern: re.Pattern[str] | None = None) -> Scalar:
    """A number with documented meanings."""
    table = {str(number): codes(number) for number in range(100)}

    def parse(spelled: str) -> Code:
        return table.get(spelled) or codes(int(spelled))

    return Scalar(words, pattern or NUMBER.pattern, parse, True, lambda value: codes(value).known, None, table)


# Without leading zeros, so that every number has one spelling; ASCII digits, which `int` is not content with.
NUMBER = Scalar("a whole number of at most 18 digits", re.compile("0|[1-9][0-9]{0,17}"), int, True)
TEXT = Scalar("text", re.compile(r"[^\ud800-\udfff]*"), least=0)
NAME = Scalar("a name of at least one character", re.compile(r"[^\ud800-\udfff]+"), least=1)

"""Values: how one field is spelled, the same in every format."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, NoReturn

import msgspec

from ._runs import Codes, Run, looked_up
from ._source import SURROGATE, shown
from ._types import all_are, lazy, name_of
from .errors import EncodeError, unreadable
from .limits import Limits
from .mapping import FrozenMapping
from .model import MAX_NUMBER, Code


class Unusual(Exception):  # noqa: N818 - a signal, not an error
    """A fast lane has met what only the slow lane can judge. Never leaves the library."""


class Scalar(msgspec.Struct, frozen=True, dict=True):
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

    @property
    def quick(self) -> Callable[[str], Any]:
        """What parses the common spellings, and raises `KeyError` for others."""
        return self.parse if self.table is None else self.table.__getitem__

    def spell(self, value: Any, path: str, limits: Limits | None = None) -> str:
        """The value as it is written; `EncodeError` if it is no such value, or beyond *limits*."""
        if self.number:
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= int.__int__(value) <= MAX_NUMBER:
                raise EncodeError(f"expected {self.words}, found {shown(value)}", path=path)
            text = int.__repr__(value)
        elif isinstance(value, str):
            text = str.__str__(value)
        else:
            raise EncodeError(f"expected {self.words}, found {shown(value)}", path=path)
        if not self.pattern.fullmatch(text):
            raise EncodeError(f"expected {self.words}, found {shown(value)}", path=path)
        if limits is not None:
            most, unit = (limits.digits, "digits") if self.number else (limits.text, "characters")
            if len(text) > most:
                raise EncodeError(f"expected at most {most} {unit}, found {len(text)}", path=path)
        return text

    def column(self, spelled: Sequence[Any], longest: int | None, trusted: bool) -> Sequence[Any]:
        """The values of many spellings at once; `Unusual` if one of them is none, or longer than *longest*.

        A number may also be given as such. *trusted* if the spellings are known to be texts that match the pattern.
        """
        try:
            if spelled[0].__class__ is int:
                return self._bare(spelled)
            return self._spelled(spelled, longest, trusted)
        except (TypeError, ValueError):
            # Something among them that is no text, or no number.
            raise Unusual from None

    @lazy
    def _any_number(self) -> bool:
        """Whether every number that a format carries is such a value."""
        return self.number and self.pattern.pattern == NUMBER.pattern.pattern

    def _bare(self, given: Sequence[Any]) -> Sequence[Any]:
        if not self._any_number and self.table is None:
            raise Unusual
        numbers = whole_numbers(given)
        if self.parse is int:
            return numbers
        try:
            return looked_up(self._by_number, numbers)
        except KeyError:
            if not self._any_number:
                raise Unusual from None
            return list(map(self.parse, map(str, numbers)))

    @lazy
    def _by_number(self) -> dict[int, Any]:
        return {int(spelled): value for spelled, value in (self.table or {}).items()}

    def _spelled(self, spelled: Sequence[str], longest: int | None, trusted: bool) -> Sequence[Any]:
        if self.table is not None:
            try:
                return looked_up(self.table, spelled)
            except KeyError:
                pass
        if self.parse is int and self._any_number:
            return parsed_numbers(spelled)
        if self.least is None:
            if not trusted and not all(map(self.pattern.fullmatch, spelled)):
                raise Unusual
            return list(map(self.parse, spelled))
        if longest is not None:
            joined(spelled, longest)
        if self.least and not all(spelled):
            raise Unusual
        return spelled

    def run(self, key: str, values: Sequence[Any], longest: int, trusted: bool) -> Run | Codes:
        """Many values spelled out; `Unusual` if one of them is none, or longer than *longest*.

        *trusted* if texts are known to be such values, but for their length.
        """
        try:
            if self.table is not None:
                numbers = whole_numbers(values)
                # A pattern that allows fewer than these has fewer in its table.
                if len(self.table) < 100 and not self._by_number.keys() >= set(numbers):
                    raise Unusual
                return Codes(key, numbers, _spelled_out if self._any_number else _too_large)
            if self._any_number:
                return Run(key, True, written_numbers(values))
            if self.least is None or not (trusted or all_are(values, str)):
                raise Unusual
            text = joined(values, longest)
        except (TypeError, ValueError):
            raise Unusual from None
        if not trusted and ((self.least and not all(values)) or (not text.isascii() and SURROGATE.search(text))):
            raise Unusual
        return Run(key, False, values, text)


# msgspec checks and reads a column of numbers in C: 10 to 20 ns a number, where `int` with the checks that it
# needs takes 100. It refuses floats, booleans, and what is out of range.
_WholeNumbers = list[Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER)]]
_DECODER = msgspec.json.Decoder(_WholeNumbers)


class _Column(msgspec.Struct, array_like=True):
    """Makes `msgspec.convert` find the type in 0.2 µs: the hash of a class is at hand, that of an alias takes 0.8."""

    numbers: _WholeNumbers


_ENCODER = msgspec.json.Encoder()

# Names that are within the default limit of a text together.
_FEW = 64


def whole_numbers(values: Sequence[Any]) -> list[int]:
    """*values*; `Unusual` or a `TypeError` if one of them is no number that every format carries."""
    try:
        return msgspec.convert((values,), _Column).numbers
    except msgspec.MsgspecError:  # a `ValueError` only since 0.22
        raise Unusual from None


def written_numbers(values: Sequence[Any]) -> list[str]:
    """The spellings of whole numbers; raises as `whole_numbers` does."""
    return _spelled_out(whole_numbers(values))


def _spelled_out(numbers: Sequence[int]) -> list[str]:
    return _ENCODER.encode(numbers).decode()[1:-1].split(",")


def _too_large(numbers: Sequence[int]) -> NoReturn:
    raise Unusual


def parsed_numbers(spelled: Sequence[str]) -> list[int]:
    """The numbers that are spelled; `Unusual` or a `ValueError` if one is none, or has a leading zero."""
    array = f"[{','.join(spelled)}]".encode()
    try:
        numbers = _DECODER.decode(array)
    except msgspec.MsgspecError:
        raise Unusual from None
    # JSON allows white space and -0 too; and a text with a comma in it would be two.
    if len(numbers) != len(spelled) or _ENCODER.encode(numbers) != array:
        raise Unusual
    return numbers


def joined(texts: Sequence[str], longest: int) -> str:
    """All *texts* run together; `Unusual` if one of them has more characters than *longest*.

    If all together have no more, each has; else some at a time are tried like this, and only then each by itself,
    which takes twice as long.
    """
    text = "".join(texts)
    if len(text) > longest:
        few = ("".join(texts[start : start + _FEW]) for start in range(0, len(texts), _FEW))
        if max(map(len, few)) > longest and max(map(len, texts)) > longest:
            raise Unusual
    return text


def plain_items(items: Any, path: str) -> dict[Any, Any]:
    """What a caller's mapping holds, with keys that are no more than strings; `EncodeError` if it is none."""
    if not isinstance(items, Mapping):
        raise EncodeError(f"expected a mapping, found {name_of(items)}", path=path)
    try:
        pairs = zip(items, items.values()) if _is_whole(items) else ((key, items[key]) for key in items)
        plain = {str.__str__(key) if isinstance(key, str) else key: value for key, value in pairs}
        whole = len(plain) == len(items) and len(plain) == len(getattr(items, "_values", plain))
    except Exception as error:
        raise unreadable(error, path) from error
    if not whole:
        raise EncodeError("expected a mapping with a value for each key", path=path)
    return plain


def _is_whole(items: object) -> bool:
    """Whether it is a mapping of ours as the readers make them, which need not be asked for each value."""
    return type(items) is FrozenMapping and type(items._keys) is tuple and type(items._values) is tuple


def code(codes: type[Code], words: str, pattern: re.Pattern[str] | None = None) -> Scalar:
    """A number with documented meanings."""
    allows = (pattern or NUMBER.pattern).fullmatch
    table = {str(number): codes(number) for number in range(100) if allows(str(number))}

    def parse(spelled: str) -> Code:
        try:
            return table[spelled]
        except KeyError:
            return codes(int(spelled))

    return Scalar(words, pattern or NUMBER.pattern, parse, True, frozenset(codes).__contains__, None, table)


# Without leading zeros, so that every number has one spelling; ASCII digits, which `int` is not content with.
NUMBER = Scalar("a whole number of at most 18 digits", re.compile("0|[1-9][0-9]{0,17}"), int, True)
TEXT = Scalar("text", re.compile(r"[^\ud800-\udfff]*"), least=0)
NAME = Scalar("a name of at least one character", re.compile(r"[^\ud800-\udfff]+"), least=1)

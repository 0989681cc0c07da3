"""The values of declared fields: numbers, codes, dates, money. Compiled functions and the compiler call this module."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from string import digits
from typing import Annotated, Any

import msgspec

from .._types import all_are
from ..declare import DATE, ID, MONEY, NAME, TEXT, Object, OpenMap, Type
from ..mapping import of_digits
from ..model import MAX_NUMBER
from .source import Fallback, fall_back

_Numbers = list[Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER)]]

_decode_numbers = msgspec.json.Decoder(_Numbers).decode

_encode = msgspec.json.Encoder().encode

# Characters that JSON allows in an array of numbers, and that a column of whole numbers cannot have.
_FOREIGN = "-. \t\r\neE"


def read_numbers(column: Sequence[str]) -> Sequence[int]:
    """Return a column of texts as numbers. msgspec takes a third of the time that a pattern and `int` take."""
    array = ",".join(column)
    found = _decode_numbers(f"[{array}]")
    # A text with a comma in it would be two numbers.
    if len(found) != len(column) or any([mark in array for mark in _FOREIGN]):
        raise Fallback
    return found


_FEW_NUMBERS = 12
"""Numbers that take about as long one by one as together."""


def convert_numbers(column: Sequence[str]) -> Sequence[int]:
    """Return a column of texts that a pattern has checked as numbers."""
    if len(column) < _FEW_NUMBERS:
        return [*map(int, column)]
    return _decode_numbers(f"[{','.join(column)}]")


class _Column(msgspec.Struct, array_like=True):
    """A column of numbers. It is a class because `msgspec.convert` hashes a class quicker than an alias."""

    numbers: _Numbers


def write_numbers(column: Sequence[int]) -> Sequence[str]:
    """Return a column of numbers as texts."""
    return _encode(msgspec.convert((column,), _Column).numbers).decode()[1:-1].split(",")


class Codes(dict[Any, Any]):
    """Look up the codes of a type, by their text (a quoted value) and by their number (a bare value).

    The first hundred codes and the documented ones are stored. Others are made at each look-up and not stored, so that
    a hostile body cannot fill the table.
    """

    __slots__ = ("_allows", "documented", "enum", "mapping", "other_digits", "undocumented_digits")

    def __init__(self, type_: Type) -> None:
        self._allows, self.enum, self.documented = re.compile(type_.pattern).fullmatch, type_.enum, type_.documented
        usual = sorted({*range(100), *type_.documented})
        allowed = [number for number in usual if self._allows(str(number))]
        super().__init__({key: self.enum(number) for number in allowed for key in (number, str(number))})
        self.other_digits = "".join([digit for digit in digits if digit not in self])
        """The digits that are not codes."""
        self.undocumented_digits = "".join([digit for digit in digits if int(digit) not in type_.documented])
        self.mapping = of_digits(self)
        """The class of mappings of codes of one digit."""

    def __missing__(self, key: Any) -> Any:
        text = str(key)
        if not self._allows(text):
            raise KeyError(key)
        return self.enum(int(text))


@lru_cache(64)
def codes_of(type_: Type) -> Codes:
    """Return the codes of a type. They take long to make, and many functions look them up."""
    return Codes(type_)


class NotedCodes(dict[Any, Any]):
    """Looks up the codes of one reply. `unknown` says whether one of them is undocumented."""

    __slots__ = ("_codes", "other_digits", "unknown")

    def __init__(self, codes: Codes) -> None:
        super().__init__()
        self._codes, self.other_digits, self.unknown = codes, codes.undocumented_digits, False

    def __missing__(self, key: Any) -> Any:
        code = self._codes[key]
        if int(code) in self._codes.documented:
            self[key] = code
        else:
            self.unknown = True
        return code


class DocumentedCodes(dict[Any, Any]):
    """Look up the documented codes of a type. Any other code raises `KeyError`."""

    __slots__ = ()

    def __init__(self, type_: Type) -> None:
        codes = codes_of(type_)
        super().__init__({key: code for key, code in codes.items() if int(code) in type_.documented})


def may_be_empty(type_: Type) -> bool:
    """Return whether a type of texts has the empty text as a value."""
    return not type_.pattern.endswith("+")


def coded(obj: Object) -> list[tuple[str, Type]]:
    """Return the names and types of an object's codes: of its fields, and of the attribute with open codes."""
    fields = [(field.name, field.type) for field in obj.fields if isinstance(field.type, Type) and field.type.enum]
    return [*fields, (obj.open.codes, obj.open.code)] if isinstance(obj.open, OpenMap) else fields


def tables(obj: Object) -> tuple[Codes, ...]:
    """Return the tables that the compiled readers of an object look codes up in."""
    return tuple(codes_of(type_) for _, type_ in coded(obj))


def documented_tables(obj: Object) -> tuple[DocumentedCodes, ...]:
    """Return the same tables, with documented codes only."""
    return tuple(DocumentedCodes(type_) for _, type_ in coded(obj))


def lookup_all(table: Any, column: Sequence[Any]) -> Sequence[Any]:
    """Look up a column of codes."""
    return [*map(table.__getitem__, column)]


def date(text: str) -> datetime:
    """Return the date in a text as the service writes it. Raise `ValueError` if no calendar has the date."""
    return datetime.fromisoformat(f"{text[6:10]}-{text[3:5]}-{text[:2]}{text[10:]}")


_TWO_DIGITS = tuple(f"{number:02}" for number in range(60))
"""Days, months, hours, minutes and seconds as they are written."""


def date_text(value: datetime) -> str:
    """Return a date as the service writes it."""
    day = f"{_TWO_DIGITS[value.day]}.{_TWO_DIGITS[value.month]}.{value.year:04}"
    return f"{day} {_TWO_DIGITS[value.hour]}:{_TWO_DIGITS[value.minute]}:{_TWO_DIGITS[value.second]}"


def money_text(value: Decimal) -> str:
    """Return an amount with the digits as sent."""
    return format(value, "f")


_USUAL = {
    "number": {ID.pattern},
    "money": {MONEY.pattern},
    "date": {DATE.pattern},
    "text": {TEXT.pattern, NAME.pattern},
}


def has_own_pattern(type_: Type) -> bool:
    """Return whether a type has a pattern of its own, narrower than its kind has. Codes have tables instead."""
    return type_.enum is None and type_.pattern not in _USUAL[type_.kind]


def own_check(type_: Type) -> Callable[[Any], Any]:
    """Return a function that returns a value, or raises `Fallback` if the type does not allow it as it is written."""
    fullmatch = re.compile(type_.pattern).fullmatch
    writers: dict[str, Callable[[Any], str]] = {"number": str, "money": money_text, "date": date_text}
    written = writers.get(type_.kind)

    def check(value: Any) -> Any:
        if not fullmatch(written(value) if written else value):
            raise Fallback
        return value

    return check


@lru_cache(128)
def matcher(pattern: str) -> Callable[[Sequence[str]], bool]:
    """Return a function that tells whether all texts of a column match a pattern, which matches no line end.

    One search for a text that does not match takes half the time of a match for each, and no memory.
    """
    wrong = re.compile(rf"\n(?!(?:{pattern})(?:\n|\Z))").search

    def all_match(column: Sequence[str]) -> bool:
        lines = "\n".join(["", *column])
        return lines.count("\n") == len(column) and wrong(lines) is None

    return all_match


_is_date, _is_money = re.compile(DATE.pattern).fullmatch, re.compile(MONEY.pattern).fullmatch


def read_date(text: str) -> datetime:
    """Return a date. Raise `Fallback` if the text is not one."""
    return date(text) if _is_date(text) else fall_back()


# A date as the service writes it and as msgspec does, with a letter for each digit.
_WRITTEN, _ISO = "ab.cd.efgh ij:kl:mn", '"efgh-cd-abTij:kl:mn",'

_FEW_DATES = 16
"""Dates that take about as long one by one as together."""

_decode_dates = msgspec.json.Decoder(list[datetime]).decode


def read_dates(column: Sequence[str]) -> Sequence[datetime]:
    """Return a column of texts as dates. The digits are moved a place at a time, and msgspec looks at their values."""
    if len(column) < _FEW_DATES:
        return [*map(read_date, column)]
    if {*map(len, column)} != {len(_WRITTEN)}:
        raise Fallback
    given = "".join(column).encode("ascii")
    array = bytearray(_ISO.encode() * len(column))
    for place, letter in enumerate(_WRITTEN):
        marks = given[place :: len(_WRITTEN)]
        if letter.isalpha():
            array[_ISO.index(letter) :: len(_ISO)] = marks
        if not marks.isdigit() if letter.isalpha() else marks.strip(letter.encode()):
            raise Fallback
    array[-1:] = b"]"
    return _decode_dates(b"[" + array)


_are_amounts = matcher(MONEY.pattern)


def read_amounts(column: Sequence[str]) -> Sequence[Decimal]:
    """Return a column of texts as amounts."""
    if not _are_amounts(column):
        raise Fallback
    return [*map(Decimal, column)]


def write_date(value: datetime) -> str:
    """Return a date as text. Raise `Fallback` if the service does not write such dates."""
    return fall_back() if value.microsecond or value.tzinfo is not None else date_text(value)


def write_dates(column: Sequence[datetime]) -> Sequence[str]:
    """Return a column of dates as texts."""
    if not all_are(column, datetime):
        raise Fallback
    if len(column) < _FEW_DATES:
        return [*map(write_date, column)]
    given = _encode(column)[1:]
    if len(given) != len(_ISO) * len(column):  # microseconds and a time zone are longer
        raise Fallback
    line = f"{_WRITTEN}\n"
    array = bytearray(line.encode() * len(column))
    for place, letter in enumerate(_WRITTEN):
        if letter.isalpha():
            array[place :: len(line)] = given[_ISO.index(letter) :: len(_ISO)]
    return array.decode().splitlines()


def write_money(value: Decimal) -> str:
    """Return an amount as text. Raise `Fallback` if the service does not write such amounts."""
    # `str` is quicker, but writes small and large amounts with an exponent.
    text = str(value)
    return text if _is_money(text) else fall_back()


def write_amounts(column: Sequence[Decimal]) -> Sequence[str]:
    """Return a column of amounts as texts."""
    if not all_are(column, Decimal):
        raise Fallback
    texts = [*map(str, column)]
    if not _are_amounts(texts):
        raise Fallback
    return texts

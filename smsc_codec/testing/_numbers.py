"""A short table of countries and operators of phone numbers. Its contents are our choice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_PUNCTUATION = re.compile(r"[ ()+-]")
_PHONE = re.compile(r"[0-9]{7,15}")
_ADDRESS = re.compile(r"[0-9A-Za-z._-]{1,64}@[0-9A-Za-z.-]{1,64}")
_OTHER = re.compile("[^0-9]")


class Operator(NamedTuple):
    """The operator of a number."""

    country: str
    name: str
    region: str
    mcc: str
    mnc: str
    tz: str

    @property
    def mccmnc(self) -> str:
        """The codes of country and operator."""
        return self.mcc + self.mnc


_OPERATORS: Mapping[str, Operator] = {
    "7900": Operator("Россия", "Tele2", "Москва", "250", "20", "3"),
    "7903": Operator("Россия", "Beeline", "Москва", "250", "99", "3"),
    "791": Operator("Россия", "MTS", "Москва", "250", "01", "3"),
    "792": Operator("Россия", "MegaFon", "Москва", "250", "02", "3"),
    "79": Operator("Россия", "MTS", "Москва", "250", "01", "3"),
    "77": Operator("Казахстан", "Beeline", "Алматы", "401", "01", "5"),
    "375": Operator("Беларусь", "MTS", "Минск", "257", "02", "3"),
    "380": Operator("Украина", "Kyivstar", "Киев", "255", "03", "2"),
}

COUNTRIES = tuple(dict.fromkeys(operator.country for operator in _OPERATORS.values()))
"""The countries of the table."""


def digits_of(number: str) -> str | None:
    """Return the digits of a phone number, or None if it does not have 7 to 15 digits."""
    digits = _PUNCTUATION.sub("", number)
    return digits if _PHONE.fullmatch(digits) else None


def is_address(text: str) -> bool:
    """Return whether a text is the address of an e-mail."""
    return _ADDRESS.fullmatch(text) is not None


def name_of(number: str) -> str:
    """Return a number or an address in the form of replies. Cut a wrong one to the digits that all formats hold."""
    return digits_of(number) or (number if is_address(number) else _OTHER.sub("", number)[:20] or "0")


def operator_of(phone: str) -> Operator | None:
    """Return the operator of a number, or None if it is not in the table."""
    return next((_OPERATORS[phone[:size]] for size in (4, 3, 2) if phone[:size] in _OPERATORS), None)

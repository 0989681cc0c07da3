"""Counts the messages that a text takes, and simplifies texts for formats that cannot carry them."""

from __future__ import annotations

from collections.abc import Iterable

# GSM 03.38: the letters of one septet, and the letters that take an escape and a septet.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'(),-./0123456789:;<=>?*+"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")


def parts_of(text: str) -> int:
    """Return how many messages a text takes.

    A text in the alphabet of GSM 03.38 can have 160 septets in one message, or 153 in each of several. Any other text
    can have 70 characters of UCS-2, or 67. An extension takes two septets, and a character outside the basic plane two
    places. Neither is split.
    """
    if all(letter in _BASIC or letter in _EXTENDED for letter in text):
        return _filled((1 + (letter in _EXTENDED) for letter in text), 160, 153)
    return _filled((1 + (letter > "\uffff") for letter in text), 70, 67)


def _filled(sizes: Iterable[int], alone: int, among: int) -> int:
    total, parts, used = 0, 1, 0
    for size in sizes:
        total += size
        if used + size > among:
            parts, used = parts + 1, 0
        used += size
    return 1 if total <= alone else parts


def printable(text: str, charset: str) -> str:
    """Return a text with `?` for characters that the charset lacks, and blanks for line ends and controls."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return shown.encode(charset, "replace").decode(charset)


def unambiguous(text: str, charset: str) -> str:
    """Return the same text without separators of fields."""
    return printable(text, charset).replace(",", ";").replace("=", "-").strip()


def plainest(text: str, charset: str) -> str:
    """Return only the letters, digits and blanks of the same text, which cannot be mistaken for anything else."""
    return "".join(letter for letter in unambiguous(text, charset) if letter.isalnum() or letter == " ").strip()

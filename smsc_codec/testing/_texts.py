"""How long a text is in messages, and what a format can carry of it."""

from __future__ import annotations

from collections.abc import Iterable

# GSM 03.38: the letters of one septet, and those that take an escape and a septet.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'(),-./0123456789:;<=>?*+"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")


def parts_of(text: str) -> int:
    """Return how many messages a text takes.

    A text in the alphabet of GSM 03.38 has 160 septets in one message, or 153 in each of several; any other has 70
    characters of UCS-2, or 67. An extension takes two septets, and a character outside of the basic plane two places;
    neither is cut in the middle.
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
    """Return a text without what charsets and formats lack: other characters are `?`, line ends and controls blanks."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return shown.encode(charset, "replace").decode(charset)


def unambiguous(text: str, charset: str) -> str:
    """Return the same without what separates fields."""
    return printable(text, charset).replace(",", ";").replace("=", "-").strip()


def plainest(text: str, charset: str) -> str:
    """Return the letters, digits and blanks of the same, which nothing can be taken for."""
    return "".join(letter for letter in unambiguous(text, charset) if letter.isalnum() or letter == " ").strip()

"""Letters that were broken before the reply came here: characters that are lost, and text read in a wrong charset.

A text is searched a few times, each time for a fixed number of characters or for a run of one class, so that the work
is linear. Short texts say too little: one letter, and two of windows-1251 read as latin-1, are never reported.
"""

# ruff: noqa: RUF001, RUF003 - letters that look like others are what this file is about
from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

LOST = "\ufffd"

# Letters of names: Russian, Ukrainian, Belarusian, Kazakh.
_RUSSIAN = "".join(map(chr, range(0x410, 0x450))) + "Ёё"
_UKRAINIAN = "ЄІЇҐєіїґЎў"
_KAZAKH = "ӘҒҚҢӨҰҮҺәғқңөұүһ"
_VOWELS = frozenset("аеёиоуыэюяєії")

# Between capitals these are letters of Ukrainian words, such as СІРІ.
_CAPITALS = "ІЇЄЁҐЎ"

# What people write of accented letters alone: alphabets.
_ALPHABETS = frozenset(("åäö", "äöå", "æøå", "äöü", "äöüß", "áéíóú", "áéíóúñ", "àèìòù", "âêîôû", "éèê", "éèêë"))


class Broken(NamedTuple):
    """What is wrong with a text."""

    code: str
    """`lost-characters` or `mojibake`."""
    what: str
    """What has happened, in words."""
    probably: str | None = None
    """The text as it probably was."""


def _characters(charset: str) -> dict[int, str]:
    """Return what a charset makes of the bytes from 0x80 on. As browsers do, it leaves those without a meaning."""
    return {byte: bytes([byte]).decode(charset, "ignore") or chr(byte) for byte in range(0x80, 0x100)}


_CP1251, _CP1252, _LATIN1 = map(_characters, ("windows-1251", "windows-1252", "latin-1"))


def _pairs(*readings: dict[int, str], without: str = "", only: str = "") -> str:
    """Return an expression for a letter whose two bytes of UTF-8 were read as characters of their own."""
    seconds: dict[str, str] = {}
    for letter in _RUSSIAN + _UKRAINIAN + _KAZAKH:
        first, second = letter.encode()
        for reading in readings:
            if reading[second] not in without and (not only or reading[second] in only):
                seconds[reading[first]] = seconds.get(reading[first], "") + reading[second]
    return "|".join(f"{first}[{re.escape(found)}]" for first, found in seconds.items())


_SIGNS = re.escape(
    "".join(reading[byte] for reading in (_CP1252, _LATIN1) for byte in range(0x80, 0xC0)).replace("’", "")
)
_LETTERS = "".join(_LATIN1[byte] for byte, letter in _CP1251.items() if letter in _RUSSIAN + _UKRAINIAN)
_RUNS = re.compile(f"[{re.escape(_LETTERS)}]{{3,}}").finditer


# The next two take 3 ms to compile, and most texts have no need of them.


@lru_cache(1)
def _utf8_as_1251() -> re.Pattern[str]:
    """Two letters in a row: one pair alone can be a word's end before a quotation mark."""
    sure, doubtful = _pairs(_CP1251, without=_CAPITALS), _pairs(_CP1251, only=_CAPITALS)
    return re.compile(f"(?:{sure})(?:{_pairs(_CP1251)})|(?:{doubtful})(?:{sure})|вЂ|в„–")


@lru_cache(1)
def _utf8_as_latin1() -> re.Pattern[str]:
    """Two letters in a row, or an accented letter inside a word: not the capital before a quotation mark."""
    pairs = _pairs(_CP1252, _LATIN1)
    accented = f"Ã(?:(?<=[a-z]Ã)[{_SIGNS}]|[{_SIGNS}](?=[A-Za-z]))"
    return re.compile(f"(?:{pairs})(?:{pairs})|{accented}|[ÂÃÐÑÒÓâ][\x80-\x9f]|â€|â„–")


# Whatever is wrong has one of these: ordinary Cyrillic is searched for them alone.
_SECONDS = re.escape("".join(_CP1251[byte] for byte in range(0x80, 0xC0)))
_HINT = re.compile(f"[РСТУв\x80-\xff](?:(?<=[\x80-\xff])|[{_SECONDS}])").search

_LONG_RUN = 5
"""Letters that make a word of themselves, whatever stands beside them."""


def broken(text: str) -> Broken | None:
    """Return what is wrong with the letters of a text, or None if nothing is."""
    if LOST in text:
        return Broken(
            "lost-characters",
            "the text holds U+FFFD: a character was lost when the bytes were read in a wrong charset",
        )
    if _HINT(text) is None:
        return None
    if _utf8_as_1251().search(text):
        return _mojibake("UTF-8 read as windows-1251", text, _CP1251, "utf-8")
    if _utf8_as_latin1().search(text):
        return _mojibake("UTF-8 read as latin-1", text, _CP1252, "utf-8")
    if any(_is_russian(text, match) for match in _RUNS(text)):
        return _mojibake("windows-1251 read as latin-1", text, _CP1252, "windows-1251")
    return None


def message(found: Broken, quote: Callable[[str], str]) -> str:
    """Return what a finding says; *quote* quotes a text."""
    was = "" if found.probably is None else f", and was probably {quote(found.probably)}"
    return f"{found.what}{was}"


def _mojibake(how: str, text: str, reading: dict[int, str], charset: str) -> Broken:
    # What was read as windows-1252 can hold characters of latin-1: browsers take the one for the other.
    table = {ord(character): byte for byte, character in reading.items()}
    try:
        probably = text.translate(table).encode("latin-1").decode(charset)
    except UnicodeError:
        return Broken("mojibake", f"the text looks like {how}")
    return Broken("mojibake", f"the text looks like {how}", probably)


def _is_russian(text: str, match: re.Match[str]) -> bool:
    """Return whether a run of accented letters makes a word, or the like of one, in windows-1251."""
    start, end = match.span()
    beside = text[max(start - 1, 0) : start] + text[end : end + 1]
    if end - start < _LONG_RUN and any(character.isascii() and character.isalpha() for character in beside):
        return False
    run = match[0]
    word = run.encode("latin-1").decode("windows-1251")
    vowels = len(_VOWELS.intersection(word.lower()))
    cased = word[1:].islower() or word.isupper()
    return cased and 0 < vowels < len({*word.lower()}) and run.lower() not in _ALPHABETS

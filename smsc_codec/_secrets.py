"""Keeps logins, passwords and API keys out of everything that the library says.

An error page of a proxy can repeat the request: in a URL (percent-encoded too), a form, a header, JSON or XML.
What stands behind such a name is masked to the end of its value, and where no end is to be seen to the end of
the line: rather too much than too little.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache, cached_property

_NAME = "(?:login|psw|password|api_?key)"
_SECRET = rf"""(?ix)
(?: <{_NAME}\b[^<>]*> (?:<!\[CDATA\[)?
  | (?<![a-z0-9]){_NAME}(?![a-z0-9]) (?:\[\]|%5B%5D)? (?:\\?["']|&quot;|%22)? \s* (?:[=:>]|%3D|%3A) [^\S\r\n]*
  | (?<![a-z0-9]){_NAME}["'] \s+ value \s* = \s*
  | (?<![a-z0-9])authorization["']? \s* [:=] [^\S\r\n]* ["']? (?:(?:basic|bearer|digest|token)[^\S\r\n]+)? )
(?: \\"(?P<escaped>[^"\r\n]*) | "(?P<double>(?:[^"\\\r\n]|\\.)*) | '(?P<single>(?:[^'\\\r\n]|\\.)*)
  | (?P<bare>[^&<\r\n"']+(?:["'][^&<\r\n]*)?) )
| ://(?P<userinfo>[^\s/@:<>"']+:[^\s/@<>"']*)(?=@)
"""
# A secret begins with one of these, or one character before it. To look for them first takes a twentieth of the time.
_SIGNS = (b"login", b"psw", b"password", b"apikey", b"api_key", b"authorization", b"://")
# What the expression takes for the small letters i, k and s, beside the large ones.
_LETTERS = {"\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}": "i", "\N{LATIN SMALL LETTER DOTLESS I}": "i"}
_LETTERS |= {"\N{KELVIN SIGN}": "k", "\N{LATIN SMALL LETTER LONG S}": "s"}
_SECRET_NAME = re.compile(rf"(?i)(?<![a-z0-9])(?:{_NAME}|authorization)(?![a-z0-9])")
# Keys and tags of a body stand in paths and reasons.
_LONGEST_PATH = 100
_LONGEST_REASON = 400
# Characters around the place of an error that its reason can quote.
_NEAR = 200
_FOUND = re.compile(r"found .*", re.DOTALL)


@cache
def _secret() -> re.Pattern[str]:
    # Compiled when an error first needs it: that takes a tenth of the time of importing the library.
    return re.compile(_SECRET)


class Secrets:
    """The secrets of a text."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _spans(self) -> list[tuple[int, int]]:
        spans = []
        end = 0
        for start in _starts(self._text):
            if start >= end and (match := _secret().match(self._text, start)):
                spans.append(match.span(match.lastgroup or 0))
                end = match.end()
        return spans

    @cached_property
    def masked(self) -> str:
        """The text without them, its length kept."""
        if not self._spans:
            return self._text
        pieces: list[str] = []
        position = 0
        for start, end in self._spans:
            pieces += (self._text[position:start], "*" * (end - start))
            position = end
        return "".join([*pieces, self._text[position:]])

    def removed(self, message: str, index: int) -> str:
        """*message* without the secrets that stand near *index*, wherever it quotes them or a part of them."""
        spans = self._spans
        place = max(0, bisect_left(spans, (index - _NEAR, 0)) - 1)
        while place < len(spans) and spans[place][0] <= index + _NEAR:
            start, end = spans[place]
            place += 1
            if end < index - _NEAR:
                continue
            secret = self._text[max(start, index - _NEAR) : min(end, index + 1000)]
            for part in (secret, *re.split(r"[\s,=;]+", secret), self._text[index : min(end, index + 37)]):
                for quoted in (part, repr(part)[1:-1]):
                    message = message.replace(quoted, "*" * len(quoted)) if len(quoted) > 2 else message
        return message


def _starts(text: str) -> list[int]:
    """Where in the text a secret may begin."""
    if not text.isascii():
        for letter, small in _LETTERS.items():
            text = text.replace(letter, small)
    small_letters = text.encode("ascii", "replace").lower()
    places = [place for sign in _SIGNS if sign in small_letters for place in _places(small_letters, sign)]
    return sorted({start for place in places for start in (max(0, place - 1), place)})


def _places(text: bytes, sign: bytes) -> Iterator[int]:
    place = text.find(sign)
    while place >= 0:
        yield place
        place = text.find(sign, place + 1)


def without_secrets(text: str) -> str:
    """*text* with the values of logins, passwords and API keys masked, its length kept."""
    return Secrets(text).masked


def safe_reason(reason: str, path: str) -> str:
    """*reason*, not too long, and without what was found if *path* names a secret."""
    reason = _FOUND.sub("found ***", reason) if _SECRET_NAME.search(path) else reason
    return _shortened(reason, _LONGEST_REASON)


def safe_path(path: str) -> str:
    """*path*, not too long, without secrets and without characters that would disturb a terminal's line."""
    return printable(_shortened(without_secrets(path), _LONGEST_PATH))


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def printable(text: str) -> str:
    """*text* with every character that would disturb a terminal's line replaced, its length kept."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)

"""Find the values behind names such as `psw`, whichever of the usual ways joins the two."""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]
"""Where in a text something starts and ends."""

CHARSETS = ("utf-8", "cp1251", "koi8-r")
"""What a page may be written in, and read in."""


def small(text: str) -> str:
    """Return the text in small letters, its length kept."""
    # The only letter of which two are made.
    return text.replace("\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}", "i").lower()


def misread(text: str) -> Iterator[str]:
    """Spell a text that is not ASCII as it looks where its bytes were read in another charset, or one by one."""
    if text.isascii():
        return
    for cased in dict.fromkeys((text, text.lower(), text.upper(), text.capitalize())):
        for charset in (*CHARSETS, "utf-16-le", "utf-16-be"):
            try:
                data = cased.encode(charset)
            except UnicodeEncodeError:
                continue
            for other in ("latin-1", *CHARSETS):
                if other != charset:
                    # Undoing escapes leaves no NUL.
                    yield data.decode(other, "replace").replace("\0", "")


_WORDS = ("логин", "пароль")
# UTF-16 leaves marks of tags in them, which cannot be told from others.
_RUSSIAN = tuple(
    dict.fromkeys(small(text) for word in _WORDS for text in (word, *misread(word)) if not {"\ufffd", "\4"} & {*text})
)
_SIGNS = (
    *("login", "psw", "passw", "pwd", "passphrase", "api", "authori", "cookie", "token", "secret", "credential"),
    *("session", "basic", "bearer", "//", *_RUSSIAN),
)
"""Every secret stands behind one of these, in small letters. To look for them first takes a tenth of the time."""

_NAMES = (
    "(?:login|psw|passw(?:or)?d|pwd|passphrase|api[ _.-]?key|authori[sz]ation|cookie|token|secret|credential"
    f"|session[ _-]?id|{'|'.join(map(re.escape, _RUSSIAN))})"
)
_NAME = re.compile(rf"{_NAMES}[\w-]{{0,24}}")
_TO_THE_LINE_END = ("authori", "cookie")
"""Names whose values may hold `&name=`."""

_USERINFO = re.compile(r"//(?P<value>[^\s/<>\"']+)@")
_CREDENTIALS = re.compile(r"(?:basic|bearer)[^\S\r\n]+(?P<value>[^\s<>\"',;&]{6,})")

# Tags that stand between a name and its value: `<td>psw</td><td>secret</td>`.
_TAG = (
    r"</?(?:t[dhr]|d[dlt]|li|b|br|i|u|em|tt|strong|span|label|p|div|code|pre|font|a|var|samp|kbd|h[1-6]"
    r"|key|string|value|name|member|param|item|entry)(?:[\s/][^<>]{0,256})?>"
)
# What can stand between a name and its value: an index (`psw[0]`), what closes the name, what joins them, the type of
# the value.
_JOINED = re.compile(
    rf"""(?ax)
    (?:\[[^\[\]<>\r\n]{{0,64}}\]){{0,4}}
    \\{{0,15}} ["'`]? [\])}}]{{0,2}}
    (?: (?:\s* (?: {_TAG} | <!\[cdata\[ | => | -> | := | [=:] )){{1,9}}
      | \s* ; \s* [a-z]:(?:[0-9]+:)?
      | \s* , \s* ["']? (?:value|val|content|text) ["']? \s* (?:=>|[:=])
      | (?P<tuple>\s*,)
      | [^\S\r\n]*[\t|] )
    \s*
    (?: (?:string|str|int|float|double|bool)\s*\([0-9]*\)\s* )?
    (?: [|>][+-]?[^\S\r\n]*\r?\n\s* )?
    (?: [bru](?=["']) )?
    """
)
# The rest of the headers of a part of a multipart form.
_PART = re.compile(r"[^\r\n]{0,256}(?:\r?\n[^\r\n]{1,256}){0,8}\r?\n\r?\n")
# What stands before a name.
_BEFORE = 100
_IN_TUPLE = re.compile(r"[(\[]\s{0,9}[bru]?\\{0,15}[\"'][\w.\[\]-]{0,64}\Z", re.ASCII)
_IN_PART = re.compile(r"name=\\{0,15}[\"']?[\w.\[\]-]{0,64}\Z", re.ASCII)

# Tags are looked at as far as this before and behind a sign.
_TAG_BEFORE, _TAG_BEHIND = 512, 4096
_ELEMENT = re.compile(r"<(?P<name>[^\s<>/=]{1,128})")
_NAMED = re.compile(
    rf"""(?a)\b(?:name|id|key|type|field|param|property)\s{{0,9}}=\s{{0,9}}\\{{0,15}}["']?[\w.\[\]:-]{{0,64}}?{_NAMES}"""
)

_OPENED = re.compile(r"(?P<escaped>\\{0,15})(?P<quote>[\"'`])|(?:array\s{0,9})?[\[{(]")
_QUOTES = {'"': re.compile(r'(?<!\\)\\*"'), "'": re.compile(r"(?<!\\)\\*'"), "`": re.compile(r"(?<!\\)\\*`")}
_BRACKETS = re.compile(r"\\.|[\[\](){}\"']", re.DOTALL)
_CONTENT_END = re.compile(r"</[a-z!][^<>]{0,256}>|\]\]>")
_LINE_END = re.compile(r"[\r\n]|<[/a-z!][^<>]{0,256}>")
_END = re.compile(r"(?a)[\r\n]|<[/a-z!][^<>]{0,256}>|&(?:amp;)?[a-z_][\w.\[\]-]{0,64}=")
_PART_END = re.compile(r"\r?\n--")

# Characters of a quoted or bracketed value; if it has not ended by then, everything behind it is secret.
_LONGEST_VALUE = 1 << 16
# Names that are looked at in one text; what stands behind them is secret. Each takes some microseconds.
_MOST = 100_000


def names_secret(path: str) -> bool:
    """Return whether a part of *path* is the name of a secret."""
    return _NAME.search(small(path)) is not None


def may_hold_names(text: str) -> bool:
    """Return whether names can stand in a text: one does, or there are escapes."""
    lowered = small(text)
    return any(sign in lowered for sign in _SIGNS) or any(mark in text for mark in "%\\&\0")


def named_values(text: str) -> Iterator[Span]:
    """Find the values behind names that say that they are secret; in order, none inside of another."""
    text = small(text)
    signs = [sign for sign in _SIGNS if sign in text]
    if not signs:
        return
    search = re.compile("|".join(map(re.escape, signs))).search
    at = looked_at = count = 0
    while sign := search(text, at):
        start = end = 0
        count += 1
        if count > _MOST:
            yield sign.start(), len(text)
            return
        if sign.start() >= looked_at:
            opened, looked_at = _tag_around(text, sign.start())
            if opened < looked_at:
                start, end = _tag_value(text, opened, looked_at)
        if start == end:
            start, end = _value_at(text, sign.start())
        if max(start, at) < end:
            yield max(start, at), end
        at = max(sign.end(), end)


def _tag_around(text: str, index: int) -> Span:
    """Return the span of the tag that *index* stands in, an empty one at *index* if it stands in none."""
    opened = text.rfind("<", max(0, index - _TAG_BEFORE), index)
    if opened < 0 or text.find(">", opened, index) >= 0:
        return index, index
    closed = text.find(">", index, index + _TAG_BEHIND)
    return (opened, closed + 1) if closed >= 0 else (index, index)


def _tag_value(text: str, opened: int, closed: int) -> Span:
    """Return the span that is secret because a tag's own name is, or one of its attributes names a secret."""
    element = _ELEMENT.match(text, opened)
    if element is None:
        return 0, 0
    if _NAME.search(element["name"]):
        start = element.end() if "=" in text[element.end() : closed] else closed
        if text[closed - 2] == "/":
            return start, closed
        end = text.find(f"</{element['name']}", closed, closed + _TAG_BEHIND)
        return start, end if end >= 0 else _end_of(_CONTENT_END, text, closed)
    if _NAMED.search(text, element.end(), closed):
        return element.end(), _end_of(_CONTENT_END, text, closed)
    return 0, 0


def _value_at(text: str, start: int) -> Span:
    """Return the span of the value behind the sign at *start*, an empty one if there is none."""
    if text.startswith("//", start):
        userinfo = _USERINFO.match(text, start)
        if userinfo is None or (":" not in userinfo["value"] and text[start - 1 : start] != ":"):
            return 0, 0
        return userinfo.span("value")
    credentials = _CREDENTIALS.match(text, start)
    if credentials is not None:
        return credentials.span("value")
    name = _NAME.match(text, start)
    if name is None:
        return 0, 0
    before = text[max(0, start - _BEFORE) : start]
    joined = _JOINED.match(text, name.end())
    if joined is None or (joined["tuple"] and not _IN_TUPLE.search(before)):
        part = _PART.match(text, name.end()) if _IN_PART.search(before) else None
        return (0, 0) if part is None else (part.end(), _end_of(_PART_END, text, part.end()))
    return _value(text, joined.end(), name[0], joined[0].rstrip())


def _value(text: str, start: int, name: str, joined: str) -> Span:
    """Return the span of the value at *start*, without its quotes."""
    opened = _OPENED.match(text, start)
    if opened is not None and opened["quote"]:
        return opened.end(), _quoted_end(text, opened.end(), opened["quote"], len(opened["escaped"]))
    if opened is not None:
        return start, _bracketed_end(text, opened.end())
    if joined.endswith("[cdata[") or (joined.endswith(">") and joined[-2:] not in ("=>", "->")):
        return start, _end_of(_CONTENT_END, text, start)
    return start, _end_of(_LINE_END if name.startswith(_TO_THE_LINE_END) else _END, text, start)


def _end_of(ending: re.Pattern[str], text: str, start: int) -> int:
    """Return where the value that begins at *start* ends, which is the end of the text if nothing ends it."""
    match = ending.search(text, start)
    return len(text) if match is None else match.start()


def _quoted_end(text: str, start: int, quote: str, escaped: int) -> int:
    """Return where a string ends; *escaped* backslashes stand before its quotes, as in JSON within JSON."""
    for match in _QUOTES[quote].finditer(text, start, start + _LONGEST_VALUE):
        backslashes = len(match[0]) - 1
        if backslashes <= escaped or (not escaped and backslashes % 2 == 0):
            return match.end() - 1 - (backslashes if escaped else 0)
    return len(text)


def _bracketed_end(text: str, start: int) -> int:
    """Return where a list or an object ends, whose bracket was opened before *start*."""
    depth, quote = 1, ""
    for match in _BRACKETS.finditer(text, start, start + _LONGEST_VALUE):
        mark = match[0]
        if quote:
            quote = "" if mark == quote else quote
        elif mark in "\"'":
            quote = mark
        elif mark in "[({":
            depth += 1
        elif mark in "])}":
            depth -= 1
            if not depth:
                return match.end()
    return len(text)

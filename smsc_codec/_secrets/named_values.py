"""Find the values behind names such as `psw`, however a name and its value are joined."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

Span = tuple[int, int]
"""Where in a text something starts and ends."""

CHARSETS = ("utf-8", "cp1251", "koi8-r")
"""The charsets that a page may be written in, and read in."""

# `str.lower` makes two characters of the first letter and chooses a sigma by its neighbours. The other small
# letters share their capital letter with a more common one: a text in capitals does not tell which one it was.
_ALIKE = (
    ("\u0130", "i"),
    *zip(
        "\u03a3\u03c2\xb5\u0131\u017f\u0345\u03d0\u03d1\u03d5\u03d6\u03f0\u03f1\u03f5\u1c80\u1c81\u1c82\u1c83\u1c84\u1c85"
        "\u1c86\u1c87\u1c88\u1e9b\u1fbe",
        "\u03c3\u03c3\u03bcis\u03b9\u03b2\u03b8\u03c6\u03c0\u03ba\u03c1\u03b5\u0432\u0434\u043e\u0441\u0442\u0442"
        "\u044a\u0463\ua64b\u1e61\u03b9",
    ),
    *((blank, " ") for blank in "\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"),
    *((chr(blank), " ") for blank in range(0x2000, 0x200B)),
)


def small(text: str) -> str:
    """Return the text in small letters and with plain blanks, its length kept.

    Letters that share their capital letter become the same letter.
    """
    if not text.isascii():
        for letter, other in _ALIKE:
            text = text.replace(letter, other)
    return text.lower()


def misread(text: str) -> Iterator[str]:
    """Yield what a text that is not ASCII becomes if its bytes are decoded in another charset, or one by one."""
    if text.isascii():
        return
    for cased in dict.fromkeys((text, text.lower(), text.upper(), text.capitalize(), text.swapcase())):
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
"""One of these, in small letters, precedes every secret. Searching for them first takes a tenth of the time."""
_STARTS: dict[str, tuple[str, ...]] = {sign: (sign,) for sign in _SIGNS if not sign.startswith("pass")}
_STARTS["pass"] = tuple(sign for sign in _SIGNS if sign.startswith("pass"))
_ASCII_STARTS = {start: signs for start, signs in _STARTS.items() if start.isascii()}

_NAMES = (
    "(?:login|psw|passw(?:or)?d|pwd|passphrase|api[ _.-]?key|authori[sz]ation|cookie|token|secret|credential"
    f"|session[ _-]?id|{'|'.join(map(re.escape, _RUSSIAN))})"
)
_NAME = re.compile(rf"{_NAMES}(?:[\w.$]|-(?!>)){{0,64}}")
_TO_THE_LINE_END = ("authori", "cookie")
"""Names whose values may hold `&name=`."""

_USERINFO = re.compile(r"//(?P<value>[^\s/<>\"]+)@")
# "a basic plan" is not a secret; Base64 of a colon and two more characters is not all small letters, or longer.
_CREDENTIALS = re.compile(
    r"(?i:bearer[^\S\r\n]+|basic[^\S\r\n]+(?=\\{0,15}[\"']?(?:[^\s<>\"',;&]{6}|(?-i:[a-z]{0,4}[^\sa-z<>\"',;&.!?:)]))))"
    r"\\{0,15}[\"']?(?P<value>[^\s<>\"',;&]{3,})"
)

# Tags that stand between a name and its value: `<td>psw</td><td>secret</td>`.
_TAG = (
    r"</?(?:t[dhr]|d[dlt]|li|b|br|i|u|em|tt|strong|span|label|p|div|code|pre|font|a|var|samp|kbd|h[1-6]"
    r"|key|string|value|name|member|param|item|entry)"
    r"(?:[\s/](?:[^<>\"']|\"[^\"]{0,1024}\"|'[^']{0,1024}'){0,1024})?>"
)
# What can stand between a name and its value: a mark or a note (`psw *`, `psw (new)`), an index (`psw[0]`), what closes
# the name, who may see the property of an object, what joins them, the type of the value.
_SEEN_BY = r"""(?::(?:["']?[\w\\]{1,128}["']?:)?(?:protected|private))?"""
_JOINED = re.compile(
    rf"""(?ax)
    (?:[ ]{{0,4}}(?:\*{{1,3}}|\([^()<>\r\n]{{0,64}}\))){{0,2}}
    (?:\[[^\[\]<>\r\n]{{0,64}}\]){{0,4}}
    {_SEEN_BY} \\{{0,15}} ["'`]? {_SEEN_BY} [\])}}]{{0,2}}
    (?: (?:\s* (?: {_TAG}(?:\s*\*{{1,3}})? | <!\[cdata\[ | => | -> | := | [=:] )){{1,9}}
      | \s* ; \s* [a-z]:(?:(?P<serialized>[0-9]{{1,9}}):)?
      | \s* , \s*
        (?: ["'] [\w-]{{1,32}} ["'] \s* : \s* (?: "[^"\\]{{0,64}}" | [\w.-]{{1,32}} ) \s* , \s* ){{0,4}}
        ["']? (?:value|val|content|text) ["']? \s* (?:=>|[:=])
      | (?P<tuple>\s*,)
      | [^\S\r\n]*[\t|] )
    \s*
    (?: (?:string|str)\s*\((?P<dumped>[0-9]{{0,9}})\)\s* )?
    (?P<block> [|>][+-]?[1-9]?[+-]?[^\S\r\n]*\r?\n\s* )?
    (?: [bru](?=["']) )?
    """
)
# The rest of the headers of a part of a multipart form.
_PART = re.compile(r"[^\r\n]{0,256}(?:\r?\n[^\r\n]{1,256}){0,8}\r?\n\r?\n")
# The text before a name.
_BEFORE = 100
_IN_TUPLE = re.compile(r"[(\[]\s{0,9}[bru]?\\{0,15}[\"'][\w.\[\]-]{0,64}\Z", re.ASCII)
_IN_PART = re.compile(r"name=\\{0,15}[\"']?[\w.\[\]-]{0,64}\Z", re.ASCII)

# A tag ends at a `>` outside of quotes, and for safety before a `<` or with the text.
_A_TAG = re.compile(
    r"""<(?P<name>[^\s<>/=]{1,128})(?P<rest>[^<>=]*(?:=(?:\s*\\{0,15}(?:"[^"]*"|'[^']*'))?[^<>=]*)*)>?"""
)
_NAMED = re.compile(
    rf"""(?a)\b(?:name|id|key|type|field|param|property)\s{{0,9}}=\s{{0,9}}\\{{0,15}}["']?[\w.\[\]:-]{{0,64}}?{_NAMES}"""
)

_OPENED = re.compile(r"(?P<escaped>\\{0,15})(?P<quote>[\"'`])|(?:array\s{0,9})?[\[{(]")
_QUOTES = {'"': re.compile(r'(?<!\\)\\*"'), "'": re.compile(r"(?<!\\)\\*'"), "`": re.compile(r"(?<!\\)\\*`")}
_BRACKETS = re.compile(r"\\.|[\[\](){}\"']", re.DOTALL)
_CONTENT_END = re.compile(r"</[a-z!][^<>]{0,256}>|\]\]>")
_LINE_BREAK = re.compile(r"[\r\n]")
_LINE_END = re.compile(r"[\r\n]|<[/a-z!][^<>]{0,256}>")
_END = re.compile(r"(?a)[\r\n]|<[/a-z!][^<>]{0,256}>|&(?:amp;)?[a-z_][\w.\[\]-]{0,64}=")
# The margin of a line that is not blank; longer ones than the text before a name are not looked at.
_MARGIN = re.compile(r"[ \t]{0,100}(?![ \t\r\n])")
_STRING_END = re.compile(r"(?<!\\)\"(?=\s{0,99}(?:[,}\]:]|\Z))")
_ENDED = re.compile(r"[\s,;&<>]|\\[nrt]|[)\]}]{1,64}(?:[\s,;&<>\"'`\\.|]|\Z)|\Z")
"""What may follow the closing quote or bracket of a value. If anything else does, the value goes on."""
_PART_END = re.compile(r"\r?\n--")
_LONGEST_ENDING = 300
"""More characters than what ends a value has."""

# Characters of a quoted or bracketed value; if it has not ended by then, everything behind it is secret.
_LONGEST_VALUE = 1 << 16
# Characters of a tag inside of an attribute.
_LONGEST_INNER = 4096
# Names that are looked at in one text; everything behind them is secret. Each takes some microseconds.
_MOST_NAMES = 100_000


def names_secret(path: str) -> bool:
    """Return whether a part of *path* is the name of a secret."""
    return _NAME.search(small(path)) is not None


def signs_in(text: str) -> list[str]:
    """Return the signs of names that stand in a text."""
    text = small(text)
    found: list[str] = []
    for start, signs in (_ASCII_STARTS if text.isascii() else _STARTS).items():
        if start in text:
            found += [sign for sign in signs if sign == start or sign in text]
    return found


def may_hide_names(text: str) -> bool:
    """Return whether a text has escapes that may hide names."""
    return "%" in text or "\\" in text or "&" in text or "\0" in text


def _unknown(start: int) -> bool:
    """Say that no earlier pass has found the value."""
    return False


def named_values(
    text: str, known: Callable[[int], bool] = _unknown, signs: Sequence[str] | None = None
) -> Iterator[Span]:
    """Find the values behind names that say that they are secret, ordered by their starts.

    *known* says whether the value that starts at an index was found when fewer escapes were undone. Then quotes inside
    of it may have been escaped, and what follows them does not say that the value goes on. *signs* are those in the
    text, if somebody has looked for them already.
    """
    given, text = text, small(text)
    signs = signs_in(text) if signs is None else signs
    if not signs:
        return
    search = re.compile("|".join(map(re.escape, signs))).search
    at = looked_at = count = 0
    tags = _A_TAG.finditer(text)
    tag = next(tags, None)
    strings = _Strings(text)
    while sign := search(text, at):
        index = sign.start()
        count += 1
        if count > _MOST_NAMES:
            yield index, len(text)
            return
        while tag is not None and tag.end() <= index:
            tag = next(tags, None)
        start = end = 0
        if tag is not None and tag.start() < index and index >= looked_at:
            looked_at = tag.end()
            start, end = _tag_value(text, tag)
        if start == end and tag is not None and tag.start() < index:
            inner = _tag_within(text, tag, index)
            start, end = _tag_value(text, inner) if inner else (0, 0)
        if start == end:
            credentials = _USERINFO.match(text, index) or _CREDENTIALS.match(given, index)
            if credentials is not None and (sign[0] != "//" or _is_userinfo(text, credentials)):
                # There may be a name in it, whose value goes on behind it: `Bearer token: secret`.
                yield credentials.span("value")
            start, end = _value_at(text, index, known, strings)
        if max(start, at) < end:
            yield max(start, at), end
        at = max(sign.end(), end)


def _is_userinfo(text: str, found: re.Match[str]) -> bool:
    """Return whether what precedes an `@` holds a password, or an address with a scheme holds it."""
    return ":" in found["value"] or text[found.start() - 1 : found.start()] == ":"


def _tag_within(text: str, tag: re.Match[str], index: int) -> re.Match[str] | None:
    """Return the tag inside of an attribute of *tag* that *index* stands in, or None if there is none."""
    opened = text.rfind("<", max(tag.start() + 1, index - _BEFORE), index)
    if opened < 0 or text.find(">", opened, index) >= 0:
        return None
    return _A_TAG.match(text, opened, opened + _LONGEST_INNER)


def _tag_value(text: str, tag: re.Match[str]) -> Span:
    """Return the span that is secret because a tag's own name is, or one of its attributes names a secret."""
    closed = tag.end()
    if _NAME.search(tag["name"]):
        start = tag.end("name") if "=" in tag["rest"] else closed
        if tag["rest"].endswith("/"):
            return start, closed
        end = text.find(f"</{tag['name']}", closed, closed + _LONGEST_VALUE)
        if end < 0 and len(text) - closed > _LONGEST_VALUE:
            return start, closed + _LONGEST_VALUE
        return start, end if end >= 0 else _end_of(_CONTENT_END, text, closed, len(text))
    if _NAMED.search(text, tag.end("name"), closed):
        return tag.end("name"), _end_of(_CONTENT_END, text, closed, len(text))
    return 0, 0


class _Strings:
    """Finds where strings of JSON end. A search that goes far serves all places before its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._from = self._end = -1

    def end_of(self, start: int) -> int:
        """Return where the string that holds the character at *start* ends. The starts are asked in order."""
        if not self._from <= start <= self._end:
            self._from, self._end = start, _end_of(_STRING_END, self._text, start, len(self._text))
        return self._end


def _value_at(text: str, start: int, known: Callable[[int], bool], strings: _Strings) -> Span:
    """Return the span of the value behind the sign at *start*, an empty one if there is none."""
    name = _NAME.match(text, start)
    if name is None:
        return 0, 0
    before = text[max(0, start - _BEFORE) : start]
    joined = _JOINED.match(text, name.end())
    if joined is None or (joined["tuple"] and not _IN_TUPLE.search(before)):
        part = _PART.match(text, name.end()) if _IN_PART.search(before) else None
        return (0, 0) if part is None else (part.end(), _end_of(_PART_END, text, part.end(), len(text)))
    start = joined.end()
    opened = None if joined["block"] else _OPENED.match(text, start)
    if opened is not None and opened["quote"]:
        start = opened.end()
    in_string = '"' not in joined[0] and _in_string(before)
    last = strings.end_of(start) if in_string else len(text)
    return start, min(last, _value_end(text, name, joined, before, opened, start, last, known))


def _in_string(before: str) -> bool:
    """Return whether a string of JSON has begun and has not ended in *before*."""
    head, quote, _ = before.rpartition('"')
    return quote != "" and head.rstrip()[-1:] in (*"[{,:",)


def _value_end(
    text: str,
    name: re.Match[str],
    joined: re.Match[str],
    before: str,
    opened: re.Match[str] | None,
    start: int,
    last: int,
    known: Callable[[int], bool],
) -> int:
    """Return where the value that begins at *start*, behind *joined* and the quote *opened*, ends.

    What is beyond *last* is not looked at, as the value ends there at the latest.
    """
    if joined["block"]:
        return _block_end(text, start, before, last)
    ending = _ending(name[0], joined[0].rstrip())
    if opened is None:
        return _end_of(ending, text, start, last)
    quote = opened["quote"]
    if quote:
        if text.startswith(quote * 2, start):
            end = text.find(quote * 3, start + 2, last)
            return end if end >= 0 else last
        size = joined["serialized"] or joined["dumped"]
        end = _sized_end(text, start, int(size), quote) if size else 0
        if end:
            return end
        end = _quoted_end(text, start, quote, len(opened["escaped"]), last)
        behind = text.find(quote, end, last) + 1 or last
    else:
        end = behind = _bracketed_end(text, opened.end(), last)
    if behind >= last or _ENDED.match(text, behind) or known(start):
        return end
    return _end_of(ending, text, behind, last)


def _ending(name: str, joined: str) -> re.Pattern[str]:
    """Return what ends a value that is not quoted."""
    if joined.endswith("[cdata[") or (joined.endswith(">") and joined[-2:] not in ("=>", "->")):
        return _CONTENT_END
    if joined.endswith("=>") and "]" in joined:
        return _LINE_BREAK
    return _LINE_END if name.startswith(_TO_THE_LINE_END) or joined.endswith(":") else _END


def _sized_end(text: str, start: int, size: int, quote: str) -> int:
    """Return where a string of *size* characters or bytes ends if *quote* stands there, else 0."""
    if size > _LONGEST_VALUE:
        return 0
    characters = len(text[start : start + size].encode("utf-8", "surrogatepass")[:size].decode("utf-8", "ignore"))
    for end in (start + size, start + characters):
        if text.startswith(quote, end):
            return end
    return 0


def _block_end(text: str, start: int, before: str, last: int) -> int:
    """Return where a block of YAML ends: before a line that is not indented more than the name's line."""
    line = before[max(before.rfind("\n"), before.rfind("\r")) + 1 :]
    indented = len(line) - len(line.lstrip(" ")) if len(line) < _BEFORE else 0
    at = start
    while (at := text.find("\n", at, last)) >= 0:
        margin = _MARGIN.match(text, at + 1)
        if margin is not None and len(margin[0]) <= indented:
            return at
        at += 1
    return last


def _end_of(ending: re.Pattern[str], text: str, start: int, last: int) -> int:
    """Return where the value that begins at *start* ends, which is *last* if nothing before it ends it."""
    match = ending.search(text, start, last + _LONGEST_ENDING)
    return last if match is None else min(match.start(), last)


def _quoted_end(text: str, start: int, quote: str, escaped: int, last: int) -> int:
    """Return where a string ends; *escaped* backslashes precede its quotes, as in JSON within JSON."""
    for match in _QUOTES[quote].finditer(text, start, min(start + _LONGEST_VALUE, last)):
        backslashes = len(match[0]) - 1
        if backslashes <= escaped or (not escaped and backslashes % 2 == 0):
            return match.end() - 1 - (backslashes if escaped else 0)
    return last


def _bracketed_end(text: str, start: int, last: int) -> int:
    """Return where a list or an object ends. Its opening bracket precedes *start*."""
    depth, quote = 1, ""
    for match in _BRACKETS.finditer(text, start, min(start + _LONGEST_VALUE, last)):
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
    return last

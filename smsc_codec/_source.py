"""The body that is being read, and where in it something is: the one place that makes errors and findings."""

from __future__ import annotations

import codecs
import re
from typing import Any, NoReturn

from ._secrets import FOUND, NOTHING, Known, Secrets, hidden, printable, safe_path, safe_reason
from ._types import is_really, lazy, name_of
from .errors import DecodeError, LimitError, OptionError
from .limits import Limits
from .report import Finding, Severity

CHARSETS = ("utf-8", "windows-1251", "koi8-r")
"""What the service's `charset` parameter takes [doc]; windows-1251 is its default."""

BOM = codecs.BOM_UTF8

UTF16 = "utf-16"
"""What a body with one of its two marks is read as; no charset of the service, but what PowerShell writes."""

_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
UTF16_MARKS = tuple(_UTF16)
_MARK = "\ufeff"
BLANKS = " \t\r\n" + _MARK
"""White space of JSON and XML, and the marks that stand in it where pieces with marks were put together."""

_ALIASES = {
    alias: name
    for name, aliases in (
        ("utf-8", ("utf-8", "utf8", "u8")),
        ("windows-1251", ("windows-1251", "cp1251", "cp-1251", "1251", "win-1251")),
        ("koi8-r", ("koi8-r", "koi8r", "cskoi8r")),
    )
    for alias in aliases
}

EMPTY_BODY = "the body is empty"

SURROGATE = re.compile("[\ud800-\udfff]")

_EXCERPT = 60


_HTML = re.compile(r"\s*<(?:!doctype\s+)?html\b", re.IGNORECASE)


def is_html(text: str) -> bool:
    """Return whether a text is an HTML page."""
    return _HTML.match(text) is not None


def charset_name(name: object) -> str | None:
    """Return the service's name for a charset under any of its usual names, `None` if it is not one of the three."""
    # Not by Python's own registry, which imports and remembers whatever a body's declaration names.
    return _ALIASES.get(str.__str__(name).strip().lower().replace("_", "-")) if is_really(name, str) else None


def quote(value: object, known: Known = NOTHING) -> str:
    """Return *value* for an error message: short, on one line, without control characters and without secrets."""
    try:
        text = str.__str__(value) if is_really(value, str) else printable(str.__str__(repr(value))[:200])
    except Exception:  # a caller's own `__repr__`; a number beyond Python's limit of digits
        text = f"a value of the type {printable(name_of(value))}"
    text = known.masked(text[:1000])
    text = text if len(text) <= 40 else f"{text[:37]}..."
    return repr(text) if is_really(value, str) else text


_QUOTED_WORDS = re.compile(
    r"""(?<!\w)'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|<([^<>]+)>|the number (?P<number>-?[0-9]+)"""
).finditer
"""Words as `quote` spells them, tags and numbers. The mark behind `operators'` does not begin a word."""
_LONGEST_ESCAPE = len("\\u0000")
_BEFORE_A_VALUE = 16
"""Characters between a key and its value, such as `": "`."""
_LONGEST_TAG = 100
"""Characters of a tag and of blanks between it and a number."""


_ESCAPES = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U(00(?:0[0-9a-f]|10)[0-9a-f]{4})|(.))")
_LETTERS = {"n": "\n", "r": "\r", "t": "\t"}


def _unquoted(text: str) -> str:
    """Return the text that `repr` has quoted so."""
    return _ESCAPES.sub(_unescaped, text)


def _unescaped(found: re.Match[str]) -> str:
    letter = found[4]
    return _LETTERS.get(letter, letter) if letter else chr(int(found[found.lastindex or 0], 16))


# Characters between two places whose line and offset are remembered.
_STEP = 1024


class _Places:
    """Lines and offsets of a text, asked in any order; all answers together cost one pass, and each a step."""

    def __init__(self, text: str, charset: str | None) -> None:
        self._text = text
        self._charset = charset if charset != "utf-8" or not text.isascii() else None
        # For each step: line ends before it, where its line begins, its offset.
        self._steps = [(0, 0, 0)]

    def of(self, index: int) -> tuple[int, int, int]:
        """Return the line, from 1, where it begins, and the offset of *index*."""
        step = index // _STEP
        while step >= len(self._steps):
            at = len(self._steps) * _STEP
            self._steps.append(self._counted(at - _STEP, at))
        line, start, offset = self._counted(step * _STEP, index)
        return line + 1, start, offset

    def _counted(self, at: int, index: int) -> tuple[int, int, int]:
        """Return the line ends before *index*, where its line begins, and its offset; *at* is the step before it."""
        text = self._text
        lines, start, offset = self._steps[at // _STEP]
        lines += text.count("\n", at, index)
        start = max(start, text.rfind("\n", at, index) + 1)
        return lines, start, offset + (_size_in(self._charset, text[at:index]) if index > at else 0)


def _size_in(charset: str | None, text: str) -> int:
    """Return how many bytes a text has in a charset, how many characters if it was a string."""
    if charset == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    # In the other charsets of the service a character is a byte.
    return len(text.encode("utf-16-le")) if charset == UTF16 else len(text)


class Source:
    """A decoded body with what is needed to say where in it something is.

    *charset* is what the bytes were decoded with, `None` where the body was a string; *start* what stood
    before *text* in the body, the length of a byte order mark; *findings* where findings go, `None` if none
    are wanted; *known* are the values that the request keeps secret. Positions that readers pass are indices into
    *text*.
    """

    def __init__(
        self,
        text: str,
        limits: Limits,
        charset: str | None = None,
        start: int = 0,
        findings: list[Finding] | None = None,
        known: Known = NOTHING,
    ) -> None:
        self.text = text
        self.limits = limits
        self.charset = charset
        self.start = start
        self.findings = findings
        self.naming: str | None = None
        """Everything in the text that can be part of the name of a secret, if a reader knows."""
        self._known = known
        # What was left out before the text: its line ends, and the characters of its last line.
        self._lines = self._columns = 0

    def leave_out(self, count: int) -> None:
        """Leave out the first *count* characters; positions still count them."""
        head, self.text = self.text[:count], self.text[count:]
        self.start += _size_in(self.charset, head)
        self._lines += head.count("\n")
        self._columns = len(head[head.rfind("\n") + 1 :].replace(_MARK, ""))
        for name in ("_places", "_secrets"):  # of the whole text
            vars(self).pop(name, None)

    def _place(self, index: int) -> tuple[int, int, int, str]:
        """Return the offset, line and column of *index*, and the excerpt."""
        text = self.text
        index = min(max(index, 0), len(text))
        line, line_start, offset = self._places.of(index) if len(text) > _STEP else self._near(index)
        first = max(line_start, index - _EXCERPT // 2)
        # The line's end, if it is near: two characters can be one.
        found = text.find("\n", index, first + _EXCERPT + 2)
        line_end = len(text) if found < 0 else found - (text[index:found][-1:] == "\r")
        last = min(first + _EXCERPT, line_end)
        before, after = "..." * (first > line_start), "..." * (last < line_end)
        excerpt = f"{before}{printable(self._secrets.masked(first, last))}{after}"
        caret = " " * (len(before) + index - first) + "^"
        column = index - line_start + 1 + (self._columns if line == 1 else 0)
        return self.start + offset, self._lines + line, column, f"{excerpt}\n{caret}" if text else ""

    def _near(self, index: int) -> tuple[int, int, int]:
        """Return the line, from 1, where it begins, and the offset of *index* in a short text, without `_Places`."""
        head = self.text[:index]
        offset = index if self.charset == "utf-8" and head.isascii() else _size_in(self.charset, head)
        return head.count("\n") + 1, head.rfind("\n") + 1, offset

    @lazy
    def _places(self) -> _Places:
        return _Places(self.text, self.charset)

    @lazy
    def _secrets(self) -> Secrets:
        return Secrets(self.text, self._known, self.naming)

    def quote(self, value: object) -> str:
        """Return *value*, which the text holds, for an error message."""
        return quote(value, self._known)

    def found(self, index: int) -> str:
        """Return what stands at *index*, to the end of its line, for an error message."""
        line = self._secrets.masked(index, index + 1000).partition("\n")[0].rstrip("\r")
        if line:
            return self.quote(line)
        return "the end of the line" if self.text[index : index + 3].strip("\r\n") else "the end of the reply"

    def _safe(self, message: str, index: int) -> str:
        """Return *message*, which is about *index*, without the secrets that it quotes."""
        if self._known.needles is None:
            return "it cannot be shown: the request holds too many values to look for each of them in the reply"
        quoted = len(message) - message.find(FOUND)
        if self._secrets.between(index, index + quoted):
            message = hidden(message)
        return message if self._known is NOTHING else self._known.masked(message)

    def _without_words(self, message: str, path: str, index: int, key: str) -> tuple[str, str]:
        """Return the message about *index*, and its path, without words of the text that are secret there.

        The words are a number at *index*, in or behind a tag, or a key or a tag at or before it. *key* is the one that
        the path ends with, if any.
        """
        hides_key = key != "" and self._is_secret_key(key, index)
        if hides_key:
            path = f"{path.removesuffix(key)}***"
        for found in reversed([*_QUOTED_WORDS(message)]):
            group = found.lastindex or 0
            word = found[group]
            if found["number"]:
                is_secret = self._is_secret_number(word, index)
            elif found[0][0] == "<":
                is_secret = self._is_secret_word(word, index)
            else:
                is_secret = hides_key or self._is_secret_word(_unquoted(word).removesuffix("..."), index)
            if is_secret:
                message = f"{message[: found.start(group)]}***{message[found.end(group) :]}"
                path = f"{path.removesuffix(word)}***" if word and path.endswith(word) else path
        return message, path

    def _before(self, word: str, index: int) -> int:
        """Return where a word is at or before *index*, or -1 if it is not there."""
        size = len(word)
        return self.text.rfind(word, max(0, index - size - _BEFORE_A_VALUE), index + size + len("<"))

    def _is_secret_key(self, key: str, index: int) -> bool:
        """Return whether a key at or before *index* is secret. If JSON spells it with escapes, nearness decides."""
        at = self._before(key, index)
        if at >= 0:
            return self._secrets.between(at, at + len(key))
        most = len(key) * _LONGEST_ESCAPE + _BEFORE_A_VALUE
        return self._secrets.between(max(0, index - most), index + most)

    def _is_secret_word(self, word: str, index: int) -> bool:
        at = self._before(word, index) if word else -1
        return at >= 0 and self._secrets.between(at, at + len(word))

    def _is_secret_number(self, number: str, index: int) -> bool:
        """Return whether a number behind *index* is secret. If XML spells it with references, nearness decides."""
        size = len(number)
        last = index + size + len("<") + _LONGEST_TAG
        at = self.text.find(number, index, last)
        return self._secrets.between(*((at, at + size) if at >= 0 else (index, last)))

    def fail(self, reason: str, index: int = 0, path: str = "", *, code: str = "malformed") -> NoReturn:
        """Raise a `DecodeError` at *index*."""
        raise self.error(reason, index, path, code=code)

    def error(self, reason: str, index: int, path: str = "", *, code: str = "malformed", key: str = "") -> DecodeError:
        """Return a `DecodeError` at *index*. *key* is the one that the path ends with, if any."""
        offset, line, column, excerpt = self._place(index)
        reason = self._safe(reason, index)
        if key and self.has_secrets:
            reason, path = self._without_words(reason, path, index, key)
        path = self._known.masked(path)
        kind = LimitError if code == "limit" else DecodeError
        return kind(reason, code=code, offset=offset, line=line, column=column, path=path, excerpt=excerpt)

    @property
    def has_secrets(self) -> bool:
        """Whether a part of the text is masked."""
        return bool(self._secrets.spans[0])

    def note(
        self,
        severity: Severity,
        code: str,
        message: str,
        index: int = 0,
        path: str = "",
        count: int = 1,
        key: str = "",
    ) -> None:
        """Add a finding at *index* that is about *count* records, if findings are wanted.

        *key* is the one that the path ends with, if any.
        """
        if self.findings is None:
            return
        offset, line, column, excerpt = self._place(index)
        message = self._safe(message, index)
        if self.has_secrets:
            message, path = self._without_words(message, path, index, key)
        message = safe_reason(message, path)
        path = safe_path(path if self._known is NOTHING else self._known.masked(path))
        self.findings.append(Finding(severity, code, message, offset, line, column, path, excerpt, count))

    def moved(self, finding: Finding, index: int, count: int) -> Finding:
        """Return a finding about another text as one at *index* of this text, about *count* records."""
        offset, line, column, excerpt = self._place(index)
        severity, code, message, path = finding.severity, finding.code, finding.message, finding.path
        return Finding(severity, code, message, offset, line, column, path, excerpt, count)


# White space must not precede a declaration, but what it says counts all the same.
_DECLARED = r"""^[ \t\r\n]*<\?xml\s[^>]*?encoding\s*=\s*["']([^"'>]*)["']"""
_DECLARATION = re.compile(_DECLARED, re.ASCII)
_DECLARATION_IN_BYTES = re.compile(_DECLARED.encode())


def size_of(body: Any) -> int | None:
    """Return how many bytes, or characters of a string, a body has, or None if it is neither; nothing is copied."""
    if is_really(body, str):
        return str.__len__(body)
    try:
        return memoryview(body).nbytes
    except Exception:  # also that of a class of the caller with a buffer of its own
        return None


def bytes_of(content: Any) -> bytes | None:
    """Return what is bytes, or like them, as bytes; None for a string and anything else."""
    if type(content) is bytes:
        return content
    try:
        return bytes(memoryview(content))
    except Exception:  # also that of a class of the caller with a buffer of its own
        return None


def is_utf8(data: bytes) -> bool:
    """Return whether bytes are UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_utf16(data: bytes) -> bool:
    """Return whether bytes are UTF-16 with its mark: in windows-1251 that is two letters, but no reply has a NUL."""
    return data[:2] in UTF16_MARKS and b"\0" in data


def from_utf16(data: bytes, errors: str = "strict") -> str:
    """Return the text of UTF-16 with its mark. Raise `UnicodeDecodeError`, which counts from behind the mark."""
    return data[2:].decode(_UTF16[data[:2]], errors)


def open_source(
    body: object,
    charset: str | None,
    limits: Limits,
    findings: list[Finding] | None,
    declares: bool,
    known: Known = NOTHING,
) -> Source:
    """Decode the body. *charset* is an order.

    None means UTF-16 if the body has its mark, UTF-8 if the bytes are, whatever an XML declaration says; else what the
    declaration says, if the body *declares* a charset; else windows-1251.

    Raise `DecodeError` if it is not text, or not in that charset, and `LimitError` if it is too much of it; that is
    checked before anything is copied.
    """
    size = size_of(body)
    if size is not None and size > limits.body:
        unit = "characters" if is_really(body, str) else "bytes"
        raise LimitError(f"expected at most {limits.body} {unit}, found {size}", code="limit")
    if is_really(body, str):
        body = str.__str__(body)
        text = body.lstrip(_MARK)
        start = len(body) - len(text)
        source = Source(text, limits, None, start, findings, known)
        half = SURROGATE.search(body)
        if half is not None:
            source.fail("expected text, found half of a surrogate pair", half.start() - start, code="charset")
    else:
        data = bytes_of(body)
        if data is None:
            raise OptionError(f"the body has to be bytes or a string, not {name_of(body)}")
        start = 0
        if charset is None and is_utf16(data):
            return _decoded_utf16(data, Source("", limits, UTF16, 2, findings, known))
        while data.startswith(BOM, start):
            start += len(BOM)
        source = _decoded(data[start:], charset, declares, Source("", limits, "utf-8", start, findings, known))
    if start:
        source.note(Severity.WARNING, "bom", "a byte order mark comes before the reply")
    if declares and charset is None and source.charset == "utf-8":
        _check_declaration(source)
    return source


def _decoded_utf16(data: bytes, source: Source) -> Source:
    try:
        source.text = from_utf16(data)
    except UnicodeDecodeError as error:
        # All of it: the beginning of a secret would not be known for one.
        source.text = from_utf16(data, "replace")
        wanted = "text in UTF-16, as the byte order mark says"
        at = len(from_utf16(data[: 2 + error.start]))
        source.fail(f"expected {wanted}, found half of a character", at, code="charset")
    source.leave_out(len(source.text) - len(source.text.lstrip(_MARK)))
    source.note(Severity.WARNING, "utf-16", f"the reply is in UTF-16, the service has {', '.join(CHARSETS)}")
    return source


def _check_declaration(source: Source) -> None:
    """Report an XML declaration that says of UTF-8 that it is something else."""
    declared = _DECLARATION.match(source.text)
    if declared is None:
        return
    name = charset_name(declared[1])
    if name is None or (name != "utf-8" and not source.text.isascii()):
        message = f"the XML declaration says {source.quote(declared[1])}, the bytes are UTF-8"
        source.note(Severity.WARNING, "content-charset", message, declared.start(1))


def _decoded(data: bytes, charset: str | None, declares: bool, source: Source) -> Source:
    why = ""
    if charset is None:
        try:
            source.text = data.decode()
        except UnicodeDecodeError:
            charset, why = "windows-1251", ", as the body is not UTF-8"
        else:
            return source
        declared = _DECLARATION_IN_BYTES.match(data) if declares else None
        if declared is not None:
            name = declared[1].decode("latin-1")
            charset, why = charset_name(name) or "", " as the XML declaration says"
            if not charset:
                # Nobody knows what the text is: every byte is a character.
                source.charset = "ascii"
                source.text = data.decode("ascii", "replace")
                wanted = f"one of the service's charsets ({', '.join(CHARSETS)}) in the XML declaration"
                source.fail(f"expected {wanted}, found {source.quote(name)}", declared.start(1), code="charset")
    source.charset = charset
    try:
        source.text = data.decode(charset)
    except UnicodeDecodeError as error:
        # All of it: the beginning of a secret would not be known for one.
        source.text = data.decode(charset, "replace")
        at = len(data[: error.start].decode(charset))
        found = f"the byte 0x{data[error.start]:02X}, which has no meaning there"
        source.fail(f"expected text in {charset}{why}, found {found}", at, code="charset")
    return source

"""The body that is being read, and where in it something is: the one place that makes errors and findings."""

from __future__ import annotations

import codecs
import re
from array import array
from typing import Any, NoReturn

from ._secrets import NOTHING, Known, Secrets, hidden, printable, safe_path, safe_reason
from ._types import is_really, lazy, name_of
from .errors import DecodeError, LimitError, OptionError
from .limits import Limits
from .report import Finding, Severity

CHARSETS = ("utf-8", "windows-1251", "koi8-r")
"""What the service's `charset` parameter takes [doc]; windows-1251 is its default."""

BOM = codecs.BOM_UTF8

_ALIASES = {
    alias: name
    for name, aliases in (
        ("utf-8", ("utf-8", "utf8", "u8")),
        ("windows-1251", ("windows-1251", "cp1251", "cp-1251", "1251", "win-1251")),
        ("koi8-r", ("koi8-r", "koi8r", "cskoi8r")),
    )
    for alias in aliases
}

SURROGATE = re.compile("[\ud800-\udfff]")

_EXCERPT = 60


def charset_name(name: object) -> str | None:
    """The service's name for a charset under any of its usual names, `None` if it is not one of the three."""
    # Not by Python's own registry, which imports and remembers whatever a body's declaration names.
    return _ALIASES.get(str.__str__(name).strip().lower().replace("_", "-")) if is_really(name, str) else None


def shown(value: object, known: Known = NOTHING) -> str:
    """Return *value* for an error message: short, on one line, without control characters and without secrets."""
    try:
        text = str.__str__(value) if is_really(value, str) else printable(str.__str__(repr(value))[:200])
    except Exception:  # a caller's own `__repr__`; a number beyond Python's limit of digits
        text = f"a value of the type {printable(name_of(value))}"
    text = known.masked(text[:1000])
    text = text if len(text) <= 40 else f"{text[:37]}..."
    return repr(text) if is_really(value, str) else text


# Characters between two places whose line and offset are remembered.
_STEP = 1024


class _Places:
    """Lines and offsets of a text, asked in any order; all answers together cost one pass, and each a step."""

    def __init__(self, text: str, charset: str | None) -> None:
        self._text = text
        # In the other charsets of the service a character is a byte.
        self._wide = charset == "utf-8" and not text.isascii()
        # For each step: line ends before it, where its line begins, its offset.
        self._lines, self._starts, self._offsets = array("Q", [0]), array("Q", [0]), array("Q", [0])

    def of(self, index: int) -> tuple[int, int, int]:
        """Return the line, from 1, where it begins, and the offset of *index*."""
        step = index // _STEP
        while step >= len(self._lines):
            at = len(self._lines) * _STEP
            for known, now in zip((self._lines, self._starts, self._offsets), self._counted(at - _STEP, at)):
                known.append(now)
        line, start, offset = self._counted(step * _STEP, index)
        return line + 1, start, offset

    def _counted(self, at: int, index: int) -> tuple[int, int, int]:
        """Return the line ends before *index*, where its line begins, and its offset; *at* is the step before it."""
        text, step = self._text, at // _STEP
        lines = self._lines[step] + text.count("\n", at, index)
        start = max(self._starts[step], text.rfind("\n", at, index) + 1)
        passed = len(text[at:index].encode("utf-8", "surrogatepass")) if self._wide else index - at
        return lines, start, self._offsets[step] + passed


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
        self._known = known

    def _place(self, index: int) -> tuple[int, int, int, str]:
        """Return the offset, line and column of *index*, and the excerpt."""
        text = self.text
        index = min(max(index, 0), len(text))
        line, line_start, offset = self._places.of(index)
        first = max(line_start, index - _EXCERPT // 2)
        # The line's end, if it is near: two characters can be one.
        found = text.find("\n", index, first + _EXCERPT + 2)
        line_end = len(text) if found < 0 else found - (text[index:found][-1:] == "\r")
        last = min(first + _EXCERPT, line_end)
        before, after = "..." * (first > line_start), "..." * (last < line_end)
        excerpt = f"{before}{printable(self._secrets.masked(first, last))}{after}"
        caret = " " * (len(before) + index - first) + "^"
        return self.start + offset, line, index - line_start + 1, f"{excerpt}\n{caret}" if text else ""

    @lazy
    def _places(self) -> _Places:
        return _Places(self.text, self.charset)

    @lazy
    def _secrets(self) -> Secrets:
        return Secrets(self.text, self._known)

    def shown(self, value: object) -> str:
        """Return *value*, which the text holds, for an error message."""
        return shown(value, self._known)

    def found(self, index: int) -> str:
        """Return what stands at *index*, to the end of its line, for an error message."""
        line = self._secrets.masked(index, index + 1000).partition("\n")[0].rstrip("\r")
        if line:
            return self.shown(line)
        return "the end of the line" if self.text[index : index + 3].strip("\r\n") else "the end of the reply"

    def _safe(self, message: str, index: int) -> str:
        """Return *message*, which is about *index*, without the secrets that it quotes."""
        if self._known.needles is None:
            return "it cannot be shown: the request holds too many values to look for each of them in the reply"
        quoted = len(message) - message.find("found ")
        if self._secrets.between(index, index + quoted):
            message = hidden(message)
        return message if self._known is NOTHING else self._known.masked(message)

    def fail(self, reason: str, index: int = 0, path: str = "", *, code: str = "malformed") -> NoReturn:
        """Raise a `DecodeError` at *index*."""
        raise self.error(reason, index, path, code=code)

    def error(self, reason: str, index: int, path: str = "", *, code: str = "malformed") -> DecodeError:
        """Return a `DecodeError` at *index*."""
        offset, line, column, excerpt = self._place(index)
        reason, path = self._safe(reason, index), self._known.masked(path)
        kind = LimitError if code == "limit" else DecodeError
        return kind(reason, code=code, offset=offset, line=line, column=column, path=path, excerpt=excerpt)

    def note(self, severity: Severity, code: str, message: str, index: int = 0, path: str = "") -> None:
        """Add a finding at *index*, if findings are wanted."""
        if self.findings is None:
            return
        offset, line, column, excerpt = self._place(index)
        message, path = safe_reason(self._safe(message, index), path), safe_path(self._known.masked(path))
        self.findings.append(Finding(severity, code, message, offset, line, column, path, excerpt))


_DECLARATION = re.compile(rb"""^<\?xml\s[^>]*?encoding\s*=\s*["']([^"'>]*)["']""")


def size_of(body: Any) -> int | None:
    """Return how many bytes, or characters of a string, a body has, None if it is neither; nothing is copied."""
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
    """Whether bytes are UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def open_source(
    body: object,
    charset: str | None,
    limits: Limits,
    findings: list[Finding] | None,
    declares: bool,
    known: Known = NOTHING,
) -> Source:
    """Decode the body; `charset=None` is the declaration's if the body *declares* one, else UTF-8, else windows-1251.

    Raise `DecodeError` if it is not text, or not in that charset, and `LimitError` if it is too much of it; that is
    checked before anything is copied.
    """
    size = size_of(body)
    if size is not None and size > limits.body:
        unit = "characters" if is_really(body, str) else "bytes"
        raise LimitError(f"expected at most {limits.body} {unit}, found {size}", code="limit")
    if is_really(body, str):
        body = str.__str__(body)
        start = 1 if body.startswith("\ufeff") else 0
        source = Source(body[start:], limits, None, start, findings, known)
        half = SURROGATE.search(body)
        if half is not None:
            source.fail("expected text, found half of a surrogate pair", half.start() - start, code="charset")
    else:
        data = bytes_of(body)
        if data is None:
            raise OptionError(f"the body has to be bytes or a string, not {name_of(body)}")
        start = len(BOM) if data.startswith(BOM) else 0
        source = _decoded(data[start:], charset, declares, Source("", limits, "utf-8", start, findings, known))
    if start:
        source.note(Severity.WARNING, "bom", "a byte order mark stands before the reply")
    return source


def _decoded(data: bytes, charset: str | None, declares: bool, source: Source) -> Source:
    why = ""
    declared = _DECLARATION.match(data) if charset is None and declares else None
    if declared is not None:
        name = declared[1].decode("latin-1")
        charset, why = charset_name(name), " as the XML declaration says"
        if charset is None:
            # Nobody knows what the text is: if it is not UTF-8, every byte is a character.
            source.charset = "utf-8" if is_utf8(data) else "ascii"
            source.text = data.decode(source.charset, "replace")
            at = len(data[: declared.start(1)].decode(source.charset, "replace"))
            wanted = f"one of the service's charsets ({', '.join(CHARSETS)}) in the XML declaration"
            source.fail(f"expected {wanted}, found {source.shown(name)}", at, code="charset")
    if charset is None:
        try:
            source.text = data.decode()
        except UnicodeDecodeError:
            charset, why = "windows-1251", ", as the body is not UTF-8"
        else:
            return source
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

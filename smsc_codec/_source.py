"""The body that is being read, and where in it something is: the one place that makes errors and findings."""

from __future__ import annotations

import codecs
import re
from typing import Any, NoReturn

from ._errors import DecodeError, LimitError, one_line
from ._limits import Limits
from ._report import Finding, Severity
from ._secrets import Secrets, printable, safe_path, without_secrets
from ._types import is_really, lazy, name_of

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


def shown(value: object) -> str:
    """*value* for an error message: short, on one line, with no control characters and no secrets."""
    try:
        text = str.__str__(value) if is_really(value, str) else printable(str.__str__(repr(value))[:200])
    except Exception:  # a caller's own `__repr__`; a number beyond Python's limit of digits
        text = f"a value of the type {printable(name_of(value))}"
    text = without_secrets(text[:1000])
    text = text if len(text) <= 40 else f"{text[:37]}..."
    return repr(text) if is_really(value, str) else text


class Source:
    """A decoded body with what is needed to say where in it something is.

    *charset* is what the bytes were decoded with, `None` where the body was a string; *start* what stood
    before *text* in the body, the length of a byte order mark; *findings* where findings go, `None` if none
    are wanted. Positions that readers pass are indices into *text*.
    """

    def __init__(
        self,
        text: str,
        limits: Limits,
        charset: str | None = None,
        start: int = 0,
        findings: list[Finding] | None = None,
    ) -> None:
        self.text = text
        self.limits = limits
        self.charset = charset
        self.start = start
        self.findings = findings
        self._last = 0, 1, 0, 0

    def _place(self, index: int) -> tuple[int, int, int, str]:
        """The offset, line and column of *index*, and the excerpt.

        Findings come in about the order of the text, so counting goes on from the last one: all of them
        together cost one pass.
        """
        text = self.text
        index = min(max(index, 0), len(text))
        at, line, line_start, offset = self._last if self._last[0] <= index else (0, 1, 0, 0)
        line += text.count("\n", at, index)
        line_start = max(line_start, text.rfind("\n", at, index) + 1)
        offset += index - at if self.charset is None else len(text[at:index].encode(self.charset, "surrogatepass"))
        self._last = index, line, line_start, offset
        first = max(line_start, index - _EXCERPT // 2)
        # The line's end, if it is near: two characters can be one.
        found = text.find("\n", index, first + _EXCERPT + 2)
        line_end = len(text) if found < 0 else found - (text[index:found][-1:] == "\r")
        last = min(first + _EXCERPT, line_end)
        before, after = "..." * (first > line_start), "..." * (last < line_end)
        excerpt = f"{before}{printable(self._secrets.masked[first:last])}{after}"
        caret = " " * (len(before) + index - first) + "^"
        return self.start + offset, line, index - line_start + 1, f"{excerpt}\n{caret}" if text else ""

    @lazy
    def _secrets(self) -> Secrets:
        return Secrets(self.text)

    def found(self, index: int) -> str:
        """What stands at *index*, to the end of its line, for an error message."""
        line = self._secrets.masked[index : index + 1000].partition("\n")[0].rstrip("\r")
        if line:
            return shown(line)
        return "the end of the line" if self.text[index : index + 3].strip("\r\n") else "the end of the reply"

    def fail(self, reason: str, index: int = 0, path: str = "", *, code: str = "malformed") -> NoReturn:
        """Raise a `DecodeError` at *index*."""
        raise self.error(reason, index, path, code=code)

    def error(self, reason: str, index: int, path: str = "", *, code: str = "malformed") -> DecodeError:
        """A `DecodeError` at *index*."""
        offset, line, column, excerpt = self._place(index)
        reason = self._secrets.removed(reason, index)
        kind = LimitError if code == "limit" else DecodeError
        return kind(reason, code=code, offset=offset, line=line, column=column, path=path, excerpt=excerpt)

    def note(self, severity: Severity, code: str, message: str, index: int = 0, path: str = "") -> None:
        """Add a finding at *index*, if findings are wanted."""
        if self.findings is None:
            return
        offset, line, column, excerpt = self._place(index)
        message = one_line(self._secrets.removed(message, index), path)
        self.findings.append(Finding(severity, code, message, offset, line, column, safe_path(path), excerpt))


_DECLARATION = re.compile(rb"""^<\?xml\s[^>]*?encoding\s*=\s*["']([^"'>]*)["']""")


def bytes_of(content: Any) -> bytes | None:
    """What is bytes, or like them; `None` for a string and anything else."""
    if type(content) is bytes:
        return content
    try:
        return bytes(memoryview(content))
    except Exception:  # also that of a class of the caller with a buffer of its own
        return None


def open_source(
    body: object, charset: str | None, limits: Limits, findings: list[Finding] | None, declares: bool
) -> Source:
    """Decode the body; `charset=None` is the declaration's if the body *declares* one, else UTF-8, else windows-1251.

    Raises `DecodeError` for what is no text, or none in that charset, and `LimitError` for too much of it.
    """
    if is_really(body, str):
        body = str.__str__(body)
        _check_size(len(body), "characters", limits)
        start = 1 if body.startswith("\ufeff") else 0
        source = Source(body[start:], limits, None, start, findings)
        half = SURROGATE.search(body)
        if half is not None:
            source.fail("expected text, found half of a surrogate pair", half.start() - start, code="charset")
    else:
        data = bytes_of(body)
        if data is None:
            raise DecodeError(f"expected the body as bytes or a string, found {name_of(body)}")
        _check_size(len(data), "bytes", limits)
        start = len(BOM) if data.startswith(BOM) else 0
        source = _decoded(data[start:], charset, declares, Source("", limits, "utf-8", start, findings))
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
            source.text = data.decode("utf-8", "replace")
            wanted = f"one of the service's charsets ({', '.join(CHARSETS)}) in the XML declaration"
            source.fail(f"expected {wanted}, found {shown(name)}", declared.start(1), code="charset")
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
        source.text = data[: error.start].decode(charset) + "\ufffd"
        found = f"the byte 0x{data[error.start]:02X}, which has no meaning there"
        source.fail(f"expected text in {charset}{why}, found {found}", len(source.text) - 1, code="charset")
    return source


def _check_size(size: int, unit: str, limits: Limits) -> None:
    if size > limits.body:
        raise LimitError(f"expected at most {limits.body} {unit}, found {size}", code="limit")

"""Decoding, encoding and validating: which format it is, what was asked, what came instead."""

from __future__ import annotations

import re
from collections.abc import Collection
from types import UnionType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from msgspec.structs import replace

from ._forms import Endpoint, Flat, Listing
from ._loading import LOADING
from ._odd import letters_check, odd_check
from ._options import charset_of, classes_in, flag_of, format_of, limits_of, names_in
from ._secrets import NOTHING, Known
from ._source import BLANKS, BOM, Source, charset_name, is_utf16, open_source, size_of
from .errors import DecodeError, EncodeError, unreadable
from .formats import Format, Reader, reader_of
from .limits import DEFAULT_LIMITS, MAX_DIGITS, Limits
from .model import ErrorReply
from .report import Finding, Report, Severity

if TYPE_CHECKING:
    from typing_extensions import Buffer

R = TypeVar("R")
T = TypeVar("T")

# `bytes` find a number ten times as fast as bytes.
_BACKSLASH, _AMPERSAND = b"\\&"

# What a body begins with tells XML and JSON; a line of text has ` = ` in it, or is one of the fixed words.
_XML = re.compile(r"[\s\ufeff]*<")
_JSON = re.compile(r"[\s\ufeff]*[\[{]")
_ENDS = ("", "\n", "\r\n")
_TEXT = re.compile(r"[A-Za-z_][A-Za-z0-9_]* = |OK(?:, | - |\s*\Z)")


class Codec(Generic[R]):
    """Reads and writes the replies of one endpoint: `docs/adding-an-endpoint.md` makes one.

    Its methods `decode`, `encode` and `validate` are those of `smsc_codec`, which are the methods of the codec for
    `senders.php`. It has no state beyond what it learns of the grammar, and can be shared by threads.
    """

    def __init__(self, endpoint: Endpoint[R]) -> None:
        self.endpoint = endpoint
        self._odd_checks = {form.cls: (odd_check(form), letters_check(form)) for form in endpoint.forms}
        self._formats: dict[int, Reader] = {}
        self._classes: tuple[type, ...] = tuple(form.cls for form in endpoint.forms)
        flats = (form for form in endpoint.forms if isinstance(form, Flat))
        self._droppable = frozenset[str]().union(*(form.optional for form in flats))
        # Nearly every caller expects one class; a look-up by its identity asks it for nothing.
        self._alone = {id(cls): (cls, ErrorReply) for cls in self._classes}

    # Each format is loaded when it is first needed: Lark takes longer to import than a reply takes to read.

    def _format(self, fmt: Format) -> Reader:
        reader = self._formats.get(fmt)
        if reader is None:
            with LOADING:
                reader = self._formats.get(fmt) or self._formats.setdefault(fmt, reader_of(fmt, self.endpoint))
        return reader

    def _quick(self, body: Any, fmt: Any, charset: Any, limits: Any) -> Any:
        """The reply by the format's fast lane, which has no words; `None` if `_read` has to judge."""
        if type(limits) is not Limits or limits.digits < MAX_DIGITS:
            return None
        if type(fmt) is str:
            fmt = format_of(fmt)
        if type(body) is not bytes or charset is not None or fmt is None:
            body, fmt = _plain(body, fmt, charset, limits)
            if body is None:
                return None
        if (type(fmt) is not int and type(fmt) is not Format) or len(body) > limits.body:
            return None
        reader = self._formats.get(fmt)
        if reader is None:
            if not 0 <= fmt <= 3:
                return None
            reader = self._format(Format(fmt))
        return reader.fast(body, limits)

    def _odd(self, reply: Any, body: Any) -> bool:
        """Whether a reply that the fast lane has read from a body holds anything to report."""
        is_odd, has_broken_letters = self._odd_checks[reply.__class__]
        if is_odd(reply):
            return True
        # Letters outside ASCII stand there as they are, or behind the mark of an escape.
        if type(body) is bytes and body.isascii() and _BACKSLASH not in body and _AMPERSAND not in body:
            return False
        return has_broken_letters(reply)

    @overload
    def decode(
        self,
        body: str | Buffer,
        /,
        *,
        fmt: Format | int | str | None = None,
        expect: type[T],
        charset: str | None = None,
        strict: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> T | ErrorReply: ...

    @overload
    def decode(
        self,
        body: str | Buffer,
        /,
        *,
        fmt: Format | int | str | None = None,
        expect: UnionType | None = None,
        charset: str | None = None,
        strict: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> R | ErrorReply: ...

    def decode(
        self,
        body: str | Buffer,
        /,
        *,
        fmt: Format | int | str | None = None,
        expect: Any = None,
        charset: str | None = None,
        strict: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Any:
        """Read a reply.

        - *body*: the response's content, bytes or already a string.
        - *fmt*: what the request asked for, a `Format`, its number or its name (`"json"`). `None` finds it out from
          the body; `OK` alone and a line of `key = value` are text.
        - *expect*: the class of reply, or a union of classes, that the request leads to. An `ErrorReply` is
          always allowed, any other reply is an error; type checkers see both.
        - *charset*: `utf-8`, `windows-1251` or `koi8-r`. `None` means UTF-8 if the bytes are valid UTF-8,
          else what the XML declaration says, else windows-1251, the service's default; UTF-16 with a byte order
          mark is read too. A charset that is given is an order: the bytes are read in it, whatever they are.
        - *strict*: refuse whatever `validate` would report.
        - *limits*: bounds on what is read.

        Raises `DecodeError`, of which `LimitError` is one, `OptionError` for a wrong argument, and nothing else.
        """
        wanted = None if expect is None else self._expected(expect)
        if strict is not False and strict is not True:
            flag_of("strict", strict)
        reply = self._quick(body, fmt, charset, limits)
        if reply is not None and (wanted is None or type(reply) in wanted) and not (strict and self._odd(reply, body)):
            return reply
        return self._judged(body, fmt, expect, charset, strict, limits)

    def _judged(
        self,
        body: Any,
        fmt: Any,
        expect: Any,
        charset: Any,
        strict: bool,
        limits: Any,
        known: Known = NOTHING,
    ) -> Any:
        """Do what `decode` does, the careful way; nothing that is *known* to be secret is repeated."""
        wanted = None if expect is None else self._expected(expect)
        flag_of("strict", strict)
        findings: list[Finding] | None = [] if strict else None
        try:
            reply = self._read(body, fmt, wanted, charset, limits, findings, known)
        except DecodeError as error:
            # Lark's and orjson's exceptions, and the frames below, hold the whole body.
            error.__context__ = None
            raise error.with_traceback(None) from None
        if findings:
            raise _strict_error(findings[0])
        return reply

    def validate(
        self,
        body: str | Buffer,
        /,
        *,
        fmt: Format | int | str | None = None,
        expect: type[Any] | UnionType | None = None,
        charset: str | None = None,
        strict: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Report[R | ErrorReply]:
        """Read a reply and report what is wrong or odd about it; the parameters are those of `decode`.

        A body that cannot be read has one finding of severity `error` and no reply. With *strict*, so has
        one with any finding, after the findings themselves. Raises `OptionError` for a wrong argument, and nothing
        else.
        """
        return self._report(body, fmt, expect, charset, strict, limits)

    def _report(
        self,
        body: Any,
        fmt: Any = None,
        expect: Any = None,
        charset: Any = None,
        strict: bool = False,
        limits: Any = DEFAULT_LIMITS,
        known: Known = NOTHING,
    ) -> Report[R | ErrorReply]:
        """Do what `validate` does; nothing that is *known* to be secret is repeated."""
        wanted = None if expect is None else self._expected(expect)
        flag_of("strict", strict)
        reply = self._quick(body, fmt, charset, limits)
        if reply is not None and (wanted is None or type(reply) in wanted) and not self._odd(reply, body):
            return Report(reply)
        findings: list[Finding] = []
        try:
            reply = self._read(body, fmt, wanted, charset, limits, findings, known)
        except DecodeError as error:
            return Report(None, (*findings, _failure(error)))
        return Report(None if strict and findings else reply, tuple(findings))

    def _read(
        self,
        body: object,
        fmt: object,
        expect: tuple[type, ...] | None,
        charset: object,
        limits: object,
        findings: list[Finding] | None,
        known: Known = NOTHING,
    ) -> Any:
        asked = None if fmt is None else format_of(fmt)
        bounds = limits_of(limits)
        name = None if charset is None else charset_of(charset)
        # In another format what looks like an XML declaration is a name.
        source = open_source(body, name, bounds, findings, asked in (None, Format.XML), known)
        found = _recognise(source.text, asked)
        rest = source.text.lstrip(BLANKS)
        empty = not rest or rest.isspace()
        if empty and found in (Format.XML, Format.JSON):
            source.fail("expected a reply, found an empty body", code="empty")
        if empty and asked is None:
            source.fail("expected a reply, found an empty body, which is a list of none if fmt is 0 or 1", code="empty")
        if found is Format.TEXT or found is Format.CSV:
            _trim_lines(source)
        elif len(rest) < len(source.text):
            source.leave_out(len(source.text) - len(rest))
            source.note(Severity.WARNING, "white-space", "white space stands before the reply")
        reply = self._format(found).read(source, expect or ())
        if asked is not None and found is not asked:
            form = self.endpoint.form_of(reply)
            if not getattr(form, "anywhere", False):
                source.fail(f"expected a reply in {asked.name}, found {form.words} as text", code="other-format")
            message = f"expected a reply in {asked.name}, found {form.words} as text"
            source.note(Severity.WARNING, "other-format", message)
        if expect is not None and type(reply) not in expect:
            wanted = " or ".join(form.words for form in self.endpoint.forms if form.cls in expect[:-1])
            words = self.endpoint.form_of(reply).words if source.text.strip() else "an empty body"
            source.fail(f"expected {wanted}, found {words}", code="unexpected")
        return reply

    def _expected(self, expect: Any) -> tuple[type, ...]:
        """Return the classes of replies that *expect* allows: those in it, and that of errors."""
        alone = self._alone.get(id(expect))
        return alone or (*classes_in(expect, self._classes, self.endpoint.name), ErrorReply)

    def encode(
        self,
        reply: R | ErrorReply,
        /,
        *,
        fmt: Format | int | str,
        charset: str = "utf-8",
        drop: Collection[str] = (),
        limits: Limits = DEFAULT_LIMITS,
    ) -> bytes:
        """Write a reply in the canonical form, the server's own bytes where these are known.

        - *reply*: a value of the model.
        - *fmt*: the format to write.
        - *charset*: `utf-8`, `windows-1251` or `koi8-r`.
        - *drop*: the names of fields that may be left out where the format has no place for them: an error's
          `description` in fmt=1.
        - *limits*: bounds on what is written: those of `decode`, but for `depth`, and `fields` outside of lists.

        Raises `EncodeError` if the reply would not be read back the same from that format and charset, or is
        beyond *limits*, and `OptionError` for a wrong argument; and nothing else: an exception of an object in the
        reply becomes its cause.
        """
        limits_of(limits)
        dropped = names_in("drop", drop, self._droppable)
        format_ = format_of(fmt)
        name = charset_of(charset)
        form = self.endpoint.form_of(reply)
        given: Any = reply
        try:
            if dropped and format_ is Format.CSV and isinstance(form, Flat):
                given = replace(given, **dict.fromkeys((dropped & form.optional) - form.columns))
            count = len(getattr(reply, form.attribute)) if isinstance(form, Listing) else 0
            if count > limits.items:
                raise EncodeError(f"expected at most {limits.items} names, here are {count}")
            text = self._format(format_).write(given, form, limits)
        except EncodeError:
            raise
        except Exception as error:
            raise unreadable(error) from error
        try:
            body = text.encode(name)
        except UnicodeEncodeError as error:
            reason = f"{name} has no character U+{ord(text[error.start]):04X}"
            raise EncodeError(reason) from None
        if body.startswith(BOM):
            raise EncodeError("the reply would begin with a byte order mark, which is no part of a reply")
        if len(body) > limits.body:
            raise EncodeError(f"expected at most {limits.body} bytes, here are {len(body)}")
        return body


def _strict_error(finding: Finding) -> DecodeError:
    return DecodeError(
        f"{finding.message} (strict)",
        code=finding.code,
        offset=finding.offset,
        line=finding.line,
        column=finding.column,
        path=finding.path,
        excerpt=finding.excerpt,
    )


def _failure(error: DecodeError) -> Finding:
    return Finding(
        Severity.ERROR,
        error.code,
        error.reason,
        error.offset,
        error.line,
        error.column,
        error.path,
        error.excerpt,
    )


def _plain(body: Any, fmt: Any, charset: Any, limits: Limits) -> tuple[bytes | None, Any]:
    """The body as the bytes of UTF-8 and its format, for the fast lanes; `None` if it takes a closer look."""
    name = None if charset is None else charset_name(charset)
    size = size_of(body)
    if (charset is not None and name is None) or size is None or size > limits.body:
        return None, fmt
    try:
        if type(body) is str:
            text = body
        elif type(body) is bytes or type(body) is bytearray or type(body) is memoryview:
            body = bytes(body)
            text = body.decode(name or "utf-8")
        else:
            return None, fmt
        # A mark is no part of the text, but what its bytes mean depends on the charset.
        if text[:1] == "\ufeff" or body[:3] == BOM:
            return None, fmt
        body = text.encode()
    except (UnicodeError, ValueError, BufferError):
        return None, fmt
    return body, _recognise(text, None) if fmt is None and text.strip() else fmt


def _recognise(text: str, asked: Format | None) -> Format:
    """Return the format that the body is in: the one asked for, but that errors and OK can come as text instead."""
    if asked in (Format.TEXT, Format.CSV):
        return asked
    if asked is not None:
        return Format.TEXT if _TEXT.match(text, _first_line(text)) else asked
    if _XML.match(text):
        return Format.XML
    if _JSON.match(text):
        return Format.JSON
    return Format.TEXT if _TEXT.match(text, _first_line(text)) else Format.CSV


def format_in(body: bytes) -> Format:
    """Return the format that the beginning of a body is in."""
    head = body[:400]
    if is_utf16(head):
        return _recognise(head.decode("utf-16", "ignore"), None)
    return _recognise(head.replace(BOM, b"").decode("latin-1"), None)


def _first_line(text: str) -> int:
    """Return where the first line begins that is not blank."""
    start = len(text) - len(text.lstrip(BLANKS))
    if not start:
        return 0
    rest = text[text.rfind("\n", 0, start) + 1 :]
    return len(text) - len(rest.lstrip("\ufeff"))


def _trim_lines(source: Source) -> None:
    """Leave out the blank lines around a reply of lines, and report them; one line end behind it is a part of it."""
    if source.text in _ENDS:
        return
    start = _first_line(source.text)
    if start:
        source.leave_out(start)
        source.note(Severity.WARNING, "white-space", "blank lines stand before the reply")
    text = source.text
    end = text.find("\n", len(text.rstrip(BLANKS))) + 1
    if 0 < end < len(text):
        source.note(Severity.WARNING, "white-space", "blank lines stand behind the reply", end)
        source.text = text[:end]

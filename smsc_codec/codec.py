"""Decodes, encodes and validates the replies of one endpoint.

`decode` calls a compiled reader, which nearly always returns the reply. If it does not:

- `_quick` compiles the missing readers, and tries all readers that do not judge;
- `_judged` judges the body: it returns the reply, or raises the error. It calls `_read`, which detects charset and
  format and says what is wrong with the whole body, and `_read_text`, which has the format read the body carefully and
  finds the place of the error.

`validate` takes the same steps: `_report` tries the compiled readers, `_reported_again` those that know what there is
to report about the keys of a short reply, and `_read` collects findings.

`encode` calls a compiled writer. If that refuses the reply, `_encoded` says why.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from copy import copy
from operator import itemgetter
from types import UnionType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from msgspec.structs import replace

from ._careful import Note, Trouble, checked_tuple, key_in, merged, notes_about
from ._loading import LOADING
from ._options import charset_of, classes_in, flag_of, format_of, limits_of, names_in, parameters_of
from ._rows.source import CAUGHT, Fallback
from ._secrets import NOTHING, Known
from ._sound import check
from ._source import BLANKS, BOM, EMPTY_BODY, Source, is_html, is_utf16, open_source, quote
from ._types import is_really, kind_of
from .declare import Endpoint, Other, Type
from .declare import Reply as Declared
from .errors import DecodeError, EncodeError, OptionError, unreadable
from .formats import Format, reader_of
from .limits import DEFAULT_LIMITS, MAX_DIGITS, Limits
from .mapping import EMPTY
from .model import ErrorReply
from .report import Finding, Report, Severity

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from ._rows.read import Small
    from .formats.reader import FormatReader
    from .formats.shapes import Tables

R = TypeVar("R")
T = TypeVar("T")


# XML and JSON are recognised by their first characters. A line of text contains ` = ` or is one of the fixed words.
_XML = re.compile(r"[\s\ufeff]*<")
_JSON = re.compile(r"[\s\ufeff]*[\[{]")
_TEXT = re.compile(r"[A-Za-z_][A-Za-z0-9_]* = |OK(?:, | - |\s*\Z)")
UTF8 = "utf-8"
STRICT = " (strict)"
"""The end of the reason of an error that is a finding."""
NO_NAMES: tuple[str, ...] = ()
# The codes of errors about a line whose cells do not fit any reply.
_ABOUT_LAYOUTS = ("malformed", "unknown-form", "value")
_ENDS = ("", "\n", "\r\n")


class Ready:
    """The canonical readers of small replies by format, for calls that expect one class or any."""

    __slots__ = "codec", "documented", "plain"

    def __init__(self, codec: Codec[Any]) -> None:
        self.codec = codec
        self.plain: dict[int, Small] = {}
        self.documented: dict[int, Small] = {}
        """The readers that return a reply only if there is nothing to report about it."""


class Codec(Generic[R]):
    """Reads and writes the replies of one endpoint. `docs/adding-an-endpoint.md` shows how to make one.

    Its methods `decode`, `encode` and `validate` have the parameters of those functions of `smsc_codec`, which choose
    the codec of an endpoint. It caches compiled readers and writers, and can be shared by threads.
    """

    def __init__(self, endpoint: Endpoint[R]) -> None:
        if not is_really(endpoint, Endpoint):
            raise OptionError(f"endpoint has to be an Endpoint of smsc_codec.declare, not {quote(endpoint)}")
        check(endpoint)
        self.endpoint = endpoint
        self._formats: dict[int, FormatReader] = {}
        self._ready: dict[int, Ready] = {}
        """By the identity of the expected class, or of None."""
        # A codec for one request has the codec for any request here. They share all formats except fmt=1.
        self._any: Codec[R] | None = None
        self._asked: dict[Any, Codec[R]] = {}
        # The keys are identities, because a class that a caller made may raise when it is hashed.
        self._replies = {id(reply.cls): reply for reply in endpoint.replies}
        self._classes: tuple[type, ...] = tuple(reply.cls for reply in endpoint.replies)
        # Nearly every caller expects one class. A look-up by its identity calls none of its methods.
        self._alone = {id(cls): (cls, ErrorReply) for cls in self._classes}

    def asked(self, parameters: Mapping[str, str]) -> Codec[R]:
        """Return the codec for the replies to a request with these *parameters*.

        Some lines of fmt=1 are ambiguous without the request: `279,1` is the id and the parts of a message, or with
        `cost=1` its price and its parts. A missing parameter counts as 0. Parameters that decide nothing are ignored,
        and equal requests have the same codec.

        Raise `OptionError` if *parameters* is not a mapping of `str` to `str`.
        """
        if self._any is not None:
            return self._any.asked(parameters)
        plain = parameters_of(parameters)
        given = {name: plain.get(name) or "0" for name in self.endpoint.decides}
        # All undocumented values count as one, so that a caller cannot fill the memory with them.
        known = {name: value if value in self.endpoint.decides[name] else "" for name, value in given.items()}
        key = tuple(known.values())
        found = self._asked.get(key)
        if found is None:
            endpoint = self.endpoint.asked(known)
            found = self if endpoint is self.endpoint else self._for_request(endpoint)
            found = self._asked.setdefault(key, found)
        return found

    def _for_request(self, endpoint: Endpoint[R]) -> Codec[R]:
        """Return a codec for some of the layouts, which have been checked already."""
        made = copy(self)
        made.endpoint, made._any = endpoint, self
        made._formats, made._ready, made._asked = {}, {}, {}
        return made

    # Each format is loaded when it is first needed: Lark takes longer to import than a reply takes to read.

    def _format(self, fmt: Format) -> FormatReader:
        reader = self._formats.get(fmt)
        if reader is None and self._any is not None and fmt is not Format.CSV:
            reader = self._formats.setdefault(fmt, self._any._format(fmt))
        if reader is None:
            with LOADING:
                reader = self._formats.get(fmt) or self._formats.setdefault(fmt, reader_of(fmt, self.endpoint))
        return reader

    def _quick(self, body: bytes, fmt: Any, expect: tuple[type, ...], noted: bool) -> tuple[Any, Tables | None]:
        """Return the reply in a body of UTF-8 by compiled rows, and what was noticed about it.

        Return None for the reply if the body needs a closer look, and None for the rest if there is nothing to report
        or it is not *noted*.
        """
        if len(body) > DEFAULT_LIMITS.body:
            return None, None
        reader = self._formats.get(fmt) or self._format(format_of(fmt))
        reply = None
        if len(expect) in (0, 2):
            first = expect[0] if expect else None
            ready = self.ready_for(first)
            readers = ready.documented if noted else ready.plain
            if fmt not in readers:
                readers[fmt] = reader.canonical_reader(first, noted)
            elif not noted:
                with suppress(*CAUGHT):
                    reply = reader.read_learned(body, first, "open")
        tables = reader.noted_tables() if noted else reader.plain_tables
        if reply is None:
            reply = self._compiled(reader, body, DEFAULT_LIMITS, expect, tables)
        if reply is None or (expect and reply.__class__ not in expect):
            return None, None
        return reply, tables if noted and (tables.noticed or reader.may_be_broken(body)) else None

    def ready_for(self, expect: Any) -> Ready:
        """Return the canonical readers for calls that expect a class of the endpoint, or None for any class."""
        return self._ready.get(id(expect)) or self._ready.setdefault(id(expect), Ready(self))

    def _compiled(
        self, reader: FormatReader, body: bytes, limits: Limits, expect: tuple[type, ...], tables: Tables
    ) -> Any:
        """Return the reply in a body of UTF-8 by compiled rows, or None if it needs a closer look."""
        try:
            return reader.fast(body, limits, expect, tables)
        except CAUGHT:
            return None

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
        """Read a reply of the codec's endpoint. `smsc_codec.decode` explains the parameters.

        Raise `DecodeError` (or its subclass `LimitError`), `OptionError` if an argument is wrong, and nothing else.
        """
        # Nearly every caller gives only a format and a class. `_report` looks readers up in the same way: a shared
        # function would cost one more call, a twentieth of the time of a small reply.
        if (
            type(body) is bytes
            and charset is None
            and limits is DEFAULT_LIMITS
            and strict is False
            and (type(fmt) is int or type(fmt) is Format)
        ):
            try:
                reply = self._ready[id(expect)].plain[fmt](body)
            except CAUGHT:
                reply = None
            if reply is None:
                reply = self._quick(body, fmt, () if expect is None else self._expected(expect), False)[0]
            if reply is not None:
                return reply
            return self._judged(body, fmt, expect, charset, strict, limits, tried=body)
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
        tried: bytes | None = None,
    ) -> Any:
        """Do what `decode` does, the careful way. Errors do not repeat what is *known* to be secret.

        *tried* is the body that compiled rows cannot read.
        """
        wanted = () if expect is None else self._expected(expect)
        flag_of("strict", strict)
        findings: list[Finding] | None = [] if strict else None
        try:
            reply = self._read(body, fmt, wanted, charset, limits, findings, known, None, tried)
        except DecodeError as error:
            # The exceptions of Lark and orjson, and the frames below, contain the whole body.
            error.__context__ = None
            raise error.with_traceback(None) from None
        if findings:
            raise strict_error(findings[0])
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
        """Read a reply of the codec's endpoint and report what is unusual about it, as `smsc_codec.validate` does.

        Raise `OptionError` if an argument is wrong, and nothing else.
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
        """Do what `validate` does. Findings do not repeat what is *known* to be secret."""
        is_given = (
            type(body) is bytes
            and charset is None
            and limits is DEFAULT_LIMITS
            and (type(fmt) is int or type(fmt) is Format)
        )
        if is_given and type(strict) is bool:
            try:
                reply = self._ready[id(expect)].documented[fmt](body)
            except CAUGHT:
                reply = None
            if reply is not None:
                return Report(reply)
        flag_of("strict", strict)
        wanted = () if expect is None else self._expected(expect)
        if is_given and known is NOTHING and fmt in self._formats and len(wanted) in (0, 2):
            again = self._reported_again(self._formats[fmt], body, wanted[0] if wanted else None)
            if again is not None:
                return replace(again, reply=None) if strict else again
        made = None
        if is_given:
            reply, tables = self._quick(body, fmt, wanted, noted=True)
            made = None if tables is None else (reply, tables)
            if reply is not None and made is None:
                return Report(reply)
        findings: list[Finding] = []
        try:
            reply = self._read(
                body, fmt, wanted, charset, limits, findings, known, made, tried=body if is_given else None
            )
        except DecodeError as error:
            return Report(None, (*findings, finding_of(error)))
        return Report(None if strict and findings else reply, tuple(findings))

    def _reported_again(self, reader: FormatReader, body: bytes, first: type | None) -> Report[R | ErrorReply] | None:
        """Return the report on a short reply with the undocumented keys of an earlier one; None for any other reply."""
        try:
            found = reader.read_learned(body, first, "reported")
        except CAUGHT:
            return None
        if found is None or reader.may_be_broken(body):
            return None
        text, reply, findings = found
        source = Source(text, DEFAULT_LIMITS, UTF8)
        if source.has_secrets:  # a finding may say one
            return None
        return Report(reply, tuple([source.moved(finding, at, count) for finding, at, count in findings]))

    def _read(
        self,
        body: object,
        fmt: object,
        expect: tuple[type, ...],
        charset: object,
        limits: object,
        findings: list[Finding] | None,
        known: Known = NOTHING,
        made: tuple[Any, Tables] | None = None,
        tried: bytes | None = None,
    ) -> Any:
        """Return the reply, and add its findings.

        *made* is the reply that compiled rows have made of the body, *tried* is the body that they cannot read.
        """
        source, asked, found = _opened(body, fmt, charset, limits, findings, known)
        rest = source.text.lstrip(BLANKS)
        empty = not rest or rest.isspace()
        if empty and found in (Format.XML, Format.JSON):
            source.fail(EMPTY_BODY, code="empty")
        if empty and asked is None:
            hint = " (with fmt=0 or fmt=1 that means an empty list; pass fmt to accept it)"
            is_list = any(reply.many for reply in self.endpoint.own)
            source.fail(f"{EMPTY_BODY}{hint if is_list else ''}", code="empty")
        if found is Format.TEXT or found is Format.CSV:
            _trim_lines(source)
        elif len(rest) < len(source.text):
            source.leave_out(len(source.text) - len(rest))
            source.note(Severity.WARNING, "white-space", "white space comes before the reply")
        if found is not asked:
            made, tried = None, None
        try:
            reply = self._read_text(self._format(found), source, expect, made, tried)
        except DecodeError as error:
            if asked is not None or found is not Format.CSV or error.code not in _ABOUT_LAYOUTS:
                raise
            reply = self._line_of_text(source, expect, error)
        declared = self._declared(reply)
        if asked is not None and found is not asked:
            message = f"expected a reply in {asked.name}, found {declared.title} as text"
            if not declared.may_be_plain_text:
                source.fail(message, code="other-format")
            source.note(Severity.WARNING, "other-format", message)
        if expect and type(reply) not in expect:
            wanted = " or ".join(each.title for each in self.endpoint.replies if each.cls in expect[:-1])
            is_empty = declared.many and not getattr(reply, declared.attribute)
            words = "an empty list" if is_empty else declared.title
            words = words if source.text.strip() else "an empty body"
            source.fail(f"expected {wanted}, found {words}", code="unexpected")
        return reply

    def _line_of_text(self, source: Source, expect: tuple[type, ...], refused: DecodeError) -> Any:
        """Return the reply in a text without keys, such as a price, that was *refused* as comma-separated values."""
        before = None if source.findings is None else len(source.findings)
        try:
            return self._read_text(self._format(Format.TEXT), source, expect, None, None)
        except DecodeError as error:
            if source.findings is not None:
                del source.findings[before:]
            if error.code == "ambiguous":
                refused = error
        raise refused

    def _read_text(
        self,
        reader: FormatReader,
        source: Source,
        expect: tuple[type, ...],
        made: tuple[Any, Tables] | None,
        tried: bytes | None,
    ) -> Any:
        """Return the reply in a source by compiled rows, or else carefully, and add its findings."""
        noted = source.findings is not None
        if made is None and source.limits.digits == MAX_DIGITS and (data := source.text.encode()) != tried:
            tables = reader.noted_tables() if noted else reader.plain_tables
            reply = self._compiled(reader, data, source.limits, expect, tables)
            if reply is not None and (not expect or type(reply) in expect):
                if not noted or not (tables.noticed or reader.may_be_broken(data)):
                    return reply
                made = reply, tables
        if made is not None:
            reply, tables = made
            with suppress(Fallback):
                _settle(reader, source, self._notes_about(reader, reply, source, tables), expect)
                return reply
        notes: list[Note] | None = [] if noted else None
        try:
            reply = reader.read(source, expect, notes)
        except Trouble as trouble:
            _settle(reader, source, notes, expect)
            at = reader.locate(source, [trouble.place], expect)[0]
            key = key_in(trouble.place, trouble.path)
            raise source.error(trouble.reason, at, trouble.path, code=trouble.code, key=key) from None
        except DecodeError:
            _settle(reader, source, notes, expect)
            raise
        _settle(reader, source, notes, expect)
        return reply

    def _notes_about(self, reader: FormatReader, reply: Any, source: Source, tables: Tables) -> list[Note]:
        """Return the notes about a reply that compiled rows have made."""
        declared = self._declared(reply)
        records = getattr(reply, declared.attribute) if declared.many else (reply,)
        if declared.many:
            source.naming = reader.naming(source.text, declared, records)
        return notes_about(declared.object, reader.fmt, records, declared.attribute, source, codes=tables.unknown_codes)

    def _declared(self, reply: Any) -> Declared:
        """Return the declaration of a reply of the endpoint."""
        return self._replies[id(type(reply))]

    def _expected(self, expect: Any) -> tuple[type, ...]:
        """Return the classes of replies that *expect* allows: its own, and the class of errors."""
        alone = self._alone.get(id(expect))
        return alone or (*classes_in(expect, self._classes, self.endpoint.name), ErrorReply)

    def encode(
        self,
        reply: R | ErrorReply,
        /,
        *,
        fmt: Format | int | str,
        charset: str = UTF8,
        drop: Collection[str] = NO_NAMES,
        limits: Limits = DEFAULT_LIMITS,
    ) -> bytes:
        """Write a reply of the codec's endpoint. `smsc_codec.encode` explains the parameters.

        Raise `EncodeError` if the reply would not be read back as an equal value, or is beyond *limits*, `OptionError`
        if an argument is wrong, and nothing else.
        """
        # Nearly every caller gives only the format.
        is_usual = drop is NO_NAMES and charset is UTF8 and limits is DEFAULT_LIMITS
        if is_usual and (type(fmt) is int or type(fmt) is Format):
            try:
                body = self._formats[fmt].write_at_once[id(type(reply))](reply).encode()
            except Exception:  # the careful writer says what is wrong
                body = BOM
            if body[:3] != BOM:
                return body
        declared = self._replies.get(id(type(reply)))
        limits_of(limits)
        dropped = names_in("drop", drop, self.endpoint.droppable)
        format_ = format_of(fmt)
        name = charset_of(charset)
        if declared is None:
            names = ", ".join(cls.__name__ for cls in self._classes)
            raise EncodeError(f"expected a reply of {self.endpoint.name} ({names}), found {kind_of(reply)}")
        reader = self._format(format_)
        given: Any = reply
        if dropped:
            try:
                given = _without(given, declared, dropped, reader)
            except Exception as error:
                raise unreadable(error) from error
        return self._encoded(given, declared, reader, name, limits)

    def _encoded(self, reply: Any, declared: Declared, reader: FormatReader, charset: str, limits: Limits) -> bytes:
        """Return the bytes of a reply. Raise `EncodeError` if it cannot be written, or is beyond the limits."""
        try:
            attribute = declared.attribute
            records = checked_tuple(getattr(reply, attribute), attribute) if declared.many else ()
            if len(records) > limits.items:
                raise EncodeError(f"expected at most {limits.items} records, found {len(records)}")
            text = reader.write(reply, declared, limits)
        except EncodeError:
            raise
        except Exception as error:
            raise unreadable(error) from error
        try:
            body = text.encode(charset)
        except UnicodeEncodeError as error:
            reason = f"{charset} has no character U+{ord(text[error.start]):04X}"
            raise EncodeError(reason) from None
        if body.startswith(BOM):
            raise EncodeError("the reply would begin with a byte order mark, which must not start a reply")
        if len(body) > limits.body:
            raise EncodeError(f"expected at most {limits.body} bytes, found {len(body)}")
        return body


def _without(given: Any, declared: Declared, dropped: frozenset[str], reader: FormatReader) -> Any:
    """Return a reply, or a list's records, without the *dropped* fields that the format has no place for."""
    obj = declared.object
    placeless: dict[str, Any] = {
        field.name: None if isinstance(field.type, Type) else ()
        for field in obj.fields
        if field.key(reader.fmt) is None
    }
    if isinstance(obj.open, Other) and not reader.has_open_keys(declared):
        placeless[obj.open.name] = EMPTY
    left_out = {name: nothing for name, nothing in placeless.items() if name in dropped}
    if not declared.many or not left_out:
        return replace(given, **left_out) if left_out else given
    records = getattr(given, declared.attribute)
    made = [replace(record, **left_out) if type(record) is obj.cls else record for record in records]
    return replace(given, **{declared.attribute: tuple(made)})


def error_of(finding: Finding, reason: str) -> DecodeError:
    """Return the error for a finding, with another *reason*."""
    return DecodeError(
        reason,
        code=finding.code,
        offset=finding.offset,
        line=finding.line,
        column=finding.column,
        path=finding.path,
        excerpt=finding.excerpt,
    )


def strict_error(finding: Finding) -> DecodeError:
    """Return the error that *strict* makes of a finding."""
    return error_of(finding, f"{finding.message}{STRICT}")


def finding_of(error: DecodeError) -> Finding:
    """Return the finding that says what an error says."""
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


def _settle(reader: FormatReader, source: Source, notes: list[Note] | None, expect: tuple[type, ...]) -> None:
    """Make findings of notes. Merge notes that differ only in the record that they are about."""
    if not notes:
        return
    some = merged(notes)
    places = reader.locate(source, [note.place for note in some], expect)
    for note, at in sorted(zip(some, places), key=itemgetter(1)):
        key = key_in(note.place, note.path)
        source.note(note.severity, note.code, note.message, at, note.path, note.records, key)


def _recognise(text: str, asked: Format | None) -> Format:
    """Return the format that the body is in: the requested one, unless an error or OK comes as text instead."""
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
    """Return the format of a body, judged by its beginning."""
    head = body[:400]
    if is_utf16(head):
        return _recognise(head.decode("utf-16", "ignore"), None)
    return _recognise(head.replace(BOM, b"").decode("latin-1"), None)


def other_format(text: str, fmt: Format) -> str:
    """Return the format that a text is in instead of *fmt*, or an empty text if it may be in that format."""
    found = _recognise(text, None)
    if found is fmt or found in (Format.TEXT, Format.CSV):
        return ""
    return "an HTML page" if is_html(text) else f"{found.name} (fmt={found})"


def opened(body: Any, fmt: Any, charset: Any, limits: Any) -> tuple[Format, str]:
    """Return the format that a body is in, and its text from the first line that is not blank.

    The parameters are those of `decode`. Raise `DecodeError` if the body is not text, or too long.
    """
    source, _, found = _opened(body, fmt, charset, limits)
    return found, source.text[_first_line(source.text) :]


def _opened(
    body: object,
    fmt: object,
    charset: object,
    limits: object,
    findings: list[Finding] | None = None,
    known: Known = NOTHING,
) -> tuple[Source, Format | None, Format]:
    """Return the text of a body, the format that was asked for, and the format that it is in."""
    asked = None if fmt is None else format_of(fmt)
    bounds = limits_of(limits)
    name = None if charset is None else charset_of(charset)
    # In another format, a text that looks like an XML declaration is a name.
    source = open_source(body, name, bounds, findings, asked in (None, Format.XML), known)
    return source, asked, _recognise(source.text, asked)


def _first_line(text: str) -> int:
    """Return where the first line that is not blank begins."""
    start = len(text) - len(text.lstrip(BLANKS))
    if not start:
        return 0
    rest = text[text.rfind("\n", 0, start) + 1 :]
    return len(text) - len(rest.lstrip("\ufeff"))


def _trim_lines(source: Source) -> None:
    """Leave out the blank lines around a reply of lines, and report them. One line end after it belongs to it."""
    if source.text in _ENDS:
        return
    start = _first_line(source.text)
    if start:
        source.leave_out(start)
        source.note(Severity.WARNING, "white-space", "blank lines come before the reply")
    text = source.text
    end = text.find("\n", len(text.rstrip(BLANKS))) + 1
    if 0 < end < len(text):
        source.note(Severity.WARNING, "white-space", "blank lines follow the reply", end)
        source.text = text[:end]

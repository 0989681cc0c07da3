"""Judges entries: does the body decode, does it match its request, and do its headers agree with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from .._secrets import NUMBERS, Known, printable, safe_name
from .._secrets.credentials import values_of
from .._source import BOM
from ..codec import Codec, format_in
from ..door import report as report_of
from ..endpoints import DEFAULT, codec_of, kinds, with_kind
from ..formats import Format
from ..limits import DEFAULT_LIMITS
from ..model import ErrorReply
from ..query import answered_in, has_views, missing_views
from ..report import Finding, Severity
from . import _columns
from ._coding import PACKED, BrokenError, MissingError, content
from ._columns import Rows
from ._entry import CODES, Entry, Found, Problem, headers_of
from ._lines import Block, entries
from ._request import UNKNOWN, Request, request_of
from ._signs import looks_like
from ._summary import Summary
from ._times import seconds

_NAMES: dict[int, str] = {fmt: fmt.name.lower() for fmt in Format}
_FORMATS = tuple(Format)
_PLACE = re.compile(r"\[\d+\]")
_NUMBER = re.compile(r"\d+")
# The first byte of half a surrogate pair, and a sign of XML declarations. `bytes` find a number ten times as fast as
# they find bytes.
_HALF, _QUESTION_MARK = 0xED, ord("?")
_LONGEST_KEY = 100
_LONGEST_REMEMBERED = 2048
"""The most bytes of a URL with its form that are remembered."""
# What to do about a reply of another endpoint, if nothing says which one was asked.
_HINT = ": pass endpoint='{0}'"
_LINE_HINT = ': give the entry its url or "endpoint": "{0}", or pass endpoint=\'{0}\''
ROW_HINT = ": give the row its url or the endpoint '{0}'"
_ROW_HINT = f"{ROW_HINT}, or pass endpoint='{{0}}'"
UNDECODED, NO_FORMAT = "not decoded", "unknown"


class Options(msgspec.Struct, frozen=True):
    """The caller's options: the charset of all bytes, and defaults for what a recording does not say."""

    fmt: Format | None = None
    charset: str | None = None
    expect: str | None = None
    """The kind of reply, such as `senders`."""
    endpoint: str | None = None
    """The endpoint."""
    strict: bool = False


class Batch(msgspec.Struct, frozen=True):
    """A part of a recording that is judged at once."""

    path: str
    content: Block | Rows | list[Entry] | Problem
    """The content, or a problem of the recording as a whole after the entry `last`."""
    last: int = 0
    consumed: int = 0
    """The bytes of all files that have been read so far."""
    line: int = 1
    """The line of a problem, or of the beginning of the entry that has it."""


class Outcome(msgspec.Struct, frozen=True):
    """The result for a batch."""

    path: str
    """The path of the recording, for people."""
    judged: list[int]
    """The numbers of the replies that were judged."""
    found: list[Found]
    summary: Summary
    """The summary of this part."""
    consumed: int
    """The bytes of all files that have been read so far."""


def judge(options: Options, batch: Batch) -> Outcome:
    """Judge a part of a recording."""
    checker, content = checker_of(options, batch), batch.content
    if isinstance(content, Problem):
        checker.whole(content, batch.last, batch.line)
    else:
        for entry in entries_of(content):
            checker.entry(entry)
    return Outcome(checker.path, checker.judged, checker.found, checker.summary, batch.consumed)


def checker_of(options: Options, batch: Batch) -> Checker:
    """Return the judge of the entries of a part of a recording."""
    content = batch.content
    hint = _LINE_HINT if isinstance(content, Block) else _ROW_HINT if isinstance(content, Rows) else _HINT
    return Checker(options, batch.path, hint)


def entries_of(content: Block | Rows | list[Entry]) -> Iterable[Entry]:
    """Return the entries in a part of a recording."""
    if isinstance(content, Block):
        return entries(content)
    return _columns.entries(content) if isinstance(content, Rows) else content


class _Asked(NamedTuple):
    """What a request asked for. The recording's own statements win over the request."""

    request: Request
    fmt: int | None
    charset: str | None
    expect: type[Any] | None
    codec: Codec[Any] | None
    """The codec of the endpoint that was asked; None if that is not known."""
    endpoint: str
    """The name of that endpoint."""
    known: Known
    """The secrets in the URL and the form."""
    has_views: bool
    """Whether the request asked for something in each record of a list."""
    wrong: str = ""
    """What is wrong with the recording's own statements."""


class Verdict(msgspec.Struct, gc=False):
    """The result for one entry."""

    findings: list[Finding]
    """The findings, in the order in which they were found."""
    reply: Any = None
    """The reply; None if there is none, or if it does not decode."""
    endpoint: str = ""
    """The endpoint whose reply the body was taken for; empty if it was not read."""
    fmt: Format | None = None
    """The format that the body is in; None if that is not known."""
    kind: str = ""
    """The kind of a reply that decodes."""
    body: bytes = b""
    """The body as it was read, unpacked."""
    is_reply: bool = False
    """Whether there is a reply to judge, whether or not it decodes."""
    skipped: str = ""
    """Where the request went, if it did not ask an endpoint whose replies are read."""
    read_as: tuple[Any, ...] = ()
    """The format that was asked for, the expected class and the charset of a reply that decodes. Each is None if it
    is not known."""


class Judge:
    """Judges entries one by one."""

    def __init__(self, options: Options, hint: str = _HINT) -> None:
        self.options = options
        self.hint = "" if options.endpoint or options.expect else hint
        # The endpoint that is assumed if the request is not known.
        self.endpoint = options.endpoint or (options.expect and with_kind(options.expect)) or DEFAULT
        self.codec = codec_of(self.endpoint)

    def judge(self, entry: Entry) -> Verdict:
        """Judge a reply with its headers and its request."""
        asked = _asked(entry.url, entry.form, entry.fmt, entry.charset, entry.expect)
        if not asked.request.here:
            host = printable(NUMBERS.masked(asked.request.host)[:_LONGEST_KEY])
            return Verdict([], skipped=host or "no host")
        if asked.wrong:
            return _bad([], entry, Problem("bad-entry", asked.wrong))
        body, is_text = entry.body, entry.text
        findings: list[Finding] = []
        plain = body and entry.status == 200 and not (entry.headers or entry.open_end or entry.doubt)
        if not plain or body is None or body.startswith(PACKED):
            unpacked = self._unpacked(entry, findings)
            if not isinstance(unpacked, bytes):
                return unpacked
            body = unpacked
            # A packed body was not recorded as text.
            is_text = entry.text and (body is entry.body or entry.open_end)
        charset = self._charset(entry, body, asked.charset, is_text, findings)
        return self._read(entry, body, charset, asked, findings)

    def _unpacked(self, entry: Entry, findings: list[Finding]) -> bytes | Verdict:
        """Return the unpacked body of an entry, or the verdict if there is no body to judge."""
        if entry.status != 200:
            message = f"the HTTP status is {entry.status}, where the service answers 200"
            findings.append(_note("http-status", message))
        if _is_no_reply(entry):
            if entry.status == 200:
                findings.append(_note("no-reply", CODES["no-reply"][1]))
            return Verdict(findings)
        if entry.problem is not None:
            return _bad(findings, entry, entry.problem)
        if entry.body is None:
            return Verdict([*findings, _note("no-body", entry.doubt or CODES["no-body"][1])])
        try:
            body, doubt = content(entry.body, headers_of(entry.headers, "content-encoding"), entry.text)
        except (BrokenError, MissingError) as error:
            return _bad(findings, entry, Problem("bad-coding", str(error)))
        findings += [_note("other-coding", words) for words in (entry.doubt, doubt) if words]
        unpacked = body is not entry.body
        findings += _wrong_length(entry, unpacked=unpacked)
        return _without_line_ends(body) if entry.open_end and not unpacked else body

    def _charset(self, entry: Entry, body: bytes, asked: str | None, is_text: bool, into: list[Finding]) -> str | None:
        """Return the charset of a body. A text has none, and the caller's is an order. Any other can be wrong."""
        # JSON in ASCII is the same in every charset.
        is_ascii = body.isascii()
        if is_ascii and body.startswith((b"[", b"{")):
            return None
        if is_text:
            # Reading without a charset is faster. The result is the same unless there is an XML declaration, or half a
            # surrogate pair.
            return "utf-8" if _QUESTION_MARK in body or _HALF in body else None
        if is_ascii or self.options.charset is not None:
            return self.options.charset
        charset, findings = answered_in(asked, body, entry.header("content-type"))
        into += findings
        return charset

    def _read(self, entry: Entry, body: bytes, charset: str | None, asked: _Asked, findings: list[Finding]) -> Verdict:
        """Judge a body."""
        options = self.options
        fmt = options.fmt if asked.fmt is None else asked.fmt
        if asked.codec is None:
            codec, name, hint = self.codec, self.endpoint, self.hint
        else:
            codec, name, hint = asked.codec, asked.endpoint, ""
        expect = asked.expect
        if expect is None and options.expect:
            expect = kinds()[name].get(options.expect)
        known = _known(entry) if entry.posted or entry.sent or entry.headers else asked.known
        report = report_of(codec, body, fmt, expect, charset, options.strict, DEFAULT_LIMITS, known, hint)
        if report.reply is None and (shorter := _shorter(entry, body)) is not None:
            # Text that a tool prints after the body does not belong to the reply.
            other = report_of(codec, shorter, fmt, expect, charset, options.strict, DEFAULT_LIMITS, known, hint)
            body, report = (body, report) if other.reply is None else (shorter, other)
        reply = report.reply
        found = format_in(body) if fmt is None else _FORMATS[fmt]
        if report.findings:
            findings += report.findings
            if any(finding.code == "other-format" for finding in report.findings):
                found = Format.TEXT
        if reply is None and entry.guessed and (words := self._unrecognised(body, report.findings)):
            return Verdict([_note("unrecognised", words)], None, name, None, "", body, True)
        if reply is None:
            # A body without signs of another format counts as CSV.
            guessed = fmt is None and found is Format.CSV
            return Verdict(findings, None, name, None if guessed else found, "", body, True)
        read_as = fmt, expect, charset
        if asked.has_views and not isinstance(reply, ErrorReply):
            findings += missing_views(asked.request.query, reply)
        return Verdict(findings, reply, name, found, codec._declared(reply).kind, body, True, "", read_as)

    def _unrecognised(self, body: bytes, findings: Sequence[Finding]) -> str:
        """Say what a file is that was taken for a reply, or return an empty text if it may be one."""
        errors = {finding.code for finding in findings if finding.severity is Severity.ERROR}
        if not errors or "empty" in errors:
            return ""  # only strict refuses it, or it is empty
        options = self.options
        is_reply = any(said is not None for said in (options.fmt, options.expect, options.endpoint))
        return looks_like(body, is_reply, format_in(body) is not Format.CSV)


def _note(code: str, message: str) -> Finding:
    return Finding(CODES[code][0], code, message, 0, 1, 1, "", "")


def _bad(findings: list[Finding], entry: Entry, trouble: Problem) -> Verdict:
    return Verdict([*findings, _note(trouble.code, _known(entry).masked(trouble.message))], is_reply=True)


def _wrong_length(entry: Entry, unpacked: bool) -> list[Finding]:
    said = entry.header("content-length")
    # If the recorder has unpacked the body, its length on the wire is lost.
    if entry.length is None or not said or (entry.header("content-encoding") and not unpacked):
        return []
    if said == str(entry.length):
        return []
    said = said if _NUMBER.fullmatch(said) and len(said) < 20 else "no number"
    return [_note("content-length", f"Content-Length is {said}, the body has {entry.length} bytes")]


def message_of(finding: Finding) -> str:
    """Return the message of a finding, with its value and the number of records that it is about."""
    where = f"{finding.path}: " if finding.path else ""
    records = f" (in {finding.count} records)" if finding.count > 1 else ""
    return printable(f"{where}{finding.message}{records}")


class Checker:
    """Counts verdicts, and adds to findings where they are."""

    def __init__(self, options: Options, path: str, hint: str) -> None:
        self.judge = Judge(options, hint).judge
        self.path = safe_name(path)
        self.found: list[Found] = []
        self.judged: list[int] = []
        self.summary = Summary()

    def whole(self, trouble: Problem, last: int, line: int) -> None:
        """Report a problem of the recording as a whole."""
        self.summary.unreadable += trouble.code == "unreadable"
        self._add(last and last + 1, _note(trouble.code, NUMBERS.masked(trouble.message)), line)

    def entry(self, entry: Entry) -> Verdict:
        """Judge an entry."""
        verdict, summary = self.judge(entry), self.summary
        if verdict.skipped:
            summary.skipped[verdict.skipped] += 1
            return verdict
        if verdict.findings:
            is_there = entry.body_line and entry.body and verdict.body and entry.body.startswith(verdict.body)
            for finding in verdict.findings:
                self._add(entry.number, finding, entry.line or 1, entry.body_line if is_there else 0)
        if not verdict.is_reply:
            return verdict
        reply, fmt = verdict.reply, NO_FORMAT if verdict.fmt is None else _NAMES[verdict.fmt]
        summary.replies += 1
        self.judged.append(entry.number)
        summary.size += len(verdict.body)
        if reply is None:
            summary.undecoded += 1
            summary.forms[verdict.endpoint, fmt, UNDECODED] += 1
            return verdict
        summary.forms[verdict.endpoint, fmt, verdict.kind] += 1
        if isinstance(reply, ErrorReply):
            summary.errors[verdict.endpoint, int(reply.code)] += 1
            when = seconds(entry.time)
            if when is not None:
                summary.timeline.add(when, int(reply.code))
        return verdict

    def _add(self, number: int, finding: Finding, line: int, body_line: int = 0) -> None:
        """Report a finding about an entry that begins in *line*; *body_line* is as in an `Entry`."""
        # A finding about many records counts once, because it is shown once.
        summary, severity, code = self.summary, finding.severity, finding.code
        summary.findings += 1
        summary.codes[severity.value, code] += 1
        # A finding that is not about a place in the reply does not show one.
        inside = (finding.line, finding.column) if finding.excerpt or finding.offset else (0, 0)
        where, at = (body_line + inside[0] - 1, inside[1]) if body_line and inside[0] else (line, 1)
        said = message_of(finding), finding.excerpt, finding.count
        self.found.append(Found(self.path, number, where, at, severity, code, *said, *inside))
        if code.startswith("unknown-"):
            value = _NUMBER.search(finding.message) if code == "unknown-number" else None
            label = f"{_PLACE.sub('[]', finding.path)}{f' = {value[0]}' if value else ''}"
            summary.unknown[printable(label[:_LONGEST_KEY])] += finding.count


def _is_no_reply(entry: Entry) -> bool:
    """Return whether a response never has a body. If it has one anyway, it is judged, except for redirects."""
    if 300 <= entry.status < 400 and entry.status != 304:
        return True
    if entry.body or entry.problem is not None:
        return False
    return 100 <= entry.status < 200 or entry.status in (204, 205, 304) or entry.method.upper() in ("HEAD", "OPTIONS")


def _without_line_ends(body: bytes) -> bytes:
    """Return a body without the line ends that tools add at its end, and without the next file's byte order mark."""
    return body.rstrip(b"\r\n").removesuffix(BOM).rstrip(b"\r\n")


def _shorter(entry: Entry, body: bytes) -> bytes | None:
    """Return as much of a body as `Content-Length` says, or None if that is not shorter."""
    said = entry.header("content-length") if body and entry.length is not None and not entry.text else ""
    if not (_NUMBER.fullmatch(said) and len(said) < 20) or entry.header("content-encoding"):
        return None
    return body[: int(said)] if 0 < int(said) < len(body) else None


def _known(entry: Entry) -> Known:
    """Return the secrets in the request of an entry. They are collected when something is quoted."""
    if not (entry.url or entry.form or entry.posted or entry.sent or entry.headers):
        return NUMBERS

    def collect() -> tuple[str, ...] | None:
        return values_of(entry.url, entry.form, (*entry.sent, *entry.headers), posted=entry.posted)

    return Known(collect, numbers=True)


def _asked(url: str, form: bytes, fmt: int | None, charset: str | None, expect: str | None) -> _Asked:
    """Return what a request asked for. Cache the last short ones, because most recordings repeat them."""
    look_up = _remembered if len(url) + len(form) <= _LONGEST_REMEMBERED else _asked_anew
    return look_up(url, form, fmt, charset, expect)


def _asked_anew(url: str, form: bytes, fmt: int | None, charset: str | None, expect: str | None) -> _Asked:
    request = request_of(url, form)
    query = request.query
    codec, cls, name, wrong = None, None, "", ""
    if request is not UNKNOWN:
        codec, cls = query._codec, query.expect
    elif expect:
        codec = codec_of(with_kind(expect) or DEFAULT)
    if codec is not None:
        name = codec.endpoint.name.removesuffix(".php")
    if expect:
        cls = kinds()[name].get(expect)
        wrong = f"expect has to be one of {', '.join(kinds()[name])}, the replies of {name}.php" if cls is None else ""
    return _Asked(
        request,
        query.fmt if fmt is None else fmt,
        charset or query.charset,
        cls,
        codec,
        name,
        _known(Entry(number=0, url=url, form=form)),
        request is not UNKNOWN and has_views(query),
        wrong,
    )


_remembered = lru_cache(512)(_asked_anew)

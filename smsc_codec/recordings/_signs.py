"""Recognises the kinds of recordings, and says what a file may be that is neither a recording nor a reply."""

from __future__ import annotations

import re
from functools import lru_cache

from .._source import BOM, UTF16_MARKS
from ..endpoints import ENDPOINTS, codec_of
from ._har import ENTRY
from ._json import Shape, shape_of
from ._keys import OURS, Keys
from ._stubs import NOCK
from ._tape import HEAD, Kind, Tape
from ._trace import is_trace
from ._warc import is_archive

_JSON = re.compile(rb"[ \t\r\n]*[{\[]")
_LOG = re.compile(rb'"log"\s*:\s*\{')
_CALLED = re.compile(rb'\s*[A-Za-z_$][\w.$]{0,100}\s*\(\s*[{\[]\s*[{"]')
_LINES = rb"(?:(?:(?:---|#|%)[^\n]*|[^\S\n]*)\n)*"
_TAPES = (
    # vcrpy, Ruby's VCR and similar tools: the list has a name, and members of one line can come before it.
    re.compile(_LINES + rb"(?:[A-Za-z_\"'][^\n:]*:[^\n]*\n)*[\"']?(?:http_)?interactions[\"']?:(?:\s|\Z)"),
    # php-vcr, and VCR 1.x for Ruby: the list is the document.
    re.compile(_LINES + rb"-[ \t]*(?:\n[ \t]+|!ruby/struct:VCR::HTTPInteraction[^\n]*\n[ \t]+)?[\"']?request[\"']?:"),
    re.compile(_LINES + rb"responses:[ \t]*\n[ \t]*-[ \t]*response:"),
)
_MAPPING = frozenset(
    [
        *("id", "uuid", "name", "request", "response", "priority", "persistent", "metadata", "insertionIndex"),
        *("scenarioName", "requiredScenarioState", "newScenarioState", "postServeActions", "serveEventListeners"),
    ]
)
"""The members of a WireMock stub."""


def kind_of(tape: Tape, keys: Keys = OURS) -> Kind:
    """Return what kind of recording begins here. A file without a sign of any is taken for a body."""
    head = tape.beginning()
    found = None
    if is_archive(head) or is_trace(head):
        found = Kind.HTTP
    elif _JSON.match(head):
        found = _in_json(head, keys)
    elif any(sign.match(head) for sign in _TAPES):
        found = Kind.CASSETTE
    elif _CALLED.match(head) and b'"entries"' in head:
        found = Kind.HAR
    return found or tape.kind()


def _in_json(head: bytes, keys: Keys) -> Kind | None:
    shape = shape_of(head)
    names = set(shape.keys)
    # The caller's names come first, because a log of requests and responses looks like stubs.
    if names & _first_parts(*({keys.body, keys.body_base64} - {OURS.body, OURS.body_base64})):
        return Kind.LINES
    if names >= ENTRY:
        return Kind.HAR
    if ("log" in names or shape.inner[:1] == ["log"]) and _LOG.search(head):
        return Kind.HAR
    if is_cassette(shape):
        return Kind.CASSETTE
    return Kind.LINES if names & _first_parts(keys.body, keys.body_base64) else None


def _first_parts(*names: str) -> set[str]:
    """Return the members that can contain the values of these names."""
    return {part for name in names for part in (name, name.partition(".")[0])}


def is_cassette(shape: Shape) -> bool:
    """Return whether a document is a cassette, or recorded stubs."""
    names = set(shape.keys)
    if names >= NOCK:
        return True
    if shape.many:
        return (names >= {"request", "response"} and not names >= _CHARLES) or shape.keys == ["request"]
    named = names & {"interactions", "http_interactions", "mappings"}
    return bool(named) or (names >= {"request", "response"} and names <= _MAPPING) or names >= {"info", "item"}


# What a file may be

_DECLARED = (
    rb"\s*(?:<\?xml[^>]{0,300}>\s*)?(?:<!--.{0,500}?-->\s*)?"
    rb"(?:<!DOCTYPE\s[^\[>]{0,300}(?:\[.{0,4000}?\]\s{0,20})?>\s*)?"
)
_POSTMAN = "save responses as examples, and export the collection in version 2.1"
_CHARLES = frozenset({"protocolVersion", "host", "request", "response"})
"""The members of a message in a session of Charles that is not HAR."""
_EXPORT = "export the sessions of a proxy as HAR"
_ALWAYS = (
    (re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|BM.{4}\0{4}", re.DOTALL), "an image", ""),
    (re.compile(rb"%PDF-", re.DOTALL), "a PDF document", ""),
    (re.compile(rb"PK(?:\x03\x04|\x05\x06)", re.DOTALL), "a zip archive", f"unpack it; {_EXPORT}"),
    (
        re.compile(rb"7z\xbc\xaf|Rar!|BZh[1-9]1AY|\xfd7zXZ\0", re.DOTALL),
        "a packed file",
        "unpack it, or pack it with gzip or zstd",
    ),
    (
        re.compile(rb"\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4|\xa1\xb2\x3c\x4d|\x4d\x3c\xb2\xa1|\x0a\x0d\x0d\x0a", re.DOTALL),
        "packets of a network (pcap)",
        "export what they carry, or record with a proxy as HAR",
    ),
    (re.compile(rb"SQLite format 3\0", re.DOTALL), "a database of SQLite", "export the bodies as JSON Lines"),
    (re.compile(rb"\x7fELF|MZ.\0", re.DOTALL), "a program", ""),
    (re.compile(rb".{257}ustar", re.DOTALL), "a tar archive", "unpack it"),
    (re.compile(rb"\xac\xed\0\x05", re.DOTALL), "objects of Java", _EXPORT),
    (
        re.compile(rb"(?:[\t\n\r -~]\0){4}|(?:\0[\t\n\r -~]){4}", re.DOTALL),
        "text in UTF-16 without a byte order mark",
        "save it in UTF-8",
    ),
    (re.compile(rb"\s*\x1b\[", re.DOTALL), "what a tool prints in colours", "record without them (--pretty=none)"),
    (
        re.compile(rb"\d{1,9}:(?:\d{1,9}:[a-z_]{1,20}[;,]|[a-z_]{1,20};)", re.DOTALL),
        "flows of mitmproxy",
        "write them as HAR: mitmdump -nr FLOWS --set hardump=OUT.har",
    ),
)
"""Beginnings that replies never have: the sign, what the file is, and what can be done."""
_OFTEN = (
    (
        re.compile(
            rb"(?i:\s*(?:<\?xml[^>]{0,300}>\s*)?(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b)",
            re.DOTALL,
        ),
        "a page in HTML",
        "",
    ),
    (
        re.compile(_DECLARED + rb"<(?:items\s|har\b|recording\b|jmeterTestPlan|testResults\b)", re.DOTALL),
        "what another tool has recorded, in XML",
        _EXPORT,
    ),
    (
        re.compile(
            rb"#!|<\?php\b|(?:import|from|def|class|package|func|function|const|var|let) [^\n=]*[\n;{(]", re.DOTALL
        ),
        "a program",
        "",
    ),
    (re.compile(rb"\s*curl\s", re.DOTALL), "a command line of curl", "run it with -i, and keep what it prints"),
    (
        re.compile(
            rb"\s*(?:\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d|\S{1,100} \S{1,100} \S{1,100} \[\d\d/[A-Z][a-z]{2}/\d{4}:|"
            rb"\[?\d\d:\d\d:\d\d[\]., ]|(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |<\d{1,3}>1 \d{4}-|"
            rb"\[[A-Z]{4,8}\]|(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)[ :\[]|Traceback \(most recent|"
            rb"-- (?:Logs|Journal) begin)",
            re.DOTALL,
        ),
        "a log",
        "",
    ),
    (
        re.compile(
            rb"(?:#[^\n]*\n)*---[ \t]*\r?\n[\w\"'-]|"
            rb"(?:(?:---|#|%)[^\n]*\n)*[A-Za-z_][\w.-]{0,100}:[ \t]*\r?\n[ \t]*[-\w]",
            re.DOTALL,
        ),
        "YAML with other keys",
        "",
    ),
    (re.compile(rb"\s*\[[^\]\n\"{}]{1,100}\][ \t]*\r?\n", re.DOTALL), "settings (INI or TOML)", ""),
    (
        re.compile(rb"--\d{4}-\d\d-\d\d \d\d:\d\d:\d\d--  http", re.DOTALL),
        "what wget shows",
        "keep the replies with --save-headers or --warc-file",
    ),
    (re.compile(rb"version https://git-lfs", re.DOTALL), "a pointer of Git", "fetch the file itself"),
)
"""More beginnings, for files if the caller has not said what reply they are."""
_ROOT = re.compile(_DECLARED + rb"<([A-Za-z_][\w.:-]{0,100})[\s/>]", re.DOTALL)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_ERROR_OF_TEXT = re.compile(rb"\s*ERROR\s*=")
_WAYS = (
    "expected the body of a reply or a recording ({kinds}); if it is one of them, say so with --kind, and for a body "
    "with --fmt"
)
_LINES_NEED = (
    "JSON Lines need body or body_base64 in each line, and take url, fmt, charset, expect, endpoint, status, headers "
    "and time; --key body=NAME says that body has another name"
)


def looks_like(body: bytes, is_reply: bool, has_format: bool) -> str:
    """Say what a file is that is not a reply, and what can be done. Return an empty text if it may be a damaged reply.

    The text does not quote the file. *is_reply* means that the caller has said what reply the file is. *has_format*
    means that its format is known: it begins like a format other than CSV, whose beginning can be anything.
    """
    head = body[:HEAD]
    if head.startswith(UTF16_MARKS):
        head = head.decode("utf-16", "replace").encode()
    head = head.removeprefix(BOM)
    if _ERROR_OF_TEXT.match(head):
        return ""
    for sign, what, todo in _ALWAYS:
        if sign.match(head):
            return _said(what, todo)
    for sign, what, todo in _OFTEN:
        if not is_reply and sign.match(head):
            return _said(what, todo)
    if _JSON.match(head):
        return _said(*_json_of(head, is_reply))
    root = _ROOT.match(head)
    if root is not None and not is_reply and not _is_documented({root[1].decode("latin-1")}, "xml"):
        return _said("XML with other elements than a reply has", "")
    if is_reply or has_format:
        return ""
    return _said("binary data" if _CONTROL.search(head) else "text in no form that is known", "")


def _said(what: str, todo: str) -> str:
    kinds = ", ".join(kind.value for kind in Kind if kind is not Kind.BODY)
    ways = _WAYS.format(kinds=kinds)
    return what and f"it looks like {what}; {todo + '; ' if todo else ''}{ways}"


def _json_of(head: bytes, is_reply: bool) -> tuple[str, str]:
    """Say what a JSON document is, as `looks_like` does. Return empty texts if its keys are those of replies."""
    shape = shape_of(head)
    names = set(shape.keys)
    if not names:
        return "", ""
    if "_postman_variable_scope" in names:
        return "variables of Postman, which hold no replies", _POSTMAN
    if names >= {"order", "requests"} or names >= {"collections", "environments"}:
        return "an old export of Postman", _POSTMAN
    if _is_documented(names, "json"):
        return "", ""
    if "openapi" in names or "swagger" in names:
        return "a description of an interface (OpenAPI)", ""
    if names >= {"constants", "events"}:
        return "a network log of Chromium", "save the network tab of the developer tools as HAR"
    if names >= _CHARLES:
        return "a session of Charles", "export it as HAR"
    if "_type" in names and "resources" in names:
        return "an export of Insomnia, which has no replies", "export the replies as HAR"
    if is_reply:
        return "", ""
    whole = shape_of(head.partition(b"\n")[0]).whole and not shape.many
    what = "JSON Lines with other keys" if whole and head.count(b"\n") > 1 else "JSON with other keys than a reply has"
    return what, _LINES_NEED


def _is_documented(names: set[str], fmt: str) -> bool:
    """Return whether a reply has at least half of these names."""
    return any(2 * len(names & known) >= len(names) for known in _documented(fmt))


@lru_cache(2)
def _documented(fmt: str) -> tuple[frozenset[str | None], ...]:
    """Return the keys of the objects of each reply, and in XML its root."""
    replies = [reply for name in ENDPOINTS for reply in codec_of(name).endpoint.replies]
    return tuple(
        frozenset(
            [*(field.key(fmt) for field in reply.object.fields), *((*reply.xml, reply.item) if fmt == "xml" else ())]
        )
        for reply in replies
    )

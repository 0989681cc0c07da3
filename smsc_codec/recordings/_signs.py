"""By what a recording is recognised, and what a file may be that is neither a recording nor a reply."""

from __future__ import annotations

import re
from functools import lru_cache

from .._source import BOM, is_utf8
from ..endpoints import ENDPOINTS, codec_of
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
    # vcrpy, Ruby's VCR, and what writes as they do: the list has a name, and members of one line can stand before it.
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
"""What stubs of WireMock have."""


def kind_of(tape: Tape, keys: Keys = OURS) -> Kind:
    """Say what kind of recording begins here; what shows no sign of any is taken for a body."""
    head = tape.beginning()
    found = None
    if _JSON.match(head):
        found = _in_json(head, keys)
    elif is_archive(head) or is_trace(head):
        found = Kind.HTTP
    elif any(sign.match(head) for sign in _TAPES):
        found = Kind.CASSETTE
    elif _CALLED.match(head) and b'"entries"' in head:
        found = Kind.HAR
    return found or tape.kind()


def _in_json(head: bytes, keys: Keys) -> Kind | None:
    shape = shape_of(head)
    names = set(shape.keys)
    # What the caller says comes first: a log of requests and responses looks like stubs.
    if names & _first_parts(*({keys.body, keys.body_base64} - {OURS.body, OURS.body_base64})):
        return Kind.LINES
    if ("log" in names or shape.inner[:1] == ["log"]) and _LOG.search(head):
        return Kind.HAR
    if is_cassette(shape):
        return Kind.CASSETTE
    return Kind.LINES if names & _first_parts(keys.body, keys.body_base64) else None


def _first_parts(*names: str) -> set[str]:
    """Return the members in which the values of these names can be found."""
    return {part for name in names for part in (name, name.partition(".")[0])}


def is_cassette(shape: Shape) -> bool:
    """Say whether a document is a cassette, or stubs that something has recorded."""
    names = set(shape.keys)
    if names >= NOCK:
        return True
    if shape.many:
        return names >= {"request", "response"} or shape.keys == ["request"]
    named = names & {"interactions", "http_interactions", "mappings"}
    return bool(named) or (names >= {"request", "response"} and names <= _MAPPING) or names >= {"info", "item"}


# What a file may be

_DECLARED = rb"\s*(?:<\?xml[^>]{0,300}>\s*)?"
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
    (re.compile(rb"\s*\x1b\[", re.DOTALL), "what a tool prints in colours", "record without them (--pretty=none)"),
    (
        re.compile(rb"\d{1,9}:(?:\d{1,9}:[a-z_]{1,20}[;,]|[a-z_]{1,20};)", re.DOTALL),
        "flows of mitmproxy",
        "write them as HAR: mitmdump -nr FLOWS --set hardump=OUT.har",
    ),
)
"""What no reply begins like: the sign, what it is, and what can be done."""
_OFTEN = (
    (
        re.compile(rb"(?i:\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b)", re.DOTALL),
        "a page in HTML",
        "",
    ),
    (
        re.compile(_DECLARED + rb"<(?:items\s|har\b|recording\b|jmeterTestPlan|testResults\b)", re.DOTALL),
        "what another tool has recorded, in XML",
        _EXPORT,
    ),
    (
        re.compile(rb"#!|(?:import|from|def|class|package|func|function|const|var|let) [^\n=]*[\n;{(]", re.DOTALL),
        "a program",
        "",
    ),
    (re.compile(rb"\s*curl\s", re.DOTALL), "a command line of curl", "run it with -i, and keep what it prints"),
    (
        re.compile(
            rb"\s*(?:\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d|\S{1,100} \S{1,100} \S{1,100} \[\d\d/[A-Z][a-z]{2}/\d{4}:|"
            rb"\[[A-Z]{4,8}\]|(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)[ :\[])",
            re.DOTALL,
        ),
        "a log",
        "",
    ),
    (
        re.compile(rb"(?:(?:---|#|%)[^\n]*\n)*[A-Za-z_][\w.-]{0,100}:[ \t]*\n[ \t]*[-\w]", re.DOTALL),
        "YAML with other keys",
        "",
    ),
    (re.compile(rb"version https://git-lfs", re.DOTALL), "a pointer of Git", "fetch the file itself"),
)
"""What a file may be of which the caller has not said what reply it is."""
_ROOT = re.compile(_DECLARED + rb"<([A-Za-z_][\w.:-]{0,100})[\s/>]")
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
    """Say what a file is that is not a reply, and what can be done; empty if it may be a damaged reply.

    It holds nothing of the file. The caller can have said what reply the file is (*is_reply*), and its format can be
    known (*has_format*): it begins like one that is not CSV, which anything begins like.
    """
    head = body[:HEAD].removeprefix(BOM)
    if _ERROR_OF_TEXT.match(head):
        return ""
    if _JSON.match(head):
        return _said(*_json_of(head, is_reply))
    for sign, what, todo in _ALWAYS:
        if sign.match(head):
            return _said(what, todo)
    for sign, what, todo in _OFTEN:
        if not is_reply and sign.match(head):
            return _said(what, todo)
    root = _ROOT.match(head)
    if root is not None and not is_reply and root[1].decode("latin-1") not in _documented("xml"):
        return _said("XML with other elements than a reply has", "")
    if is_reply or has_format:
        return ""
    return _said("text in no form that is known" if b"\0" not in head and is_utf8(head[:-3]) else "binary data", "")


def _said(what: str, todo: str) -> str:
    kinds = ", ".join(kind.value for kind in Kind if kind is not Kind.BODY)
    ways = _WAYS.format(kinds=kinds)
    return what and f"it looks like {what}; {todo + '; ' if todo else ''}{ways}"


def _json_of(head: bytes, is_reply: bool) -> tuple[str, str]:
    """Say what a document in JSON is, as `looks_like` does; nothing if its keys are those of replies."""
    shape = shape_of(head)
    names = set(shape.keys)
    if not names or names & _documented("json"):
        return "", ""
    if "openapi" in names or "swagger" in names:
        return "a description of an interface (OpenAPI)", ""
    if "_type" in names and "resources" in names:
        return "an export of Insomnia, which has no replies", "export the replies as HAR"
    if is_reply:
        return "", ""
    whole = shape_of(head.partition(b"\n")[0]).whole and not shape.many
    what = "JSON Lines with other keys" if whole and head.count(b"\n") > 1 else "JSON with other keys than a reply has"
    return what, _LINES_NEED


@lru_cache(2)
def _documented(fmt: str) -> frozenset[str]:
    """Return all keys of objects of replies, and roots of replies in XML."""
    replies = [reply for name in ENDPOINTS for reply in codec_of(name).endpoint.replies]
    keys = {field.key(fmt) for reply in replies for field in reply.object.fields}
    roots = [(*reply.xml, reply.item) for reply in replies if fmt == "xml"]
    return frozenset(filter(None, keys.union(*roots)))

"""The entries of recordings of any kind, and the findings about them."""

from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from ..report import Severity
from ._coding import BrokenError

MOST_HEADERS, LONGEST_HEADERS = 1000, 1 << 18
"""The most headers of a message, and the most characters of all of them. Servers and clients refuse more than a hundred
headers or some ten thousand characters.

The same bounds hold for a jar of cookies.
"""
LONGEST_URL = 1 << 16
"""The most characters of a URL. Servers refuse more than some thousand."""
_ENTRY, _TEXT = 500, 100
"""The memory that an entry, and a text of it, takes besides its characters."""
MOST_FIELDS, LONGEST_FORM = 10_000, 1 << 23
"""The most fields of a form, and the most bytes of all of them, without files. PHP takes 1,000 fields and 8 MiB."""

CODES: dict[str, tuple[Severity, str]] = {
    "unreadable": (Severity.ERROR, "the file cannot be opened or read, or a library for it is not installed"),
    "unrecognised": (Severity.ERROR, "the file is neither the body of a reply nor a recording that is read"),
    "bad-recording": (Severity.ERROR, "the recording is cut or broken here; what comes before it was judged"),
    "bad-entry": (Severity.ERROR, "an entry that does not contain a reply"),
    "bad-coding": (Severity.ERROR, "the chunks or the compression of the body are broken or unknown"),
    "other-coding": (Severity.WARNING, "the headers are wrong about how the body is packed, or something follows it"),
    "no-reply": (Severity.INFO, "the response to a HEAD or OPTIONS request, which has no body, is not a reply"),
    "no-body": (Severity.WARNING, "the recording does not contain the body of this reply"),
    "http-status": (Severity.WARNING, "an HTTP status other than 200, which the service uses for errors too"),
    "content-length": (Severity.WARNING, "`Content-Length` differs from the body's length"),
}
"""The codes of findings that only recordings have, each with its severity and meaning."""


class Problem(msgspec.Struct, frozen=True):
    """A problem of an entry that is found before its body is judged."""

    code: str
    """One of `CODES`."""
    message: str
    """What is wrong, in words."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One reply as it was recorded, and what is known about its request."""

    number: int
    """The number of the entry, from 1; in JSON Lines the number of its line; 0 if the file is the reply."""
    line: int = 0
    """The line of the recording in which it begins, from 1; in YAML the line of its response; 0 if not known."""
    body_line: int = 0
    """The line in which the body begins, if the lines of the body are lines of the recording; 0 otherwise."""
    body: bytes | None = None
    """The body as it was recorded, perhaps still compressed; `None` if the recording does not contain it."""
    text: bool = False
    """Whether the recording contains the body as text, so that its charset and its length in bytes are lost."""
    length: int | None = None
    """The number of bytes that the body had on the wire, if the recording says so."""
    open_end: bool = False
    """Whether the recording does not say where the body ends, so that a tool may have added line ends."""
    doubt: str = ""
    """What may be wrong with the body, in words; empty if there is nothing to say."""
    status: int = 200
    """The HTTP status."""
    headers: Sequence[tuple[str, str]] = ()
    """The headers of the reply."""
    time: str = ""
    """The time of the recording, as it spells it: a date of ISO 8601 or of HTTP; empty if it is not known."""
    method: str = ""
    """The method of the request; empty if it is not known."""
    url: str = ""
    """The URL of the request; empty if it is not known."""
    form: bytes = b""
    """The parameters in the body of the request, or the body itself if it is not a form."""
    posted: bytes = b""
    """The body of the request, if the recording contains it besides the parameters."""
    sent: Sequence[tuple[str, str]] = ()
    """The headers of the request, cookies among them."""
    fmt: int | None = None
    """The format that was asked for, if the recording says so itself."""
    charset: str | None = None
    """The charset, likewise."""
    expect: str | None = None
    """The kind of reply, likewise, such as `senders`."""
    problem: Problem | None = None
    """The reason why the entry has no reply to judge."""
    guessed: bool = False
    """Whether it was taken for a reply because nothing shows that the file is a recording."""

    def header(self, name: str) -> str:
        """Return the value of a header, or an empty text if it is missing. *name* is in small letters."""
        return header_of(self.headers, name)


class Refused(NamedTuple):
    """An item of a recording that cannot be built."""

    reason: str
    where: Any
    """What is known about it: its beginning, or some of its members. Requests to other servers are only counted."""


def refused(number: int, url: str, reason: object, line: int = 0) -> Entry:
    """Return an entry that cannot be judged. Keep its URL, because requests to other servers are only counted."""
    problem = Problem("bad-entry", str(reason))
    return Entry(number=number, line=line, url=url[:LONGEST_URL].partition("?")[0], problem=problem)


def bounded(entry: Entry) -> Entry:
    """Return the entry, or a refused one if its URL or its form is too long."""
    if len(entry.url) > LONGEST_URL:
        words = f"the URL of the request has more than {LONGEST_URL:,} characters"
        return refused(entry.number, entry.url, words, entry.line)
    try:
        check_form(entry.form.count(b"&") + 1, len(entry.form) + len(entry.posted))
    except BrokenError as error:
        return refused(entry.number, entry.url, error, entry.line)
    return entry


def weight_of(entry: Entry) -> int:
    """Estimate how many bytes of memory an entry takes."""
    texts = [entry.url, *chain.from_iterable(entry.headers), *chain.from_iterable(entry.sent)]
    size = len(entry.body or b"") + len(entry.form) + len(entry.posted)
    return _ENTRY + size + sum(map(len, texts)) + _TEXT * len(texts)


def check_form(fields: int, size: int) -> None:
    """Raise `BrokenError` for a form with too many fields, or with too many bytes in them."""
    if fields > MOST_FIELDS:
        raise BrokenError(f"the form of the request has more than {MOST_FIELDS:,} fields")
    if size > LONGEST_FORM:
        raise BrokenError(f"the form of the request has more than {LONGEST_FORM >> 20} MiB without its files")


def check_pairs(pairs: Sequence[tuple[str, str]], what: str = "headers") -> None:
    """Raise `BrokenError` for headers, or something like them, that are too many or too long."""
    if len(pairs) > MOST_HEADERS:
        raise BrokenError(f"there are more than {MOST_HEADERS:,} {what}")
    if sum(len(name) + len(value) for name, value in pairs) > LONGEST_HEADERS:
        raise BrokenError(f"the {what} have more than {LONGEST_HEADERS:,} characters")


def headers_of(headers: Sequence[tuple[str, str]], name: str) -> str:
    """Return the values of all headers of that name, with commas between them. *name* is in small letters."""
    return ", ".join(value for key, value in headers if key.lower() == name)


def header_of(headers: Sequence[tuple[str, str]], name: str) -> str:
    """Return the value of a header, or an empty text if it is missing. *name* is in small letters."""
    return next((value for key, value in headers if key.lower() == name), "")


class Found(msgspec.Struct, frozen=True):
    """A finding and its place. It never contains logins, passwords, keys, cookies or phone numbers of requests."""

    path: str
    """The path of the recording; `<stdin>` for standard input."""
    entry: int
    """The number of the entry, from 1; in JSON Lines the number of its line; 0 for a finding about the whole file."""
    line: int
    """The line in the recording, from 1: the line of the place itself if the lines of the reply are lines of the
    recording, otherwise the line in which the entry begins."""
    column: int
    """The column in the line, from 1, in characters; 1 if it is not known."""
    severity: Severity
    """How much it matters."""
    code: str
    """A stable word for what it is: `docs/findings.md` and `docs/validating.md` list them."""
    message: str
    """The message: what was expected and what was found."""
    excerpt: str = ""
    """The place in the reply with a caret under it; empty if there is nothing to show."""
    count: int = 1
    """The number of records of the reply that it is about. Its place is in the first of them."""
    reply_line: int = 0
    """The line in the reply, from 1; 0 if it is not about a place in the reply."""
    reply_column: int = 0
    """The column in that line, from 1, in characters; 0 likewise."""

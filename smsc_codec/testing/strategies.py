"""Hypothesis strategies for replies, bodies and damaged bodies.

Each function returns a strategy. Without a *fmt*, names and replies can be of any kind, even if some or all formats
refuse them. With a *fmt*, `encode` can write all of them in it. *endpoint* is the name of one, such as `send` or
`send.php`. They raise `OptionError`, which is a `ValueError`, if *fmt* is not `None` or 0 to 3, if the service does not
have *charset*, or if the replies of *endpoint* are not read here.

>>> from hypothesis import given
>>> from smsc_codec.testing.strategies import bodies, damaged
>>> @given(damaged(bodies(3)))
... def test_my_client_survives(body): ...
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import Any, TypeVar, cast, overload

from hypothesis import strategies as st

from .._options import charset_of, format_of
from .._source import CHARSETS, quote
from .._types import is_really, name_of
from ..codec import Codec
from ..endpoints import ENDPOINTS, module_of
from ..endpoints.senders import (
    OTHER_OPERATORS,
    TEXT_ORDER,
    OperatorStatus,
    Reply,
    Sender,
    SenderList,
    SenderStatus,
)
from ..errors import EncodeError, OptionError
from ..formats import Format
from ..mapping import FrozenMapping
from ..model import MAX_NUMBER, Code, ErrorReply
from ._declared import Values

__all__ = [
    "LOOK_ALIKES",
    "bodies",
    "charsets",
    "damaged",
    "errors",
    "formats",
    "names",
    "noise",
    "replies",
    "replies_of",
    "sender_lists",
    "senders",
]

_ENDPOINTS = module_of.__module__

F = TypeVar("F", bound=Callable[..., Any])
V = TypeVar("V")
T = TypeVar("T")
R = TypeVar("R")
C = TypeVar("C", bound=Code)

LOOK_ALIKES = (
    # These are other replies, in each of the formats.
    "OK",
    "OK, id = 5",
    "0",
    "5",
    "0,-3",
    "541,-7",
    "ID = 5",
    "ERROR = 3 (x)",
    "ERROR = 7 (x), ID - 541",
    "<result>OK</result>",
    '<?xml version="1.0" encoding="koi8-r"?>',
    '{"result": "OK"}',
    "[]",
    # These are other names, and more than one.
    "name = a, id = 1",
    "A, id = 5",
    "A, status = 1",
    "A\nname = B",
    "A\nB,5",
    "A,5",
    "A,1,5",
    '<sender id="1">A</sender>',
    # These have separators, in the middle and at the ends.
    "a = b",
    "a=b",
    " A ",
    "A,",
    "A, ",
    ", A",
    "A =",
    " = A",
    "=",
    ",",
    "A\r",
    "A\r\n",
    "\n",
    "\t",
    # These have to be escaped, or seem to be escaped.
    "<b>",
    "]]>",
    "<![CDATA[A]]>",
    "<!--",
    "&",
    "&amp;",
    "&#0;",
    '"',
    "'",
    "\\",
    "\\u0041",
    "\\ud800",
    "a:b",
    # These are digits, or what `int` takes for digits.
    "007",
    "79991234567",
    "-1",
    "1e5",
    "1_0",
    "٣",
    "²",
    # A charset, a format or a careless reader has trouble with these characters.
    "\ufeffA",
    "п»їA",
    "Имя",
    "Ё№",
    "\x00",
    "\x1b[0m",
    "\x7f",
    "\x85",
    "\xa0",
    "\u2028",
    "\u202e",
    "e\u0301",
    "\ud800",
    "\udcff",
    "\ud83d\ude00",
    "\ufffe",
    "\U0001f600",
    "\U0010ffff",
    "",
)
"""Names that look like something else in one format or another."""

_ordinary = st.from_regex(r"[A-Za-z0-9 ._&'/~-]{1,11}", fullmatch=True) | st.from_regex("[0-9]{1,15}", fullmatch=True)
_texts = st.one_of(
    _ordinary,
    st.text("ABCabc019 .,-_&'/~=()", min_size=1, max_size=12),
    st.sampled_from(LOOK_ALIKES),
    st.text(max_size=8),
    # Halves of surrogate pairs, controls and unassigned characters, which `st.text` gives seldom or never.
    st.text(st.characters(categories=("Cs", "Cc", "Cf", "Cn", "Co", "Zl", "Zp", "Zs", "Nd", "So")), max_size=6),
    # Two at once, and one inside a name.
    st.lists(st.sampled_from((*LOOK_ALIKES, "A")), min_size=2, max_size=3).map("".join),
)
_numbers = st.integers(0, 20) | st.integers(0, MAX_NUMBER)
_no_numbers = st.sampled_from([-1, 10**18, 2**64])
_keys = st.one_of(
    st.sampled_from(TEXT_ORDER + OTHER_OPERATORS),
    st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True),
    st.sampled_from(["id", "name", "status", "sender", "ERROR", "", "a b", "ключ", "x:y", 'q"']),
)


def _made(make: F) -> F:
    """Return the same strategy for the same arguments. Check them when it is made, not when it is drawn from."""
    signature, made = inspect.signature(make), cache(make)

    @wraps(make)
    def checked(*given: Any, **named: Any) -> Any:
        arguments = signature.bind(*given, **named)
        arguments.apply_defaults()
        options = arguments.arguments
        if options["fmt"] is not None:
            options["fmt"] = format_of(options["fmt"])
        # Only the charset of bodies can be any.
        if options["charset"] is not None or signature.parameters["charset"].default is not None:
            options["charset"] = charset_of(options["charset"])
        if "endpoint" in options and not ("cls" in options and options["endpoint"] is None):
            options["endpoint"] = _endpoint_of(options["endpoint"])
        if "cls" in options:
            options["endpoint"] = _endpoint_with(options["cls"], options["endpoint"])
        return made(*arguments.args, **arguments.kwargs)

    return cast("F", checked)


def formats() -> st.SearchStrategy[Format]:
    """Return the four formats."""
    return st.sampled_from(Format)


def charsets() -> st.SearchStrategy[str]:
    """Return the charsets that the service knows."""
    return st.sampled_from(CHARSETS)


@_made
def names(fmt: int | None = None, charset: str = "utf-8") -> st.SearchStrategy[str]:
    """Return sender names: ordinary ones, and texts of all kinds with separators, quotes, controls and look-alikes."""
    return _texts if fmt is None else _texts.filter(lambda name: _carries(SenderList((Sender(name, 1),)), fmt, charset))


@_made
def senders(fmt: int | None = None, charset: str = "utf-8") -> st.SearchStrategy[Sender]:
    """Return single names, with and without id, status, operators and replacements."""
    # A line of fmt=1 needs the id, and does not have operators.
    ids = _ids(fmt) if fmt == Format.CSV else st.none() | _ids(fmt)
    plain = st.builds(Sender, name=names(fmt, charset), id=ids, status=st.none() | _codes(SenderStatus))
    if fmt == Format.CSV:
        return plain
    full = st.builds(
        Sender,
        name=names(fmt, charset),
        id=ids,
        status=st.none() | _codes(SenderStatus),
        operators=st.dictionaries(_keys, _codes(OperatorStatus, 110), max_size=4).map(_frozen),
        replacements=st.dictionaries(_keys, names(fmt, charset), max_size=2).map(_frozen),
    )
    return full if fmt is None else full.filter(lambda sender: _carries(SenderList((sender,)), fmt, charset)) | plain


@_made
def sender_lists(fmt: int | None = None, charset: str = "utf-8") -> st.SearchStrategy[SenderList]:
    """Return lists of names, with one shape and with many."""
    plain = st.builds(Sender, name=names(fmt, charset), id=_ids(fmt), status=st.none() | _codes(SenderStatus, 5))
    lists = st.lists(senders(fmt, charset), max_size=4) | st.lists(plain, max_size=6)
    return _carried(st.builds(SenderList, lists.map(tuple)), fmt, charset)


@_made
def errors(
    fmt: int | None = None, charset: str = "utf-8", *, endpoint: str = "senders"
) -> st.SearchStrategy[ErrorReply]:
    """Return errors with documented and other numbers, with and without a description and the id of a message."""
    codec = _codec_of(endpoint)
    descriptions = st.none() if fmt == Format.CSV else st.none() | _texts
    numbers = _codes(codec.endpoint.errors)
    found = st.builds(ErrorReply, code=numbers, description=descriptions, id=st.none() | _ids(fmt))
    return _carried(found, fmt, charset, codec)


@_made
def replies_of(
    cls: type[T], fmt: int | None = None, charset: str = "utf-8", *, endpoint: str | None = None
) -> st.SearchStrategy[T]:
    """Return replies of a class, such as `replies_of(MessageSent, 3)`. `ErrorReply` and `Success` belong to *endpoint*.

    Raise `OptionError` if *cls* is not the class of a reply.
    """
    found: Any
    if cls is ErrorReply:
        found = errors(fmt, charset, endpoint=str(endpoint))
    elif cls is SenderList:
        found = sender_lists(fmt, charset)
    else:
        codec = _codec_of(str(endpoint))
        asked = None if fmt is None else Format(fmt)
        tame = Values(_texts, wild=False).replies(codec.endpoint, asked, cls)
        wild = Values(_texts, wild=True).replies(codec.endpoint, asked, cls)
        found = _carried(tame | wild, fmt, charset, codec)
    return cast("st.SearchStrategy[T]", found)


@overload
def replies(fmt: int | None = None, charset: str = "utf-8") -> st.SearchStrategy[Reply]: ...


@overload
def replies(fmt: int | None = None, charset: str = "utf-8", *, endpoint: str) -> st.SearchStrategy[Any]: ...


@_made
def replies(fmt: int | None = None, charset: str = "utf-8", *, endpoint: str = "senders") -> st.SearchStrategy[Any]:
    """Return replies of every kind of an endpoint."""
    classes = [reply.cls for reply in _codec_of(endpoint).endpoint.replies]
    return st.one_of([replies_of(cls, fmt, charset, endpoint=endpoint) for cls in classes])


@_made
def bodies(
    fmt: int | None = None, charset: str | None = None, *, endpoint: str = "senders"
) -> st.SearchStrategy[bytes]:
    """Return canonical bodies of replies, as the service writes them. `None` means any format, or any charset."""
    if fmt is None:
        return formats().flatmap(lambda one: bodies(one, charset, endpoint=endpoint))
    if charset is None:
        return charsets().flatmap(lambda one: bodies(fmt, one, endpoint=endpoint))
    codec = _codec_of(endpoint)
    carried: st.SearchStrategy[Any] = replies(fmt, charset, endpoint=endpoint)
    return carried.map(lambda reply: codec.encode(reply, fmt=fmt, charset=charset))


@st.composite
def damaged(draw: st.DrawFn, of: st.SearchStrategy[bytes] | None = None) -> bytes:
    """Return bodies that were damaged up to three times. *of* gives the undamaged ones, by default all `bodies`.

    They are cut, doubled, swapped, spliced with a body in any format, shuffled by lines, re-encoded or read in a wrong
    charset, or lose, gain or change a few bytes. Some can still be read.
    """
    whole = bodies() if of is None else of
    body = draw(whole)
    for _ in range(draw(st.integers(1, 3))):
        body = draw(st.sampled_from(_DAMAGES))(draw, body, whole | bodies())
    return body


def noise() -> st.SearchStrategy[bytes]:
    """Return bytes and texts that have nothing to do with the service."""
    return st.binary(max_size=80) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace"))


_JUNK = (
    *(b"\n", b"\r\n", b", ", b" = ", b",", b"=", b"<", b">", b"&", b'"', b"'", b"{", b"}", b"[", b"]", b":", b"]]>"),
    *(b"0", b"-", b"\\", b"\x00", b"\xff", b" ", b"  ", b"\xef\xbb\xbf", b"OK", b"null", b"<!DOCTYPE a>"),
)

_Damage = Callable[[st.DrawFn, bytes, st.SearchStrategy[bytes]], bytes]


def _cut(draw: st.DrawFn, body: bytes, others: st.SearchStrategy[bytes]) -> bytes:
    return body[: _place(draw, body)]


def _behead(draw: st.DrawFn, body: bytes, others: st.SearchStrategy[bytes]) -> bytes:
    return body[_place(draw, body) :]


def _double(draw: st.DrawFn, body: bytes, others: st.SearchStrategy[bytes]) -> bytes:
    at = _place(draw, body)
    return body[:at] + body[:at] + body[at:]


def _swap(draw: st.DrawFn, body: bytes, others: st.SearchStrategy[bytes]) -> bytes:
    at = _place(draw, body)
    return body[at:] + body[:at]


def _splice(draw: st.DrawFn, body: bytes, others: st.SearchStrategy[bytes]) -> bytes:
    other = draw(others)
    return body[: _place(draw, body)] + other[_place(draw, other) :]


def _shuffle(draw: st.DrawFn, body: bytes, others: st.SearchStrategy[bytes]) -> bytes:
    lines = (body + b"\n" + draw(others)).split(b"\n")
    return b"\n".join(draw(st.permutations(lines[:8])))


def _change(draw: st.DrawFn, body: bytes, others: st.SearchStrategy[bytes]) -> bytes:
    at = _place(draw, body)
    return body[:at] + bytes([draw(st.integers(0, 255))]) + body[at + 1 :]


def _insert(draw: st.DrawFn, body: bytes, others: st.SearchStrategy[bytes]) -> bytes:
    at = _place(draw, body)
    return body[:at] + draw(st.sampled_from(_JUNK)) + body[at:]


def _drop(draw: st.DrawFn, body: bytes, others: st.SearchStrategy[bytes]) -> bytes:
    at = _place(draw, body)
    return body[:at] + body[at + draw(st.integers(1, 4)) :]


def _recode(draw: st.DrawFn, body: bytes, others: st.SearchStrategy[bytes]) -> bytes:
    text = body.decode(draw(charsets()), "replace")
    return text.encode(draw(charsets() | st.sampled_from(["utf-8-sig", "utf-16", "utf-16-le"])), "replace")


_DAMAGES: tuple[_Damage, ...] = (
    _cut,
    _behead,
    _double,
    _swap,
    _splice,
    _shuffle,
    _change,
    _insert,
    _drop,
    _recode,
)


def _place(draw: st.DrawFn, body: bytes) -> int:
    return draw(st.integers(0, len(body)))


def _ids(fmt: int | None) -> st.SearchStrategy[int]:
    return _numbers | _no_numbers if fmt is None else _numbers


def _codes(cls: type[C], most: int = MAX_NUMBER) -> st.SearchStrategy[C]:
    return st.sampled_from(list(cls)) | st.integers(0, most).map(cls)


def _frozen(items: dict[str, V]) -> Mapping[str, V]:
    return cast("Mapping[str, V]", FrozenMapping.of(items))


def _endpoint_of(endpoint: object) -> str:
    """Return the name of an endpoint. Raise `OptionError` if its replies are not read here."""
    if is_really(endpoint, str):
        name = str.__str__(endpoint).removesuffix(".php")
        if name in ENDPOINTS:
            return name
    raise OptionError(f"endpoint has to be one of {', '.join(ENDPOINTS)}, not {quote(endpoint)}")


def _endpoint_with(cls: object, endpoint: str | None) -> str:
    """Return the name of the endpoint that has a class of replies. Raise `OptionError` if there is none."""
    for name in ENDPOINTS if endpoint is None else [endpoint]:
        if any(reply.cls is cls for reply in _codec_of(name).endpoint.replies):
            return name
    found = cls.__name__ if is_really(cls, type) else name_of(cls)
    raise OptionError(f"cls has to be the class of a reply, not {found}")


def _codec_of(endpoint: str) -> Codec[Any]:
    codec: Codec[Any] = module_of(endpoint).CODEC
    return codec


def _carried(
    given: st.SearchStrategy[R], fmt: int | None, charset: str, codec: Codec[Any] | None = None
) -> st.SearchStrategy[R]:
    return given if fmt is None else given.filter(lambda reply: _carries(reply, fmt, charset, codec))


def _carries(reply: Any, fmt: int, charset: str, codec: Codec[Any] | None = None) -> bool:
    try:
        (codec or _codec_of("senders")).encode(reply, fmt=fmt, charset=charset)
    except EncodeError:
        return False
    return True

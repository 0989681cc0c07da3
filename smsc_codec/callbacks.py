"""The calls that the service makes to its clients, which send nothing themselves.

An account has one address for all of them. The service sends the state of a message there (that of an HLR request too),
an incoming message, or a call by which somebody confirms a number:

>>> from smsc_codec.callbacks import decode
>>> body = b"id=7&phone=79990001122&mes=%C4%E0&to=79101112233&md5=316dd50957c17a165d4e58a09f493e10"
>>> call = decode(body, content_type="application/x-www-form-urlencoded", query="md5=1")
>>> call.mes, call.verify("secret")
('Да', True)

`docs/callbacks.md` says what a check value covers, and what it does not.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from hashlib import blake2b, md5, sha1
from hmac import compare_digest
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeAlias, cast
from urllib.parse import quote_plus

import msgspec
from msgspec.structs import force_setattr, replace

from ._careful import Builder, Pairs, Place, Trouble, format_fields, key_in, words_of
from ._loading import LOADING
from ._multipart import FormError, is_multipart, parts_of
from ._options import charset_of, flag_of, format_of, limits_of
from ._public import publish
from ._secrets import NOTHING, Known
from ._source import CHARSETS, Source, bytes_of, charset_name, open_source, quote, size_of
from ._types import is_really, name_of
from .declare import DIGITS, ID, MONEY, TIMESTAMP, Endpoint, Field, Object, Other, Reply, Type, code
from .endpoints.status import DeliveryError, MessageState, MessageType, Stated, utc_of
from .errors import DecodeError, EncodeError, LimitError, OptionError
from .formats import Format
from .limits import Limits
from .mapping import EMPTY, FrozenMapping

if TYPE_CHECKING:
    from typing_extensions import Buffer, Self

DEFAULT_CHARSET = "windows-1251"

LIMITS = Limits(body=256 * 1024)
"""The limits of a call, which anybody can send: a body of 256 KiB, and else those of replies."""


# The check value

# [doc] `md5`, `sha1` and `crc32` in the handler's address ask for one. How the service spells a CRC is not known.
_SPELLINGS: dict[str, Callable[[bytes], Sequence[str]]] = {
    "md5": lambda data: [md5(data, usedforsecurity=False).hexdigest()],
    "sha1": lambda data: [sha1(data, usedforsecurity=False).hexdigest()],
    "crc32": lambda data: [str(zlib.crc32(data)), f"{zlib.crc32(data):08x}"],
}


class _Call(msgspec.Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    """What the three kinds of calls have in common. These fields stand after those of a kind."""

    md5: str | None = None
    """The check value that `verify` compares, as the next two."""
    sha1: str | None = None
    crc32: str | None = None
    charset: str = DEFAULT_CHARSET
    """That of the call, in which its check value is made."""
    other: Mapping[str, str] = EMPTY
    """Everything else in the call."""

    def __post_init__(self) -> None:
        force_setattr(self, "charset", charset_of(self.charset))
        other: Any = self.other
        if isinstance(other, Mapping) and not isinstance(other, FrozenMapping):
            force_setattr(self, "other", FrozenMapping.of(other))

    def verify(self, secret: str | bytes, *, allow_crc32: bool = False) -> bool:
        """Say whether the check values prove that the sender knows the secret of the account's settings.

        Every check value that there is has to be right, and `md5` or `sha1` has to be there; `crc32` alone is enough
        only if *allow_crc32*, because anybody can forge it without the secret. How long it takes does not depend on
        what is wrong. Fields that the check value does not cover may still be forged, and a genuine call may be sent
        again.

        Raise `OptionError` if the secret is empty or neither a string nor bytes.
        """
        flag_of("allow_crc32", allow_crc32)
        key = _secret(secret, self.charset)
        try:
            data = _hashed(_call(self), key)
        except EncodeError:  # nothing that the service hashes
            return False
        right, proven = True, False
        for name, spellings in _SPELLINGS.items():
            given = getattr(self, name)
            if given is not None:
                found = f"{given}".encode("ascii", "replace").lower()
                right &= any([compare_digest(found, each.encode()) for each in spellings(data)])
                proven |= allow_crc32 or name != "crc32"
        return right and proven

    def sign(self, secret: str | bytes, *, md5: bool = True, sha1: bool = False, crc32: bool = False) -> Self:
        """Return the call with these check values, as the service would make them: for tests of a handler.

        Raise `EncodeError` if `verify` would be False for any check value, because a field has a colon or a character
        that the charset lacks; `OptionError` for a wrong argument.
        """
        chosen = {"md5": md5, "sha1": sha1, "crc32": crc32}
        if not any([flag_of(name, value) for name, value in chosen.items()]):
            raise OptionError("expected at least one of md5, sha1 and crc32 to be True")
        data = _hashed(_call(self), _secret(secret, self.charset))
        made = {name: _SPELLINGS[name](data)[0] if wanted else None for name, wanted in chosen.items()}
        return replace(self, **made)

    @property
    def key(self) -> str:
        """What a repeated call has in common with the first: remember it, and do the work once.

        It is made of everything that the check value covers, and of the id of an incoming message.
        """
        return _key(_call(self))


class StatusCallback(_Call, Stated, frozen=True):
    """The state of a message that was sent, or of an HLR request."""

    id: int
    """That of the message."""
    phone: str
    """The number it was sent to; of an e-mail its address."""
    status: MessageState
    time: str | None = None
    """When the state changed, as the service writes it; `ts` is the same in seconds."""
    ts: int | None = None
    """When the state changed, in seconds since 1970, UTC."""
    err: DeliveryError | None = None
    """Why it was not delivered; of an HLR request, what is wrong with the number."""
    syserr: str | None = None
    cnt: int | None = None
    """How many messages it was cut into."""
    type: MessageType | None = None
    cost: Decimal | None = None
    flag: int | None = None
    """Bits; `flags` says what they mean."""
    sender_id: str | None = None
    """The sender name."""
    imsi: str | None = None
    """Of an HLR request, as the next seven: the number of the SIM card."""
    msc: str | None = None
    """The number of the operator's service centre."""
    mcc: str | None = None
    """The code of the country."""
    mnc: str | None = None
    """The code of the operator; zeros in front of it count."""
    cn: str | None = None
    """The country."""
    net: str | None = None
    """The operator."""
    rcn: str | None = None
    """The country in which the number is roaming; empty at home."""
    rnet: str | None = None
    """The operator with which it is roaming; empty at home."""
    country: str | None = None
    """That of the number, as the next two."""
    operator: str | None = None
    region: str | None = None

    @property
    def ts_utc(self) -> datetime | None:
        """The time of `ts`, or None if it is not there or beyond the year 9999."""
        return utc_of(self.ts)


class IncomingCallback(_Call, frozen=True):
    """A message that somebody sent to a number of the account."""

    phone: str
    """Who sent it."""
    mes: str
    """The text."""
    to: str
    """The number of the account that it was sent to."""
    id: int | None = None
    """That of the incoming message. The check value does not cover it."""
    sms_id: int | None = None
    """That of the message that it answers."""
    sent: int | None = None
    """When it was sent, in seconds since 1970, UTC."""
    time: int | None = None
    """When the service received it, likewise."""

    @property
    def sent_utc(self) -> datetime | None:
        """The time of `sent`, or None if it is not there or beyond the year 9999."""
        return utc_of(self.sent)

    @property
    def time_utc(self) -> datetime | None:
        """The time of `time`, or None if it is not there or beyond the year 9999."""
        return utc_of(self.time)


class CallCallback(_Call, frozen=True):
    """A call by which somebody confirms a number, as `wait_call.php` asked for."""

    phone: str
    """Who called."""
    waitcall: str
    ts: int
    """When, in seconds since 1970, UTC."""

    @property
    def ts_utc(self) -> datetime | None:
        """The time of `ts`, or None if it is beyond the year 9999."""
        return utc_of(self.ts)


Callback: TypeAlias = StatusCallback | IncomingCallback | CallCallback
"""Any of the three."""


def _call(call: _Call) -> Callback:
    return cast("Callback", call)


def _secret(secret: object, charset: str) -> bytes:
    """Return the secret as it is hashed. No error repeats it."""
    if is_really(secret, str):
        try:
            data = str.encode(secret, charset)
        except UnicodeEncodeError:
            data = str.encode(secret, "utf-8", "surrogatepass")
    else:
        found = bytes_of(secret)
        if found is None:
            raise OptionError(f"secret has to be a string or bytes, not {name_of(secret)}")
        data = found
    if not data:
        raise OptionError("secret is empty, so that everybody could make the check value: is the setting there?")
    return data


def _covered(call: Callback) -> tuple[tuple[tuple[str, str], ...], str]:
    """Return the fields that the check value covers, in order, and which of them may have colons [client]."""
    if isinstance(call, StatusCallback):
        return (("id", f"{call.id}"), ("phone", f"{call.phone}"), ("status", f"{call.status}")), "phone"
    if isinstance(call, IncomingCallback):
        return (("phone", f"{call.phone}"), ("mes", f"{call.mes}"), ("to", f"{call.to}")), "mes"
    return (("phone", f"{call.phone}"), ("ts", f"{call.ts}")), ""


def _hashed(call: Callback, secret: bytes) -> bytes:
    """Return what the service hashes. Raise `EncodeError` if that would not tell where one of the fields ends.

    With a colon in two of them a part of the text could be made a part of the number.
    """
    parts: list[bytes] = []
    fields, free = _covered(call)
    for name, text in fields:
        if name != free and ":" in text:
            raise EncodeError("expected a value without a colon: the check value is made of it", path=name)
        parts.append(_encoded(text, call.charset, name))
    return b":".join([*parts, secret])


def _encoded(text: str, charset: str, path: str) -> bytes:
    try:
        return text.encode(charset)
    except UnicodeEncodeError as error:
        found = f"U+{ord(text[error.start]):04X}"
        raise EncodeError(f"{charset} cannot hold the character {found}: give another charset", path=path) from None


def _key(call: Callback) -> str:
    if isinstance(call, StatusCallback):
        return f"status:{call.id}:{call.phone}:{call.status}"
    if isinstance(call, CallCallback):
        return f"call:{call.phone}:{call.ts}"
    # The id is not covered. Without the text a forged call could take the id of a message that is still to come.
    text = f"{call.phone}:{call.mes}:{call.to}"
    name = f"{call.id}" if call.id is not None else f"sent {call.sent}"
    return f"incoming:{name}:{blake2b(text.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"


# What the fields are. Each has the same key in all forms.


def _optional(type_: Type, *names: str) -> list[Field]:
    return [Field(name, type_, optional=True) for name in names]


_CHECKS = _optional(DIGITS, *_SPELLINGS)
_KINDS: tuple[Reply, ...] = (
    Reply(
        "incoming_callback",
        "an incoming message",
        Object(
            IncomingCallback,
            (
                *_optional(ID, "id", "sms_id"),
                *(Field(name, DIGITS) for name in ("phone", "mes", "to")),
                *_optional(TIMESTAMP, "sent", "time"),
                *_CHECKS,
                Other(),
            ),
        ),
        xml=("callback",),
    ),
    Reply(
        "call_callback",
        "a confirmation call",
        Object(
            CallCallback,
            (Field("phone", DIGITS), Field("waitcall", DIGITS), Field("ts", TIMESTAMP), *_CHECKS, Other()),
        ),
        xml=("callback",),
    ),
    Reply(
        "status_callback",
        "the state of a message",
        Object(
            StatusCallback,
            (
                Field("id", ID),
                Field("phone", DIGITS),
                Field("status", code(MessageState, "the state of a message")),
                *_optional(DIGITS, "time"),
                *_optional(TIMESTAMP, "ts"),
                *_optional(code(DeliveryError, "a delivery error"), "err"),
                *_optional(DIGITS, "syserr"),
                *_optional(ID, "cnt"),
                *_optional(code(MessageType, "the type of a message"), "type"),
                *_optional(MONEY, "cost"),
                *_optional(ID, "flag"),
                *_optional(DIGITS, "sender_id", "imsi", "msc", "mcc", "mnc", "cn", "net", "rcn", "rnet"),
                *_optional(DIGITS, "country", "operator", "region"),
                *_CHECKS,
                Other(),
            ),
        ),
        xml=("callback",),
    ),
)
# [client] Told apart in this order: one with `mes` is an incoming message, whatever else it has.
_TELLING = ("mes", "waitcall", "")
_NAMES = frozenset({"charset", "fmt", *(field.name for kind in _KINDS for field in kind.object.fields)})
_BUILDERS = {kind.kind: Builder(kind.object, "json") for kind in _KINDS}
_ENDPOINT: Endpoint[Any] = Endpoint("callbacks", "", _KINDS)


@cache
def _json() -> Any:
    with LOADING:
        from .formats.json import JsonFormat
    return JsonFormat(_ENDPOINT)


@cache
def _xml() -> Any:
    with LOADING:
        from .formats.xml import XmlFormat
    return XmlFormat(_ENDPOINT)


# Reading

_AS_IT_CAME = "pass the body as it came, before the framework reads the form"


class _Body(Source):
    """A call that is being read, whose errors call it so."""

    def error(self, reason: str, index: int, path: str = "", *, code: str = "malformed", key: str = "") -> DecodeError:
        """Return a `DecodeError` at *index*. *key* is the one that the path ends with, if any."""
        reason = reason.replace("expected a reply in", "expected a call in")
        reason = reason.replace("the end of the reply", "the end of the call")
        return super().error(reason, index, path, code=code, key=key)


class _Read(NamedTuple):
    """The fields of a call."""

    source: Source
    pairs: Sequence[tuple[str, Any]]
    locate: Callable[[str, int], int]
    """Returns where the value of a key is, of several the one with that number."""
    charset: str


def decode(
    body: str | Buffer,
    *,
    content_type: str | None = None,
    query: str | Buffer | None = None,
    limits: Limits = LIMITS,
) -> Callback:
    """Read a call of the service.

    *body* is the unchanged body of the request, *content_type* its `Content-Type`, and *query* the unchanged query of
    its address. The fields are read from the body: a form, XML or JSON. If the body is empty, as that of a GET is, they
    are read from the query.

    The charset is the one that the handler's address asks for, `?charset=utf-8`, and windows-1251 if it asks for none
    [doc]. Without a query it is not known: what is UTF-8 is read as UTF-8, and all else as windows-1251.

    Raise `DecodeError` if it is not a call, and `OptionError` for an argument of a wrong type. Nothing is verified:
    call `verify` before you believe it.
    """
    limits_of(limits)
    if content_type is not None and not is_really(content_type, str):
        raise OptionError(f"content_type has to be a string or None, not {name_of(content_type)}")
    size = size_of(body)
    if size is not None and size > limits.body:
        raise LimitError(f"expected at most {limits.body} bytes, found {size}", code="limit")
    given = str.__str__(body) if is_really(body, str) else bytes_of(body)
    if given is None:
        raise OptionError(f"the body has to be bytes or a string, not {name_of(body)}")
    address = None if query is None else _address(query, limits)
    asked = None if address is None else _asked(address, limits)
    if given.strip():
        return _made(_opened(given, str.__str__(content_type or ""), address is not None, asked, limits))
    if address is None:
        raise DecodeError(f"the body is empty: {_AS_IT_CAME}, or pass the query of a GET", code="empty")
    read = _form(address, asked or DEFAULT_CHARSET, limits, known=_own(address, limits))
    own = [(key, value) for key, value in read.pairs if key not in ("charset", "fmt")]
    if not own:
        raise DecodeError(f"the body is empty, and the query has no fields: {_AS_IT_CAME}", code="empty")
    return _made(read._replace(pairs=own))


def _address(query: object, limits: Limits) -> bytes:
    """Return the query of the handler's address."""
    given = str.__str__(query) if is_really(query, str) else bytes_of(query)
    if given is None:
        hint = "the text or the bytes behind the question mark, as they came"
        raise OptionError(f"query has to be {hint}, not {name_of(query)}")
    if len(given) > limits.body:
        raise LimitError(f"expected at most {limits.body} bytes in the query, found {len(given)}", code="limit")
    data = _bytes_of(given, None) if isinstance(given, str) else given
    return _BEFORE_QUERY.sub(b"", data, count=1)


# The part of a whole address before its query.
_BEFORE_QUERY = re.compile(rb"\A(?:(?:https?:/)?/[^?]*(?:\?|\Z)|\?)")


def _bytes_of(text: str, charset: str | None) -> bytes:
    """Return the bytes of a form or a query that came as a string: WSGI has a character for each byte."""
    try:
        return text.encode("latin-1" if charset is None or text.isascii() else charset)
    except UnicodeEncodeError as error:
        if charset is None:
            return text.encode("utf-8", "replace")
        source = Source(text.encode("utf-8", "replace").decode(), LIMITS)
        found = f"U+{ord(text[error.start]):04X}"
        return source.fail(f"expected text in {charset}, found the character {found}", error.start, code="charset")


def _asked(address: bytes, limits: Limits) -> str | None:
    """Return the charset that the handler's address asks for, or None if it asks for none."""
    found = [field for field in _fields(address, limits) if field.name == b"charset" and field.value]
    if not found:
        return None
    name = found[-1].value.decode("latin-1")
    known = charset_name(name)
    if known is None:
        source = Source(address.decode("latin-1"), limits, "latin-1", known=_own(address, limits))
        wanted = f"{', '.join(CHARSETS[:-1])} or {CHARSETS[-1]}"
        reason = f"expected the charset {wanted} in the handler's address, found {source.quote(name)}"
        source.fail(reason, found[-1].start, code="charset")
    return known


def _own(address: bytes, limits: Limits) -> Known:
    """Return what the address has beside the fields of calls: it is the handler's own, and may be a key to it."""

    def values() -> set[str]:
        own = [field.value for field in _fields(address, limits) if field.name.decode("latin-1") not in _NAMES]
        return {value.decode(charset, "ignore") for value in own for charset in CHARSETS}

    return Known(values)


_XML, _JSON, _FORM = "xml", "json", "form"
_TYPES = ((_JSON, re.compile(r"(?i)[^;]*[/+]json\b")), (_XML, re.compile(r"(?i)[^;]*[/+]xml\b")))


def _kind_of(body: str | bytes, content_type: str) -> str:
    """Return what a body is: by its first character, since nobody knows what the service calls XML and JSON."""
    head = body[:1024] if isinstance(body, str) else body[:1024].decode("latin-1")
    first = head.lstrip(" \t\r\n\ufeff\xef\xbb\xbf")[:1]
    if first in ("<", "{", "["):
        return _XML if first == "<" else _JSON
    return next((kind for kind, matches in _TYPES if matches.match(content_type[:1024])), _FORM)


def _opened(body: str | bytes, content_type: str, known: bool, asked: str | None, limits: Limits) -> _Read:
    """Read the fields of a body; *known* says whether the handler's address is."""
    multipart = is_multipart(content_type)
    kind = _FORM if multipart else _kind_of(body, content_type)
    charset = asked or (DEFAULT_CHARSET if known else None)
    if kind == _FORM:
        data = body if isinstance(body, bytes) else _bytes_of(body, charset or "utf-8")
        return _form(data, charset, limits, content_type if multipart else None)
    if asked == "koi8-r":
        wanted = "utf-8 or windows-1251 in the handler's address, as the service sends only forms in koi8-r"
        raise DecodeError(f"expected the charset {wanted}, found koi8-r and {kind.upper()}", code="charset")
    if asked is None and kind == _XML and isinstance(body, bytes) and _DECLARES(body):
        charset = None
    found = open_source(body, charset, limits, None, kind == _XML)
    source = _Body(found.text, limits, found.charset, found.start)
    # What is ASCII does not tell; escapes in it stand for what the service has in its own charset.
    said = found.charset if not found.text.isascii() and found.charset in CHARSETS else None
    charset = charset or said or DEFAULT_CHARSET
    return (_in_xml if kind == _XML else _in_json)(source, charset)


_DECLARES = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*<\?xml\s[^>]*?encoding").match


class _Field(NamedTuple):
    """A field of a form, its escapes undone."""

    name: bytes
    value: bytes
    start: int
    """Where the value stands in the form."""


def _fields(data: bytes, limits: Limits) -> list[_Field]:
    """Return the fields of a form as browsers write it: `&` alone separates them, and a plus sign is a blank."""
    found: list[_Field] = []
    at = 0
    for number, piece in enumerate(data.split(b"&", limits.fields)):
        if number == limits.fields:
            # Without an excerpt: a query can have a key to the handler.
            raise LimitError(f"expected at most {limits.fields} fields", code="limit", offset=at, column=at + 1)
        name, equals, value = piece.partition(b"=")
        if piece:
            found.append(_Field(_unescaped(name), _unescaped(value), at + len(name) + len(equals)))
        at += len(piece) + 1
    return found


# For a text of escapes alone, `urllib.parse.unquote_to_bytes` takes 70 times the memory of the text.
_ESCAPE = re.compile(b"%([0-9A-Fa-f]{2})")


def _unescaped(data: bytes) -> bytes:
    return _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), data.replace(b"+", b" "))


def _too_many(source: Source, at: int) -> NoReturn:
    source.fail(f"expected at most {source.limits.fields} fields", at, code="limit")


def _of_parts(content_type: str, data: bytes, limits: Limits) -> Iterator[_Field]:
    """Yield the fields of a multipart form; files are not fields."""
    try:
        for part in parts_of(content_type, data):
            if part.filename is None:
                yield _Field(part.name.encode("latin-1"), part.content(), part.start)
    except FormError as error:
        Source(data.decode("latin-1"), limits, "latin-1").fail(f"expected a call in a form, but {error}")


def _form(
    data: bytes, charset: str | None, limits: Limits, content_type: str | None = None, known: Known = NOTHING
) -> _Read:
    """Read a form. Without a charset it is UTF-8 if all of it is, and not all is ASCII."""
    if content_type is None:
        fields = _fields(data, limits)
    else:
        fields = list(islice(_of_parts(content_type, data, limits), limits.fields + 1))
    if charset is None:
        whole = b"".join([text for field in fields for text in field[:2]])
        charset = DEFAULT_CHARSET if whole.isascii() or not _all_are(fields, "utf-8") else "utf-8"
    source = _Body(data.decode(charset, "replace"), limits, charset, known=known)

    def index(start: int) -> int:
        return len(data[:start].decode(charset, "replace"))

    pairs: list[tuple[str, str]] = []
    starts: dict[str, list[int]] = {}
    for number, field in enumerate(fields):
        if number == limits.fields:
            _too_many(source, index(field.start))
        name, value = (_text(text, field, index, source) for text in (field.name, field.value))
        pairs.append((name, value))
        starts.setdefault(name, []).append(field.start)
    return _Read(source, pairs, lambda key, again: index(starts[key][again]), charset)


def _all_are(fields: Sequence[_Field], charset: str) -> bool:
    try:
        for field in fields:
            field.name.decode(charset), field.value.decode(charset)
    except UnicodeDecodeError:
        return False
    return True


def _text(data: bytes, field: _Field, index: Callable[[int], int], source: Source) -> str:
    charset = source.charset or DEFAULT_CHARSET
    try:
        return data.decode(charset)
    except UnicodeDecodeError as error:
        found = f"the byte 0x{data[error.start]:02X}, which has no meaning there"
        advice = "the handler's address says the charset: is its query passed as it came?"
        path = field.name.decode(charset, "replace")
        return source.fail(
            f"expected text in {charset}, found {found}; {advice}", index(field.start), path, code="charset"
        )


def _in_json(source: Source, charset: str) -> _Read:
    given = _json()._parsed(source)
    if not isinstance(given, Pairs):
        source.fail(f"expected an object with the fields of a call, found {words_of(given, source)}")

    def locate(key: str, again: int) -> int:
        place: int = _json().locate(source, [Place((key,), again)])[0]
        return place

    return _Read(source, given, locate, charset)


def _in_xml(source: Source, charset: str) -> _Read:
    """Read elements in a root, whose name nobody knows, attributes of the root, or elements without a root."""
    with LOADING:
        from .formats.xml_tree import Tree
    if "\0" in source.text:  # expat would take it for UTF-16
        source.fail("expected a call in XML, found a NUL character", source.text.index("\0"))
    tree = Tree(source)
    root, *others = tree.roots
    alone = not others and bool(root.children or root.attributes)
    if alone and root.text.strip():
        found = source.quote(root.text.strip())
        source.fail(f"expected elements in <{root.tag}>, found {found}", tree.index(root.byte))
    attributes = root.attributes if alone else []
    elements = root.children if alone else tree.roots
    inside = [(each.tag, each if each.children or each.attributes else each.text) for each in elements]
    last = {key for key, _ in attributes} - {key for key, _ in inside}
    pairs: list[tuple[str, Any]] = [*((key, value) for key, value in attributes if key in last), *inside]

    def locate(key: str, again: int) -> int:
        return tree.place(Place(("@", key) if key in last else (key,), again))

    return _Read(source, pairs, locate, charset)


def _made(read: _Read) -> Callback:
    """Return the call that has these fields."""
    source, limits = read.source, read.source.limits
    if len(read.pairs) > limits.fields:
        _too_many(source, 0)
    given: dict[str, Any] = {}
    times: dict[str, int] = {}
    for key, value in read.pairs:
        given[key] = value
        times[key] = times.get(key, -1) + 1
    reply = next(kind for kind, telling in zip(_KINDS, _TELLING) if telling in given or not telling)
    fields = reply.object.by_name
    needed = [field.name for field in reply.object.fields if not field.optional]
    missing = next((name for name in needed if name not in given), None)
    if missing is not None:
        found = ", ".join([source.quote(key) for key in [*given][:5]]) or "no fields"
        reason = f"missing field '{missing}': {reply.title} has {', '.join(needed)}, found {found}"
        source.fail(reason, code="value")
    # What is empty and not a text is not there.
    plain = [(k, v) for k, v in given.items() if v != "" or k not in fields or not _may_be_absent(fields[k])]
    try:
        made = _BUILDERS[reply.kind].build(plain, source, (), "", None)
    except Trouble as trouble:
        key = str(trouble.place.steps[0])
        at, named = read.locate(key, times[key]), key_in(trouble.place, trouble.path)
        raise source.error(trouble.reason, at, trouble.path, code=trouble.code, key=named) from None
    return cast("Callback", replace(made, charset=read.charset))


def _may_be_absent(field: Field) -> bool:
    return field.optional and isinstance(field.type, Type) and field.type.kind != "text"


# Writing


def encode(call: Callback, *, fmt: Format | int | str | None = None, limits: Limits = LIMITS) -> bytes:
    """Return the body in which the service would send a call: for tests of a handler.

    Without *fmt* it is a form, which can stand in the query of a GET too; `fmt=2` is XML and `fmt=3` JSON, as in the
    handler's address. It is in the call's own charset. Sign the call first: `encode(call.sign(secret))`.

    Raise `EncodeError` if it would not be read back the same, and `OptionError` for a wrong argument.
    """
    limits_of(limits)
    chosen = None if fmt is None else format_of(fmt)
    if chosen not in (None, Format.XML, Format.JSON):
        raise OptionError(f"fmt has to be None for a form, 2 for XML or 3 for JSON, not {quote(fmt)}")
    reply = next((kind for kind in _KINDS if type(call) is kind.object.cls), None)
    if reply is None:
        names = [kind.object.cls.__name__ for kind in _KINDS]
        raise OptionError(f"expected a {', '.join(names[:-1])} or {names[-1]}, found {name_of(call)}")
    charset = charset_of(call.charset)
    if chosen is not None and charset == "koi8-r":
        raise EncodeError("the service sends only forms in koi8-r", path="charset")
    written = "xml" if chosen is Format.XML else "json"
    # No key is taken but those of fields, one of which stands for them here.
    fields = format_fields(reply.object, written, call, "", limits, False, "phone")
    if len(fields) > limits.fields:
        raise EncodeError(f"expected at most {limits.fields} fields, found {len(fields)}", path="other")
    told = _TELLING[: _KINDS.index(reply)]
    pairs: list[str] = []
    for each in fields:
        if each.key in told:
            raise EncodeError("with this key it would be read back as another kind of call", path=each.path)
        key, text = _encoded(each.key, charset, each.path), _encoded(each.text, charset, each.path)
        pairs.append(f"{quote_plus(key)}={quote_plus(text)}")
    if chosen is None:
        data = "&".join(pairs).encode()
    else:
        writer = _xml() if chosen is Format.XML else _json()
        data = writer.format_record(fields, call, reply, "", limits).encode(charset)
    if len(data) > limits.body:
        raise EncodeError(f"expected at most {limits.body} bytes, found {len(data)}")
    return data


__all__ = ["LIMITS", "CallCallback", "Callback", "IncomingCallback", "StatusCallback", "decode", "encode"]

publish(globals())

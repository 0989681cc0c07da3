"""Chooses the endpoint that the caller means, and recognises the endpoint that a body looks like.

A codec reads the replies of its own endpoint and does not know the others. If it refuses a body, this module shows the
body to the other codecs, so that the error can name the endpoint whose reply it is. A reply with undocumented keys is
refused if another endpoint documents more of its keys.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from operator import attrgetter
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ._options import class_in, format_of, members_of
from ._public import public
from ._rows.source import CAUGHT
from ._secrets import NOTHING, Known, shortened
from ._source import quote
from ._types import class_name, is_really, kind_of
from .codec import NO_NAMES, STRICT, UTF8, Codec, Ready, error_of, finding_of, opened, other_format
from .declare import FORMATS, Other
from .declare import Reply as Declared
from .endpoints import DEFAULT, ENDPOINTS, codec_of, having, loaded
from .endpoints import known as known_names
from .errors import DecodeError, EncodeError, OptionError, unreadable
from .formats import Format
from .limits import DEFAULT_LIMITS, Limits
from .mapping import EMPTY
from .model import ErrorReply, Reply
from .report import Report

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from .endpoints import DefaultReply

T = TypeVar("T")

# The most characters of a reason before the endpoint that a body looks like.
_LONGEST_REASON = 300
_AMBIGUOUS = "ambiguous"
_OTHER_FORMAT = "other-format"
# The codes of errors about a body that does not have the form of a reply.
_ABOUT_FORMS = ("malformed", "value", "unknown-form", _OTHER_FORMAT, _AMBIGUOUS)
# The most characters of undocumented keys whose endpoint is remembered.
_LONGEST_KEYS = 512
_UNQUOTED = Known(lambda: None)
"""Do not look for secrets, because nothing may be quoted. Errors that nobody sees use it: looking takes most time."""

# The codec that serves a call, by its arguments. All classes here belong to declarations, which are never freed, so
# that an identity always belongs to the same object.
_ready: dict[str | None, dict[int, Ready]] = {None: {}, **{name: {} for name in ENDPOINTS}}
"""By the endpoint that was given, and by the identity of the class that is expected or written, or of None."""
_opened: dict[type, Callable[[Any], Any] | None] = {}
"""Functions that return the undocumented keys of a reply, by its class; None if the class does not keep such keys."""


@overload
def decode(
    body: str | Buffer,
    /,
    *,
    fmt: Format | int | str | None = None,
    expect: type[T],
    endpoint: str | None = None,
    charset: str | None = None,
    strict: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> T | ErrorReply: ...


@overload
def decode(
    body: str | Buffer,
    /,
    *,
    fmt: Format | int | str | None = None,
    expect: None = None,
    endpoint: None = None,
    charset: str | None = None,
    strict: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> DefaultReply: ...


@overload
def decode(
    body: str | Buffer,
    /,
    *,
    fmt: Format | int | str | None = None,
    expect: UnionType | None = None,
    endpoint: str | None = None,
    charset: str | None = None,
    strict: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Reply: ...


@public
def decode(
    body: str | Buffer,
    /,
    *,
    fmt: Format | int | str | None = None,
    expect: Any = None,
    endpoint: str | None = None,
    charset: str | None = None,
    strict: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Any:
    """Read a reply.

    - *body*: the response's content, bytes or already a string.
    - *fmt*: the format that the request asked for: a `Format`, its number or its name (`"json"`). `None` detects it
      from the body. `OK` alone and a line of `key = value` are text.
    - *expect*: the class of reply, or a union of classes, that the request leads to. An `ErrorReply` is always
      allowed; any other reply is an error. Type checkers see both. It also says which endpoint is meant.
    - *endpoint*: the endpoint that was asked, such as `"send"` or `"send.php"`. Give it for classes that several
      endpoints have, and for errors, whose numbers mean something else at each endpoint. If neither *endpoint* nor
      *expect* is given, it is `senders.php`.
    - *charset*: `utf-8`, `windows-1251` or `koi8-r`. `None` means UTF-8 if the bytes are valid UTF-8, otherwise
      the XML declaration's charset, otherwise windows-1251, the service's default. UTF-16 with a byte order mark is
      read too. A charset that is given is an order: the bytes are read in it, whatever they are.
    - *strict*: refuse everything that `validate` would report.
    - *limits*: bounds on what is read.

    Raise `DecodeError` (or its subclass `LimitError`), `OptionError` if an argument is wrong, and nothing else. If the
    body looks like a reply of another endpoint, the error says which one.
    """
    # Nearly every caller gives only a format, a class and an endpoint. `Codec.decode` does the same, but calling it
    # would take a fifth of the time of a small reply.
    if (
        type(body) is bytes
        and charset is None
        and limits is DEFAULT_LIMITS
        and strict is False
        and (type(fmt) is int or type(fmt) is Format)
        and (endpoint is None or type(endpoint) is str)
    ):
        try:
            reply = _ready[endpoint][id(expect)].plain[fmt](body)
        except CAUGHT:
            reply = None
        if reply is not None:
            return reply
    return read(codec_for(expect, endpoint), body, fmt, expect, charset, strict, limits, hint=_hint(expect, endpoint))


@public
def validate(
    body: str | Buffer,
    /,
    *,
    fmt: Format | int | str | None = None,
    expect: type[Any] | UnionType | None = None,
    endpoint: str | None = None,
    charset: str | None = None,
    strict: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Report[Reply]:
    """Read a reply and report what is wrong or unusual about it. The parameters are those of `decode`.

    If a body cannot be read, the report has one finding of severity `error` and no reply. With *strict*, any finding
    has the same effect, and the error comes after the findings. Raise `OptionError` if an argument is wrong, and
    nothing else.
    """
    if (
        type(body) is bytes
        and charset is None
        and limits is DEFAULT_LIMITS
        and type(strict) is bool  # type: ignore[redundant-expr]
        and (type(fmt) is int or type(fmt) is Format)
        and (endpoint is None or type(endpoint) is str)
    ):
        try:
            reply = _ready[endpoint][id(expect)].documented[fmt](body)
        except CAUGHT:
            reply = None
        if reply is not None:
            return Report(reply)
    codec = codec_for(expect, endpoint)
    return report(codec, body, fmt, expect, charset, strict, limits, hint=_hint(expect, endpoint))


@public
def encode(
    reply: Reply,
    /,
    *,
    fmt: Format | int | str,
    endpoint: str | None = None,
    charset: str = UTF8,
    drop: Collection[str] = NO_NAMES,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """Write a reply in the canonical form: the server's own bytes, if these are known.

    - *reply*: a value of the model.
    - *fmt*: the format to write.
    - *endpoint*: the endpoint whose reply it is, such as `"send"`, if several have its class.
    - *charset*: `utf-8`, `windows-1251` or `koi8-r`.
    - *drop*: the names of optional fields that may be left out if the format has no place for them, such as an error's
      `description` in fmt=1.
    - *limits*: bounds on what is written. They are those of `decode`, except for `depth`, and for `fields` outside of
      lists.

    Raise `EncodeError` if the reply would not be read back as an equal value from that format and charset, or is beyond
    *limits*, `OptionError` if an argument is wrong, and nothing else. An exception of an object in the reply becomes
    the cause of the `EncodeError`.
    """
    is_usual = drop is NO_NAMES and charset is UTF8 and limits is DEFAULT_LIMITS
    if is_usual and (type(fmt) is int or type(fmt) is Format):
        cls = id(type(reply))
        try:
            body = _ready[endpoint][cls].codec._formats[fmt].write_at_once[cls](reply).encode()
        except Exception:  # the careful writer says what is wrong
            body = b""
        # The byte order mark begins with this byte, and replies rarely do.
        if body and body[0] != 0xEF:
            return body
    codec = _codec_of(reply) if endpoint is None else codec_of(name_of_endpoint(endpoint))
    body = codec.encode(reply, fmt=fmt, charset=charset, drop=drop, limits=limits)
    declared = codec._declared(reply)
    _remember(codec, type(reply), None if endpoint is None else str.__str__(endpoint))
    has_keys = codec._formats[format_of(fmt)].has_open_keys(declared)
    try:
        other = better_endpoint(codec, reply, fmt, type(reply)) if has_keys else None
    except Exception as error:  # of an object of the caller
        raise unreadable(error) from error
    if other is not None:
        raise EncodeError(
            f"expected {declared.title}; with its undocumented keys it would be read as a reply of {other}.php"
        )
    return body


# Which endpoint is meant


def name_of_endpoint(endpoint: object) -> str:
    """Return the name of an endpoint. A caller can give it with or without the ending of its file."""
    name = str.__str__(endpoint).removesuffix(".php") if is_really(endpoint, str) else ""
    if name not in ENDPOINTS:
        raise OptionError(f"endpoint has to be {known_names()}, not {quote(endpoint)}")
    return name


def codec_for(expect: Any, endpoint: Any) -> Codec[Any]:
    """Return the codec of the endpoint that is meant. Raise `OptionError` if it does not exist, or is not clear."""
    # An object of another class may raise when it is hashed.
    word = None if endpoint is None else str.__str__(endpoint) if is_really(endpoint, str) else ""
    if word in _ready and id(expect) in _ready[word]:
        return _ready[word][id(expect)].codec
    given = None if endpoint is None else name_of_endpoint(endpoint)
    codec = codec_of(given or (DEFAULT if expect is None else _owner(expect)))
    for member in () if given is None or expect is None else members_of(expect):
        owner = next((name for name in loaded() if id(member) in codec_of(name)._replies), given)
        if owner != given and id(member) not in codec._replies:
            name = class_name(member)
            raise OptionError(f"expect has to be a reply of {given}.php, and {name} is a reply of {owner}.php")
    if expect is None or id(expect) in codec._replies:
        _remember(codec, expect, word)
    return codec


def _remember(codec: Codec[Any], cls: type | None, endpoint: str | None) -> None:
    """Let later calls with this class and this endpoint find the codec at once."""
    _ready.setdefault(endpoint, {})[id(cls)] = codec.ready_for(cls)


def _owner(expect: Any) -> str:
    """Return the endpoint that has all expected classes."""
    members = members_of(expect)
    known = {
        name: [any(cls is each for each in codec_of(name)._classes) for cls in members] for name in having(members)
    }
    fitting = [name for name, found in known.items() if all(found)]
    if fitting:
        return fitting[0]
    for at, member in enumerate(members):
        if not any(found[at] for found in known.values()):
            hint = "" if _codec_with(type(member)) is None else "; pass its class"
            wanted = f"a class of reply, such as {_example()}, or a union of such classes"
            raise OptionError(f"expect has to be {wanted}, not {class_in(member)}{hint}")
    # A class that several endpoints have does not tell which one is meant.
    lone = [at for at in range(len(members)) if sum(found[at] for found in known.values()) == 1]
    among = [f"{name}.php" for name, found in known.items() if any(found[at] for at in lone)]
    if len(among) < 2:
        first = {next(name for name, found in known.items() if found[at]) for at in range(len(members))}
        among = [f"{name}.php" for name in known if name in first]
    raise OptionError(f"expect has to be replies of one endpoint, not of {' and '.join(among)}")


def _codec_of(reply: object) -> Codec[Any]:
    """Return the codec of the first endpoint with the class of a reply. Raise `EncodeError` if there is none."""
    cls = type(reply)
    if id(cls) in _ready[None]:
        return _ready[None][id(cls)].codec
    codec = _codec_with(cls)
    if codec is None:
        raise EncodeError(f"expected a reply, such as {_example()}, found {kind_of(reply)}")
    return codec


def _codec_with(cls: type) -> Codec[Any] | None:
    """Return the codec of the first endpoint with a class of reply, or None if there is none."""
    return next((codec for codec in map(codec_of, having([cls])) if id(cls) in codec._replies), None)


def _example() -> str:
    """Return the name of a class of reply, for errors."""
    return codec_of(DEFAULT)._classes[-1].__name__


# Which endpoint a body looks like


def read(
    codec: Codec[Any],
    body: Any,
    fmt: Any,
    expect: Any,
    charset: Any,
    strict: Any,
    limits: Any,
    known: Known = NOTHING,
    hint: str = "",
) -> Any:
    """Do what `Codec.decode` does. Refuse a reply of another endpoint, and say so.

    *hint* says what a caller can do about it. Errors do not repeat what is *known* to be secret.
    """
    refused = None
    try:
        reply = codec.decode(body, fmt=fmt, expect=expect, charset=charset, strict=strict, limits=limits)
    except DecodeError as error:
        refused = error
    # Raise the error outside of its handler, and delete its name. It must not refer to another error or to this frame.
    try:
        if refused is not None and known is not NOTHING:
            # The words of this error were chosen without regard to *known*.
            try:
                codec._judged(body, fmt, expect, charset, strict, limits, known)
            except DecodeError as error:
                refused = error
        if refused is not None and strict is True and refused.reason.endswith(STRICT):
            reply = codec._judged(body, fmt, expect, charset, False, limits, known)
        elif refused is not None:
            raise _hinted(codec, refused, body, fmt, charset, limits, hint).with_traceback(None)
        other = better_endpoint(codec, reply, fmt, expect)
        if other is not None:
            raise _unexpected(codec, reply, other, hint)
        if refused is not None:
            raise refused.with_traceback(None)
        return reply
    finally:
        del refused


def report(
    codec: Codec[Any],
    body: Any,
    fmt: Any,
    expect: Any,
    charset: Any,
    strict: Any,
    limits: Any = DEFAULT_LIMITS,
    known: Known = NOTHING,
    hint: str = "",
) -> Report[Any]:
    """Do what `Codec.validate` does. Refuse a reply of another endpoint, and say so, as `read` does."""
    found = codec._report(body, fmt, expect, charset, strict, limits, known)
    reply = found.reply
    if reply is None and found.ok:  # strict
        again = codec._report(body, fmt, expect, charset, False, limits, known)
        reply = again.reply
    if reply is not None:
        other = better_endpoint(codec, reply, fmt, expect)
        if other is None:
            return found
        return Report(None, (*found.findings, finding_of(_unexpected(codec, reply, other, hint))))
    *before, last = found.findings
    refused = error_of(last, last.message)
    hinted = _hinted(codec, refused, body, fmt, charset, limits, hint)
    return found if hinted is refused else Report(None, (*before, finding_of(hinted)))


def better_endpoint(codec: Codec[Any], reply: Any, fmt: Any, expect: Any = None) -> str | None:
    """Return the endpoint that documents more of a reply's keys than its own does, or None if there is none.

    The first record of a list decides. An expected reply that takes any keys can have these keys too.
    """
    cls = type(reply)
    declared = codec._declared(reply)
    if declared.object.takes_any_keys and expect is not None:
        return None
    if cls not in _opened:
        _opened[cls] = _undocumented(declared)
    opened = _opened[cls]
    # An object of the caller must not stay in the cache below.
    keys = tuple(map(str.__str__, opened(reply))) if opened is not None else ()
    if not keys:
        return None
    record = getattr(reply, declared.attribute)[0] if declared.many else reply
    present = tuple([field.name for field in declared.object.fields if getattr(record, field.name) not in (None, ())])
    formats = FORMATS if fmt is None else (FORMATS[format_of(fmt)],)
    look_up = _knows_more if sum(map(len, keys)) <= _LONGEST_KEYS else _knows_more.__wrapped__
    return look_up(codec.endpoint.name, declared.kind, formats, present, keys)


def _undocumented(declared: Declared) -> Callable[[Any], Any] | None:
    """Return a function that returns the undocumented keys of a reply, or of a list's first record."""
    rest = declared.object.open
    if rest is None:
        return None
    records: Any = attrgetter(declared.attribute) if declared.many else None
    if isinstance(rest, Other):
        keys: Any = attrgetter(rest.name)

        def others(reply: Any) -> Any:
            found = records(reply)
            return keys(found[0]) if found else ()

        return others if declared.many else keys
    known, both = rest.known, attrgetter(rest.codes, rest.texts)

    def unlisted(reply: Any) -> Any:
        found = records(reply) if records else (reply,)
        if not found:
            return ()
        codes, texts = both(found[0])
        if codes is EMPTY and texts is EMPTY:
            return ()
        return [key for key in (*codes, *texts) if key not in known]

    return unlisted


@lru_cache(64)
def _knows_more(
    endpoint: str, kind: str, formats: tuple[str, ...], present: tuple[str, ...], keys: tuple[str, ...]
) -> str | None:
    """Return the endpoint that documents most keys of a record, or None if its own endpoint documents as many.

    The record has the *present* fields of a *kind* of replies of its endpoint, and *keys* that are undocumented there.
    """
    own = codec_of(endpoint.removesuffix(".php")).endpoint
    declared = next(reply for reply in own.replies if reply.kind == kind)
    best, most = None, 0
    for name in ENDPOINTS:
        other = codec_of(name).endpoint
        for reply in other.own if other is not own else ():
            for fmt in formats:
                wire = [field.key(fmt) for field in declared.object.fields if field.name in present]
                given = {key for key in wire if key is not None}
                documented = reply.object.names(fmt)
                needed = {field.name for field in reply.object.fields if not field.may_lack(fmt)}
                count = len({*given, *keys} & documented.keys())
                if reply.object.open is None and count < len({*given, *keys}):
                    continue  # this reply has no place for the others
                found = {documented[key] for key in (*given, *keys) if key in documented}
                if needed and needed <= found and count > max(len(given), most):
                    best, most = name, count
    return best


def _unexpected(codec: Codec[Any], reply: Any, other: str, hint: str) -> DecodeError:
    words = codec._declared(reply).title
    return DecodeError(f"expected {words}; {_looks([other], hint)}", code="unexpected")


def _looks(names: Sequence[str], hint: str, format_words: str = "") -> str:
    words = f"the body looks like a reply of {' or '.join(f'{name}.php' for name in names)}{format_words}"
    return words + hint.format(names[0]) if len(names) == 1 else words


def _hint(expect: Any, endpoint: Any) -> str:
    """Return what a caller can do about a reply of another endpoint."""
    return ": pass endpoint='{}'" if expect is None and endpoint is None else ""


def _hinted(
    codec: Codec[Any], refused: DecodeError, body: Any, fmt: Any, charset: Any, limits: Any, hint: str
) -> DecodeError:
    """Return the error, or the same one with the format or the endpoint that the body looks like."""
    if refused.code not in _ABOUT_FORMS:
        return refused
    found_in, text = opened(body, fmt, charset, limits)
    looks = other_format(text, found_in)
    if looks:
        return _with_hint(refused, f"the body looks like {looks}")
    if found_in is Format.CSV:
        # The line has no keys, and nearly every such line is a reply of some endpoint. But if the format was detected,
        # it may be a text without keys, such as a price.
        if fmt is not None:
            return refused
        fmt = found_in = Format.TEXT
    others = {name: other for name in ENDPOINTS if (other := codec_of(name)).endpoint.name != codec.endpoint.name}
    # For most texts, this quick check shows that they are not a reply of another endpoint.
    names = [name for name, other in others.items() if other._format(found_in).may_be_own(text)]
    read_as = {name: _read_as(others[name], body, fmt, found_in, charset, limits) for name in names}
    for format_words, more in (("", ""), (" as text", " and fmt=0")):
        # If several endpoints have the same records, the first one is named.
        alike = {made[1]: name for name in reversed(names) if (made := read_as[name]) and made[0] == format_words}
        found = sorted(alike.values(), key=names.index)
        if found:
            return _with_hint(refused, _looks(found, hint and f"{hint}{more}", format_words))
    return refused


def _with_hint(refused: DecodeError, words: str) -> DecodeError:
    """Return the error with words behind its reason."""
    return error_of(finding_of(refused), f"{shortened(refused.reason, _LONGEST_REASON)}; {words}")


def _read_as(
    codec: Codec[Any], body: Any, fmt: Any, found_in: Format, charset: Any, limits: Any
) -> tuple[str, object] | None:
    """Return ` as text` if a body is text instead of the format, or an empty text if it is in the format.

    The second value is the class of the reply's records, or the codec if that is not known. Return None if the body is
    not a reply, or is one that every endpoint has. An empty list has a name only in XML.
    """
    try:
        reply = codec._judged(body, fmt, None, charset, False, limits, _UNQUOTED)
    except DecodeError as error:
        if error.code == _OTHER_FORMAT:
            read = _read_as(codec, body, Format.TEXT, Format.TEXT, charset, limits)
            return (" as text", read[1]) if read is not None and read[0] == "" else None
        # If an endpoint has lists or generic replies, they can mean nearly anything.
        fields = [field for reply in codec.endpoint.own for field in reply.object.fields]
        return ("", codec) if error.code == _AMBIGUOUS and any(field.absent_in for field in fields) else None
    declared = codec._declared(reply)
    if declared.object.takes_any_keys or not declared.object.members or declared.cls is ErrorReply:
        return None
    is_empty = declared.many and not len(reply)
    is_named = found_in is Format.XML if is_empty else better_endpoint(codec, reply, fmt) is None
    return ("", declared.object.cls) if is_named else None

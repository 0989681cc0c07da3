"""What a request asked for, and so what its reply has to be."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from types import UnionType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeGuard, TypeVar, cast, overload
from urllib.parse import unquote_plus

import msgspec
import orjson
from msgspec.structs import force_setattr

from ._options import charset_of, flag_of, format_of
from ._public import public
from ._rows.source import CAUGHT
from ._secrets import NOTHING, Known
from ._source import BOM, CHARSETS, bytes_of, charset_name, is_utf8, is_utf16, quote, size_of
from ._types import is_really, lazy, name_of
from .codec import Codec, strict_error
from .declare import ANOTHER, COUNTED, FORMATS, Endpoint, View
from .door import name_of_endpoint, read, report
from .endpoints import DEFAULT, ENDPOINTS, codec_of, name_in
from .endpoints import known as known_names
from .errors import OptionError
from .formats import Format
from .limits import DEFAULT_LIMITS, Limits
from .mapping import EMPTY, FrozenMapping
from .model import Answer, ErrorReply, Reply
from .report import Finding, Report, Severity

if TYPE_CHECKING:
    from typing_extensions import Buffer

T = TypeVar("T")


class Url(Protocol):
    """The URL of a library that has a class for it, such as `httpx.URL` and `yarl.URL`; `str` gives its text."""

    @property
    def host(self) -> Any:
        """Not read; it tells URLs from other objects."""
        ...

    @property
    def query(self) -> Any:
        """Likewise."""
        ...


Parameters: TypeAlias = str | bytes | Mapping[str, Any] | Iterable[tuple[str, Any]] | Url
"""What holds the parameters of a request: a URL, a form, a mapping or pairs."""

_Pairs: TypeAlias = str | Sequence[tuple[str, str]]
"""Parameters: the text of a form, or names with their values."""

_FORMATS = ("0", "1", "2", "3")
# Of these it is only noticed that they are there.
_CREDENTIALS = frozenset({"login", "psw", "apikey"})
# Only a URL has these before its first parameter: a scheme, a path, the question mark.
_URL = re.compile(r"[^=&/?:]*[/?:]")
_ADDRESS = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//([^/]*)(.*)", re.DOTALL)
_OBJECT = re.compile(r"\s*\{")
# Also a list of one that ends with a comma.
_SEVERAL = re.compile(r"[,;\n]")
_WORD = re.compile(r"[\w.-]{1,16}")
_CHARSET = re.compile(r"""(?i)charset\s*=\s*["']?([\w.:-]+)""")


@public
class Query(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What a request asked for. It holds no login, password or key, and sends nothing.

    >>> query = Query.from_url("https://smsc.ru/sys/senders.php?login=demo&psw=demo&fmt=1&get=1")
    >>> query
    Query(endpoint='senders', fmt=<Format.CSV: 1>, charset=None, command='get', parameters={})
    >>> query.decode(b"SMSC.RU,5")
    SenderList(senders=(Sender(name='SMSC.RU', id=5),))

    Raises `OptionError` for an endpoint whose replies are not read here, for a format, a charset, a command or a
    parameter that the service does not have.
    """

    endpoint: str = DEFAULT
    """The one that was asked: the name of its file without the ending."""
    fmt: Format | None = None
    """`None` if that is not known: the format is then detected from the body."""
    charset: str | None = None
    """`utf-8`, `windows-1251` or `koi8-r`; `None` if none was asked.

    The service answers in windows-1251 then [doc]. That is not put here, because proxies and XML declarations can
    make UTF-8 of it: bytes that are valid UTF-8 are read as such, all others as windows-1251.
    """
    command: str | None = None
    """The parameter that was 1, such as `get` or `add`, of an endpoint that has commands; `None` if it is not known."""
    parameters: Mapping[str, str] = EMPTY
    """The other parameters that decide what the reply looks like, in words of the documentation: `{"cost": "1"}`.

    Nothing else is kept. A value that is not documented is `another`, and what is 0 is left out. Of ids and phone
    numbers is kept whether there was `one` or `several`.
    """

    def __post_init__(self) -> None:
        endpoint = self.endpoint
        force_setattr(self, "endpoint", name_of_endpoint(endpoint))
        if self.fmt is not None:
            force_setattr(self, "fmt", format_of(self.fmt))
        if self.charset is not None:
            force_setattr(self, "charset", charset_of(self.charset))
        declared = self._declared
        command: object = self.command
        if command is not None:
            if not is_really(command, str) or str.__str__(command) not in declared.commands:
                names = ", ".join(declared.commands)
                wanted = f"one of {names}" if names else f"None: {declared.name} has no commands"
                raise OptionError(f"command has to be {wanted}, not {quote(command)}")
            force_setattr(self, "command", str.__str__(command))
        if self.parameters is not EMPTY:
            force_setattr(self, "parameters", _checked(self.parameters, declared))

    @property
    def _declared(self) -> Endpoint[Any]:
        return codec_of(self.endpoint).endpoint

    @classmethod
    def from_url(cls, url_or_parameters: Parameters, form: Parameters | None = None, /) -> "Query":
        """Return what the parameters of a request say.

        The first argument is a URL or a form (`login=…&fmt=3`), as text, bytes or an object whose `str` is a URL; or a
        mapping or pairs, whose values can be lists like those of `urllib.parse.parse_qs`. If a *form* was sent to the
        URL, pass it second. If a parameter is given twice, the last value counts. The last part of the path names the
        endpoint (`/sys/send.php`, `/rest/send/`), whatever the host is. `/rest/` means fmt=3 and UTF-8 [doc]. Its form
        is a JSON object, or a mapping that means the same, and a list there is several values. Parameters without a
        path need a command of `senders.php` among them.

        `fmt` is 0 if the request does not name it, because that is the service's default [doc]. But if the parameters
        do not say what was asked (`get=1`, the numbers of a message, …), they were probably sent elsewhere, and `fmt`
        is `None`.

        Raise `OptionError` for a path of anything but an endpoint of the service, for an object without parameters, for
        more than one command, and for a format or a charset that the service does not have.
        """
        path, given = _opened(url_or_parameters)
        posted = () if form is None else _opened(form, in_json=name_in(path)[1])[1]
        endpoint, rest = _endpoint_of(path, given, posted)
        asked = _asked(given, posted, names_of(endpoint))
        return query_of({**asked, "fmt": "3", "charset": "utf-8"} if rest else asked, endpoint)

    @property
    def expect(self) -> type[Answer] | None:
        """The class of the reply that the request leads to, `None` if it is not known."""
        return self._expect

    @lazy
    def _expect(self) -> type[Answer] | None:
        asked = self.parameters if self.command is None else {**self.parameters, self.command: "1"}
        expected: type[Answer] | None = self._declared.answer_to(asked)
        return expected

    @lazy
    def _codec(self) -> Codec[Any]:
        """Return the codec for the replies to this request; for all of the endpoint's if too little is known of it."""
        codec = codec_of(self.endpoint)
        return codec if self.expect is None else codec.asked(self.parameters)

    @overload
    def decode(
        self,
        content: "str | Buffer",
        /,
        *,
        expect: type[T],
        content_type: str | None = None,
        strict: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> T | ErrorReply: ...

    @overload
    def decode(
        self,
        content: "str | Buffer",
        /,
        *,
        expect: UnionType | None = None,
        content_type: str | None = None,
        strict: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Reply: ...

    def decode(
        self,
        content: "str | Buffer",
        /,
        *,
        expect: Any = None,
        content_type: str | None = None,
        strict: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Any:
        """Read the reply to this request.

        *content* is the response's body, bytes or already a string, *content_type* its `Content-Type`, if it has
        one. Bytes that are valid UTF-8 are read as UTF-8. Others are in the charset that is named there, unless that is
        UTF-8; else in the one that was asked for; else in that of an XML declaration or in windows-1251, as for
        `smsc_codec.decode`. *expect* is the
        command's class of reply if it is not given; giving it tells a type checker what comes back. *strict*
        refuses whatever `validate` would report.

        Raise `DecodeError`, `OptionError` for a wrong argument, and nothing else.
        """
        # The same in every charset, and in the form that nearly every reply has.
        if type(content) is bytes and strict is False and limits is DEFAULT_LIMITS and content.isascii():
            try:
                ready = self._codec._ready[id(self._expect if expect is None else expect)]
                reply = None if self.fmt is None else ready.plain[self.fmt](content)
            except CAUGHT:
                reply = None
            if reply is not None:
                return reply
        return self._decoded(content, expect, content_type, strict, limits)

    def _decoded(
        self, content: Any, expect: Any, content_type: Any, strict: bool, limits: Any, known: Known = NOTHING
    ) -> Any:
        """Do what `decode` does; nothing that is *known* to be secret is repeated."""
        charset, findings = answered_in(self.charset, content, content_type, limits)
        expect = self._expect if expect is None else expect
        reply = read(self._codec, content, self.fmt, expect, charset, strict, limits, known)
        if strict:
            findings += missing_views(self, reply)
            if findings:
                raise strict_error(findings[0])
        return reply

    def validate(
        self,
        content: "str | Buffer",
        /,
        *,
        expect: type[Any] | UnionType | None = None,
        content_type: str | None = None,
        strict: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Report[Reply]:
        """Read the reply to this request and report what is wrong or unusual about it; parameters as for `decode`.

        Beside the findings of `smsc_codec.validate` there are those that a request gives rise to:
        `content-charset`, `no-status` and `no-operators`. Raise `OptionError` for a wrong argument, and nothing else.
        """
        flag_of("strict", strict)
        charset, findings = answered_in(self.charset, content, content_type, limits)
        expect = self._expect if expect is None else expect
        found = report(self._codec, content, self.fmt, expect, charset, False, limits)
        reply = found.reply
        if reply is not None:
            findings += missing_views(self, reply)
        # The codec's own come first, as they do in strict decoding; what cannot be read has its error last.
        ordered = (*findings, *found.findings) if reply is None else (*found.findings, *findings)
        return Report(None if strict and ordered else reply, ordered)


@lru_cache(len(ENDPOINTS))
def names_of(endpoint: str) -> frozenset[str]:
    """Return the parameters of an endpoint that are looked at."""
    declared = codec_of(endpoint).endpoint
    return frozenset({"fmt", "charset", *declared.reads, *declared.commands}) | _CREDENTIALS


def query_of(asked: Mapping[str, str], endpoint: str = DEFAULT, *, lenient: bool = False) -> Query:
    """Return what the parameters in a mapping say; *lenient* treats values that make no sense as unknown."""
    declared = codec_of(endpoint).endpoint
    commands = [name for name in declared.commands if asked.get(name) == "1"]
    if len(commands) > 1 and not lenient:
        raise OptionError(f"expected one command, found {' and '.join(commands)}")
    kept = {
        name: word for name in declared.reads if name in asked and (word := _word(asked[name], declared.reads[name]))
    }
    parameters = tuple(kept.items())
    command = commands[0] if len(commands) == 1 else None
    if command is not None:
        kept[command] = "1"
    # What is not here is 0 only if the parameters are not somewhere else.
    here = (kept or not _CREDENTIALS.isdisjoint(asked)) and declared.answer_to(kept) is not None
    fmt = asked.get("fmt", "0" if here else None)
    charset = asked.get("charset")
    if lenient:
        charset = charset_name(charset)
        fmt = fmt if fmt in _FORMATS else None
    if (fmt is None or fmt in _FORMATS) and (charset is None or charset in CHARSETS):
        return _usual(endpoint, fmt, charset, command, parameters)
    known: Any = int(fmt) if fmt in _FORMATS else fmt
    # A value that looks like nothing that a parameter can be may hold another one, and that one a secret.
    known = "***" if type(known) is str and not _WORD.fullmatch(known) else known
    charset = "***" if charset is not None and not _WORD.fullmatch(charset) else charset
    return Query(endpoint=endpoint, fmt=known, charset=charset, command=command, parameters=dict(parameters))


def recorded(endpoint: str, rest: bool, parameters: str, form: bytes) -> Query:
    """Return what a request asked for, by the query of its URL and its form. What makes no sense is not known."""
    names = names_of(endpoint)
    asked = _kept(parameters, names)
    text = form.decode("latin-1")
    with suppress(OptionError):  # broken JSON
        asked |= _kept(_in_json(text) if _OBJECT.match(text) else text, names)
    return query_of({**asked, "fmt": "3", "charset": "utf-8"} if rest else asked, endpoint, lenient=True)


def _word(value: str, documented: tuple[str, ...]) -> str:
    """Return what is kept of a parameter's value; nothing if that is 0 or empty."""
    if value in ("", "0"):
        return ""
    if documented is COUNTED:
        return COUNTED[_SEVERAL.search(value) is not None]
    return value if value in documented else ANOTHER


def _checked(given: Any, declared: Endpoint[Any]) -> Mapping[str, str]:
    """Return the parameters of a caller, who may say only what `Query.from_url` keeps."""
    try:
        items = {str.__str__(name): str.__str__(word) for name, word in given.items()}
    except Exception:  # it is not a mapping of texts, or raises when it is read
        raise OptionError(f"parameters has to be a mapping of texts, not {name_of(given)}") from None
    for name, word in items.items():
        allowed = declared.reads.get(name)
        if allowed is None:
            names = ", ".join(declared.reads)
            raise OptionError(f"parameters of {declared.name} can hold {names}, not {quote(name)}")
        words = allowed if allowed is COUNTED else (*allowed, ANOTHER)
        if word not in words:
            raise OptionError(
                f"parameters of {declared.name}: {name} has to be {' or '.join(words)}, not {quote(word)}"
            )
    return cast("Mapping[str, str]", FrozenMapping.of((name, items[name]) for name in declared.reads if name in items))


@lru_cache(1024)
def _usual(
    endpoint: str, fmt: str | None, charset: str | None, command: str | None, parameters: tuple[tuple[str, str], ...]
) -> Query:
    """Return a query of words that the service has: none of them holds a secret."""
    known = None if fmt is None else Format(int(fmt))
    return Query(endpoint=endpoint, fmt=known, charset=charset, command=command, parameters=dict(parameters))


def split(url: str) -> tuple[str, str, str]:
    """Return the authority of a URL, its path and its query.

    `urllib.parse.urlsplit` takes time that grows with the square of an authority, and refuses some.
    """
    address, _, query = url.partition("#")[0].partition("?")
    parts = _ADDRESS.fullmatch(address)
    return ("", address, query) if parts is None else (parts[1], parts[2], query)


def answered_in(
    asked: str | None, content: object, content_type: object, limits: object = DEFAULT_LIMITS
) -> tuple[str | None, list[Finding]]:
    """Return the charset that a response has to be read in, and what is wrong with what is said of it.

    None leaves it to the codec: bytes that are UTF-8 are UTF-8, whatever was asked, and whatever `Content-Type`
    says. A content beyond the limits is not looked at: it is going to be refused.
    """
    if type(content) is bytes and content.isascii():
        return None, []
    match = _CHARSET.search(str.__str__(content_type)) if is_really(content_type, str) else None
    said = None if match is None else charset_name(match[1])
    label = said or asked
    size = None if label is None else size_of(content)
    if size is None or type(limits) is not Limits or size > limits.body:
        return label, []
    body = bytes_of(content)
    if body is None:
        return label, []
    if body.removeprefix(BOM).isascii() or is_utf16(body):
        return None, []
    claim = f"{asked} was asked" if said is None else f"Content-Type says {said}"
    # What is UTF-8 by chance is rare, a wrong label is not. The codec compares it with the XML declaration.
    if is_utf8(body) is not (label == "utf-8"):
        really = "no UTF-8" if label == "utf-8" else "UTF-8"
        found = [_content_charset(f"{claim}, the bytes are {really}")]
        return (asked if label == "utf-8" and asked != "utf-8" else None), found
    found = [] if asked in (None, label) else [_content_charset(f"{claim}, {asked} was asked")]
    return (None if label == "utf-8" else label), found


def missing_views(query: Query, reply: Any) -> list[Finding]:
    """Return what was asked for each record of a list, and is missing in one: the first finding."""
    codec = query._codec
    declared = codec._declared(reply)
    if not declared.many:
        return []
    for view in _views(query):
        if query.fmt is not None and FORMATS[query.fmt] not in view.formats:
            continue
        for at, record in enumerate(getattr(reply, declared.attribute)):
            if not _is_there(getattr(record, view.field)):
                message = f"{view.title} was asked, and {view.field} is missing"
                path = f"{declared.attribute}[{at}]"
                return [Finding(Severity.WARNING, f"no-{view.field}", message, 0, 1, 1, path, "")]
    return []


def has_views(query: Query) -> bool:
    """Return whether a request asks for something of each record of a list."""
    return bool(_views(query))


def _views(query: Query) -> list[View]:
    asked = query.parameters
    return [
        view
        for view in query._codec.endpoint.views
        if all(asked.get(name, "0") == value for name, value in view.when.items())
    ]


def _is_there(value: Any) -> bool:
    return value is not None and value != {}


def _content_charset(message: str) -> Finding:
    return Finding(Severity.WARNING, "content-charset", message, 0, 1, 1, "", "")


def _endpoint_of(path: str, given: _Pairs, posted: _Pairs) -> tuple[str, bool]:
    """Return the endpoint that a request went to, and whether it was to `/rest/`."""
    if path in ("", "/"):
        commands = codec_of(DEFAULT).endpoint.commands
        if "1" not in _asked(given, posted, frozenset(commands)).values():
            raise OptionError(
                f"expected the path of an endpoint, such as /sys/{DEFAULT}.php, or one of its commands "
                f"among the parameters ({', '.join(commands)}), found neither"
            )
        return DEFAULT, False
    name, rest = name_in(path)
    if name not in ENDPOINTS:
        # Any other name can hold anything, also a secret.
        raise OptionError(f"expected a request to {known_names('.php')}, found another path")
    return name, rest


def _opened(source: object, *, in_json: bool = False) -> tuple[str, _Pairs]:
    """Return the path of a source, which may be empty, and its parameters.

    *in_json* reads a mapping or pairs as the members of a JSON object.
    """
    try:
        return _read(source, in_json)
    except OptionError:
        raise
    except Exception as error:  # an object of the caller raises, or it is not a pair
        trouble = "" if is_really(error, TypeError) else f" that raises {name_of(error)}"
    raise OptionError(f"expected a URL, a form or a mapping of parameters, found {name_of(source)}{trouble}")


def _read(source: Any, in_json: bool) -> tuple[str, _Pairs]:
    """Return the same. Raise what an object of the caller raises."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        source = bytes(source).decode("latin-1")
    is_text = isinstance(source, str)
    if is_text or not isinstance(source, Iterable):
        text = str.__str__(source if is_text else str(source))
        if is_text and _OBJECT.match(text):
            return "", _in_json(text)
        if _URL.match(text):
            _, path, query = split(text)
            return path, query
        if not is_text:
            raise TypeError
        return "", text
    items = source.items() if isinstance(source, Mapping) else source
    text_of = _member if in_json else _last
    # Plain strings: those of a class of the caller may say something else when they are asked again.
    texts = ((_text(name), text_of(value)) for name, value in items)
    return "", [(str.__str__(name), str.__str__(text)) for name, text in texts if text]


def _in_json(text: str) -> list[tuple[str, str]]:
    """Return the parameters in the body of a request to `/rest/`. Raise `OptionError` if it is broken."""
    try:
        members = orjson.loads(text)
    except orjson.JSONDecodeError:
        members = None
    if members is None:
        raise OptionError("expected a form or a JSON object, found what begins like an object and is broken")
    return [(name, text) for name, value in members.items() if (text := _member(value))]


def _member(value: object) -> str:
    """Return the text of a member of a JSON object. The numbers of a message can be a list."""
    values = value if is_list(value) else [value]
    # PHP reads true as 1. What is inside of other containers is not a parameter.
    plain = [
        _text(int(each) if isinstance(each, bool) else each)
        for each in values
        if each is not None and not isinstance(each, Mapping) and not is_list(each)
    ]
    return ",".join(plain) if any(plain) else ""


def _last(value: object) -> str:
    """Return the text of a form's value, the last one of a list. HTTP libraries leave out what is `None`."""
    if is_list(value):
        value = value[-1] if value else None
    return "" if value is None else _text(value)


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Return whether the value of a parameter is several values, as a list is."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview))


def _asked(given: _Pairs, posted: _Pairs, names: frozenset[str]) -> dict[str, str]:
    """Return the parameters with these names of a URL and of a form, which comes second."""
    asked = _kept(given, names)
    return asked | _kept(posted, names) if posted else asked


def _kept(pairs: _Pairs, names: frozenset[str]) -> dict[str, str]:
    """Return the parameters with these names; what is secret goes no further."""
    if isinstance(pairs, str):
        found = _read_text(pairs, names)
    else:
        found = {name: value for name, value in pairs if name in names}
    for name in _CREDENTIALS:
        if name in found:
            found[name] = "1"
    return found


def _read_text(text: str, names: frozenset[str]) -> dict[str, str]:
    """Return those of a form or of the query of a URL, as `urllib.parse.parse_qsl` reads it; no other is undone."""
    found = {}
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        if name not in names and "%" in name:
            name = unquote_plus(name)
        if value and name in names:
            found[name] = value if value.isalnum() else unquote_plus(value)
    return found


def _text(value: object) -> str:
    if isinstance(value, (bytearray, memoryview)):
        value = bytes(value)
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, str):
        return str.__str__(value)
    # Members of enumerations print differently from one Python to the next.
    return str(int(value)) if isinstance(value, int) and not isinstance(value, bool) else str(value)

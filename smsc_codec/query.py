"""What a request asked for, and so what its reply has to be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from types import UnionType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar, overload
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from msgspec.structs import force_setattr

from ._options import charset_of, flag_of, format_of
from ._public import public
from ._source import BOM, CHARSETS, bytes_of, charset_name, is_utf8, is_utf16, shown, size_of
from ._types import is_really, name_of
from .codec import Codec, _strict_error
from .endpoints import ENDPOINTS, OTHERS, module_of, name_in
from .endpoints.senders import COMMANDS, Reply, SenderCreated, SenderList
from .errors import OptionError
from .formats import Format
from .limits import DEFAULT_LIMITS, Limits
from .model import ErrorReply, Success
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

_FORMATS = ("0", "1", "2", "3")
_READ = frozenset({"fmt", "charset", "all", "operators", *COMMANDS})
# What only a URL has stands before its first parameter: a scheme, a path, the question mark.
_URL = re.compile(r"[^=&/?:]*[/?:]")
_ADDRESS = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//([^/]*)(.*)", re.DOTALL)
_WORD = re.compile(r"[\w.-]{1,16}")
_CHARSET = re.compile(r"""(?i)charset\s*=\s*["']?([\w.:-]+)""")


@public
class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What a request asked for. It holds no login, password or key, and sends nothing.

    >>> query = Query.from_url("https://smsc.ru/sys/senders.php?login=demo&psw=demo&fmt=1&get=1")
    >>> query
    Query(endpoint='senders', fmt=<Format.CSV: 1>, charset=None, command='get', all=False, operators=False)
    >>> query.decode(b"SMSC.RU,5")
    SenderList(senders=(Sender(name='SMSC.RU', id=5),))

    Raises `OptionError` for an endpoint whose replies are not read here, for a format, a charset or a command that
    the service does not have, and if `all` or `operators` is not a bool.
    """

    endpoint: str = "senders"
    """The one that was asked: the name of its file without the ending."""
    fmt: Format | None = None
    """`None` if that is not known: the format is then found out from the body."""
    charset: str | None = None
    """`utf-8`, `windows-1251` or `koi8-r`; `None` if none was asked.

    The service answers in windows-1251 then [doc]. That is not put here, because proxies and XML declarations can
    make UTF-8 of it: bytes that are valid UTF-8 are read as such, all others as windows-1251.
    """
    command: str | None = None
    """The parameter that was 1: `get`, `add`, `chg`, `send_code`, `check_code` or `del`; `None` if it is not known."""
    all: bool = False
    """Whether all names were asked for, with their status (`all=1`)."""
    operators: bool = False
    """Whether the state of names at operators was asked for (`operators=1`)."""

    def __post_init__(self) -> None:
        endpoint: object = self.endpoint
        if not is_really(endpoint, str) or str.__str__(endpoint) not in ENDPOINTS:
            raise OptionError(f"endpoint has to be {' or '.join(ENDPOINTS)}, not {shown(endpoint)}")
        force_setattr(self, "endpoint", str.__str__(endpoint))
        if self.fmt is not None:
            force_setattr(self, "fmt", format_of(self.fmt))
        if self.charset is not None:
            force_setattr(self, "charset", charset_of(self.charset))
        command: object = self.command
        if command is not None:
            if not is_really(command, str) or str.__str__(command) not in COMMANDS:
                raise OptionError(f"command has to be one of {', '.join(COMMANDS)}, not {shown(command)}")
            force_setattr(self, "command", str.__str__(command))
        for view in ("all", "operators"):
            flag_of(view, getattr(self, view))

    @classmethod
    def from_url(cls, url_or_parameters: Parameters, form: Parameters | None = None, /) -> Query:
        """What the parameters of a request say.

        They are a URL or a form (`login=…&fmt=3`), each as text, bytes or an object whose `str` is a URL; or a
        mapping or pairs, where values can be lists as those of `urllib.parse.parse_qs`. A *form* that was sent to
        the URL comes second; where a parameter is given twice the last one counts. The endpoint is the
        last part of the path (`/sys/senders.php`, `/rest/senders/`), whatever the host is; `/rest/` means fmt=3 and
        UTF-8 [doc]. Parameters without a path are those of `senders.php` if they have one of its commands.

        Without a command the parameters are taken to be somewhere else, and what is not given is not known. With
        one, `fmt` is 0 where it is not given, which is the service's default [doc].

        Raises `OptionError` for a path of anything but an endpoint whose replies are read here, for an object without
        parameters, for more than one command, and for a format or a charset that the service does not have.
        """
        path, asked = _asked(url_or_parameters)
        if form is not None:
            asked |= _asked(form)[1]
        endpoint, rest = _endpoint_of(path, asked)
        return query_of({**asked, "fmt": "3", "charset": "utf-8"} if rest else asked, endpoint)

    @property
    def expect(self) -> type[SenderList | SenderCreated | Success] | None:
        """The class of the reply that the command leads to, `None` if it is not known."""
        return None if self.command is None else COMMANDS[self.command]

    @overload
    def decode(
        self,
        content: str | Buffer,
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
        content: str | Buffer,
        /,
        *,
        expect: UnionType | None = None,
        content_type: str | None = None,
        strict: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Reply: ...

    def decode(
        self,
        content: str | Buffer,
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

        Raises `DecodeError`, `OptionError` for a wrong argument, and nothing else.
        """
        return self._decoded(self._codec.decode, content, expect, content_type, strict, limits)

    @property
    def _codec(self) -> Codec[Any]:
        codec: Codec[Any] = module_of(self.endpoint).CODEC
        return codec

    def _decoded(
        self, read: Callable[..., Any], content: Any, expect: Any, content_type: Any, strict: bool, limits: Any
    ) -> Any:
        """Do what `decode` does, by a way to read that takes the parameters of `smsc_codec.decode`."""
        charset, findings = answered_in(self.charset, content, content_type, limits)
        expect = self.expect if expect is None else expect
        reply = read(content, fmt=self.fmt, expect=expect, charset=charset, strict=strict, limits=limits)
        if strict:
            findings += missing_views(self, reply)
            if findings:
                raise _strict_error(findings[0])
        return reply

    def validate(
        self,
        content: str | Buffer,
        /,
        *,
        expect: type[Any] | UnionType | None = None,
        content_type: str | None = None,
        strict: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Report[Reply]:
        """Read the reply to this request and report what is wrong or odd about it; parameters as for `decode`.

        Beside the findings of `smsc_codec.validate` there are those that a request gives rise to:
        `content-charset`, `no-status` and `no-operators`. Raises `OptionError` for a wrong argument, and nothing else.
        """
        flag_of("strict", strict)
        charset, findings = answered_in(self.charset, content, content_type, limits)
        report: Report[Any] = self._codec.validate(
            content,
            fmt=self.fmt,
            expect=self.expect if expect is None else expect,
            charset=charset,
            limits=limits,
        )
        reply = report.reply
        if reply is not None:
            findings += missing_views(self, reply)
        # The codec's own come first, as they do in strict decoding; what cannot be read has its error last.
        ordered = (*findings, *report.findings) if reply is None else (*report.findings, *findings)
        return Report(None if strict and ordered else reply, ordered)


def query_of(asked: Mapping[str, str], endpoint: str = "senders", *, lenient: bool = False) -> Query:
    """What parameters say, those in a mapping from name to value; *lenient* takes for not known what makes no sense."""
    commands = [name for name, value in asked.items() if value == "1" and name in COMMANDS]
    fmt = asked.get("fmt", "0" if commands else None)
    charset = asked.get("charset")
    if lenient:
        charset = charset_name(charset)
        fmt = fmt if fmt in _FORMATS else None
        commands = commands if len(commands) == 1 else []
    if len(commands) > 1:
        raise OptionError(f"expected one command, found {' and '.join(sorted(commands, key=[*COMMANDS].index))}")
    listing = commands == ["get"]
    command = commands[0] if commands else None
    views = listing and asked.get("all") == "1", listing and asked.get("operators") == "1"
    if (fmt is None or fmt in _FORMATS) and (charset is None or charset in CHARSETS):
        return _usual(endpoint, fmt, charset, command, *views)
    known: Any = int(fmt) if fmt in _FORMATS else fmt
    # A value that looks like nothing that a parameter can be may hold another one, and that one a secret.
    known = "***" if type(known) is str and not _WORD.fullmatch(known) else known
    charset = "***" if charset is not None and not _WORD.fullmatch(charset) else charset
    return Query(endpoint=endpoint, fmt=known, charset=charset, command=command, all=views[0], operators=views[1])


@lru_cache(None)
def _usual(
    endpoint: str, fmt: str | None, charset: str | None, command: str | None, names: bool, operators: bool
) -> Query:
    """Return a query of words that the service has: there are some hundred, and none of them holds a secret."""
    known = None if fmt is None else Format(int(fmt))
    return Query(endpoint=endpoint, fmt=known, charset=charset, command=command, all=names, operators=operators)


def split(url: str) -> tuple[str, str, str]:
    """Return the authority of a URL, its path and its query.

    `urllib.parse.urlsplit` takes time that grows with the square of an authority, and refuses some.
    """
    address, _, query = url.partition("#")[0].partition("?")
    parts = _ADDRESS.fullmatch(address)
    return ("", address, query) if parts is None else (parts[1], parts[2], query)


def pairs_of(text: str) -> list[tuple[str, str]]:
    """The parameters in the query of a URL or in a form (`application/x-www-form-urlencoded`)."""
    return parse_qsl(text)


def answered_in(
    asked: str | None, content: object, content_type: object, limits: object = DEFAULT_LIMITS
) -> tuple[str | None, list[Finding]]:
    """Return the charset that a response has to be read in, and what is wrong with what is said of it.

    None is what the codec finds out: bytes that are UTF-8 are UTF-8, whatever was asked, and whatever `Content-Type`
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


def missing_views(query: Query, reply: Reply) -> list[Finding]:
    """The first name of a list without what was asked for each of them."""
    if query.all and not query.operators and isinstance(reply, SenderList):
        for at, sender in enumerate(reply.senders):
            if sender.status is None:
                message = "all=1 was asked, and there is no status"
                return [Finding(Severity.WARNING, "no-status", message, 0, 1, 1, f"senders[{at}]", "")]
    # [doc] The view with the operators has no status, and does not exist in fmt=1.
    if query.operators and query.fmt is not Format.CSV and isinstance(reply, SenderList):
        for at, sender in enumerate(reply.senders):
            if not sender.operators:
                message = "operators=1 was asked, and there are none"
                return [Finding(Severity.WARNING, "no-operators", message, 0, 1, 1, f"senders[{at}]", "")]
    return []


def _content_charset(message: str) -> Finding:
    return Finding(Severity.WARNING, "content-charset", message, 0, 1, 1, "", "")


def _endpoint_of(path: str, asked: Mapping[str, str]) -> tuple[str, bool]:
    """Return the endpoint that a request went to, and whether it was to `/rest/`."""
    if path in ("", "/"):
        if not any(asked.get(name) == "1" for name in COMMANDS):
            commands = ", ".join(COMMANDS)
            raise OptionError(
                "expected the path of an endpoint, such as /sys/senders.php, or one of its commands "
                f"among the parameters ({commands}), found neither"
            )
        return "senders", False
    name, rest = name_in(path)
    if name not in ENDPOINTS:
        known = "whose replies are not read here" if name in OTHERS else "which the service does not have"
        found = f"{name}.php, {known}" if name else "another path"
        raise OptionError(f"expected a request to {' or '.join(f'{name}.php' for name in ENDPOINTS)}, found {found}")
    return name, rest


def _asked(source: object) -> tuple[str, dict[str, str]]:
    """Return the path of a source, empty if it has none, and the parameters that say what was asked for.

    There are no others: what is secret goes no further.
    """
    try:
        return _read(source)
    except Exception as error:  # that of an object of the caller, or of what is no pair
        trouble = "" if is_really(error, TypeError) else f" that raises {name_of(error)}"
    raise OptionError(f"expected a URL, a form or a mapping of parameters, found {name_of(source)}{trouble}")


def _read(source: Any) -> tuple[str, dict[str, str]]:
    """Return the same. Raise what an object of the caller raises."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        source = bytes(source).decode("latin-1")
    is_text = isinstance(source, str)
    if is_text or not isinstance(source, Iterable):
        text = str.__str__(source if is_text else str(source))
        if _URL.match(text):
            _, path, query = split(text)
            return path, _read_text(query)
        if not is_text:
            raise TypeError
        return "", _read_text(text)
    items = source.items() if isinstance(source, Mapping) else source
    found = {}
    for name, value in items:
        if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview)):
            value = value[-1] if value else None  # noqa: PLW2901
        # HTTP libraries leave out what is `None`.
        text = "" if value is None else _text(value)
        if text:
            # Plain strings: those of a class of the caller may say something else when they are asked again.
            plain, name_ = str.__str__(text), str.__str__(_text(name))
            if name_ in _READ:
                found[name_] = plain
    return "", found


def _read_text(text: str) -> dict[str, str]:
    """Return those of a form or of the query of a URL, as `urllib.parse.parse_qsl` reads it; no other is undone."""
    found = {}
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        if name not in _READ and "%" in name:
            name = unquote_plus(name)
        if value and name in _READ:
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

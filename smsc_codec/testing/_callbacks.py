"""Makes the service's calls to its client over real HTTP: states, incoming messages and confirmation calls.

The calls go only to this machine.
"""

import http.client
import ipaddress
import re
import threading
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from msgspec.structs import replace

from .._source import charset_name, quote
from ..callbacks import Callback, CallCallback, IncomingCallback, StatusCallback, encode
from ..endpoints.get import IncomingMessage
from ..endpoints.status import Message
from ..formats import Format
from ._account import MINUTE, Account, moment, text_of
from ._request import DEFAULT_CHARSET
from ._sent import SentMessage
from ._texts import printable

# The seconds that a client has to answer, and the account's seconds after which a call is repeated.
_PATIENCE, _AGAIN = 10.0, MINUTE
# [doc] The check values that an address can ask for.
_CHECKS = ("md5", "sha1", "crc32")
# Nobody has seen the `Content-Type` of a call.
_TYPES = {"2": "application/xml", "3": "application/json"}
_FORM = "application/x-www-form-urlencoded"
_PRINTABLE = re.compile("[!-~]+")
_HLR = ("imsi", "msc", "mcc", "mnc", "cn", "net", "rcn", "rnet")


@dataclass(frozen=True)
class PostedCall:
    """A call that the fake service has made to its client."""

    call: Callback
    """The contents of the call, with its check values."""
    status: int | None
    """The HTTP status of the answer, or None if there was none."""


@dataclass(eq=False)
class _Waiting:
    """A call that is due at a time of the account's clock."""

    call: Callback
    at: float


class Callbacks:
    """The calls to one address."""

    def __init__(self, account: Account, url: str | None, secret: str) -> None:
        self._account = account
        self._waiting: list[_Waiting] = []
        self._posting = threading.Lock()
        self.posted: list[PostedCall] = []
        self.url = url
        self.secret = secret

    @property
    def url(self) -> str | None:
        """The address with its query, or None if there is none."""
        return self._url

    @url.setter
    def url(self, url: str | None) -> None:
        if url is not None:
            _check(text_of("callback_url", url))
        self._url = url

    @property
    def secret(self) -> str:
        """The secret for the check values."""
        return self._secret

    @secret.setter
    def secret(self, secret: str) -> None:
        self._secret = text_of("callback_secret", secret)

    def add(self, call: Callback) -> None:
        """Queue a call for the next time that calls are made. Do nothing if there is no address."""
        if self._url is not None:
            self._waiting.append(_Waiting(call, self._account._now()))

    def post(self) -> None:
        """Make the calls that are due. If one is not answered with 200, repeat it after a minute of the account."""
        # The client that is called may ask the service, and set its clock. So the account is not locked, and one thread
        # makes all calls.
        # It looks again when it is done, as another may have left it something to do.
        while self._due() and self._posting.acquire(blocking=False):
            try:
                for waiting in self._due():
                    self._make(waiting)
            finally:
                self._posting.release()

    def _due(self) -> list[_Waiting]:
        """Return the calls that are due."""
        with self._account._lock:
            now = self._account._now()
            return [] if self._url is None else [waiting for waiting in self._waiting if waiting.at <= now]

    def _make(self, waiting: _Waiting) -> None:
        """Make a call, and note when it has to be repeated if it is not answered."""
        call, status = self._post(waiting.call)
        with self._account._lock:
            self.posted.append(PostedCall(call, status))
            if status == 200:
                self._waiting.remove(waiting)
            else:
                waiting.at = self._account._now() + _AGAIN

    def _post(self, call: Callback) -> tuple[Callback, int | None]:
        """Send a call. Return it as it was sent, and the HTTP status of the answer, or None if there was none."""
        address = urlsplit(self._url or "")
        asked = dict(parse_qsl(address.query))
        charset = charset_name(asked.get("charset")) or DEFAULT_CHARSET
        call = replace(call, charset=charset)
        if isinstance(call, IncomingCallback):
            call = replace(call, mes=printable(call.mes, charset))
        checks = {name: name in asked for name in _CHECKS}
        if self._secret and any(checks.values()):
            call = call.sign(self._secret, **checks)
        fmt = asked.get("fmt", "")
        body = encode(call, fmt=Format(int(fmt)) if fmt in _TYPES else None)
        # Do not use a library that follows redirects, or uses a proxy.
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_PATIENCE)
        try:
            target = f"{address.path or '/'}?{address.query}" if address.query else address.path or "/"
            connection.request("POST", target, body, {"Content-Type": _TYPES.get(fmt, _FORM)})
            return call, connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return call, None
        finally:
            connection.close()


def state_of(message: SentMessage, known: Message) -> StatusCallback:
    """Return the call that reports the state of a message."""
    return StatusCallback(
        id=message.id,
        phone=message.phone,
        status=known.status,
        time=f"{known.last_date:%d.%m.%Y %H:%M:%S}",
        ts=known.last_timestamp,
        err=known.err,
        cnt=message.parts,
        type=message.type,
        cost=message.cost,
        flag=known.flag,
        **{name: getattr(known, name) for name in _HLR},
    )


def received(message: IncomingMessage, at: float, answers: int | None) -> IncomingCallback:
    """Return the call that reports an incoming message."""
    return IncomingCallback(
        phone=message.phone,
        mes=message.message,
        to=message.to_phone or "",
        id=message.id,
        sms_id=answers,
        sent=moment(at),
        time=moment(at),
    )


def called(phone: str, to: str, at: float) -> CallCallback:
    """Return the call that reports that somebody has called to confirm a number."""
    return CallCallback(phone=phone, waitcall=to, ts=moment(at))


def _check(url: str) -> None:
    """Raise `ValueError` if nobody can call an address, or if it is not on this machine. Tests send nothing away."""
    try:
        address = urlsplit(url)
        host, is_http = address.hostname or "", address.scheme == "http" and (address.port or 80)
        is_here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = is_http = False
    if not is_here or not is_http:
        raise ValueError(f"callback_url has to be an address on this machine, http://127.0.0.1:…, not {quote(url)}")
    if not _PRINTABLE.fullmatch(url):
        raise ValueError(f"callback_url has to be ASCII without blanks, other characters as %XX, not {quote(url)}")
    asked = dict(parse_qsl(address.query))
    if asked.get("fmt") in _TYPES and charset_name(asked.get("charset")) == "koi8-r":
        raise ValueError("callback_url has to ask for another charset than koi8-r, which is sent in forms, without fmt")

"""The fake `senders.php` over HTTP, on this machine alone."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit

from .._multipart import FormError
from .._source import shown
from .._types import is_really
from ..endpoints.senders import CODEC, Reply, Sender
from ..errors import EncodeError
from ..formats import Format
from ..model import ErrorReply
from ._account import Account, refusal
from ._head import Head, RefusedError, read_head
from ._request import DEFAULT_CHARSET, Form, ReceivedRequest, read_form

if TYPE_CHECKING:
    from io import BufferedReader

    from typing_extensions import Self

PATH = "/sys/senders.php"

# [cap] JSON's; the others are ours.
_TYPES = {
    Format.TEXT: "text/plain",
    Format.CSV: "text/plain",
    Format.XML: "application/xml",
    Format.JSON: "application/json",
}

# Seconds in which a client may read the last answer on a connection.
_LINGER = 1.0


@dataclass(frozen=True)
class _Fault:
    """What shall be wrong with an answer; `FakeSenders.misbehave` says what each is."""

    body: bytes | None = None
    error: ErrorReply | None = None
    plain: bool = False
    cut: bool = False
    disconnect: bool = False
    delay: float = 0.0
    charset: str | None = None
    status: int = 200

    def __post_init__(self) -> None:
        """Refuse what cannot be sent, where the test says it and not in the thread that answers."""
        if self.body is not None and not is_really(self.body, bytes):
            raise TypeError(f"body has to be bytes, not {shown(self.body)}")
        for switch in ("plain", "cut", "disconnect"):
            given: object = getattr(self, switch)
            if given is not True and given is not False:
                raise TypeError(f"{switch} has to be True or False, not {shown(given)}")
        # Those below 200 announce another answer.
        _check_number("status", self.status, 200, 999)
        if is_really(self.delay, bool) or not (is_really(self.delay, int) or is_really(self.delay, float)):
            raise TypeError(f"delay has to be a number of seconds, not {shown(self.delay)}")
        if not 0 <= self.delay <= threading.TIMEOUT_MAX:
            raise ValueError(f"delay has to be from 0 to {threading.TIMEOUT_MAX:.0f} seconds, not {shown(self.delay)}")
        if self.charset is not None:
            if not is_really(self.charset, str):
                raise TypeError(f"charset has to be a string, not {shown(self.charset)}")
            try:
                "Имя".encode(self.charset, "replace")
            except (LookupError, ValueError):
                # Not known, not an encoding of texts (`hex`), or one that cannot replace what it lacks (`idna`).
                raise ValueError(f"charset has to be one that Python can write, not {shown(self.charset)}") from None


def _check_number(what: str, given: object, least: int, most: int | None = None) -> None:
    if is_really(given, bool) or not is_really(given, int):
        raise TypeError(f"{what} has to be a whole number, not {shown(given)}")
    if given < least or (most is not None and given > most):
        bounds = f"at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{what} has to be {bounds}, not {shown(given)}")


_NO_FAULT = _Fault()


@dataclass(frozen=True)
class _Answer:
    """An HTTP response."""

    body: bytes
    content_type: str
    status: int = 200
    disconnect: bool = False


class FakeSenders(Account):
    """A `senders.php` of its own, which runs inside a `with` block and listens on this machine alone.

    *senders* are the names that the account has: `Sender` values, of which an id that is `None` is assigned and a
    status that is `None` is `ALLOWED`, or names alone. A request is let in with *login* and *psw* or with *apikey*.
    Numbers in *undeliverable* get no confirmation code. With *rate_limits* off, requests can be repeated at will;
    *clock* is what the limits go by, in seconds.

    Attributes that can be read and set at any time: `senders`, `rate_limits`, `undeliverable`, `login`, `psw`,
    `apikey`; to be read: `codes`, the confirmation code that was sent to each number and not used yet, and
    `comments`, the `cmt` of names that were added or changed.
    """

    def __init__(
        self,
        senders: Iterable[Sender | str] = (),
        *,
        login: str = "demo",
        psw: str = "demo",
        apikey: str = "demo-key",
        undeliverable: Iterable[str] = (),
        rate_limits: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(senders, login, psw, apikey, undeliverable, rate_limits, clock)
        self._requests: list[ReceivedRequest] = []
        self._faults: deque[_Fault] = deque()
        self._lasting: _Fault = _NO_FAULT
        self._http: _Http | None = None

    def __repr__(self) -> str:
        return f"<FakeSenders with {len(self.senders)} names{f' at {self.url}' if self._http else ''}>"

    def __enter__(self) -> Self:
        if self._http is not None:
            raise RuntimeError("this FakeSenders runs already")
        self._http = _Http(self)
        self._http.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            self._http.stop()
            self._http = None

    @property
    def url(self) -> str:
        """The full address of the fake `senders.php`; `RuntimeError` outside of the `with` block."""
        if self._http is None:
            raise RuntimeError("FakeSenders has an address inside of its with block")
        return f"http://127.0.0.1:{self._http.server_port}{PATH}"

    @property
    def requests(self) -> tuple[ReceivedRequest, ...]:
        """What was asked so far, the first request first."""
        return tuple(self._requests)

    def misbehave(
        self,
        *,
        body: bytes | None = None,
        error: int | None = None,
        description: str | None = None,
        plain: bool = False,
        cut: bool = False,
        disconnect: bool = False,
        delay: float = 0.0,
        charset: str | None = None,
        status: int = 200,
        times: int | None = 1,
    ) -> None:
        """Spoil the answer to the next request, or to the next *times*; `None` is until `behave` is called.

        - *error*: the command is not carried out, and answered with this error; *description* is its phrase if
          it shall not be the usual one. Everything else happens to the answer after the command was carried out.
        - *plain*: the answer is text (fmt=0), whatever format was asked for, as the service does with `OK` and errors.
        - *charset*: the answer is in this charset, any that Python knows, although `Content-Type` names another.
        - *body*: these bytes come instead: `b""`, or a proxy's page.
        - *cut*: only the first half of the answer comes, and `Content-Length` fits it.
        - *disconnect*: the connection is closed in the middle of the answer, so that `Content-Length` is not met.
        - *delay*: the answer comes so many seconds late.
        - *status*: the HTTP status, which the service leaves at 200 for all of its errors.

        They can be combined, and further calls say what happens to the requests after those.

        Raises `TypeError` and `ValueError` for what cannot be sent, such as a *charset* that Python does not know.
        """
        if times is not None:
            _check_number("times", times, 0)
        if description is not None and not is_really(description, str):
            raise TypeError(f"description has to be a string, not {shown(description)}")
        refused = None if error is None else refusal(error, description)
        fault = _Fault(body, refused, plain, cut, disconnect, delay, charset, status)
        with self._lock:
            if times is None:
                self._lasting = fault
            else:
                self._faults.extend([fault] * times)

    def behave(self) -> None:
        """Forget every misbehaviour."""
        with self._lock:
            self._faults.clear()
            self._lasting = _NO_FAULT

    def _respond(self, method: str, form: Form) -> tuple[_Answer, float]:
        """The response to a request, and after how many seconds it shall come."""
        with self._lock:
            fault = self._faults.popleft() if self._faults else self._lasting
            reply = fault.error or self._answer(form)
            self._requests.append(ReceivedRequest(method, form.query.command, form.parameters, form.files, reply))
        return _spoiled(reply, form, fault), fault.delay


def _spoiled(reply: Reply, form: Form, fault: _Fault) -> _Answer:
    """The reply as the request wants it, but for what *fault* does to it."""
    fmt, charset = form.query.fmt or Format.TEXT, form.query.charset or DEFAULT_CHARSET
    content_type = f"{_TYPES[fmt]}; charset={charset}"
    body = fault.body
    if body is None:
        written_as = Format.TEXT if fault.plain else fmt
        try:
            if fault.charset is None:
                body = CODEC.encode(reply, fmt=written_as, charset=charset, drop=("description",))
            else:
                text = CODEC.encode(reply, fmt=written_as, drop=("description",)).decode()
                body = text.encode(fault.charset, "replace")
        except EncodeError as error:
            # Not an answer that the service gives, so that the test sees what it has put into the account.
            text = f"FakeSenders cannot answer with fmt={written_as}: {error}"
            return _Answer(text.encode(), "text/plain; charset=utf-8", 500)
    if fault.cut:
        body = body[: len(body) // 2]
    return _Answer(body, content_type, fault.status, fault.disconnect)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = request_version = "HTTP/1.1"
    command = requestline = ""
    # Head and body are two packets, of which the second would wait for the first to be acknowledged.
    disable_nagle_algorithm = True

    def handle(self) -> None:
        # A client that has gone, and connections that `stop` has closed.
        with contextlib.suppress(OSError):
            super().handle()

    def handle_one_request(self) -> None:
        """Answer a request. The connection stays open only where it is certain what follows."""
        self.close_connection = True
        self.command = ""
        try:
            head = read_head(cast("BufferedReader", self.rfile))
            if head is not None:
                self.command = head.method
                self._answer(head)
        except RefusedError as error:
            self._send(_Answer(f"<html>{error}</html>".encode(), "text/html", error.status))
            self._linger()

    def _answer(self, head: Head) -> None:
        if head.method not in ("GET", "POST"):
            raise RefusedError(501, "the methods are GET and POST")
        try:
            url = urlsplit(head.target)
        except ValueError:  # such as http://[, which is no address
            raise RefusedError(400, "expected a path or an address") from None
        if unquote(url.path, "latin-1") != PATH:
            raise RefusedError(404, f"there is only {PATH} here")
        if head.waits:
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self.rfile.read(head.length)
        if len(body) < head.length:
            return  # the client has gone
        try:
            form = read_form(url.query, head.content_type, body)
        except FormError as error:
            raise RefusedError(400, f"the form cannot be read: {error}") from None
        http = cast("_Http", self.server)
        answer, delay = http.account._respond(head.method, form)
        # Not a sleep: whoever leaves the `with` block does not wait.
        if not http.stopping.wait(delay):
            self.close_connection = answer.disconnect or not head.stays
            self._send(answer)
            if self.close_connection and not answer.disconnect:
                self._linger()

    def _send(self, answer: _Answer) -> None:
        body = answer.body
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body) or int(answer.disconnect)))
        if self.close_connection and not answer.disconnect:
            self.send_header("Connection", "close")
        self.end_headers()
        if answer.disconnect:
            body = body[: len(body) // 2]
        # Some answers end with their headers: what followed would be read as the next answer.
        self.wfile.write(b"" if self.command == "HEAD" or answer.status in (204, 304) else body)

    def _linger(self) -> None:
        """Read what the client still sends: a connection that is closed before that loses the answer."""
        end = time.monotonic() + _LINGER
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(_LINGER)
        while time.monotonic() < end and self.connection.recv(65_536):
            pass

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: the request line holds the password."""


class _Http(ThreadingHTTPServer):
    """The server of one `with` block; every thread and socket that it has made is gone after `stop`."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, account: FakeSenders) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.account = account
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._process = os.getpid()
        self._thread = threading.Thread(target=self.serve_forever, name="FakeSenders", kwargs={"poll_interval": 0.01})

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if os.getpid() != self._process:
            # A forked child has copies of the sockets and none of the threads: the parent goes on with both.
            for connection in (self.socket, *self._open):
                connection.close()
            return
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        # Clients keep their connections open, and the threads wait for what else they may ask.
        for connection in tuple(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def close_request(self, request: Any) -> None:
        self._open.discard(request)
        super().close_request(request)

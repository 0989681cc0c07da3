"""The fake service: its addresses, its answers as requests want them, and what spoils them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import unquote, urlsplit

from msgspec.structs import replace

from .._multipart import FormError
from ..codec import Codec
from ..endpoints import balance, info, name_in, send, senders, status
from ..endpoints.balance import BalanceError
from ..endpoints.info import InfoError
from ..endpoints.send import MessageError
from ..endpoints.senders import Sender, SenderError
from ..endpoints.status import Message, StatusError, StatusList
from ..errors import EncodeError
from ..formats import Format
from ..model import ApiError, ErrorCode
from ._account import check_number, refusal, refuse, text_of
from ._faults import Fault, Faults
from ._head import RefusedError
from ._info import INFO_PHRASES, answer_info
from ._messages import MESSAGE_PHRASES, STATUS_PHRASES, Messages, all_of
from ._request import DEFAULT_CHARSET, Form, ReceivedRequest, read_form
from ._senders import PHRASES
from ._server import Answer, Http, refused
from ._texts import printable, unambiguous

if TYPE_CHECKING:
    import aiohttp.web
    import httpx
    from requests import PreparedRequest
    from typing_extensions import Self

# [cap] JSON's; the others are ours.
_TYPES = {
    Format.TEXT: "text/plain",
    Format.CSV: "text/plain",
    Format.XML: "application/xml",
    Format.JSON: "application/json",
}


class _Endpoint(NamedTuple):
    """An address of the service."""

    codec: Codec[Any]
    errors: type[ErrorCode]
    phrases: Mapping[int, str]
    answer: Callable[[FakeSmsc, Form], Any]
    asked: Callable[[Mapping[str, str]], Mapping[str, str]] = lambda asked: {}
    """The parameters that decide what a line of fmt=1 means."""


class FakeSmsc(Messages):
    """A service of its own: one account that sends messages, knows their states, and has money and sender names.

    It runs inside a `with` block and listens on this machine alone; the handlers answer without a network, and need no
    block. A request is let in with *login* and *password*, which may be its MD5 in small letters, or with *apikey*.
    They are `demo`, `demo` and `demo-key` if nothing else is given.

    A message to a number takes *price* for each of its parts from *balance*; what is spent beyond it is *credit*.
    Numbers in *undeliverable* get no message and no confirmation code, and texts and senders with a word in *forbidden*
    are refused. *senders* are the names that the account has: `Sender` values, of which an id that is `None` is
    assigned and a status that is `None` is `ALLOWED`, or names alone. With *rate_limits* off, requests can be repeated
    at will. *clock* gives the time, in seconds since 1970 in UTC; without one the time stands still until `advance` is
    called.

    Raises `TypeError` and `ValueError` for wrong arguments, and where an attribute is set to what it cannot be.

    >>> with FakeSmsc() as service:
    ...     service.url.startswith("http://127.0.0.1:") and service.url.endswith("/sys/")
    True
    """

    def __init__(
        self,
        *,
        login: str = "demo",
        password: str = "demo",
        apikey: str = "demo-key",
        balance: Decimal | str | int = 100,
        credit: Decimal | str | int = 0,
        currency: str = "RUR",
        price: Decimal | str | int = "1.4",
        senders: Iterable[Sender | str] = (),
        undeliverable: Iterable[str] = (),
        forbidden: Iterable[str] = (),
        rate_limits: bool = True,
        clock: Callable[[], float] | None = None,
    ) -> None:
        super().__init__(
            login=login,
            password=password,
            apikey=apikey,
            balance=balance,
            credit=credit,
            currency=currency,
            price=price,
            senders=senders,
            undeliverable=undeliverable,
            forbidden=forbidden,
            rate_limits=rate_limits,
            clock=clock,
        )
        self._requests: list[ReceivedRequest] = []
        self._faults = Faults()
        self._http: Http | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} with {len(self._messages)} messages{self._place}>"

    @property
    def _place(self) -> str:
        return f" at {self.url}" if self._http else ""

    def __enter__(self) -> Self:
        if self._http is not None:
            raise RuntimeError(f"this {type(self).__name__} runs already")
        self._http = Http(self)
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
        """The address of the fake `/sys/` with the slash; `RuntimeError` outside of the `with` block."""
        return f"{self._root}/sys/"

    @property
    def _root(self) -> str:
        if self._http is None:
            raise RuntimeError(f"{type(self).__name__} has an address inside of its with block")
        return f"http://127.0.0.1:{self._http.server_port}"

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
          it shall not be the usual one. Of `send.php` the errors 3, 6, 7 and 8 have an id, as the fake's own
          have; no message has it. Everything else happens to the answer after the command was carried out.
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
            check_number("times", times, 0)
        fault = Fault(body, error, description, plain, cut, disconnect, delay, charset, status)
        with self._lock:
            self._faults.add(fault, times)

    def behave(self) -> None:
        """Forget every misbehaviour."""
        with self._lock:
            self._faults.clear()

    # Answers without a network

    def handle_httpx(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of httpx, whatever its host is: `httpx.Client(transport=httpx.MockTransport(…))`.

        Nobody waits: a *delay* that is longer than the client's time-out raises its error at once.
        """
        import httpx

        request.read()
        target = request.url.raw_path.decode("latin-1")
        answer, delay = self._handle(request.method, target, request.headers.get("Content-Type", ""), request.content)
        patience = request.extensions.get("timeout", {}).get("read")
        if patience is not None and delay > patience:
            raise httpx.ReadTimeout("the answer comes too late", request=request)
        if answer.disconnect:
            raise httpx.RemoteProtocolError("the connection was closed in the middle of the answer", request=request)
        headers = {"Content-Type": answer.content_type}
        return httpx.Response(answer.status, headers=headers, content=answer.body, request=request)

    def handle_requests(self, request: PreparedRequest) -> tuple[int, Mapping[str, str], bytes]:
        """Answer a request of requests, whatever its host is: `responses.add_callback("POST", url, callback=…)`.

        Nobody waits: a *delay* that is longer than the client's time-out, if `responses` says it, raises its error at
        once.
        """
        import requests

        body = request.body or b""
        data = body.encode() if isinstance(body, str) else bytes(body)
        kind = str(request.headers.get("Content-Type", ""))
        answer, delay = self._handle(request.method or "GET", request.url or "", kind, data)
        patience = getattr(request, "req_kwargs", {}).get("timeout")
        patience = patience[-1] if isinstance(patience, tuple) else patience
        if patience is not None and delay > patience:
            raise requests.ReadTimeout("the answer comes too late", request=request)
        if answer.disconnect:
            raise requests.exceptions.ChunkedEncodingError("the connection was closed", request=request)
        return answer.status, {"Content-Type": answer.content_type}, answer.body

    async def handle_aiohttp(self, request: aiohttp.web.BaseRequest) -> aiohttp.web.StreamResponse:
        """Answer a request to a server of aiohttp in the test's own loop: `aiohttp.test_utils.RawTestServer(…)`."""
        import asyncio

        from aiohttp import web

        kind = request.headers.get("Content-Type", "")
        answer, delay = self._handle(request.method, str(request.rel_url), kind, await request.read())
        await asyncio.sleep(delay)
        headers = {"Content-Type": answer.content_type}
        if not answer.disconnect:
            return web.Response(status=answer.status, headers=headers, body=answer.body)
        response = web.StreamResponse(status=answer.status, headers=headers)
        response.content_length = len(answer.body) or 1
        await response.prepare(request)
        await response.write(answer.body[: len(answer.body) // 2])
        transport = cast("asyncio.Transport", request.transport)
        transport.close()
        return response

    def _handle(self, method: str, target: str, content_type: str, body: bytes) -> tuple[Answer, float]:
        """Answer a request that did not come through the server."""
        url = urlsplit(target)
        address = self._address_in(unquote(url.path, "latin-1"))
        if method not in ("GET", "POST"):
            return refused(RefusedError(501, "the methods are GET and POST")), 0.0
        if address is None:
            return refused(RefusedError(404, self._directory)), 0.0
        try:
            form = read_form(url.query, content_type, body, *address)
        except FormError as error:
            return refused(RefusedError(400, f"the form cannot be read: {error}")), 0.0
        return self._respond(method, form)

    @property
    def _directory(self) -> str:
        """Which addresses there are, in words."""
        return f"there are only {', '.join(f'/sys/{name}.php' for name in _ENDPOINTS)} here, and the same in /rest/"

    def _address_in(self, path: str) -> tuple[str, bool] | None:
        """Return the endpoint at a path and whether it is that in `/rest/`, None if there is none."""
        name, rest = name_in(path)
        return (
            (name, rest) if name in _ENDPOINTS and path == (f"/rest/{name}/" if rest else f"/sys/{name}.php") else None
        )

    def _respond(self, method: str, form: Form) -> tuple[Answer, float]:
        """Return the response to a request, and after how many seconds it shall come."""
        endpoint = _ENDPOINTS[form.endpoint]
        with self._lock:
            fault = self._faults.take()
            if fault.error is None:
                reply = self._answer(form)
            else:
                id_ = self._id_of_error(fault.error, form)
                reply = refusal(endpoint.errors(fault.error), endpoint.phrases, fault.description, id_)
            command = form.command(senders.COMMANDS) if form.endpoint == "senders" else None
            received = ReceivedRequest(method, form.endpoint, command, form.parameters, form.files, reply)
            self._requests.append(received)
        return self._spoiled(reply, form, fault), fault.delay

    def _answer(self, form: Form) -> Any:
        """Carry out what a request asks for."""
        endpoint = _ENDPOINTS[form.endpoint]
        with self._lock:
            try:
                if not self._authorised(form.credentials):
                    refuse(endpoint.errors(2))
                if form.fmt is None or form.charset is None:
                    refuse(endpoint.errors(1))
                with self._counting():
                    return endpoint.answer(self, form)
            except ApiError as error:
                return error.reply

    def _spoiled(self, reply: Any, form: Form, fault: Fault) -> Answer:
        """The reply as the request wants it, but for what *fault* does to it."""
        fmt, charset = form.fmt or Format.TEXT, form.charset or DEFAULT_CHARSET
        content_type = f"{_TYPES[fmt]}; charset={charset}"
        body = fault.body
        if body is None:
            written_as = Format.TEXT if fault.plain else fmt
            try:
                body = _written(reply, form, written_as, charset, fault.charset)
            except EncodeError as error:
                # Not an answer that the service gives, so that the test sees what it has put into the account.
                text = f"{type(self).__name__} cannot answer with fmt={written_as}: {error}"
                return Answer(text.encode(), "text/plain; charset=utf-8", 500)
        if fault.cut:
            body = body[: len(body) // 2]
        return Answer(body, content_type, fault.status, fault.disconnect)


def _written(reply: Any, form: Form, fmt: Format, charset: str, wrong: str | None) -> bytes:
    """Write a reply, in a *wrong* charset if there is one. Texts that the format cannot carry are made plainer."""
    endpoint = _ENDPOINTS[form.endpoint]
    codec = endpoint.codec.asked(endpoint.asked(form.parameters))

    def write(reply: Any) -> bytes:
        if wrong is None:
            return codec.encode(reply, fmt=fmt, charset=charset, drop=("description",))
        return codec.encode(reply, fmt=fmt, drop=("description",)).decode().encode(wrong, "replace")

    if isinstance(reply, (Message, StatusList)):
        for plainer in (printable, unambiguous):
            try:
                return write(reply)
            except EncodeError:
                reply = _plainer(reply, plainer, charset)
    return write(reply)


def _plainer(reply: Message | StatusList, plainer: Callable[[str, str], str], charset: str) -> Message | StatusList:
    """Return states whose texts are plainer."""

    def plain(message: Message) -> Message:
        texts = {name: getattr(message, name) for name in ("sender_id", "message")}
        return replace(message, **{name: plainer(text, charset) for name, text in texts.items() if text is not None})

    return StatusList(tuple(map(plain, reply))) if isinstance(reply, StatusList) else plain(reply)


def _asked_of_send(asked: Mapping[str, str]) -> Mapping[str, str]:
    return {name: asked.get(name, "0") for name in ("cost", "mes", "call")}


_ENDPOINTS: Mapping[str, _Endpoint] = {
    "send": _Endpoint(send.CODEC, MessageError, MESSAGE_PHRASES, FakeSmsc._answer_send, _asked_of_send),
    "status": _Endpoint(
        status.CODEC, StatusError, STATUS_PHRASES, FakeSmsc._answer_status, lambda asked: {"all": all_of(asked)}
    ),
    "balance": _Endpoint(balance.CODEC, BalanceError, {}, FakeSmsc._answer_balance),
    "info": _Endpoint(info.CODEC, InfoError, INFO_PHRASES, answer_info),
    "senders": _Endpoint(senders.CODEC, SenderError, PHRASES, FakeSmsc._answer_senders),
}


class FakeSenders(FakeSmsc):
    """A `senders.php` alone: the sender names of a `FakeSmsc`, with the time of this machine.

    The parameters are those of `FakeSmsc`; *psw* is the password.

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
        super().__init__(
            login=login,
            password=text_of("psw", psw),
            apikey=apikey,
            senders=senders,
            undeliverable=undeliverable,
            rate_limits=rate_limits,
            clock=clock,
        )

    def __repr__(self) -> str:
        return f"<FakeSenders with {len(self.senders)} names{self._place}>"

    @property
    def psw(self) -> str:
        """The password."""
        return self.password

    @psw.setter
    def psw(self, psw: str) -> None:
        self.password = text_of("psw", psw)

    @property
    def url(self) -> str:
        """The full address of the fake `senders.php`; `RuntimeError` outside of the `with` block."""
        return f"{self._root}/sys/senders.php"

    @property
    def _directory(self) -> str:
        """Which address there is, in words."""
        return "there is only /sys/senders.php here"

    def _address_in(self, path: str) -> tuple[str, bool] | None:
        """Return the endpoint at a path, None if it is not this one."""
        return ("senders", False) if path == "/sys/senders.php" else None

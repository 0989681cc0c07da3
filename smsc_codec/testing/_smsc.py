"""The fake service: its addresses, its answers, and their faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from .._multipart import FormError
from ..endpoints import codec_of, name_in
from ..endpoints.senders import Sender
from ..errors import EncodeError
from ..formats import Format
from ..model import ApiError
from ._account import check_number, refusal, refuse
from ._endpoints import ANSWERS, Endpoints
from ._faults import Fault, Faults
from ._handlers import Handlers
from ._head import RefusedError
from ._replies import CONTENT_TYPES, gap_in, write
from ._request import DEFAULT_CHARSET, Form, ReceivedRequest, read_form
from ._server import Answer, Http, refused

if TYPE_CHECKING:
    from typing_extensions import Self

# Answers that one call can spoil, as each of them takes a place in memory.
_MOST_TIMES = 1_000_000
_PLAIN = "text/plain; charset=utf-8"


class FakeSmsc(Handlers, Endpoints):
    """A fake service with one account, which sends messages, knows their states, and has money and sender names.

    It runs inside a `with` block and listens only on this machine. The handlers answer without a network, and do not
    need the block. A request is accepted with *login* and *password*, which may be its MD5 in small letters, or with
    *apikey*. By default they are `demo`, `demo` and `demo-key`.

    A message to a number takes *price* for each of its parts from *balance*, and then from *credit*. Numbers in
    *undeliverable* do not get messages or confirmation codes. Texts and senders with a word in *forbidden* are refused.
    *senders* are the names of the account: `Sender` values or plain names. A missing id is assigned, and a missing
    status is `ALLOWED`. With *rate_limits* off, requests can be repeated without limits. *clock* returns the time in
    seconds since 1970, UTC. Without a clock, time stands still until `advance` is called.

    *receive_phones* are the numbers to which people can write. *callback_url* is an address of the client on this
    machine. The service calls it with the check values that its query asks for, made with *callback_secret*. *port* is
    the port of the service's own address, or 0 for any free port.

    Raises `TypeError` or `ValueError` if an argument, or the new value of an attribute, is wrong.

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
        receive_phones: Iterable[str] = (),
        callback_url: str | None = None,
        callback_secret: str = "",
        port: int = 0,
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
            receive_phones=receive_phones,
            callback_url=callback_url,
            callback_secret=callback_secret,
        )
        check_number("port", port, 0, 65_535)
        self._port = port
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
        self._http = Http(self, self._port)
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
        """The address of the fake `/sys/` with the slash. Raises `RuntimeError` outside the `with` block."""
        return f"{self._root}/sys/"

    @property
    def _root(self) -> str:
        if self._http is None:
            raise RuntimeError(f"{type(self).__name__} has an address inside of its with block")
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def requests(self) -> tuple[ReceivedRequest, ...]:
        """The requests so far, in their order."""
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
        retry_after: int | None = None,
        lost: bool = False,
        times: int | None = 1,
    ) -> None:
        """Spoil the answer to the next request, or to the next *times*. `None` means until `behave` is called.

        - *error*: the command is not carried out, and the answer is this error. *description* replaces its usual
          phrase. The errors 3, 6, 7 and 8 of `send.php` have an id, like the fake's own errors, but no message has
          it. All other faults change the answer after the command was carried out.
        - *plain*: the answer is text (fmt=0), whatever the requested format, as the service does with `OK` and errors.
        - *charset*: the answer is in this charset, any that Python knows, although `Content-Type` names another.
        - *body*: these bytes are the answer: `b""`, or a proxy's page.
        - *cut*: only the first half of the answer is sent, and `Content-Length` fits it.
        - *disconnect*: the connection is closed in the middle of the answer, before `Content-Length` is reached.
        - *delay*: the answer comes that many seconds late.
        - *status*: the HTTP status. The service itself sends 200 with all of its errors.
        - *retry_after*: the seconds in the header `Retry-After`, which a proxy sends with 429 and 503.
        - *lost*: the request does not reach the service, and the command is not carried out. Without a *body*, the
          answer is empty.

        Faults can be combined, and `MISBEHAVIOURS` has the usual ones by name. Another call spoils the answers after
        those of earlier calls.

        Raise `TypeError` or `ValueError` if a fault cannot be sent, such as a *charset* that Python does not know.
        """
        if times is not None:
            check_number("times", times, 0, _MOST_TIMES)
        fault = Fault(body, error, description, plain, cut, disconnect, delay, charset, status, retry_after, lost)
        with self._lock:
            self._faults.add(fault, times)

    def behave(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._faults.clear()

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
        """The addresses of this service, in words."""
        names = ", ".join(f"/sys/{name}.php" for name in ANSWERS)
        return f"there are only {names} here, and each of them as /rest/NAME/, with the slash"

    def _address_in(self, path: str) -> tuple[str, bool] | None:
        """Return the endpoint at a path and whether the path is in `/rest/`, or None if there is no endpoint."""
        name, rest = name_in(path)
        return (name, rest) if name in ANSWERS and path == (f"/rest/{name}/" if rest else f"/sys/{name}.php") else None

    def _respond(self, method: str, form: Form) -> tuple[Answer, float]:
        """Return the response to a request, and its delay in seconds."""
        declared = codec_of(form.endpoint).endpoint
        with self._lock:
            fault = self._faults.take()
            gap = None
            try:
                if fault.lost:
                    reply = None
                elif fault.error is None:
                    reply = self._answer(form)
                else:
                    phrases, id_ = ANSWERS[form.endpoint].phrases, self._id_of_error(fault.error, form)
                    reply = refusal(declared.errors(fault.error), phrases, fault.description, id_)
            except RefusedError as error:
                reply, gap = None, error
            command = form.command(declared)
            received = ReceivedRequest(method, form.endpoint, command, form.told, form.files, reply)
            self._requests.append(received)
        if fault.lost and fault.body is None:
            fault = replace(fault, body=b"")
        if gap is not None and fault.body is None:
            return Answer(f"{type(self).__name__} cannot answer: {gap}".encode(), _PLAIN, gap.status), fault.delay
        return self._spoiled(reply, form, fault), fault.delay

    def _answer(self, form: Form) -> Any:
        """Carry out a request. Raise `RefusedError` if nobody knows what the reply looks like."""
        errors = codec_of(form.endpoint).endpoint.errors
        with self._lock:
            try:
                if not self._authorised(form.credentials):
                    refuse(errors(2))
                if form.fmt is None or form.charset is None:
                    refuse(errors(1))
                gap = gap_in(form)
                if gap is not None:
                    raise RefusedError(501, gap)
                with self._counting():
                    return ANSWERS[form.endpoint].answer(self, form)
            except ApiError as error:
                return error.reply

    def _spoiled(self, reply: Any, form: Form, fault: Fault) -> Answer:
        """Return the answer in the form that the request asks for, spoiled by *fault*."""
        fmt, charset = form.fmt or Format.TEXT, form.charset or DEFAULT_CHARSET
        content_type = f"{CONTENT_TYPES[fmt]}; charset={charset}"
        body = fault.body
        if body is None:
            written_as = Format.TEXT if fault.plain else fmt
            try:
                body = write(reply, form, written_as, charset, fault.charset)
            except EncodeError as error:
                # The service never answers like this, so that the test sees what is wrong with its account.
                text = f"{type(self).__name__} cannot answer with fmt={written_as}: {error}"
                return Answer(text.encode(), _PLAIN, 500)
        if fault.cut:
            body = body[: len(body) // 2]
        return Answer(body, content_type, fault.status, fault.disconnect, fault.retry_after)

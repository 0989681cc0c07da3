"""The calls that the fake service makes to its client."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from smsc_codec import MessageState
from smsc_codec.callbacks import Callback, CallCallback, IncomingCallback, StatusCallback, decode
from smsc_codec.endpoints.status import DeliveryError, MessageType
from smsc_codec.testing import FakeSmsc

from .faking import OTHER, PHONE, ask

SECRET = "a long secret"


class Receiver(HTTPServer):
    """The server of a client, which answers as the test says."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[Callback] = []
        self.kinds: list[str] = []
        self.status = 200
        self.meanwhile: Callable[[], object] = lambda: None

    def url(self, query: str = "") -> str:
        return f"http://127.0.0.1:{self.server_port}/smsc{query}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.kinds.append(self.headers["Content-Type"])
        _, _, query = self.path.partition("?")
        self.server.calls.append(decode(body, content_type=self.headers["Content-Type"], query=query))
        self.server.meanwhile()
        if self.server.status:
            self.send_response(self.server.status)
            self.end_headers()

    def log_message(self, *given: object) -> None:
        """Say nothing."""


@pytest.fixture
def client() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def service(client: Receiver) -> FakeSmsc:
    return FakeSmsc(callback_url=client.url("?charset=utf-8&md5=1"), callback_secret=SECRET)


def test_the_states_of_messages(service: FakeSmsc, client: Receiver) -> None:
    ask(service, "send", phones=f"{PHONE},{OTHER}", mes="hi")
    service.advance(1)
    assert client.calls == [], "the messages are with the operators"
    service.change(1, MessageState.UNREACHABLE, DeliveryError.NOT_IN_NETWORK, phone=OTHER)
    service.advance(4)
    service.advance(100)
    late, good = client.calls
    assert isinstance(late, StatusCallback) and isinstance(good, StatusCallback)
    assert (late.id, late.phone, late.status, late.err) == (1, OTHER, 25, DeliveryError.NOT_IN_NETWORK)
    assert good == StatusCallback(
        id=1,
        phone=PHONE,
        status=MessageState.DELIVERED,
        time="17.03.2023 16:48:01",
        ts=1679060881,
        err=DeliveryError.NONE,
        cnt=1,
        type=MessageType.SMS,
        cost=good.cost,
        flag=0,
        md5=good.md5,
        charset="utf-8",
    )
    assert all(call.verify(SECRET) and not call.verify("another") for call in client.calls)
    assert [(posted.call, posted.status) for posted in service.calls] == [(late, 200), (good, 200)]
    service.change(1, MessageState.READ)
    assert [call.status for call in client.calls[2:] if isinstance(call, StatusCallback)] == [2, 2]


def test_an_hlr_request(service: FakeSmsc, client: Receiver) -> None:
    ask(service, "send", phones=PHONE, hlr=1)
    service.advance(5)
    (call,) = client.calls
    assert isinstance(call, StatusCallback) and (call.type, call.imsi, call.mcc) == (4, "250019101112233", "250")


@pytest.mark.parametrize("fmt", ["", "&fmt=2", "&fmt=3", "&fmt=7"])
@pytest.mark.parametrize("charset", ["utf-8", "windows-1251"])
def test_incoming_messages(service: FakeSmsc, client: Receiver, charset: str, fmt: str) -> None:
    service.callback_url = client.url(f"?charset={charset}{fmt}&md5=1&sha1=1&crc32=1")
    service.receive_phones = [OTHER]
    service.receive(PHONE, "Да: ☺", answers=7)
    (call,) = client.calls
    assert isinstance(call, IncomingCallback) and call.verify(SECRET) and call.sha1 and call.crc32
    assert (call.id, call.sms_id, call.phone, call.to, call.sent) == (1, 7, PHONE, OTHER, 1679060876)
    assert call.mes == ("Да: ☺" if charset == "utf-8" else "Да: ?")
    kinds = {"&fmt=2": "application/xml", "&fmt=3": "application/json"}
    assert client.kinds == [kinds.get(fmt, "application/x-www-form-urlencoded")]


def test_confirmation_calls(service: FakeSmsc, client: Receiver) -> None:
    number = ask(service, "wait_call", phone=PHONE).phone
    service.confirm(PHONE)
    (call,) = client.calls
    assert isinstance(call, CallCallback) and call.verify(SECRET)
    assert (call.phone, call.waitcall, call.ts) == (PHONE, number, 1679060876)
    with pytest.raises(ValueError, match=r"phone has to be a number that wait_call\.php was asked about"):
        service.confirm(PHONE)


@pytest.mark.parametrize(("query", "secret"), [("", SECRET), ("?charset=utf-8", SECRET), ("?md5=1", "")])
def test_calls_without_check_values(service: FakeSmsc, client: Receiver, query: str, secret: str) -> None:
    service.callback_url, service.callback_secret = client.url(query), secret
    assert (service.callback_url, service.callback_secret) == (client.url(query), secret)
    service.receive(PHONE, "hi")
    (call,) = client.calls
    assert (call.md5, call.sha1, call.crc32) == (None, None, None) and not call.verify(SECRET)


def test_a_call_that_is_not_answered_is_repeated(service: FakeSmsc, client: Receiver) -> None:
    for status in (500, 0):
        client.status = status
        service.receive(PHONE, f"{status}")
    assert [posted.status for posted in service.calls] == [500, None]
    client.status = 200
    service.advance(59)
    assert len(client.calls) == 2
    service.advance(1)
    assert [posted.status for posted in service.calls] == [500, None, 200, 200]
    assert [call.key for call in client.calls[2:]] == [call.key for call in client.calls[:2]]
    service.advance(1000)
    assert len(client.calls) == 4


def test_nobody_is_called_without_an_address(service: FakeSmsc, client: Receiver) -> None:
    client.status = 500
    service.receive(PHONE, "first")
    service.callback_url = None
    service.receive(PHONE, "second")
    service.advance(60)
    assert len(client.calls) == 1 and service.callback_url is None


def test_a_handler_may_ask_the_service(service: FakeSmsc, client: Receiver) -> None:
    """Requests in the middle of a call do not cause another call before this one has ended."""
    asked: list[Any] = []

    def meanwhile() -> None:
        asked.append(ask(service, "balance"))
        if len(asked) == 1:
            service.receive(OTHER, "meanwhile")

    client.meanwhile = meanwhile
    service.receive(PHONE, "hi")
    assert [call.phone for call in client.calls] == [PHONE, OTHER] and len(asked) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        *("https://127.0.0.1/", "http://example.com/", "http://10.0.0.1/", "http://127.0.0.1.example.com/", "x", ""),
        *(
            "http://[",
            "http://127.0.0.1:99999/",
            "//127.0.0.1/",
            "http://0.0.0.0/",
            "http://user@example.com/127.0.0.1",
        ),
    ],
)
def test_only_this_machine_is_called(service: FakeSmsc, wrong: str) -> None:
    before = service.callback_url
    words = re.escape("callback_url has to be an address on this machine, http://127.0.0.1:…, not ")
    with pytest.raises(ValueError, match=words):
        service.callback_url = wrong
    with pytest.raises(ValueError, match=words):
        FakeSmsc(callback_url=wrong)
    assert service.callback_url == before


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("смс?md5=1", "has to be ASCII without blanks, other characters as %XX, not "),
        ("a b", "has to be ASCII without blanks"),
        ("?a=\r\nX: y", "has to be ASCII without blanks"),
        ("?charset=koi8-r&fmt=3", "has to ask for another charset than koi8-r"),
        ("?fmt=2&charset=utf-8&charset=KOI8-R", "has to ask for another charset than koi8-r"),
    ],
)
def test_an_address_that_cannot_be_called_is_refused_at_once(service: FakeSmsc, query: str, words: str) -> None:
    before = service.callback_url
    with pytest.raises(ValueError, match=f"^callback_url {words}"):
        service.callback_url = f"http://127.0.0.1:1/{query}"
    assert service.callback_url == before


def test_arguments_that_cannot_be(service: FakeSmsc) -> None:
    for url in ("http://localhost:1/x", "http://[::1]:8000/x?md5=1", "http://127.0.0.1"):
        service.callback_url = url
        assert service.callback_url == url
    for name in ("callback_url", "callback_secret"):
        with pytest.raises(TypeError, match=f"{name} has to be a string, not int"):
            setattr(service, name, 5)
    for phone, to in (("12", None), (PHONE, "12")):
        with pytest.raises(ValueError, match="phone has to be a number of 7 to 15 digits"):
            service.receive(phone, "x", to=to)
    with pytest.raises(TypeError, match="text has to be a string, not int"):
        service.receive(PHONE, 5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="answers has to be at least 1, not 0"):
        service.receive(PHONE, "x", answers=0)
    assert service.incoming == ()

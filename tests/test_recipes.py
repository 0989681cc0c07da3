"""The clients in `examples/clients`, over real HTTP against the fake service."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import aiohttp
import httpx
import pytest
import requests

from smsc_codec import ApiError, DecodeError, ErrorReply, OperatorStatus, Sender, SenderError, SenderStatus, encode
from smsc_codec.endpoints.balance import Balance
from smsc_codec.endpoints.get import GetError, MessageList
from smsc_codec.endpoints.send import MessageError, MessageSent
from smsc_codec.endpoints.senders import TEXT_ORDER
from smsc_codec.endpoints.status import DeliveryError, Message, MessageState
from smsc_codec.testing import FakeSenders, FakeSmsc

FOLDER = Path(__file__).parent.parent / "examples" / "clients"
CLIENTS, MESSAGES = sorted(FOLDER.glob("*_client.py")), sorted(FOLDER.glob("*_messages.py"))
LOGIN, PSW = "PLANTEDLOGIN", "PLANTEDPSW"
PHONE = "79990001122"

# What each library raises for an answer that comes too late, and for one that ends too early.
LATE = (requests.Timeout, httpx.TimeoutException, asyncio.TimeoutError)
BROKEN = (requests.exceptions.ChunkedEncodingError, httpx.RemoteProtocolError, aiohttp.ClientPayloadError)


def module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


class Awaited:
    """An asynchronous client whose methods are called from outside of its event loop."""

    def __init__(self, client: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.__dict__["client"], self.__dict__["loop"] = client, loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.client, name)
        return found if not callable(found) else lambda *a, **k: self.loop.run_until_complete(found(*a, **k))

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.client, name, value)


@pytest.fixture
def server() -> Iterator[FakeSenders]:
    senders = [
        Sender("SMSC.RU", 5, operators={"mega_step": OperatorStatus.APPROVED}),
        Sender("Имя", 6, SenderStatus(0)),
    ]
    with FakeSenders(senders, login=LOGIN, psw=PSW) as server:
        yield server


@pytest.fixture(params=CLIENTS, ids=lambda path: path.stem)
def recipe(request: pytest.FixtureRequest) -> Any:
    return module(request.param)


Connect = Callable[[Any, Callable[[Any], Any], float], Any]


@pytest.fixture
def opened() -> Iterator[Connect]:
    """What makes a client of a recipe, whose answers may take so many seconds."""
    loop = asyncio.new_event_loop()
    closing: list[Callable[[], object]] = []

    async def session(timeout: float) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(timeout))

    def connected(recipe: Any, make: Callable[[Any], Any], timeout: float) -> Any:
        made: Any
        match recipe.__name__.rpartition("_")[0]:
            case "requests":
                made = requests.Session()
                closing.append(made.close)
            case "httpx":
                made = httpx.Client(timeout=timeout)
                closing.append(made.close)
            case "httpx_async":
                made = httpx.AsyncClient(timeout=timeout)
                closing.append(lambda: loop.run_until_complete(made.aclose()))
            case _:
                made = loop.run_until_complete(session(timeout))
                closing.append(lambda: loop.run_until_complete(made.close()))
        client = make(made)
        if isinstance(made, requests.Session):
            client.timeout = timeout
        return client if hasattr(recipe, "time") else Awaited(client, loop)

    try:
        yield connected
    finally:
        for close in closing:
            close()
        loop.close()


@pytest.fixture
def connect(recipe: Any, server: FakeSenders, opened: Connect) -> Callable[..., Any]:
    """A client of the server, whose answers may take so many seconds."""
    return lambda timeout=10: opened(recipe, lambda made: recipe.Senders(made, server.url, LOGIN, PSW), timeout)


@pytest.fixture
def client(connect: Callable[..., Any]) -> Any:
    return connect()


def test_each_library_has_one() -> None:
    libraries = ["aiohttp", "httpx_async", "httpx", "requests"]
    assert [path.stem for path in CLIENTS] == [f"{library}_client" for library in libraries]
    assert [path.stem for path in MESSAGES] == [f"{library}_messages" for library in libraries]
    for path in (*CLIENTS, *MESSAGES):
        assert len(path.read_text("utf-8").splitlines()) <= 70


def test_every_view(client: Any) -> None:
    assert client.names() == (Sender("SMSC.RU", 5),)
    assert client.names(all=1) == (
        Sender("SMSC.RU", 5, SenderStatus.ALLOWED),
        Sender("Имя", 6, SenderStatus.MODERATION),
    )
    assert client.names(operators=1) == (Sender("SMSC.RU", 5, operators={"mega_step": OperatorStatus.APPROVED}),)
    assert client.names(all=1, operators=1)[1].operators == dict.fromkeys(TEXT_ORDER, OperatorStatus.PENDING)


def test_every_command(server: FakeSenders, client: Any) -> None:
    assert client.add(PHONE, "Мой номер") == 7
    assert server.comments == {PHONE: "Мой номер"}
    client.send_code(PHONE)
    with pytest.raises(ApiError, match="wrong confirmation code"):
        client.check_code(PHONE, server.codes[PHONE] + "0")
    client.check_code(PHONE, server.codes[PHONE])
    assert client.names()[-1] == Sender(PHONE, 7)
    client.change(PHONE, "Другой")
    assert server.comments == {PHONE: "Другой"}
    client.delete(PHONE)
    assert client.names() == (Sender("SMSC.RU", 5),)
    assert [request.command for request in server.requests] == [
        *("add", "send_code", "check_code", "check_code", "get", "chg", "del", "get")
    ]


@pytest.mark.parametrize("code", [*SenderError, 15])
def test_every_error(server: FakeSenders, client: Any, code: int) -> None:
    client.patience = 0
    for plain in (False, True):
        server.misbehave(error=code, plain=plain)
        with pytest.raises(ApiError) as caught:
            client.names()
        assert caught.value.code == code


def test_errors_of_the_service_itself(server: FakeSenders, client: Any) -> None:
    with pytest.raises(ApiError) as caught:
        client.add("SMSC.RU", "again")
    assert caught.value.code is SenderError.SAVE
    with pytest.raises(ApiError) as caught:
        client.delete("OTHER")
    assert caught.value.code is SenderError.NOT_FOUND
    server.psw = "changed"
    with pytest.raises(ApiError) as caught:
        client.names()
    assert caught.value.code is SenderError.AUTHORISATION


def advanced_by_sleep(server: FakeSmsc, recipe: Any, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let a recipe sleep by the clock of the server; the seconds that it slept."""
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        server.advance(seconds)

    async def sleep_later(seconds: float) -> None:
        sleep(seconds)

    if hasattr(recipe, "time"):
        monkeypatch.setattr(recipe, "time", SimpleNamespace(sleep=sleep))
    else:
        monkeypatch.setattr(recipe, "asyncio", SimpleNamespace(sleep=sleep_later))
    return waited


def test_too_many_requests_are_repeated_after_a_minute(
    server: FakeSenders, recipe: Any, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = advanced_by_sleep(server, recipe, monkeypatch)
    assert [client.names() for _ in range(7)] == [(Sender("SMSC.RU", 5),)] * 7
    assert waited == [60, 60]
    # Once, and not for ever; and not where it takes eight hours.
    server.misbehave(error=9, times=2)
    with pytest.raises(ApiError):
        client.names()
    server.misbehave(error=10)
    with pytest.raises(ApiError):
        client.names()
    assert waited == [60, 60, 60]


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r", None])
def test_in_another_charset(server: FakeSenders, client: Any, charset: str | None) -> None:
    del client.always["charset"]
    if charset is not None:
        client.always["charset"] = charset
    assert client.names(all=1)[1].name == "Имя"
    assert server.requests[-1].parameters.get("charset") == charset


def test_a_bare_ok(server: FakeSenders, client: Any) -> None:
    server.misbehave(plain=True)
    client.delete("SMSC.RU")
    assert len(server.senders) == 1


@pytest.mark.parametrize(
    "fault",
    [{"body": b""}, {"body": b"<html>bad gateway</html>", "status": 502}, {"cut": True}],
    ids=str,
)
def test_what_is_no_reply(server: FakeSenders, client: Any, fault: dict[str, Any]) -> None:
    server.misbehave(**fault)
    with pytest.raises(DecodeError):
        client.names(all=1)
    assert len(client.names(all=1)) == 2


def test_an_answer_in_another_charset_than_it_says(server: FakeSenders, client: Any) -> None:
    names = client.names(all=1)
    server.misbehave(charset="windows-1251")
    assert client.names(all=1) == names


def test_an_answer_that_comes_late_or_not_whole(server: FakeSenders, connect: Callable[..., Any]) -> None:
    server.misbehave(delay=60)
    with pytest.raises(LATE):
        connect(timeout=0.1).names()
    server.misbehave(disconnect=True)
    client = connect()
    with pytest.raises(BROKEN):
        client.names()
    assert client.names() == (Sender("SMSC.RU", 5),)


def test_no_credentials_are_logged(server: FakeSenders, client: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client.names()
        server.misbehave(error=2)
        with pytest.raises(ApiError) as refused:
            client.names()
        server.misbehave(body=f"<html>login={LOGIN}&psw={PSW}</html>".encode())
        with pytest.raises(DecodeError) as broken:
            client.names()
        server.misbehave(disconnect=True)
        with pytest.raises(BROKEN) as cut:
            client.names()
    said = caplog.text + "".join(f"{error.value}{error.value!r}" for error in (refused, broken, cut))
    assert LOGIN not in said and PSW not in said


@pytest.mark.parametrize("path", CLIENTS, ids=lambda path: path.stem)
def test_as_a_program(path: Path, server: FakeSenders) -> None:
    environment = {
        **os.environ,
        "SMSC_URL": server.url,
        "SMSC_LOGIN": LOGIN,
        "SMSC_PSW": PSW,
        "PYTHONIOENCODING": "utf-8",
    }

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "error", str(path)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)

    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [str(Sender(sender.name, sender.id, sender.status)) for sender in server.senders]
    server.misbehave(body=b"<html>bad gateway</html>")
    done = run()
    assert done.returncode == 1 and done.stderr.startswith("DecodeError: line 1, column 1")
    assert PSW not in done.stderr


# Messages


@pytest.fixture
def service() -> Iterator[FakeSmsc]:
    with FakeSmsc(login=LOGIN, password=PSW) as service:
        yield service


@pytest.fixture(params=MESSAGES, ids=lambda path: path.stem)
def sending(request: pytest.FixtureRequest) -> Any:
    return module(request.param)


@pytest.fixture
def messages(sending: Any, service: FakeSmsc, opened: Connect) -> Any:
    return opened(sending, lambda made: sending.Messages(made, service.url, LOGIN, PSW), 10)


def test_send_poll_and_read_the_balance(
    service: FakeSmsc, sending: Any, messages: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = advanced_by_sleep(service, sending, monkeypatch)
    assert messages.send(PHONE, "Привет") == MessageSent(1, 1, Decimal("1.4"), Decimal("98.6"))
    assert service.messages[0].text == "Привет"
    assert messages.state(PHONE, 1).status is MessageState.WAITING
    message = messages.wait(PHONE, 1)
    assert message.delivered and waited == [5]
    assert messages.balance() == Balance(Decimal("98.6"), None, "RUR")
    # It is not asked for ever, and a state that nobody knows is asked for again.
    waited.clear()
    assert messages.wait(PHONE, 138, most=30).status is MessageState.NOT_FOUND
    assert waited == [5, 7.5, 11.25, 16.875]
    service.fate(PHONE, MessageState.UNREACHABLE, DeliveryError.NOT_IN_NETWORK, after=3600)
    waited.clear()
    messages.send(PHONE, "again")
    assert messages.wait(PHONE, 2).status is MessageState.SENT and sum(waited) < 700 and max(waited) == 60
    service.advance(3600)
    assert not messages.wait(PHONE, 2).delivered


def test_messages_are_not_sent_twice(
    service: FakeSmsc, sending: Any, messages: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = advanced_by_sleep(service, sending, monkeypatch)
    messages.send(PHONE, "hello")
    with pytest.raises(ApiError) as caught:
        messages.send(PHONE, "hello")
    assert caught.value.code is MessageError.TOO_MANY_REQUESTS and waited == []
    assert len(service.messages) == 1
    for _ in range(10):
        messages.balance()
    assert messages.balance().currency == "RUR" and waited == [60]


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ({"body": b""}, DecodeError),
        ({"body": b"<html>bad gateway</html>", "status": 502}, DecodeError),
        ({"cut": True}, DecodeError),
        ({"disconnect": True}, BROKEN),
        ({"error": 3}, ApiError),
        ({"error": 3, "plain": True}, ApiError),
        ({"body": b"[]"}, DecodeError),
    ],
    ids=str,
)
def test_what_is_no_message(service: FakeSmsc, messages: Any, fault: dict[str, Any], raised: Any) -> None:
    for call in (lambda: messages.send(PHONE, "hello"), lambda: messages.state(PHONE, 1), messages.balance):
        service.misbehave(**fault)
        with pytest.raises(raised) as caught:
            call()
        assert LOGIN not in f"{caught.value!r}" and PSW not in f"{caught.value!r}"


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_messages_as_a_program(path: Path, service: FakeSmsc) -> None:
    service.fate(PHONE, MessageState.DELIVERED, after=0)
    environment = {**os.environ, "SMSC_URL": service.url, "SMSC_LOGIN": LOGIN, "SMSC_PSW": PSW}
    command = [sys.executable, "-W", "error", str(path), PHONE, "hello"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "1 delivered 98.6\n")
    service.password = "changed"
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.startswith("ApiError: error 2 (authorise error)")
    assert PSW not in done.stderr


class _Pages(BaseHTTPRequestHandler):
    """Answers `get_messages` with a page of messages behind the one that `prev_id` names."""

    messages = 0
    asked: ClassVar[list[dict[str, str]]] = []

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.asked.append(form)
        first = int(form.get("prev_id", 0)) + 1
        some = range(first, min(first + int(form["cnt"]), self.messages + 1))
        found: Any = MessageList(tuple(Message(MessageState.DELIVERED, id=number) for number in some))
        if not found:
            found = ErrorReply(GetError.NOT_FOUND, "record not found")
        if form["psw"] != PSW:
            found = ErrorReply(GetError.AUTHORISATION, "authorise error")
        body = encode(found, fmt=int(form["fmt"]), endpoint="get")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *given: object) -> None:
        pass


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (3, 2), (5, 2), (6, 3)])
def test_messages_page_by_page(count: int, pages: int) -> None:
    """The function that `docs/recipes.md` shows."""
    text = (FOLDER.parent.parent / "docs" / "recipes.md").read_text("utf-8")
    block = next(each for each in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "prev_id" in each)
    names: dict[str, Any] = {}
    exec(block.replace("PAGE = 1000", "PAGE = 3"), names)
    _Pages.messages = count
    _Pages.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as server, requests.Session() as session:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/sys/"
            found = names["messages"](session, url, LOGIN, PSW)
            assert [message.id for message in found] == [*range(1, count + 1)]
            assert [form.get("prev_id") for form in _Pages.asked] == [None, "3", "6"][:pages]
            with pytest.raises(ApiError) as caught:
                names["messages"](session, url, LOGIN, "wrong")
            assert caught.value.code is GetError.AUTHORISATION
        finally:
            server.shutdown()
            thread.join()

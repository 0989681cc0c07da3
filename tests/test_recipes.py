"""Runs the clients in `examples/clients` over real HTTP against the fake service."""

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
from http.client import HTTPConnection
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import aiohttp.web
import httpx
import pytest
import requests

from smsc_codec import ApiError, DecodeError, OperatorStatus, Sender, SenderError, SenderStatus
from smsc_codec.callbacks import Callback, IncomingCallback
from smsc_codec.endpoints.balance import Balance
from smsc_codec.endpoints.get import GetError
from smsc_codec.endpoints.send import MessageCost, MessageError
from smsc_codec.endpoints.senders import TEXT_ORDER
from smsc_codec.endpoints.status import DeliveryError, MessageState
from smsc_codec.testing import MISBEHAVIOURS, FakeSenders, FakeSmsc

FOLDER = Path(__file__).parent.parent / "examples" / "clients"
CLIENTS, COMPLETE = sorted(FOLDER.glob("*_client.py")), sorted(FOLDER.glob("*_smsc.py"))
LOGIN, PSW = "PLANTEDLOGIN", "PLANTEDPSW"
PHONE = "79990001122"

# The exceptions of each library for an answer that comes too late, and for one that ends too early.
LATE = (requests.Timeout, httpx.TimeoutException, asyncio.TimeoutError)
BROKEN = (requests.exceptions.ChunkedEncodingError, httpx.RemoteProtocolError, aiohttp.ClientPayloadError)


def module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


class Awaited:
    """An asynchronous client whose methods are called from outside its event loop."""

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
    """Makes a client of a recipe. An answer may take that many seconds."""
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
    """Return a function that makes a client of the server. An answer may take *timeout* seconds."""
    return lambda timeout=10: opened(recipe, lambda made: recipe.Senders(made, server.url, LOGIN, PSW), timeout)


@pytest.fixture
def client(connect: Callable[..., Any]) -> Any:
    return connect()


def test_each_library_has_one() -> None:
    libraries = ["aiohttp", "httpx_async", "httpx", "requests"]
    assert [path.stem for path in CLIENTS] == [f"{library}_client" for library in libraries]
    assert [path.stem for path in COMPLETE] == [f"{library}_smsc" for library in libraries]
    for paths, most in ((CLIENTS, 70), (COMPLETE, 119)):
        assert max(len(path.read_text("utf-8").splitlines()) for path in paths) <= most


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
    """Let a recipe sleep by the clock of the server. Return the seconds that it slept."""
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
    # It is repeated once, not for ever, and not if that takes eight hours.
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
def test_a_body_that_is_not_a_reply(server: FakeSenders, client: Any, fault: dict[str, Any]) -> None:
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


# Complete clients


@pytest.fixture
def service() -> Iterator[FakeSmsc]:
    with FakeSmsc(login=LOGIN, password=PSW, senders=["SHOP"]) as service:
        yield service


@pytest.fixture(params=COMPLETE, ids=lambda path: path.stem)
def complete(request: pytest.FixtureRequest) -> Any:
    return module(request.param)


@pytest.fixture
def smsc(complete: Any, service: FakeSmsc, opened: Connect) -> Any:
    return opened(complete, lambda made: complete.Smsc(made, service.url, LOGIN, PSW), 10)


def test_everything_that_a_client_does(
    service: FakeSmsc, complete: Any, smsc: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = advanced_by_sleep(service, complete, monkeypatch)
    assert smsc.cost(PHONE, "Привет") == MessageCost(Decimal("1.4"), 1) and not service.messages
    assert smsc.send(PHONE, "Привет", 77) is None
    assert (service.messages[0].id, service.messages[0].text) == (77, "Привет")
    assert smsc.state(PHONE, 77).status is MessageState.WAITING
    assert smsc.wait(PHONE, 77).delivered and waited == [5]
    assert smsc.balance() == Balance(Decimal("98.6"), None, "RUR")
    assert smsc.names() == (Sender("SHOP", 1, SenderStatus.ALLOWED),)
    assert smsc.incoming() == ()
    first, second = service.receive(PHONE, "Да"), service.receive(PHONE, "Нет")
    assert smsc.incoming() == (first, second) and smsc.incoming(after_id=first.id) == (second,)
    service.misbehave(error=3)
    assert smsc.incoming() == (), "there are none"
    service.misbehave(error=1)
    with pytest.raises(ApiError):
        smsc.incoming()


def test_a_state_is_asked_for_until_it_is_final(
    service: FakeSmsc, complete: Any, smsc: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = advanced_by_sleep(service, complete, monkeypatch)
    assert smsc.wait(PHONE, 138, most=30).status is MessageState.NOT_FOUND
    assert waited == [5, 7.5, 11.25, 16.875]
    service.fate(PHONE, MessageState.UNREACHABLE, DeliveryError.NOT_IN_NETWORK, after=3600)
    waited.clear()
    smsc.send(PHONE, "hello", 2)
    assert smsc.wait(PHONE, 2).status is MessageState.SENT and sum(waited) < 700 and max(waited) == 60
    service.advance(3600)
    assert not smsc.wait(PHONE, 2).delivered


def test_limits_are_waited_for_but_not_by_messages(
    service: FakeSmsc, complete: Any, smsc: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = advanced_by_sleep(service, complete, monkeypatch)
    smsc.send(PHONE, "hello", 1)
    with pytest.raises(ApiError) as caught:
        smsc.send(PHONE, "hello", 2)
    assert caught.value.code is MessageError.TOO_MANY_REQUESTS and waited == []
    for _ in range(10):
        smsc.balance()
    assert smsc.balance().currency == "RUR" and waited == [60]
    smsc.patience = 59
    service.misbehave(error=9)
    with pytest.raises(ApiError):
        smsc.balance()
    assert len(service.messages) == 1


# What came cannot be read; the request may be repeated; the request was good.
UNREADABLE, REPEATED = ("HTML", "empty", "cut", "bare OK"), ("plain ERROR", "429", "502", "503", "disconnected", "lost")


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_every_misbehaviour(
    name: str, service: FakeSmsc, complete: Any, opened: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = MISBEHAVIOURS[name]
    timeout = 0.4 if name == "timeout" else 10
    smsc = opened(complete, lambda made: complete.Smsc(made, service.url, LOGIN, PSW), timeout)
    waited = advanced_by_sleep(service, complete, monkeypatch)
    service.misbehave(**fault)
    if name == "plain ERROR":
        with pytest.raises(ApiError):
            smsc.send(PHONE, "hello", 77)
    elif fault.get("lost"):
        with pytest.raises(complete.OutcomeUnknownError, match="77") as caught:
            smsc.send(PHONE, "hello", 77)
        assert LOGIN not in f"{caught.value.__cause__!r}" and PSW not in f"{caught.value.__cause__!r}"
        assert waited == [*smsc.pauses], "it could have come late"
    else:
        smsc.send(PHONE, "hello", 77)
        assert [message.id for message in service.messages] == [77]
        assert waited == ([] if name in ("slow", "wrong charset") else [1])
    asked = [request.endpoint for request in service.requests]
    assert asked.count("send") == 1 and {*asked} <= {"send", "status"}, "it is never sent again"

    reading = smsc.names, smsc.incoming, lambda: smsc.state(PHONE, 77), lambda: smsc.cost(PHONE, "x"), smsc.balance
    for read in reading[-1:] if name == "timeout" else reading:
        expected = read()
        waited.clear()
        service.misbehave(**fault)
        if name in UNREADABLE:
            with pytest.raises(DecodeError) as unreadable:
                read()
            assert LOGIN not in f"{unreadable.value!r}" and PSW not in f"{unreadable.value!r}"
        else:
            assert read() == expected
        assert waited == ([30 if name == "429" else 1] if name in (*REPEATED, "timeout") else [])


def test_a_state_that_is_not_told_either(
    service: FakeSmsc, complete: Any, smsc: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = advanced_by_sleep(service, complete, monkeypatch)
    service.misbehave(body=b"", times=None)
    with pytest.raises(complete.OutcomeUnknownError):
        smsc.send(PHONE, "hello", 77)
    assert len(service.messages) == 1 and waited == [*smsc.pauses]
    service.behave()
    assert smsc.state(PHONE, 77).delivered


def test_the_calls_of_the_service(service: FakeSmsc, complete: Any) -> None:
    taken: list[Callback] = []

    def work(call: Callback) -> None:
        taken.append(call)
        if len(taken) == 1:
            raise RuntimeError("try again")

    async def work_later(call: Callback) -> None:
        work(call)

    def act(host: str) -> None:
        service.callback_url, service.callback_secret = f"http://{host}/smsc?charset=utf-8&md5=1", "the secret"
        service.receive(PHONE, "Да")
        service.advance(60)
        service.receive(PHONE, "Да")
        service.callback_secret = "another"
        service.receive(PHONE, "forged")
        connection = HTTPConnection(host)
        connection.request("POST", "/smsc?md5=1", b"<html>")
        assert connection.getresponse().status == 403
        connection.close()

    async def serve() -> None:
        application = aiohttp.web.Application()
        application.add_routes([aiohttp.web.post("/smsc", complete.receiver("the secret", work_later))])
        runner = aiohttp.web.AppRunner(application, access_log=None)
        await runner.setup()
        await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
        await asyncio.to_thread(act, f"127.0.0.1:{runner.addresses[0][1]}")
        await runner.cleanup()

    if complete.__name__ == "aiohttp_smsc":
        asyncio.run(serve())
    else:
        with ThreadingHTTPServer(("127.0.0.1", 0), complete.receiver("the secret", work)) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                act(f"127.0.0.1:{server.server_port}")
            finally:
                server.shutdown()
                thread.join()
    statuses = [call.status for call in service.calls]
    assert statuses[0] in (None, 500) and statuses[1:] == [200, 200, 403]
    assert [call.mes for call in taken if isinstance(call, IncomingCallback)] == ["Да"] * 3
    # A call that comes twice is taken once: the second is another message.
    assert len({call.key for call in taken}) == 2


@pytest.mark.parametrize("path", COMPLETE, ids=lambda path: path.stem)
def test_complete_clients_as_programs(path: Path, service: FakeSmsc) -> None:
    service.fate(PHONE, MessageState.DELIVERED, after=0)
    environment = {**os.environ, "SMSC_URL": service.url, "SMSC_LOGIN": LOGIN, "SMSC_PSW": PSW}
    command = [sys.executable, "-W", "error", str(path), "77", PHONE, "hello"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "delivered 98.6\n")
    service.password = "changed"
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.startswith("ApiError: error 2 (authorise error)")
    assert PSW not in done.stderr


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (3, 2), (5, 2), (6, 3)])
def test_messages_page_by_page(count: int, pages: int) -> None:
    """The function that `docs/recipes.md` shows."""
    text = (FOLDER.parent.parent / "docs" / "recipes.md").read_text("utf-8")
    block = next(each for each in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "prev_id" in each)
    names: dict[str, Any] = {}
    exec(block.replace("PAGE = 1000", "PAGE = 3"), names)
    with FakeSmsc(login=LOGIN, password=PSW, rate_limits=False) as service, requests.Session() as session:
        for number in range(count):
            sent = session.post(f"{service.url}send.php", {"login": LOGIN, "psw": PSW, "phones": PHONE, "mes": number})
            assert sent.content.startswith(b"OK")
        found = names["messages"](session, service.url, LOGIN, PSW)
        assert [message.id for message in found] == [*range(count, 0, -1)]
        pages_asked = [request.parameters for request in service.requests if request.command == "get_messages"]
        assert [page.get("prev_id") for page in pages_asked] == [None, str(count - 2), str(count - 5)][:pages]
        with pytest.raises(ApiError) as caught:
            names["messages"](session, service.url, LOGIN, "wrong")
        assert caught.value.code is GetError.AUTHORISATION

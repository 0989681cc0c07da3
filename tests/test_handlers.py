"""The handlers in `examples/callbacks`, over real HTTP on this machine.

Those of a framework that is not installed are skipped; `nox -s handlers` installs all of them.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from msgspec.structs import replace

from smsc_codec import MessageState
from smsc_codec.callbacks import LIMITS, Callback, CallCallback, IncomingCallback, StatusCallback, encode

from .needs import needs

FOLDER = Path(__file__).parent.parent / "examples" / "callbacks"
SECRET = "PLANTEDSECRET"
FORM = "application/x-www-form-urlencoded"
STATUS = StatusCallback(id=279, phone="79990001122", status=MessageState.DELIVERED)
INCOMING = IncomingCallback(phone="79990001122", mes="Да: нет + a&b", to="79101112233", id=7)
CALL = CallCallback(phone="79990001122", waitcall="1", ts=1679060876)


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def wsgi(application: Any) -> Iterator[str]:
    with make_server("127.0.0.1", 0, application, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def looping(serve: Callable[[asyncio.Event, Callable[[int], None]], Any]) -> Iterator[str]:
    """Run *serve* in a loop of its own; it is given what to wait for, and what to call with the port."""
    ready, ports = threading.Event(), list[int]()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    def listening(port: int) -> None:
        ports.append(port)
        ready.set()

    def run() -> None:
        with closing(loop):
            loop.run_until_complete(serve(stop, listening))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(10)
        yield f"127.0.0.1:{ports[0]}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


@contextmanager
def flask(handler: ModuleType) -> Iterator[str]:
    with wsgi(handler.app) as host:
        yield host


@contextmanager
def django(handler: ModuleType) -> Iterator[str]:
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.urls import clear_url_caches

    if not settings.configured:
        settings.configure(ROOT_URLCONF=handler, DATA_UPLOAD_MAX_MEMORY_SIZE=LIMITS.body, ALLOWED_HOSTS=["*"])
    settings.ROOT_URLCONF = handler
    clear_url_caches()
    with wsgi(get_wsgi_application()) as host:
        yield host


@contextmanager
def aiohttp(handler: ModuleType) -> Iterator[str]:
    from aiohttp import web

    async def serve(stop: asyncio.Event, listening: Callable[[int], None]) -> None:
        runner = web.AppRunner(handler.application(), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        listening(runner.addresses[0][1])
        await stop.wait()
        await runner.cleanup()

    with looping(serve) as host:
        yield host


@contextmanager
def asgi(application: Any) -> Iterator[str]:
    uvicorn: Any = importlib.import_module("uvicorn")

    async def serve(stop: asyncio.Event, listening: Callable[[int], None]) -> None:
        options = {"log_config": None, "lifespan": "off", "ws": "none", "access_log": False}
        server = uvicorn.Server(uvicorn.Config(application, "127.0.0.1", 0, **options))
        # The signals of the tests' process are not its business.
        server.capture_signals = ExitStack
        served = asyncio.ensure_future(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        listening(server.servers[0].sockets[0].getsockname()[1])
        await stop.wait()
        server.should_exit = True
        await served

    with looping(serve) as host:
        yield host


@contextmanager
def fastapi(handler: ModuleType) -> Iterator[str]:
    with asgi(handler.app) as host:
        yield host


@contextmanager
def starlette(handler: ModuleType) -> Iterator[str]:
    from starlette.applications import Starlette
    from starlette.routing import Route

    with asgi(Starlette(routes=[Route("/smsc", handler.smsc, methods=["GET", "POST"])])) as host:
        yield host


SERVERS = {"flask": flask, "fastapi": fastapi, "starlette": starlette, "django": django, "aiohttp": aiohttp}


class Handler:
    """A handler that is being served, and what it was given to do."""

    def __init__(self, host: str, module: ModuleType, work: Callable[[Callback], Any]) -> None:
        self.host, self.work = host, work
        self.worked: list[Callback] = []
        self.broken = False
        is_awaited = inspect.iscoroutinefunction(work)
        module.work = self._work_later if is_awaited else self._work  # type: ignore[attr-defined]

    def _work(self, call: Callback) -> None:
        if self.broken:
            raise OSError("the database has gone")
        self.worked.append(call)

    async def _work_later(self, call: Callback) -> None:
        self._work(call)

    def send(
        self, body: bytes, query: str = "", content_type: str | None = FORM, method: str = "POST"
    ) -> tuple[int, str]:
        headers = {} if content_type is None else {"Content-Type": content_type}
        with closing(HTTPConnection(urlsplit(f"//{self.host}").netloc, timeout=10)) as connection:
            connection.request(method, f"/smsc?{query}" if query else "/smsc", body or None, headers)
            response = connection.getresponse()
            return response.status, response.read().decode()


NEEDED = {
    "flask": ["flask"],
    "fastapi": ["fastapi", "uvicorn"],
    "starlette": ["fastapi", "uvicorn"],
    "django": ["django"],
    "aiohttp": [],
}


@pytest.fixture(scope="module", params=[pytest.param(name, marks=needs(*NEEDED[name])) for name in SERVERS])
def served(request: pytest.FixtureRequest) -> Iterator[tuple[str, ModuleType, Callable[[Callback], Any]]]:
    name: str = request.param
    framework = "fastapi" if name == "starlette" else name
    path = FOLDER / f"{framework}_handler.py"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMSC_SECRET", SECRET)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        with SERVERS[name](module) as host:
            yield host, module, module.work


@pytest.fixture
def handler(served: tuple[str, ModuleType, Callable[[Callback], Any]]) -> Handler:
    served[1].done.clear()
    return Handler(*served)


def test_each_framework_has_one() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} == {f"{name}_handler" for name in SERVERS.keys() - {"starlette"}}
    for path in FOLDER.glob("*.py"):
        assert len(path.read_text("utf-8").splitlines()) <= 65


@pytest.mark.parametrize("charset", ["windows-1251", "utf-8", "koi8-r"])
@pytest.mark.parametrize("call", [STATUS, INCOMING, CALL], ids=lambda call: type(call).__name__)
def test_every_kind_in_every_form(handler: Handler, call: Callback, charset: str) -> None:
    signed = replace(call, charset=charset).sign(SECRET, sha1=True)
    address = f"md5=1&charset={charset}"
    sent = [
        handler.send(encode(signed), address),
        handler.send(b"", f"{address}&{encode(signed).decode()}", None, "GET"),
    ]
    if charset != "koi8-r":
        sent.append(handler.send(encode(signed, fmt=2), f"{address}&fmt=2", "text/xml"))
        sent.append(handler.send(encode(signed, fmt=3), f"{address}&fmt=3", "application/json"))
    # The same call again and again: each is answered, and the work is done once.
    assert sent == [(200, "OK")] * len(sent)
    assert handler.worked == [signed]


def test_a_multipart_form(handler: Handler) -> None:
    signed = INCOMING.sign(SECRET)
    fields = {"id": "7", "phone": signed.phone, "mes": signed.mes, "to": signed.to, "md5": signed.md5}
    part = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    body = "".join(part.format(*field) for field in fields.items()) + "--b--\r\n"
    assert handler.send(body.encode("windows-1251"), "", "multipart/form-data; boundary=b") == (200, "OK")
    assert handler.worked == [signed]


def test_who_does_not_know_the_secret(handler: Handler) -> None:
    signed = STATUS.sign(SECRET)
    for forged in (
        STATUS,
        STATUS.sign("other"),
        replace(signed, status=MessageState.READ),
        replace(signed, sha1="0" * 40),
        STATUS.sign(SECRET, md5=False, crc32=True),
    ):
        assert handler.send(encode(forged)) == (403, "wrong check value")
    assert handler.worked == []


def test_what_is_not_a_call(handler: Handler, caplog: pytest.LogCaptureFixture) -> None:
    for body, query, kind in (
        (b"", "", None),
        (b"hello", "", "text/plain"),
        (b"{", "", "application/json"),
        (b"<a>", "fmt=2", "text/xml"),
        (b"id=1&phone=7&status=1", "charset=cp866", FORM),
        (b"x", "", "multipart/form-data"),
        (b"id=%FF&phone=7&status=1", "charset=utf-8", FORM),
    ):
        assert handler.send(body, query, kind) == (400, "not a call")
    assert handler.worked == [] and SECRET not in caplog.text


def test_work_that_fails_is_not_done(handler: Handler) -> None:
    body = encode(STATUS.sign(SECRET))
    handler.broken = True
    status, text = handler.send(body)
    assert status == 500 and "OK" not in text
    handler.broken = False
    assert handler.send(body) == (200, "OK")
    assert handler.worked == [STATUS.sign(SECRET)]


def test_a_body_that_is_too_large(handler: Handler) -> None:
    body = encode(STATUS.sign(SECRET)) + b"&x=" + b"x" * LIMITS.body
    assert handler.send(body)[0] in (400, 413)
    assert handler.worked == []


def test_the_work_of_the_examples(handler: Handler, capsys: pytest.CaptureFixture[str]) -> None:
    for call in (STATUS, INCOMING, CALL):
        done = handler.work(call)
        if inspect.iscoroutine(done):
            asyncio.run(done)
    said = "message 279: delivered\n79990001122 wrote: Да: нет + a&b\n79990001122 called\n"
    assert capsys.readouterr().out == said

"""Tests clients that use the service's real address, with doubles of HTTP libraries."""

from __future__ import annotations

import asyncio
import importlib
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3

from smsc_codec import DecodeError, ErrorReply, Message, MessageSent, decode_response
from smsc_codec.testing import MISBEHAVIOURS, FakeSmsc

from .faking import PHONE
from .needs import needs

ADDRESS = "https://smsc.ru/sys/"
Call = Callable[..., Any]
"""Posts a form to an endpoint, and returns the reply to it."""


def told(parameters: dict[str, Any]) -> dict[str, Any]:
    return {"login": "demo", "psw": "demo", "fmt": 3, "charset": "utf-8", **parameters}


@contextmanager
def mock_transport(service: FakeSmsc) -> Iterator[Call]:
    with httpx.Client(transport=httpx.MockTransport(service.handle_httpx), timeout=5) as client:
        yield lambda path, **asked: decode_response(client.post(f"{ADDRESS}{path}", data=told(asked)))


@contextmanager
def async_mock_transport(service: FakeSmsc) -> Iterator[Call]:
    async def post(path: str, **asked: Any) -> Any:
        async with httpx.AsyncClient(transport=httpx.MockTransport(service.handle_httpx), timeout=5) as client:
            return decode_response(await client.post(f"{ADDRESS}{path}", data=told(asked)))

    yield lambda path, **asked: asyncio.run(post(path, **asked))


@contextmanager
def respx(service: FakeSmsc) -> Iterator[Call]:
    library: Any = importlib.import_module("respx")
    with library.mock:
        library.route(host="smsc.ru").mock(side_effect=service.handle_httpx)
        yield lambda path, **asked: decode_response(httpx.post(f"{ADDRESS}{path}", data=told(asked), timeout=5))


@contextmanager
def responses(service: FakeSmsc) -> Iterator[Call]:
    library: Any = importlib.import_module("responses")
    with library.RequestsMock() as doubles:
        doubles.add_callback("POST", re.compile(re.escape(ADDRESS)), service.handle_requests, content_type=None)
        yield lambda path, **asked: decode_response(requests.post(f"{ADDRESS}{path}", told(asked), timeout=5))


@contextmanager
def aiohttp_session(service: FakeSmsc) -> Iterator[Call]:
    async def post(path: str, **asked: Any) -> Any:
        options: dict[str, Any] = {"middlewares": [service.redirect_aiohttp], "timeout": aiohttp.ClientTimeout(0.3)}
        async with (
            aiohttp.ClientSession(**options) as session,
            session.post(f"{ADDRESS}{path}", data=told(asked)) as response,
        ):
            assert response.url.host == "smsc.ru"
            return decode_response(response, await response.read(), form=told(asked))

    with service:
        yield lambda path, **asked: asyncio.run(post(path, **asked))


DOUBLES = {
    double.__name__: double for double in (mock_transport, async_mock_transport, respx, responses, aiohttp_session)
}
LATE = (httpx.ReadTimeout, requests.ReadTimeout, asyncio.TimeoutError)
BROKEN = (httpx.RemoteProtocolError, requests.exceptions.ChunkedEncodingError, aiohttp.ClientError)


@pytest.fixture(
    params=[pytest.param(name, marks=needs(name)) if name in ("respx", "responses") else name for name in DOUBLES]
)
def double(request: pytest.FixtureRequest) -> Iterator[tuple[FakeSmsc, Call]]:
    service = FakeSmsc(rate_limits=False)
    with DOUBLES[request.param](service) as call:
        yield service, call


def test_clients_with_a_fixed_address(double: tuple[FakeSmsc, Call]) -> None:
    service, call = double
    sent = call("send.php", phones=PHONE, mes="Привет", cost=3)
    assert isinstance(sent, MessageSent) and service.messages[0].text == "Привет"
    service.advance(5)
    message = call("status.php", phone=PHONE, id=sent.id)
    assert isinstance(message, Message) and message.delivered
    assert isinstance(call("get.php", get_answers="x"), ErrorReply)
    for name, fault in MISBEHAVIOURS.items():
        service.misbehave(**fault)
        try:
            reply = call("status.php", phone=PHONE, id=sent.id)
        except LATE:
            assert name == "timeout"
        except BROKEN:
            assert name in ("disconnected", "lost")
        except DecodeError:
            assert name in ("bare OK", "HTML", "empty", "cut", "429", "502", "503")
        else:
            assert isinstance(reply, ErrorReply) if name == "plain ERROR" else reply == message
            assert name in ("plain ERROR", "slow", "wrong charset")
    assert len(service.requests) == 3 + len(MISBEHAVIOURS)


@pytest.mark.parametrize(
    "body",
    ["apikey=demo-key", b"apikey=demo-key", io.BytesIO(b"apikey=demo-key"), iter([b"apikey=", b"demo-key"]), None],
    ids=lambda body: type(body).__name__,
)
def test_every_kind_of_body_of_requests(body: Any) -> None:
    address = f"{ADDRESS}balance.php" + ("" if body else "?apikey=demo-key")
    request = requests.Request("POST", address, data=body).prepare()
    assert FakeSmsc().handle_requests(request)[::2] == (200, b"100")


@pytest.mark.parametrize("timeout", [1, 1.4, (60, 1)], ids=repr)
def test_a_client_of_requests_that_does_not_wait(timeout: Any) -> None:
    service = FakeSmsc()
    service.misbehave(delay=1.5)
    request: Any = requests.Request("POST", f"{ADDRESS}balance.php", data={"apikey": "demo-key"}).prepare()
    request.req_kwargs = {"timeout": timeout}  # as `responses` says it
    with pytest.raises(requests.ReadTimeout):
        service.handle_requests(request)
    assert service.handle_requests(request)[2] == b"100"


@pytest.mark.parametrize("timeout", [None, (1, None), urllib3.Timeout(5)], ids=repr)
def test_a_client_of_requests_whose_patience_is_not_known(timeout: Any) -> None:
    service = FakeSmsc()
    service.misbehave(delay=600)
    request: Any = requests.Request("POST", f"{ADDRESS}balance.php", data={"apikey": "demo-key"}).prepare()
    request.req_kwargs = {"timeout": timeout}
    assert service.handle_requests(request)[2] == b"100"


def test_aiohttp_needs_the_running_service() -> None:
    async def post() -> None:
        async with aiohttp.ClientSession(middlewares=[FakeSmsc().redirect_aiohttp]) as session:
            await session.post(f"{ADDRESS}balance.php")

    with pytest.raises(RuntimeError, match="inside of its with block"):
        asyncio.run(post())

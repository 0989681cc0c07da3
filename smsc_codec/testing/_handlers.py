"""Answers without a network, for doubles of HTTP libraries that test clients with a fixed address."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from ._server import Answer

if TYPE_CHECKING:
    import aiohttp.web
    import httpx
    from requests import PreparedRequest


class Handlers:
    """Answers to requests of HTTP libraries, whatever the host of a request is."""

    @property
    @abstractmethod
    def _root(self) -> str:
        """The address of the running service. Raises `RuntimeError` if it does not run."""

    @abstractmethod
    def _handle(self, method: str, target: str, content_type: str, body: bytes) -> tuple[Answer, float]:
        """Return the answer to a request, and its delay in seconds."""

    def handle_httpx(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of httpx, whatever its host is: `httpx.Client(transport=httpx.MockTransport(…))`.

        It never waits: a *delay* that is longer than the client's time-out raises its error at once.
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
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body, request=request)

    def handle_requests(self, request: PreparedRequest) -> tuple[int, Mapping[str, str], bytes]:
        """Answer a request of requests, whatever its host is: `responses.add_callback("POST", url, callback=…)`.

        It never waits: if a *delay* is longer than the client's time-out, and `responses` passes that as a number, its
        error is raised at once.
        """
        import requests

        body: Any = request.body or b""
        # A file or a generator is sent in pieces.
        pieces = [body] if isinstance(body, (str, bytes, bytearray)) else body
        data = b"".join(piece.encode() if isinstance(piece, str) else piece for piece in pieces)
        kind = str(request.headers.get("Content-Type", ""))
        answer, delay = self._handle(request.method or "GET", request.url or "", kind, data)
        patience = getattr(request, "req_kwargs", {}).get("timeout")
        patience = patience[-1] if isinstance(patience, tuple) else patience
        if isinstance(patience, (int, float)) and delay > patience:
            raise requests.ReadTimeout("the answer comes too late", request=request)
        if answer.disconnect:
            raise requests.exceptions.ChunkedEncodingError("the connection was closed", request=request)
        return answer.status, answer.headers, answer.body

    async def redirect_aiohttp(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request of aiohttp (3.12 or later) to this service, whatever its host is, inside its `with` block.

        It is a middleware of sessions: `aiohttp.ClientSession(middlewares=[service.redirect_aiohttp])`.
        """
        url = request.url
        request.url = url.with_scheme("http").with_host("127.0.0.1").with_port(urlsplit(self._root).port)
        return await handler(request)

    async def handle_aiohttp(self, request: aiohttp.web.BaseRequest) -> aiohttp.web.StreamResponse:
        """Answer a request to a server of aiohttp in the test's own loop: `aiohttp.test_utils.RawTestServer(…)`."""
        import asyncio

        from aiohttp import web

        kind = request.headers.get("Content-Type", "")
        answer, delay = self._handle(request.method, str(request.rel_url), kind, await request.read())
        await asyncio.sleep(delay)
        if not answer.disconnect:
            return web.Response(status=answer.status, headers=answer.headers, body=answer.body)
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        response.content_length = len(answer.body) or 1
        await response.prepare(request)
        await response.write(answer.body[: len(answer.body) // 2])
        transport = cast("asyncio.Transport", request.transport)
        transport.close()
        return response

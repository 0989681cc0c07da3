"""The HTTP server of the fake service. It listens only on this machine."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import unquote, urlsplit

from .._multipart import FormError
from ._head import Head, RefusedError, read_head
from ._request import Form, read_form

if TYPE_CHECKING:
    from io import BufferedReader

# The seconds that a client has to read the last answer on a connection.
_LINGER = 1.0


@dataclass(frozen=True)
class Answer:
    """An HTTP response."""

    body: bytes
    content_type: str
    status: int = 200
    disconnect: bool = False
    retry_after: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers, except those about the body's length and the connection."""
        later = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return {"Content-Type": self.content_type, **later}


class Service(Protocol):
    """An object that answers requests."""

    @property
    def _directory(self) -> str:
        """The addresses of this service, in words."""
        ...

    def _address_in(self, path: str) -> tuple[str, bool] | None:
        """Return the endpoint at a path and whether the path is in `/rest/`, or None if there is no endpoint."""
        ...

    def _respond(self, method: str, form: Form) -> tuple[Answer, float]:
        """Return the response to a request, and its delay in seconds."""
        ...


def refused(error: RefusedError) -> Answer:
    """Return the response to a refused request."""
    return Answer(f"<html>{error}</html>".encode(), "text/html", error.status)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = request_version = "HTTP/1.1"
    command = requestline = ""
    # Head and body are two packets, and the second would wait until the first is acknowledged.
    disable_nagle_algorithm = True

    def handle(self) -> None:
        # The client may have gone, or `stop` may have closed the connection.
        with contextlib.suppress(OSError):
            super().handle()

    def handle_one_request(self) -> None:
        """Answer a request. Keep the connection open only if it is certain what follows."""
        self.close_connection = True
        self.command = ""
        try:
            head = read_head(cast("BufferedReader", self.rfile))
            if head is not None:
                self.command = head.method
                self._answer(head)
        except RefusedError as error:
            self._send(refused(error))
            self._linger()

    def _answer(self, head: Head) -> None:
        if head.method not in ("GET", "POST"):
            raise RefusedError(501, "the methods are GET and POST")
        try:
            url = urlsplit(head.target)
        except ValueError:  # such as http://[, which is not an address
            raise RefusedError(400, "expected a path or an address") from None
        service = cast("Http", self.server).service
        address = service._address_in(unquote(url.path, "latin-1"))
        if address is None:
            raise RefusedError(404, service._directory)
        if head.waits:
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self.rfile.read(head.length)
        if len(body) < head.length:
            return  # the client has gone
        try:
            form = read_form(url.query, head.content_type, body, *address)
        except FormError as error:
            raise RefusedError(400, f"the form cannot be read: {error}") from None
        answer, delay = service._respond(head.method, form)
        # This is not a sleep, so that leaving the `with` block does not wait for it.
        if not cast("Http", self.server).stopping.wait(delay):
            self.close_connection = answer.disconnect or not head.stays
            self._send(answer)
            if self.close_connection and not answer.disconnect:
                self._linger()

    def _send(self, answer: Answer) -> None:
        body = answer.body
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) or int(answer.disconnect)))
        if self.close_connection and not answer.disconnect:
            self.send_header("Connection", "close")
        self.end_headers()
        if answer.disconnect:
            body = body[: len(body) // 2]
        # Some answers end with their headers. A body would be read as the next answer.
        self.wfile.write(b"" if self.command == "HEAD" or answer.status in (204, 304) else body)

    def _linger(self) -> None:
        """Read what the client still sends. A connection that is closed before that loses the answer."""
        end = time.monotonic() + _LINGER
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(_LINGER)
        while time.monotonic() < end and self.connection.recv(65_536):
            pass

    def log_message(self, format: str, *arguments: object) -> None:
        """Do not log anything, because the request line contains the password."""


class Http(ThreadingHTTPServer):
    """The server of one `with` block. All its threads and sockets are gone after `stop`.

    The threads are daemons, so that the interpreter can end even if the block is never left. The standard library does
    not wait for daemon threads, so `stop` does.
    """

    request_queue_size = 128

    def __init__(self, service: Service, port: int) -> None:
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            advice = f"port {port} of 127.0.0.1; choose another, or 0 for any that is free"
            raise OSError(error.errno, f"{error.strerror}: {advice}") from None
        self.service = service
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._workers: list[threading.Thread] = []
        self._process = os.getpid()
        self._thread = threading.Thread(
            target=self.serve_forever, name="FakeSmsc", kwargs={"poll_interval": 0.01}, daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if os.getpid() != self._process:
            # A forked child has copies of the sockets, but not the threads. The parent goes on with both.
            for connection in (self.socket, *self._open):
                connection.close()
            return
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        # Clients keep their connections open, and the threads wait for more requests.
        for connection in tuple(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        for worker in self._workers:
            worker.join()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        self._workers = [worker for worker in self._workers if worker.is_alive()]
        worker = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self._workers.append(worker)
        worker.start()

    def close_request(self, request: Any) -> None:
        self._open.discard(request)
        super().close_request(request)

"""Makes the recordings in `tests/recordings` anew: `python -m tests.recorders`.

Real HTTP requests to a server on this machine that answers with our encoder, recorded by vcrpy, by mitmproxy
(HAR) and by `curl -i`, whichever of them are installed. The requests hold planted secrets.
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import ProxyHandler, Request, build_opener, urlopen

from smsc_codec import (
    ErrorReply,
    OperatorStatus,
    Reply,
    Sender,
    SenderCreated,
    SenderError,
    SenderList,
    SenderStatus,
    Success,
    encode,
)

FOLDER = Path(__file__).parent / "recordings"

SECRETS = ("PLANTEDLOGIN", "PLANTEDPSW", "PLANTEDKEY", "79990001122", "PLANTEDCOOKIE")
"""What no output may hold."""

REQUESTS = (
    *({"fmt": str(fmt), "get": "1"} for fmt in range(4)),
    *({"fmt": str(fmt), "get": "1", "all": "1"} for fmt in range(4)),
    *({"fmt": str(fmt), "get": "1", "operators": "1"} for fmt in (0, 2, 3)),
    {"fmt": "3", "add": "1", "sender": "79990001122"},
    {"fmt": "2", "del": "1", "sender": "R&B"},
    {"fmt": "1", "send_code": "1", "sender": "79990001122", "charset": "utf-8"},
    {"fmt": "3", "get": "1", "wrong": "view", "all": "1"},
    {"fmt": "3", "get": "1", "wrong": "kind"},
    {"fmt": "3", "get": "1", "wrong": "text"},
    {"fmt": "3", "get": "1", "wrong": "page"},
    {"fmt": "0", "get": "1", "wrong": "packed"},
    {"fmt": "0", "get": "1", "wrong": "login"},
)


def answer(query: dict[str, str]) -> bytes:
    """What the service would say."""
    wrong = query.get("wrong")
    if wrong == "page":
        return b"<html>bad gateway: /sys/senders.php?phones=79990001122&psw=PLANTEDPSW"
    operators = {"mega_step": OperatorStatus.APPROVED} if "operators" in query else {}
    status = SenderStatus.ALLOWED if "all" in query and wrong != "view" else None
    reply: Reply = SenderList((Sender("SMSC.RU", 5, status, operators), Sender("Имя", 6, status, operators)))
    if "add" in query or wrong == "kind":
        reply = SenderCreated(24336)
    elif "del" in query or "send_code" in query:
        reply = Success()
    elif wrong == "login":
        reply = ErrorReply(SenderError.AUTHORISATION, "authorise error")
    fmt = 0 if wrong == "text" else int(query["fmt"])
    return encode(reply, fmt=fmt, charset=query.get("charset", "windows-1251"))


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(urlsplit(self.path).query)

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _answer(self, text: str) -> None:
        query = {name: values[0] for name, values in parse_qs(text).items()}
        here = self.path.startswith("/sys/senders.php")
        body = answer(query) if here else b"not the service"
        self.send_response(200)
        self.send_header("Content-Type", f"text/plain; charset={query.get('charset', 'windows-1251')}")
        self.send_header("Set-Cookie", "session=PLANTEDCOOKIE; path=/")
        if query.get("wrong") == "packed":
            body = gzip.compress(body, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def server() -> Iterator[str]:
    """The service on this machine; what comes is the address of senders.php."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as service:
        thread = threading.Thread(target=service.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{service.server_port}/sys/senders.php"
        finally:
            service.shutdown()
            thread.join()


def ask(url: str, send: Callable[[Request], object]) -> None:
    """Send all requests, every third with a form, and one to somewhere else."""
    for number, query in enumerate(REQUESTS):
        secret = {"apikey": "PLANTEDKEY"} if number % 2 else {"login": "PLANTEDLOGIN", "psw": "PLANTEDPSW"}
        parameters = urlencode({**secret, **query})
        headers = {"Cookie": "session=PLANTEDCOOKIE"}
        if number % 3:
            send(Request(f"{url}?{parameters}", headers=headers))
        else:
            send(Request(url, parameters.encode(), headers))
    send(Request(url.replace("senders.php", "get.php?psw=PLANTEDPSW")))


def _read(request: Request) -> None:
    with urlopen(request, timeout=10) as response:
        response.read()


def record_cassette(path: Path, serializer: str) -> None:
    """Let vcrpy record, in `yaml` or `json`."""
    import vcr

    with server() as url, vcr.VCR(serializer=serializer, record_mode="all").use_cassette(str(path)):
        ask(url, _read)


def record_har(path: Path, mitmdump: str, port: int = 18080) -> None:
    """Let mitmproxy record."""
    command = [mitmdump, "-q", "--listen-port", str(port), "--set", f"hardump={path}"]
    opener = build_opener(ProxyHandler({"http": f"http://127.0.0.1:{port}"}))
    with server() as url, subprocess.Popen(command) as proxy:
        for _ in range(100):
            time.sleep(0.2)
            try:
                opener.open(f"{url}?fmt=0&get=1", timeout=5).close()
                break
            except (OSError, HTTPError):
                continue
        ask(url, lambda request: opener.open(request, timeout=10).read())
        proxy.terminate()


def record_responses(path: Path) -> None:
    """Let curl print its responses."""

    def curl(request: Request) -> None:
        data = ["--data-binary", bytes(request.data).decode()] if isinstance(request.data, bytes) else []
        result = subprocess.run(["curl", "-si", *data, request.full_url], capture_output=True, check=True)
        with open(path, "ab") as file:
            file.write(result.stdout)

    path.unlink(missing_ok=True)
    with server() as url:
        ask(url, curl)


def main() -> None:
    """Record with whatever is there."""
    record_cassette(FOLDER / "vcrpy.yaml", "yaml")
    mitmdump = shutil.which("mitmdump")
    if mitmdump:
        record_har(FOLDER / "mitmproxy.har", mitmdump)
    if shutil.which("curl"):
        record_responses(FOLDER / "curl.http")


if __name__ == "__main__":
    main()

"""Makes the recordings in `tests/recordings` again: `python -m tests.recorders [TOOL …]`, or `nox -s recorders`.

Tools record real HTTP requests to a server on this machine, which answers with the library's encoder. Each named tool
has to be installed. Without names, all installed tools are used. The requests contain planted secrets.
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from subprocess import PIPE, STDOUT
from typing import Any
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
"""The secrets that an output must never contain."""

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


FEW = [
    query
    for query in REQUESTS
    if query.get("wrong") in ("text", "page", "packed", "login") or set(query) == {"fmt", "get"}
]
"""Fewer requests, enough for the recording of one more tool."""


def answer(query: dict[str, str]) -> bytes:
    """Return the service's answer."""
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
    """Run the service on this machine, and yield the address of senders.php."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as service:
        thread = threading.Thread(target=service.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{service.server_port}/sys/senders.php"
        finally:
            service.shutdown()
            thread.join()


def ask(url: str, send: Callable[[Request], object], requests: Sequence[dict[str, str]] = REQUESTS) -> None:
    """Send requests, every third with a form, and one to another page: all of them to an endpoint, a few to none."""
    for number, query in enumerate(requests):
        secret = {"apikey": "PLANTEDKEY"} if number % 2 else {"login": "PLANTEDLOGIN", "psw": "PLANTEDPSW"}
        parameters = urlencode({**secret, **query})
        headers = {"Cookie": "session=PLANTEDCOOKIE"}
        if number % 3:
            send(Request(f"{url}?{parameters}", headers=headers))
        else:
            send(Request(url, parameters.encode(), headers))
    page = "balance.php" if requests is REQUESTS else "other.php"
    send(Request(url.replace("senders.php", f"{page}?psw=PLANTEDPSW")))


def _read(request: Request) -> None:
    with urlopen(request, timeout=10) as response:
        response.read()


def record_cassette(path: Path, serializer: str, **options: Any) -> None:
    """Let vcrpy record, in `yaml` or `json`."""
    import vcr

    path.unlink(missing_ok=True)  # it would add to the cassette
    with server() as url, vcr.VCR(serializer=serializer, record_mode="all", **options).use_cassette(str(path)):
        ask(url, _read)


def record_har(path: Path, mitmdump: str = "mitmdump", port: int = 18080) -> None:
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


def printed(path: Path, *command: str, requests: Sequence[dict[str, str]] = REQUESTS) -> None:
    """Record the output of a command that takes the options of curl."""

    def run(request: Request) -> None:
        data = ["--data-binary", bytes(request.data).decode()] if isinstance(request.data, bytes) else []
        result = subprocess.run([*command, *data, request.full_url], stdout=PIPE, stderr=STDOUT, check=True)
        with open(path, "ab") as file:
            file.write(result.stdout)

    path.unlink(missing_ok=True)
    with server() as url:
        ask(url, run, requests)


def record_responses(path: Path) -> None:
    """Let curl print its responses."""
    printed(path, "curl", "-si")


def _curl(path: Path, options: Sequence[str]) -> None:
    printed(path, "curl", *options, requests=FEW)


def by_httpie(path: Path) -> None:
    """Let httpie print requests and responses."""

    def run(request: Request) -> None:
        form = isinstance(request.data, bytes)
        sent = (
            ["POST", request.full_url, "Content-Type:application/x-www-form-urlencoded"] if form else [request.full_url]
        )
        raw = [f"--raw={bytes(request.data).decode()}"] if isinstance(request.data, bytes) else []
        command = ["http", "--ignore-stdin", "--print=HhBb", "--pretty=none", *raw, *sent]
        with open(path, "ab") as file:
            file.write(subprocess.run(command, stdout=PIPE, check=True).stdout)

    path.unlink(missing_ok=True)
    with server() as url:
        ask(url, run, FEW)


def _by_requests(session: Any) -> Callable[[Request], object]:
    """Return a function that sends requests with the library `requests`."""

    def send(request: Request) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if request.data else {}
        session.request(request.get_method(), request.full_url, data=request.data, headers=headers).content.decode(
            "latin-1"
        )

    return send


def by_betamax(path: Path) -> None:
    """Let betamax record."""
    import betamax
    import requests

    path.unlink(missing_ok=True)
    session = requests.Session()
    recorder = betamax.Betamax(session, cassette_library_dir=str(path.parent))
    with server() as url, recorder.use_cassette(path.stem, record="all"):
        ask(url, _by_requests(session), FEW)


def by_warcio(path: Path) -> None:
    """Let warcio record."""
    from warcio.capture_http import capture_http

    import requests  # isort: skip - warcio has to be there first

    path.unlink(missing_ok=True)
    with server() as url, capture_http(str(path)):
        ask(url, _by_requests(requests), FEW)


def by_responses(path: Path) -> None:
    """Let responses record."""
    import requests
    from responses import _recorder

    with server() as url:
        _recorder.record(file_path=str(path))(lambda: ask(url, _by_requests(requests), FEW))()


NOCK = """
const loaded = require("nock"), nock = loaded.default || loaded, http = require("http");
const given = JSON.parse(require("fs").readFileSync(0));
nock.recorder.rec({dont_print: true, output_objects: true, enable_reqheaders_recording: true});
const send = ({url, method, headers, data}) => new Promise((done, fail) => {
  const request = http.request(url, {method, headers}, (response) => response.on("data", () => 0).on("end", done));
  request.on("error", fail).end(data);
});
given.reduce((before, each) => before.then(() => send(each)), Promise.resolve())
  .then(() => console.log(JSON.stringify(nock.recorder.play(), null, 1)));
"""


def by_nock(path: Path) -> None:
    """Let nock record; `NODE_PATH` leads to it."""
    found: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        data = bytes(request.data).decode() if isinstance(request.data, bytes) else None
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if data else {}
        found.append({"url": request.full_url, "method": request.get_method(), "headers": headers, "data": data})

    with server() as url:
        ask(url, note, FEW)
        result = subprocess.run(["node", "-e", NOCK], input=json.dumps(found).encode(), stdout=PIPE, check=True)
    path.write_bytes(result.stdout)


def by_chromium(path: Path) -> None:
    """Let Chromium record, driven by playwright."""
    from playwright.sync_api import sync_playwright

    with server() as url, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context(record_har_path=str(path), record_har_content="embed")
        page = context.new_page()

        def fetch(request: Request) -> None:
            data = request.data.decode() if isinstance(request.data, bytes) else None
            page.evaluate(_FETCH, [request.full_url, data])

        page.goto(url.replace("senders.php", ""))
        ask(url, fetch, FEW)
        context.close()
        browser.close()


_FETCH = """([url, body]) => fetch(url, body ? {method: "POST", body: new URLSearchParams(body)} : {})
  .then((response) => response.arrayBuffer()).then(() => 0)"""

TOOLS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "vcrpy": ("vcrpy.yaml", partial(record_cassette, serializer="yaml")),
    "mitmproxy": ("mitmproxy.har", record_har),
    "curl": ("curl.http", record_responses),
    "curl -v": ("curl-v.txt", partial(_curl, options=("-sv",))),
    "curl --trace": ("curl-trace.txt", partial(_curl, options=("-so", "/dev/null", "--trace", "-"))),
    "curl --trace-ascii": (
        "curl-trace-ascii.txt",
        partial(_curl, options=("-so", "/dev/null", "--trace-ascii", "-")),
    ),
    "httpie": ("httpie.http", by_httpie),
    "betamax": ("betamax.json", by_betamax),
    "warcio": ("warcio.warc.gz", by_warcio),
    "responses": ("responses.yaml", by_responses),
    "nock": ("nock.json", by_nock),
    "chromium": ("chromium.har", by_chromium),
}
"""The functions that make the recordings, by tool."""


def _is_here(tool: str) -> bool:
    program = {"mitmproxy": "mitmdump", "httpie": "http", "nock": "node"}.get(tool, tool.split(" ", maxsplit=1)[0])
    module = {"vcrpy": "vcr", "chromium": "playwright"}.get(tool, tool)
    return shutil.which(program) is not None or find_spec(module) is not None


def main(tools: list[str]) -> None:
    """Record with the named tools, or with all installed ones."""
    for tool in tools or filter(_is_here, TOOLS):
        name, record = TOOLS[tool]
        record(FOLDER / name)


if __name__ == "__main__":
    main(sys.argv[1:])

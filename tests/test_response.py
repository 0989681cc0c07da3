"""Responses of requests, httpx and aiohttp, real ones over loopback and doubles."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import pickle
import threading
import tracemalloc
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from smsc_codec import (
    ApiError,
    DecodeError,
    ErrorReply,
    Format,
    LimitError,
    Limits,
    OptionError,
    Query,
    Sender,
    SenderCreated,
    SenderList,
    Success,
    decode,
    decode_response,
    encode,
)

from .secrets import SPELLINGS, leaked
from .test_query import Link, Trap

LIST = Query(fmt=Format.JSON, command="get", parameters={"all": "1"})
NAMES = SenderList((Sender("Имя", 5), Sender("SMSC.RU", 6)))


class Handler(BaseHTTPRequestHandler):
    """Answers with our encoder in the format and charset that was asked for, compressed."""

    def do_GET(self) -> None:
        form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        asked = {name: values[-1] for name, values in parse_qs(f"{urlsplit(self.path).query}&{form}").items()}
        charset = asked.get("charset", "windows-1251")
        fmt = int(asked.get("fmt", "0"))
        reply = NAMES if "get" in asked else SenderCreated(7) if "add" in asked else ErrorReply(1, "parameters error")
        body = encode(reply, fmt=fmt, charset=charset, drop=["description"])
        if "html" in asked:
            body = b"<html>bad gateway</html>"
        body = gzip.compress(body)
        self.send_response(502 if "html" in asked else 200)
        self.send_header("Retry-After", "30")
        self.send_header("Content-Type", f"text/plain; charset={charset}")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/sys/senders.php"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as address:
        yield address


Ask = Callable[..., Any]


def _requests(url: str, params: Any, data: Any, **options: Any) -> Any:
    requests = pytest.importorskip("requests")
    with requests.Session() as session:
        session.trust_env = False
        with session.request("POST" if data else "GET", url, params=params, data=data) as response:
            return decode_response(response, **options)


def _httpx(url: str, params: Any, data: Any, **options: Any) -> Any:
    httpx = pytest.importorskip("httpx")
    with httpx.Client(trust_env=False) as client:
        return decode_response(client.request("POST" if data else "GET", url, params=params, data=data), **options)


def _httpx_async(url: str, params: Any, data: Any, **options: Any) -> Any:
    httpx = pytest.importorskip("httpx")

    async def ask() -> Any:
        async with httpx.AsyncClient(trust_env=False) as client:
            response = await client.request("POST" if data else "GET", url, params=params, data=data)
            return decode_response(response, **options)

    return asyncio.run(ask())


def _aiohttp(url: str, params: Any, data: Any, **options: Any) -> Any:
    aiohttp = pytest.importorskip("aiohttp")

    async def ask() -> Any:
        async with aiohttp.ClientSession() as session:
            method = "POST" if data else "GET"
            async with session.request(method, url, params=params, data=data) as response:
                return decode_response(response, await response.read(), form=data, **options)

    return asyncio.run(ask())


LIBRARIES = [_requests, _httpx, _httpx_async, _aiohttp]
libraries = pytest.mark.parametrize("ask", LIBRARIES, ids=lambda ask: ask.__name__[1:])


@libraries
@pytest.mark.parametrize("fmt", range(4))
@pytest.mark.parametrize("charset", [{}, {"charset": "utf-8"}, {"charset": "koi8-r"}], ids=str)
def test_a_list_in_every_format_and_charset(ask: Ask, url: str, fmt: int, charset: dict[str, str]) -> None:
    assert ask(url, {"login": "demo", "psw": "demo", "fmt": str(fmt), "get": "1", **charset}, None) == NAMES


@libraries
def test_the_form_of_a_post(ask: Ask, url: str) -> None:
    # Only the form says that `7` is an id and no name, and that `[]` would be wrong.
    assert ask(url, None, {"login": "demo", "psw": "demo", "fmt": "1", "add": "1"}) == SenderCreated(7)
    assert ask(url, {"fmt": "3"}, {"fmt": "1", "get": "1", "charset": "koi8-r"}) == NAMES
    with pytest.raises(DecodeError) as caught:
        ask(url, {"fmt": "1"}, {"add": "1"}, expect=Success)
    assert caught.value.code == "unexpected"


@libraries
def test_errors_and_pages(ask: Ask, url: str) -> None:
    assert ask(url, {"fmt": "2", "del": "1"}, None, strict=True) == ErrorReply(1, "parameters error")
    with pytest.raises(DecodeError, match="expected"):
        ask(url, {"fmt": "2", "get": "1", "html": "1"}, None)
    with pytest.raises(DecodeError) as caught:
        ask(url, {"fmt": "3", "get": "1", "all": "1"}, None, strict=True)
    assert caught.value.code == "no-status"


@pytest.mark.parametrize(
    ("library", "name"), [("httpx", "URL"), ("yarl", "URL"), ("httpx", "QueryParams"), ("multidict", "MultiDict")]
)
def test_urls_and_parameters_of_the_libraries(library: str, name: str) -> None:
    made = getattr(pytest.importorskip(library), name)
    pairs = [("psw", "demo"), ("fmt", "3"), ("get", "1"), ("all", "1")]
    source = made(f"https://demo:demo@smsc.ru/sys/senders.php?{urlencode(pairs)}#top") if name == "URL" else made(pairs)
    assert Query.from_url(source) == Query.from_url("", source) == LIST


def test_aiohttp_needs_the_content(url: str) -> None:
    aiohttp = pytest.importorskip("aiohttp")

    async def ask() -> None:
        async with aiohttp.ClientSession() as session, session.get(url, params={"get": "1"}) as response:
            with pytest.raises(
                OptionError, match=r"expected a response whose content is bytes, found StreamReader: pass the bytes"
            ):
                decode_response(response)

    asyncio.run(ask())


def test_httpx_that_has_not_been_read() -> None:
    httpx = pytest.importorskip("httpx")

    def answer(request: Any) -> Any:
        return httpx.Response(200, content=iter([b"name = A"]))

    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as client,
        client.stream("POST", "http://a/", data={"get": 1}, params={"fmt": 0}) as response,
    ):
        with pytest.raises(OptionError, match="expected a response whose content is bytes"):
            decode_response(response)
        response.read()
        assert decode_response(response) == SenderList((Sender("A"),))


def test_httpx_without_a_request_and_with_a_streamed_form() -> None:
    httpx = pytest.importorskip("httpx")
    assert decode_response(httpx.Response(200, content=b"ID = 5"), form={"add": 1}) == SenderCreated(5)
    with pytest.raises(OptionError, match="expected the path of an endpoint"):
        decode_response(httpx.Response(200, content=b"ID = 5"))
    request = httpx.Request("POST", "http://a/senders.php?fmt=1", content=iter([b"get=1"]))
    assert decode_response(httpx.Response(200, content=b"A,5", request=request)) == SenderList((Sender("A", 5),))


def test_the_network_speaks_for_itself() -> None:
    requests = pytest.importorskip("requests")

    class Cut:
        def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
            yield b"name"
            raise requests.packages.urllib3.exceptions.ProtocolError("cut")

    response = requests.Response()
    response.raw = Cut()
    with pytest.raises(OSError, match="cut"):
        decode_response(response)


def double(**parts: Any) -> Any:
    return SimpleNamespace(url="http://localhost/?fmt=1&get=1", headers={}, content=b"A,5", **parts)


def form(body: Any, **headers: str) -> Any:
    return SimpleNamespace(body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


LISTED = SenderList((Sender("A", 5),))


@pytest.mark.parametrize(
    "response",
    [
        double(),
        double(request=None),
        double(request=form(None)),
        double(request=form(iter([b"fmt=2"]))),
        double(request=form("fmt=2", Content_Type="multipart/form-data; boundary=x")),
        double(request=form("fmt=1", content_type="application/x-www-form-urlencoded; charset=utf-8")),
        double(request=form(b"get=1")),
        double(request=Trap()),
        SimpleNamespace(url=Link("senders.php?fmt=1&get=1"), headers=None, content="A,5"),
        SimpleNamespace(url=b"senders.php?fmt=1&get=1", headers=Trap(), content=b"A,5"),
        SimpleNamespace(content=b"A,5", request=form("fmt=1&get=1")),
    ],
    ids=range(11),
)
def test_doubles(response: Any) -> None:
    assert decode_response(response, expect=SenderList) == LISTED


def answered(body: bytes, **response: Any) -> Any:
    """Return a double of a response to a request for names in fmt=3."""
    return SimpleNamespace(url="https://x/sys/senders.php?fmt=3&get=1", content=body, headers={}, **response)


@libraries
def test_the_http_status(ask: Ask, url: str) -> None:
    refused = ask(url, {"fmt": 3, "login": "x"}, None)
    assert (refused, refused.http_status, refused.retry) == (ErrorReply(1, "parameters error"), 200, False)
    with pytest.raises(DecodeError) as caught:
        ask(url, {"fmt": 3, "get": 1, "html": 1}, None)
    error = caught.value
    assert (error.http_status, error.retry, error.retry_after) == (502, True, timedelta(seconds=30))
    assert str(error).startswith("HTTP status 502, line 1, column 1 (offset 0): expected")
    again = pickle.loads(pickle.dumps(error))
    assert (again.http_status, again.retry, again.retry_after) == (502, True, timedelta(seconds=30))


@pytest.mark.parametrize("status", [200, 302, 400, 403, 404, 408, 425, 429, 500, 501, 502, 503, 504, 520])
def test_what_a_http_status_means_for_a_page(status: int) -> None:
    for name in ("status_code", "status"):
        with pytest.raises(DecodeError) as caught:
            decode_response(answered(b"<html>", **{name: status}), expect=SenderList)
        assert caught.value.http_status == status and caught.value.retry_after is None
        assert caught.value.retry is (status in (408, 425, 429, 500, 502, 503, 504))
        assert ("HTTP status" in str(caught.value)) is (status != 200)


@pytest.mark.parametrize(
    ("code", "status", "retry", "after"),
    [
        (1, 200, False, None),
        (1, 503, False, None),
        (4, 200, True, timedelta(seconds=7)),
        (9, 429, True, timedelta(minutes=1)),
        (77, 200, False, None),
        (77, 429, True, timedelta(seconds=7)),
        (77, None, False, None),
    ],
)
def test_what_a_http_status_means_for_an_error(code: int, status: Any, retry: bool, after: timedelta | None) -> None:
    response = answered(b'{"error": "x", "error_code": %d}' % code, status_code=status)
    response.headers = {"RETRY-AFTER": " 7 "}
    reply = decode_response(response, expect=SenderList)
    assert (
        isinstance(reply, ErrorReply) and reply == ErrorReply(code, "x") and hash(reply) == hash(ErrorReply(code, "x"))
    )
    with pytest.raises(ApiError) as caught:
        reply.raise_for_error()
    for each in (reply, caught.value, *(pickle.loads(pickle.dumps(each)) for each in (reply, caught.value))):
        assert (each.http_status, each.retry, each.retry_after) == (status, retry, after)
    alone = decode(response.content, fmt=3)
    assert isinstance(alone, ErrorReply) and alone.http_status is None and alone.retry is (code in (4, 9))


@pytest.mark.parametrize("later", ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "1.5", "", "9" * 10, "²"])
def test_a_retry_after_without_seconds(later: str) -> None:
    response = answered(b"", status_code=503)
    response.headers = {"Retry-After": later}
    with pytest.raises(DecodeError) as caught:
        decode_response(response)
    assert caught.value.retry and caught.value.retry_after is None


@pytest.mark.parametrize("status", ["502", 502.0, None, True])
def test_a_status_that_is_not_a_number(status: Any) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_response(answered(b"", status_code=status, status=status))
    assert caught.value.http_status is None and not caught.value.retry


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda body: array("B", body)], ids=range(4))
def test_bytes_of_any_kind(kind: Callable[[bytes], Any]) -> None:
    content = kind("Имя,5".encode("koi8-r"))
    response = SimpleNamespace(url="senders.php?fmt=1&get=1&charset=koi8-r", headers={}, content=content)
    expected = SenderList((Sender("Имя", 5),))
    assert decode_response(response) == decode_response(response, content) == expected


def test_headers_in_any_case_and_content_beside() -> None:
    body = "Имя,5".encode("koi8-r")
    for name in ("Content-Type", "content-type", "CONTENT-TYPE"):
        response = SimpleNamespace(
            url="senders.php?fmt=1&get=1", headers={"Server": "x", name: "text/csv; charset=koi8-r"}
        )
        assert decode_response(response, body) == SenderList((Sender("Имя", 5),))
    # What is given comes before what the response holds.
    assert decode_response(double(request=form("add=1")), b"B,6", form={"get": 1}) == SenderList((Sender("B", 6),))


@pytest.mark.parametrize(
    "response",
    [None, 5, object(), Trap(), SimpleNamespace(content=None), SimpleNamespace(content=b"OK", url=object())],
    ids=range(6),
)
def test_things_that_are_not_responses(response: Any) -> None:
    with pytest.raises(OptionError, match=r"expected (a response whose content is bytes|a URL)"):
        decode_response(response)


SECRET = "wqjq/zqjw kq"
PAGES = [f"<html>wrong {way(SECRET)} here" for way in SPELLINGS.values()]


def _refused(response: Any, *content: Any, **options: Any) -> str:
    with pytest.raises(DecodeError) as caught:
        decode_response(response, *content, **options)
    error = caught.value
    assert error.__context__ is None and error.__cause__ is None
    return f"{error}{error!r}{vars(error)}"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("strict", [False, True])
def test_what_the_request_holds_is_not_said_of_the_page_that_came(page: str, strict: bool) -> None:
    requests, httpx = pytest.importorskip("requests"), pytest.importorskip("httpx")
    asked: list[dict[str, Any]] = [
        {"method": "GET", "params": {"psw": SECRET, "fmt": 3}},
        {"method": "POST", "data": {"zz": SECRET, "fmt": 3}},
        {"method": "POST", "json": {"password": SECRET}},
        {"method": "POST", "files": {"psw": (None, SECRET), "file": ("a", b"x")}},
        {"method": "GET", "auth": ("demo", SECRET)},
        {"method": "GET", "headers": {"X-Api-Key": quote(SECRET)}},
        {"method": "GET", "cookies": {"session": quote(SECRET)}},
    ]
    for options in asked:
        options["url"] = "https://smsc.ru/sys/senders.php"
        response = requests.Response()
        response.request = requests.Request(**options).prepare()
        response.url, response._content = response.request.url, page.encode()
        assert not leaked(_refused(response, strict=strict), SECRET), options
    for options in asked[:3]:
        options = {"params" if name == "auth" else name: value for name, value in options.items()}  # noqa: PLW2901
        request = httpx.Request(**{**options, "url": "https://smsc.ru/sys/senders.php"})
        assert not leaked(_refused(httpx.Response(200, content=page, request=request), strict=strict), SECRET)
    response = SimpleNamespace(url="https://smsc.ru/sys/senders.php", headers={"Set-Cookie": f"a={quote(SECRET)}"})
    assert not leaked(_refused(response, page), SECRET)
    assert not leaked(_refused(response, page, form={"psw": SECRET}), SECRET)


PAGE = f"<html>{SECRET}"
ADDRESS = "https://smsc.ru/sys/senders.php"


@pytest.mark.parametrize(
    "options",
    [
        {"data": {"zz": SECRET}, "files": {"f": b"x"}},
        {"content": iter([urlencode({"psw": SECRET}).encode()])},
    ],
    ids=["a multipart form", "a generator"],
)
def test_httpx_that_does_not_keep_what_it_has_sent(options: dict[str, Any]) -> None:
    httpx = pytest.importorskip("httpx")
    request = httpx.Request("POST", ADDRESS, **options)
    said = _refused(httpx.Response(200, content=PAGE, request=request))
    assert "it cannot be shown" in said and not leaked(said, SECRET)


@pytest.mark.parametrize("body", [io.BytesIO(b"psw=x"), iter([b"psw=x"])], ids=["a file", "a generator"])
def test_requests_that_does_not_keep_what_it_has_sent(body: Any) -> None:
    requests = pytest.importorskip("requests")
    response = requests.Response()
    response.request = requests.Request("POST", ADDRESS, data=body).prepare()
    response.url, response._content = ADDRESS, PAGE.encode()
    said = _refused(response)
    assert "it cannot be shown" in said and not leaked(said, SECRET)


@pytest.mark.parametrize("kind", ["Authorization", "X-Api-Key", "Cookie", "bytes"])
def test_what_is_known_of_the_request_of_aiohttp(kind: str) -> None:
    credentials = base64.b64encode(f"demo:{SECRET}".encode()).decode()
    ways: dict[str, dict[str, Any]] = {
        "Authorization": {"Authorization": f"Basic {credentials}"},
        "X-Api-Key": {"X-Api-Key": SECRET},
        "Cookie": {"Cookie": f"session={quote(SECRET)}"},
        "bytes": {"Authorization": f"Basic {credentials}".encode()},
    }
    response = SimpleNamespace(url=ADDRESS, headers={}, request_info=SimpleNamespace(headers=ways[kind]))
    assert not leaked(_refused(response, PAGE), SECRET)


def test_aiohttp_and_its_headers(url: str) -> None:
    aiohttp = pytest.importorskip("aiohttp")

    async def ask() -> Any:
        async with aiohttp.ClientSession(headers={"X-Api-Key": "wqjqzqjw"}) as session, session.get(url) as response:
            await response.read()
            return response

    response = asyncio.run(ask())
    assert not leaked(_refused(response, "<html>wqjqzqjw"), "wqjqzqjw")


CYRILLIC = "пароль"


@pytest.mark.parametrize(
    "form",
    [
        {"psw": [SECRET, "b"]},
        {"zz": ("a", SECRET)},
        {"zz": deque([SECRET, "a"])},
        {"zz": SECRET.encode()},
        [("zz", SECRET), ("zz", "b")],
        iter([("zz", SECRET), ("fmt", "3"), ("get", "1")]),
        urlencode({"zz": SECRET}),
        urlencode({"zz": SECRET}).encode(),
        bytearray(urlencode({"zz": SECRET}).encode()),
        Link(f"{ADDRESS}?zz={quote(SECRET)}"),
    ],
    ids=range(10),
)
def test_forms_that_the_caller_gives(form: Any) -> None:
    response = SimpleNamespace(url=ADDRESS, headers={})
    assert not leaked(_refused(response, PAGE, form=form), SECRET)


@pytest.mark.parametrize(
    "form",
    [{"psw": CYRILLIC.encode("cp1251")}, f"psw={quote(CYRILLIC, encoding='cp1251')}", f"psw={CYRILLIC}".encode()],
)
def test_forms_in_other_charsets(form: Any) -> None:
    response = SimpleNamespace(url=ADDRESS, headers={})
    assert CYRILLIC not in _refused(response, f"<html>{CYRILLIC}", form=form)


def test_phones_behind_each_other() -> None:
    for between in (",", ";", " ", "%0A", "|"):
        response = SimpleNamespace(url=f"{ADDRESS}?phones=79990001122{between}79990001133", headers={})
        said = _refused(response, "<html>79990001122 79990001133 9990001133")
        assert "9990001122" not in said and "9990001133" not in said


def test_what_a_parameter_cannot_be_is_not_shown() -> None:
    for asked in ("fmt=3;otp=S3CR3Tzq", "charset=x;otp=S3CR3Tzq", "fmt=3 S3CR3Tzq"):
        with pytest.raises(OptionError, match=r"(fmt|charset) has to be .*, not '\*\*\*'$"):
            Query.from_url(f"{ADDRESS}?{asked}&get=1")


def test_redirects() -> None:
    """The first request of several has the credentials, and the last one what is left of them."""
    for first in (
        SimpleNamespace(url=f"{ADDRESS}?psw={quote(SECRET)}", headers={}, request=None),
        SimpleNamespace(url=ADDRESS, headers={}, request=SimpleNamespace(headers={"X-Api-Key": SECRET})),
        SimpleNamespace(url=ADDRESS, headers={"Location": f"{ADDRESS}?psw={quote(SECRET)}"}, request=None),
    ):
        response = SimpleNamespace(url=ADDRESS, headers={}, request=None, history=[first])
        assert not leaked(_refused(response, PAGE), SECRET)


@pytest.mark.parametrize("asked", ["utf-8", "windows-1251", "koi8-r"])
@pytest.mark.parametrize("sent", ["utf-8", "windows-1251", "koi8-r"])
@pytest.mark.parametrize("secret", ["wqjqzqjw-Жук", "секретИван", "пароль"])
def test_a_secret_that_a_wrong_charset_cuts(asked: str, sent: str, secret: str) -> None:
    content = f"<html>{secret} \x98".encode(sent, "ignore") + b"\xff\x98"
    response = SimpleNamespace(
        url=f"{ADDRESS}?charset={asked}&psw={quote(secret)}", headers={"Content-Type": f"text/html; charset={asked}"}
    )
    said = _refused(response, content)
    assert "wqjq" not in said
    for charset in ("utf-8", "windows-1251", "koi8-r"):
        for other in ("utf-8", "windows-1251", "koi8-r", "latin-1"):
            assert secret.encode(charset).decode(other, "replace")[:5] not in said


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_secret_that_half_a_character_cuts(encoding: str) -> None:
    secret = "wqjqzqjwkq\ud800kqzwjq"
    content = ("\ufeff<html>" + secret + "\0").encode(encoding, "surrogatepass")
    response = SimpleNamespace(url=f"{ADDRESS}?psw={quote('wqjqzqjwkq')}%EF%BF%BD{quote('kqzwjq')}", headers={})
    said = _refused(response, content)
    assert "text in UTF-16" in said and "wqjq" not in said and "qzwj" not in said


def test_a_request_that_cannot_be_read() -> None:
    """Nothing of the reply is quoted, as nobody knows what must not be."""
    kind = {"content-type": "multipart/form-data"}
    request = SimpleNamespace(headers=kind, body=b"x")
    said = _refused(
        SimpleNamespace(url="https://smsc.ru/sys/senders.php", headers={}, request=request), f"<html>{SECRET}"
    )
    assert "it cannot be shown" in said
    assert not leaked(said, SECRET)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: data.decode()])
def test_a_content_that_is_too_long_is_not_looked_at(kind: Callable[[bytes], Any]) -> None:
    content = kind("Я".encode() * 500_000)
    tracemalloc.start()
    for fmt in (None, 0, 1, 2, 3):
        query = Query(fmt=None if fmt is None else Format(fmt))
        for limits in (Limits(body=100), Limits(body=499_999)):
            with pytest.raises(LimitError, match="expected at most"):
                query.decode(content, content_type="text/plain; charset=windows-1251", limits=limits)
            assert [found.code for found in query.validate(content, limits=limits).findings] == ["limit"]
            with pytest.raises(LimitError):
                decode(content, fmt=fmt, limits=limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000


def test_what_only_an_error_needs_is_not_looked_at() -> None:
    """The headers of a response in ASCII, and what the request holds, unless there is something to say."""
    asked: list[str] = []

    class Watched:
        def __init__(self, **held: Any) -> None:
            self.held = held

        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            return self.held.get(name)

    url = "https://smsc.ru/sys/senders.php?login=me&psw=s3cr3t&get=1&fmt=3"
    request = Watched(content=b"", headers={"Cookie": "s3cr3t"})
    assert decode_response(Watched(url=url, request=request, content=b"[]", headers={})) == SenderList(())
    assert "headers" not in asked and "history" not in asked
    with pytest.raises(DecodeError) as caught:
        decode_response(Watched(url=url, request=request, content=b"<b>s3cr3t</b>", headers={}))
    assert "s3cr3t" not in repr(vars(caught.value)) + str(caught.value)
    assert "headers" in asked and "history" in asked

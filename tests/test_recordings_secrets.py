"""Checks that secrets of a recorded request never appear in a report about its reply."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsc_codec._secrets import Known, Secrets
from smsc_codec._secrets.credentials import values_of
from smsc_codec.cli.main import main
from smsc_codec.recordings import validate_recordings

from .secrets import FRAMES, SPELLINGS, anything, leaked, service_charset
from .test_secrets import work

HOST = "https://smsc.ru"
PAGE = f"{HOST}/sys/senders.php"
FORM, PLAIN_JSON = "application/x-www-form-urlencoded", "application/json"

Request = dict[str, Any]
"""The method, the URL, the headers and the body of a request."""


def request(url: str = PAGE, method: str = "GET", body: str = "", **headers: str) -> Request:
    pairs = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"method": method, "url": url, "headers": pairs, "body": body}


def multipart(secret: str, before: str = "") -> Request:
    parts = {"fmt": "3", "file": before, "psw": secret}
    lines = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts.items()
    ]
    return request(method="POST", body="".join(lines) + "--x--\r\n", Content_Type="multipart/form-data; boundary=x")


def basic(secret: str) -> str:
    return "Basic " + base64.b64encode(f"demo:{secret}".encode()).decode()


# All places of a request that can contain a secret.
REQUESTS: dict[str, Callable[[str], Request]] = {
    "the query": lambda secret: request(f"{PAGE}?login=demo&psw={quote(secret, safe='')}&fmt=3"),
    "an index": lambda secret: request(f"{PAGE}?psw[]={quote(secret, safe='')}&fmt=3"),
    "behind a semicolon": lambda secret: request(f"{PAGE}?fmt=3;psw={quote(secret, safe='')}"),
    "the fragment": lambda secret: request(f"{PAGE}?fmt=3#psw={quote(secret, safe='')}"),
    "an unknown parameter": lambda secret: request(f"{PAGE}?zz={quote(secret, safe='')}&fmt=3"),
    "userinfo": lambda secret: request(f"https://demo:{quote(secret, safe='')}@smsc.ru/sys/senders.php?fmt=3"),
    "the path": lambda secret: request(f"{HOST}/{quote(secret, safe='')}/senders.php?fmt=3"),
    "windows-1251": lambda secret: request(
        f"{PAGE}?psw={quote(secret, safe='', encoding=service_charset(secret))}&fmt=3"
    ),
    "a form": lambda secret: request(method="POST", body=urlencode({"fmt": 3, "psw": secret}), Content_Type=FORM),
    "a PUT": lambda secret: request(method="PUT", body=urlencode({"fmt": 3, "psw": secret}), Content_Type=FORM),
    "JSON": lambda secret: request(method="POST", body=json.dumps({"psw": secret}), Content_Type=PLAIN_JSON),
    "JSON that is deep": lambda secret: request(method="POST", body=json.dumps([{"a": {"zz": [secret]}}])),
    "a multipart form": multipart,
    "behind a long file": lambda secret: multipart(secret, "x" * 100_000),
    "Authorization": lambda secret: request(f"{PAGE}?fmt=3", Authorization=basic(secret)),
    "X-Auth-Token": lambda secret: request(f"{PAGE}?fmt=3", X_Auth_Token=quote(secret, safe="")),
    "Api-Key": lambda secret: request(f"{PAGE}?fmt=3", Api_Key=quote(secret, safe="")),
    "Cookie": lambda secret: request(f"{PAGE}?fmt=3", Cookie=f"a=b; session={quote(secret, safe='')}"),
    "Referer": lambda secret: request(f"{PAGE}?fmt=3", Referer=f"{PAGE}?psw={quote(secret, safe='')}"),
}


def har(asked: Request, reply: str, headers: dict[str, str]) -> bytes:
    post = {"mimeType": asked["headers"].get("Content-Type", ""), "text": asked["body"]}
    entry = {
        "request": {"url": asked["url"], "headers": _pairs(asked["headers"]), "postData": post},
        "response": {"status": 200, "headers": _pairs(headers), "content": {"text": reply}},
    }
    return json.dumps({"log": {"entries": [entry]}}).encode()


def _pairs(headers: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def cassette(asked: Request, reply: str, headers: dict[str, str]) -> bytes:
    sent = {
        "uri": asked["url"],
        "body": asked["body"],
        "headers": {name: [text] for name, text in asked["headers"].items()},
    }
    got = {"status": {"code": 200}, "headers": headers, "body": {"string": reply}}
    return json.dumps({"interactions": [{"request": sent, "response": got}]}).encode()


def http(asked: Request, reply: str, headers: dict[str, str]) -> bytes:
    _, _, target = asked["url"].partition("//")
    target = asked["url"] if "@" in target or "#" in target else "/" + target.partition("/")[2]
    head = [f"{asked['method']} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in asked["headers"].items())]
    back = ["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in headers.items())]
    text = "\r\n".join([*head, "", asked["body"]]) + "\r\n" + "\r\n".join([*back, "", reply])
    return text.encode("utf-8", "replace")


def php_vcr(asked: Request, reply: str, headers: dict[str, str]) -> bytes:
    sent = {"url": asked["url"], "body": asked["body"], "headers": asked["headers"]}
    return json.dumps([{"request": sent, "response": {"status": 200, "headers": headers, "body": reply}}]).encode()


def nock(asked: Request, reply: str, headers: dict[str, str]) -> bytes:
    scheme, _, rest = asked["url"].partition("//")
    host, _, path = rest.partition("/")
    stub = {"scope": f"{scheme}//{host}", "path": f"/{path}", "body": asked["body"], "reqheaders": asked["headers"]}
    raw = [text for pair in headers.items() for text in pair]
    return json.dumps([{**stub, "status": 200, "response": reply, "rawHeaders": raw}]).encode()


def wiremock(asked: Request, reply: str, headers: dict[str, str]) -> bytes:
    sent = {
        "url": asked["url"],
        "headers": {name: {"equalTo": value} for name, value in asked["headers"].items()},
        "bodyPatterns": [{"equalTo": asked["body"]}],
    }
    return json.dumps({"request": sent, "response": {"status": 200, "headers": headers, "body": reply}}).encode()


def postman(asked: Request, reply: str, headers: dict[str, str]) -> bytes:
    def listed(pairs: dict[str, str]) -> list[dict[str, str]]:
        return [{"key": name, "value": value} for name, value in pairs.items()]

    sent = {"url": {"raw": asked["url"]}, "header": listed(asked["headers"]), "body": {"raw": asked["body"]}}
    saved = {"code": 200, "body": reply, "header": listed(headers), "originalRequest": sent}
    return json.dumps({"info": {}, "item": [{"response": [saved]}]}).encode()


def warc(asked: Request, reply: str, headers: dict[str, str]) -> bytes:
    request, _, answer = http(asked, reply, headers).partition(b"HTTP/1.1 200")
    blocks = {"request": request, "response": b"HTTP/1.1 200" + answer}
    return b"".join(
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {asked['url']}\r\n".encode()
        + b"Content-Length: %d\r\n\r\n%s\r\n\r\n" % (len(block), block)
        for kind, block in blocks.items()
    )


def shown_by_curl(asked: Request, reply: str, headers: dict[str, str]) -> bytes:
    request, _, answer = http(asked, reply, headers).partition(b"HTTP/1.1 200")
    texts = {b"=> Send": request, b"<= Recv": b"HTTP/1.1 200" + answer}
    return b"".join(
        b"%s data, %d bytes (0x%x)\n" % (kind, len(text), len(text))
        + b"".join(b"%04x: %s\n" % (at, text[at : at + 16].hex(" ").encode()) for at in range(0, len(text), 16))
        for kind, text in texts.items()
    )


RECORDINGS = {"har": har, "cassette": cassette, "http": http}
RELATIVES = {
    "php-vcr": php_vcr,
    "nock": nock,
    "wiremock": wiremock,
    "postman": postman,
    "warc": warc,
    "trace": shown_by_curl,
}


def said(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    validation = validate_recordings([path])
    found = list(validation)
    validation.summary.seconds = 0
    return repr(found) + repr(validation.summary)


# Replies that repeat a secret. Each has findings or does not decode.
FRAMED = [
    '[{{"sender": "A", "zz": "{}", "id": "x"}}]',
    "<html>{}",
    "name = A, id = {}",
    '<sender zz="{}">A</sender>',
    "{}",
]


@pytest.mark.parametrize("place", REQUESTS)
@pytest.mark.parametrize("recording", RECORDINGS)
def test_every_place_of_every_recording(tmp_path: Path, place: str, recording: str) -> None:
    """Each place has some of the spellings. Together the places have all of them several times."""
    number = 5 * [*REQUESTS].index(place)
    for secret in ("wqjq-zqjw-kq", "wq/z&q\"z'q<z>\\qz%41", "пароль-zqzq"):
        for spelling in itertools.islice(itertools.cycle(SPELLINGS.values()), number, number + 5):
            reply = FRAMED[number // len(SPELLINGS) % len(FRAMED)].format(spelling(secret))
            data = RECORDINGS[recording](REQUESTS[place](secret), reply, {})
            text = said(tmp_path / "recording", data)
            assert "replies=1" in text and "findings=" in text
            assert not leaked(text, secret), data
            number += 1


@pytest.mark.parametrize("recording", RELATIVES)
def test_every_place_of_their_relatives(tmp_path: Path, recording: str) -> None:
    for (place, asked), frame in zip(REQUESTS.items(), itertools.cycle(FRAMED)):
        data = RELATIVES[recording](asked("wqjq-zqjw-kq"), frame.format("wqjq-zqjw-kq"), {"Set-Cookie": "a=wqzzqw"})
        text = said(tmp_path / "recording", data)
        assert "replies=1" in text and "findings=" in text, place
        assert not leaked(text, "wqjq-zqjw-kq"), data


@pytest.mark.parametrize(
    "data", [b"psw=wqjq-zqjw-kq\n2024, x", b'{"psw=wqjq-zqjw-kq": 1}', b"psw=wqjq-zqjw-kq:\n  a: b\n"]
)
def test_files_that_are_not_recognised(tmp_path: Path, data: bytes) -> None:
    text = said(tmp_path / "recording", data)
    assert "unrecognised" in text and "wqjq" not in text


def entry_of_har(**request: Any) -> object:
    content = {"text": "<html>wqjq-zqjw-kq"}
    asked = {"url": f"{PAGE}?fmt=3", **request}
    return {"log": {"entries": [{"request": asked, "response": {"status": 200, "content": content}}]}}


def interaction(**request: Any) -> object:
    return [{"request": {"url": f"{PAGE}?fmt=3", **request}, "response": {"status": 200, "body": "<html>wqjq-zqjw-kq"}}]


def stub(**request: Any) -> object:
    return {"request": {"url": "/sys/senders.php?fmt=3", **request}, "response": {"body": "<html>wqjq-zqjw-kq"}}


def collection(item: dict[str, Any] | None = None, **more: Any) -> object:
    example = {"code": 200, "body": "<html>wqjq-zqjw-kq", "originalRequest": {"url": f"{PAGE}?fmt=3&psw={{{{psw}}}}"}}
    return {
        "info": {},
        "item": [{"item": [{**(item or {}), "response": [{**example, **more.pop("example", {})}]}]}],
        **more,
    }


SECRET = "wqjq-zqjw-kq"
BESIDE = {
    "HAR: the query beside the URL": entry_of_har(queryString=[{"name": "zz", "value": SECRET}]),
    "HAR: headers in an object": entry_of_har(headers={"Cookie": f"a={SECRET}"}),
    "HAR: the text of a form": entry_of_har(
        postData={"text": f"zz={SECRET}", "params": [{"name": "fmt", "value": "3"}]}
    ),
    "go-vcr: a form": interaction(form={"zz": [SECRET]}),
    "go-vcr: a form beside the body": interaction(form={"zz": [SECRET]}, body="fmt=3"),
    "php-vcr: fields": interaction(post_fields={"zz": SECRET}),
    "WireMock: a cookie": stub(cookies={"zz": {"equalTo": SECRET}}),
    "WireMock: credentials": stub(basicAuthCredentials={"username": "demo", "password": SECRET}),
    "WireMock: a part": stub(multipartPatterns=[{"bodyPatterns": [{"contains": SECRET}]}]),
    "WireMock: a part of the body": stub(bodyPatterns=[{"contains": f"zz={SECRET}"}]),
    "WireMock: a pattern": stub(bodyPatterns=[{"matches": f"zz={SECRET}"}]),
    "WireMock: a parameter": stub(queryParameters={"zz": {"contains": SECRET}}),
    "WireMock: a field beside the body": stub(formParameters={"fmt": {"equalTo": "3"}, "zz": {"matches": SECRET}}),
    "Postman: a variable": collection(variable=[5, {"key": "psw", "value": SECRET}]),
    "Postman: credentials": collection(auth={"type": "apikey", "apikey": [{"key": "value", "value": SECRET}]}),
    "Postman: old credentials": collection(auth={"type": "basic", "basic": {"password": SECRET}}),
    "Postman: credentials of a request": collection({"auth": {"bearer": [{"key": "token", "value": SECRET}]}}),
    "Postman: a cookie": collection(example={"cookie": [{"name": "a", "value": SECRET}]}),
}
"""Recordings with a secret outside of the URL, the headers and the body of a request."""


@pytest.mark.parametrize("place", BESIDE)
def test_places_beside_the_request(tmp_path: Path, place: str) -> None:
    text = said(tmp_path / "recording", json.dumps(BESIDE[place]).encode())
    assert "replies=1" in text and "malformed" in text and not leaked(text, SECRET)


def test_lines_with_other_keys(tmp_path: Path) -> None:
    url = REQUESTS["the query"]("wqjq-zqjw-kq")["url"]
    rows = [{"asked": {"url": url}, "answer": "<html>wqjq-zqjw-kq"}, {"asked": {"url": url}, "wqjq-zqjw-kq": 5}]
    path = tmp_path / "recording"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = list(validate_recordings([path], keys={"url": "asked.url", "body": "answer"}))
    assert [item.code for item in found] == ["malformed", "bad-entry"]
    assert "wqjq" not in repr(found)


def test_lines_that_know_the_url(tmp_path: Path) -> None:
    for secret in ("wqjq-zqjw-kq", "r@bbit/9", "пароль"):
        for spelling in SPELLINGS.values():
            row = {"url": REQUESTS["the query"](secret)["url"], "body": f"<html>{spelling(secret)}"}
            assert not leaked(said(tmp_path / "recording", json.dumps(row).encode()), secret), row


@pytest.mark.parametrize("name", ["Set-Cookie", "Location", "X-Api-Key"])
def test_headers_of_the_reply(tmp_path: Path, name: str) -> None:
    value = "/x?psw=wqjq-zqjw-kq" if name == "Location" else "session=wqjq-zqjw-kq"
    for recording in RECORDINGS.values():
        data = recording(request(), "<html>wqjq-zqjw-kq", {name: value})
        assert not leaked(said(tmp_path / "recording", data), "wqjq-zqjw-kq")


def test_parameters_beside_the_body(tmp_path: Path) -> None:
    """Recorders write the parameters as they are in the form, leave some out, or keep only the body."""
    for params in ([{"name": "psw", "value": "r%40bbit9"}], [{"name": "fmt", "value": "3"}], []):
        data = json.loads(har(request(body="psw=r%40bbit9&fmt=3"), "<html>r@bbit9", {}))
        data["log"]["entries"][0]["request"]["postData"]["params"] = params
        assert "bbit9" not in said(tmp_path / "recording", json.dumps(data).encode())


def test_cookies_in_a_jar(tmp_path: Path) -> None:
    data = json.loads(har(request(), "<html>wqjq-zq c00kie", {}))
    data["log"]["entries"][0]["request"]["cookies"] = [{"name": "a", "value": "wqjq-zq"}]
    data["log"]["entries"][0]["response"]["cookies"] = [{"name": "b", "value": "c00kie"}]
    text = said(tmp_path / "recording", json.dumps(data).encode())
    assert "wqjq" not in text and "c00kie" not in text


def test_phone_numbers(tmp_path: Path) -> None:
    for url in (f"{PAGE}?phones=79990001122,380501234567&fmt=3", f"{PAGE}?add=1&sender=79990001122&fmt=3"):
        for spelled in ("79990001122", "+79990001122", "89990001122", "9990001122", "x=79994445566"):
            text = said(tmp_path / "recording", har(request(url), f"<html>{spelled}", {}))
            assert "9990001122" not in text and "9994445566" not in text


def test_more_values_than_are_looked_for(tmp_path: Path) -> None:
    phones = ",".join(str(79990000000 + number) for number in range(5000))
    (found,) = _found(tmp_path, har(request(method="POST", body=f"fmt=3&phones={phones}"), "<html>79990000007", {}))
    assert found.code == "malformed"
    assert found.message == (
        "it cannot be shown: the request holds too many values to look for each of them in the reply; the body looks"
        " like an HTML page"
    )
    assert "7" not in found.excerpt


@pytest.mark.parametrize(
    "made",
    [
        lambda n: f"phones={','.join(map(str, range(79990000000, 79990000000 + n)))}",
        lambda n: "; ".join(f"name{k}=value{k}" for k in range(n)),
    ],
    ids=["phones", "Cookie"],
)
def test_the_work_for_many_values_is_that_for_the_reply(made: Callable[[int], str]) -> None:
    def cost(count: int, size: int) -> int:
        values = values_of("", made(count).encode(), [("Cookie", made(count))])
        known = Known(lambda: values)
        assert known.needles
        return work(lambda: Secrets("79990000 value " * (size // 15), known).masked())

    many, longer = cost(300, 4000), cost(300, 8000)
    # A character of the reply takes a few steps, however many values there are, and more if a value begins there.
    assert many < 12 * 4000
    assert longer < 2.3 * many


def test_values_with_a_common_beginning_cost_no_more_than_one() -> None:
    def cost(lengths: range) -> int:
        values = values_of("", b"&".join(b"x%d=%sb" % (length, b"a" * (length - 1)) for length in lengths), [])
        known = Known(lambda: values)
        assert known.needles
        return work(lambda: Secrets("a" * 4000, known).masked())

    assert cost(range(4, 65)) < 3 * cost(range(64, 65))


def _found(folder: Path, data: bytes) -> list[Any]:
    path = folder / "recording"
    path.write_bytes(data)
    return list(validate_recordings([path]))


def test_entries_that_cannot_be_judged(tmp_path: Path) -> None:
    entry = json.loads(har(REQUESTS["the query"]("wqjq-zqjw-kq"), "x", {}))
    entry["log"]["entries"][0]["response"]["content"]["encoding"] = "wqjq-zqjw-kq"
    assert "wqjq" not in said(tmp_path / "recording", json.dumps(entry).encode())


@pytest.mark.parametrize("kind", ["text", "json", "junit", "html"])
def test_no_report_repeats_it(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], kind: str) -> None:
    for number, (recording, place) in enumerate(
        (made, asked) for made in RECORDINGS.values() for asked in REQUESTS.values()
    ):
        (tmp_path / str(number)).write_bytes(
            recording(place("wqjq-zqjw-kq"), FRAMED[number % 5].format("wqjq-zqjw-kq"), {})
        )
    (tmp_path / "psw=wqjq-zqjw-kq").write_bytes(b"<html>")
    main(["validate", "--format", kind, str(tmp_path)])
    out, err = capfdbinary.readouterr()
    assert not leaked(out.decode() + err.decode(), "wqjq-zqjw-kq")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.data(),
    st.sampled_from(sorted(REQUESTS)),
    st.sampled_from(sorted(RECORDINGS | RELATIVES)),
    st.lists(st.sampled_from(sorted(SPELLINGS)), max_size=3),
    st.sampled_from(FRAMES),
)
def test_any_secret(
    tmp_path: Path, data: st.DataObject, place: str, recording: str, ways: list[str], frame: str
) -> None:
    secret = data.draw(anything)
    text = secret
    for way in ways:
        text = SPELLINGS[way](text)
    made = (RECORDINGS | RELATIVES)[recording](REQUESTS[place](secret), frame.format(text), {})
    assert not leaked(said(tmp_path / "recording", made), secret), made

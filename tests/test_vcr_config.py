"""What vcrpy is told: no cassette holds a secret, and requests are found again."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.request import urlopen

import pytest

from smsc_codec.recordings import validate_recordings
from smsc_codec.testing import FakeSmsc, vcr_config

from .needs import needs
from .recorders import SECRETS, record_cassette

URL = "https://smsc.ru/sys/send.php"
SECRET = "wqjq-zqjw-kq"


def kept(url: str = URL, body: Any = None, **headers: Any) -> Any:
    request = SimpleNamespace(uri=url, body=body, headers={name.replace("_", "-"): headers[name] for name in headers})
    before = repr(request)
    made = vcr_config()["before_record_request"](request)
    assert repr(request) == before
    return made


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        (f"{URL}?login=demo&psw={SECRET}&fmt=3&get=1&x=", f"{URL}?login=x&psw=x&fmt=3&get=1&x=x"),
        (f"{URL}?%70sw={SECRET}&%66mt=3", f"{URL}?%70sw=x&%66mt=3"),
        (f"https://demo:{SECRET}@smsc.ru/sys/send.php?FMT=3#{SECRET}", f"{URL}?FMT=3"),
        (f"https://{SECRET}@[smsc.ru/sys/send.php?psw={SECRET}", "[smsc.ru/sys/send.php"),
        (URL, URL),
    ],
)
def test_urls(url: str, wanted: str) -> None:
    assert kept(url).uri == wanted


@pytest.mark.parametrize(
    ("body", "kind", "wanted"),
    [
        (None, "", None),
        (b"", "", b""),
        (f"psw={SECRET}&fmt=3", "application/x-www-form-urlencoded", b"psw=x&fmt=3"),
        (bytearray(b'{"psw": "wqjq", "fmt": 3, "list": [{"id": 5, "mes": "wqjq"}]}'), "", None),
        (iter([b"psw=wqjq"]), "", b"x"),
        (b"wqjq", "text/plain", b"x"),
        (
            b"get&fmt=3;psw=wqjq&sender=79990001122&sender=A%20B&id=79990001122&op=1%3Bpsw%3Dwqjq",
            "",
            b"get&fmt=x&sender=x&sender=A%20B&id=79990001122&op=x",
        ),
        (b"[" * 100_000, "application/json", b"x"),
        (b"5", "application/json", b'"x"'),
    ],
)
def test_bodies(body: Any, kind: str, wanted: bytes | None) -> None:
    found = kept(body=body, Content_Type=kind).body
    if isinstance(body, bytearray):
        wanted = b'{"psw": "x", "fmt": 3, "list": [{"id": 5, "mes": "x"}]}'
    assert found == wanted


def test_multipart_forms() -> None:
    parts = {"fmt": "3", "psw": SECRET, 'f"; filename="a': SECRET}
    text = "".join(f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{parts[name]}\r\n' for name in parts)
    request = kept(body=f"{text}--b--\r\n".encode(), Content_Type=[b"multipart/form-data; boundary=b"], A="b")
    assert request.body == b"fmt=3&psw=x&f="
    assert request.headers == {"Content-Type": "application/x-www-form-urlencoded", "A": "b"}
    assert kept(body=b"x", Content_Type="multipart/form-data").body == b"x"


def test_headers() -> None:
    request = kept(Authorization=SECRET, Cookie=[SECRET], X_Api_Key=SECRET, Referer=f"{URL}?psw={SECRET}", Accept="*/*")
    assert request.headers == {"Referer": [f"{URL}?psw=x"], "Accept": "*/*"}
    response = {"headers": {"Set-Cookie": [SECRET], "Location": [f"/x?psw={SECRET}"], "Date": ["x"]}, "body": {}}
    made = vcr_config()["before_record_response"](response)
    assert made == {"headers": {"Location": ["/x?psw=x"], "Date": ["x"]}, "body": {}}
    assert "Set-Cookie" in response["headers"]


@needs("vcr")
def test_vcrpy(tmp_path: Path) -> None:
    import vcr

    path = tmp_path / "cassette.yaml"
    record_cassette(path, "yaml", **vcr_config())
    text = path.read_text("utf-8")
    # What a broken reply repeats stays, and is all.
    assert text.count("PLANTED") == 1 and text.count("79990001122") == 1 and len(SECRETS) == 5
    assert validate_recordings([path]).summary.replies == 0
    recorder = vcr.VCR(**vcr_config())
    with FakeSmsc() as service:
        url = f"{service.url}balance.php?login=demo&psw=demo&fmt=3"
        for _ in range(2):
            with recorder.use_cassette(str(tmp_path / "again.json")), urlopen(url) as response:
                assert "balance" in json.loads(response.read())
        assert len(service.requests) == 1

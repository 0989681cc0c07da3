"""What the fuzzer begins with: the table of cases, and small recordings of each kind, which property tests use too."""

from __future__ import annotations

import gzip
import json
from typing import Any

import brotli
import zstandard

from smsc_codec.endpoints import ENDPOINTS
from tests.vectors import CALLS, OTHERS, VECTORS

URL = "https://smsc.ru/sys/senders.php?login=demo&psw=x&fmt=0&get=1"
FORM_TYPE = 'multipart/form-data; boundary="b"'
FORM = (
    '--b\r\nContent-Disposition: form-data; name="fmt"\r\n\r\n0\r\n'
    '--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n'
    "--b--\r\n"
)
TIME = "Tue, 18 Oct 2016 10:00:00 GMT"

HAR: dict[str, Any] = {
    "log": {
        "version": "1.2",
        "pages": [{"id": "page_1", "title": "x"}],
        "entries": [
            {
                "startedDateTime": "2024-05-17T10:20:30.000+03:00",
                "request": {
                    "url": URL,
                    "headers": [{"name": "Cookie", "value": "a=b"}],
                    "cookies": [{"name": "a", "value": "b"}],
                },
                "response": {
                    "status": 200,
                    "headers": [{"name": "Content-Type", "value": "text/plain; charset=utf-8"}],
                    "content": {"size": 24, "text": 'name = "A"\\\n, id = 5é'},
                },
            },
            {
                "request": {
                    "url": "https://smsc.ru/sys/senders.php",
                    "postData": {"mimeType": FORM_TYPE, "text": FORM},
                },
                "response": {"status": 502, "content": {"text": "T0s=", "encoding": "base64"}},
            },
            {
                "request": {"url": "https://x.example/", "postData": {"params": [{"name": "a", "value": "b"}]}},
                "response": {"status": 200.0, "content": {"size": 0}},
            },
        ],
    }
}

INTERACTIONS: dict[str, Any] = {
    "version": 1,
    "interactions": [
        {
            "request": {"uri": URL, "method": "GET", "body": None, "headers": {"Cookie": ["a=b"]}},
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {"Content-Type": ["text/plain"], "Date": TIME},
                "body": {"string": "OK", "encoding": "windows-1251"},
            },
            "recorded_at": TIME,
        },
        {
            "request": {"uri": URL, "headers": {"Content-Type": FORM_TYPE}, "body": FORM},
            "response": {"status": {"code": "200"}, "body": {"base64_string": "T0s="}},
        },
    ],
}

YAML = f"""--- # a comment
http_interactions:
- request: &request
    uri: {URL}
    body: {{encoding: UTF-8, string: "login=demo&psw=x"}}
    headers: &headers
      Cookie: [a=b]
  response: &response
    status: {{code: 200, message: OK}}
    headers: *headers
    body:
      encoding: ASCII-8BIT
      string: !binary |
        T0s=
  recorded_at: {TIME}
- {{request: *request, response: *response}}
- request: *request
  response: {{status: {{code: '200'}}, headers: {{A: ~, X: !!binary YWI=}}, body: {{string: >-
      name = A}}}}
recorded_with: VCR 6.0.0
"""

HTTP = (
    "GET /sys/senders.php?fmt=0&get=1 HTTP/1.1\r\nCookie: a=b\r\n\r\n"
    f"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: {TIME}\r\n\r\nOK\n"
    "HTTP/1.1 100 Continue\r\n\r\n"
    f"POST /sys/senders.php HTTP/1.1\r\nContent-Type: {FORM_TYPE}\r\n\r\n{FORM}"
    "HTTP/2 200\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nOK\r\n0\r\n\r\n"
).encode()
PACKED = {"gzip": gzip.compress(b"OK", mtime=0), "zstd": zstandard.compress(b"OK"), "br": brotli.compress(b"OK")}
CODED = b"".join(
    f"HTTP/1.1 200 OK\r\nContent-Encoding: {name}\r\n\r\n".encode() + body for name, body in PACKED.items()
)

LINES = (
    json.dumps({"fmt": 0, "body": "OK", "time": "2024-05-17T10:20:30Z"})
    + "\n\n"
    + json.dumps({"url": URL, "body_base64": "T0s="})
    + "\n"
    + json.dumps({"endpoint": "send.php", "body": "x", "charset": "koi8-r", "expect": "senders", "fmt": 3})
    + "\nbad\n"
).encode()

POLLY = {
    "log": {
        "entries": [
            {"request": {"url": URL, "cookies": {"a": "b"}}, "response": {"content": {"text": text, **how}}}
            for text, how in (('["T0s=","T0s="]', {"encoding": "base64"}), ('["4f","4b"]', {"_isBinary": True}))
        ]
    }
}
CALLED = b"onInputData(%s);" % json.dumps(POLLY).encode()
LISTED = f"""- request: {{url: "{URL}", headers: []}}
  response: &response {{code: 200, body: OK}}
- request: {{url: "{URL}"}}
  response: {{<<: *response, content: {{parsed_body: [{{sender: A, id: 5}}]}}}}
"""
STUB = {"scope": "https://smsc.ru", "path": "/sys/senders.php?fmt=0&get=1", "status": 200, "rawHeaders": ["A", "b"]}
NOCK = [{**STUB, "response": "OK"}, {**STUB, "response": "4f4b", "responseIsBinary": True}]
WIREMOCK = {
    "mappings": [
        {
            "request": {"urlPath": "/sys/senders.php", "queryParameters": {"fmt": {"equalTo": "0"}}},
            "response": {"status": 200, **body},
        }
        for body in ({"body": "OK"}, {"base64Body": "T0s="}, {"jsonBody": [{"sender": "A"}]})
    ]
}
SAVED = {"code": 200, "body": "OK", "header": [{"key": "A", "value": "b"}]}
POSTMAN = {"info": {}, "item": [{"item": [{"request": {"url": {"raw": URL}}, "response": [SAVED, SAVED]}]}]}


def _record(kind: str, block: str) -> bytes:
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {URL}\r\nContent-Length: {len(block)}\r\n\r\n"
    return f"{head}{block}\r\n\r\n".encode()


WARC = (
    _record("request", "GET /sys/senders.php?fmt=0&get=1 HTTP/1.1\r\nCookie: a=b\r\n\r\n")
    + _record("response", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n")
    + _record("resource", "OK")
)
SHOWN = (
    b"*   Trying\n> GET /sys/senders.php?fmt=0&get=1 HTTP/1.1\n> Host: smsc.ru\n> \n"
    b"< HTTP/1.1 200 OK\n< Date: x\n< \nOK* Closing connection\n"
) * 2
TRACE = (
    b"10:20:30.123456 <= Recv header, 19 bytes (0x13)\n0000: HTTP/1.1 200 OK\n0011: \n"
    b'<= Recv data, 13 bytes (0xd)\n0000: [{."id": 5.}]\n'
) * 2
ROWS = json.dumps([{"fmt": 0, "body": "OK", "status": 200, "headers": {"A": "b"}}, {"body": "OK"}], indent=1)

WHOLE: dict[str, list[bytes]] = {
    "har": [json.dumps(HAR).encode(), json.dumps(HAR, indent=1, ensure_ascii=False).encode()],
    "cassette": [YAML.encode(), json.dumps(INTERACTIONS).encode()],
    "http": [HTTP, CODED],
    "lines": [LINES],
}
"""Recordings by what the targets call their kind."""

RELATIVES: dict[str, list[bytes]] = {
    "har": [CALLED, b"[%s]" % json.dumps(POLLY).encode()],
    "cassette": [LISTED.encode(), *(json.dumps(stubs).encode() for stubs in (NOCK, WIREMOCK, POSTMAN))],
    "http": [WARC, SHOWN, TRACE],
    "lines": [ROWS.encode()],
}
"""What is read as such a kind, and looks otherwise."""

EVERY = [recording for known in (WHOLE, RELATIVES) for recordings in known.values() for recording in recordings]

SEEDS: dict[str, list[bytes]] = {
    **{f"recordings-{kind}": [*recordings, *RELATIVES[kind]] for kind, recordings in WHOLE.items()},
    "recordings-packed": [
        pack(recording)
        for recording in [*EVERY, b"OK", b""]
        for pack in (
            lambda data: gzip.compress(data, mtime=0),
            zstandard.compress,
            lambda data: zstandard.compress(data[:50]) + zstandard.compress(data[50:]),
        )
    ],
    # Each byte chooses: a place, a name, a frame, how often and how it is spelled, the letters of the secret.
    "secrets": [bytes((start * step) % 256 for step in range(1, 40)) for start in range(1, 60)],
}
"""The inputs that a target begins with, without the byte that chooses the options."""

BODIES = list(
    dict.fromkeys(
        (number, vector.asked["fmt"] or 0, vector.body)
        for number, endpoint in enumerate(ENDPOINTS)
        for vector in (*VECTORS, *OTHERS)
        if vector.endpoint == endpoint
    )
)
"""The replies of the table of cases, each with its format and the number of its endpoint among those of the targets."""

# The byte before a call chooses its `Content-Type` and the query, or that it is a query.
SEEDS["callbacks"] = [
    bytes([form]) + (call.body or call.row.get("query", "").encode())
    for form in (0, 2, 5, 10, 18, 128)
    for call in CALLS
]

"""Small recordings of each kind, from which the fuzzer and the property tests of the reader begin."""

from __future__ import annotations

import gzip
import json
from typing import Any

import brotli
import zstandard

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

CALLS = [
    b"id=279&phone=79990001122&status=1&time=17.03.2023+16%3A47%3A56&ts=1679060876&err=0&type=4&cost=0.30&imsi=25001&x=y",
    b"id=7&sms_id=279&phone=79990001122&mes=%C4%E0%3A+a%26b&to=79101112233&sent=1679060870&time=1679060876&md5=1",
    b"phone=79990001122&waitcall=1&ts=1679060876&sha1=2&crc32=3&charset=utf-8&fmt=3",
    "id=7&phone=79&mes=Да&to=79".encode("windows-1251"),
    b'{\n"id": 279,\n"phone": "79990001122",\n"status": -1,\n"cost": "0.30",\n"x": [1],\n"y": 1.50\n}',
    '{"id":7,"phone":"79","mes":"Да\\u0430","to":79}'.encode(),
    "<?xml version='1.0' encoding='utf-8'?><a><phone>79</phone><mes>Да&amp;</mes><to>7</to><sms_id/></a>".encode(),
    b"<phone>79</phone><waitcall>1</waitcall><ts>1</ts>",
    b'<a id="1" phone="7" status="1"><err>5</err></a>',
    b"--b\r\n".join(
        [b""]
        + [
            b'Content-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % field
            for field in ((b"phone", b"79"), (b"mes", b"\xc4\xe0"), (b"to", b"7"))
        ]
    )
    + b"--b--",
]
"""Calls of the service, in each form."""

# The byte before a call chooses its `Content-Type` and the query, or that it is a query.
SEEDS["callbacks"] = [bytes([form]) + call for form in (0, 2, 5, 10, 18, 128) for call in CALLS]

_STATUS = "Status = 1, check_time = 28.06.2021 15:55:47, err = 0"
_LONG = "send_date = 28.06.2021 15:55:40, phone = 79001234567, cost = 0.385, sender_id = SMSC, status_name = Доставлено"
_DATES = b"<last_date>28.06.2021 15:55:47</last_date>\n<last_timestamp>1624884947</last_timestamp>"

BODIES: list[tuple[int, int, bytes]] = [
    (1, 0, b"OK - 1 SMS, ID - 279"),
    (1, 0, b"OK - 2 SMS, ID - 279, CODE - 123456, COST - 1.40, BALANCE - 286.55\n"),
    (1, 0, b"0.4 (1 SMS)"),
    (1, 0, b"OK - 1 SMS, COST - 0.4"),
    (1, 0, b"ERROR = 7 (invalid number), ID - 541"),
    (1, 1, b"279,1,1.40,286.55"),
    (1, 1, b"541,-7"),
    (1, 2, b"<result>\n<id>1</id>\n<cnt>2</cnt>\n<cost>3.8</cost>\n<balance>4</balance>\n<new>x</new>\n</result>"),
    (1, 2, b'<result><id>1</id><cnt>1</cnt><phones><phone status="20" error="7">79</phone></phones></result>'),
    (1, 2, b"<id>634761894</id><cnt>1</cnt>"),
    (1, 3, b'{\n"id": 33,\n"cnt": 1,\n"cost": "3.8",\n"balance": "286.55",\n"new": 1.50\n}'),
    (
        1,
        3,
        b'{"cost": "0.4", "cnt": 1, "phones": [{"phone": "79", "mccmnc": "2", "cost": "0.4"}, {"phone": "78"}]}',
    ),
    (2, 0, _STATUS.encode()),
    (2, 0, f"{_STATUS}, {_LONG}, message = Hello, you, comment = , type = 0, ID = 5\n{_STATUS}, new = x".encode()),
    (2, 0, f"{_STATUS}, {_LONG}, message = a\r\nb, comment = c, comment = d, type = 0".encode()),
    (2, 0, b"Status = -3, ID = 138, phone = 79001234567"),
    (2, 1, b"1,1624884947,0"),
    (2, 1, b"1,1624884947,0,138,79001234567\n-3,0,0,139,79001234568"),
    (2, 1, "1,1624884947,0,1624884940,79001234567,0.385,SMSC,Доставлено,a, b,c,0".encode()),
    (2, 2, b"<sms>\n<status>1</status>\n" + _DATES + b"\n<flag>0</flag>\n<err>0</err>\n</sms>"),
    (
        2,
        2,
        b"<statuses>\n<sms>\n<status>1</status>\n" + _DATES + b"\n<id>1</id>\n</sms>\n</statuses>",
    ),
    (2, 3, b'{\n"status": -1,\n"last_date": "28.06.2021 15:55:47",\n"last_timestamp": 1624884947,\n"err": 777\n}'),
    (2, 3, b'[{"status": 1, "id": 5, "message": "a", "new": [1]}, {"status": -3, "id": 6, "phone": "79", "new": "1"}]'),
    (2, 3, b'{"result": "OK"}'),
    (3, 0, b"250.80"),
    (3, 0, b"250.80 100 RUR"),
    (3, 1, b"250.80,RUR"),
    (3, 2, b"<balance>250.80</balance>"),
    (3, 2, b"<result><balance>250.80</balance><currency>RUR</currency></result>"),
    (3, 3, b'{\n"balance": "-250.80",\n"credit": "100",\n"currency": "RUR"\n}'),
    (3, 3, b'{"balance": 250.80}'),
    (4, 0, b"phone = 79, country = Korea, Republic of, operator = a, region = , mcc = 250, mnc = 01"),
    (4, 1, "79001234567,Россия,Билайн,Москва,250,01".encode()),
    (4, 2, "<info>\n<country>Россия</country>\n<operator>a</operator>\n<region></region>\n</info>".encode()),
    (4, 3, b'[{\n"country": "a",\n"operator": "b",\n"region": "c",\n"mcc": "1",\n"mnc": "02"\n}]'),
    # Keys that nobody has documented, with what is escaped; elements and keys that do not belong there.
    (2, 2, b"<sms>\n<status>1</status>\n<foo>a&amp;b</foo>\n</sms>"),
    (2, 2, b"<statuses>\n<sms>\n<status>1</status>\n</sms>\n<foo>\n<status>1</status>\n</foo>\n</statuses>"),
    (0, 2, b'<senders>\n<sender id="1">A</sender>\n<total id="2">5</total>\n</senders>'),
    (2, 2, b"<sms>\n<status>1</status>\n<error>x</error>\n<error_code>5</error_code>\n</sms>"),
    (2, 3, b'{\n"error": "x",\n"error_code": 5,\n"status": 1,\n"err": 0\n}'),
    (2, 3, b'[{\n"status": 1,\n"foo": "a\\u0026b",\n"bar": 12345\n}]'),
    (1, 3, b'{\n"id": 1,\n"cnt": 1,\n"foo": "a\\nb"\n}'),
    (2, 0, b"Status = 1, foo = abcdef, comment = x"),
]
"""Replies of the other endpoints, each with the number of its endpoint among those of the targets, and its format."""

"""Requests to the fake `senders.php` with nothing but the standard library."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from smsc_codec import ErrorReply, Reply, decode
from smsc_codec.testing import FakeSenders

PHONE = "79990001122"
LOGIN = {"login": "demo", "psw": "demo"}


def get(server: FakeSenders, **parameters: Any) -> tuple[bytes, str]:
    """Return the body and the content type of the answer to a GET, with login and password if no others are given."""
    # Members of an enumeration print differently on Python 3.10.
    plain = {name: int(value) if isinstance(value, int) else value for name, value in {**LOGIN, **parameters}.items()}
    with urlopen(f"{server.url}?{urlencode(plain)}", timeout=10) as response:
        assert response.status == 200
        return response.read(), response.headers["Content-Type"]


def post(server: FakeSenders, body: bytes, content_type: str = "application/x-www-form-urlencoded") -> bytes:
    with urlopen(Request(server.url, body, {"Content-Type": content_type}), timeout=10) as response:
        return bytes(response.read())


def ask(server: FakeSenders, **parameters: Any) -> Reply:
    return decode(get(server, **parameters)[0], fmt=parameters.get("fmt", 0), charset=parameters.get("charset"))


def refused(server: FakeSenders, **parameters: Any) -> int:
    """Return the number of the error that is the answer."""
    reply = ask(server, **parameters)
    assert isinstance(reply, ErrorReply), reply
    return reply.code

"""Requests to a fake service in the test's own process, and its answers as the codec reads them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import httpx

from smsc_codec import ErrorReply, Query
from smsc_codec.testing import FakeSmsc

PHONE, OTHER, THIRD = "79101112233", "79201112233", "79031112233"


def url_of(endpoint: str, **parameters: Any) -> str:
    """Return the address of a request."""
    return f"https://smsc.ru/sys/{endpoint}.php?{urlencode({'apikey': 'demo-key', 'charset': 'utf-8', **parameters})}"


def answer(service: FakeSmsc, endpoint: str, **parameters: Any) -> httpx.Response:
    """Return the response to a request."""
    return service.handle_httpx(httpx.Request("POST", url_of(endpoint, **parameters)))


def ask(service: FakeSmsc, endpoint: str, **parameters: Any) -> Any:
    """Return the reply to a request, as the codec reads it by what the request asked for; fmt is 3 unless given."""
    asked = {"fmt": 3, **parameters}
    response = answer(service, endpoint, **asked)
    assert response.status_code == 200, response.text
    query = Query.from_url(url_of(endpoint, **asked))
    assert query.validate(response.content, content_type=response.headers["Content-Type"]).ok
    reply = query.decode(response.content, content_type=response.headers["Content-Type"])
    assert isinstance(reply, (query.expect or object, ErrorReply))
    return reply


def refusal(service: FakeSmsc, endpoint: str, **parameters: Any) -> tuple[int, str | None]:
    """Return the number and the phrase of an error."""
    reply = ask(service, endpoint, **parameters)
    assert isinstance(reply, ErrorReply), reply
    return reply.code, reply.description

"""What is known of a request from its URL and its form."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from ..query import Query, pairs_of, query_of


class Request(msgspec.Struct, frozen=True):
    """What is known about a request."""

    host: str = ""
    here: bool = True
    """Whether it went to `senders.php`; what others answer cannot be judged."""
    query: Query = Query()
    """What it asked for. What makes no sense there is not known."""


UNKNOWN = Request()


def request_of(url: str, form: bytes = b"") -> Request:
    """What is known of a request for that URL with that form (`application/x-www-form-urlencoded`)."""
    if not url:
        return UNKNOWN
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:  # brackets that hold no IPv6 address
        return Request(here=False)
    pairs = [*pairs_of(parts.query), *pairs_of(form.decode("latin-1"))]
    here = parts.path.endswith("/senders.php")
    return Request(host, here, query_of(dict(pairs), lenient=True) if here else Query())

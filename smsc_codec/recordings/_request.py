"""What is known of a request from its URL and its form."""

from __future__ import annotations

import re

import msgspec

from ..query import Query, pairs_of, query_of, split


class Request(msgspec.Struct, frozen=True):
    """What is known about a request."""

    host: str = ""
    here: bool = True
    """Whether it went to `senders.php`; what others answer cannot be judged."""
    query: Query = Query()
    """What it asked for. What makes no sense there is not known."""


UNKNOWN = Request()

# Behind a login and a password, before a port; brackets are around an IPv6 address.
_HOST = re.compile(r"(?:^|@)(\[[^\]@]*\]|[^@:\[\]]*)(?::[^@:]*)?\Z")


def request_of(url: str, form: bytes = b"") -> Request:
    """What is known of a request for that URL with that form (`application/x-www-form-urlencoded`)."""
    if not url:
        return UNKNOWN
    authority, path, parameters = split(url)
    host = _HOST.search(authority)
    if host is None:  # such as brackets that nothing closes
        return Request(here=False)
    pairs = [*pairs_of(parameters), *pairs_of(form.decode("latin-1"))]
    here = path.endswith("/senders.php")
    return Request(host[1].lower(), here, query_of(dict(pairs), lenient=True) if here else Query())

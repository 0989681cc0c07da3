"""Reads what is known about a request from its URL and its form."""

from __future__ import annotations

import re

import msgspec

from ..endpoints import DEFAULT, ENDPOINTS, name_in
from ..query import Query, recorded, split


class Request(msgspec.Struct, frozen=True):
    """What is known about a request."""

    host: str = ""
    here: bool = True
    """Whether it went to an endpoint whose replies are read. Other answers cannot be judged."""
    query: Query = Query()
    """What it asked for. Parameters that make no sense count as unknown."""


UNKNOWN = Request()

# A host comes after a login and a password, and before a port. An IPv6 address is in brackets.
_HOST = re.compile(r"(?:^|@)(\[[^\]@]*\]|[^@:\[\]]*)(?::[^@:]*)?\Z")


def request_of(url: str, form: bytes = b"") -> Request:
    """Return what is known about a request for that URL with that form (`application/x-www-form-urlencoded`)."""
    if not url:
        return UNKNOWN
    authority, path, parameters = split(url)
    host = _HOST.search(authority)
    if host is None:  # such as brackets that nothing closes
        return Request(here=False)
    name, rest = name_in(path)
    # Other servers have pages with these names too, but in other folders. A path without a host comes from JSON Lines.
    is_service = rest or not authority or name == DEFAULT or path.endswith(f"/sys/{name}.php")
    if not is_service or name not in ENDPOINTS:
        return Request(host[1].lower(), False)
    return Request(host[1].lower(), True, recorded(name, rest, parameters, form))

"""What is known of a request from its URL and its form, and what in them nobody may see."""

from __future__ import annotations

from urllib.parse import quote, quote_plus, urlsplit

import msgspec

from .._query import Query, pairs_of, query_of
from ._masks import long_enough

_SECRETS = frozenset({"login", "psw", "password", "apikey", "api_key", "phone", "phones", "code"})


class Request(msgspec.Struct, frozen=True):
    """What is known about a request."""

    host: str = ""
    here: bool = True
    """Whether it went to `senders.php`; what others answer cannot be judged."""
    query: Query = Query()
    """What it asked for. What makes no sense there is not known."""
    secrets: tuple[str, ...] = ()
    """Values that nobody may see, as they are and as they stand in the URL."""


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
    secrets = [value for key, value in pairs if key.lower() in _SECRETS or _is_phone(value)]
    secrets += [part for value in secrets for part in value.replace(";", ",").split(",") if part != value]
    secrets += [part for part in (parts.username, parts.password) if part]
    spelled = long_enough(way for value in secrets for way in (value, quote(value), quote_plus(value)))
    here = parts.path.endswith("/senders.php")
    return Request(host, here, query_of(dict(pairs), lenient=True) if here else Query(), spelled)


def _is_phone(value: str) -> bool:
    digits = value.lstrip("+ ").replace(",", "").replace(";", "")
    return len(digits) >= 7 and digits.isascii() and digits.isdigit()

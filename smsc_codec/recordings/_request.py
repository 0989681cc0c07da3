"""What a request asked for, from its URL and its form."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

import msgspec

from .._codec import Format
from .._model import SenderCreated, SenderList, Success
from .._source import charset_name
from ._masks import long_enough

_SECRETS = frozenset({"login", "psw", "password", "apikey", "api_key", "phone", "phones", "code"})
# [doc] The commands of senders.php, and what each is answered with.
_COMMANDS: dict[str, Any] = {
    "get": SenderList,
    "add": SenderCreated,
    "chg": Success,
    "send_code": Success,
    "check_code": Success,
    "del": Success,
}


class Request(msgspec.Struct, frozen=True):
    """What is known about a request. `None` is not known."""

    host: str = ""
    here: bool = True
    """Whether it went to `senders.php`; what others answer cannot be judged."""
    fmt: Format | None = None
    charset: str | None = None
    expect: type[Any] | None = None
    """The class of reply that the command leads to."""
    status: bool = False
    """Whether each name has to have a status."""
    operators: bool = False
    """Whether each name has to have its state at operators."""
    secrets: tuple[str, ...] = ()
    """Values that nobody may see, as they are and as they stand in the URL."""


UNKNOWN = Request()


@lru_cache(2048)
def request_of(url: str, form: bytes = b"") -> Request:
    """What a request for that URL with that form (`application/x-www-form-urlencoded`) asked for."""
    if not url:
        return UNKNOWN
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:  # brackets that hold no IPv6 address
        return Request(here=False)
    pairs = parse_qsl(f"{parts.query}&{form.decode('latin-1')}", encoding="utf-8", errors="replace")
    asked = dict(pairs)
    secrets = [value for key, value in pairs if key.lower() in _SECRETS or _is_phone(value)]
    secrets += [part for value in secrets for part in value.replace(";", ",").split(",") if part != value]
    secrets += [part for part in (parts.username, parts.password) if part]
    spelled = long_enough(way for value in secrets for way in (value, quote(value), quote_plus(value)))
    if not parts.path.endswith("/senders.php"):
        return Request(host, here=False, secrets=spelled)
    commands = [cls for name, cls in _COMMANDS.items() if asked.get(name) == "1"]
    if not commands:
        # The parameters have been taken out of the recording, or are somewhere else: nothing is known.
        return Request(host, fmt=_format(asked["fmt"]) if "fmt" in asked else None, secrets=spelled)
    listing = commands[0] is SenderList
    fmt = _format(asked.get("fmt", "0"))
    operators = listing and asked.get("operators") == "1"
    return Request(
        host,
        fmt=fmt,
        charset=charset_name(asked.get("charset")),
        expect=commands[0],
        # [doc] The view with the operators has no status; neither exists with operators in fmt=1.
        status=listing and asked.get("all") == "1" and not operators,
        operators=operators and fmt is not Format.CSV,
        secrets=spelled,
    )


def _format(value: str) -> Format | None:
    return Format(int(value)) if value in {"0", "1", "2", "3"} else None


def _is_phone(value: str) -> bool:
    digits = value.lstrip("+ ").replace(",", "").replace(";", "")
    return len(digits) >= 7 and digits.isascii() and digits.isdigit()

"""Reads a request to the service from its query and its form, or from its JSON body."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from .._multipart import is_multipart, parts_of
from .._source import charset_name
from ..declare import Endpoint
from ..formats import Format

# [doc] The charset of the parameters and of the reply.
DEFAULT_CHARSET = "windows-1251"

_CREDENTIALS = frozenset({"login", "psw", "apikey"})
_FORMATS = {str(int(fmt)): fmt for fmt in Format}


@dataclass(frozen=True)
class ReceivedRequest:
    """A request that the fake service received, without its credentials."""

    method: str
    """`GET` or `POST`."""
    endpoint: str
    """The name of the endpoint's file without the ending, such as `send`."""
    command: str | None
    """The command, such as `get` or `add`, or `None` if the request does not have exactly one."""
    parameters: Mapping[str, str]
    """All parameters of the query and the form, except `login`, `psw`, `apikey` and `password`."""
    files: tuple[str, ...]
    """The names of files in a `multipart/form-data` form."""
    reply: Any
    """The service's reply before any misbehaviour, or `None` if nobody knows it."""


@dataclass(frozen=True)
class Form:
    """The parameters of a request."""

    endpoint: str
    rest: bool
    """Whether it was sent to `/rest/`, which means fmt=3 and UTF-8 [doc]."""
    parameters: dict[str, str]
    credentials: dict[str, str]
    files: tuple[str, ...]

    @property
    def fmt(self) -> Format | None:
        """The format of the reply, or None if the service does not have it."""
        return Format.JSON if self.rest else _FORMATS.get(self.parameters.get("fmt") or "0")

    @property
    def charset(self) -> str | None:
        """The charset of the reply, or None if the service does not have it."""
        return "utf-8" if self.rest else charset_name(self.parameters.get("charset") or DEFAULT_CHARSET)

    @property
    def told(self) -> dict[str, str]:
        """The parameters that a test is shown: all but the password of a sub-client."""
        return {name: text for name, text in self.parameters.items() if name != "password"}

    def command(self, declared: Endpoint[Any]) -> str | None:
        """Return the command of the request, or None if it does not have exactly one.

        A command is a parameter with the value 1, or another documented value, such as `move_group=2`.
        """
        given = [
            name for name in declared.commands if self.parameters.get(name) in ("1", *declared.reads.get(name, ()))
        ]
        return given[0] if len(given) == 1 else None


def read_form(query: str, content_type: str, body: bytes, endpoint: str = "senders", rest: bool = False) -> Form:
    """Return the parameters of the query and the form. The form wins. The request says which charset texts are in.

    *query* has a character for each byte, as `http.server` gives it. A request to `/rest/` has a JSON object instead of
    a form; any other body means that there are no parameters. Raise `FormError` if a multipart form cannot be read.
    """
    pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1")
    files: list[str] = []
    members: dict[str, str] = {}
    if is_multipart(content_type):
        for part in parts_of(content_type, body):
            if part.filename is None:
                pairs.append((part.name, part.content().decode("latin-1")))
            else:
                files.append(part.filename)
    elif rest and body.lstrip().startswith(b"{"):
        members = _members(body)
    else:
        pairs += parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    raw = dict(pairs)
    charset = "utf-8" if rest else charset_name(raw.get("charset")) or DEFAULT_CHARSET
    texts = {name: value.encode("latin-1").decode(charset, "replace") for name, value in raw.items()} | members
    return Form(
        endpoint,
        rest,
        {name: text for name, text in texts.items() if name not in _CREDENTIALS},
        {name: text for name, text in texts.items() if name in _CREDENTIALS},
        tuple(file.encode("latin-1").decode(charset, "replace") for file in files),
    )


def _members(body: bytes) -> dict[str, str]:
    """Return the members of an object that are texts, numbers, booleans or lists of these, as `Query` reads them.

    Join the items of a list with commas. Replace single halves of surrogate pairs.
    """
    found: Any = {}
    with suppress(ValueError, RecursionError):
        found = json.loads(body, parse_float=str, parse_int=str)
    texts: dict[str, str] = {}
    for name, value in found.items():
        items = value if isinstance(value, list) else [value]
        plain = [item if isinstance(item, str) else str(int(item)) for item in items if isinstance(item, (str, bool))]
        if plain:
            texts[name] = ",".join(plain).encode("utf-8", "replace").decode()
    return texts

"""What a request to the service says, from its query and its form, or from its body in JSON."""

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

# [doc] That of the parameters and of the reply.
DEFAULT_CHARSET = "windows-1251"

_CREDENTIALS = frozenset({"login", "psw", "apikey"})
_FORMATS = {str(int(fmt)): fmt for fmt in Format}


@dataclass(frozen=True)
class ReceivedRequest:
    """A request that the fake service was sent, without its credentials."""

    method: str
    """`GET` or `POST`."""
    endpoint: str
    """The name of its file without the ending, such as `send`."""
    command: str | None
    """The command, such as `get` or `add`; `None` if there is none or more than one, or if the endpoint has none."""
    parameters: Mapping[str, str]
    """Everything else that the query and the form say, but for `login`, `psw` and `apikey`."""
    files: tuple[str, ...]
    """The names of files that a `multipart/form-data` form holds."""
    reply: Any
    """What the service's answer was, before any misbehaviour came over it; `None` if nobody knows it."""


@dataclass(frozen=True)
class Form:
    """The parameters of a request."""

    endpoint: str
    rest: bool
    """Whether it came to `/rest/`, which means fmt=3 and UTF-8 [doc]."""
    parameters: dict[str, str]
    credentials: dict[str, str]
    files: tuple[str, ...]

    @property
    def fmt(self) -> Format | None:
        """The format of the reply, None if the service does not have it."""
        return Format.JSON if self.rest else _FORMATS.get(self.parameters.get("fmt") or "0")

    @property
    def charset(self) -> str | None:
        """The charset of the reply, None if the service does not have it."""
        return "utf-8" if self.rest else charset_name(self.parameters.get("charset") or DEFAULT_CHARSET)

    def command(self, declared: Endpoint[Any]) -> str | None:
        """Return the command of the endpoint that is given, None if there is none or more than one.

        It is 1. Another value that is documented gives it too, such as `move_group=2`.
        """
        given = [
            name for name in declared.commands if self.parameters.get(name) in ("1", *declared.reads.get(name, ()))
        ]
        return given[0] if len(given) == 1 else None


def read_form(query: str, content_type: str, body: bytes, endpoint: str = "senders", rest: bool = False) -> Form:
    """The query and the form together, the form's word being the last; texts are in the charset that is asked for.

    *query* has a character for each byte, as `http.server` gives it. A request to `/rest/` has an object in JSON in the
    place of a form; if it is something else, it has no parameters. Raises `FormError` for a multipart form that cannot
    be read.
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
    """Return the members of an object that are texts, numbers, switches or lists of these, as `Query` reads them.

    The items of a list have commas between them. Halves of characters are replaced.
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

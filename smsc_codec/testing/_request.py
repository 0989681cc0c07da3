"""What a request to `senders.php` says, from its query and its form."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from .._multipart import is_multipart, parts_of
from .._source import charset_name
from ..endpoints.senders import Reply
from ..errors import OptionError
from ..query import Query, query_of

# [doc] That of the parameters and of the reply.
DEFAULT_CHARSET = "windows-1251"

_CREDENTIALS = frozenset({"login", "psw", "apikey"})


@dataclass(frozen=True)
class ReceivedRequest:
    """A request that the fake service was sent, without its credentials."""

    method: str
    """`GET` or `POST`."""
    command: str | None
    """`get`, `add`, `chg`, `send_code`, `check_code` or `del`; `None` unless the request has one of them."""
    parameters: Mapping[str, str]
    """Everything else that the query and the form say, but for `login`, `psw` and `apikey`."""
    files: tuple[str, ...]
    """The names of files that a `multipart/form-data` form holds."""
    reply: Reply
    """What the service's answer was, before any misbehaviour came over it."""


@dataclass(frozen=True)
class Form:
    """The parameters of a request."""

    parameters: dict[str, str]
    credentials: dict[str, str]
    files: tuple[str, ...]

    @property
    def query(self) -> Query:
        """What is asked for, as far as it makes sense."""
        return query_of(self.parameters, lenient=True)

    @property
    def command(self) -> str | None:
        """The command, `None` if there is not one, or a format or charset that the service does not have."""
        try:
            return query_of({name: value for name, value in self.parameters.items() if value}).command
        except OptionError:
            return None


def read_form(query: str, content_type: str, body: bytes) -> Form:
    """The query and the form together, the form's word being the last; texts are in the charset that is asked for.

    *query* has a character for each byte, as `http.server` gives it. Raises `FormError` for a multipart form that
    cannot be read.
    """
    pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1")
    files: list[str] = []
    if is_multipart(content_type):
        for part in parts_of(content_type, body):
            if part.filename is None:
                pairs.append((part.name, part.content().decode("latin-1")))
            else:
                files.append(part.filename)
    else:
        pairs += parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    raw = dict(pairs)
    charset = charset_name(raw.get("charset")) or DEFAULT_CHARSET
    texts = {name: value.encode("latin-1").decode(charset, "replace") for name, value in raw.items()}
    return Form(
        {name: text for name, text in texts.items() if name not in _CREDENTIALS},
        {name: text for name, text in texts.items() if name in _CREDENTIALS},
        tuple(file.encode("latin-1").decode(charset, "replace") for file in files),
    )

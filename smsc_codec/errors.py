"""Everything that this library raises, except `ApiError`, which is in `model` beside the reply that it holds."""

from datetime import timedelta
from typing import Any

from ._secrets import safe_path, safe_reason
from ._types import name_of

# RFC 9110, and 6585 for 429: statuses whose cause passes with time.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


def passes(http_status: int | None) -> bool:
    """Return whether an HTTP status says that its cause passes with time."""
    return http_status in _PASSING


class SmscCodecError(Exception):
    """The base of every error of this library."""


class DecodeError(SmscCodecError, ValueError):
    """The body is not a reply that can be read.

    It holds no more of the body than `excerpt`, and no secrets that the body repeats.
    """

    reason: str
    """What was expected and what was found."""
    code: str
    """A stable word for the kind of trouble: `docs/findings.md` lists them."""
    offset: int
    """Where it is, from 0 in the body as it was given: bytes of a bytes body, characters of a string."""
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    path: str
    """The value it is about, such as `senders[3].id`; empty where it is about none."""
    excerpt: str
    """The place in the body, at most some 70 characters, with a caret under it in a second line; empty where
    there is nothing to show."""
    http_status: int | None = None
    """The status of the HTTP response, if `decode_response` has read it."""
    retry_after: timedelta | None = None
    """How long the response's `Retry-After` asks to wait, likewise."""

    def __init__(
        self,
        reason: str,
        *,
        code: str,
        offset: int = 0,
        line: int = 1,
        column: int = 1,
        path: str = "",
        excerpt: str = "",
    ) -> None:
        reason = safe_reason(reason, path)
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.offset = offset
        self.line = line
        self.column = column
        self.path = safe_path(path)
        self.excerpt = excerpt

    @property
    def retry(self) -> bool:
        """Whether it can help to ask again later, as far as the HTTP status says.

        Nobody knows whether the command was carried out: do not repeat one that must not happen twice.
        """
        return passes(self.http_status)

    def __str__(self) -> str:
        status = "" if self.http_status in (None, 200) else f"HTTP status {self.http_status}, "
        where = f"{status}line {self.line}, column {self.column} (offset {self.offset})"
        path = f", {self.path}" if self.path else ""
        excerpt = "".join(f"\n    {line}" for line in self.excerpt.splitlines())
        return f"{where}{path}: {self.reason}{excerpt}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.reason, self.__dict__.copy())


class OptionError(SmscCodecError, ValueError):
    """An argument of the call is wrong: it says which, what it has to be, and what was given."""

    reason: str
    """The same as the text of the error."""

    def __init__(self, reason: str) -> None:
        self.reason = safe_reason(reason, "")
        super().__init__(self.reason)


class LimitError(DecodeError):
    """The body is larger, longer or deeper than `Limits` allows."""


class EncodeError(SmscCodecError, ValueError):
    """The format cannot carry this value so that it would be read back the same."""

    reason: str
    """Why."""
    path: str
    """The value it is about, such as `senders[3].name`; empty where it is about none."""

    def __init__(self, reason: str, *, path: str = "") -> None:
        reason = safe_reason(reason, path)
        super().__init__(reason)
        self.reason = reason
        self.path = safe_path(path)

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.reason, self.__dict__.copy())


def unreadable(error: Exception, path: str = "") -> EncodeError:
    """Return what becomes of an exception that an object of the caller raises when it is read."""
    return EncodeError(f"the reply holds an object that raises {name_of(error)} when it is read", path=path)


def _rebuild(cls: type[SmscCodecError], reason: str, state: dict[str, Any]) -> SmscCodecError:
    error: SmscCodecError = cls.__new__(cls, reason)
    error.__dict__.update(state)
    return error

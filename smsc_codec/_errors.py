"""Everything that this library raises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._secrets import printable, safe_path, safe_reason, shortened, without_secrets
from ._types import is_really, name_of

if TYPE_CHECKING:
    from datetime import timedelta

    from ._model import ErrorReply, SenderError

# Characters of a description that an error says; the service's own have some 40.
_LONGEST_DESCRIPTION = 100
_LONGEST_MESSAGE = 400
# Characters of a description that are looked at: its secrets are to be known before it is cut.
_LOOKED_AT = 1000


class SmscCodecError(Exception):
    """The base of every error of this library."""


class DecodeError(SmscCodecError, ValueError):
    """The body is not a reply that can be read, or the call's own parameters are wrong.

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

    def __init__(
        self,
        reason: str,
        *,
        code: str = "option",
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

    def __str__(self) -> str:
        if self.code == "option":
            return self.reason
        where = f"line {self.line}, column {self.column} (offset {self.offset})"
        path = f", {self.path}" if self.path else ""
        excerpt = "".join(f"\n    {line}" for line in self.excerpt.splitlines())
        return f"{where}{path}: {self.reason}{excerpt}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.reason, self.__dict__.copy())


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


class ApiError(SmscCodecError):
    """The service refused the request: an `ErrorReply` as an exception.

    What it says as text, in its `repr` and in its `args` fits on one line: the number, the beginning of the
    description without secrets and control characters, and the meaning.
    """

    reply: ErrorReply
    """The refusal, its description as it came."""

    def __init__(self, reply: ErrorReply) -> None:
        super().__init__(_refusal(reply))
        self.reply = reply

    @property
    def code(self) -> int:
        """The service's number of the error."""
        return self.reply.code

    @property
    def error(self) -> SenderError | None:
        """The number as a member of `SenderError`, an unknown one too; `None` for what no reply can hold."""
        return self.reply.error

    @property
    def description(self) -> str | None:
        """The service's own phrase as it came, if the reply had one: of any length, and with any characters."""
        return self.reply.description

    @property
    def meaning(self) -> str:
        """What the documentation says of the number."""
        return self.reply.meaning

    @property
    def retry(self) -> bool:
        """Whether the same request may be repeated later, as far as the documentation says."""
        return self.reply.retry

    @property
    def retry_after(self) -> timedelta | None:
        """After how long it may be repeated; `None` if it may not, or if the documentation gives no time."""
        return self.reply.retry_after

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reply,), self.__dict__.copy()


def _refusal(reply: ErrorReply) -> str:
    """What the exception of an error says."""
    try:
        description = reply.description
        said = f" ({_described(str.__str__(description))})" if is_really(description, str) and len(description) else ""
        return printable(shortened(f"error {reply.code}{said}: {reply.meaning}", _LONGEST_MESSAGE))
    except Exception:  # a number of more than 4,300 digits, or another value that a caller made and none can print
        return "error of an unprintable number"


def _described(description: str) -> str:
    return printable(shortened(without_secrets(description[:_LOOKED_AT]), _LONGEST_DESCRIPTION))


def unreadable(error: Exception, path: str = "") -> EncodeError:
    """What becomes of an exception that an object of the caller raises when it is read."""
    return EncodeError(f"the reply holds an object that raises {name_of(error)} when it is read", path=path)


def _rebuild(cls: type[Any], reason: str, state: dict[str, Any]) -> Any:
    error = cls(reason)
    error.__dict__.update(state)
    return error

"""The replies that all endpoints share, and what all replies have in common.

Nothing here knows how a reply is written in any of the four formats.

Replies are `msgspec.Struct`s. Making the model costs as much as parsing does, and measured for five
fields on CPython 3.11 a frozen struct takes 0.08 µs, a tuple subclass 0.15 µs and a frozen dataclass
with slots 1.1 µs; structs of this kind are also invisible to the garbage collector, which can hold no
cycle through them.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeAlias, TypeVar, overload

import msgspec

from ._secrets import printable, shortened, without_secrets
from ._types import is_really, name_of
from .errors import OptionError, SmscCodecError, passes
from .limits import MAX_DIGITS
from .mapping import FrozenMapping

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")

MAX_NUMBER: int = 10**MAX_DIGITS - 1
"""The largest number that any format carries: 18 digits, so that every one fits a signed 64-bit integer."""

UNDOCUMENTED = "not documented"
"""The meaning of a number that the documentation does not have."""

# Characters of a description that an error says; the service's own have some 40.
_LONGEST_DESCRIPTION = 100
_LONGEST_MESSAGE = 400
# Characters of a description that are looked at: its secrets are to be known before it is cut.
_LOOKED_AT = 1000


class Code(IntEnum):
    """A number of the service with a documented meaning; numbers without one are kept as members too."""

    meaning: str
    """What the documentation says of the number; for an undocumented one, that it is."""

    def __new__(cls, value: int, meaning: str = "") -> "Self":
        """Make the member of a number that the documentation has."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    @classmethod
    def _missing_(cls, value: object) -> "Self | None":
        # Not stored among the members: a hostile body must not be able to fill the memory with them.
        if isinstance(value, bool) or not isinstance(value, int) or not cls._least() <= value <= MAX_NUMBER:
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}".replace("-", "MINUS_")
        member._value_ = int(value)
        member.meaning = UNDOCUMENTED
        return member

    @classmethod
    def _least(cls) -> int:
        """Return the least number: some of the service's numbers are negative."""
        return 0

    @property
    def known(self) -> bool:
        """Whether the documentation has this number."""
        return self._name_ in type(self).__members__

    # Python 3.10 and 3.11 disagree on what an IntEnum prints as; this is 3.11's choice.
    __str__ = int.__repr__

    def __format__(self, spec: str) -> str:
        return int.__format__(self, spec)

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        return type(self), (int(self),)


class ErrorCode(Code):
    """The number of an error. Each endpoint has a class of its own: the same number means different things."""

    retry: bool
    """Whether the same request may be repeated later: only where the documented meaning says that time helps.

    The error 9 of send.php may mean that the same message has been sent: to repeat it sends the message twice.
    """
    retry_after: timedelta | None
    """After how long; `None` if the request may not be repeated, or if the documentation gives no time."""
    is_empty: bool
    """Whether it is how the service says that a list has no records."""

    def __new__(cls, value: int, meaning: str = "", retry: bool | timedelta = False, is_empty: bool = False) -> "Self":
        """Make the member of a documented number; *retry* is True or the time if its cause passes with time."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        member.retry = retry is not False
        member.retry_after = retry if isinstance(retry, timedelta) else None
        member.is_empty = is_empty
        return member

    @classmethod
    def _missing_(cls, value: object) -> "Self | None":
        member = super()._missing_(value)
        if member is not None:
            member.retry, member.retry_after, member.is_empty = False, None, False
        return member


# The members of `ErrorCode` that most endpoints have.
WRONG_PARAMETERS = 1, "error in parameters"
WRONG_LOGIN = 2, "wrong login or password, or an IP address that is not on the client's list"
# [doc] The block is said to be temporary, and no time is given.
BLOCKED = 4, "IP address temporarily blocked", True
# [doc] How many are too many has not been seen.
TOO_MANY = (
    9,
    "too many identical requests a minute, or 15 or more simultaneous requests under one login",
    timedelta(minutes=1),
)


class ServiceError(ErrorCode):
    """The numbers that mean the same at every endpoint, for those that document no others."""

    PARAMETERS = WRONG_PARAMETERS
    AUTHORISATION = WRONG_LOGIN
    IP_BLOCKED = BLOCKED
    TOO_MANY_REQUESTS = TOO_MANY


class Answer(msgspec.Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """Any reply but an error: the base of their classes, and the bound of a type variable for *expect*."""

    def raise_for_error(self) -> "Self":
        """Return the reply itself, because it is not an error."""
        return self


class Open(msgspec.Struct, frozen=True, gc=False, repr_omit_defaults=True):
    """What keeps keys that the documentation does not name, in its last attribute."""

    def __hash__(self) -> int:
        try:
            return msgspec.Struct.__hash__(self)
        except TypeError:
            # A plain dict given by hand has no hash, and compares equal to the frozen one.
            name = self.__struct_fields__[-1]
            kept = getattr(self, name)
            if not isinstance(kept, Mapping) or isinstance(kept, FrozenMapping):
                raise
        return msgspec.Struct.__hash__(msgspec.structs.replace(self, **{name: FrozenMapping.of(kept)}))


class Records(Answer, Generic[T], frozen=True):
    """A reply that is a sequence of records; it holds them in its only attribute."""

    @property
    def _records(self) -> tuple[T, ...]:
        records: tuple[T, ...] = getattr(self, self.__struct_fields__[0])
        return records

    def __post_init__(self) -> None:
        (name,) = self.__struct_fields__
        records = getattr(self, name)
        if type(records) is not tuple:
            msgspec.structs.force_setattr(self, name, tuple(records))

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[T]:
        return iter(self._records)

    def __reversed__(self) -> Iterator[T]:
        return reversed(self._records)

    def __contains__(self, record: object) -> bool:
        return record in self._records

    @overload
    def __getitem__(self, at: int) -> T: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[T, ...]: ...

    def __getitem__(self, at: int | slice) -> T | tuple[T, ...]:
        return self._records[at]

    def index(self, record: object, *bounds: int) -> int:
        """Return the place of the first record that equals *record*. Raise `ValueError` if there is none."""
        return self._records.index(record, *bounds)

    def count(self, record: object) -> int:
        """Return how many records equal *record*."""
        return self._records.count(record)


# A real base class would need a metaclass of both msgspec's and abc's.
Sequence.register(Records)


class Success(Answer, frozen=True):
    """The answer to a command that has nothing else to say: done."""


class Created(Answer, frozen=True):
    """The answer to a command that makes something new, such as a contact, a template or a sub-client."""

    id: int
    """The number of the new thing."""


class ErrorReply(msgspec.Struct, frozen=True, dict=True, repr_omit_defaults=True):
    """The service's refusal of any command."""

    code: int
    """The number; of a reply that was decoded a member of the endpoint's own `ErrorCode`, such as `SenderError`."""
    description: str | None = None
    """The service's own short phrase; `None` where the format has no place for it (`fmt=1`)."""
    id: int | None = None
    """That of the message the error is about, on endpoints that have messages."""

    @property
    def _member(self) -> ErrorCode | None:
        if isinstance(self.code, ErrorCode):
            return self.code
        try:
            return ServiceError(self.code)
        except Exception:  # also that of an object which a caller made
            return None

    @property
    def meaning(self) -> str:
        """What the documentation of the endpoint says of the number; of a bare one, what all endpoints say."""
        member = self._member
        return UNDOCUMENTED if member is None else member.meaning

    @property
    def http_status(self) -> int | None:
        """The status of the HTTP response, if `decode_response` has read it; equal replies can have different ones."""
        status: int | None = self.__dict__.get("http_status")
        return status

    @property
    def retry(self) -> bool:
        """Whether the same request may be repeated later, as `ErrorCode.retry`.

        Of an undocumented number the HTTP status says it.
        """
        member = self._member
        return member.retry if member is not None and member.known else passes(self.http_status)

    @property
    def retry_after(self) -> timedelta | None:
        """After how long it may be repeated, as `ErrorCode.retry_after`, or what the response's `Retry-After` says."""
        member = self._member
        known = None if member is None else member.retry_after
        return self.__dict__.get("retry_after") if known is None and self.retry else known

    def _answered(self, http_status: int | None, retry_after: timedelta | None) -> "ErrorReply":
        """Return the same with what its HTTP response says."""
        reply = ErrorReply(self.code, self.description, self.id)
        reply.__dict__.update(http_status=http_status, retry_after=retry_after)
        return reply

    @property
    def is_empty(self) -> bool:
        """Whether it says that there are no records, where a list was asked for, as `ErrorCode.is_empty`."""
        member = self._member
        return member is not None and member.is_empty

    def raise_for_error(self) -> NoReturn:
        """Raise this error as an `ApiError`."""
        raise ApiError(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.description, self.id), self.__dict__ or None


Reply: TypeAlias = Answer | ErrorReply
"""Any reply of any endpoint."""


def records_of(reply: Records[T] | ErrorReply) -> tuple[T, ...]:
    """Return the records of a list; none if it is empty, or if an error says that there are none.

    The service says so in three ways: with such an error, with an empty array or root, and with an empty body.

    Raise `ApiError` for any other error, and `OptionError` for a reply that is not a list.
    """
    if is_really(reply, ErrorReply):
        return () if reply.is_empty else reply.raise_for_error()
    if not is_really(reply, Records):
        raise OptionError(f"reply has to be a list or an ErrorReply, not {name_of(reply)}")
    return reply._records


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
        """The service's number of the error, as `ErrorReply.code`."""
        return self.reply.code

    @property
    def description(self) -> str | None:
        """The service's own phrase as it came, if the reply had one: of any length, and with any characters."""
        return self.reply.description

    @property
    def meaning(self) -> str:
        """What the documentation says of the number."""
        return self.reply.meaning

    @property
    def http_status(self) -> int | None:
        """The status of the HTTP response, if `decode_response` has read it."""
        return self.reply.http_status

    @property
    def retry(self) -> bool:
        """Whether the same request may be repeated later, as `ErrorReply.retry`."""
        return self.reply.retry

    @property
    def retry_after(self) -> timedelta | None:
        """After how long it may be repeated; `None` if it may not, or if nothing gives a time."""
        return self.reply.retry_after

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reply,), self.__dict__.copy()


def _refusal(reply: ErrorReply) -> str:
    """Return what the exception of an error says."""
    try:
        description = reply.description
        said = f" ({_described(str.__str__(description))})" if is_really(description, str) and len(description) else ""
        return printable(shortened(f"error {reply.code}{said}: {reply.meaning}", _LONGEST_MESSAGE))
    except Exception:  # a number of more than 4,300 digits, or another value that a caller made and none can print
        return "error of an unprintable number"


def _described(description: str) -> str:
    return printable(shortened(without_secrets(description[:_LOOKED_AT]), _LONGEST_DESCRIPTION))

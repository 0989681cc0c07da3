"""The replies as values: what a sender name, a list of them, and an error are.

Nothing here knows how a reply is spelled in any of the four formats.

Replies are `msgspec.Struct`s. Making the model costs as much as parsing does, and measured for five
fields on CPython 3.11 a frozen struct takes 0.08 µs, a tuple subclass 0.15 µs and a frozen dataclass
with slots 1.1 µs; structs of this kind are also invisible to the garbage collector, which can hold no
cycle through them.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from datetime import timedelta
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeAlias, TypeVar, cast

import msgspec

from ._errors import ApiError
from ._limits import MAX_DIGITS
from ._types import all_are

if TYPE_CHECKING:
    from typing_extensions import Self

V = TypeVar("V")

MAX_NUMBER = 10**MAX_DIGITS - 1
"""The largest number that any format carries: 18 digits, so that every one fits a signed 64-bit integer."""


UNDOCUMENTED = "not documented"
"""The meaning of a number that the documentation does not have."""


class Code(IntEnum):
    """A number of the service with a documented meaning; numbers without one are kept as members too."""

    meaning: str
    """What the documentation says of the number; for an undocumented one, that it is."""

    def __new__(cls, value: int, meaning: str = "") -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        # Not stored among the members: a hostile body must not be able to fill the memory with them.
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_NUMBER:
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = int(value)
        member.meaning = UNDOCUMENTED
        return member

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


class SenderStatus(Code):
    """The state of a sender name (`senders.php`, `all=1`)."""

    MODERATION = 0, "waiting for moderation"
    ALLOWED = 1, "allowed to use"
    DISABLED = 2, "disabled"


class OperatorStatus(Code):
    """The state of a sender name at one operator (`senders.php`, `operators=1`)."""

    PENDING = 0, "pending registration"
    SENT = 1, "sent for registration"
    APPROVED = 2, "approved"
    REJECTED = 3, "not accepted"
    SUSPENDED = 4, "temporarily disabled"
    NO_FUNDS = 5, "insufficient funds"
    DOCUMENTS_REQUIRED = 8, "supporting documents required"
    NEXT_MONTH = 9, "activation from the beginning of the month"


class SenderError(Code):
    """The error numbers of `senders.php`. Other endpoints have tables of their own."""

    PARAMETERS = 1, "error in parameters"
    AUTHORISATION = 2, "wrong login or password, or an IP address that is not on the client's list"
    NOT_FOUND = 3, "sender name not found"
    IP_BLOCKED = 4, "IP address temporarily blocked"
    SAVE = 5, "error saving or deleting the sender name"
    NUMBER_FORMAT = 7, "wrong number format"
    UNDELIVERABLE = 8, "the confirmation code cannot be delivered to the number"
    TOO_MANY_REQUESTS = (
        9,
        "more than three identical list requests or five create requests a minute,"
        " or 15 or more simultaneous requests under one login",
    )
    CODE_ALREADY_SENT = 10, "the code was already sent to this number; again after 8 hours"
    WRONG_CODE = 11, "wrong confirmation code"

    @property
    def retry(self) -> bool:
        """Whether the same request may be repeated later: only where the documented meaning says that time helps."""
        return self in _RETRIES

    @property
    def retry_after(self) -> timedelta | None:
        """After how long, `None` if the request may not be repeated or the documentation gives no time."""
        return _RETRIES.get(self)


# [doc] What passes with time. The block of an IP address is said to be temporary, and no time is given. All others
# are about the request itself (1, 2, 3, 7, 11) or name no cause that time would remove (5, 8): the same request leads
# to the same error. So do numbers that are not documented, as far as anyone knows.
_RETRIES: Mapping[int, timedelta | None] = {
    SenderError.IP_BLOCKED: None,
    SenderError.TOO_MANY_REQUESTS: timedelta(minutes=1),
    SenderError.CODE_ALREADY_SENT: timedelta(hours=8),
}


# Characters of keys that are remembered; the documented ones have some 120 together.
_SHORT = 512


@lru_cache(64)
def _remembered(keys: tuple[str, ...]) -> tuple[str, ...]:
    return keys


def shared(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The same keys; one object for all mappings that have them, so that a list of these is quickly compared."""
    # A key of another class may be equal and not the same.
    return _remembered(keys) if all_are(keys, str) and sum(map(len, keys)) <= _SHORT else keys


class _Values(ValuesView[V]):
    """Those of a `FrozenMapping`, one after another instead of by look-up."""

    _mapping: Any

    def __iter__(self) -> Iterator[V]:
        return iter(self._mapping._values)


class _Items(ItemsView[str, V]):
    """The same with the keys."""

    _mapping: Any

    def __iter__(self) -> Iterator[tuple[str, V]]:
        return zip(self._mapping._keys, self._mapping._values)


class FrozenMapping(msgspec.Struct, Generic[V], frozen=True, eq=False, gc=False):
    """A read-only `Mapping` from names to values that a whole list of senders shares its keys with.

    Compares equal to any mapping with the same items, in whatever order; keeps the order it was given.
    """

    _keys: tuple[str, ...] = ()
    _values: tuple[V, ...] = ()

    @classmethod
    def of(cls, items: Mapping[str, V] | Iterable[tuple[str, V]]) -> FrozenMapping[V]:
        """The same items, frozen; of two with the same key the later one."""
        plain = dict(items)
        return cls(shared(tuple(plain)), tuple(plain.values()))

    def __getitem__(self, key: str) -> V:
        try:
            return self._values[self._keys.index(key)]
        except ValueError:
            raise KeyError(key) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def get(self, key: str, default: Any = None) -> Any:
        """The value of *key*, or *default*."""
        return self[key] if key in self._keys else default

    def keys(self) -> KeysView[str]:
        """The keys, in the order of the reply."""
        return KeysView(self._as_mapping())

    def values(self) -> ValuesView[V]:
        """The values, in the order of the reply."""
        return _Values(self._as_mapping())

    def items(self) -> ItemsView[str, V]:
        """The pairs, in the order of the reply."""
        return _Items(self._as_mapping())

    def _as_mapping(self) -> Mapping[str, V]:
        return cast("Mapping[str, V]", self)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FrozenMapping) and self._keys == other._keys:
            return self._values == other._values
        if isinstance(other, Mapping):
            return dict(self.items()) == dict(other.items())
        return NotImplemented

    # Not derived from `__eq__`: the base class has one of its own.
    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(frozenset(self.items()))

    def __repr__(self) -> str:
        return repr(dict(self.items()))


# A real base class would need a metaclass of both msgspec's and abc's.
Mapping.register(FrozenMapping)

NO_OPERATORS = cast("Mapping[str, OperatorStatus]", FrozenMapping())
NO_REPLACEMENTS = cast("Mapping[str, str]", NO_OPERATORS)


class Sender(msgspec.Struct, frozen=True, gc=False):
    """One sender name (Sender ID). What the reply did not hold is `None` or empty."""

    name: str
    """Up to 11 Latin letters, digits and signs, or a number of up to 15 digits."""
    id: int | None = None
    """The service's number of the name; old servers do not send it."""
    status: SenderStatus | None = None
    """Whether it may be used, with `all=1`."""
    operators: Mapping[str, OperatorStatus] = NO_OPERATORS
    """The name's state by the service's operator keys (`mega_step`, `mts_step`, …), with `operators=1`; keys
    that this library has never heard of are there like any other."""
    replacements: Mapping[str, str] = NO_REPLACEMENTS
    """By the same keys, the name that is shown in place of this one."""

    # The generated hash would refuse a plain dict given by hand, which compares equal to the frozen one.
    def __hash__(self) -> int:
        operators = frozenset(self.operators.items())
        return hash((self.name, self.id, self.status, operators, frozenset(self.replacements.items())))

    def __repr__(self) -> str:
        fields = ((name, getattr(self, name)) for name in self.__struct_fields__)
        given = (f"{name}={value!r}" for name, value in fields if value is not None and value != {})
        return f"Sender({', '.join(given)})"


# The dictionary is for what is known of the names; it is in no comparison, and no copy has it.
class SenderList(msgspec.Struct, frozen=True, dict=True):
    """The answer to `get=1`: sender names in the order of the reply."""

    senders: tuple[Sender, ...] = ()
    """Any iterable is made a tuple."""

    def __post_init__(self) -> None:
        if type(self.senders) is not tuple:
            msgspec.structs.force_setattr(self, "senders", tuple(self.senders))

    def raise_for_error(self) -> Self:
        """The reply itself: it is no error."""
        return self


class SenderCreated(msgspec.Struct, frozen=True):
    """The answer to `add=1`."""

    id: int
    """That of the new name."""

    def raise_for_error(self) -> Self:
        """The reply itself: it is no error."""
        return self


class Success(msgspec.Struct, frozen=True):
    """The answer to `chg=1`, `del=1`, `send_code=1` and `check_code=1`: done."""

    def raise_for_error(self) -> Self:
        """The reply itself: it is no error."""
        return self


class ErrorReply(msgspec.Struct, frozen=True):
    """The service's refusal of any command."""

    code: int
    """The number, a `SenderError` when it was decoded from a reply of `senders.php`."""
    description: str | None = None
    """The service's own short phrase; `None` where the format has no place for it (`fmt=1`)."""
    id: int | None = None
    """That of the message the error is about, on endpoints that have messages."""

    @property
    def error(self) -> SenderError | None:
        """The number as a member of `SenderError`, an unknown one too; `None` for what no reply can hold."""
        try:
            return SenderError(self.code)
        except Exception:  # also that of an object which a caller made
            return None

    @property
    def meaning(self) -> str:
        """What the documentation of `senders.php` says of the number."""
        return UNDOCUMENTED if self.error is None else self.error.meaning

    @property
    def retry(self) -> bool:
        """Whether the same request may be repeated later, as `SenderError.retry`."""
        return self.error is not None and self.error.retry

    @property
    def retry_after(self) -> timedelta | None:
        """After how long it may be repeated, as `SenderError.retry_after`."""
        return None if self.error is None else self.error.retry_after

    def raise_for_error(self) -> NoReturn:
        """Raise this error as an `ApiError`."""
        raise ApiError(self)


Reply: TypeAlias = SenderList | SenderCreated | Success | ErrorReply
"""Any reply of `senders.php`."""

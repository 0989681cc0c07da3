"""`/sys/status.php`: the state of messages.

The evidence is in `docs/wire-format/status.md`, the grammar of fmt=0 in `grammars/status.lark`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Protocol

import msgspec

from .._public import publish
from ..codec import Codec
from ..declare import (
    COUNTED,
    DATE,
    DIGITS,
    FREE,
    ID,
    MONEY,
    SUCCESS,
    TEXT,
    TIMESTAMP,
    Cell,
    Endpoint,
    Field,
    Layout,
    Maybe,
    Object,
    Only,
    Other,
    Reply,
    Rest,
    Type,
    code,
)
from ..mapping import EMPTY
from ..model import (
    BLOCKED,
    MAX_NUMBER,
    TOO_MANY,
    WRONG_LOGIN,
    WRONG_PARAMETERS,
    Answer,
    Code,
    ErrorCode,
    Open,
    Records,
    Success,
)


class MessageState(Code):
    """The state of a message."""

    NOT_FOUND = -3, "message not found"
    STOPPED = -2, "stopped"
    WAITING = -1, "waiting to be sent"
    SENT = 0, "passed to the operator"
    DELIVERED = 1, "delivered"
    READ = 2, "read"
    EXPIRED = 3, "expired"
    LINK_CLICKED = 4, "link clicked"
    SPAM = 6, "marked as spam"
    UNDELIVERABLE = 20, "cannot be delivered"
    WRONG_NUMBER = 22, "wrong number"
    FORBIDDEN = 23, "forbidden"
    NO_MONEY = 24, "not enough money"
    UNREACHABLE = 25, "number not reachable"

    @classmethod
    def _least(cls) -> int:
        return -MAX_NUMBER

    @property
    def final(self) -> bool:
        """Whether the state is final: any documented state except waiting and passed to the operator.

        This is our choice, because the documentation does not say it. A delivered message may still be read, or its
        link clicked. `NOT_FOUND` may mean that the request came too early.
        """
        return self.known and self not in _ON_THE_WAY

    @property
    def delivered(self) -> bool:
        """Whether the message has arrived: delivered, read, or its link clicked."""
        return self in _DELIVERED


_ON_THE_WAY = frozenset({MessageState.WAITING, MessageState.SENT})
_DELIVERED = frozenset({MessageState.DELIVERED, MessageState.READ, MessageState.LINK_CLICKED})


class DeliveryError(Code):
    """The reason why a message was not delivered."""

    NONE = 0, "no error"
    NO_SUBSCRIBER = 1, "the subscriber does not exist"
    MAILBOX_FULL = 2, "mailbox full"
    NO_SERVER = 3, "recipient's server not found"
    MAILBOX_BLOCKED = 4, "mailbox blocked"
    NOT_IN_NETWORK = 6, "not in the network"
    NO_SERVICE = 11, "service not connected"
    PHONE_ERROR = 12, "error in the phone"
    SUBSCRIBER_BLOCKED = 13, "subscriber blocked"
    NOT_SUPPORTED = 21, "service not supported"
    VIRTUAL = 200, "virtual sending"
    SIM_REPLACED = 219, "SIM card replaced"
    QUEUE_FULL = 220, "operator's queue full"
    NO_ANSWER = 237, "does not answer"
    NO_TEMPLATE = 238, "no template"
    FORBIDDEN_ADDRESS = 239, "forbidden IP address"
    BUSY = 240, "busy"
    CONVERSION = 241, "conversion error"
    ANSWERING_MACHINE = 242, "answering machine"
    NO_CONTRACT = 243, "no contract"
    MAILING_PROHIBITED = 244, "mailing prohibited"
    NO_STATUS = 245, "status not received"
    TIME_LIMIT = 246, "time limit"
    MESSAGE_LIMIT = 247, "message limit"
    NO_ROUTE = 248, "no route"
    NUMBER_FORMAT = 249, "wrong number format"
    FORBIDDEN_BY_SETTINGS = 250, "number forbidden by settings"
    NUMBER_LIMIT = 251, "limit for one number"
    NUMBER_FORBIDDEN = 252, "number forbidden"
    SPAM_FILTER = 253, "forbidden by the spam filter"
    SENDER_NOT_REGISTERED = 254, "sender name not registered"
    REJECTED = 255, "rejected by the operator"


class MessageType(Code):
    """The kind of a message."""

    SMS = 0, "SMS"
    FLASH = 1, "flash SMS"
    BINARY = 2, "binary SMS"
    WAP_PUSH = 3, "wap-push"
    HLR = 4, "HLR request"
    PING = 5, "ping SMS"
    MMS = 6, "MMS"
    CALL = 7, "call"
    MAIL = 8, "e-mail"
    VIBER = 10, "Viber"
    SOCIAL = 12, "social network"


class TemplateKind(Code):
    """The purpose of a template message."""

    SERVICE = 0, "service"
    TRANSACTIONAL = 1, "transactional"
    AUTHORISATION = 2, "authorisation"
    ADVERTISING = 3, "advertising"


class MessageFlags(msgspec.Struct, frozen=True):
    """The meaning of the bits of `Message.flag`."""

    value: int
    """The number itself. It may have other bits, which are not documented."""

    @property
    def type(self) -> MessageType:
        """The kind of the message (bits 0 to 3)."""
        return MessageType(self.value & 15)

    @property
    def second_balance(self) -> bool:
        """Whether it was paid from the second balance (bit 5)."""
        return bool(self.value & 1 << 5)

    @property
    def template(self) -> bool:
        """Whether it is a template message (bit 8)."""
        return bool(self.value & 1 << 8)

    @property
    def template_kind(self) -> TemplateKind | None:
        """The purpose of the template message (bits 9 and 10), or None if it is not one."""
        return TemplateKind(self.value >> 9 & 3) if self.template else None


class StatusError(ErrorCode):
    """The error numbers of `status.php`."""

    PARAMETERS = WRONG_PARAMETERS
    AUTHORISATION = WRONG_LOGIN
    IP_BLOCKED = BLOCKED
    DELETE = 5, "error deleting a message"
    TOO_MANY_REQUESTS = TOO_MANY


class _Stated(Protocol):
    """An object with the state of a message: a reply, or a call of the service."""

    @property
    def status(self) -> MessageState: ...

    @property
    def err(self) -> DeliveryError | None: ...

    @property
    def flag(self) -> int | None: ...


class Stated(msgspec.Struct, frozen=True, gc=False):
    """The properties that follow from the state of a message."""

    @property
    def final(self: _Stated) -> bool:
        """Whether the state will not change any more, as in `MessageState.final`, so that polling can stop."""
        return self.status.final

    @property
    def delivered(self: _Stated) -> bool:
        """Whether the message has arrived: its state says so, and there is no delivery error.

        This is our choice: the documentation does not say it, and an HLR request for a number that cannot be reached
        was seen with state 1 and an error.
        """
        return self.status.delivered and not self.err

    @property
    def flags(self: _Stated) -> MessageFlags | None:
        """The meaning of the bits of `flag`, or None if it is missing."""
        return None if self.flag is None else MessageFlags(self.flag)


class Message(Answer, Open, Stated, frozen=True):
    """The state of a message to a number. Fields that the request (`all`) did not ask for are `None`."""

    status: MessageState
    last_date: datetime | None = None
    """The time when the state changed, in the account's time zone."""
    last_timestamp: int | None = None
    """The same in seconds since 1970, UTC."""
    flag: int | None = None
    """A number whose bits `flags` explains."""
    err: DeliveryError | None = None
    """The reason why it was not delivered. For an HLR request, what is wrong with the number."""
    imsi: str | None = None
    """The number of the SIM card, for an HLR request."""
    msc: str | None = None
    """The number of the operator's service centre."""
    mcc: str | None = None
    """The code of the country."""
    mnc: str | None = None
    """The code of the operator. Leading zeros count."""
    cn: str | None = None
    """The country."""
    net: str | None = None
    """The operator."""
    rcn: str | None = None
    """The country where the number is roaming; empty at home."""
    rnet: str | None = None
    """The operator whose network it is roaming in; empty at home."""
    send_date: datetime | None = None
    """The time when it was sent, in the account's time zone."""
    send_timestamp: int | None = None
    """The same in seconds since 1970, UTC."""
    phone: str | None = None
    country: str | None = None
    """The country of the number, with `all=2`, like the next three fields."""
    operator: str | None = None
    operator_orig: str | None = None
    """The operator that the number belonged to before it was ported."""
    region: str | None = None
    cost: Decimal | None = None
    sender_id: str | None = None
    """The sender name."""
    status_name: str | None = None
    """The service's name for the state, in Russian."""
    message: str | None = None
    """The text."""
    comment: str | None = None
    mccmnc: str | None = None
    """The codes of the number's country and operator."""
    type: MessageType | None = None
    sms_cnt: int | None = None
    """The number of messages that it was split into."""
    id: int | None = None
    int_id: int | None = None
    """The service's own number for the message, with `get_messages=1`, like the next two fields."""
    format: int | None = None
    """0 for a message, 8 for an e-mail."""
    crc: int | None = None
    """A checksum, which the documentation does not explain."""
    other: Mapping[str, str] = EMPTY
    """Everything else in the reply."""

    @property
    def last_utc(self) -> datetime | None:
        """The time of `last_timestamp`, or None if it is missing or beyond the year 9999."""
        return utc_of(self.last_timestamp)

    @property
    def send_utc(self) -> datetime | None:
        """The time of `send_timestamp`, or None if it is missing or beyond the year 9999."""
        return utc_of(self.send_timestamp)


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def utc_of(timestamp: int | None) -> datetime | None:
    """Return the time that is *timestamp* seconds after 1970, or None if it is missing or beyond the year 9999."""
    try:
        return None if timestamp is None else _EPOCH + timedelta(seconds=timestamp)
    except OverflowError:
        return None


class StatusList(Records[Message], frozen=True):
    """The states of several messages."""

    messages: tuple[Message, ...] = ()
    """Any iterable becomes a tuple."""


def _view(
    name: str,
    type_: Type,
    *,
    text: str | None = "=",
    csv: str | None = "=",
    xml: str | None = "=",
    json: str | None = "=",
) -> Field:
    """Return a field that only some requests ask for."""
    return Field(name, type_, text=text, csv=csv, xml=xml, json=json, optional=True)


MESSAGE = Object(
    Message,
    (
        Field("status", code(MessageState, "the state of a message"), text="Status"),
        _view("last_date", DATE, text="check_time", csv=None),
        _view("last_timestamp", TIMESTAMP, text=None),
        _view("flag", ID, text=None, csv=None),
        _view("err", code(DeliveryError, "a delivery error")),
        *(_view(name, DIGITS) for name in ("imsi", "msc", "mcc", "mnc")),
        *(_view(name, TEXT) for name in ("cn", "net", "rcn", "rnet")),
        _view("send_date", DATE, csv=None),
        _view("send_timestamp", TIMESTAMP, text=None),
        _view("phone", DIGITS),
        *(_view(name, TEXT) for name in ("country", "operator", "operator_orig", "region")),
        _view("cost", MONEY),
        _view("sender_id", TEXT),
        _view("status_name", TEXT),
        _view("message", FREE),
        _view("comment", FREE),
        _view("mccmnc", DIGITS),
        _view("type", code(MessageType, "the type of a message")),
        _view("sms_cnt", ID),
        _view("id", ID, text="ID"),
        # [cap] get.php has these fields. The records of both endpoints are messages.
        *(_view(name, ID) for name in ("int_id", "format", "crc")),
        Other(),
    ),
    orders={
        # [cap] all=0: the id comes before the phone.
        "json": (("status", "last_date", "last_timestamp", "flag", "err", "id", "phone"),),
        "xml": (("status", "last_date", "last_timestamp", "flag", "err", "id", "phone"),),
        "text": (("status", "last_date", "err", "id", "phone"),),
    },
)
# The layouts of fmt=1. [doc] `all` decides which fields there are. [client] The fields of HLR follow the error, and the
# sender of an HLR request is `HLR`. If the request is not known, the cells tell.
_SHORT: tuple[Cell, ...] = ("status", "last_timestamp", "err")
_HLR: tuple[Cell, ...] = ("imsi", "msc", "mcc", "mnc", "cn", "net", "rcn", "rnet")
_SENT: tuple[Cell, ...] = ("send_timestamp", "phone")
# A price never looks like the name of a country.
_REGION: tuple[Cell, ...] = (Only("country", r"[^0-9,\r\n]*"), "operator", "region")
_TEXTS: tuple[Cell, ...] = ("status_name", Rest("message"))
_TYPE: tuple[Cell, ...] = ("comment", Only("type", "[0-9]{1,2}"))
_IS_HLR = Only("sender_id", "HLR")
_IMSI = Only("imsi", "[0-9]{14,15}")
# If a number has no IMSI, the codes tell that these are the fields of HLR.
_NO_IMSI: tuple[Cell, ...] = ("imsi", *(Only(name, "[0-9]*") for name in ("msc", "mcc", "mnc")), *_HLR[4:])
# [client] Before about 2012 the IMSI and the service centre came last. With all=1 these cells are not codes.
_OLD_HLR: tuple[Cell, ...] = (Only("mcc", "[0-9]{3}"), Only("mnc", "[0-9]{1,3}"), *_HLR[4:], _IMSI, "msc")


def _unknown(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """Return the cells of a message that was not found: its dates and errors are 0 or empty."""
    blank = {"last_timestamp", "send_timestamp", "err"}
    return tuple(
        Only("status", "-3") if cell == "status" else Maybe(cell) if isinstance(cell, str) and cell in blank else cell
        for cell in cells
    )


# [open] It is the same whatever the request asks for. Its state tells it from others.
_NOT_FOUND = Layout(_unknown(_SHORT), rank=-1)


def _layouts(*behind: Cell) -> Iterator[Layout]:
    """Yield the layouts of a message with `all=1` and `all=2`, which end with the cells *behind*."""
    for all_, region in (("1", ()), ("2", _REGION)):
        when = {"all": all_}
        # [client] Older servers did not send the comment and the type.
        for last, rank in (((*_TEXTS, *_TYPE), 0), (_TEXTS, 1)):
            sent = (*_SENT, *region, "cost")
            yield Layout((*_SHORT, *_HLR, *sent, _IS_HLR, *last, *behind), when, rank - 2)
            yield Layout((*_unknown(_SHORT + sent), "sender_id", *last, *behind), when, rank)
            yield Layout((*_SHORT, *sent, "sender_id", *last, *behind), when, rank)


ONE = Reply(
    "status",
    "the state of a message",
    MESSAGE,
    rule="status",
    csv=(
        _NOT_FOUND,
        Layout(_SHORT, {"all": "0"}),  # [doc]
        Layout(_unknown(_SHORT[:2]), {"all": "0"}),
        Layout(_SHORT[:2], {"all": "0"}),  # [doc] of its time
        Layout((*_SHORT, _IMSI, *_HLR[1:]), {"all": "0"}, -1),  # [client]
        Layout((*_SHORT, *_OLD_HLR), {"all": "0"}, -1),  # [client] of its time
        Layout((*_SHORT, *_NO_IMSI), {"all": "0"}, 2),  # [client] without the IMSI
        *_layouts(),
    ),
    xml=("sms",),
)
MANY = Reply(
    "statuses",
    "a list of states",
    MESSAGE,
    many=StatusList,
    rule="status",
    csv=(
        Layout((*_NOT_FOUND.cells, "id", "phone"), rank=_NOT_FOUND.rank),  # [open]
        Layout((*_SHORT, "id", "phone"), {"all": "0"}),  # [doc]
        Layout((*_SHORT, _IMSI, *_HLR[1:], "id", "phone"), {"all": "0"}, -1),  # [open]
        Layout((*_SHORT, *_NO_IMSI, "id", "phone"), {"all": "0"}, 2),  # [open]
        *_layouts("id"),
    ),
    xml=("statuses",),
    item="sms",
)


def _answer(asked: Mapping[str, str]) -> type[Message | StatusList | Success] | None:
    """Return the class of the answer to a request, or None if the parameters do not tell it."""
    if asked.get("del") == "1":
        return Success
    named = {asked.get("id"), asked.get("phone")}
    return StatusList if "several" in named else Message if "one" in named else None


ENDPOINT: Endpoint[Message | StatusList | Success] = Endpoint(
    "status.php",
    "status",
    (SUCCESS, ONE, MANY),
    errors=StatusError,
    reads={"all": ("1", "2"), "id": COUNTED, "phone": COUNTED},
    commands={"del": Success},
    answer=_answer,
)
CODEC = Codec(ENDPOINT)

__all__ = [
    "DeliveryError",
    "Message",
    "MessageFlags",
    "MessageState",
    "MessageType",
    "StatusError",
    "StatusList",
    "TemplateKind",
]
publish(globals(), "smsc_codec")

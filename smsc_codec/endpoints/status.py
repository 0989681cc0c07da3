"""`/sys/status.php`: the state of messages.

The evidence is in `docs/wire-format/status.md`; fmt=0 in `grammars/status.lark`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

import msgspec

from ..codec import Codec
from ..declare import (
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
from ..model import MAX_NUMBER, Code, ErrorCode, Records, Success


class MessageState(Code):
    """What became of a message."""

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


class DeliveryError(Code):
    """Why a message was not delivered."""

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
    """What kind of message it is."""

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


class StatusError(ErrorCode):
    """The error numbers of `status.php`."""

    PARAMETERS = 1, "error in parameters"
    AUTHORISATION = 2, "wrong login or password, or an IP address that is not on the client's list"
    IP_BLOCKED = 4, "IP address temporarily blocked", True
    DELETE = 5, "error deleting a message"
    TOO_MANY_REQUESTS = 9, "too many identical requests a minute, or 15 or more simultaneous ones under one login", True


class Message(msgspec.Struct, frozen=True):
    """The state of a message to a number. What the request (`all`) did not ask for is `None`."""

    status: MessageState
    last_date: datetime | None = None
    """When the state changed, in the account's time zone."""
    last_timestamp: int | None = None
    """The same in seconds since 1970, UTC."""
    flag: int | None = None
    err: DeliveryError | None = None
    imsi: str | None = None
    msc: str | None = None
    mcc: str | None = None
    mnc: str | None = None
    cn: str | None = None
    net: str | None = None
    rcn: str | None = None
    rnet: str | None = None
    send_date: datetime | None = None
    send_timestamp: int | None = None
    phone: str | None = None
    country: str | None = None
    operator: str | None = None
    operator_orig: str | None = None
    region: str | None = None
    cost: Decimal | None = None
    sender_id: str | None = None
    status_name: str | None = None
    message: str | None = None
    comment: str | None = None
    mccmnc: str | None = None
    type: MessageType | None = None
    sms_cnt: int | None = None
    id: int | None = None
    other: Mapping[str, str] = EMPTY
    """What the reply says beside these."""

    def raise_for_error(self) -> Message:
        """Return the reply itself: it is no error."""
        return self


class StatusList(Records[Message], frozen=True):
    """The states of several messages."""

    messages: tuple[Message, ...] = ()
    """Any iterable is made a tuple."""


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
        Other(),
    ),
    orders={
        # [cap] all=0: the id stands before the phone.
        "json": (("status", "last_date", "last_timestamp", "flag", "err", "id", "phone"),),
        "xml": (("status", "last_date", "last_timestamp", "flag", "err", "id", "phone"),),
        "text": (("status", "last_date", "err", "id", "phone"),),
    },
)
# The layouts of fmt=1. [doc] `all` decides which fields there are; [client] the fields of HLR stand behind the error,
# and the sender of an HLR request is `HLR`. Where the request is not known the cells tell.
_SHORT: tuple[Cell, ...] = ("status", "last_timestamp", "err")
_HLR: tuple[Cell, ...] = ("imsi", "msc", "mcc", "mnc", "cn", "net", "rcn", "rnet")
_SENT: tuple[Cell, ...] = ("send_timestamp", "phone")
# No price looks like the name of a country.
_REGION: tuple[Cell, ...] = (Only("country", r"[^0-9,\r\n]*"), "operator", "region")
_TEXTS: tuple[Cell, ...] = ("status_name", Rest("message"))
_TYPE: tuple[Cell, ...] = ("comment", Only("type", "[0-9]{1,2}"))
_IS_HLR = Only("sender_id", "HLR")
_IMSI = Only("imsi", "[0-9]{14,15}")


def _unknown(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """Return the cells of a message that was not found: dates and errors are 0 or nothing."""
    blank = {"last_timestamp", "send_timestamp", "err"}
    return tuple(
        Only("status", "-3") if cell == "status" else Maybe(cell) if isinstance(cell, str) and cell in blank else cell
        for cell in cells
    )


def _layouts(*behind: Cell) -> Iterator[Layout]:
    """Yield the layouts of a message with `all=1` and `all=2`, which end with the cells *behind*."""
    for all_, region in (("1", ()), ("2", _REGION)):
        when = {"all": all_}
        # [client] Older servers sent no comment and no type.
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
        Layout(_unknown(_SHORT), {"all": "0"}),
        Layout(_SHORT, {"all": "0"}),  # [doc]
        Layout(_unknown(_SHORT[:2]), {"all": "0"}),
        Layout(_SHORT[:2], {"all": "0"}),  # [doc] of its time
        Layout((*_SHORT, _IMSI, *_HLR[1:]), {"all": "0"}, -1),  # [client]
        Layout((*_SHORT, *_HLR), {"all": "0"}, 2),  # [client] without the IMSI
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
        Layout((*_unknown(_SHORT), "id", "phone"), {"all": "0"}),  # [open]
        Layout((*_SHORT, "id", "phone"), {"all": "0"}),  # [doc]
        Layout((*_SHORT, _IMSI, *_HLR[1:], "id", "phone"), {"all": "0"}, -1),  # [open]
        Layout((*_SHORT, *_HLR, "id", "phone"), {"all": "0"}, 2),  # [open]
        *_layouts("id"),
    ),
    xml=("statuses",),
    item="sms",
)

ENDPOINT: Endpoint[Message | StatusList | Success] = Endpoint(
    "status.php", "status", (SUCCESS, ONE, MANY), errors=StatusError, reads=frozenset({"all", "del", "id", "phone"})
)
CODEC = Codec(ENDPOINT)

COMMANDS: Mapping[str, type[Message | StatusList | Success]] = {}
"""`del=1` is answered with `Success`; all else with states."""

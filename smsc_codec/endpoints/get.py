"""`/sys/get.php`: messages, incoming messages, statistics, prices, accounts.

The evidence is in `docs/wire-format/get.md`, the grammar of fmt=0 in `grammars/get.lark`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from .._public import publish
from ..codec import Codec
from ..declare import (
    COUNT,
    COUNTED,
    DATE,
    DIGITS,
    FREE,
    ID,
    MONEY,
    NAME,
    TEXT,
    Cell,
    Endpoint,
    Field,
    Layout,
    Object,
    Only,
    Other,
    Reply,
    Rest,
)
from ..mapping import EMPTY
from ..model import BLOCKED, WRONG_LOGIN, WRONG_PARAMETERS, ErrorCode, Open, Records
from .senders import LIST, SenderList
from .status import MESSAGE, Message


class GetError(ErrorCode):
    """The error numbers of `get.php`."""

    PARAMETERS = WRONG_PARAMETERS
    AUTHORISATION = WRONG_LOGIN
    # [client] The service sends it instead of an empty list.
    NOT_FOUND = 3, "nothing found", False, True
    IP_BLOCKED = BLOCKED
    # [doc] The tariffs' page says three; the other pages have not been seen.
    TOO_MANY_REQUESTS = (
        9,
        "more than three identical requests a minute, or 15 or more simultaneous requests under one login",
        timedelta(minutes=1),
    )


class MessageList(Records[Message], frozen=True):
    """The answer to `get_messages=1`: the messages that were sent."""

    messages: tuple[Message, ...] = ()
    """Any iterable becomes a tuple."""


class IncomingMessage(Open, frozen=True):
    """A message that was received."""

    id: int
    received: datetime
    """The time when it was received, in Moscow."""
    phone: str
    """The number that sent it."""
    message: str
    """The text."""
    to_phone: str | None = None
    """The number that it was sent to."""
    sent: datetime | None = None
    """The time when it was sent, in Moscow."""
    other: Mapping[str, str] = EMPTY
    """Everything else in the reply."""


class IncomingList(Records[IncomingMessage], frozen=True):
    """The answer to `get_answers=1`: the messages that were received."""

    messages: tuple[IncomingMessage, ...] = ()
    """Any iterable becomes a tuple."""


class Statistics(Open, frozen=True):
    """The messages and the money of an account."""

    login: str
    """The account."""
    sms: int
    """The number of messages."""
    credit: Decimal | None = None
    """The money that was spent."""
    debit: Decimal | None = None
    """The money that was paid in."""
    currency: str | None = None
    """The code of the currency."""
    other: Mapping[str, str] = EMPTY
    """Everything else in the reply."""


class StatisticsList(Records[Statistics], frozen=True):
    """The answer to `get_stat=1`."""

    rows: tuple[Statistics, ...] = ()
    """Any iterable becomes a tuple."""


class PriceZone(Open, frozen=True):
    """The prices of messages in a part of the world. The documentation breaks off after `call`."""

    zone: str
    """The tariff zone."""
    name: str | None = None
    api: Decimal | None = None
    """The price of an SMS through the API."""
    mass: Decimal | None = None
    """The price of an SMS through the account."""
    mms: Decimal | None = None
    hlr: Decimal | None = None
    call: Decimal | None = None
    other: Mapping[str, str] = EMPTY
    """Everything else in the reply."""


class PriceList(Records[PriceZone], frozen=True):
    """The answer to `get_price=1`."""

    zones: tuple[PriceZone, ...] = ()
    """Any iterable becomes a tuple."""


class MegaAccount(Open, frozen=True):
    """A mega account. Its keys are not known."""

    other: Mapping[str, str] = EMPTY
    """Everything in the reply."""


class MegaAccountList(Records[MegaAccount], frozen=True):
    """The answer to `get_mega_accounts=1`."""

    accounts: tuple[MegaAccount, ...] = ()
    """Any iterable becomes a tuple."""


# [cap] The order of fmt=0: the operator's data follow the number, and the ids follow the text.
_TEXT_ORDER = (
    *("status", "last_date", "last_timestamp", "flag", "err", "imsi", "msc", "mcc", "mnc", "cn", "net", "rcn", "rnet"),
    *("send_date", "send_timestamp", "phone", "mccmnc", "country", "operator", "operator_orig", "region", "cost"),
    *("sender_id", "status_name", "message", "comment", "type", "id", "int_id", "sms_cnt", "format", "crc"),
)
# [client] The order of fmt=3: the operator's data follow the text.
_NUMBER = ("mccmnc", "country", "operator", "operator_orig", "region")
_ORDER = tuple(name for name in _TEXT_ORDER if name not in _NUMBER)
_AT = _ORDER.index("type")
_JSON_ORDER = (*_ORDER[:_AT], *_NUMBER, *_ORDER[_AT:])

SENT = Object(
    Message,
    (*(MESSAGE.by_name[name] for name in _TEXT_ORDER), Other()),
    orders={"xml": (_JSON_ORDER,), "json": (_JSON_ORDER,)},
)
# [open] The values of fmt=0 with time stamps. An error has up to three digits, and its cell is there only if it is.
_BEHIND: tuple[Cell, ...] = (
    *("phone", "mccmnc", "country", "operator", "region", "cost", "sender_id", "status_name"),
    *(Rest("message"), Only("type", "[0-9]{1,2}"), "id", "int_id", "sms_cnt", "format", "crc"),
)
MESSAGES = Reply(
    "messages",
    "a list of messages",
    SENT,
    many=MessageList,
    rule="status",
    csv=(
        Layout(("status", "last_timestamp", Only("send_timestamp", "[0-9]{5,18}"), *_BEHIND)),
        Layout(("status", "last_timestamp", Only("err", "[0-9]{1,4}"), "send_timestamp", *_BEHIND)),
    ),
    xml=("messages",),
    item="sms",
)
ANSWERS = Reply(
    "answers",
    "a list of incoming messages",
    Object(
        IncomingMessage,
        (
            Field("id", ID),
            Field("received", DATE),
            Field("phone", DIGITS),
            Field("message", FREE),
            Field("to_phone", DIGITS, optional=True),
            Field("sent", DATE, optional=True),
            Other(),
        ),
    ),
    many=IncomingList,
    rule="answer",
    # [open] A client asks for it. Nobody has seen whether it has dates or time stamps.
    csv=(Layout(("id", "received", "phone", Rest("message"), "to_phone", "sent")),),
    xml=("answers",),
    item="answer",
)
STATISTICS = Reply(
    "stat",
    "statistics",
    Object(
        Statistics,
        (
            Field("login", NAME),
            Field("sms", COUNT),
            Field("credit", MONEY, optional=True),
            Field("debit", MONEY, optional=True),
            Field("currency", NAME, optional=True),
            Other(),
        ),
        # [doc] The page has this name for the count, and a client has `sms`.
        also={fmt: {"cnt": "sms"} for fmt in ("text", "xml", "json")},
    ),
    many=StatisticsList,
    rule="statistic",
    csv=(Layout(("login", "sms", "credit", "debit", Only("currency", r"[^\W\d_][^,\r\n]*"))),),
    xml=("stat",),
    item="user",
)
PRICES = Reply(
    "prices",
    "a list of prices",
    Object(
        PriceZone,
        (
            Field("zone", DIGITS),
            Field("name", TEXT, optional=True),
            *(Field(name, MONEY, optional=True) for name in ("api", "mass", "mms", "hlr", "call")),
            Other(),
        ),
    ),
    many=PriceList,
    rule="zone",
    xml=("zones",),
    item="zone",
    member="zones",  # [client] an object with an array
    unknown=("csv",),  # the documentation of a line is cut off
)
ACCOUNTS = Reply(
    "mega_accounts",
    "a list of mega accounts",
    Object(MegaAccount, (Other(),)),
    many=MegaAccountList,
    rule="record",
    xml=("accounts",),
    item="account",
)
COMMANDS: Mapping[str, Any] = MappingProxyType(
    {
        "get_messages": MessageList,
        "get_answers": IncomingList,
        "get_stat": StatisticsList,
        "get_price": PriceList,
        "get_mega_accounts": MegaAccountList,
        "get_senders": SenderList,
    }
)
"""The parameter that is 1 in a request, and the answer to it."""

ENDPOINT: Endpoint[MessageList | IncomingList | StatisticsList | PriceList | MegaAccountList | SenderList] = Endpoint(
    "get.php",
    "get",
    (MESSAGES, ANSWERS, STATISTICS, PRICES, ACCOUNTS, LIST),  # [client] the last is older than senders.php
    errors=GetError,
    # A body does not tell which messages it has, and a request asks for a page by an id.
    reads={
        "prev_id": COUNTED,
        "after_id": COUNTED,
        "cnt": COUNTED,
        "hour": COUNTED,
        "format": ("8",),
        "mycur": ("1",),
        "balance2": ("1",),
    },
    commands=COMMANDS,
)
CODEC = Codec(ENDPOINT)

__all__ = [
    "GetError",
    "IncomingList",
    "IncomingMessage",
    "MegaAccount",
    "MegaAccountList",
    "MessageList",
    "PriceList",
    "PriceZone",
    "SenderList",
    "Statistics",
    "StatisticsList",
]
publish(globals(), "smsc_codec")

"""`/sys/send.php`: a message sent, or its price.

The evidence is in `docs/wire-format/send.md`; fmt=0 in `grammars/send.lark`.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from msgspec.structs import replace

from .._public import publish
from ..codec import Codec
from ..declare import (
    COUNT,
    COUNTED,
    DIGITS,
    ID,
    MONEY,
    Endpoint,
    Field,
    Layout,
    Many,
    Object,
    Only,
    Other,
    Reply,
    code,
)
from ..mapping import EMPTY
from ..model import BLOCKED, WRONG_LOGIN, WRONG_PARAMETERS, Answer, ErrorCode, Open
from .status import DeliveryError, MessageState


class MessageError(ErrorCode):
    """The error numbers of `send.php`."""

    PARAMETERS = WRONG_PARAMETERS
    AUTHORISATION = WRONG_LOGIN
    NO_MONEY = 3, "not enough money"
    IP_BLOCKED = BLOCKED
    DATE_FORMAT = 5, "wrong date format"
    FORBIDDEN = 6, "the message is forbidden because of its text or its sender"
    PHONE_FORMAT = 7, "wrong phone number format"
    UNDELIVERABLE = 8, "the message cannot be delivered to that number"
    TOO_MANY_REQUESTS = (
        9,
        "more than one identical message or five identical price requests a minute,"
        " or 15 or more simultaneous requests under one login",
        timedelta(minutes=1),
    )


class PhoneResult(Open, frozen=True):
    """What became of one number of a message, with `op=1`, or with `err=1` if it is wrong."""

    phone: str
    mccmnc: str | None = None
    """The codes of its country and operator."""
    cost: Decimal | None = None
    status: MessageState | None = None
    """The state of the message, if there is an error."""
    error: DeliveryError | None = None
    """Why it cannot be delivered, if there is an error."""
    other: Mapping[str, str] = EMPTY
    """What the reply says beside these."""


class MessageSent(Answer, Open, frozen=True):
    """The answer to a message."""

    id: int
    """That of the message; all its numbers share it."""
    parts: int
    """How many messages it was cut into; of a call its blocks."""
    cost: Decimal | None = None
    """With `cost=2` and `cost=3`."""
    balance: Decimal | None = None
    """The account's money behind it, with `cost=3`."""
    code: str | None = None
    """The code that a call says, with `mes=code` and `call=1`."""
    phones: tuple[PhoneResult, ...] = ()
    """With `op=1` or `err=1`."""
    other: Mapping[str, str] = EMPTY
    """What the reply says beside these."""


class MessageCost(Answer, Open, frozen=True):
    """The answer to `cost=1`: nothing was sent."""

    cost: Decimal
    parts: int | None = None
    """How many messages it would be cut into; `None` if the reply is an amount alone."""
    phones: tuple[PhoneResult, ...] = ()
    """With `op=1`."""
    other: Mapping[str, str] = EMPTY
    """What the reply says beside these."""


# [client] fmt=3 has them in quotes, unlike those of status.php.
_STATE = replace(code(MessageState, "the state of a message"), bare=False)
_ERROR = replace(code(DeliveryError, "a delivery error"), bare=False)

PHONE = Object(
    PhoneResult,
    (
        Field("phone", DIGITS, xml="."),
        Field("mccmnc", DIGITS, xml="@mccmnc", optional=True),
        Field("cost", MONEY, xml="@cost", optional=True),
        Field("status", _STATE, xml="@status", optional=True),
        Field("error", _ERROR, xml="@error", optional=True),
        Other(),
    ),
)
# An e-mail is sent to an address. No other line is that of a number.
_PHONE = Only("phone", r"\+?[0-9]+|[^,@ \r\n]+@[^,@ \r\n]+")
# [client] fmt=3 has an array; the other forms are our choice. State and error stand there only if there is an error,
# the price only if it was asked for.
PHONES = Many(
    PHONE,
    item="phone",
    rule="phone",
    csv=(
        Layout((_PHONE, "mccmnc", "cost", "status", "error")),
        Layout((_PHONE, "mccmnc", "status", "error")),
        Layout((_PHONE, "mccmnc", "cost")),
        Layout((_PHONE, "mccmnc")),
        Layout((_PHONE,)),
    ),
)

# [client] The code of a call has six digits.
_CODE = Only("code", "[0-9]{6}")

SENT = Reply(
    "sent",
    "a sent message",
    Object(
        MessageSent,
        (
            Field("id", ID),
            Field("parts", COUNT, xml="cnt", json="cnt"),  # [doc] OK - 1 SMS, ID - 279
            Field("code", DIGITS, optional=True),
            Field("cost", MONEY, optional=True),
            Field("balance", MONEY, optional=True),
            Field("phones", PHONES, optional=True),
            Other(),
        ),
    ),
    csv=(
        Layout(("id", "parts"), when={"cost": "0"}),  # [doc]
        Layout(("id", "parts", "cost")),  # [doc] cost=2
        Layout(("id", "parts", "cost", "balance")),  # [doc] cost=3
        # [client] has a code in fmt=3; its place here is our choice.
        Layout(("id", "parts", _CODE), when={"mes": "code", "call": "1"}),
        Layout(("id", "parts", "cost", _CODE), when={"mes": "code", "call": "1", "cost": "2"}),
        Layout(("id", "parts", "cost", "balance", "code"), when={"mes": "code", "call": "1", "cost": "3"}),
    ),
    # [client] Also without a root.
    xml=("result", None),
)
COST = Reply(
    "cost",
    "the price of a message",
    Object(
        MessageCost,
        (
            Field("cost", MONEY),  # [cap 2013] stands before the count
            # [open] fmt=0 may be an amount alone, as a balance is.
            Field("parts", COUNT, xml="cnt", json="cnt", absent_in="text"),
            Field("phones", PHONES, optional=True),
            Other(),
        ),
    ),
    csv=(Layout(("cost", "parts"), when={"cost": "1"}),),  # [doc] the request alone tells it from <id>,<cnt>
    xml=("result", None),
)


def _answer(asked: Mapping[str, str]) -> type[MessageSent | MessageCost] | None:
    """Return what a request is answered with; one that names no numbers has other parameters elsewhere."""
    if asked.get("cost") == "1":
        return MessageCost
    if asked.get("cost") in ("2", "3"):
        return MessageSent
    return MessageSent if "cost" not in asked and ("phones" in asked or "list" in asked) else None


ENDPOINT: Endpoint[MessageSent | MessageCost] = Endpoint(
    "send.php",
    "send",
    (SENT, COST),
    errors=MessageError,
    reads={
        "cost": ("1", "2", "3"),
        "op": ("1",),
        "err": ("1",),
        "mes": ("code",),
        "call": ("1",),
        "phones": COUNTED,
        "list": COUNTED,
    },
    answer=_answer,
)
CODEC = Codec(ENDPOINT)

__all__ = [
    "MessageCost",
    "MessageError",
    "MessageSent",
    "PhoneResult",
]
publish(globals(), "smsc_codec")

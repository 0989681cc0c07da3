"""`/sys/send.php`: a sent message, or the price of a message.

The evidence is in `docs/wire-format/send.md`, the grammar of fmt=0 in `grammars/send.lark`.
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
    """The result for one number of a message, with `op=1`, or with `err=1` if the number is wrong."""

    phone: str
    mccmnc: str | None = None
    """The codes of its country and operator."""
    cost: Decimal | None = None
    status: MessageState | None = None
    """The state of the message, if there is an error."""
    error: DeliveryError | None = None
    """The reason why it cannot be delivered, if there is an error."""
    other: Mapping[str, str] = EMPTY
    """Everything else in the reply."""


class MessageSent(Answer, Open, frozen=True):
    """The answer to a message."""

    id: int
    """The id of the message. All its numbers share it."""
    parts: int
    """The number of messages that it was split into, or the number of blocks of a call."""
    cost: Decimal | None = None
    """With `cost=2` and `cost=3`."""
    balance: Decimal | None = None
    """The account's money after it was sent, with `cost=3`."""
    code: str | None = None
    """The code that a call says, with `mes=code` and `call=1`."""
    phones: tuple[PhoneResult, ...] = ()
    """With `op=1` or `err=1`."""
    other: Mapping[str, str] = EMPTY
    """Everything else in the reply."""


class MessageCost(Answer, Open, frozen=True):
    """The answer to `cost=1`: nothing was sent."""

    cost: Decimal
    parts: int | None = None
    """How many messages it would be cut into; `None` if the reply is an amount alone."""
    phones: tuple[PhoneResult, ...] = ()
    """With `op=1`."""
    other: Mapping[str, str] = EMPTY
    """Everything else in the reply."""


# [client] fmt=3 has these codes in quotes, unlike the codes of status.php.
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
# An e-mail is sent to an address. Any other text is not a number.
_PHONE = Only("phone", r"\+?[0-9]+|[^,@ \r\n]+@[^,@ \r\n]+")
# [client] fmt=3 has an array. The other forms are our choice. State and error are there only if there is an error, the
# price only if the request asked for it.
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
        # [client] fmt=3 has a code. Its place here is our choice.
        Layout(("id", "parts", _CODE), when={"mes": "code", "call": "1"}),
        Layout(("id", "parts", "cost", _CODE), when={"mes": "code", "call": "1", "cost": "2"}),
        Layout(("id", "parts", "cost", "balance", "code"), when={"mes": "code", "call": "1", "cost": "3"}),
    ),
    # [client] The root can be missing.
    xml=("result", None),
)
COST = Reply(
    "cost",
    "the price of a message",
    Object(
        MessageCost,
        (
            Field("cost", MONEY),  # [cap 2013] it comes before the count
            # [open] fmt=0 may be an amount alone, like a balance.
            Field("parts", COUNT, xml="cnt", json="cnt", absent_in="text"),
            Field("phones", PHONES, optional=True),
            Other(),
        ),
    ),
    csv=(Layout(("cost", "parts"), when={"cost": "1"}),),  # [doc] the request alone tells it from <id>,<cnt>
    xml=("result", None),
)


def _answer(asked: Mapping[str, str]) -> type[MessageSent | MessageCost] | None:
    """Return the class of the answer to a request, or None if the parameters do not tell it."""
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

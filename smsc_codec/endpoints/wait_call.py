"""`/sys/wait_call.php`: the number that subscribers call to confirm their own.

The evidence is in `docs/wire-format/wait_call.md`, the grammar of fmt=0 in `grammars/wait_call.lark`.
"""

from collections.abc import Mapping
from datetime import timedelta

from .._public import publish
from ..codec import Codec
from ..declare import COUNTED, DIGITS, Endpoint, Field, Layout, Object, Only, Other, Reply, Several
from ..mapping import EMPTY
from ..model import BLOCKED, WRONG_LOGIN, WRONG_PARAMETERS, Answer, ErrorCode, Open


class CallError(ErrorCode):
    """The error numbers of `wait_call.php`."""

    PARAMETERS = WRONG_PARAMETERS
    AUTHORISATION = WRONG_LOGIN
    NO_MONEY = 3, "not enough money"
    IP_BLOCKED = BLOCKED
    NUMBER_FORMAT = 5, "wrong phone number"
    # [client] The error says that the limit is for a day, so another day helps. It does not name a time.
    NUMBER_LIMIT = 6, "the limit of calls to this number today", True
    # [client] Nobody has seen how many requests are too many.
    TOO_MANY_REQUESTS = (
        9,
        "too many requests, or 15 or more simultaneous requests under one login",
        timedelta(minutes=1),
    )


class CallNumber(Answer, Open, frozen=True):
    """The number that the subscriber has to call."""

    phone: str
    all_phones: tuple[str, ...] = ()
    """All numbers that can be called. Not every reply has them."""
    other: Mapping[str, str] = EMPTY
    """Everything else in the reply."""


CALL = Reply(
    "call_number",
    "the number to call",
    Object(
        CallNumber,
        (
            Field("phone", DIGITS),
            # [client] It is a list of numbers, or empty.
            Field("all_phones", Several(DIGITS), text=None, csv=None, xml=None, optional=True),
            Other(),
        ),
    ),
    csv=(Layout((Only("phone", r"\+?[0-9]+"),)),),
)

ENDPOINT: Endpoint[CallNumber] = Endpoint(
    "wait_call.php",
    "wait_call",
    (CALL,),
    errors=CallError,
    reads={"phone": COUNTED},
    answer=lambda asked: CallNumber,
)
CODEC = Codec(ENDPOINT)

__all__ = [
    "CallError",
    "CallNumber",
]
publish(globals(), "smsc_codec")

"""`/sys/wait_call.php`: the number that a subscriber has to call to confirm the own one.

The evidence is in `docs/wire-format/wait_call.md`; fmt=0 in `grammars/wait_call.lark`.
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
    # [client] The limit is said to be that of a day, so another day helps. No time is given.
    NUMBER_LIMIT = 6, "the limit of calls to this number today", True
    # [client] How many are too many has not been seen.
    TOO_MANY_REQUESTS = (
        9,
        "too many requests, or 15 or more simultaneous requests under one login",
        timedelta(minutes=1),
    )


class CallNumber(Answer, Open, frozen=True):
    """The number that the subscriber has to call."""

    phone: str
    all_phones: tuple[str, ...] = ()
    """All numbers that can be called; not in every reply."""
    other: Mapping[str, str] = EMPTY
    """What the reply says beside it."""


CALL = Reply(
    "call_number",
    "the number to call",
    Object(
        CallNumber,
        (
            Field("phone", DIGITS),
            # [client] A list of numbers, or empty.
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

"""`/sys/info.php`: the operator of a phone number.

The evidence is in `docs/wire-format/info.md`; fmt=0 in `grammars/info.lark`.
"""

from collections.abc import Mapping
from datetime import timedelta

from .._public import publish
from ..codec import Codec
from ..declare import COUNTED, DIGITS, TEXT, Cell, Endpoint, Field, Layout, Object, Only, Other, Reply
from ..mapping import EMPTY
from ..model import BLOCKED, WRONG_LOGIN, WRONG_PARAMETERS, Answer, ErrorCode, Open, Records


class InfoError(ErrorCode):
    """The error numbers of `info.php`."""

    PARAMETERS = WRONG_PARAMETERS
    AUTHORISATION = WRONG_LOGIN
    NOT_FOUND = 3, "operator not found"
    IP_BLOCKED = BLOCKED
    TOO_MANY_REQUESTS = (
        9,
        "more than three identical or a hundred other requests a minute,"
        " or 15 or more simultaneous requests under one login",
        timedelta(minutes=1),
    )


class OperatorInfo(Answer, Open, frozen=True):
    """Where a phone number belongs."""

    phone: str | None = None
    """The number; `None` in the reply to a request for one number in fmt=3."""
    country: str = ""
    operator: str = ""
    region: str = ""
    mcc: str = ""
    """The code of the country."""
    mnc: str = ""
    """The code of the operator; zeros in front of it count."""
    tz: str | None = None
    """The time zone, as it was sent."""
    other: Mapping[str, str] = EMPTY
    """What the reply says beside these."""


class OperatorInfoList(Records[OperatorInfo], frozen=True):
    """Where several phone numbers belong."""

    numbers: tuple[OperatorInfo, ...] = ()
    """Any iterable is made a tuple."""


INFO = Object(
    OperatorInfo,
    (
        # [client] What the first value of fmt=0 is called has not been seen.
        Field("phone", DIGITS, optional=True, leads=True),
        Field("country", TEXT),
        Field("operator", TEXT),
        Field("region", TEXT),
        Field("mcc", DIGITS),
        Field("mnc", DIGITS),
        Field("tz", DIGITS, optional=True),
        Other(),
    ),
)
# [open] Nobody has seen fmt=1. A line with a comma too many is refused, as no cell can be told to have it; the codes
# show that it has one.
_CELLS: tuple[Cell, ...] = (
    Only("phone", r"\+?[0-9]+"),
    *("country", "operator", "region"),
    *(Only("mcc", "[0-9]{3}"), Only("mnc", "[0-9]{1,3}")),
)
_ZONE = Only("tz", "[0-9:.+-]*")

ONE = Reply(
    "operator",
    "the operator of a number",
    INFO,
    rule="info",
    csv=(Layout((*_CELLS, _ZONE)), Layout(_CELLS)),
    xml=("info",),
)
MANY = Reply(
    "operators",
    "the operators of several numbers",
    INFO,
    many=OperatorInfoList,
    rule="info",
    # One line is the reply to a request for one number.
    csv=(Layout((*_CELLS, _ZONE), rank=1), Layout(_CELLS, rank=1)),
    xml=("numbers",),
    item="info",
)


def _answer(asked: Mapping[str, str]) -> type[OperatorInfo | OperatorInfoList] | None:
    """Return what a request is answered with; one that names no number has other parameters elsewhere."""
    if asked.get("get_operator") != "1":
        return None
    if asked.get("phone") == "several":
        return OperatorInfoList
    return OperatorInfo if "phone" in asked else None


ENDPOINT: Endpoint[OperatorInfo | OperatorInfoList] = Endpoint(
    "info.php",
    "info",
    (ONE, MANY),
    errors=InfoError,
    reads={"phone": COUNTED},
    commands={"get_operator": OperatorInfo},  # [doc] several numbers are answered with a list
    answer=_answer,
)
CODEC = Codec(ENDPOINT)

__all__ = [
    "InfoError",
    "OperatorInfo",
    "OperatorInfoList",
]
publish(globals(), "smsc_codec")

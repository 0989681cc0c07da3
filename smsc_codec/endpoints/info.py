"""`/sys/info.php`: the operator of a phone number.

The evidence is in `docs/wire-format/info.md`, the grammar of fmt=0 in `grammars/info.lark`.
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
    """The operator and the country of a phone number."""

    phone: str | None = None
    """The number; `None` in the reply to a request for one number in fmt=3."""
    country: str = ""
    operator: str = ""
    region: str = ""
    mcc: str = ""
    """The code of the country."""
    mnc: str = ""
    """The code of the operator. Leading zeros count."""
    tz: str | None = None
    """The time zone, as it was sent."""
    other: Mapping[str, str] = EMPTY
    """Everything else in the reply."""


class OperatorInfoList(Records[OperatorInfo], frozen=True):
    """The operators and countries of several phone numbers."""

    numbers: tuple[OperatorInfo, ...] = ()
    """Any iterable becomes a tuple."""


INFO = Object(
    OperatorInfo,
    (
        # [client] Nobody has seen the key of the first value in fmt=0.
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
# [open] Nobody has seen fmt=1. The codes show an extra comma. Such a line is refused, because nothing tells which
# cell the comma belongs to.
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
    """Return the class of the answer to a request, or None if the parameters do not tell it."""
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

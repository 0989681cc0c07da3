"""`/sys/get_mnp.php`: numbers that were ported to another operator.

The evidence is in `docs/wire-format/get_mnp.md`, the grammar of fmt=0 in `grammars/get_mnp.lark`.
"""

from collections.abc import Mapping

from .._public import publish
from ..codec import Codec
from ..declare import COUNTED, DIGITS, SUCCESS, Endpoint, Field, Object, Other, Reply
from ..mapping import EMPTY
from ..model import Open, Records, Success


class Ported(Open, frozen=True):
    """A number that was ported. Fields that the reply does not have are `None`."""

    phone: str | None = None
    mccmnc: str | None = None
    """The codes of its country and operator."""
    other: Mapping[str, str] = EMPTY
    """Everything else in the reply."""


class PortedList(Records[Ported], frozen=True):
    """The answer to a request with a `date`."""

    numbers: tuple[Ported, ...] = ()
    """Any iterable becomes a tuple."""


# [client] fmt=3 has an array, but nobody has seen its items. The file without a `date` begins with `Phone;mccmnc`, so
# these are assumed to be the names.
NUMBERS = Reply(
    "ported_numbers",
    "a list of ported numbers",
    Object(
        Ported,
        (Field("phone", DIGITS, optional=True), Field("mccmnc", DIGITS, optional=True), Other()),
        also={"json": {"Phone": "phone"}},
    ),
    many=PortedList,
    rule="ported",
    xml=("numbers",),
    item="number",
    unknown=("text", "csv", "xml"),
)

ENDPOINT: Endpoint[PortedList | Success] = Endpoint(
    "get_mnp.php",
    "get_mnp",
    (SUCCESS, NUMBERS),
    reads={"date": COUNTED},
    # [client] Without a date the service sends a file, which is not a reply.
    answer=lambda asked: PortedList if "date" in asked else None,
)
CODEC = Codec(ENDPOINT)

__all__ = [
    "Ported",
    "PortedList",
]
publish(globals(), "smsc_codec")

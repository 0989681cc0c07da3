"""`/sys/receive_phones.php`: numbers that receive messages.

The evidence is in `docs/wire-format/receive_phones.md`, the grammar of fmt=0 in `grammars/receive_phones.lark`.
"""

from collections.abc import Mapping

from .._public import publish
from ..codec import Codec
from ..declare import SUCCESS, Endpoint, Object, Other, Reply
from ..mapping import EMPTY
from ..model import BLOCKED, TOO_MANY, WRONG_LOGIN, WRONG_PARAMETERS, ErrorCode, Open, Records, Success


class ReceivePhoneError(ErrorCode):
    """The error numbers of `receive_phones.php`. Nobody has seen any except those of the whole service."""

    PARAMETERS = WRONG_PARAMETERS
    AUTHORISATION = WRONG_LOGIN
    IP_BLOCKED = BLOCKED
    TOO_MANY_REQUESTS = TOO_MANY


class ReceivePhone(Open, frozen=True):
    """A number that receives messages. Its keys are not known."""

    other: Mapping[str, str] = EMPTY
    """Everything in the reply."""


class ReceivePhoneList(Records[ReceivePhone], frozen=True):
    """The answer to `get=1`."""

    phones: tuple[ReceivePhone, ...] = ()
    """Any iterable becomes a tuple."""


# [client] fmt=3 has an array. Nobody has seen its items, or the other formats.
PHONES = Reply(
    "receive_phones",
    "a list of numbers that receive messages",
    Object(ReceivePhone, (Other(),)),
    many=ReceivePhoneList,
    rule="record",
    xml=("phones",),
    item="phone",
    unknown=("text", "csv", "xml"),
)

ENDPOINT: Endpoint[ReceivePhoneList | Success] = Endpoint(
    "receive_phones.php",
    "receive_phones",
    (SUCCESS, PHONES),
    errors=ReceivePhoneError,
    commands={"get": ReceivePhoneList, "buy": Success, "chg": Success},
)
CODEC = Codec(ENDPOINT)

__all__ = [
    "ReceivePhone",
    "ReceivePhoneError",
    "ReceivePhoneList",
]
publish(globals(), "smsc_codec")

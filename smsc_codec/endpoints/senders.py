"""`/sys/senders.php`: the sender names of an account.

The evidence is in `docs/wire-format/senders.md`, the grammar of fmt=0 in `grammars/senders.lark`.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from .._public import publish
from ..codec import Codec
from ..declare import ID, NAME, SUCCESS, Endpoint, Field, Layout, Object, OpenMap, View, code
from ..declare import Reply as Declared
from ..mapping import EMPTY
from ..model import BLOCKED, WRONG_LOGIN, WRONG_PARAMETERS, Answer, Code, ErrorCode, ErrorReply, Records, Success


class SenderStatus(Code):
    """The state of a sender name (`senders.php`, `all=1`)."""

    MODERATION = 0, "waiting for moderation"
    ALLOWED = 1, "allowed to use"
    DISABLED = 2, "disabled"


class OperatorStatus(Code):
    """The state of a sender name at one operator (`senders.php`, `operators=1`)."""

    PENDING = 0, "pending registration"
    SENT = 1, "sent for registration"
    APPROVED = 2, "approved"
    REJECTED = 3, "not accepted"
    SUSPENDED = 4, "temporarily disabled"
    NO_FUNDS = 5, "insufficient funds"
    DOCUMENTS_REQUIRED = 8, "supporting documents required"
    NEXT_MONTH = 9, "activation from the beginning of the month"


class SenderError(ErrorCode):
    """The error numbers of `senders.php`."""

    # [doc] A request may be repeated after an error that passes with time. Other errors are about the request itself
    # (1, 2, 3, 7, 11) or have no cause that time would remove (5, 8): the same request leads to the same error.
    PARAMETERS = WRONG_PARAMETERS
    AUTHORISATION = WRONG_LOGIN
    NOT_FOUND = 3, "sender name not found"
    IP_BLOCKED = BLOCKED
    SAVE = 5, "error saving or deleting the sender name"
    NUMBER_FORMAT = 7, "wrong number format"
    UNDELIVERABLE = 8, "the confirmation code cannot be delivered to the number"
    TOO_MANY_REQUESTS = (
        9,
        "more than three identical list requests or five create requests a minute,"
        " or 15 or more simultaneous requests under one login",
        timedelta(minutes=1),
    )
    CODE_ALREADY_SENT = 10, "the code was already sent to this number; again after 8 hours", timedelta(hours=8)
    WRONG_CODE = 11, "wrong confirmation code"


class Sender(msgspec.Struct, frozen=True, gc=False):
    """One sender name (Sender ID). Fields that the reply does not have are `None` or empty."""

    name: str
    """Up to 11 Latin letters, digits and signs, or a number of up to 15 digits."""
    id: int | None = None
    """The service's number for the name. Old servers do not send it."""
    status: SenderStatus | None = None
    """Whether it may be used, with `all=1`."""
    operators: Mapping[str, OperatorStatus] = EMPTY
    """The name's state by the service's operator keys (`mega_step`, `mts_step`, …), with `operators=1`. Keys
    that this library does not know are kept like any other."""
    replacements: Mapping[str, str] = EMPTY
    """The name that is shown in place of this one, by the same keys."""

    # The generated hash would refuse a plain dict of a caller, which compares equal to the frozen one.
    def __hash__(self) -> int:
        operators = frozenset(self.operators.items())
        return hash((self.name, self.id, self.status, operators, frozenset(self.replacements.items())))

    def __repr__(self) -> str:
        fields = ((name, getattr(self, name)) for name in self.__struct_fields__)
        given = (f"{name}={value!r}" for name, value in fields if value is not None and value != {})
        return f"Sender({', '.join(given)})"


class SenderList(Records[Sender], frozen=True):
    """The answer to `get=1`: a sequence of sender names in the order of the reply."""

    senders: tuple[Sender, ...] = ()
    """Any iterable becomes a tuple."""

    def by_name(self, name: str) -> Sender:
        """Return the first sender with that name. Raise `KeyError` if there is none."""
        for sender in self.senders:
            if sender.name == name:
                return sender
        raise KeyError(name)


class SenderCreated(Answer, frozen=True):
    """The answer to `add=1`."""

    id: int
    """The id of the new name."""


Reply: TypeAlias = SenderList | SenderCreated | Success | ErrorReply
"""Any reply of `senders.php`."""

# [doc] The order of the operators differs between the text format and the other two.
TEXT_ORDER = (
    *("mega_step", "bee_step", "motiv_step", "sber_step", "mts_step", "tele2_step", "tele2"),
    *("motiv", "ua_reg", "ua_int", "mega_int", "motiv_int", "mts_int"),
)
XML_AND_JSON_ORDER = (
    *("mega_step", "mega_int", "bee_step", "motiv_step", "motiv_int", "sber_step"),
    *("mts_step", "mts_int", "tele2_step", "tele2", "motiv", "ua_reg", "ua_int"),
)
# [doc] The first were documented until 2022 and 2017. The others are parameters whose replies nobody has recorded.
OTHER_OPERATORS = ("mega", "mts", "winmob_step", "volnamob_step", "by_reg")

# A replacement can be a short number with three or more digits. Documented codes have one digit.
_OPERATOR_CODE = code(OperatorStatus, "an operator's code (0 to 99)", "0|[1-9][0-9]?")
_REPLACEMENT = replace(NAME, title="the name of a replacement, which one or two digits are not")

SENDER = Object(
    Sender,
    (
        Field("name", NAME, xml=".", json="sender"),
        Field("status", code(SenderStatus, "the number of a status"), xml="@status", optional=True),
        OpenMap(
            codes="operators",
            code=_OPERATOR_CODE,
            texts="replacements",
            text=_REPLACEMENT,
            known=frozenset(TEXT_ORDER + OTHER_OPERATORS),
            order={"text": TEXT_ORDER, "xml": XML_AND_JSON_ORDER, "json": XML_AND_JSON_ORDER},
            quotes=True,
        ),
        Field("id", ID, xml="@id", optional=True),
    ),
)

LIST = Declared(
    "senders",
    "a list of sender names",
    SENDER,
    many=SenderList,
    rule="sender",
    csv=(Layout(("name", "id")), Layout(("name", "status", "id"))),
    xml=("senders",),
    item="sender",
)

CREATED = Declared(
    "created",
    "the id of a new sender name",
    # Nobody has recorded it in XML. The replies of other endpoints suggest these forms.
    Object(SenderCreated, (Field("id", ID, xml="sender", json="sender"),), also={"xml": {"id": "id"}}),
    csv=(Layout(("id",)),),
    xml=("result", None),
)

COMMANDS: Mapping[str, type[SenderList | SenderCreated | Success]] = MappingProxyType(
    {
        "get": SenderList,
        "add": SenderCreated,
        "chg": Success,
        "send_code": Success,
        "check_code": Success,
        "del": Success,
    }
)
"""[doc] The parameter that is 1 in a request, and the answer to it."""

SENDERS: Endpoint[SenderList | SenderCreated | Success] = Endpoint(
    "senders.php",
    "senders",
    (SUCCESS, CREATED, LIST),
    errors=SenderError,
    # [cap] send.php has an error 6, and the whole service has the same form of errors.
    other_errors=frozenset({6}),
    reads={"all": ("1",), "operators": ("1",)},
    commands=COMMANDS,
    views=(
        # [doc] The view with the operators has no status, and does not exist in fmt=1.
        View({"all": "1", "operators": "0"}, "status"),
        View({"operators": "1"}, "operators", ("text", "xml", "json")),
    ),
)
CODEC = Codec(SENDERS)

__all__ = [
    "OperatorStatus",
    "Sender",
    "SenderCreated",
    "SenderError",
    "SenderList",
    "SenderStatus",
]
publish(globals(), "smsc_codec")

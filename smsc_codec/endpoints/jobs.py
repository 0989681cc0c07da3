"""`/sys/jobs.php`: mailings.

The evidence is in `docs/wire-format/jobs.md`, the grammar of fmt=0 in `grammars/jobs.lark`.
"""

from collections.abc import Mapping
from decimal import Decimal

from .._public import publish
from ..codec import Codec
from ..declare import ID, MONEY, SUCCESS, Endpoint, Field, Layout, Object, Other, Reply, code
from ..mapping import EMPTY
from ..model import BLOCKED, TOO_MANY, WRONG_LOGIN, WRONG_PARAMETERS, Answer, ErrorCode, Open, Records, Success
from .status import MessageState


class MailingError(ErrorCode):
    """The error numbers of `jobs.php`."""

    PARAMETERS = WRONG_PARAMETERS
    AUTHORISATION = WRONG_LOGIN
    SAVE = 3, "error saving a record"
    IP_BLOCKED = BLOCKED
    DATE_FORMAT = 5, "wrong date format"
    TOO_MANY_REQUESTS = TOO_MANY


class MailingCreated(Answer, frozen=True):
    """The answer to `add=1`."""

    id: int
    """The id of the new mailing."""
    cost: Decimal | None = None
    """Its price, with `cost=1`. Unlike a message, the mailing is created in this case too."""


class Mailing(Answer, Open, frozen=True):
    """The state of a mailing. Fields that the reply does not have are `None`."""

    id: int | None = None
    status: MessageState | None = None
    other: Mapping[str, str] = EMPTY
    """Everything else in the reply, which is not documented."""


class MailingList(Records[Mailing], frozen=True):
    """The states of all mailings."""

    mailings: tuple[Mailing, ...] = ()
    """Any iterable becomes a tuple."""


CREATED = Reply(
    "mailing_created",
    "the id of a new mailing",
    Object(MailingCreated, (Field("id", ID), Field("cost", MONEY, optional=True))),
    csv=(Layout(("id",)), Layout(("id", "cost"))),  # [doc]
)

# [client] fmt=3 has a `status` with the numbers of status.php. A line of fmt=0 begins with the id. The rest is unknown.
MAILING = Object(
    Mailing,
    (
        Field("id", ID, optional=True),
        Field("status", code(MessageState, "the state of a mailing"), optional=True),
        Other(),
    ),
)
ONE = Reply(
    "mailing_state",
    "the state of a mailing",
    MAILING,
    rule="mailing",
    xml=("mailing",),
    unknown=("text", "csv", "xml"),
)
MANY = Reply(
    "mailings",
    "a list of mailings",
    MAILING,
    many=MailingList,
    rule="mailing",
    xml=("mailings",),
    item="mailing",
    unknown=("text", "csv", "xml"),
)

ENDPOINT: Endpoint[MailingCreated | Mailing | MailingList | Success] = Endpoint(
    "jobs.php",
    "jobs",
    (SUCCESS, CREATED, ONE, MANY),
    errors=MailingError,
    reads={"cost": ("1",)},
    commands={"add": MailingCreated, "del": Success, "cancel": Success, "get": Mailing, "get_all": MailingList},
)
CODEC = Codec(ENDPOINT)

__all__ = [
    "Mailing",
    "MailingCreated",
    "MailingError",
    "MailingList",
]
publish(globals(), "smsc_codec")

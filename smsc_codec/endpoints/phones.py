"""`/sys/phones.php`: contacts, groups of contacts, and the black list.

The evidence is in `docs/wire-format/phones.md`, the grammar of fmt=0 in `grammars/phones.lark`.
"""

from collections.abc import Mapping
from datetime import timedelta

from .._public import publish
from ..codec import Codec
from ..declare import (
    COUNT,
    CREATED,
    DIGITS,
    ID,
    SUCCESS,
    TEXT,
    Endpoint,
    Field,
    Layout,
    Maybe,
    Object,
    Only,
    Other,
    Reply,
    Rest,
)
from ..mapping import EMPTY
from ..model import BLOCKED, WRONG_LOGIN, WRONG_PARAMETERS, Created, ErrorCode, Open, Records, Success


class ContactError(ErrorCode):
    """The error numbers of `phones.php`."""

    PARAMETERS = WRONG_PARAMETERS
    AUTHORISATION = WRONG_LOGIN
    NOT_FOUND = 3, "no records found", False, True
    IP_BLOCKED = BLOCKED
    FAILED = 5, "operation failed"
    TOO_MANY_REQUESTS = (
        9,
        "more than three identical operations a minute, or 15 or more simultaneous requests under one login",
        timedelta(minutes=1),
    )


class Contact(Open, frozen=True):
    """One contact. Fields that the reply does not have are `None`."""

    phone: str
    name: str
    group: str | None = None
    """The ids of its groups with `|` or commas between them; `0` if it is in no group."""
    first_name: str | None = None
    last_name: str | None = None
    middle_name: str | None = None
    birthday: str | None = None
    """The date of birth as it was sent: `DD.MM.YYYY`."""
    id: str | None = None
    """The client's own id for the contact, as it was sent."""
    comments: str | None = None
    tags: str | None = None
    phone_other: str | None = None
    """Other numbers with commas between them."""
    other: Mapping[str, str] = EMPTY
    """Everything else in the reply."""


class ContactList(Records[Contact], frozen=True):
    """The answer to `get=1`."""

    contacts: tuple[Contact, ...] = ()
    """Any iterable becomes a tuple."""


class Group(Open, frozen=True):
    """One group of contacts."""

    id: int
    name: str
    """The service makes its first letter a capital."""
    number: int | None = None
    """The client's own number for the group, if it has one."""
    cnt: int | None = None
    """The number of its contacts. Old servers do not send it."""
    other: Mapping[str, str] = EMPTY
    """Everything else in the reply."""


class GroupList(Records[Group], frozen=True):
    """The answer to `get_group=1`."""

    groups: tuple[Group, ...] = ()
    """Any iterable becomes a tuple."""


# [cap] fmt=3 has all of these values in quotes. The other formats are our choice.
_TEXTS = (
    *("group", "first_name", "last_name", "middle_name", "birthday"),
    *("id", "comments", "tags", "phone_other"),
)
CONTACTS = Reply(
    "contacts",
    "a list of contacts",
    Object(
        Contact,
        (Field("phone", DIGITS), Field("name", TEXT), *(Field(name, TEXT, optional=True) for name in _TEXTS), Other()),
    ),
    many=ContactList,
    rule="contact",
    csv=(Layout((Only("phone", r"\+?[0-9]+"), "name", *_TEXTS[:-1], Rest("phone_other"))),),
    xml=("contacts",),
    item="contact",
)
# `0,-3` and `541,-7` are errors, whatever follows them. A contact without a group has the id 0 in this cell.
_GROUP = Only("id", "[1-9][0-9]{0,17}")
_NAME = Only("name", r"[^-,\r\n][^,\r\n]*|-[^0-9,\r\n][^,\r\n]*|-?")
GROUPS = Reply(
    "groups",
    "a list of groups",
    Object(
        Group,
        (
            Field("id", ID),
            Field("name", TEXT),
            Field("number", ID, optional=True),  # [cap] only if there is one
            Field("cnt", COUNT, optional=True),
            Other(),
        ),
    ),
    many=GroupList,
    rule="group",
    csv=(
        Layout((_GROUP, _NAME)),
        Layout((_GROUP, _NAME, "number")),
        Layout((_GROUP, _NAME, Maybe("number"), "cnt")),
    ),
    xml=("groups",),
    item="group",
)


def _answer(asked: Mapping[str, str]) -> type[ContactList | GroupList | Created | Success] | None:
    """Return the class of the answer to a request, which can also add a contact to a group (2) or remove it (3)."""
    if "move_group" in asked:
        return Success
    return next((cls for name, cls in COMMANDS.items() if asked.get(name) == "1"), None)


COMMANDS: Mapping[str, type[ContactList | GroupList | Created | Success]] = {
    "add": Created,
    "add_group": Created,
    "chg": Success,
    "chg_group": Success,
    "move_group": Success,
    "del": Success,
    "del_group": Success,
    "get": ContactList,
    "get_group": GroupList,
    "add_black": Created,
    "del_black": Success,
}
"""[client] The parameter that is 1 in a request, and the answer to it."""

ENDPOINT: Endpoint[ContactList | GroupList | Created | Success] = Endpoint(
    "phones.php",
    "phones",
    (SUCCESS, CREATED, CONTACTS, GROUPS),
    errors=ContactError,
    reads={"move_group": ("1", "2", "3")},
    commands=COMMANDS,
    answer=_answer,
)
CODEC = Codec(ENDPOINT)

__all__ = [
    "Contact",
    "ContactError",
    "ContactList",
    "Group",
    "GroupList",
]
publish(globals(), "smsc_codec")

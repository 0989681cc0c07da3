"""`/sys/templates.php`: templates of messages.

The evidence is in `docs/wire-format/templates.md`; fmt=0 in `grammars/templates.lark`.
"""

from collections.abc import Mapping
from datetime import timedelta

from .._public import publish
from ..codec import Codec
from ..declare import CREATED, FREE, ID, SUCCESS, TEXT, Endpoint, Field, Layout, Object, Other, Reply, Rest
from ..mapping import EMPTY
from ..model import Created, ErrorCode, Open, Records, Success


class TemplateError(ErrorCode):
    """The error numbers of `templates.php`, and of `op_templates.php` [our choice]."""

    PARAMETERS = 1, "error in parameters"
    AUTHORISATION = 2, "wrong login or password, or an IP address that is not on the client's list"
    NOT_FOUND = 3, "template not found"
    # [doc] The block is said to be temporary, and no time is given.
    IP_BLOCKED = 4, "IP address temporarily blocked", True
    SAVE = 5, "error saving a template"
    # [doc] How many are too many has not been seen.
    TOO_MANY_REQUESTS = (
        9,
        "too many identical requests a minute, or 15 or more simultaneous requests under one login",
        timedelta(minutes=1),
    )


class Template(Open, frozen=True):
    """A template of a message."""

    id: int
    name: str
    message: str
    """The text."""
    format: str | None = None
    """The kind of message: `sms`, `flash`, `bin`, `push`, `mms`, `call`, `mail`, `viber` or empty."""
    sender: str | None = None
    """The sender name; empty if there is none."""
    flag: int | None = None
    other: Mapping[str, str] = EMPTY
    """What the reply says beside these."""


class TemplateList(Records[Template], frozen=True):
    """The answer to `get=1`."""

    templates: tuple[Template, ...] = ()
    """Any iterable is made a tuple."""


TEMPLATES = Reply(
    "templates",
    "a list of templates",
    # [client] The members are known, their order is not.
    Object(
        Template,
        (
            Field("id", ID),
            Field("name", TEXT),
            Field("message", FREE),
            Field("format", TEXT, optional=True),
            Field("sender", TEXT, optional=True),
            Field("flag", ID, optional=True),
            Other(),
        ),
    ),
    many=TemplateList,
    rule="template",
    csv=(Layout(("id", "name", Rest("message"), "format", "sender", "flag")),),  # [open]
    xml=("templates",),
    item="template",
)

ENDPOINT: Endpoint[TemplateList | Created | Success] = Endpoint(
    "templates.php",
    "templates",
    (SUCCESS, CREATED, TEMPLATES),
    errors=TemplateError,
    commands={"add": Created, "chg": Success, "del": Success, "get": TemplateList},
)
CODEC = Codec(ENDPOINT)

__all__ = [
    "Template",
    "TemplateError",
    "TemplateList",
]
publish(globals(), "smsc_codec")

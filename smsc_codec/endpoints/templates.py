"""`/sys/templates.php`: message templates.

The evidence is in `docs/wire-format/templates.md`, the grammar of fmt=0 in `grammars/templates.lark`.
"""

from collections.abc import Mapping

from .._public import publish
from ..codec import Codec
from ..declare import CREATED, FREE, ID, SUCCESS, TEXT, Endpoint, Field, Layout, Object, Other, Reply, Rest
from ..mapping import EMPTY
from ..model import BLOCKED, TOO_MANY, WRONG_LOGIN, WRONG_PARAMETERS, Created, ErrorCode, Open, Records, Success


class TemplateError(ErrorCode):
    """The error numbers of `templates.php`, and of `op_templates.php` [our choice]."""

    PARAMETERS = WRONG_PARAMETERS
    AUTHORISATION = WRONG_LOGIN
    NOT_FOUND = 3, "template not found"
    IP_BLOCKED = BLOCKED
    SAVE = 5, "error saving a template"
    TOO_MANY_REQUESTS = TOO_MANY


class Template(Open, frozen=True):
    """A message template."""

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
    """Everything else in the reply."""


class TemplateList(Records[Template], frozen=True):
    """The answer to `get=1`."""

    templates: tuple[Template, ...] = ()
    """Any iterable becomes a tuple."""


TEMPLATES = Reply(
    "templates",
    "a list of templates",
    # [client] The members are known, but not their order.
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

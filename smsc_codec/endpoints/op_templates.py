"""`/sys/op_templates.php`: templates of messages that operators have to approve.

The evidence is in `docs/wire-format/op_templates.md`, the grammar of fmt=0 in `grammars/op_templates.lark`.
"""

from collections.abc import Mapping

from .._public import publish
from ..codec import Codec
from ..declare import CREATED, SUCCESS, Endpoint, Object, Other, Reply
from ..mapping import EMPTY
from ..model import Created, Open, Records, Success
from .templates import TemplateError


class OperatorTemplate(Open, frozen=True):
    """A template that operators have to approve. Its keys are not known."""

    other: Mapping[str, str] = EMPTY
    """Everything in the reply."""


class OperatorTemplateList(Records[OperatorTemplate], frozen=True):
    """The answer to `get=1`."""

    templates: tuple[OperatorTemplate, ...] = ()
    """Any iterable becomes a tuple."""


# [open] Nobody has seen a reply or an error. The numbers of errors are assumed to be those of templates.php.
TEMPLATES = Reply(
    "operator_templates",
    "a list of templates for operators",
    Object(OperatorTemplate, (Other(),)),
    many=OperatorTemplateList,
    rule="record",
    xml=("templates",),
    item="template",
    unknown=("text", "csv", "xml"),
)

ENDPOINT: Endpoint[OperatorTemplateList | Created | Success] = Endpoint(
    "op_templates.php",
    "op_templates",
    (SUCCESS, CREATED, TEMPLATES),
    errors=TemplateError,
    commands={"add": Created, "get": OperatorTemplateList},
)
CODEC = Codec(ENDPOINT)

__all__ = [
    "OperatorTemplate",
    "OperatorTemplateList",
]
publish(globals(), "smsc_codec")

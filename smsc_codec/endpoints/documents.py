"""`/sys/documents.php`: invoices and acts of sub-clients.

The evidence is in `docs/wire-format/documents.md`, the grammar of fmt=0 in `grammars/documents.lark`.
"""

from collections.abc import Mapping

from .._public import publish
from ..codec import Codec
from ..declare import CREATED, SUCCESS, Endpoint, Object, Other, Reply
from ..mapping import EMPTY
from ..model import Created, Open, Records, Success
from .users import UserError


class Document(Open, frozen=True):
    """A document. Its keys are not known."""

    other: Mapping[str, str] = EMPTY
    """Everything in the reply."""


class DocumentList(Records[Document], frozen=True):
    """A list of documents."""

    documents: tuple[Document, ...] = ()
    """Any iterable becomes a tuple."""


# [open] Nobody has seen a reply or an error. The numbers of errors are assumed to be those of users.php.
DOCUMENTS = Reply(
    "documents",
    "a list of documents",
    Object(Document, (Other(),)),
    many=DocumentList,
    rule="record",
    xml=("documents",),
    item="document",
    unknown=("text", "csv", "xml"),
)

ENDPOINT: Endpoint[DocumentList | Created | Success] = Endpoint(
    "documents.php",
    "documents",
    (SUCCESS, CREATED, DOCUMENTS),
    errors=UserError,
    commands={"add_account": None, "get_account": None, "get_act": None},
)
CODEC = Codec(ENDPOINT)

__all__ = [
    "Document",
    "DocumentList",
]
publish(globals(), "smsc_codec")

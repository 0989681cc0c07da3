"""`/sys/tinyurls.php`: the visits of a short link.

The evidence is in `docs/wire-format/tinyurls.md`, the grammar of fmt=0 in `grammars/tinyurls.lark`.
"""

from collections.abc import Mapping

from .._public import publish
from ..codec import Codec
from ..declare import COUNT, ID, Endpoint, Field, Layout, Object, Other, Reply
from ..mapping import EMPTY
from ..model import BLOCKED, TOO_MANY, WRONG_LOGIN, WRONG_PARAMETERS, Answer, ErrorCode, Open


class ShortLinkError(ErrorCode):
    """The error numbers of `tinyurls.php`."""

    PARAMETERS = WRONG_PARAMETERS
    AUTHORISATION = WRONG_LOGIN
    NOT_FOUND = 3, "link not found"
    IP_BLOCKED = BLOCKED
    TOO_MANY_REQUESTS = TOO_MANY


class ShortLink(Answer, Open, frozen=True):
    """The number of visits of a short link."""

    id: int
    """The id of the link."""
    cnt: int
    """All visits."""
    cnt_mon: int
    """The visits of this month."""
    cnt_day: int
    """The visits of today."""
    cnt_yes: int
    """The visits of yesterday."""
    other: Mapping[str, str] = EMPTY
    """Everything else in the reply."""


# [doc] The fields and their order. The page breaks off after `cnt_yes`.
_COUNTS = ("cnt", "cnt_mon", "cnt_day", "cnt_yes")

LINK = Reply(
    "short_link",
    "the counters of a short link",
    Object(ShortLink, (Field("id", ID), *(Field(name, COUNT) for name in _COUNTS), Other())),
    csv=(Layout(("id", *_COUNTS)),),
    xml=("link",),
)

ENDPOINT: Endpoint[ShortLink] = Endpoint(
    "tinyurls.php", "tinyurls", (LINK,), errors=ShortLinkError, commands={"get": ShortLink}
)
CODEC = Codec(ENDPOINT)

__all__ = [
    "ShortLink",
    "ShortLinkError",
]
publish(globals(), "smsc_codec")

"""`/sys/tinyurls.php`: how often a short link was followed.

The evidence is in `docs/wire-format/tinyurls.md`; fmt=0 in `grammars/tinyurls.lark`.
"""

from collections.abc import Mapping
from datetime import timedelta

from .._public import publish
from ..codec import Codec
from ..declare import COUNT, ID, Endpoint, Field, Layout, Object, Other, Reply
from ..mapping import EMPTY
from ..model import Answer, ErrorCode, Open


class ShortLinkError(ErrorCode):
    """The error numbers of `tinyurls.php`."""

    PARAMETERS = 1, "error in parameters"
    AUTHORISATION = 2, "wrong login or password, or an IP address that is not on the client's list"
    NOT_FOUND = 3, "link not found"
    # [doc] The block is said to be temporary, and no time is given.
    IP_BLOCKED = 4, "IP address temporarily blocked", True
    # [doc] How many are too many has not been seen.
    TOO_MANY_REQUESTS = (
        9,
        "too many identical requests a minute, or 15 or more simultaneous requests under one login",
        timedelta(minutes=1),
    )


class ShortLink(Answer, Open, frozen=True):
    """How often a short link was followed."""

    id: int
    """That of the link."""
    cnt: int
    """How often in all."""
    cnt_mon: int
    """This month."""
    cnt_day: int
    """Today."""
    cnt_yes: int
    """Yesterday."""
    other: Mapping[str, str] = EMPTY
    """What the reply says beside these."""


# [doc] The fields and their order; the page is cut behind `cnt_yes`.
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

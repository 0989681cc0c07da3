"""The command of `tinyurls.php`: the visits of the links in messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from ..endpoints.tinyurls import CODEC, ShortLink, ShortLinkError
from ._account import date_of, moment
from ._commands import Asked, Commands
from ._messages import Messages
from ._sent import Link


class Links(Commands):
    """The links that an account has shortened."""

    codec = CODEC
    phrases: ClassVar[Mapping[int, str]] = {ShortLinkError.NOT_FOUND: "record not found"}

    def __init__(self, account: Messages) -> None:
        super().__init__(account)
        self._links = account._links

    def follow(self, url: str) -> None:
        """Count a visit of a link. Raise `ValueError` if no message had it."""
        found = [link for link in self._links if link.url == url]
        if not found:
            raise ValueError("url has to be that of a link in a message which was sent with tinyurl=1")
        found[-1].clicks.append(self._account._now())

    def on_get(self, asked: Asked) -> ShortLink:
        """Return the counters of a link, which is named by its id or its address."""
        id_, url = self.number(asked, "id"), asked.get("link")
        if not id_ and not url:
            self.refuse(ShortLinkError.PARAMETERS)
        found = [link for link in self._links if (link.id == id_ if id_ else link.url == url)]
        if not found:
            self.refuse(ShortLinkError.NOT_FOUND)
        return self._counted(found[-1])

    def _counted(self, link: Link) -> ShortLink:
        """Return the counters of a link, by the days of the account's time zone."""
        today = date_of(moment(self._account._now())).date()
        days = [date_of(moment(click)).date() for click in link.clicks]
        month = sum((day.year, day.month) == (today.year, today.month) for day in days)
        return ShortLink(link.id, len(days), month, days.count(today), days.count(today - timedelta(days=1)))

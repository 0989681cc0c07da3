"""What `get.php` does: what was sent and what came in, statistics and prices."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any, ClassVar, NoReturn

from msgspec.structs import replace

from ..declare import FORMATS
from ..endpoints.get import (
    CODEC,
    MESSAGES,
    SENT,
    GetError,
    IncomingList,
    IncomingMessage,
    MessageList,
    PriceList,
    PriceZone,
    Statistics,
    StatisticsList,
)
from ..endpoints.senders import Sender, SenderList, SenderStatus
from ..endpoints.status import Message, MessageType
from ..formats import Format
from ._account import date_of, moment
from ._commands import THREE, Asked, Commands
from ._messages import Messages, price_of
from ._numbers import COUNTRIES, digits_of
from ._request import Form
from ._sent import SentMessage
from ._states import described

# [doc] Records that a request may ask for, and the hours that messages are kept.
_MOST_SENT, _MOST_INCOMING, _MOST_HOURS = 1000, 10_000, 168
_DAY, _HOUR, _LAST_DAY = 86_400.0, 3600.0, 1e12
# The fields of a message in each format, as far as they have a place there.
_NAMES = ("imsi", "msc", "mcc", "mnc", "cn", "net", "rcn", "rnet", "operator_orig", "comment")
_KEPT = [field for field in SENT.fields if field.name not in _NAMES]
_FIELDS = {fmt: {field.name for field in _KEPT if field.key(FORMATS[fmt]) is not None} for fmt in Format}
_FIELDS[Format.CSV] = {*MESSAGES.csv[1].required}


@dataclass(frozen=True)
class _Received:
    """A message that came in."""

    at: float
    message: IncomingMessage


class History(Commands):
    """What an account has sent and received."""

    codec, most = CODEC, THREE
    phrases: ClassVar[Mapping[int, str]] = {GetError.NOT_FOUND: "record not found"}

    def __init__(self, account: Messages) -> None:
        super().__init__(account)
        self._messages = account
        self._received: list[_Received] = []

    @property
    def incoming(self) -> tuple[IncomingMessage, ...]:
        """The messages that came in, the first first."""
        return tuple(each.message for each in self._received)

    def receive(self, phone: str, text: str, to: str) -> IncomingMessage:
        """Keep a message that comes in."""
        now = self._account._now()
        date = date_of(moment(now))
        message = IncomingMessage(len(self._received) + 1, date, phone, text, to, date)
        self._received.append(_Received(now, message))
        return message

    def answer(self, form: Form) -> Any:
        """Carry out the command of a request."""
        reply = super().answer(form)
        if isinstance(reply, MessageList):
            names = _FIELDS[form.fmt or Format.TEXT]
            return MessageList(tuple(Message(**{name: getattr(each, name) for name in names}) for each in reply))
        if isinstance(reply, SenderList) and form.fmt is Format.JSON:
            return SenderList(tuple(Sender(each.name) for each in reply))  # [client]
        return reply

    def on_get_messages(self, asked: Asked) -> MessageList:
        """Return a page of the messages that were sent: those of a time, to a number, behind an id."""
        cnt = self.number(asked, "cnt", _MOST_SENT)
        start, end = self.day(asked, "start", 0.0), self.day(asked, "end", _LAST_DAY) + _DAY
        phone = digits_of(asked.get("phone", "")) if asked.get("phone") else None
        found = [
            message
            for message in _behind(self._messages.messages, self.number(asked, "prev_id"))
            if start <= message._sent < end
            and phone in (None, message.phone)
            and (asked.get("format") == "8") == (message.type is MessageType.MAIL)
        ]
        page: list[SentMessage] = []
        # The numbers of a request have one id, behind which the next page begins: they stay together.
        for _, together in groupby(found, lambda message: message.id):
            if len(page) < min(cnt, _MOST_SENT):
                page += together
        if not page:
            self.refuse(GetError.NOT_FOUND)
        return MessageList(tuple(map(self._sent, page)))

    def on_get_answers(self, asked: Asked) -> IncomingList:
        """Return the messages that came in: those of the last hours, behind an id, to a number."""
        cnt, after = self.number(asked, "cnt", _MOST_INCOMING), self.number(asked, "after_id")
        hours = min(self.number(asked, "hour", _MOST_HOURS), _MOST_HOURS)
        since = self._account._now() - hours * _HOUR
        to = digits_of(asked.get("to_phone", ""))
        found = [
            each.message
            for each in self._received
            if each.message.id > after and each.at >= since and to in (None, each.message.to_phone)
        ]
        # [client] An empty list comes as one.
        return IncomingList(tuple(found[: min(cnt, _MOST_INCOMING)]))

    def on_get_stat(self, asked: Asked) -> StatisticsList:
        """Return how many messages were sent, and what they cost."""
        start, end = self.day(asked, "start", 0.0), self.day(asked, "end", _LAST_DAY) + _DAY
        sent = [each for each in self._messages.messages if start <= each._sent < end and each._problem is None]
        account = self._account
        return StatisticsList((Statistics(account.login, len(sent), price_of(sent), Decimal(0), account.currency),))

    def on_get_price(self, asked: Asked) -> PriceList:
        """Return what a part of a message costs, which is the same everywhere."""
        price = self._messages.price
        zones = (PriceZone(str(at), name, price, price, price, price, price) for at, name in enumerate(COUNTRIES, 1))
        return PriceList(tuple(zones))

    def on_get_mega_accounts(self, asked: Asked) -> NoReturn:
        """Say that there are none [client]."""
        self.refuse(GetError.NOT_FOUND)

    def on_get_senders(self, asked: Asked) -> SenderList:
        """Return the names that may be used."""
        allowed = (each for each in self._messages.senders if each.status == SenderStatus.ALLOWED)
        return SenderList(tuple(Sender(each.name, each.id) for each in allowed))

    def _sent(self, message: SentMessage) -> Message:
        """Return a message as the history has it."""
        found = described(message, self._account._now())
        return replace(
            found,
            err=found.err or None,
            id=message.id,
            int_id=message._number,
            format=8 if message.type is MessageType.MAIL else 0,
            crc=zlib.crc32(message.text.encode()),
        )


def _behind(messages: Sequence[SentMessage], last: int) -> Sequence[SentMessage]:
    """Return what comes after the message with that id; if it is gone, the messages whose id is larger."""
    at = [at for at, message in enumerate(messages) if message.id == last]
    return messages[at[-1] + 1 :] if at else [message for message in messages if message.id > last]

"""The commands of `get.php`: sent and received messages, statistics and prices."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
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

# [doc] The most records that a request may ask for, and the hours that messages are kept.
_MOST_SENT, _MOST_INCOMING, _MOST_HOURS = 1000, 10_000, 168
_DAY, _HOUR, _LAST_DAY = 86_400.0, 3600.0, 1e12
# The fields of a message, as far as each format has a place for them.
_NAMES = ("imsi", "msc", "mcc", "mnc", "cn", "net", "rcn", "rnet", "operator_orig", "comment")
_KEPT = [field for field in SENT.fields if field.name not in _NAMES]
_FIELDS = {fmt: {field.name for field in _KEPT if field.key(FORMATS[fmt]) is not None} for fmt in Format}
_FIELDS[Format.CSV] = {*MESSAGES.csv[1].required}


@dataclass(frozen=True)
class _Received:
    """A message that was received."""

    at: float
    message: IncomingMessage


class History(Commands):
    """The messages that an account has sent and received."""

    codec, most = CODEC, THREE
    phrases: ClassVar[Mapping[int, str]] = {GetError.NOT_FOUND: "record not found"}

    def __init__(self, account: Messages) -> None:
        super().__init__(account)
        self._messages = account
        self._received: list[_Received] = []

    @property
    def incoming(self) -> tuple[IncomingMessage, ...]:
        """The messages that were received, in their order."""
        return tuple(each.message for each in self._received)

    def receive(self, phone: str, text: str, to: str) -> IncomingMessage:
        """Keep a received message."""
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
        """Return a page of the sent messages, the newest first, selected by time, number and what was sent later."""
        cnt = self.number(asked, "cnt", _MOST_SENT)
        start, end = self.day(asked, "start", 0.0), self.day(asked, "end", _LAST_DAY) + _DAY
        phone = digits_of(asked.get("phone", "")) if asked.get("phone") else None
        before = self.number(asked, "prev_id")  # [client] the `int_id` of a message that was sent later
        found = [
            message
            for message in reversed(self._messages.messages)
            if not 0 < before <= message._number
            and start <= message._sent < end
            and phone in (None, message.phone)
            and (asked.get("format") == "8") == (message.type is MessageType.MAIL)
        ]
        page = found[: min(cnt, _MOST_SENT)]
        if not page:
            self.refuse(GetError.NOT_FOUND)
        return MessageList(tuple(map(self._sent, page)))

    def on_get_answers(self, asked: Asked) -> IncomingList:
        """Return the received messages of the last hours, selected by number and the id that they come after."""
        cnt, after = self.number(asked, "cnt", _MOST_INCOMING), self.number(asked, "after_id")
        hours = min(self.number(asked, "hour", _MOST_HOURS), _MOST_HOURS)
        since = self._account._now() - hours * _HOUR
        to = digits_of(asked.get("to_phone", ""))
        found = [
            each.message
            for each in self._received
            if each.message.id > after and each.at >= since and to in (None, each.message.to_phone)
        ]
        # [client] An empty list is sent as a list.
        return IncomingList(tuple(found[: min(cnt, _MOST_INCOMING)]))

    def on_get_stat(self, asked: Asked) -> StatisticsList:
        """Return the number of sent messages, and their cost."""
        start, end = self.day(asked, "start", 0.0), self.day(asked, "end", _LAST_DAY) + _DAY
        sent = [each for each in self._messages.messages if start <= each._sent < end and each._problem is None]
        account = self._account
        return StatisticsList((Statistics(account.login, len(sent), price_of(sent), Decimal(0), account.currency),))

    def on_get_price(self, asked: Asked) -> PriceList:
        """Return the price of a part of a message, which is the same everywhere."""
        price = self._messages.price
        zones = (PriceZone(str(at), name, price, price, price, price, price) for at, name in enumerate(COUNTRIES, 1))
        return PriceList(tuple(zones))

    def on_get_mega_accounts(self, asked: Asked) -> NoReturn:
        """Answer that there are no accounts [client]."""
        self.refuse(GetError.NOT_FOUND)

    def on_get_senders(self, asked: Asked) -> SenderList:
        """Return the names that may be used."""
        allowed = (each for each in self._messages.senders if each.status == SenderStatus.ALLOWED)
        return SenderList(tuple(Sender(each.name, each.id) for each in allowed))

    def _sent(self, message: SentMessage) -> Message:
        """Return a message with the fields of the history."""
        found = described(message, self._account._now())
        return replace(
            found,
            err=found.err or None,
            id=message.id,
            int_id=message._number,
            format=8 if message.type is MessageType.MAIL else 0,
            crc=zlib.crc32(message.text.encode()),
        )

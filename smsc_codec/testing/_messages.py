"""The command of `send.php`: the messages of one account, their prices, and their errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NoReturn

from .._source import quote
from ..endpoints.send import MessageCost, MessageError, MessageSent, PhoneResult
from ..endpoints.senders import SenderStatus
from ..endpoints.status import (
    DeliveryError,
    MessageState,
    MessageType,
)
from ._account import amount, check_number, check_seconds, items_of, plain, refuse, text_of
from ._numbers import digits_of, is_address, name_of, operator_of
from ._request import Form
from ._senders import SenderNames
from ._sent import DELIVERED, Fate, Link, SentMessage
from ._texts import parts_of

# The phrases of 3, 6, 7 and 8 are recorded, the other one is our choice.
MESSAGE_PHRASES: Mapping[int, str] = {
    MessageError.NO_MONEY: "no money",
    MessageError.DATE_FORMAT: "date format error",
    MessageError.FORBIDDEN: "message is denied",
    MessageError.PHONE_FORMAT: "invalid number",
    MessageError.UNDELIVERABLE: "can't to deliver",
}
# A message has its id before it is refused with one of these errors. A price never has an id.
_AFTER_ID = frozenset(
    {MessageError.NO_MONEY, MessageError.FORBIDDEN, MessageError.PHONE_FORMAT, MessageError.UNDELIVERABLE}
)
# [doc] The identical messages and identical price requests that are allowed in a minute.
_MESSAGES, _PRICES = 1, 5

# [doc] The parameters that make other kinds of messages.
_KINDS: Mapping[str, MessageType] = {
    "flash": MessageType.FLASH,
    "bin": MessageType.BINARY,
    "push": MessageType.WAP_PUSH,
    "hlr": MessageType.HLR,
    "ping": MessageType.PING,
    "mms": MessageType.MMS,
    "call": MessageType.CALL,
    "mail": MessageType.MAIL,
    "viber": MessageType.VIBER,
    "soc": MessageType.SOCIAL,
}
_OF_PARTS = frozenset({MessageType.SMS, MessageType.FLASH, MessageType.BINARY, MessageType.WAP_PUSH})
_WITHOUT_TEXT = frozenset({MessageType.HLR, MessageType.PING})
# The number of a part has one byte.
_MOST_PARTS = 255
# [client] The forms in the vendor's libraries, which include dates: DDMMYYhhmm, h1-h2, 0ts and +m.
_TIME = re.compile(
    r"[0-9]{10}|[0-9]{1,2}-[0-9]{1,2}|0[0-9]{10}|\+[0-9]{1,5}|[0-9]{2}\.[0-9]{2}\.[0-9]{2} [0-9]{2}:[0-9]{2}"
)
# [client] The vendor's libraries say that a caller's id is a number from 1 to this.
_MOST_ID = 2**31 - 1
_URL = re.compile(r"https?://[^\s,]+")
ID = re.compile(r"[1-9][0-9]{0,9}")


def _refuse(code: MessageError, id: int | None = None) -> NoReturn:
    refuse(code, MESSAGE_PHRASES, id)


class Messages(SenderNames):
    """The messages of an account, and the commands of `send.php` and `status.php`."""

    def __init__(self, price: Decimal | str | int, forbidden: Iterable[str], **account: Any) -> None:
        super().__init__(**account)
        self.price = price
        self.forbidden = forbidden
        self._messages: list[SentMessage] = []
        # The last message with each id and number, because clients ask about it.
        self._known: dict[tuple[int, str], SentMessage] = {}
        self._fates: dict[str, Fate] = {}
        # The numbers of the black list with their ids, and the shortened links. Other endpoints show them.
        self._black: dict[str, int] = {}
        self._links: list[Link] = []
        self._last_message = self._last_number = 0

    @property
    def price(self) -> Decimal:
        """The price of a part of a message. A text or a whole number can be set too."""
        return self._price

    @price.setter
    def price(self, price: Decimal | str | int) -> None:
        self._price = amount("price", price, most=Decimal(1000))

    @property
    def forbidden(self) -> tuple[str, ...]:
        """The words that no text and no sender may have. Any collection can be set."""
        return self._forbidden

    @forbidden.setter
    def forbidden(self, forbidden: Iterable[str]) -> None:
        words = tuple(text_of("each of forbidden", word) for word in items_of("forbidden", forbidden))
        if "" in words:
            raise ValueError("each of forbidden has to have at least one character: an empty word is in every text")
        self._forbidden = words

    @property
    def messages(self) -> tuple[SentMessage, ...]:
        """The messages in the order of sending, one for each number of each request. Deleted messages are gone."""
        with self._lock:
            return tuple(self._messages)

    def fate(self, phone: str, state: int, error: int = 0, *, after: float = DELIVERED) -> None:
        """Set what becomes of messages that are sent to *phone* after this call.

        They reach this *state*, with this delivery *error*, *after* that many seconds of the account's clock. By
        default they are delivered after 5 seconds. Before that they wait for a second, and are with the operator.
        """
        fate = _fate(state, error, after)
        with self._lock:
            self._fates[digits(phone)] = fate

    def change(self, id: int, state: int, error: int = 0, *, phone: str | None = None) -> None:
        """Change the state of a message at once, for all its numbers or for *phone*. Raise `ValueError` if unknown."""
        check_number("id", id, 1)
        fate = _fate(state, error, 0.0)
        with self._lock:
            wanted = None if phone is None else digits(phone)
            found = [each for each in self._messages if each.id == id and wanted in (None, each.phone)]
            if not found:
                whose = "" if wanted is None else f" to {wanted}"
                raise ValueError(f"id has to be that of a message{whose} which was sent, not {quote(id)}")
            for message in found:
                message._sent, message._fate = self._now(), fate

    def _answer_send(self, form: Form) -> MessageSent | MessageCost:
        asked = form.parameters
        cost = asked.get("cost") or "0"
        letters = letters_of(asked)
        if cost not in ("0", "1", "2", "3") or not letters:
            _refuse(MessageError.PARAMETERS)
        content = tuple((number, text) for number, text, _ in letters)
        self._count(
            ("send", cost == "1", kind_of(asked), asked.get("sender"), content),
            _PRICES if cost == "1" else _MESSAGES,
            MessageError.TOO_MANY_REQUESTS,
        )
        if not is_time(asked):
            _refuse(MessageError.DATE_FORMAT)
        made = self._made(asked, letters)
        price, parts = price_of(made), sum(message.parts for message in made if message._problem is None)
        results = tuple(
            _result(message, cost != "0")
            for message in made
            if asked.get("op") == "1" or (asked.get("err") == "1" and message._problem is not None)
        )
        if cost == "1":
            self._refuse_wrong(made, None)
            return MessageCost(price, parts, results)
        id_ = self._take(made, asked)
        code = None
        if kind_of(asked) is MessageType.CALL and asked.get("mes") == "code":
            code = f"{self._random.randrange(10**6):06}"
            for message in made:
                message.code = code
        has_balance = self.balance if cost == "3" else None
        return MessageSent(id_, parts, price if cost in ("2", "3") else None, has_balance, code, results)

    def _made(self, asked: Mapping[str, str], letters: list[tuple[str, str, int]]) -> list[SentMessage]:
        """Return the messages of a request, without an id."""
        kind, sender = kind_of(asked), asked.get("sender", "")
        return [self._letter(number, text, parts, kind, sender) for number, text, parts in letters]

    def _take(self, made: list[SentMessage], asked: Mapping[str, str]) -> int:
        """Give the messages their id and take their price from the balance, or refuse them."""
        id_ = self._identify(made, asked.get("id", ""))
        if self._denies(made):
            self._end(made, MessageState.FORBIDDEN)
            _refuse(MessageError.FORBIDDEN, id_)
        self._refuse_wrong(made, id_)
        price = price_of(made)
        if price > self.balance + self.credit:
            self._end(made, MessageState.NO_MONEY)
            _refuse(MessageError.NO_MONEY, id_)
        self.balance = self.balance - price
        if asked.get("tinyurl") == "1":
            for url in dict.fromkeys(url for message in made for url in _URL.findall(message.text)):
                self._links.append(Link(len(self._links) + 1, url))
        return id_

    def _letter(self, number: str, text: str, parts: int, kind: MessageType, sender: str) -> SentMessage:
        """Return a message to a number, without an id. Wrong numbers cost nothing."""
        phone = name_of(number)
        is_right = is_address(phone) if kind is MessageType.MAIL else digits_of(number) is not None
        sender = "HLR" if kind is MessageType.HLR else sender or "SMSC.RU"
        message = SentMessage(0, phone, text, sender, kind, parts, plain(self.price * parts))
        message._sent = self._now()
        message._fate = self._fates.get(message.phone, message._fate)
        if not is_right:
            message._problem = MessageError.PHONE_FORMAT
            message._fate = Fate(MessageState.WRONG_NUMBER, DeliveryError.NUMBER_FORMAT, 0.0)
        elif phone in self.undeliverable or phone in self._black:
            message._problem = MessageError.UNDELIVERABLE
            message._fate = Fate(MessageState.UNDELIVERABLE, DeliveryError.NO_ROUTE, 0.0)
        if message._problem is not None:
            message.cost = Decimal(0)
        return message

    def _identify(self, made: list[SentMessage], wanted: str) -> int:
        """Give the messages an id, which the client may choose, and keep them."""
        if wanted and not _is_id(wanted):
            _refuse(MessageError.PARAMETERS)
        id_ = self._new_id(wanted)
        for message in made:
            self._last_number += 1
            message.id, message._number = id_, self._last_number
            self._messages.append(message)
            self._known[id_, message.phone] = message
        return id_

    def _new_id(self, wanted: str) -> int:
        """Return the id that the client has chosen, or the next one."""
        id_ = int(wanted) if wanted else self._last_message + 1
        self._last_message = max(self._last_message, id_)
        return id_

    def _id_of_error(self, code: int, form: Form) -> int | None:
        """Return the id for an error that a test asks for: the same as for the account's own error."""
        asked = form.parameters
        if form.endpoint != "send" or code not in _AFTER_ID or (asked.get("cost") or "0") == "1":
            return None
        wanted = asked.get("id", "")
        return self._new_id(wanted if _is_id(wanted) else "")

    def _denies(self, made: list[SentMessage]) -> bool:
        """Return whether a text has a forbidden word, or a name of the account may not be used yet."""
        names = {sender.name for sender in self.senders if sender.status != SenderStatus.ALLOWED}
        return any(
            message.sender in names
            or any(word in text for word in self.forbidden for text in (message.text, message.sender))
            for message in made
        )

    def _refuse_wrong(self, made: list[SentMessage], id: int | None) -> None:
        """Refuse the messages if none of their numbers can get a message."""
        problems = [message._problem for message in made]
        if None not in problems and problems[0] is not None:
            _refuse(problems[0], id)

    def _end(self, made: list[SentMessage], state: MessageState) -> None:
        """Give the messages the final state of refused ones."""
        for message in made:
            message.cost = Decimal(0)
            if message._problem is None:
                message._fate = Fate(state, DeliveryError.NONE, 0.0)


def _is_id(text: str) -> bool:
    """Return whether a client may choose this id."""
    return ID.fullmatch(text) is not None and int(text) <= _MOST_ID


def kind_of(asked: Mapping[str, str]) -> MessageType:
    """Return the kind of the requested message."""
    return next((kind for name, kind in _KINDS.items() if asked.get(name) not in (None, "", "0")), MessageType.SMS)


def is_time(asked: Mapping[str, str]) -> bool:
    """Return whether the time of sending, if there is one, has a form that the service knows."""
    return asked.get("time", "") in ("", "0") or _TIME.fullmatch(asked["time"]) is not None


def price_of(made: list[SentMessage]) -> Decimal:
    """Return the price of messages together."""
    return plain(sum((message.cost for message in made), Decimal(0)))


def letters_of(asked: Mapping[str, str]) -> list[tuple[str, str, int]]:
    """Return the numbers of a request, each with its text and parts, or an empty list if something makes no sense."""
    kind = kind_of(asked)
    lines = [(asked.get("phones", ""), asked.get("mes", ""))]
    if asked.get("list"):
        # [doc] Each text has a line with its numbers, a colon and the text.
        pairs = (line.partition(":") for line in asked["list"].replace("\r\n", "\n").split("\n") if line)
        lines = [(numbers, text) for numbers, _, text in pairs]
    found: dict[str, tuple[str, str, int]] = {}
    for numbers, text in lines:
        parts = parts_of(text) if kind in _OF_PARTS else 1
        if parts > _MOST_PARTS or (not text and kind not in _WITHOUT_TEXT):
            return []
        for number in re.split("[,;\n]", numbers):
            if number.strip():
                found.setdefault(number.strip(), (number.strip(), text, parts))
    return [*found.values()]


def _result(message: SentMessage, has_cost: bool) -> PhoneResult:
    """Return the result of `op=1` for a number. A wrong number has a state and an error [client]."""
    operator = operator_of(message.phone)
    wrong = message._problem is not None
    return PhoneResult(
        message.phone,
        operator.mccmnc if operator else "0",
        message.cost if has_cost else None,
        message._fate.state if wrong else None,
        message._fate.error if wrong else None,
    )


def digits(phone: object) -> str:
    """Return the number that a test means, in the form of replies."""
    digits = digits_of(text_of("phone", phone))
    if digits is None:
        raise ValueError(f"phone has to be a number of 7 to 15 digits, not {quote(phone)}")
    return digits


def _fate(state: int, error: int, after: float) -> Fate:
    check_number("state", state, -3, 999)
    check_number("error", error, 0, 999)
    check_seconds("after", after, 1e9)
    return Fate(MessageState(state), DeliveryError(error), after)

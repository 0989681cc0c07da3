"""What `send.php` and `status.php` do: the messages of one account, and what becomes of them with time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NoReturn

from msgspec.structs import replace

from .._source import quote
from .._types import is_really
from ..endpoints.send import MessageCost, MessageError, MessageSent, PhoneResult
from ..endpoints.senders import SenderStatus
from ..endpoints.status import (
    MESSAGE,
    DeliveryError,
    Message,
    MessageState,
    MessageType,
    StatusError,
    StatusList,
)
from ..formats import Format
from ..model import Success
from ._account import amount, check_number, check_seconds, date_of, items_of, moment, plain, refuse, text_of
from ._numbers import digits_of, is_address, name_of, operator_of
from ._request import Form
from ._senders import SenderNames
from ._sent import DELIVERED, Fate, SentMessage
from ._texts import parts_of

# Those of 3, 6, 7 and 8 are recorded, the other ours.
MESSAGE_PHRASES: Mapping[int, str] = {
    MessageError.NO_MONEY: "no money",
    MessageError.DATE_FORMAT: "date format error",
    MessageError.FORBIDDEN: "message is denied",
    MessageError.PHONE_FORMAT: "invalid number",
    MessageError.UNDELIVERABLE: "can't to deliver",
}
# A message has its id before it is refused with one of these. A price has none.
_AFTER_ID = frozenset(
    {MessageError.NO_MONEY, MessageError.FORBIDDEN, MessageError.PHONE_FORMAT, MessageError.UNDELIVERABLE}
)
STATUS_PHRASES: Mapping[int, str] = {StatusError.DELETE: "delete error"}

# [doc] Identical messages and identical price requests a minute. Nobody has seen the number for states: ours.
_MESSAGES, _PRICES, _STATES = 1, 5, 20

# [doc] The parameter that makes another kind of message.
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
# A part is numbered in one byte.
_MOST_PARTS = 255
# [client] The forms that the vendor's libraries name, and dates: DDMMYYhhmm, h1-h2, 0ts and +m.
_TIME = re.compile(
    r"[0-9]{10}|[0-9]{1,2}-[0-9]{1,2}|0[0-9]{10}|\+[0-9]{1,5}|[0-9]{2}\.[0-9]{2}\.[0-9]{2} [0-9]{2}:[0-9]{2}"
)
# [client] The vendor's libraries say that a caller's id is a number from 1 to this.
_MOST_ID = 2**31 - 1
_ID = re.compile(r"[1-9][0-9]{0,9}")

# [cap] The first and the fourth; the others are our words for the documented meanings.
_NAMES: Mapping[MessageState, str] = {
    MessageState.DELIVERED: "Доставлено",
    MessageState.WAITING: "Ожидает отправки",
    MessageState.SENT: "Передано оператору",
    MessageState.FORBIDDEN: "Запрещено",
    MessageState.STOPPED: "Остановлено",
    MessageState.READ: "Прочитано",
    MessageState.EXPIRED: "Просрочено",
    MessageState.LINK_CLICKED: "Нажата ссылка",
    MessageState.SPAM: "Спам",
    MessageState.UNDELIVERABLE: "Невозможно доставить",
    MessageState.WRONG_NUMBER: "Неверный номер",
    MessageState.NO_MONEY: "Недостаточно средств",
    MessageState.UNREACHABLE: "Недоступный номер",
}

# The fields of a state, as `all` asks for them.
_SHORT = frozenset({"status", "last_date", "last_timestamp", "flag", "err"})
_HLR = frozenset({"imsi", "msc", "mcc", "mnc", "cn", "net", "rcn", "rnet"})
_LONG = _SHORT | _HLR | {"send_date", "send_timestamp", "phone", "cost", "sender_id", "status_name", "message"}
_VIEWS: Mapping[str, frozenset[str]] = {
    "0": _SHORT | _HLR,
    "1": _LONG | {"comment", "type"},
    "2": _LONG | {"comment", "type", "country", "operator", "region", "mccmnc", "sms_cnt"},
}
_COLUMNS: Mapping[Format, str] = {Format.TEXT: "text", Format.CSV: "csv", Format.XML: "xml", Format.JSON: "json"}
# fmt=1 has no column for them.
_NOT_IN_CSV = frozenset({"mccmnc", "sms_cnt"})


def _refuse(code: MessageError, id: int | None = None) -> NoReturn:
    refuse(code, MESSAGE_PHRASES, id)


class Messages(SenderNames):
    """The messages of an account, and the commands of `send.php` and `status.php`."""

    def __init__(self, price: Decimal | str | int, forbidden: Iterable[str], **account: Any) -> None:
        super().__init__(**account)
        self.price = price
        self.forbidden = forbidden
        self._messages: list[SentMessage] = []
        # The last one with each id and number, which the service is asked about.
        self._known: dict[tuple[int, str], SentMessage] = {}
        self._fates: dict[str, Fate] = {}
        self._last_message = 0

    @property
    def price(self) -> Decimal:
        """What a part of a message costs. A text or a whole number can be set too."""
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
        """The messages, the first that was sent first; one for each number of each request. Deleted ones are gone."""
        with self._lock:
            return tuple(self._messages)

    def fate(self, phone: str, state: int, error: int = 0, *, after: float = DELIVERED) -> None:
        """Say what becomes of the messages that are sent to *phone* from here on.

        They are in this *state*, with this delivery *error*, *after* so many seconds of the account's clock. Without a
        word they are delivered after 5 seconds. Up to then they wait for a second and are with the operator.
        """
        fate = _fate(state, error, after)
        with self._lock:
            self._fates[_digits(phone)] = fate

    def change(self, id: int, state: int, error: int = 0, *, phone: str | None = None) -> None:
        """Change the state of a message at once, of all its numbers or of *phone*; `ValueError` if there is none."""
        fate = _fate(state, error, 0.0)
        with self._lock:
            wanted = None if phone is None else _digits(phone)
            found = [each for each in self._messages if each.id == id and wanted in (None, each.phone)]
            if not found:
                whose = "" if wanted is None else f" to {wanted}"
                raise ValueError(f"id has to be that of a message{whose} which was sent, not {id!r}")
            for message in found:
                message._sent, message._fate = self._now(), fate

    def _answer_send(self, form: Form) -> MessageSent | MessageCost:
        asked = form.parameters
        cost = asked.get("cost") or "0"
        kind = next((kind for name, kind in _KINDS.items() if asked.get(name) not in (None, "", "0")), MessageType.SMS)
        letters = _letters(asked, kind)
        if cost not in ("0", "1", "2", "3") or not letters:
            _refuse(MessageError.PARAMETERS)
        if any(parts > _MOST_PARTS for _, _, parts in letters):
            _refuse(MessageError.PARAMETERS)
        content = tuple((number, text) for number, text, _ in letters)
        self._count(
            ("send", cost == "1", kind, asked.get("sender"), content),
            _PRICES if cost == "1" else _MESSAGES,
            MessageError.TOO_MANY_REQUESTS,
        )
        if asked.get("time", "") not in ("", "0") and not _TIME.fullmatch(asked["time"]):
            _refuse(MessageError.DATE_FORMAT)
        made = [self._letter(number, text, parts, kind, asked.get("sender", "")) for number, text, parts in letters]
        price = plain(sum((message.cost for message in made), Decimal(0)))
        parts = sum(message.parts for message in made if message._problem is None)
        results = tuple(
            _result(message, cost != "0")
            for message in made
            if asked.get("op") == "1" or (asked.get("err") == "1" and message._problem is not None)
        )
        if cost == "1":
            self._refuse_wrong(made, None)
            return MessageCost(price, parts, results)
        id_ = self._identify(made, asked.get("id", ""))
        if self._denies(made):
            self._end(made, MessageState.FORBIDDEN)
            _refuse(MessageError.FORBIDDEN, id_)
        self._refuse_wrong(made, id_)
        if price > self.balance + self.credit:
            self._end(made, MessageState.NO_MONEY)
            _refuse(MessageError.NO_MONEY, id_)
        self.balance = self.balance - price
        code = None
        if kind is MessageType.CALL and asked.get("mes") == "code":
            code = f"{self._random.randrange(10**6):06}"
            for message in made:
                message.code = code
        has_balance = self.balance if cost == "3" else None
        return MessageSent(id_, parts, price if cost in ("2", "3") else None, has_balance, code, results)

    def _letter(self, number: str, text: str, parts: int, kind: MessageType, sender: str) -> SentMessage:
        """Return a message to a number as it is before it has an id; wrong numbers cost nothing."""
        phone = name_of(number)
        is_right = is_address(phone) if kind is MessageType.MAIL else digits_of(number) is not None
        sender = "HLR" if kind is MessageType.HLR else sender or "SMSC.RU"
        message = SentMessage(0, phone, text, sender, kind, parts, plain(self.price * parts))
        message._sent = self._now()
        message._fate = self._fates.get(message.phone, message._fate)
        if not is_right:
            message._problem = MessageError.PHONE_FORMAT
            message._fate = Fate(MessageState.WRONG_NUMBER, DeliveryError.NUMBER_FORMAT, 0.0)
        elif phone in self.undeliverable:
            message._problem = MessageError.UNDELIVERABLE
            message._fate = Fate(MessageState.UNDELIVERABLE, DeliveryError.NO_ROUTE, 0.0)
        if message._problem is not None:
            message.cost = Decimal(0)
        return message

    def _identify(self, made: list[SentMessage], wanted: str) -> int:
        """Give the messages an id, which the caller may choose, and keep them."""
        if wanted and not _is_id(wanted):
            _refuse(MessageError.PARAMETERS)
        id_ = self._new_id(wanted)
        for message in made:
            message.id = id_
            self._messages.append(message)
            self._known[id_, message.phone] = message
        return id_

    def _new_id(self, wanted: str) -> int:
        """Return the id that the caller has chosen, or the next one."""
        id_ = int(wanted) if wanted else self._last_message + 1
        self._last_message = max(self._last_message, id_)
        return id_

    def _id_of_error(self, code: int, form: Form) -> int | None:
        """Return the id that an error has which the test asks for: the one that the account's own error would have."""
        asked = form.parameters
        if form.endpoint != "send" or code not in _AFTER_ID or (asked.get("cost") or "0") == "1":
            return None
        wanted = asked.get("id", "")
        return self._new_id(wanted if _is_id(wanted) else "")

    def _denies(self, made: list[SentMessage]) -> bool:
        """Whether a text has a forbidden word, or a name that the account has may not be used yet."""
        names = {sender.name for sender in self.senders if sender.status != SenderStatus.ALLOWED}
        return any(
            message.sender in names
            or any(word in text for word in self.forbidden for text in (message.text, message.sender))
            for message in made
        )

    def _refuse_wrong(self, made: list[SentMessage], id: int | None) -> None:
        """Refuse if there is no number that a message can go to."""
        problems = [message._problem for message in made]
        if None not in problems and problems[0] is not None:
            _refuse(problems[0], id)

    def _end(self, made: list[SentMessage], state: MessageState) -> None:
        """Keep that the messages were refused."""
        for message in made:
            message.cost = Decimal(0)
            if message._problem is None:
                message._fate = Fate(state, DeliveryError.NONE, 0.0)

    def _answer_status(self, form: Form) -> Message | StatusList | Success:
        asked = form.parameters
        wanted = _wanted(asked)
        if wanted is None:
            refuse(StatusError.PARAMETERS)
        key = ("status", tuple(sorted(asked.items())))
        self._count(key, _STATES, StatusError.TOO_MANY_REQUESTS)
        if asked.get("del") == "1":
            if not all(each in self._known for each in wanted):
                refuse(StatusError.DELETE, STATUS_PHRASES)
            deleted = set(wanted)
            for each in deleted:
                del self._known[each]
            self._messages = [each for each in self._messages if (each.id, each.phone) not in deleted]
            return Success()
        # [doc] A comma asks for the list, also one behind the last number.
        many = "," in asked["phone"] + asked["id"]
        view = all_of(asked)
        found = tuple(self._state(each, view, many, form.fmt or Format.TEXT) for each in wanted)
        return StatusList(found) if many else found[0]

    def _state(self, wanted: tuple[int, str], view: str, many: bool, fmt: Format) -> Message:
        """Return the state of a message with the fields that the view has in this format."""
        message = self._known.get(wanted)
        if message is None:
            # [cap] fmt=3 has nothing else of it with all=0.
            unknown = Message(MessageState.NOT_FOUND)
            return replace(unknown, id=wanted[0], phone=wanted[1]) if many else unknown
        found = self._full(message)
        kept = _VIEWS[view]
        if many:
            found = replace(found, id=wanted[0])
            kept |= {"id", "phone"} if view == "0" else {"id"}
        key = _COLUMNS[fmt]
        names = {field.name for field in MESSAGE.fields if field.key(key) is not None} & kept
        if fmt is Format.CSV:
            names -= _NOT_IN_CSV
        return Message(**{name: getattr(found, name) for name in names})

    def _full(self, message: SentMessage) -> Message:
        """Return everything about a message."""
        state, error, since = message._at(self._now())
        changed, sent = moment(since), moment(message._sent)
        operator = operator_of(message.phone)
        found = Message(
            state,
            last_date=date_of(changed),
            last_timestamp=changed,
            # [doc] The lowest bits are the type.
            flag=int(message.type),
            err=error,
            send_date=date_of(sent),
            send_timestamp=sent,
            phone=message.phone,
            country=operator.country if operator else "",
            operator=operator.name if operator else "",
            region=operator.region if operator else "",
            cost=message.cost,
            sender_id=message.sender,
            status_name=_NAMES.get(state, ""),
            message=message.text,
            comment="",
            mccmnc=operator.mccmnc if operator else "0",
            type=message.type,
            sms_cnt=message.parts,
        )
        if message.type is not MessageType.HLR or operator is None or state is not MessageState.DELIVERED:
            return found
        imsi = (operator.mccmnc + message.phone[-10:]).ljust(15, "0")
        network = {"cn": operator.country, "net": operator.name, "rcn": "", "rnet": ""}
        return replace(
            found, imsi=imsi, msc=f"{message.phone[:4]}0000000", mcc=operator.mcc, mnc=operator.mnc, **network
        )


def _is_id(text: str) -> bool:
    """Whether a caller may choose this id."""
    return _ID.fullmatch(text) is not None and int(text) <= _MOST_ID


def all_of(asked: Mapping[str, str]) -> str:
    """Return how much of a state is asked for; what makes no sense is 0."""
    view = asked.get("all", "0")
    return view if view in _VIEWS else "0"


def _letters(asked: Mapping[str, str], kind: MessageType) -> list[tuple[str, str, int]]:
    """Return the numbers of a request, each with its text and the parts of it; none if something is missing."""
    lines = [(asked.get("phones", ""), asked.get("mes", ""))]
    if asked.get("list"):
        # [doc] A line for each text: its numbers, a colon, the text.
        pairs = (line.partition(":") for line in asked["list"].splitlines() if line)
        lines = [(numbers, text) for numbers, _, text in pairs]
    found: dict[str, tuple[str, str, int]] = {}
    for numbers, text in lines:
        if not text and kind not in _WITHOUT_TEXT:
            return []
        parts = parts_of(text) if kind in _OF_PARTS else 1
        for number in re.split("[,;\n]", numbers):
            if number.strip():
                found.setdefault(number.strip(), (number.strip(), text, parts))
    return [*found.values()]


def _result(message: SentMessage, has_cost: bool) -> PhoneResult:
    """Return what `op=1` says of a number; state and error stand there if it is wrong [client]."""
    operator = operator_of(message.phone)
    wrong = message._problem is not None
    return PhoneResult(
        message.phone,
        operator.mccmnc if operator else "0",
        message.cost if has_cost else None,
        message._fate.state if wrong else None,
        message._fate.error if wrong else None,
    )


def _wanted(asked: Mapping[str, str]) -> list[tuple[int, str]] | None:
    """Return the ids and numbers whose states are asked for, None if they make no sense."""
    phones = [phone.strip() for phone in asked.get("phone", "").split(",") if phone.strip()]
    ids = [id_.strip() for id_ in asked.get("id", "").split(",") if id_.strip()]
    if not phones or len(phones) != len(ids) or not all(_ID.fullmatch(id_) for id_ in ids):
        return None
    return [(int(id_), name_of(phone)) for id_, phone in zip(ids, phones)]


def _digits(phone: object) -> str:
    """Return the number that a test means, as replies have it."""
    digits = digits_of(phone) if is_really(phone, str) else None
    if digits is None:
        raise ValueError(f"phone has to be a number of 7 to 15 digits, not {quote(phone)}")
    return digits


def _fate(state: int, error: int, after: float) -> Fate:
    check_number("state", state, -3, 999)
    check_number("error", error, 0, 999)
    check_seconds("after", after, 1e9)
    return Fate(MessageState(state), DeliveryError(error), after)

"""The command of `status.php`: the states of messages, with the fields that a request asks for."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from ..endpoints.status import (
    MESSAGE,
    Message,
    MessageState,
    MessageType,
    StatusError,
    StatusList,
)
from ..formats import Format
from ..model import Success
from ._account import date_of, moment, refuse
from ._messages import ID, Messages
from ._numbers import name_of, operator_of
from ._request import Form
from ._sent import SentMessage

STATUS_PHRASES: Mapping[int, str] = {StatusError.DELETE: "delete error"}
# The identical requests that are allowed in a minute. Nobody has seen the number: it is our choice.
_STATES = 20

# [cap] The first and the fourth are recorded. The others are our words for the documented meanings.
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
# fmt=1 does not have a column for these.
_NOT_IN_CSV = frozenset({"mccmnc", "sms_cnt"})


class States(Messages):
    """The states of an account's messages."""

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
        # [doc] A comma asks for the list, even after the last number.
        many = "," in asked["phone"] + asked["id"]
        view = all_of(asked)
        found = tuple(self._state(each, view, many, form.fmt or Format.TEXT) for each in wanted)
        return StatusList(found) if many else found[0]

    def _state(self, wanted: tuple[int, str], view: str, many: bool, fmt: Format) -> Message:
        """Return the state of a message with the fields of the view in this format."""
        message = self._known.get(wanted)
        if message is None:
            # [cap] With all=0, fmt=3 has nothing else.
            unknown = Message(MessageState.NOT_FOUND)
            return replace(unknown, id=wanted[0], phone=wanted[1]) if many else unknown
        found = described(message, self._now())
        kept = _VIEWS[view]
        if many:
            found = replace(found, id=wanted[0])
            kept |= {"id", "phone"} if view == "0" else {"id"}
        key = _COLUMNS[fmt]
        names = {field.name for field in MESSAGE.fields if field.key(key) is not None} & kept
        if fmt is Format.CSV:
            names -= _NOT_IN_CSV
        return Message(**{name: getattr(found, name) for name in names})


def described(message: SentMessage, now: float) -> Message:
    """Return everything about a message."""
    state, error, since = message._at(now)
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
    return replace(found, imsi=imsi, msc=f"{message.phone[:4]}0000000", mcc=operator.mcc, mnc=operator.mnc, **network)


def all_of(asked: Mapping[str, str]) -> str:
    """Return the value of `all`, or 0 if it makes no sense."""
    view = asked.get("all", "0")
    return view if view in _VIEWS else "0"


def _wanted(asked: Mapping[str, str]) -> list[tuple[int, str]] | None:
    """Return the ids and numbers whose states a request asks for, or None if they make no sense."""
    phones = [phone.strip() for phone in asked.get("phone", "").split(",") if phone.strip()]
    ids = [id_.strip() for id_ in asked.get("id", "").split(",") if id_.strip()]
    if not phones or len(phones) != len(ids) or not all(ID.fullmatch(id_) for id_ in ids):
        return None
    return [(int(id_), name_of(phone)) for id_, phone in zip(ids, phones)]

"""The commands of `senders.php`: the sender names of one account, in memory."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Any, NoReturn, cast

from msgspec.structs import replace

from .._source import quote
from .._types import is_really
from ..endpoints.senders import (
    CODEC,
    OTHER_OPERATORS,
    TEXT_ORDER,
    OperatorStatus,
    Reply,
    Sender,
    SenderCreated,
    SenderError,
    SenderList,
    SenderStatus,
)
from ..errors import EncodeError
from ..formats import Format
from ..mapping import FrozenMapping
from ..model import MAX_NUMBER, Success
from ._account import Account, check_number, items_of, refuse, text_of
from ._numbers import digits_of, is_address
from ._request import Form

# The first two phrases are recorded, those of 7 and 8 are documented for other endpoints, the rest are our choice.
PHRASES: Mapping[int, str] = {
    SenderError.NOT_FOUND: "record not found",
    SenderError.SAVE: "save error",
    SenderError.NUMBER_FORMAT: "invalid number",
    SenderError.UNDELIVERABLE: "can't to deliver",
    SenderError.CODE_ALREADY_SENT: "code is already sent",
    SenderError.WRONG_CODE: "wrong code",
}

# [doc] The limits of a minute: "more than three identical list requests or five create requests".
_LISTS, _CREATES = 3, 5
# [doc] "The code was already sent to this number; again after 8 hours."
_CODE_AGAIN = 8 * 3600.0

# [doc] Up to 11 Latin letters, digits and signs, or a phone number of up to 15 digits.
_NAME = re.compile(r"[ -~]{1,11}|[0-9]{1,15}")
_TOO_LONG = re.compile(r"[0-9]{16,}")
_PHONE = re.compile(r"[0-9]{7,15}")


def _refuse(code: SenderError) -> NoReturn:
    refuse(code, PHRASES)


class SenderNames(Account):
    """The names of an account, and the commands of `senders.php`."""

    def __init__(self, senders: Iterable[Sender | str], undeliverable: Iterable[str], **account: Any) -> None:
        super().__init__(**account)
        self._last_sender = 0
        self.senders = senders
        self.undeliverable = undeliverable
        self.codes: dict[str, str] = {}
        self.comments: dict[str, str] = {}
        self._sent: dict[str, float] = {}
        # Every run has the same codes.
        self._random = random.Random(0)

    @property
    def senders(self) -> tuple[Sender, ...]:
        """The names, each with an id and a status."""
        return self._senders

    @senders.setter
    def senders(self, senders: Iterable[Sender | str]) -> None:
        given = [Sender(sender) if is_really(sender, str) else sender for sender in items_of("senders", senders)]
        for at, sender in enumerate(given):
            _check(sender, f"senders[{at}]")
        taken = {sender.id for sender in given}
        kept: list[Sender] = []
        last = 0
        for sender in given:
            last = next(n for n in count(last + 1) if n not in taken) if sender.id is None else sender.id
            status = SenderStatus.ALLOWED if sender.status is None else sender.status
            kept.append(replace(sender, id=last, status=status))
        for what in ("name", "id"):
            for value, times in Counter(getattr(sender, what) for sender in kept).most_common(1):
                if times > 1:
                    raise ValueError(f"expected every {what} once, found {quote(value)} {times} times")
        self._senders = tuple(kept)
        self._last_sender = max([self._last_sender, *(sender.id or 0 for sender in kept)])

    @property
    def undeliverable(self) -> frozenset[str]:
        """The numbers that do not get messages or confirmation codes. Any collection can be set."""
        return self._undeliverable

    @undeliverable.setter
    def undeliverable(self, undeliverable: Iterable[str]) -> None:
        self._undeliverable = frozenset(map(_receiver, items_of("undeliverable", undeliverable)))

    def moderate(self, name: str, status: SenderStatus = SenderStatus.ALLOWED) -> None:
        """Set a name's status, as the service's moderators do. Raise `ValueError` if the name is unknown."""
        check_number("status", status, 0, MAX_NUMBER)
        with self._lock:
            found = [sender for sender in self._senders if sender.name == name]
            if not found:
                raise ValueError(f"name has to be that of a sender, not {quote(name)}")
            self._put(replace(found[0], status=SenderStatus(status)))

    def _answer_senders(self, form: Form) -> Reply:
        command = form.command(CODEC.endpoint)
        if command is None:
            _refuse(SenderError.PARAMETERS)
        return _COMMANDS[command](self, form)

    def _get(self, form: Form) -> SenderList:
        asked = form.parameters
        everything, operators = asked.get("all") == "1", asked.get("operators") == "1"
        self._count(tuple(sorted(asked.items())), _LISTS, SenderError.TOO_MANY_REQUESTS)
        behind = _behind(self._senders, _number(asked["prev_id"])) if "prev_id" in asked else self._senders
        senders = [s for s in behind if everything or s.status == SenderStatus.ALLOWED]
        if "cnt" in asked:
            senders = senders[: _number(asked["cnt"])]
        # [doc] The view with the operators exists in the formats 0, 2 and 3, and has no status.
        if operators and form.fmt is not Format.CSV:
            return SenderList(tuple(replace(s, status=None, operators=s.operators or _states(s)) for s in senders))
        return SenderList(tuple(Sender(s.name, s.id, s.status if everything else None) for s in senders))

    def _add(self, form: Form) -> SenderCreated:
        asked = form.parameters
        self._count("add", _CREATES, SenderError.TOO_MANY_REQUESTS)
        name, comment = asked.get("sender", ""), asked.get("cmt", "")
        if _TOO_LONG.fullmatch(name):
            _refuse(SenderError.NUMBER_FORMAT)
        # [cap] A name without a comment is refused.
        if not _NAME.fullmatch(name) or not comment:
            _refuse(SenderError.PARAMETERS)
        if any(sender.name == name for sender in self._senders):
            _refuse(SenderError.SAVE)
        # The id of a deleted name is not used again.
        self._last_sender += 1
        added = Sender(name, self._last_sender, SenderStatus.MODERATION, _flags(asked))
        self._senders += (replace(added, operators=_states(added)),)
        self.comments[name] = comment
        return SenderCreated(self._last_sender)

    def _change(self, form: Form) -> Success:
        asked = form.parameters
        sender, flags = self._named(asked), _flags(asked)
        if "cmt" not in asked and not flags:
            _refuse(SenderError.PARAMETERS)
        if flags:
            changed = replace(sender, operators={**sender.operators, **flags})
            self._put(replace(changed, operators=_states(changed)))
        if "cmt" in asked:
            self.comments[sender.name] = asked["cmt"]
        return Success()

    def _delete(self, form: Form) -> Success:
        asked = form.parameters
        sender = self._named(asked)
        self._senders = tuple(other for other in self._senders if other.id != sender.id)
        self.comments.pop(sender.name, None)
        self.codes.pop(sender.name, None)
        return Success()

    def _send_code(self, form: Form) -> Success:
        asked = form.parameters
        phone = self._phone(asked).name
        if phone in self.undeliverable:
            _refuse(SenderError.UNDELIVERABLE)
        if phone in self._sent and self._now() < self._sent[phone] + _CODE_AGAIN:
            _refuse(SenderError.CODE_ALREADY_SENT)
        self._sent[phone] = self._now()
        self.codes[phone] = f"{self._random.randrange(10**4):04}"
        return Success()

    def _check_code(self, form: Form) -> Success:
        asked = form.parameters
        if "code" not in asked:
            _refuse(SenderError.PARAMETERS)
        sender = self._phone(asked)
        if self.codes.get(sender.name) != asked["code"]:
            _refuse(SenderError.WRONG_CODE)
        del self.codes[sender.name]
        self._put(replace(sender, status=SenderStatus.ALLOWED))
        return Success()

    def _phone(self, asked: Mapping[str, str]) -> Sender:
        """Return the digital name that a request means."""
        phone = asked.get("sender", "").removeprefix("+")
        if not phone:
            _refuse(SenderError.PARAMETERS)
        if not _PHONE.fullmatch(phone):
            _refuse(SenderError.NUMBER_FORMAT)
        return self._named({"sender": phone})

    def _named(self, asked: Mapping[str, str]) -> Sender:
        """Return the name that `id` or `sender` means."""
        if not asked.get("id") and not asked.get("sender"):
            _refuse(SenderError.PARAMETERS)
        for sender in self._senders:
            if str(sender.id) == asked["id"] if asked.get("id") else sender.name == asked["sender"]:
                return sender
        _refuse(SenderError.NOT_FOUND)

    def _put(self, changed: Sender) -> None:
        self._senders = tuple(changed if sender.id == changed.id else sender for sender in self._senders)


_COMMANDS: Mapping[str, Callable[[SenderNames, Form], Reply]] = {
    "get": SenderNames._get,
    "add": SenderNames._add,
    "chg": SenderNames._change,
    "send_code": SenderNames._send_code,
    "check_code": SenderNames._check_code,
    "del": SenderNames._delete,
}


def _check(sender: object, where: str) -> None:
    """Raise an error if a value is not a sender name, or a name that no format can carry."""
    if not is_really(sender, Sender):
        raise TypeError(f"each of senders has to be a Sender or a name, not {quote(sender)}")
    troubles = []
    for fmt in (Format.JSON, Format.XML, Format.TEXT):
        try:
            CODEC.encode(SenderList((sender,)), fmt=fmt)
        except EncodeError as error:
            troubles.append(f"{where}{error.path.removeprefix('senders[0]')}: {error.reason}")
        else:
            return
    raise ValueError(troubles[0])


def _receiver(given: object) -> str:
    """Return a number, or the address of an e-mail, in the form of requests."""
    text = text_of("each of undeliverable", given)
    number = digits_of(text) or (text if is_address(text) else None)
    if number is None:
        words = "a number of 7 to 15 digits, or an address"
        raise ValueError(f"each of undeliverable has to be {words}, not {quote(text)}")
    return number


def _flags(asked: Mapping[str, str]) -> dict[str, OperatorStatus]:
    """Return the operators where a request wants to register a name."""
    return {key: OperatorStatus.SENT for key in TEXT_ORDER + OTHER_OPERATORS if asked.get(key) == "1"}


def _states(sender: Sender) -> Mapping[str, OperatorStatus]:
    """Return the name's state at every documented operator, except those with a replacement."""
    pending = dict.fromkeys((key for key in TEXT_ORDER if key not in sender.replacements), OperatorStatus.PENDING)
    return cast("Mapping[str, OperatorStatus]", FrozenMapping.of({**pending, **sender.operators}))


def _behind(senders: tuple[Sender, ...], last: int) -> tuple[Sender, ...]:
    """Return the names after the one with that id. If it is gone, return the names with larger ids."""
    ids = [sender.id for sender in senders]
    if last in ids:
        return senders[ids.index(last) + 1 :]
    return tuple(sender for sender in senders if (sender.id or 0) > last)


def _number(text: str) -> int:
    if not re.fullmatch("[0-9]{1,18}", text):
        _refuse(SenderError.PARAMETERS)
    return int(text)

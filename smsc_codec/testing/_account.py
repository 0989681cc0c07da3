"""What `senders.php` does with its commands: the names of one account, kept in memory."""

from __future__ import annotations

import os
import random
import re
import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import suppress
from itertools import count
from typing import NoReturn, cast
from weakref import WeakSet

from msgspec.structs import replace

from .._source import shown
from ..endpoints.senders import (
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
from ..formats import Format
from ..mapping import FrozenMapping
from ..model import ApiError, ErrorReply, Success
from ..query import query_of
from ._request import Form

# The first four and that of 9 are recorded, those of 7 and 8 documented for other endpoints, the others ours.
DESCRIPTIONS: Mapping[int, str] = {
    SenderError.PARAMETERS: "parameters error",
    SenderError.AUTHORISATION: "authorise error",
    SenderError.NOT_FOUND: "record not found",
    SenderError.SAVE: "save error",
    SenderError.IP_BLOCKED: "ip is blocked",
    SenderError.NUMBER_FORMAT: "invalid number",
    SenderError.UNDELIVERABLE: "can't to deliver",
    SenderError.TOO_MANY_REQUESTS: "duplicate request, wait a minute",
    SenderError.CODE_ALREADY_SENT: "code is already sent",
    SenderError.WRONG_CODE: "wrong code",
}

# [doc] Requests a minute: "more than three identical list requests or five create requests".
LISTS, CREATES, MINUTE = 3, 5, 60.0
# [doc] "The code was already sent to this number; again after 8 hours."
CODE_AGAIN = 8 * 3600.0

# [doc] Up to 11 Latin letters, digits and signs, or a phone number of up to 15 digits.
_NAME = re.compile(r"[ -~]{1,11}|[0-9]{1,15}")
_TOO_LONG = re.compile(r"[0-9]{16,}")
_PHONE = re.compile(r"[0-9]{7,15}")


def refusal(code: int, description: str | None = None) -> ErrorReply:
    """The error of that number, with the service's phrase if none is given."""
    return ErrorReply(SenderError(code), DESCRIPTIONS.get(code) if description is None else description)


def refuse(code: SenderError) -> NoReturn:
    """Answer with an error."""
    refusal(code).raise_for_error()


class Account:
    """Sender names and the commands on them. Commands are safe to be given by several threads."""

    def __init__(
        self,
        senders: Iterable[Sender | str],
        login: str,
        psw: str,
        apikey: str,
        undeliverable: Iterable[str],
        rate_limits: bool,
        clock: Callable[[], float],
    ) -> None:
        self._last_id = 0
        self.senders = senders
        self.login, self.psw, self.apikey = login, psw, apikey
        self.undeliverable = frozenset(undeliverable)
        self.rate_limits = rate_limits
        self.codes: dict[str, str] = {}
        self.comments: dict[str, str] = {}
        self._clock = clock
        self._ahead = 0.0
        self._sent: dict[str, float] = {}
        self._seen: dict[Hashable, deque[float]] = {}
        # The same codes in every run.
        self._random = random.Random(0)
        self._lock = threading.RLock()
        _ACCOUNTS.add(self)

    @property
    def senders(self) -> tuple[Sender, ...]:
        """The names, each with an id and a status."""
        return self._senders

    @senders.setter
    def senders(self, senders: Iterable[Sender | str]) -> None:
        given = [Sender(sender) if isinstance(sender, str) else sender for sender in senders]
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
                    raise ValueError(f"expected every {what} once, found {shown(value)} {times} times")
        self._senders = tuple(kept)
        self._last_id = max([self._last_id, *(sender.id or 0 for sender in kept)])

    def moderate(self, name: str, status: SenderStatus = SenderStatus.ALLOWED) -> None:
        """Set a name's status, as the service's moderators do; `KeyError` if there is no such name."""
        with self._lock:
            found = [sender for sender in self._senders if sender.name == name]
            if not found:
                raise KeyError(name)
            self._put(replace(found[0], status=status))

    def advance(self, seconds: float) -> None:
        """Set the account's clock forward, so that no test has to wait for a limit to pass."""
        self._ahead += seconds

    def _answer(self, form: Form) -> Reply:
        """Carry out what a request asks for."""
        with self._lock:
            try:
                if not self._authorised(form.credentials):
                    refuse(SenderError.AUTHORISATION)
                if form.command is None:
                    refuse(SenderError.PARAMETERS)
                return _COMMANDS[form.command](self, form.parameters)
            except ApiError as error:
                return error.reply

    def _authorised(self, given: Mapping[str, str]) -> bool:
        if "apikey" in given:
            return given["apikey"] == self.apikey
        return (given.get("login"), given.get("psw")) == (self.login, self.psw)

    def _now(self) -> float:
        return self._clock() + self._ahead

    def _get(self, asked: Mapping[str, str]) -> SenderList:
        query = query_of(asked, lenient=True)
        self._count(tuple(sorted(asked.items())), LISTS)
        behind = _behind(self._senders, _number(asked["prev_id"])) if "prev_id" in asked else self._senders
        views = query.parameters
        senders = [s for s in behind if "all" in views or s.status == SenderStatus.ALLOWED]
        if "cnt" in asked:
            senders = senders[: _number(asked["cnt"])]
        # [doc] The view with the operators exists in the formats 0, 2 and 3, and has no status.
        if "operators" in views and query.fmt is not Format.CSV:
            return SenderList(tuple(replace(s, status=None, operators=s.operators or _states(s)) for s in senders))
        return SenderList(tuple(Sender(s.name, s.id, s.status if "all" in views else None) for s in senders))

    def _add(self, asked: Mapping[str, str]) -> SenderCreated:
        self._count("add", CREATES)
        name, comment = asked.get("sender", ""), asked.get("cmt", "")
        if _TOO_LONG.fullmatch(name):
            refuse(SenderError.NUMBER_FORMAT)
        # [cap] A name without a comment is refused.
        if not _NAME.fullmatch(name) or not comment:
            refuse(SenderError.PARAMETERS)
        if any(sender.name == name for sender in self._senders):
            refuse(SenderError.SAVE)
        # The id of a name that was deleted is nobody else's.
        self._last_id += 1
        added = Sender(name, self._last_id, SenderStatus.MODERATION, _flags(asked))
        self._senders += (replace(added, operators=_states(added)),)
        self.comments[name] = comment
        return SenderCreated(self._last_id)

    def _change(self, asked: Mapping[str, str]) -> Success:
        sender, flags = self._named(asked), _flags(asked)
        if "cmt" not in asked and not flags:
            refuse(SenderError.PARAMETERS)
        if flags:
            changed = replace(sender, operators={**sender.operators, **flags})
            self._put(replace(changed, operators=_states(changed)))
        if "cmt" in asked:
            self.comments[sender.name] = asked["cmt"]
        return Success()

    def _delete(self, asked: Mapping[str, str]) -> Success:
        sender = self._named(asked)
        self._senders = tuple(other for other in self._senders if other.id != sender.id)
        self.comments.pop(sender.name, None)
        self.codes.pop(sender.name, None)
        return Success()

    def _send_code(self, asked: Mapping[str, str]) -> Success:
        phone = self._phone(asked).name
        if phone in self.undeliverable:
            refuse(SenderError.UNDELIVERABLE)
        if phone in self._sent and self._now() < self._sent[phone] + CODE_AGAIN:
            refuse(SenderError.CODE_ALREADY_SENT)
        self._sent[phone] = self._now()
        self.codes[phone] = f"{self._random.randrange(10**4):04}"
        return Success()

    def _check_code(self, asked: Mapping[str, str]) -> Success:
        if "code" not in asked:
            refuse(SenderError.PARAMETERS)
        sender = self._phone(asked)
        if self.codes.get(sender.name) != asked["code"]:
            refuse(SenderError.WRONG_CODE)
        del self.codes[sender.name]
        self._put(replace(sender, status=SenderStatus.ALLOWED))
        return Success()

    def _phone(self, asked: Mapping[str, str]) -> Sender:
        """The digital name that is meant."""
        phone = asked.get("sender", "").removeprefix("+")
        if not phone:
            refuse(SenderError.PARAMETERS)
        if not _PHONE.fullmatch(phone):
            refuse(SenderError.NUMBER_FORMAT)
        return self._named({"sender": phone})

    def _named(self, asked: Mapping[str, str]) -> Sender:
        """The name that is meant by `id` or `sender`."""
        if not asked.get("id") and not asked.get("sender"):
            refuse(SenderError.PARAMETERS)
        for sender in self._senders:
            if str(sender.id) == asked["id"] if asked.get("id") else sender.name == asked["sender"]:
                return sender
        refuse(SenderError.NOT_FOUND)

    def _put(self, changed: Sender) -> None:
        self._senders = tuple(changed if sender.id == changed.id else sender for sender in self._senders)

    def _count(self, what: Hashable, most: int) -> None:
        """Refuse what was asked *most* times in the last minute; what is refused does not count."""
        if not self.rate_limits:
            return
        times = self._seen.setdefault(what, deque())
        while times and times[0] <= self._now() - MINUTE:
            times.popleft()
        if len(times) >= most:
            refuse(SenderError.TOO_MANY_REQUESTS)
        times.append(self._now())


_ACCOUNTS: WeakSet[Account] = WeakSet()


def _renew_locks() -> None:
    """Free the accounts in a forked child: a thread of the parent that had one is not here."""
    for account in tuple(_ACCOUNTS):
        account._lock = threading.RLock()


with suppress(AttributeError):  # a system without forks
    os.register_at_fork(after_in_child=_renew_locks)


_COMMANDS: Mapping[str, Callable[[Account, Mapping[str, str]], Reply]] = {
    "get": Account._get,
    "add": Account._add,
    "chg": Account._change,
    "send_code": Account._send_code,
    "check_code": Account._check_code,
    "del": Account._delete,
}


def _flags(asked: Mapping[str, str]) -> dict[str, OperatorStatus]:
    """The operators at which a name shall be registered."""
    return {key: OperatorStatus.SENT for key in TEXT_ORDER + OTHER_OPERATORS if asked.get(key) == "1"}


def _states(sender: Sender) -> Mapping[str, OperatorStatus]:
    """The name's state at every operator that the documentation lists, but for those that replace it."""
    pending = dict.fromkeys((key for key in TEXT_ORDER if key not in sender.replacements), OperatorStatus.PENDING)
    return cast("Mapping[str, OperatorStatus]", FrozenMapping.of({**pending, **sender.operators}))


def _behind(senders: tuple[Sender, ...], last: int) -> tuple[Sender, ...]:
    """What comes after the name with that id; if it is gone, the names whose id is larger."""
    ids = [sender.id for sender in senders]
    if last in ids:
        return senders[ids.index(last) + 1 :]
    return tuple(sender for sender in senders if (sender.id or 0) > last)


def _number(text: str) -> int:
    if not re.fullmatch("[0-9]{1,18}", text):
        refuse(SenderError.PARAMETERS)
    return int(text)

"""The commands of `jobs.php`: mailings, whose messages belong to the account."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..endpoints.jobs import CODEC, Mailing, MailingCreated, MailingError, MailingList
from ..endpoints.status import DeliveryError, MessageState
from ..model import ApiError, Success
from ._commands import Asked, Commands
from ._messages import Messages, is_time, letters_of, price_of
from ._sent import Fate, SentMessage

_SAVE, _DATE = MailingError.SAVE, MailingError.DATE_FORMAT
_STOPPED = Fate(MessageState.STOPPED, DeliveryError.NONE, 0.0)


@dataclass(frozen=True)
class SentMailing:
    """A mailing of the fake service."""

    id: int
    name: str
    messages: tuple[SentMessage, ...]
    """The messages, one for each number."""


class Mailings(Commands):
    """The mailings of an account."""

    codec = CODEC
    phrases: ClassVar[Mapping[int, str]] = {_SAVE: "save error", _DATE: "date format error"}

    def __init__(self, account: Messages) -> None:
        super().__init__(account)
        self._messages = account
        self._mailings: dict[int, SentMailing] = {}

    @property
    def mailings(self) -> tuple[SentMailing, ...]:
        """The mailings, in the order in which they were added."""
        return tuple(self._mailings.values())

    def on_add(self, asked: Asked) -> MailingCreated:
        """Send a message to each number. Do not save a mailing that `send.php` would refuse."""
        letters = letters_of(asked)
        if not asked.get("name") or not letters:
            self.refuse(1)
        if not is_time(asked):
            self.refuse(_DATE)
        made = self._messages._made(asked, letters)
        try:
            self._messages._take(made, {**asked, "id": ""})
        except ApiError:
            self.refuse(_SAVE)
        id_ = self.new_id()
        self._mailings[id_] = SentMailing(id_, asked["name"], tuple(made))
        # [doc] Unlike in send.php, `cost=1` creates the mailing, and adds the price to the answer.
        return MailingCreated(id_, price_of(made) if asked.get("cost") == "1" else None)

    def on_del(self, asked: Asked) -> Success:
        """Stop a mailing, and forget it."""
        self.on_cancel(asked)
        del self._mailings[self._known(asked).id]
        return Success()

    def on_cancel(self, asked: Asked) -> Success:
        """Stop the messages that are not with the operators yet."""
        now = self._account._now()
        for message in self._known(asked).messages:
            if message._at(now)[0] is MessageState.WAITING:
                message._sent, message._fate = now, _STOPPED
        return Success()

    def on_get(self, asked: Asked) -> Mailing:
        """Return the state of a mailing. Nobody has seen more of it."""
        return Mailing(status=self._state(self._known(asked)))

    def on_get_all(self, asked: Asked) -> MailingList:
        """Return the states of all mailings."""
        return MailingList(tuple(Mailing(each.id, self._state(each)) for each in self._mailings.values()))

    def _known(self, asked: Asked) -> SentMailing:
        """Return the mailing that a request names."""
        id_ = self.number(asked, "id")
        if id_ not in self._mailings:
            self.refuse(_SAVE if id_ else 1)
        return self._mailings[id_]

    def _state(self, mailing: SentMailing) -> MessageState:
        """Return the state of the message with the least progress. If all are final, return the state of the first."""
        states = [message._at(self._account._now())[0] for message in mailing.messages]
        return next((state for state in (MessageState.WAITING, MessageState.SENT) if state in states), states[0])

"""Every endpoint of the account: who answers it, and what a test sees and does there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ..endpoints.get import IncomingMessage
from ..endpoints.get_mnp import Ported, PortedList
from ..endpoints.op_templates import OperatorTemplate
from ..endpoints.phones import Contact, Group
from ..endpoints.templates import Template
from ..model import Success
from ._account import check_number, text_of
from ._callbacks import Callbacks, PostedCall, called, received, state_of
from ._calls import CALLED, Calls, ReceivePhones
from ._commands import PHRASES as USUAL
from ._history import History
from ._info import INFO_PHRASES, answer_info
from ._links import Links
from ._mailings import Mailings, SentMailing
from ._messages import MESSAGE_PHRASES, digits
from ._phones import PhoneBook
from ._request import Form
from ._senders import PHRASES
from ._states import STATUS_PHRASES, States, described
from ._templates import OperatorTemplates, Templates
from ._users import Documents, SubClient, SubClients

# The numbers of get_mnp.php do not belong to an account. These are our choice.
_PORTED = PortedList((Ported("79101112244", "25002"), Ported("79201112244", "25099")))


class Endpoints(States):
    """An account with everything that belongs to it."""

    def __init__(
        self, receive_phones: Iterable[str], callback_url: str | None, callback_secret: str, **account: Any
    ) -> None:
        super().__init__(**account)
        self._phone_book = PhoneBook(self)
        self._history = History(self)
        self._mailings = Mailings(self)
        self._templates = Templates(self)
        self._operator_templates = OperatorTemplates(self)
        self._sub_clients = SubClients(self)
        self._documents = Documents(self, self._sub_clients)
        self._short_links = Links(self)
        self._calls = Calls(self)
        self._receive_phones = ReceivePhones(self, receive_phones)
        self._callbacks = Callbacks(self, callback_url, callback_secret)

    # What a test sees

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """The contacts, in the order in which they were added."""
        return self._phone_book.contacts

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups of contacts."""
        return self._phone_book.groups

    @property
    def black_list(self) -> tuple[str, ...]:
        """The numbers that do not get messages."""
        return tuple(self._black)

    @property
    def mailings(self) -> tuple[SentMailing, ...]:
        """The mailings, in the order in which they were added. Deleted mailings are gone."""
        return self._mailings.mailings

    @property
    def templates(self) -> tuple[Template, ...]:
        """The templates of messages."""
        return self._templates.templates

    @property
    def operator_templates(self) -> tuple[OperatorTemplate, ...]:
        """The templates that operators have to approve."""
        return self._operator_templates.templates

    @property
    def sub_clients(self) -> tuple[SubClient, ...]:
        """The sub-clients."""
        return self._sub_clients.clients

    @property
    def incoming(self) -> tuple[IncomingMessage, ...]:
        """The messages that were received."""
        return self._history.incoming

    @property
    def receive_phones(self) -> tuple[str, ...]:
        """The numbers to which people can write. Any collection can be set."""
        return self._receive_phones.phones

    @receive_phones.setter
    def receive_phones(self, receive_phones: Iterable[str]) -> None:
        self._receive_phones.phones = receive_phones

    @property
    def callback_url(self) -> str | None:
        """The client's own address on this machine, which the service calls, or `None` for no calls."""
        return self._callbacks.url

    @callback_url.setter
    def callback_url(self, callback_url: str | None) -> None:
        self._callbacks.url = callback_url

    @property
    def callback_secret(self) -> str:
        """The secret for the check values of calls. Without it, calls are not signed."""
        return self._callbacks.secret

    @callback_secret.setter
    def callback_secret(self, callback_secret: str) -> None:
        self._callbacks.secret = callback_secret

    @property
    def calls(self) -> tuple[PostedCall, ...]:
        """The calls that were made to the client, repeated ones too."""
        return tuple(self._callbacks.posted)

    # What a test does

    def advance(self, seconds: float) -> None:
        """Set the account's clock forward, so that no test has to wait: states change, and limits pass.

        The client is called about new states of its messages. `advance(0)` only does that.
        """
        super().advance(seconds)
        self._call_about_states()

    def change(self, id: int, state: int, error: int = 0, *, phone: str | None = None) -> None:
        """Change the state of a message at once, for all its numbers or for *phone*. Raise `ValueError` if unknown."""
        super().change(id, state, error, phone=phone)
        self._call_about_states()

    def receive(self, phone: str, text: str, *, to: str | None = None, answers: int | None = None) -> IncomingMessage:
        """Receive a message from *phone*, and call the client about it.

        It is sent *to* a number of the account, by default the first. *answers* is the id of a message that it answers.
        """
        phone, text = digits(phone), text_of("text", text)
        to = digits(to) if to is not None else next(iter(self.receive_phones), CALLED)
        if answers is not None:
            check_number("answers", answers, 1)
        with self._lock:
            message = self._history.receive(phone, text, to)
            self._callbacks.add(received(message, self._now(), answers))
        self._callbacks.post()
        return message

    def confirm(self, phone: str) -> None:
        """Let the subscriber of *phone* call, as `wait_call.php` has asked. Raise `ValueError` if it has not."""
        phone = digits(phone)
        with self._lock:
            if phone not in self._calls.awaited:
                raise ValueError(f"phone has to be a number that wait_call.php was asked about, not {phone}")
            self._callbacks.add(called(phone, self._calls.awaited.pop(phone), self._now()))
        self._callbacks.post()

    def follow(self, url: str) -> None:
        """Follow a link that was in a message with `tinyurl=1`. Raise `ValueError` if there was none."""
        with self._lock:
            self._short_links.follow(url)

    def _call_about_states(self) -> None:
        """Call the client about every message that has reached a final state, or a new one."""
        with self._lock:
            now = self._now()
            for message in self._messages:
                state, _, _ = message._at(now)
                if state.final and message._told is not state:
                    message._told = state
                    self._callbacks.add(state_of(message, described(message, now)))
        self._callbacks.post()

    def _answer_ping(self, form: Form) -> Success:
        return Success()

    def _answer_ported(self, form: Form) -> PortedList:
        return _PORTED


class Answering(NamedTuple):
    """The function that answers for an endpoint, and its words."""

    answer: Callable[[Endpoints, Form], Any]
    phrases: Mapping[int, str] = USUAL
    """The descriptions of errors."""


ANSWERS: Mapping[str, Answering] = {
    "senders": Answering(Endpoints._answer_senders, PHRASES),
    "send": Answering(Endpoints._answer_send, MESSAGE_PHRASES),
    "status": Answering(Endpoints._answer_status, STATUS_PHRASES),
    "balance": Answering(Endpoints._answer_balance, {}),
    "info": Answering(answer_info, INFO_PHRASES),
    "get": Answering(lambda fake, form: fake._history.answer(form), History.phrases),
    "phones": Answering(lambda fake, form: fake._phone_book.answer(form), PhoneBook.phrases),
    "jobs": Answering(lambda fake, form: fake._mailings.answer(form), Mailings.phrases),
    "templates": Answering(lambda fake, form: fake._templates.answer(form), Templates.phrases),
    "op_templates": Answering(lambda fake, form: fake._operator_templates.answer(form), Templates.phrases),
    "users": Answering(lambda fake, form: fake._sub_clients.answer(form), SubClients.phrases),
    "documents": Answering(lambda fake, form: fake._documents.answer(form), Documents.phrases),
    "tinyurls": Answering(lambda fake, form: fake._short_links.answer(form), Links.phrases),
    "receive_phones": Answering(lambda fake, form: fake._receive_phones.answer(form)),
    "wait_call": Answering(lambda fake, form: fake._calls.answer(form), Calls.phrases),
    "get_mnp": Answering(Endpoints._answer_ported),
    "ping": Answering(Endpoints._answer_ping),
}
"""All endpoints of the service."""

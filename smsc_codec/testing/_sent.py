"""A message to one number and what becomes of it with time, and the links in it."""

from dataclasses import dataclass, field
from decimal import Decimal

from ..endpoints.send import MessageError
from ..endpoints.status import DeliveryError, MessageState, MessageType

# Seconds after which a message is passed to the operator, and after which it is delivered.
_PASSED, DELIVERED = 1.0, 5.0


@dataclass(frozen=True)
class Fate:
    """What becomes of a message."""

    state: MessageState
    error: DeliveryError
    after: float


@dataclass
class SentMessage:
    """A message to one number that the fake service has taken, or refused after it had given it an id."""

    id: int
    """The numbers of a request share it."""
    phone: str
    text: str = field(repr=False)
    sender: str
    type: MessageType
    parts: int
    """1, if it is not a text."""
    cost: Decimal
    """0, if it was refused."""
    code: str | None = None
    """The code that a call says, with `mes=code` and `call=1`."""
    _number: int = field(default=0, repr=False)
    """That of the message alone; the service's `int_id`."""
    _problem: MessageError | None = field(default=None, repr=False)
    _told: MessageState | None = field(default=None, repr=False)
    """The state that the client was called about."""
    _sent: float = field(default=0.0, repr=False)
    _fate: Fate = field(default=Fate(MessageState.DELIVERED, DeliveryError.NONE, DELIVERED), repr=False)

    def _at(self, now: float) -> tuple[MessageState, DeliveryError, float]:
        """Return its state, its error, and since when it has them."""
        fate, age = self._fate, now - self._sent
        if age >= fate.after:
            return fate.state, fate.error, self._sent + fate.after
        if age >= _PASSED:
            return MessageState.SENT, DeliveryError.NONE, self._sent + _PASSED
        return MessageState.WAITING, DeliveryError.NONE, self._sent


@dataclass
class Link:
    """A link that was shortened, and when it was followed."""

    id: int
    url: str
    clicks: list[float] = field(default_factory=list)

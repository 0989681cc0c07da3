"""A message to one number, its states over time, and the links in it."""

from dataclasses import dataclass, field
from decimal import Decimal

from ..endpoints.send import MessageError
from ..endpoints.status import DeliveryError, MessageState, MessageType

# The seconds after which a message is passed to the operator, and after which it is delivered.
_PASSED, DELIVERED = 1.0, 5.0


@dataclass(frozen=True)
class Fate:
    """The state that a message reaches, and when."""

    state: MessageState
    error: DeliveryError
    after: float


@dataclass
class SentMessage:
    """A message to one number that the fake service has accepted, or refused after giving it an id."""

    id: int
    """The id, which all numbers of a request share."""
    phone: str
    text: str = field(repr=False)
    sender: str
    type: MessageType
    parts: int
    """The number of its parts; 1 if it is not a text."""
    cost: Decimal
    """Its cost; 0 if it was refused."""
    code: str | None = None
    """The code that a call tells, with `mes=code` and `call=1`."""
    _number: int = field(default=0, repr=False)
    """The id of this message alone, which the service calls `int_id`."""
    _problem: MessageError | None = field(default=None, repr=False)
    _told: MessageState | None = field(default=None, repr=False)
    """The last state that the client was called about."""
    _sent: float = field(default=0.0, repr=False)
    _fate: Fate = field(default=Fate(MessageState.DELIVERED, DeliveryError.NONE, DELIVERED), repr=False)

    def _at(self, now: float) -> tuple[MessageState, DeliveryError, float]:
        """Return the state, the error, and the time since when it has them."""
        fate, age = self._fate, now - self._sent
        if age >= fate.after:
            return fate.state, fate.error, self._sent + fate.after
        if age >= _PASSED:
            return MessageState.SENT, DeliveryError.NONE, self._sent + _PASSED
        return MessageState.WAITING, DeliveryError.NONE, self._sent


@dataclass
class Link:
    """A shortened link, and the times of its visits."""

    id: int
    url: str
    clicks: list[float] = field(default_factory=list)

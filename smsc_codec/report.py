"""What `validate` answers."""

from enum import Enum
from typing import Generic, TypeVar

import msgspec

R_co = TypeVar("R_co", covariant=True)


class Severity(str, Enum):
    """How much a finding matters."""

    ERROR = "error"
    """The body cannot be read."""
    WARNING = "warning"
    """The body was read, but the service is not known to send such a one."""
    INFO = "info"
    """The body is in order and holds something that the documentation does not name."""


class Finding(msgspec.Struct, frozen=True):
    """One thing about a body that is wrong or unusual; where it is, as in a `DecodeError`."""

    severity: Severity
    """How much it matters."""
    code: str
    """A stable word for what it is: `docs/findings.md` lists them."""
    message: str
    """What was expected and what was found."""
    offset: int
    """From 0 in the body as it was given: bytes of a bytes body, characters of a string."""
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    path: str
    """The value it is about, such as `senders[3].id`; empty where it is about none."""
    excerpt: str
    """The place in the body with a caret under it in a second line; empty where there is nothing to show."""
    count: int = 1
    """How many records it is about: findings that differ only in the record are one, at the first of them."""


class Report(msgspec.Struct, Generic[R_co], frozen=True):
    """What `validate` answers."""

    reply: R_co | None
    """`None` if the body cannot be read."""
    findings: tuple[Finding, ...] = ()
    """Everything that is wrong or unusual, in the order of the body."""

    @property
    def ok(self) -> bool:
        """Whether the body can be read: no finding is an error. Warnings and notes do not count."""
        return all(finding.severity is not Severity.ERROR for finding in self.findings)

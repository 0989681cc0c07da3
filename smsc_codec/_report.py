"""What `validate` answers."""

from __future__ import annotations

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
    """One thing about a body that is wrong or odd. Positions are those of `DecodeError`."""

    severity: Severity
    code: str
    """Stable; the list of codes is in `docs/findings.md`."""
    message: str
    offset: int
    line: int
    column: int
    path: str
    excerpt: str


class Report(msgspec.Struct, Generic[R_co], frozen=True):
    """The reply, or `None` if the body cannot be read, and everything found on the way."""

    reply: R_co | None
    findings: tuple[Finding, ...] = ()

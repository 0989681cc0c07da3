"""Counts replies by kind, errors by number, and findings by code."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from ..endpoints import ENDPOINTS, codec_of
from ..report import Severity
from ._times import Timeline

_MOST = 1000
"""The most different keys of one kind that are counted. A hostile recording can have any number of them."""
_LONGEST_HOST = 255
"""The most characters of a host's name. A URL can contain more."""
OTHERS = "(others)"


class Summary(msgspec.Struct):
    """Counts over replies. The counts of two parts of a recording can be merged."""

    replies: int = 0
    """The number of replies that were judged."""
    undecoded: int = 0
    """The number of replies that do not decode."""
    findings: int = 0
    """The number of findings of any severity. A finding about many records counts once, because it is reported once."""
    size: int = 0
    """The bytes of all bodies, unpacked."""
    unreadable: int = 0
    """The number of files that cannot be opened or read."""
    forms: Counter[tuple[str, str, str]] = msgspec.field(default_factory=Counter)
    """Replies by endpoint, format (`text`, `csv`, `xml`, `json`, `unknown`) and kind (`senders`, `not decoded`, …). The
    endpoint is empty if the body could not be read."""
    errors: Counter[tuple[str, int]] = msgspec.field(default_factory=Counter)
    """The service's errors by endpoint and number. A number means something else at each endpoint."""
    unknown: Counter[str] = msgspec.field(default_factory=Counter)
    """Undocumented keys and numbers, with the number of records that have them."""
    codes: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    """Findings by severity and code."""
    skipped: Counter[str] = msgspec.field(default_factory=Counter)
    """Entries whose request did not go to an endpoint whose replies are read, by host, and by file on the service."""
    timeline: Timeline = msgspec.field(default_factory=Timeline)
    """The service's errors over time, if the recording has times."""
    interrupted: bool = False
    """Whether validation was stopped before the end."""
    seconds: float = 0.0
    """The time that it took."""

    @property
    def kinds(self) -> Counter[tuple[str, str]]:
        """Replies by format and kind."""
        kinds: Counter[tuple[str, str]] = Counter()
        for (_, fmt, kind), count in self.forms.items():
            kinds[fmt, kind] += count
        return kinds

    def merge(self, other: "Summary") -> None:
        """Add another part's counts."""
        self.replies += other.replies
        self.undecoded += other.undecoded
        self.findings += other.findings
        self.size += other.size
        self.unreadable += other.unreadable
        self.forms.update(other.forms)
        self.codes.update(other.codes)
        _add(self.errors, other.errors, ("", -1))
        _add(self.unknown, other.unknown, OTHERS)
        for host, count in other.skipped.items():
            _add(self.skipped, {host[:_LONGEST_HOST]: count}, OTHERS)
        self.timeline.merge(other.timeline)

    def _errors(self) -> list[tuple[str, int, str, int]]:
        """Return the errors in the order of the endpoints: the endpoint, the number, its meaning and the count."""
        places = [*ENDPOINTS]
        counted = sorted((places.index(name), code, count) for (name, code), count in self.errors.items() if name)
        return [(places[at], code, _meaning(places[at], code), count) for at, code, count in counted]

    def error_codes(self) -> list[tuple[str, int]]:
        """Return the errors' numbers with their meaning and count, in the order of endpoints and numbers."""
        lines = [(f"{name}.php {code} ({meaning})", count) for name, code, meaning, count in self._errors()]
        others = self.errors["", -1]
        return lines + ([(OTHERS, others)] if others else [])

    def meanings(self) -> dict[int, str]:
        """Return the meanings of the errors' numbers that mean the same at every endpoint."""
        meanings: dict[int, set[str]] = {}
        for _, code, meaning, _ in self._errors():
            meanings.setdefault(code, set()).add(meaning)
        return {code: meaning for code, (meaning, *others) in meanings.items() if not others}

    def worst(self) -> Severity | None:
        """Return the highest severity of all findings."""
        found = {severity for severity, _ in self.codes}
        return next((severity for severity in Severity if severity.value in found), None)

    def plain(self) -> dict[str, Any]:
        """Return the summary for machines, with the names that `--format json` prints."""
        rate = 1 / self.seconds if self.seconds else 0.0
        kinds: dict[str, dict[str, int]] = {}
        for (fmt, kind), count in sorted(self.kinds.items()):
            kinds.setdefault(fmt, {})[kind] = count
        errors = [
            {"endpoint": name, "code": code, "meaning": meaning, "count": count}
            for name, code, meaning, count in self._errors()
        ]
        return {
            "replies": self.replies,
            "not_decoded": self.undecoded,
            "findings": self.findings,
            "bytes": self.size,
            "unreadable": self.unreadable,
            "kinds": kinds,
            "endpoints": [
                {"endpoint": endpoint or None, "format": fmt, "kind": kind, "count": count}
                for (endpoint, fmt, kind), count in sorted(self.forms.items())
            ],
            "errors": errors,
            "unknown": dict(ranked(self.unknown)),
            "codes": [{"severity": s, "code": c, "count": count} for (s, c), count in sorted(self.codes.items())],
            "skipped": dict(ranked(self.skipped)),
            "interrupted": self.interrupted,
            "seconds": round(self.seconds, 3),
            "replies_per_second": round(self.replies * rate),
            "bytes_per_second": round(self.size * rate),
        }


def _meaning(endpoint: str, code: int) -> str:
    return codec_of(endpoint).endpoint.errors(code).meaning


def ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    """Return the counts, the highest first. Equal counts are ordered by name."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _add(into: Counter[Any], counts: Mapping[Any, int], others: Any) -> None:
    for key, count in counts.items():
        into[key if key in into or len(into) < _MOST else others] += count

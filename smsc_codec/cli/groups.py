"""Findings in groups of equal ones, and files with their counts: what a page keeps of any number of them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from ..recordings import Found
from ..recordings._check import Outcome
from ..report import Severity

MOST_OF_A_CODE, MOST, EXAMPLES = 40, 200, 3
"""Groups of one severity and code, groups in all, and examples of a group: more than anybody reads."""
MOST_FILES = 30
"""Files that are listed."""
_SEVERITIES = [severity.value for severity in Severity]

# What can differ between findings that say the same: places in lists, values, numbers. An apostrophe begins no value.
_VALUE = re.compile(r"""(?<!\w)'[^']*'|"[^"]*"|\d+""")
_PLACE = re.compile(r"\[\d+\]")
_GAP = "\0"
"""Stands for a value in the pattern of a message; no message has it."""


@dataclass
class Group:
    """Findings of one severity and code that say the same, with the first ones."""

    severity: str
    code: str
    pattern: str
    """The message without its values."""
    values: list[str]
    """The values that all of them have, and dots for those that differ."""
    count: int = 0
    examples: list[Found] = field(default_factory=list)

    def add(self, found: Found, values: list[str]) -> None:
        """Count a finding, and keep it if it is one of the first ones."""
        self.count += 1
        if self.values != values:
            self.values = [one if one == other else "…" for one, other in zip(self.values, values)]
        if len(self.examples) < EXAMPLES:
            self.examples.append(found)

    @property
    def title(self) -> str:
        """What all of them say."""
        first, *rest = self.pattern.split(_GAP)
        return first + "".join(f"{value}{text}" for value, text in zip(self.values, rest))


class Groups:
    """The groups of all findings, as many as there is room for."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str, str], Group] = {}
        self._by_code: Counter[tuple[str, str]] = Counter()
        self.others: Counter[tuple[str, str]] = Counter()
        """Findings for whose group there was no room, by severity and code."""

    def add(self, found: Found) -> None:
        """Count a finding, and keep it if it is one of the first of its group."""
        kind = found.severity.value, found.code
        # A number without a meaning is what such a finding is about.
        differs = _PLACE if found.code == "unknown-number" else _VALUE
        pattern, values = differs.sub(_GAP, found.message), differs.findall(found.message)
        group = self._groups.get((*kind, pattern))
        if group is None:
            if self._by_code[kind] >= MOST_OF_A_CODE or len(self._groups) >= MOST:
                self.others[kind] += 1
                return
            self._by_code[kind] += 1
            group = self._groups[(*kind, pattern)] = Group(*kind, pattern, values)
        group.add(found, values)

    def ranked(self) -> list[Group]:
        """Return the groups, the most severe and the largest ones first."""
        return sorted(self._groups.values(), key=lambda group: (_SEVERITIES.index(group.severity), -group.count))


@dataclass
class File:
    """What was found in a file."""

    path: str
    replies: int = 0
    undecoded: int = 0
    severities: Counter[str] = field(default_factory=Counter)

    def add(self, part: Outcome) -> None:
        """Count a part of it."""
        self.replies += part.summary.replies
        self.undecoded += part.summary.undecoded
        for (severity, _), count in part.summary.codes.items():
            self.severities[severity] += count

    @property
    def rank(self) -> tuple[int, ...]:
        """What is worst comes first."""
        return (-self.undecoded, *(-self.severities[severity] for severity in _SEVERITIES))


class Files:
    """The worst files, and the counts of all others."""

    def __init__(self) -> None:
        self._listed: list[File] = []
        self._others = File("")
        self.count = 0
        """How many there are."""
        self._last: File | None = None

    def add(self, part: Outcome) -> None:
        """Count a part of a file. All parts of a file come one after another."""
        if self._last is None or self._last.path != part.path:
            self._last = File(part.path)
            self._listed.append(self._last)
            self.count += 1
            if len(self._listed) > 2 * MOST_FILES:
                self._shorten()
        self._last.add(part)

    def _shorten(self) -> None:
        """Keep the worst ones, and the one that is being read."""
        *done, last = self._listed
        done.sort(key=lambda file: file.rank)
        for file in done[MOST_FILES:]:
            self._others.replies += file.replies
            self._others.undecoded += file.undecoded
            self._others.severities.update(file.severities)
        self._listed = [*done[:MOST_FILES], last]

    def ranked(self) -> tuple[list[File], File, int]:
        """Return the worst files, the counts of the others, and how many others there are."""
        self._listed.sort(key=lambda file: file.rank)
        self._listed.append(File(""))
        self._shorten()
        self._listed.pop()
        self._last = None
        return self._listed, self._others, self.count - len(self._listed)

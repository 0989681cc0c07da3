"""The rules: who is compared with whom, and that only a right answer is timed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any, Literal, TypeAlias

Run: TypeAlias = Callable[[], object]
"""The work, ready to be done again and again; it returns the answer."""


@dataclass(frozen=True)
class Effort:
    """How long to measure."""

    rounds: int
    """How often each contender takes its turn."""
    seconds: float
    """How long a turn lasts at least, so that the clock's resolution and a short hiccup do not count."""
    processes: int
    """How many fresh processes are measured, where a process can do the work only once."""
    few: int
    """How often what takes seconds is measured: a list of *many* names, and memory, which varies little."""
    many: int
    """The size of a long list."""


FULL = Effort(rounds=60, seconds=0.004, processes=15, few=3, many=100_000)
QUICK = Effort(rounds=1, seconds=0.0, processes=1, few=1, many=100)


@dataclass(frozen=True)
class Target:
    """The most that we may cost: a multiple of what a peer costs (*times*), or a difference (*more*), in units or in J.

    J is what `json.loads` of a small reply costs in the same rounds, so that the machine's speed does not count.
    """

    limit: float
    kind: Literal["times", "more", "J more"] = "times"


def nothing() -> Run:
    """Return the work of a contender that does it in a fresh process only."""
    return lambda: None


def same(answer: object) -> object:
    """Return the meaning of an answer that is its own."""
    return answer


@dataclass(frozen=True)
class Contender:
    """One way to do a piece of work."""

    name: str
    gives: str
    make: Callable[[], Run] = nothing
    """Imports what the contender needs and prepares what is not measured."""
    meaning: Callable[[Any], object] = same
    """Turns an answer into something that is equal for all right answers."""
    target: Target | None = None
    script: str = ""
    """For a fresh interpreter, where that is what is measured: prints the number."""
    stdin: Callable[[], bytes] = bytes
    """What that interpreter reads."""


J = Contender("J", "", lambda: partial(json.loads, b'{"id": 33, "cnt": 1}'))
"""What J is measured with."""

Measure: TypeAlias = Callable[[Sequence[tuple[Contender, Run]], Effort], list[list[float]]]
"""What each contender costs: a list for each round, and in it a number for each contender."""


@dataclass(frozen=True)
class Work:
    """A piece of work for us and for others."""

    group: str
    variant: str
    ours: Contender
    peers: tuple[Contender, ...]
    measure: Measure
    unit: str = "s"

    @property
    def title(self) -> str:
        """What a benchmark of this work is called."""
        return f"{self.group}, {self.variant}" if self.variant else self.group


@dataclass(frozen=True)
class Row:
    """What came out for one contender."""

    name: str
    gives: str
    ours: bool = False
    problem: str = ""
    """Why it was not measured."""
    cost: float | None = None
    ratio: float | None = None
    """Our cost to this one's: the median over the rounds, which are disturbed alike."""
    more: float | None = None
    """Our cost less this one's, likewise; in J if the target is."""
    j: float | None = None
    """What J costs, if the target is in J."""
    target: Target | None = None

    @property
    def met(self) -> bool | None:
        """Whether we meet the target; `None` if there is none, or nothing to compare with."""
        reached = self.ratio if self.target is not None and self.target.kind == "times" else self.more
        return None if self.target is None or reached is None else reached <= self.target.limit


@dataclass(frozen=True)
class Outcome:
    """What came out of one piece of work, the cheapest contender first and the unmeasured last."""

    group: str
    variant: str
    unit: str
    rows: tuple[Row, ...]


def difference(expected: object, found: object) -> str:
    """Return where two answers part, in a few words; nothing if they are equal."""
    if found == expected:
        return ""
    if isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            return f"{len(found)} items, not {len(expected)}"
        place = next(number for number, pair in enumerate(zip(expected, found)) if pair[0] != pair[1])
        return f"item {place}: {difference(expected[place], found[place])}"
    return f"{found!r:.60}, not {expected!r:.60}"


def prepare(peer: Contender, expected: object) -> tuple[Run | None, str]:
    """Return the peer's work, or why it is not to be measured: it is not here, or its answer is not ours."""
    try:
        run = peer.make()
        wrong = difference(expected, peer.meaning(run()))
    except ModuleNotFoundError as error:
        package = (error.name or str(error)).partition(".")[0].replace("_", "-")
        return None, f"left out: {package} is not installed"
    except Exception as error:  # Whatever a peer does wrong is to be reported, not to end the run.
        return None, f"wrong: {type(error).__name__}: {' '.join(str(error).split()):.60}"
    return (None, f"wrong: {wrong}") if wrong else (run, "")


def compete(work: Work, effort: Effort) -> Outcome:
    """Compare every answer with ours, then measure those that are right."""
    run = work.ours.make()
    expected = work.ours.meaning(run())
    measured = [(work.ours, run)]
    problems = []
    for peer in work.peers:
        ready, problem = prepare(peer, expected)
        if ready is None:
            problems.append(Row(peer.name, peer.gives, problem=problem, target=peer.target))
        else:
            measured.append((peer, ready))
    in_j = any(peer.target is not None and peer.target.kind == "J more" for peer in work.peers)
    rounds = work.measure([*measured, (J, J.make())] if in_j else measured, effort)
    rows = [Row(work.ours.name, work.ours.gives, ours=True, cost=median(costs[0] for costs in rounds))]
    for place, (peer, _) in enumerate(measured[1:], 1):
        unit = in_j and peer.target is not None and peer.target.kind == "J more"
        ratios = [costs[0] / costs[place] for costs in rounds if costs[place]]
        rows.append(
            Row(
                peer.name,
                peer.gives,
                cost=median(costs[place] for costs in rounds),
                ratio=median(ratios) if ratios else None,
                more=median((costs[0] - costs[place]) / (costs[-1] if unit else 1) for costs in rounds),
                j=median(costs[-1] for costs in rounds) if unit else None,
                target=peer.target,
            )
        )
    rows.sort(key=lambda row: row.cost or 0)
    return Outcome(work.group, work.variant, work.unit, (*rows, *problems))

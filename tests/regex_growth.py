"""Check that the steps of a regular expression grow linearly with the text, by attacks made from its parse tree.

An attack has a text that leads to a repeat, then many times something that the repeat accepts, then an ending that
makes the match fail. Further attacks are texts that match up to their last character: they find alternatives that
match the same, which double the steps with each field of a line, however short the text.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, permutations
from typing import Any, NamedTuple

from .regex_steps import (
    ATOMIC,
    ONE_CHARACTER,
    PARSER,
    REPEATS,
    Stepper,
    TooManyStepsError,
    accepts,
    combined,
    parsed,
    tree_of,
)

_VARIANTS = 6
"""Samples of a pattern. Each takes other characters of its classes, and other branches."""
_PUMPED = 24
"""Characters that the smallest attack adds."""
_UNITS = 8
"""How many texts that a repeat accepts are tried."""
_WAYS = 2
"""How many texts that lead to a repeat are tried."""
_ALIKE = 3
"""How many repeats of the same nodes are tried. A line with many fields has many of them."""
_SLOPE = 6
"""So few steps for each further character are linear. Quadratic patterns take dozens at this size."""
_BUDGET = 60_000
_PER_SIZE = 20
"""Steps that a sample may take for each of its characters and each instruction of the pattern."""
_COMMON = "\0\t\n\r !\"',-.09:=<>&@AZaz_\x7f\xe9\u0416\ud800"

Text = str | bytes


class Attack(NamedTuple):
    """A text of any length: *before*, then each of *units* many times, then *after*."""

    before: str
    units: tuple[str, ...]
    after: str
    rounds: int = 1
    """How often *before* and the units come."""

    def text(self, times: int) -> str:
        """Return a text with *times* as many units as the shortest one has."""
        pumped = "".join(unit * (times * max(3, _PUMPED // len(unit))) for unit in self.units)
        return (self.before + pumped) * self.rounds + self.after


class _Repeat(NamedTuple):
    before: str
    nodes: Any
    flags: int
    after: str


class _Samples:
    """Texts that a parse tree may match, and its repeats."""

    def __init__(self, tree: Any, is_text: bool) -> None:
        self.tree = tree
        found = list(_characters(tree, tree.state.flags))
        classes = [accepts(node, flags) for node, flags in found]
        literals = [chr(given) for (op, given), _ in found if op in (PARSER.LITERAL, PARSER.NOT_LITERAL)]
        ranges = [edge for (op, given), _ in found if op is PARSER.IN for edge in _edges(given)]
        alphabet = dict.fromkeys([*literals, *ranges, *_COMMON])
        kinds: dict[tuple[bool, ...], str] = {}
        for character in alphabet:
            if is_text or ord(character) < 256:
                kinds.setdefault(tuple([each[character if is_text else ord(character)] for each in classes]), character)
        self.foreign = [character for kind, character in kinds.items() if not any(kind)][:1]
        """One character that no node of the pattern accepts, if there is one."""
        self.characters = [character for kind, character in kinds.items() if any(kind)]
        self._is_text = is_text

    def text(self, nodes: Sequence[Any], flags: int, variant: int) -> str:
        """Return a text that *nodes* may match."""
        return "".join([self._node(op, given, flags, variant) for op, given in nodes])

    def _node(self, op: Any, given: Any, flags: int, variant: int) -> str:
        if op in ONE_CHARACTER:
            allowed = accepts((op, given), flags)
            marks = [mark for mark in self.characters if allowed[mark if self._is_text else ord(mark)]]
            return marks[variant % len(marks)] if marks else ""
        if op in REPEATS:
            least, most, nodes = given
            times: int = min(least if variant % 3 == 2 else max(least, 1), most)
            return self.text(nodes, flags, variant) * times
        if op is PARSER.BRANCH:
            branches = given[1]
            return self.text(branches[variant % len(branches)], flags, variant)
        if op is PARSER.SUBPATTERN:
            return self.text(given[3], combined(flags, *given[1:3]), variant)
        if op is ATOMIC:
            return self.text(given, flags, variant)
        if op is PARSER.GROUPREF:
            return self.text(_group(self.tree, given) or (), flags, variant)
        if op is PARSER.GROUPREF_EXISTS:
            return self.text(given[1 + variant % 2] or (), flags, variant)
        return ""

    def repeats(self, nodes: Sequence[Any], flags: int, variant: int, before: str, after: str) -> Iterator[_Repeat]:
        """Yield all repeats in *nodes*, each with a text that leads to it and one that may follow."""
        texts = [self._node(op, given, flags, variant) for op, given in nodes]
        for place, (op, given) in enumerate(nodes):
            ahead, behind = before + "".join(texts[:place]), "".join(texts[place + 1 :]) + after
            if op in REPEATS:
                yield _Repeat(ahead, given[2], flags, behind)
            for inner, inner_flags in _inside(op, given, flags):
                yield from self.repeats(inner, inner_flags, variant, ahead, behind)


def _inside(op: Any, given: Any, flags: int) -> list[tuple[Any, int]]:
    """Return the sequences of nodes inside a node, with their flags."""
    if op in REPEATS:
        return [(given[2], flags)]
    if op is PARSER.BRANCH:
        return [(branch, flags) for branch in given[1]]
    if op is PARSER.SUBPATTERN:
        return [(given[3], combined(flags, *given[1:3]))]
    if op is ATOMIC:
        return [(given, flags)]
    if op in (PARSER.ASSERT, PARSER.ASSERT_NOT):
        return [(given[1], flags)]
    if op is PARSER.GROUPREF_EXISTS:
        return [(branch, flags) for branch in given[1:] if branch]
    return []


def _characters(nodes: Sequence[Any], flags: int) -> Iterator[tuple[Any, int]]:
    for op, given in nodes:
        if op in ONE_CHARACTER:
            yield (op, given), flags
        for inner, inner_flags in _inside(op, given, flags):
            yield from _characters(inner, inner_flags)


def _edges(members: Iterable[Any]) -> Iterator[str]:
    for op, given in members:
        if op is PARSER.LITERAL:
            yield chr(given)
        elif op is PARSER.RANGE:
            yield from map(chr, given)


def _group(nodes: Sequence[Any], number: int) -> Any:
    """Return the nodes of a group, or None if it is not among *nodes*."""
    for op, given in nodes:
        if op is PARSER.SUBPATTERN and given[0] == number:
            return given[3]
        for inner, _ in _inside(op, given, 0):
            found = _group(inner, number)
            if found is not None:
                return found
    return None


def _words(nodes: Sequence[Any]) -> Iterator[str]:
    """Yield the words that literals next to each other spell."""
    word = ""
    for op, given in nodes:
        if op is PARSER.LITERAL:
            word += chr(given)
            continue
        yield word
        word = ""
        for inner, _ in _inside(op, given, 0):
            yield from _words(inner)
    yield word


def _unique(texts: Iterable[str], most: int | None = None) -> list[str]:
    return [*dict.fromkeys(filter(None, texts))][:most]


def pieces(pattern: re.Pattern[Any]) -> list[str]:
    """Return characters, words and samples of a pattern, to make texts of that it may match."""
    tree = parsed(pattern)
    samples = _Samples(tree, isinstance(pattern.pattern, str))
    wholes = (samples.text(tree, tree.state.flags, variant) for variant in range(_VARIANTS))
    return _unique([*samples.characters, *samples.foreign, *_words(tree), *wholes])


def windows(pattern: re.Pattern[Any], size: int = 4) -> set[tuple[str, ...]]:
    """Return each *size* nodes of a pattern that follow each other, without the words and the numbers of groups."""
    nodes = ["(beginning)"]
    for op, given in parsed(pattern):
        node = "(word)" if op is PARSER.LITERAL else re.sub(r"(SUBPATTERN, \()\d+", r"\1", repr((op, given)))
        if node != "(word)" or nodes[-1] != node:
            nodes.append(node)
    nodes.append("(end)")
    return {(*nodes[place : place + size],) for place in range(max(len(nodes) - size, 0) + 1)}


def attacks(pattern: re.Pattern[Any], searches: bool) -> Iterator[Attack]:
    """Yield the attacks on a pattern. *searches* adds those on a search, which starts at every position."""
    tree, is_text = parsed(pattern), isinstance(pattern.pattern, str)
    flags = tree.state.flags
    samples = _Samples(tree, is_text)
    wholes = _unique(samples.text(tree, flags, variant) for variant in range(_VARIANTS))
    parts = (samples.text([node], flags, variant) for node in tree for variant in range(2))
    pool = _unique(chain(_words(tree), samples.characters, parts, wholes))
    found: dict[int, dict[str, _Repeat]] = {}
    for variant in range(_VARIANTS):
        for repeat in samples.repeats(tree, flags, variant, "", ""):
            found.setdefault(id(repeat.nodes), {}).setdefault(repeat.before, repeat)
    alike: defaultdict[str, list[list[_Repeat]]] = defaultdict(list)
    for ways in found.values():
        alike[repr(next(iter(ways.values())).nodes)].append([*ways.values()])
    for some in alike.values():
        repeat = some[0][0]
        own = _unique(samples.text(repeat.nodes, repeat.flags, variant) for variant in range(_VARIANTS))
        others = [unit for unit in pool if len(unit) <= _PUMPED and _repeats(repeat, tree, unit, is_text)]
        units = _unique([*own, *others], _UNITS)
        bodies = [*((unit,) for unit in units), *permutations(units[:3], 2)]
        for before, _, _, after in chain(*(ways[:_WAYS] for ways in [*some[: _ALIKE - 1], *some[_ALIKE - 1 :][-1:]])):
            endings = _unique([*samples.foreign, after[:-1], *(after + mark for mark in samples.foreign)]) or [""]
            yield from (Attack(before, body, ending) for ending in endings for body in bodies)
            yield from (Attack(before, (unit,), after[:-1], rounds=2) for unit in units)
    if searches:
        for unit in pool:
            for ending in ("", *samples.foreign):
                yield Attack("", (unit,), ending)


def _repeats(repeat: _Repeat, tree: Any, unit: str, is_text: bool) -> bool:
    body = tree_of([(PARSER.MAX_REPEAT, (1, PARSER.MAXREPEAT, repeat.nodes))], repeat.flags, tree.state.groupwidths)
    try:
        return Stepper[Any](body, 1000).fullmatch(unit if is_text else unit.encode("latin-1")) is not None
    except TooManyStepsError:
        return True


class _Counter:
    def __init__(self, pattern: re.Pattern[Any], method: str) -> None:
        self.stepper = Stepper[Any](parsed(pattern), _BUDGET)
        self._method = method
        self._is_text = isinstance(pattern.pattern, str)

    def count(self, text: str) -> int:
        """Return the steps that a text takes."""
        self.stepper.steps = 0
        self.stepper.use(self._method, text if self._is_text else text.encode("latin-1"))
        return self.stepper.steps


def complaint(pattern: re.Pattern[Any], methods: Iterable[str]) -> str | None:
    """Return what is wrong with a pattern and these uses of it, or None if its steps grow linearly."""
    wanted = {method if method in ("match", "fullmatch", "search") else "finditer" for method in methods}
    # On every text the first of each pair takes at least the steps of the second.
    for method, covered in (("finditer", "search"), ("search", "match"), ("finditer", "match"), ("fullmatch", "match")):
        if method in wanted:
            wanted.discard(covered)
    for method in sorted(wanted):
        found = _too_many(pattern, method) or _not_linear(pattern, method)
        if found:
            return f"{method} of {pattern.pattern!r}: {found}"
    return None


def _not_linear(pattern: re.Pattern[Any], method: str) -> str | None:
    counter = _Counter(pattern, method)
    seen: set[str] = set()
    for attack in attacks(pattern, method in ("search", "finditer")):
        texts = [attack.text(times) for times in (1, 2, 4)]
        if texts[0] in seen:
            continue
        seen.add(texts[0])
        counts: list[int] = []
        try:
            for text in texts:
                counts.append(counter.count(text))
                if len(counts) == 2 and counts[1] - counts[0] <= _SLOPE * (len(text) - len(texts[0])):
                    break
        except TooManyStepsError as error:
            return f"{error}, after {counts}, for {attack}"
        if len(counts) == 3 and counts[2] - counts[1] > 2.5 * (counts[1] - counts[0]):
            return f"{counts} steps for {attack}"
    return None


def _too_many(pattern: re.Pattern[Any], method: str) -> str | None:
    tree = parsed(pattern)
    samples = _Samples(tree, isinstance(pattern.pattern, str))
    counter = _Counter(pattern, "fullmatch" if method == "fullmatch" else "match")
    for variant in range(_VARIANTS):
        whole = samples.text(tree, tree.state.flags, variant)
        for text in (whole, whole[:-1], *(whole[:-1] + mark for mark in samples.foreign)):
            try:
                steps = counter.count(text)
            except TooManyStepsError as error:
                return f"{error} for {text!r}"
            if steps > _PER_SIZE * (len(text) + counter.stepper.size):
                return f"{steps} steps for {text!r}"
    return None

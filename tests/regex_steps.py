"""Match regular expressions and count the steps: backtrack over the parse tree of `re` as the engine in C does.

The engine has no counter, and seconds differ from machine to machine. `test_patterns.py` checks that both find the
same. The engine itself decides what a single character or an anchor like `\\b` matches.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, AnyStr, Generic, NamedTuple

_NEW = sys.version_info >= (3, 11)
PARSER: Any = import_module("re._parser" if _NEW else "sre_parse")
_COMPILER: Any = import_module("re._compiler" if _NEW else "sre_compile")
# Python 3.10 has neither. The names stand for nodes that its parse trees never have.
ATOMIC: Any = getattr(PARSER, "ATOMIC_GROUP", "ATOMIC_GROUP")
POSSESSIVE: Any = getattr(PARSER, "POSSESSIVE_REPEAT", "POSSESSIVE_REPEAT")
REPEATS = (PARSER.MAX_REPEAT, PARSER.MIN_REPEAT, POSSESSIVE)
ONE_CHARACTER = (PARSER.LITERAL, PARSER.NOT_LITERAL, PARSER.ANY, PARSER.IN)
_TYPES = PARSER.SRE_FLAG_ASCII | PARSER.SRE_FLAG_LOCALE | PARSER.SRE_FLAG_UNICODE


class TooManyStepsError(AssertionError):
    """A match takes more steps than its budget."""


class Found(NamedTuple):
    """The span of a match, then the span of each group, (-1, -1) for a group that is not set."""

    spans: tuple[tuple[int, int], ...]


def parsed(pattern: re.Pattern[AnyStr]) -> Any:
    """Return the parse tree."""
    return PARSER.parse(pattern.pattern, pattern.flags)


def combined(flags: int, added: int, removed: int) -> int:
    """Return the flags inside a group such as `(?i-s:...)`."""
    return ((flags & ~_TYPES if added & _TYPES else flags) | added) & ~removed


def tree_of(nodes: Sequence[Any], flags: int, groups: Any = (None,)) -> Any:
    """Return a parse tree of these nodes. *groups* are the `groupwidths` of the tree that they are from."""
    state = PARSER.State()
    state.flags, state.groupwidths, state.str = flags & ~PARSER.SRE_FLAG_VERBOSE, [*groups], ""
    return PARSER.SubPattern(state, list(nodes))


def engine(node: Any, flags: int) -> re.Pattern[Any]:
    """Return a pattern of the engine for a single node."""
    compiled: re.Pattern[Any] = _COMPILER.compile(tree_of([node], flags))
    return compiled


class Accepts(dict[Any, bool]):
    """Remember which characters, or bytes as numbers, a node accepts."""

    def __init__(self, node: Any, flags: int) -> None:
        self._match = engine(node, flags).match

    def __missing__(self, character: Any) -> bool:
        given = character if isinstance(character, str) else bytes([character])
        self[character] = accepted = self._match(given) is not None
        return accepted


_ACCEPTS: dict[tuple[str, int], Accepts] = {}


def accepts(node: Any, flags: int) -> Accepts:
    """Return what a node accepts. Equal nodes share it."""
    alike = repr(node), flags
    if alike not in _ACCEPTS:
        _ACCEPTS[alike] = Accepts(node, flags)
    return _ACCEPTS[alike]


# Instructions of the matcher. The most frequent ones come first.
_CHARACTER, _RUN, _JUMP, _SPLIT, _MARK, _LOOP, _ENTER, _LAZY_RUN, _AT, _LOOK, _ATOMIC, _SAME, _IF, _FAIL, _END = range(
    15
)
# Entries of the stack, which say what to do if the match fails: restore a slot, continue at another instruction, run a
# loop once more, or take one character less or more.
_UNDO, _RETRY, _ONCE_MORE, _SHORTER, _LONGER = range(5)

_Instruction = tuple[Any, ...]


class _Program:
    """Instructions for a parse tree."""

    def __init__(self, tree: Any) -> None:
        self.code: list[_Instruction] = []
        # Two slots for each group, two for each loop: how often it has been run, and where it was last.
        self.groups: int = tree.state.groups
        self.slots = 2 * self.groups
        self._sequence(tree, tree.state.flags)
        self.code.append((_END,))

    def _sequence(self, nodes: Sequence[Any], flags: int) -> None:
        for op, given in nodes:
            self._node(op, given, flags)

    def _node(self, op: Any, given: Any, flags: int) -> None:
        code = self.code
        if op in ONE_CHARACTER:
            code.append((_CHARACTER, accepts((op, given), flags)))
        elif op in REPEATS:
            self._repeat(op, given, flags)
        elif op is PARSER.BRANCH:
            self._branch(given[1], flags)
        elif op is PARSER.SUBPATTERN:
            group, added, removed, nodes = given
            if group is not None:
                code.append((_MARK, 2 * group))
            self._sequence(nodes, combined(flags, added, removed))
            if group is not None:
                code.append((_MARK, 2 * group + 1))
        elif op is PARSER.AT:
            code.append((_AT, engine((op, given), flags).match))
        elif op in (PARSER.ASSERT, PARSER.ASSERT_NOT):
            direction, nodes = given
            width = nodes.getwidth()[0] if direction < 0 else 0
            self._apart(nodes, flags, _LOOK, op is PARSER.ASSERT, width)
        elif op is ATOMIC:
            self._apart(given, flags, _ATOMIC)
        elif op is PARSER.GROUPREF:
            code.append((_SAME, given, bool(flags & re.IGNORECASE)))
        elif op is PARSER.GROUPREF_EXISTS:
            self._conditional(given, flags)
        else:
            assert op is PARSER.FAILURE, f"the matcher does not know {op}"
            code.append((_FAIL,))

    def _hole(self) -> int:
        self.code.append((_FAIL,))
        return len(self.code) - 1

    def _apart(self, nodes: Sequence[Any], flags: int, op: int, *given: Any) -> None:
        """Add nodes that are matched in one way only, behind the instruction that runs them."""
        place = self._hole()
        self._sequence(nodes, flags)
        self.code.append((_END,))
        self.code[place] = (op, len(self.code), *given)

    def _repeat(self, op: Any, given: Any, flags: int) -> None:
        least, most, nodes = given
        if op is POSSESSIVE:
            self._apart([(PARSER.MAX_REPEAT, given)], flags, _ATOMIC)
        elif len(nodes) == 1 and nodes[0][0] in ONE_CHARACTER:
            run = _RUN if op is PARSER.MAX_REPEAT else _LAZY_RUN
            self.code.append((run, accepts(nodes[0], flags), least, most))
        else:
            slot = self.slots
            self.slots += 2
            self.code.append((_ENTER, slot))
            place = self._hole()
            self._sequence(nodes, flags)
            self.code.append((_JUMP, place))
            self.code[place] = (_LOOP, len(self.code), slot, least, most, op is PARSER.MAX_REPEAT)

    def _branch(self, branches: Sequence[Any], flags: int) -> None:
        split = self._hole()
        starts, ends = [], []
        for nodes in branches:
            starts.append(len(self.code))
            self._sequence(nodes, flags)
            ends.append(self._hole())
        self.code[split] = (_SPLIT, tuple(starts))
        for end in ends:
            self.code[end] = (_JUMP, len(self.code))

    def _conditional(self, given: Any, flags: int) -> None:
        group, yes, no = given
        place = self._hole()
        self._sequence(yes, flags)
        end = self._hole()
        self.code[place] = (_IF, group, len(self.code))
        self._sequence(no or (), flags)
        self.code[end] = (_JUMP, len(self.code))


class Stepper(Generic[AnyStr]):
    """Match a pattern, given as its parse tree, and count the steps.

    `steps` counts those of all calls. Raise `TooManyStepsError` if they exceed *budget*.
    """

    def __init__(self, tree: Any, budget: int = 10**9) -> None:
        program = _Program(tree)
        self.budget = budget
        self.steps = 0
        self.size = len(program.code)
        """The number of instructions."""
        self._code = program.code
        self._groups = program.groups
        # Marks, then a character: where it is another one, a search goes on at once.
        self._marks: int = next(place for place, instruction in enumerate(program.code) if instruction[0] != _MARK)
        first = program.code[self._marks]
        self._begins: Accepts | None = first[1] if first[0] == _CHARACTER else None
        self._empty: list[Any] = [None] * program.slots
        self._slots: list[Any] = []
        self._stack: list[tuple[Any, ...]] = []
        self._text: Any = ""
        self._full = False
        self._start = 0

    def match(self, text: AnyStr, start: int = 0) -> Found | None:
        """Do what `re.Pattern.match` does."""
        return self._at(text, start, full=False)

    def fullmatch(self, text: AnyStr, start: int = 0) -> Found | None:
        """Do what `re.Pattern.fullmatch` does."""
        return self._at(text, start, full=True)

    def search(self, text: AnyStr, start: int = 0, advance: bool = False) -> Found | None:
        """Do what `re.Pattern.search` does. With *advance* an empty match at *start* does not count."""
        begins = self._begins
        for at in range(start, len(text) + 1):
            if begins is not None and at < len(text) and not begins[text[at]]:
                self.steps += self._marks + 1
                continue
            found = self._at(text, at, full=False, advance=advance and at == start)
            if found is not None:
                return found
        return None

    def finditer(self, text: AnyStr, start: int = 0) -> Iterator[Found]:
        """Do what `re.Pattern.finditer`, `findall`, `sub` and `split` do."""
        advance = False
        while (found := self.search(text, start, advance)) is not None:
            yield found
            before, start = found.spans[0]
            advance = before == start

    def use(self, method: str, text: AnyStr) -> object:
        """Do what the method of that name does."""
        if method in ("match", "fullmatch", "search"):
            return getattr(self, method)(text)
        return list(self.finditer(text))

    def _at(self, text: AnyStr, start: int, full: bool, advance: bool = False) -> Found | None:
        self._text, self._full = text, full
        self._start = start if advance else -1
        self._slots = slots = self._empty.copy()
        self._stack.clear()
        end = self._run(0, start, outermost=True)
        if end < 0:
            return None
        spans = [(start, end)]
        for group in range(1, self._groups):
            first, last = slots[2 * group : 2 * group + 2]
            spans.append((-1, -1) if first is None or last is None else (first, last))
        return Found(tuple(spans))

    def _run(self, at: int, position: int, outermost: bool = False) -> int:  # noqa: PLR0915 - calls would be slow
        """Run instructions from *at*. Return where the match ends, or -1."""
        code, text, slots, stack = self._code, self._text, self._slots, self._stack
        end, floor, steps, budget = len(text), len(stack), self.steps, self.budget
        while True:
            steps += 1
            if steps > budget:
                raise TooManyStepsError(f"more than {budget} steps")
            instruction = code[at]
            op = instruction[0]
            at += 1
            good = True
            if op == _CHARACTER:
                good = position < end and instruction[1][text[position]]
                position += 1
            elif op == _RUN:
                _, allowed, least, most = instruction
                last = end if most is PARSER.MAXREPEAT else min(end, position + most)
                begun, first = position, position + least
                while position < last and allowed[text[position]]:
                    position += 1
                steps += position - begun
                good = position >= first
                if position > first:
                    stack.append((_SHORTER, at, position, first))
            elif op == _JUMP:
                at = instruction[1]
            elif op == _SPLIT:
                starts = instruction[1]
                for other in starts[:0:-1]:
                    stack.append((_RETRY, other, position))
                at = starts[0]
            elif op == _MARK:
                slot = instruction[1]
                stack.append((_UNDO, slot, slots[slot]))
                slots[slot] = position
            elif op == _LOOP:
                _, behind, slot, least, most, greedy = instruction
                count = slots[slot] + 1
                more = (most is PARSER.MAXREPEAT or count < most) and position != slots[slot + 1]
                if count < least:
                    stack.append((_UNDO, slot, slots[slot]))
                    slots[slot] = count
                elif not greedy:
                    if more:
                        stack.append((_ONCE_MORE, at, position, slot, count))
                    at = behind
                elif more:
                    stack.append((_RETRY, behind, position))
                    stack.append((_UNDO, slot, slots[slot]))
                    slots[slot] = count
                    stack.append((_UNDO, slot + 1, slots[slot + 1]))
                    slots[slot + 1] = position
                else:
                    at = behind
            elif op == _ENTER:
                slot = instruction[1]
                stack.append((_UNDO, slot, slots[slot]))
                slots[slot] = -1
                stack.append((_UNDO, slot + 1, slots[slot + 1]))
                slots[slot + 1] = None
            elif op == _LAZY_RUN:
                _, allowed, least, most = instruction
                for _ in range(least):
                    steps += 1
                    good = good and position < end and allowed[text[position]]
                    position += good
                if good:
                    stack.append((_LONGER, at, position, least))
            elif op == _AT:
                good = instruction[1](text, position) is not None
            elif op in (_LOOK, _ATOMIC):
                width = instruction[3] if op == _LOOK else 0
                depth = len(stack)
                self.steps = steps
                found = self._run(at, position - width) if position >= width else -1
                steps = self.steps
                # Keep what restores slots. Drop the other ways to match.
                kept = [entry for entry in stack[depth:] if entry[0] == _UNDO]
                del stack[depth:]
                if op == _ATOMIC:
                    good, position = found >= 0, found
                    stack += kept
                elif instruction[2]:
                    good = found >= 0
                    stack += kept
                else:
                    good = found < 0
                    for _, slot, value in reversed(kept):
                        slots[slot] = value
                at = instruction[1]
            elif op == _SAME:
                first, last = slots[2 * instruction[1] : 2 * instruction[1] + 2]
                good = first is not None and last is not None
                if good:
                    same, other = text[first:last], text[position : position + last - first]
                    steps += last - first
                    good = same.lower() == other.lower() if instruction[2] else same == other
                    position += last - first
            elif op == _IF:
                if slots[2 * instruction[1] + 1] is None:
                    at = instruction[2]
            elif op == _FAIL:
                good = False
            else:
                good = not outermost or not ((self._full and position != end) or position == self._start)
                if good:
                    self.steps = steps
                    return position
            while not good:
                if len(stack) == floor:
                    self.steps = steps
                    return -1
                entry = stack.pop()
                kind = entry[0]
                if kind == _UNDO:
                    slots[entry[1]] = entry[2]
                    continue
                good = True
                if kind == _RETRY:
                    _, at, position = entry
                elif kind == _ONCE_MORE:
                    _, at, position, slot, count = entry
                    stack.append((_UNDO, slot, slots[slot]))
                    slots[slot] = count
                    stack.append((_UNDO, slot + 1, slots[slot + 1]))
                    slots[slot + 1] = position
                elif kind == _SHORTER:
                    _, at, position, first = entry
                    steps += 1
                    position -= 1
                    if position > first:
                        stack.append((_SHORTER, at, position, first))
                else:
                    _, at, position, count = entry
                    _, allowed, _, most = code[at - 1]
                    steps += 1
                    good = (most is PARSER.MAXREPEAT or count < most) and position < end and allowed[text[position]]
                    if good:
                        position += 1
                        stack.append((_LONGER, at, position, count + 1))

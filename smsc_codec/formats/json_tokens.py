"""A JSON document with positions, for what orjson has found to be JSON: the slow lane's view of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import JSONDecoder
from typing import NamedTuple

from .._source import Source


class Token(NamedTuple):
    """A bracket, which is its `mark`; a string, whose mark is a quote; or a number or constant, without a mark."""

    mark: str
    text: str
    at: int


class Member(NamedTuple):
    """A key of an object and what it has."""

    key: str
    value: Node


class Node(NamedTuple):
    """A value and where it stands. Of an array, and of what is inside an object's member, only the kind is kept."""

    kind: str
    """`array`, `object`, `string`, `number`, or a constant's own name."""
    text: str
    """A string's value, a number as it is spelled."""
    at: int
    members: tuple[Member, ...] = ()

    def words(self, source: Source) -> str:
        """Return what errors call it."""
        if self.kind in ("array", "object"):
            return f"an {self.kind}"
        return source.shown(self.text) if self.kind == "string" else self.text


_CONSTANTS = ("true", "false", "null")
# A regular expression for strings would take memory for each escape.
_read_string = JSONDecoder().raw_decode
_TOKEN = re.compile(r'[\s:,]*(?:([\[\]{}"])|([^\s\[\]{},:"]+))')


class Tokens:
    """Reads a document value by value, so that a long list takes no more memory than its records."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._position = 0
        self._depth = 0

    def next(self) -> Token:
        """The next token; there is one as long as a container is open."""
        match = _TOKEN.match(self._source.text, self._position)
        assert match is not None, "orjson has found it to be JSON"
        mark, bare = match.groups()
        text = bare or ""
        self._position = match.end()
        if mark == '"':
            text, self._position = _read_string(self._source.text, match.start(1))
        return Token(mark or "", text, match.start(match.lastindex or 0))

    def enter(self, token: Token) -> None:
        """Count the container that begins with *token*."""
        self._depth += 1
        most = self._source.limits.depth
        if self._depth > most:
            self._source.fail(f"expected values at most {most} deep", token.at, code="limit")

    def check_depth(self, end: int) -> None:
        """Count the containers that are open before *end*, where orjson has stopped."""
        while self._position < end:
            token = self.next()
            if token.mark in ("[", "{"):
                self.enter(token)
            elif token.mark in ("]", "}"):
                self._depth -= 1

    def items(self) -> Iterator[Node]:
        """The rest of an array."""
        while (token := self.next()).mark != "]":
            yield self.node(token)

    def node(self, token: Token, keep: bool = True) -> Node:
        """The value that begins with *token*; the members of an object only with *keep*."""
        if token.mark == '"':
            return Node("string", token.text, token.at)
        if not token.mark:
            return Node(token.text if token.text in _CONSTANTS else "number", token.text, token.at)
        self.enter(token)
        if token.mark == "{" and keep:
            members = tuple(self._members())
            self._depth -= 1
            return Node("object", "", token.at, members)
        outside = self._depth - 1
        while self._depth > outside:
            inner = self.next()
            if inner.mark in ("[", "{"):
                self.enter(inner)
            elif inner.mark in ("]", "}"):
                self._depth -= 1
        return Node("array" if token.mark == "[" else "object", "", token.at)

    def _members(self) -> Iterator[Member]:
        most = self._source.limits.fields
        count = 0
        while (token := self.next()).mark != "}":
            count += 1
            node = self.node(self.next(), keep=False)
            if count <= most + 1:  # one too many is enough to be refused
                yield Member(token.text, node)

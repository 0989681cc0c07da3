"""Loads a `.lark` grammar: the only module that knows Lark. Imported when text needs it, not before."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from copy import copy
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from lark import Lark, Token, Tree
from lark.exceptions import LarkError, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lexer import PatternStr, TerminalDef
from lark.load_grammar import PackageResource
from lark.parsers.lalr_interactive_parser import InteractiveParser

from .._sound import in_pattern
from .._source import Source
from ..errors import OptionError

# In a wheel the grammars are inside the package, in a checkout and an editable install beside it.
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_FOLDERS = (os.path.join(_PACKAGE, "grammars"), os.path.join(os.path.dirname(_PACKAGE), "grammars"))


def _read(name: str) -> str:
    """Return the text of a grammar. The package's own loader reads it, so that it may be inside a zip."""
    get_data = getattr(__spec__.loader, "get_data", None)
    for folder in _FOLDERS:
        try:
            path = os.path.join(folder, name)
            data: bytes = get_data(path) if get_data else Path(path).read_bytes()
        except OSError:
            continue
        return data.decode()
    raise FileNotFoundError(f"no grammar {name} beside smsc_codec")


def _import(base: object, name: str) -> tuple[PackageResource, str]:
    return PackageResource("smsc_codec", name), _read(name)


_PUNCTUATION = ("literal", "key", "separator")


class Piece(NamedTuple):
    """A token of the text; its `kind` is `literal`, `key`, `separator` or the name of the field whose value it is."""

    kind: str
    terminal: str
    text: str
    at: int


Words = tuple[tuple[str, str, str], ...]
"""What errors call values: the name of a terminal in small letters (empty for any), its pattern, and the words."""


class Grammar:
    """A grammar, and the answers that it gives.

    *name* is a file in `grammars/` without its ending, or the path of any other `.lark` file. *starts* are
    the rules that texts can be parsed with. *words* says what errors call values.
    """

    def __init__(self, name: str, starts: tuple[str, ...], words: Words = ()) -> None:
        self._name = name
        self._named = {(name, pattern): called for name, pattern, called in words}
        text = self._text()
        # LALR with the contextual lexer is linear, and a key may be spelled like a value elsewhere.
        # Tokens of punctuation are kept for `pieces`. No `cache`: it unpickles a predictable temporary file.
        try:
            self._lark = Lark(
                text,
                parser="lalr",
                lexer="contextual",
                start=list(starts),
                keep_all_tokens=True,
                maybe_placeholders=False,
                import_paths=[_import],
            )
        except (LarkError, re.error, OverflowError, OSError) as error:
            raise OptionError(f"grammar {name!r}: {_reason(error)}") from error
        self._terminals: dict[str, TerminalDef] = {terminal.name: terminal for terminal in self._lark.terminals}
        for terminal in self._terminals:
            found = next(in_pattern(self.pattern(terminal)), None)
            if found is not None:
                raise OptionError(f"grammar {name!r}: terminal {_own_name(terminal)}: {found}")

    def _text(self) -> str:
        """Return the text of the file. Raise `OptionError` if it cannot be read."""
        try:
            return Path(self._name).read_text("utf-8") if self._name.endswith(".lark") else _read(f"{self._name}.lark")
        except (OSError, ValueError) as error:
            raise OptionError(f"grammar {self._name!r} cannot be read: {error}") from error

    def pattern(self, terminal: str) -> str:
        """Return the regular expression of a terminal, under its own name or the one that it has when imported."""
        return str(self._definition(terminal).pattern.to_regexp())

    def has_terminal(self, name: str) -> bool:
        """Return whether the grammar has a terminal of that name, its own or an imported one."""
        return any(_own_name(each) == name for each in self._terminals)

    def _definition(self, terminal: str) -> TerminalDef:
        """Return the terminal of that name, or the imported one. Raise `OptionError` if the grammar uses neither."""
        found = self._terminals.get(terminal)
        if found is None:
            imported = (each for name, each in self._terminals.items() if _own_name(name) == terminal)
            found = next(imported, None)
        if found is None:
            raise OptionError(f"grammar {self._name!r} has to use the terminal {terminal} of service.lark")
        return found

    def specials(self, terminal: str) -> str | None:
        """Return the ASCII characters that can make a text invalid, or None if unknown.

        An ASCII text without any of them always matches the terminal.
        """
        return _specials(self.pattern(terminal))

    def values(self, rule: str, keys: Sequence[str]) -> list[list[str]] | None:
        """Return for each key of a record the terminals that its value may be, or None if no record has these keys.

        A value that may be missing has an empty name among them. Lark's table gives the answer, so that it depends
        only on the rule and the keys.
        """
        parser = self._lark.parse_interactive(start=rule)
        found: list[list[str]] = []
        for number, key in enumerate(keys):
            if number and not self._feed(parser, "_NEXT"):
                return None
            name = self._key(key, self._accepted(parser))
            if name is None or not self._feed(parser, name) or not self._feed(parser, "_IS"):
                return None
            accepted = self._accepted(parser)
            values = [each for each in self._terminals if each in accepted and self.kind(each) not in _PUNCTUATION]
            if values:
                parser.feed_token(Token(values[0], ""))
            if any(_own_name(each) in ("_NEXT", "_LINE_END", "$END") for each in accepted):
                values.append("")
            if not values:
                return None
            found.append(values)
        return found if "$END" in self._accepted(parser) else None

    def _accepted(self, parser: InteractiveParser) -> set[str]:
        """Return the terminals that may follow. Lark's own list lacks those that an imported rule brings along."""
        found: set[str] = set()
        conf = copy(parser.parser_state.parse_conf)
        conf.callbacks = {}  # these tokens are only tried
        for name in {"$END", *self._terminals} & parser.choices().keys():  # type: ignore[no-untyped-call]
            ahead = parser.copy(deepcopy_values=False)  # type: ignore[no-untyped-call]
            ahead.parser_state.parse_conf = conf
            with suppress(UnexpectedToken):
                ahead.feed_token(Token(name, ""))
                found.add(name)
        return found

    def _feed(self, parser: InteractiveParser, terminal: str) -> bool:
        """Feed punctuation, a literal or a key if the parser accepts it."""
        name = next((each for each in self._accepted(parser) if terminal in (each, _own_name(each))), None)
        if name is not None:
            parser.feed_token(Token(name, ""))
        return name is not None

    def _key(self, key: str, accepted: set[str]) -> str | None:
        """Return the terminal of a key: its own literal, or that of any key."""
        open_key = None
        for name in accepted - {"$END"}:
            pattern = self._terminals[name].pattern
            if isinstance(pattern, PatternStr) and pattern.value == key:
                return name
            if self.kind(name) == "key" and re.compile(pattern.to_regexp()).fullmatch(key):
                open_key = name
        return open_key

    def literal(self, terminal: str) -> str:
        """Return the text of a terminal that is a fixed string."""
        pattern = self._definition(terminal).pattern
        if not isinstance(pattern, PatternStr):
            raise OptionError(f"grammar {self._name!r}: {terminal} has to be a fixed string, so that it can be written")
        return str(pattern.value)

    def kind(self, terminal: str) -> str:
        """Return what a token of that terminal is; see `Piece`."""
        name = _own_name(terminal)
        if name.startswith("_"):
            return "separator"
        if isinstance(self._terminals[terminal].pattern, PatternStr):
            return "literal"
        return name.lower()

    def parse(
        self, source: Source, start: str, index: int, end: int, seen: str | None = None
    ) -> tuple[str, list[Piece]]:
        """Parse a part of the text, or *seen* in its place. Return the rule that matched it, and its tokens.

        Raise `DecodeError`, which says what was expected, if no rule matches.
        """
        text = source.text[index:end] if seen is None else seen
        try:
            tree = self._lark.parse(text, start=start)
        except UnexpectedInput as error:
            self._fail(error, source, text, index)
        rule = tree
        while rule.data == start and isinstance(rule.children[0], Tree):
            rule = rule.children[0]
        pieces = [
            Piece(self.kind(token.type), token.type, str(token), index + (token.start_pos or 0))
            for token in tree.scan_values(lambda value: isinstance(value, Token))
        ]
        return _own_name(str(rule.data)), pieces

    def variants(self, rule: str) -> Iterator[list[Piece]]:
        """Yield each way to write a rule without repetition: its literals, values and loose separators without text."""
        for candidate in self._lark.rules:
            if _own_name(candidate.origin.name) == rule and all(symbol.is_term for symbol in candidate.expansion):
                symbols = [symbol.name for symbol in candidate.expansion]
                yield [Piece(self.kind(symbol), symbol, self.fixed(symbol), 0) for symbol in symbols]

    def fields(self, rule: str) -> dict[str, set[str]]:
        """Return the keys that a record's rule names, each with the terminals that its value may be.

        A key is a literal before `_IS`.
        """
        expansions: dict[str, list[Any]] = {}
        for each in self._lark.rules:
            expansions.setdefault(each.origin.name, []).append(each.expansion)
        found: dict[str, set[str]] = {}
        rules = [name for name in expansions if _own_name(name) == rule]
        for name in rules:
            for expansion in expansions[name]:
                rules += [each.name for each in expansion if not each.is_term and each.name not in rules]
                for key, equals, value in zip_longest(expansion, expansion[1:], expansion[2:]):
                    if equals is None or _own_name(equals.name) != "_IS" or not self.fixed(key.name):
                        continue
                    terminals = found.setdefault(self.fixed(key.name), set())
                    if value is not None and value.is_term and self.kind(value.name) not in _PUNCTUATION:
                        terminals.add(value.name)
        return found

    def first_keys(self, rule: str) -> set[str]:
        """Return the keys that a record of a rule can begin with; an empty text stands for any key."""
        return {self.fixed(name) for name in self._accepted(self._lark.parse_interactive(start=rule))}

    def inside(self, name: str) -> set[str]:
        """Return the rules in a rule, without those that only repeat others."""
        inside = [rule.expansion for rule in self._lark.rules if rule.origin.name == name]
        names = {symbol.name for expansion in inside for symbol in expansion if not symbol.is_term}
        return {_own_name(each) for each in names if not each.startswith("_")}

    def fixed(self, terminal: str) -> str:
        """Return the text of a terminal that is a fixed string, or an empty text if it is not one or does not exist."""
        found = self._terminals.get(terminal)
        pattern = None if found is None else found.pattern
        return str(pattern.value) if isinstance(pattern, PatternStr) else ""

    def _fail(self, error: UnexpectedInput, source: Source, text: str, index: int) -> NoReturn:
        if isinstance(error, UnexpectedToken):
            # `expected` lacks imported terminals: Lark takes names that are not all capitals for rules.
            state = error.state
            choices = state.parse_conf.states[state.position]
            # Nothing is accepted in the state that a whole rule ends in: only the end may follow it.
            wanted = {name for name in choices if name == "$END" or name in self._terminals} or {"$END"}
            # Lark puts the end of a text where its last token begins.
            at = len(text) if error.token.type == "$END" else error.token.start_pos or 0
        else:
            assert isinstance(error, UnexpectedCharacters)
            wanted, at = set(error.allowed), error.pos_in_stream
            # Lark gives the end this name if nothing else is allowed.
            wanted = {"$END" if name == "<END-OF-FILE>" else name for name in wanted}
        words = sorted(set(map(self._words, wanted)))
        expected = " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
        source.fail(f"expected {expected}, found {source.found(index + at)}", index + at)

    def _words(self, terminal: str) -> str:
        if terminal == "$END":
            return "the end of the reply"
        if _own_name(terminal) in ("_LINE_END", "_LINES"):
            return "the end of the line"
        if self.fixed(terminal):
            return repr(self.fixed(terminal))
        name, pattern = _own_name(terminal).lower(), self.pattern(terminal)
        known = self._named.get((name, pattern)) or self._named.get(("", pattern))
        if known is not None:
            return known
        words = name.strip("_").replace("_", " ")
        return f"{'an' if words[0] in 'aeio' else 'a'} {words}"


_NO_RULE = re.compile(r"Using an undefined rule: NonTerminal\('(.*)'\)").fullmatch
_EMPTY = re.compile(r"Lexer does not allow zero-width terminals\. \((\w+): .*").fullmatch


def _reason(error: Exception) -> str:
    """Return why a grammar cannot be loaded."""
    if isinstance(error, OSError):
        return f"cannot import {error.filename}: {error.strerror}"
    said = " ".join(str(error).split())
    missing, empty = _NO_RULE(said), _EMPTY(said)
    if empty is not None:
        return f"terminal {empty[1]} matches an empty text (let it match one character or more, and write [{empty[1]}])"
    return said if missing is None else f"it has no rule {missing[1]!r}"


# A run of a class of characters. A terminal can narrow it further.
_RUN = re.compile(r"(?:\(\?:)*(\[(?:[^\]\\]|\\.)+\])\)?\+", re.DOTALL)
_ASCII = frozenset(map(chr, range(128)))


@lru_cache(64)
def _specials(pattern: str) -> str | None:
    run = _RUN.match(pattern)
    if run is None:
        return None
    plain = set(filter(re.compile(run[1]).fullmatch, _ASCII))
    allows = re.compile(pattern).fullmatch
    # `service.lark` has the conventions. This checks that the rest of the terminal may be missing.
    if not all(allows(text) for mark in plain for text in (mark, mark + mark)):
        return None
    return "".join(_ASCII - plain)


def _own_name(name: str) -> str:
    """Return the name of a rule or terminal without Lark's prefix for imported ones; empty if it is anonymous."""
    if "__" not in name or name.startswith("__"):
        return name.lstrip("_") if name.startswith("__") else name
    return "_" * name.startswith("_") + name.rpartition("__")[2]

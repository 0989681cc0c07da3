"""What the readers of the four formats have in common.

A format reads a body in one of two ways:

- `fast` takes bytes of UTF-8 and returns the reply, or None. It reads by compiled rows; it has no words and no places.
- `read` takes a `Source`, and judges. It reads plain values, builds the reply carefully, and raises `DecodeError` or
  `Trouble` if something is wrong. `locate` finds the places that an error or a finding is about.

It writes in the same two ways: `write` by compiled rows, and where these refuse a record that record carefully, with
words for what is wrong.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from functools import cached_property, partial
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

from msgspec.structs import replace

from .._careful import Builder, Note, Pair, Place, Spelled, checked_list, parser, spelled
from .._rows.kinds import by_kind, kinds, present_in, with_mappings
from .._rows.read import Rows, Small, at_once
from .._rows.small import Variant, small
from .._rows.source import CAUGHT, Fallback
from .._rows.values import Codes, documented_tables, noted_tables, tables
from .._rows.write import Keys, Texts, Writer
from .._source import Source
from ..declare import FORMATS, Endpoint, Field, Object, Reply, Type
from ..limits import DEFAULT_LIMITS, MAX_DIGITS, Limits

S = TypeVar("S")

MOST_SHAPES = 64
"""Sequences of keys that a format remembers a compiled reader or writer of."""

LONGEST_AT_ONCE = 4096
"""Characters of a reply that is read at once: those of ten records with all that is documented."""

_SOME_SHAPES = 16
"""Those that a list may have however short it is."""

_RECORDS_A_SHAPE = 16
"""Records that take about as long to be read or written carefully as a reader or writer takes to be compiled."""

LONGEST_KEYS = 512
"""Characters of the open keys that a shape has; the documented ones have some 120 together. A body chooses them, and a
writer remembers what stands before each code."""

MOST_OPTIONAL = 6
"""A reply with more fields that it may lack is read by its keys; others are all tried at once."""


class Tables:
    """The tables of codes of an endpoint; with *noted*, of one reply, of which they notice what is not documented."""

    def __init__(self, plain: dict[Any, tuple[Codes, ...]], noted: bool) -> None:
        self._plain, self._noted = plain, noted
        self._found: list[Any] = []
        self.odd_keys = False

    def of(self, obj: Object) -> Any:
        """Return the tables for the compiled readers of an object."""
        plain = self._plain[obj.cls]
        if not self._noted:
            return plain
        made = noted_tables(obj, plain)
        self._found += made
        return made

    @property
    def odd(self) -> bool:
        """Whether anything was noticed."""
        return self.odd_keys or self.odd_codes

    @property
    def odd_codes(self) -> bool:
        """Whether a code was."""
        return any(table.odd for table in self._found)


def most_shapes(records: int) -> int:
    """Return how many shapes of so many records are compiled. What has others is read and written carefully.

    So what a hostile list can have compiled is bounded by what the list costs anyway.
    """
    return min(MOST_SHAPES, _SOME_SHAPES + records // _RECORDS_A_SHAPE)


class Shapes(Generic[S]):
    """What a format has compiled for sequences of keys: the last `MOST_SHAPES` of them.

    It is a function of the declaration and the keys, so that nothing learned changes what a reply means or costs beyond
    being compiled once. Hostile bodies can have everything forgotten; what comes behind them is compiled again. No lock
    is held: of two threads that compile the same, either may win.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, S] = {}
        self.find = self._known.get
        """Returns what is remembered for keys, or None."""

    def __len__(self) -> int:
        return len(self._known)

    def keep(self, keys: Hashable, made: S) -> None:
        """Remember what was compiled for these keys, and forget the oldest if there is no room."""
        known = self._known
        known[keys] = made
        if len(known) > MOST_SHAPES:
            for oldest in [*known][:-MOST_SHAPES]:
                known.pop(oldest, None)

    def get(self, keys: Hashable, make: Callable[[], S]) -> S:
        """Return what is compiled for these keys."""
        found = self.find(keys)
        if found is None:
            found = make()
            self.keep(keys, found)
        return found


class AtOnce:
    """What reads replies with certain keys as the service writes them, compiled when it is needed."""

    def __init__(self, make: Callable[[Any], Small], tables: Any, documented: Any) -> None:
        self._make, self._tables, self._documented = make, tables, documented

    @cached_property
    def plain(self) -> Small:
        """With any codes."""
        return self._make(self._tables)

    @cached_property
    def documented(self) -> Small:
        """With the documented codes only."""
        return self._make(self._documented)


class Shape(NamedTuple):
    """What reads records with the same keys one behind another."""

    reply: Reply
    rows: Rows
    find: Callable[[str], list[Any]]
    """Finds them; a last group has what is not one."""
    width: int
    """How many keys they have."""
    at_once: AtOnce | None = None
    """What reads a short reply that has such records only, as the service writes it."""


class Few(Generic[S]):
    """What the records of one body have compiled, one after another."""

    def __init__(self, shapes: Shapes[S], records: int) -> None:
        self._shapes, self._most = shapes, most_shapes(records)
        self._found: dict[Hashable, S | None] = {}

    def get(self, keys: Hashable, make: Callable[[], S]) -> S | None:
        """Return what is compiled for these keys, None if there is no such thing, or the body has enough of it."""
        if keys not in self._found and len(self._found) < self._most:
            self._found[keys] = None
            with suppress(Fallback):
                self._found[keys] = self._shapes.get(keys, make)
        return self._found.get(keys)


class FormatReader(ABC):
    """Reads and writes the replies of an endpoint in one format."""

    fmt: str
    hides: Callable[[bytes], Any] | None = None
    """Finds in a body what stands for a letter, or for what a letter in the body could be taken for."""
    unique = True
    """Whether a record cannot have a code and a text under the same key."""
    between = "\n"
    """What stands between two records."""
    mark = "\n"
    """What a reply has in it as often as it has fields."""

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        self.endpoint = endpoint
        self.replies = endpoint.replies
        self.lists = tuple(reply for reply in self.replies if reply.many)
        self.wide = tuple(
            reply
            for reply in self.replies
            if not reply.many and sum(field.optional for field in reply.object.fields) > MOST_OPTIONAL
        )
        self.narrow = tuple(reply for reply in self.replies if not reply.many and reply not in self.wide)
        behind = {reply.kind: reply.behind(self.fmt) for reply in self.replies if self.fmt in ("text", "csv")}
        self.behind = {kind: found for kind, found in behind.items() if found is not None}
        """Of a reply with a list in it that stands in lines behind the first: its field, and what such a line is."""
        every = (*self.replies, *(inner for _, inner in self.behind.values()))
        self._builders: dict[str, Builder] = {}
        self._tables = {reply.object.cls: tables(reply.object) for reply in every}
        self.plain_tables = Tables(self._tables, noted=False)
        self._most_fields = max((len(reply.object.fields) for reply in self.narrow), default=0)
        self._documented = {reply.object.cls: documented_tables(reply.object) for reply in every}
        self._small: dict[Any, Small] = {}
        self.at_once: tuple[dict[int, Small], dict[int, Small]] = ({}, {})
        """With any codes, and with documented ones, by the identity of the class that is expected, or of None: what
        reads a small reply as the service writes it from its bytes. It returns None for all else."""
        # The same for other short replies, by how many marks they have.
        self._known: tuple[Shapes[Small], Shapes[Small]] = (Shapes(), Shapes())
        self._writers: Shapes[Writer] = Shapes()
        self._kinds = {reply.kind: kinds(reply.object) for reply in every}
        self.spell = {id(reply.cls): self._speller(reply) for reply in self.replies if not reply.many}
        """By the identity of a reply's class: what writes such a reply within the default limits.

        It may raise anything: the careful writer says what is wrong.
        """

    def noted_tables(self) -> Tables:
        """Return tables for one reply of which everything is reported."""
        return Tables(self._tables, noted=True)

    def ordered(self, expect: tuple[Any, ...], replies: Iterable[Reply]) -> list[Reply]:
        """Return replies with those first that are expected."""
        return sorted(replies, key=lambda reply: reply.cls not in expect)

    # Reading

    @abstractmethod
    def fast(self, body: bytes, limits: Limits, expect: tuple[Any, ...], tables: Tables) -> Any:
        """Return the reply in a body of UTF-8, None if `read` has to judge. It may raise one of `CAUGHT` too."""

    @abstractmethod
    def read(self, source: Source, expect: tuple[Any, ...], notes: list[Note] | None) -> Any:
        """Return the reply; *expect* decides where a body can mean several."""

    @abstractmethod
    def locate(self, source: Source, places: Sequence[Place]) -> list[int]:
        """Return where in the text each of *places* is."""

    def read_small(self, text: str, expect: tuple[Any, ...], limits: Limits, tables: Tables) -> Any:
        """Return the narrow reply in a text, None if it is not one. The expected class is tried first."""
        if len(text) > limits.text or limits.fields < self._most_fields:
            return None
        # Of a small reply the careful reader finds out what is not documented.
        return self.small_reader(expect[0] if len(expect) == 2 else None, tables is not self.plain_tables)(text)

    def small_reader(self, first: type | None, documented: bool) -> Small:
        """Return what reads small replies in all ways that an expression can tell; the class *first* is tried first."""
        read = self._small.get((first, documented))
        if read is None:
            read = self._small[first, documented] = self._compile_small(first, documented, None)
        return read

    def prepare(self, first: type | None, documented: bool) -> None:
        """Compile what reads small replies as the service writes them; the class *first* is tried first."""
        read = self._compile_small(first, documented, (LONGEST_AT_ONCE, self.mark, self._known[documented].find))
        self.at_once[documented][id(first)] = read

    def _compile_small(self, first: type | None, documented: bool, whole: Any) -> Small:
        replies = self.ordered((first,) if first else (), self.narrow)
        variants, around, plain = self.variants(replies, first, canonical=whole is not None)
        all_tables = self._documented if documented else self._tables
        return small(
            f"{self.endpoint.name} fmt={FORMATS.index(self.fmt)}",
            variants,
            [all_tables[variant.object.cls] for variant in variants],
            around,
            plain,
            whole,
        )

    @abstractmethod
    def variants(
        self, replies: Sequence[Reply], first: type | None, canonical: bool
    ) -> tuple[list[Variant], tuple[str, str], Callable[[str], str] | None]:
        """Return what reads these replies, of which that of the class *first* is expected: the arguments of `small`.

        If it is *canonical*, as the service writes them; else in all ways that an expression can tell.
        """

    def remember(self, text: str, shape: Any, tables: Tables) -> None:
        """Remember what reads a short text of one shape: the next with as many marks may be like it."""
        if len(text) > LONGEST_AT_ONCE or shape is None or shape.at_once is None:
            return
        marks = text.count(self.mark)
        documented = tables is not self.plain_tables
        if not documented:
            self._known[False].keep(marks, shape.at_once.plain)
        elif not shape.rows.odd:
            self._known[True].keep(marks, shape.at_once.documented)

    def make_at_once(
        self,
        obj: Object,
        many: Any,
        keys: Sequence[str],
        pattern: str,
        head: str = "",
        plain: Callable[[str], str] | None = None,
    ) -> AtOnce:
        """Return what reads short replies of records with these keys: the arguments of `_rows.at_once`."""

        def make(known: Any) -> Small:
            return at_once(obj, self.fmt, keys, pattern, known[obj.cls], many, head, plain)

        return AtOnce(make, self._tables, self._documented)

    def builder(self, reply: Reply) -> Builder:
        """Return the careful reader of a reply's records."""
        found = self._builders.get(reply.kind)
        if found is None:
            found = self._builders[reply.kind] = self.make_builder(reply)
        return found

    def make_builder(self, reply: Reply) -> Builder:
        """Make the careful reader of a reply's records."""
        return Builder(reply.object, self.fmt)

    # Writing

    def write(self, value: Any, reply: Reply, limits: Limits) -> str:
        """Return the canonical text of a reply. Raise `EncodeError` if the format cannot carry it."""
        if reply.many:
            return self.framed(self._lines(getattr(value, reply.attribute), reply, reply.attribute, limits), reply)
        name, inner = self.behind.get(reply.kind, ("", None))
        if inner is None or getattr(value, name) == ():
            return self.write_one(value, reply, limits)
        records = checked_list(getattr(value, name), name, limits)
        first = self.write_one(replace(value, **{name: ()}), reply, limits)
        return "\n".join([first, *self._lines(records, inner, name, limits)])

    def check_keys(self, reply: Reply, keys: Keys) -> None:
        """Leave open keys to the careful writer that the format may not be able to hold."""
        taken = {*reply.object.names(self.fmt), self.taken(reply)}
        if not taken.isdisjoint(keys.codes + keys.texts) or (self.unique and not {*keys.codes}.isdisjoint(keys.texts)):
            raise Fallback

    def framed(self, lines: list[str], reply: Reply) -> str:
        """Return the records of a list with what stands around and between them."""
        return self.between.join(lines)

    def write_one(self, value: Any, reply: Reply, limits: Limits) -> str:
        """Return the text of a reply that is not a list."""
        if reply.constant:
            return self.constant(reply)
        if limits.digits == MAX_DIGITS:
            try:
                writer = self._writer(reply, self._kinds[reply.kind](value, {}))
                if writer.longest <= limits.text:
                    return writer.one(value, limits.text)
            except CAUGHT:
                pass
        return self.write_carefully(value, reply, "", limits)

    def constant(self, reply: Reply) -> str:
        """Return the text of a reply that is a word."""
        return reply.constant

    def _speller(self, reply: Reply) -> Callable[[Any], str]:
        known: Shapes[Callable[[Any, int], str]] = Shapes()
        make = partial(self.make_speller, reply)
        return by_kind(reply.object, known.find, lambda kind: known.get(kind, partial(make, kind)), DEFAULT_LIMITS.text)

    def make_speller(self, reply: Reply, kind: Any) -> Callable[[Any, int], str]:
        """Return what writes a reply of a kind; the second argument is the length that no text may exceed."""
        if reply.constant:
            text = self.constant(reply)
            return lambda value, longest: text
        return self._writer(reply, kind).one

    def write_carefully(self, value: Any, reply: Reply, path: str, limits: Limits) -> str:
        """Return the text of one record, or of a reply that is not a list. Raise `EncodeError` if it has none."""
        fields = spelled(reply.object, self.fmt, value, path, limits, self.unique, self.taken(reply))
        return self.spelled_out(fields, value, reply, path, limits)

    def taken(self, reply: Reply) -> str:
        """Return a key that no open key of a record can be, beside those of fields; empty if there is none."""
        return ""

    @abstractmethod
    def spelled_out(self, fields: list[Spelled], value: Any, reply: Reply, path: str, limits: Limits) -> str:
        """Return the text of a record with these fields."""

    def _lines(self, records: Sequence[Any], reply: Reply, path: str, limits: Limits) -> list[str]:
        """Return the text of each record of the list that *path* names."""
        if not records:
            return []
        kind_of = self._kinds[reply.kind]
        try:
            return self._alike(records, reply, kind_of(records[0], {}), limits)
        except CAUGHT:
            pass
        places: dict[Any, list[int]] = {}
        given = [*records]
        checked: dict[int, Any] = {}
        for place, record in enumerate(records):
            try:
                kind = kind_of(record, checked)
            except CAUGHT:
                try:
                    given[place] = with_mappings(reply.object, record)
                    kind = kind_of(given[place], checked)
                except CAUGHT:
                    kind = None
            places.setdefault(kind, []).append(place)
        lines = [""] * len(records)
        # Those that most records have.
        for kind, some in sorted(places.items(), key=_how_many, reverse=True)[: most_shapes(len(records))]:
            try:
                made = self._alike([given[place] for place in some], reply, kind, limits)
            except CAUGHT:
                made = None
            for number, place in enumerate(some):
                lines[place] = made[number] if made else ""
        # In their order, as the first that is wrong is the one to name.
        for place, record in enumerate(records):
            if not lines[place]:
                lines[place] = self.write_carefully(record, reply, f"{path}[{place}]", limits)
        return lines

    def _alike(self, records: Sequence[Any], reply: Reply, kind: Any, limits: Limits) -> list[str]:
        """Return the text of each record; all are of a kind, or one of `CAUGHT` is raised."""
        if kind is None:
            raise Fallback
        writer = self._writer(reply, kind)
        if writer.width > limits.fields or writer.longest > limits.text or limits.digits < MAX_DIGITS:
            raise Fallback
        return writer.many(records, limits.text)

    def _writer(self, reply: Reply, kind: Any) -> Writer:
        found = self._writers.find((reply.kind, kind))
        if found is None:
            present, keys = present_in(reply.object, kind)
            if sum(map(len, keys.codes + keys.texts)) > LONGEST_KEYS:
                raise Fallback
            found = self.compile_writer(reply, present, keys)
            self._writers.keep((reply.kind, kind), found)
        return found

    @abstractmethod
    def compile_writer(self, reply: Reply, present: frozenset[str], keys: Keys) -> Writer:
        """Compile what writes records with these fields and open keys; `Fallback` if they have no compiled form."""


_RUNS = 4
"""Shapes one behind another before the rest of a list is sorted by shape."""


class RunReader(FormatReader):
    """Reads lists in which records of the same shape stand one behind another (fmt=0, fmt=2)."""

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        super().__init__(endpoint)
        # The last shape with so many keys: a guess that `find` judges.
        self._widths: Shapes[Shape] = Shapes()

    @abstractmethod
    def shape_at(self, text: str, at: int, reply: Reply) -> tuple[Shape, int]:
        """Return the shape of the record at a place, and where the next one begins. Raise `Fallback` if it has none."""

    @abstractmethod
    def pieces(self, text: str, reply: Reply) -> tuple[list[str], Iterable[Hashable], str]:
        """Return the records of a text, what is the same of records with the same shape, and what ends each of them.

        Where it is the same of others too, `find` does not find all of them.
        """

    @abstractmethod
    def width(self, text: str) -> int:
        """Return how many keys the first record of a text seems to have."""

    def plain_rows(self, text: str, found: list[Any]) -> list[Any]:
        """Return the rows that were found in a text without what the format escapes."""
        return found

    def runs(self, text: str, reply: Reply, limits: Limits, longest: int | None, tables: Tables) -> list[Any]:
        """Return the records that a text consists of."""
        shape = self._widths.find(self.width(text))
        found = shape.find(text) if shape is not None and shape.reply is reply else [(text,)]
        if shape is not None and not found[-1][-1]:
            return self._made(shape, self.plain_rows(text, found), limits, longest, tables)
        records: list[Any] = []
        for _ in range(_RUNS):
            rest = found.pop()[-1]
            if found and shape is not None:
                records += self._made(shape, self.plain_rows(text, found), limits, longest, tables)
            text = rest
            shape = self.shape_at(text, 0, reply)[0]
            self._widths.keep(shape.width, shape)
            found = shape.find(text)
            if not found[-1][-1]:
                return records + self._made(shape, self.plain_rows(text, found), limits, longest, tables)
        return records + self._by_shape(text, reply, limits, longest, tables)

    def remember_runs(self, text: str, records: str, tables: Tables) -> None:
        """Remember the shape of a text whose *records* may have one."""
        self.remember(text, self._widths.find(self.width(records)), tables)

    def _by_shape(self, text: str, reply: Reply, limits: Limits, longest: int | None, tables: Tables) -> list[Any]:
        """Return the same where shapes take turns: records of a shape are read together, and put in their places."""
        pieces, kinds, end = self.pieces(text, reply)
        places = grouped(kinds)
        if len(places) > most_shapes(len(pieces)):
            raise Fallback
        records: list[Any] = [None] * len(pieces)
        for some in places.values():
            joined = end.join([*map(pieces.__getitem__, some), ""])
            shape = self.shape_at(joined, 0, reply)[0]
            found = shape.find(joined)
            if len(found) != len(some) or found[-1][-1]:
                raise Fallback
            made = self._made(shape, self.plain_rows(joined, found), limits, longest, tables)
            for place, record in zip(some, made):
                records[place] = record
        return records

    def _made(self, shape: Shape, found: list[Any], limits: Limits, longest: int | None, tables: Tables) -> list[Any]:
        rows = shape.rows
        if (
            shape.width > limits.fields
            or rows.longest > limits.text
            or (longest is not None and _any_longer(found, rows.texts, longest))
        ):
            raise Fallback
        tables.odd_keys |= rows.odd
        looked_up = tables.of(shape.reply.object)
        try:
            return rows.many(found, looked_up)
        except KeyError:
            if longest is not None and _any_longer(found, rows.opened, longest):
                raise Fallback from None
            return rows.mixed(found, looked_up)


def grouped(kinds: Iterable[Hashable]) -> dict[Hashable, list[int]]:
    """Return the places of each kind."""
    found: defaultdict[Hashable, list[int]] = defaultdict(list)
    for place, kind in enumerate(kinds):
        found[kind].append(place)
    return found


def _how_many(group: tuple[Hashable, list[int]]) -> int:
    return len(group[1])


def _any_longer(found: Sequence[Any], places: Iterable[int], longest: int) -> bool:
    return any(max(map(len, map(itemgetter(place), found))) > longest for place in places)


def texts_with(special: Callable[[str], Any], escape: Callable[[str], str]) -> Texts:
    """Return how texts are written that are escaped where they have *special* characters."""

    def one(text: str) -> str:
        return escape(text) if special(text) else text

    def many(column: list[str], longest: int) -> list[str]:
        joined = "".join(column)
        if {*map(type, column)} != {str} or (len(joined) > longest and max(map(len, column)) > longest):
            raise Fallback
        return [escape(text) if special(text) else text for text in column] if special(joined) else column

    return Texts(one, many)


def required(reply: Reply, fmt: str) -> frozenset[str]:
    """Return the keys that a reply's object has to have in a format."""
    fields = (field for field in reply.object.fields if not field.optional)
    return frozenset((field.key(fmt) or "").removeprefix("@") for field in fields)


def rank(reply: Reply, fmt: str, pairs: Sequence[Pair]) -> int | None:
    """Return how many keys a reply that is not a list has no place for, None if the pairs are not such a reply."""
    keys = {key for key, _ in pairs}
    names = reply.object.names(fmt)
    given = {names[key] for key in keys if key in names}
    if not keys or not all(field.optional or field.name in given for field in reply.object.fields):
        return None
    others = len(keys - names.keys())
    if others and reply.object.open is None and not reply.more:
        return None
    if len(reply.object.fields) == 1:
        (field,) = reply.object.fields
        # The id of a new name has the key of a name in a list: only a number is an id.
        if not all(isinstance(value, str) and is_value(field, value) for key, value in pairs if key in names):
            return None
    return others


def is_value(field: Field, text: str) -> bool:
    """Whether a text is a value of a field."""
    return isinstance(field.type, Type) and parser(field.type)[1](text) is not None

"""The base of the readers of the four formats.

A format reads a body in one of two ways:

- `fast` takes bytes of UTF-8 and returns the reply, or None. It reads by compiled rows and cannot explain a failure.
- `read` takes a `Source`, and judges. It reads plain values, builds the reply carefully, and raises `DecodeError` or
  `Trouble` if something is wrong. `locate` finds the places that an error or a finding is about.

Short replies have readers of their own, and most bodies that a client gets are short:

- a *canonical* reader knows small replies as the service writes them. It takes the bytes, and is called first;
- a *learned* reader knows the layout that another short reply had, such as a list of one name;
- a *tolerant* reader knows small replies in all layouts that an expression can tell.

A format writes in the same two ways. `write` uses compiled rows. If they refuse a record, the careful writer writes it,
or says what is wrong with it.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence, Set
from functools import partial
from operator import attrgetter
from typing import Any

from msgspec.structs import replace

from .._careful import (
    Builder,
    Formatted,
    Note,
    Pair,
    Place,
    Trouble,
    checked_list,
    format_fields,
    merged,
    no_place,
    open_paths,
    parser,
    texts_in,
    undocumented,
)
from .._loading import LOADING
from .._rows.opened import grouped
from .._rows.presence import by_presence, compile_presence, present_in, with_mappings
from .._rows.read import MOST_KEYS, Small, at_once
from .._rows.small import LONGEST_AT_ONCE, Variant, Whole, small
from .._rows.source import REFUSED, Fallback
from .._rows.values import documented_tables, tables
from .._rows.write import Keys, Texts, Writer
from .._secrets import FOUND
from .._source import SURROGATE, Source
from .._types import all_are, is_really, lazy
from ..declare import FORMATS, Endpoint, Field, Object, OpenMap, Other, Reply, Type, either
from ..errors import DecodeError, EncodeError
from ..limits import DEFAULT_LIMITS, MAX_DIGITS, Limits
from ..mapping import EMPTY, FrozenMapping
from ..model import ErrorReply
from ..report import Finding, Severity
from .shapes import AtOnce, Reported, Shapes, Tables, shape_budget

LONGEST_KEYS = 512
"""The most characters of the open keys of a shape. The documented keys have about 120 together. A body chooses its
keys, and a writer remembers the text before each code."""

MOST_OPTIONAL = 6
"""A reply with more optional fields is read by its keys, like a record of a list. Other replies are tried at once."""

_SHORT_PIECE = 512
"""Characters of a piece that is not worth a look of its own."""

_FEW_RECORDS = 16
"""Records that take about as long to write one by one as together."""
_LONGEST_VALUE = len("-999999999999999.999999")
"""Characters of the longest amount. Dates are shorter."""

_ANY = 2**63
UNBOUNDED = Limits(body=_ANY, items=_ANY, depth=_ANY, fields=_ANY, text=_ANY)


class FormatReader(ABC):
    """Reads and writes the replies of an endpoint in one format."""

    fmt: str
    hides: Callable[[bytes], Any] | None = None
    """Finds the escapes in a body that can hide broken letters."""
    unique = True
    """Whether a record cannot have a code and a text under the same key."""
    between = "\n"
    """The text between two records."""
    mark = "\n"
    """Text whose count tells shapes apart: replies of one shape have it equally often."""
    outside = "\n"
    """A character that the text of a compiled value does not contain, and that most texts have often."""
    list_start = ""
    """The character that only lists begin with, or an empty text if there is none."""

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        self.endpoint = endpoint
        self.replies = endpoint.replies
        self._required = {reply.kind: required(reply, self.fmt) for reply in self.replies}
        self.lists = tuple(reply for reply in self.replies if reply.many)
        self.several_lists = len(self.lists) > 1
        listed = [reply.object for reply in self.lists]
        self.wide = tuple(
            reply
            for reply in self.replies
            if not reply.many
            and (reply.object in listed or reply.object.is_generic or _optional(reply) > MOST_OPTIONAL)
        )
        self.narrow = tuple(reply for reply in self.replies if not reply.many and reply not in self.wide)
        self.error, *own = self.replies
        keys = self._required[self.error.kind]
        # None if another reply has one of the keys too.
        self._error_keys = keys if all(keys.isdisjoint(reply.object.names(self.fmt)) for reply in own) else None
        behind = {reply.kind: reply.behind(self.fmt) for reply in self.replies if self.fmt in ("text", "csv")}
        self.behind = {kind: found for kind, found in behind.items() if found is not None}
        """By kind of reply: the field whose objects follow in more lines, and the declaration of such a line."""
        every = (*self.replies, *(inner for _, inner in self.behind.values()))
        self._builders: dict[str, Builder] = {}
        self._tables = {reply.object.cls: tables(reply.object) for reply in every}
        self.plain_tables = Tables(self._tables, noted=False)
        self._most_fields = max((len(reply.object.fields) for reply in self.narrow), default=0)
        self._documented = {reply.object.cls: documented_tables(reply.object) for reply in every}
        self._canonical: dict[Any, Small] = {}
        self._tolerant: dict[Any, Small] = {}
        self._learned: dict[tuple[type | None, str], Shapes[Small]] = {}
        """The learned readers by the number of marks in a reply, for each expected class (or None) and kind:

        - `plain`: they read any codes, and undocumented keys only if the expected class takes any keys;
        - `documented`: they read documented keys and codes only;
        - `open`: they read undocumented keys;
        - `reported`: those of `Reported`, for `validate`.
        """
        self._writers: Shapes[Writer] = Shapes()
        self._presence_of = {reply.kind: compile_presence(reply.object) for reply in every}
        self.write_at_once = {
            id(reply.cls): (self._list_writer if reply.many else self._record_writer)(reply)
            for reply in self.replies
            if reply.is_known(self.fmt)
        }
        """The writers of replies within the default limits, by the identity of the reply's class.

        They may raise anything: the careful writer says what is wrong.
        """

    def noted_tables(self) -> Tables:
        """Return tables for one reply that has everything reported."""
        return Tables(self._tables, noted=True)

    def ordered(self, expect: tuple[Any, ...], replies: Iterable[Reply]) -> list[Reply]:
        """Return the replies with the expected ones first."""
        return sorted(replies, key=lambda reply: reply.cls not in expect)

    def is_error(self, keys: Collection[str]) -> bool:
        """Return whether a reply with these keys is an error: it has the keys of every error, whatever else it has."""
        return self._error_keys is not None and self._error_keys <= {*keys}

    def has_rivals(self, reply: Reply, keys: Collection[str]) -> bool:
        """Return whether the keys are enough for another reply too, so that `read` has to choose.

        A reply that takes any keys gives way to any other.
        """
        generic = reply.object.takes_any_keys
        others = [
            each
            for each in self.replies
            if each is not reply and not (each.many and each.object is reply.object)
            if generic or not each.object.is_generic
        ]
        given = {*keys}
        # A reply with a result and nothing else is `OK`, which not every endpoint says.
        return given == {"result"} or any(not each.constant and self.fits(each, given) for each in others)

    def fits(self, reply: Reply, keys: Set[str]) -> bool:
        """Return whether keys include all that a reply, or a record of it, has to have."""
        if self.fmt not in reply.object.also:
            return self._required[reply.kind] <= keys
        names = reply.object.names(self.fmt)
        given = {names[key] for key in keys if key in names}
        return all(field.optional or field.name in given for field in reply.object.fields)

    def choose(self, ranked: Iterable[tuple[int, Reply]], expect: tuple[Any, ...]) -> list[Reply]:
        """Choose from the replies that a body can be, each with the number of keys that it does not know.

        The reply that knows the most keys wins, and among equals the expected one. A generic reply is meant if nothing
        else is possible, or if it alone is expected. If several lists or generic replies remain, only the caller can
        tell which: return all of them.
        """
        known: list[tuple[int, Reply]] = []
        generic: list[tuple[int, Reply]] = []
        for others, reply in ranked:
            (generic if reply.object.is_generic else known).append((others, reply))
        if not known or (_has_expected(generic, expect) and not _has_expected(known, expect)):
            known = generic
        least = min([(others, reply.cls not in expect) for others, reply in known], default=None)
        best = [reply for others, reply in known if (others, reply.cls not in expect) == least]
        open_ = all(reply.many or reply.object.is_generic for reply in best)
        return best if open_ and any(reply.object is not best[0].object for reply in best) else best[:1]

    def ambiguous(self, some: Iterable[Reply], found: str) -> Trouble:
        """Return the error about a body that can be any of these replies."""
        choices = either(reply.title for reply in some)
        reason = (
            f"expected a reply that can mean one thing, found {found}, which can be {choices} (say what is expected)"
        )
        return Trouble(reason, Place(), "", "ambiguous")

    def empty_list(self, expect: tuple[Any, ...], found: str) -> Any:
        """Return the list without records that a body means: the expected one. Raise `Trouble` if it can be several.

        *found* says what the body is, for the error.
        """
        expected = [reply for reply in self.lists if reply.cls in expect]
        some = expected or self.lists[: 1 if expect else None]
        if len(some) > 1:
            raise self.ambiguous(some, found)
        return some[0].many()

    # Reading

    @abstractmethod
    def fast(self, body: bytes, limits: Limits, expect: tuple[Any, ...], tables: Tables) -> Any:
        """Read a body of UTF-8. Return None, or raise one of `CAUGHT`, if only `read` can read it."""

    @abstractmethod
    def read(self, source: Source, expect: tuple[Any, ...], notes: list[Note] | None) -> Any:
        """Return the reply; *expect* decides where a body can mean several."""

    @abstractmethod
    def locate(self, source: Source, places: Sequence[Place], expect: tuple[Any, ...] = ()) -> list[int]:
        """Return where in the text each of *places* is. `read` found them with the same *expect*."""

    def read_small(self, text: str, expect: tuple[Any, ...], limits: Limits, tables: Tables) -> Any:
        """Return the narrow reply in a text, or None if it is not one. The expected class is tried first."""
        if len(text) > limits.text or limits.fields < self._most_fields:
            return None
        # The careful reader reports what is not documented in a small reply.
        return self.tolerant_reader(expect[0] if len(expect) == 2 else None, tables is not self.plain_tables)(text)

    def with_records(
        self, first: Any, limits: Limits, tables: Tables, records_of: Callable[[Reply], list[Any] | None]
    ) -> Any:
        """Add the list in the lines after the first one to *first*. Return None if only `read` can read it."""
        reply = next((reply for reply in self.narrow if reply.cls is type(first) and reply.kind in self.behind), None)
        # Only the careful reader knows what to report about the lines.
        if reply is None or tables is not self.plain_tables:
            return None
        name, inner = self.behind[reply.kind]
        records = records_of(inner)
        return None if records is None or len(records) > limits.items else replace(first, **{name: tuple(records)})

    def may_be_own(self, text: str) -> bool:
        """Return whether a text contains what every reply of this endpoint alone contains.

        The check is quick, and many other texts pass it too.
        """
        return any(all(any(key in text for key in keys) for keys in needed) for needed in self._marks)

    @lazy
    def own(self) -> list[Reply]:
        """The replies of this endpoint alone that have keys of their own."""
        return [reply for reply in self.endpoint.own if reply.object.members and not reply.object.takes_any_keys]

    @lazy
    def _marks(self) -> list[list[list[str]]]:
        """The keys of each field that a reply of this endpoint alone needs, by replies."""
        return [
            keys_of(reply.object, self.fmt, [each for each in reply.object.fields if not each.may_lack(self.fmt)])
            for reply in self.own
        ]

    def canonical_reader(self, only: type | None, documented: bool) -> Small:
        """Return a function that reads a small reply from its bytes as the service writes it, or by a learned reader.

        The function returns None for a body in another layout. If *only* is given, the reply has that class,
        or is an error. All keys of the reply are documented, unless the class *only* takes any keys. If *documented*,
        there is nothing to report about the reply.
        """
        read = self._canonical.get((only, documented))
        if read is None:
            learned = self._learned_by(only, "documented" if documented else "plain")
            whole = Whole(self.mark, self.list_start, learned.find)
            if documented:
                whole = whole._replace(hides=self.hides, broken=_has_broken)
            read = self._canonical[only, documented] = self._compile_small(only, documented, whole)
        return read

    def tolerant_reader(self, first: type | None, documented: bool) -> Small:
        """Return a function that reads a small reply from its text in all layouts that an expression can tell.

        It tries the class *first* first. If *documented*, there is nothing to report about the reply.
        """
        read = self._tolerant.get((first, documented))
        if read is None:
            read = self._tolerant[first, documented] = self._compile_small(first, documented, None)
        return read

    def _learned_by(self, first: type | None, kind: str) -> Shapes[Small]:
        """Return the learned readers of a kind for calls that expect the class *first*, or any class."""
        return self._learned.get((first, kind)) or self._learned.setdefault((first, kind), Shapes())

    def read_learned(self, body: bytes, first: type | None, kind: str) -> Any:
        """Return what a learned reader of a kind returns for a short body, or None if no such reader knows it."""
        learned = self._learned.get((first, kind))
        if learned is None or len(body) > LONGEST_AT_ONCE:
            return None
        text = body.decode()
        read = learned.find(text.count(self.mark))
        return None if read is None else read(text)

    def naming(self, text: str, reply: Reply, records: Sequence[Any]) -> str | None:
        """Return all parts of the text of a list that can contain the name of a secret, or None if they are not known.

        Compiled rows have made the *records*. So the rest of the text is numbers, dates, and blanks and marks that are
        in no name.
        """
        around, obj = self.around(text, reply), reply.object
        return None if around is None else "\n".join([*around, *obj.names(self.fmt), *texts_in(obj, records)])

    def around(self, text: str, reply: Reply) -> Sequence[str] | None:
        """Return the tags, keys and marks around the fields of a list, or None if they are not known."""
        return None

    def may_be_broken(self, body: bytes) -> bool:
        """Return whether a body may contain broken letters, as they are or as escapes."""
        if self.hides is not None and self.hides(body):
            return True
        return not body.isascii() and _has_broken(body.decode())

    def _compile_small(self, first: type | None, documented: bool, whole: Whole | None) -> Small:
        replies = self.ordered((first,) if first else (), self.narrow)
        variants, around, unescape = self.variants(replies, first, canonical=whole is not None)
        if whole and first:
            variants = [variant for variant in variants if variant.object.cls in (first, ErrorReply)]
        all_tables = self._documented if documented else self._tables
        return small(
            f"{self.endpoint.name} fmt={FORMATS.index(self.fmt)}",
            variants,
            [all_tables[variant.object.cls] for variant in variants],
            around,
            unescape,
            whole,
        )

    @abstractmethod
    def variants(
        self, replies: Sequence[Reply], first: type | None, canonical: bool
    ) -> tuple[list[Variant], tuple[str, str], Callable[[str], str] | None]:
        """Return the arguments of `small` for these replies. The reply of the class *first* is expected.

        If *canonical*, they read replies as the service writes them, otherwise in all layouts an expression can tell.
        """

    def made(self, shape: Any, found: Any, limits: Limits, text: str | bytes, tables: Tables) -> list[Any]:
        """Return the records of rows of a shape, which were found in *text*."""
        tables.unknown_keys |= shape.rows.unknown
        is_long = len(text) > limits.text and self._may_be_long(text, limits.text)
        records: list[Any] = shape.rows.records(found, tables.of(shape.reply.object), limits, is_long)
        return records

    def _may_be_long(self, text: str | bytes, longest: int) -> bool:
        """Return whether a text may contain a value of more than *longest* characters.

        Such a value fills at least one piece of half that length, which then has no `outside` character.
        """
        size = longest // 2
        if size < _SHORT_PIECE:
            return True
        find: Any = text.find
        mark = self.outside if isinstance(text, str) else self.outside.encode()
        return any(find(mark, at, at + size) < 0 for at in range(0, len(text) - size + 1, size))

    def can_learn(self, text: str, reply: Any, expect: tuple[Any, ...]) -> bool:
        """Return whether a reader of such texts may be remembered, for calls that expect one class or any."""
        return len(text) <= LONGEST_AT_ONCE and len(expect) in (0, 2) and (not expect or type(reply) in expect)

    def learn(
        self, text: str, reply: Any, shape: Any, expect: tuple[Any, ...], tables: Tables, alone: bool = False
    ) -> None:
        """Remember the reader of the *reply* in a short text, which is of one shape if that is given.

        The next text with as many marks may be like it. The reader serves only calls with the same *expect*. If
        *alone*, the reply is a record that could be a list of one.
        """
        made = None if shape is None else shape.alone if alone else shape.at_once
        if made is None or not self.can_learn(text, reply, expect):
            return
        if tables is not self.plain_tables:
            if not shape.rows.unknown:
                self.keep(text, made.documented, "documented", expect)
            elif made.reported is not None:
                self.keep(text, made.reported.read, "reported", expect)
            return
        # Undocumented keys can make it a reply of another endpoint, unless the expected reply has any keys.
        is_open = shape.rows.unknown and not (expect and shape.reply.object.takes_any_keys)
        self.keep(text, made.plain, "open" if is_open else "plain", expect)

    def keep(self, text: str, read: Small, kind: str, expect: tuple[Any, ...]) -> None:
        """Remember the reader of a text. It reads later texts that have the same number of marks."""
        self._learned_by(expect[0] if expect else None, kind).keep(text.count(self.mark), read)

    def make_at_once(
        self,
        obj: Object,
        listed: Reply | None,
        keys: Sequence[str],
        pattern: str,
        before: Mapping[str, int],
        head: str = "",
        unescape: Callable[[str], str] | None = None,
    ) -> AtOnce:
        """Return the readers of short replies of records with these keys: of a list if *listed* is one.

        *before* has the number of characters between the place of a value and its group, by keys: of a quote, or of a
        tag. `_rows.at_once` explains the other arguments.
        """
        many, attribute = (listed.many, listed.attribute) if listed else (None, "")

        def make(known: Any) -> Small:
            return at_once(obj, self.fmt, keys, pattern, known[obj.cls], many, head, unescape)

        def report(read: Small) -> Reported | None:
            found: list[Finding] = []
            source = Source("", DEFAULT_LIMITS, findings=found)
            groups = {key: (group, before.get(key, 0)) for group, key in enumerate(keys, 1)}
            places = []
            for note in merged(undocumented(obj, self.fmt, keys, attribute, source)):
                if FOUND in note.message:  # the reply decides whether to show what follows
                    return None
                source.note(note.severity, note.code, note.message, 0, note.path, note.records)
                places.append(groups[str(note.place.steps[-1])])
            record = re.compile(pattern)
            findings = [(finding, *place) for finding, place in zip(found, places)]
            return Reported(read, record.match if many else record.fullmatch, len(head), findings, attribute)

        return AtOnce(make, self._tables, self._documented, report)

    def builder(self, reply: Reply) -> Builder:
        """Return the careful reader of a reply's records."""
        found = self._builders.get(reply.kind)
        if found is None:
            found = self._builders[reply.kind] = self.make_builder(reply)
        return found

    def make_builder(self, reply: Reply) -> Builder:
        """Make the careful reader of a reply's records."""
        return Builder(reply.object, self.fmt)

    def note_lines(self, reply: Reply, lines: Mapping[int, str], source: Source, notes: list[Note] | None) -> None:
        """Report lines after a reply that are not kept. They are given by their numbers."""
        if notes is not None and lines:
            number, first = next(iter(lines.items()))
            message = f"lines after {reply.title} are not known, and not kept; the first is {source.quote(first)}"
            notes.append(Note(Severity.WARNING, "unknown-key", message, Place((number,)), "", len(lines)))

    # Writing

    def write(self, value: Any, reply: Reply, limits: Limits) -> str:
        """Return the canonical text of a reply. Raise `EncodeError` if the format cannot carry it."""
        if not reply.is_known(self.fmt):
            raise EncodeError(f"nobody knows what {reply.title} looks like with fmt={FORMATS.index(self.fmt)}")
        if reply.many:
            records = getattr(value, reply.attribute)
            return self.listed(self._lines(records, reply, reply.attribute, limits), reply)
        name, inner = self.behind.get(reply.kind, ("", None))
        if inner is None or getattr(value, name) == ():
            return self.write_one(value, reply, limits)
        records = checked_list(getattr(value, name), name, limits)
        first = self.write_one(replace(value, **{name: ()}), reply, limits)
        return "\n".join([first, *self._lines(records, inner, name, limits)])

    def _telling(self, reply: Reply) -> set[str]:
        """Return the keys that other replies need."""
        return {key for each in self.replies if each is not reply for key in self._required[each.kind]}

    def check_keys(self, reply: Reply, keys: Keys) -> None:
        """Raise `Fallback` if the format may not be able to hold open keys: the careful writer has to decide.

        In a reply that is not a list, some keys could make it a reply of another kind.
        """
        taken = {*reply.object.names(self.fmt), self.taken(reply), *(() if reply.many else self._telling(reply))}
        opened = keys.codes + keys.texts
        if not taken.isdisjoint(opened) or (self.unique and not {*keys.codes}.isdisjoint(keys.texts)):
            raise Fallback
        if SURROGATE.search("".join(opened)):
            raise Fallback

    def framed(self, lines: list[str], reply: Reply) -> str:
        """Return the records of a list with the text around and between them."""
        return self.between.join(lines)

    def listed(self, lines: list[str], reply: Reply) -> str:
        """Return the text of a list with these records. Raise `EncodeError` if it would be read back as an error."""
        return self.framed(lines, reply)

    def write_one(self, value: Any, reply: Reply, limits: Limits) -> str:
        """Return the text of a reply that is not a list."""
        if reply.constant:
            return self.constant(reply)
        if _holds_values(limits):
            try:
                writer = self._writer(reply, self._presence_of[reply.kind](value, {}))
                if writer.longest <= limits.text:
                    return writer.one(value, limits.text)
            except REFUSED:
                pass
        text = self.write_carefully(value, reply, "", limits)
        opened = open_paths(reply.object, value)
        if opened:
            self._check_kind(text, reply, opened)
        elif reply.object.takes_any_keys and all(getattr(value, f.name) in (None, ()) for f in reply.object.fields):
            raise EncodeError(f"{reply.title} without keys would not be read back")
        return text

    def _check_kind(self, text: str, reply: Reply, opened: Mapping[str, str]) -> None:
        """Raise `EncodeError` if a text is a reply of another kind, such as an error. *opened* has its open keys."""
        try:
            read = self.read(Source(text, UNBOUNDED), (reply.cls, ErrorReply), None)
        except (Trouble, DecodeError):
            read = None
        if type(read) is reply.cls:
            return
        kinds_of = {id(each.cls): each.title for each in self.replies}
        telling = self._telling(reply)
        key = next((key for key in opened if key in telling), next(iter(opened)))
        words = kinds_of.get(id(type(read)), "another reply")
        raise EncodeError(f"with this key it would be read back as {words}", path=opened[key])

    def has_open_keys(self, reply: Reply) -> bool:
        """Return whether the format has a place for keys of a reply that are not fields."""
        return True

    def no_place_for_keys(self, reply: Reply) -> str:
        """Return what is wrong with an open key of a reply in a format that has no place for open keys."""
        rest = reply.object.open
        return no_place(self.fmt, rest.name if isinstance(rest, Other) else "", self.droppable(reply))

    def constant(self, reply: Reply) -> str:
        """Return the text of a reply that is a word."""
        return reply.constant

    def _record_writer(self, reply: Reply) -> Callable[[Any], str]:
        known: Shapes[Callable[[Any, int], str]] = Shapes()

        def make(present: Any) -> Callable[[Any, int], str]:
            return known.get(present, partial(self.make_record_writer, reply, present))

        return by_presence(reply.object, known.find, make, DEFAULT_LIMITS.text)

    def _list_writer(self, reply: Reply) -> Callable[[Any], str]:
        """Return the writer of short lists whose first record has no undocumented keys."""
        write, records_of = self._record_writer(reply), attrgetter(reply.attribute)
        # Undocumented keys of the first record can make it a list of another endpoint, unless it takes any keys.
        opened = () if reply.object.takes_any_keys else reply.object.opened
        known = reply.object.open.known if isinstance(reply.object.open, OpenMap) else frozenset()

        def write_list(value: Any) -> str:
            records = records_of(value)
            if type(records) is not tuple or not 0 < len(records) <= _FEW_RECORDS:
                raise Fallback
            for name in opened:
                items = getattr(records[0], name)
                if items is not EMPTY and not _are_among(items, known):
                    raise Fallback
            return self.listed([write(record) for record in records], reply)

        return write_list

    def make_record_writer(self, reply: Reply, presence: Any) -> Callable[[Any, int], str]:
        """Return the writer of replies with that presence. Its second argument is the greatest length of a text."""
        if reply.constant:
            text = self.constant(reply)
            return lambda value, longest: text
        return self._writer(reply, presence).one

    def write_carefully(self, value: Any, reply: Reply, path: str, limits: Limits) -> str:
        """Return the text of one record, or of a reply that is not a list. Raise `EncodeError` if it has no text."""
        fields = format_fields(
            *(reply.object, self.fmt, value, path, limits, self.unique, self.taken(reply)), self.droppable(reply)
        )
        return self.format_record(fields, value, reply, path, limits)

    def droppable(self, reply: Reply) -> frozenset[str]:
        """Return the fields of a record that a caller may leave out. A record of a list in a reply has none."""
        return self.endpoint.droppable if any(each.kind == reply.kind for each in self.replies) else frozenset()

    def taken(self, reply: Reply) -> str:
        """Return a key that an open key cannot be, besides the keys of fields, or an empty text if there is none."""
        return ""

    @abstractmethod
    def format_record(self, fields: list[Formatted], value: Any, reply: Reply, path: str, limits: Limits) -> str:
        """Return the text of a record with these fields."""

    def _lines(self, records: Sequence[Any], reply: Reply, path: str, limits: Limits) -> list[str]:
        """Return the text of each record of the list that *path* names."""
        if not records:
            return []
        presence_of = self._presence_of[reply.kind]
        try:
            return self._alike(records, reply, presence_of(records[0], {}), limits)
        except REFUSED:
            pass
        presences: list[Any] = []
        given = [*records]
        checked: dict[int, Any] = {}
        for place, record in enumerate(records):
            try:
                present = presence_of(record, checked)
            except REFUSED:
                try:
                    given[place] = with_mappings(reply.object, record)
                    present = presence_of(given[place], checked)
                except REFUSED:
                    present = None
            presences.append(present)
        lines = [""] * len(records)
        # Write the shapes that most records have together.
        groups = sorted(grouped(presences).items(), key=_how_many, reverse=True)
        for present, some in groups[: shape_budget(len(records))]:
            try:
                made = self._alike([given[place] for place in some], reply, present, limits)
            except REFUSED:
                made = None
            for number, place in enumerate(some):
                lines[place] = made[number] if made else ""
        # Write the others in their order, so that an error names the first one that is wrong.
        for place, record in enumerate(records):
            if not lines[place]:
                lines[place] = self.write_carefully(record, reply, f"{path}[{place}]", limits)
        return lines

    def _alike(self, records: Sequence[Any], reply: Reply, presence: Any, limits: Limits) -> list[str]:
        """Return the text of each record. Raise one of `REFUSED` unless all have that presence."""
        if presence is None:
            raise Fallback
        writer = self._writer(reply, presence)
        if writer.width > limits.fields or writer.longest > limits.text or not _holds_values(limits):
            raise Fallback
        return [writer.one(records[0], limits.text)] if len(records) == 1 else writer.many(records, limits.text)

    def _writer(self, reply: Reply, presence: Any) -> Writer:
        found = self._writers.find((reply.kind, presence))
        if found is None:
            present, keys = present_in(reply.object, presence)
            opened = keys.codes + keys.texts
            if sum(map(len, opened)) > LONGEST_KEYS or len(opened) > MOST_KEYS:
                raise Fallback
            # Undocumented keys can make another reply of one that is not a record of a list: that takes reading it.
            if opened and isinstance(reply.object.open, Other) and not reply.many:
                raise Fallback
            found = self.compile_writer(reply, present, keys)
            self._writers.keep((reply.kind, presence), found)
        return found

    @abstractmethod
    def compile_writer(self, reply: Reply, present: frozenset[str], keys: Keys) -> Writer:
        """Compile a writer of records with these fields and open keys. Raise `Fallback` if they cannot be compiled."""


def _holds_values(limits: Limits) -> bool:
    """Return whether limits allow every number, amount and date. Then a writer has to measure only texts."""
    return limits.digits >= MAX_DIGITS and limits.text >= _LONGEST_VALUE


def lines_from(text: str, after: int) -> dict[int, str]:
    """Return the lines that begin at *after* or behind it, by their numbers in the text, without empty ones."""
    lines = [line.removesuffix("\r") for line in text[after:].split("\n")]
    return {number: line for number, line in enumerate(lines, text.count("\n", 0, after)) if line}


def _are_among(items: Any, known: frozenset[str]) -> bool:
    """Return whether all keys of a mapping are *known*. One that somebody else has made may have keys without end."""
    keys = items._keys if is_really(items, FrozenMapping) else None
    return type(keys) is tuple and known.issuperset(keys)


def _has_broken(text: str) -> bool:
    """Return whether a text contains broken letters."""
    with LOADING:
        from .._letters import broken
    return broken(text) is not None


def _has_expected(ranked: Iterable[tuple[int, Reply]], expect: tuple[Any, ...]) -> bool:
    return any(reply.cls in expect for _, reply in ranked)


def _how_many(group: tuple[Hashable, Sequence[int]]) -> int:
    return len(group[1])


def check_width(pairs: Sequence[Pair], limits: Limits) -> None:
    """Raise `Trouble` about the first key beyond the limit."""
    if len(pairs) > limits.fields:
        key = pairs[limits.fields][0]
        again = sum(other == key for other, _ in pairs[: limits.fields])
        raise Trouble(f"expected at most {limits.fields} fields", Place((key,), again), "", "limit")


def _refuse(text: str) -> str:
    raise Fallback


def checked_join(column: list[str], longest: int) -> str:
    """Return texts joined together. Raise `Fallback` if one of them is not a plain text, or too long."""
    joined = "".join(column)
    if not all_are(column, str) or (len(joined) > longest and max(map(len, column)) > longest):
        raise Fallback
    return joined


def texts_with(
    special: Callable[[str], Any],
    escape: Callable[[str], str] = _refuse,
    within: Callable[[str], Any] | None = None,
) -> Texts:
    """Return writers of texts that escape *special* characters. Without *escape*, they refuse such texts.

    *within* says the same as *special*, sooner for the texts of a whole list joined together.
    """
    is_special = within or special

    def one(text: str) -> str:
        return escape(text) if special(text) else text

    def many(column: list[str], longest: int) -> list[str]:
        joined = checked_join(column, longest)
        return [escape(text) if special(text) else text for text in column] if is_special(joined) else column

    return Texts(one, many)


def required(reply: Reply, fmt: str) -> frozenset[str]:
    """Return the keys that a reply's object has to have in a format."""
    fields = (field for field in reply.object.fields if not field.optional)
    return frozenset((field.key(fmt) or "").removeprefix("@") for field in fields)


def keys_of(obj: Object, fmt: str, fields: Iterable[Field]) -> list[list[str]]:
    """Return for each of some fields of an object the keys that it has in a format."""
    names = obj.names(fmt, "")
    return [[key for key, name in names.items() if name == field.name] for field in fields]


def rank(reply: Reply, fmt: str, pairs: Sequence[Pair]) -> int | None:
    """Return how many pairs do not fit into a reply that is not a list, or None if they are not such a reply."""
    keys = {key for key, _ in pairs}
    names = reply.object.names(fmt)
    given = {names[key] for key in keys if key in names}
    if not keys or not all(field.optional or field.name in given for field in reply.object.fields):
        return None
    others = len(keys - names.keys())
    if others and reply.object.open is None and not reply.allow_unknown:
        return None
    if len(reply.object.fields) == 1:
        (field,) = reply.object.fields
        # The id of a new name has the key of a name in a list: only a number is an id.
        if not all(isinstance(value, str) and is_value(field, value) for key, value in pairs if key in names):
            return None
    return others


def _optional(reply: Reply) -> int:
    """Return how many fields a reply may lack."""
    return sum(field.optional for field in reply.object.fields)


def is_value(field: Field, text: str) -> bool:
    """Return whether a text is a value of a field."""
    return isinstance(field.type, Type) and parser(field.type)[1](text) is not None

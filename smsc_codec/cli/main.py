"""The command line: `smsc-codec` and `python -m smsc_codec`."""

from __future__ import annotations

import argparse
import codecs
import io
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from .. import DecodeError, EncodeError, LimitError, Limits, Reply, decode, encode, to_json
from .._files import why
from .._secrets import printable, safe_name
from ..endpoints import DEFAULT, kinds, with_kind
from ..formats import Format
from ..normal import from_json_of, unmarked
from .parser import build_parser
from .streams import (
    OutputError,
    SpoolError,
    complain,
    discard,
    flush,
    for_command_line,
    make_usable,
    printable_json,
    put,
    read,
    shown_arguments,
    write_new,
)
from .words import counted, has_colours, painted

if TYPE_CHECKING:
    from ..recordings import Found

GOOD, UNDECODABLE, USAGE, UNREADABLE, INTERRUPTED = 0, 1, 2, 3, 130

# One byte more than the limit is enough to be refused; a device may have no end.
_MOST = Limits().body + 1

# Each becomes a file, and takes some 200 bytes of memory before the first is written.
_MOST_REPLIES = 100_000

_MOST_SHOWN = 50
"""Arguments that a report repeats."""

_SUFFIXES = {Format.TEXT: ".txt", Format.CSV: ".csv", Format.XML: ".xml", Format.JSON: ".json"}


class _Input(NamedTuple):
    name: str
    """What messages call it."""
    stem: str
    """Return the name of a file made of it, without the ending."""
    body: bytes
    line: int = 0
    """Where it begins, if it is one of several in a file."""
    offset: int = 0
    mark: int = 0
    """Bytes of a byte order mark that the input does not have there."""


class _Replied(NamedTuple):
    """A reply that was read."""

    where: str
    """What messages call it."""
    stem: str
    """Return the name of a file made of it, without the ending."""
    reply: Reply
    body: bytes
    asked: dict[str, Any]
    """The options of `decode` with which it was read."""
    path: str
    """The file, for people."""
    entry: int = 0
    """Which entry of the file it is; 0 if it is the file."""

    @property
    def endpoint(self) -> str:
        """That whose reply it is."""
        return self.asked["endpoint"] or DEFAULT


class _Run:
    """One call of the command: what it reads and writes, and the worst that has happened."""

    options: argparse.Namespace

    def __init__(self, arguments: Sequence[str]) -> None:
        self.status = GOOD
        self._arguments = arguments

    @property
    def command(self) -> str:
        """The command as it was given, for people."""
        shown = [shlex.quote(argument) for argument in shown_arguments(self._arguments[:_MOST_SHOWN])]
        more = len(self._arguments) - len(shown)
        return " ".join(["smsc-codec", *shown, *([f"… ({more:,} more)"] if more > 0 else [])])

    def say(self, message: str, status: int) -> None:
        """Report trouble and go on."""
        complain(message)
        self.status = max(self.status, status)

    def lost(self, action: str, name: str, error: Exception) -> None:
        """Report what cannot be read or written."""
        self.say(f"{safe_name(name)}: cannot be {action}: {safe_name(why(error))}", UNREADABLE)

    def refuse(self, item: _Input, error: DecodeError | EncodeError) -> None:
        """Report what does not decode or cannot be encoded."""
        where = item.name
        if item.line and isinstance(error, DecodeError):
            error.line, error.offset = item.line, item.offset + max(error.offset - item.mark, 0)
        elif item.line:
            where = f"{where}: line {item.line}"
        error.path = printable(error.path)
        if isinstance(error, DecodeError):
            error.reason = for_command_line(error.reason)
        self.say(f"{where}: {error}", UNDECODABLE)

    def inputs(self, names: Iterable[str]) -> Iterator[_Input]:
        """Yield every input that can be read."""
        for name in names:
            label = "<stdin>" if name == "-" else name
            try:
                body = read(name, _MOST)
            except (OSError, ValueError) as error:
                self.lost("read", label, error)
            else:
                yield _Input(safe_name(label), _stem(name), body)

    def replies(self) -> Iterator[_Replied]:
        """Yield every reply in the files, folders and recordings that can be read. Report what cannot."""
        from ..recordings._check import Options
        from ..recordings._keys import keys_of
        from ..recordings._replies import recorded_replies
        from ..recordings._tape import Kind

        given, asked = self.options, self.asked()
        options = Options(given.fmt, given.charset, given.expect, asked["endpoint"], given.strict)
        kind = None if given.kind is None else Kind(given.kind)
        skipped = 0
        for each in recorded_replies(given.files, options, kind, keys_of(dict(given.key))):
            path, verdict = safe_name(each.path), each.verdict
            stem = _stem("-" if each.path == "<stdin>" else each.path)
            if each.body is not None:
                try:
                    yield _Replied(path, stem, decode(each.body, **asked), each.body, asked, path)
                except DecodeError as error:
                    words = _what_it_is(each.body, asked) if each.guessed else ""
                    if words:
                        severity = painted("error", "error", has_colours(sys.stderr))
                        self.say(f"{path}:1:1: {severity} unrecognised {words}", UNDECODABLE)
                    else:
                        self.refuse(_Input(path, stem, each.body), error)
                continue
            for found in each.found:
                self.tell(found)
            if verdict is not None and verdict.reply is not None:
                fmt, expect, charset = verdict.read_as
                read_as = {**asked, "fmt": fmt, "expect": expect, "charset": charset, "endpoint": verdict.endpoint}
                where, stem = f"{path}: entry {each.entry}", f"{stem}-{each.entry}"
                yield _Replied(where, stem, verdict.reply, verdict.body, read_as, path, each.entry)
            elif verdict is not None and not verdict.is_reply:
                skipped += 1
        if skipped:
            words = counted(skipped, "entry is left out, which holds", "entries are left out, which hold")
            complain(f"smsc-codec: {words} no reply that this library reads")

    def tell(self, found: Found) -> None:
        """Report why an entry or a file cannot be read; other findings are for `validate`."""
        from .reports import said

        if found.code == "unreadable":
            self.say(f"{found.path}: {found.message}", UNREADABLE)
        elif found.severity.value == "error":
            excerpt = "".join(f"\n    {line}" for line in found.excerpt.splitlines())
            severity = painted("error", "error", has_colours(sys.stderr))
            self.say(f"{found.path}:{found.line}:{found.column}: {severity} {said(found)}{excerpt}", UNDECODABLE)

    def each(self, items: Iterable[_Input], work: Callable[[_Input], bytes]) -> None:
        """Write what *work* makes of every input."""
        for item in items:
            try:
                result = work(item)
            except (DecodeError, EncodeError) as error:
                self.refuse(item, error)
                continue
            if self.options.output is None:
                put(result)
            else:
                self.write(item.stem, result)

    def write(self, stem: str, data: bytes) -> None:
        """Write a file for a result."""
        target = self._target(stem)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write_new(target, data)
        except (OSError, ValueError) as error:
            self.lost("written", str(target), error)

    def alone(self, results: int) -> None:
        """Refuse to write more than one result where they could not be told apart."""
        if results > 1 and self.options.output is None:
            self.options.parser.error("several replies on one output could not be told apart: --output DIR is needed")

    def tell_apart(self, results: Iterable[tuple[str, str]]) -> None:
        """Refuse to write two results, each what it is made of, as it is shown, and its stem, to the same file."""
        taken: dict[str, str] = {}
        for name, stem in results:
            if stem in taken:
                target = safe_name(str(self._target(stem)))
                self.options.parser.refuse(f"{taken[stem]} and {name} would both be written to {target}")
            taken[stem] = name

    def _target(self, stem: str) -> Path:
        return Path(self.options.output, stem + _SUFFIXES[self.options.to])

    def asked(self) -> dict[str, Any]:
        """Return the options of `decode` and `validate`."""
        options = self.options
        endpoint, expect = self.endpoint(), None
        if options.expect:
            assert endpoint is not None
            known = kinds()[endpoint]
            if options.expect not in known:
                options.parser.refuse(f"argument --expect: {endpoint}.php has {', '.join(known)}, not {options.expect}")
            expect = known[options.expect]
        return {
            "fmt": options.fmt,
            "charset": options.charset,
            "expect": expect,
            "endpoint": endpoint,
            "strict": options.strict,
        }

    def endpoint(self) -> str | None:
        """Return the endpoint that is given, or the endpoint of the kind of replies that is given, or None."""
        options = self.options
        named: str | None = options.endpoint
        return named or (with_kind(options.expect) if options.expect else None)

    def decode(self) -> None:
        """Print normalized JSON, a line for each reply, or tables."""
        if self.options.table:
            from .table import reply_table

            colours = has_colours(sys.stdout)
            for item in self.replies():
                put(reply_table(item.reply, item.endpoint, item.where, colours))
            return
        # One reply needs no name.
        paths = self.options.files
        several = len(paths) > 1 or os.path.isdir(paths[0])
        for item in self.replies():
            line = to_json(item.reply, endpoint=item.asked["endpoint"])
            if several or item.entry:
                entry = f',"entry":{item.entry}'.encode() if item.entry else b""
                line = b'{"path":%s%s,%s' % (orjson.dumps(item.path), entry, line[1:])
            put(printable_json(line) + b"\n")

    def encode(self) -> None:
        """Write a body for each reply in normalized JSON."""
        self.alone(len(self.options.files))
        # All are read before the first is written: only then it is known that no two have the same name.
        items: list[_Input] = []
        for item in self.inputs(self.options.files):
            try:
                items += _parts(item)
            except DecodeError as error:
                self.refuse(item, error)
        self.alone(len(items))
        self.tell_apart((f"{item.name}, line {item.line}" if item.line else item.name, item.stem) for item in items)
        self.each(items, self._encoded)

    def _encoded(self, item: _Input) -> bytes:
        given = self.options.endpoint
        reply, endpoint = from_json_of(_without_place(item.body), given or DEFAULT)
        if given not in (None, endpoint):
            raise EncodeError(f"expected a reply of {given}.php, found one of {endpoint}.php")
        return self._written(reply, endpoint)

    def convert(self) -> None:
        """Write a body for each reply."""
        from ..recordings import files_of

        names = [*files_of(self.options.files)]
        self.alone(len(names))
        self.tell_apart((safe_name(name), _stem(name)) for name in names)
        waiting: bytes | None = None
        for item in self.replies():
            # Nothing is written before it is known that it is the only one.
            self.alone(1 + (waiting is not None))
            try:
                result = self._written(item.reply, item.endpoint)
            except EncodeError as error:
                self.refuse(_Input(item.where, item.stem, b""), error)
                continue
            if self.options.output is None:
                waiting = result
            else:
                self.write(item.stem, result)
        put(waiting or b"")

    def _written(self, reply: Reply, endpoint: str) -> bytes:
        options = self.options
        charset = options.to_charset or "utf-8"
        return encode(reply, fmt=options.to, endpoint=endpoint, charset=charset, drop=options.drop)

    def validate(self) -> None:
        """Report what is found in recordings."""
        from . import validate

        self.asked()
        self.status = validate.run(self.options, self.command)

    def bench(self) -> None:
        """Measure how fast the replies are decoded, if all of them are."""
        from . import bench as _bench

        bench = _bench.Bench(self.options.compare)
        for item in self.replies():
            bench.add(item.body, item.reply, item.asked)
        if self.status != GOOD:
            complain("smsc-codec: nothing is measured unless every reply decodes")
            return
        if not bench.groups():
            self.say("smsc-codec: there is no reply to measure", UNDECODABLE)
            return
        bench.measure(self.options.seconds)
        if self.options.json:
            put(bench.json() + b"\n")
        else:
            put(bench.text(has_colours(sys.stdout)))

    def serve(self) -> None:
        """Run the fake service until a signal ends it."""
        from . import serve

        serve.run(self.options)


def _what_it_is(body: bytes, asked: dict[str, Any]) -> str:
    """Say what a file is that does not decode, or return an empty text if nothing shows that it is not a reply."""
    from ..recordings._signs import looks_like

    try:
        decode(body, **{**asked, "strict": False})
    except DecodeError as error:
        is_reply = any(asked[name] is not None for name in ("fmt", "expect", "endpoint"))
        return looks_like(body, is_reply, b"\0" not in body) if error.code != "empty" else ""
    return ""  # strict alone refuses it


def _stem(name: str) -> str:
    return "stdin" if name == "-" else Path(name).stem


def _without_place(body: bytes) -> bytes:
    """Return a line that `decode` has printed for one of several replies without what says which one."""
    if b'"path"' not in body:
        return body
    try:
        value = orjson.loads(unmarked(body)[0])
    except (orjson.JSONDecodeError, DecodeError):
        return body
    if not isinstance(value, dict):
        return body
    return orjson.dumps({key: item for key, item in value.items() if key not in ("path", "entry")})


def _parts(item: _Input) -> list[_Input]:
    """Return the replies in an input of `encode`: one a line, or one over several lines. Raise `DecodeError`."""
    if len(item.body) >= _MOST:
        raise LimitError(f"expected at most {_MOST - 1} bytes of normalized JSON", code="limit")
    text, offset, is_wide = unmarked(item.body)
    parts = []
    for number, line in enumerate(io.BytesIO(text if isinstance(text, bytes) else text.encode()), 1):
        reply = line.removesuffix(b"\n")
        if reply.strip():
            part = item._replace(body=reply, line=number, offset=offset)
            parts.append(_widened(part) if is_wide else part)
        if len(parts) > _MOST_REPLIES:
            raise LimitError(f"expected at most {_MOST_REPLIES:,} lines of normalized JSON", code="limit")
        offset += len(line.decode().encode("utf-16-le")) if is_wide else len(line)
    # Where neither the whole nor any line is JSON the whole is more likely to be one reply with a mistake.
    if len(parts) < 2 or _is_json(text) or not any(_is_json(unmarked(part.body)[0]) for part in parts):
        return [item]
    return [part._replace(stem=f"{item.stem}-{number}") for number, part in enumerate(parts, 1)]


def _widened(part: _Input) -> _Input:
    """Return a part of UTF-16 in UTF-16 again, so that places in it are those in the file."""
    body = codecs.BOM_UTF16_LE + part.body.decode().encode("utf-16-le")
    return part._replace(body=body, mark=len(codecs.BOM_UTF16_LE))


def _is_json(data: bytes | str) -> bool:
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status. Raise `SystemExit` for wrong usage, `--help` and `--version`."""
    make_usable()
    run = _Run(sys.argv[1:] if arguments is None else arguments)
    try:
        try:
            run.options = build_parser().parse_args(arguments)
            if "-" in run.options.files and sys.stdin.isatty():
                complain("smsc-codec: waiting for standard input: end it with Ctrl-D, or name files; see --help")
            getattr(run, run.options.command)()
        finally:
            flush()
    except OutputError as error:
        discard(sys.stdout)
        if not isinstance(error.__cause__, BrokenPipeError):  # the reader has seen enough
            run.lost("written", "smsc-codec: standard output", error)
    except SpoolError as error:
        run.lost("written", "smsc-codec: temporary file", error)
    except OSError as error:
        # What is wrong with a file is reported where it happens; this is about the process.
        run.say(f"smsc-codec: cannot go on: {safe_name(why(error))}", UNREADABLE)
    except KeyboardInterrupt:
        return INTERRUPTED
    return run.status

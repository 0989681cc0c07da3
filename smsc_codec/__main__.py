"""The command line: `smsc-codec` and `python -m smsc_codec`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from . import Limits, SmscCodecError, __version__, decode, encode, from_json, to_json, validate
from ._codec import Format
from ._report import Severity
from ._source import CHARSETS
from .senders import SENDERS

GOOD, UNDECODABLE, USAGE, UNREADABLE, INTERRUPTED = 0, 1, 2, 3, 130

# One byte more than the limit is enough to be refused; a device may have no end.
_MOST = Limits().body + 1

_KINDS = {form.kind: form.cls for form in SENDERS.forms if form.kind != "error"}
_SUFFIXES = {Format.TEXT: ".txt", Format.CSV: ".csv", Format.XML: ".xml", Format.JSON: ".json"}

_EPILOG = """\
A FILE that is - or left out is standard input. Results go to standard output, everything else to
standard error.

exit status: 0 all good, 1 something does not decode or cannot be encoded, 2 wrong usage,
3 a file cannot be read or written
"""

_EXAMPLES = {
    "decode": """\
examples:
  smsc-codec decode reply.txt                 one line of normalized JSON
  curl ... | smsc-codec decode --fmt 3        what was asked for, so that a surprise is an error
  smsc-codec decode --strict replies/*.xml    one line a file, refusing what is odd
""",
    "encode": """\
examples:
  echo '{"kind":"success"}' | smsc-codec encode --fmt 3
  smsc-codec encode --fmt 2 --charset windows-1251 reply.json > reply.xml
""",
    "convert": """\
examples:
  smsc-codec convert --to 3 reply.txt
  smsc-codec convert --to 2 --output converted/ replies/*.txt
""",
    "validate": """\
examples:
  smsc-codec validate --fmt 3 --expect senders replies/*.json
""",
}


class _Input(NamedTuple):
    name: str
    body: bytes


class _Run:
    """One call of the command: what it reads and writes, and the worst that has happened."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.status = GOOD

    def say(self, message: str, status: int) -> None:
        """Report trouble and go on."""
        print(message, file=sys.stderr)
        self.status = max(self.status, status)

    def inputs(self) -> Iterator[_Input]:
        """Every input that can be read."""
        for name in self.options.files or ["-"]:
            label = "<stdin>" if name == "-" else name
            try:
                if name == "-":
                    yield _Input(label, sys.stdin.buffer.read(_MOST))
                else:
                    with open(name, "rb") as file:
                        body = file.read(_MOST)
                    yield _Input(label, body)
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                self.say(f"{label}: cannot be read: {reason}", UNREADABLE)

    def each(self, work: Callable[[_Input], bytes], suffix: str) -> None:
        """Write what *work* makes of every input."""
        folder = self.options.output if "output" in self.options else None
        for item in self.inputs():
            try:
                result = work(item)
            except SmscCodecError as error:
                self.say(f"{item.name}: {error}", UNDECODABLE)
                continue
            if folder is None:
                sys.stdout.buffer.write(result)
                continue
            target = Path(folder, Path(item.name.strip("<>")).stem + suffix)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with open(target, "xb") as file:
                    file.write(result)
            except OSError as error:
                self.say(f"{target}: cannot be written: {error.strerror}", UNREADABLE)

    def asked(self) -> dict[str, Any]:
        """The options of `decode` and `validate`."""
        options = self.options
        expect = _KINDS[options.expect] if options.expect else None
        return {"fmt": options.fmt, "charset": options.charset, "expect": expect, "strict": options.strict}

    def decode(self) -> None:
        """Print normalized JSON, a line for each input."""
        self.each(lambda item: to_json(decode(item.body, **self.asked())) + b"\n", ".json")

    def encode(self) -> None:
        """Write a body for each input of normalized JSON."""
        self.each(lambda item: self._written(from_json(item.body)), _SUFFIXES[self.options.to])

    def convert(self) -> None:
        """Write a body for each body."""
        self.each(lambda item: self._written(decode(item.body, **self.asked())), _SUFFIXES[self.options.to])

    def _written(self, reply: Any) -> bytes:
        options = self.options
        charset = options.to_charset or "utf-8"
        return encode(reply, fmt=options.to, charset=charset, drop_description=options.drop_description)

    def validate(self) -> None:
        """Print a line for each finding, then how many there were."""
        replies = bad = total = 0
        for item in self.inputs():
            replies += 1
            report = validate(item.body, **self.asked())
            bad += report.reply is None
            for finding in report.findings:
                total += 1
                path = f"{finding.path}: " if finding.path else ""
                where = f"{item.name}:{finding.line}:{finding.column}"
                print(f"{where}: {Severity(finding.severity).value} {finding.code} {path}{finding.message}")
        if bad:
            self.status = max(self.status, UNDECODABLE)
        print(f"{replies} replies, {bad} not decoded, {total} findings", file=sys.stderr)


def _format(text: str) -> Format:
    names = {"0": Format.TEXT, "1": Format.CSV, "2": Format.XML, "3": Format.JSON}
    names |= {format_.name.lower(): format_ for format_ in Format}
    if text.lower() not in names:
        raise argparse.ArgumentTypeError(f"has to be 0, 1, 2 or 3 (or text, csv, xml, json), not {text!r}")
    return names[text.lower()]


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="smsc-codec",
        description="Read and write the replies of SMS Center's senders.php in all four formats.",
        epilog=_EPILOG,
        formatter_class=raw,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"smsc-codec {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, words: str, *groups: Callable[[argparse.ArgumentParser], object]) -> None:
        sub = commands.add_parser(
            name,
            help=words,
            description=f"{words[0].upper()}{words[1:]}.",
            epilog=f"{_EXAMPLES[name]}\n{_EPILOG}",
            formatter_class=raw,
            allow_abbrev=False,
        )
        for group in groups:
            group(sub)
        sub.add_argument("files", nargs="*", metavar="FILE", help="files to read; - or none is standard input")

    command("decode", "print replies as normalized JSON, one line each", _reading)
    command("encode", "write a reply's bytes from its normalized JSON", _writing("--fmt"))
    command("convert", "turn replies of one format into another", _reading, _writing("--to"))
    command("validate", "report what is wrong or odd about replies", _reading)
    return parser


def _reading(parser: argparse.ArgumentParser) -> None:
    words = "what the request asked for: 0 text, 1 csv, 2 xml, 3 json (default: found out from the reply)"
    parser.add_argument("--fmt", type=_format, metavar="FMT", help=words)
    words = "charset of the reply (default: the XML declaration's, else utf-8 if the bytes are, else windows-1251)"
    parser.add_argument("--charset", choices=CHARSETS, metavar="CHARSET", help=f"{words}; {', '.join(CHARSETS)}")
    words = "the kind of reply the request leads to; another is an error, the service's own errors are not"
    parser.add_argument("--expect", choices=_KINDS, metavar="KIND", help=f"{words}; {', '.join(_KINDS)}")
    parser.add_argument("--strict", action="store_true", help="refuse replies that validate has findings for")


def _writing(option: str) -> Callable[[argparse.ArgumentParser], object]:
    charset = "--charset" if option == "--fmt" else "--to-charset"

    def add(parser: argparse.ArgumentParser) -> None:
        words = "the format to write: 0 text, 1 csv, 2 xml, 3 json"
        parser.add_argument(option, dest="to", type=_format, metavar="FMT", required=True, help=words)
        words = f"the charset to write (default: utf-8); {', '.join(CHARSETS)}"
        parser.add_argument(charset, dest="to_charset", choices=CHARSETS, metavar="CHARSET", help=words)
        words = "leave out an error's description where the format has no place for it (1)"
        parser.add_argument("--drop-description", action="store_true", help=words)
        words = "write a file for each input here, under its name; needed for more than one"
        parser.add_argument("--output", metavar="DIR", help=words)

    return add


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status. Raises `SystemExit` for wrong usage, `--help` and `--version`."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if "output" in options and options.output is None and len(options.files) > 1:
        parser.error("several replies on one output could not be told apart: --output DIR is needed")
    run = _Run(options)
    try:
        getattr(run, options.command)()
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough. Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return INTERRUPTED
    return run.status


def run() -> None:
    """The console script."""
    sys.exit(main())


if __name__ == "__main__":
    run()

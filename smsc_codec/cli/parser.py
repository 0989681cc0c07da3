"""The options of the command line, and what its help says."""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from .. import __version__
from .._secrets import printable, without_secrets
from .._source import CHARSETS, quote
from ..endpoints import DEFAULT, ENDPOINTS, all_kinds, codec_of
from ..errors import OptionError
from ..formats import Format
from .streams import complain, put, shown_arguments

FIELDS = sorted({name for endpoint in ENDPOINTS for name in codec_of(endpoint).endpoint.droppable})
"""What `--drop` takes."""

RECORDINGS = ("body", "json-lines", "har", "cassette", "http", "parquet", "arrow")
"""What `--kind` takes: the kinds of `smsc_codec.recordings`, which is not loaded for every command."""

REPORTS = ("text", "json", "junit", "html", "parquet")
"""What `--format` takes."""

KEYS = ("body", "body_base64", "fmt", "charset", "expect", "endpoint", "url", "status", "headers", "time")
"""What `--key` gives another name: the keys of `smsc_codec.recordings`."""

_FILES = "A FILE that is - or left out is standard input."
_PATHS = """\
A PATH that is a folder stands for all files in it and in its folders, except hidden ones; one that
is - is standard input. The kind of each PATH is detected: the body of a reply, JSON Lines, HAR,
a cassette or stubs, HTTP responses with their headers, WARC, Parquet or Arrow; gzip or zstd around any
of them."""
_INPUTS = {"encode": _FILES, "serve": ""}
"""What is read, by the commands that do not read PATHs."""

_EPILOG = """\
Results go to standard output, everything else to standard error.

exit status: 0 all good, 1 something does not decode or cannot be encoded, 2 wrong usage,
3 a file cannot be read or written, 130 interrupted
"""

_EXAMPLES = {
    "decode": """\
examples:
  smsc-codec decode reply.txt                 one line of normalized JSON
  curl ... | smsc-codec decode --fmt 3        what was asked for, so that a surprise is an error
  smsc-codec decode --strict replies/*.xml    one line a file, refusing what is unusual
  smsc-codec decode --table export.har        tables with the meanings of numbers
""",
    "encode": """\
Each line that is not empty is a reply, as decode prints them; one reply over several lines is read
too. Several replies need --output.

examples:
  echo '{"kind":"success"}' | smsc-codec encode --fmt 3
  smsc-codec encode --fmt 2 --charset windows-1251 reply.json > reply.xml
  smsc-codec decode replies/* | smsc-codec encode --fmt 3 --output encoded/
                                              encoded/stdin-1.json and so on
""",
    "convert": """\
examples:
  smsc-codec convert --to 3 reply.txt
  smsc-codec convert --to 2 --output converted/ replies/*.txt traffic.jsonl
""",
    "validate": """\
Findings go to standard output, or a report with --format; the summary of the text goes to standard
error. No logins, passwords, keys, cookies and phone numbers of requests are printed.
docs/validating.md has the details, and docs/recording.md the tools whose recordings are read.

examples:
  smsc-codec validate --fmt 3 --expect senders replies/*.json
  smsc-codec validate --jobs 4 --fail-on warning traffic/ export.har.gz
  curl -si ... | smsc-codec validate --fmt 3 -
  smsc-codec validate --format html cassettes/ > report.html
  smsc-codec validate --jobs 2 --key body=response --format parquet lake/ > findings.parquet
  smsc-codec validate --key body=response.body --key url=request.url log.jsonl
""",
    "bench": """\
Nothing is measured unless every reply decodes. What is measured are calls of decode that say the format.

examples:
  smsc-codec bench examples/replies/
  smsc-codec bench --compare traffic.jsonl    beside json.loads, ElementTree and split
  smsc-codec bench --fmt 3 --seconds 5 --json replies/ more/reply.json
""",
    "serve": """\
The address is printed first, then nothing; SIGINT and SIGTERM end it with exit status 0. It listens on
this machine alone. docs/testing.md says what it does.

examples:
  smsc-codec serve                            http://127.0.0.1:PORT/sys/
  smsc-codec serve --port 8025 --sender SHOP --balance 10
  smsc-codec serve --callback 'http://127.0.0.1:8000/smsc?charset=utf-8&md5=1' --secret x
""",
}


def _format(text: str) -> Format:
    names = {"0": Format.TEXT, "1": Format.CSV, "2": Format.XML, "3": Format.JSON}
    names |= {format_.name.lower(): format_ for format_ in Format}
    if text.lower() not in names:
        raise argparse.ArgumentTypeError(f"has to be 0, 1, 2 or 3 (or text, csv, xml, json), not {quote(text)}")
    return names[text.lower()]


def _count(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,2}", text):
        raise argparse.ArgumentTypeError(f"has to be a whole number from 1 to 999, not {quote(text)}")
    return int(text)


def _key(text: str) -> tuple[str, str]:
    key, _, name = text.partition("=")
    if key not in KEYS or not name:
        names = ", ".join(KEYS)
        meant = _meant(key, KEYS) if key not in KEYS else ""
        raise argparse.ArgumentTypeError(f"has to be KEY=NAME, where KEY is one of {names}, not {quote(text)}{meant}")
    from ..recordings._keys import keys_of

    try:
        keys_of({key: name})
    except OptionError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return key, name


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"has to be a number above 0, not {quote(text)}")
    return seconds


_LACKS_VALUE = re.compile("argument --[a-z-]+: expected one argument")


class _Parser(argparse.ArgumentParser):
    """Says its own usage about what it does not know, and never fails to say it."""

    _given: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Return the options. A sub-command's parser leaves what it does not know to the parser above otherwise."""
        self._given = sys.argv[1:] if args is None else tuple(args)
        options, unknown = super().parse_known_args(args, namespace)
        if unknown:
            names = [name.partition("=")[0] for name in unknown if name.startswith("--")]
            meant = _meant(names[0], self._option_string_actions) if names else ""
            self.refuse(f"unrecognized arguments: {' '.join(shown_arguments(unknown))}{meant}")
        return options, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            error.message += _meant(str(value), map(str, action.choices or ()))
            raise

    def error(self, message: str) -> NoReturn:
        """Print the usage and what is wrong, and end with status 2."""
        if _LACKS_VALUE.fullmatch(message):
            # The name of an option such as --password would make a secret of the words behind it.
            self.refuse(message)
        for given, shown_ in zip(self._given, shown_arguments(self._given)):
            # The value of an option that the command does not have can be taken for something else.
            message = message if given == shown_ else message.replace(repr(given), repr(shown_))
        self.refuse(printable(without_secrets(message)))

    def refuse(self, message: str) -> NoReturn:
        """Do the same with a message that holds neither secrets nor control characters."""
        super().error(message)

    def _print_message(self, message: str, file: Any = None) -> None:
        # The base does not always say that it could not print the help.
        if file is sys.stdout:
            put(message)
        else:
            complain(message, end="")


def _meant(word: str, known: Iterable[str]) -> str:
    """Return the question whether one of the words that are *known* was meant; empty if none is alike."""
    names = {name.lstrip("-"): name for name in known}
    alike = get_close_matches(word.lstrip("-").lower(), names, 1)
    return f"; did you mean {names[alike[0]]}?" if alike else ""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser. What it reads has the `command`, that command's `parser`, and `output` for every command."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        prog="smsc-codec",
        description="Read and write the replies of SMS Center's HTTP API in all four formats.",
        epilog=f"{_FILES}\n{_EPILOG}",
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
            epilog="\n".join(filter(None, (_EXAMPLES[name], _INPUTS.get(name, _PATHS), _EPILOG))),
            formatter_class=raw,
            allow_abbrev=False,
        )
        sub.set_defaults(parser=sub, output=None, files=())
        for group in groups:
            group(sub)
        if name == "bench":
            sub.add_argument("files", nargs="+", metavar="PATH", help="files or folders to read; - is standard input")
        elif name == "encode":
            sub.add_argument(
                "files", nargs="*", default=["-"], metavar="FILE", help="files to read; - or none is standard input"
            )
        elif name != "serve":
            words = "files or folders to read; - or none is standard input"
            sub.add_argument("files", nargs="*", default=["-"], metavar="PATH", help=words)

    command("decode", "print replies as normalized JSON, one line each", _reading, _printing)
    command("encode", "write replies' bytes from their normalized JSON, one line each", _writing("--fmt"))
    command("convert", "turn replies of one format into another", _reading, _writing("--to"))
    command("validate", "report what is wrong or unusual about replies, or recordings of them", _reading, _validating)
    command("bench", "measure how fast replies are decoded", _reading, _measuring)
    command("serve", "run a fake service on this machine, to test clients in any language", _serving)
    return parser


def _reading(parser: argparse.ArgumentParser) -> None:
    words = "what the request asked for: 0 text, 1 csv, 2 xml, 3 json (default: detected from the reply)"
    parser.add_argument("--fmt", type=_format, metavar="FMT", help=words)
    words = "charset of the reply (default: the XML declaration's, else utf-8 if the bytes are, else windows-1251)"
    parser.add_argument("--charset", choices=CHARSETS, metavar="CHARSET", help=f"{words}; {', '.join(CHARSETS)}")
    words = "the kind of reply the request leads to; another is an error, the service's own errors are not"
    known = all_kinds()
    parser.add_argument("--expect", choices=known, metavar="KIND", help=f"{words}; {', '.join(known)}")
    _endpoint(parser, f"the endpoint that was asked (default: that of KIND, or {DEFAULT})")
    parser.add_argument("--strict", action="store_true", help="refuse replies that validate has findings for")
    words = "what kind of recording every PATH is (default: detected from its content)"
    parser.add_argument("--kind", choices=RECORDINGS, metavar="KIND", help=f"{words}; {', '.join(RECORDINGS)}")
    words = "what a member of JSON Lines, or a column of Parquet and Arrow, is called, if its name is another one"
    parser.add_argument(
        "--key",
        type=_key,
        action="append",
        default=[],
        metavar="KEY=NAME",
        help=f"{words}: body=response.body; can be given several times; {', '.join(KEYS)}",
    )


def _printing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--table", action="store_true", help="print tables for people, with the meanings of numbers")


def _endpoint(parser: argparse.ArgumentParser, words: str) -> None:
    words = f"{words}; {', '.join(ENDPOINTS)}"
    parser.add_argument("--endpoint", type=_name, choices=[*ENDPOINTS], metavar="NAME", help=words)


def _name(text: str) -> str:
    return text.removesuffix(".php")


def _writing(option: str) -> Callable[[argparse.ArgumentParser], object]:
    charset = "--charset" if option == "--fmt" else "--to-charset"

    def add(parser: argparse.ArgumentParser) -> None:
        if option == "--fmt":
            _endpoint(parser, f"the endpoint of replies that do not say theirs (default: {DEFAULT})")
        words = "the format to write: 0 text, 1 csv, 2 xml, 3 json"
        parser.add_argument(option, dest="to", type=_format, metavar="FMT", required=True, help=words)
        words = f"the charset to write (default: utf-8); {', '.join(CHARSETS)}"
        parser.add_argument(charset, dest="to_charset", choices=CHARSETS, metavar="CHARSET", help=words)
        words = "leave out this field where the format has no place for it; can be given several times"
        parser.add_argument(
            "--drop", action="append", default=[], choices=FIELDS, metavar="FIELD", help=f"{words}; {', '.join(FIELDS)}"
        )
        words = "write a file for each reply here, named after its input, never over another; needed for more than one"
        parser.add_argument("--output", metavar="DIR", help=words)

    return add


def _validating(parser: argparse.ArgumentParser) -> None:
    words = "how to report (default: text)"
    parser.add_argument(
        "--format", choices=REPORTS, default="text", metavar="AS", help=f"{words}; {', '.join(REPORTS)}"
    )
    words = "the least severity of a finding for exit status 1 (default: error)"
    levels = ("error", "warning", "info")
    parser.add_argument(
        "--fail-on", choices=levels, default="error", metavar="LEVEL", help=f"{words}; {', '.join(levels)}"
    )
    words = "how many processes judge (default: 1); the report is the same"
    parser.add_argument("--jobs", type=_count, default=1, metavar="N", help=words)


def _measuring(parser: argparse.ArgumentParser) -> None:
    words = "how long to measure each format and kind of reply (default: 1)"
    parser.add_argument("--seconds", type=_seconds, metavar="N", default=1.0, help=words)
    words = "measure beside it what people write by hand: json.loads, ElementTree and split"
    parser.add_argument("--compare", action="store_true", help=words)
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")


def _serving(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="the port (default: any that is free)")
    for name, value in (("login", "demo"), ("password", "demo"), ("apikey", "demo-key")):
        parser.add_argument(f"--{name}", default=value, metavar="TEXT", help=f"of the account (default: {value})")
    parser.add_argument("--balance", default="100", metavar="MONEY", help="of the account (default: 100)")
    parser.add_argument("--price", default="1.4", metavar="MONEY", help="of a part of a message (default: 1.4)")
    words = "a sender name that the account has; can be given several times"
    parser.add_argument("--sender", action="append", default=[], metavar="NAME", help=words)
    words = "a number to which people can write; can be given several times"
    parser.add_argument("--receive-phone", action="append", default=[], metavar="PHONE", help=words)
    parser.add_argument("--no-limits", action="store_true", help="let requests be repeated at will")
    words = "an address on this machine, which is called about messages; its query says what it wants"
    parser.add_argument("--callback", metavar="URL", help=words)
    parser.add_argument("--secret", default="", metavar="TEXT", help="what check values of these calls are made with")


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"has to be a whole number from 0 to 65535, not {quote(text)}")
    return int(text)

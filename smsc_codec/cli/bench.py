"""`smsc-codec bench`: how fast one's own replies are decoded."""

from __future__ import annotations

import json
import platform
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from typing import Any
from xml.etree import ElementTree

import orjson

from .. import DecodeError, Format, Reply, __version__, decode
from .._secrets import printable
from ..endpoints import DEFAULT, ENDPOINTS, codec_of
from .table import table
from .words import counted

_REFRESH = 0.1
_CLOCK = time.perf_counter_ns
_MOST, _REPLY = 1 << 26, 500
"""Bytes of memory for the replies of a group, more than a cache holds, and what a reply takes beside its body."""


class Times:
    """How long calls took."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()
        """How many calls took that many nanoseconds. It stays small however long it is measured: different whole
        numbers that add up to a minute are some 350,000 at most."""
        self.rounds = 0

    def measure(self, calls: list[Callable[[], object]], seconds: float, progress: Callable[[float], object]) -> None:
        """Make all calls in turn for so many seconds, and at least once. *progress* is told which part is done."""
        clock = _CLOCK
        begin = now = clock()
        length = seconds * 1e9
        while not self.rounds or now - begin < length:
            self.rounds += 1
            for call in calls:
                start = clock()
                call()
                now = clock()
                self.counts[now - start] += 1
                progress(min((now - begin) / length, 1))

    @property
    def seconds(self) -> float:
        """What all calls took together."""
        return max(sum(took * count for took, count in self.counts.items()), 1) / 1e9

    def longest_of(self, part: float) -> int:
        """Return the nanoseconds that this part of the calls did not exceed."""
        left = part * self.counts.total()
        times = iter(sorted(self.counts.items()))
        took, count = next(times)
        while count < left:
            left -= count
            took, count = next(times)
        return took


@dataclass
class Group:
    """The replies of one endpoint, format and kind, and what decoding them took."""

    endpoint: str
    fmt: Format
    kind: str
    replies: list[tuple[bytes, Mapping[str, Any]]] = field(default_factory=list)
    """The bodies, each with the options of `decode`."""
    names: int = 0
    """Records of all lists."""
    size: int = 0
    """Bytes of all bodies."""
    left_out: int = 0
    """Replies that are not measured, as there are so many."""
    times: Times = field(default_factory=Times)
    peer: Times | None = None
    """What others took for the same, None if that is not measured."""

    def add(self, body: bytes, asked: Mapping[str, Any], names: int) -> None:
        """Keep a reply and its number of names. If enough replies are kept, only count it."""
        if self.size + _REPLY * len(self.replies) >= _MOST:
            self.left_out += 1
            return
        self.replies.append((body, asked))
        self.names += names
        self.size += len(body)

    def measure(self, seconds: float, compare: bool, progress: Callable[[float], object]) -> None:
        """Decode all replies in turn for so many seconds, and at least once."""
        calls: list[Callable[[], object]] = [partial(decode, body, **asked) for body, asked in self.replies]
        self.times.measure(calls, seconds, progress)
        if compare:
            _, parse = PEERS[self.fmt]
            calls = [partial(parse, body) for body, _ in self.replies]
            # A reply that XML or JSON was asked for and that came as text is none of theirs; nor is a charset.
            with suppress(ValueError, ElementTree.ParseError):
                peer = Times()
                peer.measure(calls, seconds, progress)
                self.peer = peer

    def figures(self) -> dict[str, Any]:
        """Return what has been measured, with the names and units that `--json` prints."""
        size = self.size
        each = self.times.rounds / self.times.seconds
        figures: dict[str, Any] = {
            "endpoint": self.endpoint,
            "format": self.fmt.name.lower(),
            "kind": self.kind,
            "replies": len(self.replies),
            "left_out": self.left_out,
            "names": self.names,
            "bytes": size,
            "bytes_per_reply": size / len(self.replies),
            "rounds": self.times.rounds,
            "megabytes_per_second": size * each / 1e6,
            "replies_per_second": len(self.replies) * each,
            "names_per_second": self.names * each,
            "median_ns": self.times.longest_of(0.5),
            "p99_ns": self.times.longest_of(0.99),
        }
        if self.peer is not None:
            median = self.peer.longest_of(0.5)
            ratio = figures["median_ns"] / max(median, 1)
            figures["peer"] = {"name": PEERS[self.fmt][0], "median_ns": median, "ratio": ratio}
        return figures


def _split_text(body: bytes) -> object:
    lines = body.decode(errors="replace").split("\n")
    return [dict(pair.partition(" = ")[::2] for pair in line.split(", ")) for line in lines]


def _split_csv(body: bytes) -> object:
    return [line.split(",") for line in body.decode(errors="replace").split("\n")]


PEERS: dict[Format, tuple[str, Callable[[bytes], object]]] = {
    Format.TEXT: ("split into dicts", _split_text),
    Format.CSV: ("split", _split_csv),
    Format.XML: ("ElementTree", ElementTree.fromstring),
    Format.JSON: ("json.loads", json.loads),
}
"""What people write by hand, by format: it checks nothing, and makes neither numbers nor objects of its own."""


class Bench:
    """Replies by endpoint, format and kind."""

    def __init__(self, compare: bool) -> None:
        self._compare = compare
        self._groups: dict[tuple[str, Format, str], Group] = {}

    def add(self, body: bytes, reply: Reply, asked: Mapping[str, Any]) -> None:
        """Remember a reply, which was read with the options *asked*."""
        endpoint = asked["endpoint"] or DEFAULT
        form = codec_of(endpoint).endpoint.reply_of(type(reply))
        assert form is not None
        fmt = None if asked["fmt"] is None else Format(asked["fmt"])
        if fmt is None:
            fmt = Format.TEXT
            while not _same(body, {**asked, "fmt": fmt}, reply):
                fmt = Format(fmt + 1)
        group = self._groups.setdefault((endpoint, fmt, form.kind), Group(endpoint, fmt, form.kind))
        group.add(body, {**asked, "fmt": fmt}, len(getattr(reply, form.attribute)) if form.many else 0)

    def groups(self) -> list[Group]:
        """Return the groups in the order in which they are printed."""
        order = [*ENDPOINTS]

        def rank(group: Group) -> tuple[int, ...]:
            kinds = [reply.kind for reply in reversed(codec_of(group.endpoint).endpoint.replies)]
            return order.index(group.endpoint), group.fmt, kinds.index(group.kind)

        return sorted(self._groups.values(), key=rank)

    def measure(self, seconds: float) -> None:
        """Measure every group for so many seconds, and its peer."""
        groups = self.groups()
        with bar("measuring", len(groups)) as progress:
            for number, group in enumerate(groups):
                group.measure(seconds, self._compare, lambda part, before=number: progress(before + part))  # type: ignore[misc]

    def json(self) -> bytes:
        """Return the figures as one JSON object."""
        return orjson.dumps({**environment(), "groups": [group.figures() for group in self.groups()]})

    def text(self, colours: bool) -> str:
        """Return the figures as a table, with what they were measured with above it."""
        facts = environment()
        head = (
            f"smsc_codec {facts['smsc_codec']}, {facts['implementation']} {facts['python']}, {facts['processor']}\n\n"
        )
        heads = ["endpoint", "format", "kind", "replies", "bytes/reply", "MB/s", "replies/s", "names/s"]
        heads += ["median µs", "99% µs"]
        right = [*range(3, 10)]
        if self._compare:
            heads += ["others", "median µs", "ours / theirs"]
            right += [11, 12]
        groups = self.groups()
        left_out = sum(group.left_out for group in groups)
        words = counted(left_out, "reply is", "replies are")
        tail = f"\n{words} not measured: of each line the first {_MOST >> 20} MiB are.\n" if left_out else ""
        return head + table(heads, [self._row(group) for group in groups], right, colours) + tail

    def _row(self, group: Group) -> list[str]:
        figures = group.figures()
        row = [
            group.endpoint,
            figures["format"],
            group.kind,
            f"{figures['replies']:,}",
            f"{figures['bytes_per_reply']:,.0f}",
            f"{figures['megabytes_per_second']:,.1f}",
            f"{figures['replies_per_second']:,.0f}",
            f"{figures['names_per_second']:,.0f}" if group.names else "-",
            *(f"{figures[key] / 1e3:,.1f}" for key in ("median_ns", "p99_ns")),
        ]
        if self._compare:
            peer = figures.get("peer")
            row += [peer["name"], f"{peer['median_ns'] / 1e3:,.1f}", f"{peer['ratio']:,.2f}"] if peer else ["-"] * 3
        return row


def _same(body: bytes, asked: Mapping[str, Any], reply: Reply) -> bool:
    """Say whether the body is that reply in that format too: clients say which they asked for, so this is timed."""
    try:
        return bool(decode(body, **asked) == reply)
    except DecodeError:
        return False


def environment() -> dict[str, str]:
    """Return what figures depend on."""
    return {
        "smsc_codec": __version__,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "processor": _processor(),
    }


def _processor() -> str:
    """Return the name of the processor, as far as the system says it."""
    with suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return printable(value.strip())
    return platform.processor() or platform.machine() or "unknown processor"


def has_rich() -> bool:
    """Say whether progress bars can be shown."""
    return find_spec("rich") is not None


@contextmanager
def bar(words: str, total: float) -> Iterator[Callable[[float], None]]:
    """A progress bar on standard error, if that is a terminal. What it gives is called with how much is done."""
    if not (sys.stderr.isatty() and has_rich()):
        yield lambda done: None
        return

    from rich.console import Console
    from rich.progress import Progress

    shown = 0.0

    def show(done: float) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown >= _REFRESH:
            shown = now
            progress.update(task, completed=done, refresh=True)

    # Refreshed between two replies: a thread of its own would take its time from the one that is measured.
    with Progress(console=Console(stderr=True), transient=True, auto_refresh=False, redirect_stdout=False) as progress:
        task = progress.add_task(words, total=total)
        yield show

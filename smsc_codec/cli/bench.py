"""`smsc-codec bench`: how fast one's own replies are decoded."""

from __future__ import annotations

import platform
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from io import StringIO
from typing import Any

import orjson

from .. import DecodeError, Format, Reply, __version__, decode
from ..door import codec_for

_REFRESH = 0.1


@dataclass
class Group:
    """The replies of one format and kind, and what decoding them took."""

    fmt: Format
    kind: str
    bodies: list[bytes] = field(default_factory=list)
    names: int = 0
    rounds: int = 0
    times: Counter[int] = field(default_factory=Counter)
    """How many calls took that many nanoseconds. It stays small however long it is measured: different whole
    numbers that add up to a minute are some 350,000 at most."""

    def measure(self, seconds: float, asked: dict[str, Any], progress: Callable[[float], object], before: int) -> None:
        """Decode all replies in turn for so many seconds, and at least once.

        *progress* is called with how many groups are done, of which *before* were before this one.
        """
        fmt, charset, expect, strict = self.fmt, asked["charset"], asked["expect"], asked["strict"]
        endpoint = asked["endpoint"]
        clock = time.perf_counter_ns
        begin = now = clock()
        length = seconds * 1e9
        while not self.rounds or now - begin < length:
            self.rounds += 1
            for body in self.bodies:
                start = clock()
                decode(body, fmt=fmt, charset=charset, expect=expect, endpoint=endpoint, strict=strict)
                now = clock()
                self.times[now - start] += 1
                progress(before + min((now - begin) / length, 1))

    def figures(self) -> dict[str, Any]:
        """What has been measured, with the names and units that `--json` prints."""
        size = sum(map(len, self.bodies))
        seconds = max(sum(took * count for took, count in self.times.items()), 1) / 1e9
        each = self.rounds / seconds
        return {
            "format": self.fmt.name.lower(),
            "kind": self.kind,
            "replies": len(self.bodies),
            "names": self.names,
            "bytes": size,
            "rounds": self.rounds,
            "megabytes_per_second": size * each / 1e6,
            "replies_per_second": len(self.bodies) * each,
            "names_per_second": self.names * each,
            "median_ns": self._longest_of(0.5),
            "p99_ns": self._longest_of(0.99),
        }

    def _longest_of(self, part: float) -> int:
        """The time that this part of the calls did not exceed."""
        left = part * self.times.total()
        times = iter(sorted(self.times.items()))
        took, count = next(times)
        while count < left:
            left -= count
            took, count = next(times)
        return took


class Bench:
    """Replies by format and kind. *asked* are the options of `decode`."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.asked = asked
        self._groups: dict[tuple[Format, str], Group] = {}
        self._endpoint = codec_for(asked["expect"], asked["endpoint"]).endpoint

    def add(self, body: bytes) -> None:
        """Decode a reply and remember it. Raises `DecodeError`."""
        reply = decode(body, **self.asked)
        form = self._endpoint.reply_of(type(reply))
        assert form is not None
        fmt = self.asked["fmt"]
        if fmt is None:
            fmt = Format.TEXT
            while not self._same(body, fmt, reply):
                fmt = Format(fmt + 1)
        group = self._groups.setdefault((fmt, form.kind), Group(fmt, form.kind))
        group.bodies.append(body)
        group.names += len(getattr(reply, form.attribute)) if form.many else 0

    def _same(self, body: bytes, fmt: Format, reply: Reply) -> bool:
        """Whether the body is that reply in that format too: clients say which they asked for, so this is timed."""
        try:
            return bool(decode(body, **{**self.asked, "fmt": fmt}) == reply)
        except DecodeError:
            return False

    def groups(self) -> list[Group]:
        """The groups in the order in which they are printed."""
        kinds = [reply.kind for reply in reversed(self._endpoint.replies)]
        return sorted(self._groups.values(), key=lambda group: (group.fmt, kinds.index(group.kind)))

    def measure(self, seconds: float) -> None:
        """Measure every group for so many seconds."""
        groups = self.groups()
        with bar("measuring", len(groups)) as progress:
            for number, group in enumerate(groups):
                group.measure(seconds, self.asked, progress, number)

    def json(self) -> bytes:
        """The figures as one JSON object."""
        groups = [group.figures() for group in self.groups()]
        return orjson.dumps({"smsc_codec": __version__, "python": platform.python_version(), "groups": groups})

    def table(self) -> str:
        """The figures as a table for standard output, with colours if that is a terminal. Needs rich."""
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table

        table = Table("format", "kind", box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
        for heading in ("replies", "MB/s", "replies/s", "names/s", "median µs", "99% µs"):
            table.add_column(heading, justify="right", no_wrap=True)
        for group in self.groups():
            figures = group.figures()
            names = f"{figures['names_per_second']:,.0f}" if group.names else "-"
            table.add_row(
                figures["format"],
                group.kind,
                f"{figures['replies']:,}",
                f"{figures['megabytes_per_second']:,.1f}",
                f"{figures['replies_per_second']:,.0f}",
                names,
                *(f"{figures[key] / 1e3:,.1f}" for key in ("median_ns", "p99_ns")),
            )
        # A table that is wider than the terminal is hard to read; figures that are cut off are wrong.
        text = StringIO()
        Console(file=text, width=200, force_terminal=sys.stdout.isatty()).print(table)
        return text.getvalue()


def has_rich() -> bool:
    """Whether tables and progress bars can be shown."""
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

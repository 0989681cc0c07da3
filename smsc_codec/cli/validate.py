"""`smsc-codec validate`: findings about recordings, with what is shown meanwhile and what remains to be said."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from typing import Any

from msgspec.structs import replace

from ..recordings import Validation, WorkerError, files_of, validate_recordings
from ..recordings._columns import MISSING
from ..report import Severity
from .bench import has_rich
from .page import PageReport
from .reports import JsonReport, JUnitReport, ParquetReport, Report, TextReport
from .streams import complain, flush, for_command_line, forget
from .words import counted

_REPORTS: dict[str, type[Report]] = {
    "text": TextReport,
    "json": JsonReport,
    "junit": JUnitReport,
    "html": PageReport,
    "parquet": ParquetReport,
}
_REFRESH = 0.1
_GOOD, _FOUND, _USAGE, _UNREADABLE, _INTERRUPTED, _SIGNALLED = 0, 1, 2, 3, 130, 128
_ECHO = 1.0
"""Seconds after a signal in which others belong to it."""


def run(options: argparse.Namespace, command: str = "") -> int:
    """Report on the recordings, and return the exit status. Raise `OutputError` and `SpoolError`.

    *command* is the command for people, without secrets.
    """
    if options.format == "parquet" and find_spec("pyarrow") is None:
        complain(f"smsc-codec: reports in Parquet {MISSING}")
        return _USAGE
    validation = validate_recordings(
        options.files,
        kind=options.kind,
        fmt=options.fmt,
        charset=options.charset,
        expect=options.expect,
        endpoint=options.endpoint,
        strict=options.strict,
        jobs=options.jobs,
        keys=dict(options.key),
    )
    summary = validation.summary
    status = None
    with _Signals() as signals:
        try:
            with closing(_REPORTS[options.format](Severity(options.fail_on), command)) as report:
                try:
                    with _bar(options.files) as bar, closing(validation.parts()) as parts:
                        for part in parts:
                            if part.found:
                                bar.hide()
                            said = [replace(each, message=for_command_line(each.message)) for each in part.found]
                            report.add_part(replace(part, found=said))
                            bar.show(validation)
                except KeyboardInterrupt:
                    summary.interrupted = True
                except (WorkerError, MemoryError) as error:
                    summary.interrupted, status = True, _UNREADABLE
                    complain(f"smsc-codec: {str(error) or 'there is not enough memory'}")
                report.finish(summary)
                # Still in here, where what comes soon after a signal does no harm.
                flush()
        except KeyboardInterrupt:
            # The report is not wanted either, or waits for somebody who does not read it.
            summary.interrupted = True
            forget(sys.stdout)
            forget(sys.stderr)
    if signals.received:
        return _SIGNALLED + signals.received
    if summary.interrupted:
        return status or _INTERRUPTED
    if summary.unreadable:
        return _UNREADABLE
    worst = summary.worst()
    levels = list(Severity)
    failed = worst is not None and levels.index(worst) <= levels.index(Severity(options.fail_on))
    return _FOUND if failed or summary.undecoded else _GOOD


class _Signals:
    """Makes a `KeyboardInterrupt` of the signals that ask the process to end, and remembers the first one.

    The first one ends the judging, a later one the report. The same event can send several of them, as the end of a
    terminal does: what follows the first at once is an echo of it.
    """

    def __init__(self) -> None:
        self.received = 0
        """The number of the first one; 0 for none."""
        self._at = 0.0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Signals:
        # Only there they can be handled; and what is ignored, as by nohup, stays ignored.
        if threading.current_thread() is threading.main_thread():
            for number in (getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP")):
                if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: object) -> None:
        now = time.monotonic()
        if self.received and now - self._at < _ECHO:
            return
        self.received, self._at = self.received or number, now
        raise KeyboardInterrupt


class _Bar:
    """What is shown meanwhile: nothing."""

    def hide(self) -> None:
        """Make room for what is printed."""

    def show(self, validation: Validation) -> None:
        """Show what has been done."""


@contextmanager
def _bar(paths: list[str]) -> Iterator[_Bar]:
    """A bar on standard error, if that is a terminal."""
    if not (sys.stderr.isatty() and has_rich()):
        yield _Bar()
        return

    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    class Bar(_Bar):
        shown = 0.0

        def hide(self) -> None:
            # Findings that go to the same terminal would be written into the bar.
            progress.stop()

        def show(self, validation: Validation) -> None:
            now = time.monotonic()
            if now - self.shown >= _REFRESH:
                self.shown = now
                replies = validation.summary.replies
                rate = replies / max(now - begin, _REFRESH)
                words = f"{counted(replies, 'reply', 'replies')}, {rate:,.0f} a second"
                progress.start()
                progress.update(task, completed=validation.consumed, description=words, refresh=True)

    columns = (BarColumn(), DownloadColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    begin = time.monotonic()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, auto_refresh=False, redirect_stdout=False) as progress:
        task = progress.add_task("", total=_size(paths))
        yield Bar()


def _size(paths: list[str]) -> int | None:
    """Return the bytes of all files together, or None if the size of one is unknown."""
    try:
        return None if "-" in paths else sum(map(os.path.getsize, files_of(paths)))
    except (OSError, ValueError):
        return None

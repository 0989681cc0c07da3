"""`smsc-codec validate`: findings about recordings, with what is shown meanwhile and what remains to be said."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from ._bench import has_rich
from ._cli_page import PageReport
from ._cli_reports import JsonReport, JUnitReport, Report, TextReport
from ._report import Severity
from .recordings import Validation, files_of, validate_recordings

_REPORTS: dict[str, type[Report]] = {
    "text": TextReport,
    "json": JsonReport,
    "junit": JUnitReport,
    "html": PageReport,
}
_REFRESH = 0.1
_GOOD, _FOUND, _UNREADABLE, _INTERRUPTED = 0, 1, 3, 130


def run(options: argparse.Namespace) -> int:
    """Report on the recordings, and give the exit status. Raises `OutputError`, and `SpoolError` where a part waits."""
    validation = validate_recordings(
        options.files,
        kind=options.kind,
        fmt=options.fmt,
        charset=options.charset,
        expect=options.expect,
        strict=options.strict,
        jobs=options.jobs,
    )
    summary = validation.summary
    with closing(_REPORTS[options.format](Severity(options.fail_on))) as report:
        try:
            with _bar(options.files) as bar, closing(validation.parts()) as parts:
                for found in parts:
                    if found:
                        bar.hide()
                    for finding in found:
                        report.add(finding)
                    bar.show(validation)
        except KeyboardInterrupt:
            summary.interrupted = True
        report.finish(summary)
    if summary.interrupted:
        return _INTERRUPTED
    if summary.unreadable:
        return _UNREADABLE
    worst = summary.worst()
    levels = list(Severity)
    failed = worst is not None and levels.index(worst) <= levels.index(Severity(options.fail_on))
    return _FOUND if failed or summary.undecoded else _GOOD


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
                words = f"{replies:,} replies, {rate:,.0f} a second"
                progress.start()
                progress.update(task, completed=validation.consumed, description=words, refresh=True)

    columns = (BarColumn(), DownloadColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    begin = time.monotonic()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, auto_refresh=False, redirect_stdout=False) as progress:
        task = progress.add_task("", total=_size(paths))
        yield Bar()


def _size(paths: list[str]) -> int | None:
    """Bytes of all files; `None` if not all of them can be known."""
    try:
        return None if "-" in paths else sum(map(os.path.getsize, files_of(paths)))
    except (OSError, ValueError):
        return None

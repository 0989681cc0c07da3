"""The reports of `smsc-codec validate`: text, JSON Lines, JUnit; the page is in `_cli_page`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from abc import ABC, abstractmethod
from typing import IO
from xml.sax.saxutils import escape, quoteattr

import msgspec

from ._cli_streams import complain
from ._report import Severity
from ._secrets import printable
from .recordings import Found, Summary
from .recordings._summary import ranked


class Report(ABC):
    """Takes findings as they come, and the summary at the end. Raises `OSError` if it cannot be written."""

    def __init__(self, fail_on: Severity) -> None:
        self.failing = tuple(Severity)[: list(Severity).index(fail_on) + 1]

    @abstractmethod
    def add(self, found: Found) -> None:
        """Report a finding."""

    @abstractmethod
    def finish(self, summary: Summary) -> None:
        """Report the rest."""

    def close(self) -> None:  # noqa: B027
        """Let go of what waits, if anything does."""


class TextReport(Report):
    """A line a finding on standard output; the summary goes to standard error."""

    def add(self, found: Found) -> None:
        """Print a line."""
        if found.code == "unreadable":
            sys.stdout.flush()
            complain(f"{found.path}: {found.message}")
            return
        print(f"{found.path}:{found.line}:{found.column}: {said(found)}")

    def finish(self, summary: Summary) -> None:
        """Print the summary."""
        sys.stdout.flush()
        for line in summary_lines(summary):
            complain(line)


class JsonReport(Report):
    """A JSON object a line: the findings, then the summary."""

    def add(self, found: Found) -> None:
        """Write a line."""
        sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")

    def finish(self, summary: Summary) -> None:
        """Write the last line."""
        sys.stdout.buffer.write(msgspec.json.encode({"summary": summary.plain()}) + b"\n")


class Spooled(Report):
    """A report whose beginning is known at the end only: what comes behind it waits in a file."""

    def __init__(self, fail_on: Severity) -> None:
        super().__init__(fail_on)
        self.spool = spool()

    def copy(self, source: IO[str]) -> None:
        """Write what has waited to standard output."""
        source.seek(0)
        while text := source.read(1 << 16):
            sys.stdout.buffer.write(text.encode())

    def close(self) -> None:
        """Let go of what waits."""
        self.spool.close()


def spool() -> IO[str]:
    """A file without a name that is gone when it is closed."""
    return tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")


class JUnitReport(Spooled):
    """XML for CI systems: a suite a recording, a case an entry with findings, and one for all others."""

    def __init__(self, fail_on: Severity) -> None:
        super().__init__(fail_on)
        self._suite = spool()
        self._path: str | None = None
        self._entry: int | None = None
        self._case: list[Found] = []
        self._counts = self._total = (0, 0)

    def add(self, found: Found) -> None:
        """Remember a finding until its entry is complete."""
        if self._case and (found.path, found.entry) != (self._case[0].path, self._case[0].entry):
            self._end_case()
            if found.path != self._path:
                self._end_suite()
        self._path = found.path
        self._case.append(found)

    def _end_case(self) -> None:
        first = self._case[0]
        name = f"entry {first.entry}" if first.entry else "the file"
        failures = [found for found in self._case if found.severity in self.failing]
        others = [found for found in self._case if found.severity not in self.failing]
        lines = [f"<testcase classname={quoteattr(first.path)} name={quoteattr(name)}>\n"]
        for found in failures[:1]:
            # One a case is all that the schema of most systems allows.
            text = "\n".join(map(_told, failures))
            lines.append(
                f"<failure type={quoteattr(found.code)} message={quoteattr(found.message)}>{escape(text)}</failure>\n"
            )
        if others:
            text = "\n".join(map(_told, others))
            lines.append(f"<system-out>{escape(text)}</system-out>\n")
        self._suite.write("".join(lines) + "</testcase>\n")
        self._counts = self._counts[0] + 1, self._counts[1] + bool(failures)
        self._case = []

    def _end_suite(self) -> None:
        tests, failures = self._counts
        name = quoteattr(self._path or "")
        self.spool.write(f'<testsuite name={name} tests="{tests}" failures="{failures}" errors="0" skipped="0">\n')
        self._suite.seek(0)
        shutil.copyfileobj(self._suite, self.spool)
        self._suite.seek(0)
        self._suite.truncate()
        self.spool.write("</testsuite>\n")
        self._total = self._total[0] + tests, self._total[1] + failures
        self._counts = 0, 0

    def finish(self, summary: Summary) -> None:
        """Write all."""
        if self._case:
            self._end_case()
            self._end_suite()
        tests, failures = self._total
        time = f'time="{summary.seconds:.3f}"'
        head = f'<testsuites name="smsc-codec validate" tests="{tests + 1}" failures="{failures}" errors="0" {time}>\n'
        sys.stdout.buffer.write(f'<?xml version="1.0" encoding="UTF-8"?>\n{head}'.encode())
        self.copy(self.spool)
        text = escape("\n".join(summary_lines(summary)))
        rest = (
            '<testsuite name="summary" tests="1" failures="0" errors="0" skipped="0">\n'
            f'<testcase classname="summary" name="all recordings">\n<system-out>{text}</system-out>\n</testcase>\n'
            "</testsuite>\n</testsuites>\n"
        )
        sys.stdout.buffer.write(rest.encode())

    def close(self) -> None:
        """Let go of what waits."""
        super().close()
        self._suite.close()


def said(found: Found) -> str:
    """What is found, without the place."""
    entry = f"entry {found.entry}: " if found.entry else ""
    return f"{found.severity.value} {found.code} {entry}{found.message}"


def _told(found: Found) -> str:
    excerpt = f"\n{found.excerpt}" if found.excerpt else ""
    return f"{found.path}:{found.line}:{found.column}: {said(found)}{excerpt}"


def summary_lines(summary: Summary) -> list[str]:
    """The summary for people; the first line is all of it if there is nothing to say."""
    lines = [f"{summary.replies} replies, {summary.undecoded} not decoded, {summary.findings} findings"]
    if summary.interrupted:
        lines[0] += " (interrupted)"
    lines += [f"  {fmt} {kind}: {count}" for (fmt, kind), count in sorted(summary.kinds.items())]
    lines += [f"  error {words}: {count}" for words, count in summary.error_codes()]
    lines += [f"  not documented: {key}: {count}" for key, count in ranked(summary.unknown)]
    lines += [f"  {severity} {code}: {count}" for (severity, code), count in sorted(summary.codes.items())]
    lines += [f"  skipped, not senders.php: {host}: {count}" for host, count in ranked(summary.skipped)]
    # A shorter run says nothing about the speed.
    if summary.seconds >= 1:
        speed = f"{summary.replies / summary.seconds:,.0f} replies/s, {summary.size / summary.seconds / 1e6:,.1f} MB/s"
        lines.append(f"  {summary.size:,} bytes of replies in {summary.seconds:.1f} s: {speed}")
    return list(map(printable, lines))

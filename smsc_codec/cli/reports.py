"""The reports of `smsc-codec validate`: text, JSON Lines, JUnit, Parquet; the page is in `page.py`."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import msgspec

from .._secrets import printable
from ..recordings import Found, Summary
from ..recordings._summary import ranked
from ..report import Severity
from .streams import Spool, complain, flush, printable_json, put

# Findings that one case of JUnit tells in full.
_MOST_OF_A_CASE = 50
# Findings of a row group in Parquet.
_ROWS = 10_000


class Report(ABC):
    """Takes findings as they come, and the summary at the end. Raises `OutputError`, or `SpoolError` for what waits."""

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
            flush()
            complain(f"{found.path}: {found.message}")
            return
        put(f"{found.path}:{found.line}:{found.column}: {said(found)}\n")

    def finish(self, summary: Summary) -> None:
        """Print the summary."""
        flush()
        for line in summary_lines(summary):
            complain(line)


class JsonReport(Report):
    """A JSON object a line: the findings, then the summary."""

    def add(self, found: Found) -> None:
        """Write a line."""
        put(printable_json(msgspec.json.encode(found)) + b"\n")

    def finish(self, summary: Summary) -> None:
        """Write the last line."""
        put(printable_json(msgspec.json.encode({"summary": summary.plain()})) + b"\n")


class _Told:
    """What is said about the findings of one kind in a case: the first ones, and how many more there are."""

    def __init__(self) -> None:
        self.first: Found | None = None
        self._texts: list[str] = []
        self._more = 0

    def add(self, found: Found) -> None:
        """Say it, or count it."""
        self.first = self.first or found
        if len(self._texts) < _MOST_OF_A_CASE:
            self._texts.append(_told(found))
        else:
            self._more += 1

    def text(self) -> str:
        """All that is said."""
        return "\n".join([*self._texts, *([f"and {self._more:,} more"] if self._more else [])])


class JUnitReport(Report):
    """XML for CI systems: a suite a recording, a case an entry with findings, and one for all others."""

    def __init__(self, fail_on: Severity) -> None:
        super().__init__(fail_on)
        # The number of failures stands before the suites, and that of a suite before its cases.
        self._suites = Spool()
        self._cases = Spool()
        self._place: tuple[str, int] | None = None
        self._failures, self._others = _Told(), _Told()
        self._counts = self._total = (0, 0)

    def add(self, found: Found) -> None:
        """Remember a finding until its entry is complete."""
        place = found.path, found.entry
        if self._place is not None and place != self._place:
            self._end_case(*self._place)
            if found.path != self._place[0]:
                self._end_suite(self._place[0])
        self._place = place
        (self._failures if found.severity in self.failing else self._others).add(found)

    def _end_case(self, path: str, entry: int) -> None:
        name = f"entry {entry}" if entry else "the file"
        lines = [f"<testcase classname={quoteattr(path)} name={quoteattr(name)}>\n"]
        failure = self._failures.first
        if failure is not None:
            # One a case is all that the schema of most systems allows.
            words = f"type={quoteattr(failure.code)} message={quoteattr(failure.message)}"
            lines.append(f"<failure {words}>{escape(self._failures.text())}</failure>\n")
        if self._others.first is not None:
            lines.append(f"<system-out>{escape(self._others.text())}</system-out>\n")
        self._cases.write("".join(lines) + "</testcase>\n")
        self._counts = self._counts[0] + 1, self._counts[1] + (failure is not None)
        self._failures, self._others = _Told(), _Told()

    def _end_suite(self, path: str) -> None:
        tests, failures = self._counts
        name = quoteattr(path)
        self._suites.write(f'<testsuite name={name} tests="{tests}" failures="{failures}" errors="0" skipped="0">\n')
        for text in self._cases.take():
            self._suites.write(text)
        self._suites.write("</testsuite>\n")
        self._total = self._total[0] + tests, self._total[1] + failures
        self._counts = 0, 0

    def finish(self, summary: Summary) -> None:
        """Write all."""
        if self._place is not None:
            self._end_case(*self._place)
            self._end_suite(self._place[0])
        tests, failures = self._total
        time = f'time="{summary.seconds:.3f}"'
        head = f'<testsuites name="smsc-codec validate" tests="{tests + 1}" failures="{failures}" errors="0" {time}>\n'
        put(f'<?xml version="1.0" encoding="UTF-8"?>\n{head}'.encode())
        for text in self._suites.take():
            put(text.encode())
        text = escape("\n".join(summary_lines(summary)))
        rest = (
            '<testsuite name="summary" tests="1" failures="0" errors="0" skipped="0">\n'
            f'<testcase classname="summary" name="all recordings">\n<system-out>{text}</system-out>\n</testcase>\n'
            "</testsuite>\n</testsuites>\n"
        )
        put(rest.encode())

    def close(self) -> None:
        """Let go of what waits."""
        self._suites.close()
        self._cases.close()


class ParquetReport(Report):
    """A row a finding in Parquet on standard output; the summary goes to standard error."""

    def __init__(self, fail_on: Severity) -> None:
        super().__init__(fail_on)
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter

        self._output = _Output()
        whole = ("entry", "line", "column", "count")
        names = Found.__struct_fields__
        self._schema: Any = pa.schema([(name, pa.int64() if name in whole else pa.string()) for name in names])
        self._writer: Any = ParquetWriter(pa.PythonFile(self._output, "w"), self._schema)
        self._rows: list[dict[str, Any]] = []

    def add(self, found: Found) -> None:
        """Remember a finding, and write all that wait if they are many."""
        self._rows.append(msgspec.to_builtins(found))
        if len(self._rows) >= _ROWS:
            self._write()

    def _write(self) -> None:
        import pyarrow as pa

        rows, self._rows = self._rows, []
        self._writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=self._schema))

    def finish(self, summary: Summary) -> None:
        """Write the rest, and print the summary."""
        self._write()
        self._writer.close()
        flush()
        for line in summary_lines(summary):
            complain(line)

    def close(self) -> None:
        """Let go of the writer, which would write the end of the file otherwise."""
        self._output.is_wanted = False


class _Output(io.RawIOBase):
    """Standard output as a file of bytes that can only be written."""

    is_wanted = True

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if self.is_wanted:
            put(bytes(data))
        return len(data)


def said(found: Found) -> str:
    """What is found, without the place."""
    where = place_in_reply(found)
    return f"{found.severity.value} {found.code} {f'{where}: ' if where else ''}{found.message}"


def place_in_reply(found: Found) -> str:
    """Return the entry and the place in its reply, as far as they are not the place in the file; empty otherwise."""
    entry = f"entry {found.entry}" if found.entry else ""
    if not found.reply_line or (found.line, found.column) == (found.reply_line, found.reply_column):
        return entry
    return f"{entry}, {found.reply_line}:{found.reply_column} in the reply"


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
    lines += [f"  skipped: {host}: {count}" for host, count in ranked(summary.skipped)]
    # A shorter run says nothing about the speed.
    if summary.seconds >= 1:
        speed = f"{summary.replies / summary.seconds:,.0f} replies/s, {summary.size / summary.seconds / 1e6:,.1f} MB/s"
        lines.append(f"  {summary.size:,} bytes of replies in {summary.seconds:.1f} s: {speed}")
    return list(map(printable, lines))

"""The reports of `smsc-codec validate`: text, JSON Lines, JUnit, Parquet; the page is in `page.py`."""

from __future__ import annotations

import io
import sys
from abc import ABC, abstractmethod
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import msgspec

from .._secrets import printable
from ..recordings import Found, Summary
from ..recordings._check import Outcome
from ..recordings._summary import ranked
from ..report import Severity
from .streams import Spool, complain, flush, printable_json, put
from .words import counted, has_colours, painted

# Findings that one case of JUnit tells in full.
_MOST_OF_A_CASE = 50
# Findings of a row group in Parquet.
_ROWS = 10_000
# Cases of a report that have nothing to tell: a system that shows cases is not made for millions.
_MOST_GOOD_CASES = 100_000


class Report(ABC):
    """Takes findings as they come, and the summary at the end. Raises `OutputError`, or `SpoolError` for what waits."""

    def __init__(self, fail_on: Severity, command: str = "") -> None:
        self.failing = tuple(Severity)[: list(Severity).index(fail_on) + 1]

    def add_part(self, part: Outcome) -> None:
        """Report what was found in a part of a recording."""
        for found in part.found:
            self.add(found)

    @abstractmethod
    def add(self, found: Found) -> None:
        """Report a finding."""

    @abstractmethod
    def finish(self, summary: Summary) -> None:
        """Report the rest."""

    def close(self) -> None:  # noqa: B027
        """Let go of what waits, if anything does."""


class TextReport(Report):
    """A line a finding on standard output; the summary goes to standard error. On a terminal both have colours."""

    def __init__(self, fail_on: Severity, command: str = "") -> None:
        super().__init__(fail_on)
        self._colours = has_colours(sys.stdout)

    def add(self, found: Found) -> None:
        """Print a line."""
        if found.code == "unreadable":
            flush()
            complain(f"{found.path}: {found.message}")
            return
        severity = found.severity.value
        place = painted(f"{found.path}:{found.line}:{found.column}:", "bold", self._colours)
        put(f"{place} {painted(severity, severity, self._colours)} {said(found)}\n")

    def finish(self, summary: Summary) -> None:
        """Print the summary."""
        _print(summary)


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
        """Return all that is said."""
        return "\n".join([*self._texts, *([f"and {self._more:,} more"] if self._more else [])])


class JUnitReport(Report):
    """XML for CI systems: a suite a recording, a case a reply, and a last suite with the summary."""

    def __init__(self, fail_on: Severity, command: str = "") -> None:
        super().__init__(fail_on)
        # The number of failures precedes the suites, and the number of a suite precedes its cases.
        self._suites = Spool()
        self._cases = Spool()
        self._place: tuple[str, int] | None = None
        self._failures, self._others = _Told(), _Told()
        self._counts = self._total = (0, 0)
        self._good = self._left_out = 0
        """Cases with nothing to tell, in all, and those of this suite that are left out."""

    def add_part(self, part: Outcome) -> None:
        """Report the replies of a part of a recording with their findings. Both are in the order of the entries."""
        at = 0
        for found in part.found:
            while at < len(part.judged) and part.judged[at] < found.entry:
                self._begin(part.path, part.judged[at])
                at += 1
            self.add(found)
        for number in part.judged[at:]:
            self._begin(part.path, number)

    def add(self, found: Found) -> None:
        """Remember a finding until its entry is complete."""
        self._begin(found.path, found.entry)
        (self._failures if found.severity in self.failing else self._others).add(found)

    def _begin(self, path: str, entry: int) -> None:
        """End the case of another entry, if there is one."""
        place = path, entry
        if self._place is not None and place != self._place:
            self._end_case(*self._place)
            if path != self._place[0]:
                self._end_suite(self._place[0])
        self._place = place

    def _end_case(self, path: str, entry: int) -> None:
        failure = self._failures.first
        if failure is None and self._others.first is None:
            self._good += 1
            if self._good > _MOST_GOOD_CASES:
                self._left_out += 1
                return
        name = f"entry {entry}" if entry else "the file"
        lines = [f"{_case(path, name)}\n"]
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
        if self._left_out:
            words = counted(self._left_out, "more entry", "more entries")
            self._cases.write(f"{_case(path, f'{words} without findings')}</testcase>\n")
            tests, self._left_out = tests + 1, 0
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

    def __init__(self, fail_on: Severity, command: str = "") -> None:
        super().__init__(fail_on)
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter

        self._output = _Output()
        whole = ("entry", "line", "column", "count", "reply_line", "reply_column")
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
        _print(summary)

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


def _print(summary: Summary) -> None:
    """Print the summary on standard error, behind what stands on standard output."""
    flush()
    first, *lines = summary_lines(summary)
    complain(painted(first, verdict(summary)[1] or "good", has_colours(sys.stderr)))
    for line in lines:
        complain(line)


def said(found: Found) -> str:
    """Return what is found, without the place in the file and the severity."""
    where = place_in_reply(found)
    return f"{found.code} {f'{where}: ' if where else ''}{found.message}"


def place_in_reply(found: Found) -> str:
    """Return the entry and the place in its reply, as far as they are known; empty if the file is the reply."""
    entry = f"entry {found.entry}" if found.entry else ""
    if not (entry and found.reply_line):
        return entry
    return f"{entry}, {found.reply_line}:{found.reply_column} in the reply"


def _told(found: Found) -> str:
    excerpt = f"\n{found.excerpt}" if found.excerpt else ""
    return f"{found.path}:{found.line}:{found.column}: {found.severity.value} {said(found)}{excerpt}"


def _case(path: str, name: str) -> str:
    return f"<testcase classname={quoteattr(path)} name={quoteattr(name)} file={quoteattr(path)}>"


def verdict(summary: Summary) -> tuple[str, str]:
    """Return the verdict in words, and the severity of the worst finding; empty if there is no finding."""
    worst = summary.worst()
    if summary.undecoded:
        verb = "does" if summary.undecoded == 1 else "do"
        words = f"{summary.undecoded:,} of {counted(summary.replies, 'reply', 'replies')} {verb} not decode"
    elif summary.replies == 1:
        words = "The reply decodes"
    else:
        words = f"All {summary.replies:,} replies decode" if summary.replies else "There are no replies"
    if summary.findings and worst is not Severity.ERROR:
        words += f", with {counted(summary.findings, 'finding')}"
    if summary.unreadable:
        words += f"; {counted(summary.unreadable, 'file')} cannot be read"
    if summary.interrupted:
        words += " (interrupted)"
    return words, "" if worst is None else worst.value


def summary_lines(summary: Summary) -> list[str]:
    """Return the summary for people; the first line is all of it if there is nothing to say."""
    replies, findings = counted(summary.replies, "reply", "replies"), counted(summary.findings, "finding")
    lines = [f"{replies}, {summary.undecoded:,} not decoded, {findings}"]
    if summary.interrupted:
        lines[0] += " (interrupted)"
    lines += [f"  {fmt} {kind}: {count:,}" for (fmt, kind), count in sorted(summary.kinds.items())]
    lines += [f"  error {words}: {count:,}" for words, count in summary.error_codes()]
    lines += [f"  not documented: {key}: {count:,}" for key, count in ranked(summary.unknown)]
    lines += [f"  {severity} {code}: {count:,}" for (severity, code), count in sorted(summary.codes.items())]
    lines += [f"  skipped: {host}: {count:,}" for host, count in ranked(summary.skipped)]
    # A shorter run says nothing about the speed.
    if summary.seconds >= 1:
        speed = f"{summary.replies / summary.seconds:,.0f} replies/s, {summary.size / summary.seconds / 1e6:,.1f} MB/s"
        lines.append(f"  {summary.size:,} bytes of replies in {summary.seconds:.1f} s: {speed}")
    return list(map(printable, lines))

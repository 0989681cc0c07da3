"""Reads the times of recordings, and counts over time within a bounded size."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

import msgspec

_MOST = 240
"""The most buckets: a chart has room for this many."""
_MOST_CODES, OTHER_CODES = 100, -1
"""The most different codes in a bucket, and the code of all others. A hostile recording can have any number."""
_LONGEST = 64
"""The most characters of a time."""


def seconds(text: str) -> float | None:
    """Return the seconds since 1970 of `2016-10-18T10:00:00.000Z` or `Tue, 18 Oct 2016 10:00:00 GMT`, or None."""
    if len(text) > _LONGEST:
        return None
    try:
        when = msgspec.convert(text, datetime) if text[:4].isdigit() else parsedate_to_datetime(text)
        past = (when if when.tzinfo else when.replace(tzinfo=timezone.utc)).timestamp()
    except (msgspec.ValidationError, TypeError, ValueError, OverflowError, IndexError):
        return None
    return past if past >= 0 else None


_WIDTHS = (1, 10, 60, 600, 3600, 21600, 86400, 604800)
"""The possible widths of a bucket in seconds. Each is a multiple of the one before. After a week they double."""


class Timeline(msgspec.Struct):
    """Counts by code over time in a bounded number of buckets. The order of the counts does not matter.

    The width of the buckets grows as necessary. The same counts always end in the same buckets.
    """

    width: int = 1
    """The width of a bucket in seconds."""
    buckets: dict[int, Counter[int]] = msgspec.field(default_factory=dict)
    """The counts by the number of seconds since 1970, divided by the width."""

    def add(self, time: float, code: int, count: int = 1) -> None:
        """Count a code."""
        _count(self._bucket(int(time) // self.width), code, count)

    def merge(self, other: Timeline) -> None:
        """Add the counts of another timeline."""
        for number, counts in other.buckets.items():
            for code, count in counts.items():
                self.add(number * other.width, code, count)
        while self.width < other.width:
            self._widen()

    def spread(self) -> Timeline:
        """Return the same counts in buckets so wide that their number is bounded even with the gaps between them."""
        wide = Timeline(self.width, self.buckets)
        while wide.buckets and max(wide.buckets) - min(wide.buckets) >= _MOST:
            wide._widen()
        return wide

    def _bucket(self, number: int) -> Counter[int]:
        if number not in self.buckets:
            self.buckets[number] = Counter()
            seconds = number * self.width
            while len(self.buckets) > _MOST:
                self._widen()
            return self.buckets[seconds // self.width]
        return self.buckets[number]

    def _widen(self) -> None:
        wider = next((width for width in _WIDTHS if width > self.width), 2 * self.width)
        times, self.width = wider // self.width, wider
        old, self.buckets = self.buckets, {}
        for number, counts in old.items():
            bucket = self.buckets.setdefault(number // times, Counter())
            for code, count in counts.items():
                _count(bucket, code, count)


def _count(bucket: Counter[int], code: int, count: int) -> None:
    bucket[code if code in bucket or len(bucket) < _MOST_CODES else OTHER_CODES] += count

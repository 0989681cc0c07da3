"""Yields the replies of recordings, for callers that want to work with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from ._check import Options, Verdict, checker_of, entries_of
from ._entry import Found, Problem
from ._keys import Keys
from ._tape import Kind
from ._validate import batches_of


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a recording, or a problem of the recording."""

    path: str
    """The path of the file, as it was given or found in a folder."""
    entry: int = 0
    """The number of the entry, from 1; 0 if the file is the reply, or if this is a problem of the file."""
    body: bytes | None = None
    """The body, if the file is a reply. It is not judged."""
    guessed: bool = False
    """Whether the file was taken for a reply because nothing shows that it is a recording."""
    verdict: Verdict | None = None
    """The result for the entry otherwise."""
    found: list[Found] = []
    """What is wrong or unusual about it."""


def recorded_replies(
    paths: Iterable[str], options: Options, kind: Kind | None = None, keys: Keys | None = None
) -> Iterator[Recorded]:
    """Yield the entries of recordings, and the problems of recordings, as they are read."""
    for batch in batches_of(paths, kind, keys or Keys()):
        checker, content = checker_of(options, batch), batch.content
        if isinstance(content, Problem):
            checker.whole(content, batch.last, batch.line)
            yield Recorded(path=batch.path, found=checker.found)
            continue
        for entry in entries_of(content):
            if not entry.number:
                yield Recorded(path=batch.path, body=entry.body, guessed=entry.guessed)
                continue
            before = len(checker.found)
            verdict = checker.entry(entry)
            yield Recorded(path=batch.path, entry=entry.number, verdict=verdict, found=checker.found[before:])

"""Codecs that have read nothing, made in less time.

A declaration is checked once, a grammar read from its file once, and the same source compiled once, however many
codecs are made of them.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, lru_cache
from types import CodeType
from typing import Any
from unittest.mock import patch

from smsc_codec._sound import check
from smsc_codec.formats.grammar import Grammar

GRAMMAR = cache(Grammar)
"""Read a grammar, once."""

_checked: dict[int, Any] = {}  # a declaration has no hash


def _check(endpoint: Any) -> None:
    if _checked.get(id(endpoint)) is not endpoint:
        check(endpoint)
        _checked[id(endpoint)] = endpoint


@lru_cache(5000)
def _code(source: str, mode: str) -> CodeType:
    return builtins.compile(source, "<smsc_codec made once>", mode)


def _compile(source: str, filename: str, mode: str) -> CodeType:
    return _code(source, mode)


@contextmanager
def made_once() -> Iterator[None]:
    """Let codecs share what does not depend on what they have read."""
    with ExitStack() as stack:
        work: dict[str, Any] = {
            "smsc_codec.formats.text.Grammar": GRAMMAR,
            "smsc_codec.codec.check": _check,
            "smsc_codec._rows.source.compile": _compile,
        }
        for name, shared in work.items():
            stack.enter_context(patch(name, shared, create=True))
        yield

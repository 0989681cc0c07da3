"""The rules for plain English find what they are made for, and nothing in the project breaks them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from .prose import RULES, check, findings

BAD = [
    "Errors, unknown numbers: all read; what is no reply is a `DecodeError`.",
    "A text with a declaration is no text.",
    "Return the record, of which nobody knows the keys.",
    "It is that of which the server speaks.",
    "Here are so many lines as there.",
    "Smaller oddities are read.",
    "`fmt=None` finds the format out.",
    "White space, which is no part of it.",
    "the field, which is not there",
    "A line that has not the cells.",
    "All files but for hidden ones.",
    "The list is told by its first key.",
    "It is no longer cached.",
    "How it is made is nobody's business.",
    "A form stands behind the URL.",
    "Called by Sphinx.",
    "If it is none, an error is raised.",
]
GOOD = [
    "Anything else raises `DecodeError`, which says what was expected, what was found, and where.",
    "There is no reply. It has no fields. A cell may be one of the fields, one of which is a list.",
    "Return None if it is none of these. `what is no code`",
    "The server says which format it is, and finds nothing without it.",
]


@pytest.mark.parametrize("text", BAD)
def test_bad_prose_is_found(text: str) -> None:
    places: list[Callable[[str], str]] = [
        lambda words: f"# Title\n\n{words}\n",
        lambda words: f"x = 5\n# {words}\n",
        lambda words: f'"""{words}"""\n',
        lambda words: f'raise ValueError(f"{{x}} and so on: {words}")\n',
    ]
    for path, place in zip(("a.md", "smsc_codec/a.py", "smsc_codec/a.py", "smsc_codec/a.py"), places):
        assert findings(path, place(text)), place(text)


def test_every_rule_finds_something() -> None:
    assert all(any(re.search(pattern, text.lower()) for text in BAD) for pattern in RULES)


@pytest.mark.parametrize("text", GOOD)
def test_good_prose_is_left_alone(text: str) -> None:
    assert findings("a.md", text) == []
    assert findings("a.md", f"```python\n# {BAD[0]}\n```\n") == []


@pytest.mark.parametrize(
    ("documented", "is_found"),
    [
        ('def f():\n    """Whether it is so."""', True),
        ('def f():\n    """The reply."""', True),
        ('def f():\n    """Makes a reply."""', True),
        ('async def f():\n    """`x` of it."""', True),
        ('def f():\n    """Return whether it is so."""', False),
        ('def f():\n    """Process it."""', False),
        ('class C:\n    @property\n    def f(self):\n        """Whether it is so."""', False),
        ('def test_f():\n    """The law holds."""', False),
        ("def f():\n    pass", False),
    ],
)
def test_docstrings_of_functions_are_imperative(documented: str, is_found: bool) -> None:
    assert bool(findings("smsc_codec/a.py", documented)) is is_found


def test_names_of_tests_are_read_and_their_data_is_not() -> None:
    assert findings("tests/test_a.py", "def test_what_is_no_reply(): pass")
    assert findings("tests/test_a.py", "def test_a(): assert f() == 'it is no reply at all'") == []


def test_a_finding_names_its_line() -> None:
    (found,) = findings("a.md", "A\n\nB\nis no\nreply.\n")
    assert (found.line, found.words) == (4, "is no reply")
    assert str(found) == "a.md:4: 'is no reply': negate the verb: 'is not a'"


def test_the_project() -> None:
    assert [str(found) for found in check()] == []

"""The page that says what is known of each reply."""

from __future__ import annotations

import re

from smsc_codec.endpoints import ENDPOINTS

from . import coverage

GRADES = {"documented", "recorded", "client", "choice", "unknown"}


def test_the_table_is_current() -> None:
    assert coverage.parts()[1] == coverage.table(), "run python -m tests.coverage"


def test_every_cell_has_a_grade() -> None:
    lines = coverage.table().splitlines()[2:]
    assert {re.match(r"\| \[(\w+)\]", line)[1] for line in lines} == {*ENDPOINTS}  # type: ignore[index]
    for line in lines:
        cells = [cell.strip() for cell in line.split("|")[4:8]]
        assert len(cells) == 4 and {grade for cell in cells for grade in cell.split(", ")} <= GRADES, line
    assert "| `get_all` | a list of mailings | unknown | unknown | unknown | choice |" in "\n".join(lines)


def test_every_endpoint_is_among_those_that_others_read() -> None:
    named = re.findall(r"^\| \[?([a-z_]+)[\]|  (]", coverage.parts()[2], re.MULTILINE)
    assert {*ENDPOINTS} <= {*named}

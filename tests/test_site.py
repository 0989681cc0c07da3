"""What makes the site fail: links that lead nowhere, and anything that is fetched from another host."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("site_check", Path(__file__).parent.parent / "docs" / "site_check.py")
assert SPEC is not None and SPEC.loader is not None
site_check = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(site_check)

PAGE = """<html><head><link rel="stylesheet" href="static/site.css"></head><body>
<h1 id="top-of-it">A</h1><a href="#top-of-it">here</a><a href="#">top</a>
<a href="docs/other.html#some%20where">there</a><a href="https://example.com/#x">a click away</a>
<img src="data:image/png;base64,AA"><img src="static/chart.svg"></body></html>"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "static").mkdir()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "docs" / "other.html").write_text('<a name="some where"></a><a href="../index.html">back</a>')
    (tmp_path / "static" / "site.css").write_text("body { background: url(chart.svg) }")
    (tmp_path / "static" / "chart.svg").write_text("<svg/>")
    return tmp_path


def test_a_site_that_is_whole(site: Path) -> None:
    assert site_check.problems(site) == []


def test_no_site(tmp_path: Path) -> None:
    assert site_check.problems(tmp_path) == [f"there is no page in {tmp_path}"]


@pytest.mark.parametrize(
    ("element", "problem"),
    [
        ('<a href="nowhere.html">', "nowhere.html leads nowhere"),
        ('<a href="docs/other.html#else">', "docs/other.html#else leads nowhere"),
        ('<a href="#else">', "#else leads nowhere"),
        ('<img src="static/none.svg">', "static/none.svg leads nowhere"),
        ('<script src="https://example.com/a.js">', "<script> fetches https://example.com/a.js"),
        ('<link href="//example.com/a.css">', "<link> fetches //example.com/a.css"),
        ('<img src="http://example.com/a.png">', "<img> fetches http://example.com/a.png"),
    ],
)
def test_what_is_wrong_in_a_page(site: Path, element: str, problem: str) -> None:
    (site / "index.html").write_text(PAGE.replace("<h1", f"{element}<h1"))
    assert site_check.problems(site) == [f"index.html: {problem}"]


@pytest.mark.parametrize("rule", ['@import "https://example.com/a.css";', "a { b: url('//example.com/a.css') }"])
def test_what_a_style_fetches(site: Path, rule: str) -> None:
    (site / "static" / "site.css").write_text(rule)
    (problem,) = site_check.problems(site)
    assert "static/site.css: fetches " in problem and problem.endswith("//example.com/a.css")

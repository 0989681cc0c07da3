"""The benchmark is fair: only right answers are measured, what is faster stands above us, no target is glossed over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bench import flat
from bench.__main__ import main
from bench.chart import BARS, chart
from bench.contest import FULL, QUICK, Contender, Effort, Outcome, Row, Run, Target, Work, compete, prepare
from bench.endpoints import ANSWERS, answers
from bench.report import BEGIN, END, comparison, environment, into_page, summary
from bench.small import REPLIES, Small, decode_small, encode_small
from bench.timing import by_turns
from bench.works import works
from smsc_codec import Format
from smsc_codec.endpoints import ENDPOINTS

COSTS = {"us": 4.0, "quick": 1.0, "slow": 8.0, "J": 2.0}


def _answer(answer: object) -> Any:
    return lambda: lambda: answer


def _missing() -> Run:
    raise AssertionError(import_module("no_such_package.inside"))


def _failing() -> Run:
    raise ValueError("no\n idea |")


def _costs(contenders: Sequence[tuple[Contender, Run]], effort: Effort) -> list[list[float]]:
    """Return a clock that is not disturbed."""
    return [[COSTS[contender.name] for contender, _ in contenders]] * effort.rounds


def _compete(*peers: Contender, expected: object = 5) -> Outcome:
    return compete(Work("read", "all=0", Contender("us", "model", _answer(expected)), peers, _costs), QUICK)


def test_the_faster_stand_above_us() -> None:
    outcome = _compete(Contender("slow", "dicts", _answer(5)), Contender("quick", "dicts", _answer(5)))
    assert [(row.name, row.ours, row.cost, row.ratio, row.more) for row in outcome.rows] == [
        ("quick", False, 1, 4, 3),
        ("us", True, 4, None, None),
        ("slow", False, 8, 0.5, -4),
    ]


@pytest.mark.parametrize(
    ("expected", "answer", "problem"),
    [
        (5, 6, "wrong: 6, not 5"),
        ([1, 2], [1], "wrong: 1 items, not 2"),
        ([{"id": "1"}, {"id": "2"}], [{"id": "1"}, {"id": "3"}], "wrong: item 1: {'id': '3'}, not {'id': '2'}"),
    ],
)
def test_a_wrong_answer_is_not_measured(expected: object, answer: object, problem: str) -> None:
    outcome = _compete(Contender("never measured", "dicts", _answer(answer), target=Target(1)), expected=expected)
    assert [row.name for row in outcome.rows] == ["us", "never measured"]
    assert (outcome.rows[1].problem, outcome.rows[1].cost, outcome.rows[1].met) == (problem, None, None)
    assert problem in comparison([outcome])
    assert f"read, all=0: never measured: {problem}" in summary([outcome])


def test_a_contender_that_is_not_here_is_left_out_by_name() -> None:
    outcome = _compete(Contender("missing", "dicts", _missing), Contender("failing", "dicts", _failing))
    assert [row.problem for row in outcome.rows] == [
        "",
        "left out: no-such-package is not installed",
        "wrong: ValueError: no idea |",
    ]
    assert r"| wrong: ValueError: no idea \|" in comparison([outcome])


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (Target(4), True),
        (Target(3.9), False),
        (Target(3, "more"), True),
        (Target(2.9, "more"), False),
        (Target(1.5, "J more"), True),
        (Target(1.4, "J more"), False),
        (None, None),
    ],
)
def test_targets(target: Target | None, met: bool | None) -> None:
    outcome = _compete(Contender("quick", "dicts", _answer(5), target=target))
    assert outcome.rows[0].met is met
    assert ("MISSED" in comparison([outcome])) is (met is False)
    assert ("1 of 1 targets missed" in summary([outcome])) is (met is False)
    assert ("- read, all=0, against quick" in summary([outcome])) is (met is False)


def test_every_turn_is_counted() -> None:
    turns: list[str] = []
    effort = Effort(rounds=3, seconds=0, processes=1, few=1, many=10)
    costs = by_turns([lambda: turns.append("a"), lambda: turns.append("b")], effort)
    # One run each to learn how often to loop; then nobody is always the first.
    assert "".join(turns) == "ab" + "ab" + "ba" + "ab"
    assert [len(costs_of_round) for costs_of_round in costs] == [2, 2, 2]
    assert all(cost > 0 for costs_of_round in costs for cost in costs_of_round)


def test_unusual_lists() -> None:
    for kind in flat.kinds():
        line = kind.measure(Effort(rounds=1, seconds=0, processes=1, few=1, many=2))
        assert list(line.seconds) == [1, 2]


def test_the_chart_is_xml() -> None:
    shown = [
        Outcome(group, variant, "s", (Row(peer, "dicts", cost=1e-6, ratio=ratio), Row("<slow>", "tree", ratio=0.1)))
        for ratio, (_, group, variant, peer) in zip((0.5, 1.25, 30.0), BARS)
    ]
    label, group, variant, peer = BARS[3]
    left_out = Outcome(group, variant, "s", (Row(peer, "tree", problem="left out: it is not installed"),))
    tree = ElementTree.fromstring(chart([*shown, left_out], environment("python -m bench")))
    texts = [element.text for element in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert {"0.500", "1.25", "30.0", *(label for label, *_ in BARS[:3])} <= {*texts}
    assert label not in texts and "<slow>" not in texts
    bars = [*tree.iter("{http://www.w3.org/2000/svg}rect")]
    assert [bar.get("class") for bar in bars] == ["cheaper", "dearer", "dearer"]
    # A long bar stays in the picture.
    assert float(bars[2].attrib["width"]) + 2 * float(bars[2].attrib["x"]) < float(tree.attrib["width"])


def test_every_bar_is_measured() -> None:
    measured = {(work.group, work.variant, peer.name) for work in works(FULL) for peer in work.peers}
    assert {bar[1:] for bar in BARS} <= measured


def test_every_piece_of_work_has_a_bound() -> None:
    """Those of the project's table; who has none is there beside somebody who has."""
    for work in works(QUICK):
        assert any(peer.target for peer in work.peers), work.title
    titles = [work.title for work in works(replace(FULL, many=200))]
    assert len(titles) == len({*titles})


@pytest.mark.parametrize("fmt", Format)
@pytest.mark.parametrize("small", REPLIES, ids=lambda small: small.name)
def test_small_replies_are_canonical(small: Small, fmt: Format) -> None:
    """What people write by hand is what we write, so that both do the same."""
    for work in (decode_small(small, fmt), encode_small(small, fmt)):
        run, problem = prepare(work.peers[0], work.ours.meaning(work.ours.make()()))
        assert run is not None, problem


@pytest.mark.parametrize("work", answers(3), ids=lambda work: work.title)
def test_other_replies_are_canonical(work: Work) -> None:
    """What is made of a body for the others reads and writes the same as we do."""
    expected = work.ours.meaning(work.ours.make()())
    for peer in work.peers:
        run, problem = prepare(peer, expected)
        assert run is not None, problem


def test_a_reply_of_every_endpoint_is_measured() -> None:
    named = {answer.endpoint for answer in ANSWERS} | {small.endpoint for small in REPLIES}
    assert named == {*ENDPOINTS}


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}old\n{END}after\n", "utf-8")
    files = ["--json", str(tmp_path / "a.json"), "--svg", str(tmp_path / "a.svg"), "--markdown", str(page)]
    main(["--quick", "--only", "fmt=1, ", *files])
    printed = capsys.readouterr().out
    assert "**smsc_codec**" in printed and "split into lists" in printed and "f-string join" in printed
    assert page.read_text("utf-8") == f"before\n{BEGIN}\n{printed}\n{END}after\n"
    found = json.loads((tmp_path / "a.json").read_text("utf-8"))
    groups = {outcome["group"] for outcome in found["comparison"]}
    assert groups == {
        *(
            f"decode fmt=1, {what}"
            for what in (
                *("a small reply", "one name", "one record", "1,000 records"),
                *(f"{n:,} names" for n in (2, 10, 100, 1000)),
            )
        ),
        *(f"encode fmt=1, {what}" for what in ("a small reply", "one record", "1,000 records", "1,000 names")),
        *(f"validate fmt=1, {what}" for what in ("one name", "2 names", "10 names", "100 names", "1,000 names")),
    }
    assert found["environment"]["command"].startswith("python -m bench --quick --only 'fmt=1, ' --json")
    assert len(found["per_name"]) == 2
    ElementTree.parse(tmp_path / "a.svg")


def test_a_fresh_process(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--quick", "--only", "import smsc_codec: loaded"])
    assert "0 modules more" in capsys.readouterr().out
    main(["--quick", "--only", "peak memory of decoding 100 names, operators=1, fmt=3"])
    assert "json.loads" in capsys.readouterr().out


def test_a_page_without_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing\n", "utf-8")
    with pytest.raises(SystemExit, match="no line"):
        into_page(page, "text")
    assert page.read_text("utf-8") == "nothing\n"

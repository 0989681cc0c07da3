"""The chores, the layers and CONTRIBUTING.md are held to what is there."""

from __future__ import annotations

import re
import shlex
import sys
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from .chores import NAMES, SESSIONS, VERSIONS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "smsc_codec"
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
RUN = (ROOT / ".ci" / "run").read_text("utf-8")


def pyproject() -> dict[str, Any]:
    if sys.version_info < (3, 11):
        pytest.skip("Python 3.10 does not read TOML")
    read: dict[str, Any] = import_module("tomllib").loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return read


def test_every_session_is_described() -> None:
    table = CONTRIBUTING.split("| session |")[1].split("\n\n")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == sorted(SESSIONS)


def test_every_session_that_a_page_names_exists() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "noxfile.py"]
    named = {
        (page.name, name)
        for page in pages
        for names in re.findall(r"\bnox -s ((?:[\w.-]+ ?)+)", page.read_text("utf-8"))
        for name in takewhile(lambda word: word != "--", names.split())
    }
    assert len(named) > 10
    assert [one for one in named if one[1] not in NAMES] == []


def test_ci_calls_every_session() -> None:
    """The ones left out take hours, need valgrind, or have run already."""
    (command,) = re.findall(r"^\.venv/bin/nox (.*)$", RUN.replace("\\\n", ""), re.MULTILINE)
    called = shlex.split(command)[2:]
    assert len(called) == len(set(called))
    assert set(called) <= NAMES
    assert set(SESSIONS) - {name.split("-")[0] for name in called} == {"docs", "mutants", "recorders", "work"}
    # `oldest` is the oldest interpreter's.
    assert [name.split("-")[1] for name in called if name.startswith("tests-")] == VERSIONS[1:]


def test_the_readme_builds_the_site() -> None:
    assert "nox -s docs\n" in (ROOT / "README.md").read_text("utf-8")


def test_the_interpreters() -> None:
    project = pyproject()["project"]
    assert project["requires-python"] == f">={VERSIONS[0]}"
    assert f"CPython {VERSIONS[0]} to {VERSIONS[-2]}. CPython {VERSIONS[-1]} is tested where" in CONTRIBUTING
    named = [line.rsplit(" ", 1)[1] for line in project["classifiers"] if "Python :: 3." in line]
    assert named == VERSIONS[:-1]


def modules_in(folder: Path) -> set[str]:
    """Return the modules and packages right in a folder of the library."""
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    return files | {path.parent.name for path in folder.glob("*/__init__.py")}


@pytest.mark.parametrize("container", ["smsc_codec", "smsc_codec.formats"])
def test_every_module_has_a_layer(container: str) -> None:
    (contract,) = (
        contract
        for contract in pyproject()["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers" and contract["containers"] == [container]
    )
    listed = [name.strip() for layer in contract["layers"] for name in layer.split("|")]
    assert sorted(listed) == sorted(modules_in(ROOT / container.replace(".", "/")))
    assert contract["exhaustive"]


def test_no_module_of_the_command_line_is_imported_by_the_library() -> None:
    """What `nox -s layers` holds for every import, also where import-linter is not installed."""
    importing = re.compile(r"^\s*(?:from|import)\s+(?:\.+|smsc_codec\.)cli\b|^\s*from\s+\.+\s+import\s.*\bcli\b", re.M)
    found = [path for path in PACKAGE.rglob("*.py") if importing.search(path.read_text("utf-8"))]
    assert found == [PACKAGE / "__main__.py"]


def test_every_path_that_contributing_names_exists() -> None:
    paths = re.findall(r"`((?:smsc_codec|tests|docs|bench|examples|grammars|\.ci)(?:/[\w./-]+)?)`", CONTRIBUTING)
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_folder_has_a_role() -> None:
    folders = CONTRIBUTING.split("| folder |")[1].split("\n\n")[0]
    roles = set(re.findall(r"^\| `([^`]+)` \|", folders, re.MULTILINE))
    packages = {f"smsc_codec/{path.parent.name}" for path in PACKAGE.glob("*/__init__.py")}
    assert packages | {"smsc_codec"} == {role for role in roles if role.startswith("smsc_codec")}


def test_every_group_is_installed_by_a_session() -> None:
    source = (ROOT / "noxfile.py").read_text("utf-8")
    for name in pyproject()["dependency-groups"].keys() - {"dev", "nox"}:
        assert re.search(rf'install(?:_if_possible)?\(.*"{name}"', source), name


def test_the_commit_hooks_keep_bytes_that_were_recorded() -> None:
    """A hook that tidies the end of a file would change a reply."""
    text = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    (excluded,) = re.findall(r"^exclude: (.*)$", text, re.MULTILINE)
    recorded = [*ROOT.glob("examples/replies/*"), *ROOT.glob("tests/recordings/*"), *ROOT.glob("tests/vectors/*.jsonl")]
    assert len(recorded) > 20
    for path in recorded:
        assert re.search(excluded.strip("'"), path.relative_to(ROOT).as_posix()), path

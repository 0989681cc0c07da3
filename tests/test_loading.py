"""Where the grammars are found, and what is imported when."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import smsc_codec
from smsc_codec.formats.grammar import _read

ROOT = Path(__file__).parent.parent
SCRIPT = "import smsc_codec; print(smsc_codec.decode(b'name = A, id = 5', fmt=0).senders[0].id, smsc_codec.__file__)"


def _python(*arguments: str, cwd: Path, path: str) -> str:
    environment = {"PYTHONPATH": path}
    result = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=cwd, env=environment
    )
    assert result.stderr == ""
    return result.stdout.strip()


@pytest.mark.parametrize("inside", [True, False], ids=["as in a wheel", "as in a checkout"])
def test_from_a_zip(tmp_path: Path, inside: bool) -> None:
    archive = tmp_path / "library.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in (ROOT / "smsc_codec").rglob("*.py"):
            file.write(path, path.relative_to(ROOT))
        for path in (ROOT / "grammars").glob("*.lark"):
            file.write(path, f"{'smsc_codec/' if inside else ''}grammars/{path.name}")
    assert _python("-c", SCRIPT, cwd=tmp_path, path=str(archive)) == f"5 {archive}/smsc_codec/__init__.py"


@pytest.mark.parametrize("folder", ["grammars", "smsc_codec/grammars"])
def test_from_a_folder(tmp_path: Path, folder: str) -> None:
    library, elsewhere = tmp_path / "library", tmp_path / "elsewhere"
    shutil.copytree(ROOT / "smsc_codec", library / "smsc_codec", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "grammars", library / folder)
    elsewhere.mkdir()
    assert _python("-c", SCRIPT, cwd=elsewhere, path=str(library)) == f"5 {library}/smsc_codec/__init__.py"


def test_a_grammar_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError, match=r"no grammar nothing.lark beside smsc_codec"):
        _read("nothing.lark")


def test_nothing_is_imported_before_it_is_needed() -> None:
    script = """
import sys, smsc_codec
late = {"lark", "defusedxml", "argparse", "xml.parsers.expat", "importlib.resources"}
print(sorted(late & sys.modules.keys()))
smsc_codec.decode(b"[]", fmt=3), smsc_codec.decode(b"OK", fmt=1)
print(sorted(late & sys.modules.keys()))
smsc_codec.decode(b"<result>OK</result>", fmt=2)
print(sorted({"lark"} & sys.modules.keys()))
smsc_codec.decode(b"OK", fmt=0)
print(sorted({"lark"} & sys.modules.keys()))
"""
    assert _python("-c", script, cwd=ROOT, path="").splitlines() == ["[]", "[]", "[]", "['lark']"]


def test_the_testing_kit_is_imported_by_those_who_ask() -> None:
    script = """
import sys, smsc_codec
late = {"smsc_codec.testing", "http.server", "email", "hypothesis", "pytest"}
print(sorted(late & sys.modules.keys()))
import smsc_codec.testing
print(sorted(late & sys.modules.keys()))
"""
    assert _python("-c", script, cwd=ROOT, path="").splitlines() == [
        "[]",
        "['email', 'http.server', 'smsc_codec.testing']",
    ]


def test_what_is_imported_when_it_is_used() -> None:
    late = "{'smsc_codec.query', 'smsc_codec.response', 'smsc_codec.normal'}"
    code = f"import sys, smsc_codec; assert not {late} & set(sys.modules); smsc_codec.Query; smsc_codec.to_json"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    with pytest.raises(AttributeError, match="module 'smsc_codec' has no attribute 'nothing'"):
        smsc_codec.nothing  # type: ignore[attr-defined]  # noqa: B018

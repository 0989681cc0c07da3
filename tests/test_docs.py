"""Every code block and transcript of the README and the docs is executed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from smsc_codec import Severity
from smsc_codec.senders import TEXT_ORDER, XML_AND_JSON_ORDER

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [
    pytest.param(match[1], match[2], id=f"{page.name}:{page.read_text('utf-8')[: match.start()].count(chr(10)) + 1}")
    for page in PAGES
    for match in BLOCK.finditer(page.read_text("utf-8"))
]


@pytest.mark.parametrize(("language", "text"), BLOCKS)
def test_block(language: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if language == "python" and re.search(r"^def test_", text, re.MULTILINE):
        (tmp_path / "test_block.py").write_text(text)
        few = "import hypothesis\nhypothesis.settings.register_profile('few', max_examples=20, deadline=None)\n"
        (tmp_path / "conftest.py").write_text(f"{few}hypothesis.settings.load_profile('few')\n")
        command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
    elif language == "python":
        monkeypatch.chdir(ROOT)
        exec(compile(text, "<block>", "exec"), {"__name__": "block"})
    elif language == "console":
        assert _transcript(text, tmp_path) == text
    else:
        # The commands that install and run: `.ci/run` takes them from the README and runs them in a clean clone.
        assert language == "sh"
        assert '"$(command README.md 1)"' in (ROOT / ".ci" / "run").read_text()
        assert '"$(command README.md 2)"' in (ROOT / ".ci" / "run").read_text()


def _transcript(text: str, folder: Path) -> str:
    shutil.copytree(ROOT / "examples", folder / "examples")
    tool = folder / "bin" / "smsc-codec"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m smsc_codec "$@"\n')
    tool.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tool.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    written = ""
    for line in text.splitlines():
        if line.startswith("$ "):
            run = subprocess.run(
                ["bash", "-c", line[2:]],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                cwd=folder,
                env=environment,
            )
            written += f"{line}\n{run.stdout}"
    return written


def test_links_lead_somewhere() -> None:
    for page in [*PAGES, ROOT / "tests" / "vectors" / "README.md"]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_code_is_listed() -> None:
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", (ROOT / "docs" / "findings.md").read_text("utf-8"), re.MULTILINE))
    source = "".join(path.read_text("utf-8") for path in (ROOT / "smsc_codec").glob("*.py"))
    used = set(re.findall(r'code(?:: str)?="([a-z-]+)"', source.replace(" = ", "=")))
    used |= set(re.findall(r"Severity\.(?:WARNING|INFO), \"([a-z-]+)\"", source))
    assert used == listed - {"body", "names", "depth", "attributes", "text"}
    assert len(Severity) == 3


def test_the_documented_orders() -> None:
    page = " ".join((ROOT / "docs" / "wire-format.md").read_text("utf-8").split())
    assert f"in text, `{' '.join(TEXT_ORDER)}`" in page
    assert f"in XML and JSON `{' '.join(XML_AND_JSON_ORDER)}`" in page

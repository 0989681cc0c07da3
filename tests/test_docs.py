"""Every code block of the README and the docs is executed, and their tables are held to the code.

`nox -s docs` builds the site that is made of these pages, and with it checks the anchors.
"""

from __future__ import annotations

import ast
import doctest
import importlib
import os
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from textwrap import dedent
from typing import Any, get_args, get_type_hints

import pytest

import smsc_codec
import smsc_codec.arrow
import smsc_codec.callbacks
import smsc_codec.declare
import smsc_codec.recordings
import smsc_codec.testing
from smsc_codec import (
    ErrorReply,
    Limits,
    OperatorStatus,
    PhoneResult,
    Sender,
    SenderCreated,
    SenderError,
    SenderList,
    SenderStatus,
    Severity,
    Success,
)
from smsc_codec.cli.parser import build_parser
from smsc_codec.endpoints import ENDPOINTS, codec_of
from smsc_codec.endpoints.senders import TEXT_ORDER, XML_AND_JSON_ORDER
from smsc_codec.model import Code
from smsc_codec.recordings import CODES

from .chores import NAMES
from .needs import needs

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [
    *(
        ROOT / name
        for name in (
            "README.md",
            "README.ru.md",
            "CHANGELOG.md",
            "CONTRIBUTING.md",
            "SECURITY.md",
            "tests/vectors/README.md",
        )
    ),
    *sorted(DOCS.rglob("*.md")),
]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Libraries of the group `doubles`, without which their blocks are passed over.
DOUBLES = re.compile(r"^import (respx|responses)$", re.MULTILINE)
FENCE = re.compile(r"^[ >]*(?:```|~~~)", re.MULTILINE)


def text_of(page: str) -> str:
    return (DOCS / page).read_text("utf-8")


def section(text: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one of the same level."""
    level, _ = heading.split(" ", maxsplit=1)
    return re.split(rf"^{level} ", text.split(f"\n{heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of all tables, without their heads."""
    lines = [
        [cell.strip() for cell in line.strip("|\n").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    rules = [at for at, cells in enumerate(lines) if set("".join(cells)) <= {"-", ":"}]
    return [cells for at, cells in enumerate(lines) if at not in rules and at + 1 not in rules]


# Code blocks


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_blocks(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a page go on from each other, in a folder with the examples."""
    text = page.read_text("utf-8")
    blocks = list(BLOCK.finditer(text))
    assert len(FENCE.findall(text)) == 2 * len(blocks), "a block that this test does not see"
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "block"}
    tests: list[str] = []
    for match in blocks:
        language, block = match[1], match[2]
        if language == "python" and any(find_spec(name) is None for name in DOUBLES.findall(block)):
            continue
        above = text[: match.start(2)].count("\n")
        where = f"{page.relative_to(ROOT)}:{above}"
        if language == "python" and re.search("^def test_", block, re.MULTILINE):
            tests.append(f"test_block_{above}.py")
            (tmp_path / tests[-1]).write_text(block, "utf-8")
        elif language == "python":
            exec(compile("\n" * above + block, page, "exec", dont_inherit=True), names)
        elif language == "console":
            assert transcript(block, tmp_path) == block, where
        elif language == "lark":
            grammar = tmp_path / block.splitlines()[0].removeprefix("// ")
            grammar.parent.mkdir(exist_ok=True)
            grammar.write_text(block, "utf-8")
        elif language == "sh":
            for line in block.replace("&&", "\n").splitlines():
                check_command(line.split(), where)
        else:
            pytest.fail(f"{where}: nobody executes {language or 'a block without a language'}")
    if tests:
        few = "import hypothesis\nhypothesis.settings.register_profile('few', max_examples=8, deadline=None)\n"
        (tmp_path / "conftest.py").write_text(f"{few}hypothesis.settings.load_profile('few')\n", "utf-8")
        command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert run.returncode == 0, f"{page.relative_to(ROOT)}\n{run.stdout}{run.stderr}"


FIRST_PAGE = dedent(
    "".join(re.findall(r"^\.\. code-block:: python\n\n((?:   .*\n|\n)+)", text_of("index.rst"), re.MULTILINE))
)


def test_the_block_of_the_first_page(capsys: pytest.CaptureFixture[str]) -> None:
    """It prints what its comments say."""
    exec(compile(FIRST_PAGE, "index.rst", "exec", dont_inherit=True), {})
    printed = capsys.readouterr().out.splitlines()
    assert printed and printed == re.findall(r"\)  # (.*)", FIRST_PAGE)


MYPY = """
[mypy]
strict = True
ignore_missing_imports = True
follow_imports = silent
"""
# Tests with fixtures are shown without the types of these.
UNTYPED = "# mypy: allow-untyped-defs, allow-incomplete-defs\n"


@needs("mypy")
def test_blocks_have_the_right_types(tmp_path: Path) -> None:
    """A strict type checker accepts them."""
    for number, page in enumerate(PAGES):
        name = f"page_{number}"
        head = UNTYPED if page.name in ("fake-service.md", "testing.md") else ""
        text = page.read_text("utf-8")
        blocks = [(match.start(), match[2]) for match in BLOCK.finditer(text) if match[1] == "python"]
        alone = [(at, block) for at, block in blocks if re.search("^def test_", block, re.MULTILINE)]
        for at, block in alone:
            (tmp_path / f"{name}_{at}.py").write_text(head + block, "utf-8")
        together = [block for place, block in blocks if (place, block) not in alone]
        (tmp_path / f"{name}.py").write_text(head + "\n".join(together), "utf-8")
    (tmp_path / "index.py").write_text(FIRST_PAGE, "utf-8")
    (tmp_path / "mypy.ini").write_text(MYPY, "utf-8")
    command = [sys.executable, "-m", "mypy", f"--cache-dir={tmp_path / 'cache'}", "."]
    environment = {**os.environ, "MYPYPATH": str(ROOT)}
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert run.returncode == 0, run.stdout


def transcript(text: str, folder: Path) -> str:
    """Return the same commands with what they print."""
    tool = folder / "bin" / "smsc-codec"
    tool.parent.mkdir(exist_ok=True)
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


# What gets the words behind `--` of a session.
PASSED_TO = {"tests": ["pytest"], "fuzz": ["tests.fuzz"], "bench": ["bench"]}


def check_command(words: list[str], where: str) -> None:
    """Hold a command to what is there: what an `sh` block tells people to run takes minutes, or installs something.

    Those of the README are run by `.ci/run`, in a clean clone.
    """
    words = shlex.split(" ".join(words))
    while words and re.match(r"[A-Z_]+=", words[0]):
        variable, value = words.pop(0).split("=")
        assert variable == "HYPOTHESIS_PROFILE" and f'"{value}"' in (ROOT / "tests/conftest.py").read_text(), where
    program, *rest = words
    program = Path(program).name
    options = [word.split("=")[0] for word in rest if word.startswith("--")]
    if program == "pip":
        for extra in ",".join(re.findall(r"\[(.+)\]", " ".join(rest))).split(","):
            assert not extra or re.search(
                rf"^{extra} = \[", (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE
            ), where
        for group in re.findall(r"--group (\S+)", " ".join(rest)):
            assert f"\n{group} = [" in (ROOT / "pyproject.toml").read_text("utf-8"), where
    elif program == "nox":
        sessions, _, passed = " ".join(rest).removeprefix("-s ").partition(" -- ")
        assert set(sessions.split()) <= NAMES, where
        if passed:
            check_command(["python", "-m", *PASSED_TO[sessions.split("-")[0]], *passed.split()], where)
    elif program == "pre-commit":
        assert rest == ["install"] and (ROOT / ".pre-commit-config.yaml").exists(), where
    elif program == "smsc-codec":
        assert set(options) <= set(options_of(rest[0])), where
    elif rest[:2] == ["-m", "pytest"]:
        paths = rest[4:] if rest[2:4] == ["-n", "auto"] else rest[2:]
        assert all((ROOT / path).exists() for path in paths if not path.startswith("-")), where
    elif rest[:2] == ["-m", "venv"]:
        assert program in ("python", "python3"), where
    else:
        assert program == "python" and rest[0] == "-m", f"{where}: nobody knows {' '.join(words)}"
        module = ROOT / rest[1].replace(".", "/")
        source = (module / "__main__.py" if module.is_dir() else module.with_suffix(".py")).read_text("utf-8")
        assert all(f'"{option}"' in source for option in options), where


def test_ci_runs_the_commands_of_the_readme() -> None:
    """The session `readme` runs the first."""
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert re.search(r"\breadme\b", script)
    numbers = range(2, 1 + len(re.findall("^```sh$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)))
    assert numbers
    for number in numbers:
        assert f'"$(command README.md {number})"' in script


def modules() -> Iterator[str]:
    yield smsc_codec.__name__
    for module in pkgutil.walk_packages(smsc_codec.__path__, f"{smsc_codec.__name__}."):
        if not module.name.endswith("__main__"):
            yield module.name


def test_examples_in_docstrings() -> None:
    # What is imported when it is first used is there for `doctest` only then.
    for package in (smsc_codec, smsc_codec.recordings, smsc_codec.testing):
        for name in package.__all__:
            getattr(package, name)
    results = [doctest.testmod(importlib.import_module(name)) for name in modules()]
    assert sum(result.attempted for result in results) > 0
    assert sum(result.failed for result in results) == 0


# Links


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^):]+)\)", page.read_text("utf-8")):
        path = target.split("#")[0]
        assert (page.parent / path).exists(), target


# Tables


def produced() -> tuple[set[tuple[str, str]], set[str]]:
    """Return the findings, as (code, severity), and the codes of errors that stand in the source."""
    views = (view for name in ENDPOINTS for view in codec_of(name).endpoint.views)
    findings, errors = {(f"no-{view.field}", "warning") for view in views}, set()
    for path in (ROOT / "smsc_codec").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                if getattr(node.func, "attr", getattr(node.func, "id", "")) in ("Broken",) and isinstance(
                    node.args[0], ast.Constant
                ):
                    findings.add((str(node.args[0].value), "warning"))
                elif getattr(node.func, "attr", getattr(node.func, "id", "")) in ("note", "Note", "Finding"):
                    severity, code = node.args[:2]
                    # Others pass on what they were given, such as the code of a `DecodeError`.
                    if isinstance(severity, ast.Attribute) and isinstance(code, ast.Constant):
                        findings.add((str(code.value), severity.attr.lower()))
                elif getattr(node.func, "id", "") == "Trouble":
                    inside = ast.walk(node.args[3])
                    errors |= {str(word.value) for word in inside if isinstance(word, ast.Constant) and word.value != 0}
                errors |= {
                    str(word.value.value)
                    for word in node.keywords
                    if word.arg == "code" and isinstance(word.value, ast.Constant)
                }
            elif isinstance(node, ast.FunctionDef):
                arguments = [*node.args.args, *node.args.kwonlyargs]
                defaults = [*node.args.defaults, *node.args.kw_defaults]
                for argument, default in zip(reversed(arguments), reversed(defaults)):
                    if argument.arg == "code" and isinstance(default, ast.Constant):
                        errors.add(str(default.value))
    return findings, errors


def test_every_code_is_listed() -> None:
    page = text_of("findings.md")
    findings, errors = produced()
    assert {(row[0].strip("`"), row[1]) for row in rows(section(page, "## Findings: the body was read"))} == findings
    refused = section(page, "## Errors: the body is refused")
    assert {row[0].strip("`") for row in rows(refused)} == errors
    assert set(re.findall("`([a-z-]+)`", refused.split("Recordings have their own codes")[1])) == CODES.keys()
    assert {severity for _, severity in findings} | {"error"} == {severity.value for severity in Severity}


def test_every_code_of_recordings_is_listed() -> None:
    listed = rows(section(text_of("validating.md"), "## What it finds"))
    assert [(row[0].strip("`"), row[1], row[2]) for row in listed] == [
        (code, severity.value, words) for code, (severity, words) in CODES.items()
    ]


def lone_replies() -> Iterator[smsc_codec.declare.Reply]:
    """Yield every reply that is not a list."""
    for name in ENDPOINTS:
        yield from (reply for reply in codec_of(name).endpoint.replies if not reply.many)


def test_every_limit_is_listed() -> None:
    listed = {row[0].strip("`"): int(row[1].replace(",", "")) for row in rows(text_of("limits.md"))}
    assert listed == {name: getattr(Limits(), name) for name in Limits.__struct_fields__}
    assert all(row[3] for row in rows(text_of("limits.md")))
    fields, name = max((len(reply.object.fields), reply.cls.__name__) for reply in lone_replies())
    assert f"(`{name}` has {fields})" in text_of("limits.md")


@pytest.mark.parametrize("codes", [SenderStatus, OperatorStatus, SenderError])
def test_every_number_is_listed(codes: type[Code]) -> None:
    table = text_of("model.md").split(f"\n`{codes.__name__}`, ")[1].split("\n\n")[1]
    assert rows(table) == [[str(int(code)), f"`{code.name}`", code.meaning] for code in codes]


def test_every_field_of_a_reply_is_listed() -> None:
    page = text_of("model.md")
    other = section(page, "## Replies of the other endpoints")
    senders = SenderList, SenderCreated, Sender
    objects = {codec_of(name).endpoint.name: codec_of(name).endpoint.replies for name in ENDPOINTS}
    found = {reply.object.cls for replies in objects.values() for reply in replies} | {PhoneResult}
    for cls in found - {Success, ErrorReply, *senders}:
        listed = rows(section(other, f"### {cls.__name__}"))
        names = [name.strip("`") for row in listed for name in row[0].split(", ")]
        assert names == [*cls.__struct_fields__], cls
        hints = get_type_hints(cls)
        for row in listed:
            for name in row[0].replace("`", "").split(", "):
                assert ("`None`" in row[1]) is (type(None) in get_args(hints[name])), name
    lists = {reply.cls.__name__ for replies in objects.values() for reply in replies}
    named = {row[0].strip("`") for row in rows(other.split("###")[0])}
    assert named == lists - {cls.__name__ for cls in senders}


def options_of(command: str) -> list[str]:
    """Return the options of a command of the command line."""
    help_ = StringIO()
    with redirect_stdout(help_), pytest.raises(SystemExit):
        build_parser().parse_args([command, "--help"])
    return re.findall(r"^  (--[a-z-]+)", help_.getvalue(), re.MULTILINE)


@pytest.mark.parametrize("command", ["decode", "encode", "convert", "validate", "bench", "serve"])
def test_every_option_is_listed(command: str) -> None:
    page = text_of("command-line.md")
    shared = [] if command in ("encode", "serve") else rows(section(page, "## Reading"))
    listed = [row[0].strip("`").split(" ")[0] for row in shared + rows(section(page, f"## {command}"))]
    assert sorted(listed) == sorted(options_of(command))


def test_every_public_name_is_in_the_reference() -> None:
    page = text_of("reference.rst")
    modules = re.split(r"^\.\. py:module:: ", page, flags=re.MULTILINE)[1:]
    described = {
        text.split("\n")[0]: re.findall(r"^\.\. (?:auto|py:)\w+:: (\w+)", text, re.MULTILINE) for text in modules
    }
    assert {name: sorted(names) for name, names in described.items()} == {
        "smsc_codec": sorted(smsc_codec.__all__),
        "smsc_codec.arrow": sorted(smsc_codec.arrow.__all__),
        "smsc_codec.callbacks": sorted(smsc_codec.callbacks.__all__),
        "smsc_codec.declare": sorted(smsc_codec.declare.__all__),
        "smsc_codec.recordings": sorted(smsc_codec.recordings.__all__),
        "smsc_codec.testing": sorted(smsc_codec.testing.__all__),
    }


def test_every_word_of_a_declaration_is_described() -> None:
    """Every class, function, constant and attribute has a docstring."""
    module = ast.parse((ROOT / "smsc_codec" / "declare.py").read_text("utf-8"))
    for body in (module.body, *(node.body for node in module.body if isinstance(node, ast.ClassDef))):
        for node, behind in zip(body, [*body[1:], None]):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                assert ast.get_docstring(node), node.name
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                name = ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
                described = isinstance(behind, ast.Expr) and isinstance(behind.value, ast.Constant)
                assert described or name in ("R", "_DIGITS", "__all__"), name


def test_the_documented_orders() -> None:
    page = " ".join(text_of("wire-format/senders.md").split())
    assert f"in text, `{' '.join(TEXT_ORDER)}`" in page
    assert f"in XML and JSON `{' '.join(XML_AND_JSON_ORDER)}`" in page

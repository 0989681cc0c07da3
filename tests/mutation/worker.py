"""Runs the tests on mutants, one after another, in a copy of the checkout."""

from __future__ import annotations

import compileall
import gc
import importlib
import inspect
import os
import py_compile
import resource
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest
from _pytest.mark import ParameterSet
from hypothesis import Phase, settings

from .mutants import Mutant

KILLED, SURVIVED, STOPPED, UNJUDGED = "killed", "survived", "stopped", "unjudged"
"""What becomes of a mutant: *stopped* is killed too, for taking too much time or memory."""

SLOWLY = "-slow"
"""Behind the name of a file: those of its tests that take long."""

# Of the processor's time, for what never ends; and ten times that of time. The tests of a module take two minutes.
_SECONDS = 180
_MEMORY = 4 * 1024**3
_PARTS = ("smsc_codec", "tests", "grammars", "examples", "docs", "bench", "README.md", "SECURITY.md", "pyproject.toml")
# They take more time than all others.
_SLOW = (
    "test_long_lists",
    "test_steps_grow_linearly",
    "test_steps_of_writing_grow_linearly",
    "test_a_member_given_twice_in_a_long_list",
    "test_the_targets_of_the_fuzzer",
    "test_what_is_not_known_has_limits_too",
    "test_steps_of_many_findings_in_one_record_grow_linearly",
)
# What takes long to import and is not mutated.
_LIBRARIES = ("hypothesis.strategies", "lark", "msgspec", "orjson", "defusedxml.ElementTree", "yaml", "rich")


@contextmanager
def copy_of_the_checkout() -> Iterator[Path]:
    """A folder with what the tests need."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        folder = Path(name)
        for part in _PARTS:
            if os.path.isdir(part):
                shutil.copytree(part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(part, folder)
        # Not by their times: two mutants of one size can be written in one second.
        compileall.compile_dir(
            folder / "smsc_codec", quiet=1, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH
        )
        yield folder


def warm_up() -> None:
    """Import for all of them what is never mutated."""
    for name in _LIBRARIES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def judge(mutant: Mutant, folder: Path, tests: Sequence[str]) -> str:
    """Return what becomes of the mutant in that copy of the checkout."""
    place = folder / mutant.path
    original = place.read_bytes()
    place.write_text(mutant.code, "utf-8")
    try:
        return run(folder, tests)
    finally:
        place.write_bytes(original)


def run(folder: Path, tests: Sequence[str]) -> str:
    """Return what becomes of the copy as it is; an unchanged one has to survive."""
    pid = os.fork()
    if not pid:
        status = 3
        try:
            status = _test(folder, tests)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    try:
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    finally:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    if status < 0:
        return STOPPED
    return {0: SURVIVED, 1: KILLED}.get(status, UNJUDGED)


def _test(folder: Path, tests: Sequence[str]) -> int:
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(10 * _SECONDS)
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number in (1, 2):
        os.dup2(log, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(folder)
    os.environ["PYTHONPATH"] = str(folder)
    sys.path.insert(0, str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] in ("tests", "smsc_codec")]:
        del sys.modules[name]
    warnings.simplefilter("error")
    settings.register_profile(
        "mutants",
        deadline=None,
        max_examples=40,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
    )
    settings.load_profile("mutants")
    try:
        for name in tests:
            module = importlib.import_module(f"tests.test_{name.removesuffix(SLOWLY)}")
            for test in _tests_in(module, slow=name.endswith(SLOWLY)):
                test()
    except (Exception, pytest.fail.Exception):
        traceback.print_exc()
        return 1
    assert str(sys.modules["smsc_codec"].__file__).startswith(str(folder)), "the tests saw another package"
    return 0


def _tests_in(module: ModuleType, slow: bool) -> Iterator[Callable[[], object]]:
    """Yield the tests of a module that need no fixture but a folder; pytest would take more time than they do."""
    for name, function in vars(module).items():
        if name.startswith("test_") and (name in _SLOW) is slow:
            cases: list[dict[str, object]] = [{}]
            for mark in getattr(function, "pytestmark", ()):
                if mark.name == "parametrize":
                    cases = [{**case, **more} for more in _values(*mark.args) for case in cases]
            wanted = set(inspect.signature(function).parameters) - set(cases[0])
            if not wanted:
                yield from (partial(function, **case) for case in cases)
            elif wanted == {"tmp_path"}:
                yield from (partial(_in_a_folder, function, case) for case in cases)


def _in_a_folder(function: Callable[..., object], case: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory(dir=".") as name:
        function(tmp_path=Path(name).absolute(), **case)


def _values(names: str | Sequence[str], values: Iterable[object]) -> Iterator[dict[str, object]]:
    names = [name.strip() for name in names.split(",")] if isinstance(names, str) else names
    for value in values:
        given = value.values if isinstance(value, ParameterSet) else [value] if len(names) == 1 else value
        yield dict(zip(names, given))  # type: ignore[call-overload]

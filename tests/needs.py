"""What some tests need beside what the README's command installs, and the session of `noxfile.py` that has it.

`@needs("node")` marks a test. If node is missing, the test is skipped, and the summary at the end counts it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec

import pytest

PROGRAMS = ("curl", "java", "node")
SESSIONS = {
    "clients": ("apprise", "node-smsc", "responses", "smsc"),
    "coverage": ("curl", "mutmut", "mypy", "node", "responses", "respx", "vcr"),
    "engines": ("dask", "duckdb", "java", "polars", "pyspark", "ray"),
    "handlers": ("django", "fastapi", "flask", "uvicorn"),
}
_SESSION_OF = {name: session for session, names in SESSIONS.items() for name in names}


def needs(*names: str) -> pytest.MarkDecorator:
    """Return the mark of a test that needs these programs or modules."""
    unknown = {*names} - _SESSION_OF.keys()
    assert not unknown, f"no session of tests/needs.py has {unknown}"
    return pytest.mark.needs(*names)


@cache
def is_here(name: str) -> bool:
    """Return whether a program or a module can be used on this machine."""
    if name == "node-smsc":
        # `nox -s clients` says in NODE_PATH where it is.
        command = [shutil.which("node") or "", "-e", "require('node-smsc')"]
        return is_here("node") and subprocess.run(command, capture_output=True, check=False).returncode == 0
    return shutil.which(name) is not None if name in PROGRAMS else find_spec(name) is not None


def skip_if_missing(items: Iterable[pytest.Item]) -> None:
    """Skip each test that needs what is not here."""
    for item in items:
        wanted = [name for mark in item.iter_markers("needs") for name in mark.args]
        missing = [name for name in wanted if not is_here(name)]
        if missing:
            item.add_marker(pytest.mark.skip(reason=f"needs {missing[0]}"))


def summary(reasons: Iterable[str]) -> Iterator[str]:
    """Yield a line for each program that is missing, from the *reasons* of all skipped tests."""
    found = (re.fullmatch(r"Skipped: needs (\S+)", reason) for reason in reasons)
    for name, count in sorted(Counter(match[1] for match in found if match).items()):
        yield f"{count:4} need {name}: nox -s {_SESSION_OF[name]}"

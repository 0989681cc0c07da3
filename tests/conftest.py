"""What all tests share.

Hypothesis profiles: `quick` for every run, with the same examples each time, so that a change alone makes it fail;
`thorough` with HYPOTHESIS_PROFILE=thorough, which looks for new ones, as the fuzzer does.
"""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

from .needs import skip_if_missing, summary

# Servers of the tests run on this machine, which no proxy leads to.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"

# The interpreters that tests start keep what they compile: otherwise that takes a third of a short command's time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

settings.register_profile("base", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("base"), max_examples=100, derandomize=True)
settings.register_profile("thorough", settings.get_profile("base"), max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests that need another program than is here."""
    skip_if_missing(items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count the tests that were left out for that."""
    lines = [*summary(report.longrepr[2] for report in terminalreporter.getreports("skipped"))]
    if lines:
        terminalreporter.section("left out: tests that need what is not installed here")
        terminalreporter.write_line("\n".join(lines))


@pytest.fixture(scope="module", autouse=True)
def _only_new_objects_are_collected() -> None:
    """Keep the garbage collector away from what was made before the module's tests, which mostly stays."""
    gc.collect()
    gc.freeze()

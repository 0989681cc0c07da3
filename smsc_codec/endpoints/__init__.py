"""The endpoints of the service, each a file of its name: what its replies are, and how each format spells them."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from typing import Any

from .._pages import PAGES

ENDPOINTS = ("senders",)
"""Those whose replies can be read and written."""

OTHERS = tuple(name for name in PAGES if name not in ENDPOINTS)
"""Those that the service has beside them."""

_FILE = re.compile(r"([a-z_]{1,40})\.php")


@lru_cache(len(ENDPOINTS))
def module_of(name: str) -> Any:
    """Return the module of an endpoint: it has its `CODEC`, and its `COMMANDS`."""
    return import_module(f".{name}", __name__)


def name_in(path: str) -> tuple[str, bool]:
    """Return the endpoint that the path of a URL names, and whether it is the JSON interface (`/rest/`).

    The name is empty if it does not look like one of the service: such a path can hold anything, also a secret.
    """
    folder, _, last = path.rstrip("/").rpartition("/")
    file = _FILE.fullmatch(last)
    if file is not None:
        return file[1], False
    rest = folder.rpartition("/")[2] == "rest" and last in PAGES
    return last if rest else "", rest

"""Keeps logins, passwords and API keys out of everything that the library says."""

from __future__ import annotations

import re

# As they stand in a URL (percent-encoded too), a form, a header, JSON or XML: an error page of a proxy can
# repeat the request.
_SECRET = re.compile(
    r"""(?ix)
    ( (?<![a-z0-9]) (?:login|psw|password|api_?key) (?:\[\]|%5B%5D)? (?:\\?["']|&quot;|%22)? \s* (?:[=:>]|%3D|%3A) \s*
    | (?<![a-z0-9]) authorization ["']? \s* [:=] \s* ["']? (?:(?:basic|bearer|digest|token)\s+)? )
    ( \\?"[^"\r\n]+ | '[^'\r\n]+ | [^&\s"'<>,;]+ )
    """
)


def has_secrets(text: str) -> bool:
    """Whether there is one."""
    return _SECRET.search(text) is not None


def secrets(text: str) -> list[str]:
    """The secrets themselves, and what a value that ends inside of one can hold of it."""
    whole = [match[2].strip("\\\"'") for match in _SECRET.finditer(text)]
    return [*whole, *(part for secret in whole for part in re.split(r"[\s,=]+", secret))]


def without_secrets(text: str) -> str:
    """*text* with the values of logins, passwords and API keys masked, its length kept."""
    return _SECRET.sub(lambda match: match[1] + re.sub(r"[^\\\"']", "*", match[2]), text)

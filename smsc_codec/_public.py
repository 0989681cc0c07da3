"""What is public names the module that it is imported from: in tracebacks, in pickles and in the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any, TypeVar

T = TypeVar("T")

OVERLOADED = {"expect": "type | UnionType | None", "return": "Reply"}
"""What `help` shows of functions whose overloads say more to type checkers."""


class _Annotation(str):
    """An annotation that `help` shows without quotes."""

    __slots__ = ()

    __repr__ = str.__str__


def public(thing: T) -> T:
    """Make a class or a function one of `smsc_codec`, though another module holds it."""
    _show(thing, "smsc_codec")
    return thing


def describe(function: Any, annotations: Mapping[str, str]) -> None:
    """Replace annotations of a function: `help` shows them, and type checkers go by the source."""
    function.__annotations__ |= {name: _Annotation(text) for name, text in annotations.items()}


def publish(namespace: dict[str, Any], name: str = "") -> None:
    """Make the classes and functions in an `__all__` those of its module, or of the one with that *name*."""
    for each in namespace["__all__"]:
        thing = namespace.get(each)
        if isinstance(thing, (type, FunctionType)):
            _show(thing, name or namespace["__name__"])


def _show(thing: Any, module: str) -> None:
    thing.__module__ = module
    if isinstance(thing, FunctionType):
        describe(thing, {name: text for name, text in thing.__annotations__.items() if isinstance(text, str)})

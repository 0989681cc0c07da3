"""What is public names the module that it is imported from: in tracebacks, in pickles and in the documentation."""

from __future__ import annotations

from types import FunctionType
from typing import Any, TypeVar

T = TypeVar("T")


def public(thing: T) -> T:
    """Make a class or a function one of `smsc_codec`, though another module holds it."""
    thing.__module__ = "smsc_codec"
    return thing


def publish(namespace: dict[str, Any], name: str = "") -> None:
    """Make the classes and functions in an `__all__` those of its module, or of the one with that *name*."""
    for each in namespace["__all__"]:
        thing = namespace.get(each)
        if isinstance(thing, (type, FunctionType)):
            thing.__module__ = name or namespace["__name__"]

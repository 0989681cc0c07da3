"""What is public names the module that it is imported from: in tracebacks, in pickles and in the documentation."""

from __future__ import annotations

from types import FunctionType
from typing import Any, TypeVar

T = TypeVar("T")


def public(thing: T) -> T:
    """Make a class or a function one of `smsc_codec`, though another module holds it."""
    thing.__module__ = "smsc_codec"
    return thing


def publish(namespace: dict[str, Any]) -> None:
    """Make the classes and functions in the `__all__` of a package its own."""
    for name in namespace["__all__"]:
        thing = namespace.get(name)
        if isinstance(thing, (type, FunctionType)):
            thing.__module__ = namespace["__name__"]

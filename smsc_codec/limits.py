"""How large a body may be before it is refused unread."""

from __future__ import annotations

import msgspec

from ._types import name_of
from .errors import OptionError

MAX_DIGITS = 18
"""Digits that a number can have in any format."""


class Limits(msgspec.Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    """Bounds on what is read; each can be overridden. A body beyond one gives a `LimitError`.

    Raises `OptionError` if a bound is negative or not a whole number.

    The defaults are far above anything that the service can send: an account has some thousand names at
    most, and one name with all its operator codes takes about 400 bytes in the longest format.
    """

    body: int = 32 * 1024 * 1024
    """Bytes of the body (characters of a string)."""
    items: int = 250_000
    """Records in a list, such as sender names."""
    depth: int = 32
    """Elements or containers inside each other, in XML and JSON; the deepest reply has 3."""
    fields: int = 256
    """Fields of one record; the documentation lists 16 for a sender name."""
    text: int = 65_536
    """Characters of one name, description or replacement; real ones are below 200."""
    digits: int = MAX_DIGITS
    """Digits of one number; with 18, which cannot be exceeded, every number fits a signed 64-bit integer."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            bound = getattr(self, name)
            if type(bound) is not int or bound < 0:
                wrong = "a negative one" if type(bound) is int else name_of(bound)
                raise OptionError(f"the limit {name} has to be a whole number from 0, not {wrong}")
        if self.digits > MAX_DIGITS:
            raise OptionError(f"the limit digits can be at most {MAX_DIGITS}, as no number has more digits")


DEFAULT_LIMITS = Limits()

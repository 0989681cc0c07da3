"""Functions made for a class and its attributes, which are quicker than those that would do for any class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast


def column_of(name: str) -> Callable[[Sequence[Any]], list[Any]]:
    """What lists the attribute *name* of all objects.

    Code that names the attribute reads it in 10 ns an object, `map` with an `attrgetter` in 25 (CPython 3.11), so the
    code is made for the name, as `dataclasses` and `namedtuple` make theirs; of a class, never of a reply.
    """
    assert name.isidentifier(), "an attribute has a name that can stand in code"
    return cast("Callable[[Sequence[Any]], list[Any]]", eval(f"lambda rows: [row.{name} for row in rows]", {}))


def lack_of(name: str, nothing: object) -> Callable[[Sequence[Any]], bool]:
    """What tells whether the attribute *name* of all objects is *nothing*, which no other object can claim to be."""
    assert name.isidentifier(), "an attribute has a name that can stand in code"
    code = f"lambda rows: not [row for row in rows if row.{name} is not nothing]"
    return cast("Callable[[Sequence[Any]], bool]", eval(code, {"nothing": nothing}))


def constructor_of(
    cls: Callable[..., Any], arguments: Sequence[tuple[int, Callable[[str], Any]]]
) -> Callable[[Sequence[str]], Any]:
    """What makes an object of spellings, with the place and the parser of each argument.

    Without a loop for what most replies of a line have, as it would take as long as all the rest.
    """
    if len(arguments) == 2:
        (first, parse_first), (second, parse_second) = arguments
        if parse_second is str:
            return lambda spelled: cls(parse_first(spelled[first]), spelled[second])
        return lambda spelled: cls(parse_first(spelled[first]), parse_second(spelled[second]))
    if len(arguments) == 3:
        (first, parse_first), (second, parse_second), (third, parse_third) = arguments
        return lambda spelled: cls(
            parse_first(spelled[first]), parse_second(spelled[second]), parse_third(spelled[third])
        )
    return lambda spelled: cls(*[parse(spelled[place]) for place, parse in arguments])

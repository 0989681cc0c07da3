"""Functions made for a class and its attributes, which are quicker than those that would do for any class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, combinations, islice
from typing import Any, cast


def column_of(name: str) -> Callable[[Sequence[Any]], list[Any]]:
    """What lists the attribute *name* of all objects.

    Code that names the attribute reads it in 10 ns an object, `map` with an `attrgetter` in 25 (CPython 3.11), so the
    code is made for the name, as `dataclasses` and `namedtuple` make theirs; of a class, never of a reply.
    """
    assert name.isidentifier(), "an attribute has a name that can stand in code"
    return cast("Callable[[Sequence[Any]], list[Any]]", eval(f"lambda rows: [row.{name} for row in rows]", {}))


# Of k attributes that may be absent there are 2^k choices. Of a class with many, those have code where most are there.
_MOST_CHOICES = 64


class Attributes:
    """Lists the attributes of many objects of a class, some of which may have *nothing* to say."""

    def __init__(self, cls: Callable[..., Any], names: Sequence[str], nothing: Mapping[str, object]) -> None:
        self._cls = cls
        self._nothing = nothing
        self.columns = {name: column_of(name) for name in names}
        """What lists each attribute, whatever it is."""
        # All of it is made here, so that none is made while a reply is read or written.
        choices = chain.from_iterable(combinations(nothing, count) for count in range(len(nothing) + 1))
        self._alike = {absent: self._all_alike(absent) for absent in islice(choices, _MOST_CHOICES)}

    def some(self, values: Sequence[Any], names: Iterable[str]) -> dict[str, list[Any]]:
        """These attributes of all *values*."""
        return {name: self.columns[name](values) for name in names}

    def given(self, values: Sequence[Any]) -> dict[str, list[Any]] | None:
        """The attributes that all *values* have, `None` if some have others, or are no objects of the class.

        Or if this choice of attributes is one too many to have code of its own.
        """
        first = values[0]
        if type(first) is not self._cls:
            return None
        absent = tuple([name for name, nothing in self._nothing.items() if getattr(first, name) is nothing])
        if absent not in self._alike:
            return None
        name, read = self._alike[absent]
        columns = {name: read(values)}
        if len(columns[name]) != len(values):
            return None
        for name, read in self.columns.items():
            if name not in columns and name not in absent:
                columns[name] = read(values)
        return columns

    def _all_alike(self, absent: Sequence[str]) -> tuple[str, Callable[[Sequence[Any]], list[Any]]]:
        """An attribute, and what lists it of the objects of the class that have nothing in those that are *absent*.

        One loop that looks at all of it takes 43 ns an object where a loop for each takes 56. Objects are compared by
        identity, as those of others may claim to be equal.
        """
        name = next((name for name in self.columns if name not in absent), "__class__")
        conditions = ["type(row) is cls", *(f"row.{attribute} is no_{attribute}" for attribute in absent)]
        code = f"lambda rows: [row.{name} for row in rows if {' and '.join(conditions)}]"
        objects = {f"no_{attribute}": self._nothing[attribute] for attribute in absent}
        read = eval(code, {"cls": self._cls, **objects})
        return name, cast("Callable[[Sequence[Any]], list[Any]]", read)


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

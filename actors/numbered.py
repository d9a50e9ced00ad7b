"""A sequence for states that grow with a stream's members: changing it makes another one and copies next to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar, cast

from rpds import HashTrieMap
from typing_extensions import override

V = TypeVar("V")


class Numbered(Generic[V]):
    """Values numbered from 1, never changed in place. It iterates in the order of the numbers.

    Looking up, replacing and adding one value takes time that grows with the logarithm of the size. A checkpoint holds
    it as a list.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Iterable[V] = ()) -> None:
        self._values: HashTrieMap[int, V] = HashTrieMap(dict(enumerate(values, 1)))

    def __getitem__(self, number: int) -> V:
        """The value with this number. Raises KeyError if there is none."""
        return self._values[number]

    def __contains__(self, number: object) -> bool:
        """Whether there is a value with this number."""
        return number in self._values

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[V]:
        return map(self._values.__getitem__, range(1, len(self) + 1))

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Numbered) and self._values == cast("Numbered[Any]", other)._values

    @override
    def __hash__(self) -> int:
        return hash(self._values)

    @override
    def __repr__(self) -> str:
        return f"Numbered({list(self)!r})"

    def append(self, value: V) -> Numbered[V]:
        """The sequence with one more value, whose number is its new length."""
        return self._with(self._values.insert(len(self) + 1, value))

    def replaced(self, number: int, value: V) -> Numbered[V]:
        """The sequence in which this number, which it has, stands for this value. Raises KeyError."""
        if number not in self._values:
            raise KeyError(number)
        return self._with(self._values.insert(number, value))

    def _with(self, values: HashTrieMap[int, V]) -> Numbered[V]:
        made = object.__new__(type(self))
        made._values = values
        return made

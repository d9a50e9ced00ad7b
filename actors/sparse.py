"""Values for some numbers, for states that grow with a stream's members: changing it makes another one and copies next
to nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar, cast

from rpds import HashTrieMap
from typing_extensions import override

V = TypeVar("V")


class Sparse(Generic[V]):
    """Values by numbers from 1 on, of which most may have none; never changed in place.

    Looking up and changing one value takes time that grows with the logarithm of the size. A checkpoint holds it as a
    list up to the last number with a value, with None for those without one.
    """

    __slots__ = ("_last", "_values")

    def __init__(self, values: Iterable[V | None] = ()) -> None:
        found = {number: value for number, value in enumerate(values, 1) if value is not None}
        self._values: HashTrieMap[int, V] = HashTrieMap(found)
        self._last = max(found, default=0)

    def get(self, number: int) -> V | None:
        """The value of this number, if it has one."""
        return self._values.get(number)

    def __len__(self) -> int:
        """How many numbers have a value."""
        return len(self._values)

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sparse) and self._values == cast("Sparse[Any]", other)._values

    @override
    def __hash__(self) -> int:
        return hash(self._values)

    @override
    def __repr__(self) -> str:
        return f"Sparse({self.as_list()!r})"

    def as_list(self) -> list[V | None]:
        """The values in the order of their numbers, up to the last."""
        return [self._values.get(number) for number in range(1, self._last + 1)]

    def insert(self, number: int, value: V) -> Sparse[V]:
        """The same with this value for this number."""
        made = object.__new__(type(self))
        made._values, made._last = self._values.insert(number, value), max(self._last, number)
        return made

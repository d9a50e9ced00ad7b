"""A map for states that grow with a stream's members: changing it makes another one and copies next to nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from operator import lt
from typing import Any, Final, Generic, TypeVar

from rpds import HashTrieMap
from typing_extensions import override

from actors import btree

V = TypeVar("V", bound=int | None)

_NEVER: Final = math.inf


class OrderedMap(Mapping[str, V], Generic[V]):
    """Texts to numbers, never changed in place. It iterates from the least number up, where numbers are equal by text;
    None comes after all numbers.

    Looking up and changing one entry takes time that grows with the logarithm of the size. A checkpoint holds it as it
    would hold a dict, in its order, whatever the seed of Python's hashes.
    """

    __slots__ = ("_order", "_values")

    def __init__(self, values: Mapping[str, V] | None = None) -> None:
        self._values: HashTrieMap[str, V] = HashTrieMap(values or {})
        self._order = _tree(values or {})

    @override
    def __getitem__(self, key: str) -> V:
        return self._values[key]

    @override
    def __contains__(self, key: object) -> bool:
        return key in self._values

    @override
    def __len__(self) -> int:
        return len(self._values)

    @override
    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(leaf.keys for leaf in btree.leaves(self._order))

    @override
    def __repr__(self) -> str:
        return f"OrderedMap({dict(self)!r})"

    @property
    def least(self) -> str | None:
        """The first key; None if there is none."""
        return btree.first(self._order)

    def as_dict(self) -> dict[str, V]:
        """A dict of its own, in the same order."""
        found: dict[str, Any] = {}
        for leaf in btree.leaves(self._order):
            if leaf.ranks and leaf.ranks[-1] == _NEVER:
                found.update((key, self._values[key]) for key in leaf.keys)
            else:
                found.update(zip(leaf.keys, leaf.ranks, strict=True))
        return found

    def insert(self, key: str, value: V) -> OrderedMap[V]:
        """The map in which this key has this value."""
        order = self._order
        if key in self._values:
            order = btree.removed(order, _rank(self._values[key]), key)
        return self._with(self._values.insert(key, value), btree.inserted(order, _rank(value), key))

    def discard(self, *keys: str) -> OrderedMap[V]:
        """The map without these keys, whether they are in it or not."""
        values, order = self._values, self._order
        for key in keys:
            if key in values:
                order = btree.removed(order, _rank(values[key]), key)
                values = values.remove(key)
        return self if values is self._values else self._with(values, order)

    def _with(self, values: HashTrieMap[str, V], order: btree.Node) -> OrderedMap[V]:
        made = object.__new__(type(self))
        made._values, made._order = values, order
        return made


def _tree(values: Mapping[str, int | None]) -> btree.Node:
    ranks = [_rank(value) for value in values.values()]
    # As a checkpoint has them, mostly.
    if all(map(lt, ranks, islice(ranks, 1, None))):
        return btree.built(ranks, [*values])
    pairs = sorted(zip(ranks, values, strict=True))
    return btree.built([rank for rank, _ in pairs], [key for _, key in pairs])


def _rank(value: int | None) -> float:
    return _NEVER if value is None else value

"""A B+ tree of keys, in the order of their ranks and then their own, that never changes: the tree after an insertion
shares all but a few nodes with the one before. The work for one entry grows with the logarithm of the tree's size.

D. Comer, "The Ubiquitous B-Tree", 1979. That only the path to the changed leaf is copied is from J. R. Driscoll et
al., "Making Data Structures Persistent", 1989. Ranks and keys stand apart, since a tuple for each entry would be the
better part of what a large tree takes, and of the time that making and freeing it takes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

_T = TypeVar("_T")

NODE_MAX: Final = 32
"""Entries of a leaf, or children of a branch."""
NODE_MIN: Final = NODE_MAX // 4
"""Of every node but the root."""


class Leaf:
    """Entries, in order."""

    __slots__ = ("keys", "ranks")

    def __init__(self, ranks: tuple[float, ...], keys: tuple[str, ...]) -> None:
        self.ranks: Final = ranks
        self.keys: Final = keys


class Branch:
    """Nodes of one height, in order, and the first entry of each."""

    __slots__ = ("children", "keys", "ranks")

    def __init__(self, children: tuple[Node, ...], ranks: tuple[float, ...], keys: tuple[str, ...]) -> None:
        self.children: Final = children
        self.ranks: Final = ranks
        self.keys: Final = keys

    def with_child(self, at: int, child: Node) -> Branch:
        """The branch with this child instead of the one there. Asking all children anew would be most of the work."""
        children, ranks, keys = (*self.children[:at], child, *self.children[at + 1 :]), self.ranks, self.keys
        rank, key = child.ranks[0], child.keys[0]
        if key != keys[at]:
            ranks = (*ranks[:at], rank, *ranks[at + 1 :])
            keys = (*keys[:at], key, *keys[at + 1 :])
        return Branch(children, ranks, keys)


Node = Leaf | Branch


def built(ranks: Sequence[float], keys: Sequence[str]) -> Node:
    """The tree of these entries, which are in order and differ."""
    parts = zip(_evenly(ranks), _evenly(keys), strict=True)
    nodes: list[Node] = [Leaf(*part) for part in parts]
    while len(nodes) > 1:
        nodes = [_branch(children) for children in _evenly(nodes)]
    return nodes[0]


def inserted(root: Node, rank: float, key: str) -> Node:
    """The tree with this entry, which isn't in it."""
    nodes = _inserted(root, rank, key)
    return nodes[0] if len(nodes) == 1 else _branch(nodes)


def removed(root: Node, rank: float, key: str) -> Node:
    """The tree without this entry, which is in it."""
    node = _removed(root, rank, key)
    return node.children[0] if isinstance(node, Branch) and len(node.children) == 1 else node


def first(root: Node) -> str | None:
    """The key of the first entry."""
    return root.keys[0] if root.keys else None


def leaves(root: Node) -> Iterator[Leaf]:
    """All entries, by leaf."""
    if isinstance(root, Branch):
        for child in root.children:
            yield from leaves(child)
    else:
        yield root


def _inserted(node: Node, rank: float, key: str) -> tuple[Node, ...]:
    """One node, or two where one can't hold all."""
    if isinstance(node, Leaf):
        at = _place(node, rank, key)
        ranks = (*node.ranks[:at], rank, *node.ranks[at:])
        return _leaves(ranks, (*node.keys[:at], key, *node.keys[at:]))
    at = _child(node, rank, key)
    parts = _inserted(node.children[at], rank, key)
    if len(parts) == 1:
        return (node.with_child(at, parts[0]),)
    return _branches((*node.children[:at], *parts, *node.children[at + 1 :]))


def _removed(node: Node, rank: float, key: str) -> Node:
    if isinstance(node, Leaf):
        at = _place(node, rank, key)
        return Leaf((*node.ranks[:at], *node.ranks[at + 1 :]), (*node.keys[:at], *node.keys[at + 1 :]))
    at = _child(node, rank, key)
    child = _removed(node.children[at], rank, key)
    if _size(child) >= NODE_MIN:
        return node.with_child(at, child)
    # Together with a neighbour it makes one node, or two of half the entries each.
    children = [*node.children[:at], child, *node.children[at + 1 :]]
    at = max(at - 1, 0)
    children[at : at + 2] = _joined(children[at], children[at + 1])
    return _branch(tuple(children))


def _joined(one: Node, other: Node) -> tuple[Node, ...]:
    if isinstance(one, Leaf):
        return _leaves(one.ranks + other.ranks, one.keys + other.keys)
    assert isinstance(other, Branch)
    return _branches(one.children + other.children)


def _leaves(ranks: tuple[float, ...], keys: tuple[str, ...]) -> tuple[Node, ...]:
    return tuple(Leaf(*half) for half in zip(_halves(ranks), _halves(keys), strict=True))


def _branches(children: tuple[Node, ...]) -> tuple[Node, ...]:
    return tuple(_branch(half) for half in _halves(children))


def _branch(children: tuple[Node, ...]) -> Branch:
    return Branch(
        children, tuple([child.ranks[0] for child in children]), tuple([child.keys[0] for child in children])
    )


def _place(node: Node, rank: float, key: str) -> int:
    """Where this entry is, or belongs."""
    low = bisect_left(node.ranks, rank)
    return bisect_left(node.keys, key, low, bisect_right(node.ranks, rank, low))


def _child(branch: Branch, rank: float, key: str) -> int:
    """Which of the children this entry belongs to."""
    low = bisect_left(branch.ranks, rank)
    return max(bisect_right(branch.keys, key, low, bisect_right(branch.ranks, rank, low)) - 1, 0)


def _size(node: Node) -> int:
    return len(node.children) if isinstance(node, Branch) else len(node.keys)


def _halves(items: tuple[_T, ...]) -> tuple[tuple[_T, ...], ...]:
    middle = len(items) // 2
    return (items,) if len(items) <= NODE_MAX else (items[:middle], items[middle:])


def _evenly(items: Sequence[_T]) -> Iterator[tuple[_T, ...]]:
    """Parts of nearly one size, with room for some more each; one part at least."""
    parts = max(1, -(-len(items) // (NODE_MAX - NODE_MIN)))
    for part in range(parts):
        yield tuple(items[len(items) * part // parts : len(items) * (part + 1) // parts])

"""A B+ tree of items in order that never changes: the tree after an insertion shares all but a few nodes with the one
before. Each function does work that grows with the logarithm of the tree's size.

D. Comer, "The Ubiquitous B-Tree", 1979. That only the path to the changed leaf is copied is from J. R. Driscoll et
al., "Making Data Structures Persistent", 1989.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

_T = TypeVar("_T")

Item = tuple[float, str]
Leaf = tuple[Item, ...]

NODE_MAX: Final = 32
"""Items of a leaf, or children of a branch."""
NODE_MIN: Final = NODE_MAX // 4
"""Of every node but the root."""


class Branch:
    """A node above others of one height: their least items, and the nodes themselves."""

    __slots__ = ("children", "firsts")

    def __init__(self, children: tuple[Node, ...]) -> None:
        self.children: Final = children
        self.firsts: Final[tuple[Item, ...]] = tuple(_first(child) for child in children)


Node = Leaf | Branch
EMPTY: Final[Node] = ()


def built(items: Sequence[Item]) -> Node:
    """The tree of these items, which are in order and differ."""
    nodes: list[Node] = [*_evenly(items)]
    while len(nodes) > 1:
        nodes = [Branch(children) for children in _evenly(nodes)]
    return nodes[0]


def inserted(root: Node, item: Item) -> Node:
    """The tree with this item, which isn't in it."""
    parts = _inserted(root, item)
    return parts[0] if len(parts) == 1 else Branch(parts)


def removed(root: Node, item: Item) -> Node:
    """The tree without this item, which is in it."""
    node = _removed(root, item)
    return node.children[0] if isinstance(node, Branch) and len(node.children) == 1 else node


def first(root: Node) -> Item | None:
    """The least item."""
    return None if root == EMPTY else _first(root)


def in_order(root: Node) -> Iterator[Item]:
    """All items, from the least one up."""
    if isinstance(root, Branch):
        for child in root.children:
            yield from in_order(child)
    else:
        yield from root


def _first(node: Node) -> Item:
    return node.firsts[0] if isinstance(node, Branch) else node[0]


def _inserted(node: Node, item: Item) -> tuple[Node, ...]:
    """One node, or two where one can't hold all."""
    if not isinstance(node, Branch):
        at = bisect_left(node, item)
        return _halves((*node[:at], item, *node[at:]))
    at = _child(node, item)
    children = (*node.children[:at], *_inserted(node.children[at], item), *node.children[at + 1 :])
    return tuple(Branch(half) for half in _halves(children))


def _removed(node: Node, item: Item) -> Node:
    if not isinstance(node, Branch):
        at = bisect_left(node, item)
        return (*node[:at], *node[at + 1 :])
    at = _child(node, item)
    children = list(node.children)
    children[at] = _removed(children[at], item)
    if _size(children[at]) < NODE_MIN:
        # Together with a neighbour it makes one node, or two of half the items each.
        at = max(at - 1, 0)
        children[at : at + 2] = _joined(children[at], children[at + 1])
    return Branch(tuple(children))


def _joined(one: Node, other: Node) -> tuple[Node, ...]:
    if isinstance(one, Branch) and isinstance(other, Branch):
        return tuple(Branch(half) for half in _halves(one.children + other.children))
    assert not isinstance(one, Branch)
    assert not isinstance(other, Branch)
    return _halves(one + other)


def _child(branch: Branch, item: Item) -> int:
    """Which of the children this item belongs to."""
    return max(bisect_right(branch.firsts, item) - 1, 0)


def _size(node: Node) -> int:
    return len(node.children) if isinstance(node, Branch) else len(node)


def _halves(items: tuple[_T, ...]) -> tuple[tuple[_T, ...], ...]:
    middle = len(items) // 2
    return (items,) if len(items) <= NODE_MAX else (items[:middle], items[middle:])


def _evenly(items: Sequence[_T]) -> Iterator[tuple[_T, ...]]:
    """Parts of nearly one size, with room for some more each; one part at least."""
    parts = max(1, -(-len(items) // (NODE_MAX - NODE_MIN)))
    for part in range(parts):
        yield tuple(items[len(items) * part // parts : len(items) * (part + 1) // parts])

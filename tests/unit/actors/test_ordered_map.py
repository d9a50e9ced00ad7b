"""The map of states that grow: it behaves as a sorted dict, leaves its earlier versions alone, and copies next to
nothing."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import btree
from actors.ordered_map import OrderedMap

KEYS = st.integers(0, 60).map(lambda n: f"user:{n}")
VALUES = st.integers(0, 20) | st.none()
CHANGES = st.lists(st.tuples(KEYS, VALUES, st.booleans()), max_size=120)


def in_order(model: Mapping[str, int | None]) -> list[tuple[str, int | None]]:
    """The entries of a dict as an OrderedMap has them."""
    return sorted(model.items(), key=lambda entry: (math.inf if entry[1] is None else entry[1], entry[0]))


def check(found: OrderedMap[int | None], model: Mapping[str, int | None]) -> None:
    """Whether the map is this dict, in order, and its tree is a B+ tree."""
    wanted = in_order(model)
    assert list(found.items()) == wanted
    assert list(found.as_dict().items()) == wanted
    assert found.least == (wanted[0][0] if wanted else None)
    assert len(found) == len(model)
    for key in ("user:0", "user:30", *model):
        assert (key in found) == (key in model)
        assert found.get(key, -1) == model.get(key, -1)
    _height(found._order, root=True)


def _height(node: btree.Node, *, root: bool = False) -> int:
    inner = isinstance(node, btree.Branch)
    size = len(node.children) if inner else len(node.keys)
    assert size <= btree.NODE_MAX
    assert root or size >= btree.NODE_MIN
    if not inner:
        return 1
    assert size > 1
    least = [next(btree.leaves(child)) for child in node.children]
    assert (node.ranks, node.keys) == (
        tuple(leaf.ranks[0] for leaf in least),
        tuple(leaf.keys[0] for leaf in least),
    )
    (height,) = {_height(child) for child in node.children}
    return height + 1


@given(st.dictionaries(KEYS, VALUES), CHANGES)
@settings(deadline=None)
def test_it_is_a_dict_in_order_and_every_version_stands(
    begin: dict[str, int | None], changes: list[tuple[str, int | None, bool]]
) -> None:
    versions = [(OrderedMap(begin), begin)]
    for key, value, inserts in changes:
        found, model = versions[-1]
        if inserts:
            versions.append((found.insert(key, value), {**model, key: value}))
        else:
            versions.append((found.discard(key), {k: v for k, v in model.items() if k != key}))
    for found, model in versions:
        check(found, model)


@pytest.mark.parametrize("seed", range(3))
def test_large_ones_stay_whole_while_entries_come_and_go(seed: int) -> None:
    chance = random.Random(seed)
    model: dict[str, int | None] = {f"user:{n}": chance.choice([None, n]) for n in range(3000)}
    found = OrderedMap(model)
    # Above all at one end, as members come and times pass; then nearly all of them go.
    for step in range(6000):
        if step < 3000 and chance.random() < 0.5:
            key, value = f"new:{step}", 10_000 + step
            found, model[key] = found.insert(key, value), value
        elif (key := found.least if chance.random() < 0.7 else chance.choice([*model, "none"])) is not None:
            found = found.discard(key)
            model.pop(key, None)
        if step % 500 == 0:
            check(found, model)
    check(found, model)


def test_what_changes_nothing_makes_no_other_map() -> None:
    found = OrderedMap({"a": 1})
    assert found.discard("b", "c") is found
    assert found == {"a": 1}
    assert found != {"a": 2}


@pytest.mark.parametrize("size", [10, 100, 1000, 5000])
def test_another_version_shares_all_but_a_path(size: int) -> None:
    found = OrderedMap({f"user:{n}": n for n in range(size)})
    old = {id(node) for node in nodes(found._order)}
    changed = (found.insert("new", size // 2), found.discard(f"user:{size // 2}"), found.discard("user:0"))
    for other in changed:
        new = [node for node in nodes(other._order) if id(node) not in old]
        # A path from the root, and a neighbour at each height.
        assert len(new) <= 2 * (1 + math.log(size, btree.NODE_MIN))


def nodes(node: btree.Node) -> Iterator[btree.Node]:
    """All nodes of a tree."""
    yield node
    if isinstance(node, btree.Branch):
        for child in node.children:
            yield from nodes(child)

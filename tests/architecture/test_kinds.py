"""The engine knows no kind of stream, and kinds don't know each other. Which packages are kinds, ``kinds_of`` says."""

from __future__ import annotations

from gatherup.kinds import kinds_of
from tests.architecture.test_circles import Graph, python_graph, python_sources

KINDS = {
    ".".join(module.split(".")[:2])
    for kind in kinds_of(b"k" * 32)
    if (module := type(kind).__module__).startswith("actors.")
}


def trespasses(graph: Graph, kinds: set[str]) -> list[str]:
    """The imports of a kind's package by a module outside of it."""
    return sorted(
        f"{module} imports {imported}"
        for module, all_ in graph.items()
        for imported in all_
        if (kind := ".".join(imported.split(".")[:2])) in kinds and not f"{module}.".startswith(f"{kind}.")
    )


def test_a_kind_is_imported_by_its_own_package_alone() -> None:
    assert {"actors.inbox", "actors.room"} <= KINDS
    assert trespasses(python_graph(python_sources("actors")), KINDS) == [], (
        "what one kind causes in another is a command in the types of protocol/; what both need is a module of actors/"
    )


def test_an_import_of_a_kind_is_found() -> None:
    sources = {
        "actors.room.kind": "from actors.room import state\nfrom actors.kind import Kind",
        "actors.room.state": "from actors.inbox.state import Inbox",
        "actors.inbox.state": "",
        "actors.relay.relay": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from actors.room import kind",
        "actors.kind": "",
    }
    assert trespasses(python_graph(sources), KINDS) == [
        "actors.relay.relay imports actors.room.kind",
        "actors.room.state imports actors.inbox.state",
    ]

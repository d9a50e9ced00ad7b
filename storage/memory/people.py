"""Facts about people in memory, as ``actors.kind`` names them."""

from __future__ import annotations

from actors.kind import BLOCK, FRIENDS, HANDLE, PERSON, FactKey, Row, pair
from protocol.handles import folded


class MemoryPeople(dict[FactKey, Row]):
    """The rows of the shared facts that are about people."""

    def __init__(self) -> None:
        super().__init__()
        self.verified: set[str] = set()
        """Users with a verified e-mail address."""

    def add(
        self, user: str, handle: str | None, *, direct_from: str = "everyone", invites_from: str = "everyone"
    ) -> None:
        """There is this user."""
        row = {"handle": handle, "direct_from": direct_from, "invites_from": invites_from}
        self[FactKey(PERSON, user)] = row
        if handle is not None:
            self[FactKey(HANDLE, folded(handle))] = {"user": user}

    def block(self, who: str, whom: str) -> None:
        """The first has blocked the second."""
        self[FactKey(BLOCK, pair(who, whom))] = {}

    def befriend(self, one: str, other: str) -> None:
        """The two are friends."""
        for key in (pair(one, other), pair(other, one)):
            self[FactKey(FRIENDS, key)] = {}

"""Which rooms' heads the client watches. Pure. A session's first ``heads`` frame tells how all of them stand."""

from __future__ import annotations

from msgspec.structs import replace

from gatherup.client.actions import Action, DeliverHeads, EndHeads, WatchedHeads
from gatherup.client.errors import ClientError
from gatherup.client.watched import Watched
from protocol.frames import Heads, WatchHeads


class WatchedRooms(Watched):
    """The rooms whose heads are watched. WatchedHeads and EndHeads answer ``watch``."""

    def _question(self, client_id: str, names: tuple[str, ...]) -> WatchHeads:
        return WatchHeads(client_id=client_id, rooms=names)

    def _agreed(self) -> Action:
        return WatchedHeads()

    def _over(self, error: ClientError) -> Action:
        return EndHeads(error)

    def heads(self, frame: Heads) -> list[Action]:
        """How rooms stand, and which are gone: those that are still wanted."""
        heads = tuple(head for head in frame.rooms if head.room in self._wanted)
        gone = tuple(room for room in frame.gone if room in self._wanted)
        if self._asked is None:  # else it speaks of the rooms before, and the answer tells of these
            self._wanted = tuple(room for room in self._wanted if room not in gone)
            self._known = tuple(room for room in self._known if room not in gone)
        return [DeliverHeads(replace(frame, rooms=heads, gone=gone))] if heads or gone else []

"""The Python SDK: connect, follow streams, post, and resume after a drop without a lost or repeated event.

    async with connect("ws://127.0.0.1:8081/", token=token) as client:
        room = client.room("room:…")
        stream = await room.subscribe()
        accepted = await room.post("hello")
        async for item in stream:
            match item:
                case Event(payload=MessagePosted(body=body)): ...
                case Snapshot(view=view): ...

Commands of kinds that have no methods here go through ``client.send(command)``.

Imports ``protocol``, trio and trio-websocket only, so it can be used without the rest of the server.
"""

from gatherup.client.bracket import LiveBracket
from gatherup.client.client import Client, TokenProvider
from gatherup.client.entry import connect
from gatherup.client.errors import (
    ClientError,
    ClosedError,
    ConnectionLostError,
    RefusedError,
    TokenDeniedError,
    TokenUnavailableError,
    UnknownOutcomeError,
)
from gatherup.client.feed import HeadsFeed, PresenceFeed
from gatherup.client.gathering import Gathering, GatheringSettings
from gatherup.client.items import (
    Closed,
    Ended,
    Event,
    Gone,
    Item,
    Offline,
    Online,
    PersonPresence,
    Read,
    Signal,
    Snapshot,
    Status,
)
from gatherup.client.live_match import LiveMatch
from gatherup.client.live_scores import LiveScore, LiveScores
from gatherup.client.live_stage import LiveStage
from gatherup.client.members import Members
from gatherup.client.policy import Policy
from gatherup.client.room import Room
from gatherup.client.series import Series, SeriesSettings
from gatherup.client.streams import Stream
from gatherup.client.tournament import Tournament, TournamentSettings

__all__ = [
    "Client",
    "ClientError",
    "Closed",
    "ClosedError",
    "ConnectionLostError",
    "Ended",
    "Event",
    "Gathering",
    "GatheringSettings",
    "Gone",
    "HeadsFeed",
    "Item",
    "LiveBracket",
    "LiveMatch",
    "LiveScore",
    "LiveScores",
    "LiveStage",
    "Members",
    "Offline",
    "Online",
    "PersonPresence",
    "Policy",
    "PresenceFeed",
    "Read",
    "RefusedError",
    "Room",
    "Series",
    "SeriesSettings",
    "Signal",
    "Snapshot",
    "Status",
    "Stream",
    "TokenDeniedError",
    "TokenProvider",
    "TokenUnavailableError",
    "Tournament",
    "TournamentSettings",
    "UnknownOutcomeError",
    "connect",
]

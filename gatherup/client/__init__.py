"""The Python SDK: connect, follow streams, post, and resume after a drop without a lost or repeated event.

    async with connect("ws://127.0.0.1:8081/", token=token) as client:
        stream = await client.subscribe(room)
        accepted = await client.send(PostMessage(client_id=client.new_id(), stream=room, body="hello"))
        async for item in stream:
            match item:
                case Event(payload=MessagePosted(body=body)): ...
                case Snapshot(view=view): ...

Imports ``protocol``, trio and trio-websocket only, so it can be used without the rest of the server.
"""

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
from gatherup.client.items import (
    KINDS,
    Closed,
    Ended,
    Event,
    Item,
    KindTypes,
    Offline,
    Online,
    Signal,
    Snapshot,
    Status,
)
from gatherup.client.policy import Policy
from gatherup.client.streams import Stream

__all__ = [
    "KINDS",
    "Client",
    "ClientError",
    "Closed",
    "ClosedError",
    "ConnectionLostError",
    "Ended",
    "Event",
    "Item",
    "KindTypes",
    "Offline",
    "Online",
    "Policy",
    "RefusedError",
    "Signal",
    "Snapshot",
    "Status",
    "Stream",
    "TokenDeniedError",
    "TokenProvider",
    "TokenUnavailableError",
    "UnknownOutcomeError",
    "connect",
]

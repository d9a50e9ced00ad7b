"""What the state machine asks its driver to do. The driver carries actions out in the order given."""

from __future__ import annotations

from msgspec import Struct

from gatherup.client.errors import ClientError, ClosedError
from gatherup.client.items import PersonPresence
from protocol import frames
from protocol.frames import Accepted, ClientFrame, Position, Welcome


class Connect(Struct, frozen=True):
    """Open a connection after this many seconds, then call ``connected`` or ``disconnected``."""

    after_s: float


class Disconnect(Struct, frozen=True):
    """Drop the connection. What it may still say is not of interest."""


class Send(Struct, frozen=True):
    """Send this frame on the present connection."""

    frame: ClientFrame


class Ping(Struct, frozen=True):
    """Send a WebSocket ping; call ``heard`` when its pong comes."""


class FetchToken(Struct, frozen=True):
    """Get a newer token and call ``refreshed``."""


class Deliver(Struct, frozen=True):
    """Hand an item to the stream's reader; ``position`` is where the reader stands after it."""

    stream: str
    item: frames.Event | frames.Subscribed | frames.Signalled
    position: Position


class Opened(Struct, frozen=True):
    """The stream is followed for the first time."""

    stream: str


class End(Struct, frozen=True):
    """Nothing of the stream follows: tell its reader why, after all that was delivered."""

    stream: str
    error: ClientError


class WatchedHeads(Struct, frozen=True):
    """The server watches the heads of the rooms that were named last."""


class DeliverHeads(Struct, frozen=True):
    """Tell the watcher of heads how these rooms stand."""

    heads: frames.Heads


class EndHeads(Struct, frozen=True):
    """No heads follow: tell their watcher why."""

    error: ClientError


class WatchedPresence(Struct, frozen=True):
    """The server watches the people that were named last."""


class DeliverPresence(Struct, frozen=True):
    """Tell the watcher of presence how these are seen."""

    people: tuple[PersonPresence, ...]


class EndPresence(Struct, frozen=True):
    """No presence follows: tell its watcher why."""

    error: ClientError


class Settle(Struct, frozen=True):
    """A command has its outcome. Happens once for each that wasn't abandoned."""

    client_id: str
    outcome: Accepted | ClientError


class WentOnline(Struct, frozen=True):
    """A session is open."""

    welcome: Welcome


class WentOffline(Struct, frozen=True):
    """There is no session, and another attempt follows after ``retry_after_s``."""

    code: int | None
    message: str
    retry_after_s: float


class Finished(Struct, frozen=True):
    """The client is closed for good; comes last."""

    error: ClosedError


Action = (
    Connect
    | Disconnect
    | Send
    | Ping
    | FetchToken
    | Deliver
    | Opened
    | End
    | WatchedHeads
    | DeliverHeads
    | EndHeads
    | WatchedPresence
    | DeliverPresence
    | EndPresence
    | Settle
    | WentOnline
    | WentOffline
    | Finished
)

"""What a followed stream hands to its reader, decoded, and what a client tells about its connection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal, TypeVar

import msgspec
from msgspec import Raw, Struct

from gatherup.client.errors import ClientError
from protocol import frames
from protocol.event import Header
from protocol.frames import Position
from protocol.ids import kind_of
from protocol.kind import WireKind
from protocol.kinds import events_of, views_of

T = TypeVar("T")


class Event(Struct, frozen=True, kw_only=True):
    """One event, each once, in the stream's order.

    ``payload`` is the registered type of ``header.type``, plain Python values for an unregistered type, and None for
    an erased event.
    """

    header: Header
    payload: Any
    position: Position
    """Where the reader stands after it; good for a later ``subscribe(since=…)``."""


class Snapshot(Struct, frozen=True, kw_only=True):
    """The state of the stream at ``position``: forget what came before. Events follow from there.

    ``view`` is the registered type of the stream's kind, or plain Python values.
    """

    stream: str
    view: Any
    head: int
    """The last seq that existed when the subscription began."""
    position: Position


class Signal(Struct, frozen=True, kw_only=True):
    """An ephemeral signal. Dropped when its reader doesn't keep up."""

    stream: str
    author: str
    type: str
    data: dict[str, str | int | bool | list[str]]


class Read(Struct, frozen=True, kw_only=True):
    """A user has read a room up to this message: a signal, in their own inbox and in direct rooms."""

    stream: str
    """Where it was told."""
    room: str
    user: str
    number: int


class Ended(Struct, frozen=True, kw_only=True):
    """The last item: the right to listen ended (RefusedError) or the client was closed (ClosedError)."""

    stream: str | None
    """None for heads and presence."""
    error: ClientError


class Gone(Struct, frozen=True, kw_only=True):
    """The user isn't in this room any more, whose heads were watched. Who joins again names it again."""

    room: str


Seen = Literal["online", "away", "busy", "offline"]
"""How others see somebody. Who is invisible, or doesn't let one see, is offline."""


class PersonPresence(Struct, frozen=True, kw_only=True):
    """How somebody is seen now."""

    user: str
    status: Seen


Item = Event | Snapshot | Signal | Read | Ended


class Online(Struct, frozen=True, kw_only=True):
    """A session is open."""

    user: str
    node: str
    session: str


class Offline(Struct, frozen=True, kw_only=True):
    """There is no session; the next attempt follows by itself after ``retry_after_s``."""

    code: int | None
    message: str
    retry_after_s: float


class Closed(Struct, frozen=True, kw_only=True):
    """The client is closed for good."""

    code: int
    message: str


Status = Online | Offline | Closed


class ItemDecoder:
    """Turns frames into items, in two steps, so that a frame is read whole before anything is done with it."""

    def __init__(self, kinds: Iterable[WireKind]) -> None:
        wires = list(kinds)
        self._events: Final = events_of(wires)
        self._views: Final = views_of(wires)

    def value(self, frame: frames.ServerFrame) -> object:
        """The payload or snapshot that a frame carries. Raises one of ``protocol.garbled.UNREADABLE``."""
        match frame:
            case frames.Event(header=header, payload=Raw() as payload):
                return _decode(payload, self._events.get(header.type))
            case frames.Subscribed(stream=stream, snapshot=Raw() as snapshot):
                return _decode(snapshot, self._views.get(kind_of(stream)))
            case _:
                return None

    def item(
        self, frame: frames.Event | frames.Subscribed | frames.Signalled, position: Position, value: object
    ) -> Event | Snapshot | Signal | Read:
        """The item of one delivered frame, with its ``value``."""
        match frame:
            case frames.Event(header=header):
                return Event(header=header, payload=value, position=position)
            case frames.Subscribed(stream=stream, head=head):
                return Snapshot(stream=stream, view=value, head=head, position=position)
            case frames.Signalled(
                type="read", data={"room": str(room), "user": str(user), "number": int(number)}
            ):
                return Read(stream=frame.stream, room=room, user=user, number=number)
            case frames.Signalled():
                return Signal(stream=frame.stream, author=frame.author, type=frame.type, data=frame.data)


def _decode(data: Raw, known: type[Struct] | None) -> object:
    """A value as its type; as plain values if it has none, or is of a version this client doesn't know."""
    if known is not None:
        try:
            return msgspec.msgpack.decode(data, type=known)
        except msgspec.ValidationError:
            pass
    return msgspec.msgpack.decode(data)

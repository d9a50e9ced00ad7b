"""Rooms that belong to another stream, such as the match of a tournament: it alone says who is seated in them, and
whether they are open.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from protocol import limits
from protocol.frames import CreateCommand, StreamCommand
from protocol.ids import StreamId, UserId, derive_stream
from protocol.room import KIND, Seq
from protocol.text import RoomName

Seats = Annotated[tuple[UserId, ...], Meta(max_length=limits.HOSTED_SEATS_MAX)]


def hosted_room(host: str, number: int) -> StreamId:
    """The id of the room that this stream has for one of its numbers: always the same, so it is never made twice."""
    return derive_stream(KIND, host, str(number))


class HostRoom(CreateCommand, frozen=True, kw_only=True, tag="room.host"):
    """A host's own: seat these users in its room, which is made, or opened again, if need be. Who is banned from it
    isn't seated. ``accepted.stream`` is the room's id.
    """

    number: Seq
    """For which of its matches."""
    name: RoomName
    seats: Seats
    moderators: Seats = ()
    leave: Seats | None = None
    """Who loses their seat; None: whoever isn't named, and moderators are only those who are named."""


class CloseRoom(StreamCommand, frozen=True, kw_only=True, tag="room.close"):
    """A host's own: from now on everybody in its room only listens."""


class UsersSeated(Struct, frozen=True, kw_only=True):
    """The stream to which the room belongs has seated users in it.

    The mark ``users`` holds those who weren't in it before, ``moderators`` all moderators if they are others now; whom
    the header revokes have lost their seats. ``owner`` is ``""`` if the owner is one of them.
    """

"""A small true history of one room and two clients, which tests doctor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, msgpack

from actors.ports.log import LogRow, Receipt
from actors.room.kind import RoomKind
from gatherup.chaos.records import (
    Answered,
    Closed,
    Connected,
    Delivered,
    Record,
    Sent,
    Settled,
    Subscribed,
)
from gatherup.chaos.truth import StoredTruth
from protocol.event import Header, Mark, encode_header, encode_payload
from protocol.frames import Position
from protocol.ids import derive_client_id
from protocol.room.events import MemberJoined, MemberKicked, MessagePosted, RoomCreated

ROOM = f"room:{1:032x}"
PUBLIC: dict[str, Mark] = {"access": "public", "history": True}
ANN, BEN = f"user:{1:032x}", f"user:{2:032x}"


def event(seq: int, author: str, payload: Struct, verb: str, **more: Any) -> tuple[Header, Struct]:
    """An event of the room."""
    return Header(stream=ROOM, seq=seq, at=10 + seq, author=author, type=verb, **more), payload


EVENTS: list[tuple[Header, Struct]] = [
    event(1, ANN, RoomCreated(name="r", access="public"), "room.created", marks=PUBLIC),
    event(2, BEN, MemberJoined(), "room.joined"),
    event(3, ANN, MessagePosted(body="one"), "room.posted", marks={"number": 1}),
    event(4, ANN, MessagePosted(body="two"), "room.posted", marks={"number": 2}),
    event(5, ANN, MemberKicked(user=BEN), "room.kicked", revokes=(BEN,)),
    event(6, ANN, MessagePosted(body="three"), "room.posted", marks={"number": 3}),
]


def client_id(seq: int) -> str:
    """Of the command that caused this event."""
    return derive_client_id("example", str(seq))


def truth(
    events: Sequence[tuple[Header, Struct]] = EVENTS, receipts: Sequence[int] = range(1, 7)
) -> StoredTruth:
    """What was logged, with receipts for the causes of these seqs."""
    made = StoredTruth({RoomKind.wire.name: RoomKind(bytes(32))})
    rows = [LogRow(header.seq, encode_header(header), encode_payload(payload)) for header, payload in events]
    authors = {header.seq: header.author for header, _ in EVENTS}
    made.add(ROOM, rows, [Receipt(authors[seq], client_id(seq), seq, seq, b"") for seq in receipts])
    return made


def delivered(
    client: str, seq: int, at: float, *, events: Sequence[tuple[Header, Struct]] = EVENTS
) -> Delivered:
    """This event, as it is logged."""
    header, payload = events[seq - 1]
    return Delivered(at=at, client=client, header=header, payload=msgpack.decode(encode_payload(payload)))


def subscribed(
    client: str,
    seq: int,
    at: float,
    *,
    user: str,
    since: int | None = None,
    events: Sequence[tuple[Header, Struct]] = EVENTS,
) -> Subscribed:
    """From this seq on: by a snapshot, or resumed there."""
    position = None if since is None else Position(stream=ROOM, incarnation=1, seq=since)
    shown = truth(events).view(ROOM, seq, user) if since is None else None
    return Subscribed(
        at=at, client=client, stream=ROOM, incarnation=1, seq=seq, head=seq, since=position, snapshot=shown
    )


def sent(seq: int, at: float) -> list[Record]:
    """A post of Ann's that was accepted with this seq."""
    return [
        Sent(at=at, client="ann", client_id=client_id(seq), kind="room.post", stream=ROOM),
        Answered(at=at + 0.05, client="ann", client_id=client_id(seq), answer="accepted", seq=seq, events=1),
    ]


def history() -> list[Record]:
    """A history without a fault: Ben drops out, resumes, and is thrown out."""
    return [
        Connected(at=0, client="ann", user=ANN, node="node-1"),
        Connected(at=0, client="ben", user=BEN, node="node-2"),
        subscribed("ann", 2, 0.1, user=ANN),
        subscribed("ben", 2, 0.1, user=BEN),
        *sent(3, 1.0),
        delivered("ann", 3, 1.1),
        delivered("ben", 3, 1.1),
        Closed(at=1.2, client="ben"),
        Connected(at=1.5, client="ben", user=BEN, node="node-2"),
        subscribed("ben", 3, 1.6, user=BEN, since=3),
        *sent(4, 2.0),
        delivered("ann", 4, 2.1),
        delivered("ben", 4, 2.1),
        delivered("ann", 5, 2.2),
        delivered("ben", 5, 2.2),
        *sent(6, 3.0),
        delivered("ann", 6, 3.1),
        Settled(at=4.0),
    ]


def without(records: Sequence[Record], *gone: Record) -> list[Record]:
    """The same history with these entries left out."""
    assert all(entry in records for entry in gone)
    return [entry for entry in records if entry not in gone]


def after(records: Sequence[Record], entry: Record, *more: Record) -> list[Record]:
    """The same history with more behind one entry."""
    place = records.index(entry) + 1
    return [*records[:place], *more, *records[place:]]


def instead(records: Sequence[Record], old: Record, new: Record) -> list[Record]:
    """The same history with one entry changed."""
    assert old in records
    return [new if entry == old else entry for entry in records]

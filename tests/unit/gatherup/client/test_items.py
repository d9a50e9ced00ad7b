"""Frames as readers get them."""

from __future__ import annotations

import msgspec
import pytest

from gatherup.client.items import Event, ItemDecoder, Read, Signal, Snapshot
from protocol import frames, inbox
from protocol.event import Header
from protocol.frames import Position, Signalled
from protocol.kinds import KINDS
from tests.unit.gatherup.client.world import ROOMS, USER

ROOM = ROOMS[0]
INBOX = inbox.inbox_of(USER)
HERE = Position(stream=INBOX, incarnation=1, seq=3)
decoder = ItemDecoder(KINDS)


def test_a_read_signal_is_read_as_one() -> None:
    data: dict[str, str | int | bool | list[str]] = {"room": ROOM, "number": 4, "user": USER}
    told = decoder.item(Signalled(stream=INBOX, author=USER, type="read", data=data), HERE, None)
    assert told == Read(stream=INBOX, room=ROOM, user=USER, number=4)


@pytest.mark.parametrize("data", [{}, {"room": ROOM, "number": "4", "user": USER}])
def test_one_of_another_shape_stays_a_signal(data: dict[str, str | int | bool | list[str]]) -> None:
    told = decoder.item(Signalled(stream=INBOX, author=USER, type="read", data=data), HERE, None)
    assert told == Signal(stream=INBOX, author=USER, type="read", data=data)


def test_an_inbox_is_read_with_its_types() -> None:
    item = inbox.Mentioned(room=ROOM, message=3, number=2, by=USER)
    header = Header(stream=INBOX, seq=3, at=1, author="system", type="inbox.mentioned")
    frame = frames.Event(header=header, payload=msgspec.Raw(msgspec.msgpack.encode(item)))
    shown = decoder.item(frame, HERE, decoder.value(frame))
    assert isinstance(shown, Event)
    assert shown.payload == item
    view = inbox.InboxView(user=USER, unread=1, read_up_to=0)
    snapshot = frames.Subscribed(
        stream=INBOX, incarnation=1, seq=3, head=3, snapshot=msgspec.Raw(msgspec.msgpack.encode(view))
    )
    shown = decoder.item(snapshot, HERE, decoder.value(snapshot))
    assert isinstance(shown, Snapshot)
    assert shown.view == view

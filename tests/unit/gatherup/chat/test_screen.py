"""What other people's text can do to a terminal: nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

import pytest
from msgspec.structs import replace

from gatherup.chat import screen
from gatherup.chat.account import Account
from gatherup.chat.names import Names
from gatherup.chat.recent import Recent
from gatherup.chat.screen import printable
from gatherup.client import Event, Snapshot, Stream
from gatherup.clock import SystemClock
from protocol.event import Header
from protocol.frames import Position
from protocol.room.events import MemberJoined, MemberLeft, MessagePosted, Reacted, RoomChanged, UserBanned
from tests.unit.protocol.room_samples import VIEW

HOSTILE = {
    "an escape sequence": "\x1b]0;title\x07",
    "a C1 control": "\x9b2J",
    "a carriage return": "hi\r<ann> I agree",
    "a line of its own": "hi\n<ann> I agree",
    "a line separator": "hi\u2028<ann> I agree",
    "writing from right to left": "\u202eolleh\u2066",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_controls_are_replaced(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert "\N{REPLACEMENT CHARACTER}" in shown
    assert not any(c in shown for c in "\x1b\x07\x9b\r\n\u2028\u202e\u2066")


def test_other_text_stays() -> None:
    assert printable("Grüße, 你好 👋🏽 — שלום") == "Grüße, 你好 👋🏽 — שלום"


ME, BEN = "user:" + "a" * 32, "user:" + "b" * 32
ROOM = "room:" + "1" * 32


def event(kind: str, payload: object, revokes: tuple[str, ...] = (), **marks: object) -> Event:
    header = Header(stream=ROOM, seq=7, at=1, author=BEN, type=kind, revokes=revokes, marks=marks)  # type: ignore[arg-type]
    return Event(header=header, payload=payload, position=Position(stream=ROOM, incarnation=1, seq=7))


class Reader:
    """A signed-in user without history."""

    user = ME


READER = Reader()


async def shown(
    monkeypatch: pytest.MonkeyPatch, *items: Event | Snapshot, account: object = READER
) -> list[tuple[str, bool]]:
    lines: list[tuple[str, bool]] = []

    def note(line: str, *, loud: bool = False) -> None:
        lines.append((line, loud))

    async def stream() -> AsyncIterator[Event | Snapshot]:
        for item in items:
            yield item

    async def lookup(users: list[str]) -> dict[str, str]:
        return {BEN: "ben", ME: "me"}

    monkeypatch.setattr(screen, "show", note)
    names = Names(lookup, SystemClock(), {})
    await screen.Screen(cast(Account, account), cast(Stream, stream()), names, Recent()).run()
    return lines


async def test_who_is_meant_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    said = MessagePosted(body="hi")
    lines = await shown(
        monkeypatch,
        event("room.posted", said, number=1),
        event("room.posted", said, number=2, mentions=(BEN,)),
        event("room.posted", said, number=3, mentions=(BEN, ME)),
        event("room.posted", said, number=4, everyone=True),
        event("room.posted", said, number=5, replied=ME, reply_to=3),
        event("room.posted", said, number=6, thread=3),
    )
    assert [loud for _, loud in lines] == [False, False, True, True, False, False]
    assert [line for line, _ in lines][-2:] == ["<ben> (to me) hi", "<ben> (in a thread) hi"]


async def test_what_is_done_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = await shown(
        monkeypatch,
        event("room.changed", RoomChanged(topic="tea")),
        event("room.reacted", Reacted(message=3, reaction="+1"), message=3, count=1),
        event("room.banned", UserBanned(user=ME), user=ME),
        event("room.posted", None, number=1),
        event("room.later", {"any": "thing"}),
    )
    assert [line for line, _ in lines] == ["* ben set the topic: tea", "* ben reacted +1", "* ben banned me"]


class Empty(Reader):
    """A signed-in user whose room has no messages yet."""

    async def history(self, stream: str, before: int) -> list[object]:
        return []


async def test_how_many_are_in_the_room_is_told_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowd's count comes from the snapshot, which doesn't name everybody."""
    view = replace(VIEW, member_count=4000, members=[ME, *(f"user:{n:032x}" for n in range(99))])
    here = Position(stream=ROOM, incarnation=1, seq=6)
    lines = await shown(
        monkeypatch,
        Snapshot(stream=ROOM, view=view, head=6, position=here),
        event("room.joined", MemberJoined()),
        event("room.left", MemberLeft(), revokes=(BEN,)),
        account=Empty(),
    )
    assert [line for line, _ in lines] == [
        "-- 4000 members",
        "* ben joined (4001 members)",
        "* ben left (4000 members)",
    ]

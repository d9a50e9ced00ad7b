"""The room's methods: each command has one, and says what it was told."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec
import pytest

from gatherup.client.room import Room
from gatherup.client.streams import Stream
from protocol import kinds
from protocol.frames import Accepted, Command, Position, Signal, StreamCommand
from protocol.room.commands import (
    ArchiveRoom,
    BanUser,
    ChangeRoom,
    CreateInvite,
    DeleteMessage,
    EditMessage,
    InviteCreated,
    InviteUser,
    JoinRoom,
    KickMember,
    LeaveRoom,
    MuteMember,
    PinMessage,
    PostMessage,
    React,
    RemoveRoom,
    RestoreRoom,
    RevokeInvite,
    SendTyping,
    SetFilter,
    SetRole,
    UnarchiveRoom,
    UnbanUser,
    UninviteUser,
    UnmuteMember,
    UnpinMessage,
    Unreact,
)
from tests.unit.gatherup.client.world import ROOMS, USER, client_id

ROOM = ROOMS[0]
MADE = InviteCreated(invite=1, code="1-" + "a" * 24, expires_at=9)

CALLS: dict[type[StreamCommand], tuple[str, tuple[Any, ...], dict[str, Any], dict[str, Any]]] = {
    PostMessage: ("post", ("hi",), {"reply_to": 3}, {"body": "hi", "reply_to": 3, "thread": None}),
    EditMessage: ("edit", (3, "ho"), {}, {"message": 3, "body": "ho"}),
    DeleteMessage: ("delete", (3,), {}, {"message": 3}),
    React: ("react", (3, "👍"), {}, {"message": 3, "reaction": "👍"}),
    Unreact: ("unreact", (3, "👍"), {}, {"message": 3, "reaction": "👍"}),
    PinMessage: ("pin", (3,), {}, {"message": 3}),
    UnpinMessage: ("unpin", (3,), {}, {"message": 3}),
    JoinRoom: ("join", (), {"invite": MADE.code}, {"invite": MADE.code}),
    LeaveRoom: ("leave", (), {}, {}),
    InviteUser: ("invite", (USER,), {}, {"user": USER}),
    UninviteUser: ("uninvite", (USER,), {}, {"user": USER}),
    CreateInvite: ("create_invite", (), {"uses": 2, "lifetime_s": 60}, {"uses": 2, "lifetime_s": 60}),
    RevokeInvite: ("revoke_invite", (1,), {}, {"invite": 1}),
    SetRole: ("set_role", (USER, "moderator"), {}, {"user": USER, "role": "moderator"}),
    MuteMember: ("mute", (USER, 60), {"reason": "x"}, {"user": USER, "for_s": 60, "reason": "x"}),
    UnmuteMember: ("unmute", (USER,), {}, {"user": USER}),
    KickMember: ("kick", (USER,), {"reason": "x"}, {"user": USER, "reason": "x"}),
    BanUser: ("ban", (USER,), {"for_s": 5}, {"user": USER, "for_s": 5, "reason": ""}),
    UnbanUser: ("unban", (USER,), {}, {"user": USER}),
    ChangeRoom: (
        "change",
        (),
        {"topic": "tea", "history": False},
        {"name": None, "topic": "tea", "access": None, "history": False, "slow_mode_s": None},
    ),
    SetFilter: (
        "set_filter",
        (),
        {"words": ["spam"], "links": "forbidden"},
        {"words": ("spam",), "links": "forbidden", "hosts": ()},
    ),
    ArchiveRoom: ("archive", (), {}, {}),
    UnarchiveRoom: ("unarchive", (), {}, {}),
    RemoveRoom: ("remove", (), {}, {}),
    RestoreRoom: ("restore", (), {}, {}),
}


class Speaker:
    """Takes everything, and answers as if it were an invite, if not told otherwise."""

    def __init__(self, answer: object = MADE) -> None:
        self._answer = msgspec.Raw(msgspec.msgpack.encode(answer))
        self.sent: list[Command | Signal | tuple[str, int]] = []

    def new_id(self) -> str:
        return client_id(len(self.sent))

    async def send(self, command: Command) -> Accepted:
        self.sent.append(command)
        return Accepted(client_id=command.client_id, stream=ROOM, seq=4, events=1, answer=self._answer)

    def signal(self, signal: Signal) -> None:
        self.sent.append(signal)

    def mark_read(self, room: str, number: int) -> None:
        self.sent.append((room, number))

    async def subscribe(self, stream: str, *, since: Position | None = None) -> Stream:
        raise NotImplementedError


@pytest.mark.parametrize("command", CALLS, ids=lambda command: command.__name__)
async def test_a_method_sends_its_command(command: type[StreamCommand]) -> None:
    name, args, named, fields = CALLS[command]
    speaker = Speaker()
    answer = await getattr(Room(speaker, ROOM), name)(*args, **named)
    assert speaker.sent == [command(client_id=client_id(0), stream=ROOM, **fields)]
    assert answer == MADE if command is CreateInvite else answer.seq == 4


def test_every_command_has_a_method_and_every_method_a_command() -> None:
    every = {c for c in kinds.ROOM.commands if issubclass(c, StreamCommand)}
    assert every - set(CALLS) == set(), "give Room a method for it, and CALLS how it is called"
    assert set(CALLS) - every == set()
    public = {name for name, _ in inspect.getmembers(Room, inspect.isfunction) if not name.startswith("_")}
    assert public - {name for name, *_ in CALLS.values()} == {"subscribe", "mark_read", "typing"}


def test_what_is_not_durable() -> None:
    speaker = Speaker()
    room = Room(speaker, ROOM)
    room.typing()
    room.mark_read(7)
    assert speaker.sent == [SendTyping(stream=ROOM), (ROOM, 7)]

"""How rooms come to be, rest, go and come back; and what strangers may know of them."""

from __future__ import annotations

from typing import Any

import pytest

from actors.kind import LISTENERS, MEMBERSHIPS, NOBODY, Accept, FactKey, Refuse
from protocol import kinds, limits
from protocol.codes import Code
from protocol.frames import StreamCommand
from protocol.ids import SYSTEM
from protocol.room.commands import (
    ArchiveRoom,
    BanUser,
    ChangeRoom,
    CreateInvite,
    EditMessage,
    EraseUser,
    InviteUser,
    JoinRoom,
    LeaveRoom,
    PinMessage,
    PostMessage,
    React,
    RemoveRoom,
    RestoreRoom,
    SendTyping,
    SetFilter,
    SetRole,
    UnarchiveRoom,
    UnbanUser,
    UnpinMessage,
    Unreact,
)
from protocol.room.view import RoomView
from tests.rows import room_row
from tests.unit.actors.room.commands import SOME
from tests.unit.actors.room.talk import (
    ANN,
    BOB,
    CAT,
    EVE,
    ID,
    KEY,
    NOT_FOUND,
    OPERATORS,
    OTHER_STREAM,
    ROOM,
    STRANGE,
    Talk,
    code,
    direct,
    talk,
)

DAY_MS = 86_400_000


@pytest.mark.parametrize("access", ["public", "private", "group"])
def test_who_makes_a_room_owns_it_and_listens(access: str) -> None:
    room = Talk()
    assert isinstance(room.create(access=access, history=False), Accept)
    assert room.view(ANN) == RoomView(
        room=ROOM,
        access=access,  # type: ignore[arg-type]
        owner=ANN,
        moderators=[],
        members=[ANN],
        member_count=1,
        role="owner",
        messages=0,
        pinned=[],
        slow_mode_s=0,
        history=False,
        archived=False,
        muted_until=None,
        readable_after=0,
    )
    wanted = room_row(ANN, name="Chess", access=access, history=False, created_at=room.now)
    assert room.rows[FactKey("room", "")] == wanted
    assert room.listens(ANN)
    assert code(room.create()) is Code.ALREADY_EXISTS


def test_rooms_of_one_user_are_bounded() -> None:
    for command in (lambda r: r.create(), lambda r: r.open(ANN, BOB), lambda r: r.join(ANN)):
        room = talk() if command(Talk()) == NOT_FOUND else Talk()
        if room.room.created:
            room.leave(ANN)
        room.people[FactKey(MEMBERSHIPS, ANN)] = {"count": limits.ROOMS_PER_USER_MAX}
        assert code(command(room)) is Code.TOO_MANY
        room.people[FactKey(MEMBERSHIPS, ANN)] = {"count": limits.ROOMS_PER_USER_MAX - 1}
        assert isinstance(command(room), Accept)


@pytest.mark.parametrize("by", OPERATORS)
def test_what_an_operator_makes_is_nobodys_until_they_give_it(by: str) -> None:
    room = Talk()
    assert isinstance(room.create(by, access="public"), Accept)
    assert (room.room.owner, room.room.members, room.keyed(LISTENERS)) == (None, {}, {})
    room.join(ANN)
    assert room.room.owner is None
    room.done(SetRole, by, user=ANN, role="owner")
    assert (room.room.owner, room.room.moderators) == (ANN, ())
    room.join(BOB)
    room.leave(ANN)
    assert room.room.owner is None
    assert room.marks() == {"owner": ""}


def test_other_streams_make_no_rooms_and_join_none() -> None:
    assert code(Talk().create(OTHER_STREAM)) is Code.FORBIDDEN
    assert code(Talk().open(KEY, ANN)) is Code.FORBIDDEN
    for by in (KEY, SYSTEM, OTHER_STREAM):
        assert code(talk().join(by)) is Code.FORBIDDEN
    assert talk(access="private").join(OTHER_STREAM) == NOT_FOUND
    assert code(talk(access="private").send(LeaveRoom, KEY)) is Code.FORBIDDEN


# --- what strangers may know ---


def hidden() -> dict[str, Talk]:
    private, group, removed = talk(access="private"), talk(access="group"), talk()
    two = direct()
    for room in (private, group, removed, two):
        room.post(ANN)
    removed.done(RemoveRoom, ANN)
    archived = talk(access="private")
    archived.done(ArchiveRoom, ANN)
    banned = talk(access="private")
    banned.done(BanUser, ANN, user=EVE)
    return {
        "missing": Talk(),
        "private": private,
        "group": group,
        "direct": two,
        "removed": removed,
        "archived": archived,
        "banned from": banned,
    }


@pytest.mark.parametrize("name", STRANGE)
@pytest.mark.parametrize("which", hidden())
@pytest.mark.parametrize("by", [EVE, OTHER_STREAM])
def test_a_stranger_cant_tell_a_hidden_room_from_a_missing_one(which: str, name: str, by: str) -> None:
    room = hidden()[which]
    assert room.do(STRANGE[name](client_id=ID, stream=ROOM), by) == NOT_FOUND


@pytest.mark.parametrize(
    "name", sorted(set(STRANGE) - {"join", "join with a code", "decline", "erase", "close"})
)
def test_a_public_room_tells_strangers_to_join(name: str) -> None:
    assert code(talk().do(STRANGE[name](client_id=ID, stream=ROOM), EVE)) is Code.NOT_A_MEMBER


@pytest.mark.parametrize("name", sorted(set(STRANGE) - {"restore"}))
@pytest.mark.parametrize("by", [ANN, BOB, KEY])
def test_a_removed_room_is_missing_for_its_members_too(name: str, by: str) -> None:
    room = talk(BOB)
    room.post(ANN)
    room.done(RemoveRoom, ANN)
    assert room.do(STRANGE[name](client_id=ID, stream=ROOM), by) == NOT_FOUND


@pytest.mark.parametrize("by", [BOB, CAT])
def test_only_its_owner_hears_that_a_removed_room_can_be_restored(by: str) -> None:
    room = talk(BOB, CAT)
    room.done(SetRole, ANN, user=CAT, role="moderator")
    room.done(RemoveRoom, ANN)
    assert room.send(RestoreRoom, by) == NOT_FOUND


# --- archive, remove, restore ---

SPOKEN: dict[type[StreamCommand], Any] = {
    PostMessage: lambda r: r.send(PostMessage, ANN, body="x"),
    EditMessage: lambda r: r.edit(ANN, 3),
    React: lambda r: r.send(React, ANN, message=3, reaction="+1"),
    Unreact: lambda r: r.send(Unreact, ANN, message=3, reaction="-1"),
    PinMessage: lambda r: r.send(PinMessage, ANN, message=3),
    UnpinMessage: lambda r: r.send(UnpinMessage, ANN, message=3),
    InviteUser: lambda r: r.send(InviteUser, ANN, user=EVE),
    CreateInvite: lambda r: r.send(CreateInvite, ANN),
    ChangeRoom: lambda r: r.send(ChangeRoom, ANN, name="x"),
    SetFilter: lambda r: r.send(SetFilter, ANN),
    JoinRoom: lambda r: r.join(EVE),
}
"""What an archived room takes no more."""


@pytest.mark.parametrize("what", SPOKEN)
def test_an_archived_room_is_only_listened_to(what: type[StreamCommand]) -> None:
    room = talk(BOB)
    message = room.post(ANN)
    assert message == 3
    room.done(React, ANN, message=message, reaction="-1")
    room.done(ArchiveRoom, ANN)
    assert room.rows[FactKey("room", "")]["archived_at"] == room.now
    assert code(SPOKEN[what](room)) is Code.ARCHIVED
    assert not room.kind.may_signal(room.state, SendTyping(stream=ROOM), by=ANN, now=room.now)
    room.done(UnarchiveRoom, ANN)
    assert room.rows[FactKey("room", "")]["archived_at"] is None
    assert not isinstance(decision := SPOKEN[what](room), Refuse) or decision.code is not Code.ARCHIVED


@pytest.mark.parametrize("name", STRANGE)
def test_whatever_else_there_is_goes_on_in_an_archived_room(name: str) -> None:
    room = talk(BOB)
    room.done(ArchiveRoom, ANN)
    command = STRANGE[name](client_id=ID, stream=ROOM)
    if type(command) not in SPOKEN:
        decision = room.do(command, SYSTEM if isinstance(command, EraseUser) else ANN)
        assert not isinstance(decision, Refuse) or decision.code is not Code.ARCHIVED, (
            f"an archived room takes no {type(command).__name__}: add it to SPOKEN"
        )


def test_every_command_to_a_room_is_tried() -> None:
    every = {command for command in kinds.ROOM.all_commands if issubclass(command, StreamCommand)}
    strange = {type(make(client_id=ID, stream=ROOM)) for make in STRANGE.values()}
    assert every - strange == set(), "add what a stranger may send to STRANGE in talk.py"
    assert every - {command for command, _ in SOME} == set(), "add the command to SOME in commands.py"


def test_in_an_archived_room_one_may_leave_delete_and_moderate() -> None:
    room = talk(BOB, CAT)
    mine = room.post(BOB)
    room.done(ArchiveRoom, ANN)
    assert code(room.send(ArchiveRoom, ANN)) is Code.ALREADY_EXISTS
    assert room.view(BOB).archived
    for decision in (
        room.delete(BOB, mine),
        room.leave(BOB),
        room.send(BanUser, ANN, user=CAT),
        room.send(UnbanUser, ANN, user=CAT),
        room.send(UnarchiveRoom, ANN),
    ):
        assert isinstance(decision, Accept)
    assert code(room.send(UnarchiveRoom, ANN)) is Code.ALREADY_EXISTS


def test_removing_takes_a_room_from_everybody_and_restoring_gives_it_back() -> None:
    room = talk(BOB)
    room.done(RemoveRoom, ANN)
    assert room.headers()[-1].revokes == ("*",)
    assert not room.listens(ANN)
    assert not room.listens(BOB)
    assert room.rows[FactKey("room", "")]["deleted_at"] == room.now
    assert not room.kind.may_signal(room.state, SendTyping(stream=ROOM), by=ANN, now=room.now)
    room.done(RestoreRoom, ANN)
    assert room.listens(BOB)
    assert room.rows[FactKey("room", "")]["deleted_at"] is None
    assert FactKey(LISTENERS, NOBODY) not in room.rows
    assert code(room.send(RestoreRoom, ANN)) is Code.ALREADY_EXISTS
    assert room.post(BOB)


@pytest.mark.parametrize("by", [ANN, KEY])
def test_restoring_has_an_end(by: str) -> None:
    room = talk(BOB)
    room.done(RemoveRoom, ANN)
    removed_at = room.now
    room.now = removed_at + limits.ROOM_RESTORE_DAYS * DAY_MS
    assert room.send(RestoreRoom, by) == NOT_FOUND
    room.now = removed_at + limits.ROOM_RESTORE_DAYS * DAY_MS - 1
    assert isinstance(room.send(RestoreRoom, by), Accept)


def test_events_of_later_versions_change_nothing() -> None:
    from msgspec.structs import replace

    room = talk(BOB)
    later = replace(room.headers()[-1], type="room.levitated")
    assert room.kind.apply(room.state, later, None) == room.state
    assert room.kind.project(later, None) == ()
    assert room.kind.effects(later) == ()

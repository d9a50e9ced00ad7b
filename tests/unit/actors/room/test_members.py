"""Coming, going, roles, and what members may read."""

from __future__ import annotations

from typing import Any

import pytest

from actors.kind import Accept, Refuse
from protocol import limits
from protocol.codes import Code
from protocol.frames import StreamCommand
from protocol.ids import SYSTEM
from protocol.room.commands import (
    ArchiveRoom,
    BanUser,
    ChangeRoom,
    CreateInvite,
    DeleteMessage,
    InviteUser,
    KickMember,
    MuteMember,
    OpenDirect,
    PinMessage,
    PostMessage,
    React,
    RemoveRoom,
    SendTyping,
    SetRole,
    Unreact,
)
from tests.unit.actors.room.talk import (
    ANN,
    BOB,
    CAT,
    DAN,
    EVE,
    KEY,
    NOT_FOUND,
    OPERATORS,
    ROOM,
    Talk,
    code,
    direct,
    talk,
)


def test_joining_grants_and_joining_again_changes_nothing() -> None:
    room = talk(BOB)
    assert room.listens(BOB)
    before = room.state
    assert code(room.join(BOB)) is Code.ALREADY_EXISTS
    assert room.state == before


@pytest.mark.parametrize(
    ("access", "limit"), [("public", "ROOM_MEMBERS_MAX"), ("group", "GROUP_MEMBERS_MAX")]
)
def test_members_are_bounded(access: str, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, limit, 2)
    room = talk(BOB, access=access)
    if access == "group":
        room.done(InviteUser, BOB, user=EVE)
    assert code(room.join(EVE)) is Code.TOO_MANY
    room.leave(BOB)
    assert isinstance(room.join(EVE), Accept)


def test_leaving_revokes() -> None:
    room = talk(BOB)
    assert isinstance(room.leave(BOB), Accept)
    assert room.headers()[-1].revokes == (BOB,)
    assert not room.listens(BOB)
    assert room.room.owner == ANN
    assert code(room.leave(BOB)) is Code.NOT_A_MEMBER


def test_an_owner_who_leaves_passes_the_room_to_the_earliest_moderator_or_member() -> None:
    room = talk(BOB, CAT, DAN)
    room.done(SetRole, ANN, user=DAN, role="moderator")
    room.leave(ANN)
    assert (room.room.owner, room.room.moderators) == (DAN, ())
    assert room.marks() == {"owner": DAN}
    room.leave(DAN)
    assert room.room.owner == BOB


def test_an_empty_room_belongs_to_the_next_to_join() -> None:
    room = talk()
    room.leave(ANN)
    assert (room.room.owner, room.room.members, room.view(ANN).owner) == (None, {}, None)
    assert room.marks() == {"owner": ""}
    room.join(EVE)
    room.join(ANN)
    assert room.room.owner == EVE


def test_who_comes_later_reads_nothing_earlier_where_history_is_off() -> None:
    room = talk(BOB, history=False)
    assert room.view(BOB).readable_after == room.listens_after(BOB) == 1
    assert room.view(ANN).readable_after == room.listens_after(ANN) == 0
    assert room.marks() == {"history": False}
    room.post(BOB)
    room.leave(BOB)
    room.join(BOB)
    assert room.view(BOB).readable_after == room.listens_after(BOB) == len(room.log) - 1
    room.done(ChangeRoom, ANN, history=True, confirm=True)
    assert room.view(BOB).readable_after > 0
    room.leave(BOB)
    room.join(BOB)
    assert room.view(BOB).readable_after == room.listens_after(BOB) == 0


@pytest.mark.parametrize(
    ("before", "change", "field"),
    [
        ({"access": "private"}, {"access": "public"}, "access"),
        ({"history": False}, {"history": True}, "history"),
        ({"access": "private", "history": False}, {"access": "public", "history": True}, "access"),
    ],
)
def test_what_others_could_then_read_is_told_before_it_is_done(
    before: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    nothing_to_read = talk(**before)
    nothing_to_read.done(ChangeRoom, ANN, **change)
    room = talk(**before)
    room.post(ANN)
    room.post(ANN)
    settings = room.room
    refusal = room.send(ChangeRoom, ANN, **change)
    assert code(refusal, field) is Code.CONFIRM_NEEDED
    assert isinstance(refusal, Refuse) and "2 messages become readable" in (refusal.message or "")
    assert room.room == settings
    room.done(ChangeRoom, ANN, **change, confirm=True)
    # What is so already, or hides messages, needs no word.
    room.done(ChangeRoom, ANN, **change)
    room.done(ChangeRoom, ANN, access="private", history=False)


def test_messages_that_one_may_not_read_arent_there() -> None:
    room = talk(history=False)
    early = room.post(ANN)
    room.join(BOB)
    room.done(SetRole, ANN, user=BOB, role="moderator")
    for decision in (
        room.delete(BOB, early),
        room.send(React, BOB, message=early, reaction="👍"),
        room.send(PinMessage, BOB, message=early),
    ):
        assert code(decision, "message") is Code.NOT_FOUND
    assert code(room.send(PostMessage, BOB, body="x", reply_to=early), "reply_to") is Code.NOT_FOUND
    assert code(room.send(PostMessage, BOB, body="x", thread=early), "thread") is Code.NOT_FOUND


# --- kick ---


def test_moderators_kick_members_and_nobody_above() -> None:
    room = talk(BOB, CAT, DAN)
    for moderator in (BOB, CAT):
        room.done(SetRole, ANN, user=moderator, role="moderator")
    assert code(room.kick(DAN, BOB)) is Code.FORBIDDEN
    assert code(room.kick(BOB, CAT)) is Code.FORBIDDEN
    assert code(room.kick(BOB, ANN)) is Code.FORBIDDEN
    assert code(room.kick(BOB, BOB), "user") is Code.INVALID
    assert code(room.kick(BOB, EVE), "user") is Code.NOT_FOUND
    assert isinstance(room.kick(BOB, DAN), Accept)
    assert room.headers()[-1].revokes == (DAN,)
    assert (room.listens(DAN), DAN in room.room.members) == (False, False)
    assert isinstance(room.kick(ANN, CAT), Accept)
    assert room.room.moderators == (BOB,)
    assert isinstance(room.join(DAN), Accept)


@pytest.mark.parametrize("by", OPERATORS)
def test_operators_are_above_the_owner(by: str) -> None:
    room = talk(BOB)
    assert isinstance(room.kick(by, ANN), Accept)
    assert room.room.owner == BOB


# --- roles ---


def test_roles_are_the_owners_to_give() -> None:
    room = talk(BOB, CAT)
    assert code(room.send(SetRole, BOB, user=CAT, role="moderator")) is Code.FORBIDDEN
    room.done(SetRole, ANN, user=BOB, role="moderator")
    assert room.marks() == {"user": BOB, "role": "moderator"}
    assert room.view(CAT).moderators == [BOB]
    assert code(room.send(SetRole, ANN, user=BOB, role="moderator")) is Code.ALREADY_EXISTS
    assert code(room.send(SetRole, BOB, user=CAT, role="moderator")) is Code.FORBIDDEN
    assert code(room.send(SetRole, ANN, user=EVE, role="moderator"), "user") is Code.NOT_FOUND
    assert code(room.send(SetRole, ANN, user=ANN, role="member"), "user") is Code.INVALID
    room.done(SetRole, ANN, user=BOB, role="member")
    assert room.room.moderators == ()


def test_a_new_owner_makes_the_old_one_a_moderator() -> None:
    room = talk(BOB)
    room.done(SetRole, ANN, user=BOB, role="owner")
    assert (room.room.owner, room.room.moderators) == (BOB, (ANN,))
    assert room.marks() == {"user": BOB, "role": "owner", "owner": BOB, "former": ANN}
    room.done(SetRole, KEY, user=ANN, role="owner")
    assert (room.room.owner, room.room.moderators) == (ANN, (BOB,))
    assert code(room.send(SetRole, KEY, user=ANN, role="member"), "role") is Code.INVALID


def test_moderators_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ROOM_MODERATORS_MAX", 1)
    room = talk(BOB, CAT)
    room.done(SetRole, ANN, user=BOB, role="moderator")
    assert code(room.send(SetRole, ANN, user=CAT, role="moderator")) is Code.TOO_MANY
    assert code(room.send(SetRole, ANN, user=CAT, role="owner")) is Code.TOO_MANY
    room.done(SetRole, ANN, user=BOB, role="owner")
    assert room.room.moderators == (ANN,)


# --- typing ---


def test_members_may_tell_that_they_type() -> None:
    room, typing = talk(BOB), SendTyping(stream=ROOM)

    def may(*users: str) -> list[bool]:
        return [room.kind.may_signal(room.state, typing, by=user, now=room.now) for user in users]

    assert may(ANN, BOB, EVE) == [True, True, False]
    room.done(MuteMember, ANN, user=BOB, for_s=60)
    assert may(ANN, BOB) == [True, False]
    room.now += 60_000
    assert may(ANN, BOB) == [True, True]


# --- direct rooms ---


def test_a_pair_has_one_direct_room_whoever_opens_it() -> None:
    kind = Talk().kind
    command = lambda user: OpenDirect(client_id="0" * 8, user=user)  # noqa: E731
    assert kind.stream_of(command(BOB), by=ANN) == kind.stream_of(command(ANN), by=BOB)
    assert kind.stream_of(command(CAT), by=ANN) != kind.stream_of(command(BOB), by=ANN)
    room = direct(BOB, ANN)
    assert room.keyed("room")[""]["peer"] == ANN
    assert (room.listens(ANN), room.listens(BOB), room.view(ANN).owner) == (True, True, None)
    events = len(room.log)
    for by, user in ((ANN, BOB), (BOB, ANN)):
        assert room.open(by, user) == Accept()
    assert len(room.log) == events


def test_who_may_open_a_direct_room() -> None:
    room = Talk()
    assert code(room.open(ANN, ANN), "user") is Code.INVALID
    assert code(room.open(ANN, "user:" + "7" * 32), "user") is Code.NOT_FOUND
    room.people.add(BOB, "bob", direct_from="nobody")
    room.people.befriend(ANN, BOB)
    assert code(room.open(ANN, BOB)) is Code.BLOCKED
    room.people.add(BOB, "bob", direct_from="friends")
    room.people.block(BOB, ANN)
    assert code(room.open(ANN, BOB)) is Code.BLOCKED
    assert code(room.open(BOB, ANN)) is Code.BLOCKED
    for key in [key for key in room.people if key.table == "block"]:
        del room.people[key]
    assert isinstance(room.open(ANN, BOB), Accept)
    stranger = Talk()
    stranger.people.add(BOB, "bob", direct_from="friends")
    assert code(stranger.open(ANN, BOB)) is Code.BLOCKED


@pytest.mark.parametrize(("who", "whom"), [(ANN, BOB), (BOB, ANN)])
def test_a_block_silences_a_direct_room(who: str, whom: str) -> None:
    room = direct()
    mine = room.post(ANN)
    theirs = room.post(BOB)
    room.done(React, ANN, message=theirs, reaction="👍")
    room.people.block(who, whom)
    for decision in (
        room.send(PostMessage, ANN, body="x"),
        room.send(PostMessage, BOB, body="x"),
        room.edit(ANN, mine),
        room.send(React, ANN, message=theirs, reaction="👎"),
    ):
        assert code(decision) is Code.BLOCKED
    assert isinstance(room.send(Unreact, ANN, message=theirs, reaction="👍"), Accept)
    assert isinstance(room.delete(ANN, mine), Accept)


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        (PostMessage, {"body": "The match begins."}),
        (DeleteMessage, {"message": 2}),
        (PinMessage, {"message": 2}),
        (React, {"message": 2, "reaction": "👍"}),
        (InviteUser, {"user": CAT}),
        (KickMember, {"user": BOB}),
    ],
)
def test_to_a_key_a_direct_room_is_missing(command: type[StreamCommand], fields: dict[str, Any]) -> None:
    room = direct()
    room.post(ANN)
    assert room.send(command, KEY, **fields) == NOT_FOUND


def test_what_nobody_does_in_a_direct_room() -> None:
    room = direct()
    message = room.post(ANN)
    for by in (ANN, SYSTEM):
        for decision in (
            room.leave(by),
            room.kick(by, BOB),
            room.send(BanUser, by, user=BOB),
            room.send(MuteMember, by, user=BOB, for_s=9),
            room.send(InviteUser, by, user=CAT),
            room.send(CreateInvite, by),
            room.send(SetRole, by, user=BOB, role="owner"),
            room.send(ChangeRoom, by, access="public"),
            room.send(RemoveRoom, by),
            room.send(ArchiveRoom, by),
        ):
            assert code(decision) is Code.FORBIDDEN
    assert code(room.delete(BOB, message), "message") is Code.FORBIDDEN
    assert isinstance(room.send(PinMessage, BOB, message=message), Accept)
    assert room.post(BOB, "@Ann")
    assert room.marks()["mentions"] == (ANN,)

"""Mutes, bans, invitations and invites."""

from __future__ import annotations

from typing import Any

import pytest

from actors.kind import Accept, Refuse
from protocol import limits
from protocol.codes import Code
from protocol.room.commands import (
    BanUser,
    CreateInvite,
    InviteUser,
    KickMember,
    MuteMember,
    PostMessage,
    React,
    RevokeInvite,
    SetRole,
    UnbanUser,
    UninviteUser,
    UnmuteMember,
)
from tests.unit.actors.room.talk import ANN, BOB, CAT, DAN, EVE, KEY, NOT_FOUND, Talk, code, talk

WRONG = "1-" + "0" * 24


@pytest.fixture
def room() -> Talk:
    """Ann's public room; Cat moderates, Bob and Dan are in it."""
    made = talk(BOB, CAT, DAN)
    made.done(SetRole, ANN, user=CAT, role="moderator")
    return made


# --- mute ---

SAID: dict[str, Any] = {
    "post": lambda r: r.send(PostMessage, BOB, body="x"),
    "edit": lambda r: r.edit(BOB, 6),
    "react": lambda r: r.send(React, BOB, message=6, reaction="👍"),
    "invite": lambda r: r.send(InviteUser, BOB, user=EVE),
}


@pytest.mark.parametrize("what", SAID)
def test_who_is_muted_only_listens_for_a_while(room: Talk, what: str) -> None:
    assert room.post(BOB) == 6
    room.done(MuteMember, CAT, user=BOB, for_s=60, reason="loud")
    until = room.now + 60_000
    assert room.marks() == {"user": BOB, "until": until}
    assert (room.view(BOB).muted_until, room.view(ANN).muted_until) == (until, None)
    assert room.keyed("mute")[BOB] == {"by": CAT, "at": room.now, "until": until, "reason": "loud"}
    decision = SAID[what](room)
    assert isinstance(decision, Refuse)
    assert (decision.code, decision.retry_after_s) == (Code.MUTED, 59.999)
    room.now = until - 2
    assert code(SAID[what](room)) is Code.MUTED
    assert isinstance(SAID[what](room), Accept)  # its time is over, without an event


def test_who_is_muted_may_delete_and_leave_and_stays_muted(room: Talk) -> None:
    message = room.post(BOB)
    room.done(MuteMember, CAT, user=BOB, for_s=60)
    assert isinstance(room.delete(BOB, message), Accept)
    assert isinstance(room.leave(BOB), Accept)
    assert isinstance(room.join(BOB), Accept)
    assert code(room.send(PostMessage, BOB, body="x")) is Code.MUTED
    assert code(room.send(UnmuteMember, BOB, user=BOB)) is Code.FORBIDDEN
    room.done(UnmuteMember, CAT, user=BOB)
    room.post(BOB)
    assert room.keyed("mute") == {}
    assert code(room.send(UnmuteMember, CAT, user=BOB), "user") is Code.NOT_FOUND


def test_a_muted_moderator_doesnt_free_themselves(room: Talk) -> None:
    room.done(MuteMember, ANN, user=CAT, for_s=60)
    assert code(room.send(UnmuteMember, CAT, user=CAT), "user") is Code.INVALID


@pytest.mark.parametrize(("command", "fields"), [(MuteMember, {"for_s": 9}), (BanUser, {}), (KickMember, {})])
def test_nobody_acts_on_equals_or_above(room: Talk, command: type, fields: dict[str, Any]) -> None:
    room.done(SetRole, ANN, user=DAN, role="moderator")
    for by, user, field, why in (
        (BOB, DAN, None, Code.FORBIDDEN),
        (CAT, DAN, None, Code.FORBIDDEN),
        (CAT, ANN, None, Code.FORBIDDEN),
        (CAT, CAT, "user", Code.INVALID),
        (ANN, ANN, "user", Code.INVALID),
    ):
        assert code(room.send(command, by, user=user, **fields), field) is why
    room.done(command, ANN, user=DAN, **fields)
    room.done(command, KEY, user=ANN, **fields)


def test_mutes_and_bans_are_bounded_and_expired_ones_dont_count(
    room: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ROOM_MUTES_MAX", 1)
    monkeypatch.setattr(limits, "ROOM_BANS_MAX", 1)
    room.done(MuteMember, ANN, user=BOB, for_s=60)
    room.done(MuteMember, ANN, user=BOB, for_s=90)
    assert code(room.send(MuteMember, ANN, user=DAN, for_s=9)) is Code.TOO_MANY
    room.done(BanUser, ANN, user=EVE, for_s=60)
    room.done(BanUser, ANN, user=EVE, for_s=90)
    assert code(room.send(BanUser, ANN, user=DAN)) is Code.TOO_MANY
    room.later(90)
    room.done(MuteMember, ANN, user=DAN, for_s=9)
    room.done(BanUser, ANN, user=DAN)
    assert (set(room.room.muted), set(room.room.banned)) == ({DAN}, {DAN})


# --- bans ---


def test_a_ban_outlives_membership_until_it_ends(room: Talk) -> None:
    room.done(BanUser, CAT, user=BOB, for_s=60, reason="cheats")
    until = room.now + 60_000
    assert room.headers()[-1].revokes == (BOB,)
    assert room.marks() == {"user": BOB, "until": until}
    assert not room.listens(BOB)
    assert room.keyed("ban")[BOB] == {"by": CAT, "at": room.now, "until": until, "reason": "cheats"}
    assert code(room.join(BOB)) is Code.BANNED
    room.now = until - 1
    assert isinstance(room.join(BOB), Accept)


def test_a_ban_without_end_is_lifted(room: Talk) -> None:
    room.done(BanUser, CAT, user=EVE)
    assert room.headers()[-1].revokes == ()
    assert room.marks() == {"user": EVE}
    room.later(10**8)
    assert code(room.join(EVE)) is Code.BANNED
    assert code(room.send(UnbanUser, BOB, user=EVE)) is Code.FORBIDDEN
    room.done(UnbanUser, CAT, user=EVE)
    assert room.keyed("ban") == {}
    assert code(room.send(UnbanUser, CAT, user=EVE), "user") is Code.NOT_FOUND
    assert isinstance(room.join(EVE), Accept)


def test_a_banned_owner_is_followed_by_the_next(room: Talk) -> None:
    room.done(BanUser, KEY, user=ANN)
    assert room.marks() == {"user": ANN, "owner": CAT}
    assert (room.room.owner, room.room.moderators) == (CAT, ())


def test_a_ban_takes_the_invitation_and_keeps_others_from_inviting() -> None:
    room = talk(access="private")
    room.done(InviteUser, ANN, user=EVE)
    made = room.done(CreateInvite, ANN)
    room.done(BanUser, ANN, user=EVE)
    assert room.room.invited == room.keyed("invited") == {}
    assert code(room.send(InviteUser, ANN, user=EVE), "user") is Code.FORBIDDEN
    assert room.join(EVE) == NOT_FOUND
    assert code(room.join(EVE, made.code)) is Code.BANNED


# --- invitations ---


def test_invitations_let_in_once() -> None:
    room = talk(access="private")
    assert room.join(BOB) == NOT_FOUND
    room.done(InviteUser, ANN, user=BOB)
    assert room.keyed("invited") == {BOB: {"by": ANN, "at": room.now}}
    assert code(room.send(InviteUser, ANN, user=BOB), "user") is Code.ALREADY_EXISTS
    assert isinstance(room.join(BOB, WRONG), Accept)
    assert room.room.invited == room.keyed("invited") == {}
    assert code(room.send(InviteUser, ANN, user=BOB), "user") is Code.ALREADY_EXISTS
    room.leave(BOB)
    assert room.join(BOB) == NOT_FOUND


@pytest.mark.parametrize(("access", "allowed"), [("public", True), ("private", False), ("group", True)])
def test_who_invites(access: str, allowed: bool) -> None:
    room = talk(BOB, access=access)
    assert isinstance(room.send(InviteUser, BOB, user=EVE), Accept) == allowed
    assert isinstance(room.send(CreateInvite, BOB), Accept) == (access == "group")
    assert isinstance(room.send(InviteUser, ANN, user=DAN), Accept)
    assert isinstance(room.send(CreateInvite, KEY), Accept)


def test_blocks_and_privacy_forbid_invitations() -> None:
    room = talk(access="private")
    assert code(room.send(InviteUser, ANN, user="user:" + "7" * 32), "user") is Code.NOT_FOUND
    room.people.add(EVE, "eve", invites_from="friends")
    assert code(room.send(InviteUser, ANN, user=EVE)) is Code.BLOCKED
    room.people.befriend(ANN, EVE)
    room.people.block(EVE, ANN)
    assert code(room.send(InviteUser, ANN, user=EVE)) is Code.BLOCKED
    room.done(InviteUser, KEY, user=EVE)
    room.people.block(ANN, DAN)
    assert code(room.send(InviteUser, ANN, user=DAN)) is Code.BLOCKED
    room.people.befriend(ANN, CAT)
    room.people.add(CAT, "cat", invites_from="friends")
    room.done(InviteUser, ANN, user=CAT)


def test_invitations_are_bounded_taken_back_and_declined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ROOM_INVITED_MAX", 1)
    room = talk(BOB, access="group")
    room.done(InviteUser, BOB, user=EVE)
    assert code(room.send(InviteUser, BOB, user=DAN)) is Code.TOO_MANY
    assert code(room.send(UninviteUser, BOB, user=EVE)) is Code.FORBIDDEN
    assert room.send(UninviteUser, DAN, user=DAN) == NOT_FOUND
    room.done(UninviteUser, EVE, user=EVE)
    assert room.keyed("invited") == {}
    room.done(InviteUser, BOB, user=DAN)
    room.done(UninviteUser, ANN, user=DAN)
    assert room.room.invited == {}
    assert code(room.send(UninviteUser, ANN, user=DAN), "user") is Code.NOT_FOUND


# --- invites by code ---


def test_a_code_lets_so_many_in() -> None:
    room = talk(access="private")
    made = room.done(CreateInvite, ANN, uses=2, lifetime_s=60)
    assert (made.invite, made.expires_at) == (1, room.now + 60_000)
    assert room.marks() == {"invite": 1, "expires_at": made.expires_at, "uses": 2}
    assert all(made.code.encode() not in row for row, _ in room.log)
    for n, user in enumerate((BOB, CAT), 1):
        assert isinstance(room.join(user, made.code), Accept)
        assert room.marks() == {"invite": 1, "used": n}
        assert room.keyed("invite")["1"]["used"] == n
    assert code(room.join(DAN, made.code), "invite") is Code.INVITE_INVALID


def test_a_code_expires_and_is_revoked() -> None:
    room = talk(access="private")
    first = room.done(CreateInvite, ANN, lifetime_s=60)
    second = room.done(CreateInvite, ANN)
    assert (second.invite, second.code != first.code) == (2, True)
    room.later(60)
    assert code(room.join(EVE, first.code), "invite") is Code.INVITE_INVALID
    assert code(room.send(RevokeInvite, ANN, invite=9), "invite") is Code.NOT_FOUND
    room.done(RevokeInvite, ANN, invite=2)
    assert code(room.join(EVE, second.code), "invite") is Code.INVITE_INVALID
    assert set(room.keyed("invite")) == {"1"}


@pytest.mark.parametrize("access", ["private", "group"])
def test_guessing_a_code_tells_nothing(access: str) -> None:
    room = talk(access=access)
    made = room.done(CreateInvite, ANN)
    last = "0" if made.code[-1] != "0" else "1"
    for guess in (WRONG, "2" + made.code[1:], made.code[:-1] + last, "999999999-" + "f" * 24):
        assert room.join(EVE, guess) == NOT_FOUND == Talk().join(EVE, guess)
    elsewhere = Talk("room:" + "2" * 32)
    elsewhere.create(access="private")
    assert elsewhere.join(EVE, made.code) == NOT_FOUND


def test_in_a_public_room_a_wrong_code_is_refused_and_a_good_one_isnt_used_up() -> None:
    room = talk()
    made = room.done(CreateInvite, ANN, uses=1)
    assert code(room.join(EVE, WRONG), "invite") is Code.INVITE_INVALID
    assert isinstance(room.join(EVE, made.code), Accept)
    assert room.marks() == {}


def test_invites_are_bounded_and_expired_ones_dont_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ROOM_INVITES_MAX", 1)
    room = talk()
    room.done(CreateInvite, ANN, lifetime_s=60)
    assert code(room.send(CreateInvite, ANN)) is Code.TOO_MANY
    room.later(60)
    room.done(CreateInvite, ANN)
    assert (list(room.room.invites), room.room.invites_made) == ([2], 2)

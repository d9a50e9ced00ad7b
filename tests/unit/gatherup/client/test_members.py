"""Who is in a room, as a client knows it: the count is always right, and nobody is named who isn't in."""

from __future__ import annotations

import random

import msgspec
import pytest

from actors.kind import Accept
from gatherup.client import Event, Members, Signal, Snapshot
from protocol import limits
from protocol.event import Header
from protocol.frames import Position
from protocol.ids import SYSTEM
from protocol.room.commands import (
    BanUser,
    EraseUser,
    JoinRoom,
    KickMember,
    LeaveRoom,
    PostMessage,
    RemoveRoom,
)
from tests.unit.actors.room.talk import ANN, BOB, CAT, KEY, ROOM, Talk, direct, talk

CROWD = [f"user:{number:032x}" for number in range(limits.VIEW_MEMBERS_MAX + 60)]


def at(seq: int, incarnation: int = 1) -> Position:
    return Position(stream=ROOM, incarnation=incarnation, seq=seq)


def event(header: Header, payload: object = None) -> Event:
    return Event(header=header, payload=payload, position=at(header.seq))


def snapshot(of: Talk, incarnation: int = 1) -> Snapshot:
    seq = len(of.log)
    return Snapshot(stream=ROOM, view=of.view(ANN), head=seq, position=at(seq, incarnation))


def crowded() -> Talk:
    """Ann's room with more members than a snapshot names."""
    return talk(*CROWD)


def told(members: Members, of: Talk, after: int) -> None:
    """The events since."""
    for header in of.headers()[after:]:
        members.take(event(header))


def test_nothing_is_known_before_the_first_item() -> None:
    members = Members()
    assert (members.count, set(members.known), members.complete) == (None, set(), False)
    told(members, talk(BOB), after=1)  # whoever resumes from a position of another run has no snapshot
    assert (members.count, members.complete) == (None, False)
    assert not members.learn(at(9), [ANN])


def test_a_small_room_is_known_whole_from_its_snapshot_or_its_first_event() -> None:
    room = talk(BOB)
    shown, followed = Members(), Members()
    shown.take(snapshot(room))
    told(followed, room, after=0)
    told(two := Members(), direct(), after=0)
    told(made_by_a_key := Members(), operated(), after=0)
    assert (shown.count, set(shown.known), shown.complete) == (2, {ANN, BOB}, True)
    assert (followed.count, set(followed.known), followed.complete) == (2, {ANN, BOB}, True)
    assert (two.count, set(two.known), two.complete) == (2, {ANN, BOB}, True)
    assert (made_by_a_key.count, made_by_a_key.complete) == (0, True)


def operated() -> Talk:
    made = Talk()
    assert isinstance(made.create(by=KEY), Accept)
    return made


def test_the_count_follows_every_way_in_and_out() -> None:
    room = crowded()
    members = Members()
    members.take(snapshot(room))
    everybody = len(CROWD) + 1
    assert (members.count, len(members.known), members.complete) == (
        everybody,
        limits.VIEW_MEMBERS_MAX,
        False,
    )
    for command, by, fields, change in [
        (JoinRoom, BOB, {}, 1),
        (PostMessage, BOB, {"body": "hi"}, 0),
        (LeaveRoom, CROWD[0], {}, -1),
        (KickMember, ANN, {"user": CROWD[-1]}, -1),
        (BanUser, ANN, {"user": CROWD[-2]}, -1),
        (BanUser, ANN, {"user": CAT}, 0),  # isn't in
        (EraseUser, SYSTEM, {"user": CROWD[-3]}, -1),
        (JoinRoom, CROWD[0], {}, 1),
        (RemoveRoom, ANN, {}, 0),  # revokes everybody's right to listen, and nobody's membership
    ]:
        before = len(room.log)
        room.done(command, by, **fields)
        told(members, room, before)
        everybody += change
        assert members.count == everybody == len(room.room.members), command
        assert set(members.known) <= set(room.room.members)
    members.take(Signal(stream=ROOM, author=ANN, type="room.typing", data={}))
    assert members.count == everybody


def test_a_page_completes_what_the_snapshot_left_out() -> None:
    room = crowded()
    members = Members()
    members.take(snapshot(room))
    everybody = list(room.room.members)
    assert members.learn(at(len(room.log)), everybody[:50])
    assert not members.complete
    assert members.learn(at(len(room.log)), everybody[50:])
    assert (set(members.known), members.complete) == (set(everybody), True)


def test_a_page_that_is_too_old_or_of_another_history_is_refused() -> None:
    room = crowded()
    members = Members()
    members.take(snapshot(room))
    assert not members.learn(at(len(room.log) - 1), CROWD)
    assert not members.learn(at(len(room.log), incarnation=2), CROWD)
    assert len(members.known) == limits.VIEW_MEMBERS_MAX
    members.take(snapshot(room, incarnation=2))
    assert members.learn(at(len(room.log), incarnation=2), [ANN, *CROWD])
    assert members.complete


def test_of_those_who_left_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatherup.client.members.GONE_MAX", 2)
    room = crowded()
    members = Members()
    members.take(snapshot(room))
    page, everybody = at(len(room.log)), list(room.room.members)
    for user in CROWD[-2:]:
        room.leave(user)
    told(members, room, page.seq)
    assert members.learn(page, everybody[:10])
    room.leave(CROWD[-3])
    told(members, room, page.seq + 2)
    assert not members.learn(page, everybody)  # who left first would come back
    assert members.learn(at(page.seq + 1), everybody[:-2])
    assert (set(members.known), members.complete) == (set(room.room.members), True)


def test_the_view_of_an_older_server_names_everybody() -> None:
    shown = snapshot(talk(BOB))
    old = msgspec.structs.replace(shown.view, member_count=0, role=None)
    members = Members()
    members.take(msgspec.structs.replace(shown, view=old))
    assert (members.count, members.complete) == (2, True)


@pytest.mark.parametrize("seed", range(40))
def test_whenever_pages_are_read_all_comes_out_right(seed: int) -> None:
    """Pages from behind the reader and from ahead of it; whoever is complete names exactly who is in."""
    chance = random.Random(seed)
    room = crowded()
    start = len(room.log)
    inside = {start: list(room.room.members)}
    shown = snapshot(room)
    for _ in range(120):
        _somebody_moves(room, chance)
        inside[len(room.log)] = list(room.room.members)
    headers, seqs = room.headers(), sorted(inside)
    members = Members()
    members.take(shown)
    for seq in seqs[1:]:
        told_to = headers[seq - 1]
        members.take(event(told_to))
        if chance.random() < 0.1:  # one page of two, read somewhere around here
            read_at = chance.choice([other for other in seqs if abs(other - seq) < 30])
            half = sorted([*CROWD, ANN])[chance.randrange(2) :: 2]
            assert members.learn(at(read_at), [user for user in inside[read_at] if user in half])
        assert members.count == len(inside[seq])
        if members.complete:
            assert set(members.known) == set(inside[seq])
    assert members.learn(at(seqs[-1]), inside[seqs[-1]])
    assert (members.complete, set(members.known)) == (True, set(inside[seqs[-1]]))


def _somebody_moves(room: Talk, chance: random.Random) -> None:
    """One event: somebody comes, or goes one way or another."""
    user = chance.choice(CROWD)
    if user not in room.room.members:
        room.done(JoinRoom, user)
        return
    match chance.randrange(3):
        case 0:
            room.done(LeaveRoom, user)
        case 1:
            room.done(KickMember, ANN, user=user)
        case _:
            room.done(EraseUser, SYSTEM, user=user)

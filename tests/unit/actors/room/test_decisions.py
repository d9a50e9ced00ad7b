"""Every decision of a room and every refusal, by example."""

from __future__ import annotations

from typing import Any

import pytest

from actors.kind import LISTENERS, Accept, Decision, FactKey, Refuse
from actors.room.kind import RoomKind
from protocol import limits
from protocol.codes import Code
from protocol.ids import SYSTEM, derive_client_id
from protocol.room import (
    CreateRoom,
    DeleteMessage,
    EditMessage,
    JoinRoom,
    KickMember,
    LeaveRoom,
    PostMessage,
    RoomView,
    SendTyping,
)
from tests.fold import Folded

ROOM = "room:" + "1" * 32
ANN, BOB, EVE = (f"user:{letter * 32}" for letter in "abe")
ID = derive_client_id("test")
STRANGE = [
    JoinRoom,
    LeaveRoom,
    lambda **k: PostMessage(body="x", **k),
    lambda **k: EditMessage(message=1, body="x", **k),
    lambda **k: DeleteMessage(message=1, **k),
    lambda **k: KickMember(user=ANN, **k),
]


class Talk(Folded):
    """A room with a word for each command."""

    def __init__(self) -> None:
        super().__init__(RoomKind(), ROOM)

    def create(self, by: str = ANN, *, public: bool = True) -> Decision:
        return self.do(CreateRoom(client_id=ID, name="Chess", public=public), by)

    def join(self, by: str) -> Decision:
        return self.do(JoinRoom(client_id=ID, stream=ROOM), by)

    def leave(self, by: str) -> Decision:
        return self.do(LeaveRoom(client_id=ID, stream=ROOM), by)

    def post(self, by: str, body: str = "hi") -> int:
        """Post and return the seq."""
        assert isinstance(self.do(PostMessage(client_id=ID, stream=ROOM, body=body), by), Accept)
        return len(self.log)

    def edit(self, by: str, message: int, body: str = "ho") -> Decision:
        return self.do(EditMessage(client_id=ID, stream=ROOM, message=message, body=body), by)

    def delete(self, by: str, message: int) -> Decision:
        return self.do(DeleteMessage(client_id=ID, stream=ROOM, message=message), by)

    def kick(self, by: str, user: str) -> Decision:
        return self.do(KickMember(client_id=ID, stream=ROOM, user=user, reason="spam"), by)

    def row(self, message: int) -> dict[str, Any]:
        return dict(self.rows[FactKey("message", str(message))])

    def listens(self, user: str) -> bool:
        return FactKey(LISTENERS, user) in self.rows


@pytest.fixture
def room() -> Talk:
    """Ann's public room, with Bob in it; Eve is a stranger."""
    room = Talk()
    assert isinstance(room.create(), Accept)
    assert isinstance(room.join(BOB), Accept)
    return room


def refused(decision: Decision, field: str | None = None) -> Code:
    assert isinstance(decision, Refuse)
    assert decision.field == field
    return decision.code


def test_create_makes_an_owner_who_listens() -> None:
    room = Talk()
    assert isinstance(room.create(), Accept)
    assert room.kind.view(room.state, EVE) == RoomView(
        room=ROOM, owner=ANN, public=True, members=[ANN], messages=0
    )
    assert room.rows[FactKey("room", "")] == {
        "name": "Chess",
        "public": True,
        "creator": ANN,
        "created_at": room.now,
        "deleted_at": None,
    }
    assert room.listens(ANN)
    assert refused(room.create(BOB)) is Code.ALREADY_EXISTS


@pytest.mark.parametrize("by", [SYSTEM, ROOM, "key:" + "0" * 32])
def test_only_users_are_members(room: Talk, by: str) -> None:
    assert refused(Talk().create(by)) is Code.FORBIDDEN
    assert refused(room.join(by)) is Code.FORBIDDEN


@pytest.mark.parametrize("command", STRANGE)
def test_a_room_that_was_never_made_is_not_found(command: Any) -> None:
    assert refused(Talk().do(command(client_id=ID, stream=ROOM), ANN)) is Code.NOT_FOUND


@pytest.mark.parametrize("command", STRANGE)
def test_a_private_room_is_not_found_by_strangers(command: Any) -> None:
    room = Talk()
    room.create(public=False)
    assert refused(room.do(command(client_id=ID, stream=ROOM), EVE)) is Code.NOT_FOUND
    assert refused(room.join(ANN)) is Code.ALREADY_EXISTS


@pytest.mark.parametrize("command", STRANGE[1:])
def test_a_public_room_tells_strangers_to_join(room: Talk, command: Any) -> None:
    assert refused(room.do(command(client_id=ID, stream=ROOM), EVE)) is Code.NOT_A_MEMBER


def test_join_grants_and_joining_again_changes_nothing(room: Talk) -> None:
    assert room.listens(BOB)
    before = room.state
    assert refused(room.join(BOB)) is Code.ALREADY_EXISTS
    assert room.state == before


def test_members_are_bounded(room: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ROOM_MEMBERS_MAX", 2)
    assert refused(room.join(EVE)) is Code.TOO_MANY
    room.leave(BOB)
    assert isinstance(room.join(EVE), Accept)


def test_leave_revokes(room: Talk) -> None:
    assert isinstance(room.leave(BOB), Accept)
    assert room.headers()[-1].revokes == (BOB,)
    assert not room.listens(BOB)
    assert room.state.owner == ANN
    assert refused(room.leave(BOB)) is Code.NOT_A_MEMBER


def test_an_owner_who_leaves_passes_the_room_to_the_earliest_member(room: Talk) -> None:
    room.join(EVE)
    room.leave(BOB)
    room.join(BOB)
    room.leave(ANN)
    assert room.state.owner == EVE
    assert room.headers()[-1].marks == {"owner": EVE}
    room.join(ANN)
    room.leave(EVE)
    assert room.state.owner == BOB


def test_an_empty_room_belongs_to_the_next_to_join(room: Talk) -> None:
    room.leave(BOB)
    room.leave(ANN)
    view = room.kind.view(room.state, ANN)
    assert (room.state.owner, room.state.members, view) == (
        None,
        {},
        RoomView(room=ROOM, owner=None, public=True, members=[], messages=0),
    )
    room.join(EVE)
    room.join(ANN)
    assert room.state.owner == EVE


def test_messages_are_numbered(room: Talk) -> None:
    first, second = room.post(ANN), room.post(BOB, "ha")
    assert [h.marks for h in room.headers()[-2:]] == [{"number": 1}, {"number": 2}]
    assert room.state.messages == 2
    assert room.row(second) == {
        "number": 2,
        "author": BOB,
        "body": "ha",
        "at": room.now,
        "edited_at": None,
        "deleted_at": None,
        "edits": [],
    }
    assert room.row(first)["number"] == 1


def test_only_its_author_edits_a_message(room: Talk) -> None:
    message = room.post(BOB)
    posted_at = room.now
    assert isinstance(room.edit(BOB, message, "one"), Accept)
    assert isinstance(room.edit(BOB, message, "two"), Accept)
    row = room.row(message)
    assert (row["body"], row["at"], row["edited_at"]) == ("two", posted_at, room.now)
    assert row["edits"] == [message + 1, message + 2]
    assert refused(room.edit(ANN, message), "message") is Code.FORBIDDEN
    assert refused(room.edit(BOB, message + 1), "message") is Code.NOT_FOUND
    assert refused(room.edit(BOB, 999), "message") is Code.NOT_FOUND


def test_edits_are_bounded_so_that_one_event_can_erase_them(room: Talk) -> None:
    message = room.post(BOB)
    for _ in range(limits.EDITS_PER_MESSAGE_MAX):
        assert isinstance(room.edit(BOB, message), Accept)
    assert refused(room.edit(BOB, message), "message") is Code.TOO_MANY
    assert isinstance(room.delete(BOB, message), Accept)
    assert len(room.headers()[-1].erases) == limits.EDITS_PER_MESSAGE_MAX + 1 <= limits.ERASE_SEQS_MAX


@pytest.mark.parametrize("by", [ANN, BOB])
def test_author_and_owner_delete_a_message_with_all_its_bodies(room: Talk, by: str) -> None:
    message = room.post(BOB)
    at = room.now
    room.post(ANN)
    room.edit(BOB, message)
    assert isinstance(room.delete(by, message), Accept)
    assert room.headers()[-1].erases == (message, message + 2)
    assert [payload is None for _, payload in room.log[2:]] == [True, False, True, False]
    assert room.row(message) == {
        "number": 1,
        "author": BOB,
        "body": None,
        "at": at,
        "edited_at": None,
        "deleted_at": room.now,
        "edits": [],
    }
    assert refused(room.delete(by, message), "message") is Code.NOT_FOUND
    assert refused(room.edit(BOB, message), "message") is Code.NOT_FOUND


def test_others_delete_nothing(room: Talk) -> None:
    message = room.post(ANN)
    assert refused(room.delete(BOB, message), "message") is Code.FORBIDDEN
    assert refused(room.delete(BOB, 999), "message") is Code.NOT_FOUND


def test_the_owner_kicks_members(room: Talk) -> None:
    assert refused(room.kick(BOB, ANN)) is Code.FORBIDDEN
    assert refused(room.kick(ANN, ANN), "user") is Code.INVALID
    assert refused(room.kick(ANN, EVE), "user") is Code.NOT_FOUND
    assert isinstance(room.kick(ANN, BOB), Accept)
    assert room.headers()[-1].revokes == (BOB,)
    assert (room.listens(BOB), BOB in room.state.members) == (False, False)
    assert isinstance(room.join(BOB), Accept)


def test_members_may_tell_that_they_type(room: Talk) -> None:
    typing = SendTyping(stream=ROOM)
    assert [room.kind.may_signal(room.state, typing, by=u) for u in (ANN, BOB, EVE)] == [True, True, False]


def test_events_of_later_versions_change_nothing(room: Talk) -> None:
    from msgspec.structs import replace

    later = replace(room.headers()[-1], type="room.levitated")
    assert room.kind.apply(room.state, later, None) == room.state
    assert room.kind.project(later, None) == ()

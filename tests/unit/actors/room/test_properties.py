"""A room under any commands: checked against a straightforward model, and folded again in every way."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from actors.kind import LISTENERS, Accept, Upsert
from actors.room.state import Room
from protocol import limits
from storage.tables import checked
from tests.unit.actors.room.test_decisions import Talk

USERS = [f"user:{n:032x}" for n in range(4)]
WHO = st.sampled_from(USERS)
WHICH = st.integers(0, 9)
BODIES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=5)
ERASABLE = {"room.created", "room.posted", "room.edited", "room.kicked"}


class RoomModel(RuleBasedStateMachine):
    """The model: an ordered list of members, and messages as plain records."""

    def __init__(self) -> None:
        super().__init__()
        self.room = Talk()
        self.members: list[str] = []
        self.owner: str | None = None
        self.public = False
        self.created = False
        self.messages: dict[int, dict[str, Any]] = {}

    def agree(self, decision: object, expected: bool) -> bool:
        assert isinstance(decision, Accept) == expected
        return expected

    @precondition(lambda self: not self.created)
    @rule(by=WHO, public=st.sampled_from([True, True, True, False]))
    def create(self, by: str, public: bool) -> None:
        self.agree(self.room.create(by, public=public), True)
        self.created, self.public, self.owner, self.members = True, public, by, [by]

    @rule(by=WHO)
    def join(self, by: str) -> None:
        if self.agree(self.room.join(by), self.created and self.public and by not in self.members):
            self.owner = self.owner or by
            self.members.append(by)

    @rule(by=WHO)
    def leave(self, by: str) -> None:
        if self.agree(self.room.leave(by), by in self.members):
            self.members.remove(by)
            if self.owner == by:
                self.owner = self.members[0] if self.members else None

    @rule(by=WHO, user=WHO)
    def kick(self, by: str, user: str) -> None:
        allowed = by == self.owner and user != by and user in self.members
        if self.agree(self.room.kick(by, user), allowed):
            self.members.remove(user)

    @precondition(lambda self: self.members)
    @rule(data=st.data(), body=BODIES)
    def post(self, data: st.DataObject, body: str) -> None:
        by = data.draw(st.sampled_from(self.members))
        seq = self.room.post(by, body)
        self.messages[seq] = {"author": by, "bodies": [body], "seqs": [seq], "deleted": False}

    @precondition(lambda self: self.messages)
    @rule(by=WHO, which=WHICH, body=BODIES)
    def edit(self, by: str, which: int, body: str) -> None:
        seq, message = self.pick(which)
        allowed = by in self.members and by == message["author"] and not message["deleted"]
        if self.agree(self.room.edit(by, seq, body), allowed):
            message["bodies"].append(body)
            message["seqs"].append(len(self.room.log))

    @precondition(lambda self: self.messages)
    @rule(by=WHO, which=WHICH)
    def delete(self, by: str, which: int) -> None:
        seq, message = self.pick(which)
        allowed = by in self.members and by in (message["author"], self.owner) and not message["deleted"]
        if self.agree(self.room.delete(by, seq), allowed):
            message["deleted"] = True

    def pick(self, which: int) -> tuple[int, dict[str, Any]]:
        seq = [*self.messages][which % len(self.messages)]
        return seq, self.messages[seq]

    @invariant()
    def the_state_is_the_models(self) -> None:
        state: Room = self.room.state
        assert [*state.members] == self.members
        assert msgspec.to_builtins(self.room.kind.view(state, USERS[0]))["members"] == self.members
        assert (state.owner, state.created, state.public) == (self.owner, self.created, self.public)
        assert state.messages == len(self.messages)
        assert (state.owner is None) == (not state.members)

    @invariant()
    def the_rows_are_the_models(self) -> None:
        rows = self.room.rows
        assert {key.key for key in rows if key.table == LISTENERS} == set(self.members)
        for number, (seq, message) in enumerate(self.messages.items(), 1):
            row = self.room.row(seq)
            deleted = message["deleted"]
            assert (row["number"], row["author"]) == (number, message["author"])
            assert row["body"] == (None if deleted else message["bodies"][-1])
            assert row["edits"] == ([] if deleted else message["seqs"][1:])
            assert (row["deleted_at"] is not None) == deleted
            assert (row["edited_at"] is not None) == (not deleted and len(message["seqs"]) > 1)

    @invariant()
    def storage_can_keep_every_row_whole(self) -> None:
        for key, row in self.room.rows.items():
            assert checked(Upsert(key.table, key.key, row)) == row

    @invariant()
    def deleted_bodies_are_gone_and_others_are_not(self) -> None:
        gone = {seq for message in self.messages.values() if message["deleted"] for seq in message["seqs"]}
        assert {seq for seq, (_, payload) in enumerate(self.room.log, 1) if payload is None} == gone

    @invariant()
    def erasing_changes_no_state(self) -> None:
        state, rows = self.room.refolded()
        assert (state, rows) == (self.room.state, self.room.rows)
        bare, _ = self.room.refolded(erased=lambda header: header.type in ERASABLE)
        assert bare == state

    @invariant()
    def the_state_is_bounded_and_holds_no_text(self) -> None:
        packed = msgspec.msgpack.encode(self.room.state)
        assert msgspec.msgpack.decode(packed, type=Room) == self.room.state
        assert len(packed) <= 200 + 50 * len(USERS)
        assert b"Chess" not in packed

    @invariant()
    def headers_hold_no_text_and_keep_their_limits(self) -> None:
        for header, _ in self.room.log:
            assert b"Chess" not in header
            assert b"spam" not in header
        for header in self.room.headers():
            assert len(header.erases) <= limits.ERASE_SEQS_MAX
            assert bool(header.revokes) == (header.type in {"room.left", "room.kicked"})


RoomModel.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestRoomModel = RoomModel.TestCase

"""A room under any commands: folded again in every way, decided in batches, and never heard by who may not hear it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, cast

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from actors.kind import LISTENERS, LISTENS_AFTER, NOBODY, Accept, Facts
from actors.room.state import Room
from actors.runtime.draft import Draft, fact_keys
from actors.runtime.envelope import Envelope
from protocol import kinds, limits
from protocol.frames import Command
from protocol.ids import SYSTEM, derive_client_id
from protocol.room.commands import (
    ArchiveRoom,
    BanUser,
    ChangeRoom,
    CreateInvite,
    DeleteMessage,
    EditMessage,
    EraseUser,
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
    SetFilter,
    SetRole,
    UnarchiveRoom,
    UnbanUser,
    UninviteUser,
    UnmuteMember,
    UnpinMessage,
    Unreact,
)
from protocol.room.hosting import CloseRoom, HostRoom
from protocol.room.view import RoomView
from tests.checkpoints import decoded, encoded
from tests.unit.actors.room.commands import ACCESS, ANY, AUTHORS, SECRET, USERS
from tests.unit.actors.room.talk import ANN, BOB, CAT, DAN, ID, KEY, ROOM, Talk

HOST = "tournament:" + "7" * 32
"""The stream to which a room belongs that is *hosted*."""
REVOKING = {"room.left", "room.kicked", "room.banned", "room.user_erased", "room.removed", "room.seated"}


class AnyRoom(RuleBasedStateMachine):
    """Commands in any order, with a model of who is in the room and who is kept out."""

    def __init__(self) -> None:
        super().__init__()
        self.talk = Talk()
        self.inside: dict[str, int] = {}
        """Who is in, and after which seq they may read."""
        self.kept_out: dict[str, int | None] = {}
        self.removed = False
        self.seen = 0

    @initialize(access=ACCESS | st.just("direct"), history=st.booleans())
    def create(self, access: str, history: bool) -> None:
        if access == "hosted":
            seats = HostRoom(client_id=ID, number=1, name="Match 1", seats=USERS[:4], moderators=USERS[:1])
            assert isinstance(self.talk.do(seats, HOST), Accept)
            self.follow()
            return
        made = (
            self.talk.open(ANN, BOB)
            if access == "direct"
            else self.talk.create(access=access, history=history)
        )
        assert isinstance(made, Accept)
        if access != "direct":
            for user in (BOB, CAT, DAN):
                self.talk.done(InviteUser, ANN, user=user)
                assert isinstance(self.talk.join(user), Accept)
            self.talk.done(SetRole, ANN, user=BOB, role="moderator")
        for by in (ANN, BOB, ANN, BOB):
            self.talk.post(by)
        self.follow()

    @rule(commands=st.lists(ANY, min_size=1, max_size=4))
    def govern(self, commands: list[Command]) -> None:
        """Whoever is above everybody else: they are refused least."""
        for command in commands:
            self.send(command, self.talk.room.owner or KEY, 0)

    @rule()
    def bring_back(self) -> None:
        """Else most histories would end in a room where nothing happens any more."""
        for command in (RestoreRoom, UnarchiveRoom):
            self.send(command(client_id=ID, stream=ROOM), self.talk.room.owner or KEY, 0)

    @rule(command=ANY, by=AUTHORS, wait_s=st.sampled_from([0, 0, 0, 5, 60]))
    def send(self, command: Command, by: str, wait_s: int) -> None:
        self.talk.later(wait_s)
        before = self.talk.state
        decision = self.talk.do(command, by)
        if not isinstance(decision, Accept):
            assert self.talk.state is before
            return
        if by in USERS and not isinstance(command, JoinRoom | UninviteUser | RestoreRoom):
            assert by in self.inside
        self.follow()

    def follow(self) -> None:
        """The model, from what the headers tell everybody."""
        room, headers = self.talk.room, self.talk.headers()
        for header in headers[self.seen :]:
            assert bool(header.revokes) <= (header.type in REVOKING)
            match header.type:
                case "room.created":
                    first = (header.author, *([BOB] if "peer" in header.marks else []))
                    self.inside = dict.fromkeys((user for user in first if user in USERS), 0)
                case "room.seated":
                    seated = cast("tuple[str, ...]", header.marks.get("users", ()))
                    assert not any(room.is_banned(user, header.at) for user in seated)
                    self.inside |= dict.fromkeys(seated, 0)
                case "room.joined":
                    until = self.kept_out.get(header.author, 0)
                    assert until is not None
                    assert until <= header.at
                    self.inside[header.author] = 0 if room.history else header.seq - 1
                case "room.banned":
                    self.kept_out[header.marks["user"]] = header.marks.get("until")  # type: ignore[index, assignment]
                case "room.unbanned":
                    del self.kept_out[header.marks["user"]]  # type: ignore[arg-type]
                case "room.removed" | "room.restored":
                    self.removed = header.type == "room.removed"
                case _:
                    pass
            for user in header.revokes:
                self.inside.pop(user, None)
        self.seen = len(headers)

    def all_holds(self) -> None:
        """Every invariant, at once."""
        self.nobody_listens_who_may_not()
        self.ranks_are_consistent()
        self.reactions_add_up()
        self.what_was_deleted_is_gone_and_nothing_else()
        self.folding_again_gives_the_same_state_also_when_all_is_erased()
        self.the_state_is_bounded_and_holds_no_text()
        self.headers_hold_no_text_and_keep_their_limits()
        self.every_view_can_be_shown()

    @invariant()
    def nobody_listens_who_may_not(self) -> None:
        listeners = self.talk.keyed(LISTENERS)
        assert (NOBODY in listeners) == self.removed
        after = {user: row[LISTENS_AFTER] or 0 for user, row in listeners.items() if user != NOBODY}
        assert after == self.inside
        assert set(self.inside) == set(self.talk.room.members)

    @invariant()
    def ranks_are_consistent(self) -> None:
        room = self.talk.room
        assert room.owner is None or room.owner in room.members
        assert room.owner not in room.moderators
        assert set(room.moderators) <= set(room.members)
        assert len(set(room.moderators)) == len(room.moderators)
        if room.access != "direct" and not room.operated:
            assert (room.owner is None) == (not room.members)

    @invariant()
    def reactions_add_up(self) -> None:
        put: dict[tuple[int, str], int] = {}
        for row in self.talk.keyed("reaction").values():
            put[row["message"], row["reaction"]] = put.get((row["message"], row["reaction"]), 0) + 1
        counts = self.talk.keyed("reaction_count").values()
        assert put == {(row["message"], row["reaction"]): row["count"] for row in counts}
        for seq, row in self.talk.keyed("message").items():
            assert (row["reactions"] or 0) == sum(message == int(seq) for message, _ in put)

    @invariant()
    def what_was_deleted_is_gone_and_nothing_else(self) -> None:
        gone = {seq for header in self.talk.headers() for seq in header.erases}
        assert {seq for seq, (_, payload) in enumerate(self.talk.log, 1) if payload is None} == gone
        for seq, row in self.talk.keyed("message").items():
            assert (row["body"] is None) == (row["deleted_at"] is not None) == (int(seq) in gone)

    @invariant()
    def folding_again_gives_the_same_state_also_when_all_is_erased(self) -> None:
        state, _ = self.talk.refolded()
        assert state == self.talk.state
        bare, _ = self.talk.refolded(erased=lambda _: True)
        assert bare == state

    @invariant()
    def the_state_is_bounded_and_holds_no_text(self) -> None:
        packed = encoded(self.talk.state)
        assert decoded(packed, Room) == self.talk.state
        assert SECRET.encode() not in packed
        room = self.talk.room
        assert len(room.pinned) <= limits.ROOM_PINS_MAX
        if not room.slow_mode_s:
            assert room.posted_at == {}

    @invariant()
    def headers_hold_no_text_and_keep_their_limits(self) -> None:
        for header, _ in self.talk.log:
            assert SECRET.encode() not in header
        for header in self.talk.headers():
            assert len(header.erases) <= limits.ERASE_SEQS_MAX

    @invariant()
    def every_view_can_be_shown(self) -> None:
        for user in USERS:
            msgspec.convert(msgspec.to_builtins(self.talk.view(user)), RoomView)


AnyRoom.TestCase.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)
TestAnyRoom = AnyRoom.TestCase


@given(st.lists(st.tuples(ANY, AUTHORS), max_size=40), ACCESS | st.just("direct"), st.integers(1, 9))
@settings(max_examples=100, deadline=None)
def test_a_batch_comes_to_what_its_commands_come_to_one_by_one(
    sent: list[tuple[Command, str]], access: str, size: int
) -> None:
    alone, together = Talk(), Talk()
    for talk in (alone, together):
        assert isinstance(talk.open(ANN, BOB) if access == "direct" else talk.create(access=access), Accept)
        talk.post(ANN)
    # Nothing here depends on the time between commands: in a batch there is none.
    sent = [(c, by) for c, by in sent if not isinstance(c, CreateInvite)]
    for first in range(0, len(sent), size):
        batch = sent[first : first + size]
        decided = [alone.do_at(command, by, now=1_500) for command, by in batch]
        draft = batch_of(together, batch)
        accepted = {envelope.command.client_id for envelope, _ in draft.accepted}
        assert [isinstance(d, Accept) for d in decided] == [
            client_id(n) in accepted for n in range(len(batch))
        ]
    assert together.state == alone.state
    assert together.rows == alone.rows


def client_id(number: int) -> str:
    return derive_client_id("batch", str(number))


def batch_of(talk: Talk, batch: list[tuple[Command, str]]) -> Draft:
    """Decide a batch as a cell does: all facts read before the first command; then commit it."""
    envelopes = [
        Envelope(replace(command, client_id=client_id(n)), by, ROOM, lambda _: None, 0.0)
        for n, (command, by) in enumerate(batch)
    ]
    draft = Draft(talk.kind, ROOM, talk.state, len(talk.log), talk.now, b"k" * 16)
    keys, _ = fact_keys(talk.kind, talk.state, envelopes, lambda: False)
    facts: Facts = {key: talk.fact(key) for key in keys}
    for envelope in envelopes:
        draft.decide(envelope, facts, 1_500)
    talk.adopt(draft)
    return draft


def any_command(chance: random.Random) -> Command:
    """One of all commands; of long histories, which a shrinking search doesn't reach."""
    user, message = chance.choice(USERS), chance.randint(1, 30)
    here: dict[str, Any] = {"client_id": ID, "stream": ROOM}
    said: dict[str, Any] = {"body": f"{SECRET} {chance.choice(['', '@bob', '@room', 'troll'])}"}
    why: dict[str, Any] = {"user": user, "reason": chance.choice(["", SECRET])}
    makers: list[tuple[int, Callable[[], Command]]] = [
        (14, lambda: PostMessage(**here, **said)),
        (
            4,
            lambda: PostMessage(**here, **said, reply_to=message, thread=chance.choice([None, message])),
        ),
        (6, lambda: EditMessage(**here, **said, message=message)),
        (2, lambda: DeleteMessage(**here, message=message)),
        (12, lambda: React(**here, message=message, reaction=chance.choice("+-"))),
        (14, lambda: Unreact(**here, message=message, reaction=chance.choice("+-"))),
        (6, lambda: PinMessage(**here, message=message)),
        (9, lambda: UnpinMessage(**here, message=message)),
        (8, lambda: JoinRoom(**here)),
        (1, lambda: LeaveRoom(**here)),
        (5, lambda: InviteUser(**here, user=user)),
        (2, lambda: UninviteUser(**here, user=user)),
        (2, lambda: CreateInvite(**here, uses=chance.choice([None, 1]))),
        (2, lambda: RevokeInvite(**here, invite=chance.randint(1, 4))),
        (4, lambda: SetRole(**here, user=user, role=chance.choice(["owner", "moderator", "member"]))),
        (2, lambda: KickMember(**here, **why)),
        (3, lambda: MuteMember(**here, **why, for_s=chance.choice([1, 60]))),
        (3, lambda: UnmuteMember(**here, user=user)),
        (2, lambda: BanUser(**here, **why, for_s=chance.choice([None, 1, 60]))),
        (3, lambda: UnbanUser(**here, user=user)),
        (2, lambda: ChangeRoom(**here, name=SECRET, history=chance.random() < 0.5, confirm=True)),
        (2, lambda: ChangeRoom(**here, topic=SECRET, slow_mode_s=chance.choice([0, 2]))),
        (2, lambda: SetFilter(**here, words=chance.choice([(), ("troll",)]))),
        (1, lambda: ArchiveRoom(**here)),
        (4, lambda: UnarchiveRoom(**here)),
        (1, lambda: RemoveRoom(**here)),
        (8, lambda: RestoreRoom(**here)),
        (1, lambda: EraseUser(**here, user=user, events=(1, message))),
    ]
    weights, made = zip(*makers, strict=True)
    return cast(Command, chance.choices(made, weights)[0]())


def hosting(chance: random.Random) -> Command:
    """What the stream does to which the room belongs."""
    if chance.random() < 0.3:
        return CloseRoom(client_id=ID, stream=ROOM)
    seats, leave = (tuple(chance.sample(USERS, chance.randint(0, 4))) for _ in range(2))
    return HostRoom(
        client_id=ID,
        number=1,
        name="Match 1",
        seats=seats,
        moderators=seats[:1],
        leave=chance.choice([None, leave]),
    )


def test_long_histories_of_every_event_hold_all_that_must_hold() -> None:
    happened: set[str] = set()
    for seed in range(30):
        chance, machine = random.Random(seed), AnyRoom()
        access = chance.choice(["public", "private", "group", "direct", "hosted"])
        machine.create(access, history=chance.random() < 0.5)
        for step in range(200):
            by = chance.choice([*USERS, machine.talk.room.owner or KEY, KEY, SYSTEM])
            hosts = machine.talk.room.host is not None and chance.random() < 0.1
            machine.send(
                hosting(chance) if hosts else any_command(chance),
                HOST if hosts else by,
                chance.choice([0, 0, 1]),
            )
            if step % 20 == 19:
                machine.all_holds()
        happened |= {header.type for header in machine.talk.headers()}
    assert happened == set(kinds.ROOM.events), "let any_command make the command that causes the event"

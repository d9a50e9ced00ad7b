"""Rooms of matches: who has a seat in them, when they are open, and that a tournament has each of them once."""

from __future__ import annotations

from typing import Any, cast

import pytest

from actors.kind import Refuse, Send
from actors.room.kind import RoomKind
from actors.tournament.effects import effects
from protocol import limits
from protocol.codes import Code
from protocol.event import Header
from protocol.ids import SYSTEM, derive_client_id
from protocol.room.commands import BanUser, EraseUser, PostMessage
from protocol.room.hosting import CloseRoom, HostRoom, hosted_room
from protocol.tournament.commands import (
    Advance,
    CancelTournament,
    DecideMatch,
    EnterTournament,
    LeaveTournament,
    OpenRegistration,
    SetStaff,
    StartTournament,
    SubstitutePlayer,
    UndoResult,
)
from protocol.tournament.ownership import RemoveTournament
from protocol.tournament.stage import Stage
from tests.fold import Folded
from tests.unit.actors.tournament.cup import (
    CUP,
    ORGANISER,
    OWNER,
    REFEREE,
    STRANGER,
    STREAMER,
    Cup,
    P,
    draft,
    running,
)

ID = derive_client_id("test")
KIND = RoomKind(b"k" * 32)
ROOM = hosted_room(CUP, 1)
STAFF = {OWNER, ORGANISER, REFEREE, STREAMER}


class Chats:
    """The rooms of a tournament: they get what its events cause, each as often as ``times`` says."""

    def __init__(self, cup: Cup, times: int = 2) -> None:
        self.cup = cup
        self._times = times
        self._rooms: dict[str, Folded] = {}
        self._seen = 0

    def __getitem__(self, match: int) -> Any:
        """The state of the room of a match."""
        self.settle()
        return self.folded(match).state

    def folded(self, match: int) -> Folded:
        return self._rooms[hosted_room(self.cup.stream, match)]

    def settle(self) -> None:
        for header in self.cup.headers()[self._seen :]:
            for _ in range(self._times):
                for sent in _sent(header):
                    stream = self.cup.stream
                    id_ = KIND.stream_of(sent, by=stream) if isinstance(sent, HostRoom) else sent.stream
                    self._rooms.setdefault(id_, Folded(KIND, id_)).do(sent, stream)
        self._seen = len(self.cup.headers())


def _sent(header: Header) -> list[Any]:
    commands = [effect.command for effect in effects(header) if isinstance(effect, Send)]
    return [command for command in commands if isinstance(command, HostRoom | CloseRoom)]


def cup_with_rooms(entrants: int = 4, **settings: Any) -> tuple[Cup, Chats]:
    cup = running(entrants, rooms=True, **settings)
    return cup, Chats(cup)


def test_a_match_has_a_room_of_its_players_and_the_staff() -> None:
    cup, chats = cup_with_rooms()
    match = cup.match(1)
    assert set(chats[1].members) == {cup.user(match.a), cup.user(match.b), *STAFF}
    assert set(chats[1].moderators) == {OWNER, ORGANISER, REFEREE}
    assert (chats[1].access, chats[1].archived, chats[1].owner) == ("private", False, None)
    assert cup.row("tournament_match", 1)["room"] == ROOM
    shown = cup.view(cup.user(match.a))
    assert shown.own is not None and shown.own.match is not None and shown.own.match.room == ROOM
    # All that was sent twice has happened once.
    assert [h.type for h in chats.folded(1).headers()] == ["room.created", "room.seated"]


def test_without_the_setting_there_are_none() -> None:
    cup = running(4)
    assert not [sent for header in cup.headers() for sent in _sent(header)]
    assert cup.row("tournament_match", 1)["room"] is None
    assert not {"seats", "room"} & cup.headers()[-1].marks.keys()


def test_it_is_closed_when_the_match_is_done_and_opened_again_with_it() -> None:
    cup, chats = cup_with_rooms()
    first = cup.match(1)
    cup.decide(1, first.a or 0)
    assert chats[1].archived
    post = PostMessage(client_id=ID, stream=ROOM, body="Well played")
    refused = chats.folded(1).do(post, cup.user(first.a))
    assert isinstance(refused, Refuse) and refused.code is Code.ARCHIVED
    cup.done(UndoResult, match=1, confirm=True)
    cup.settle()
    assert not chats[1].archived


def test_a_match_that_begins_anew_closes_its_room_and_opens_it_for_others() -> None:
    cup, chats = cup_with_rooms()
    for number in (1, 2):
        cup.decide(number, cup.match(number).a or 0)
    final = cup.match(3)
    assert not chats[3].archived and cup.user(final.a) in chats[3].members
    cup.done(UndoResult, match=1, confirm=True)
    assert chats[3].archived and not chats[3].removed_at
    cup.settle()
    cup.decide(1, cup.match(1).b or 0)
    assert not chats[3].archived
    assert cup.user(cup.match(3).a) in chats[3].members and cup.user(final.a) not in chats[3].members


def test_a_match_that_somebody_had_left_before_has_no_room_to_close() -> None:
    cup, _ = cup_with_rooms()
    final = cup.match(1).a or 0
    cup.decide(1, final)
    cup.done(LeaveTournament, cup.user(final))
    cup.decide(2, cup.match(2).a or 0)
    assert cup.match(3).kind == "forfeit"
    told = [header for header in cup.headers() if header.marks.get("match") == 3]
    assert [header.type.partition(".")[2] for header in told] == ["match_opened", "match_finished"]
    assert [sent for header in told for sent in _sent(header)] == []


def test_a_substitute_gets_the_seat_of_whom_they_replace() -> None:
    cup = draft(rooms=True, team_min=1, team_max=2, substitutes=1)
    cup.done(OpenRegistration)
    for captain in P[1:5]:
        cup.done(EnterTournament, captain, name="Team")
    cup.done(StartTournament)
    cup.settle()
    chats, team = Chats(cup), cup.match(1).a or 0
    player = cup.user(team)
    cup.done(SubstitutePlayer, player, match=1, player=player, substitute=STRANGER)
    assert STRANGER in chats[1].members and player not in chats[1].members
    assert set(chats[1].moderators) == {OWNER, ORGANISER, REFEREE}


def test_who_was_banned_from_it_is_not_seated_again_and_players_are_no_moderators() -> None:
    cup, chats = cup_with_rooms()
    match = cup.match(1)
    banned, other = cup.user(match.a), cup.user(match.b)
    cup.done(SetStaff, user=other, role="organiser")
    chats.settle()
    chats.folded(1).do(BanUser(client_id=ID, stream=ROOM, user=banned), REFEREE)
    cup.done(DecideMatch, match=1, winner=match.a)
    cup.done(UndoResult, match=1, confirm=True)
    cup.settle()
    assert banned not in chats[1].members and other in chats[1].members
    assert other not in chats[1].moderators


def test_whose_account_is_gone_has_no_seat() -> None:
    cup, chats = cup_with_rooms()
    player = cup.user(cup.match(1).a)
    chats.settle()
    chats.folded(1).do(EraseUser(client_id=ID, stream=ROOM, user=player), SYSTEM)
    assert player not in chats[1].members


@pytest.mark.parametrize("by", [STRANGER, OWNER, "tournament:" + "2" * 32, "key:" + "9" * 32])
def test_nobody_else_seats_or_closes(by: str) -> None:
    _, chats = cup_with_rooms()
    chats.settle()
    room = chats.folded(1)
    before = room.state
    for command in (
        HostRoom(client_id=ID, number=1, name="Mine", seats=(STRANGER,)),
        CloseRoom(client_id=ID, stream=ROOM),
    ):
        assert isinstance(room.do(command, by), Refuse)
    assert room.state == before


def test_the_rooms_of_a_cancelled_tournament_are_closed_some_at_a_time() -> None:
    cup, chats = cup_with_rooms(40, stages=(Stage(format="swiss"),), entrants_max=40)
    numbers = [int(number) for number in cup.cup.going]
    assert len(numbers) > limits.ROOMS_CLOSED_MAX
    cup.done(CancelTournament)
    assert not chats[numbers[0]].archived
    cup.settle()
    assert all(chats[number].archived for number in numbers)
    closed = [
        cast("tuple[int, ...]", header.marks["closes"])
        for header in cup.headers()
        if header.type.endswith(".rooms_closed")
    ]
    assert [number for some in closed for number in some] == numbers
    assert all(len(some) <= limits.ROOMS_CLOSED_MAX for some in closed)
    assert cup.refolded() == (cup.cup, cup.rows)


def test_they_are_closed_though_it_is_removed_at_once() -> None:
    cup, chats = cup_with_rooms()
    cup.done(CancelTournament)
    cup.done(RemoveTournament)
    cup.settle()
    assert chats[1].archived and chats[2].archived
    assert cup.kind.due(cup.state) is None


def test_without_rooms_there_is_nothing_to_close() -> None:
    cup = running(4)
    cup.done(CancelTournament)
    assert cup.kind.due(cup.state) is None


def test_a_removed_draft_does_not_go_on() -> None:
    cup = draft(registration_at=5_000)
    cup.done(RemoveTournament)
    assert cup.kind.due(cup.state) is None
    refused = cup.do_at(Advance(client_id="", stream=cup.stream), SYSTEM, now=9_000)
    assert isinstance(refused, Refuse)

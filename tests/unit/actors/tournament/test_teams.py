"""Teams: rosters and invitations until the start, who speaks for a team, and substitutes."""

from __future__ import annotations

from typing import Any

import pytest

from actors.kind import LISTENERS, Decision, FactKey, Send, block_key
from actors.tournament.effects import effects
from protocol.codes import Code
from protocol.ids import SYSTEM
from protocol.inbox import CallMatch, InviteToTeam, inbox_of
from protocol.tournament.commands import (
    AddEntrants,
    AddPlayer,
    ChangeTournament,
    CheckIn,
    ConfirmResult,
    EnterTournament,
    ErasePerson,
    InvitePlayer,
    JoinTeam,
    LeaveTournament,
    NewEntrant,
    OpenCheckIn,
    ProposeStart,
    RemoveEntrant,
    RemovePlayer,
    SayReady,
    SetSeeds,
    StartTournament,
    SubstitutePlayer,
)
from protocol.tournament.rounds import RoundRule
from tests.unit.actors.tournament.cup import (
    ORGANISER,
    OWNER,
    STRANGER,
    Cup,
    P,
    draft,
    refused,
    registering,
)

TEAMS: dict[str, Any] = {"team_min": 2, "team_max": 3, "substitutes": 1}


def registered(**fields: Any) -> Cup:
    """Two teams: P1 with P2, and P3 with P4."""
    cup = registering(**{**TEAMS, **fields})
    for number, (captain, other) in enumerate(((1, 2), (3, 4)), 1):
        cup.done(EnterTournament, P[captain], name=f"Team {number}")
        cup.done(InvitePlayer, P[captain], user=P[other])
        cup.done(JoinTeam, P[other], entrant=number)
    return cup


def started(**fields: Any) -> Cup:
    cup = registered(**fields)
    cup.done(SetSeeds, entrants=(1, 2))
    cup.done(StartTournament)
    cup.settle()
    return cup


def roster(cup: Cup, number: int) -> tuple[str, ...]:
    """Whom state and row name alike."""
    found = cup.cup.entrants[number].roster
    row = cup.row("tournament_entrant", number)
    assert row["roster"] == [*found]
    assert (row["user_id"], cup.cup.entrants[number].user) == (found[0], found[0])
    return found


def told(cup: Cup, kind: type) -> list[Any]:
    """What inboxes were sent."""
    sent = [effect for header in cup.headers() for effect in effects(header)]
    return [send.command for send in sent if isinstance(send, Send) and isinstance(send.command, kind)]


# --- rosters ---


def test_a_captain_enters_a_team_and_invites_players() -> None:
    cup = registering(**TEAMS)
    refused(cup, cup.send(EnterTournament, P[1]), Code.INVALID, "name")
    cup.done(EnterTournament, P[1], name="The Ravens")
    assert roster(cup, 1) == (P[1],)
    assert cup.row("tournament_entrant", 1)["name"] == "The Ravens"
    cup.done(InvitePlayer, P[1], user=P[2])
    (invite,) = told(cup, InviteToTeam)
    assert (invite.stream, invite.entrant, invite.by) == (inbox_of(P[2]), 1, P[1])
    assert cup.row("tournament_player", P[2]) == {"entrant": 1, "role": "invited"}
    assert cup.row("tournament_entrant", 1)["invited"] == [P[2]]
    refused(cup, cup.send(JoinTeam, P[3], entrant=1), Code.FORBIDDEN, "entrant")
    cup.done(JoinTeam, P[2], entrant=1)
    assert roster(cup, 1) == (P[1], P[2])
    assert cup.row("tournament_player", P[2]) == {"entrant": 1, "role": "player"}
    assert (cup.row("tournament_entrant", 1)["invited"], len(cup.cup.invitations)) == ([], 0)
    own = cup.view(P[2]).own
    assert own is not None and (own.entrant, own.roster) == (1, (P[1], P[2]))
    assert (cup.cup.entered, cup.view().entered) == (1, 1)


def test_one_user_is_in_one_team() -> None:
    cup = registered()
    refused(cup, cup.send(InvitePlayer, P[1], user=P[4]), Code.ALREADY_EXISTS, "user")
    refused(cup, cup.send(EnterTournament, P[4], name="Mine"), Code.ALREADY_EXISTS)
    cup.done(InvitePlayer, P[1], user=P[5])
    refused(cup, cup.send(InvitePlayer, P[3], user=P[5]), Code.ALREADY_EXISTS, "user")
    refused(cup, cup.send(AddPlayer, ORGANISER, entrant=1, user=P[3]), Code.ALREADY_EXISTS, "user")
    # Who enters a team of their own, or is put into one, needs no invitation any more.
    cup.done(EnterTournament, P[5], name="Mine")
    assert (cup.cup.entrants[1].invited, cup.cup.users[P[5]]) == ((), 3)
    assert cup.row("tournament_player", P[5]) == {"entrant": 3, "role": "player"}
    cup.done(InvitePlayer, P[1], user=P[6])
    cup.done(AddPlayer, ORGANISER, entrant=3, user=P[6])
    assert (cup.cup.entrants[1].invited, roster(cup, 3)) == ((), (P[5], P[6]))
    assert cup.refolded() == (cup.cup, cup.rows)


def test_a_roster_has_its_limit_and_invitations_count() -> None:
    cup = registered()
    cup.done(InvitePlayer, P[1], user=P[5])
    refused(cup, cup.send(InvitePlayer, P[1], user=P[6]), Code.TOO_MANY)
    refused(cup, cup.send(AddPlayer, ORGANISER, entrant=1, user=P[6]), Code.TOO_MANY)
    cup.done(RemovePlayer, P[5], entrant=1, user=P[5])  # declined
    assert not cup.has_row("tournament_player", P[5])
    cup.done(InvitePlayer, P[1], user=P[6])
    cup.done(RemovePlayer, P[1], entrant=1, user=P[6])  # withdrawn
    assert (cup.cup.entrants[1].invited, len(cup.cup.invitations)) == ((), 0)


def test_who_may_do_what_to_a_roster() -> None:
    cup = registered()
    refused(cup, cup.send(InvitePlayer, P[2], user=P[5]), Code.FORBIDDEN)
    refused(cup, cup.send(InvitePlayer, STRANGER, user=P[5]), Code.FORBIDDEN)
    refused(cup, cup.send(InvitePlayer, P[1], user="user:" + "0" * 32), Code.NOT_FOUND, "user")
    refused(cup, cup.send(AddPlayer, P[1], entrant=1, user=P[5]), Code.FORBIDDEN)
    refused(cup, cup.send(AddPlayer, ORGANISER, entrant=9, user=P[5]), Code.NOT_FOUND, "entrant")
    refused(cup, cup.send(RemovePlayer, P[2], entrant=1, user=P[1]), Code.FORBIDDEN)
    refused(cup, cup.send(RemovePlayer, P[3], entrant=1, user=P[2]), Code.FORBIDDEN)
    refused(cup, cup.send(RemovePlayer, P[1], entrant=1, user=P[3]), Code.NOT_FOUND, "user")
    refused(cup, cup.send(RemovePlayer, P[1], entrant=9, user=P[1]), Code.NOT_FOUND, "entrant")
    refused(cup, cup.send(LeaveTournament, P[2]), Code.FORBIDDEN)
    cup.people.block(P[5], P[1])
    refused(cup, cup.send(InvitePlayer, P[1], user=P[5]), Code.BLOCKED, "user")


def test_the_captain_passes_the_team_on() -> None:
    cup = registered()
    cup.done(RemovePlayer, P[1], entrant=1, user=P[1])
    assert roster(cup, 1) == (P[2],)
    assert (P[1] in cup.cup.users, cup.has_row("tournament_player", P[1])) == (False, False)
    refused(cup, cup.send(RemovePlayer, P[2], entrant=1, user=P[2]), Code.TOO_FEW, "user")
    cup.done(InvitePlayer, P[2], user=P[1])
    cup.done(JoinTeam, P[1], entrant=1)
    assert roster(cup, 1) == (P[2], P[1])


def test_a_team_that_leaves_frees_its_players() -> None:
    cup = registered()
    cup.done(InvitePlayer, P[1], user=P[5])
    cup.done(LeaveTournament, P[1])
    assert (cup.statuses(), roster(cup, 1), cup.cup.entrants[1].invited) == (["left", "entered"], (P[1],), ())
    assert not cup.has_row("tournament_player", P[2]) and not cup.has_row("tournament_player", P[5])
    cup.done(InvitePlayer, P[3], user=P[2])
    cup.done(JoinTeam, P[2], entrant=2)
    cup.done(EnterTournament, P[1], name="Again")
    assert (cup.cup.users[P[1]], roster(cup, 1), cup.statuses()) == (1, (P[1],), ["entered", "entered"])
    cup.done(LeaveTournament, P[1])
    # A captain whose team has left may play for another one.
    cup.done(RemovePlayer, P[3], entrant=2, user=P[4])
    cup.done(InvitePlayer, P[3], user=P[1])
    cup.done(JoinTeam, P[1], entrant=2)
    assert (cup.cup.number_of(P[1]), roster(cup, 2)) == (2, (P[3], P[2], P[1]))
    assert cup.refolded() == (cup.cup, cup.rows)


def test_players_of_a_team_that_was_disqualified_are_out() -> None:
    cup = registered()
    cup.done(RemoveEntrant, ORGANISER, entrant=1, disqualify=True)
    refused(cup, cup.send(EnterTournament, P[2], name="Mine"), Code.FORBIDDEN)
    refused(cup, cup.send(InvitePlayer, P[3], user=P[2]), Code.ALREADY_EXISTS, "user")
    assert cup.cup.entrants[1].roster == (P[1], P[2])


def test_staff_enter_whole_teams() -> None:
    cup = draft(**TEAMS, entry="listed", visibility="invited")

    def added(**new: Any) -> Decision:
        return cup.send(AddEntrants, ORGANISER, entrants=(NewEntrant(**new),))

    refused(cup, added(user=P[1]), Code.INVALID, "entrants")
    refused(cup, added(name="A", roster=(P[1],)), Code.INVALID, "entrants")
    refused(cup, added(user=P[1], name="A", roster=(P[1],)), Code.INVALID, "entrants")
    refused(cup, added(user=P[1], name="A", roster=P[2:5]), Code.INVALID, "entrants")
    refused(cup, added(user=P[1], name="A", roster=("user:" + "0" * 32,)), Code.NOT_FOUND, "entrants")
    cup.people.block(P[9], ORGANISER)
    refused(cup, added(user=P[1], name="A", roster=(P[9],)), Code.BLOCKED, "entrants")
    added(user=P[1], name="A", roster=(P[2], P[3]))
    refused(cup, added(user=P[4], name="B", roster=(P[2],)), Code.ALREADY_EXISTS, "entrants")
    added(name="Without accounts")
    assert (roster(cup, 1), cup.cup.entrants[2].roster) == ((P[1], P[2], P[3]), ())
    assert all(FactKey(LISTENERS, user) in cup.rows for user in P[1:4])
    refused(cup, cup.send(InvitePlayer, P[1], user=P[5]), Code.FORBIDDEN)
    cup.done(RemovePlayer, ORGANISER, entrant=1, user=P[3])
    assert FactKey(LISTENERS, P[3]) not in cup.rows
    cup.done(AddPlayer, ORGANISER, entrant=1, user=P[4])
    assert FactKey(LISTENERS, P[4]) in cup.rows
    cup.done(RemoveEntrant, ORGANISER, entrant=1)
    assert all(FactKey(LISTENERS, user) not in cup.rows for user in P[1:5])
    assert cup.refolded() == (cup.cup, cup.rows)


def test_people_have_no_rosters_where_there_are_no_teams() -> None:
    cup = registering()
    refused(cup, cup.send(EnterTournament, P[1], name="Mine"), Code.INVALID, "name")
    cup.done(EnterTournament, P[1])
    refused(cup, cup.send(InvitePlayer, P[1], user=P[2]), Code.FORBIDDEN)
    refused(cup, cup.send(AddPlayer, ORGANISER, entrant=1, user=P[2]), Code.NOT_FOUND, "entrant")
    both = (NewEntrant(user=P[2], name="x"),)
    refused(cup, cup.send(AddEntrants, ORGANISER, entrants=both), Code.INVALID, "entrants")
    refused(cup, cup.send(ChangeTournament, OWNER, team_min=1, team_max=2), Code.WRONG_PHASE, "team_max")


@pytest.mark.parametrize(
    ("field", "sizes"),
    [
        ("team_min", {"team_min": 3, "team_max": 2}),
        ("team_min", {"team_max": 2}),
        ("team_min", {"team_min": 1}),
        ("substitutes", {"substitutes": 1}),
    ],
)
def test_senseless_sizes_are_refused(field: str, sizes: dict[str, Any]) -> None:
    cup = Cup()
    refused(cup, cup.create(**sizes), Code.INVALID, field)


# --- the start ---


def test_only_complete_teams_check_in_and_take_part() -> None:
    cup = registered()
    cup.done(EnterTournament, P[5], name="Alone")
    cup.done(OpenCheckIn)
    assert "2 players" in refused(cup, cup.send(CheckIn, P[5]), Code.TOO_FEW)
    cup.check_in(P[2], P[3])
    cup.done(RemovePlayer, P[3], entrant=2, user=P[4])
    refused(cup, cup.send(StartTournament, OWNER), Code.TOO_FEW)
    cup.done(AddPlayer, ORGANISER, entrant=3, user=P[4])
    cup.done(AddPlayer, ORGANISER, entrant=2, user=P[6])
    cup.done(StartTournament)
    assert cup.statuses() == ["entered", "entered", "dropped"]


def test_rosters_are_locked_by_the_start() -> None:
    cup = registered()
    cup.done(InvitePlayer, P[1], user=P[5])
    cup.done(StartTournament)
    for command, by, fields in (
        (InvitePlayer, P[1], {"user": P[6]}),
        (JoinTeam, P[5], {"entrant": 1}),
        (AddPlayer, ORGANISER, {"entrant": 1, "user": P[6]}),
        (RemovePlayer, P[1], {"entrant": 1, "user": P[2]}),
    ):
        refused(cup, cup.send(command, by, **fields), Code.WRONG_PHASE)
    assert len(cup.cup.invitations) == 0
    assert cup.refolded() == (cup.cup, cup.rows)


def test_all_players_are_called_and_anybody_speaks_for_the_team() -> None:
    cup = started()
    assert {call.stream for call in told(cup, CallMatch)} == {inbox_of(user) for user in P[1:5]}
    cup.done(SayReady, P[2], match=1)
    refused(cup, cup.send(SayReady, P[1], match=1), Code.ALREADY_EXISTS)
    cup.done(SayReady, P[3], match=1)
    cup.report(1, 1, (1, 0))
    refused(cup, cup.send(ConfirmResult, P[2], match=1), Code.FORBIDDEN)
    cup.done(ConfirmResult, P[4], match=1)
    assert cup.view().entrants == [1, 2]


def test_only_captains_agree_on_another_start_and_leave() -> None:
    cup = started(rounds=(RoundRule(window_s=600),))
    refused(cup, cup.send(ProposeStart, P[2], match=1, at=cup.now + 1000), Code.FORBIDDEN)
    cup.done(ProposeStart, P[1], match=1, at=cup.now + 1000)
    refused(cup, cup.send(LeaveTournament, P[4]), Code.FORBIDDEN)
    cup.done(LeaveTournament, P[3])
    assert (cup.match(1).kind, cup.match(1).winner) == ("forfeit", 1)


# --- substitutes ---


def test_a_substitute_plays_from_a_match_on() -> None:
    cup = started()
    until = cup.match(1).until
    swap = {"match": 1, "player": P[2], "substitute": P[5]}
    refused(cup, cup.send(SubstitutePlayer, P[2], **swap), Code.FORBIDDEN)
    refused(
        cup,
        cup.send(SubstitutePlayer, P[1], **{**swap, "substitute": P[4]}),
        Code.ALREADY_EXISTS,
        "substitute",
    )
    refused(cup, cup.send(SubstitutePlayer, P[1], **{**swap, "player": P[6]}), Code.NOT_FOUND, "player")
    refused(cup, cup.send(SubstitutePlayer, P[1], **{**swap, "match": 2}), Code.WRONG_PHASE, "match")
    refused(cup, cup.send(SubstitutePlayer, P[1], entrant=1, **swap), Code.FORBIDDEN)
    cup.done(SubstitutePlayer, P[1], **swap)
    assert roster(cup, 1) == (P[1], P[5])
    seq = len(cup.log)
    assert cup.row("tournament_substitution", seq) == {
        "match": 1,
        "entrant": 1,
        "player": P[2],
        "substitute": P[5],
    }
    assert [cup.row("tournament_player", user)["role"] for user in (P[2], P[5])] == ["out", "player"]
    assert (told(cup, CallMatch)[-1].stream, told(cup, CallMatch)[-1].until) == (inbox_of(P[5]), until)
    refused(cup, cup.send(SayReady, P[2], match=1), Code.FORBIDDEN)
    cup.done(SayReady, P[5], match=1)
    # Whoever has played for a team plays for no other.
    refused(
        cup,
        cup.send(SubstitutePlayer, P[3], match=1, player=P[4], substitute=P[2]),
        Code.ALREADY_EXISTS,
        "substitute",
    )
    back = {"match": 1, "player": P[5], "substitute": P[2]}
    refused(cup, cup.send(SubstitutePlayer, P[1], **back), Code.TOO_MANY)
    cup.done(SubstitutePlayer, ORGANISER, entrant=2, match=1, player=P[3], substitute=P[6])
    assert roster(cup, 2) == (P[6], P[4])
    assert cup.refolded() == (cup.cup, cup.rows)


def test_who_was_out_may_come_back() -> None:
    cup = started(substitutes=2)
    cup.done(SubstitutePlayer, P[1], match=1, player=P[2], substitute=P[5])
    cup.done(SubstitutePlayer, P[1], match=1, player=P[5], substitute=P[2])
    assert roster(cup, 1) == (P[1], P[2])
    assert [cup.row("tournament_player", user)["role"] for user in (P[2], P[5])] == ["player", "out"]


def test_nobody_is_exchanged_once_the_match_has_begun() -> None:
    cup = started(ready_s=0)
    swap = {"match": 1, "player": P[2], "substitute": P[5]}
    refused(cup, cup.send(SubstitutePlayer, P[1], **swap), Code.WRONG_PHASE, "match")
    cup = started()
    cup.people.block(P[5], P[1])
    refused(cup, cup.send(SubstitutePlayer, P[1], **swap), Code.BLOCKED, "substitute")


# --- people who are gone ---


def test_a_player_whose_account_is_gone_leaves_the_roster() -> None:
    cup = registered(team_min=1)
    cup.done(InvitePlayer, P[3], user=P[5])
    for user in (P[1], P[5]):
        cup.send(ErasePerson, SYSTEM, user=user)
        assert not cup.has_row("tournament_player", user)
    assert (roster(cup, 1), cup.cup.entrants[2].invited, cup.statuses()) == ((P[2],), (), ["entered"] * 2)
    cup.done(StartTournament)
    cup.settle()
    cup.send(ErasePerson, SYSTEM, user=P[4])
    assert roster(cup, 2) == (P[3],)
    cup.send(ErasePerson, SYSTEM, user=P[3])
    assert (cup.match(1).kind, cup.match(1).winner) == ("forfeit", 1)
    assert cup.refolded() == (cup.cup, cup.rows)


def test_blocks_are_asked_of_the_people_concerned() -> None:
    cup = registered()
    asked = cup.kind.facts(cup.cup, InvitePlayer(client_id="", stream=cup.stream, user=P[5]), by=P[1])
    assert block_key(P[5], P[1]) in asked

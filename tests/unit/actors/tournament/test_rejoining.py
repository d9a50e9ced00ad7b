"""Who leaves and comes back never has anything for it: no bye with points, in no format."""

from __future__ import annotations

from typing import Any

import pytest

from actors.kind import Accept
from actors.tournament.engine.swiss.published import bye_in
from actors.tournament.stages import status_of
from protocol.tournament.commands import (
    AddEntrants,
    CheckIn,
    EnterTournament,
    LeaveTournament,
    NewEntrant,
    OpenCheckIn,
    OpenRegistration,
    ReinstateEntrant,
    RemoveEntrant,
    SetSeeds,
    StartTournament,
)
from protocol.tournament.stage import Stage
from tests.unit.actors.tournament.cup import OWNER, Cup, P, draft, registering
from tests.unit.actors.tournament.test_swiss import going

FORMATS = {
    "single": (Stage(format="single_elimination", third_place=True),),
    "double": (Stage(format="double_elimination"),),
    "round robin": (Stage(format="round_robin"),),
    "annulled": (Stage(format="round_robin", withdrawals="annul"),),
    "swiss": (Stage(format="swiss", rounds=4, rematches=True),),
    "late": (Stage(format="swiss", rounds=4, rematches=True, late_rounds=3, late_byes="half"),),
    "exits": (Stage(format="swiss", wins=2, losses=2, rematches=True),),
    "chain": (Stage(format="swiss", rounds=2, advance=8), Stage(format="single_elimination")),
}
PLAYERS = 8
"""As many as any format takes without a bye."""


def byes(cup: Cup, entrant: int) -> list[tuple[str, int]]:
    """What they were given without playing, in which match or round: but not where the other side forfeits."""
    found = [("half", round_) for round_ in range(1, cup.cup.entrants[entrant].half_byes + 1)]
    for stage in cup.cup.stages:
        found += [("bye", nth) for nth, pairs in enumerate(stage.published, 1) if bye_in(pairs) == entrant]
    found += [
        ("match", number)
        for number, match in enumerate(cup.matches, 1)
        if match.kind == "bye" and match.winner == entrant
    ]
    return found


def started(stages: tuple[Stage, ...]) -> Cup:
    cup = registering(PLAYERS, stages=stages, entrants_max=16)
    cup.done(SetSeeds, entrants=tuple(range(1, PLAYERS + 1)))
    cup.done(StartTournament)
    cup.settle()
    return cup


def step(cup: Cup, leaver: int) -> None:
    """The next match is decided: whom it is about wins, and else the better seed."""
    match = cup.match(going(cup)[0])
    sides = (match.a or 0, match.b or 0)
    cup.decide(going(cup)[0], leaver if leaver in sides else min(sides))


def back(cup: Cup, leaver: int) -> bool:
    """They come in again by any way there is."""
    ways: tuple[tuple[type, str, dict[str, Any]], ...] = (
        (EnterTournament, cup.user(leaver), {}),
        (AddEntrants, OWNER, {"entrants": (NewEntrant(user=cup.user(leaver)),)}),
        (CheckIn, OWNER, {"entrant": leaver}),
        (ReinstateEntrant, OWNER, {"entrant": leaver, "confirm": True}),
    )
    came = [way for way, by, fields in ways if isinstance(cup.send(way, by, **fields), Accept)]
    cup.settle()
    assert len(came) <= 1
    return bool(came)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("away", [0, 1, 4])
@pytest.mark.parametrize("removed", [False, True])
def test_leaving_a_running_tournament_and_coming_back_brings_no_bye(
    name: str, away: int, removed: bool
) -> None:
    """After each match, for as many matches as this."""
    leaver, came = 3, 0
    for moment in range(12):
        cup = started(FORMATS[name])
        for _ in range(moment):
            if going(cup):
                step(cup, leaver)
        gone = (RemoveEntrant, OWNER, {"entrant": leaver}) if removed else (LeaveTournament, P[leaver], {})
        if cup.cup.phase != "running" or not isinstance(cup.send(gone[0], gone[1], **gone[2]), Accept):
            continue
        cup.settle()
        for _ in range(away):
            if going(cup):
                step(cup, leaver)
        came += back(cup, leaver)
        while going(cup):
            step(cup, leaver)
        assert byes(cup, leaver) == [], (moment, cup.types())
        assert cup.refolded() == (cup.cup, cup.rows)
    assert came


@pytest.mark.parametrize("name", FORMATS)
def test_leaving_before_the_start_and_coming_back_brings_no_bye(name: str) -> None:
    """In the registration, after a check-in that was closed again, and once it has started."""
    for when in ("registration", "reopened", "started"):
        cup = draft(stages=FORMATS[name], entrants_max=16)
        cup.done(OpenRegistration)
        cup.enter(*P[1 : PLAYERS + 1])
        cup.done(OpenCheckIn)
        cup.check_in(*P[1 : PLAYERS + 1])
        cup.done(LeaveTournament, P[3])
        if when == "registration":
            cup.done(AddEntrants, entrants=(NewEntrant(user=P[3]),))
            assert not cup.cup.entrants[3].checked_in  # they have to say anew that they are there
            cup.check_in(P[3])
        elif when == "reopened":
            cup.done(OpenRegistration)
            cup.enter(P[3])
            cup.done(OpenCheckIn)
            cup.check_in(P[3])
            assert cup.cup.checked_in == PLAYERS
        cup.done(StartTournament)
        cup.settle()
        if when == "started":
            step(cup, 3)
            back(cup, 3)
        while going(cup):
            step(cup, 3)
        taken = status_of(cup.cup, 3) == "entered"
        assert taken is (when != "started" or name == "late")
        assert byes(cup, 3) == []

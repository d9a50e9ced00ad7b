"""The work that an event costs in a tournament of thousands: it doesn't grow with the entrants."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from actors.kind import Accept
from actors.numbered import Numbered
from actors.ordered_map import OrderedMap
from actors.tournament.kind import TournamentKind
from actors.tournament.stages import match_of, sides_of
from actors.tournament.state import Entrant, Settings, Tournament
from protocol import limits
from protocol.event import Header
from protocol.frames import Command
from protocol.ids import SYSTEM
from protocol.tournament.commands import (
    Advance,
    CheckIn,
    ConfirmResult,
    DecideMatch,
    DisputeResult,
    EnterTournament,
    LeaveTournament,
    OpenCheckIn,
    RemoveEntrant,
    ReportResult,
    SayReady,
    StartTournament,
)
from protocol.tournament.events import EVENTS
from tests.unit.actors.room.test_crowds import bytes_of, steps_of
from tests.unit.actors.tournament.cup import CUP, ID, OWNER

KIND = TournamentKind(bytes(32))
NOW = 2_000_000
SIZES = (16, 128, 1024, limits.TOURNAMENT_ENTRANTS_MAX)
STEPS_MAX = 20_000
"""Of the interpreter. A walk through the entrants of the largest takes 100,000."""
BYTES_MAX = 20_000
"""At once. A copy of the entrants of the largest takes 30,000, one of its matches as much again."""
DRAWN_MAX = 102
"""Steps for each of those who are drawn when a tournament starts."""
AT_ONCE_MAX = 200_000
"""Steps of one command of a tournament's own, which changes some dozen matches."""
TYPES = {payload: name for name, payload in EVENTS.items()}
HERE: dict[str, Any] = {"client_id": ID, "stream": CUP}
NEW = "user:" + "e" * 32


def user(number: int) -> str:
    return f"user:{number:032x}"


def run(cup: Tournament, command: Command, by: str = OWNER, now: int = NOW) -> Tournament:
    """Decide and apply, as a cell does."""
    facts = dict.fromkeys(KIND.facts(cup, command, by=by))
    decision = KIND.decide(cup, facts, command, by=by, now=now)
    assert isinstance(decision, Accept) and decision.events, decision
    for emit in decision.events:
        header = Header(
            stream=CUP,
            seq=cup.seq + 1,
            at=now,
            author=by,
            type=TYPES[type(emit.payload)],
            revokes=emit.revokes,
            marks=dict(emit.marks),
        )
        cup = KIND.apply(cup, header, None)
    return cup


@cache
def registering(size: int) -> Tournament:
    """So many are entered, and as many wait but one."""
    users = [user(number) for number in range(1, 2 * size)]
    return Tournament(
        tournament=CUP,
        seq=10_000,
        phase="registration",
        owner=OWNER,
        settings=Settings(entrants_max=size, format="double_elimination", ready_s=60, confirm_s=60),
        entrants=Numbered(Entrant(who, "entered" if n < size else "waiting") for n, who in enumerate(users)),
        users=OrderedMap({who: number for number, who in enumerate(users, 1)}),
        entered=size,
        waitlist=OrderedMap({str(number): number for number in range(size + 1, 2 * size)}),
        seeded=tuple(range(1, size + 1)),
        timers=OrderedMap({"start": NOW * 2}),
    )


@cache
def checking_in(size: int) -> Tournament:
    return run(registering(size), OpenCheckIn(**HERE))


@cache
def opened(size: int) -> Tournament:
    """It has started, and all matches of the first round are open; the first two are being played."""
    cup = run(registering(size), StartTournament(**HERE))
    while (due := KIND.due(cup)) is not None and due <= NOW:
        cup = run(cup, Advance(**HERE), SYSTEM)
    for match in (1, 2):
        for entrant in sides_of(match_of(cup, match)):
            cup = run(cup, SayReady(**HERE, match=match), cup.entrants[entrant or 0].user or "")
    return cup


@cache
def reported(size: int) -> Tournament:
    return run(opened(size), ReportResult(**HERE, match=1, scores=((1, 0),)), user(1))


@cache
def one_done(size: int) -> Tournament:
    """Two matches next to each other are done, so that another one is due."""
    cup = run(opened(size), DecideMatch(**HERE, match=1, winner=1))
    return run(cup, DecideMatch(**HERE, match=2, winner=match_of(opened(size), 2).a or 0))


@cache
def one_left(size: int) -> Tournament:
    """Somebody has left, so that one who waits moves up."""
    return run(registering(size), LeaveTournament(**HERE), user(2))


Work = tuple[Callable[[int], Tournament], Command, Callable[[int], str]]
EVENTS_OF: dict[str, Work] = {
    "an entry": (registering, EnterTournament(**HERE), lambda size: NEW),
    "one who leaves": (registering, LeaveTournament(**HERE), lambda size: user(2)),
    "one who waits no more": (registering, LeaveTournament(**HERE), lambda size: user(2 * size - 1)),
    "one who moves up": (one_left, Advance(**HERE), lambda size: SYSTEM),
    "a check-in": (checking_in, CheckIn(**HERE), lambda size: user(2)),
    "a side that is ready": (opened, SayReady(**HERE, match=3), lambda size: at(size, 3)),
    "a report": (opened, ReportResult(**HERE, match=1, scores=((1, 0),)), lambda size: user(1)),
    "a confirmation": (reported, ConfirmResult(**HERE, match=1), user),
    "a dispute": (reported, DisputeResult(**HERE, match=1), user),
    "a decision": (opened, DecideMatch(**HERE, match=1, winner=1), lambda size: OWNER),
    "a forfeit": (opened, LeaveTournament(**HERE), lambda size: user(1)),
    "a disqualification": (opened, RemoveEntrant(**HERE, entrant=1, disqualify=True), lambda size: OWNER),
    "matches that are opened": (one_done, Advance(**HERE), lambda size: SYSTEM),
}


def at(size: int, match: int) -> str:
    """A player of this match."""
    return opened(size).entrants[match_of(opened(size), match).a or 0].user or ""


@pytest.mark.parametrize("what", EVENTS_OF)
def test_no_event_costs_more_where_more_take_part(what: str) -> None:
    prepare, command, by = EVENTS_OF[what]
    cups = [(prepare(size), by(size)) for size in SIZES]
    for cup, author in cups:
        run(cup, command, author)  # what is imported and cached with the first
    steps = [steps_of(lambda cup=cup, author=author: run(cup, command, author)) for cup, author in cups]
    memory = [bytes_of(lambda cup=cup, author=author: run(cup, command, author)) for cup, author in cups]
    assert max(steps) <= STEPS_MAX
    assert max(memory) <= BYTES_MAX
    # Four times the entrants are one more step down a tree.
    assert steps[-1] <= 1.5 * steps[-2]


@pytest.mark.parametrize("prepare", [registering, opened])
def test_showing_a_tournament_looks_at_no_more_than_it_shows(prepare: Callable[[int], Tournament]) -> None:
    cups = [prepare(size) for size in SIZES[1:]]
    for cup in cups:
        KIND.view(cup, user(1))
    steps = [steps_of(lambda cup=cup: KIND.view(cup, user(1))) for cup in cups]
    assert max(steps) <= STEPS_MAX
    assert steps[-1] <= 1.1 * steps[0]


def test_no_simultaneous_work_is_due_for_who_only_waits() -> None:
    """Of 2,048 open matches none is looked at until its time."""
    cup = opened(SIZES[-1])
    assert KIND.due(cup) == NOW + 60_000
    assert steps_of(lambda: KIND.due(cup)) < 250


def started(size: int) -> Tournament:
    return run(registering(size), StartTournament(**HERE))


def test_a_start_costs_what_drawing_costs_and_is_applied_without_a_walk() -> None:
    steps, memory = [], []
    for size in (64, 512, 4096):
        cup, command = replace(registering(size), seeded=()), StartTournament(**HERE)
        decision = KIND.decide(cup, {}, command, by=OWNER, now=NOW)
        assert isinstance(decision, Accept)
        emit = decision.events[0]
        header = Header(
            stream=CUP, seq=10_001, at=NOW, author=OWNER, type="tournament.started", marks=dict(emit.marks)
        )
        KIND.apply(cup, header, None)
        steps.append(steps_of(lambda cup=cup, header=header: KIND.apply(cup, header, None)))
        memory.append(bytes_of(lambda cup=cup, header=header: KIND.apply(cup, header, None)))
        drawn = steps_of(lambda cup=cup, command=command: KIND.decide(cup, {}, command, by=OWNER, now=NOW))
        assert drawn <= 3_000 + DRAWN_MAX * size
    assert steps[-1] == steps[0] <= 1_000
    assert max(memory) <= BYTES_MAX


@pytest.mark.parametrize("prepare", [started, opened])
def test_what_is_done_at_once_is_as_much_however_many_take_part(
    prepare: Callable[[int], Tournament],
) -> None:
    """Matches that are opened, and those whose players don't come."""
    later = NOW + 60_000
    cups = [prepare(size) for size in (64, 512, 4096)]
    for cup in cups:
        run(cup, Advance(**HERE), SYSTEM, later)
    steps = [steps_of(lambda cup=cup: run(cup, Advance(**HERE), SYSTEM, later)) for cup in cups]
    assert max(steps) <= AT_ONCE_MAX
    assert steps[-1] <= 1.5 * steps[-2]

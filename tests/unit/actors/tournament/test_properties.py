"""Whole tournaments, whatever people do and whenever: the log says all, and everything in them happens once."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.kind import Refuse, Send
from actors.tournament.effects import effects
from actors.tournament.stages import current_match, status_of
from actors.tournament.state import GOING, Tournament
from protocol.ids import SYSTEM
from protocol.tournament.commands import (
    AddEntrants,
    CancelTournament,
    ChangeTournament,
    CheckIn,
    ConfirmResult,
    DecideMatch,
    DisputeResult,
    EnterTournament,
    ErasePerson,
    LeaveTournament,
    NewEntrant,
    OpenCheckIn,
    OpenRegistration,
    RemoveEntrant,
    ReportResult,
    SayReady,
    SetSeeds,
    SetStaff,
    StartTournament,
)
from tests.checkpoints import decoded, encoded
from tests.unit.actors.tournament.cup import KEY, ORGANISER, OWNER, REFEREE, STRANGER, Cup, P, draft
from tests.unit.actors.tournament.engine.playing import all_of

STEPS_MAX = 150
PEOPLE = (OWNER, ORGANISER, REFEREE, STRANGER, KEY)

FORMATS = st.fixed_dictionaries(
    {
        "format": st.sampled_from(["single_elimination", "double_elimination"]),
        "third_place": st.booleans(),
        "reset": st.booleans(),
        "best_of": st.sampled_from([1, 3]),
        "entrants_max": st.integers(2, 9),
        "ready_s": st.sampled_from([0, 60]),
        "confirm_s": st.sampled_from([30, 300]),
        "entry": st.sampled_from(["open", "approval"]),
    }
)


class Chance:
    """What somebody does next, mostly something that makes sense."""

    def __init__(self, cup: Cup, chance: random.Random) -> None:
        self.cup, self.chance = cup, chance

    def act(self) -> None:
        """One command or some time. Whatever is refused changes nothing."""
        if self.chance.random() < 0.15:
            self.cup.later(self.chance.choice([1, 1, 1, 5, 20, 60, 400]))
            return
        command, by, fields = self._running() if self.cup.cup.phase == "running" else self._before()
        state, events = self.cup.cup, len(self.cup.log)
        decision = self.cup.send(command, by, **fields)
        if isinstance(decision, Refuse) or not decision.events:
            assert (self.cup.cup, len(self.cup.log)) == (state, events)
        if self.chance.random() < 0.8:
            self.cup.settle()

    def _before(self) -> tuple[type, str, dict[str, Any]]:
        pick = self.chance
        someone, number = pick.choice(P[1:13]), pick.randint(1, 12)
        return pick.choice(
            [
                (EnterTournament, someone, {}),
                (EnterTournament, someone, {}),
                (LeaveTournament, someone, {}),
                (CheckIn, someone, {}),
                (CheckIn, someone, {}),
                (CheckIn, ORGANISER, {"entrant": number}),
                (AddEntrants, ORGANISER, {"entrants": (NewEntrant(name="x"), NewEntrant(user=someone))}),
                (RemoveEntrant, ORGANISER, {"entrant": number, "disqualify": pick.random() < 0.5}),
                (SetSeeds, ORGANISER, {"entrants": tuple(pick.sample(range(1, 8), 2))}),
                (SetStaff, OWNER, {"user": someone, "role": pick.choice(["referee", None])}),
                (
                    ChangeTournament,
                    OWNER,
                    {"entrants_max": pick.randint(2, 9), "start_at": self.cup.now + 90_000},
                ),
                (OpenRegistration, pick.choice(PEOPLE), {}),
                (OpenCheckIn, pick.choice(PEOPLE), {}),
                (StartTournament, pick.choice(PEOPLE), {}),
            ]
        )

    def _running(self) -> tuple[type, str, dict[str, Any]]:
        pick, cup = self.chance, self.cup
        going = [int(number) for number in cup.cup.going] or [1]
        number = pick.choice(going) if pick.random() < 0.95 else pick.randint(1, len(cup.matches) + 1)
        match = cup.match(min(number, len(cup.matches)))
        side = pick.choice([match.a, match.b]) or 1
        by = cup.cup.entrants[side].user or KEY
        if pick.random() < 0.1:
            by = pick.choice((*PEOPLE, *P[1:13]))
        won = pick.random() < 0.5
        scores = ((1, 0) if won else (0, 1),) * (cup.cup.settings.best_of // 2 + 1)
        if pick.random() < 0.1:
            scores = (*scores, (1, 1))
        what = pick.random()
        if what < 0.03:
            return LeaveTournament, by, {}
        if what < 0.04:
            return RemoveEntrant, ORGANISER, {"entrant": side, "disqualify": True, "reason": "x"}
        if what < 0.05 and by != KEY:
            return ErasePerson, SYSTEM, {"user": by}
        if what < 0.055:
            return CancelTournament, OWNER, {}
        likely: dict[str, list[tuple[type, str, dict[str, Any]]]] = {
            "open": [(SayReady, by, {"match": number})],
            "playing": [(ReportResult, by, {"match": number, "scores": scores})],
            "reported": [
                (ConfirmResult, by, {"match": number}),
                (ReportResult, by, {"match": number, "scores": scores}),
                (DisputeResult, by, {"match": number, "note": "x"}),
            ],
        }
        referees: tuple[type, str, dict[str, Any]] = (
            DecideMatch,
            REFEREE,
            {"match": number, "winner": pick.choice([match.a, match.b, 0]) or 0},
        )
        return pick.choice([*likely.get(match.phase, []) * 5, referees])


@pytest.mark.slow
@given(st.integers(0, 2**32), FORMATS)
@settings(max_examples=200, deadline=None)
def test_the_log_says_all_and_everything_happens_once(seed: int, fields: dict[str, Any]) -> None:
    chance = random.Random(seed)
    cup = draft(**fields)
    cup.done(OpenRegistration)
    for user in P[1 : chance.randint(1, 11)]:
        cup.done(EnterTournament, user)
    acting = Chance(cup, chance)
    for step in range(STEPS_MAX):
        acting.act()
        if cup.cup.phase in ("finished", "cancelled"):
            break
        check_sides(cup)
        if step % 25 == 0:
            # As after a fail-over: what goes on is what was kept.
            kept = decoded(encoded(cup.cup), Tournament)
            assert kept == cup.cup
            cup.state = kept
    end(cup)
    state, rows = cup.refolded()
    assert (state, rows) == (cup.cup, cup.rows)
    assert cup.refolded(erased=lambda _: True)[0] == cup.cup
    assert decoded(encoded(cup.cup), Tournament) == cup.cup
    check_sides(cup)
    check_events(cup)
    check_rows(cup)
    if cup.cup.phase == "finished":
        check_end(cup)


def end(cup: Cup) -> None:
    """Staff decide whatever isn't decided by itself."""
    if cup.cup.phase not in ("running", "finished", "cancelled"):
        cup.send(StartTournament, OWNER)
    cup.settle()
    while cup.cup.phase == "running":
        cup.decide(int(cup.cup.going.least or 0), cup.match(int(cup.cup.going.least or 0)).b or 0)
    cup.later(100_000)  # nothing is left to do
    assert cup.cup.phase in ("finished", "cancelled") or cup.cup.entered < 2 or cup.cup.phase == "check_in"
    if cup.cup.phase in ("finished", "cancelled"):
        assert (cup.kind.due(cup.state), cup.cup.timers.least) == (None, None)


def check_sides(cup: Cup) -> None:
    """Each entrant knows the one match that they are on a side of and that isn't done."""
    state = cup.cup
    sides = [
        (side, number)
        for number, match in enumerate(cup.matches, 1)
        if match.phase != "done"
        for side in (match.a, match.b)
        if side
    ]
    assert len(dict(sides)) == len(sides)
    entrants = range(1, len(state.entrants) + 1)
    known = {number: match for number in entrants if (match := current_match(state, number))}
    assert known == dict(sides)


def check_events(cup: Cup) -> None:
    """Whatever happens once did, and nobody meets themselves or plays two matches at once."""
    once: Counter[tuple[str, Any]] = Counter()
    playing: dict[int, int] = {}
    for header in cup.headers():
        kind, marks = header.type.partition(".")[2], header.marks
        if kind in ("started", "finished", "cancelled"):
            once[kind, None] += 1
        if kind in ("match_opened", "match_finished"):
            once[kind, marks["match"]] += 1
        if kind == "match_opened":
            a, b = marks["a"], marks["b"]
            assert isinstance(a, int) and isinstance(b, int) and a != b
            assert not {a, b} & playing.keys()
            playing |= {a: marks["match"], b: marks["match"]}  # type: ignore[dict-item]
            told = [send.command for send in effects(header) if isinstance(send, Send)]
            assert len({command.stream for command in told}) == len(told)  # type: ignore[union-attr]
        if kind == "match_finished":
            playing = {entrant: match for entrant, match in playing.items() if match != marks["match"]}
            assert once["match_opened", marks["match"]] == 1
    assert set(once.values()) <= {1}
    if cup.cup.phase == "finished":
        assert not playing


def check_rows(cup: Cup) -> None:
    """Rows say the same as the state."""
    state, row = cup.cup, cup.row("tournament")
    assert (row["phase"], row["entrants"]) == (state.phase, state.entered)
    assert (row["seeds"] or []) == [*state.seeds]
    for number, entrant in enumerate(state.entrants, 1):
        shown = cup.row("tournament_entrant", number)
        dropped = (
            state.stages
            and number not in state.seeds
            and shown["status"] in ("entered", "pending", "waiting")
        )
        moved = state.stages and number in state.seeds and shown["status"] == "waiting"
        status = "dropped" if dropped else "entered" if moved else shown["status"]
        assert (status, shown["user_id"]) == (status_of(state, number), entrant.user)
    for number, match in enumerate(cup.matches, 1):
        if not cup.has_row("tournament_match", number):
            assert match.phase in ("waiting", "due") or match.kind == "bye"
            continue
        shown = cup.row("tournament_match", number)
        assert (shown["a"], shown["b"], shown["phase"]) == (match.a, match.b, match.phase)
        assert (shown["ready_a"], shown["ready_b"], shown["until"]) == (
            match.ready_a,
            match.ready_b,
            match.until,
        )
        assert shown["scores"] == [*match.scores]
        assert (shown["winner"] or 0, shown["kind"]) == (match.winner, match.kind)


def check_end(cup: Cup) -> None:
    """Every match has a result, and there is one champion, unless both forfeited the last match."""
    state = cup.cup
    assert all(match.phase == "done" and match.kind for match in cup.matches)
    assert state.matches_done == len(cup.matches)
    assert not len(state.going) and not len(state.to_open)
    places = [cup.row("tournament_entrant", number)["place"] for number in state.seeds]
    assert None not in places
    assert places.count(1) == 1 or last_winner(cup) == 0
    assert last_winner(cup) in (
        0,
        *(n for n in state.seeds if cup.row("tournament_entrant", n)["place"] == 1),
    )
    lost = Counter(
        header.marks["loser"] for header in cup.headers() if header.type == "tournament.match_finished"
    )
    most = 2 if state.settings.format == "double_elimination" else 2 if state.settings.third_place else 1
    assert all(times <= most for entrant, times in lost.items() if entrant)
    assert not any(match.phase in GOING for match in cup.matches)


def last_winner(cup: Cup) -> int:
    """Who has won the final, or the reset if there was one; 0 for nobody."""
    matches = [*zip(all_of(cup.bracket), cup.matches, strict=True)]
    last = [match for place, match in matches if place.part in ("final", "reset") and (match.a or match.b)]
    return last[-1].winner if last else 0

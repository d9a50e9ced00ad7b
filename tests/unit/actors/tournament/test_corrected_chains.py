"""Random chains of stages that are corrected again and again, earlier stages too: each is as if what counts now had
always been so.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.kind import Accept
from actors.tournament.stages import current_match, is_void, match_in, match_of, play_of, sides_of
from actors.tournament.state import StageState, Tournament
from protocol.tournament.commands import (
    CorrectResult,
    DecideMatch,
    OpenRegistration,
    SetSeeds,
    StartTournament,
    UndoResult,
)
from protocol.tournament.stage import Stage
from tests.checkpoints import decoded, encoded
from tests.unit.actors.tournament.cup import REFEREE, Cup, P, draft

FIRST = (
    Stage(format="round_robin", groups=2, advance=2),
    Stage(format="round_robin", legs=2, advance=3, tiebreaks=("head_to_head", "wins")),
    Stage(format="swiss", advance=4, rematches=True),
    Stage(format="swiss", wins=2, losses=2, advance=3),
    Stage(format="single_elimination", advance=4),
    Stage(format="double_elimination", advance=3),
)
LAST = (
    Stage(format="single_elimination", third_place=True),
    Stage(format="double_elimination"),
    Stage(format="round_robin"),
    Stage(format="swiss", rounds=2, rematches=True),
)
MIDDLE = (Stage(format="round_robin", advance=2), Stage(format="swiss", rounds=1, advance=2))
CHAINS = st.tuples(
    st.sampled_from(FIRST), st.lists(st.sampled_from(MIDDLE), max_size=1), st.sampled_from(LAST)
).map(lambda parts: (parts[0], *parts[1], parts[2]))
SEEDS = st.integers(0, 2**32)
Results = Mapping[tuple[int, int], int]
"""Who has won, by the number of the stage and that of the match within it."""


def started(chance: random.Random, chain: tuple[Stage, ...]) -> Cup:
    players = chance.randint(4, 8)
    cup = draft(stages=chain, ready_s=0, entrants_max=8)
    cup.done(OpenRegistration)
    cup.enter(*P[1 : players + 1])
    cup.done(SetSeeds, entrants=tuple(range(1, players + 1)))
    cup.done(StartTournament)
    cup.settle()
    return cup


def decide_one(cup: Cup, chance: random.Random) -> bool:
    """Some match that is going gets a result. Whether there was one."""
    if not (going := [*map(int, cup.cup.going)]):
        return False
    number = chance.choice(going)
    cup.done(DecideMatch, match=number, winner=chance.choice([*sides_of(cup.match(number)), 0]))
    if chance.random() < 0.8:
        cup.settle()
    return True


def mend(cup: Cup, chance: random.Random) -> None:
    """Correct or undo something by reset, of any stage; what a preview tells is what then follows."""
    done = [n for n in cup.numbers if cup.match(n).phase == "done" and cup.match(n).known]
    if not done:
        return
    number = chance.choice(done)
    winner = chance.choice([*sides_of(cup.match(number)), 0])
    fields: dict[str, Any] = {"match": number}
    command: type = UndoResult
    if chance.random() < 0.7:
        command, fields = CorrectResult, {**fields, "winner": winner, "policy": "reset"}
    won = cup.match(number).winner
    told, stages = cup.send(command, REFEREE, preview=True, **fields), len(cup.cup.stages)
    decision = cup.send(command, REFEREE, confirm=True, **fields)
    if isinstance(decision, Accept):
        assert isinstance(told, Accept) and decision.answer == told.answer
        if command is CorrectResult and winner == won:
            assert len(cup.cup.stages) == stages, "the same side has won"
    if chance.random() < 0.7:
        cup.settle()


def finished(cup: Cup, chance: random.Random) -> None:
    cup.settle()
    while cup.cup.phase == "running":
        assert decide_one(cup, chance), cup.cup
        cup.settle()


def results_of(cup: Cup) -> dict[tuple[int, int], int]:
    """Those that count."""
    return {
        (number, inner): match.winner
        for number, stage in enumerate(cup.cup.stages, 1)
        for inner in range(1, len(play_of(stage)) + 1)
        for match in [match_in(stage, stage.numbers.outer(inner))]
        if match.phase == "done" and match.known
    }


def replayed(chain: tuple[Stage, ...], players: int, results: Results) -> Cup:
    """A tournament in which all of these were so from the start, and that stands where no more is known."""
    cup = draft(stages=chain, ready_s=0, entrants_max=8)
    cup.done(OpenRegistration)
    cup.enter(*P[1 : players + 1])
    cup.done(SetSeeds, entrants=tuple(range(1, players + 1)))
    cup.done(StartTournament)
    cup.settle()
    while True:
        stage, number = cup.cup.stages[-1], len(cup.cup.stages)
        known = [n for n in map(int, cup.cup.going) if (number, stage.numbers.inner(n)) in results]
        if not known or cup.cup.phase != "running":
            return cup
        cup.done(DecideMatch, match=known[0], winner=results[number, stage.numbers.inner(known[0])])
        cup.settle()


def standing(stage: StageState, count: int | None = None) -> list[Any]:
    """A stage, whatever numbers its matches have."""
    numbers = range(1, len(play_of(stage)) + 1 if count is None else count + 1)
    matches = [match_in(stage, stage.numbers.outer(inner)) for inner in numbers]
    shown = [(match.a, match.b, match.phase, match.winner, match.kind) for match in matches]
    return [stage.settings, stage.seeds, stage.finished, stage.done, shown]


def outcome(cup: Cup) -> list[Any]:
    """What a tournament has come to, but for the numbers of matches."""
    places = sorted(zip(cup.cup.places, cup.cup.first, strict=True))
    return [cup.cup.phase, [standing(stage) for stage in cup.cup.stages], places]


def what_counts(cup: Cup) -> list[Any]:
    """All that what is still to come depends on, but for rounds that are published."""
    seeds = [(stage.seeds, stage.finished, stage.done) for stage in cup.cup.stages]
    places = sorted(zip(cup.cup.places, cup.cup.first, strict=True))
    return [cup.cup.phase, seeds, results_of(cup), places]


def check_numbers(cup: Cup) -> None:
    """No number has meant two matches, and nobody waits in two."""
    numbers = cup.numbers
    assert numbers == sorted({*numbers})
    void = [n for n in range(1, cup.cup.void_to + 1) if is_void(cup.cup, n)]
    assert not {*void} & {*numbers}
    opened: dict[Any, Any] = {}
    for header in cup.headers():
        if header.type == "tournament.match_opened":
            assert not is_void(cup.cup, int(str(header.marks["match"]))) or header.marks["match"] in void
            opened.setdefault(header.marks["match"], set()).add(header.marks.get("part"))
    assert all(len(parts) == 1 for parts in opened.values())
    sides = [s for n in numbers if match_of(cup.cup, n).phase != "done" for s in sides_of(cup.match(n)) if s]
    for entrant in {*sides}:
        assert entrant in sides_of(match_of(cup.cup, current_match(cup.cup, entrant)))


@pytest.mark.slow
@given(SEEDS, CHAINS)
@settings(max_examples=25, deadline=None)
def test_corrected_chains_are_those_that_had_always_been_so(seed: int, chain: tuple[Stage, ...]) -> None:
    chance = random.Random(seed)
    cup = started(chance, chain)
    for _ in range(40):
        if chance.random() < 0.2 or not decide_one(cup, chance):
            mend(cup, chance)
    cup.settle()
    finished(cup, chance)
    check_numbers(cup)
    # Rounds that were published stand, whatever was corrected after them: with them a Swiss stage isn't a function of
    # its results alone.
    if all(stage.format != "swiss" for stage in chain):
        again = replayed(chain, len(cup.cup.stages[0].seeds), results_of(cup))
        assert outcome(again) == outcome(cup)
    assert cup.refolded() == (cup.cup, cup.rows)
    assert cup.refolded(erased=lambda _: True)[0] == cup.cup
    assert decoded(encoded(cup.cup), Tournament) == cup.cup


@pytest.mark.slow
@given(SEEDS, CHAINS)
@settings(max_examples=20, deadline=None)
def test_what_is_undone_across_stages_leaves_nothing(seed: int, chain: tuple[Stage, ...]) -> None:
    """undo(do(x)) = x: the last result of a stage brings the next one, and goes with it."""
    chance = random.Random(seed)
    cup = started(chance, chain)
    steps = chance.randint(0, 12)
    while steps and cup.cup.phase == "running" and decide_one(cup, chance):
        steps -= 1
        cup.settle()
    going = [*map(int, cup.cup.going)]
    if not going:
        return
    before, view, number = what_counts(cup), cup.view(), chance.choice(going)
    stage = cup.cup.stages[-1]
    cup.done(DecideMatch, match=number, winner=chance.choice([*sides_of(cup.match(number)), 0]))
    cup.settle()
    cup.done(UndoResult, match=number, confirm=True)
    cup.settle()
    assert what_counts(cup) == before
    if not play_of(stage).by_round:  # the next round stays open
        assert cup.view() == view

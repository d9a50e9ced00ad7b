"""Random chains of stages, whatever people do: each is what the formats say of the results that count."""

from __future__ import annotations

import random
from collections import Counter
from hashlib import blake2b
from itertools import combinations
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.tournament.engine.groups import GroupTable
from actors.tournament.plays import play_of
from actors.tournament.stages import match_in
from actors.tournament.state import StageState, Tournament
from gatherup.chaos.truth import Fact
from protocol.tournament.commands import (
    CorrectResult,
    LeaveTournament,
    OpenRegistration,
    ReinstateEntrant,
    SetSeeds,
    StartTournament,
    UndoResult,
)
from protocol.tournament.stage import Stage
from tests.checkpoints import encoded
from tests.sim.tournament_settings import chain
from tests.sim.tournament_stages import Stages
from tests.unit.actors.tournament.cup import OWNER, REFEREE, Cup, P, draft

ENTRANTS_MAX = 12
MENDED_MAX = 12
"""So often something is corrected, or somebody leaves, in one tournament."""

SEEDS = st.integers(0, 2**32)
MODEST = settings(max_examples=10, deadline=None)


def begun(stages: tuple[Stage, ...], players: list[int]) -> Cup:
    """It runs with these, the best first, who have entered in the order of their users."""
    cup = draft(stages=stages, entrants_max=ENTRANTS_MAX)
    cup.done(OpenRegistration)
    cup.enter(*(P[number] for number in sorted(players)))
    order = {user: number for number, user in enumerate((P[n] for n in sorted(players)), 1)}
    cup.done(SetSeeds, entrants=tuple(order[P[number]] for number in players))
    cup.done(StartTournament)
    cup.settle()
    return cup


def going(cup: Cup) -> list[int]:
    return [int(number) for number in cup.cup.going]


def mend(cup: Cup, lot: random.Random) -> None:
    """Something happens beside what is played. Often it is refused."""
    number, entrant = lot.randint(1, max(map(int, [*cup.cup.going, "1"]))), lot.randint(1, ENTRANTS_MAX)
    winner = lot.choice([0, *cup.cup.seeds])
    policy = lot.choice([None, "keep", "reset"])
    corrected: dict[str, Any] = {"match": number, "winner": winner, "confirm": True, "policy": policy}
    command, by, fields = lot.choice(
        [
            (CorrectResult, REFEREE, corrected),
            (CorrectResult, REFEREE, corrected),
            (UndoResult, REFEREE, {"match": number, "confirm": True}),
            (LeaveTournament, P[entrant], {}),
            (ReinstateEntrant, OWNER, {"entrant": entrant, "confirm": True}),
        ]
    )
    cup.send(command, by, **fields)
    cup.settle()


class Course(NamedTuple):
    """A tournament that was played."""

    cup: Cup
    states: dict[int, Tournament]
    """What it was, by the seq of its last event then."""


def played(seed: int, *, mended: int = 0) -> Course:
    """A random chain, played to its end by lot; so often something else happens."""
    lot, states = random.Random(seed), dict[int, Tournament]()
    players = lot.sample(range(1, ENTRANTS_MAX + 1), lot.randint(2, ENTRANTS_MAX))
    cup = begun(chain(lot, ENTRANTS_MAX), players)
    while cup.cup.phase == "running":
        states[cup.cup.seq] = cup.cup
        if mended and lot.random() < 0.2:
            mended -= 1
            mend(cup, lot)
        elif numbers := going(cup):
            match = cup.match(number := lot.choice(numbers))
            cup.decide(number, lot.choice([match.a, match.b]) or 0)
    return Course(cup, states)


def facts(cup: Cup) -> list[Fact]:
    """Each event with the state after it, from the log alone."""
    state, found = cup.kind.initial(cup.stream), list[Fact]()
    for header in cup.headers():
        state = cup.kind.apply(state, header, None)
        found.append(Fact(header, None, state, frozenset(), {}))
    return found


@MODEST
@given(SEEDS)
def test_every_stage_is_what_its_format_makes_of_the_results_that_count(seed: int) -> None:
    cup = played(seed, mended=MENDED_MAX).cup
    story = facts(cup)
    begins = next(at for at, fact in enumerate(story) if fact.header.type == "tournament.started")
    stages = Stages(cup.cup.settings, cup.cup.seeds)
    assert [fault for fact in story[begins + 1 :] for fault in stages.heed(fact)] == []
    first = dict(zip(cup.cup.first, cup.cup.places, strict=True))
    assert first == {entrant: place for entrant, place in stages.places.items() if place <= 8}
    assert cup.refolded() == (cup.cup, cup.rows)


@MODEST
@given(SEEDS)
def test_everybody_plays_what_the_formats_say_and_no_more(seed: int) -> None:
    cup = played(seed).cup
    for stage in cup.cup.stages:
        check_played(cup, stage)
    champions = [entrant for entrant, place in zip(cup.cup.first, cup.cup.places, strict=True) if place == 1]
    last = cup.cup.stages[-1]
    assert len(champions) == (table(last).groups if last.settings.format == "round_robin" else 1)


def table(stage: StageState) -> GroupTable:
    """Two in each group, though fewer have come than there is room for."""
    groups = min(stage.settings.groups, max(1, len(stage.seeds) // 2))
    return GroupTable(len(stage.seeds), groups, stage.settings.legs)


def check_played(cup: Cup, stage: StageState) -> None:
    """Who meets nobody has no match, or it ends as a bye."""
    play = play_of(stage)
    matches = [
        (play.spot(number), match_in(stage, stage.numbers.outer(number)))
        for number in range(1, len(play) + 1)
    ]
    matches = [(spot, match) for spot, match in matches if match.kind != "bye"]
    pairs = [frozenset((match.a or 0, match.b or 0)) for _, match in matches]
    assert all(len(pair) == 2 and pair <= {*stage.seeds} for pair in pairs)
    match stage.settings.format:
        case "round_robin":
            of = table(stage)
            groups = [of.seeds_of(group) for group in range(1, of.groups + 1)]
            each = [
                frozenset(stage.seeds[seed - 1] for seed in two)
                for group in groups
                for two in combinations(group, 2)
            ]
            assert Counter(pairs) == Counter(each * stage.settings.legs)
        case "swiss":
            check_swiss(stage, pairs)
        case _:
            lost = Counter(match.other(match.winner) for spot, match in matches if spot.part != "third")
            check_knockout(stage.settings, sorted(lost[entrant] for entrant in stage.seeds))


def check_swiss(stage: StageState, pairs: list[frozenset[int]]) -> None:
    """At most one match or bye a round, and nobody twice unless the stage lets them."""
    byes: Counter[int] = Counter()
    for round_ in stage.published:
        there = [one for one in round_ if one]
        assert len({*there}) == len(there) and {*there} <= {*stage.seeds}
        byes.update([a for a, b in zip(round_[::2], round_[1::2], strict=True) if not b])
    assert sum(len(round_) // 2 for round_ in stage.published) == len(pairs) + byes.total()
    if not stage.settings.rematches:
        assert max(Counter(pairs).values(), default=1) == 1
        assert stage.settings.wins or max(byes.values(), default=1) == 1


def check_knockout(stage: Stage, lost: list[int]) -> None:
    """All but the champion have lost as often as it takes. Without a reset the final decides."""
    most = 2 if stage.format == "double_elimination" else 1
    if most == 2 and not stage.reset:
        assert lost[0] + lost[1] in (1, 2, 3) and lost[0] < most
        assert lost[2:] == [most] * (len(lost) - 2)
    else:
        assert lost[0] < most and lost[1:] == [most] * (len(lost) - 1)


def pairings(seed: int, stages: tuple[Stage, ...], players: list[int]) -> list[tuple[Any, ...]]:
    """Who met whom and who won, by their users. Who wins follows from who they are."""
    cup = begun(stages, players)
    found: list[tuple[Any, ...]] = []
    while cup.cup.phase == "running":
        match = cup.match(number := going(cup)[0])
        users = cup.user(match.a), cup.user(match.b)
        lot = blake2b(f"{seed} {number}".encode(), digest_size=1).digest()[0] % 2
        cup.decide(number, (match.a, match.b)[lot] or 0)
        found.append((number, *(players.index(P.index(user)) for user in users), lot))
    ranked = zip(cup.cup.places, cup.cup.first, strict=True)
    return [*found, *sorted((place, players.index(P.index(cup.user(one)))) for place, one in ranked)]


@MODEST
@given(SEEDS, st.randoms(use_true_random=False))
def test_neither_names_nor_the_order_in_which_people_came_change_a_pairing(
    seed: int, other: random.Random
) -> None:
    lot = random.Random(seed)
    stages, count = chain(lot, ENTRANTS_MAX), lot.randint(2, ENTRANTS_MAX)
    renamed = other.sample(range(1, 41), count)
    met, others = pairings(seed, stages, [*range(1, count + 1)]), pairings(seed, stages, renamed)
    assert met == others


@MODEST
@given(SEEDS)
def test_the_same_commands_give_the_same_bytes_and_a_replay_any_state_that_there_was(seed: int) -> None:
    cup, states = played(seed, mended=MENDED_MAX)
    again = played(seed, mended=MENDED_MAX).cup
    assert again.log == cup.log and encoded(again.cup) == encoded(cup.cup)
    replayed = {fact.header.seq: fact.state for fact in facts(cup)}
    assert all(replayed[seq] == state for seq, state in states.items())

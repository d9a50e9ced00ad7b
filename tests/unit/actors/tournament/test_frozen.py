"""Whoever leaves, is removed, disqualified or comes back later: a stage after which another one has begun stays as it
was.
"""

from __future__ import annotations

from typing import Any

import pytest

from actors.tournament.flat_results import flat_result
from actors.tournament.plays import FORMATS, play_of
from actors.tournament.stage_tables import stage_table
from actors.tournament.stages import match_of
from protocol.tournament.commands import LeaveTournament, ReinstateEntrant, RemoveEntrant
from protocol.tournament.stage import Stage, stages_text
from protocol.tournament.standings import Withdrawals
from tests.unit.actors.tournament.cup import OWNER, Cup, P
from tests.unit.actors.tournament.test_stages import chain, play_stage

FIRST: dict[str, dict[str, Any]] = {
    "single_elimination": {},
    "double_elimination": {},
    "round_robin": {"tiebreaks": ("wins", "head_to_head")},
    "swiss": {"rounds": 3},
}
"""The formats whose stages matches decide, as they are played first here."""
NEXT = [Stage(format=format_) for format_ in ("single_elimination", "double_elimination", "round_robin")] + [
    Stage(format="swiss", rounds=1)
]


def test_all_formats_that_matches_decide_are_here() -> None:
    assert FIRST.keys() == FORMATS.keys() - {"free_for_all", "leaderboard"}


def frozen(cup: Cup) -> list[Any]:
    """All that the first stage says: its matches and row, its standings as readers rank them, and its places."""
    stage = cup.cup.stages[0]
    flat: list[int] = []
    for number in range(1, len(play_of(stage)) + 1):
        match = match_of(cup.cup, number)
        flat += flat_result(
            number, match.a or 0, match.b or 0, match.winner, match.kind or "bye", match.scores
        )
    rows = {int(key.key): row for key, row in cup.rows.items() if key.table == "tournament_entrant"}
    left = [(number, row["forfeits_from"]) for number, row in rows.items() if row.get("left_stage") == 1]
    withdrawn = [int(str(part)) for one in sorted(left) for part in one]
    published = [[*pairs] for pairs in stage.published]
    settings = stages_text((stage.settings,))
    tables = [
        stage_table(settings, stage.seeds, published, flat, withdrawn, group, settled=True)
        for group in range(1, play_of(stage).groups + 1)
    ]
    last = [stage.seeds, stage.done, stage.finished, stage.changed_at, flat, cup.row("tournament_stage", 1)]
    return [*last, tables, cup.cup.stages[1].seeds]


@pytest.mark.parametrize("following", NEXT, ids=lambda stage: stage.format)
@pytest.mark.parametrize("format_", FIRST)
@pytest.mark.parametrize("withdrawals", ["keep", "annul", "forfeit"])
def test_a_frozen_stage_stays_whoever_leaves_or_comes_back(
    format_: Any, withdrawals: Withdrawals, following: Stage
) -> None:
    if withdrawals != "keep" and "withdrawals" not in FORMATS[format_].settings:
        return  # it has no such policy
    first = Stage(format=format_, advance=4, withdrawals=withdrawals, **FIRST[format_])
    cup = chain(6, first, following)
    # One leaves while the first stage is played, after a match of theirs was done.
    while len(cup.cup.stages) == 1 and cup.cup.matches_done < 3:
        number = int(cup.cup.going.least or 0)
        cup.decide(number, min(cup.match(number).a or 0, cup.match(number).b or 0))
    gone = max(cup.cup.seeds, key=lambda entrant: (cup.cup.entrants[entrant].match > 0, entrant))
    cup.send(LeaveTournament, P[gone])
    cup.settle()
    play_stage(cup)
    assert len(cup.cup.stages) == 2
    was = frozen(cup)
    cup.send(ReinstateEntrant, OWNER, entrant=gone, policy="keep")
    cup.settle()
    assert frozen(cup) == was
    one, other, third = cup.cup.stages[1].seeds[:3]
    cup.done(LeaveTournament, P[one])
    cup.settle()
    cup.done(RemoveEntrant, entrant=other, disqualify=True)
    cup.settle()
    assert frozen(cup) == was
    cup.done(ReinstateEntrant, entrant=one, policy="keep")
    cup.settle()
    assert frozen(cup) == was
    cup.send(LeaveTournament, P[third])
    cup.settle()
    play_stage(cup)
    assert (cup.cup.phase, frozen(cup)) == ("finished", was)
    cup.send(ReinstateEntrant, OWNER, entrant=other, policy="keep")
    cup.settle()
    assert frozen(cup) == was and cup.refolded() == (cup.cup, cup.rows)

"""What each entrant did round by round, as tie-breaks ask for it.

In a stage whose pairings were settled before, a forfeit counts as played (C.07, article 15). In others unplayed rounds
follow article 16: an entrant without a result in a finished round has a bye that was asked for and is worth nothing, as
has who withdrew or came late (16.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from actors.tournament.engine.standings.table import NOBODY, Points, Result, Table, counted


class Turn(NamedTuple):
    """One round of one entrant."""

    round: int
    opponent: int
    """NOBODY for a bye."""
    points: int
    """Half points."""
    outcome: int
    """1 for a win, -1 for a loss, 0 for a draw and for a bye."""
    played: bool
    requested: bool = False
    """A bye that was asked for (16.1)."""
    games: int = 0
    """Games won less games lost."""
    scores: int = 0
    """What they scored in all games less what was scored against them."""
    forfeit: bool = False

    @property
    def voluntary(self) -> bool:
        """Whether it is a voluntary unplayed round: a bye that was asked for, or a loss by forfeit (16.1)."""
        return self.requested or (self.forfeit and not self.played and self.outcome < 0)


class Record(NamedTuple):
    """All of one entrant's rounds."""

    turns: tuple[Turn, ...]
    """By round."""
    points: int
    """Half points."""
    adjusted: int
    """What the points count as for others who have met this entrant (16.3), half points."""
    wins: int
    losses: int
    """Both by playing or by forfeit."""


Records = Mapping[int, Record]


def records_of(table: Table, *, settled: bool) -> Records:
    """The records of all entrants."""
    turns: dict[int, list[Turn]] = {entrant: [] for entrant in table.entrants}
    for result in counted(table, settled=settled):
        for entrant, turn in _turns(table, result):
            turns[entrant].append(turn)
    if not table.rules.predetermined:
        for of_one in turns.values():
            there = {turn.round for turn in of_one}
            missed = (number for number in range(1, table.rounds_done + 1) if number not in there)
            of_one += [Turn(number, NOBODY, 0, 0, played=False, requested=True) for number in missed]
    return {entrant: _record(sorted(of_one), table.rules.points) for entrant, of_one in turns.items()}


def _turns(table: Table, result: Result) -> list[tuple[int, Turn]]:
    """What a result is for those who have it."""
    points = table.rules.points
    number, a, b, winner, kind, scores, _ = result
    if kind in ("bye", "half_bye", "zero_bye"):
        worth = {"bye": points.bye, "half_bye": points.draw, "zero_bye": 0}[kind]
        return [(a or b, Turn(number, NOBODY, worth, 0, played=False, requested=kind != "bye"))]
    unplayed = kind in ("forfeit", "double_forfeit")
    played = not unplayed or table.rules.predetermined
    games, difference = (table.rules.forfeit_games, 0) if unplayed else _differences(scores)
    found: list[tuple[int, Turn]] = []
    for entrant, other, sign in ((a, b, 1), (b, a, -1)):
        outcome = -1 if kind == "double_forfeit" else 0 if not winner else 1 if winner == entrant else -1
        worth = points.win if outcome > 0 else points.draw if not outcome else 0 if unplayed else points.loss
        ahead = games * outcome if unplayed else games * sign
        turn = Turn(number, other, worth, outcome, played, False, ahead, difference * sign, forfeit=unplayed)
        found.append((entrant, turn))
    return found


def _differences(scores: tuple[int, ...]) -> tuple[int, int]:
    """Games won less games lost and points less points, of side a."""
    games = [(a > b) - (a < b) for a, b in zip(scores[::2], scores[1::2], strict=True)]
    return sum(games), sum(scores[::2]) - sum(scores[1::2])


def _record(turns: list[Turn], points: Points) -> Record:
    adjusted = sum(turn.points for turn in turns)
    # A bye that was asked for counts as a draw if no round came after it that wasn't voluntarily unplayed (16.3).
    for turn in reversed(turns):
        if not turn.voluntary:
            break
        if turn.requested:
            adjusted += points.draw - turn.points
    return Record(
        tuple(turns),
        sum(turn.points for turn in turns),
        adjusted,
        sum(turn.outcome > 0 for turn in turns),
        sum(turn.outcome < 0 for turn in turns),
    )

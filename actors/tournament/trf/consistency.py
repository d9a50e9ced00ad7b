"""Whether the lines of a file agree with each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from actors.tournament.trf import columns
from actors.tournament.trf.faults import Faults
from actors.tournament.trf.games import entry_of, rounds_of, score_of
from actors.tournament.trf.model import Entry, Player, Report

_AGREE: Final = frozenset({"10", "01", "==", "00", "=0", "0=", "WL", "LW", "DD", "+-", "-+", "--", "  "})
"""The results of the two of a game. Both may lose by the arbiter's decision, and one may lose half a point by it."""


def check(report: Report, lines: Mapping[int, int], faults: Faults) -> None:
    """Note what is wrong with the games and the points of each player; ``lines`` says where they stand."""
    players = {player.number: player for player in report.players}
    rounds = rounds_of(report)
    if report.rounds is not None and rounds > report.rounds:
        faults.add(1, 1, f"{rounds} rounds were paired, more than the {report.rounds} of the tournament.")
    for player in report.players:
        line = lines[player.number]
        for round_, entry in enumerate(player.entries, 1):
            if why := _disagreement(players, player, round_, entry):
                faults.add(line, columns.game_columns(round_)[0].first, why)
        if len(player.entries) > rounds + 1:
            where = columns.game_columns(rounds + 2)[0].first
            faults.add(line, where, "Only byes of the next round can be told before it is paired.")
        elif player.points not in {None, *_scores(report, player, rounds)}:
            score = score_of(player, rounds, report.points) / 2
            faults.add(
                line, columns.POINTS.first, f"By the results of the rounds these are {score:.1f} points."
            )


def _scores(report: Report, player: Player, rounds: int) -> tuple[int, int]:
    """The points of a player, without a bye in the next round and with it: programs differ."""
    return score_of(player, rounds, report.points), score_of(player, rounds + 1, report.points)


def _disagreement(players: Mapping[int, Player], player: Player, round_: int, entry: Entry) -> str | None:
    if not entry.opponent:
        return None
    opponent = players.get(entry.opponent)
    if opponent is None:
        return f"There is no player {entry.opponent}."
    other = entry_of(opponent, round_)
    if other.opponent != player.number:
        return f"Player {entry.opponent} has another opponent in this round."
    if entry.side == other.side != "-":
        return f"Player {entry.opponent} has the same colour in this round."
    if {entry.side, other.side} in ({"w", "-"}, {"b", "-"}):
        return f"Player {entry.opponent} has no colour in this round."
    if entry.result + other.result not in _AGREE:
        return f"Player {entry.opponent} has a result in this round that doesn't fit."
    return None

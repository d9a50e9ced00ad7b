"""What a player does next, by what a snapshot of the tournament shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatherup.rehearse.rates import Fates
from protocol.frames import Command
from protocol.tournament import Scores
from protocol.tournament.commands import (
    CheckIn,
    ConfirmResult,
    DisputeResult,
    EnterTournament,
    LeaveTournament,
    ReportResult,
    SayReady,
)
from protocol.tournament.view import MatchView, OwnEntry, TournamentView

Move = tuple[type[Command], Mapping[str, Any]]
"""A command, and its fields."""


def play(shown: TournamentView, user: str, fates: Fates) -> Move | None:
    """What this player does, None for nothing. They do it after a while; until then they may see something else."""
    own = shown.own
    asks = own is not None and own.status in ("pending", "waiting", "entered")
    match shown.phase:
        case "registration" if not asks and shown.entry != "listed":
            return None if own and own.status == "disqualified" else (EnterTournament, {})
        case "check_in" if (
            asks and own and not own.checked_in and not fates.happens("missed_check_ins", user)
        ):
            return CheckIn, {}
        case "running" if own and own.match and own.status == "entered":
            return _meet(own, own.match, shown.best_of, user, fates)
        case _:
            return None


def _meet(own: OwnEntry, match: MatchView, best_of: int, user: str, fates: Fates) -> Move | None:
    """What they do about their match."""
    pairing, number = (match.match, match.a, match.b), {"match": match.match}
    if fates.happens("no_shows", user, *pairing):
        return None
    if fates.happens("withdrawals", user, *pairing):
        return LeaveTournament, {}
    match match.phase:
        case "open" if not (match.ready_a if own.entrant == match.a else match.ready_b):
            return SayReady, number
        case "playing" if not fates.happens("late_reports", *pairing):
            wrong = fates.happens("false_reports", user, *pairing)
            return ReportResult, {**number, "scores": _scores(pairing, best_of, fates, wrong=wrong)}
        case "reported" if own.entrant != match.reported_by:
            return _answer(match, best_of, user, fates)
        case _:
            return None


def _answer(match: MatchView, best_of: int, user: str, fates: Fates) -> Move | None:
    """What they say to a report of the other side."""
    pairing, number = (match.match, match.a, match.b), {"match": match.match}
    if fates.happens("silences", user, *pairing):
        return None
    if (true := _scores(pairing, best_of, fates)) != match.scores:
        return ReportResult, {**number, "scores": true}
    if fates.happens("disputes", user, *pairing):
        return DisputeResult, {**number, "note": "It was different."}
    return ConfirmResult, number


def games(match: MatchView, best_of: int, fates: Fates) -> int:
    """How many games it takes to play this match."""
    return len(_scores((match.match, match.a, match.b), best_of, fates))


def _scores(pairing: tuple[int, ...], best_of: int, fates: Fates, *, wrong: bool = False) -> Scores:
    """How the games of a match go. Either side wins as often as the other."""
    a_wins = (fates.number("wins", *pairing) < 0.5) != wrong
    needed = best_of // 2 + 1
    won, lost = ((1, 0), (0, 1)) if a_wins else ((0, 1), (1, 0))
    games_lost = int(fates.number("games", *pairing) * needed)
    return (lost,) * games_lost + (won,) * needed

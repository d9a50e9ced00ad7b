"""What a player does next, by what a snapshot of the tournament shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from actors.kind import Instant
from actors.tournament.engine.picks import choices, step_of
from actors.tournament.rounds import Terms, terms_in
from gatherup.rehearse.rates import Fates
from protocol.frames import Command
from protocol.tournament import Scores
from protocol.tournament.attempts import SubmitAttempt
from protocol.tournament.commands import (
    CheckIn,
    ConfirmResult,
    DisputeResult,
    EnterTournament,
    InvitePlayer,
    JoinTeam,
    LeaveTournament,
    ReportResult,
    SayReady,
    SubstitutePlayer,
)
from protocol.tournament.picking import AcceptStart, PickGame, ProposeStart
from protocol.tournament.rounds import BEGINS
from protocol.tournament.view import MatchView, OwnEntry, TournamentView

SCORES: Final = 1000
"""Attempts score less than this."""
Move = tuple[type[Command], Mapping[str, Any]]
"""A command, and its fields."""


class Knows(Struct, frozen=True):
    """What a player knows beside the snapshot."""

    now: Instant
    squad: tuple[str, ...] = ()
    """With whom they mean to play, the captain first, the reserves last; nobody where those who take part are no teams.
    """
    invited_by: int | None = None
    """The number of the team that has invited them."""


def play(shown: TournamentView, user: str, fates: Fates, knows: Knows) -> Move | None:
    """What this player does, None for nothing. They do it after a while; until then they may see something else."""
    own = shown.own
    asks = own is not None and own.status in ("pending", "waiting", "entered")
    if knows.squad and shown.phase in ("registration", "check_in") and (move := _gather(shown, user, knows)):
        return move
    match shown.phase:
        case "registration" if not asks and not knows.squad and shown.entry != "listed":
            return None if own and own.status == "disqualified" else (EnterTournament, {})
        case "check_in" if (
            asks
            and own
            and not own.checked_in
            and len(own.roster) >= shown.team_min
            and not fates.happens("missed_check_ins", _side(own, user))
        ):
            return CheckIn, {}
        case "running" if own and own.attempts_left:
            return _try(own, user, fates)
        case "running" if own and own.match and own.status == "entered":
            return _meet(shown, own, own.match, user, fates, knows)
        case _:
            return None


def terms(shown: TournamentView, match: MatchView) -> Terms:
    """By what this match is played."""
    number = 1 if shown.stage is None else shown.stage.stage
    best_of = shown.stages[number - 1].best_of if shown.stages else shown.best_of
    return terms_in(shown.rounds, best_of, number, match.part, match.round)


def games(shown: TournamentView, match: MatchView, fates: Fates) -> int:
    """How many games it takes to play this match."""
    return len(_scores(_pairing(match), terms(shown, match).best_of, fates))


# --- how a team comes together -----------------------------------------------------------------------------


def _gather(shown: TournamentView, user: str, knows: Knows) -> Move | None:
    """The captain enters the team and invites the others, who join it. Staff enter whole teams, if they choose."""
    own, listed = shown.own, shown.entry == "listed"
    if own is None or own.status not in ("pending", "waiting", "entered"):
        if knows.invited_by is not None:
            return JoinTeam, {"entrant": knows.invited_by}
        leads = user == knows.squad[0] and not (own and own.status == "disqualified")
        enters = leads and shown.phase == "registration" and not listed
        return (EnterTournament, {"name": f"Team {user[-4:]}"}) if enters else None
    known = (*own.roster, *own.invited)
    if user != own.roster[0] or listed or len(known) >= shown.team_max:
        return None
    # A reserve isn't one of them until somebody is exchanged.
    others = (other for other in knows.squad[: shown.team_max] if other not in known)
    missing = next(others, None)
    return None if missing is None else (InvitePlayer, {"user": missing})


def _side(own: OwnEntry, user: str) -> str:
    """For whom something happens that happens to a whole team."""
    return own.roster[0] if own.roster else user


# --- leaderboards ------------------------------------------------------------------------------------------


def _try(own: OwnEntry, user: str, fates: Fates) -> Move | None:
    """The next attempt, unless they don't come to any."""
    if fates.happens("no_shows", user, "attempts"):
        return None
    return SubmitAttempt, {"score": int(SCORES * fates.number("attempt", user, len(own.attempts)))}


# --- matches -----------------------------------------------------------------------------------------------


def _meet(
    shown: TournamentView, own: OwnEntry, match: MatchView, user: str, fates: Fates, knows: Knows
) -> Move | None:
    """What they do about their match."""
    pairing, number, side = _pairing(match), {"match": match.match}, _side(own, user)
    leads, best_of = user == side, terms(shown, match).best_of
    if fates.happens("no_shows", side, *pairing):
        return None
    if leads and fates.happens("withdrawals", side, *pairing):
        return LeaveTournament, {}
    if match.held and match.phase != "open":
        return None
    match match.phase:
        case "open":
            if leads and (before := _before(shown, own, match, fates, knows)):
                return before
            ready = match.ready_a if own.entrant == match.a else match.ready_b
            waits = ready or _puts_off(shown, own, match, fates, knows)
            return None if waits else (SayReady, number)
        case "picking":
            return _pick(terms(shown, match), own, match, fates)
        case "playing" if not fates.happens("late_reports", *pairing):
            wrong = fates.happens("false_reports", side, *pairing)
            return ReportResult, {**number, "scores": _scores(pairing, best_of, fates, wrong=wrong)}
        case "reported" if own.entrant != match.reported_by:
            return _answer(match, best_of, side, fates)
        case _:
            return None


def _before(
    shown: TournamentView, own: OwnEntry, match: MatchView, fates: Fates, knows: Knows
) -> Move | None:
    """What a captain does first: exchange a player, or put the match off."""
    reserves, number = knows.squad[shown.team_max :], {"match": match.match}
    idle = [reserve for reserve in reserves if reserve not in own.roster]
    exchanges = fates.happens("substitutions", own.entrant, *_pairing(match))
    if idle and len(idle) == len(reserves) and shown.substitutes and exchanges:
        return SubstitutePlayer, {**number, "player": own.roster[-1], "substitute": idle[0]}
    if match.held or match.latest is None:
        return None
    if match.proposed_by not in (0, own.entrant) and knows.now < (match.proposed_at or 0):
        again = fates.happens("disputes", *_pairing(match))  # which says the same
        return ProposeStart if again else AcceptStart, {**number, "at": match.proposed_at}
    if not _puts_off(shown, own, match, fates, knows):
        return None
    part = 0.5 + 0.5 * fates.number("another time", *_pairing(match))
    return ProposeStart, {**number, "at": knows.now + int(part * (match.latest - knows.now))}


def _puts_off(shown: TournamentView, own: OwnEntry, match: MatchView, fates: Fates, knows: Knows) -> bool:
    """Whether they mean to propose another time, and haven't yet."""
    if match.held or match.latest is None or own.entrant != match.a or match.proposed_by == own.entrant:
        return False
    in_time = match.latest - knows.now > terms(shown, match).window_s * 500  # not again and again
    return in_time and fates.happens("postponements", *_pairing(match))


def _pick(terms: Terms, own: OwnEntry, match: MatchView, fates: Fates) -> Move | None:
    """What they choose, if the step is theirs."""
    assert terms.picks is not None  # or nothing would be picked
    made = len(match.picks)
    step, side = step_of(terms.steps[made]), (match.a, match.b).index(own.entrant)
    if step.side != side or fates.happens("missed_picks", *_pairing(match), made):
        return None
    among = choices(terms.steps, len(terms.picks.pool), match.picks)
    choice = among[int(fates.number("picks", *_pairing(match), made) * len(among))]
    words = BEGINS if step.act == "side" else terms.picks.pool
    return PickGame, {"match": match.match, "step": made + 1, "choice": words[choice - 1]}


def _answer(match: MatchView, best_of: int, side: str, fates: Fates) -> Move | None:
    """What they say to a report of the other side."""
    pairing, number = _pairing(match), {"match": match.match}
    if fates.happens("silences", side, *pairing):
        return None
    if (true := _scores(pairing, best_of, fates)) != match.scores:
        return ReportResult, {**number, "scores": true}
    if fates.happens("disputes", side, *pairing):
        return DisputeResult, {**number, "note": "It was different."}
    return ConfirmResult, number


def _pairing(match: MatchView) -> tuple[int, int, int]:
    return match.match, match.a, match.b


def _scores(pairing: tuple[int, ...], best_of: int, fates: Fates, *, wrong: bool = False) -> Scores:
    """How the games of a match go. Either side wins as often as the other."""
    a_wins = (fates.number("wins", *pairing) < 0.5) != wrong
    needed = best_of // 2 + 1
    won, lost = ((1, 0), (0, 1)) if a_wins else ((0, 1), (1, 0))
    games_lost = int(fates.number("games", *pairing) * needed)
    return (lost,) * games_lost + (won,) * needed

"""What a snapshot shows of a tournament. Its size and the work it takes are bounded, however many take part."""

from __future__ import annotations

from itertools import islice

from msgspec.structs import replace

from actors.staffing import Rank
from actors.tournament.chats import chat_of
from actors.tournament.stages import (
    current_match,
    match_of,
    matches_count,
    spot_in,
    stage_of,
    status_of,
)
from actors.tournament.state import Match, Tournament
from protocol import limits
from protocol.tournament import NOBODY, StaffRole, games_of
from protocol.tournament.view import MatchView, OwnEntry, StaffMember, TournamentView


def view(tournament: Tournament, user: str) -> TournamentView:
    """The tournament as this user sees it."""
    settings, order = tournament.settings, _order(tournament)
    return TournamentView(
        tournament=tournament.tournament,
        phase=tournament.phase or "draft",
        owner=tournament.owner,
        staff=[StaffMember(user=who, role=role) for who, role in tournament.staff.items()],
        game=settings.game,
        platform=settings.platform,
        region=settings.region,
        format=settings.format,
        third_place=settings.third_place,
        reset=settings.reset,
        best_of=settings.best_of,
        stages=settings.stages,
        entrants_max=settings.entrants_max,
        visibility=settings.visibility,
        entry=settings.entry,
        ready_s=settings.ready_s,
        confirm_s=settings.confirm_s,
        rounds=settings.rounds,
        team_min=settings.team_min,
        team_max=settings.team_max,
        substitutes=settings.substitutes,
        play_s=settings.play_s,
        rooms=settings.rooms,
        gathering=tournament.gathering,
        registration_at=settings.registration_at,
        check_in_at=settings.check_in_at,
        start_at=settings.start_at,
        entered=tournament.entered,
        checked_in=tournament.checked_in,
        waiting=len(tournament.waitlist),
        pending=tournament.pending,
        matches=matches_count(tournament),
        matches_done=tournament.matches_done,
        current=[
            _match(tournament, int(number)) for number in islice(tournament.going, limits.VIEW_MATCHES_MAX)
        ],
        entrants=[entrant for _, entrant in order],
        places=[place for place, _ in order],
        own=_own(tournament, user),
        role=_role(tournament, user),
    )


def _order(tournament: Tournament) -> list[tuple[int, int]]:
    """Once it has finished: the first places, each with its entrant."""
    finished = tournament.phase == "finished"
    return sorted(zip(tournament.places, tournament.first, strict=True)) if finished else []


def _own(tournament: Tournament, user: str) -> OwnEntry | None:
    number = tournament.number_of(user)
    if number is None:
        return None
    entrant = tournament.entrants[number]
    match = current_match(tournament, number)
    known = match and match_of(tournament, match).known
    return OwnEntry(
        entrant=number,
        status=status_of(tournament, number),
        checked_in=entrant.checked_in,
        match=_match(tournament, match) if known else None,
        roster=entrant.roster,
        invited=() if tournament.stages else entrant.invited,
    )


def _role(tournament: Tournament, user: str) -> StaffRole | None:
    return "organiser" if tournament.rank(user) is Rank.OWNER else tournament.staff.get(user)


def shown(tournament: Tournament, number: int) -> Match:
    """A match as it is shown: what wasn't done when the tournament was cancelled is *cancelled*, too."""
    match = match_of(tournament, number)
    if tournament.phase != "cancelled" or match.phase == "done":
        return match
    return replace(match, phase="cancelled", until=None, held=False)


def _match(tournament: Tournament, number: int) -> MatchView:
    """A match whose two sides are known."""
    stage = stage_of(tournament, number)
    match, spot = shown(tournament, number), spot_in(stage, number)
    a, b = match.a or NOBODY, match.b or NOBODY
    return MatchView(
        match=number,
        part=spot.part,
        round=spot.round,
        group=spot.group or None,
        phase=match.phase,
        a=a,
        b=b,
        user_a=tournament.entrants[a].user,
        user_b=tournament.entrants[b].user,
        ready_a=match.ready_a,
        ready_b=match.ready_b,
        until=match.until,
        reported_by=match.reporter,
        scores=games_of(match.scores),
        winner=match.winner,
        kind=match.kind,
        picks=match.picks,
        held=match.held,
        latest=match.latest,
        proposed_by=match.proposed_by,
        proposed_at=match.proposed_at,
        room=chat_of(tournament, number),
    )

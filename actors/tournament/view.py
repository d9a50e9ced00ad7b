"""What a snapshot shows of a tournament. Its size and the work it takes are bounded, however many take part."""

from __future__ import annotations

from itertools import islice

from msgspec.structs import replace

from actors.staffing import Rank
from actors.tournament.chats import chat_of
from actors.tournament.engine.play import Play
from actors.tournament.plays import play_of, rounds_of
from actors.tournament.rounds_over import current_round
from actors.tournament.stages import current_match, match_in, match_of, matches_count, status_of
from actors.tournament.state import ASKING, Match, Tournament
from protocol import limits
from protocol.tournament import NOBODY, StaffRole, games_of
from protocol.tournament.standings_moved import lines_of
from protocol.tournament.view import MatchView, OwnEntry, StaffMember, StageView, TournamentView


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
        current=_current(tournament),
        entrants=[entrant for _, entrant in order],
        places=[place for place, _ in order],
        stage=_stage(tournament),
        own=_own(tournament, user),
        role=_role(tournament, user),
    )


def _order(tournament: Tournament) -> list[tuple[int, int]]:
    """Once it has finished: the first places, each with its entrant."""
    finished = tournament.phase == "finished"
    return sorted(zip(tournament.places, tournament.first, strict=True)) if finished else []


def _current(tournament: Tournament) -> list[MatchView]:
    """The first matches that are open: all of the stage that is being played."""
    going = [*islice(tournament.going, limits.VIEW_MATCHES_MAX)]
    if not going:
        return []
    play = play_of(tournament.stages[-1])
    return [_match(tournament, play, int(number)) for number in going]


def _stage(tournament: Tournament) -> StageView | None:
    if not tournament.stages:
        return None
    stage = tournament.stages[-1]
    play = play_of(stage)
    return StageView(
        stage=len(tournament.stages),
        format=stage.settings.format,
        entrants=len(stage.seeds),
        groups=play.groups,
        matches=len(play),
        matches_done=stage.done,
        round=current_round(stage),
        rounds=rounds_of(stage),
        standings=tuple(lines_of(stage.standings)),
        standings_round=stage.standings_round,
        closes_at=stage.closes_at,
        scored=stage.scored,
    )


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
        match=_match(tournament, play_of(tournament.stages[-1]), match) if known else None,
        roster=entrant.roster,
        invited=() if tournament.stages else entrant.invited,
        attempts=_attempts(tournament, number),
        attempts_left=_attempts_left(tournament, number),
    )


def _attempts(tournament: Tournament, entrant: int) -> tuple[int | None, ...]:
    if not tournament.stages:
        return ()
    return tuple(one.score for one in tournament.stages[-1].attempts.get(entrant) or ())


def _attempts_left(tournament: Tournament, entrant: int) -> int:
    if tournament.phase != "running":
        return 0
    stage = tournament.stages[-1]
    plays = entrant in stage.seeds and tournament.entrants[entrant].status in ASKING
    if stage.closes_at is None or stage.closed or not plays:
        return 0
    return stage.settings.attempts - len(stage.attempts.get(entrant) or ())


def _role(tournament: Tournament, user: str) -> StaffRole | None:
    return "organiser" if tournament.rank(user) is Rank.OWNER else tournament.staff.get(user)


def shown(tournament: Tournament, number: int) -> Match:
    """A match as it is shown: what wasn't done when the tournament was cancelled is *cancelled*, too."""
    return _shown(tournament, match_of(tournament, number))


def _shown(tournament: Tournament, match: Match) -> Match:
    if tournament.phase != "cancelled" or match.phase == "done":
        return match
    return replace(match, phase="cancelled", until=None, held=False)


def _match(tournament: Tournament, play: Play, number: int) -> MatchView:
    """A match of the stage that is being played, whose two sides are known."""
    stage = tournament.stages[-1]
    match, spot = _shown(tournament, match_in(stage, number)), play.spot(stage.numbers.inner(number))
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

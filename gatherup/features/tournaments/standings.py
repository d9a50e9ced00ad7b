"""What a tournament has come to so far: its bracket, and the places of those who play no more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from quart import Response, request

from actors.tournament.attempts import score_in, takes_attempts
from actors.tournament.plays import FORMATS
from actors.tournament.state import StageState
from actors.tournament.view import shown
from gatherup.features.tournaments.answers import (
    bracket_match_of,
    leads_of,
    position_of,
    score_of,
    standing_of,
    tag_of,
)
from gatherup.features.tournaments.brackets import all_matches, numbers_of, play_of, row_of
from gatherup.features.tournaments.replay import Replays
from gatherup.features.tournaments.stage_results import StageReader
from gatherup.features.tournaments.stage_standings import StageStandings
from gatherup.features.tournaments.tournament_access import found, started, tournament_id
from gatherup.features.tournaments.tournaments import TOURNAMENT
from gatherup.features.tournaments.turns import turn
from gatherup.http.conditional import tagged
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.paging import Pages
from protocol.codes import Code
from protocol.http.tournaments.entrants import Standings, StandingsQuery
from protocol.http.tournaments.matches import BracketMatch, BracketQuery, BracketScore, TournamentBracket
from storage.postgres.tournaments.attempts import Attempts, ScoreRow
from storage.postgres.tournaments.entrants import Entrants, StandingKey
from storage.postgres.tournaments.matches import Matches, MatchRow, SeatingRow
from storage.postgres.tournaments.reading import Head

GROUP: Final = "matches"


class StandingsResource:
    """Brackets and standings."""

    def __init__(
        self,
        matches: Matches,
        entrants: Entrants,
        attempts: Attempts,
        replays: Replays,
        reader: StageReader,
    ) -> None:
        self._matches = matches
        self._attempts = attempts
        self._replays = replays
        self._entrants = entrants
        self._pages = Pages(StandingKey)
        self._stages = StageStandings(reader, entrants, self._pages)

    @endpoint(
        "GET",
        TOURNAMENT + "/bracket",
        query=BracketQuery,
        answer=TournamentBracket,
        versioned=True,
        refuses=(Code.WRONG_PHASE, Code.TOO_MANY),
        group=GROUP,
    )
    async def bracket(self, caller: Caller, tournament: str, query: BracketQuery) -> Response:
        """Get the whole bracket of a tournament that has started, now or as it was, and where in its log that is."""
        if query.at is not None:
            return await self._bracket_at(caller.user, tournament_id(tournament), query.at, query.stage)
        seated = found(await self._matches.seatings(caller.user, tournament_id(tournament)))
        seating = started(seated.rows, query.stage)
        if request.if_none_match.contains_weak(_tag(seated.head, query.stage)):
            return tagged(b"", _tag(seated.head, query.stage))
        matches: list[BracketMatch] = []
        scores: list[BracketScore] = []
        if FORMATS[seating.settings.format].attempts:
            scored = found(await self._attempts.scores(caller.user, tournament, seating.number))
            head, scores = scored.head, list(map(score_of, scored.rows))
        else:
            read = found(await self._matches.all(caller.user, tournament))
            head, matches = read.head, await bracket_matches(seating, all_matches(seating, read.rows))
        answer = TournamentBracket(
            stage=seating.number,
            stages=len(seated.rows),
            format=seating.settings.format,
            seeds=list(seating.seeds),
            matches=matches,
            scores=tuple(scores),
            position=position_of(tournament, head),
        )
        return tagged(msgspec.json.encode(answer), _tag(head, query.stage))

    async def _bracket_at(self, user: str, tournament: str, at: int, stage: int | None) -> Response:
        head = await self._replays.head(user, tournament, at)
        if request.if_none_match.contains_weak(_tag(head, stage)):
            return tagged(b"", _tag(head, stage))
        state = await self._replays.state(user, tournament, at)
        seatings = [
            SeatingRow(one.settings, one.seeds, number, one.numbers, published=one.published)
            for number, one in enumerate(state.stages, 1)
        ]
        seating = started(seatings, stage)
        answer = TournamentBracket(
            stage=seating.number,
            stages=len(seatings),
            format=seating.settings.format,
            seeds=list(seating.seeds),
            matches=await bracket_matches(seating, (row_of(n, shown(state, n)) for n in numbers_of(seating))),
            scores=await _scores_in(state.stages[seating.number - 1]),
            position=position_of(tournament, head),
        )
        return tagged(msgspec.json.encode(answer), _tag(head, stage))

    @endpoint(
        "GET",
        TOURNAMENT + "/standings",
        query=StandingsQuery,
        answer=Standings,
        polled=True,
        refuses=(Code.WRONG_PHASE, Code.OVERLOADED),
        group=GROUP,
    )
    async def standings(self, caller: Caller, tournament: str, query: StandingsQuery) -> Standings:
        """List the places of those who play no more, or rank a group of a stage, and tell where in the log that is."""
        if query.stage is not None:
            return await self._stages.read(caller.user, tournament_id(tournament), query)
        edge = self._pages.edge(query.cursor)
        read = found(
            await self._entrants.standings(
                caller.user,
                tournament_id(tournament),
                beside=edge.beside,
                back=edge.back,
                limit=query.limit + 1,
            )
        )
        page = self._pages.page(read.rows, edge, query.limit, lambda row: StandingKey(row.place, row.number))
        return Standings(
            standings=list(map(standing_of, page.rows)),
            final=read.phase == "finished",
            position=position_of(tournament, read.head),
            next=page.next,
            previous=page.previous,
        )


async def bracket_matches(seating: SeatingRow, rows: Iterable[MatchRow]) -> list[BracketMatch]:
    """All matches. There may be thousands: others have their turn in between."""
    play, leads = play_of(seating), leads_of(seating.settings, len(seating.seeds), seating.numbers.first)
    matches: list[BracketMatch] = []
    for row in rows:
        matches.append(bracket_match_of(row, seating, play, leads))
        await turn(len(matches))
    return matches


async def _scores_in(stage: StageState) -> tuple[BracketScore, ...]:
    """What everybody has come to in a leaderboard; nothing in another stage."""
    scores: list[BracketScore] = []
    for count, entrant in enumerate(stage.seeds if takes_attempts(stage) else (), 1):
        await turn(count)
        if score := score_in(stage, stage.attempts.get(entrant) or ()):
            scores.append(score_of(ScoreRow(entrant, *score)))
    return tuple(scores)


def _tag(head: Head, stage: int | None) -> str:
    return tag_of(head) if stage is None else tag_of(head, stage)

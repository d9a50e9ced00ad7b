"""Matches of tournaments: played through the tournament's actor, read from their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gatherup.features.tournaments.answers import match_at, match_of, position_of
from gatherup.features.tournaments.brackets import (
    bracket_of,
    match_before,
    play_of,
    stage_with,
)
from gatherup.features.tournaments.explaining import concerned, places_of, side_of, table_sides
from gatherup.features.tournaments.explaining_swiss import imported_side, paired_side, pairing_of
from gatherup.features.tournaments.next_matches import NextMatches
from gatherup.features.tournaments.tournament_access import found, match_in, number_of, started, tournament_id
from gatherup.features.tournaments.tournaments import TOURNAMENT
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.paging import Pages
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.http.base import CommandAccepted, CommandBody
from protocol.http.tournaments.explained import ExplainedMatch, ExplainedPairing
from protocol.http.tournaments.matches import (
    Decision,
    Dispute,
    MatchesQuery,
    MatchOfTournament,
    MatchPage,
    OwnMatchesQuery,
    OwnMatchPage,
    Readiness,
    ReportedResult,
)
from protocol.tournament.commands import (
    ConfirmResult,
    DecideMatch,
    DisputeResult,
    ReportResult,
    SayReady,
)
from storage.postgres.tournaments.matches import (
    Matches,
    MatchFilter,
    MatchKey,
    MatchRow,
    SeatingRow,
)
from storage.postgres.tournaments.rounds import Rounds

GROUP: Final = "matches"
MATCHES: Final = TOURNAMENT + "/matches"
MATCH: Final = MATCHES + "/<match>"


class MatchesResource:
    """Matches: ready, reported, confirmed, disputed, decided."""

    def __init__(
        self, matches: Matches, rounds: Rounds, next_matches: NextMatches, commands: Commands
    ) -> None:
        self._matches = matches
        self._rounds = rounds
        self._next = next_matches
        self._commands = commands
        self._pages = Pages(MatchKey)

    @endpoint("GET", MATCHES, query=MatchesQuery, answer=MatchPage, polled=True, group=GROUP)
    async def page(self, caller: Caller, tournament: str, query: MatchesQuery) -> MatchPage:
        """List matches of a tournament by number, and where in its log they were read."""
        edge = self._pages.edge(query.cursor)
        seated = found(await self._matches.seatings(caller.user, tournament_id(tournament)))
        if not seated.rows:  # it hasn't started
            position = position_of(tournament, seated.head)
            return MatchPage(matches=[], position=position, next=None, previous=None)
        matching = MatchFilter(
            phase=query.phase,
            numbers=_numbers(seated.rows, query),
            entrant=query.entrant,
            mine=query.mine,
        )
        read = found(
            await self._matches.page(
                caller.user,
                tournament,
                matching,
                beside=edge.beside,
                back=edge.back,
                limit=query.limit + 1,
            )
        )
        page = self._pages.page(read.rows, edge, query.limit, lambda row: MatchKey(row.number))
        return MatchPage(
            matches=[match_of(row, stage_with(seated.rows, row.number)) for row in page.rows],
            position=position_of(tournament, read.head),
            next=page.next,
            previous=page.previous,
        )

    @endpoint("GET", MATCH, answer=MatchOfTournament, polled=True, group=GROUP)
    async def get(self, caller: Caller, tournament: str, match: str) -> MatchOfTournament:
        """Get a match of a tournament that has started, and where in its log it was read."""
        number = number_of(match, "match")
        seated = found(await self._matches.seatings(caller.user, tournament_id(tournament)))
        seating = stage_with(seated.rows, number)
        read = found(await self._matches.one(caller.user, tournament, number))
        row = next((row for row in read.rows if seating or row.part), None)
        if row is None:
            row = match_before(_stage(seating), number)
        swaps = found(await self._matches.substitutions(caller.user, tournament, number))
        return match_at(row, swaps.rows, seating, position_of(tournament, read.head))

    @endpoint("GET", MATCH + "/explain", answer=ExplainedMatch, polled=True, group=GROUP)
    async def explain(self, caller: Caller, tournament: str, match: str) -> ExplainedMatch:
        """Tell why who plays a match plays it, and why who went out in it has their place; also in words."""
        number = number_of(match, "match")
        seated = found(await self._matches.seatings(caller.user, tournament_id(tournament)))
        seating = _stage(stage_with(seated.rows, number))
        spot, bracket = play_of(seating).spot(seating.numbers.inner(number)), bracket_of(seating)
        looked_at = [] if bracket is None else concerned(bracket, number)
        read = found(await self._matches.some(caller.user, tournament, looked_at))
        known = {row.number: row for row in read.rows}

        def lookup(other: int) -> MatchRow:
            return known.get(other) or match_before(seating, other)

        pairing = await self._pairing(caller.user, tournament, number) if seating.published else None
        if pairing is not None:
            sides = [paired_side(entrant, pairing) for entrant in (lookup(number).a, lookup(number).b)]
        elif seating.published:
            sides = [imported_side(entrant) for entrant in (lookup(number).a, lookup(number).b)]
        elif bracket is None:
            sides = table_sides(spot, seating.seeds, lookup(number))
        else:
            sides = [side_of(bracket, seating.seeds, lookup, number, side) for side in (0, 1)]
        return ExplainedMatch(
            match=number,
            stage=seating.number,
            part=spot.part,
            round=spot.round,
            group=spot.group or None,
            sides=sides,
            pairing=pairing,
            places=[] if bracket is None else places_of(bracket, lookup, number),
            position=position_of(tournament, read.head),
        )

    @endpoint("POST", MATCH + "/ready", body=Readiness, answer=CommandAccepted, group=GROUP)
    async def ready(self, caller: Caller, tournament: str, match: str, body: Readiness) -> CommandAccepted:
        """Say that one is ready to play a match that is open; referees may say so of a side."""
        return await self._send(caller, SayReady, tournament, match, body)

    @endpoint("POST", MATCH + "/report", body=ReportedResult, answer=CommandAccepted, group=GROUP)
    async def report(
        self, caller: Caller, tournament: str, match: str, body: ReportedResult
    ) -> CommandAccepted:
        """Report the result of one's own match. The same report by the other side confirms it, another disputes it."""
        return await self._send(caller, ReportResult, tournament, match, body)

    @endpoint("POST", MATCH + "/confirm", body=CommandBody, answer=CommandAccepted, group=GROUP)
    async def confirm(
        self, caller: Caller, tournament: str, match: str, body: CommandBody
    ) -> CommandAccepted:
        """Confirm the result that the other side of one's own match has reported."""
        return await self._send(caller, ConfirmResult, tournament, match, body)

    @endpoint("POST", MATCH + "/dispute", body=Dispute, answer=CommandAccepted, group=GROUP)
    async def dispute(self, caller: Caller, tournament: str, match: str, body: Dispute) -> CommandAccepted:
        """Dispute one's own match, so that staff decide it."""
        return await self._send(caller, DisputeResult, tournament, match, body)

    @endpoint("POST", MATCH + "/decide", body=Decision, answer=CommandAccepted, group=GROUP)
    async def decide(self, caller: Caller, tournament: str, match: str, body: Decision) -> CommandAccepted:
        """Decide a match that isn't done, as an organiser or referee."""
        return await self._send(caller, DecideMatch, tournament, match, body)

    @endpoint("GET", "/v1/me/matches", query=OwnMatchesQuery, answer=OwnMatchPage, polled=True, group=GROUP)
    async def own(self, caller: Caller, query: OwnMatchesQuery) -> OwnMatchPage:
        """List the match that one plays or waits for in each tournament that runs, and which of them collide."""
        return await self._next.page(caller.user, query)

    async def _pairing(self, user: str, tournament: str, number: int) -> ExplainedPairing | None:
        """Why a match of a Swiss round was paired; None for one of another format, or paired elsewhere."""
        read = found(await self._rounds.of_match(user, tournament, number))
        if not read.rows or not read.rows[0].reasons:
            return None
        row = read.rows[0]
        return pairing_of(row.pairs, row.reasons, number - row.first)

    async def _send(
        self, caller: Caller, kind: Any, tournament: str, match: str, body: CommandBody
    ) -> CommandAccepted:
        return await self._commands.send(caller, kind, body, **match_in(tournament, match), **fields_of(body))


def _stage(seating: SeatingRow | None) -> SeatingRow:
    """The stage of a match. Raises ProblemError: there is no such match, or it is void."""
    if seating is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such match, or it is void.", field="match")
    return seating


def _numbers(seatings: Sequence[SeatingRow], query: MatchesQuery) -> Sequence[int] | None:
    """The matches of a stage, a part, a round and a group, of those that are given; None for all."""
    if (query.stage, query.part, query.round, query.group) == (None, None, None, None):
        return None
    seating = started(seatings, query.stage)
    numbers = play_of(seating).numbers(query.part, query.round, query.group)
    return [*map(seating.numbers.outer, numbers)]

"""Why entrants of a stage have their seeds, groups and places, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct

from actors.tournament.plays import groups_of
from actors.tournament.stage_seeds import Exchanged, SeedReason, seed_reasons, start_exchanges
from actors.tournament.stage_tables import stage_place
from gatherup.features.tournaments.answers import position_of
from gatherup.features.tournaments.brackets import all_matches, bracket_of, match_before, numbers_of
from gatherup.features.tournaments.explaining import concerned, places_of
from gatherup.features.tournaments.explaining_seeds import seed_of
from gatherup.features.tournaments.explaining_standings import standing_of
from gatherup.features.tournaments.stage_results import AT_ONCE, StageReader, StageResults
from gatherup.features.tournaments.tournament_access import found, number_of, started, tournament_id
from gatherup.features.tournaments.tournaments import TOURNAMENT
from gatherup.features.tournaments.turns import turn
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.paging import Edge, Pages
from gatherup.http.problem import ProblemError
from gatherup.offloop.pool import OffLoop
from protocol import limits
from protocol.codes import Code
from protocol.http.tournaments.explained import ExplainedPlace
from protocol.http.tournaments.explained_stages import (
    EntrantQuery,
    ExplainedEntrant,
    ExplainedSeed,
    ExplainedSeeding,
    SeedingQuery,
)
from protocol.tournament.stage import stages_text
from storage.postgres.tournaments.matches import Matches, MatchFilter, MatchKey, MatchRow, SeatingRow
from storage.postgres.tournaments.stage_ends import StageEnds

GROUP: Final = "entrants"
REFUSES: Final = (Code.WRONG_PHASE, Code.OVERLOADED)


class SeedKey(Struct, frozen=True, array_like=True):
    """Where a seed stands in the list."""

    seed: Annotated[int, Meta(ge=0, le=limits.SEQ_MAX)]


class ExplainingResource:
    """Explains stages."""

    def __init__(self, matches: Matches, ends: StageEnds, reader: StageReader, off_loop: OffLoop) -> None:
        self._matches = matches
        self._ends = ends
        self._reader = reader
        self._off_loop = off_loop
        self._pages = Pages(SeedKey)

    @endpoint(
        "GET",
        TOURNAMENT + "/seeding",
        query=SeedingQuery,
        answer=ExplainedSeeding,
        polled=True,
        refuses=REFUSES,
        group=GROUP,
    )
    async def seeding(self, caller: Caller, tournament: str, query: SeedingQuery) -> ExplainedSeeding:
        """Tell why the entrants of a stage have their seeds and groups, and who exchanged seeds; also in words."""
        edge = self._pages.edge(query.cursor)
        seated = found(await self._matches.seatings(caller.user, tournament_id(tournament)))
        seating = started(seated.rows, query.stage)
        earlier = seated.rows[seating.number - 2] if seating.number > 1 else None
        asked = _asked(len(seating.seeds), edge, query.limit)
        explained = await self._seeds(caller.user, tournament, seating, earlier, asked)
        page = self._pages.page(explained, edge, query.limit, lambda one: SeedKey(one.seed))
        return ExplainedSeeding(
            stage=seating.number,
            seeds=page.rows,
            position=position_of(tournament, seated.head),
            next=page.next,
            previous=page.previous,
        )

    @endpoint(
        "GET",
        TOURNAMENT + "/entrants/<entrant>/explain",
        query=EntrantQuery,
        answer=ExplainedEntrant,
        polled=True,
        refuses=REFUSES,
        group=GROUP,
    )
    async def entrant(
        self, caller: Caller, tournament: str, entrant: str, query: EntrantQuery
    ) -> ExplainedEntrant:
        """Tell why an entrant has their seed, group and place in a stage: what puts them behind the one above, and the
        one below behind them, and what each round brings to each tie-break; also in words.
        """
        number = number_of(entrant, "entrant")
        results = await self._reader.read(caller.user, tournament_id(tournament), query.stage)
        seating = results.seating
        if number not in seating.seeds:
            raise ProblemError(Code.NOT_FOUND, "This entrant doesn't play this stage.", field="entrant")
        seed = seating.seeds.index(number) + 1
        (explained,) = await self._seeds(caller.user, tournament, seating, results.earlier, [seed])
        why = await self._reader.ranked(results, stage_place, number, query.read == "settled")
        return ExplainedEntrant(
            entrant=number,
            stage=seating.number,
            seed=explained,
            standing=None if why is None else standing_of(why),
            out=await self._out(caller.user, tournament, results, number),
            position=position_of(tournament, results.head),
        )

    async def _seeds(
        self,
        user: str,
        tournament: str,
        seating: SeatingRow,
        earlier: SeatingRow | None,
        asked: Sequence[int],
    ) -> list[ExplainedSeed]:
        """These seeds of a stage, explained, in this order."""
        reasons: Mapping[int, SeedReason] = {}
        at_start: Mapping[int, Sequence[Exchanged]] = {}
        entrants = [seating.seeds[seed - 1] for seed in asked]
        if earlier is None:
            (moved,) = found(await self._ends.moved(user, tournament)).rows
            at_start = start_exchanges(seating.seeds, moved.moved, entrants)
        else:
            reasons = await self._reasons(user, tournament, (earlier, seating), entrants)
        groups = groups_of(seating.settings, len(seating.seeds))
        order = seating.seeds
        return [
            seed_of(order, seed, groups, reasons.get(entrant), at_start.get(entrant, ()))
            for seed, entrant in zip(asked, entrants, strict=True)
        ]

    async def _reasons(
        self, user: str, tournament: str, stages: tuple[SeatingRow, SeatingRow], asked: list[int]
    ) -> Mapping[int, SeedReason]:
        """Why these have their seeds in the second of two stages."""
        earlier, seating = stages
        (end,) = found(await self._ends.of_stage(user, tournament, earlier.number)).rows
        arguments = (
            stages_text((earlier.settings, seating.settings)),
            list(earlier.seeds),
            list(end.entrants),
            list(end.places),
            await self._met(user, tournament, earlier),
            asked,
        )
        if len(earlier.seeds) <= AT_ONCE:
            found_ = seed_reasons(*arguments)
        else:
            found_ = await self._off_loop.call(seed_reasons, *arguments)
        return {one.entrant: one for one in found_}

    async def _met(self, user: str, tournament: str, earlier: SeatingRow) -> list[int]:
        """The two of each match of a stage that is over, one after the other."""
        read = found(await self._matches.all(user, tournament))
        met: list[int] = []
        for count, row in enumerate(all_matches(earlier, read.rows), 1):
            await turn(count)
            met += (row.a or 0, row.b or 0)
        return met

    async def _out(
        self, user: str, tournament: str, results: StageResults, entrant: int
    ) -> ExplainedPlace | None:
        """In a bracket, the place that the last match of an entrant has given them."""
        seating = results.seating
        bracket = bracket_of(seating)
        if bracket is None:
            return None
        numbers = [*numbers_of(seating)]
        matching, end = MatchFilter(numbers=numbers, entrant=entrant), MatchKey(numbers[-1] + 1)
        last = found(
            await self._matches.page(user, tournament, matching, beside=end, back=True, limit=1)
        ).rows
        if not last:
            return None
        number = last[0].number
        around = concerned(bracket, number)
        known = {row.number: row for row in found(await self._matches.some(user, tournament, around)).rows}

        def lookup(other: int) -> MatchRow:
            return known.get(other) or match_before(seating, other)

        places = places_of(bracket, lookup, number)
        return next((place for place in places if place.entrant == entrant), None)


def _asked(count: int, edge: Edge[SeedKey], limit: int) -> Sequence[int]:
    """The seeds of a page and one more, in the direction of the edge."""
    at = 0 if edge.beside is None else min(edge.beside.seed, count + 1)
    if edge.back:
        return range(at - 1, max(0, at - limit - 2), -1)
    return range(at + 1, min(count, at + limit + 1) + 1)

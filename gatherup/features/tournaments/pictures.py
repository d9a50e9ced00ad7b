"""Brackets as pictures, for pages and streams that show one without a program of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace
from quart import Response, request

from actors.tournament.engine.elimination import Bracket
from gatherup.features.tournaments.answers import tag_of
from gatherup.features.tournaments.brackets import all_matches, bracket_of
from gatherup.features.tournaments.picture import Drawn, picture
from gatherup.features.tournaments.scores import score_of
from gatherup.features.tournaments.stage_results import StageReader
from gatherup.features.tournaments.table_pictures import TablePictures
from gatherup.features.tournaments.tournament_access import found, started, tournament_id
from gatherup.features.tournaments.tournaments import TOURNAMENT
from gatherup.features.tournaments.turns import turn
from gatherup.http.conditional import tagged
from gatherup.http.endpoint import Caller, endpoint
from gatherup.offloop.pool import OffLoop
from protocol import limits
from protocol.codes import Code
from protocol.http.tournaments.matches import PictureQuery
from storage.postgres.tournaments.entrants import Entrants
from storage.postgres.tournaments.matches import Matches, MatchRow
from storage.postgres.tournaments.reading import Head

GROUP: Final = "matches"
SVG: Final = "image/svg+xml"
AT_ONCE: Final = 64
"""A picture with more matches is drawn in a worker process: one match takes some 20 microseconds."""


class PicturesResource:
    """Brackets as SVG."""

    def __init__(self, matches: Matches, entrants: Entrants, reader: StageReader, off_loop: OffLoop) -> None:
        self._tables = TablePictures(reader, entrants, off_loop)
        self._matches = matches
        self._entrants = entrants
        self._off_loop = off_loop

    @endpoint(
        "GET",
        TOURNAMENT + "/bracket.svg",
        query=PictureQuery,
        media_type=SVG,
        versioned=True,
        refuses=(Code.WRONG_PHASE, Code.OVERLOADED, Code.TOO_MANY),
        group=GROUP,
    )
    async def draw(self, caller: Caller, tournament: str, query: PictureQuery) -> Response:
        """Get the bracket of a tournament that has started as an SVG picture.

        Of a large one the last rounds are drawn, as many as fit. A stage with standings is drawn as its tables; of one
        group, and of a Swiss stage, with the rounds below. Its ETag is its position in the log, and what was asked for:
        a new name of somebody shows after the next event of the tournament.
        """
        seated = found(await self._matches.seatings(caller.user, tournament_id(tournament)))
        seating = started(seated.rows, query.stage)
        if request.if_none_match.contains_weak(tag := _tag(seated.head, query)):
            return tagged(b"", tag, SVG)
        stage = bracket_of(seating)
        if stage is None:
            return tagged(await self._tables.draw(caller.user, tournament, query), tag, SVG)
        read = found(await self._matches.all(caller.user, tournament))
        rows = (replace(row, number=row.number - stage.before) for row in all_matches(seating, read.rows))
        drawn = await _drawn(stage.bracket, rows)
        sides = {side for match in drawn for side in (match.a, match.b) if side}
        named = found(await self._entrants.names(caller.user, tournament, sides))
        names = {row.number: row.name for row in named.rows if row.name is not None}
        if len(drawn) <= AT_ONCE:
            body = picture(drawn, names, query.theme)
        else:
            body = await self._off_loop.call(picture, drawn, names, query.theme)
        return tagged(body, _tag(read.head, query), SVG)


async def _drawn(bracket: Bracket, rows: Iterable[MatchRow]) -> list[Drawn]:
    """What is drawn: whole rounds, from the last one backwards."""
    first = _first_drawn(bracket)
    drawn: list[Drawn] = []
    for row in rows:
        await turn(row.number)
        if row.number >= first:
            drawn.append(_match(bracket, row))
    return drawn


def _first_drawn(bracket: Bracket) -> int:
    """The match with which the picture begins: the first of a round."""
    least = len(bracket) - limits.PICTURE_MATCHES_MAX + 1
    return min((numbers.start for numbers in bracket.rounds().values() if numbers.start >= least), default=1)


def _match(bracket: Bracket, row: MatchRow) -> Drawn:
    part, round_ = bracket.round_of(row.number)
    leads = bracket[row.number].winner_to
    return Drawn(
        number=row.number,
        part=part,
        round=round_,
        a=row.a,
        b=row.b,
        score=score_of(row.scores) if row.kind else None,
        winner=row.winner if row.kind else None,
        winner_to=None if leads is None else leads.match,
    )


def _tag(head: Head, query: PictureQuery) -> str:
    return tag_of(head, query.theme, query.stage or 0, query.group or 0, query.place)

"""Tournaments as files for other programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from quart import Response, request

from actors.tournament.engine.play import Play
from actors.tournament.engine.swiss.published import bye_in
from actors.tournament.numbers import Numbers
from actors.tournament.plays import points_of
from actors.tournament.trf.export import About, Entrant, Seen, exported
from actors.tournament.trf.model import Points
from actors.tournament.trf.writing import NoRoomError
from gatherup.features.tournaments.answers import tag_of
from gatherup.features.tournaments.brackets import all_matches, play_of
from gatherup.features.tournaments.tournament_access import found, started, tournament_id
from gatherup.features.tournaments.tournaments import TOURNAMENT
from gatherup.features.tournaments.turns import turn
from gatherup.http.conditional import tagged
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.problem import ProblemError
from gatherup.offloop.pool import OffLoop
from protocol.codes import Code
from protocol.tournament.stage import Stage
from storage.postgres.tournaments.entrants import Entrants
from storage.postgres.tournaments.matches import Matches, MatchRow
from storage.postgres.tournaments.tournaments import Tournaments

GROUP: Final = "tournaments"
TEXT: Final = "text/plain"
UTF_8: Final = f"{TEXT}; charset=utf-8"
AT_ONCE: Final = 64
"""A file of more entrants is written in a worker process."""
_NOT_OPENED: Final = frozenset({"waiting", "due", "cancelled"})


class ExportsResource:
    """Files."""

    def __init__(
        self, tournaments: Tournaments, matches: Matches, entrants: Entrants, off_loop: OffLoop
    ) -> None:
        self._tournaments = tournaments
        self._matches = matches
        self._entrants = entrants
        self._off_loop = off_loop

    @endpoint(
        "GET",
        TOURNAMENT + "/trf16",
        media_type=TEXT,
        versioned=True,
        refuses=(Code.WRONG_PHASE, Code.TOO_MANY, Code.OVERLOADED),
        group=GROUP,
    )
    async def trf16(self, caller: Caller, tournament: str) -> Response:
        """Get a tournament that has started as a file in TRF16, with the results so far.

        Seeds are the starting ranks. Its ETag is its position in the log: a new name of somebody shows after the next
        event of the tournament.
        """
        seated = found(await self._matches.seatings(caller.user, tournament_id(tournament)))
        seating = started(seated.rows, None)
        if request.if_none_match.contains_weak(tag := tag_of(seated.head)):
            return tagged(b"", tag, UTF_8)
        row = found(await self._tournaments.get(caller.user, tournament)).row
        named = found(await self._entrants.names(caller.user, tournament, seating.seeds))
        known = {one.number: one for one in named.rows}
        entrants = [Entrant(number, known[number].name, known[number].place) for number in seating.seeds]
        read = found(await self._matches.all(caller.user, tournament))
        play = play_of(seating)
        about = About(
            name=row.name,
            format=row.format,
            started_at=row.started_at,
            ended_at=row.ended_at,
            rounds=seating.settings.rounds or (None if seating.published else len(play.rounds())),
            points=_points(seating.settings),
        )
        seen = await _seen(play, seating.numbers, all_matches(seating, read.rows))
        seen += _byes(seating.published)
        if seating.settings.late_byes == "half":
            came = found(await self._entrants.late(caller.user, tournament))
            seen += [
                Seen(column, row.number, 0, None, "half_bye")
                for row in came.rows
                for column in range(1, row.half_byes + 1)
            ]
        try:
            text = await self._written(about, entrants, seen)
        except NoRoomError:
            raise ProblemError(
                Code.TOO_MANY, "Somebody has more points than such a file has room for."
            ) from None
        return tagged(text.encode(), tag_of(read.head), UTF_8)

    async def _written(self, about: About, entrants: list[Entrant], seen: list[Seen]) -> str:
        if len(entrants) <= AT_ONCE:
            return exported(about, entrants, seen)
        return await self._off_loop.call(exported, about, entrants, seen)


async def _seen(play: Play, numbers: Numbers, rows: Iterable[MatchRow]) -> list[Seen]:
    """The matches that were opened or are done, each with its column."""
    columns = {of: column for column, of in enumerate(play.rounds(), 1)}
    seen: list[Seen] = []
    for row in rows:
        await turn(row.number)
        if row.phase not in _NOT_OPENED:
            spot = play.spot(numbers.inner(row.number))
            column = columns[spot.part, spot.round]
            seen.append(Seen(column, row.a or 0, row.b or 0, row.winner if row.kind else None, row.kind))
    return seen


def _points(stage: Stage) -> Points:
    """Who has a bye in a round robin has no match and no points, and neither has a loser by forfeit."""
    points = points_of(stage)
    return Points(win=points.win, draw=points.draw, loss=points.loss, bye=points.bye)


def _byes(published: Sequence[Sequence[int]]) -> list[Seen]:
    """Of a Swiss stage, whose rounds are its columns: who has the bye has no match."""
    byes = ((round_, bye_in(pairs)) for round_, pairs in enumerate(published, 1))
    return [Seen(round_, bye, 0, bye, "bye") for round_, bye in byes if bye]

"""Tournaments as files that programs for tables open, and whole ones in JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Final

import msgspec
from quart import Response

from actors.tournament.engine.play import Play
from actors.tournament.plays import FORMATS
from gatherup.features.tournaments.answers import detail_of, entrant_of, score_of, standing_of
from gatherup.features.tournaments.brackets import all_matches, play_of
from gatherup.features.tournaments.csv_cells import Cell, written
from gatherup.features.tournaments.entrants import CSV
from gatherup.features.tournaments.standings import bracket_matches
from gatherup.features.tournaments.tournament_access import found, started, tournament_id
from gatherup.features.tournaments.tournaments import TOURNAMENT
from gatherup.features.tournaments.turns import turn
from gatherup.http.endpoint import JSON, Caller, endpoint
from gatherup.http.problem import ProblemError
from protocol import limits
from protocol.codes import Code
from protocol.http.tournaments.exports import ExportedStage, MatchesFileQuery, TournamentExport
from protocol.http.tournaments.matches import BracketScore
from protocol.tournament import games_of
from storage.postgres.tournaments.attempts import Attempts
from storage.postgres.tournaments.entrants import EntrantKey, EntrantRow, Entrants, StandingKey, StandingRow
from storage.postgres.tournaments.matches import Matches, MatchRow, SeatingRow
from storage.postgres.tournaments.tournaments import Tournaments

GROUP: Final = "tournaments"
PAGE_ROWS: Final = 512
"""Rows that are read and written before others have their turn."""
_ENTRANTS: Final = (
    "number", "name", "user", "players", "status", "checked_in", "seed", "place", "half_byes", "tags"
)  # fmt: skip
_MATCHES: Final = (
    "stage", "match", "part", "round", "group", "a", "name_a", "b", "name_b", "phase", "kind", "winner", "scores"
)  # fmt: skip
_STANDINGS: Final = ("place", "entrant", "name", "user")


class FilesResource:
    """Files of what a tournament came to."""

    def __init__(
        self, tournaments: Tournaments, matches: Matches, entrants: Entrants, attempts: Attempts
    ) -> None:
        self._tournaments = tournaments
        self._attempts = attempts
        self._matches = matches
        self._entrants = entrants

    @endpoint("GET", TOURNAMENT + "/entrants.csv", media_type=CSV, group=GROUP)
    async def entrants(self, caller: Caller, tournament: str) -> Response:
        """Get all entrants of a tournament as a CSV file. What would be taken for a formula has an apostrophe
        before.
        """
        tournament = tournament_id(tournament)
        names = await self._names(caller.user, tournament)
        parts = [
            written(_entrant_cells(row, names) for row in page)
            async for page in self._entrant_pages(caller.user, tournament)
        ]
        return _file([written([_ENTRANTS]), *parts], "entrants")

    @endpoint(
        "GET",
        TOURNAMENT + "/matches.csv",
        query=MatchesFileQuery,
        media_type=CSV,
        refuses=(Code.WRONG_PHASE, Code.TOO_MANY),
        group=GROUP,
    )
    async def matches(self, caller: Caller, tournament: str, query: MatchesFileQuery) -> Response:
        """Get the matches of a tournament that has started as a CSV file. ``scores`` are those of each game."""
        tournament = tournament_id(tournament)
        names = await self._names(caller.user, tournament)
        seated = found(await self._matches.seatings(caller.user, tournament))
        latest = started(seated.rows, query.stage)
        seatings = seated.rows if query.stage is None else [latest]
        _check_size(seatings)
        rows = found(await self._matches.all(caller.user, tournament)).rows
        parts = [written([_MATCHES])]
        for seating in seatings:
            cells: list[Sequence[Cell]] = []
            play = play_of(seating)
            for row in all_matches(seating, rows):
                cells.append(_match_cells(row, seating, play, names))
                await turn(len(cells))
            parts.append(written(cells))
        return _file(parts, "matches")

    @endpoint("GET", TOURNAMENT + "/standings.csv", media_type=CSV, group=GROUP)
    async def standings(self, caller: Caller, tournament: str) -> Response:
        """Get the places of those who play no more, the best first, as a CSV file."""
        tournament = tournament_id(tournament)
        names = await self._names(caller.user, tournament)
        parts = [
            written((one.place, one.number, names.get(one.number), one.user) for one in page)
            async for page in self._standing_pages(caller.user, tournament)
        ]
        return _file([written([_STANDINGS]), *parts], "standings")

    @endpoint(
        "GET", TOURNAMENT + "/export.json", answer=TournamentExport, refuses=(Code.TOO_MANY,), group=GROUP
    )
    async def whole(self, caller: Caller, tournament: str) -> Response:
        """Get a whole tournament: its settings, all entrants, the matches of all stages, and all places."""
        tournament = tournament_id(tournament)
        detail = detail_of(found(await self._tournaments.get(caller.user, tournament)))
        seatings = found(await self._matches.seatings(caller.user, tournament)).rows
        _check_size(seatings)
        entrants = [
            _inner([entrant_of(row) for row in page])
            async for page in self._entrant_pages(caller.user, tournament)
        ]
        rows = found(await self._matches.all(caller.user, tournament)).rows
        stages = [
            await _stage(seating, rows, await self._scores(caller.user, tournament, seating))
            for seating in seatings
        ]
        places = [
            _inner([standing_of(row) for row in page])
            async for page in self._standing_pages(caller.user, tournament)
        ]
        parts = {
            b"tournament": msgspec.json.encode(detail),
            b"entrants": _joined(entrants),
            b"stages": b"[" + b",".join(stages) + b"]",
            b"standings": _joined(places),
        }
        body = b"{" + b",".join(b'"%s":%s' % part for part in parts.items()) + b"}"
        return Response(body, content_type=JSON)

    async def _scores(self, user: str, tournament: str, seating: SeatingRow) -> tuple[BracketScore, ...]:
        """What everybody has come to in a leaderboard; nothing in another stage."""
        if not FORMATS[seating.settings.format].attempts:
            return ()
        read = found(await self._attempts.scores(user, tournament, seating.number))
        return tuple(map(score_of, read.rows))

    async def _names(self, user: str, tournament: str) -> Mapping[int, str | None]:
        """What all entrants are called."""
        numbers = range(1, limits.TOURNAMENT_ENTRIES_MAX + 1)
        read = found(await self._entrants.names(user, tournament, numbers))
        return {row.number: row.name for row in read.rows}

    async def _entrant_pages(self, user: str, tournament: str) -> AsyncIterator[Sequence[EntrantRow]]:
        beside: EntrantKey | None = None
        while True:
            page = found(
                await self._entrants.page(
                    user, tournament, status=None, beside=beside, back=False, limit=PAGE_ROWS
                )
            ).rows
            yield page
            if len(page) < PAGE_ROWS:
                return
            beside = EntrantKey(page[-1].number)

    async def _standing_pages(self, user: str, tournament: str) -> AsyncIterator[Sequence[StandingRow]]:
        beside: StandingKey | None = None
        while True:
            page = found(
                await self._entrants.standings(user, tournament, beside=beside, back=False, limit=PAGE_ROWS)
            ).rows
            yield page
            if len(page) < PAGE_ROWS:
                return
            beside = StandingKey(page[-1].place, page[-1].number)


def _check_size(seatings: Iterable[SeatingRow]) -> None:
    """Raises ProblemError: they have more matches than a file holds."""
    if sum(len(play_of(seating)) for seating in seatings) > limits.EXPORT_MATCHES_MAX:
        most = f"A file holds at most {limits.EXPORT_MATCHES_MAX} matches: ask for one stage."
        raise ProblemError(Code.TOO_MANY, most, field="stage")


def _entrant_cells(row: EntrantRow, names: Mapping[int, str | None]) -> Sequence[Cell]:
    players = " ".join(row.roster)
    name = names.get(row.number)
    return (
        row.number, name, row.user, players, row.status, row.checked_in, row.seed, row.place,
        row.half_byes, " ".join(row.tags),
    )  # fmt: skip


def _match_cells(
    row: MatchRow, seating: SeatingRow, play: Play, names: Mapping[int, str | None]
) -> Sequence[Cell]:
    spot = play.spot(seating.numbers.inner(row.number))
    scores = " ".join(f"{a}-{b}" for a, b in games_of(row.scores))
    a, b = row.a or None, row.b or None
    return (
        seating.number, row.number, spot.part, spot.round, spot.group or None,
        a, a and names.get(a), b, b and names.get(b),
        row.phase, row.kind, row.winner or None, scores,
    )  # fmt: skip


async def _stage(seating: SeatingRow, rows: Sequence[MatchRow], scores: tuple[BracketScore, ...]) -> bytes:
    """A stage in JSON."""
    matches = await bracket_matches(seating, all_matches(seating, rows))
    return msgspec.json.encode(
        ExportedStage(
            stage=seating.number,
            format=seating.settings.format,
            seeds=list(seating.seeds),
            matches=matches,
            scores=scores,
        )
    )


def _inner(items: Sequence[object]) -> bytes:
    """These in JSON, without the brackets."""
    return msgspec.json.encode(items)[1:-1]


def _joined(parts: Iterable[bytes]) -> bytes:
    return b"[" + b",".join(part for part in parts if part) + b"]"


def _file(parts: Iterable[str], name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response("".join(parts), headers=headers, content_type=f"{CSV}; charset=utf-8")

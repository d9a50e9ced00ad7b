"""Stages with standings as pictures: their tables, and of one group the matches of its rounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from actors.tournament.engine.play import Play
from actors.tournament.plays import FORMATS
from actors.tournament.stage_tables import FlatRow, stage_table
from actors.tournament.standings_moves import standing_lines
from gatherup.features.tournaments.brackets import all_matches, play_of
from gatherup.features.tournaments.picture import Drawn
from gatherup.features.tournaments.picture_tables import DrawnTable, Line, table_picture
from gatherup.features.tournaments.scores import score_of
from gatherup.features.tournaments.stage_results import StageReader, StageResults
from gatherup.features.tournaments.tournament_access import found
from gatherup.features.tournaments.turns import turn
from gatherup.http.problem import ProblemError
from gatherup.offloop.pool import OffLoop
from protocol import limits
from protocol.codes import Code
from protocol.http.tournaments.matches import PictureQuery
from protocol.tournament.standings_moved import StandingLine, lines_of
from storage.postgres.tournaments.entrants import Entrants
from storage.postgres.tournaments.matches import MatchRow, SeatingRow

AT_ONCE: Final = 64
"""A picture with more entrants and matches is drawn in a worker process."""


class TablePictures:
    """Draws stages with standings."""

    def __init__(self, reader: StageReader, entrants: Entrants, off_loop: OffLoop) -> None:
        self._reader = reader
        self._entrants = entrants
        self._off_loop = off_loop

    async def draw(self, user: str, tournament: str, query: PictureQuery) -> bytes:
        """The picture of a stage with standings. Raises ProblemError: there is no such group, or they are too many."""
        results = await self._reader.read(user, tournament, query.stage)
        groups = play_of(results.seating).groups
        if query.group is not None and query.group > groups:
            raise ProblemError(Code.NOT_FOUND, "There is no such group.", field="group")
        if query.group is None and groups > 1:
            tables, matches = await self._groups(results), list[Drawn]()
        else:
            group = query.group or 1
            tables = [await self._table(results, group, query.place, groups)]
            matches = await _matches(results.seating, results.rows, group if groups > 1 else None)
        shown = {line.entrant for table in tables for line in table.lines}
        shown |= {side for match in matches for side in (match.a, match.b) if side}
        named = found(await self._entrants.names(user, tournament, shown))
        names = {row.number: row.name for row in named.rows if row.name is not None}
        if len(shown) + len(matches) <= AT_ONCE:
            return table_picture(tables, matches, names, query.theme)
        return await self._off_loop.call(table_picture, tables, matches, names, query.theme)

    async def _groups(self, results: StageResults) -> list[DrawnTable]:
        if len(results.seating.seeds) > limits.PICTURE_ROWS_MAX:
            most = f"More than {limits.PICTURE_ROWS_MAX} are drawn group by group."
            raise ProblemError(Code.TOO_MANY, most, field="group")
        _, flat = await self._reader.ranked(results, standing_lines, False, limits.PICTURE_ROWS_MAX)
        lines = sorted(lines_of(flat), key=lambda line: (line.group, line.place))
        return [
            DrawnTable(f"Group {group}", [_line(line) for line in of_group])
            for group, of_group in groupby(lines, key=lambda line: line.group)
        ]

    async def _table(self, results: StageResults, group: int, place: int, groups: int) -> DrawnTable:
        arguments = group, False, place, limits.PICTURE_ROWS_MAX
        _, rows = await self._reader.ranked(results, stage_table, *arguments)
        settings = results.seating.settings
        decimals = settings.decimals if FORMATS[settings.format].attempts else None
        heading = f"Group {group}" if groups > 1 else "Standings"
        return DrawnTable(heading, [_row(row, decimals) for row in rows])


def _line(line: StandingLine) -> Line:
    return Line(line.place, line.entrant, line.points, line.wins, line.draws, line.losses)


def _row(row: FlatRow, decimals: int | None) -> Line:
    place, entrant, wins, draws, losses, _, values = row
    return Line(place, entrant, values[0], wins, draws, losses, decimals)


async def _matches(seating: SeatingRow, rows: Iterable[MatchRow], group: int | None) -> list[Drawn]:
    """The matches of a group, or of a stage without groups: whole rounds, from the last one backwards."""
    play, drawn = play_of(seating), list[Drawn]()
    first = _first_round(play, group)
    for count, row in enumerate(all_matches(seating, rows), 1):
        await turn(count)
        spot = play.spot(seating.numbers.inner(row.number))
        if spot.round >= first and (group is None or spot.group == group):
            score, winner = (score_of(row.scores), row.winner) if row.kind else (None, None)
            sides = row.a, row.b
            drawn.append(Drawn(row.number, spot.part, spot.round, *sides, score, winner, None))
    return drawn


def _first_round(play: Play, group: int | None) -> int:
    """The first round that is drawn, of as many as fit."""
    rounds: Sequence[int] = [round_ for _, round_ in play.rounds()]
    left = limits.PICTURE_MATCHES_MAX
    first = len(rounds) + 1
    for round_ in reversed(rounds):
        left -= len(play.numbers(None, round_, group))
        if left < 0:
            break
        first = round_
    return first

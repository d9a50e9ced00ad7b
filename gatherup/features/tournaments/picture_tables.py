"""Standings as SVG, and below them the matches of their rounds. Pure: large ones are drawn in worker processes.

Tables of groups stand next to each other, four in a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from gatherup.features.tournaments.picture import (
    HEADING,
    MARGIN,
    THEMES,
    Colours,
    Drawn,
    cut,
    drawn_matches,
    escaped,
    framed,
)
from protocol.tournament.attempts import shown_score

TABLE_WIDTH: Final = 320
GAP: Final = 24
ROW_HEIGHT: Final = 22
BESIDE_MAX: Final = 4
"""Tables next to each other."""
_NAME_X: Final = 36
_POINTS_X: Final = 240


class Line(NamedTuple):
    """An entrant in a table."""

    place: int
    entrant: int
    points: float | None
    """Of a leaderboard the score; None for who has none."""
    wins: int
    draws: int
    losses: int
    decimals: int | None = None
    """Of a leaderboard, how many digits of the score stand behind the point."""


class DrawnTable(NamedTuple):
    """The standings of a group."""

    heading: str
    lines: Sequence[Line]


def table_picture(
    tables: Sequence[DrawnTable], matches: Sequence[Drawn], names: Mapping[int, str], theme: str
) -> bytes:
    """The picture, in UTF-8; ``names`` are those of entrants. It holds no script, no link, nothing from elsewhere."""
    colours = THEMES[theme]
    parts: list[str] = []
    top, width = MARGIN, 2 * MARGIN + min(len(tables), BESIDE_MAX) * (TABLE_WIDTH + GAP) - GAP
    for first in range(0, len(tables), BESIDE_MAX):
        beside = tables[first : first + BESIDE_MAX]
        for column, table in enumerate(beside):
            parts += _table(table, MARGIN + column * (TABLE_WIDTH + GAP), top, names, colours)
        top += HEADING + ROW_HEIGHT * max(len(table.lines) for table in beside) + GAP
    if matches:
        below, (wide, high) = drawn_matches(matches, names, colours)
        parts += [f'<g transform="translate(0 {top - MARGIN})">', *below, "</g>"]
        top, width = top - MARGIN + high, max(width, wide)
    return framed(parts, (width, top), colours)


def _table(
    table: DrawnTable, left: int, top: int, names: Mapping[int, str], colours: Colours
) -> Iterator[str]:
    height = ROW_HEIGHT * len(table.lines) + 8
    yield f'<text x="{left}" y="{top + HEADING - 10}" fill="{colours.dim}" font-weight="600">'
    yield f"{escaped(table.heading)}</text>"
    yield (
        f'<rect x="{left}" y="{top + HEADING}" width="{TABLE_WIDTH}" height="{height}" rx="4" fill="{colours.box}"'
        f' stroke="{colours.line}"/>'
    )
    for number, line in enumerate(table.lines, 1):
        yield from _line(line, left, top + HEADING + ROW_HEIGHT * number - 2, names, colours)


def _line(line: Line, left: int, y: int, names: Mapping[int, str], colours: Colours) -> Iterator[str]:
    name = cut(names.get(line.entrant, f"#{line.entrant}"))
    record = f"{line.wins}-{line.draws}-{line.losses}" if line.decimals is None else ""
    yield f'<text x="{left + _NAME_X - 8}" y="{y}" fill="{colours.dim}" text-anchor="end">{line.place}</text>'
    yield f'<text x="{left + _NAME_X}" y="{y}" fill="{colours.text}">{escaped(name)}</text>'
    yield (
        f'<text x="{left + _POINTS_X}" y="{y}" fill="{colours.text}" font-weight="600" text-anchor="end">'
        f"{_points(line)}</text>"
    )
    yield (
        f'<text x="{left + TABLE_WIDTH - 8}" y="{y}" fill="{colours.dim}" text-anchor="end">{record}</text>'
    )


def _points(line: Line) -> str:
    if line.points is None:
        return ""
    return f"{line.points:g}" if line.decimals is None else shown_score(int(line.points), line.decimals)

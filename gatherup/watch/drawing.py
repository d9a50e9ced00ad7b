"""The bracket as a terminal shows it. Pure: as much as there is room for, the rounds being played before all else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gatherup.client import LiveBracket, LiveMatch
from gatherup.watch.lines import Called, by_group, places, standing
from gatherup.watch.scores import score
from protocol.tournament import Part
from protocol.tournament.standings_moved import StandingLine

COLUMN_CHARS: Final = 22
"""Of a round."""
ROUND_MATCHES_MAX: Final = 8
"""Drawn of one round; of the others it is said how many there are."""
STANDINGS_CHARS: Final = 34
"""Of the standings of a group."""
GROUP_LINES_MAX: Final = 16
"""Entrants of a group whose standing is drawn."""
_SCORE_CHARS: Final = 3
_PARTS: Final[tuple[tuple[Part, ...], ...]] = (
    ("group",),
    ("swiss",),
    ("winners",),
    ("losers",),
    ("final", "reset", "third"),
)
"""Each line of rounds."""
_STYLES: Final = {"open": "cyan", "playing": "green", "reported": "yellow", "disputed": "bold red"}
_GOING: Final = frozenset(_STYLES)

Round = tuple[str, list[LiveMatch]]


def draw(title: str, live: LiveBracket, called: Called, trouble: str, width: int) -> RenderableType:
    """The whole picture, in lines of this width."""
    parts: list[RenderableType] = [_line(title, width, "bold"), _line(standing(live), width)]
    if trouble:
        parts.append(_line(trouble, width, "bold red"))
    for line in _PARTS:
        rounds = _rounds(live.matches.values(), line)
        if rounds:
            parts.append(_table(_window(rounds, max(1, width // (COLUMN_CHARS + 1))), called, width))
    if live.stage.standings:
        parts += [
            _line(f"After round {live.stage.standings_round}", width, "dim"),
            _groups(live, called, width),
        ]
    parts += [_line(place, width) for place in places(live, called)[:ROUND_MATCHES_MAX]]
    return Group(*parts)


def drawn(live: LiveBracket) -> set[int]:
    """The entrants whose names a picture may need."""
    matches = [
        m
        for line in _PARTS
        for _, of_round in _rounds(live.matches.values(), line)
        for m in _chosen(of_round)
    ]
    sides = {entrant for match in matches for entrant in (match.a, match.b) if entrant}
    return sides | set(live.places) | {line.entrant for line in live.stage.standings}


def _rounds(matches: Iterable[LiveMatch], parts: Sequence[Part]) -> list[Round]:
    """The rounds of these parts in their order."""
    placed = [(parts.index(m.part), m.round or 0, m.match, m) for m in matches if m.part in parts]
    by_round = groupby(sorted(placed, key=lambda one: one[:3]), key=lambda one: one[:2])
    return [
        (_heading(parts, parts[part], number), [one[3] for one in of_round])
        for (part, number), of_round in by_round
    ]


def _heading(parts: Sequence[Part], part: Part, round_: int) -> str:
    if part in ("group", "swiss"):
        return f"round {round_}"
    return f"{part} {round_}" if len(parts) == 1 else part


def _window(rounds: list[Round], count: int) -> list[Round]:
    """So many rounds next to each other, from the first one that isn't over; the last ones if all are."""
    first = next(
        (n for n, (_, matches) in enumerate(rounds) if any(m.phase != "done" for m in matches)), len(rounds)
    )
    begin = max(0, min(first, len(rounds) - count))
    return rounds[begin : begin + count]


def _chosen(matches: Sequence[LiveMatch]) -> list[LiveMatch]:
    """Those of a round that are drawn: the ones being played, then the ones to come, then the others."""
    order = sorted(matches, key=lambda m: (m.phase not in _GOING, m.phase == "done", m.match))
    return sorted(order[:ROUND_MATCHES_MAX], key=lambda m: m.match)


def _table(rounds: list[Round], called: Called, width: int) -> Table:
    column = min(COLUMN_CHARS, width)
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    for name, _ in rounds:
        table.add_column(Text(name), width=column, no_wrap=True)
    table.add_row(*(_column(matches, called, column) for _, matches in rounds))
    return table


def _column(matches: Sequence[LiveMatch], called: Called, width: int) -> Text:
    shown = _chosen(matches)
    cells = [_cell(match, called, width) for match in shown]
    if more := len(matches) - len(shown):
        cells.append(Text(f"{more} more", style="dim"))
    return Text("\n\n").join(cells)


def _groups(live: LiveBracket, called: Called, width: int) -> Table:
    """The standings of groups next to each other, of as many as there is room for."""
    groups = [[*lines] for _, lines in groupby(by_group(live.stage.standings), key=lambda line: line.group)]
    column = min(STANDINGS_CHARS, width)
    shown = groups[: max(1, width // (column + 1))]
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    for lines in shown:
        table.add_column(
            Text(f"group {lines[0].group}" if len(groups) > 1 else ""), width=column, no_wrap=True
        )
    table.add_row(*(_lines(lines, called, column) for lines in shown))
    if more := len(groups) - len(shown):
        table.add_row(Text(f"{more} more groups", style="dim"))
    return table


def _lines(lines: Sequence[StandingLine], called: Called, width: int) -> Text:
    """The first ones of a group: place, name, and points with wins, draws and losses."""
    rows: list[Text] = []
    for line in lines[:GROUP_LINES_MAX]:
        record = f" {line.points:g}  {line.wins}-{line.draws}-{line.losses}"
        text = _line(f"{line.place}. {called(line.entrant)}", width - len(record))
        text.pad_right(max(0, width - len(record) - text.cell_len))
        rows.append(text.append(record, "dim"))
    if more := len(lines) - len(rows):
        rows.append(Text(f"{more} more", style="dim"))
    return Text("\n").join(rows)


def _cell(match: LiveMatch, called: Called, width: int) -> Text:
    """Both sides below each other, each with its score; the colour tells the phase."""
    sides = zip((match.a, match.b), (match.ready_a, match.ready_b), score(match.scores), strict=True)
    rows = [
        _side(
            match,
            called(side),
            points or ("ok" if ready else ""),
            width,
            won=bool(side) and side == match.winner,
        )
        for side, ready, points in sides
    ]
    return Text("\n").join(rows)


def _side(match: LiveMatch, name: str, points: str, width: int, *, won: bool) -> Text:
    style = "bold" if won else "dim" if match.phase in {"done", "waiting"} else _STYLES.get(match.phase, "")
    text = _line(name, width - _SCORE_CHARS - 1, style)
    text.pad_right(width - _SCORE_CHARS - 1 - text.cell_len)
    return text.append(points[:_SCORE_CHARS].rjust(_SCORE_CHARS + 1), style)


def _line(text: str, width: int, style: str = "") -> Text:
    """One line of it; as a str it would be read as markup."""
    line = Text(text, style=style, no_wrap=True, overflow="ellipsis")
    line.truncate(max(1, width), overflow="ellipsis")
    return line

"""Which bracket a tournament plays, and where its matches and entrants stand in it.

The state holds what has happened since the start. How all began follows from the seeds and isn't kept anywhere, so that
the start of the largest tournament is as short a step as any other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from actors.tournament.engine import beginning
from actors.tournament.engine.elimination import Bracket, double, single
from actors.tournament.engine.progress import Sides, without_game
from actors.tournament.state import ASKING, Match, Tournament
from protocol.tournament import NOBODY, EntrantStatus

ENGINE: Final = 1
"""The version of the rules by which brackets are made. Another one must not change those of a log."""


def bracket_of(tournament: Tournament) -> Bracket:
    """The bracket of a tournament that has started."""
    settings = tournament.settings
    return bracket_for(
        settings.format, len(tournament.seeds), third_place=settings.third_place, reset=settings.reset
    )


def bracket_for(format_: str, count: int, *, third_place: bool, reset: bool) -> Bracket:
    """The bracket of so many, in this format."""
    if format_ == "double_elimination":
        return double(count, reset=reset)
    return single(count, third_place=third_place)


def matches_count(tournament: Tournament) -> int:
    """How many matches it has; none before the start."""
    return len(bracket_of(tournament)) if tournament.engine else 0


def match_of(tournament: Tournament, number: int) -> Match:
    """Where one of its matches stands."""
    match = tournament.matches.get(number)
    if match is not None:
        return match
    return seated(*beginning.first_sides(bracket_of(tournament), tournament.seeds, number))


def sides_of(match: Match) -> Sides:
    """Who is on its sides, as far as it is known."""
    return match.a, match.b


def sides_in(tournament: Tournament) -> Callable[[int], Sides]:
    """Who is on the sides of each of its matches, by number."""
    return lambda number: sides_of(match_of(tournament, number))


def seated(a: int | None, b: int | None, *, later: bool = False) -> Match:
    """A match between these. If one is nobody it is done, or with ``later`` will be in a moment."""
    winner = without_game((a, b))
    if a is None or b is None:
        return Match(a, b)
    if winner is None or later:
        return Match(a, b, "due")
    return Match(a, b, "done", winner=a or b, kind="bye")


def next_to_open(tournament: Tournament) -> int | None:
    """The match that is to be opened next, if there is one: of those that have become due since, or of the first."""
    if tournament.phase != "running":
        return None
    if (ready := tournament.to_open.least) is not None:
        return int(ready)
    bracket, entrants = bracket_of(tournament), len(tournament.seeds)
    if tournament.begun == beginning.due_first(bracket, entrants):
        return None
    return beginning.nth_due(bracket, entrants, tournament.begun)


def current_match(tournament: Tournament, entrant: int) -> int:
    """The match that this entrant is on a side of and that isn't done; 0 if there is none."""
    moved = tournament.entrants[entrant].match
    if moved is not None:
        return moved
    if not tournament.engine or entrant not in tournament.seeds:
        return NOBODY
    seed = tournament.seeds.index(entrant) + 1
    return beginning.first_slot(bracket_of(tournament), len(tournament.seeds), seed).match


def status_of(tournament: Tournament, entrant: int) -> EntrantStatus:
    """What this entrant is. The start makes *entered* or *dropped* of all who asked, by whether they are seeded."""
    status = tournament.entrants[entrant].status
    if not tournament.engine or status not in ASKING:
        return status
    return "entered" if entrant in tournament.seeds else "dropped"

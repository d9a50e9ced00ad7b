"""A file of entrants in CSV (RFC 4180), read as a whole: what is wrong with it is told line by line. Pure.

Its first line names the columns. In a tournament of teams, lines with the same team are its players, the captain first.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from typing import Final, NamedTuple, Protocol

import msgspec
from msgspec import Struct

from gatherup.features.tournaments.csv_cells import plain
from protocol import limits
from protocol.tournament.commands import NewEntrant


class _Reader(Protocol):
    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


COLUMNS: Final = ("name", "user", "team", "seed", "rating", "tags")


class Fault(NamedTuple):
    """What is wrong with a line."""

    line: int
    """From 1 on; of a cell with line breaks the last one."""
    why: str


class Player(Struct, frozen=True):
    """A user, as a line names them: by id or handle."""

    line: int
    user: str


class Listed(Struct, frozen=True):
    """An entrant of the file."""

    line: int
    name: str | None
    """Of a team, or of somebody without an account."""
    players: tuple[Player, ...] = ()
    seed: int | None = None
    rating: float | None = None
    tags: tuple[str, ...] = ()


def read(data: bytes, teams: bool) -> tuple[list[Listed], list[Fault]]:
    """Who stands in a file, in its order, and all that is wrong with it: then nobody of it should be taken."""
    faults: list[Fault] = []
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [], [Fault(data.count(b"\n", 0, error.start) + 1, "This isn't UTF-8.")]
    found: list[Listed] = []
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        for line, cells in _lines(reader, faults):
            if (listed := _listed(line, cells, faults, teams=teams)) is not None:
                found.append(listed)
    except csv.Error as error:
        faults.append(Fault(reader.line_num, f"This isn't CSV: {error}."))
    found = _gathered(found, faults) if teams else found
    _check_once(found, faults)
    if not found and not faults:
        faults.append(Fault(1, "There is nobody in it."))
    return found, sorted(faults)


def seeded(found: Sequence[Listed]) -> list[int]:
    """Who of them is seeded by the file, as places in it from 0 on, the best first: by seeds, then by ratings."""
    some = [at for at, one in enumerate(found) if one.seed is not None or one.rating is not None]
    return sorted(some, key=lambda at: _rank(found[at]))


def _rank(one: Listed) -> tuple[bool, int, float]:
    return one.seed is None, one.seed or 0, -(one.rating or 0.0)


def _lines(reader: _Reader, faults: list[Fault]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The lines after the first one that aren't empty, by the names of their columns. Raises csv.Error."""
    header = [cell.strip().lower() for cell in next(reader, list[str]())]
    for name in header:
        if name not in COLUMNS or header.count(name) > 1:
            faults.append(Fault(1, f"Name each column once, and only {', '.join(COLUMNS)}."))
            return
    for count, cells in enumerate(reader, 1):
        if count > limits.ENTRANTS_FILE_LINES_MAX:
            most = limits.ENTRANTS_FILE_LINES_MAX
            faults.append(Fault(reader.line_num, f"There are more than {most} lines after the first one."))
            return
        if len(cells) > len(header):
            faults.append(Fault(reader.line_num, "There are more cells than columns."))
        elif any(cell.strip() for cell in cells):
            read = (plain(cell.strip()) for cell in cells)
            yield reader.line_num, dict(zip(header, read, strict=False))


def _listed(line: int, cells: Mapping[str, str], faults: list[Fault], *, teams: bool) -> Listed | None:
    """Whom a line names; None, and a fault, if it names nobody."""
    name, user, team = (cells.get(column) or None for column in ("name", "user", "team"))
    if teams and (team is None or name is not None):
        faults.append(Fault(line, "Name a team, and no other name."))
    elif not teams and team is not None:
        faults.append(Fault(line, "This is no tournament of teams."))
    elif not teams and (name is None) == (user is None):
        faults.append(Fault(line, "Give a name or a user."))
    else:
        players = (Player(line, user),) if user else ()
        seed, rating = _number(line, cells, "seed", faults), _number(line, cells, "rating", faults)
        whole = None if seed is None else int(seed)
        tags = tuple(dict.fromkeys(cells.get("tags", "").lower().split()))
        found = Listed(line, team if teams else name, players, whole, rating, tags)
        if seed is not None and not (seed == whole and 1 <= seed <= limits.TOURNAMENT_ENTRANTS_MAX):
            faults.append(
                Fault(line, f"A seed is a whole number from 1 to {limits.TOURNAMENT_ENTRANTS_MAX}.")
            )
        faults += [Fault(line, why) for why in (_unfit("name", found.name), _unfit("tags", tags)) if why]
        return found
    return None


def _number(line: int, cells: Mapping[str, str], column: str, faults: list[Fault]) -> float | None:
    text = cells.get(column)
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not abs(number) <= limits.POINTS_MAX:
        faults.append(Fault(line, f"This {column} is no number up to {limits.POINTS_MAX}."))
        return None
    return number


def _unfit(field: str, value: object) -> str | None:
    """Why no entrant has this in this field."""
    try:
        msgspec.convert({field: value}, NewEntrant)
    except msgspec.ValidationError as error:
        return f"The {field} can't be taken: {str(error).partition(' - ')[0]}."
    return None


def _gathered(lines: Sequence[Listed], faults: list[Fault]) -> list[Listed]:
    """The lines of each team as one."""
    teams: dict[str, list[Listed]] = {}
    for one in lines:
        teams.setdefault(one.name or "", []).append(one)
    found: list[Listed] = []
    for first, *others in teams.values():
        players = tuple(player for one in (first, *others) for player in one.players)
        if others and len(players) <= len(others):
            faults.append(Fault(others[-1].line, "A team of several lines has a user in each."))
        if any(one.seed is not None or one.rating is not None or one.tags for one in others):
            faults.append(Fault(others[-1].line, "The first line of a team says its seed, rating and tags."))
        found.append(Listed(first.line, first.name, players, first.seed, first.rating, first.tags))
    return found


def _check_once(found: Sequence[Listed], faults: list[Fault]) -> None:
    """Each seed stands there once."""
    seeds = set[int]()
    for one in found:
        if one.seed is not None and one.seed in seeds:
            faults.append(Fault(one.line, f"Seed {one.seed} stands there twice."))
        seeds.update(() if one.seed is None else (one.seed,))

"""A tournament of GatherUp as a file: seeds are starting ranks, and each round of each part is a column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from actors.tournament.trf.games import score_of
from actors.tournament.trf.model import NOT_PAIRED, Entry, Player, Points, Report, Side
from actors.tournament.trf.writing import write

_DRAWN: Final = ("=", "=")
_WON: Final = {"forfeit": ("+", "-")}
_NOBODY_WON: Final = {"double_forfeit": ("-", "-")}


class Seen(Struct, frozen=True):
    """A match that was opened or is done, or a bye, and the column in which it stands."""

    round: int
    """From 1 on."""
    a: int
    b: int
    """The entrants on its sides, 0 for nobody. Who is on side a has White."""
    winner: int | None
    """The entrant who has won, 0 for nobody; None as long as it is played."""
    kind: str | None


class Entrant(Struct, frozen=True):
    """Who takes part."""

    number: int
    name: str | None
    place: int | None
    """Of those who play no more."""


class About(Struct, frozen=True, kw_only=True):
    """What is told of the tournament itself. Times are Unix milliseconds."""

    name: str | None
    format: str
    started_at: int | None
    ended_at: int | None
    rounds: int | None
    """How many columns there will be, if that is known."""
    points: Points = Points()


def exported(about: About, entrants: Sequence[Entrant], matches: Iterable[Seen]) -> str:
    """The file; the entrants come in the order of their seeds. Raises NoRoomError."""
    seeds = {entrant.number: seed for seed, entrant in enumerate(entrants, 1)}
    entries: dict[int, dict[int, Entry]] = {seed: {} for seed in seeds.values()}
    for match in matches:
        for entrant, entry in _entries(match, seeds):
            entries[seeds[entrant]][match.round] = entry
    players = [_player(seeds[entrant.number], entrant, entries) for entrant in entrants]
    ranks = _ranks(entrants, players, about.points)
    ranked = tuple(
        Player(number=player.number, name=player.name, rank=ranks[player.number], entries=player.entries)
        for player in players
    )
    return write(
        Report(players=ranked, other=_about(about, len(players)), rounds=about.rounds, points=about.points)
    )


def _about(about: About, players: int) -> tuple[str, ...]:
    lines = {
        "012": _shown(about.name or "Tournament"),
        "042": _day(about.started_at),
        "052": _day(about.ended_at),
        "062": str(players),
        "092": about.format.replace("_", " ").capitalize(),
    }
    return tuple(f"{tag} {text}" for tag, text in lines.items() if text)


def _entries(match: Seen, seeds: Mapping[int, int]) -> list[tuple[int, Entry]]:
    if not match.a or not match.b:
        alone = match.a or match.b
        if match.kind == "half_bye":
            return [(alone, Entry(result="H"))]
        return [(alone, Entry(result="U"))] if alone and match.winner == alone else []
    results = _results(match)
    sides: tuple[Side, Side] = ("w", "b")
    return [
        (match.a, Entry(seeds[match.b], sides[0], results[0])),
        (match.b, Entry(seeds[match.a], sides[1], results[1])),
    ]


def _results(match: Seen) -> tuple[str, str]:
    if match.winner is None:
        return " ", " "
    if not match.winner:
        return _NOBODY_WON.get(match.kind or "", _DRAWN)
    won, lost = _WON.get(match.kind or "", ("1", "0"))
    return (won, lost) if match.winner == match.a else (lost, won)


def _player(seed: int, entrant: Entrant, entries: Mapping[int, Mapping[int, Entry]]) -> Player:
    own = entries[seed]
    name = _shown(entrant.name or f"Entrant {entrant.number}")
    rounds = range(1, max(own, default=0) + 1)
    return Player(number=seed, name=name, entries=tuple(own.get(round_, NOT_PAIRED) for round_ in rounds))


def _ranks(entrants: Sequence[Entrant], players: Sequence[Player], points: Points) -> dict[int, int]:
    """Who still plays comes first, by points; then all others by their places."""

    def key(found: tuple[Entrant, Player]) -> tuple[int, int, int]:
        entrant, player = found
        return entrant.place or 0, -score_of(player, len(player.entries), points), player.number

    order = sorted(zip(entrants, players, strict=True), key=key)
    return {player.number: rank for rank, (_, player) in enumerate(order, 1)}


def _shown(text: str) -> str:
    """On one line, without what can't be printed."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _day(at: int | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at / 1000, UTC).strftime("%Y/%m/%d")

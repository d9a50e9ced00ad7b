"""The next round of the tournament in a file: for a worker process, since reading and pairing take their time."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from actors.tournament.engine.swiss.model import NOBODY, Impossible, Options, Round, Why
from actors.tournament.trf.games import asked_byes, first_side, games_of, ranked, rounds_of, unfinished
from actors.tournament.trf.model import NOT_PAIRED, Entry, Fault, FaultyError, Player, Report
from actors.tournament.trf.reading import read
from actors.tournament.trf.writing import NoRoomError, write

_ABSENT: Final = Entry(result="Z")
_NAMED_MAX: Final = 10
"""Of more who still play, so many are named."""


class NextRound(Struct, frozen=True, kw_only=True):
    """A round that was paired."""

    round: int
    pairs: tuple[tuple[int, int], ...]
    """The one with White first, by their boards."""
    bye: int
    """Who has the bye, or nobody."""
    reasons: tuple[Why, ...]
    """Of each pair, then of the bye."""
    file: str
    """The file with this round, whose games have no result yet."""


class NotPaired(Struct, frozen=True):
    """Why the next round wasn't paired, for people."""

    why: str


def next_round(data: bytes) -> NextRound | NotPaired | tuple[Fault, ...]:
    """Read a file, pair its next round by FIDE's Dutch system, and write the file with it."""
    try:
        report = read(data)
    except FaultyError as error:
        return error.faults
    paired = pair_next(report)
    if isinstance(paired, NotPaired):
        return paired
    try:
        file = write(with_round(report, paired))
    except NoRoomError:
        return NotPaired("Somebody has more points than a file has room for.")
    return NextRound(
        round=rounds_of(report) + 1, pairs=paired.pairs, bye=paired.bye, reasons=paired.reasons, file=file
    )


def pair_next(report: Report) -> Round | NotPaired:
    """The pairs of the next round."""
    # The engine's matchings bring numpy, which a process that pairs nothing doesn't need.
    from actors.tournament.engine.swiss.pairing import pair

    rounds = rounds_of(report)
    if playing := unfinished(report):
        return NotPaired(f"Round {rounds} isn't over: there is no result of {_named(playing)}.")
    if report.rounds is not None and rounds >= report.rounds:
        return NotPaired(f"All {report.rounds} rounds were paired.")
    options = Options(
        win=report.points.win,
        loss=report.points.loss,
        rounds=report.rounds,
        first_side=first_side(report),
    )
    entrants = [player.number for player in report.players]
    absent = {*report.absent, *asked_byes(report)}
    found = pair(entrants, games_of(report), options, absent)
    if isinstance(found, Impossible):
        return NotPaired("There is no way to pair everybody without that two meet again.")
    if not found.pairs:
        return NotPaired("There are fewer than two who can be paired.")
    return found


def with_round(report: Report, paired: Round) -> Report:
    """The file with a round that was paired. Everybody's rank is by points, then by number."""
    rounds = rounds_of(report)
    entries = asked_byes(report)
    for white, black in paired.pairs:
        entries[white] = Entry(black, "w")
        entries[black] = Entry(white, "b")
    if paired.bye != NOBODY:
        entries[paired.bye] = Entry(result="U")
    players = [_with(player, rounds, entries.get(player.number, _ABSENT)) for player in report.players]
    ranks = ranked(players, rounds + 1, report.points)
    players = [replace(player, rank=ranks[player.number]) for player in players]
    return replace(report, players=tuple(players), absent=())


def _with(player: Player, rounds: int, entry: Entry) -> Player:
    before = player.entries[:rounds]
    return replace(player, entries=(*before, *(NOT_PAIRED,) * (rounds - len(before)), entry))


def _named(numbers: tuple[int, ...]) -> str:
    named = ", ".join(map(str, numbers[:_NAMED_MAX]))
    more = len(numbers) - _NAMED_MAX
    return named + (f" and {more} more" if more > 0 else "")

"""What rows don't say of the matches of a tournament: where they stand before anything has happened to them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from actors.tournament.engine.elimination import Bracket, Slot
from actors.tournament.engine.elimination import Match as BracketMatch
from actors.tournament.engine.elimination_play import EliminationPlay
from actors.tournament.engine.origins import Origin, origin
from actors.tournament.engine.play import Play
from actors.tournament.engine.seeding import seed_at
from actors.tournament.plays import play_for
from actors.tournament.stages import unplayed
from actors.tournament.state import Match
from protocol.tournament import NOBODY
from storage.postgres.tournaments.matches import MatchRow, OwnMatchRow, SeatingRow


class StageBracket(Struct, frozen=True):
    """A bracket whose matches have the numbers of the tournament."""

    bracket: Bracket
    before: int
    """What its own numbers are less."""

    def __getitem__(self, number: int) -> BracketMatch:
        match = self.bracket[number - self.before]
        return replace(match, winner_to=self._slot(match.winner_to), loser_to=self._slot(match.loser_to))

    def origin(self, number: int, side: int) -> Origin | None:
        """The match that leads to this side of a match; None if a seed begins there."""
        came = origin(self.bracket, number - self.before, side)
        return came and came._replace(match=came.match + self.before)

    def seed_at(self, number: int, side: int) -> int:
        """The seed that begins on this side of a match of the first round."""
        return seed_at(self.bracket.size, 2 * (number - self.before) - 2 + side)

    def _slot(self, slot: Slot | None) -> Slot | None:
        return slot and slot._replace(match=slot.match + self.before)


def play_of(seating: SeatingRow) -> Play:
    """How a stage is played."""
    return play_for(seating.settings, seating.seeds, seating.published)


def bracket_of(seating: SeatingRow) -> StageBracket | None:
    """Which match leads where; None if it isn't played as a bracket."""
    play = play_of(seating)
    return (
        StageBracket(play.bracket, seating.numbers.first - 1) if isinstance(play, EliminationPlay) else None
    )


def numbers_of(seating: SeatingRow) -> Iterator[int]:
    """The numbers of all matches of a stage, within the tournament."""
    return map(seating.numbers.outer, range(1, len(play_of(seating)) + 1))


def stage_with(seatings: Sequence[SeatingRow], number: int) -> SeatingRow | None:
    """The stage that has the match of this number; None if there is no such match."""
    for seating in seatings:
        if 0 < seating.numbers.inner(number) <= len(play_of(seating)):
            return seating
    return None


def first_seeded(row: OwnMatchRow) -> tuple[MatchRow, int] | None:
    """The match that the seeds lead an entrant to, after their byes, with seeds on its sides; and the seed that they
    meet, 0 while it isn't known. None if they have no match to play.
    """
    numbers = row.seating.numbers
    number = play_of(row.seating).next_match(row.seed, numbers.inner(row.begun))
    if not number:
        return None
    match = match_before(row.seating, numbers.outer(number))
    return match, (match.b if match.a == row.seed else match.a) or NOBODY


def named_of(row: OwnMatchRow, match: MatchRow, met: int | None) -> MatchRow:
    """That match with the entrant on their side, and who has the seed that they meet on the other."""
    return (
        replace(match, a=row.entrant, b=met) if match.a == row.seed else replace(match, a=met, b=row.entrant)
    )


def all_matches(seating: SeatingRow, rows: Iterable[MatchRow]) -> Iterator[MatchRow]:
    """All of a stage by number, each worked out in its turn: as their rows say, or as the start has left them."""
    known, play = {row.number: row for row in rows}, play_of(seating)
    for number in numbers_of(seating):
        yield known.get(number) or _match_before(seating, play, number)


def match_before(seating: SeatingRow, number: int) -> MatchRow:
    """A match of the stage as the start has left it."""
    return _match_before(seating, play_of(seating), number)


def _match_before(seating: SeatingRow, play: Play, number: int) -> MatchRow:
    match = unplayed(play, seating.numbers.inner(number))
    cancelled = seating.cancelled and match.phase != "done"
    return row_of(number, replace(match, phase="cancelled") if cancelled else match)


def row_of(number: int, match: Match) -> MatchRow:
    """A match as its row would say, as far as the stage tells of it."""
    return MatchRow(
        number,
        match.a,
        match.b,
        match.phase,
        scores=match.scores,
        winner=match.winner if match.kind else None,
        kind=match.kind,
    )

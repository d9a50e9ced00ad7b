"""Rounds of a Swiss stage: when the next one is wanted, from what it is paired, and how it is published.

Pairing takes longer than a step of the loop may, so it is work: see ``Kind.work``. Its key is the seq of the last event
that changed what pairs are made from, so a round that was paired from something older is never published.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial
from typing import Final

from actors.kind import Decision, Refuse, Work
from actors.tournament.context import Context, Course
from actors.tournament.engine.standings.table import Points
from actors.tournament.engine.swiss.model import NOBODY, Game, Options
from actors.tournament.engine.swiss.next_round import next_round
from actors.tournament.engine.swiss.published import bye_in, matches_in, pairs_in
from actors.tournament.plays import FORMATS, points_of
from actors.tournament.stages import last_number, match_of, round_due
from actors.tournament.state import ASKING, Match, StageState, Tournament
from protocol.codes import Code
from protocol.tournament.swiss import PairingEnded, RoundPublished, TakeRound

STEP_MATCHES: Final = 256
"""Matches that are gathered before others have their turn."""
Arguments = tuple[Options, tuple[int, ...], list[list[int]], list[int], list[int]]
"""Of ``next_round``."""


def work(tournament: Tournament) -> Work | None:
    """The next round of the stage that is being played, once those before it are done."""
    if not round_due(tournament):
        return None
    return Work(tournament.stages[-1].changed_at, next_round, partial(_gathered, tournament))


def _gathered(tournament: Tournament) -> Generator[None, None, Arguments]:
    """What the next round is paired from: the games of all rounds before it, who isn't there, and who has come back."""
    stage = tournament.stages[-1]
    rounds: list[list[int]] = []
    number, points = 0, points_of(stage.settings)
    for pairs in stage.published:
        games: list[int] = []
        for _ in range(matches_in(pairs)):
            number += 1
            games += _game_of(match_of(tournament, stage.numbers.outer(number)), points)
            if number % STEP_MATCHES == 0:
                yield
        if bye := bye_in(pairs):
            games += Game(bye, NOBODY, points.bye, 0, played=False)
        rounds.append(games)
    for entrant in stage.seeds if len(tournament.stages) == 1 else ():
        for games in rounds[: tournament.entrants[entrant].half_byes]:
            games.extend(Game(entrant, NOBODY, points.draw, 0, played=False))
    known = [(entrant, tournament.entrants[entrant]) for entrant in stage.seeds]
    absent = [number for number, entrant in known if entrant.status not in ASKING]
    back = [number for number, entrant in known if entrant.back_in == len(tournament.stages)]
    return _options_of(stage), stage.seeds, rounds, absent, back


def _game_of(match: Match, points: Points) -> Game:
    """What the two of a match that is done have from it."""
    a, b = match.a or NOBODY, match.b or NOBODY
    played = match.kind in ("played", "decided")
    if match.winner == NOBODY:
        each = points.draw if played else 0
        return Game(a, b, each, each, played)
    lost = points.loss if played else 0
    return Game(a, b, points.win, lost, played) if match.winner == a else Game(a, b, lost, points.win, played)


def _options_of(stage: StageState) -> Options:
    """How its rounds are paired. With early exits nobody knows which one is the last, unless it is said."""
    settings, points = stage.settings, points_of(stage.settings)
    rounds = FORMATS[settings.format].rounds(settings, len(stage.seeds))
    return Options(
        win=points.win,
        loss=points.loss,
        rounds=settings.rounds or (None if settings.wins else rounds),
        first_side=_first_side(stage),
        sides=settings.sides,
        rematch=settings.rematches,
        exit=(settings.wins, settings.losses) if settings.wins else None,
    )


def _first_side(stage: StageState) -> bool:
    """Whether the first seed has side a in the first round; of an imported stage, as that round was paired."""
    for seed, entrant in enumerate(stage.seeds if stage.published else (), 1):
        for a, b in pairs_in(stage.published[0]):
            if entrant in (a, b):
                return (entrant == a) == bool(seed % 2)
    return True


# --- what comes of it --------------------------------------------------------------------------------------


def worked(tournament: Tournament, key: int, result: tuple[Sequence[int], Sequence[int], bool]) -> TakeRound:
    """The command that brings it."""
    pairs, reasons, impossible = result
    return TakeRound(
        client_id="",
        stream=tournament.tournament,
        key=key,
        pairs=tuple(pairs),
        reasons=tuple(reasons),
        impossible=impossible,
    )


def publish(context: Context, command: TakeRound) -> Decision:
    """It is published, unless what it was paired from has changed meanwhile: then it is worked out anew."""
    tournament = context.tournament
    if not round_due(tournament) or tournament.stages[-1].changed_at != command.key:
        return Refuse(Code.WRONG_PHASE, "What this round was paired from has changed.", "key")
    course, stage = Course(context), tournament.stages[-1]
    number, round_ = len(tournament.stages), len(stage.published)
    if not command.pairs:
        why = "impossible" if command.impossible else "nobody_left"
        course.add(PairingEnded(stage=number, round=round_, why=why))
        return course.accept()
    published = RoundPublished(
        stage=number,
        round=round_ + 1,
        first=last_number(tournament) + 1,
        matches=matches_in(command.pairs),
        bye=bye_in(command.pairs),
    )
    course.add(published, marks={"pairs": command.pairs, "reasons": command.reasons})
    return course.accept()

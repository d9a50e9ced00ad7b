"""The stages of a tournament, and where its matches and entrants stand in them.

The state holds what has happened since a stage has started. How all began follows from the seeds and isn't kept
anywhere, so that the start of the largest tournament is as short a step as any other.

The engine numbers the matches of each stage from 1; a tournament numbers all of its stages one after the other. Here
one becomes the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from actors.tournament.engine.correction import Change, Correction
from actors.tournament.engine.elimination import Bracket, double, single
from actors.tournament.engine.elimination_play import EliminationPlay
from actors.tournament.engine.play import Play, Spot
from actors.tournament.engine.progress import Fill, Outcome, Sides, without_game
from actors.tournament.state import ASKING, Match, StageState, Tournament
from protocol.tournament import NOBODY, EntrantStatus, Format
from protocol.tournament.stage import Stage

ENGINE: Final = 1
"""The version of the rules by which stages are played. Another one must not change those of a log."""


# --- formats -------------------------------------------------------------------------------------------------


def _single(stage: Stage, seeds: Sequence[int]) -> Play:
    return EliminationPlay(single(len(seeds), third_place=stage.third_place), seeds)


def _double(stage: Stage, seeds: Sequence[int]) -> Play:
    return EliminationPlay(double(len(seeds), reset=stage.reset), seeds)


_PLAYS: Final[Mapping[Format, Callable[[Stage, Sequence[int]], Play]]] = {
    "single_elimination": _single,
    "double_elimination": _double,
}


def play_for(stage: Stage, seeds: Sequence[int]) -> Play:
    """How a stage with these settings is played by these, the best first."""
    return _PLAYS[stage.format](stage, seeds)


def play_of(stage: StageState) -> Play:
    """How a stage that has started is played."""
    return play_for(stage.settings, stage.seeds)


def bracket_for(format_: Format, count: int, *, third_place: bool, reset: bool) -> Bracket:
    """The bracket of so many, in this format of elimination."""
    if format_ == "double_elimination":
        return double(count, reset=reset)
    return single(count, third_place=third_place)


# --- matches -------------------------------------------------------------------------------------------------


def index_of(tournament: Tournament, number: int) -> int:
    """Which of the stages, counted from 0, this match is of, if there is one of this number."""
    index = len(tournament.stages) - 1
    while tournament.stages[index].first > number:
        index -= 1
    return index


def has_match(tournament: Tournament, number: int) -> bool:
    """Whether one of its stages has a match of this number."""
    if not tournament.stages or number < 1:
        return False
    stage = stage_of(tournament, number)
    return number - stage.before <= len(play_of(stage))


def stage_of(tournament: Tournament, number: int) -> StageState:
    """The stage that this match is of."""
    return tournament.stages[index_of(tournament, number)]


def matches_count(tournament: Tournament) -> int:
    """How many matches the stages have that have started."""
    return sum(len(play_of(stage)) for stage in tournament.stages)


def match_of(tournament: Tournament, number: int) -> Match:
    """Where one of its matches stands."""
    match = tournament.matches.get(number)
    return first_in(stage_of(tournament, number), number) if match is None else match


def first_in(stage: StageState, number: int) -> Match:
    """A match of this stage before anything has happened to it."""
    return seated(*play_of(stage).first_sides(number - stage.before))


def spot_of(tournament: Tournament, number: int) -> Spot:
    """Where in its stage a match is."""
    return spot_in(stage_of(tournament, number), number)


def spot_in(stage: StageState, number: int) -> Spot:
    """Where a match of this stage is."""
    return play_of(stage).spot(number - stage.before)


def sides_of(match: Match) -> Sides:
    """Who is on its sides, as far as it is known."""
    return match.a, match.b


def seated(a: int | None, b: int | None, *, later: bool = False) -> Match:
    """A match between these. If one is nobody it is done, or with ``later`` will be in a moment."""
    winner = without_game((a, b))
    if a is None or b is None:
        return Match(a, b)
    if winner is None or later:
        return Match(a, b, "due")
    return Match(a, b, "done", winner=a or b, kind="bye")


def with_match(
    tournament: Tournament, number: int, match: Match, *, begun: int = 0, done: int = 0
) -> Tournament:
    """The tournament with this match instead of the one before; in its stage so many more were begun and done."""
    after = replace(tournament, matches=tournament.matches.insert(number, match))
    if not begun and not done:
        return after
    index = index_of(tournament, number)
    stage = tournament.stages[index]
    return with_stage(after, index, replace(stage, begun=stage.begun + begun, done=stage.done + done))


def with_stage(tournament: Tournament, index: int, stage: StageState) -> Tournament:
    """The tournament with this stage instead of the one before."""
    stages = tournament.stages
    return replace(tournament, stages=(*stages[:index], stage, *stages[index + 1 :]))


def next_to_open(tournament: Tournament) -> int | None:
    """The match that is to be opened next, if there is one: of those that have become due since, or of the first."""
    if tournament.phase != "running":
        return None
    if (ready := tournament.to_open.least) is not None:
        return int(ready)
    stage = tournament.stages[-1]
    play = play_of(stage)
    return None if stage.begun == play.due_first else play.nth_due(stage.begun) + stage.before


# --- what a result leads to ----------------------------------------------------------------------------------


def outcome_of(tournament: Tournament, number: int, winner: int | None, *, most: int) -> Outcome:
    """What follows when this side wins the match. See ``Play.outcome``."""
    stage = stage_of(tournament, number)
    before = stage.before
    found = play_of(stage).outcome(_sides_in(tournament, stage), number - before, winner, most=most)
    if not before:
        return found
    return Outcome(
        tuple(Fill(match + before, side, entrant) for match, side, entrant in found.fills),
        found.places,
        tuple(match + before for match in found.later),
    )


def correction_of(tournament: Tournament, number: int, winner: int | None) -> Correction:
    """What follows when a match that is done was won by this side instead. See ``Play.correct``."""
    stage = stage_of(tournament, number)
    return _numbered(
        stage, play_of(stage).correct(_sides_in(tournament, stage), number - stage.before, winner)
    )


def taken_back(tournament: Tournament, number: int) -> Correction:
    """What follows when a match that is done is to be played again. See ``Play.take_back``."""
    stage = stage_of(tournament, number)
    return _numbered(stage, play_of(stage).take_back(_sides_in(tournament, stage), number - stage.before))


def _numbered(stage: StageState, found: Correction) -> Correction:
    changes = tuple(Change(match + stage.before, a, b) for match, a, b in found.changes)
    return found._replace(changes=changes)


def _sides_in(tournament: Tournament, stage: StageState) -> Callable[[int], Sides]:
    """Who is on the sides of each match of a stage, by its number within it."""
    return lambda number: sides_of(match_of(tournament, number + stage.before))


# --- entrants ------------------------------------------------------------------------------------------------


def current_match(tournament: Tournament, entrant: int) -> int:
    """The match that this entrant is on a side of and that isn't done; 0 if there is none."""
    if not tournament.stages:
        return NOBODY
    stage, known = tournament.stages[-1], tournament.entrants[entrant]
    play = play_of(stage)
    if known.match >= stage.first and not known.over:
        return known.match
    if (known.match >= stage.first and not play.by_round) or entrant not in stage.seeds:
        return NOBODY
    match = play.next_match(stage.seeds.index(entrant) + 1, stage.begun)
    return match and match + stage.before


def status_of(tournament: Tournament, entrant: int) -> EntrantStatus:
    """What this entrant is. The start makes *entered* or *dropped* of all who asked, by whether they are seeded."""
    status = tournament.entrants[entrant].status
    if not tournament.stages or status not in ASKING:
        return status
    return "entered" if entrant in tournament.seeds else "dropped"

"""The stages of a tournament, and where its matches and entrants stand in them.

The state holds what has happened since a stage has started. How all began follows from the seeds and isn't kept
anywhere, so that the start of the largest tournament is as short a step as any other.

The engine numbers the matches of each stage from 1; a tournament numbers all of its stages one after the other. Here
one becomes the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from actors.tournament.engine.correction import Change, Correction
from actors.tournament.engine.play import Play, Spot
from actors.tournament.engine.progress import Fill, Outcome, Sides, without_game
from actors.tournament.plays import FORMATS, more_rounds, play_of
from actors.tournament.state import ASKING, Match, StageState, Tournament
from protocol.event import Header
from protocol.tournament import NOBODY, EntrantStatus

ENGINE: Final = 1
"""The version of the rules by which stages are played. Another one must not change those of a log."""


# --- matches -------------------------------------------------------------------------------------------------


def index_of(tournament: Tournament, number: int) -> int:
    """Which of the stages, counted from 0, this match is of, if there is one of this number."""
    index = len(tournament.stages) - 1
    while tournament.stages[index].numbers.first > number:
        index -= 1
    return index


def has_match(tournament: Tournament, number: int) -> bool:
    """Whether one of its stages has a match of this number."""
    if not tournament.stages or number < 1:
        return False
    return _has(stage_of(tournament, number), number)


def _has(stage: StageState, number: int) -> bool:
    return 0 < stage.numbers.inner(number) <= len(play_of(stage))


def is_void(tournament: Tournament, number: int) -> bool:
    """Whether a match of this number was of a stage that is void."""
    return 0 < number <= tournament.void_to and not has_match(tournament, number)


def stage_of(tournament: Tournament, number: int) -> StageState:
    """The stage that this match is of."""
    last = tournament.stages[-1]
    return last if last.numbers.first <= number else tournament.stages[index_of(tournament, number)]


def matches_count(tournament: Tournament) -> int:
    """How many matches the stages have that have started."""
    return sum(len(play_of(stage)) for stage in tournament.stages)


def match_of(tournament: Tournament, number: int) -> Match:
    """Where one of its matches stands."""
    return match_in(stage_of(tournament, number), number)


def match_in(stage: StageState, number: int) -> Match:
    """Where a match of this stage stands."""
    inner = stage.numbers.inner(number)
    match = stage.matches.get(inner)
    return unplayed(play_of(stage), inner) if match is None else match


def unplayed(play: Play, number: int) -> Match:
    """A match of a stage that has started, before anything has happened to it; by its number within the stage."""
    sides = play.first_sides(number)
    return Match(*sides) if play.by_round else seated(*sides)


def spot_of(tournament: Tournament, number: int) -> Spot:
    """Where in its stage a match is."""
    return spot_in(stage_of(tournament, number), number)


def spot_in(stage: StageState, number: int) -> Spot:
    """Where a match of this stage is."""
    return play_of(stage).spot(stage.numbers.inner(number))


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
    index = index_of(tournament, number)
    stage = tournament.stages[index]
    matches = stage.matches.insert(stage.numbers.inner(number), match)
    after = replace(stage, matches=matches, begun=stage.begun + begun, done=stage.done + done)
    return with_stage(tournament, index, after)


def with_stage(tournament: Tournament, index: int, stage: StageState) -> Tournament:
    """The tournament with this stage instead of the one before."""
    stages = tournament.stages
    return replace(tournament, stages=(*stages[:index], stage, *stages[index + 1 :]))


def changed(tournament: Tournament, index: int, header: Header) -> Tournament:
    """The tournament after an event that may have changed the standings of this stage."""
    return with_stage(tournament, index, replace(tournament.stages[index], changed_at=header.seq))


def next_to_open(tournament: Tournament) -> int | None:
    """The match that is to be opened next, if there is one: of those that have become due since, or of the first."""
    if tournament.phase != "running":
        return None
    stage = tournament.stages[-1]
    play = play_of(stage)
    if (ready := tournament.to_open.least) is not None:
        number = int(ready)
    elif stage.begun < play.due_first:
        number = stage.numbers.outer(play.nth_due(stage.begun))
    else:
        return None
    return number if not play.by_round or _round_is_on(tournament, play, number) else None


def _round_is_on(tournament: Tournament, play: Play, number: int) -> bool:
    """Whether no match of another round is going, so that nobody is called to two matches, though one was undone."""
    going, inner = tournament.going.least, tournament.stages[-1].numbers.inner
    return going is None or play.waits_for(inner(int(going))) == play.waits_for(inner(number))


def is_past(tournament: Tournament, number: int) -> bool:
    """Whether this match is of a stage after which another one has started."""
    return number < tournament.stages[-1].numbers.first


def is_played(stage: StageState) -> bool:
    """Whether all matches of a stage are done and no round is to follow; of a leaderboard, whether it has closed."""
    open_ = stage.closes_at is not None and not stage.closed
    return stage.done == len(play_of(stage)) and not more_rounds(stage) and not open_


def round_due(tournament: Tournament) -> bool:
    """Whether the next round of the stage that is being played is to be paired: those before it are done."""
    if tournament.phase != "running":
        return False
    stage = tournament.stages[-1]
    return more_rounds(stage) and stage.done == len(play_of(stage))


def needs_standings(tournament: Tournament) -> bool:
    """Whether the stage that is being played ends with standings, and not with its last match."""
    stages = tournament.stages
    return len(stages) < len(tournament.settings.chain) or FORMATS[stages[-1].settings.format].standings


def takes_late(tournament: Tournament) -> bool:
    """Whether the stage that is being played can still be entered: the first one, if it is paired round by round, and
    no more rounds of it were published than its settings let who comes late miss.
    """
    if tournament.phase != "running":
        return False
    first, *later = tournament.stages
    return not later and more_rounds(first) and len(first.published) <= first.settings.late_rounds


def standings_due(tournament: Tournament) -> bool:
    """Whether all matches of the stage that is being played are done, and its standings are to end it."""
    if tournament.phase != "running":
        return False
    stage = tournament.stages[-1]
    return not stage.finished and needs_standings(tournament) and is_played(stage)


def is_over(tournament: Tournament) -> bool:
    """Whether nothing is left to play, and all places are settled."""
    stage = tournament.stages[-1]
    return stage.finished if needs_standings(tournament) else is_played(stage)


def last_number(tournament: Tournament) -> int:
    """The last number that a match has, void ones included."""
    return max(tournament.void_to, last_of(tournament.stages[-1]))


def last_of(stage: StageState) -> int:
    """The last number that a match of this stage has."""
    return stage.numbers.outer(len(play_of(stage)))


# --- what a result leads to ----------------------------------------------------------------------------------


def outcome_of(tournament: Tournament, number: int, winner: int | None, *, most: int) -> Outcome:
    """What follows when this side wins the match. See ``Play.outcome``."""
    stage = stage_of(tournament, number)
    numbers = stage.numbers
    found = play_of(stage).outcome(_sides_in(tournament, stage), numbers.inner(number), winner, most=most)
    return Outcome(
        tuple(Fill(numbers.outer(match), side, entrant) for match, side, entrant in found.fills),
        found.places,
        tuple(map(numbers.outer, found.later)),
    )


def correction_of(tournament: Tournament, number: int, winner: int | None) -> Correction:
    """What follows when a match that is done was won by this side instead. See ``Play.correct``."""
    stage = stage_of(tournament, number)
    inner = stage.numbers.inner(number)
    return _numbered(stage, play_of(stage).correct(_sides_in(tournament, stage), inner, winner))


def taken_back(tournament: Tournament, number: int) -> Correction:
    """What follows when a match that is done is to be played again. See ``Play.take_back``."""
    stage = stage_of(tournament, number)
    return _numbered(
        stage, play_of(stage).take_back(_sides_in(tournament, stage), stage.numbers.inner(number))
    )


def _numbered(stage: StageState, found: Correction) -> Correction:
    changes = tuple(Change(stage.numbers.outer(match), a, b) for match, a, b in found.changes)
    return found._replace(changes=changes)


def _sides_in(tournament: Tournament, stage: StageState) -> Callable[[int], Sides]:
    """Who is on the sides of each match of a stage, by its number within it."""
    return lambda number: sides_of(match_of(tournament, stage.numbers.outer(number)))


# --- entrants ------------------------------------------------------------------------------------------------


def current_match(tournament: Tournament, entrant: int) -> int:
    """The match that this entrant is on a side of and that isn't done; 0 if there is none."""
    if not tournament.stages:
        return NOBODY
    stage, known = tournament.stages[-1], tournament.entrants[entrant]
    play = play_of(stage)
    led = known.match >= stage.first and _has(stage, known.match)
    if led and not known.over:
        return known.match
    if play.by_round and (again := _undone(tournament, entrant)):
        return again
    if (led and not play.by_round) or entrant not in stage.seeds:
        return NOBODY
    match = play.next_match(stage.seeds.index(entrant) + 1, stage.begun)
    number = match and stage.numbers.outer(match)
    # Who was led to a later stage, which is void, isn't known to have played this one.
    return NOBODY if number and known.match and match_of(tournament, number).phase == "done" else number


def _undone(tournament: Tournament, entrant: int) -> int:
    """The first match of this entrant that was undone and waits for the round that is being played; 0 if none does."""
    numbers = map(int, tournament.to_open)
    return next((number for number in numbers if entrant in sides_of(match_of(tournament, number))), NOBODY)


def status_of(tournament: Tournament, entrant: int) -> EntrantStatus:
    """What this entrant is. The start makes *entered* or *dropped* of all who asked, by whether they are seeded."""
    status = tournament.entrants[entrant].status
    if not tournament.stages or status not in ASKING:
        return status
    return "entered" if entrant in tournament.seeds else "dropped"

"""The stages of a tournament by the headers of its log: who plays whom in each, who meets nobody else meanwhile, how it
ends, and who plays the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from typing import Any, Final, Protocol, cast

from msgspec import Struct, field
from msgspec.structs import replace

from actors.tournament.engine.elimination_play import EliminationPlay
from actors.tournament.engine.play import Play
from actors.tournament.flat_results import flat_result
from actors.tournament.numbers import Numbers
from actors.tournament.plays import play_for
from actors.tournament.stage_ends import stage_end
from actors.tournament.stages import match_of, sides_of
from actors.tournament.state import Settings, Tournament
from gatherup.chaos.truth import Fact
from protocol import limits
from protocol.event import Header
from protocol.tournament import NOBODY
from protocol.tournament.stage import Stage, stages_text
from tests.sim.tournament_counting import Counting
from tests.sim.tournament_swiss import Swiss

CORRECTIONS: Final = frozenset({"match_corrected", "match_undone", "reinstated"})
Sides = tuple[int | None, int | None]


class Course(Protocol):
    """Who meets whom in a stage. It takes headers with the numbers of matches within the stage."""

    @property
    def published(self) -> Sequence[Sequence[int]]:
        """The rounds that were published."""
        ...

    @property
    def settled(self) -> bool:
        """Whether no match is left to be played."""
        ...

    def __len__(self) -> int: ...

    def sides(self, match: int) -> Sides:
        """Who plays a match."""
        ...

    def heed(self, header: Header, *, past: bool = False) -> Iterator[str]:
        """Take an event; what is wrong with it. ``past``: another stage has started since."""
        ...


class Table:
    """A round robin: who meets whom follows from the seeds, and no round begins before the one before is done."""

    published: Sequence[Sequence[int]] = ()

    def __init__(self, play: Play) -> None:
        self.groups = play.groups
        self._play = play
        self._open: set[int] = set()
        self._done: set[int] = set()
        self._again: set[int] = set()
        """Those that were undone, and are played whenever no other round is."""

    def __len__(self) -> int:
        return len(self._play)

    @property
    def settled(self) -> bool:
        """See ``Course``."""
        return len(self._done) == len(self._play)

    def sides(self, match: int) -> Sides:
        """See ``Course``."""
        return self._play.first_sides(match)

    def heed(self, header: Header, *, past: bool = False) -> Iterator[str]:
        """See ``Course``."""
        match = cast(int, header.marks.get("match", 0))
        match header.type.partition(".")[2]:
            case "match_opened":
                yield from self._opened(match, header)
            case "match_finished":
                self._open.discard(match)
                self._done.add(match)
            case "match_undone":
                self._open.discard(match)
                self._done.discard(match)
                self._again.add(match)
            case _:
                pass

    def _opened(self, match: int, header: Header) -> Iterator[str]:
        sides, first = self.sides(match), self._play.waits_for(match)
        if (header.marks["a"], header.marks["b"]) != sides or match in self._done:
            yield f"match {match} of {sides} was opened as {header.marks}"
        if others := [other for other in self._open if self._play.waits_for(other) != first]:
            yield f"match {match} was opened while {others} of other rounds are played"
        if missing := {*range(1, first)} - self._done - self._again:
            yield f"match {match} was opened before {missing}"
        self._open.add(match)


class _Stage(Struct):
    """One that has started."""

    settings: Stage
    seeds: tuple[int, ...]
    numbers: Numbers
    course: Course
    results: dict[int, tuple[int, Any, tuple[int, ...]]] = field(default_factory=dict)
    """Of each match that is done: who has won, how, and the scores."""
    ends: dict[int, int] = field(default_factory=dict)
    """The places that its standings have given; 0 for who goes on."""

    def has(self, match: int) -> bool:
        """Whether this match, by its number within the tournament, is one of its own."""
        return 1 <= self.numbers.inner(match) <= len(self.course)

    def flat(self) -> list[int]:
        """All results so far, as ``stage_end`` takes them."""
        found: list[int] = []
        for number in range(1, len(self.course) + 1):
            a, b = (side or NOBODY for side in self.course.sides(number))
            winner, kind, scores = self.results.get(number, (a or b, "bye", ()))
            found += flat_result(number, a, b, winner, kind, scores)
        return found


class Stages:
    """All stages of a tournament that has started."""

    def __init__(self, settings: Settings, seeds: Sequence[int]) -> None:
        self._chain = settings.chain
        self._stages: list[_Stage] = []
        self._left: dict[int, tuple[int, int]] = {}
        """Those who have left: in which stage, and from which match on they forfeit."""
        self._back_in: dict[int, int] = {}
        """Those who have come back: in which stage."""
        self._busy: dict[int, set[int]] = {}
        """The sides of the matches that are being played."""
        self._next: Sequence[int] = ()
        """The seeds of the stage that is to start now."""
        self._last = 0
        """The last number that a match has had."""
        self._voiding: set[int] = set()
        """The matches of void stages that were being played and whose players weren't told."""
        self._begin(seeds, 1)

    def _begin(self, seeds: Sequence[int], first: int) -> None:
        settings = self._chain[len(self._stages)]
        number = len(self._stages) + 1

        def back() -> Set[int]:
            return {entrant for entrant, stage in self._back_in.items() if stage == number}

        course = _course(settings, seeds, back)
        self._stages.append(_Stage(settings, tuple(seeds), Numbers(first), course))
        self._last = first - 1 + len(course)

    @property
    def last(self) -> Counting | None:
        """The bracket that ends the tournament, which gives places by itself."""
        last = self._stages[-1]
        is_last = len(self._stages) == len(self._chain)
        return last.course if is_last and isinstance(last.course, Counting) else None

    @property
    def groups(self) -> int:
        """In how many groups the last one that has started is played."""
        course = self._stages[-1].course
        return course.groups if isinstance(course, Table) else 1

    @property
    def places(self) -> dict[int, int]:
        """The places that were given so far."""
        places: dict[int, int] = {}
        for stage in self._stages:
            places |= stage.ends
        if self.last is not None:
            places |= self.last.board.places
        return {entrant: place for entrant, place in places.items() if place}

    def heed(self, fact: Fact) -> Iterator[str]:
        """Take an event; what is wrong with it."""
        header, what = fact.header, fact.header.type.partition(".")[2]
        yield from self._meet(what, header)
        match what:
            case "left":
                marks = cast("dict[str, Any]", header.marks)
                self._left[marks["entrant"]] = len(self._stages), marks.get("forfeits_from", 0)
            case "reinstated":
                entrant = cast(int, header.marks["entrant"])
                self._left.pop(entrant, None)
                self._back_in[entrant] = len(self._stages)
            case "stage_finished":
                yield from self._finish(header)
            case "stage_started":
                yield from self._start(header)
            case "stage_reopened":
                yield from self._reopen(header)
            case "match_voided":
                yield from self._void(header)
            case "round_published":
                yield from self._publish(header)
            case _:
                pass
        yield from self._played(what, header)
        if what in CORRECTIONS:
            yield from self._as_if(cast(Tournament, fact.state))

    def _meet(self, what: str, header: Header) -> Iterator[str]:
        """Nobody is in two matches at once."""
        number = cast(int, header.marks.get("match", 0))
        if what == "match_opened":
            sides = {cast(int, header.marks["a"]), cast(int, header.marks["b"])}
            if self._voiding:
                yield f"match {number} was opened before the players of {self._voiding} were told"
            for other, playing in self._busy.items():
                if other != number and playing & sides:
                    yield f"match {number} was opened for {sides} while {playing} play match {other}"
            self._busy[number] = sides
        elif what == "match_finished":
            self._busy.pop(number, None)
        for anew in _anew(header) if what in CORRECTIONS else ():
            self._busy.pop(anew, None)

    def _played(self, what: str, header: Header) -> Iterator[str]:
        """What a match means for its stage; what isn't of one is of the last."""
        number = cast(int, header.marks.get("match", 0))
        stage = next((stage for stage in self._stages if stage.has(number)), None)
        if stage is None and number:
            if what != "match_voided":
                yield f"{what} of match {number}, which no stage has"
            return
        stage = stage or self._stages[-1]
        within = _within(header, stage.numbers)
        yield from stage.course.heed(within, past=stage is not self._stages[-1])
        for anew in _anew(within) if what in CORRECTIONS else ():
            stage.results.pop(anew, None)
        if what in ("match_finished", "match_corrected"):
            marks = cast("dict[str, Any]", within.marks)
            result = marks["winner"], marks["kind"], tuple(marks.get("scores", ()))
            stage.results[marks["match"]] = result

    def _publish(self, header: Header) -> Iterator[str]:
        """Its matches get numbers that none has had."""
        first, stage = cast(int, header.marks["first"]), self._stages[-1]
        if first != self._last + 1:
            yield f"round {header.marks['round']} begins with match {first} after {self._last}"
        stage.numbers = stage.numbers.followed(len(stage.course) + 1, first)
        self._last = first - 1 + cast(int, header.marks["matches"])

    def _reopen(self, header: Header) -> Iterator[str]:
        """The later stages are void with all of their matches."""
        marks = cast("dict[str, Any]", header.marks)
        index = marks["stage"] - 1
        void = self._stages[index + 1 :]
        flat = [
            part
            for number, stage in enumerate(void, index + 2)
            for part in (number, stage.numbers.first, stage.numbers.outer(len(stage.course)))
        ]
        stage = self._stages[index]
        ended = void or stage.ends
        if (marks["count"], [*marks.get("void", ())]) != (len(stage.seeds), flat) or not ended:
            yield f"stage {index + 1} was reopened as {marks}, not with {flat}"
        del self._stages[index + 1 :]
        stage.ends, self._next = {}, ()
        self._voiding = {number for number in self._busy if not stage.has(number)}
        for number in self._voiding:
            del self._busy[number]

    def _void(self, header: Header) -> Iterator[str]:
        """Each is told once."""
        number = cast(int, header.marks["match"])
        if number not in self._voiding:
            yield f"match {number} was void, not {self._voiding}"
        self._voiding.discard(number)

    def _finish(self, header: Header) -> Iterator[str]:
        """Its standings are those of what had happened when they were told."""
        marks, number = cast("dict[str, Any]", header.marks), len(self._stages)
        stage = self._stages[-1]
        if marks["stage"] != number or not stage.course.settled:
            yield f"stage {marks['stage']} has ended while stage {number} is played"
            return
        gone = [entrant for entrant in stage.seeds if entrant in self._left]
        withdrawn = [n for e in gone if self._left[e][0] == number for n in (e, self._left[e][1])]
        entrants, places, seeds = stage_end(
            stages_text(self._chain[number - 1 : number + 1]),
            stage.seeds,
            stage.course.published,
            stage.flat(),
            withdrawn,
            gone,
        )
        if ([*marks["entrants"]], [*marks["places"]]) != (entrants, places):
            yield f"stage {number} has ended with {marks}, not {entrants} at {places}"
        if marks["advance"] != len(seeds) or {*seeds} & {*gone}:
            yield f"{marks['advance']} go on from stage {number}, not {seeds} without {gone}"
        stage.ends, self._next = dict(zip(entrants, places, strict=True)), seeds

    def _start(self, header: Header) -> Iterator[str]:
        """It follows from the end of the one before."""
        marks = cast("dict[str, Any]", header.marks)
        first, number = self._last + 1, len(self._stages) + 1
        if (marks["stage"], marks["first"], [*marks["seeds"]]) != (number, first, [*self._next]):
            yield f"a stage started as {marks}, not as {number} from match {first} on with {self._next}"
            return
        self._begin(self._next, first)
        self._next = ()

    def _as_if(self, state: Tournament) -> Iterator[str]:
        """It stands as if what counts now had always been so."""
        stage = self._stages[-1]
        numbers = range(1, len(stage.course) + 1)
        matches = [match_of(state, stage.numbers.outer(number)) for number in numbers]
        expected = [stage.course.sides(number) for number in numbers]
        if [sides_of(match) for match in matches] != expected:
            yield f"at {state.seq} its matches are {matches}, not {expected}"
        done = {
            number
            for number, match in zip(numbers, matches, strict=True)
            if match.phase == "done" and match.known
        }
        if done != stage.results.keys():
            yield f"at {state.seq} matches {done} are done, not {sorted(stage.results)}"
        first = dict(zip(state.first, state.places, strict=True))
        if first != {n: place for n, place in self.places.items() if place <= limits.PLACES_MAX}:
            yield f"at {state.seq} the places are {first}, not {self.places}"


def _course(settings: Stage, seeds: Sequence[int], back: Callable[[], Set[int]]) -> Course:
    if settings.format == "swiss":
        return Swiss(settings, seeds, back)
    play = play_for(settings, seeds)
    return Counting(play.bracket, seeds) if isinstance(play, EliminationPlay) else Table(play)


def _anew(header: Header) -> Sequence[int]:
    """The matches that begin anew with an event."""
    return cast("Sequence[int]", header.marks.get("fills", ()))[::3]


def _within(header: Header, numbers: Numbers) -> Header:
    """The event with the numbers that matches have within their stage."""
    marks = dict(header.marks)
    for name in ("match", "first"):
        if name in marks:
            marks[name] = numbers.inner(cast(int, marks[name]))
    if "fills" in marks:
        flat = cast("Sequence[int]", marks["fills"])
        marks["fills"] = tuple(n if at % 3 else numbers.inner(n) for at, n in enumerate(flat))
    return replace(header, marks=marks)

"""The course of a rehearsal: what came of it, gathered from the events of the tournament."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from msgspec import Struct

from actors.kind import FactKey, Instant, Row
from actors.tournament.rows import ENTRANT, STAGE
from gatherup.rehearse.definition import Definition
from protocol.codes import Code
from protocol.event import Header
from protocol.ids import SYSTEM

PHASES: Final = {
    "created": "draft",
    "registration_opened": "registration",
    "check_in_opened": "check_in",
    "not_started": "not_started",
    "started": "running",
    "finished": "finished",
    "reopened": "running",
    "cancelled": "cancelled",
}


class Passed(Struct, kw_only=True):
    """A phase that the tournament came to."""

    phase: str
    at: Instant
    entrants: int | None = None
    """How many were entered, at the start."""


class Round(Struct, kw_only=True):
    """A round, or what is played at one time of a part of the bracket."""

    part: str
    round: int
    begun_at: Instant
    ended_at: Instant | None = None
    matches: int = 0
    """How many were opened; one that is played again counts again."""
    absent: list[int] = []
    """Entrants who forfeited though they hadn't left."""
    disputed: list[int] = []
    decided: list[int] = []
    corrected: list[int] = []
    undone: list[int] = []
    put_off: list[int] = []
    held: list[int] = []
    """Matches."""


class Corrected(Struct, kw_only=True):
    """A result that staff have corrected, or taken back."""

    match: int
    at: Instant
    undone: bool
    winner: int | None
    void: list[int]
    """Other matches that began anew."""
    stages: list[int] = []
    """Later stages that are void, with all of their matches."""


class Placed(Struct, kw_only=True):
    """Somebody's place at the end."""

    place: int
    entrant: int
    user: str | None


class Told(Struct, kw_only=True):
    """The whole course. Times are Unix milliseconds by the clock of the rehearsal; people are numbers of entrants."""

    name: str
    seed: int
    people: int
    """How many wanted to take part."""
    who: str
    """``people``, or ``teams``."""
    phase: str
    """In which it ended."""
    phases: list[Passed]
    rounds: list[Round]
    left: list[int]
    """Who left the running tournament, or was removed."""
    attempts: int
    """How many were submitted in leaderboards."""
    substitutions: int
    """How often another player has come to a team."""
    reinstated: list[int]
    corrections: list[Corrected]
    standings: list[Placed]
    lasted_s: int
    """From its creation to its end."""
    played_s: int
    """From the start to the end; 0 if it hasn't started."""
    events: int
    calls: int
    """Items in people's inboxes."""
    refused: dict[str, int]
    """Commands that came too late, or weren't possible, by code."""


class Course:
    """Gathers it. Pure but for what it holds."""

    def __init__(self, definition: Definition, people: int) -> None:
        self.calls = 0
        self._definition = definition
        self._people = people
        self._phases: list[Passed] = []
        self._rounds: dict[tuple[Any, ...], Round] = {}
        self._round_of: dict[int, Round] = {}
        self._sides: dict[int, tuple[int, int]] = {}
        self._left: list[int] = []
        self._scheduled: set[int] = set()
        """Matches that are opened again at another time."""
        self._attempts = 0
        self._substitutions = 0
        self._reinstated: list[int] = []
        self._corrections: list[Corrected] = []
        self._void: list[int] = []
        """The stages that the next correction voids."""
        self._refused: Counter[str] = Counter()

    def refused(self, code: Code) -> None:
        """A command was refused."""
        self._refused[code.value] += 1

    def heed(self, header: Header) -> None:
        """Hear of an event; of each once, in their order."""
        marks, what = header.marks, header.type.partition(".")[2]
        match = cast(int, marks.get("match", 0))
        if what in PHASES:
            count = cast("int | None", marks.get("count"))
            self._phases.append(Passed(phase=PHASES[what], at=header.at, entrants=count))
        match what:
            case "match_opened":
                self._opened(match, header)
            case "scheduled":
                self._scheduled.add(match)
                self._round_of[match].put_off.append(match)
            case "held":
                self._round_of[match].held.append(match)
            case "roster_changed" if match:
                self._substitutions += 1
            case "attempt_submitted":
                self._attempts += 1
            case "disputed":
                self._round_of[match].disputed.append(match)
            case "match_finished" if match in self._round_of:
                self._finished(match, header)
            case "stage_reopened":
                self._void = [*cast("Sequence[int]", marks.get("void", ()))[::3]]
            case "match_corrected" | "match_undone":
                self._corrected(match, header, undone=what == "match_undone")
            case "left" if any(passed.phase == "running" for passed in self._phases):
                self._left.append(cast(int, marks["entrant"]))
            case "reinstated":
                self._reinstated.append(cast(int, marks["entrant"]))
            case _:
                pass

    def _opened(self, match: int, header: Header) -> None:
        marks = header.marks
        key = (marks.get("stage"), marks["part"], marks["round"])
        round_ = self._rounds.get(key)
        if round_ is None:
            round_ = Round(part=cast(str, marks["part"]), round=cast(int, marks["round"]), begun_at=header.at)
            self._rounds[key] = round_
        round_.matches += match not in self._scheduled
        self._scheduled.discard(match)
        self._round_of[match] = round_
        self._sides[match] = cast(int, marks["a"]), cast(int, marks["b"])

    def _finished(self, match: int, header: Header) -> None:
        round_, marks = self._round_of[match], header.marks
        self._scheduled.discard(match)
        round_.ended_at = header.at
        if marks["kind"] in ("forfeit", "double_forfeit") and header.author == SYSTEM:
            gone = {*self._left} - {*self._reinstated}
            round_.absent += [
                side for side in self._sides[match] if side != marks["winner"] and side not in gone
            ]
        if header.author != SYSTEM and (marks["kind"] == "decided" or not marks["winner"]):
            round_.decided.append(match)

    def _corrected(self, match: int, header: Header, *, undone: bool) -> None:
        round_, marks = self._round_of[match], header.marks
        (round_.undone if undone else round_.corrected).append(match)
        anew = cast("Sequence[int]", marks.get("fills", ()))[::3]
        self._corrections.append(
            Corrected(
                match=match,
                at=header.at,
                undone=undone,
                winner=cast("int | None", marks.get("winner")),
                void=[number for number in anew if number != match and number in self._sides],
                stages=self._void,
            )
        )
        self._void = []
        for number in anew:
            self._sides.pop(number, None)
            self._scheduled.discard(number)

    def told(self, rows: Mapping[FactKey, Row], events: int) -> Told:
        """All of it, once the tournament has ended."""
        ended_at = self._phases[-1].at
        begun_at = next((passed.at for passed in self._phases if passed.phase == "running"), ended_at)
        return Told(
            name=self._definition.name,
            seed=self._definition.rehearsal.seed,
            people=self._people,
            who="teams" if self._definition.team_max else "people",
            phase=self._phases[-1].phase,
            phases=self._phases,
            rounds=[*self._rounds.values()],
            left=self._left,
            attempts=self._attempts,
            substitutions=self._substitutions,
            reinstated=self._reinstated,
            corrections=self._corrections,
            standings=_standings(rows),
            lasted_s=(ended_at - self._phases[0].at) // 1000,
            played_s=(ended_at - begun_at) // 1000,
            events=events,
            calls=self.calls,
            refused=dict(sorted(self._refused.items())),
        )


def _standings(rows: Mapping[FactKey, Row]) -> list[Placed]:
    """Places stand in the rows of entrants, and of those who went out by the standings of a stage in its row."""
    entrants = {int(key.key): row for key, row in rows.items() if key.table == ENTRANT}
    places = {number: row.get("place") for number, row in entrants.items()}
    for row in (row for key, row in rows.items() if key.table == STAGE):
        ranked = zip(cast("list[int]", row["entrants"]), cast("list[int]", row["places"]), strict=True)
        places |= {number: place for number, place in ranked if place}
    placed = [
        Placed(place=cast(int, place), entrant=number, user=cast("str | None", entrants[number]["user_id"]))
        for number, place in places.items()
        if place is not None
    ]
    return sorted(placed, key=lambda one: (one.place, one.entrant))

"""The course of each match by the headers of the log: its times, picks and bans, holds and other starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from msgspec import Struct, field

from actors.tournament.engine.picks import choices, step_of
from actors.tournament.rounds import Terms, terms_in
from actors.tournament.state import Settings
from protocol.event import Header
from protocol.ids import SYSTEM
from protocol.tournament import NOBODY

_64: Final = 2**64 - 1


class _Course(Struct):
    """A match since it was opened first, or has begun anew."""

    sides: tuple[int, int]
    terms: Terms
    until: int | None = None
    latest: int | None = None
    plays: bool = True
    """Whether nobody had left when it was opened."""
    there: set[int] = field(default_factory=set)
    """Who has said that they are ready; names are without a word."""
    phase: str = "open"
    held: bool = False
    left: int | None = None
    picks: tuple[int, ...] = ()
    proposed: int | None = None


class Courses:
    """All matches of a tournament that has started."""

    def __init__(self, settings: Settings, draw: int) -> None:
        self._settings = settings
        self._draw = draw
        self._stage = 1
        self._of: dict[int, _Course] = {}

    def heed(self, header: Header) -> Iterator[str]:
        """Take an event; what is wrong with it."""
        what, number = header.type.partition(".")[2], cast(int, header.marks.get("match", 0))
        if what in ("stage_started", "stage_reopened"):
            self._stage = cast(int, header.marks["stage"])
        elif what == "match_opened":
            yield from self._open(number, header)
        elif number in self._of and what in _HEEDED:
            for fault in _HEEDED[what](self, self._of[number], header):
                yield f"{what} of match {number} at {header.seq}: {fault}"
        for anew in cast("Sequence[int]", header.marks.get("fills", ()))[::3]:
            self._of.pop(anew, None)

    def _open(self, number: int, header: Header) -> Iterator[str]:
        marks = header.marks
        before, until, latest = self._of.get(number), _time(header, "until"), _time(header, "latest")
        if before is not None:
            if before.phase != "scheduled" or before.until is None or header.at < before.until:
                yield f"match {number} was opened again at {header.at}, not at {before.until}"
            if latest != before.latest:
                yield f"match {number} has another window when it is opened again"
        best_of, rules = self._settings.chain[self._stage - 1].best_of, self._settings.rounds
        terms = terms_in(rules, best_of, self._stage, str(marks["part"]), cast(int, marks["round"]))
        ready = bool(marks["ready_a"] and marks["ready_b"])
        match = self._of[number] = _Course(
            sides=(cast(int, marks["a"]), cast(int, marks["b"])),
            terms=terms,
            until=until,
            latest=latest,
            plays=ready or until is not None,
            phase="playing" if ready else "open",
        )
        if ready:
            yield from self._plays(match, header)

    def _plays(self, match: _Course, header: Header, mark: str = "play_until") -> Iterator[str]:
        """It is being played from now on, or its sides pick and ban first; if nobody holds it, its time begins."""
        waits = match.held or len(match.picks) < len(match.terms.steps) or not self._settings.play_s
        match.phase, match.left = "playing", None
        match.until = None if waits else header.at + self._settings.play_s * 1000
        if _time(header, mark) != match.until:
            yield f"it is to be reported until {header.marks.get(mark)}, not {match.until}"

    def _ready(self, match: _Course, header: Header) -> Iterator[str]:
        if match.until is not None and header.at >= match.until:
            yield f"{header.marks['entrant']} was ready at {header.at}, too late"
        match.there.add(cast(int, header.marks["entrant"]))
        if header.marks["ready_a"] and header.marks["ready_b"]:
            yield from self._plays(match, header)

    def _proposed(self, match: _Course, header: Header) -> Iterator[str]:
        start = _time(header, "start")
        if match.held or match.phase not in ("open", "scheduled"):
            yield f"it is {match.phase}"
        if start is None or match.latest is None or not header.at < start <= match.latest:
            yield f"{start} isn't within the window until {match.latest}"
        match.proposed = start

    def _scheduled(self, match: _Course, header: Header) -> Iterator[str]:
        until = _time(header, "until")
        if match.held or until is None or until != match.proposed or until <= header.at:
            yield f"{until} isn't the time {match.proposed} that was proposed"
        match.phase, match.until, match.proposed, match.there = "scheduled", until, None, set()

    def _held(self, match: _Course, header: Header) -> Iterator[str]:
        left = None if match.until is None else max(0, match.until - header.at)
        if match.held or _time(header, "left") != left:
            yield f"{header.marks} isn't {left}"
        match.held, match.left, match.until = True, left, None

    def _released(self, match: _Course, header: Header) -> Iterator[str]:
        if not match.held:
            yield "nobody holds it"
        match.held = False
        if match.phase == "playing" and match.left is None:
            yield from self._plays(match, header, "until")
            return
        match.until = None if match.left is None else header.at + match.left
        match.left = None
        if _time(header, "until") != match.until:
            yield f"it goes on until {header.marks.get('until')}, not {match.until}"

    def _picks_begun(self, match: _Course, header: Header) -> Iterator[str]:
        if match.held or match.phase != "playing" or match.picks or not match.terms.steps:
            yield f"it is {match.phase}, by {match.terms}"
        match.phase = "picking"
        yield from self._step(match, header)

    def _picked(self, match: _Course, header: Header) -> Iterator[str]:
        """A step follows the one before, by its side in its time, or by lot afterwards."""
        made, picks = match.picks, tuple(cast("Sequence[int]", header.marks["picks"]))
        if match.phase != "picking" or match.held or picks[:-1] != made:
            yield f"{picks} don't follow {made} while it is {match.phase}"
            return
        assert match.terms.picks is not None and match.until is not None
        step, among = (
            step_of(match.terms.steps[len(made)]),
            choices(match.terms.steps, len(match.terms.picks.pool), made),
        )
        entrant = header.marks["entrant"]
        late = step.side is None or header.at >= match.until
        expected = NOBODY if late else match.sides[step.side or 0]
        if entrant != expected:
            yield f"{entrant} chose at {header.at}, though until {match.until} it was for {expected}"
        lot = self._lot(cast(int, header.marks["match"]), len(picks), among)
        if picks[-1] not in among or (entrant == NOBODY and picks[-1] != lot):
            yield f"{picks[-1]} of {among} was chosen by {entrant}; the lot is {lot}"
        match.picks = picks
        yield from self._step(match, header)

    def _step(self, match: _Course, header: Header) -> Iterator[str]:
        """The time of the next one begins."""
        assert match.terms.picks is not None
        if len(match.picks) == len(match.terms.steps):
            yield from self._plays(match, header)
            return
        match.until = header.at + match.terms.picks.step_s * 1000
        if _time(header, "until") != match.until:
            yield f"the next step ends at {header.marks.get('until')}, not {match.until}"

    def _lot(self, number: int, step: int, among: Sequence[int]) -> int:
        """By docs/tournaments.md, and by nothing of the engine's."""
        z = (self._draw + 64 * number + step + 0x9E3779B97F4A7C15) & _64
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _64
        return among[(z ^ (z >> 31)) % len(among)]

    def _reported(self, match: _Course, header: Header) -> Iterator[str]:
        until = header.at + self._settings.confirm_s * 1000
        if match.held or len(match.picks) != len(match.terms.steps) or _time(header, "until") != until:
            yield f"{header.marks} of {match}"
        match.phase, match.until = "reported", until

    def _disputed(self, match: _Course, header: Header) -> Iterator[str]:
        if match.held:
            yield "it is held"
        late = match.phase == "playing" and match.until is not None and header.at >= match.until
        if header.author == SYSTEM and not late:
            yield f"it was to be reported until {match.until}, and it is {match.phase} at {header.at}"
        match.phase, match.until = "disputed", None

    def _finished(self, match: _Course, header: Header) -> Iterator[str]:
        """Whatever happened by itself was due, and who was there in time wasn't absent."""
        if header.author == SYSTEM and match.plays:
            if match.until is None or header.at < match.until or match.phase not in ("open", "reported"):
                yield f"it ended at {header.at} by itself, {match.phase} until {match.until}"
            there = next(iter(match.there), NOBODY)
            if header.marks["kind"] != "played" and header.marks["winner"] != there:
                yield f"{header.marks['winner']} won, for which {match.there} were ready"
        match.phase, match.until, match.held = "done", None, False


def _time(header: Header, name: str) -> int | None:
    return cast("int | None", header.marks.get(name))


_HEEDED: Final[dict[str, Any]] = {
    "side_ready": Courses._ready,
    "start_proposed": Courses._proposed,
    "scheduled": Courses._scheduled,
    "held": Courses._held,
    "released": Courses._released,
    "picks_begun": Courses._picks_begun,
    "picked": Courses._picked,
    "reported": Courses._reported,
    "disputed": Courses._disputed,
    "match_finished": Courses._finished,
}

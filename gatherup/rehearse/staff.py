"""What the staff of a tournament do next, by the events that they hear of. Times are Unix milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush
from typing import Any, Final, cast

from actors.kind import Instant
from gatherup.rehearse.players import Move
from gatherup.rehearse.rates import Fates
from protocol import limits
from protocol.event import Header
from protocol.ids import UserId
from protocol.tournament import NOBODY, Policy
from protocol.tournament.commands import (
    AcceptEntrant,
    AddEntrants,
    CancelTournament,
    CorrectResult,
    DecideMatch,
    NewEntrant,
    OpenCheckIn,
    OpenRegistration,
    ReinstateEntrant,
    SetStaff,
    StartTournament,
    UndoResult,
)
from protocol.tournament.picking import HoldMatch, ReleaseMatch
from protocol.tournament.view import TournamentView

NOBODY_WINS: Final = 0.1
"""The part of decisions by which both sides forfeit."""


class _Plans:
    """What somebody means to do, each at its time."""

    def __init__(self) -> None:
        self._ahead: list[tuple[Instant, int, Callable[[Instant], Move | None]]] = []
        self._made = 0

    def add(self, at: Instant, what: Callable[[Instant], Move | None]) -> None:
        self._made += 1
        heappush(self._ahead, (at, self._made, what))

    def next(self, now: Instant) -> Move | None:
        """The first that still makes sense, of those whose time has come."""
        while self._ahead and self._ahead[0][0] <= now:
            _, _, what = heappop(self._ahead)
            if (move := what(now)) is not None:
                return move
        return None

    @property
    def when(self) -> Instant | None:
        return self._ahead[0][0] if self._ahead else None


class Referee:
    """Decides what players dispute or don't report, holds matches, and corrects results."""

    def __init__(
        self,
        fates: Fates,
        *,
        answer_ms: int,
        overdue_ms: int,
        policies: Sequence[Policy | None] = (None,),
    ) -> None:
        """``answer_ms``: from what they hear to what they do; ``overdue_ms``: so long a match may be played."""
        self._fates = fates
        self._answer_ms = answer_ms
        self._overdue_ms = overdue_ms
        self._policies = policies
        self._plans = _Plans()
        self._sides: dict[int, tuple[int, int]] = {}
        """Of matches that were opened, and have not begun anew since."""
        self._waiting: dict[int, str] = {}
        """Those of them that aren't done, and their phase."""
        self._held: set[int] = set()
        """Those that staff hold."""
        self._winners: dict[int, int] = {}
        """Those that are done."""
        self._looked_back: set[int] = set()
        """The stages at whose first start a result of one before was looked at again."""

    @property
    def when(self) -> Instant | None:
        """When they mean to do something next."""
        return self._plans.when

    def next(self, now: Instant) -> Move | None:
        """What they do now; None for nothing."""
        return self._plans.next(now)

    def heed(self, header: Header) -> None:
        """Hear of an event; of each once, in their order."""
        marks, match = header.marks, cast(int, header.marks.get("match", 0))
        match header.type.partition(".")[2]:
            case "match_opened":
                self._sides[match] = cast(int, marks["a"]), cast(int, marks["b"])
                self._goes_on(match, "open" if "until" in marks else "playing", header)
                if self._fates.happens("holds", match, header.seq):
                    self._plans.add(header.at + self._answer_ms // 2, lambda _: self._hold(match))
            case "side_ready" if marks["ready_a"] and marks["ready_b"]:
                self._goes_on(match, "playing", header)
            case "picked" if "until" not in marks:
                self._goes_on(match, "playing", header)
            case "picks_begun" | "scheduled" | "reported" | "disputed" as phase:
                self._goes_on(match, phase, header)
            case "held":
                self._held.add(match)
                self._plans.add(header.at + self._answer_ms, lambda now: self._release(match, now))
            case "released":
                self._held.discard(match)
            case "match_finished":
                self._ended(match, header)
            case "match_corrected" | "match_undone" | "stage_reopened" as what:
                if what == "match_corrected":
                    self._winners[match] = cast(int, marks["winner"])
                self._forget(header)
            case "stage_started":
                self._look_back(cast(int, marks["stage"]), header)
            case _:
                pass

    def _forget(self, header: Header) -> None:
        """Matches that begin anew, or are void."""
        flat = cast("Sequence[int]", header.marks.get("void", ()))
        void = [range(first, last + 1) for first, last in zip(flat[1::3], flat[2::3], strict=True)]
        for number in [*_anew(header), *(match for match in self._sides if any(match in of for of in void))]:
            self._held.discard(number)
            for known in (self._sides, self._waiting, self._winners):
                known.pop(number, None)

    def _look_back(self, stage: int, header: Header) -> None:
        """A result of an earlier stage turns out to be wrong: this one begins anew."""
        done = sorted(self._winners)
        if stage in self._looked_back or not done:
            return
        self._looked_back.add(stage)
        if self._fates.happens("corrections", "stage", header.seq):
            match = done[int(self._fates.number("earlier", header.seq) * len(done))]
            at = header.at + self._answer_ms
            self._plans.add(at, lambda now: self._mend(match, CorrectResult, now, ("reset",)))

    def _goes_on(self, match: int, phase: str, header: Header) -> None:
        self._waiting[match] = phase
        if phase in ("playing", "disputed"):
            late_ms = self._answer_ms if phase == "disputed" else self._overdue_ms
            sides = self._sides.get(match)
            self._plans.add(header.at + late_ms, lambda now: self._decide(match, phase, sides, now))

    def _decide(self, match: int, phase: str, sides: object, now: Instant) -> Move | None:
        """Until it is decided: what they have sent may have been refused."""
        if self._waiting.get(match) != phase or self._sides.get(match) != sides:
            return None
        self._plans.add(now + self._answer_ms, lambda later: self._decide(match, phase, sides, later))
        return DecideMatch, {"match": match, "winner": self._choose("decides", match, now)}

    def _hold(self, match: int) -> Move | None:
        waits = match in self._waiting and match not in self._held
        return (HoldMatch, {"match": match}) if waits else None

    def _release(self, match: int, now: Instant) -> Move | None:
        """Until it is released."""
        if match not in self._held:
            return None
        self._plans.add(now + self._answer_ms, lambda later: self._release(match, later))
        return ReleaseMatch, {"match": match}

    def _ended(self, match: int, header: Header) -> None:
        self._waiting.pop(match, None)
        self._held.discard(match)
        if match not in self._sides:
            return  # nobody was on a side of it
        self._winners[match] = cast(int, header.marks["winner"])
        for rate, command in (("corrections", CorrectResult), ("undoings", UndoResult)):
            if self._fates.happens(rate, match, header.seq):
                self._plans.add(
                    header.at + self._answer_ms, lambda now, of=command: self._mend(match, of, now)
                )
                return

    def _mend(
        self,
        match: int,
        command: type[CorrectResult | UndoResult],
        now: Instant,
        policies: Sequence[Policy | None] = (),
    ) -> Move | None:
        """First look what would follow, or try it without a word about other matches; then do it."""
        if match not in self._winners:
            return None
        fields: dict[str, Any] = {"match": match}
        if command is CorrectResult:
            policies = policies or self._policies
            policy = policies[int(self._fates.number("policy", match, now) * len(policies))]
            fields |= {
                "winner": self._choose("corrects", match, now),
                "policy": policy,
                "note": "We looked again.",
            }
        looks = self._fates.number("previews", match, now) < 0.5
        self._plans.add(now + self._answer_ms, lambda _: self._confirmed(match, command, fields))
        return command, {**fields, "preview": looks}

    def _confirmed(
        self, match: int, command: type[CorrectResult | UndoResult], fields: dict[str, Any]
    ) -> Move | None:
        stands = match in self._winners and self._winners[match] != fields.get("winner")
        return (command, {**fields, "confirm": True}) if stands else None

    def _choose(self, what: str, match: int, now: Instant) -> int:
        """A winner, another one than before."""
        lot = self._fates.number(what, match, now)
        a, b = self._sides[match]
        chosen = NOBODY if lot < NOBODY_WINS else a if lot < (1 + NOBODY_WINS) / 2 else b
        return chosen if chosen != self._winners.get(match) else b if chosen == a else a


class Organiser:
    """Brings a tournament from phase to phase where no time does it, and sees to who takes part."""

    def __init__(
        self,
        fates: Fates,
        *,
        answer_ms: int,
        phase_ms: int,
        checks_in: bool,
        gives_up_ms: float,
        referee: UserId | None = None,
        entrants: Sequence[NewEntrant] = (),
    ) -> None:
        """``phase_ms``: so long people have to enter, or check in. ``checks_in``: whether they open a check-in.
        ``gives_up_ms``: so long they wait for enough people. ``entrants``: whom they enter, if staff choose.
        """
        self.gives_up_ms = gives_up_ms
        self._fates = fates
        self._answer_ms = answer_ms
        self._phase_ms = phase_ms
        self._checks_in = checks_in
        self._referee = referee
        self._to_add = list(entrants)
        self._plans = _Plans()
        self._running = False
        self._back: set[int] = set()
        """Whom they have let come back."""
        self._phase: tuple[str, Instant] = ("", 0)
        """The phase that they saw last, and since when."""

    @property
    def when(self) -> Instant | None:
        """When they mean to do something next, beside what they see."""
        return self._plans.when

    def heed(self, header: Header) -> None:
        """Hear of an event; of each once, in their order."""
        marks, entrant = header.marks, cast(int, header.marks.get("entrant", 0))
        match header.type.partition(".")[2]:
            case "started" | "reopened":
                self._running = True
            case "finished" | "cancelled":
                self._running = False
            case "entered" if marks["status"] == "pending":
                accept: Move = (AcceptEntrant, {"entrant": entrant})
                self._plans.add(header.at + self._answer_ms, lambda _: None if self._running else accept)
            case "left" if self._comes_back(entrant, header):
                self._back.add(entrant)
                back: Move = (ReinstateEntrant, {"entrant": entrant, "confirm": True})
                self._plans.add(header.at + self._answer_ms, lambda _: back)
            case _:
                pass

    def _comes_back(self, entrant: int, header: Header) -> bool:
        """Once: who has left a match leaves it again."""
        running = self._running and entrant not in self._back
        return running and self._fates.happens("reinstatements", entrant, header.seq)

    def next(self, shown: TournamentView, now: Instant) -> Move | None:
        """What they do now; None for nothing."""
        if self._phase[0] != shown.phase:
            self._phase = (shown.phase, now)
        if self._referee is not None and all(member.user != self._referee for member in shown.staff):
            return SetStaff, {"user": self._referee, "role": "referee"}
        return self._plans.next(now) or self._go_on(shown, now - self._phase[1])

    def _go_on(self, shown: TournamentView, lasts_ms: int) -> Move | None:
        if shown.phase not in ("draft", "registration", "check_in"):
            return None
        if shown.entry == "listed" and self._to_add:
            some = self._to_add[: limits.ENTRANTS_PER_COMMAND_MAX]
            del self._to_add[: len(some)]
            return AddEntrants, {"entrants": tuple(some)}
        if shown.phase == "draft":
            return None if shown.registration_at is not None else (OpenRegistration, {})
        if lasts_ms < self._phase_ms:
            return None
        match shown.phase:
            case "registration" if self._checks_in and shown.check_in_at is None and shown.start_at is None:
                return OpenCheckIn, {}
            case "registration" if shown.check_in_at is not None:
                return None
            case _:
                return self._begin(shown, lasts_ms)

    def _begin(self, shown: TournamentView, lasts_ms: int) -> Move | None:
        if shown.start_at is not None:
            return None
        here = shown.checked_in if shown.phase == "check_in" else shown.entered
        if here >= limits.TOURNAMENT_ENTRANTS_MIN:
            return StartTournament, {}
        return (CancelTournament, {"reason": "Too few came."}) if lasts_ms >= self.gives_up_ms else None


def _anew(header: Header) -> Iterator[int]:
    """The matches that begin anew with an event."""
    yield from cast("Sequence[int]", header.marks.get("fills", ()))[::3]

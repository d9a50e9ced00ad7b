"""A tournament as a spectator sees it: a snapshot says how it stands, events tell of changes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, cast

from msgspec.structs import replace

from gatherup.client.items import Event, Item, Snapshot
from gatherup.client.live_match import LiveMatch, of_view, placed
from gatherup.client.live_scores import LiveScore, LiveScores
from gatherup.client.live_stage import LiveStage
from protocol.event import Header
from protocol.frames import Position
from protocol.tournament import UNKNOWN, EntrantStatus, Phase, Scores, games_of
from protocol.tournament.view import TournamentView


class LiveBracket:
    """How one tournament stands. ``take`` every item of its stream in order; ``learn`` the bracket that HTTP answers.

    Phase and the counts of entrants are right from the first snapshot on. A snapshot names the first
    VIEW_MATCHES_MAX matches that are open, and events tell of each that changes; the others stand in
    ``GET /v1/tournaments/{tournament}/bracket``: read it whenever ``wanting``, which is once after a snapshot, after
    the start, and when a stage or a round adds matches, or an earlier stage is played again. ``complete`` says whether
    all are known. Once it was read, matches, their counts and scores are those of the stage that is played.
    """

    def __init__(self) -> None:
        self.phase: Phase | None = None
        """None before the first snapshot."""
        self.entered = 0
        """How many are entered; after the start, how many take part."""
        self.checked_in = 0
        """How many of those have checked in."""
        self.waiting = 0
        """How many are on the waitlist."""
        self.pending = 0
        """How many wait until staff accept them."""
        self.matches_total: int | None = 0
        """How many matches there are; None from the start until ``learn``."""
        self.matches_done: int | None = 0
        self.matches: dict[int, LiveMatch] = {}
        """Those that are known, by number."""
        self.places: dict[int, int] = {}
        """The places of entrants who play no more, as far as they were told since the first snapshot; of a tournament
        that has finished the first PLACES_MAX."""
        self.stage = LiveStage()
        """The one that was started last."""
        self.scores = LiveScores()
        """Of a leaderboard."""
        self._incarnation, self._seq, self._began = 0, 0, 0
        self._ahead: tuple[int, list[LiveMatch], list[LiveScore]] | None = None
        """A bracket that was read at a seq which isn't reached yet."""
        self._anew: set[int] = set()
        """Matches that have begun anew by a correction: what was read before says nothing of their sides."""

    @property
    def complete(self) -> bool:
        """Whether all matches and scores are known."""
        return self.matches_total == len(self.matches) and self.scores.complete

    @property
    def wanting(self) -> bool:
        """Whether the bracket should be read over HTTP now: not all is known, and it wasn't read for that."""
        return not self.complete and self._ahead is None

    def take(self, item: Item) -> None:
        """The next item of the tournament's stream."""
        match item:
            case Snapshot(view=TournamentView() as view, position=position):
                self._begin(position, view)
            case Event(header=header, position=position):
                if header.type == "tournament.created":
                    self._begin(position, None)
                elif self.phase is not None:
                    self._apply(header)
            case _:
                pass

    def learn(
        self, position: Position, matches: Iterable[LiveMatch], scores: Iterable[LiveScore] = ()
    ) -> bool:
        """All matches and scores of the bracket, and the position at which it was read. False if it is too old: read it
        again.

        Of a bracket that is ahead of the stream nothing is shown until the stream has caught up.
        """
        if position.incarnation != self._incarnation or position.seq < self._began or self.phase is None:
            return False
        self._ahead = (position.seq, list(matches), list(scores))
        self._catch_up()
        return True

    def _begin(self, position: Position, view: TournamentView | None) -> None:
        self._incarnation, self._seq, self._began = position.incarnation, position.seq, position.seq
        self._ahead, self.matches, self.places = None, {}, {}
        self._anew.clear()
        self.phase = "draft" if view is None else view.phase
        self.entered = self.checked_in = self.waiting = self.pending = 0
        self.matches_total = self.matches_done = 0
        stage = None if view is None else view.stage
        self.stage = LiveStage(stage)
        self.scores.begin(0 if stage is None else stage.scored)
        if view is not None:
            self.entered, self.checked_in = view.entered, view.checked_in
            self.waiting, self.pending = view.waiting, view.pending
            self.matches_total, self.matches_done = view.matches, view.matches_done
            own = [view.own.match] if view.own is not None and view.own.match is not None else []
            self.matches = {shown.match: of_view(shown) for shown in (*view.current, *own)}
            self.places = dict(zip(view.entrants, view.places, strict=True))

    def _apply(self, header: Header) -> None:
        """Headers alone tell: a payload may have been erased."""
        self._seq = header.seq
        if header.type in _MORE:
            self._began = header.seq
            self.matches_total = self.matches_done = None
        if (change := _CHANGES.get(header.type)) is not None:
            change(self, header.marks)
        if header.type in _CORRECTIONS:
            self._anew.update(cast("Sequence[int]", header.marks.get("fills", ()))[::3])
        self._catch_up()

    def _catch_up(self) -> None:
        """What is known already is right as it is: only what isn't known comes from what was read before."""
        if self._ahead is None or self._ahead[0] > self._seq:
            return
        for read in self._ahead[1]:
            known = self.matches.get(read.match)
            sides = read.match not in self._anew
            self.matches[read.match] = read if known is None else placed(known, read, sides=sides)
        self.scores.learn(self._ahead[2])
        self._ahead = None
        if self.phase == "cancelled":
            _cancel(self)
        self.stage.learned(self.matches.values())
        self.matches_total = len(self.matches)
        self.matches_done = sum(known.phase == "done" for known in self.matches.values())


# --- events ----------------------------------------------------------------------------------------------

_Marks = Mapping[str, Any]
_PLAYING: Final[Mapping[str, Any]] = {"phase": "playing", "ready_a": False, "ready_b": False}
_NOT_PUT_OFF: Final[Mapping[str, Any]] = {"proposed_by": 0, "proposed_at": None}
_FREE: Final[Mapping[str, Any]] = {"held": False, **_NOT_PUT_OFF}


def _phase(phase: Phase) -> Callable[[LiveBracket, _Marks], None]:
    def change(bracket: LiveBracket, _: _Marks) -> None:
        bracket.phase = phase

    return change


def _entered(bracket: LiveBracket, marks: _Marks) -> None:
    _count(bracket, marks, None, marks["status"])


def _accepted(bracket: LiveBracket, marks: _Marks) -> None:
    _count(bracket, marks, "pending", marks["status"])


def _promoted(bracket: LiveBracket, marks: _Marks) -> None:
    _count(bracket, marks, "waiting", "entered")


def _left(bracket: LiveBracket, marks: _Marks) -> None:
    _count(bracket, marks, marks["was"], marks["status"])


def _checked_in(bracket: LiveBracket, marks: _Marks) -> None:
    bracket.checked_in = marks["checked_in"]
    bracket.entered = marks.get("count", bracket.entered)


def _count(bracket: LiveBracket, marks: _Marks, before: EntrantStatus | None, after: EntrantStatus) -> None:
    bracket.entered = marks["count"]
    bracket.checked_in = marks.get("checked_in", bracket.checked_in)
    bracket.waiting += (after == "waiting") - (before == "waiting")
    bracket.pending += (after == "pending") - (before == "pending")


def _started(bracket: LiveBracket, marks: _Marks) -> None:
    bracket.phase, bracket.entered, bracket.checked_in = "running", marks["count"], marks["checked_in"]
    bracket.waiting = bracket.pending = 0
    bracket.stage.begin(1)


def _stage_finished(bracket: LiveBracket, marks: _Marks) -> None:
    told = zip(marks["entrants"], marks["places"], strict=True)
    bracket.places.update((entrant, place) for entrant, place in told if place)


def _stage_started(bracket: LiveBracket, marks: _Marks) -> None:
    bracket.matches = {}
    bracket.stage.begin(marks["stage"])
    bracket.scores.begin()


def _scored(bracket: LiveBracket, marks: _Marks) -> None:
    if marks["stage"] == bracket.stage.number:
        bracket.scores.take(marks)


def _stage_reopened(bracket: LiveBracket, marks: _Marks) -> None:
    """What was known is of a later stage, which is void."""
    bracket.matches = {}
    bracket.stage.begin(marks["stage"])
    bracket.scores.begin(marks["count"])
    bracket.places = {entrant: at for entrant, at in bracket.places.items() if at > marks["count"]}


def _finished(bracket: LiveBracket, marks: _Marks) -> None:
    bracket.phase = "finished"
    bracket.places.update(zip(marks.get("entrants", ()), marks.get("places", ()), strict=True))


def _cancelled(bracket: LiveBracket, _: _Marks) -> None:
    bracket.phase = "cancelled"
    _cancel(bracket)


def _cancel(bracket: LiveBracket) -> None:
    """Whatever isn't done is cancelled with the tournament."""
    cancelled: dict[str, Any] = {**_PLAYING, "phase": "cancelled", "held": False, "until": None}
    for number in [known.match for known in bracket.matches.values() if known.phase != "done"]:
        _set(bracket, number, **cancelled)


def _opened(bracket: LiveBracket, marks: _Marks) -> None:
    told = {name: marks[name] for name in ("part", "round", "a", "b")}
    until = marks.get("until")
    ends_at = marks.get("play_until", until)
    bracket.stage.opened(marks["part"], marks["round"])
    _set(bracket, marks["match"], until=ends_at, **told, **(_PLAYING if until is None else _open(marks)))


def _ready(bracket: LiveBracket, marks: _Marks) -> None:
    both = marks["ready_a"] and marks["ready_b"]
    begun = {**_PLAYING, "until": marks.get("play_until")}
    _set(bracket, marks["match"], **(begun if both else _open(marks)))


def _open(marks: _Marks) -> dict[str, Any]:
    return {"phase": "open", "ready_a": marks["ready_a"], "ready_b": marks["ready_b"]}


def _picks_begun(bracket: LiveBracket, marks: _Marks) -> None:
    _set(bracket, marks["match"], phase="picking", picks=(), until=marks["until"])


def _picked(bracket: LiveBracket, marks: _Marks) -> None:
    until = marks.get("until")
    phase = "playing" if until is None else "picking"
    ends_at = marks.get("play_until", until)
    _set(bracket, marks["match"], phase=phase, picks=tuple(marks["picks"]), until=ends_at)


def _held(bracket: LiveBracket, marks: _Marks) -> None:
    _set(bracket, marks["match"], held=True, until=None)


def _released(bracket: LiveBracket, marks: _Marks) -> None:
    _set(bracket, marks["match"], held=False, until=marks.get("until"))


def _proposed(bracket: LiveBracket, marks: _Marks) -> None:
    _set(bracket, marks["match"], proposed_by=marks["entrant"], proposed_at=marks["start"])


def _scheduled(bracket: LiveBracket, marks: _Marks) -> None:
    waits = {**_PLAYING, **_NOT_PUT_OFF, "phase": "scheduled"}
    _set(bracket, marks["match"], until=marks["until"], **waits)


def _reported(bracket: LiveBracket, marks: _Marks) -> None:
    _set(bracket, marks["match"], phase="reported", until=marks["until"], scores=_scores(marks))


def _disputed(bracket: LiveBracket, marks: _Marks) -> None:
    _set(bracket, marks["match"], phase="disputed", until=None)


def _done(bracket: LiveBracket, marks: _Marks) -> None:
    result = {"winner": marks["winner"], "kind": marks["kind"], "scores": _scores(marks)}
    _set(bracket, marks["match"], **{**_PLAYING, **_FREE, "phase": "done", "until": None, **result})
    fills = cast("Sequence[int]", marks.get("fills", ()))
    later = cast("Sequence[int]", marks.get("later", ()))
    filled = [
        _set(bracket, number, **_sides(a, b, done=number not in later))
        for number, a, b in zip(fills[::3], fills[1::3], fills[2::3], strict=True)
    ]
    if bracket.matches_done is not None:
        bracket.matches_done += 1 + sum(match.phase == "done" for match in filled)
    _place(bracket, marks)


def _corrected(bracket: LiveBracket, marks: _Marks) -> None:
    result = {"winner": marks["winner"], "kind": marks["kind"], "scores": _scores(marks)}
    _set(bracket, marks["match"], phase="done", **result)
    _begin_anew(bracket, marks)


def _begin_anew(bracket: LiveBracket, marks: _Marks) -> None:
    """Whatever was known of these matches is void, but where they stand in the bracket."""
    fills = cast("Sequence[int]", marks.get("fills", ()))
    for number, a, b in zip(fills[::3], fills[1::3], fills[2::3], strict=True):
        known = bracket.matches.get(number, LiveMatch(match=number))
        void = LiveMatch(match=number, part=known.part, round=known.round)
        bracket.matches[number] = replace(void, **_sides(a, b, done=True))
    if bracket.matches_done is not None:
        _count_done(bracket, marks["done"])
    _place(bracket, marks)


def _count_done(bracket: LiveBracket, done: int) -> None:
    """So many are done in all stages. Where there was one before, those of this stage must be counted or asked for."""
    if bracket.stage.number == 1:
        bracket.matches_done = done
    elif bracket.complete:
        bracket.matches_done = sum(known.phase == "done" for known in bracket.matches.values())
    else:
        bracket.matches_total = bracket.matches_done = None


def _place(bracket: LiveBracket, marks: _Marks) -> None:
    placed = cast("Sequence[int]", marks.get("placed", ()))
    for entrant, place in zip(placed[::2], placed[1::2], strict=True):
        if place:
            bracket.places[entrant] = place
        else:
            bracket.places.pop(entrant, None)


def _sides(a: int, b: int, *, done: bool) -> dict[str, Any]:
    """A match whose sides a result has filled. With nobody on one of them it is done, or will be by its own event."""
    if UNKNOWN in (a, b):
        return {"a": None if a == UNKNOWN else a, "b": None if b == UNKNOWN else b, "phase": "waiting"}
    if (a and b) or not done:
        return {"a": a, "b": b, "phase": "due"}
    return {"a": a, "b": b, "phase": "done", "winner": a or b, "kind": "bye"}


def _set(bracket: LiveBracket, number: int, **fields: Any) -> LiveMatch:
    changed = replace(bracket.matches.get(number, LiveMatch(match=number)), **fields)
    bracket.matches[number] = changed
    return changed


def _scores(marks: _Marks) -> Scores:
    return games_of(cast("Sequence[int]", marks.get("scores", ())))


_MORE: Final = frozenset(
    {
        "tournament.started",
        "tournament.stage_started",
        "tournament.stage_reopened",
        "tournament.round_published",
    }
)
"""There are matches now that only HTTP tells of, and what was read before knows nothing of them."""
_CORRECTIONS: Final = frozenset({"tournament.match_corrected", "tournament.match_undone"})
_CHANGES: Final[Mapping[str, Callable[[LiveBracket, _Marks], None]]] = {
    "tournament.registration_opened": _phase("registration"),
    "tournament.check_in_opened": _phase("check_in"),
    "tournament.started": _started,
    "tournament.stage_finished": _stage_finished,
    "tournament.stage_started": _stage_started,
    "tournament.stage_reopened": _stage_reopened,
    "tournament.standings_moved": lambda bracket, marks: bracket.stage.moved(marks),
    "tournament.cancelled": _cancelled,
    "tournament.finished": _finished,
    "tournament.entered": _entered,
    "tournament.accepted": _accepted,
    "tournament.promoted": _promoted,
    "tournament.left": _left,
    "tournament.checked_in": _checked_in,
    "tournament.match_opened": _opened,
    "tournament.side_ready": _ready,
    "tournament.picks_begun": _picks_begun,
    "tournament.picked": _picked,
    "tournament.held": _held,
    "tournament.released": _released,
    "tournament.start_proposed": _proposed,
    "tournament.scheduled": _scheduled,
    "tournament.reported": _reported,
    "tournament.disputed": _disputed,
    "tournament.match_finished": _done,
    "tournament.match_corrected": _corrected,
    "tournament.match_undone": _begin_anew,
    "tournament.reopened": _phase("running"),
    "tournament.attempt_submitted": _scored,
    "tournament.attempt_corrected": _scored,
}

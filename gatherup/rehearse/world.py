"""The people of a rehearsal and the clock that they live by: whatever comes next happens at once."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any, Final, cast

from actors.kind import LOOKUP, PERSON, Effect, FactKey, Instant, Refuse, Row, Send, Work
from actors.tournament.kind import TournamentKind
from actors.tournament.state import BEFORE_START
from gatherup.http.commands import fields_of
from gatherup.rehearse.course import Course, Told
from gatherup.rehearse.definition import Definition, DefinitionError
from gatherup.rehearse.players import Knows, Move, games, play
from gatherup.rehearse.rates import Fates
from gatherup.rehearse.staff import Organiser, Referee
from gatherup.rehearse.stream import Stream
from protocol import limits
from protocol.event import Header
from protocol.frames import StreamCommand
from protocol.ids import SYSTEM, derive_client_id
from protocol.inbox import owner_of
from protocol.tournament.attempts import SubmitAttempt
from protocol.tournament.commands import CreateTournament, NewEntrant
from protocol.tournament.view import TournamentView

OWNER: Final = f"user:{0xA0 << 120:032x}"
REFEREE: Final = f"user:{0xA1 << 120:032x}"
BEGINS_AT: Final = 1_767_225_600_000
"""The first of January 2026, where the definition names no time."""
PEOPLE: Final = 64
"""So many want to take part, if the definition doesn't say it and allows for more."""
LOOKS_MAX: Final = 2_000_000
"""A tournament at which people look more often doesn't come to an end: the largest one takes some 100,000 looks."""
WAKES_PLAYERS: Final = frozenset({"tournament.registration_opened", "tournament.check_in_opened"})
WAKES_CAPTAINS: Final = frozenset(
    {"tournament.entered", "tournament.player_invited", "tournament.roster_changed"}
)
STARTS: Final = frozenset({"tournament.started", "tournament.stage_started"})
"""A leaderboard may have opened."""
WAKES_OWNER: Final = WAKES_PLAYERS | {"tournament.not_started"}
Waits = tuple[int, str, int, int] | None


class World:
    """One rehearsal."""

    def __init__(self, definition: Definition) -> None:
        how = definition.rehearsal
        people = how.people or min(definition.entrants_max, PEOPLE)
        self._definition = definition
        self._how = how
        self._fates = Fates(str(how.seed), how.rates)
        self._squads = _squads(definition, people)
        self._squad_of = {user: squad for squad in self._squads for user in squad}
        # The draw is another one for each seed, too.
        self._kind = TournamentKind(how.seed.to_bytes(16))
        self._create = CreateTournament(client_id=derive_client_id("rehearsal"), **_fields(definition))
        self._id = self._kind.stream_of(self._create, by=OWNER)
        self._stream = Stream(self._kind, self._id, _known)
        self._course = Course(definition, people)
        self._now = _begins_at(definition)
        self._ahead: list[tuple[Instant, int, str, Waits]] = []
        """When who looks, in the order of time, and what they waited for."""
        self._looks = 0
        self._next_of: dict[str, Instant] = {}
        """When staff look next."""
        self._called: dict[int, tuple[str, ...]] = {}
        """By match: who was called to it."""
        self._organiser = Organiser(
            self._fates,
            answer_ms=how.staff_s * 1000,
            phase_ms=how.entry_s * 1000,
            checks_in=False,
            gives_up_ms=3 * how.entry_s * 1000,
            referee=REFEREE,
            entrants=[_entrant(squad, definition.team_max) for squad in self._squads],
        )
        self._referee = Referee(self._fates, answer_ms=how.staff_s * 1000, overdue_ms=how.overdue_s * 1000)

    def run(self) -> Told:
        """Play it to its end. Raises DefinitionError if there can't be such a tournament, or it doesn't end."""
        decision = self._do(self._create, OWNER)
        if isinstance(decision, Refuse):
            raise DefinitionError(decision.message or decision.code.value, decision.field)
        self._look(OWNER, 0)
        while not self._over:
            self._step()
        return self._course.told(self._stream.rows, self._stream.events)

    @property
    def _shown(self) -> TournamentView:
        return self._view(OWNER)

    def _view(self, user: str) -> TournamentView:
        return self._kind.view(self._stream.state, user)

    @property
    def _over(self) -> bool:
        """Whether it has ended, and staff mean to change nothing any more."""
        phase = self._stream.state.phase
        idle = self._referee.when is None and self._organiser.when is None
        return phase == "cancelled" or (phase == "finished" and idle)

    # --- time ---

    def _step(self) -> None:
        """Do what comes next: what the tournament does by itself, or what somebody does."""
        if self._looks > LOOKS_MAX:
            raise DefinitionError(f"The tournament isn't over after people looked at it {LOOKS_MAX:,} times.")
        if (work := self._kind.work(self._stream.state)) is not None:
            result = work.function(*_gathered(work))
            self._do(self._kind.worked(self._stream.state, work.key, result), SYSTEM)
            return
        due = self._kind.due(self._stream.state)
        if due is not None and (not self._ahead or due <= self._ahead[0][0]):
            self._now = max(self._now, due)
            command = self._kind.on_due(self._stream.state, self._now)
            self._do(command, SYSTEM)
            return
        if not self._ahead:
            raise DefinitionError(
                "The tournament stands still: nobody has anything to do, and nothing has a time."
            )
        at, _, who, waits = heappop(self._ahead)
        self._now = max(self._now, at)
        if who in (OWNER, REFEREE):
            self._act_as_staff(who)
        # What has changed since then has had them look again, at its own time.
        elif self._waits_for(who) == waits and (move := self._play(who)) is not None:
            self._move(*self._submitted(move, who))

    def _look(self, who: str, after_ms: float) -> None:
        """Have somebody look so much later."""
        self._looks += 1
        waits = None if who in (OWNER, REFEREE) else self._waits_for(who)
        heappush(self._ahead, (self._now + int(after_ms), self._looks, who, waits))

    def _waits_for(self, user: str) -> Waits:
        """What a player can do something about now: their match, and its phase."""
        own = self._view(user).own
        if own is None or own.match is None:
            return None
        return own.match.match, own.match.phase, len(own.match.picks), own.match.proposed_by

    # --- people ---

    def _play(self, user: str) -> Move | None:
        teams, squad = self._definition.team_max, self._squad_of[user]
        invited_by = self._stream.state.invitations.get(user)
        knows = Knows(self._now, squad if teams else (), invited_by)
        return play(self._view(user), user, self._fates, knows)

    def _act_as_staff(self, who: str) -> None:
        self._next_of.pop(who, None)
        shown = self._shown
        move = self._organiser.next(shown, self._now) if who == OWNER else self._referee.next(self._now)
        if move is not None:
            self._move(move, who)
        if who == OWNER and (move or not self._waits(shown)):
            self._look(OWNER, 1000 if move else self._how.entry_s * 250)
        self._plan()

    def _waits(self, shown: TournamentView) -> bool:
        """Whether something else has the owner look again: a time that is to come, or what they hear of."""
        times = (shown.registration_at, shown.check_in_at, shown.start_at)
        return shown.phase not in BEFORE_START or any(at is not None and at > self._now for at in times)

    def _plan(self) -> None:
        """Staff look when they mean to do something."""
        for who, when in ((OWNER, self._organiser.when), (REFEREE, self._referee.when)):
            if when is not None and when < self._next_of.get(who, limits.SEQ_MAX):
                self._next_of[who] = when
                self._look(who, max(0, when - self._now))

    def _move(self, move: Move, by: str) -> None:
        make, fields = move
        self._do(cast(Any, make)(client_id="", stream=self._id, **fields), by)

    def _do(self, command: Any, by: str) -> Any:
        decision = self._stream.do(command, by, self._now, self._hear)
        if isinstance(decision, Refuse):
            self._course.refused(decision.code)
        self._plan()
        return decision

    def _hear(self, header: Header, effects: list[Effect]) -> None:
        self._course.heed(header)
        self._organiser.heed(header)
        self._referee.heed(header)
        match = cast("int | None", header.marks.get("match"))
        told = tuple(_owner(effect) for effect in effects if isinstance(effect, Send))
        self._course.calls += len(told)
        if told and header.type == "tournament.match_opened":
            self._called[cast(int, match)] = told
        concerned = told if match is None else self._called.get(match, ())
        for user in concerned:
            self._look(user, self._delay_ms(user, header))
        if header.type in WAKES_CAPTAINS and self._definition.team_max:
            captain = self._stream.state.entrants[cast(int, header.marks["entrant"])].user
            self._look(captain, self._delay_ms(captain, header))
        if header.type in STARTS:
            self._open_window()
        if header.type in WAKES_OWNER:
            self._look(OWNER, self._how.entry_s * 1000)
        if header.type in WAKES_PLAYERS:
            window_ms = self._window_ms(header.type)
            for user in self._squad_of:
                self._look(user, self._fates.number("comes", user, header.seq) * window_ms)

    def _open_window(self) -> None:
        """If the stage that starts is a leaderboard, its players make their attempts while it is open."""
        stage = self._stream.state.stages[-1]
        if stage.closes_at is None:
            return
        for entrant in stage.seeds:
            user = self._stream.state.entrants[entrant].user
            for attempt in range(stage.settings.attempts if user else 0):
                part = self._fates.number("tries", user, attempt, len(self._stream.state.stages))
                self._look(cast(str, user), part * (stage.closes_at - self._now))

    def _submitted(self, move: Move, who: str) -> tuple[Move, str]:
        """Who sends what a player does: attempts staff, if the stage says so."""
        make, fields = move
        stages, own = self._stream.state.stages, self._view(who).own
        if make is not SubmitAttempt or stages[-1].settings.attempts_by != "staff" or own is None:
            return move, who
        return (make, {**fields, "entrant": own.entrant}), REFEREE

    def _window_ms(self, type_: str) -> float:
        """Within this time people do what can be done in this phase."""
        shown = self._shown
        ends = [shown.start_at] if type_.endswith("check_in_opened") else [shown.check_in_at, shown.start_at]
        given = [at - self._now for at in ends if at is not None and at > self._now]
        return min([*given, self._how.entry_s * 1000])

    def _delay_ms(self, user: str, header: Header) -> float:
        """How long they need: for an answer, or for the games of the match."""
        part = 0.1 + 0.9 * self._fates.number("delay", user, header.seq)
        own = self._view(user).own
        if own is None or own.match is None or own.match.phase != "playing":
            return part * self._how.answer_s * 1000
        played = games(self._shown, own.match, self._fates)
        lasts = 0.5 + 0.5 * self._fates.number("lasts", own.match.match, header.seq)
        return lasts * self._how.game_s * played * 1000 + part * 60_000


def _squads(definition: Definition, count: int) -> list[tuple[str, ...]]:
    """Who enters together: teams that are complete, with a reserve if one may come to them."""
    size = max(1, definition.team_max) + bool(definition.substitutes)
    users = [f"user:{number:032x}" for number in range(1, count * size + 1)]
    return [tuple(users[at : at + size]) for at in range(0, len(users), size)]


def _entrant(squad: tuple[str, ...], team_max: int) -> NewEntrant:
    """How staff enter them."""
    captain, *others = squad[: max(1, team_max)]
    name = f"Team {captain[-4:]}" if team_max else None
    return NewEntrant(user=captain, name=name, roster=tuple(others))


def _fields(definition: Definition) -> dict[str, Any]:
    """What the tournament is created with."""
    fields = fields_of(definition)
    del fields["rehearsal"]
    return fields


def _owner(effect: Send) -> str:
    """Whose inbox it goes to."""
    return owner_of(cast(StreamCommand, effect.command).stream)


def _begins_at(definition: Definition) -> Instant:
    """So that people can enter before the first time that it names."""
    given = [definition.registration_at, definition.check_in_at, definition.start_at]
    first = min((at for at in given if at is not None), default=BEGINS_AT)
    return max(1, first - definition.rehearsal.entry_s * 1000)


def _known(key: FactKey) -> Row | None:
    """Everybody is there, whatever can be chosen from lists is, and nobody has blocked anybody."""
    if key.table == PERSON:
        return {"handle": None, "direct_from": "everyone", "invites_from": "everyone"}
    return {} if key.table == LOOKUP else None


def _gathered(work: Work) -> tuple[Any, ...]:
    """The arguments of a work, which nobody else waits for here."""
    steps = work.gather()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value

"""A small tournament that people enter, play, disagree on or stay away from, and whose results staff correct, while
nodes come and go; then it ends by itself. The people are those of ``gatherup.rehearse``; what must hold of it in the
end is in ``tournament_truth``.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from typing import Any, Final, cast

import trio

from actors.kind import Instant
from actors.tournament.kind import TournamentKind
from actors.tournament.state import Tournament
from gatherup.rehearse.players import Knows, Move, play
from gatherup.rehearse.rates import Fates, Rates
from gatherup.rehearse.staff import Organiser, Referee
from protocol.frames import Refused
from protocol.ids import SYSTEM, derive_client_id
from protocol.tournament.commands import CreateTournament, LeaveTournament, NewEntrant, RemovePlayer
from tests.sim.client import SimClient
from tests.sim.cluster import Cluster
from tests.sim.history import History
from tests.sim.tournament_players import Person
from tests.sim.tournament_settings import LONG_S, rules, stages
from tests.sim.tournament_truth import broken, check_actors

PLAYED: Final = 0.05
"""The part of histories with a tournament."""
KIND: Final = TournamentKind(bytes(32))
OWNER, REFEREE = f"user:{0xB0:032x}", f"user:{0xB1:032x}"
PLAYERS_MAX: Final = 12
TEAM_MAX: Final = 2
CALLS_PER_COMMAND_MAX: Final = PLAYERS_MAX + PLAYERS_MAX // 2
"""A command opens matches for all of them at most, and a room for each."""
LOOK_S: Final = 0.8
"""Between two looks at the tournament, at most."""
LATE_S: Final = 0.5
"""So old may be what somebody answers to."""
TWICE: Final = 0.15
"""The part of players' commands that are given twice, as by a double click."""
LEAVES: Final = 0.005
"""The part of looks upon which a player leaves."""
PHASE_S: Final = 2.0
"""So long the owner leaves a phase before the start, and the referee a match that nobody reports."""
TEAMING_S: Final = 4.0
"""So much longer it takes teams to come together."""
STAFF_S: Final = 0.7
"""So soon staff do something about what they hear of."""
TOO_FEW_S: Final = 6.0
"""So long the owner waits for more people, in peace."""
RATES: Final = Rates(
    missed_check_ins=0.2,
    no_shows=0.1,
    withdrawals=0.02,
    late_reports=0.1,
    false_reports=0.15,
    disputes=0.1,
    silences=0.2,
    postponements=0.8,
    missed_picks=0.3,
    substitutions=0.6,
    holds=0.2,
    corrections=0.15,
    undoings=0.1,
    reinstatements=0.5,
)
READY_S: Final = (0, 1, 3, LONG_S)
"""Players have one of these to say that they are ready."""
TEAMS: Final = 0.35
"""The part of tournaments in which teams take part."""
RULED: Final = 0.6
"""The part of them with rules of rounds."""
PLAY_ON: Final = 0.5
"""The part of tournaments whose players go on in peace; in the others all is left to time and the referee."""
TROUBLED_S: Final = 30.0
"""So long it is played at most in the troubles of its nodes, after all else has ended."""
OVERDUE_S: Final = 20.0
"""In peace whatever has a time happens so soon after it."""
END_S: Final = 300.0
"""In peace a stage of a tournament ends within this time: a dozen rounds, in each of which nobody is ready, or
confirms, and of which some are played again."""

CORRECTED: Final = frozenset({"tournament.match_corrected", "tournament.match_undone"})
Next = Callable[[], Move | None]


class Cup:
    """The tournament of one history. Nobody begins anything once ``run`` is cancelled, until it is to end in peace."""

    def __init__(
        self,
        cluster: Cluster,
        clients: Sequence[SimClient],
        seed: int,
        history: History,
        nursery: trio.Nursery,
    ) -> None:
        self._chance = random.Random(f"cup {seed}")
        self._cluster = cluster
        self._history = history
        self._clients = clients
        self._seed = seed
        self._peace = False
        self._on = ""
        """Set while it goes on alone."""
        self.there = self._chance.random() < PLAYED
        self.stream = KIND.stream_of(CreateTournament(client_id=_ID, name="Cup"), by=OWNER)
        users = dict.fromkeys(client.user for client in clients)
        own = [next(client for client in clients if client.user == user) for user in users]
        self._own = [client.user for client in own]
        self._teams = self._chance.random() < TEAMS
        size = self._chance.randint(3 * TEAM_MAX if self._teams else 4, PLAYERS_MAX)
        more = [f"user:{0xB2 + number:032x}" for number in range(max(0, size - len(own)))]
        self._owner, self._referee, *self._players = (
            Person(user, client, cluster, history, nursery, f"cup {seed}")
            for user, client in [
                (OWNER, None),
                (REFEREE, None),
                *((client.user, client) for client in own),
                *((user, None) for user in more),
            ]
        )
        self._by_times = self._chance.random() < 0.4
        self._listed = self._chance.random() < 0.2
        self._squad_of = _squads([player.user for player in self._players]) if self._teams else {}
        self._play_on = self._chance.random() < PLAY_ON
        self._fates = Fates(f"cup {seed}", RATES)
        self._organiser = Organiser(
            self._fates,
            answer_ms=int(STAFF_S * 1000),
            phase_ms=int((TEAMING_S if self._teams else PHASE_S) * 1000),
            checks_in=self._chance.random() < 0.7,
            gives_up_ms=inf,
            referee=REFEREE,
            entrants=self._entrants() if self._listed else (),
        )
        self._decider = Referee(
            self._fates,
            answer_ms=int(STAFF_S * 1000),
            overdue_ms=int(PHASE_S * 1000),
            policies=(None, "reset", "keep"),
        )
        self._heard = 0
        """Staff have heard of so many events."""

    def _entrants(self) -> list[NewEntrant]:
        """As staff enter them."""
        if not self._teams:
            return [NewEntrant(user=player.user) for player in self._players]
        squads = [squad for user, squad in self._squad_of.items() if user == squad[0]]
        return [NewEntrant(user=squad[0], name="Team", roster=squad[1:TEAM_MAX]) for squad in squads]

    # --- what people do ---

    async def run(self) -> None:
        """Have it made, and go on with it until cancelled."""
        self._history.note("CUP", self.stream, "is to be made")
        people = self._cluster.database.people
        people.add(REFEREE, "referee")
        for player in self._players:
            if player.user not in self._own:
                people.add(player.user, None)
        self._owner.give(CreateTournament, **self._options())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch)
            nursery.start_soon(self._go_on, self._players)

    async def _watch(self) -> None:
        """All clients do."""
        while True:
            await trio.sleep(self._chance.uniform(0, 4))
            for client in self._clients if self._made else ():
                client.follow(self.stream)

    def _options(self) -> dict[str, Any]:
        chance = self._chance
        double = chance.random() < 0.5
        after_ms = {"registration_at": 500, "check_in_at": 3500, "start_at": 5500}
        later_ms = int(TEAMING_S * 1000) if self._teams else 0
        times = {name: self._now + ms + later_ms * (ms > 500) for name, ms in after_ms.items()}
        options = {
            "name": "Cup",
            "format": "double_elimination" if double else "single_elimination",
            "third_place": not double and chance.random() < 0.5,
            "reset": chance.random() < 0.7,
            "best_of": chance.choice([1, 3]),
            "entry": "listed" if self._listed else chance.choice(["open", "open", "approval"]),
            "entrants_max": chance.choice([4, 7, PLAYERS_MAX, PLAYERS_MAX]),
            "rounds": rules(chance) if chance.random() < RULED else (),
            "ready_s": max(chance.choice(READY_S), LONG_S if chance.random() < 0.3 else 0),
            "rooms": chance.random() < 0.4,
            "play_s": chance.choice([0, 0, 1, LONG_S]),
            "confirm_s": chance.choice([1, LONG_S]),
            **(times if self._by_times else {}),
            **(self._sizes() if self._teams else {}),
        }
        staged = stages(
            random.Random(f"stages {self._seed}"), options["entrants_max"], ruled=options["rounds"] != ()
        )
        return options | staged

    def _sizes(self) -> dict[str, int]:
        chance = self._chance
        return {
            "team_min": chance.randint(1, TEAM_MAX),
            "team_max": TEAM_MAX,
            "substitutes": chance.choice([0, 1, 2, 2]),
        }

    async def _go_on(self, players: Sequence[Person]) -> None:
        """The staff and these players act until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._act, self._owner, self._organise)
            nursery.start_soon(self._act, self._referee, self._decide)
            for player in players:
                nursery.start_soon(self._act, player, partial(self._play, player.user))

    async def _act(self, person: Person, next_: Next) -> None:
        """Look now and then, and do what is next."""
        chance = random.Random(f"{person.user} acts {self._seed} {self._peace}{self._on}")
        plays = person not in (self._owner, self._referee)
        while True:
            await trio.sleep(chance.uniform(0.1, LOOK_S))
            if not (self._made and person.free):
                continue
            leaves = plays and chance.random() < LEAVES
            move = self._leave(person.user) if leaves else next_()
            if move is None:
                continue
            make, fields = move
            await trio.sleep(chance.uniform(0, LATE_S))
            for _ in range(2 if plays and chance.random() < TWICE else 1):
                person.give(make, stream=self.stream, **fields)

    def _play(self, user: str) -> Move | None:
        shown = KIND.view(self._state, user)
        left_alone = self._peace and shown.phase == "running" and not self._play_on
        if left_alone:
            return None
        invited_by = self._state.invitations.get(user)
        return play(shown, user, self._fates, Knows(self._now, self._squad_of.get(user, ()), invited_by))

    def _leave(self, user: str) -> Move:
        """Go, alone where that can be done without the team."""
        number = self._state.number_of(user)
        alone = number is not None and len(self._state.entrants[number].roster) > 1
        return (RemovePlayer, {"entrant": number, "user": user}) if alone else (LeaveTournament, {})

    def _organise(self) -> Move | None:
        self._hear()
        return self._organiser.next(KIND.view(self._state, OWNER), self._now)

    def _decide(self) -> Move | None:
        self._hear()
        return self._decider.next(self._now)

    def _hear(self) -> None:
        """Staff hear of all that has happened."""
        story = self._cluster.database.story[self.stream]
        for fact in story[self._heard :]:
            self._organiser.heed(fact.header)
            self._decider.heed(fact.header)
        self._heard = len(story)

    # --- what must hold ---

    @property
    def _made(self) -> bool:
        return self.stream in self._cluster.database.story

    @property
    def _state(self) -> Tournament:
        return cast(Tournament, self._cluster.database.story[self.stream][-1].state)

    @property
    def _now(self) -> Instant:
        """By PostgreSQL's clock."""
        now = self._cluster.database.now
        assert now is not None
        return now()

    @property
    def ended(self) -> bool:
        """Whether it was played to its end."""
        return self._made and self._state.phase == "finished"

    @property
    def _over(self) -> bool:
        """Whether it has ended, and staff mean to change nothing any more."""
        if self._state.phase == "cancelled":
            return True
        self._hear()
        idle = self._decider.when is None and self._organiser.when is None
        return self.ended and idle and self._owner.free and self._referee.free

    @property
    def corrected(self) -> int:
        """How many results were corrected or taken back."""
        story = self._cluster.database.story.get(self.stream, ())
        return sum(fact.header.type in CORRECTED for fact in story)

    def unsettled(self) -> list[str]:
        """What isn't answered yet."""
        return [
            what for person in (self._owner, self._referee, *self._players) for what in person.unsettled()
        ]

    async def play_on(self, seconds: float) -> None:
        """With several stages it goes on for so long, or until it has ended."""
        if not self._made or not self._state.settings.stages:
            return
        self._on = " on"
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._go_on, self._players)
            for _ in range(int(seconds / LOOK_S)):
                if self.ended:
                    break
                await trio.sleep(LOOK_S)
            nursery.cancel_scope.cancel()

    async def end_in_peace(self) -> None:
        """It ends, and whatever is to happen by itself does so at its time, though nobody looks. Raises Violation."""
        if not self.there:
            return
        self._peace = True
        self._organiser.gives_up_ms = TOO_FEW_S * 1000
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._go_on, self._players)
            await self._until_over(trio.current_time())
            nursery.cancel_scope.cancel()

    async def _until_over(self, begun: float) -> None:
        while not self._made or not self._over:
            if self._history.poisoned(self.stream, SYSTEM):
                return  # what it does by itself is refused for good: two owners happened to die with it in hand
            if not self._made and self._owner.free:
                return  # so is its creation
            lasts_s = trio.current_time() - begun
            if lasts_s > OVERDUE_S and self._made and (forgotten := self._overdue()):
                raise self._history.fail(3, f"{self.stream} has forgotten {forgotten}", "lost")
            if lasts_s > END_S * (len(self._state.settings.chain) if self._made else 1):
                raise self._history.fail(3, f"{self.stream} doesn't end", "lost")
            await trio.sleep(LOOK_S)
            for client in self._clients:
                client.resend()

    def _overdue(self) -> str | None:
        """A timer whose time was over long ago."""
        timers = self._state.timers
        least = timers.least
        return least if least and timers[least] < self._now - OVERDUE_S * 1000 else None

    def check(self) -> None:
        """Its actors' states are what the log says. Raises Violation."""
        if self.there:
            check_actors(self.stream, self._cluster, self._history)

    async def look_in_peace(self) -> None:
        """Who looks at it sees what the log says. Raises Violation."""
        if self._made:
            node = next(iter(self._cluster.nodes.values()))
            shown = await node.runtime.router.view(self.stream, user=OWNER)
            if isinstance(shown, Refused) or not check_actors(self.stream, self._cluster, self._history):
                raise self._history.fail(3, f"{self.stream} has no actor: {shown}")

    def finish(self) -> None:
        """Hold what was played against the log. Raises the first Violation."""
        if self._made:
            for violation in broken(KIND, self.stream, self._cluster.database, self._history):
                raise violation


def _squads(users: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Teams, each with a reserve of its own, and another one: the captain of the next, whom two may want."""
    found: dict[str, tuple[str, ...]] = {}
    size = TEAM_MAX + 1
    for at in range(0, len(users), size):
        squad = users[at : at + size]
        next_ = users[at + size] if at + size < len(users) else users[0]
        found |= dict.fromkeys(squad, tuple(dict.fromkeys((*squad, next_))))
    return found


_ID: Final = derive_client_id("cup", OWNER, "1")

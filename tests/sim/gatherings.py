"""A gathering whose players register, change their minds, check in and withdraw, while nodes come and go. Whenever it
owes nothing to its tournaments, each of its players is an entrant of just those that they have chosen, entered once.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, cast

import trio

from actors.gathering.kind import GatheringKind
from actors.gathering.state import Gathering
from actors.tournament.entrants import takes_part
from actors.tournament.state import BEFORE_START, Tournament
from protocol.event import Header
from protocol.frames import Command, Refused
from protocol.gathering.commands import (
    AttachCompetition,
    CancelGathering,
    CheckInPlayer,
    ChooseCompetitions,
    CloseGathering,
    CreateGathering,
    OpenGatheringCheckIn,
    OpenGatheringRegistration,
    RegisterPlayer,
    WithdrawPlayer,
)
from protocol.ids import derive_client_id
from protocol.tournament.commands import CreateTournament, StartTournament
from tests.sim.cluster import Cluster
from tests.sim.history import History
from tests.sim.tournament_players import Person
from tests.sim.tournament_truth import check_actors, stored
from tests.sim.tournaments import KIND as TOURNAMENT

GATHERED: Final = 0.05
"""The part of histories with a gathering."""
KIND: Final = GatheringKind()
OWNER: Final = f"user:{0xF0:032x}"
PLAYERS: Final = 5
COMPETITIONS: Final = 3
LOOK_S: Final = 0.6
"""Between two acts of a player, at most."""
WAITS_S: Final = 2.5
"""The owner leaves a phase so long, at most."""
CANCELS: Final = 0.15
"""The part of gatherings that are cancelled in the end."""
STARTS: Final = 0.15
"""The part of phases after which a competition is started."""
NEXT: Final[dict[str, type[Command]]] = {
    "draft": OpenGatheringRegistration,
    "registration": OpenGatheringCheckIn,
    "check_in": CloseGathering,
    "closed": OpenGatheringRegistration,
}


class Fair:
    """The gathering of one history. Nobody begins anything once ``run`` is cancelled."""

    def __init__(self, cluster: Cluster, seed: int, history: History, nursery: trio.Nursery) -> None:
        self._chance = random.Random(f"fair {seed}")
        self._cluster = cluster
        self._history = history
        self.there = self._chance.random() < GATHERED
        self._owner, *self._players = (
            Person(f"user:{0xF0 + number:032x}", None, cluster, history, nursery, f"fair {seed}")
            for number in range(PLAYERS + 1)
        )
        # The streams that the owner's commands make, in their order.
        self.stream = KIND.stream_of(CreateGathering(client_id=_id(1), name="Fair"), by=OWNER)
        self._cups = [
            TOURNAMENT.stream_of(CreateTournament(client_id=_id(number), name="Cup"), by=OWNER)
            for number in range(2, COMPETITIONS + 2)
        ]
        self.moved = 0
        """How many entries and exits have followed."""

    # --- what people do ---

    async def run(self) -> None:
        """Have it made, and go on with it until cancelled."""
        for person in (self._owner, *self._players):
            self._cluster.database.people.add(person.user, None)
        self._owner.give(CreateGathering, name="Fair", players_max=PLAYERS - 1)
        for _ in self._cups:
            self._owner.give(
                CreateTournament, name="Cup", ready_s=0, entrants_max=self._chance.choice([2, 8])
            )
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._organise)
            for player in self._players:
                nursery.start_soon(self._play, player)

    async def _organise(self) -> None:
        cancels, attached = self._chance.random() < CANCELS, False
        while True:
            await trio.sleep(self._chance.uniform(0.3, WAITS_S))
            if not all(map(self._made, (self.stream, *self._cups))) or not self._owner.free:
                continue
            if not attached:
                for cup in self._cups:
                    self._owner.give(AttachCompetition, stream=self.stream, tournament=cup)
                attached = True
            self._owner.give(NEXT[self._state.phase or "draft"], stream=self.stream)
            if self._chance.random() < STARTS:
                self._owner.give(StartTournament, stream=self._chance.choice(self._cups))
            if cancels and self._chance.random() < CANCELS:
                self._owner.give(CancelGathering, stream=self.stream)
                return

    async def _play(self, player: Person) -> None:
        chance = random.Random(f"{player.user} {self._chance.random()}")
        while True:
            await trio.sleep(chance.uniform(0.05, LOOK_S))
            if not self._made(self.stream) or not player.free:
                continue
            number = self._state.users.get(player.user)
            registered = number is not None and self._state.players[number].status == "registered"
            wanted = tuple(cup for cup in self._cups if chance.random() < 0.6)
            if not registered:
                player.give(RegisterPlayer, stream=self.stream, tournaments=wanted)
            elif self._state.phase == "check_in":
                player.give(CheckInPlayer, stream=self.stream)
            elif chance.random() < 0.2:
                player.give(WithdrawPlayer, stream=self.stream)
            else:
                player.give(ChooseCompetitions, stream=self.stream, tournaments=wanted)

    # --- what must hold ---

    def _made(self, stream: str) -> bool:
        return stream in self._cluster.database.story

    @property
    def _state(self) -> Gathering:
        return cast(Gathering, self._cluster.database.story[self.stream][-1].state)

    def unsettled(self) -> list[str]:
        """What isn't answered yet."""
        return [what for person in (self._owner, *self._players) for what in person.unsettled()]

    def check(self) -> None:
        """Its actors' states are what the log says; and once it owes nothing, all is as people want it, however many
        nodes were lost meanwhile. Raises Violation.
        """
        if not self.there or not self._made(self.stream):
            return
        check_actors(self.stream, self._cluster, self._history)
        row = self._cluster.database.stream(self.stream)
        story = self._cluster.database.story[self.stream]
        if row is None or row.effects_seq < len(story):
            return
        headers = [fact.header for fact in story]
        for cup in self._cups:
            if cup in self._state.attached and not self._history.poisoned(cup, self.stream):
                self._check_cup(cup, headers)

    def _check_cup(self, cup: str, headers: Sequence[Header]) -> None:
        story = self._cluster.database.story[cup]
        tournament = cast(Tournament, story[-1].state)
        if tournament.gathering != self.stream:
            if any(fact.header.type == "tournament.started" for fact in story):
                return  # before it was asked to join
            raise self._history.fail(3, f"{cup} hasn't joined {self.stream}", "lost")
        entered = Counter(_entered(fact.header) for fact in story if fact.header.author == self.stream)
        wanted = Counter(str(header.marks["user"]) for header in headers if cup in _added(header))
        self.moved = max(self.moved, sum(wanted.values()))
        del entered[""]
        if doubled := entered - wanted:
            raise self._history.fail(3, f"{cup}: entered without a wish: {doubled}", "doubled")
        ended = self._state.phase == "cancelled" and tournament.phase in BEFORE_START
        if ended:
            raise self._history.fail(
                3, f"{cup} is {tournament.phase} though {self.stream} was cancelled", "lost"
            )
        chosen = {
            player.user: player.checked_in
            for player in self._state.players
            if player.status == "registered" and cup in self._state.chosen(player)
        }
        there = {
            entrant.user: entrant.checked_in
            for number, entrant in enumerate(tournament.entrants, 1)
            if takes_part(tournament, number)
        }
        if tournament.phase == "running":  # who chose it in the moment of its start was refused
            if stayed := there.keys() - chosen.keys():
                raise self._history.fail(3, f"{cup}: {stayed} have left {self.stream}", "lost")
        elif tournament.phase in BEFORE_START and there != chosen:
            raise self._history.fail(3, f"{cup} has {there}, wanted are {chosen}", "lost")

    async def look_in_peace(self) -> None:
        """Who looks at it sees what the log says. Raises Violation."""
        if self._made(self.stream):
            node = next(iter(self._cluster.nodes.values()))
            shown = await node.runtime.router.view(self.stream, user=OWNER)
            if isinstance(shown, Refused):
                raise self._history.fail(3, f"{self.stream} has no actor: {shown}")

    def finish(self) -> None:
        """The rows are what the log says. Raises the first Violation."""
        if self._made(self.stream):
            self.check()
            for fault in stored(KIND, self.stream, self._cluster.database):
                raise self._history.fail(3, f"{self.stream}: {fault}")


def _id(number: int) -> str:
    """The client id of the owner's command of this number."""
    return derive_client_id("cup", OWNER, str(number))


def _entered(header: Header) -> str:
    """Who was entered by it; empty for another event."""
    return str(header.marks["user"]) if header.type == "tournament.entered" else ""


def _added(header: Header) -> Sequence[Any]:
    """The competitions that somebody is to be entered in."""
    mark = {"gathering.registered": "tournaments", "gathering.chosen": "added"}.get(header.type, "")
    return cast("Sequence[Any]", header.marks.get(mark, ()))

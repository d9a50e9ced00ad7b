"""People in a simulated tournament: how their commands get answered, and what they do next, by what they see."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Final

import trio
from msgspec.structs import replace

from gatherup.chaos.history import stream_of
from protocol.frames import Accepted, Command, Refused
from protocol.ids import derive_client_id
from protocol.tournament.commands import (
    CheckIn,
    ConfirmResult,
    DisputeResult,
    EnterTournament,
    LeaveTournament,
    ReportResult,
    SayReady,
)
from protocol.tournament.view import MatchView, OwnEntry, TournamentView
from tests.sim.client import SimClient
from tests.sim.cluster import Cluster
from tests.sim.history import History

PATIENCE_S: Final = 4.0
"""Of somebody whom nobody answers."""
ABSENT: Final = 0.15
"""The part of matches in which a player does nothing."""
LIES: Final = 0.15
"""The part of reports that aren't so."""
LEAVES: Final = 0.01
"""The part of looks upon which a player leaves."""

Move = tuple[type[Command], Mapping[str, Any]]
"""A command, and its fields."""


class Person:
    """Somebody in a tournament. Their commands go to any node, or through their client if they have one, and again
    until they are accepted or refused for good.
    """

    def __init__(
        self,
        user: str,
        client: SimClient | None,
        cluster: Cluster,
        history: History,
        nursery: trio.Nursery,
        seed: str,
    ) -> None:
        self.user = user
        self._client = client
        self._cluster = cluster
        self._history = history
        self._nursery = nursery
        self._chance = random.Random(f"{user} {seed}")
        self._given = 0
        self._open = 0
        """Commands that aren't answered yet."""
        self._copies = 0

    @property
    def free(self) -> bool:
        """Whether all commands were answered."""
        if self._client is not None:
            return not self._client.gone and not self._client.pending
        return not self._open

    def unsettled(self) -> list[str]:
        """What isn't answered yet; of a client, it says so itself."""
        return [f"{self._open} commands of {self.user} aren't answered"] if self._open else []

    def give(self, make: type[Command], **fields: Any) -> None:
        """Have this command answered."""
        if self._client is not None:
            self._client.send(make(client_id=self._client.new_id(), **fields))
            return
        self._given += 1
        self._open += 1
        command = make(client_id=derive_client_id("cup", self.user, str(self._given)), **fields)
        self._nursery.start_soon(self._until_answered, command)

    async def _until_answered(self, command: Command) -> None:
        unsure = False
        while True:
            up = [node for node in self._cluster.nodes.values() if node.up]
            if up:
                reply = None
                self._note_copy(command)
                with trio.move_on_after(PATIENCE_S):
                    router = self._chance.choice(up).runtime.router
                    reply = await router.ask(replace(command, resend=unsure), by=self.user)
                if isinstance(reply, Accepted):
                    self._history.accepted(self.user, reply)
                    break
                if isinstance(reply, Refused):
                    self._history.refused(self.user, reply)
                    if not reply.retry:
                        break
                unsure = not isinstance(reply, Refused)
            await trio.sleep(self._chance.uniform(0.1, 0.5))
        self._open -= 1

    def _note_copy(self, command: Command) -> None:
        """Each copy goes as over a connection of its own."""
        self._copies += 1
        again = (self.user, command.client_id) in self._history.sent
        stream = stream_of(self.user, command)
        self._history.sending(
            self.user, command.client_id, stream, command, again=again, connection=self._copies
        )


def play(shown: TournamentView, chance: random.Random) -> Move | None:
    """What a player does next."""
    own = shown.own
    takes_part = own is not None and own.status in ("entered", "waiting")
    if takes_part and chance.random() < LEAVES:
        return LeaveTournament, {}
    match shown.phase:
        case "registration" if not takes_part and chance.random() < 0.7:
            return EnterTournament, {}
        case "check_in" if takes_part and own and not own.checked_in and chance.random() < 0.7:
            return CheckIn, {}
        case "running" if own and own.match:
            return _meet(own, own.match, shown.best_of, chance)
        case _:
            return None


def _meet(own: OwnEntry, match: MatchView, best_of: int, chance: random.Random) -> Move | None:
    """What they do about their match."""
    if random.Random(f"{own.entrant} {match.match} {match.user_a}").random() < ABSENT:
        return None
    number = {"match": match.match}
    a_wins = (match.match % 2 == 0) != (chance.random() < LIES)
    scores = ((1, 0) if a_wins else (0, 1),) * (best_of // 2 + 1)
    report: Move = (ReportResult, {**number, "scores": scores})
    match match.phase:
        case "open" if not (match.ready_a if own.entrant == match.a else match.ready_b):
            return SayReady, number
        case "playing":
            return report
        case "reported" if own.entrant != match.reported_by:
            confirm, dispute = (ConfirmResult, number), (DisputeResult, number)
            return chance.choices([confirm, report, dispute, None], [5, 3, 1, 2])[0]
        case _:
            return None

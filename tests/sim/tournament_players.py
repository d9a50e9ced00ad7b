"""How the commands of people in a simulated tournament get answered. What they do is in ``gatherup.rehearse``."""

from __future__ import annotations

import random
from typing import Any, Final

import trio
from msgspec.structs import replace

from gatherup.chaos.history import stream_of
from protocol.frames import Accepted, Command, Refused
from protocol.ids import derive_client_id
from tests.sim.client import SimClient
from tests.sim.cluster import Cluster
from tests.sim.history import History

PATIENCE_S: Final = 4.0
"""Of somebody whom nobody answers."""


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
                    if getattr(command, "preview", False) and reply.events:
                        raise self._history.fail(3, f"{command} caused {reply.events} events")
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

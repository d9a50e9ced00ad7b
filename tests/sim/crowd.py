"""Many commands at once into one stream: in trouble, above every limit; and once in peace, where each is answered at
first, in the order of its sender."""

from __future__ import annotations

import random
from collections.abc import Sequence

import trio

from protocol.frames import Command
from protocol.room.commands import JoinRoom, LeaveRoom, PostMessage
from tests import counter_kind as counter
from tests.sim.client import SimClient
from tests.sim.history import History
from tests.sim.workload import World

OFTEN_S = 5.0
"""Between two crowds, on the average."""
EACH_MAX = 12
"""Commands of one client in a crowd."""
IN_PEACE = 3
"""Commands of each client then: together fewer than a node may have on their way to another."""
ANSWERED_S = 8.0
"""In peace an answer takes no longer than this; a command that was forgotten is given up after COMMAND_TIMEOUT_S."""


async def crowds(clients: Sequence[SimClient], world: World, seed: str) -> None:
    """Every now and then all do the same in one room."""
    chance = random.Random(seed)
    while True:
        await trio.sleep(chance.expovariate(1 / OFTEN_S))
        if not world.rooms:
            continue
        room = chance.choice(world.rooms)
        makers = chance.choice([(_post,), (_post, _join), (_join, _leave), (_join, _post, _leave)])
        for client in clients:
            for number in range(chance.randint(1, EACH_MAX)):
                client.send(makers[number % len(makers)](client.new_id(), room))


def _post(client_id: str, room: str) -> Command:
    return PostMessage(client_id=client_id, stream=room, body=f"me too {client_id[:8]}")


def _join(client_id: str, room: str) -> Command:
    return JoinRoom(client_id=client_id, stream=room)


def _leave(client_id: str, room: str) -> Command:
    return LeaveRoom(client_id=client_id, stream=room)


async def crowd_in_peace(clients: Sequence[SimClient], counters: Sequence[str], history: History) -> None:
    """All count in one counter at once. Raises Violation."""
    online = [client for client in clients if client.online and not client.gone]
    for client in online:  # one that was told nothing for long before would go elsewhere at once
        client.patient = True
    sent: dict[str, list[str]] = {client.name: [] for client in online}
    for _ in range(IN_PEACE):
        for client in online:
            sent[client.name].append(client.new_id())
            client.send(counter.Add(client_id=sent[client.name][-1], stream=counters[0], points=1))
    await trio.sleep(ANSWERED_S)
    for client in online:
        seqs = [_seq(history, client.user, client_id) for client_id in sent[client.name]]
        if seqs != sorted(seqs):
            raise history.fail(2, f"the commands of {client.name} came to {seqs}", "reordered")


def _seq(history: History, by: str, client_id: str) -> int:
    """Where the command stands; it was accepted at first."""
    command = history.sent[by, client_id]
    receipt = history.receipt(command)
    if receipt is None or len(command.answers) != 1:
        raise history.fail(1, f"in peace {by} was told of {command.command}: {command.answers}", "lost")
    return receipt.last_seq

"""What the clients of a simulation do, by seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import trio

from protocol import room
from tests import counter_kind as counter
from tests.sim.client import SimClient

TYPES = 0.1
"""The part of what is done in rooms that is typing."""


class World:
    """The streams that exist, as the clients know them."""

    def __init__(self) -> None:
        self.rooms: list[str] = []
        self.counters: list[str] = []


async def act(client: SimClient, world: World, users: list[str], seed: str) -> None:
    """One client's script: something every now and then."""
    chance = random.Random(seed)
    pace_s = chance.choice([0.05, 0.2, 0.8])
    wild = chance.choice([0.0, 0.05, 0.15])
    while True:
        await trio.sleep(chance.uniform(0, 2 * pace_s))
        if chance.random() < wild:
            await _misbehave(client, chance)
        elif chance.random() < 0.7 and world.rooms:
            _chat(client, chance, world, users)
        elif world.counters:
            _count(client, chance, world, users)
        _share(client, world)


def found(client: SimClient, what: str) -> None:
    """Make a stream for everybody."""
    if what == "room":
        client.send(room.CreateRoom(client_id=client.new_id(), name="hall"))
    else:
        client.send(counter.Open(client_id=client.new_id()))


def _share(client: SimClient, world: World) -> None:
    for stream in client.created:
        known = world.rooms if stream.startswith("room:") else world.counters
        if stream not in known:
            known.append(stream)


def _chat(client: SimClient, chance: random.Random, world: World, users: list[str]) -> None:
    stream = chance.choice(world.rooms)
    mine = [r.seq for c, r in client.accepted if isinstance(c, room.PostMessage) and c.stream == stream]
    message = chance.choice(mine) if mine and chance.random() < 0.9 else chance.randint(1, 50)
    if chance.random() < TYPES:
        client.type_somewhere(chance)
        return
    number = chance.random()

    def post(client_id: str) -> room.PostMessage:
        return room.PostMessage(
            client_id=client_id, stream=stream, body=f"{client_id[:8]} " * chance.randint(1, 40)
        )

    steps: list[tuple[float, Callable[[], Any]]] = [
        (0.14, lambda: client.send(room.JoinRoom(client_id=client.new_id(), stream=stream))),
        (0.26, lambda: client.follow(stream)),
        (0.28, lambda: client.unfollow(stream)),
        (0.68, lambda: client.send(post(client.new_id()))),
        (
            0.75,
            lambda: client.send(
                room.EditMessage(
                    client_id=client.new_id(), stream=stream, message=message or 1, body="edited"
                )
            ),
        ),
        (
            0.82,
            lambda: client.send(
                room.DeleteMessage(client_id=client.new_id(), stream=stream, message=message or 1)
            ),
        ),
        (
            0.855,
            lambda: client.send(
                room.KickMember(client_id=client.new_id(), stream=stream, user=chance.choice(users))
            ),
        ),
        (0.87, lambda: client.send(room.LeaveRoom(client_id=client.new_id(), stream=stream))),
        (0.94, client.repeat),
        (1.00, lambda: client.reuse(post)),
    ]
    next(step for limit, step in steps if number < limit)()


def _count(client: SimClient, chance: random.Random, world: World, users: list[str]) -> None:
    stream = chance.choice(world.counters)
    number, new = chance.random(), client.new_id()
    if number < 0.15:
        client.send(counter.Watch(client_id=new, stream=stream))
    elif number < 0.3:
        client.follow(stream)
    elif number < 0.6:
        client.send(
            counter.Add(client_id=new, stream=stream, points=chance.randint(1, 9), lane=chance.randint(0, 2))
        )
    elif number < 0.85:
        target = chance.choice(world.counters)
        client.send(counter.Forward(client_id=new, stream=stream, points=chance.randint(1, 3), to=target))
    elif number < 0.93:
        client.send(counter.SetBell(client_id=new, stream=stream, after_ms=chance.randint(0, 8000)))
    else:
        client.send(counter.Dismiss(client_id=new, stream=stream, user=chance.choice(users)))


async def _misbehave(client: SimClient, chance: random.Random) -> None:
    if chance.random() < 0.6:
        client.drop()
    else:
        client.stall(True)
        await trio.sleep(chance.uniform(0, 6))
        client.stall(False)

"""What the clients of a simulation do, by seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec
import trio

from protocol.frames import Command
from protocol.room.commands import (
    ArchiveRoom,
    BanUser,
    ChangeRoom,
    CreateInvite,
    CreateRoom,
    DeleteMessage,
    EditMessage,
    InviteCreated,
    InviteUser,
    JoinRoom,
    KickMember,
    LeaveRoom,
    MuteMember,
    OpenDirect,
    PinMessage,
    PostMessage,
    React,
    RemoveRoom,
    RestoreRoom,
    SetRole,
    UnarchiveRoom,
    UnbanUser,
    UninviteUser,
    UnmuteMember,
    Unreact,
)
from tests import counter_kind as counter
from tests.sim.client import SimClient

TYPES = 0.1
"""The part of what is done in rooms that is typing."""
GOVERNS = 0.08
"""The part of the rest that changes who may do and hear what."""
HANGS = 0.1
"""The part of what is done in counters that no node survives, while there is any of it left."""
OPEN = 0.7
"""The part of rooms that whoever joins may read from their beginning."""


class World:
    """The streams that exist, as the clients know them."""

    def __init__(self, *, hangs: int = 0) -> None:
        self.hangs = hangs
        """So many commands that no node survives are still to come."""
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


def found(client: SimClient, what: str, chance: random.Random) -> None:
    """Make a stream for everybody."""
    history = chance.random() < OPEN
    if what == "room":
        client.send(CreateRoom(client_id=client.new_id(), name="hall", history=history))
    else:
        client.send(counter.Open(client_id=client.new_id()))


def _share(client: SimClient, world: World) -> None:
    for stream in client.created:
        known = world.rooms if stream.startswith("room:") else world.counters
        if stream not in known:
            known.append(stream)


def _chat(client: SimClient, chance: random.Random, world: World, users: list[str]) -> None:
    stream = chance.choice(world.rooms)
    mine = [r.seq for c, r in client.accepted if isinstance(c, PostMessage) and c.stream == stream]
    message = chance.choice(mine) if mine and chance.random() < 0.9 else chance.randint(1, 50)
    if chance.random() < TYPES:
        client.type_somewhere(chance)
        return
    if chance.random() < GOVERNS:
        _govern(client, chance, stream, users)
        return
    number = chance.random()

    def post(client_id: str) -> PostMessage:
        return PostMessage(
            client_id=client_id, stream=stream, body=f"{client_id[:8]} " * chance.randint(1, 40)
        )

    steps: list[tuple[float, Callable[[], Any]]] = [
        (0.14, lambda: client.send(JoinRoom(client_id=client.new_id(), stream=stream))),
        (0.26, lambda: client.follow(stream)),
        (0.28, lambda: client.unfollow(stream)),
        (0.68, lambda: client.send(post(client.new_id()))),
        (
            0.75,
            lambda: client.send(
                EditMessage(client_id=client.new_id(), stream=stream, message=message or 1, body="edited")
            ),
        ),
        (
            0.82,
            lambda: client.send(
                DeleteMessage(client_id=client.new_id(), stream=stream, message=message or 1)
            ),
        ),
        (
            0.855,
            lambda: client.send(
                KickMember(client_id=client.new_id(), stream=stream, user=chance.choice(users))
            ),
        ),
        (0.87, lambda: client.send(LeaveRoom(client_id=client.new_id(), stream=stream))),
        (0.94, client.repeat),
        (1.00, lambda: client.reuse(post)),
    ]
    next(step for limit, step in steps if number < limit)()


def _govern(client: SimClient, chance: random.Random, stream: str, users: list[str]) -> None:
    """What decides over who may do and hear what; and some things that only members may."""
    new, user = client.new_id(), chance.choice(users)
    message = chance.randint(1, 50)
    here: dict[str, Any] = {"client_id": new, "stream": stream}
    commands: list[tuple[int, Callable[[], Command]]] = [
        (2, lambda: BanUser(user=user, for_s=chance.choice([None, 1, 5]), **here)),
        (4, lambda: UnbanUser(user=user, **here)),
        (2, lambda: MuteMember(user=user, for_s=chance.choice([1, 3]), **here)),
        (2, lambda: UnmuteMember(user=user, **here)),
        (3, lambda: InviteUser(user=user, **here)),
        (1, lambda: UninviteUser(user=user, **here)),
        (2, lambda: CreateInvite(uses=chance.choice([None, 1]), **here)),
        (2, lambda: JoinRoom(invite=chance.choice(_codes(client, stream)), **here)),
        (3, lambda: SetRole(user=user, role=chance.choice(["owner", "moderator", "member"]), **here)),
        (2, lambda: ChangeRoom(access=chance.choice(["public", "private"]), confirm=True, **here)),
        (
            2,
            lambda: ChangeRoom(
                history=chance.random() < 0.5, slow_mode_s=chance.choice([0, 1]), confirm=True, **here
            ),
        ),
        (1, lambda: RemoveRoom(**here)),
        (3, lambda: RestoreRoom(**here)),
        (1, lambda: ArchiveRoom(**here)),
        (3, lambda: UnarchiveRoom(**here)),
        (4, lambda: React(message=message, reaction=chance.choice("👍👎"), **here)),
        (2, lambda: Unreact(message=message, reaction=chance.choice("👍👎"), **here)),
        (1, lambda: PinMessage(message=message, **here)),
        (4, lambda: OpenDirect(client_id=new, user=user)),
        (1, lambda: CreateRoom(client_id=new, name="den", access="group", history=False)),
    ]
    weights, made = zip(*commands, strict=True)
    client.send(chance.choices(made, weights)[0]())


def _codes(client: SimClient, stream: str) -> list[str]:
    """Codes of invites to this room: a wrong one, and those the client was told."""
    told = [
        msgspec.convert(client.plain(reply.answer), InviteCreated).code
        for command, reply in client.accepted
        if isinstance(command, CreateInvite) and command.stream == stream and reply.answer is not None
    ]
    return [f"1-{'0' * 24}", *told]


def _count(client: SimClient, chance: random.Random, world: World, users: list[str]) -> None:
    stream = chance.choice(world.counters)
    number, new = chance.random(), client.new_id()
    if world.hangs and chance.random() < HANGS:
        world.hangs -= 1
        client.send(counter.Hang(client_id=new, stream=stream))
    elif number < 0.15:
        client.send(counter.Watch(client_id=new, stream=stream))
    elif number < 0.3:
        client.follow(stream)
    elif number < 0.6:
        client.send(
            counter.Add(client_id=new, stream=stream, points=chance.randint(1, 9), lane=chance.randint(0, 2))
        )
    elif number < 0.85:
        target = chance.choice(world.counters)
        hang = world.hangs > 0 and chance.random() < HANGS
        world.hangs -= hang
        points = chance.randint(1, 3)
        client.send(counter.Forward(client_id=new, stream=stream, points=points, to=target, hang=hang))
    elif number < 0.88:
        client.send(counter.AskWeight(client_id=new, stream=stream))
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

"""What concerns people in a simulation: logins that end, and what reaches their inboxes; by seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import trio
from msgspec.structs import replace

from protocol.codes import Code
from protocol.frames import Accepted, Refused
from protocol.ids import SYSTEM, derive_client_id
from protocol.inbox import EndLogins, ReadInbox, inbox_of
from protocol.limits import COMMAND_TIMEOUT_S
from protocol.room.commands import InviteUser, PostMessage
from tests.ports import TrioClock
from tests.sim.client import SimClient
from tests.sim.cluster import Cluster
from tests.sim.truth import ObservedDatabase
from tests.sim.workload import World

OFTEN_S = (1.0, 3.0, 10.0)
"""Between two ends of logins, on average: one of these for each history."""
PACES_S = (0.2, 0.8, 2.0)
"""Between what one client does that concerns people, on average: one of these for each client."""
FOR_GOOD = 0.1
"""The part of ends that end the whole account."""
FALL_OUT = 0.25
"""The part of histories in which people block each other."""
CLIENTS_MIN = 2
"""So many keep their accounts."""


def handle_of(user: str) -> str:
    """What people call this user."""
    return f"player_{int(user[-32:], 16)}"


class Accounts:
    """Whoever keeps the accounts: a login ends in a row first, then the user's inbox hears of it, exactly once."""

    def __init__(
        self, cluster: Cluster, clients: Sequence[SimClient], seed: int, nursery: trio.Nursery
    ) -> None:
        self.unsettled = 0
        """Commands that no inbox has settled yet."""
        self.ended: Counter[str] = Counter()
        """Ends by user."""
        self._cluster = cluster
        self._clients = clients
        self._chance = random.Random(f"accounts {seed}")
        self._nursery = nursery
        self._count = 0

    async def run(self) -> None:
        """End logins until cancelled; what isn't settled then is still sent."""
        often_s = self._chance.choice(OFTEN_S)
        while True:
            await trio.sleep(self._chance.uniform(0, 2 * often_s))
            ended = self._cluster.database.ended
            kept = [client for client in self._clients if not client.gone]
            users = {client.user for client in kept} - ended
            for_good = len(users) > CLIENTS_MIN and self._chance.random() < FOR_GOOD
            if live := [client for client in kept if ended.isdisjoint((client.user, client.login))]:
                self._end(self._chance.choice(live), for_good=for_good)

    def _end(self, client: SimClient, *, for_good: bool) -> None:
        user, login = client.user, client.login
        self._cluster.history.note("ACCOUNTS", "ends", "all of" if for_good else login[-4:], "of", user[-2:])
        self._cluster.database.ended.add(user if for_good else login)
        self._count += 1
        self.ended[user] += 1
        self.unsettled += 1
        command = EndLogins(
            client_id=derive_client_id("owed", str(self._count)),
            stream=inbox_of(user),
            logins=() if for_good else (login,),
            before=TrioClock().now() if for_good else 0,
            why="deleted" if for_good else "logout",
        )
        self._nursery.start_soon(self._relay, command)

    async def _relay(self, command: EndLogins) -> None:
        while True:
            await trio.sleep(self._chance.uniform(0, 0.2))
            if up := [node for node in self._cluster.nodes.values() if node.up]:
                router = self._chance.choice(up).runtime.router
                reply = None
                with trio.move_on_after(COMMAND_TIMEOUT_S + 1):
                    reply = await router.ask(command, by=SYSTEM)
                if isinstance(reply, Accepted):
                    break
                if isinstance(reply, Refused) and reply.code is Code.INTERNAL:
                    self._cluster.history.sentence(SYSTEM, reply)
                    break
                if isinstance(reply, Refused) and not reply.retry:
                    raise self._cluster.history.fail(1, f"{command} is refused: {reply}")
            command = replace(command, resend=True)
        self.unsettled -= 1


async def fall_out(users: Sequence[str], database: ObservedDatabase, seed: str) -> None:
    """Every now and then somebody blocks somebody, or thinks better of it."""
    chance = random.Random(seed)
    while len(users) > 1:
        await trio.sleep(chance.uniform(0.5, 4))
        who, whom = chance.sample(users, 2)
        if (who, whom) in database.blocked_at and chance.random() < 0.5:
            database.unblock(who, whom)
        else:
            database.block(who, whom)


async def count_unread(client: SimClient, world: World, seed: str) -> None:
    """One client's script: to watch, now and then, how much is new in all rooms that there are."""
    chance = random.Random(seed)
    while True:
        await trio.sleep(chance.uniform(1, 8))
        client.watch_heads(world.rooms)


async def concern(client: SimClient, world: World, users: list[str], seed: str) -> None:
    """One client's script: to mention, answer and invite others, and to read its own inbox."""
    chance = random.Random(seed)
    pace_s = chance.choice(PACES_S)
    while True:
        await trio.sleep(chance.uniform(0, 2 * pace_s))
        other, number, new = chance.choice(users), chance.random(), client.new_id()
        own = inbox_of(client.user)
        if number < 0.15:
            client.follow(own)
        elif number < 0.2:
            client.unfollow(own)
        elif number < 0.23:
            client.follow(inbox_of(other))
        elif number < 0.3:
            client.sign_in_anew()
        elif number < 0.45:
            whose = own if chance.random() < 0.9 else inbox_of(other)
            client.send(ReadInbox(client_id=new, stream=whose, up_to=chance.randint(0, 60)))
        elif world.rooms:
            stream = chance.choice(world.rooms)
            if number < 0.6:
                client.send(InviteUser(client_id=new, stream=stream, user=other))
            else:
                said = [f"@{handle_of(user)}" for user in chance.sample(users, chance.randint(0, len(users)))]
                reply_to = chance.randint(1, 30) if chance.random() < 0.5 else None
                body = " ".join(["listen", *said])
                client.send(PostMessage(client_id=new, stream=stream, body=body, reply_to=reply_to))

"""Clients that talk in rooms, on every node, and write down all that they send and see."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import httpx
import trio
from msgspec import Struct

from gatherup.chaos import records
from gatherup.chaos.guest import Endpoint, Guest, Roaming
from gatherup.chaos.recording import RecordingConnector
from gatherup.chaos.records import Sink
from gatherup.client import Client, ClosedError, Ended, Policy, RefusedError, UnknownOutcomeError, connect
from protocol.frames import Accepted, Command, Position
from protocol.room.commands import CreateRoom, JoinRoom, KickMember, PostMessage

POLICY: Final = Policy(connect_timeout_s=3.0, backoff_min_s=0.1, backoff_max_s=1.0, refused_retry_for_s=60.0)
SETTLE_S: Final = 60.0
"""What open commands and late events get once everything is healed."""
QUIET_S: Final = 6.0
"""All stand at the same place for so long: longer than a silent link goes unnoticed."""
POLL_S: Final = 0.2
HTTP_TIMEOUT_S: Final = 5.0


class Load(Struct, frozen=True, kw_only=True):
    """How much is going on."""

    clients_per_node: int = 3
    """Clients that stay with one node; as many as there are nodes more of them wander."""
    rooms: int = 6
    rooms_per_client: int = 3
    post_every_s: float = 0.7
    """Each client posts so often in each of its rooms, if the last post there is settled."""
    kick_every_s: float = 6.0
    """Each room's owner throws somebody out so often, who comes back."""


class Talker:
    """One client: a user with one connection at a time."""

    def __init__(
        self, name: str, endpoints: Sequence[Endpoint], sink: Sink, now: Callable[[], float]
    ) -> None:
        self.name = name
        self.client: Client
        self.positions: dict[str, Position | None] = {}
        """Where it stands in each room it follows now."""
        self._endpoints = endpoints
        self._sink = sink
        self._now = now

    @property
    def user(self) -> str:
        """Its user id, once it was connected."""
        assert self.client.user is not None
        return self.client.user

    async def run(self, api: httpx.AsyncClient, *, task_status: trio.TaskStatus[None]) -> None:
        """Sign in and stay connected until cancelled; started once a session is open."""
        guest = Guest(self.name, self._endpoints, api)
        await guest.sign_in()
        recorded = RecordingConnector(Roaming(self._endpoints), self.name, self._sink, self._now)
        # The address stands in the connector.
        async with connect("ws://localhost/", token=guest.token, policy=POLICY, connector=recorded) as client:
            self.client = client
            task_status.started()
            try:
                await trio.sleep_forever()
            finally:
                if client.violations:
                    self._sink.write(
                        records.Complaint(at=self._now(), client=self.name, times=client.violations)
                    )

    async def send(self, command: Command) -> Accepted | None:
        """Send a command to the end of its story. None if it wasn't accepted, for all we know."""
        settled = False
        try:
            accepted = await self.client.send(command)
            settled = True
            return accepted
        except RefusedError:
            settled = True
            return None
        except (UnknownOutcomeError, ClosedError):
            return None
        finally:
            if not settled:
                self._sink.write(
                    records.GivenUp(at=self._now(), client=self.name, client_id=command.client_id)
                )

    async def follow(
        self,
        room: str,
        chance: random.Random,
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Follow a room until cancelled; thrown out, come back, half the time to where we stood."""
        since: Position | None = None
        while True:
            try:
                stream = await self.client.subscribe(room, since=since)
            except RefusedError:
                since = None
            except ClosedError:
                return
            else:
                task_status.started()
                task_status = trio.TASK_STATUS_IGNORED
                async with stream:
                    self.positions[room] = stream.position
                    async for item in stream:
                        self.positions[room] = stream.position
                        if isinstance(item, Ended):
                            break
                del self.positions[room]
                since = stream.position if chance.random() < 0.5 else None
            await trio.sleep(chance.uniform(0.2, 1.5))
            await self.send(JoinRoom(client_id=self.client.new_id(), stream=room))


class Workload:
    """All talkers and their rooms. Made by ``open_workload``."""

    def __init__(self, load: Load, talkers: Sequence[Talker], seed: int) -> None:
        self.load = load
        self.rooms: list[str] = []
        self._talkers = talkers
        self._chance = random.Random(f"workload {seed}")
        self._members: dict[str, list[Talker]] = {}
        """By room; the first one is its owner."""
        self._stop = trio.Event()

    async def furnish(self, nursery: trio.Nursery) -> None:
        """Make the rooms, let everybody in, and follow."""
        count = len(self._talkers)
        for number in range(self.load.rooms):
            owner = self._talkers[number % count]
            made = await owner.send(CreateRoom(client_id=owner.client.new_id(), name=f"chaos {number}"))
            if made is None or made.stream is None:
                raise RuntimeError("a room could not be made; is the cluster well?")
            self.rooms.append(made.stream)
            self._members[made.stream] = [owner]
        for index, talker in enumerate(self._talkers):
            for step in range(self.load.rooms_per_client):
                room = self.rooms[(index + step) % len(self.rooms)]
                if talker is not self._members[room][0]:
                    await talker.send(JoinRoom(client_id=talker.client.new_id(), stream=room))
                    self._members[room].append(talker)
        for room, members in self._members.items():
            for member in members:
                await nursery.start(member.follow, room, random.Random(self._chance.random()))

    async def talk(self) -> None:
        """Post and throw out until ``hush``; returns when every command has its answer, or after SETTLE_S."""
        async with trio.open_nursery() as nursery:
            for room, members in self._members.items():
                for member in members:
                    nursery.start_soon(self._post, member, room, random.Random(self._chance.random()))
                nursery.start_soon(self._throw_out, room, random.Random(self._chance.random()))
            await self._stop.wait()
            nursery.cancel_scope.deadline = trio.current_time() + SETTLE_S

    def hush(self) -> None:
        """Send no new commands from now on."""
        self._stop.set()

    async def settle(self) -> bool:
        """Wait until all members of each room stand at the same place for QUIET_S; false after SETTLE_S."""
        last: object = None
        since = give_up_at = trio.current_time()
        give_up_at += SETTLE_S
        while trio.current_time() < give_up_at:
            stand = [
                [member.positions.get(room) for member in members] for room, members in self._members.items()
            ]
            together = all(None not in places and len(set(map(repr, places))) == 1 for places in stand)
            if stand != last or not together:
                last, since = stand, trio.current_time()
            elif trio.current_time() >= since + QUIET_S:
                return True
            await trio.sleep(POLL_S)
        return False

    async def _post(self, talker: Talker, room: str, chance: random.Random) -> None:
        number = 0
        while not await self._hushed(self.load.post_every_s * chance.uniform(0.5, 1.5)):
            number += 1
            body = f"{talker.name} {number}"
            await talker.send(PostMessage(client_id=talker.client.new_id(), stream=room, body=body))

    async def _throw_out(self, room: str, chance: random.Random) -> None:
        owner, *others = self._members[room]
        while others and not await self._hushed(self.load.kick_every_s * chance.uniform(0.5, 1.5)):
            user = chance.choice(others).user
            await owner.send(KickMember(client_id=owner.client.new_id(), stream=room, user=user))

    async def _hushed(self, seconds: float) -> bool:
        """Wait so long; whether it is over."""
        with trio.move_on_after(seconds):
            await self._stop.wait()
        return self._stop.is_set()


@asynccontextmanager
async def open_workload(
    endpoints: Sequence[Endpoint], load: Load, *, seed: int, sink: Sink, now: Callable[[], float]
) -> AsyncGenerator[Workload]:
    """Clients on these nodes, in their rooms, for the block: some on one node alone, some on any.

    Raises TokenUnavailableError if no node lets them in.
    """
    talkers = [
        Talker(f"{endpoint.name}/{number}", [endpoint], sink, now)
        for endpoint in endpoints
        for number in range(load.clients_per_node)
    ]
    for number in range(len(endpoints)):
        around = [*endpoints[number:], *endpoints[:number]]
        talkers.append(Talker(f"any/{number}", around, sink, now))
    workload = Workload(load, talkers, seed)
    async with httpx.AsyncClient(timeout=HTTP_TIMEOUT_S) as api, trio.open_nursery() as connections:
        for talker in talkers:
            await connections.start(talker.run, api)
        async with trio.open_nursery() as followers:
            await workload.furnish(followers)
            yield workload
            followers.cancel_scope.cancel()
        connections.cancel_scope.cancel()

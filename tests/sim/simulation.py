"""One seed: nodes, clients, trouble; then everything heals, and what was promised is held against what is."""

from __future__ import annotations

import random
from typing import Any

import trio

from actors.cluster import calls, outgoing, showing
from actors.inbox.kind import InboxKind
from actors.kind import Kind
from actors.room.kind import RoomKind
from actors.runtime import cell, entity, router
from actors.runtime import limits as runtime_limits
from actors.runtime.cell import Cell
from protocol.frames import RoomHead
from protocol.ids import SYSTEM, kind_of
from protocol.inbox import inbox_of
from protocol.limits import UNREAD_MAX
from storage.memory.read_positions import MemoryReadPositions
from tests.counter_kind import CounterKind
from tests.sim import gatherings, people, tournaments
from tests.sim.client import SimClient
from tests.sim.cluster import Cluster
from tests.sim.crowd import crowd_in_peace, crowds
from tests.sim.herd import Herd
from tests.sim.history import History
from tests.sim.idlers import Idlers
from tests.sim.node import SimNode
from tests.sim.people import Accounts, concern, count_unread, handle_of
from tests.sim.presence import check_rosters
from tests.sim.schedule import OUTBOX_BYTES_MAX
from tests.sim.trouble import Trouble
from tests.sim.truth import ObservedDatabase
from tests.sim.visitors import Visitors
from tests.sim.workload import World, act, found

HISTORY_S = 14.0
"""Simulated seconds of trouble; then everything is healed and must come right."""
HEAL_S = 90.0
HANGS_MAX = (0, 0, 1, 2)
"""How many commands that no node survives are sent: one of these for each history."""
SETTLE_S = 3.0
CROWDED = 0.4
"""The part of histories in which many come at once."""
EFFECTS_PER_COMMAND_MAX = 6
"""A post mentions each user once, and answers one."""


class Simulation:
    """One seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = random.Random(f"world {seed}")
        kinds: list[Kind[Any]] = [
            RoomKind(bytes(32)),
            InboxKind(),
            CounterKind(),
            tournaments.KIND,
            gatherings.KIND,
        ]
        self.database = ObservedDatabase({kind.wire.name: kind for kind in kinds})
        self.history = History(self.database)
        self.cluster = Cluster(seed, kinds, self.database, self.history)
        self.count = self.chance.choices([1, 2, 3, 4], [15, 30, 40, 15])[0]
        self.clients: list[SimClient] = []
        self.told = 0
        """Rooms of which a client was told at the end how much is unread."""
        self.present = 0
        """People who were known to be there at the end, on all nodes together."""
        self._owed: dict[Cell, int] = {}
        """What each cell owed when it was seen first: an activation owes what the one before it did."""

    async def run(self) -> None:
        """The whole history. Raises Violation, possibly in a group."""
        async with trio.open_nursery() as nursery:
            await nursery.start(self.cluster.run, self.count)
            self._people()
            for client in self.clients:
                nursery.start_soon(client.run)
            self.accounts = Accounts(self.cluster, self.clients, self.seed, nursery)
            self.herd = Herd(self.cluster, self.seed, self.history, nursery)
            self.visitors = Visitors(self.cluster, self.seed, self.history, nursery)
            self.idlers = Idlers(self.cluster, self.seed, self.history, nursery)
            self.cup = tournaments.Cup(self.cluster, self.clients, self.seed, self.history, nursery)
            self.fair = gatherings.Fair(self.cluster, self.seed, self.history, nursery)
            nursery.start_soon(self._check_always)
            await self._history()
            await self._play_on()
            await self._heal()
            self.cluster.finish()
            self._check()
            self._check_ping_pong()
            self._check_ends()
            self.herd.finish()
            self.cup.finish()
            self.fair.finish()
            self.history.finish()
            self.history.note("CHECK", "all promises held")
            nursery.cancel_scope.cancel()

    def _people(self) -> None:
        """The clients. Some are another device of the same user."""
        for index in range(self.chance.randint(2, 5)):
            client = SimClient(
                f"c{index}",
                index + 1,
                self.history,
                lambda: list(self.cluster.nodes.values()),
                f"client {self.seed} {index}",
            )
            if index > 1 and self.chance.random() < 0.4:
                client.user = self.clients[index - 2].user
            self.database.people.add(client.user, handle_of(client.user))
            self.clients.append(client)

    async def _history(self) -> None:
        world, users = (
            World(hangs=self.chance.choice(HANGS_MAX)),
            list(dict.fromkeys(client.user for client in self.clients)),
        )
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Trouble(self.cluster, self.seed).run)
            await trio.sleep(1.0)
            for what in ["room", "counter", *self.chance.choices(["room", "counter"], k=2)]:
                found(self.chance.choice(self.clients), what, self.chance)
            for client in self.clients:
                nursery.start_soon(act, client, world, users, f"act {self.seed} {client.name}")
                nursery.start_soon(concern, client, world, users, f"concern {self.seed} {client.name}")
                nursery.start_soon(count_unread, client, world, f"unread {self.seed} {client.name}")
            if self.chance.random() < CROWDED:
                nursery.start_soon(crowds, self.clients, world, f"crowds {self.seed}")
            if self.chance.random() < people.FALL_OUT:
                nursery.start_soon(people.fall_out, users, self.database, f"blocks {self.seed}")
            nursery.start_soon(self.accounts.run)
            nursery.start_soon(self.herd.run)
            nursery.start_soon(self.visitors.run)
            nursery.start_soon(self.idlers.run)
            if self.cup.there:
                nursery.start_soon(self.cup.run)
            if self.fair.there:
                nursery.start_soon(self.fair.run)
            await trio.sleep(HISTORY_S)
            nursery.cancel_scope.cancel()

    async def _play_on(self) -> None:
        """A tournament takes longer than a history: it goes on alone for a while, in as much trouble."""
        if not self.cup.there:
            return
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Trouble(self.cluster, f"{self.seed} plays on").run)
            await self.cup.play_on(tournaments.TROUBLED_S)
            nursery.cancel_scope.cancel()

    async def _heal(self) -> None:
        """Faults end; every command must get its answer, and every subscriber must have everything."""
        self.history.note("CHECK", "everything heals")
        self.cluster.heal()
        for client in self.clients:
            client.stall(False)
        await self.cup.end_in_peace()
        deadline = trio.current_time() + HEAL_S
        while True:
            await trio.sleep(1.0)
            for client in self.clients:
                client.resend()
            if not (unsettled := self._unsettled()):
                break
            if trio.current_time() > deadline:
                promise = 6 if unsettled == self._outliving() else 1
                raise self.history.fail(promise, f"nothing settles: {unsettled}")
        calm = self.database.activations.copy(), self.database.members.version
        await trio.sleep(SETTLE_S)
        self._check_calm(*calm)
        await self._check_unread()
        self.present = await check_rosters(self.cluster.nodes, self.history)
        await self.cup.look_in_peace()
        await self.fair.look_in_peace()
        await self.visitors.look_in_peace()
        await self.idlers.let_go_in_peace()
        others = self.database.story.keys() - self.herd.streams - self.idlers.streams - {self.visitors.stream}
        if counters := sorted(stream for stream in others if kind_of(stream) == "counter"):
            await crowd_in_peace(self.clients, counters, self.history)

    async def _check_unread(self) -> None:
        """Whoever watches is told in the end what there is."""
        positions = MemoryReadPositions(self.database)
        for client in self.clients:
            found = await positions.counts(client.user, dict.fromkeys(client.heads, 0))
            true, told = (
                {head.room: _counts(head) for head in heads} for heads in (found, client.heads.values())
            )
            self.told += len(told)
            if told != true:
                raise self.history.fail(2, f"{client.name} is told {told} is unread, not {true}")

    def _unsettled(self) -> list[str]:
        found = self.cluster.unsettled() + self._outliving() + self.herd.unsettled()
        found += self.visitors.unsettled() + self.idlers.unsettled() + self.cup.unsettled()
        found += self.fair.unsettled()
        if self.accounts.unsettled:
            found.append(f"{self.accounts.unsettled} ends of logins aren't settled")
        for client in self.clients:
            found += client.unsettled()
        for stream, story in self.database.story.items():
            row = self.database.stream(stream)
            if row is not None and row.effects_seq < len(story):
                found.append(f"{stream} owes effects after {row.effects_seq} of {len(story)}")
            rings = getattr(story[-1].state, "bell_at", None) is not None
            if rings and not self.history.poisoned(stream, SYSTEM):
                found.append(f"the bell of {stream} didn't ring yet")
            if getattr(story[-1].state, "weight_asked", False) and not self.history.poisoned(stream, SYSTEM):
                found.append(f"{stream} wasn't weighed yet")
        return found

    def _outliving(self) -> list[str]:
        """Sessions whose login has ended, as the nodes see it and as the clients do."""
        ended = self.database.ended
        clients = [
            f"{client.name} still speaks for {client.login}"
            for client in self.clients
            if client.online and not ended.isdisjoint((client.user, client.login))
        ]
        return clients + [
            f"a session of {session.user} outlives {session._authority._logins} on {name}"
            for name, node in self.cluster.nodes.items()
            for session in node.sessions
            if session.ready
            and not session.writer.closing
            and not ended.isdisjoint((session.user, *session._authority._logins))
        ]

    # --- what must hold at any time ---

    async def _check_always(self) -> None:
        while True:
            await trio.sleep(0.1)
            self._check()

    def _check(self) -> None:
        if self.database.alarms:
            raise self.history.fail(3, self.database.alarms[0])
        if self.database.late_writes:
            raise self.history.fail(6, self.database.late_writes[0], "revoked")
        self.herd.check()
        self.cup.check()
        self.fair.check()
        for name, node in self.cluster.nodes.items():
            # What was taken, and the timer, may be put back past the limit.
            most = entity.MAILBOX_COMMANDS_MAX + cell.BATCH_COMMANDS_MAX + 1
            if node.up and (fullest := node.runtime.supervisor.mailboxes[1]) > most:
                raise self.history.fail(5, f"a mailbox of {name} holds {fullest} commands")
            for session in node.sessions:
                if (queued := session.writer.queued_bytes) > 2 * OUTBOX_BYTES_MAX:
                    raise self.history.fail(5, f"the writer of {name} holds {queued} bytes")
            self._check_owed(name, node)
            if (bridge := node.bridge) is not None:
                # As many answers as other messages, and a beat.
                if bridge.queued > (2 * outgoing.LINK_QUEUE_MESSAGES_MAX + 1) * len(self.cluster.nodes):
                    raise self.history.fail(5, f"the links of {name} hold {bridge.queued} messages")
                asked = max((len(link.asked) for link in bridge._links), default=0)
                if asked > showing.QUESTIONS_HELD_MAX:
                    raise self.history.fail(5, f"{asked} questions wait for a link of {name}")
                if bridge.calls > calls.CALLS_MAX:
                    raise self.history.fail(5, f"{bridge.calls} calls of {name} wait")
                if (held := node.runtime.router.held) > router.HELD_MAX:
                    raise self.history.fail(5, f"{held} commands of {name} are held")

    def _check_owed(self, name: str, node: SimNode) -> None:
        """Nobody owes more than is bounded, but for what one command causes."""
        for one in node.cells:
            owed = len(one.active.owed)
            most = max(self._owed.setdefault(one, owed), runtime_limits.EFFECTS_OWED_MAX)
            calls = kind_of(one.stream) == tournaments.KIND.wire.name
            if owed >= most + (tournaments.CALLS_PER_COMMAND_MAX if calls else EFFECTS_PER_COMMAND_MAX):
                raise self.history.fail(5, f"{one.stream} on {name} owes {owed} effects")

    def _check_calm(self, before: dict[str, int], version: int) -> None:
        """In peace nothing moves: a stream is activated again only after it was idle."""
        if (now := self.database.members.version) != version:
            raise self.history.fail(8, f"the view moved from {version} to {now} in peace")
        idle = 1 + int(SETTLE_S / runtime_limits.PASSIVATE_AFTER_S)
        for stream, times in self.database.activations.items():
            if times - before.get(stream, 0) > idle:
                raise self.history.fail(
                    8, f"{stream} was activated {times - before.get(stream, 0)} times in peace"
                )

    def _check_ping_pong(self) -> None:
        """Shards move when nodes come or go; streams are activated when their shard moved, or something failed."""
        database, cluster = self.database, self.cluster
        epoch = max(shard.row.epoch for shard in database.members.shards)
        if epoch > (most := 4 * (database.comings + 1)):
            raise self.history.fail(8, f"a shard moved {epoch} times, for {most} at most")
        causes = cluster.counters["troubles"] + cluster.lives + cluster.freezes
        idle = int(trio.current_time() / runtime_limits.PASSIVATE_AFTER_S)
        for stream, times in database.activations.items():
            if times > (most := database.shard(stream).row.epoch + causes + idle + 3):
                raise self.history.fail(8, f"{stream} was activated {times} times, for {most} at most")

    def _check_ends(self) -> None:
        """Each inbox heard of each end once."""
        for user, ends in self.accounts.ended.items():
            story = self.database.story.get(inbox_of(user), [])
            heard = sum(fact.header.author == SYSTEM for fact in story)
            heard += self.history.poisoned(inbox_of(user), SYSTEM)
            if heard != ends:
                raise self.history.fail(3, f"{user} was logged out {ends} times, its inbox heard {heard}")

    @property
    def counts(self) -> dict[str, int]:
        """What this history covered."""
        history = self.history
        return {
            "seeds": 1,
            "nodes": len(self.cluster.nodes),
            "lives": self.cluster.lives,
            "commands": len(history.sent),
            "deliveries": history.deliveries,
            "signals": history.signals,
            "snapshots": history.snapshots,
            "replays": history.replays,
            "unread rooms": self.told,
            "revocations": history.revocations,
            "logouts": history.logouts,
            "inbox items": sum(
                len(story) for stream, story in self.database.story.items() if kind_of(stream) == "inbox"
            ),
            "blocks": len(self.database.ever_blocked),
            "unknown replies": history.unknowns,
            "slow readers": sum(client.closed_slow for client in self.clients),
            "events": sum(map(len, self.database.story.values())),
            "activations": self.database.activations.total(),
            "views": self.database.members.version,
            "hangs": len(self.database.stood),
            "poisoned": self.database.poisonings,
            "herds": int(self.herd.there),
            "present": self.present,
            "visited": int(self.visitors.there),
            "idle masses": int(self.idlers.there),
            "came while let go": self.idlers.came_between,
            "tournaments": int(self.cup.there),
            "gatherings": int(self.fair.there),
            "moves of players": self.fair.moved,
            "played to the end": int(self.cup.ended),
            "corrections": self.cup.corrected,
            "woken": self.herd.woken_most,
            "frames lost": self.cluster.bus_faults.lost,
            **self.cluster.counters,
        }


def _counts(head: RoomHead) -> tuple[int, int, int | None]:
    """Number, unread and mentions: of more unread messages than are counted, nobody knows which mention whom."""
    return head.number, head.unread, head.mentions if head.unread < UNREAD_MAX else None

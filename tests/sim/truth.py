"""What was really committed: an observer inside the memory database, from which the checkers judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import trio
from typing_extensions import override

from actors.kind import BLOCK, FactKey, Instant, Kind, pair
from actors.ports.cluster_view import Joining, Member, Shard, shard_of
from actors.ports.log import OWNERS_LOST_MAX, Append, Fence, Receipt
from actors.session.authority import LOGINS_ENDED
from actors.tables import Tables
from gatherup.chaos.truth import Fact, Stories
from protocol.event import decode_header
from protocol.ids import USER, kind_of
from protocol.inbox import owner_of
from storage.memory.database import MemoryDatabase
from storage.memory.members import StoredMembers
from tests.ports import TrioClock

__all__ = ["Fact", "ObservedDatabase"]

LEASE_PART_MIN = 0.99
"""Of a lease, so much must have passed before its holder is declared dead: clocks run apart by less."""
OUTAGE_S_MIN = 1.0
"""A shorter outage may fall between two renewals of an observer, which then can't tell it from a dead node."""
OUTAGE_PART_MIN = 0.5
"""Of a lease, so much must have passed outside the outages; what an observer measures of them is rough."""


class ObservedDatabase(MemoryDatabase):
    """A MemoryDatabase that keeps, for each stream, the story of what was committed. It is a ``Truth``.

    What it finds wrong stands in ``alarms``: nobody's ``except`` can pass over it there.
    """

    def __init__(self, kinds: dict[str, Kind[Any]]) -> None:
        super().__init__(now=self._time)
        self.skew_ms = 0
        """By how much the server's clock was set."""
        self.alarms: list[str] = []
        self.ended: set[str] = set()
        """Logins that ended, and users all of whose logins did."""
        self.login_ends: dict[tuple[str, str | None], int] = {}
        """By user and login, None for all: the seq of the first event of their inbox that says so."""
        self.blocked_at: dict[tuple[str, str], float] = {}
        """By who has blocked whom, since when."""
        self.ever_blocked: set[tuple[str, str]] = set()
        self.late_writes: list[str] = []
        """What reached sessions after their node had relayed the end of their login."""
        self.activations: Counter[str] = Counter()
        """By stream."""
        self.members = ObservedMembers(self._renewed)
        self._stories = Stories(kinds)
        self._writers: dict[tuple[str, int], Fence] = {}
        self._epochs: dict[str, int] = {}
        self._renewed_at: dict[Fence, float] = {}
        self._outages: list[tuple[float, float]] = []
        self.stood: Counter[tuple[str, str]] = Counter()
        """How many nodes didn't survive a command, by its author and client_id."""
        self.poisonings = 0
        self._taken: dict[tuple[str, str, str], list[Fence]] = {}
        self.on_checkpoint: Callable[[Fence, str], None] = lambda run, stream: None
        """Told of a run that is about to keep a checkpoint of a stream."""
        self.comings = 0
        """Runs that joined or were declared dead: each may move shards."""

    def _time(self) -> Instant:
        return TrioClock().now() + self.skew_ms

    # --- who writes ---

    def activated(self, stream: str, activation: int, *, run: Fence, epoch: int, shard: Shard) -> None:
        """Each activation is made by a live run, for a shard that is its own at that epoch."""
        self.activations[stream] += 1
        self._writers[stream, activation] = run
        actual = self.members.shards[shard_of(stream)].row
        if actual != Shard(run.node, epoch):
            self.alarms.append(f"{stream} was activated by {run} at epoch {epoch}, its shard is {actual}")
        if epoch < self._epochs.get(stream, 0):
            self.alarms.append(f"{stream} was activated at epoch {epoch} after {self._epochs[stream]}")
        self._epochs[stream] = epoch
        self.alive(run, f"activated {stream}")

    def wrote(self, run: Fence, stream: str, activation: int, what: str) -> None:
        """A write came through: it must be the activation's own run that made it."""
        if (writer := self._writers.get((stream, activation))) != run:
            self.alarms.append(f"{run} {what} {stream} in activation {activation} of {writer}")

    def acts(self, run: Fence, stream: str, what: str) -> None:
        """Only the shard's owner may do this now."""
        shard = self.shard(stream).row
        if shard.owner != run.node:
            self.alarms.append(f"{run} {what} {stream}, whose shard is {shard}")
        self.alive(run, f"{what} {stream}")

    def alive(self, run: Fence, what: str) -> None:
        """Only a run that isn't over may have done this just now."""
        node = self.members.nodes.get(run.node)
        if node is None or not node.member or node.row.fence != run.number:
            self.alarms.append(f"{run}, which is over, {what}")

    @property
    def story(self) -> dict[str, list[Fact]]:
        """The committed events of each stream."""
        return self._stories.story

    # --- who has blocked whom ---

    def block(self, who: str, whom: str) -> None:
        """The first doesn't want to hear of the second."""
        self.people.block(who, whom)
        self.blocked_at.setdefault((who, whom), trio.current_time())
        self.ever_blocked.add((who, whom))

    def unblock(self, who: str, whom: str) -> None:
        """The first has thought better of it."""
        self.people.pop(FactKey(BLOCK, pair(who, whom)), None)
        self.blocked_at.pop((who, whom), None)

    # --- who is alive ---

    def _renewed(self, run: Fence) -> None:
        self.comings += run not in self._renewed_at
        self._renewed_at[run] = trio.current_time()

    def declared_dead(self, member: Member) -> None:
        """Nobody is dead before its lease ran out."""
        self.comings += 1
        now, renewed_at = trio.current_time(), self._renewed_at[member.run]
        away_s = sum(max(0.0, min(now, end) - max(renewed_at, begin)) for begin, end in self._outages)
        could_s = now - renewed_at - away_s
        if could_s < (LEASE_PART_MIN if not away_s else OUTAGE_PART_MIN) * member.lease_s:
            self.alarms.append(
                f"{member.name} was declared dead {now - renewed_at:.2f} s after it renewed its lease, "
                f"of which PostgreSQL was away for {away_s:.2f} s"
            )

    def away(self, seconds: float) -> None:
        """Nobody reaches this server for a while."""
        begin, end = trio.current_time(), trio.current_time() + seconds
        if seconds < OUTAGE_S_MIN:
            return
        if self._outages and begin <= self._outages[-1][1]:  # it goes on
            begin, until = self._outages.pop()
            end = max(end, until)
        self._outages.append((begin, end))

    def back(self) -> None:
        """Everybody reaches this server."""
        now = trio.current_time()
        self._outages = [(begin, min(end, now)) for begin, end in self._outages]

    # --- what nobody survives ---

    def stands(self, by: str, client_id: str) -> None:
        """A node stands still with this command."""
        self.stood[by, client_id] += 1
        # An effect's first sending is noted nowhere, and later ones don't say whether there was one.
        if self.stood[by, client_id] > OWNERS_LOST_MAX + (kind_of(by) not in (USER, "key")):
            self.alarms.append(f"{self.stood[by, client_id]} nodes were lost with {client_id} of {by}")

    @override
    def take_in_hand(self, run: Fence, stream: str, key: tuple[str, str], lost_before: int) -> bool:
        """A command is refused for good only if the runs that had it in hand were lost."""
        if (stream, *key) not in self.in_hand:
            self._taken[stream, *key] = []
        earlier = self._taken[stream, *key]
        may = super().take_in_hand(run, stream, key, lost_before)
        lost = sum(self.fences(other) for other in set(earlier))
        if may is (lost + lost_before >= OWNERS_LOST_MAX):
            self.alarms.append(f"{key} of {stream} {'may' if may else 'may not'}, though {earlier} had it")
        self.poisonings += not may
        earlier.append(run)
        return may

    # --- what is written ---

    def commit(self, appends: Sequence[Append], tables: Tables) -> None:
        """Commit, then remember."""
        super().commit(appends, tables)
        for append in appends:
            stream, activation = append.stream, append.activation
            self.alive(self._writers[stream, activation], f"wrote to {stream}")
            row = self.stream(stream)
            if row is None or row.activation != activation:
                self.alarms.append(f"activation {activation} wrote to {stream} after a later one")
            for row in append.events:
                self._stories.remember(append.stream, row)
                self._note_ends(append.stream)

    def _note_ends(self, stream: str) -> None:
        header = self.story[stream][-1].header
        if header.type == LOGINS_ENDED:
            named = cast("tuple[str, ...]", header.marks.get("logins", ()))
            for login in (*named, *((None,) if "before" in header.marks else ())):
                self.login_ends.setdefault((owner_of(stream), login), header.seq)

    def revoked_too_late(self, what: str) -> None:
        """A session got something that it had no right to."""
        self.late_writes.append(what)

    def seqs(self, stream: str) -> Sequence[int]:
        """What the rows' headers say."""
        row = self.stream(stream)
        return [decode_header(event.header).seq for event in row.events] if row else []

    def receipts(self, stream: str) -> Mapping[tuple[str, str], Receipt]:
        """The receipts of a stream by (author, client_id)."""
        row = self.stream(stream)
        return row.receipts if row else {}

    def view(self, stream: str, seq: int, user: str) -> Any:
        """What a snapshot at this seq must show this user."""
        return self._stories.view(stream, seq, user)


class ObservedMembers(StoredMembers):
    """StoredMembers that tell when a lease moved."""

    def __init__(self, renewed: Callable[[Fence], None]) -> None:
        super().__init__()
        self._tell = renewed

    @override
    def enter(self, joining: Joining) -> Fence:
        run = super().enter(joining)
        self._tell(run)
        return run

    @override
    def renewed(self, node: int, hears: Sequence[int], report: str) -> None:
        super().renewed(node, hears, report)
        self._tell(self.nodes[node].row.run)

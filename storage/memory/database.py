"""The memory storage's server: what outlives the nodes that write to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from actors.kind import (
    COMPETITION,
    CREATED_TOLD_MAX,
    EVERYONE,
    LISTENERS,
    LISTENS_AFTER,
    MEMBERSHIPS,
    MEMBERSHIPS_MAX,
    NOBODY,
    ORGANISED,
    OWNED,
    PERSON,
    SERIES_COUNTED_MAX,
    SHARED_FACTS,
    TEXTS_OF_SERIES,
    UNFINISHED_COUNTED_MAX,
    FactKey,
    Instant,
    Job,
    Row,
    Update,
)
from actors.ports.cluster_view import Shard, shard_of
from actors.ports.log import (
    OWNERS_LOST_MAX,
    POISONED,
    Append,
    Fence,
    LogDataError,
    LogRow,
    ReadAccess,
    Receipt,
    Verdict,
)
from actors.tables import Tables
from protocol.ids import STREAM_ID_PATTERN, kind_of, stream_key
from storage.memory.locks import RowLock
from storage.memory.members import StoredMembers, StoredShard
from storage.memory.people import MemoryPeople
from storage.tables import (
    BAD_VALUES,
    INTEGER_MAX,
    INTEGER_MIN,
    check_distinct,
    check_text,
    check_values,
    checked,
)

BIRTH_STEP: Final = 1_000_000
"""Far more than a stream has activations."""
_FACT_ROWS: Final = {
    OWNED: ("tournament", ("owner", "visibility")),
    TEXTS_OF_SERIES: ("series", ("name", "named_by", "description", "described_by")),
}
"""Facts that are other streams' rows: their table, and what they tell."""
Table = dict[FactKey, Row]


@dataclass(eq=False)
class StoredStream:
    """One stream's row, and all rows that hang on it."""

    kind: str
    activation: int = 0
    head: int = 0
    last_at: Instant = 0
    wake_at: Instant | None = None
    effects_seq: int = 0
    deleted: bool = False
    """Soft-deleted: counts as absent, everything is kept."""
    events: list[LogRow] = field(default_factory=list[LogRow])
    # events[i] has seq i + 1; len(events) == head.
    receipts: dict[tuple[str, str], Receipt] = field(default_factory=dict[tuple[str, str], Receipt])
    rows: Table = field(default_factory=Table)
    jobs: dict[tuple[int, int], Job] = field(default_factory=dict[tuple[int, int], Job])
    checkpoints: dict[int, tuple[int, bytes]] = field(default_factory=dict[int, tuple[int, bytes]])
    """By version: the seq it stands at, and the state."""
    lock: RowLock = field(default_factory=RowLock)


@dataclass
class InHand:
    """A command that a run took in hand and didn't let go of."""

    run: Fence
    lost: int
    """Runs that were lost with it."""


class MemoryDatabase:
    """Everything stored. Nodes come and go; this stays for the whole simulation.

    Its methods are single steps: none awaits, so each is as atomic as a transaction that holds its locks.
    """

    def __init__(self, *, incarnation: int = 1, now: Callable[[], Instant] | None = None) -> None:
        self.incarnation = incarnation
        self.now = now
        """The server's own clock; None: it is always as late as at the node that asks."""
        self.streams: dict[bytes, StoredStream] = {}
        self.read_positions: dict[tuple[str, str], int] = {}
        """By user and room: the number of a message."""
        self.in_hand: dict[tuple[str, str, str], InHand] = {}
        """By stream, author and client_id."""
        self.people = MemoryPeople()
        self.members = StoredMembers()
        self._births = 0

    def create(self, stream: str) -> None:
        """Make an empty stream. Its activations are larger than those of any stream that was forgotten before."""
        self._births += BIRTH_STEP
        self.streams[stream_key(stream)] = StoredStream(kind_of(stream), activation=self._births)

    def stream(self, stream: str) -> StoredStream | None:
        """The stream, unless it is absent, soft-deleted or of another kind."""
        found = self.streams.get(stream_key(stream))
        return found if found and not found.deleted and found.kind == kind_of(stream) else None

    def fences(self, fence: Fence) -> bool:
        """Whether this fence may not write any more."""
        node = self.members.nodes.get(fence.node)
        return node is None or node.row.fence != fence.number

    def owns(self, fence: Fence, stream: str, epoch: int) -> bool:
        """Whether the stream's shard is this node's, at this epoch."""
        return self.shard(stream).row == Shard(fence.node, epoch)

    def shard(self, stream: str) -> StoredShard:
        """The shard of a stream."""
        return self.members.shards[shard_of(stream)]

    def activated(self, stream: str, activation: int, *, run: Fence, epoch: int, shard: Shard) -> None:
        """Told of each activation as it commits: who asked, at which epoch, and how the shard stood then.

        A simulation overrides this to keep the truth.
        """

    def fact(self, stream: str, key: FactKey, tables: Tables) -> Row | None:
        """A row of the stream, as a node that knows these tables sees it, or of the shared facts."""
        if key.table == MEMBERSHIPS:
            held = FactKey(LISTENERS, key.key)
            count = sum(held in row.rows for row in self.streams.values() if not row.deleted)
            return {"count": min(count, MEMBERSHIPS_MAX)}
        if key.table == ORGANISED:
            return self._organised(key.key)
        if key.table == COMPETITION:
            return self._competition(*key.key.split(" "))
        if key.table in (OWNED, TEXTS_OF_SERIES):
            return self._of_stream(key)
        if key.table in SHARED_FACTS:
            return self.people.get(key)
        row = self.stream(stream)
        found = row.rows.get(key) if row else None
        if found is None or (table := tables.get(key.table)) is None:
            return found
        return {column.name: found.get(column.name, column.default) for column in table.columns}

    def _of_stream(self, key: FactKey) -> Row | None:
        """A fact that is another stream's row."""
        table, names = _FACT_ROWS[key.table]
        stream = self.stream(key.key) if re.match(STREAM_ID_PATTERN, key.key) else None
        row = None if stream is None else stream.rows.get(FactKey(table, ""))
        if row is None or (key.table == OWNED and row.get("deleted_at") is not None):
            return None
        return {name: row.get(name) for name in names}

    def _organised(self, user: str) -> Row | None:
        if FactKey(PERSON, user) not in self.people:
            return None
        mine = [
            row
            for stream in self.streams.values()
            if not stream.deleted
            for table in ("tournament", "gathering")
            if (row := stream.rows.get(FactKey(table, ""))) is not None
        ]
        unfinished = sum(
            row["owner"] == user
            and row.get("deleted_at") is None
            and row["phase"] not in ("finished", "closed", "cancelled")
            for row in mine
        )
        created = sorted(
            (int(str(row["created_at"])) for row in mine if row.get("created_by") == user), reverse=True
        )
        series = sum(
            row["owner"] == user and row.get("deleted_at") is None and row["phase"] != "cancelled"
            for stream in self.streams.values()
            if not stream.deleted and (row := stream.rows.get(FactKey("series", ""))) is not None
        )
        return {
            "verified": user in self.people.verified,
            "unfinished": min(unfinished, UNFINISHED_COUNTED_MAX),
            "created": created[:CREATED_TOLD_MAX],
            "series": min(series, SERIES_COUNTED_MAX),
        }

    def _competition(self, tournament: str, user: str) -> Row | None:
        stream = self.stream(tournament)
        row = None if stream is None else stream.rows.get(FactKey("tournament", ""))
        if stream is None or row is None or row.get("deleted_at") is not None:
            return None
        staff = stream.rows.get(FactKey("tournament_staff", user), {})
        entered = any(key.table == "tournament_entrant" for key in stream.rows)
        return {
            "organises": staff.get("role") in ("owner", "organiser"),
            "phase": row["phase"],
            "gathering": row.get("gathering"),
            "fit": not row.get("team_max") and row["visibility"] != "invited" and not entered,
        }

    def access(self, stream: str, user: str) -> ReadAccess:
        """Right, incarnation and head of this user in this stream."""
        row = self.stream(stream)
        if row is None:
            return ReadAccess(False, False, self.incarnation, 0)
        held = [row.rows.get(FactKey(LISTENERS, name)) for name in (user, EVERYONE)]
        after = [values.get(LISTENS_AFTER) or 0 for values in held if values is not None]
        if not after or FactKey(LISTENERS, NOBODY) in row.rows:
            return ReadAccess(True, False, self.incarnation, row.head)
        return ReadAccess(True, True, self.incarnation, row.head, min(int(str(seq)) for seq in after))

    def judge(self, append: Append) -> Verdict:
        """Judge an append by the row as it stands. The caller holds its lock, and has checked the node's fence."""
        row = self.stream(append.stream)
        if row is None or row.activation != append.activation:
            return Verdict.FENCED
        if any((receipt.author, receipt.client_id) in row.receipts for receipt in append.receipts):
            return Verdict.DUPLICATE
        return Verdict.ACCEPTED if row.head == append.head else Verdict.BEHIND

    def take_in_hand(self, run: Fence, stream: str, key: tuple[str, str], lost_before: int) -> bool:
        """Note that a live run decides a command, or leave the receipt that refuses it."""
        held = self.in_hand.setdefault((stream, *key), InHand(run, lost_before))
        held.lost += self.fences(held.run)
        held.run = run
        if held.lost < OWNERS_LOST_MAX:
            return True
        if row := self.stream(stream):
            row.receipts.setdefault(key, Receipt(*key, row.head + 1, row.head, POISONED))
        return False

    def commit(self, appends: Sequence[Append], tables: Tables) -> None:
        """Write appends that were judged and accepted; all or, raising LogDataError, none.

        ``tables`` are those that the writing node knows.
        """
        for append in appends:
            check(append, tables)
        for append in appends:
            row = self.streams[stream_key(append.stream)]
            row.head += len(append.events)
            row.last_at = max(row.last_at, append.at)
            row.wake_at = append.wake_at
            row.effects_seq = append.effects_seq
            row.events.extend(append.events)
            for seq in append.erases:
                if 1 <= seq <= row.head:
                    row.events[seq - 1] = LogRow(seq, row.events[seq - 1].header, None)
            row.receipts.update({(r.author, r.client_id): r for r in append.receipts})
            for change in append.changes:
                values, key = checked(tables, change), FactKey(change.table, change.key)
                stored = row.rows.get(key)
                if values is None:
                    row.rows.pop(key, None)
                elif stored is not None and (isinstance(change, Update) or change.table in tables):
                    # A column that this node doesn't know keeps its value, also in a whole row.
                    row.rows[key] = {**stored, **values}
                elif not isinstance(change, Update):
                    row.rows[key] = values
            for job in append.jobs:
                row.jobs.setdefault((job.seq, job.index), job.job)


def check(append: Append, tables: Tables) -> None:
    """Raise LogDataError for what PostgreSQL would refuse to store."""
    seqs = [event.seq for event in append.events]
    if seqs != list(range(append.head + 1, append.head + 1 + len(seqs))):
        raise LogDataError(f"{append.stream}: seqs {seqs} after head {append.head}")
    if len({(r.author, r.client_id) for r in append.receipts}) != len(append.receipts):
        raise LogDataError(f"{append.stream}: two receipts of one client_id")
    if append.wake_at is not None and not _fits(append.wake_at):
        raise LogDataError(f"{append.stream}: {append.wake_at!r} is no instant")
    try:
        check_distinct(append.changes)
        for change in append.changes:
            checked(tables, change)
        for receipt in append.receipts:
            check_text(receipt.author)
        for job in append.jobs:
            check_text(job.job.queue)
            check_values(job.job.arguments)
    except BAD_VALUES as error:
        raise LogDataError(f"{append.stream}: {error}") from error


def _fits(number: object) -> bool:
    """Whether this is an integer of 64 bits: a kind's functions chose it."""
    return isinstance(number, int) and INTEGER_MIN <= number <= INTEGER_MAX

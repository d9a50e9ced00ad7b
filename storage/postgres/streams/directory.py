"""The directory in PostgreSQL. What it decides stands in the functions of the ownership migration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import msgspec
import psycopg
from typing_extensions import override

from actors.cluster.refusals import join_refused
from actors.ports.cluster_view import ClusterView, Joining, Member, Move, Renewal, Shard
from actors.ports.directory import Directory, NameHeldError
from actors.ports.log import Fence, FencedError, LogUnavailableError
from actors.ports.time import Clock
from storage.postgres.driver.errors import own_words
from storage.postgres.driver.line import Line
from storage.postgres.driver.write_access import WriteAccess
from storage.postgres.streams.log import quick
from storage.postgres.streams.parameters import run_of

RENEW_TIMEOUT_S: Final = 1.0
"""A renewal, a new connection included. Half a lease, so that a second try may still come in time."""
CALL_TIMEOUT_S: Final = 5.0
"""Any other call."""
LOCK_TIMEOUT_S: Final = 2.0
"""How long a change waits for what a node is writing. A thing of milliseconds, unless something is wrong."""

_RENEW: Final = """
    select version, now_ms, members, owners, epochs
    from renew_lease(%(node)s, %(fence)s, %(hears)s::bigint[], %(report)s, %(known)s)
"""
_READ: Final = "select version, now_ms, members, owners, epochs from cluster_view(null)"
_JOIN: Final = """
    select refused, holder, node_id, node_fence from join_cluster_v4(
        %(name)s, %(cluster)s, %(secret_digest)s, %(lease_s)s, %(protocol)s, %(bridged)s,
        %(over_id)s, %(over_fence)s, %(over_lease)s, %(receipt_digest)s, %(token_digests)s::bytea[], %(streams)s)
"""
_MOVE: Final = """
    select move_shards(%(node)s, %(fence)s, %(shards)s::smallint[], %(epochs)s::bigint[], %(owners)s::bigint[])
"""
_DECLARE_DEAD: Final = """
    select declare_dead(
        %(node)s, %(fence)s, %(dead)s, %(dead_fence)s, %(dead_lease)s, %(shards)s::smallint[], %(heirs)s::bigint[])
"""
_DRAIN: Final = "select drain_node(%(name)s)"
_LEAVE: Final = "select leave_cluster(%(node)s, %(fence)s)"


class PostgresDirectory(Directory):
    """The Directory port on PostgreSQL, with two connections of its own: no renewal waits behind a change.

    LogUnavailableError says nothing of whether a change was made: its answer may have been lost. The next view
    tells.
    """

    def __init__(
        self,
        conninfo: str,
        clock: Clock,
        *,
        renew_timeout_s: float = RENEW_TIMEOUT_S,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
        access: WriteAccess | None = None,
    ) -> None:
        self.trouble: str | None = None
        """Why leases can't be renewed, in PostgreSQL's own words: the first reason since the last renewal."""
        self._access = access or WriteAccess()
        # A renewal need not be durable: only whether the lease moves means anything, and back is a move too. So
        # a disk that is slow to flush stops nobody.
        self._renewals = _line(conninfo, clock, self._access, renew_timeout_s, renew_timeout_s, "off")
        self._changes = _line(conninfo, clock, self._access, CALL_TIMEOUT_S, lock_timeout_s, "on")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections. No checkpoint."""
        await self._renewals.aclose()
        await self._changes.aclose()

    @override
    async def join(self, joining: Joining, *, over: Member | None = None) -> Fence:
        parameters = {
            **msgspec.structs.asdict(joining),
            "token_digests": list(joining.token_digests),
            "over_id": over and over.id,
            "over_fence": over and over.fence,
            "over_lease": over and over.lease,
        }
        ((refused, holder, node, fence),) = await _ask(self._changes, _JOIN, parameters)
        if refused is not None:
            raise join_refused(refused)
        if holder is not None:
            raise NameHeldError(msgspec.convert(holder, Member))
        return Fence(node, fence)

    @override
    async def renew(
        self, fence: Fence, *, hears: Sequence[int], report: str, known: ClusterView | None
    ) -> Renewal:
        parameters = {
            **run_of(fence),
            "hears": list(hears),
            "report": report,
            "known": known.version if known is not None else None,
        }
        try:
            found = await _ask(self._renewals, _RENEW, parameters)
        except LogUnavailableError as error:
            self.trouble = self.trouble or own_words(error)
            raise
        self.trouble = None
        self._access.granted()
        if not found:
            raise FencedError
        return _renewal(found[0], known)

    @override
    async def move(self, fence: Fence, moves: Sequence[Move]) -> int:
        parameters = {
            **run_of(fence),
            "shards": [move.shard for move in moves],
            "epochs": [move.epoch for move in moves],
            "owners": [move.to for move in moves],
        }
        ((moved,),) = await _ask(self._changes, _MOVE, parameters)
        if moved is None:
            raise FencedError
        return moved

    @override
    async def declare_dead(self, fence: Fence, member: Member, next_owners: Mapping[int, int]) -> bool:
        parameters = {
            **run_of(fence),
            "dead": member.id,
            "dead_fence": member.fence,
            "dead_lease": member.lease,
            "shards": list(next_owners),
            "heirs": list(next_owners.values()),
        }
        ((ended,),) = await _ask(self._changes, _DECLARE_DEAD, parameters)
        if ended is None:
            raise FencedError
        return ended

    @override
    async def drain(self, name: str) -> bool:
        ((found,),) = await _ask(self._changes, _DRAIN, {"name": name})
        return found

    @override
    async def leave(self, fence: Fence) -> None:
        await _ask(self._changes, _LEAVE, run_of(fence))

    @override
    async def read(self) -> ClusterView:
        (found,) = await _ask(self._changes, _READ, {})
        return _renewal(found, None).view


def _line(
    conninfo: str, clock: Clock, access: WriteAccess, timeout_s: float, lock_timeout_s: float, durable: str
) -> Line:
    settings = {
        # The functions judge rows as their last writer left them: only READ COMMITTED reads them so.
        "default_transaction_isolation": "read committed",
        "statement_timeout": f"{timeout_s * 1000:.0f}",
        "lock_timeout": f"{lock_timeout_s * 1000:.0f}",
        "synchronous_commit": durable,
    }
    return Line(quick(conninfo), clock, access, timeout_s=timeout_s, settings=settings)


async def _ask(line: Line, statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The one seam: whatever the driver says, deadlocks and lock timeouts included, the same may be tried again."""
    try:
        return await line.rows(statement, parameters)
    except psycopg.Error as error:
        raise LogUnavailableError(str(error)) from error


def _renewal(row: tuple[Any, ...], known: ClusterView | None) -> Renewal:
    version, now, members, owners, epochs = row
    if owners is not None:
        shards = tuple(Shard(owner, epoch) for owner, epoch in zip(owners, epochs, strict=True))
    else:
        assert known is not None  # the function leaves them out for its version alone
        shards = known.shards
    return Renewal(
        view=ClusterView(
            version=version, members=msgspec.convert(members, tuple[Member, ...]), shards=shards
        ),
        now=now,
    )

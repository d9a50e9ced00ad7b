"""How a cluster stands: the directory's view, and which leases this observer saw move."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from actors.ports.cluster_view import ClusterView, Member
from gatherup.operator.plain import plain
from gatherup.report import NodeReport, read_report


class NodeStatus(Struct, frozen=True, kw_only=True):
    """One member."""

    name: str
    run: int
    """The number of its present run."""
    shards: int
    lease_age_s: float | None
    """How long this observer saw its lease unchanged; None while it never saw it move."""
    lease_s: float
    """Unchanged for this long, the others take it for dead."""
    draining: bool
    hears: tuple[str, ...]
    """The members whose frames reach it."""
    report: NodeReport | None
    """What it tells of itself; None if that can't be read."""

    @property
    def state(self) -> str:
        """The member's state, in one word."""
        if self.lease_age_s is not None and self.lease_age_s >= self.lease_s:
            return "silent"
        if self.draining:
            return "draining"
        if self.report is None:
            return "unknown"
        if self.report.starting:
            return "starting"
        if self.report.unready is not None:
            return "unready"
        if not (self.report.http or self.report.stream):  # it has joined, and has told nothing of itself
            return "starting"
        return "degraded" if self.report.degraded is not None else "ready"


class ClusterStatus(Struct, frozen=True, kw_only=True):
    """The whole cluster."""

    version: int
    """Of the directory; joins, leaves, deaths, drains and moves raise it."""
    unowned: int
    """Shards that nobody owns now."""
    nodes: tuple[NodeStatus, ...]


class Observer:
    """Looks at views one after the other, and notes when each lease moved by its own clock."""

    def __init__(self) -> None:
        self._leases: dict[tuple[int, int], tuple[int, float, bool]] = {}
        """By run: the lease, since when (monotonic seconds), and whether it was seen to move."""

    def status(self, view: ClusterView, now: float) -> ClusterStatus:
        """How the cluster stood by this view, read now (monotonic seconds)."""
        runs = {(member.id, member.fence): member for member in view.members}
        self._leases = {run: self._lease(run, member, now) for run, member in runs.items()}
        names = {member.id: plain(member.name) for member in view.members}
        return ClusterStatus(
            version=view.version,
            unowned=len(view.owned_by(None)),
            nodes=tuple(self._node(view, member, names, now) for member in view.members),
        )

    def _lease(self, run: tuple[int, int], member: Member, now: float) -> tuple[int, float, bool]:
        known = self._leases.get(run)
        if known is None:
            return member.lease, now, False
        lease, _, _ = known
        return known if lease == member.lease else (member.lease, now, True)

    def _node(self, view: ClusterView, member: Member, names: dict[int, str], now: float) -> NodeStatus:
        _, since, moved = self._leases[member.id, member.fence]
        age_s = now - since
        return NodeStatus(
            name=names[member.id],
            run=member.fence,
            shards=len(view.owned_by(member.id)),
            lease_age_s=round(age_s, 2) if moved or age_s >= member.lease_s else None,
            lease_s=member.lease_s,
            draining=member.leaving,
            hears=tuple(names[id_] for id_ in member.hears if id_ in names),
            report=_plain_report(member.report),
        )


def _plain_report(text: str) -> NodeReport | None:
    """What a node tells of itself, fit for a terminal: any node may write anything there."""
    report = read_report(text)
    if report is None:
        return None
    return msgspec.structs.replace(
        report,
        http=plain(report.http),
        stream=plain(report.stream),
        unready=None if report.unready is None else plain(report.unready),
        degraded=None if report.degraded is None else plain(report.degraded),
    )

"""Three real nodes under load and faults: every promise is held against the log."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
import trio

from gatherup.chaos.command import inherited
from gatherup.chaos.records import Answered, Closed, Connected, Fault, Record, Settled, read_records
from gatherup.chaos.report import Report
from gatherup.chaos.run import PAGE, RECORD, TEXT, Plan, run_on_own
from gatherup.chaos.timetable import What
from gatherup.chaos.workload import Load
from gatherup.config.tree import Role
from gatherup.dev import SECRETS_FILE, secrets
from gatherup.randomness import SystemRandomness

pytestmark = [pytest.mark.real, pytest.mark.slow]

HANG_S = 600
NODES = {"node-1", "node-2", "node-3"}


def noticed_elsewhere(entries: Iterable[Record]) -> list[Record]:
    """What clients were told beside answers while another node than theirs was drained: refusals, closed sockets."""
    drains: list[Fault] = []
    told: list[tuple[str, Record]] = []
    nodes: dict[str, str] = {}
    for entry in entries:
        match entry:
            case Fault(what=What.DRAIN):
                drains.append(entry)  # written once it is over
            case Connected(client=client, node=node):
                nodes[client] = node
            case Closed(client=client):
                told.append((nodes.pop(client, ""), entry))
            case (
                Answered(client=client, answer="unknown")
                | Answered(client=client, code="unavailable" | "overloaded")
            ):
                told.append((nodes[client], entry))
            case Settled():
                break
            case _:
                pass
    return [
        entry
        for node, entry in told
        if not any(drain.node == node and drain.at <= entry.at <= (drain.until or 0) for drain in drains)
    ]


async def run(plan: Plan, nodes: int = len(NODES)) -> tuple[Report, list[Fault]]:
    with tempfile.TemporaryDirectory(prefix="gatherup-test-") as name, trio.fail_after(HANG_S):
        data = Path(name)
        data.chmod(0o755)  # noqa: ASYNC240 - PostgreSQL may have to run as another user
        settings = {**inherited(os.environ), **secrets(data / SECRETS_FILE, SystemRandomness())}
        report = await run_on_own(nodes, data, plan, settings, print)
    assert report.verdict.held, (plan.folder / TEXT).read_text()
    assert report.verdict.accepted > 100 and report.verdict.deliveries > 500
    assert report.verdict.unknown == 0
    assert "<svg" in (plan.folder / PAGE).read_text()
    return report, [record for record in read_records(plan.folder / RECORD) if isinstance(record, Fault)]


async def test_a_cluster_keeps_its_promises_under_faults(tmp_path: Path) -> None:
    _, faults = await run(Plan(seconds=42, seed=14385, folder=tmp_path))
    assert [fault.what for fault in faults] == [
        What.POSTGRES_RESTART,
        What.KILL,
        What.FREEZE,
        What.REDIS_FLUSH,
        What.DRAIN,
    ]


async def test_a_rolling_restart_of_all_nodes_loses_nothing(tmp_path: Path) -> None:
    report, faults = await run(Plan(seconds=36, seed=9, kinds=(What.DRAIN,), folder=tmp_path))
    assert {fault.node for fault in faults} == NODES
    assert report.times.handover is not None, "rooms were handed over while clients of other nodes posted"
    # Refusals would tell of a machine that is too busy to renew leases; sockets stay in any case.
    noticed = noticed_elsewhere(read_records(tmp_path / RECORD))
    assert not [entry for entry in noticed if isinstance(entry, Closed)]


async def test_each_role_is_restarted_alone_and_killed_workers_lose_and_double_nothing(
    tmp_path: Path,
) -> None:
    roles: tuple[Role, ...] = ("api", "stream", "stream", "worker")
    load = Load(clients_per_node=2, kick_every_s=1.5)
    report, faults = await run(Plan(seconds=30, seed=5, roles=roles, folder=tmp_path, load=load), len(roles))
    assert report.verdict.revocations > 5, "owners threw people out, which workers note"
    hits = [(fault.what, fault.node) for fault in faults]
    drains = [node for what, node in hits if what == What.DRAIN]
    assert sorted(drains) == ["node-1", "node-2", "node-3", "node-4"]
    assert [node for what, node in hits if what == What.KILL] == ["node-4", "node-4"]
    owned = {
        node: {room for fault in faults if fault.node == node for room in fault.streams} for node in drains
    }
    assert owned["node-1"] == owned["node-4"] == set(), "a node without the role owns no shard"
    assert owned["node-2"] | owned["node-3"]


def test_what_clients_of_other_nodes_notice_is_found() -> None:
    entries = [
        Connected(at=0, client="a", user="user:1", node="node-1"),
        Connected(at=0, client="b", user="user:2", node="node-2"),
        Answered(at=4, client="b", client_id="1", answer="accepted"),
        mine := Answered(at=4, client="a", client_id="2", answer="refused", code="unavailable"),
        Closed(at=5, client="a"),
        Answered(at=5, client="b", client_id="3", answer="refused", code="slow_mode"),
        theirs := Answered(at=5, client="b", client_id="4", answer="refused", code="unavailable"),
        closed := Closed(at=6, client="b"),
        Fault(at=3, what="drain", node="node-1", until=7),
        Settled(at=8),
        Closed(at=9, client="a"),
    ]
    assert noticed_elsewhere(entries) == [theirs, closed]
    assert noticed_elsewhere([entry for entry in entries if not isinstance(entry, Fault)])[0] == mine

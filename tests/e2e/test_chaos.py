"""Three real nodes under load and faults: every promise is held against the log."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
import trio

from gatherup.chaos.command import inherited
from gatherup.chaos.records import Fault, read_records
from gatherup.chaos.report import Report
from gatherup.chaos.run import PAGE, RECORD, TEXT, Plan, run_on_own
from gatherup.chaos.timetable import What
from gatherup.dev import SECRETS_FILE, secrets
from gatherup.randomness import SystemRandomness

pytestmark = [pytest.mark.real, pytest.mark.slow]

HANG_S = 600
NODES = {"node-1", "node-2", "node-3"}


async def run(plan: Plan) -> tuple[Report, list[Fault]]:
    with tempfile.TemporaryDirectory(prefix="gatherup-test-") as name, trio.fail_after(HANG_S):
        data = Path(name)
        data.chmod(0o755)  # noqa: ASYNC240 - PostgreSQL may have to run as another user
        settings = {**inherited(os.environ), **secrets(data / SECRETS_FILE, SystemRandomness())}
        report = await run_on_own(len(NODES), data, plan, settings, print)
    assert report.verdict.held, (plan.folder / TEXT).read_text()
    assert report.verdict.accepted > 100 and report.verdict.deliveries > 500
    assert report.verdict.unknown == 0
    assert "<svg" in (plan.folder / PAGE).read_text()
    return report, [record for record in read_records(plan.folder / RECORD) if isinstance(record, Fault)]


async def test_a_cluster_keeps_its_promises_under_faults(tmp_path: Path) -> None:
    _, faults = await run(Plan(seconds=60, seed=1549, folder=tmp_path))
    assert {fault.what for fault in faults} == {
        What.FREEZE,
        What.DRAIN,
        What.KILL,
        What.REDIS_FLUSH,
        What.CUT_REDIS,
        What.POSTGRES_RESTART,
        What.POSTGRES_SILENT,
        What.MUTE,
    }


async def test_a_rolling_restart_of_all_nodes_loses_nothing(tmp_path: Path) -> None:
    report, faults = await run(Plan(seconds=40, seed=9, kinds=(What.DRAIN,), folder=tmp_path))
    assert {fault.node for fault in faults} == NODES
    assert report.times.handover is not None, "rooms were handed over while clients of other nodes posted"

"""Three real nodes under load and faults: every promise is held against the log."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
import trio

from gatherup.chaos.command import inherited
from gatherup.chaos.records import Fault, read_records
from gatherup.chaos.run import PAGE, RECORD, TEXT, Plan, run_on_own
from gatherup.dev import SECRETS_FILE, secrets
from gatherup.randomness import SystemRandomness

pytestmark = [pytest.mark.real, pytest.mark.slow]

HANG_S = 600
SECONDS = 60


async def test_a_cluster_keeps_its_promises_under_faults(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="gatherup-test-") as name, trio.fail_after(HANG_S):
        data = Path(name)
        data.chmod(0o755)  # noqa: ASYNC240 - PostgreSQL may have to run as another user
        settings = {**inherited(os.environ), **secrets(data / SECRETS_FILE, SystemRandomness())}
        plan = Plan(seconds=SECONDS, seed=1, folder=tmp_path)
        report = await run_on_own(3, data, plan, settings, print)
    assert report.verdict.held, (tmp_path / TEXT).read_text()
    assert report.verdict.accepted > 100 and report.verdict.deliveries > 500
    assert report.verdict.unknown == 0
    assert any(isinstance(record, Fault) for record in read_records(tmp_path / RECORD))
    assert "<svg" in (tmp_path / PAGE).read_text()

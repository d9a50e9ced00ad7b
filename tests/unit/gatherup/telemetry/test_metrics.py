"""How a node's plain numbers become Prometheus metrics."""

from __future__ import annotations

from unittest.mock import MagicMock

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from actors.runtime.counters import Buckets
from gatherup.telemetry.job_measures import cron_measures, job_measures, sweep_measures, wakeup_measures
from gatherup.telemetry.measures import core_measures, http_measures, owed_measures
from gatherup.telemetry.metrics import Distribution, Distributions, Totals, registry_of
from tests.unit.actors.runtime.conftest import Add, Explode, World, ask_all, cid

BOUNDS = (0, 1, 2.5)
LABELS = {"code", "status", "endpoint", "queue", "outcome", "reason", "type", "what"}
"""What a label may say: a closed set of words each, never whose or which."""


@given(st.lists(st.floats(0, 10)))
def test_a_distribution_counts_each_value_where_it_belongs(values: list[float]) -> None:
    buckets = Buckets(BOUNDS)
    for value in values:
        buckets.add(value)
    text = generate_latest(registry_of([Distribution("x", "An x.", lambda: buckets)])).decode()
    (family,) = [f for f in text_string_to_metric_families(text) if f.name == "gatherup_x"]
    found = {sample.labels["le"]: sample.value for sample in family.samples if "le" in sample.labels}
    assert found == {
        **{str(float(bound)): sum(value <= bound for value in values) for bound in BOUNDS},
        "+Inf": len(values),
    }
    sums = {s.name: s.value for s in family.samples if "le" not in s.labels}
    assert sums["gatherup_x_count"] == len(values)
    assert sums["gatherup_x_sum"] == pytest.approx(sum(values))


def test_distributions_are_told_apart_by_their_labels() -> None:
    fast, slow = Buckets(BOUNDS), Buckets(BOUNDS)
    fast.add(0.5)
    slow.add(2)
    slow.add(9)
    by_queue = {("b",): slow, ("a",): fast}
    text = generate_latest(registry_of([Distributions("x", "An x.", ("queue",), lambda: by_queue)])).decode()
    told = [line for line in text.splitlines() if line.startswith("gatherup_x_")]
    assert [line for line in told if 'queue="a"' in line] == [
        'gatherup_x_bucket{le="0.0",queue="a"} 0.0',
        'gatherup_x_bucket{le="1.0",queue="a"} 1.0',
        'gatherup_x_bucket{le="2.5",queue="a"} 1.0',
        'gatherup_x_bucket{le="+Inf",queue="a"} 1.0',
        'gatherup_x_count{queue="a"} 1.0',
        'gatherup_x_sum{queue="a"} 0.5',
    ]
    assert 'gatherup_x_sum{queue="b"} 11.0' in told
    assert 'gatherup_x_bucket{le="2.5",queue="b"} 1.0' in told


def test_no_measure_has_a_label_that_could_name_somebody() -> None:
    node = MagicMock()
    jobs = (*job_measures(node), *wakeup_measures(node), *cron_measures(node), *sweep_measures(node))
    measures = [*core_measures(node), *http_measures(node), *jobs, *owed_measures(node)]
    assert {label for measure in measures for label in getattr(measure, "labels", ())} == LABELS
    names = [measure.name for measure in measures]
    assert len(set(names)) == len(names)


async def test_a_runtime_counts_what_it_commits(autojump_clock: object, world: World) -> None:
    a, b = world.make("1", "2")
    async with world.runtime() as runtime:
        await ask_all(runtime, [Add(client_id=cid(str(n)), stream=a) for n in range(7)])
        await ask_all(runtime, [Add(client_id=cid("b"), stream=b), Explode(client_id=cid("e"), stream=b)])
        committer, counters = runtime.committer, runtime.counters
        assert counters.events == {"tally.added": 8}
        assert committer.commit_events.total == committer.events == 8
        assert sum(committer.commit_events.counts) == sum(committer.commit_s.counts) == committer.commits
        assert counters.crashes == 1
        assert counters.activations >= 2
        assert runtime.supervisor.mailboxes == (0, 0)


async def test_mailboxes_are_counted(autojump_clock: object, world: World) -> None:
    a, b = world.make("1", "2")
    async with world.runtime() as runtime:
        await ask_all(runtime, [Add(client_id=cid("0"), stream=a), Add(client_id=cid("0"), stream=b)])
        for number, stream in enumerate((a, a, a, b)):
            command = Add(client_id=cid(f"x{number}"), stream=stream)
            runtime.router.send(command, by="user:" + "1" * 32, reply=lambda reply: None)
        assert runtime.supervisor.mailboxes == (4, 3)
        await trio.sleep(1)
        assert runtime.supervisor.mailboxes == (0, 0)


def test_counts_by_label_are_shown_by_label() -> None:
    measure = Totals("x", "An x.", ("type",), lambda: {("room.posted",): 2})
    assert b'gatherup_x_total{type="room.posted"} 2.0' in generate_latest(registry_of([measure]))

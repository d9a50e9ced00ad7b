"""What an observer makes of the views it reads."""

from __future__ import annotations

import json

import msgspec
import pytest
from rich.console import Console

from actors.ports.cluster_view import SHARDS, ClusterView, Member, Shard
from gatherup.operator.screen import as_line, table
from gatherup.operator.status import Observer
from gatherup.report import NodeReport, report_text

STREAM = "ws://10.0.0.1:8081"


def member(number: int, lease: int, **more: object) -> Member:
    values: dict[str, object] = {
        "fence": 1,
        "lease_s": 2.0,
        "protocol": 1,
        "report": report_text(NodeReport(stream=STREAM)),
    }
    return Member(id=number, name=f"node-{number}", lease=lease, **{**values, **more})  # type: ignore[arg-type]


def view(*members: Member, owner: int | None = 1) -> ClusterView:
    return ClusterView(version=7, members=members, shards=(Shard(owner, 1),) * SHARDS)


def test_a_lease_s_age_is_what_this_observer_saw() -> None:
    observer = Observer()
    (first,) = observer.status(view(member(1, 5)), 100.0).nodes
    assert (first.lease_age_s, first.state) == (None, "ready")  # it may have moved just before
    (second,) = observer.status(view(member(1, 6)), 100.5).nodes
    assert second.lease_age_s == 0
    (third,) = observer.status(view(member(1, 6)), 101.5).nodes
    assert (third.lease_age_s, third.state) == (1.0, "ready")
    (fourth,) = observer.status(view(member(1, 6)), 102.5).nodes
    assert (fourth.lease_age_s, fourth.state) == (2.0, "silent")
    (again,) = observer.status(view(member(1, 6, fence=2)), 103.0).nodes
    assert (again.lease_age_s, again.run) == (None, 2)  # another run


def test_a_lease_that_never_moves_is_told_of_after_its_time() -> None:
    observer = Observer()
    observer.status(view(member(1, 5)), 0.0)
    (node,) = observer.status(view(member(1, 5)), 2.0).nodes
    assert node.state == "silent"


@pytest.mark.parametrize(
    "report",
    [NodeReport(), NodeReport(starting=True, unready="Why."), NodeReport(starting=True, stream=STREAM)],
    ids=["joined", "not ready yet", "listens"],
)
def test_a_node_that_was_never_ready_starts(report: NodeReport) -> None:
    (node,) = Observer().status(view(member(1, 1, report=report_text(report))), 0.0).nodes
    assert node.state == "starting"


def test_states_and_what_they_come_from() -> None:
    reports = {
        "ready": report_text(NodeReport(stream=STREAM)),
        "unready": report_text(NodeReport(unready="Why.")),
        "degraded": report_text(NodeReport(stream=STREAM, degraded="What.")),
        "unknown": "not json",
    }
    members = [member(n, 1, report=text, hears=(1, 99)) for n, text in enumerate(reports.values(), 1)]
    found = Observer().status(view(*members, member(9, 1, draining=True, leaving=True), owner=None), 0.0)
    assert [node.state for node in found.nodes] == [*reports, "draining"]
    assert found.unowned == SHARDS
    assert found.nodes[1].hears == ("node-1",)  # 99 is nobody's
    console = Console(record=True, width=200)
    console.print(table(found))
    text = console.export_text()
    assert all(word in text for word in (*reports, "draining", "256 shards have no owner.", "Why.", "What."))


def test_each_number_stands_in_its_column() -> None:
    told = NodeReport(
        stream=STREAM,
        sessions=11,
        streams_active=12,
        lag_ms=13,
        calls=14,
        link_queue=15,
        holes=16,
        repairs=17,
        connections=99,
    )
    observer = Observer()
    observer.status(view(member(1, 1)), 0.0)
    observer.status(view(member(1, 2)), 1.0)
    others = member(2, 1)
    mine = member(1, 2, hears=(2,), report=report_text(told))
    console = Console(record=True, width=200)
    console.print(table(observer.status(view(mine, others), 1.5)))
    head, row = (
        next(line for line in console.export_text(clear=False).splitlines() if word in line)
        for word in ("repairs", "node-1")
    )
    cells = dict(zip(head.split(), row.replace(" s ", "s ").replace(" ms ", "ms ").split(), strict=True))
    assert cells == {
        "node": "node-1",
        "state": "ready",
        "shards": "256",
        "lease": "0.5s",
        "sessions": "11",
        "lag": "13ms",
        "calls": "14",
        "queue": "15",
        "holes": "16",
        "repairs": "17",
        "hears": "1/1",
    }


def test_the_table_can_be_read_in_80_columns() -> None:
    told = report_text(NodeReport(lag_ms=99_999, repairs=9_999, degraded="Why."))
    nodes = [member(n, 1, report=told, hears=(1, 2)) for n in (3, 1, 2)]
    console = Console(record=True, width=80)
    console.print(table(Observer().status(view(*nodes), 0.0)))
    text = console.export_text()
    assert "…" not in text
    assert [line.split()[0] for line in text.splitlines()[2:5]] == ["node-1", "node-2", "node-3"]


def test_json_is_one_line_with_everything() -> None:
    found = Observer().status(
        view(member(1, 1, report=report_text(NodeReport(stream=STREAM, sessions=3)))), 0.0
    )
    line = as_line(found)
    assert "\n" not in line
    document = json.loads(line)
    assert document["version"] == 7
    assert document["nodes"][0]["state"] == "ready"
    assert document["nodes"][0]["report"]["sessions"] == 3
    assert document["nodes"][0]["shards"] == SHARDS


def test_a_report_of_another_release_is_read_as_far_as_it_goes() -> None:
    text = msgspec.json.encode({"sessions": 2, "something_new": {"a": 1}}).decode()
    (node,) = Observer().status(view(member(1, 1, report=text)), 0.0).nodes
    assert node.report == NodeReport(sessions=2)


def test_nobody_is_there() -> None:
    console = Console(record=True, width=100)
    console.print(table(Observer().status(view(owner=None), 0.0)))
    assert "No node is a member now." in console.export_text()


def test_a_node_without_streams_is_no_draining_one_for_people() -> None:
    """It drains from its start, so that it gets none."""
    report = report_text(NodeReport(http="http://10.0.0.1:8080"))
    (node,) = Observer().status(view(member(1, 1, draining=True, report=report)), 0.0).nodes
    assert node.state == "ready"

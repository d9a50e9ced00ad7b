"""A node's report survives the directory."""

from __future__ import annotations

import json

from gatherup.report import NodeReport, read_report, report_text


def test_what_is_written_is_read() -> None:
    report = NodeReport(sessions=3, lag_ms=7, unready="The node is starting.")
    assert read_report(report_text(report)) == report
    assert set(json.loads(report_text(report))) == {"sessions", "lag_ms", "unready"}


def test_what_is_no_report_is_none() -> None:
    assert read_report("{") is None
    assert read_report('{"sessions": "many"}') is None
    assert read_report("{}") == NodeReport()

"""A node's report survives the directory."""

from __future__ import annotations

import json

from gatherup.report import REPORT_REASON_CHARS_MAX, NodeReport, read_report, report_text


def test_what_is_written_is_read() -> None:
    report = NodeReport(sessions=3, lag_ms=7, unready="The node is starting.")
    assert read_report(report_text(report)) == report
    assert set(json.loads(report_text(report))) == {"sessions", "lag_ms", "unready"}


def test_what_is_no_report_is_none() -> None:
    assert read_report("{") is None
    assert read_report('{"sessions": "many"}') is None
    assert read_report("{}") == NodeReport()


def test_a_report_is_short_whatever_went_wrong() -> None:
    reason = "\x00" * 5000 + "é" * 5000
    assert len(report_text(NodeReport(unready=reason, degraded=reason))) < 4 * REPORT_REASON_CHARS_MAX * 6
    told = read_report(report_text(NodeReport(degraded="x" * 5000)))
    assert told is not None
    assert told.degraded is not None
    assert len(told.degraded) == REPORT_REASON_CHARS_MAX

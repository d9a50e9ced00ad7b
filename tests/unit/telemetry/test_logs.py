"""What a log line must not hold."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from gatherup.config import Log
from gatherup.telemetry.logs import configure_logs


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_trace_shows_no_variables(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Log(format=form, level="info"))  # type: ignore[arg-type]
    password = "correct " + "horse"
    try:
        raise LookupError(len(password))
    except LookupError:
        structlog.stdlib.get_logger("test").exception("a request failed")
    shown = capsys.readouterr().err
    assert "LookupError" in shown
    assert "test_a_trace_shows_no_variables" in shown
    assert "correct horse" not in shown

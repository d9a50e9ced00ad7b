"""What a log line must not hold."""

from __future__ import annotations

import ast
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import structlog
from click.testing import CliRunner

from gatherup.config import Log
from gatherup.telemetry.logs import QUIET, configure_logs
from tests.logs import logging_restored
from tests.markdown import ROOT
from tests.unit.actors.runtime.conftest import Explode, World, cid


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    with logging_restored():
        yield


def test_what_is_logged_in_a_test_is_in_no_output(capfd: pytest.CaptureFixture[str]) -> None:
    """A node may log in the process in which a test compares what a command prints."""

    @click.command()
    def command() -> None:
        structlog.stdlib.get_logger("gatherup").error("a line", number=1)
        logging.getLogger("actors").error("another")
        click.echo("done")

    assert CliRunner().invoke(command).output == "done\n"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_trace_shows_no_variables(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Log(format=form, level="info"), "node-1")  # type: ignore[arg-type]
    password = "correct " + "horse"
    try:
        raise LookupError(len(password))
    except LookupError:
        structlog.stdlib.get_logger("test").exception("a request failed")
    shown = capsys.readouterr().err
    assert "LookupError" in shown
    assert "test_a_trace_shows_no_variables" in shown
    assert "correct horse" not in shown


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_every_line_names_its_node_and_what_it_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Log(format="json", level="info"), "node-1")
    structlog.stdlib.get_logger("ours").warning("one", session="s")
    logging.getLogger("actors").error("two", extra={"stream": "room:1", "command": "room.post"})
    structlog.stdlib.get_logger("gatherup.workers").error("a worker ended", node="node-1-2")
    with structlog.contextvars.bound_contextvars(endpoint="GET /v1/me"):
        logging.getLogger("a.library").error("three")
    one, two, other, three = lines(capsys)
    assert (one["node"], one["session"]) == ("node-1", "s")
    assert (two["node"], two["stream"], two["command"]) == ("node-1", "room:1", "room.post")
    assert other["node"] == "node-1-2"
    assert (three["node"], three["endpoint"]) == ("node-1", "GET /v1/me")


@pytest.mark.parametrize("library", QUIET)
def test_libraries_that_tell_headers_are_quiet(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Log(format="json", level="debug"), "node-1")
    logging.getLogger(f"{library}.connection").debug("headers=[(b'Authorization', b'Bearer x')]")
    logging.getLogger(library).info("GET https://hooks.example/secret")
    assert lines(capsys) == []


async def test_an_actors_crash_names_stream_and_command(
    autojump_clock: object, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(Log(format="json", level="info"), "node-1")
    (stream,) = world.make("1")
    async with world.runtime() as runtime:
        await runtime.router.ask(Explode(client_id=cid("e"), stream=stream), by="user:" + "1" * 32)
    (line,) = lines(capsys)
    assert {name: line[name] for name in ("event", "node", "stream", "command", "client_id")} == {
        "event": "a stream's actor crashed",
        "node": "node-1",
        "stream": stream,
        "command": "tally.explode",
        "client_id": cid("e"),
    }
    assert "RuntimeError: boom" in str(line["exception"])


# --- what no call may pass on ----------------------------------------------------------------------------

METHODS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
SECRET = re.compile(
    r"(token|password|secret|body|email|mail_to|address|authorization|cookie|credential|totp|otp)",
    re.IGNORECASE,
)


def told(source: str) -> list[str]:
    """``line: name`` for each name that a log call passes on or reads a value from, and that may be a secret."""
    found: list[str] = []
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        if call.func.attr not in METHODS or not re.search(r"log", ast.unparse(call.func.value)):
            continue
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        names = [keyword.arg for keyword in call.keywords if keyword.arg]
        for node in (inner for value in given for inner in ast.walk(value)):
            match node:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    names.append(name)
                case ast.Dict(keys=keys):
                    names += [key.value for key in keys if isinstance(key, ast.Constant)]
        found += [f"{call.lineno}: {name}" for name in names if SECRET.search(str(name))]
    return found


@pytest.mark.parametrize(
    "path",
    sorted(p for package in ("actors", "storage", "gatherup") for p in (ROOT / package).rglob("*.py")),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_no_log_call_passes_on_a_secret(path: Path) -> None:
    assert told(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        '_log.error("x", token=t)',
        '_log.error("x", who=account.email)',
        '_log.info("%s", password)',
        'log.debug("x", extra={"body": text})',
        '_log.warning("x", headers=request.headers["Authorization"], cookie=c)',
    ],
)
def test_a_call_that_does_is_found(line: str) -> None:
    assert len(told(line)) == 1

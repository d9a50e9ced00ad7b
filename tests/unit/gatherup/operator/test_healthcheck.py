"""``gatherup healthcheck``: where it asks, and what its exit codes say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gatherup.cli import main
from gatherup.config import ConfigError
from gatherup.operator.healthcheck import address_of

ANSWERS: dict[str, tuple[int, bytes]] = {
    "/health/live": (200, b'{"status":"ok"}'),
    "/health/ready": (503, b'{"status":"unready","reason":"it is stopping"}'),
}


@contextmanager
def answering(answers: dict[str, tuple[int, bytes]]) -> Iterator[int]:
    """The port of a server that gives these answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers[self.path]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def asked(*arguments: str, **variables: str) -> Result:
    return CliRunner().invoke(main, ["healthcheck", *arguments], env=variables)


def test_it_tells_alive_from_ready_and_says_why() -> None:
    with answering(ANSWERS) as port:
        alive = asked(GATHERUP_HTTP_PORT=str(port))
        unready = asked("--ready", GATHERUP_HTTP_PORT=str(port))
    assert (alive.exit_code, alive.output) == (0, "")
    assert (unready.exit_code, unready.stderr) == (
        1,
        "The node answers 503 to /health/ready: it is stopping\n",
    )


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff", b'{"reason":7}'])
def test_what_is_no_node_is_not_well(body: bytes) -> None:
    with answering({"/health/live": (502, body)}) as port:
        done = asked(GATHERUP_HTTP_PORT=str(port))
    assert (done.exit_code, done.stderr) == (1, "The node answers 502 to /health/live\n")


def test_nobody_there_is_not_well() -> None:
    done = asked(GATHERUP_HTTP_PORT="9")
    assert done.exit_code == 1
    assert done.stderr.startswith("The node doesn't answer on 127.0.0.1 port 9: ")


def test_it_asks_the_internal_port_if_there_is_one() -> None:
    assert address_of({}) == ("127.0.0.1", 8080)
    http = {"GATHERUP_HTTP_HOST": "0.0.0.0", "GATHERUP_HTTP_PORT": "81"}
    assert address_of(http) == ("127.0.0.1", 81)
    assert address_of({**http, "GATHERUP_INTERNAL_PORT": "90", "GATHERUP_INTERNAL_HOST": "::"}) == ("::1", 90)
    assert address_of({"GATHERUP_HTTP_HOST": "10.0.0.7"}) == ("10.0.0.7", 8080)


@pytest.mark.parametrize("variable", ["GATHERUP_HTTP_PORT", "GATHERUP_INTERNAL_PORT"])
def test_an_unknown_port_is_a_wrong_setting(variable: str) -> None:
    with pytest.raises(ConfigError, match=variable):
        address_of({variable: "0"})
    done = asked(**{variable: "no port"})
    assert done.exit_code == 2
    assert variable in done.stderr


def test_it_needs_no_secret_and_loads_neither_trio_nor_the_database_s_driver() -> None:
    """A container runs it every few seconds: what it loads is most of what it costs."""
    code = (
        "import sys; from gatherup.cli import main; main(['healthcheck'], standalone_mode=False)\n"
        "sys.exit(' '.join({'psycopg', 'quart', 'structlog', 'trio'} & sys.modules.keys()) or None)"
    )
    with answering(ANSWERS) as port:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"GATHERUP_HTTP_PORT": str(port)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr.strip()) == (0, "")

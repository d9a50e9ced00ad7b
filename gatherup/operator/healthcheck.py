"""``gatherup healthcheck``: whether the node of this environment is well, told by an exit code.

Containers call it every few seconds, so it asks over the standard library's HTTP client and loads no Trio.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any, Final

import click

from gatherup import config as configuration
from gatherup.config import ConfigError, Http, Internal

UNWELL: Final = 1
WRONG_CONFIGURATION: Final = 2
TIMEOUT_S: Final = 2.0
"""Of connecting, and of each read. Whoever runs it should wait a little longer, to see the reason."""
ANSWER_BYTES_MAX: Final = 65_536
_HERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


@click.command()
@click.option("--ready", is_flag=True, help="Ask whether it is ready to serve clients, not only alive.")
def healthcheck(ready: bool) -> None:
    """Ask the node of this environment whether it is alive, for containers.

    Exits 0 if it is, 1 if it isn't or doesn't answer within 2 s, 2 if its settings are wrong. The reason is on
    standard error.
    """
    try:
        host, port = address_of(configuration.environment())
    except ConfigError as error:
        click.echo("\n".join(error.problems), err=True)
        sys.exit(WRONG_CONFIGURATION)
    path = "/health/ready" if ready else "/health/live"
    problem = unwell(host, port, path)
    if problem is not None:
        click.echo(problem, err=True)
        sys.exit(UNWELL)


def address_of(environment: Mapping[str, str]) -> tuple[str, int]:
    """Where a node of this environment tells its health. Raises ConfigError."""
    internal, http = (
        configuration.branch(environment, Internal),
        configuration.branch(environment, Http),
    )
    host, port, variable = http.host, http.port, "GATHERUP_HTTP_PORT"
    if internal.port is not None:
        host, port, variable = internal.host, internal.port, "GATHERUP_INTERNAL_PORT"
    if port == 0:
        raise ConfigError([f"{variable}: is 0, any free port; name one, so that a health check knows it"])
    return _HERE.get(host, host), port


def unwell(host: str, port: int, path: str) -> str | None:
    """None if the node there is well, else a sentence that says what is wrong."""
    connection = HTTPConnection(host, port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read(ANSWER_BYTES_MAX)
    except (OSError, HTTPException) as error:
        return f"The node doesn't answer on {host} port {port}: {error or type(error).__name__}"
    finally:
        connection.close()
    if answer.status == 200:
        return None
    return f"The node answers {answer.status} to {path}{_reason(text)}"


def _reason(text: bytes) -> str:
    """What the answer says of itself, if it is one of a node."""
    try:
        found: Any = json.loads(text)
    except ValueError:
        return ""
    reason = found.get("reason") if isinstance(found, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return f": {reason}" if isinstance(reason, str) else ""

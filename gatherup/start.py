"""What a node takes hold of before it can serve, and the sentences with which a start is refused."""

from __future__ import annotations

from socket import socket  # noqa: TID251 - a type
from typing import Final

from actors.ports import AnotherNodeIsRunningError, Fence, LogUnavailableError
from gatherup.config import Http
from gatherup.http.server import bind
from storage.postgres.directory import PostgresDirectory

UNDEFINED_FUNCTION: Final = "42883"


class StartRefusedError(Exception):
    """The node can't start; the message is a sentence for a person."""


class FencedOutError(Exception):
    """Another node took over while this one ran."""


async def claim(directory: PostgresDirectory, name: str) -> Fence:
    """Take the database for this node. Raises StartRefusedError."""
    try:
        return await directory.claim(name)
    except AnotherNodeIsRunningError:
        raise StartRefusedError(
            "another_node_is_running: another node serves this database; stop it first."
        ) from None
    except LogUnavailableError as error:
        if getattr(error.__cause__, "sqlstate", None) == UNDEFINED_FUNCTION:
            raise StartRefusedError("The database lacks GatherUp's schema: run `gatherup migrate`.") from None
        raise StartRefusedError(f"The database can't be reached: {_one_line(error)}") from error


def bound(config: Http) -> socket:
    """The facade's listening socket. Raises StartRefusedError."""
    try:
        return bind(config.host, config.port)
    except OSError as error:
        raise port_refused("GATHERUP_HTTP_PORT", config.host, config.port, error) from error


def port_refused(variable: str, host: str, port: int, error: OSError) -> StartRefusedError:
    """That a port can't be listened on, and which setting names another."""
    reason = _one_line(error.strerror or error)
    return StartRefusedError(f"{host} port {port} can't be listened on: {reason}. {variable} names another.")


def _one_line(text: object) -> str:
    return " ".join(str(text).split())

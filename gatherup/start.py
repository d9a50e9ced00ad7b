"""What a node takes hold of before it can serve, and the sentences with which a start is refused."""

from __future__ import annotations

from socket import socket  # noqa: TID251 - a type
from typing import Final

from actors.cluster.member import join
from actors.ports.cluster_view import Joining
from actors.ports.directory import Directory, JoinRefusedError
from actors.ports.log import Fence, LogUnavailableError
from actors.ports.time import Clock
from gatherup.config import Config, Http, Internal
from gatherup.http.server import bind
from gatherup.kinds import TABLES
from protocol.nodes import NODE_PROTOCOL, key_digest, secret_digest
from storage.postgres.driver.errors import PostgresError
from storage.postgres.driver.pool import Pool
from storage.postgres.schema.fitness import SchemaUnfitError, check_schema
from storage.postgres.schema.plan import own

UNDEFINED_FUNCTION: Final = "42883"
_ADVICE: Final = {
    "wrong_cluster": "GATHERUP_CLUSTER_NAME must be the same on all nodes.",
    "wrong_secret": "GATHERUP_CLUSTER_SECRET must be the same on all nodes.",
    "wrong_receipt_key": "GATHERUP_RUNTIME_RECEIPT_KEY must be the same on all nodes.",
    "wrong_token_key": "GATHERUP_AUTH_TOKEN_KEY must be the same on all nodes, or stand in "
    "GATHERUP_AUTH_TOKEN_KEYS_ACCEPTED of the others while it is changed.",
    "unsupported_protocol": "Bring all nodes to one release of GatherUp and the next before this one.",
    "bus_needed": "Set REDIS_URL on all nodes, or run one alone.",
    "node_name_taken": "GATHERUP_NODE_NAME names another.",
}


class StartRefusedError(Exception):
    """The node can't start; the message is a sentence for a person."""


class FencedOutError(Exception):
    """Another node took over while this one ran."""


async def joined(config: Config, directory: Directory, clock: Clock) -> Fence:
    """Become a member of the cluster. Raises StartRefusedError."""
    try:
        return await join(directory, joining(config), clock)
    except JoinRefusedError as error:
        raise StartRefusedError(f"{error.code}: {error} {_ADVICE[error.code]}") from None
    except LogUnavailableError as error:
        raise unreachable(error) from error


async def fit(pool: Pool) -> None:
    """Return if this version of GatherUp may run on the database's schema. Raises StartRefusedError."""
    try:
        await check_schema(pool, own(), TABLES)
    except SchemaUnfitError as error:
        raise StartRefusedError(str(error)) from None
    except PostgresError as error:
        raise StartRefusedError(f"The database can't be reached: {_one_line(error)}") from error


def joining(config: Config) -> Joining:
    """What a node of this configuration says of itself when it joins."""
    secret, accepted = config.cluster.secret, config.auth.token_keys_accepted
    token_keys = (config.auth.token_key.key, *(accepted.keys if accepted is not None else ()))
    return Joining(
        name=config.node.name,
        cluster=config.cluster.name,
        secret_digest=secret_digest(secret.key if secret is not None else b"", config.cluster.name),
        lease_s=config.cluster.lease_s,
        protocol=NODE_PROTOCOL,
        bridged=config.redis.url is not None,
        streams="stream" in config.node.roles,
        receipt_digest=key_digest(config.runtime.receipt_key.key, config.cluster.name),
        token_digests=tuple(key_digest(key, config.cluster.name) for key in token_keys),
    )


def unreachable(error: LogUnavailableError) -> StartRefusedError:
    """Why the database can't be used."""
    if getattr(error.__cause__, "sqlstate", None) == UNDEFINED_FUNCTION:
        return StartRefusedError("The database lacks GatherUp's schema: run `gatherup migrate`.")
    return StartRefusedError(f"The database can't be reached: {_one_line(error)}")


def bound(config: Http, *, shared: bool) -> socket:
    """The facade's listening socket. Raises StartRefusedError."""
    return _bound("GATHERUP_HTTP_PORT", config.host, config.port, shared=shared)


def bound_inside(config: Internal) -> socket | None:
    """The listening socket of health and metrics, if they have a port of their own. Raises StartRefusedError."""
    return (
        None
        if config.port is None
        else _bound("GATHERUP_INTERNAL_PORT", config.host, config.port, shared=False)
    )


def _bound(variable: str, host: str, port: int, *, shared: bool) -> socket:
    try:
        return bind(host, port, shared=shared)
    except OSError as error:
        raise port_refused(variable, host, port, error) from error


def port_refused(variable: str, host: str, port: int, error: OSError) -> StartRefusedError:
    """That a port can't be listened on, and which setting names another."""
    reason = _one_line(error.strerror or error)
    return StartRefusedError(f"{host} port {port} can't be listened on: {reason}. {variable} names another.")


def _one_line(text: object) -> str:
    return " ".join(str(text).split())

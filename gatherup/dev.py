"""``gatherup dev``: a whole installation on this machine, with nothing to install or set beforehand."""

from __future__ import annotations

import os
import signal
import socket  # noqa: TID251 - it looks for free ports
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import trio

from actors.ports.time import Randomness
from gatherup import config as configuration
from gatherup.addresses import USUAL, Addresses
from gatherup.chaos.cluster import Cluster, open_cluster
from gatherup.chaos.guest import Endpoint
from gatherup.chaos.node import ClusterNode
from gatherup.clock import SystemClock
from gatherup.embedded import embedded_postgres, embedded_valkey
from gatherup.lifetime import serve
from gatherup.playground.console import Console
from gatherup.playground.lines import lines
from gatherup.playground.orders import HELP
from gatherup.playground.talk import Talk
from gatherup.randomness import SystemRandomness
from gatherup.start import StartRefusedError
from gatherup.telemetry.logs import configure_logs
from storage.postgres.schema.migrate import migrate
from storage.postgres.streams.directory import PostgresDirectory

DATABASE: Final = "gatherup"
SECRETS_FILE: Final = "secrets.env"
OUTBOX: Final = "outbox"
"""Where letters go: a file each."""
GENERATED: Final = ("GATHERUP_AUTH_TOKEN_KEY", "GATHERUP_RUNTIME_RECEIPT_KEY", "GATHERUP_CLUSTER_SECRET")
PORTS: Final = {"GATHERUP_HTTP_PORT": 8080, "GATHERUP_STREAM_PORT": 8081}
ALONE: Final = {*PORTS, "GATHERUP_INTERNAL_PORT"}
"""Of several nodes on one machine, one can have them."""
LOOPBACK: Final = "127.0.0.1"
STDIN: Final = 0
_ANYBODY: Final = {"GATHERUP_HTTP_ANONYMOUS_PER_S": "1e3", "GATHERUP_HTTP_ANONYMOUS_BURST": "1e3"}
"""All clients of the playground come from one address."""

Say = Callable[[str], object]


async def run(environment: Mapping[str, str], *, program: str, ephemeral: bool, say: Say) -> None:
    """Start the servers, migrate, serve until Ctrl-C. Raises what serving or the embedded servers raise.

    ``program`` is how this program is started, for commands that can be pasted.
    """
    with _data(environment, ephemeral) as data:
        async with (
            embedded_postgres(data / "postgres") as postgres,
            embedded_valkey(data / "valkey") as valkey,
        ):
            for note in (*postgres.notes, *valkey.notes):
                say(note)
            found = {
                "GATHERUP_NODE_LAME_DUCK_S": "0",
                "GATHERUP_LOG_FORMAT": "console",
                "GATHERUP_LOG_LEVEL": "warning",
                "DATABASE_URL": postgres.dsn_for(DATABASE),
                "REDIS_URL": valkey.url,
                "GATHERUP_MAIL_OUTBOX": str(data / OUTBOX),
                **secrets(data / SECRETS_FILE, SystemRandomness()),
                **free_ports(environment, say),
            }
            config = configuration.read({**found, **environment})
            configure_logs(config.log, config.node.name)
            await trio.to_thread.run_sync(migrate, config.postgres.url.reveal())  # noqa: TID251 - before any actor
            async with trio.open_nursery() as nursery:
                nursery.start_soon(postgres.keep, say)
                nursery.start_soon(valkey.keep, say)
                await serve(config, started=partial(_greet, say, program))
                nursery.cancel_scope.cancel()


async def run_cluster(
    nodes: int, environment: Mapping[str, str], *, program: str, ephemeral: bool, say: Say
) -> None:
    """Start the servers and so many nodes, and a chat on them; obey standard input until Ctrl-C or ``quit``.

    Raises what the nodes or the embedded servers raise.
    """
    clock = SystemClock()
    with _data(environment, ephemeral) as data:
        settings = {
            **_ANYBODY,
            "GATHERUP_LOG_FORMAT": "console",
            "GATHERUP_STREAM_GOODBYE_SPREAD_S": "0.5",
            "GATHERUP_MAIL_OUTBOX": str(data / OUTBOX),
            **secrets(data / SECRETS_FILE, SystemRandomness()),
            **{name: value for name, value in environment.items() if name not in ALONE},
        }
        async with trio.open_nursery() as nursery:
            await nursery.start(_end_on_signals, nursery.cancel_scope.cancel)
            async with open_cluster(nodes, data, say, settings=settings) as cluster:
                async with PostgresDirectory(cluster.dsn, clock) as directory:
                    talk = Talk([_endpoint(node) for node in cluster.nodes.values()], clock, say)
                    await nursery.start(talk.run)
                    _greet_cluster(say, program, data, cluster)
                    await Console(cluster, directory, talk.tally, clock, say).run(lines(STDIN))
                nursery.cancel_scope.cancel()


async def _end_on_signals(end: Callable[[], None], *, task_status: trio.TaskStatus[None]) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for _ in signals:
            end()


def _endpoint(node: ClusterNode) -> Endpoint:
    return Endpoint(
        node.name,
        http=lambda: None if node.addresses is None else node.addresses.http,
        stream=lambda: None if node.addresses is None else node.addresses.stream,
    )


def _greet_cluster(say: Say, program: str, data: Path, cluster: Cluster) -> None:
    places = "".join(
        f"  {node.name}  {node.addresses.http}  {node.addresses.stream}\n"
        for node in cluster.nodes.values()
        if node.addresses is not None
    )
    first = next(node.addresses for node in cluster.nodes.values() if node.addresses is not None)
    say(
        f"{len(cluster.nodes)} nodes run, and a chat between them. Ctrl-C or quit ends it; logs are in {data}.\n\n"
        f"{places}\n"
        "Chat beside it from other terminals, on any node:\n\n"
        f"  {program} chat lobby --as ann --url {first.http} --stream {first.stream}\n\n"
        f"Commands, N being a number of a node:\n\n{HELP}\n"
    )


def secrets(path: Path, randomness: Randomness) -> dict[str, str]:
    """The keys kept in this file, made where they are missing; only its owner may read it."""
    kept = path.read_text() if path.exists() else ""
    missing = [name for name in GENERATED if f"{name}=" not in kept]
    if missing:
        made = "".join(f"{name}={randomness.token(configuration.KEY_BYTES).hex()}\n" for name in missing)
        lines = kept + made
        draft = path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(lines)
        draft.rename(path)
    pairs = (line.partition("=") for line in path.read_text().splitlines())
    return {name: value for name, _, value in pairs if name in GENERATED}


def free_ports(environment: Mapping[str, str], say: Say) -> dict[str, str]:
    """Ports for what the environment names none for: the usual ones, or others where those are taken."""
    found: dict[str, str] = {}
    for variable, usual in PORTS.items():
        if environment.get(variable):
            continue
        found[variable] = str(usual)
        if not _is_free(usual):
            found[variable] = "0"
            say(f"Port {usual} is taken: another one is used.")
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


@contextmanager
def _data(environment: Mapping[str, str], ephemeral: bool) -> Generator[Path]:
    """The folder of the servers' data, absolute; an ephemeral one vanishes with the block.

    Raises StartRefusedError.
    """
    if ephemeral:
        with tempfile.TemporaryDirectory(prefix="gatherup-") as name:
            path = Path(name)
            path.chmod(0o755)  # PostgreSQL may have to run as another user
            yield path
        return
    path = Path(environment.get("GATHERUP_DATA") or configuration.DATA).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartRefusedError(
            f"{path} can't be made: {error.strerror}. GATHERUP_DATA names another folder."
        ) from error
    yield path


def _greet(say: Say, program: str, addresses: Addresses) -> None:
    options = "".join(
        f" --{option} {address}"
        for option, address, usual in (
            ("url", addresses.http, USUAL.http),
            ("stream", addresses.stream, USUAL.stream),
        )
        if address != usual
    )
    say(
        "GatherUp is running. Ctrl-C ends it.\n\n"
        f"  HTTP       {addresses.http}   (documentation: {addresses.http}/docs)\n"
        f"  WebSocket  {addresses.stream}\n\n"
        "Try it in two other terminals:\n\n"
        f"  {program} chat lobby --as ann{options}\n  {program} chat lobby --as ben{options}\n"
    )

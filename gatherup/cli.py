"""The command line: ``gatherup``."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import click

from gatherup import config as configuration
from gatherup.config import Config, ConfigError

if TYPE_CHECKING:
    from actors.ports.directory import Directory
    from actors.ports.time import Clock
    from storage.postgres.admin.admins import Admins

WRONG_CONFIGURATION = 2
REFUSED = 1


_ELSEWHERE: Final = {
    "chaos": ("gatherup.chaos.command", "chaos"),
    "chat": ("gatherup.chat", "command"),
    "healthcheck": ("gatherup.operator.healthcheck", "healthcheck"),
    "jobs": ("gatherup.operator.jobs", "jobs"),
    "keys": ("gatherup.operator.keys", "keys"),
    "rehearse": ("gatherup.rehearse.command", "rehearse"),
    "watch": ("gatherup.watch", "command"),
}
"""By name, the module of a command and what it is called there."""


class Commands(click.Group):
    """The commands below, and others whose imports only they should pay for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, in alphabetical order."""
        return sorted([*super().list_commands(ctx), *_ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if (found := _ELSEWHERE.get(cmd_name)) is not None:
            module, name = found
            return getattr(import_module(module), name)
        return super().get_command(ctx, cmd_name)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gatherup")
def main() -> None:
    """GatherUp: the realtime home of a game community."""


@main.command("check-config")
@click.option(
    "--example", is_flag=True, help="Print every setting with its description instead, as .env.example."
)
def check_config(example: bool) -> None:
    """Print the configuration this environment makes, secrets hidden. Exits 2 if it makes none."""
    click.echo(configuration.example() if example else configuration.shown(_config()), nl=not example)


@main.command()
@click.option("--processes", type=click.IntRange(1, 64), help="Run so many nodes, on the same ports.")
@click.option("--workers", hidden=True, help="What --processes was called.")
def serve(processes: int | None, workers: str | None) -> None:
    """Run a node on the DATABASE_URL and settings of the environment; GATHERUP_ROLES says what it does.

    With --processes a node for each core: NAME-1, NAME-2 ... share the ports and are started again if they crash.
    """
    if workers is not None:
        _refuse("--workers is called --processes now: a worker is a node that does jobs (`gatherup worker`).")
    if processes is None:
        _run(_config())
        return
    from gatherup.telemetry.logs import configure_logs
    from gatherup.workers import run

    config = _config()
    configure_logs(config.log, config.node.name)
    say = partial(click.echo, err=True)
    _guarded(partial(run, config, configuration.environment(), processes, say))


@main.command()
def worker() -> None:
    """Run a node that does jobs such as mail and webhooks, and nothing else: as GATHERUP_ROLES=worker."""
    try:
        config = configuration.read({**configuration.environment(), "GATHERUP_ROLES": "worker"})
    except ConfigError as error:
        _wrong(error)
    _run(config)


@main.command()
@click.option("--once", is_flag=True, help="Print it once and exit.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON instead of a table.")
def cluster(once: bool, as_json: bool) -> None:
    """Show the cluster of DATABASE_URL: its nodes, what they own, how they do.

    Live until Ctrl-C; a table that doesn't go to a terminal is printed once.
    """
    from gatherup.operator.screen import console_for, show_live, show_once

    console = console_for(sys.stdout)
    show = show_live if not once and (as_json or console.is_terminal) else show_once
    _operate(lambda directory, clock: show(directory, clock, console, as_json=as_json))


@main.command()
@click.argument("node")
@click.option("--wait/--no-wait", default=True, help="Show how it goes until the node is gone.")
def drain(node: str, wait: bool) -> None:
    """Have NODE hand over its streams, move its clients and end. Exits 1 if there is no such node."""
    from gatherup.operator.drain import NoSuchNodeError
    from gatherup.operator.drain import drain as begin

    try:
        _operate(lambda directory, clock: begin(directory, clock, node, click.echo, wait=wait))
    except NoSuchNodeError as error:
        _refuse(str(error))


@main.group()
def admin() -> None:
    """Say who may ban people and read the audit log."""


@admin.command("grant")
@click.argument("handle")
def grant_admin(handle: str) -> None:
    """Give HANDLE the rights of an admin. Exits 1 if nobody has this handle."""
    from gatherup.operator.admins import appoint

    _administer(lambda admins: appoint(admins, handle, click.echo, admin=True))


@admin.command("revoke")
@click.argument("handle")
def revoke_admin(handle: str) -> None:
    """Take the rights of an admin from HANDLE. Exits 1 if nobody has this handle."""
    from gatherup.operator.admins import appoint

    _administer(lambda admins: appoint(admins, handle, click.echo, admin=False))


@admin.command("list")
def list_admins() -> None:
    """Print the handles of all admins."""
    from gatherup.operator.admins import show

    _administer(lambda admins: show(admins, click.echo))


@main.command()
@click.argument("phase", type=click.Choice(["pre", "post"]), required=False)
def migrate(phase: str | None) -> None:
    """Bring the database of DATABASE_URL to the newest schema.

    In a rolling upgrade: `pre` before the nodes are restarted, `post` once all of them are. Without either, both.
    """
    from storage.postgres.schema.migrate import MigrationFailed
    from storage.postgres.schema.migrate import migrate as bring_up
    from storage.postgres.schema.plan import Phase

    try:
        bring_up(
            configuration.database_url(configuration.environment()).reveal(),
            None if phase is None else Phase(phase),
        )
    except ConfigError as error:
        _wrong(error)
    except MigrationFailed as error:
        _refuse(f"The database could not be migrated: {error}")


@main.command()
@click.option("--ephemeral", is_flag=True, help="Keep nothing: data goes with the run.")
@click.option(
    "--nodes", type=click.IntRange(1, 9), help="So many nodes, to kill, cut off and drain by commands."
)
def dev(ephemeral: bool, nodes: int | None) -> None:
    """Start PostgreSQL, Valkey and a node here, with nothing to install or set.

    With --nodes a whole cluster and a chat on all of its nodes; commands on standard input break and mend it.
    """
    from gatherup.chaos.node import NodeFailedError
    from gatherup.dev import run, run_cluster
    from gatherup.embedded import EmbeddedServerError

    begin = run if nodes is None else partial(run_cluster, nodes)
    try:
        environment = configuration.from_files(configuration.environment())
        _guarded(partial(begin, environment, program=invoked(), ephemeral=ephemeral, say=click.echo))
    except ConfigError as error:
        _wrong(error)
    except (EmbeddedServerError, NodeFailedError) as error:
        _refuse(str(error))


@main.command()
@click.option(
    "--write", type=click.Path(path_type=Path, file_okay=False), help="Write them to this folder instead."
)
def schema(write: Path | None) -> None:
    """Print the wire's JSON Schema and AsyncAPI documents."""
    from protocol.schema import document, export

    if write is not None:
        export(write)
        return
    for name, text in document().items():
        click.echo(f"--- {name}\n{text}")


def invoked(path: str | None = None) -> str:
    """How this program was started, for a shell in the same folder. ``path`` stands in for ``sys.argv[0]``."""
    path = path or sys.argv[0]
    if Path(path).name == "__main__.py":
        return shlex.join((sys.executable, "-m", "gatherup"))
    name = Path(path).name
    return shlex.quote(name if shutil.which(name) == path else path)


def _config() -> Config:
    try:
        return configuration.read(configuration.environment())
    except ConfigError as error:
        _wrong(error)


def _run(config: Config) -> None:
    from gatherup.addresses import Addresses
    from gatherup.lifetime import serve
    from gatherup.telemetry.logs import configure_logs

    def started(addresses: Addresses) -> None:
        served = " and ".join(filter(None, (addresses.http, addresses.stream)))
        click.echo(f"GatherUp serves on {served}", err=True)

    configure_logs(config.log, config.node.name)
    _guarded(partial(serve, config, started=started))


def _operate(work: Callable[[Directory, Clock], Awaitable[None]]) -> None:
    """Do something with the directory of DATABASE_URL."""
    from actors.ports.log import LogUnavailableError
    from gatherup.clock import SystemClock
    from gatherup.start import unreachable
    from storage.postgres.streams.directory import PostgresDirectory

    async def run() -> None:
        clock = SystemClock()
        dsn = configuration.database_url(configuration.environment()).reveal()
        async with PostgresDirectory(dsn, clock) as directory:
            try:
                await work(directory, clock)
            except LogUnavailableError as error:
                raise unreachable(error) from None

    with suppress(KeyboardInterrupt):
        _guarded(run)


def _administer(work: Callable[[Admins], Awaitable[None]]) -> None:
    """Do something with the admins of DATABASE_URL."""
    from gatherup.operator.admins import NoSuchPersonError
    from storage.postgres.admin.admins import Admins
    from storage.postgres.driver.errors import PostgresError
    from storage.postgres.driver.pool import Pool
    from storage.postgres.streams.log import quick

    async def run() -> None:
        dsn = configuration.database_url(configuration.environment()).reveal()
        async with Pool(quick(dsn), size_max=1, autocommit=True) as pool:
            await work(Admins(pool))

    try:
        _guarded(run)
    except NoSuchPersonError as error:
        _refuse(str(error))
    except PostgresError as error:
        _refuse(f"The database can't be used: {error}")


def _guarded(run: Callable[[], object]) -> None:
    """Run something on Trio; a refused start is a sentence and an exit code, not a trace."""
    import trio

    from gatherup.start import FencedOutError, StartRefusedError
    from gatherup.ungrouped import ungrouped
    from storage.postgres.schema.migrate import MigrationFailed

    try:
        with ungrouped():
            trio.run(run)  # pyright: ignore[reportArgumentType]
    except ConfigError as error:
        _wrong(error)
    except (StartRefusedError, FencedOutError, MigrationFailed) as error:
        _refuse(str(error))


def _wrong(error: ConfigError) -> NoReturn:
    for problem in error.problems:
        click.echo(problem, err=True)
    sys.exit(WRONG_CONFIGURATION)


def _refuse(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(REFUSED)

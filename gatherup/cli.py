"""The command line: ``gatherup``."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NoReturn

import click
import trio

from gatherup import config as configuration
from gatherup.config import Config, ConfigError

WRONG_CONFIGURATION = 2
REFUSED = 1


class Commands(click.Group):
    """The commands below, and ``chat``, whose imports only it should pay for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, in alphabetical order."""
        return sorted([*super().list_commands(ctx), "chat"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name != "chat":
            return super().get_command(ctx, cmd_name)
        from gatherup.chat import command

        return command


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
def serve() -> None:
    """Run a node on the DATABASE_URL and settings of the environment."""
    _run(_config())


@main.command()
def migrate() -> None:
    """Bring the database of DATABASE_URL to the newest schema."""
    from storage.postgres.migrate import MigrationFailed
    from storage.postgres.migrate import migrate as bring_up

    try:
        bring_up(configuration.database_url(configuration.environment()).reveal())
    except ConfigError as error:
        _wrong(error)
    except MigrationFailed as error:
        _refuse(f"The database could not be migrated: {error}")


@main.command()
@click.option("--ephemeral", is_flag=True, help="Keep nothing: data goes with the run.")
def dev(ephemeral: bool) -> None:
    """Start PostgreSQL, Valkey and a node here, with nothing to install or set."""
    from gatherup.dev import run
    from gatherup.embedded import EmbeddedServerError

    try:
        _guarded(
            partial(run, configuration.environment(), program=invoked(), ephemeral=ephemeral, say=click.echo)
        )
    except EmbeddedServerError as error:
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
        click.echo(f"GatherUp serves on {addresses.http} and {addresses.stream}", err=True)

    configure_logs(config.log)
    _guarded(partial(serve, config, started=started))


def _guarded(run: Callable[[], object]) -> None:
    """Run something on Trio; a refused start is a sentence and an exit code, not a trace."""
    from gatherup.start import FencedOutError, StartRefusedError
    from storage.postgres.migrate import MigrationFailed

    try:
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

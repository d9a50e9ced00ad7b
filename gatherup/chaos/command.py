"""``gatherup chaos``: break a cluster on purpose, and hold what its clients saw against what was promised."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import trio

from gatherup import config as configuration
from gatherup.chaos.timetable import What
from gatherup.config.leaves import PREFIX
from gatherup.config.tree import ROLES, Role

if TYPE_CHECKING:
    from gatherup.chaos.node import Say
    from gatherup.chaos.report import Report
    from gatherup.chaos.run import Plan

BROKEN = 1


@click.command()
@click.option(
    "--nodes", type=click.IntRange(1, 16), default=3, show_default=True, help="Nodes to start here."
)
@click.option("--minutes", type=click.FloatRange(0.3, 24 * 60), default=5.0, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Which faults happen when.")
@click.option(
    "--only",
    "kinds",
    multiple=True,
    type=click.Choice([what.value for what in What], case_sensitive=False),
    help="Only faults of this kind; repeat it for more. [default: all kinds]",
)
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(ROLES),
    help="Of a node; repeat it for each. Then each role is restarted alone and workers are killed, and --nodes, "
    "--minutes and --only say nothing. [default: every node has all roles]",
)
@click.option(
    "--report",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the record and the reports go. [default: a new folder, chaos-…]",
)
@click.option(
    "--url",
    "urls",
    multiple=True,
    help="A node of a cluster that runs already, as http://host:port; repeat it for each. You make the faults.",
)
@click.option(
    "--stream", "streams", multiple=True, help="The stream address of each --url, in the same order: ws://…"
)
def chaos(
    nodes: int,
    minutes: float,
    seed: int,
    kinds: Sequence[str],
    roles: Sequence[Role],
    folder: Path | None,
    urls: Sequence[str],
    streams: Sequence[str],
) -> None:
    """Put a cluster under load and faults, and report what its clients saw. Exits 1 if a promise was broken.

    Without --url it starts PostgreSQL, Valkey and nodes of its own, and breaks them. With it, only load and checks are
    ours; DATABASE_URL names the log to check against, and without one clients are checked against each other.
    """
    from gatherup.chaos import report
    from gatherup.chaos.node import NodeFailedError
    from gatherup.chaos.run import PAGE, Plan
    from gatherup.client import TokenUnavailableError
    from gatherup.embedded import EmbeddedServerError
    from gatherup.ungrouped import ungrouped
    from storage.postgres.schema.migrate import MigrationFailed

    if len(urls) != len(streams):
        raise click.UsageError("Each --url needs its --stream.")
    if roles and {*roles} != {*ROLES}:
        raise click.UsageError(f"A cluster by roles needs a node of each --role: {', '.join(ROLES)}.")
    kept = folder or Path(f"chaos-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    kept.mkdir(parents=True, exist_ok=True)
    chosen = tuple(What(kind) for kind in kinds) or tuple(What)
    plan = Plan(seconds=minutes * 60, seed=seed, kinds=chosen, roles=tuple(roles), folder=kept)
    say = partial(click.echo, err=True)
    try:
        with ungrouped():
            made = (
                _on_theirs(list(zip(urls, streams, strict=True)), plan, say)
                if urls
                else _on_own(len(roles) or nodes, plan, say)
            )
    except (EmbeddedServerError, MigrationFailed, NodeFailedError, TokenUnavailableError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(report.text(made), nl=False)
    click.echo(f"Timeline: {kept / PAGE}")
    sys.exit(0 if made.verdict.held else BROKEN)


def _on_theirs(nodes: Sequence[tuple[str, str]], plan: Plan, say: Say) -> Report:
    from gatherup.chaos.guest import Endpoint
    from gatherup.chaos.run import run_on_theirs

    endpoints = [Endpoint(http, partial(str, http), partial(str, stream)) for http, stream in nodes]
    try:
        dsn = configuration.from_files(configuration.environment()).get("DATABASE_URL") or None
    except configuration.ConfigError as error:
        raise click.UsageError(str(error)) from None
    return trio.run(run_on_theirs, endpoints, plan, dsn, say)


def _on_own(nodes: int, plan: Plan, say: Say) -> Report:
    from gatherup.chaos.run import run_on_own
    from gatherup.dev import SECRETS_FILE, secrets
    from gatherup.randomness import SystemRandomness

    with tempfile.TemporaryDirectory(prefix="gatherup-chaos-") as name:
        data = Path(name)
        data.chmod(0o755)  # PostgreSQL may have to run as another user
        settings = {
            **inherited(configuration.environment()),
            **secrets(data / SECRETS_FILE, SystemRandomness()),
        }
        try:
            return trio.run(run_on_own, nodes, data, plan, settings, say)
        finally:
            for log in data.glob("node-*.log"):
                shutil.copy(log, plan.folder)


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """What a node of a cluster that is started here takes over: everything but what belongs to another one."""
    own = ("DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "REDIS_URL_FILE")
    return {
        name: value for name, value in environment.items() if name not in own and not name.startswith(PREFIX)
    }

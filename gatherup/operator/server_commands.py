"""``gatherup keys`` and ``gatherup jobs``: for whoever operates the database."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import NoReturn, get_args

import click
import msgspec
import trio

from gatherup import config as configuration
from gatherup.clock import SystemClock
from gatherup.config import ConfigError
from gatherup.features.integrations.keys import made
from gatherup.operator.plain import plain
from gatherup.randomness import SystemRandomness
from gatherup.ungrouped import ungrouped
from protocol.http.integrations import NewKey, Scope
from protocol.ids import SYSTEM
from protocol.limits import KEYS_MAX
from storage.postgres.driver.errors import PostgresError
from storage.postgres.driver.pool import Pool
from storage.postgres.integrations.keys import ApiKeys, TooManyKeysError
from storage.postgres.outbox.jobs import Jobs
from storage.postgres.streams.log import quick

REFUSED = 1
WRONG_CONFIGURATION = 2
DAY_S = 86_400
DEAD_SHOWN = 100

Work = Callable[[Pool], Awaitable[None]]


@click.group()
def keys() -> None:
    """Make, list and revoke the API keys of games' own backends."""


@keys.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(get_args(Scope)),
    help="What it may do.",
)
@click.option(
    "--days", type=click.IntRange(1, 3660), help="How long it is good; without it until it is revoked."
)
def create_key(name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a key called NAME and print it. It can't be shown again."""
    given = {"name": name, "scopes": scopes, "lifetime_s": None if days is None else days * DAY_S}
    try:
        wanted = msgspec.convert(given, NewKey)
    except msgspec.ValidationError as error:
        _refuse(f"The key can't be made: {error}")

    async def work(pool: Pool) -> None:
        try:
            new = await made(
                ApiKeys(pool), wanted, SystemClock(), SystemRandomness(), by=SYSTEM, address=None
            )
        except TooManyKeysError:
            _refuse(f"At most {KEYS_MAX} keys may exist at a time: revoke one.")
        click.echo(new.text)

    _operate(work)


@keys.command("list")
def list_keys() -> None:
    """Print all keys: id, name, scopes, and whether they work."""

    async def work(pool: Pool) -> None:
        now = SystemClock().now()
        for row in await ApiKeys(pool).all():
            expired = row.expires_at is not None and row.expires_at <= now
            state = "revoked" if row.revoked_at is not None else "expired" if expired else "good"
            used = "never used" if row.last_used_at is None else f"used {_day(row.last_used_at)}"
            click.echo(f"{row.id}  {state:7}  {used}  {','.join(row.scopes)}  {plain(row.name)}")

    _operate(work)


@keys.command("revoke")
@click.argument("key")
def revoke_key(key: str) -> None:
    """Revoke the key with the id KEY: within seconds it works on no node. Exits 1 if there is none."""

    async def work(pool: Pool) -> None:
        try:
            number = bytes.fromhex(key)
        except ValueError:
            number = b""
        revoked = len(number) == 16 and await ApiKeys(pool).revoke(
            number.hex(), by=SYSTEM, address=None, at=SystemClock().now()
        )
        if not revoked:
            _refuse(f"There is no working key {plain(key)}.")
        click.echo(f"{number.hex()} is revoked.")

    _operate(work)


@click.group()
def jobs() -> None:
    """Show mail and webhooks that wait or failed for good."""


@jobs.command("list")
def list_jobs() -> None:
    """Print how many jobs wait, and those that ran out of attempts."""

    async def work(pool: Pool) -> None:
        store = Jobs(pool)
        for queue, counts in sorted((await store.counts()).items()):
            click.echo(f"{queue}: {counts.waiting} waiting, {counts.dead} dead")
        for job in await store.dead(DEAD_SHOWN):
            click.echo(
                f"{job.id}  {job.queue}  {job.attempts} attempts  dead {_day(job.dead_at)}  "
                f"{plain(job.last_error)}"
            )

    _operate(work)


@jobs.command("retry")
@click.argument("ids", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="All that are dead.")
def retry_jobs(ids: tuple[int, ...], everything: bool) -> None:
    """Give dead jobs all their attempts again: those with these IDS, or --all."""
    if bool(ids) == everything:
        _refuse("Give the ids of jobs, or --all.")

    async def work(pool: Pool) -> None:
        count = await Jobs(pool).retry(None if everything else ids)
        click.echo(f"{count} will be tried again.")

    _operate(work)


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _operate(work: Work) -> None:
    """Do something with DATABASE_URL."""

    async def run() -> None:
        dsn = configuration.database_url(configuration.environment()).reveal()
        async with Pool(quick(dsn), size_max=1, autocommit=True) as pool:
            await work(pool)

    try:
        with ungrouped():
            trio.run(run)
    except ConfigError as error:
        click.echo("\n".join(error.problems), err=True)
        sys.exit(WRONG_CONFIGURATION)
    except PostgresError as error:
        _refuse(f"The database can't be used: {error}")


def _refuse(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(REFUSED)

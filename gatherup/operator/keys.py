"""``gatherup keys``: the API keys of games' own backends."""

from __future__ import annotations

from typing import get_args

import click
import msgspec

from gatherup.clock import SystemClock
from gatherup.features.integrations.keys import made
from gatherup.operator.database import day, operate, refuse
from gatherup.operator.plain import plain
from gatherup.randomness import SystemRandomness
from protocol.http.integrations import NewKey, Scope
from protocol.ids import SYSTEM
from protocol.limits import KEYS_MAX
from storage.postgres.driver.pool import Pool
from storage.postgres.integrations.keys import ApiKeys, TooManyKeysError

DAY_S = 86_400


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
        refuse(f"The key can't be made: {error}")

    async def work(pool: Pool) -> None:
        try:
            new = await made(
                ApiKeys(pool), wanted, SystemClock(), SystemRandomness(), by=SYSTEM, address=None
            )
        except TooManyKeysError:
            refuse(f"At most {KEYS_MAX} keys may exist at a time: revoke one.")
        click.echo(new.text)

    operate(work)


@keys.command("list")
def list_keys() -> None:
    """Print all keys: id, name, scopes, and whether they work."""

    async def work(pool: Pool) -> None:
        now = SystemClock().now()
        for row in await ApiKeys(pool).all():
            expired = row.expires_at is not None and row.expires_at <= now
            state = "revoked" if row.revoked_at is not None else "expired" if expired else "good"
            used = "never used" if row.last_used_at is None else f"used {day(row.last_used_at)}"
            click.echo(f"{row.id}  {state:7}  {used}  {','.join(row.scopes)}  {plain(row.name)}")

    operate(work)


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
            refuse(f"There is no working key {plain(key)}.")
        click.echo(f"{number.hex()} is revoked.")

    operate(work)

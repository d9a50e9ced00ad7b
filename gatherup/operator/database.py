"""What commands on the database of DATABASE_URL have in common."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import NoReturn

import click
import trio

from gatherup import config as configuration
from gatherup.config import ConfigError
from gatherup.ungrouped import ungrouped
from storage.postgres.driver.errors import PostgresError
from storage.postgres.driver.pool import Pool
from storage.postgres.streams.log import quick

REFUSED = 1
WRONG_CONFIGURATION = 2

Work = Callable[[Pool], Awaitable[None]]


def day(at: int) -> str:
    """An instant for people."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def operate(work: Work) -> None:
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
        refuse(f"The database can't be used: {error}")


def refuse(sentence: str) -> NoReturn:
    """Say why nothing was done, and exit with REFUSED."""
    click.echo(sentence, err=True)
    sys.exit(REFUSED)

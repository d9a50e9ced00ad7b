"""How a repository reaches PostgreSQL: one loan of a connection, one seam where the driver's errors end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import psycopg
import trio

from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.errors import (
    DataRejected,
    LinkUnusable,
    OutcomeUnknown,
    PostgresError,
    statement_error,
)
from storage.postgres.driver.pool import Lender

Row = tuple[Any, ...]
T = TypeVar("T")
STEP_ROWS: Final = 256
"""Rows that ``many`` decodes before others have their turn: a page of what HTTP lists is less."""


@asynccontextmanager
async def lent(pool: Lender, *, transaction: bool = False) -> AsyncGenerator[TrioConnection]:
    """A connection for the block, in a transaction if one is asked for. Raises PostgresError."""
    entered = False
    try:
        async with pool.connection() as connection:
            entered = True
            if transaction:
                async with connection.transaction():
                    yield connection
            else:
                yield connection
    except psycopg.Error as error:
        raise _translated(error, sent=entered) from error


async def rows(pool: Lender, statement: str, parameters: Mapping[str, Any]) -> list[Row]:
    """The rows one statement returns. Raises PostgresError."""
    async with lent(pool) as connection:
        cursor = await connection.execute(statement.encode(), parameters)
        return await cursor.fetchall()


async def many(
    pool: Lender, statement: str, parameters: Mapping[str, Any], taken: Callable[[Row], T]
) -> list[T]:
    """What ``taken`` makes of each row of a statement that may return thousands. Others have their turn in between.

    Raises PostgresError.
    """
    found: list[T] = []
    async with lent(pool) as connection:
        cursor = await connection.execute(statement.encode(), parameters)
        while part := await cursor.fetchmany(STEP_ROWS):
            found += map(taken, part)
            if len(part) == STEP_ROWS:
                await trio.lowlevel.checkpoint()
    return found


async def execute(pool: Lender, statement: str, parameters: Mapping[str, Any]) -> None:
    """Run one statement that returns nothing. Raises PostgresError."""
    async with lent(pool) as connection:
        await connection.execute(statement.encode(), parameters)


def _translated(error: psycopg.Error, *, sent: bool) -> PostgresError:
    if not sent:
        return LinkUnusable(str(error), sqlstate=error.sqlstate)
    if error.sqlstate is None and isinstance(error, psycopg.DataError):
        return DataRejected(str(error))  # the driver couldn't write a parameter: nothing was sent
    if error.sqlstate is None:
        return OutcomeUnknown(str(error))
    return statement_error(str(error), sqlstate=error.sqlstate, severity=error.diag.severity_nonlocalized)

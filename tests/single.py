"""Calls of the Log port for one stream: what it answers for many, one is enough to ask for in most tests."""

from __future__ import annotations

from collections.abc import Sequence

from actors.kind import FactKey, Row
from actors.ports.log import (
    Activation,
    Checkpoint,
    Fence,
    FencedError,
    Log,
    LogRow,
    NotActivated,
    Page,
    Receipt,
    Wanted,
)


async def activate(
    log: Log, fence: Fence, stream: str, *, epoch: int, create: bool, state_version: int
) -> Activation | None:
    """Become its writer, waiting for locks; None if it isn't there. Raises FencedError."""
    wanted = Wanted(stream=stream, epoch=epoch, create=create, state_version=state_version)
    (found,) = await log.activate(fence, [wanted], wait_for_locks=True)
    if found is NotActivated.FENCED:
        raise FencedError
    return found if isinstance(found, Activation) else None


async def read(log: Log, stream: str, after: int, limit: int) -> list[LogRow]:
    (found,) = await log.read([Page(stream, after, limit)])
    return found


async def receipts(log: Log, stream: str, keys: Sequence[tuple[str, str]]) -> list[Receipt]:
    (found,) = await log.receipts([(stream, keys)])
    return found


async def facts(log: Log, stream: str, keys: Sequence[FactKey]) -> dict[FactKey, Row | None]:
    (found,) = await log.facts([(stream, keys)])
    return found


async def checkpoint(
    log: Log, fence: Fence, stream: str, activation: int, seq: int, version: int, state: bytes
) -> bool:
    (kept,) = await log.checkpoint(
        fence, [Checkpoint(stream=stream, activation=activation, seq=seq, version=version, state=state)]
    )
    return kept

"""How a client is made: ``async with connect(url, token=…) as client``."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Final, cast

import trio

from gatherup.client.client import Client, TokenProvider
from gatherup.client.items import Status
from gatherup.client.policy import Policy
from gatherup.client.ports import Clock, Connector, Randomness, SystemClock, SystemRandomness
from gatherup.client.transport import WebSocketConnector
from protocol.kind import WireKind
from protocol.kinds import KINDS

DEFAULT_POLICY: Final = Policy()


@asynccontextmanager
async def connect(
    url: str,
    *,
    token: str | TokenProvider,
    kinds: Iterable[WireKind] = KINDS,
    policy: Policy = DEFAULT_POLICY,
    on_status: Callable[[Status], None] | None = None,
    connector: Connector | None = None,
    clock: Clock | None = None,
    randomness: Randomness | None = None,
) -> AsyncGenerator[Client, None]:
    """Run a client that stays connected while the block runs. The block begins once the first session is open.

    ``url`` is the stream listener, ``ws://host:port`` or ``wss://…``. With a provider as ``token`` it is renewed
    before it expires; a plain string is used until it does. ``kinds`` says how streams are read: those of a kind that
    isn't named arrive as plain values. ``on_status`` hears of every session that begins or ends; it must not block.
    An unreachable server is tried for ever: put a deadline around it if that is too long.

    The client tries an unreachable server without end: put a deadline around the block if you don't want that. Raises
    ClosedError if the server turns the client away for good. A single error inside the block is raised as it is, not
    in an ExceptionGroup.
    """
    client = Client(
        connector=connector or WebSocketConnector(url),
        token=token,
        kinds=kinds,
        policy=policy,
        on_status=on_status,
        clock=clock or SystemClock(),
        randomness=randomness or SystemRandomness(),
    )
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.run)
            try:
                await client.wait_online()
                yield client
            except BaseException:
                nursery.cancel_scope.cancel()
                raise
            finally:
                client.close()
    except BaseExceptionGroup as group:
        raise _only(group) from None


def _only(error: BaseException) -> BaseException:
    """The error in a group of one, however deep; the group itself if there are more."""
    inner = cast("tuple[BaseException, ...]", getattr(error, "exceptions", ()))
    return _only(inner[0]) if len(inner) == 1 else error

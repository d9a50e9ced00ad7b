"""Which of reading and writing a connection's socket is ready for, in psycopg's bits."""

from __future__ import annotations

import select
from collections.abc import Awaitable, Callable

import trio
from psycopg.waiting import Ready, Wait


def poll_now(descriptor: int, need: Wait) -> int:
    """The readiness bits a socket has now. A hang-up counts as both: the next call on it tells."""
    poll = select.poll()
    wanted_in = select.POLLIN if need & Wait.R else 0
    wanted_out = select.POLLOUT if need & Wait.W else 0
    poll.register(descriptor, wanted_in | wanted_out)
    ready = 0
    for _, events in poll.poll(0):
        hung_up = events & (select.POLLHUP | select.POLLERR | select.POLLNVAL)
        if need & Wait.R and (events & select.POLLIN or hung_up):
            ready |= Ready.R
        if need & Wait.W and (events & select.POLLOUT or hung_up):
            ready |= Ready.W
    return ready


async def wait_for(descriptor: int, need: Wait) -> int:
    """Wait until a socket has at least one of the readiness bits; return those it has."""
    if need == Wait.R:
        await trio.lowlevel.wait_readable(descriptor)
        return Ready.R
    if need == Wait.W:
        await trio.lowlevel.wait_writable(descriptor)
        return Ready.W
    await wait_readable_or_writable(descriptor)
    return poll_now(descriptor, need)


async def wait_readable_or_writable(descriptor: int) -> None:
    """Wait for either; needed only with a full send buffer, when the server waits for us to read.

    Raises trio.ClosedResourceError or OSError, as the waits of trio do, if the socket is closed.
    """
    failures: list[Exception] = []
    async with trio.open_nursery() as nursery:

        async def first(wait: Callable[[int], Awaitable[None]]) -> None:
            try:
                await wait(descriptor)
            except (trio.ClosedResourceError, OSError) as error:
                failures.append(error)  # raised below, free of the nursery's exception group
            nursery.cancel_scope.cancel()

        nursery.start_soon(first, trio.lowlevel.wait_readable)
        nursery.start_soon(first, trio.lowlevel.wait_writable)
    if failures:
        raise failures[0]

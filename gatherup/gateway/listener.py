"""Listening sockets, and accepting from them without ever giving up."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator
from typing import Any

import trio

from actors.ports.time import Clock
from gatherup.addresses import EVERY_ADDRESS
from gatherup.config import Stream
from gatherup.gateway.counters import Counters
from gatherup.gateway.limits import ACCEPT_PAUSE_S, ACCEPTS_PER_TURN, LISTEN_BACKLOG

_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


async def listen(config: Stream, *, shared: bool = False) -> list[socket.socket]:
    """A listening socket per address that the host resolves to; ``shared`` with who also says so.

    Raises OSError, with nothing left open.
    """
    found = await trio.socket.getaddrinfo(
        config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    listening: list[socket.socket] = []
    try:
        for family, address in dict.fromkeys((f[0], f[4]) for f in found):
            listening.append(_bind(family, address, config, shared))
    except OSError:
        for listener in listening:
            listener.close()
        raise
    return listening


def _bind(family: int, address: tuple[Any, ...], config: Stream, shared: bool) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setblocking(False)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)
        if family == socket.AF_INET6:
            # Each address has its own socket, but :: stands for all of both families.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address[0] != EVERY_ADDRESS)
        listener.bind(address)
        listener.listen(LISTEN_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


async def accept_all(
    listener: socket.socket, clock: Clock, counters: Counters
) -> AsyncIterator[tuple[socket.socket, str]]:
    """Every new connection, non-blocking, with the peer's address, until the listener is closed.

    Rests for a while when descriptors or memory run out: those waiting stay in the backlog.
    """
    while listener.fileno() >= 0:
        try:
            await trio.lowlevel.wait_readable(listener)
            for _ in range(ACCEPTS_PER_TURN):
                connected, peer = listener.accept()
                connected.setblocking(False)
                yield connected, str(peer[0])
        except BlockingIOError:
            continue
        except trio.ClosedResourceError:
            return
        except OSError as error:
            if error.errno in _EXHAUSTED:
                counters.accepts_paused += 1
                await clock.sleep_until(clock.monotonic() + ACCEPT_PAUSE_S)
            # anything else is about one connection that was gone before it was accepted

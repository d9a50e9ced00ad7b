"""Many connections read by one loop."""

from __future__ import annotations

import select
import time
from collections import deque
from collections.abc import Callable, Iterable
from socket import socket
from typing import Final, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from loadtest.connection import RefusedError
from loadtest.scan import Run, Stamps
from protocol.frames import Accepted, ServerFrame

HANG_S: Final = 60.0
"""Waiting for what must come is given up after this long."""
_POLL_MAX: Final = 2048


class Client(Protocol):
    """What a crowd is made of."""

    @property
    def socket(self) -> socket:
        """To be waited for."""
        ...

    @property
    def answers(self) -> deque[ServerFrame]:
        """What came and is no event."""
        ...

    def read(self) -> tuple[Run, ...]:
        """Read once: the events that came."""
        ...


C = TypeVar("C", bound=Client)


class HungError(Exception):
    """What must come didn't come."""


class Crowd(Generic[C]):
    """Reads its connections whenever they have something; nothing comes unchecked.

    ``heard`` keeps, while it is a list, every run's time of arrival and stamps.
    """

    def __init__(self, connections: Iterable[C]) -> None:
        self.connections: Final = tuple(connections)
        self.events = 0
        """Events that came to anybody, ever."""
        self.heard: list[tuple[int, Stamps]] | None = None
        self.on_answer: Callable[[C], None] | None = None
        """Called when a connection has answers."""
        self._epoll = select.epoll()
        self._by_descriptor = {c.socket.fileno(): c for c in self.connections}
        for descriptor, connection in self._by_descriptor.items():
            connection.socket.setblocking(False)
            self._epoll.register(descriptor, select.EPOLLIN)

    def close(self) -> None:
        """Close every connection."""
        self._epoll.close()
        for connection in self.connections:
            connection.socket.close()

    def read(self, timeout_s: float) -> None:
        """Read what is there, once each; wait up to this long if there is nothing."""
        for descriptor, _ in self._epoll.poll(timeout_s, _POLL_MAX):
            connection = self._by_descriptor[descriptor]
            for run in connection.read():
                self._hear(run)
            if connection.answers and self.on_answer is not None:
                self.on_answer(connection)

    def read_until(self, done: Callable[[], bool]) -> None:
        """Read until this is so. Raises HungError after HANG_S."""
        until = time.monotonic() + HANG_S
        while not done():
            if time.monotonic() > until:
                raise HungError(f"nothing for {HANG_S} s")
            self.read(0.05)

    def read_for(self, seconds: float) -> None:
        """Read for this long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.read(left)

    def _hear(self, run: Run) -> None:
        self.events += run.events
        if self.heard is not None and len(run.stamps):
            self.heard.append((time.monotonic_ns(), run.stamps))


def must_be_accepted(connection: Client) -> None:
    """Take a connection's answers. Raises RefusedError for any other."""
    while connection.answers:
        if not isinstance(answer := connection.answers.popleft(), Accepted):
            raise RefusedError(str(answer))


def latencies_ms(heard: Iterable[tuple[int, Stamps]]) -> NDArray[np.float64]:
    """The times from post to delivery, one for each delivery."""
    return np.concatenate([at - stamps for at, stamps in heard]) / 1e6

"""``gatherup serve --processes N``: a node for each core of one machine, on the same ports, watched by this process.

The nodes are members of the cluster like all others. The kernel spreads new connections over them (SO_REUSEPORT).
"""

from __future__ import annotations

import signal
import socket  # noqa: TID251 - it holds the shared ports
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Final

import structlog
import trio

from actors.ports.time import Clock, Randomness
from actors.runtime.backoff import backoff
from gatherup.chaos.child import Child
from gatherup.clock import SystemClock
from gatherup.config import NODE_NAME_CHARS_MAX, Config
from gatherup.randomness import SystemRandomness
from gatherup.start import StartRefusedError, port_refused
from gatherup.watchdog import how_it_ended

SETTLED_S: Final = 30.0
"""A node that ran so long was well: if it crashes, that is its first crash."""
PORT_MAX: Final = 65_535
BACKOFF_LOW_S: Final = 0.5
BACKOFF_HIGH_S: Final = 10.0

_log = structlog.stdlib.get_logger("gatherup.workers")


PROGRAM: Final = (sys.executable, "-m", "gatherup", "serve")

Say = Callable[[str], object]


async def run(
    config: Config,
    environment: Mapping[str, str],
    count: int,
    say: Say,
    *,
    program: Sequence[str] = PROGRAM,
) -> None:
    """Run so many nodes until SIGINT or SIGTERM, or until all were drained. Raises StartRefusedError.

    ``say`` gets what they write to standard error, line by line. None of them outlives this process.
    """
    if config.redis.url is None and count > 1:
        raise StartRefusedError("bus_needed: several nodes need REDIS_URL to reach each other.")
    if len(f"{config.node.name}-{count}") > NODE_NAME_CHARS_MAX:
        raise StartRefusedError(
            f"With its number a worker's name has more than {NODE_NAME_CHARS_MAX} characters: "
            "shorten GATHERUP_NODE_NAME."
        )
    if (config.internal.port or 0) + count - 1 > PORT_MAX:
        raise StartRefusedError(
            f"The workers have no ports from GATHERUP_INTERNAL_PORT on: the last one is {PORT_MAX}."
        )
    with ExitStack() as stack:
        shared = {
            variable: str(stack.enter_context(_held(variable, host, port)).getsockname()[1])
            for variable, host, port in (
                ("GATHERUP_HTTP_PORT", config.http.host, config.http.port),
                ("GATHERUP_STREAM_PORT", config.stream.host, config.stream.port),
            )
        }
        workers = [
            Worker(
                program,
                {
                    **environment,
                    **shared,
                    **_own_port(config, number),
                    "GATHERUP_NODE_SHARE_PORTS": "true",
                    "GATHERUP_NODE_NAME": f"{config.node.name}-{number}",
                },
                say,
                SystemClock(),
                SystemRandomness(),
            )
            for number in range(1, count + 1)
        ]
        await _watch(workers)


def _own_port(config: Config, number: int) -> dict[str, str]:
    """Where the worker of this number tells its health and metrics: on a port that no other has."""
    first = config.internal.port
    return {} if not first else {"GATHERUP_INTERNAL_PORT": str(first + number - 1)}


def _held(variable: str, host: str, port: int) -> socket.socket:
    """A socket that is bound and takes nothing: it keeps the port while nodes come and go."""
    held = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind((host, port))
    except OSError as error:
        held.close()
        raise port_refused(variable, host, port, error) from error
    return held


async def _watch(workers: Sequence[Worker]) -> None:
    async with trio.open_nursery() as signals:
        signals.start_soon(_pass_on_signals, workers)
        async with trio.open_nursery() as nursery:
            for worker in workers:
                nursery.start_soon(worker.run)
        signals.cancel_scope.cancel()


async def _pass_on_signals(workers: Sequence[Worker]) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for number in signals:
            for worker in workers:
                worker.end(signal.Signals(number))


class Worker:
    """A node that is started again when it crashes, however often: the machine may be too busy for it just now, or the
    database away. The back-off grows with each crash.
    """

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        say: Say,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._argv = tuple(argv)
        self._environment = dict(environment)
        self._say = say
        self._clock = clock
        self._randomness = randomness
        self._child: Child | None = None
        self._ending = trio.Event()

    @property
    def ending(self) -> bool:
        """Whether it was told to end."""
        return self._ending.is_set()

    def end(self, number: signal.Signals) -> None:
        """Pass a signal on to the worker, and don't start it again."""
        self._ending.set()
        if self._child is not None:
            self._child.send(number)

    async def run(self) -> None:
        """Return when it ended well, or was told to end."""
        crashes = 0
        while not self.ending:
            begun = self._clock.monotonic()
            code = await self._live()
            if code == 0 or self.ending:
                return
            well = self._clock.monotonic() - begun >= SETTLED_S
            crashes = 1 if well else crashes + 1
            pause_s = backoff(self._randomness, crashes, BACKOFF_LOW_S, BACKOFF_HIGH_S)
            _log.error(
                f"a worker {how_it_ended(code)}",
                node=self._environment["GATHERUP_NODE_NAME"],
                crashes=crashes,
                started_again_in_s=round(pause_s, 1),
            )
            with self._clock.deadline(pause_s):
                await self._ending.wait()

    async def _live(self) -> int:
        """One run, to its end: its exit code, negative for a signal."""
        self._child = child = Child(self._argv, self._environment)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._pass_on_lines, child)
                return await child.wait()
        finally:
            self._child = None
            child.close()

    async def _pass_on_lines(self, child: Child) -> None:
        async for line in child.lines():
            self._say(line)

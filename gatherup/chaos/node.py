"""One node of a cluster on this machine: its process, its supervisor, and its links to the servers."""

from __future__ import annotations

import re
import signal
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Final

import trio

from gatherup.addresses import Addresses
from gatherup.chaos.child import Child
from gatherup.chaos.proxy import BOTH, Direction, FaultProxy
from gatherup.watchdog import how_it_ended

RESTART_PAUSE_S: Final = 0.5
"""Between the end of a node and its next start, as a supervisor would wait. Each start that came to nothing doubles
it.
"""
RESTART_PAUSE_MAX_S: Final = 8.0
FAILED_STARTS_MAX: Final = 10
"""So many starts in a row that come to nothing, and a node that never served is left alone: something is set up
wrongly. One that has served is tried for ever: it may be that the machine is too busy now.
"""
LINES_KEPT: Final = 20
_SERVES: Final = re.compile(r"GatherUp serves on (?P<http>\S+)(?: and (?P<stream>\S+))?")

Say = Callable[[str], object]


class NodeFailedError(Exception):
    """A node doesn't start; the message ends with what it said last."""


class Server(Enum):
    """What a node is linked to."""

    POSTGRES = "PostgreSQL"
    REDIS = "Redis"


class ClusterNode:
    """A node that is started again whenever it ends, unless it was asked to.

    ``environment`` is what the process gets. Its ports may be 0: those it takes first are kept for later starts.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        environment: Mapping[str, str],
        links: Mapping[Server, FaultProxy],
        *,
        log: Path,
        say: Say,
    ) -> None:
        self.name = name
        self.links = links
        self.addresses: Addresses | None = None
        """Where it serves, or served last."""
        self.starts = 0
        self._argv = argv
        self._environment = dict(environment)
        self._log = log
        self._say = say
        self._child: Child | None = None
        self._wanted = True
        self._changed = trio.Event()
        self._serving = False
        self._failed_starts = 0
        self._last_lines: deque[str] = deque(maxlen=LINES_KEPT)

    # --- what can be done to it ---

    @property
    def pid(self) -> int | None:
        """The process, if there is one now."""
        return None if self._child is None else self._child.pid

    @property
    def serving(self) -> bool:
        """Whether this run of it has said that it serves, and hasn't ended."""
        return self._serving

    async def wait_serving(self) -> Addresses:
        """Return once it serves. Raises NodeFailedError if it can't be started."""
        while not (self._serving and self.addresses):
            if self._hopeless:
                said = dict.fromkeys(self._last_lines)  # each start says the same
                raise NodeFailedError("\n".join((f"{self.name} doesn't start:", *said)))
            await self._changed.wait()
        return self.addresses

    async def wait_ended(self) -> None:
        """Return once there is no process."""
        while self._child is not None:
            await self._changed.wait()

    def kill(self) -> None:
        """kill -9. The supervisor starts it again."""
        self._signal(signal.SIGKILL)

    async def freeze(self, seconds: float) -> None:
        """Stop it with SIGSTOP for so long, then let it go on as if nothing had been."""
        frozen = self._child
        self._signal(signal.SIGSTOP)
        try:
            await trio.sleep(seconds)
        finally:
            if frozen is not None and frozen is self._child:
                self._signal(signal.SIGCONT)

    def cut(self, server: Server, directions: Collection[Direction] | None = None) -> None:
        """Cut its link to a server: reset it, or with ``directions`` let nothing pass these ways."""
        if directions is None:
            self.links[server].cut()
        else:
            self.links[server].drop(directions)

    def slow(self, server: Server, seconds: float) -> None:
        """Delay every byte of a link, both ways."""
        self.links[server].delay(seconds, BOTH)

    def heal(self) -> None:
        """Restore the links of this node."""
        for link in self.links.values():
            link.heal()

    async def drain(self) -> None:
        """Ask it to hand over and end (SIGTERM). Returns when it has; it stays down until ``restart``."""
        self._wanted = False
        self._signal(signal.SIGTERM)
        await self.wait_ended()

    async def restart(self) -> Addresses:
        """Drain it if it runs, and start it. Returns once it serves. Raises NodeFailedError."""
        await self.drain()
        self._wanted, self._failed_starts = True, 0
        self._wake()
        return await self.wait_serving()

    def _signal(self, number: signal.Signals) -> None:
        if self._child is not None and self._child.running:
            self._child.send(number)

    def _wake(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    # --- its supervisor ---

    async def run(self) -> None:
        """Keep it running until cancelled; the process is killed then, if it still runs."""
        with self._log.open("ab") as log:
            while True:
                while not self._wanted or self._hopeless:
                    await self._changed.wait()
                code = await self._live(lambda line: log.write(line.encode() + b"\n"))
                log.flush()
                if self._wanted:
                    pause_s = min(RESTART_PAUSE_S * 2**self._failed_starts, RESTART_PAUSE_MAX_S)
                    self._say(f"{self.name} {how_it_ended(code)}; {self._what_follows(pause_s)}.")
                    await trio.sleep(pause_s)

    @property
    def _hopeless(self) -> bool:
        return self._failed_starts >= FAILED_STARTS_MAX and self.addresses is None

    def _what_follows(self, pause_s: float) -> str:
        if self._hopeless:
            return "it is left alone"
        when = (
            ""
            if pause_s == RESTART_PAUSE_S
            else f" in {pause_s:.0f} s, after {self._failed_starts} failed starts"
        )
        return f"it is started again{when}"

    async def _live(self, keep: Callable[[str], object]) -> int:
        """One run of the process, from its start to its end: the exit code."""
        self.starts += 1
        self._child = child = Child(self._argv, {**self._environment, **self._ports()})
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._listen, child, keep)
                code = await child.wait()
                nursery.cancel_scope.deadline = trio.current_time() + RESTART_PAUSE_S  # what it said last
            return code
        finally:
            child.close()
            self._failed_starts = 0 if self._serving else self._failed_starts + 1
            self._child, self._serving = None, False
            self._wake()

    async def _listen(self, child: Child, keep: Callable[[str], object]) -> None:
        async for line in child.lines():
            keep(line)
            self._last_lines.append(line)
            if (found := _SERVES.search(line)) is not None:
                self.addresses = Addresses(http=found["http"], stream=found["stream"] or "")
                self._serving = True
                self._wake()

    def _ports(self) -> dict[str, str]:
        """The ports it had before, so that its clients find it again; others if those can't be had now."""
        if self.addresses is None or self._failed_starts % 2:
            return {}
        return {
            variable: _port(url)
            for variable, url in (
                ("GATHERUP_HTTP_PORT", self.addresses.http),
                ("GATHERUP_STREAM_PORT", self.addresses.stream),
            )
            if url
        }


def _port(url: str) -> str:
    return url.partition("//")[2].partition("/")[0].rpartition(":")[2]

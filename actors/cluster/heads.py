"""Where streams stand, read from the log in batches: for this node's relay, and for peers that registered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

import trio

from actors.cluster.limits import HEADS_READ_MAX, HEADS_RETRY_S
from actors.ports.log import Fence, Log, LogUnavailableError
from actors.ports.time import Clock
from protocol import presence
from protocol.ids import kind_of


class Heads:
    """One reader of heads. What is wanted while a read is under way is read by the next.

    ``told`` gets who asked (None: this node itself) and the heads, which are as of after it was asked.
    """

    def __init__(
        self, log: Log, clock: Clock, told: Callable[[Fence | None, Mapping[str, int]], None]
    ) -> None:
        self._log = log
        self._clock = clock
        self._told = told
        self._wanted: dict[str, dict[Fence | None, None]] = {}
        self._wake = trio.Event()

    def want(self, streams: Iterable[str], asker: Fence | None = None) -> None:
        """Have the heads of these streams told. Asked twice before a read, they are told once.

        Nothing is logged of people: their rosters have none.
        """
        for stream in streams:
            if kind_of(stream) == presence.KIND:
                continue
            self._wanted.setdefault(stream, {})[asker] = None
        if self._wanted:
            self._wake.set()

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            await self._wake.wait()
            while self._wanted:
                await self._read_some()
            self._wake = trio.Event()

    async def _read_some(self) -> None:
        asked = dict(islice(self._wanted.items(), HEADS_READ_MAX))
        for stream in asked:
            del self._wanted[stream]
        try:
            heads = await self._log.heads(list(asked))
        except LogUnavailableError:
            for stream, askers in asked.items():
                self._wanted.setdefault(stream, {}).update(askers)
            await self._clock.sleep_until(self._clock.monotonic() + HEADS_RETRY_S)
            return
        by_asker: dict[Fence | None, dict[str, int]] = {}
        for (stream, askers), head in zip(asked.items(), heads, strict=True):
            for asker in askers:
                by_asker.setdefault(asker, {})[stream] = head
        for asker, found in by_asker.items():
            self._told(asker, found)

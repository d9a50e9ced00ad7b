"""Ephemeral signals on their way to a node's listeners, but to those who have blocked their author."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import trio
from msgspec import Struct

from actors.ports.blocks import Blocks
from actors.ports.log import LogUnavailableError
from actors.ports.time import Clock
from actors.relay.counters import RelayCounters
from actors.relay.entry import Entry
from actors.relay.flusher import Flusher
from protocol.frames import Signalled
from protocol.ids import USER, kind_of

KNOWN_S: Final = 5.0
"""So long what was read of blocks is taken for true."""
WAITING_MAX: Final = 1000
"""Signals that wait until it is read who has blocked their authors; further ones are dropped."""
AUTHORS_PER_READ_MAX: Final = 500


class _Known(Struct, frozen=True):
    read_at: float
    blockers: Collection[str] | None
    """None: nobody gets this author's signals."""


class Signals:
    """Passes signals on to watchers at once, and to live subscribers with the next flush.

    A signal that others may hear waits until it is known who has blocked its author. All that come while it reads
    share the next read; those that can't be judged, since the database is away, are dropped. Without ``blocks``
    nobody has blocked anybody.
    """

    def __init__(
        self,
        entries: Mapping[str, Entry],
        flusher: Flusher,
        counters: RelayCounters,
        blocks: Blocks | None,
        clock: Clock,
    ) -> None:
        self._entries = entries
        self._flusher = flusher
        self._counters = counters
        self._blocks = blocks
        self._clock = clock
        self._known: dict[str, _Known] = {}  # by author; what was read last stands last
        self._waiting: list[Signalled] = []
        self._stirred = trio.Event()

    def take(self, frame: Signalled) -> None:
        """Pass a signal on, now or soon, or drop it. Never blocks."""
        entry = self._entries.get(frame.stream)
        if entry is None:
            return
        if self._blocks is None or kind_of(frame.author) != USER or not entry.reaches_others(frame.author):
            self._pass_on(frame, ())
            return
        known = self._known.get(frame.author)
        if known is not None and self._clock.monotonic() < known.read_at + KNOWN_S:
            self._pass_on(frame, known.blockers)
        elif len(self._waiting) >= WAITING_MAX:
            self._counters.signals_dropped += 1
        else:
            self._waiting.append(frame)
            self._stirred.set()

    async def run(self) -> None:
        """Judge what waits, until cancelled. Asks for nothing while nothing waits."""
        while self._blocks is not None:
            await self._stirred.wait()
            self._stirred = trio.Event()
            waiting, self._waiting = self._waiting, []
            authors = list(dict.fromkeys(frame.author for frame in waiting))
            try:
                for first in range(0, len(authors), AUTHORS_PER_READ_MAX):
                    await self._read(self._blocks, authors[first : first + AUTHORS_PER_READ_MAX])
            except LogUnavailableError:
                self._counters.signals_dropped += len(waiting)
                continue
            for frame in waiting:
                self._pass_on(frame, self._known[frame.author].blockers)

    async def _read(self, blocks: Blocks, authors: Sequence[str]) -> None:
        now = self._clock.monotonic()
        found = await blocks.blockers(authors)
        for author, known in tuple(self._known.items()):
            if now < known.read_at + KNOWN_S:
                break
            del self._known[author]
        for author, blockers in zip(authors, found, strict=True):
            self._known.pop(author, None)
            self._known[author] = _Known(now, blockers)

    def _pass_on(self, frame: Signalled, blockers: Collection[str] | None) -> None:
        entry = self._entries.get(frame.stream)
        if entry is None:
            return
        if blockers is None:
            self._counters.signals_dropped += 1
            return
        for watch in tuple(entry.watches):
            if watch.watcher.user not in blockers:
                watch.watcher.signalled(frame)
        if not entry.users:
            return
        if entry.signal(frame, blockers):
            self._flusher.schedule(entry)
        else:
            self._counters.signals_dropped += 1

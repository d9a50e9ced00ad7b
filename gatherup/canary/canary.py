"""The canaries of a node: one at home, one in turn to each other member; and what they make of its readiness."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import structlog
import trio

from actors.cluster.audible import Hearing
from actors.cluster.bridge import Bridge
from actors.cluster.ownership import Here, Ownership, There
from actors.ports.cluster_view import Member
from gatherup.canary.probe import Probe, ProbeContext
from gatherup.canary.readiness import STARTING, Away, Readiness, Signs, own_trouble, readiness
from gatherup.config import Canary as CanaryConfig

WATCH_S: Final = 0.5
"""How often readiness is looked at, to tell the log of changes."""

_log = structlog.stdlib.get_logger("gatherup.canary")


class Canary:
    """Sends a probe every ``period_s`` and remembers how that went.

    ``hearing`` tells how this node stands with the others, ``bridge`` whom it hears and who of them serves, ``skew_s``
    a jump of the clock that wasn't followed, ``trouble`` what PostgreSQL said when it took no write.
    """

    def __init__(
        self,
        config: CanaryConfig,
        context: ProbeContext,
        ownership: Ownership,
        *,
        bridge: Bridge | None,
        hearing: Hearing,
        skew_s: Callable[[], float | None],
        trouble: Callable[[], str | None],
    ) -> None:
        self.away_heard = 0
        """Probes to streams of other members that came back."""
        self.away_silent = 0
        """Probes there that didn't."""
        self._config = config
        self._context = context
        self._ownership = ownership
        self._bridge = bridge
        self._hearing = hearing
        self._skew_s = skew_s
        self._trouble = trouble
        self._home = Probe(context, self._is_here, timeout_s=config.timeout_s)
        self._home_begun = context.clock.monotonic()
        self._away: dict[int, Probe] = {}
        """By the member's id."""
        self.was_ready = False
        """Whether it was ready at any time."""
        self.stopping = False
        """Set when the node drains: it is unready from then on."""

    # --- what came of it ---------------------------------------------------------------------------------------

    @property
    def heard(self) -> int:
        """Probes at home that went the whole way."""
        return self._home.heard

    @property
    def silent(self) -> int:
        """Probes at home that didn't."""
        return self._home.silent

    @property
    def lag_s(self) -> float:
        """From a command to its event at a subscriber, in a stream of this node; as of now, when one is late."""
        return self._home.lag_s

    def readiness(self) -> Readiness:
        """Whether the node is ready now."""
        return readiness(self._signs())

    def serves(self) -> bool:
        """Whether this node can serve what it owns, whatever others can."""
        return own_trouble(self._signs()) is None

    # --- singing -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Send probes until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._sing_at_home)
            nursery.start_soon(self._sing_away)
            nursery.start_soon(self._watch)

    async def _sing_at_home(self) -> None:
        try:
            while True:
                begun = self._context.clock.monotonic()
                if self._ownership.shards:
                    await self._home.send()
                else:
                    self._home.leave()
                    self._home_begun = begun
                await self._context.clock.sleep_until(begun + self._config.period_s)
        finally:
            self._home.leave()

    async def _sing_away(self) -> None:
        last = -1
        try:
            while True:
                begun = self._context.clock.monotonic()
                member = self._next_peer(last)
                if member is not None:
                    last = member.id
                    await self._send_to(self._away[last])
                await self._context.clock.sleep_until(begun + self._config.period_s)
        finally:
            for probe in self._away.values():
                probe.leave()

    async def _send_to(self, probe: Probe) -> None:
        await probe.send()
        if probe.reason is None:
            self.away_heard += 1
        else:
            self.away_silent += 1

    def _next_peer(self, last: int) -> Member | None:
        """The next member in turn that owns streams. Forgets nodes that are no longer members."""
        view = self._ownership.view
        peers = {peer.id: peer for peer in self._ownership.peers if view.owned_by(peer.id)}
        for gone in self._away.keys() - peers.keys():
            self._away.pop(gone).leave()
        if not peers:
            return None
        id_ = min((id_ for id_ in peers if id_ > last), default=min(peers))
        if id_ not in self._away:
            self._away[id_] = Probe(
                self._context, partial(self._is_at, id_), timeout_s=self._config.timeout_s
            )
        return peers[id_]

    def _is_here(self, stream: str) -> bool:
        return isinstance(self._ownership.where(stream), Here)

    def _is_at(self, member: int, stream: str) -> bool:
        where = self._ownership.where(stream)
        return isinstance(where, There) and where.member.id == member

    # --- readiness ---------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        told: Readiness | None = None
        while True:
            found = self.readiness()
            if self._bridge is not None:
                self._bridge.troubled = not self.serves()
            if found != told and not self.stopping:
                tell = _log.warning if self.was_ready and found != Readiness(None) else _log.info
                self.was_ready = self.was_ready or found.unready is None
                tell("readiness changed", ready=found.unready is None, reason=found.unready or found.degraded)
                told = found
            await self._context.clock.sleep_until(self._context.clock.monotonic() + WATCH_S)

    def _signs(self) -> Signs:
        ownership, view = self._ownership, self._ownership.view
        unhearing = [peer for peer in ownership.peers if ownership.me.node not in peer.hears]
        away = [
            Away(member.name, probe.reason)
            for id_, probe in self._away.items()
            if probe.tried and (member := view.member(id_)) is not None
        ]
        return Signs(
            stopping=self.stopping,
            skew_s=self._skew_s(),
            acting=ownership.acting,
            shards=len(ownership.shards),
            streamers=sum(not member.draining for member in view.members),
            home=self._why_silent_at_home(),
            served=self._home.heard > 0,
            trouble=self._trouble(),
            audible=self._hearing.audibility,
            peers=len(ownership.peers),
            unhearing=len(unhearing),
            hears=len(self._bridge.hears) if self._bridge is not None else 0,
            serving=len(self._bridge.serving) if self._bridge is not None else 0,
            away=away,
        )

    def _why_silent_at_home(self) -> str | None:
        home, now = self._home, self._context.clock.monotonic()
        if home.heard_at is None:
            return home.reason or STARTING
        since = max(home.heard_at, self._home_begun)
        if home.reason is None and now - since > self._config.period_s + 2 * self._config.timeout_s:
            return "No canary was heard for a while."
        return home.reason

"""One node's presence: what it says of its own, what it puts together as an owner, what it knows from others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable
from typing import Final, Protocol

import trio

from actors.cluster.ownership import Change, Ownership, There
from actors.cluster.ownership import Here as OwnedHere
from actors.ports.cluster_view import shard_of
from actors.ports.log import Fence
from actors.ports.time import Clock
from actors.presence.roster import NOBODY, Here, Rosters, RosterState, Said, difference
from protocol import inbox
from protocol.frames import Signalled
from protocol.ids import SYSTEM, kind_of
from protocol.limits import PRESENCE_INTERVAL_S
from protocol.nodes import Part, Roster
from protocol.presence import PRESENCE

FLUSHED_AT_ONCE: Final = 64
"""How many rosters are sent in one step, before other tasks run."""
SETTLE_S: Final = 2 * PRESENCE_INTERVAL_S
"""A new owner waits this long for what the nodes say before it tells who is there."""


class Carrier(Protocol):
    """The bridge, as far as presence needs it. The bus may lose what it carries."""

    def listeners(self, stream: str) -> Iterable[Fence]:
        """The runs of the peers that want to know of this stream, which this node owns."""
        ...

    def listened(self, shards: Collection[int]) -> Iterable[str]:
        """The streams of these shards of this node that any peer wants to know of."""
        ...

    def carry(self, run: Fence, message: Part | Roster) -> bool:
        """Take a message to a peer's run. False if there is no room for it now: say it later."""
        ...


class Presence:
    """Who is there, as far as anybody on this node wants to know.

    ``here`` says who of a roster is on this node; whoever changes that calls ``changed``. Changes are told together,
    at most once in PRESENCE_INTERVAL_S, as ``presence`` signals through ``tell``.
    """

    def __init__(
        self,
        ownership: Ownership,
        clock: Clock,
        *,
        here: Callable[[str], Here],
        tell: Callable[[Signalled], None],
    ) -> None:
        self.carrier: Carrier | None = None
        """Set once by the bridge, if there is one."""
        self._ownership = ownership
        self._clock = clock
        self._here = here
        self._tell = tell
        self._said: dict[str, None] = {}  # rosters with somebody of this node in them
        self._unsaid: dict[str, None] = {}
        self._asked: dict[Fence, dict[str, None]] = {}  # what these runs want to know of from now on
        self._rosters = Rosters()
        self._wanted: dict[str, None] = {}  # whoever of this node listens to or watches them
        self._known: dict[str, RosterState] = {}  # of those
        self._settling: dict[int, float] = {}  # shards taken lately: nothing is told of them before this time
        # What these said before the first time, and don't say again until the second, is forgotten.
        self._doubted: dict[Fence, tuple[float, float]] = {}
        self._stirred = trio.Event()
        ownership.on_change(self._moved)

    # --- on this node ---

    def changed(self, stream: str) -> None:
        """Whoever of this roster is on this node has changed. Never blocks. An inbox has no roster."""
        if kind_of(stream) != inbox.KIND:
            self._unsaid[stream] = None
            self._stirred.set()

    @property
    def owned(self) -> int:
        """Rosters that this node owns, with somebody in them."""
        return len(self._rosters)

    @property
    def known(self) -> int:
        """Rosters that somebody here wants to know of, with somebody in them."""
        return len(self._known)

    def roster_state(self, stream: str) -> RosterState:
        """Who is there, as far as it is known here."""
        return self._known.get(stream, NOBODY)

    def interest(self, stream: str, wanted: bool) -> None:
        """The first on this node wants to know of a roster, or the last one doesn't any more."""
        if not wanted:
            self._wanted.pop(stream, None)
            self._known.pop(stream, None)
            return
        self._wanted[stream] = None
        if self._settled(stream):
            self._know(stream, self._rosters.roster_state(stream))

    async def run(self) -> None:
        """Tell of changes until cancelled."""
        while True:
            await self._stirred.wait()
            self._stirred = trio.Event()
            self._settle()
            await self._flush()
            if self._unsaid or self._asked or self._settling or self._doubted:
                self._stirred.set()
            await self._clock.sleep_until(self._clock.monotonic() + PRESENCE_INTERVAL_S)

    # --- from other nodes ---

    def part(self, run: Fence, message: Part, version: int) -> None:
        """A peer says who is on it, because by this version of the view the roster is this node's.

        If it isn't by a newer one, the peer will say it again to its owner; if it isn't yet, this is kept.
        """
        if self._owns(message.stream) or version > self._ownership.view.version:
            here = Here(message.users, message.more)
            self._rosters.put(run, message.stream, Said(here, version, self._clock.monotonic()))
            self._stirred.set()

    def roster(self, message: Roster) -> None:
        """An owner says who is there."""
        if message.epoch >= self._ownership.view.shard(message.stream).epoch:
            self._show(message.stream, RosterState(message.users, message.count))

    def registered(self, run: Fence, streams: Iterable[str]) -> None:
        """A peer wants to know of these from now on, or again: what it knew may be out of date."""
        # Not at once: what is lost on its way there is registered again, and so this would go round and round.
        self._asked.setdefault(run, {}).update((s, None) for s in streams if kind_of(s) != inbox.KIND)
        self._stirred.set()

    def again(self, run: Fence, since: float) -> None:
        """What was said to this peer, or by it before this moment, may be lost. It says its own again, as this does,
        and may have begun with that at once.
        """
        owned = set(self._ownership.view.owned_by(run.node))
        self._unsaid.update((stream, None) for stream in self._said if shard_of(stream) in owned)
        self._doubted[run] = (since, self._clock.monotonic() + SETTLE_S)
        self._stirred.set()

    def say_again(self, stream: str) -> None:
        """What was said of this roster to its owner was lost: say what holds now, also that nobody is here."""
        self._said[stream] = None
        self._unsaid[stream] = None
        self._stirred.set()

    def _moved(self, change: Change) -> None:
        for run in change.left:
            self._rosters.forget(run)
            self._doubted.pop(run, None)
            self._asked.pop(run, None)
        gone = change.lost - change.taken
        self._rosters.lose(lambda stream: not self._owns(stream), self._ownership.view.version)
        self._unsaid.update((stream, None) for stream in self._said if shard_of(stream) in change.moved)
        settled_at = self._clock.monotonic() + SETTLE_S
        self._settling = {n: at for n, at in self._settling.items() if n not in gone}
        self._settling.update((number, settled_at) for number in change.taken)
        self._stirred.set()

    def _settle(self) -> None:
        """Tell of all rosters in shards that were taken a while ago: who asked may know what an earlier owner said."""
        now = self._clock.monotonic()
        for run, (since, until) in tuple(self._doubted.items()):
            if until <= now:
                del self._doubted[run]
                self._rosters.forget(run, before=since)
        settled = {number for number, at in self._settling.items() if at <= now}
        if not settled:
            return
        self._settling = {n: at for n, at in self._settling.items() if n not in settled}
        self._rosters.touch(stream for stream in self._known if shard_of(stream) in settled)
        if self.carrier is not None:
            self._rosters.touch(self.carrier.listened(settled))

    # --- telling ---

    async def _flush(self) -> None:
        unsaid, self._unsaid = self._unsaid, {}
        async for stream in _in_portions(unsaid):
            self._say(stream)
        async for stream in _in_portions(self._rosters.take_changed(self._settled)):
            if self._settled(stream):  # else it moved meanwhile
                self._tell_all(stream)
        asked, self._asked = self._asked, {}
        for run, streams in asked.items():
            async for stream in _in_portions(streams):
                if self._settled(stream):
                    self._carry_roster(run, stream, self._rosters.roster_state(stream))

    def _tell_all(self, stream: str) -> None:
        roster_state = self._rosters.roster_state(stream)
        for run in () if self.carrier is None else self.carrier.listeners(stream):
            self._carry_roster(run, stream, roster_state)
        self._show(stream, roster_state)

    def _say(self, stream: str) -> None:
        """Tell the roster's owner who of it is here, if anybody is or was."""
        here = self._here(stream)
        if not here and stream not in self._said:
            return
        match self._ownership.where(stream):
            case There(member=member) if self.carrier is not None:
                if not self.carrier.carry(member.run, Part(stream, dict(here.users), here.more)):
                    self._unsaid[stream] = None
            case OwnedHere():
                said = Said(here, self._ownership.view.version, self._clock.monotonic())
                self._rosters.put(self._ownership.me, stream, said)
            case _:
                self._unsaid[stream] = None  # said again when that is settled, or with the next change
        if here:
            self._said[stream] = None
        elif stream not in self._unsaid:
            self._said.pop(stream, None)

    def _show(self, stream: str, roster_state: RosterState) -> None:
        if stream not in self._wanted:
            return
        before = self.roster_state(stream)
        self._know(stream, roster_state)
        told = difference(before, roster_state)
        if told is not None:
            self._tell(Signalled(stream=stream, author=SYSTEM, type=PRESENCE, data={**told}))

    def _know(self, stream: str, roster_state: RosterState) -> None:
        if roster_state.count:
            self._known[stream] = roster_state
        else:
            self._known.pop(stream, None)

    def _carry_roster(self, run: Fence, stream: str, roster_state: RosterState) -> None:
        epoch = self._ownership.epoch(stream)
        if self.carrier is None or epoch is None:
            return
        if not self.carrier.carry(run, Roster(stream, epoch, dict(roster_state.users), roster_state.count)):
            self._asked.setdefault(run, {})[stream] = None

    def _settled(self, stream: str) -> bool:
        return self._owns(stream) and shard_of(stream) not in self._settling

    def _owns(self, stream: str) -> bool:
        return self._ownership.epoch(stream) is not None


async def _in_portions(streams: Collection[str]) -> AsyncIterator[str]:
    """Each of these, with a checkpoint after every FLUSHED_AT_ONCE."""
    for number, stream in enumerate(streams, 1):
        yield stream
        if number % FLUSHED_AT_ONCE == 0:
            await trio.lowlevel.checkpoint()

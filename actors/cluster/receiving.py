"""Frames from the bus: whether they are genuine, what their numbers show, and who gets their messages."""

from __future__ import annotations

import logging
from typing import Final

import msgspec

from actors.cluster.calls import Calls, ViewCall, decoded
from actors.cluster.counters import BridgeCounters
from actors.cluster.link import Arrival, Link
from actors.cluster.links import Links
from actors.cluster.ownership import Ownership
from actors.cluster.registrations import Registrations
from actors.cluster.saying_again import SayingAgain
from actors.cluster.serving import OwnedStreams, Serving
from actors.cluster.showing import Showing
from actors.ports.log import Fence, LogRow
from actors.ports.time import Clock
from actors.presence import Presence
from actors.relay import Relay
from protocol.frames import Accepted, Signalled
from protocol.garbled import UNREADABLE
from protocol.nodes import (
    Answer,
    Ask,
    Beat,
    Forward,
    InvalidNodeFrameError,
    Missed,
    NodeFrame,
    NodeMessage,
    Part,
    PassSignal,
    Published,
    Register,
    Registered,
    Returned,
    Roster,
    SendSignal,
    Shown,
    Stands,
    Unregister,
    unseal,
)

REJECTED_LOG_S: Final = 1.0
"""Frames rejected for one reason are logged at most so often."""
_log = logging.getLogger(__name__)
_decode_signalled: Final = msgspec.msgpack.Decoder(Signalled).decode


class Receiving:
    """The receiving half of the bridge. It takes a frame whole or not at all; nothing here blocks or raises."""

    def __init__(
        self,
        *,
        ownership: Ownership,
        links: Links,
        registrations: Registrations,
        calls: Calls,
        serving: Serving,
        showing: Showing,
        relay: Relay,
        presence: Presence,
        clock: Clock,
        counters: BridgeCounters,
        key: bytes,
    ) -> None:
        self.streams: OwnedStreams | None = None
        """Where commands go; nothing is heard before it is set."""
        self._ownership, self._links, self._registrations = ownership, links, registrations
        self._calls, self._serving, self._showing = calls, serving, showing
        self._relay, self._presence = relay, presence
        self._again: Final = SayingAgain(registrations, presence, clock)
        self._clock, self._counters, self._key = clock, counters, key
        self._logged_at: dict[str, float] = {}

    def heard(self, data: bytes) -> None:
        """Take a frame, or drop it for a reason that is counted."""
        # Each question makes sense only after the one before:
        # 1. Does the seal fit? Until then nothing in the frame is to be believed, not even its sender.
        try:
            frame = unseal(data, self._key)
        except InvalidNodeFrameError as error:
            self._reject(error.reason)
            return
        # 2. Is it for this run? One for an earlier run of this node was recorded, or comes late.
        if Fence(*frame.receiver) != self._ownership.me:
            self._reject("foreign")
            return
        # 3. Does the sender know a newer view? Have it read, whatever becomes of the frame.
        self._ownership.refresh(frame.version)
        # 4. Is the sender a member? One that joined by a view not read here yet is early; its frame counts as lost
        #    and the next one shows the hole.
        link = self._links.of(Fence(*frame.sender))
        if link is None or self.streams is None:
            self._reject("early" if frame.version > self._ownership.view.version else "foreign")
            return
        # 5. Is it new? Taking a frame twice would carry out its commands twice.
        before = link.incoming.last
        arrival = link.incoming.take(frame.number, self._clock.monotonic())
        if arrival is Arrival.OLD:
            self._reject("replay")
            return
        link.troubled = frame.troubled
        self._counters.frames_in += 1
        self._counters.bytes_in += len(data)
        for message in frame.messages:
            self._take(self.streams, link, frame, message)
        # 6. Was something lost before it? The sender says again what was in there. The frame's own messages came
        #    first: each stands for itself.
        if arrival is Arrival.AFTER_HOLE:
            self._counters.holes += 1
            link.outgoing.miss(before + 1, frame.number - 1)
            if not frame.repeats:
                link.recover(self._clock.monotonic())
            self._links.stir()

    def recover(self, link: Link, since: float) -> None:
        """Say everything again that may have been lost on the way to this peer, and ask for what may be on the way
        back. What it said since then is news.
        """
        link.repeated.clear()
        link.repeated.extend(self._calls.numbers(link.run))
        self._registrations.again(link.run)
        self._presence.again(link.run, since)

    def _missed(self, link: Link, message: Missed) -> None:
        lost = link.outgoing.kept(message.first, message.last) if message.first else None
        if lost is not None:
            self._again.say(link, lost)
        else:
            if message.first:  # nobody knows any more what it was: the peer must ask for everything
                link.outgoing.miss()
            link.recover(self._clock.monotonic())
        self._links.stir()

    def _take(self, streams: OwnedStreams, link: Link, frame: NodeFrame, message: NodeMessage) -> None:
        run = link.run
        match message:
            case Beat():
                pass
            case Missed():
                self._missed(link, message)
            case Forward():
                self._serving.command(streams, run, message)
            case Ask():
                self._showing.view(streams, run, message)
            case SendSignal():
                self._serving.signal(streams, message)
            case Answer() | Returned() | Shown():
                self._settle(streams, run, message)
            case Register():
                owned = self._registrations.register(run, message, frame.version)
                self._presence.registered(run, owned)
            case Unregister():
                self._registrations.unregister(run, message.streams)
            case Registered():
                self._registrations.registered(message)
            case Published():
                self._publish(run, message)
            case Stands():
                self._relay.stands(message.stream, message.head)
            case PassSignal():
                self._pass_on(message)
            case Part():
                self._presence.part(run, message, frame.version)
            case Roster():
                self._presence.roster(message)

    def _settle(self, streams: OwnedStreams, run: Fence, message: Answer | Returned | Shown) -> None:
        reply = decoded(message.reply) if isinstance(message, Answer) else None
        holds = isinstance(message, Shown) or isinstance(reply, Accepted)
        call = self._calls.take(run, message.call, holds=holds)
        if call is None or call.over:
            return  # its time was up, or a later copy is still to be answered
        match message:
            case Returned():
                call.returned(streams.route)
            case Answer():
                self._counters.malformed_messages += not call.answered(reply)
            case Shown(head=head, view=view):
                if isinstance(call, ViewCall):
                    call.shown(head, bytes(view))
                else:
                    self._counters.malformed_messages += 1
                    call.envelope.give_up(call.stream)

    def _publish(self, run: Fence, message: Published) -> None:
        self._registrations.heard(run, message.stream)
        rows = [LogRow(event.seq, event.header, event.payload) for event in message.events]
        try:
            self._relay.publish(message.stream, rows)
        except UNREADABLE:
            self._counters.malformed_messages += 1
            return
        for seq, parent in message.traces.items():
            self._relay.traced(message.stream, seq, parent)

    def _pass_on(self, message: PassSignal) -> None:
        # A signal has no seq, so nothing else would show that an owner of before still spoke.
        if message.epoch < self._ownership.view.shard(message.stream).epoch:
            self._counters.outdated_signals += 1
            return
        try:
            frame = _decode_signalled(message.frame)
        except UNREADABLE:
            self._counters.malformed_messages += 1
            return
        if frame.stream != message.stream:  # its epoch was another stream's
            self._counters.malformed_messages += 1
            return
        self._relay.signalled(frame)

    def _reject(self, reason: str) -> None:
        self._counters.dropped_frames[reason] += 1
        now = self._clock.monotonic()
        # Early ones are part of every join.
        if reason != "early" and now - self._logged_at.get(reason, float("-inf")) >= REJECTED_LOG_S:
            self._logged_at[reason] = now
            _log.warning("a frame from the bus was dropped", extra={"reason": reason})

"""What was in frames that a peer missed, said again: no more than that, and as it stands now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from actors.cluster.calls import number_of
from actors.cluster.link import Link
from actors.cluster.registrations import Registrations
from actors.ports.time import Clock
from actors.presence import Presence
from protocol.nodes import (
    Answer,
    Ask,
    Forward,
    Missed,
    NodeMessage,
    Part,
    Published,
    Register,
    Registered,
    Returned,
    Roster,
    Shown,
    Unregister,
)


class SayingAgain:
    """Says again what a peer missed."""

    def __init__(self, registrations: Registrations, presence: Presence, clock: Clock) -> None:
        self._registrations: Final = registrations
        self._presence: Final = presence
        self._clock: Final = clock

    def say(self, link: Link, lost: Iterable[NodeMessage]) -> None:
        """Say these messages of this link again."""
        for message in lost:
            self._say(link, message)

    def _say(self, link: Link, message: NodeMessage) -> None:
        outgoing = link.outgoing
        match message:
            case Published(stream=stream, events=events):
                # Not the events: their texts may have been erased meanwhile. The log says what is left of them.
                outgoing.stand(stream, events[-1].seq)
            case Registered(heads=heads, declined=declined):
                for stream, head in heads.items():
                    outgoing.stand(stream, head)
                for stream in declined:
                    outgoing.decline(stream)
            case Register(streams=streams) | Unregister(streams=streams):
                self._registrations.say_again(link.run, streams)
            case Forward(call=name) | Ask(call=name):
                link.repeated.append(number_of(name))
            case Answer() | Returned() | Shown():
                outgoing.add_answer(message)
            case Missed(first=first, last=last):
                outgoing.miss(first, last)
                if not first:
                    # It comes late: what was said again meanwhile may count as said before.
                    link.recover(self._clock.monotonic())
            case Part(stream=stream):
                self._presence.say_again(stream)
            case Roster(stream=stream):
                self._presence.registered(link.run, (stream,))
            case _:
                pass  # a beat, or a signal, which may be lost

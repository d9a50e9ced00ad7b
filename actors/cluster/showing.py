"""What peers ask to see of streams that this node owns: answered as fast as their links take it.

A thousand sessions of a peer may ask at once, and each answer is large. Those that don't fit wait as questions, which
are small, so that a snapshot is made only when it can be sent.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from actors.cluster.counters import BridgeCounters
from actors.cluster.limits import QUESTIONS_HELD_MAX, VIEWS_AT_ONCE, VIEWS_ENCODED_MAX
from actors.cluster.link import Link
from actors.cluster.links import Links
from actors.cluster.serving import OwnedStreams
from actors.kind import Kind
from actors.ports.log import Fence
from actors.ports.time import Clock
from actors.refusals import refused
from actors.runtime.envelope import RETRY_AFTER_S
from actors.runtime.snapshots import Snapshot
from protocol.codes import Code
from protocol.frames import Refused
from protocol.ids import kind_of
from protocol.limits import COMMAND_TIMEOUT_S
from protocol.nodes import Answer, Ask, Returned, Shown
from protocol.packed import joined_maps

_encode: Final = msgspec.msgpack.Encoder().encode


class Showing:
    """Answers the questions of peers."""

    def __init__(
        self, kinds: Mapping[str, Kind[Any]], links: Links, clock: Clock, counters: BridgeCounters
    ) -> None:
        self._links: Final = links
        self._clock: Final = clock
        self._counters: Final = counters
        self._views: Final = ViewEncoder(kinds, counters)

    def view(self, streams: OwnedStreams, run: Fence, message: Ask) -> None:
        """Have a snapshot shown and sent, now or when there is room."""
        link = self._links.of(run)
        if link is None or message.call in link.asked:
            return
        until = self._clock.monotonic() + COMMAND_TIMEOUT_S
        if link.asked or not link.outgoing.roomy:
            self._hold(link, message, until)
        else:
            self._show(streams, link, message, until)

    def answer_asked(self, streams: OwnedStreams, link: Link) -> None:
        """Answer some of the questions that waited for room."""
        for _ in range(VIEWS_AT_ONCE):
            if not link.asked or not link.outgoing.roomy:
                return
            _, (message, until) = link.asked.popitem(last=False)
            if self._clock.monotonic() < until:
                self._show(streams, link, message, until)
        self._links.stir()

    def _hold(self, link: Link, message: Ask, until: float) -> None:
        if len(link.asked) >= QUESTIONS_HELD_MAX:
            told = refused(Code.OVERLOADED, stream=message.stream, retry_after_s=RETRY_AFTER_S)
            self._links.answer(link.run, Answer(message.call, Raw(_encode(told))))
        else:
            self._counters.held_questions += 1
            link.asked[message.call] = (message, until)

    def _show(self, streams: OwnedStreams, link: Link, message: Ask, until: float) -> None:
        def answer(shown: Snapshot | Refused | None) -> None:
            match shown:
                case None:
                    self._links.answer(link.run, Returned(message.call))
                case Refused():
                    self._links.answer(link.run, Answer(message.call, Raw(_encode(shown))))
                case _ if not link.outgoing.roomy:  # it took a while, and others were faster
                    self._hold(link, message, until)
                case _:
                    view = self._views.encoded(message.stream, shown.head, shown.view)
                    self._links.answer(link.run, Shown(message.call, shown.head, Raw(view)))

        streams.view_for(message.stream, message.user, message.epoch, answer)


class ViewEncoder:
    """Encodes views in MessagePack: what all users see alike of a stream once for each head, if the kind says what that
    is.
    """

    def __init__(self, kinds: Mapping[str, Kind[Any]], counters: BridgeCounters) -> None:
        self._own = {name: kind.view_own for name, kind in kinds.items()}
        self._counters = counters
        self._shared: OrderedDict[str, tuple[int, bytes]] = OrderedDict()
        """By stream, with the head at which it was so; the one that was wanted last is the last."""

    def encoded(self, stream: str, head: int, view: Struct) -> bytes:
        """This view of the stream at this head."""
        own = self._own.get(kind_of(stream), ())
        if not own:
            self._counters.encoded_views += 1
            return _encode(view)
        return joined_maps(self._common(stream, head, view, own), _encode(_fields(view, own)))

    def _common(self, stream: str, head: int, view: Struct, own: tuple[str, ...]) -> bytes:
        known = self._shared.get(stream)
        if known is None or known[0] != head:
            self._counters.encoded_views += 1
            others = [name for name in view.__struct_fields__ if name not in own]
            known = self._shared[stream] = (head, _encode(_fields(view, others)))
        self._shared.move_to_end(stream)
        if len(self._shared) > VIEWS_ENCODED_MAX:
            self._shared.popitem(last=False)
        return known[1]


def _fields(view: Struct, names: tuple[str, ...] | list[str]) -> dict[str, object]:
    return {name: getattr(view, name) for name in names}

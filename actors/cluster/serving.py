"""What other nodes want of streams that this one owns: brought to the router, answered over the link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import msgspec
from msgspec import Raw, Struct

from actors.cluster.counters import BridgeCounters
from actors.cluster.links import Links
from actors.kind import Kind
from actors.ports.log import Fence
from actors.runtime.envelope import RETRY_AFTER_S, Envelope
from actors.runtime.router import Snapshot
from protocol.codec import Codec, InvalidFrameError, Subprotocol, UndecodableError
from protocol.frames import Command, Refused, Reply, Signal, StreamCommand, Unknown
from protocol.nodes import Answer, Forward, Returned, SendSignal

_encode: Final = msgspec.msgpack.Encoder().encode


class OwnedStreams(Protocol):
    """The streams that this node owns, as peers reach them; ``actors.runtime.router.Router`` is it."""

    def route(self, envelope: Envelope) -> None:
        """Take a command to its owner, wherever that is now."""
        ...

    def take(
        self,
        stream: str,
        command: Command,
        *,
        by: str,
        epoch: int,
        reply: Callable[[Reply], None],
        returned: Callable[[], None],
        parent: str | None,
    ) -> None:
        """Serve a peer's command here. One of the two is called once, ``returned`` if nothing happened.

        ``parent`` is set if the peer traces it.
        """
        ...

    def view_for(
        self, stream: str, user: str, epoch: int, answer: Callable[[Snapshot | Refused | None], None]
    ) -> None:
        """What a snapshot of a stream owned here at this epoch shows this user; None if it isn't."""
        ...

    def signal_from(self, stream: str, signal: Signal, by: str, epoch: int) -> None:
        """Pass on a peer's signal to a stream owned here at this epoch, or drop it."""
        ...


class _Probe(Struct):
    resend: bool = False


_probe: Final = msgspec.msgpack.Decoder(_Probe).decode


class Serving:
    """Decodes what peers forward. Bytes that make no sense are counted and answered if possible, nothing more."""

    def __init__(self, kinds: Mapping[str, Kind[Any]], links: Links, counters: BridgeCounters) -> None:
        frames = [
            frame for kind in kinds.values() for frame in (*kind.wire.all_commands, *kind.wire.all_signals)
        ]
        self._codec: Final = Codec(Subprotocol.MSGPACK, frames)
        self._links: Final = links
        self._counters: Final = counters

    def command(self, streams: OwnedStreams, run: Fence, message: Forward) -> None:
        """Have a command served, and its reply sent."""

        def reply(told: Reply) -> None:
            self._links.answer(run, Answer(message.call, Raw(_encode(told))))

        try:
            command = self._codec.decode(bytes(message.command))
        except InvalidFrameError as error:
            # Another version's command, most likely: what was sent before may have met an owner that knew it.
            self._counters.malformed_messages += 1
            reply(_undecided(error.refused, bytes(message.command)))
            return
        except UndecodableError:
            self._counters.malformed_messages += 1
            return
        if not isinstance(command, Command) or (
            isinstance(command, StreamCommand) and command.stream != message.stream
        ):
            self._counters.malformed_messages += 1
            return
        streams.take(
            message.stream,
            command,
            by=message.by,
            epoch=message.epoch,
            reply=reply,
            returned=lambda: self._links.answer(run, Returned(message.call)),
            parent=message.trace,
        )

    def signal(self, streams: OwnedStreams, message: SendSignal) -> None:
        """Have a signal passed on."""
        try:
            signal = self._codec.decode(bytes(message.signal))
        except (InvalidFrameError, UndecodableError):
            signal = None
        if isinstance(signal, Signal) and signal.stream == message.stream:
            streams.signal_from(message.stream, signal, message.by, message.epoch)
        else:
            self._counters.malformed_messages += 1


def _undecided(refused: Refused, command: bytes) -> Reply:
    """The answer to a command that this node can't read: a refusal is certain only for what is sent first."""
    try:
        resend = _probe(command).resend
    except msgspec.MsgspecError:
        resend = False
    if resend and refused.client_id is not None:
        return Unknown(client_id=refused.client_id, stream=refused.stream, retry_after_s=RETRY_AFTER_S)
    return refused

"""Bytes from one WebSocket client to whole messages, without I/O: RFC 6455 by ``websockets``, our limits on top."""

from __future__ import annotations

from typing import Final, cast

from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, SERVER, Protocol

from actors.limiting.rate_limit import Rate, TokenBucket
from protocol import limits
from protocol.codes import CloseCode

CONTROL_FRAMES: Final = Rate(limits.PINGS_PER_S, limits.PINGS_BURST)
"""Pings and pongs of one peer; one that sends more is flooding."""
_PARSED_BYTES_MAX: Final = limits.FRAME_BYTES_MAX + 125
"""The parser holds a ping between the pieces of a message to what is left for the message, so it is given room
for one; ``_checked`` holds the message to its own limit."""
_BY_PROTOCOL: Final[dict[int, CloseCode]] = {
    1002: CloseCode.PROTOCOL_ERROR,
    1007: CloseCode.INVALID_TEXT,
    1009: CloseCode.TOO_BIG,
}


class ViolationError(Exception):
    """The peer broke a rule: its connection must be closed with ``code``."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.name)
        self.code = code


class MessageReader:
    """One client's incoming half, from the handshake on."""

    __slots__ = ("_binary", "_control", "_parts", "_protocol")

    def __init__(self, *, binary: bool) -> None:
        self._binary = binary
        self._protocol = Protocol(SERVER, state=OPEN, max_size=_PARSED_BYTES_MAX)
        self._parts: list[bytes] | None = None
        """Of a message that comes in pieces."""
        self._control = TokenBucket(CONTROL_FRAMES)

    def feed(self, data: bytes) -> list[Frame]:
        """The whole frames that these bytes complete; each goes to ``take``, then ``ending`` is asked."""
        self._protocol.receive_data(data)
        self._protocol.data_to_send()  # pongs and Closes it would answer with: only the writer writes
        return cast("list[Frame]", self._protocol.events_received())

    def take(self, frame: Frame, now_s: float) -> bytes | None:
        """The message that this frame completes, if it does. Raises ViolationError."""
        opcode, data = frame.opcode, cast("bytes", frame.data)
        if opcode is Opcode.PING or opcode is Opcode.PONG:
            if self._control.take(now_s):
                raise ViolationError(CloseCode.FLOODING)
            return None
        if opcode is Opcode.CLOSE:
            return None
        if opcode is Opcode.CONT:
            return self._continued(data, last=frame.fin)
        if (opcode is Opcode.BINARY) is not self._binary:
            raise ViolationError(CloseCode.UNSUPPORTED_DATA)
        if frame.fin:
            return self._checked(data)
        self._parts = [data]
        return None

    def ending(self) -> int | None:
        """The code of the peer's Close, once it has come. Raises ViolationError if its bytes aren't valid."""
        protocol = self._protocol
        if protocol.close_rcvd is not None:
            # Sound, though the library faults one between the pieces of a message, where RFC 6455, 5.4 allows it.
            return int(protocol.close_rcvd.code)
        if protocol.parser_exc is not None:
            assert protocol.close_sent is not None
            raise ViolationError(_BY_PROTOCOL.get(protocol.close_sent.code, CloseCode.INTERNAL))
        return None

    def _continued(self, data: bytes, *, last: bool) -> bytes | None:
        assert self._parts is not None  # the protocol let no continuation through that continues nothing
        self._parts.append(data)
        if len(self._parts) > limits.FRAGMENTS_MAX:
            raise ViolationError(CloseCode.TOO_BIG)
        if not last:
            return None
        whole, self._parts = b"".join(self._parts), None
        return self._checked(whole)

    def _checked(self, message: bytes) -> bytes:
        if len(message) > limits.FRAME_BYTES_MAX:
            raise ViolationError(CloseCode.TOO_BIG)
        if not self._binary:
            try:
                message.decode()
            except UnicodeDecodeError:
                raise ViolationError(CloseCode.INVALID_TEXT) from None
        return message

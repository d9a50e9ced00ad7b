"""One client's connection: a task that reads, and the deadlines the sweeper holds it to."""

from __future__ import annotations

import socket
from contextlib import suppress
from types import TracebackType
from typing import Final, cast

import structlog
import trio
from websockets.frames import Opcode

from actors.ports.delivery import WireClosedError
from actors.session.connection_writer import ConnectionWriter, Lane
from gatherup.gateway import framing, handshake, sse
from gatherup.gateway.context import Context, Session
from gatherup.gateway.deadlines import Due, Phase, due
from gatherup.gateway.handshake import Rejected
from gatherup.gateway.limits import EVENTS_UNSENT_TIMEOUT_MS, HANDSHAKE_BYTES_MAX
from gatherup.gateway.reader import MessageReader, ViolationError
from gatherup.gateway.wire import SocketWire
from protocol.codes import CLOSE_SENTENCES, CloseCode

log = cast("structlog.stdlib.BoundLogger", structlog.get_logger("gatherup.gateway"))


class _Contained:
    """Keeps a bug within its connection: it is logged and the client told to come back."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False  # Cancelled and the like go on
        self._connection.crashed(error)
        return True


class Connection:
    """Reads one client's socket and feeds its session whole messages.

    Everything that goes out after the handshake goes through the writer. ``run`` is the only task; it raises
    nothing but Cancelled, and when it returns the socket is freed and the session has ended.
    """

    __slots__ = (
        "_context",
        "_heard_at",
        "_phase",
        "_phase_since",
        "_pinged",
        "_reader",
        "_refusal",
        "_session",
        "_wire",
        "_writer",
    )

    def __init__(self, context: Context, connected: socket.socket, refusal: Rejected | None = None) -> None:
        now = context.clock.monotonic()
        self._context = context
        self._wire = SocketWire(connected)
        self._refusal = refusal
        """Answers a good request in place of the upgrade."""
        self._session: Session | None = None
        self._writer: ConnectionWriter | None = None  # set together with the session
        self._reader: MessageReader | None = None
        """None for Server-Sent Events, once open."""
        self._phase = Phase.HANDSHAKE
        self._phase_since = now
        self._heard_at = now
        self._pinged = False

    # --- the task --------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve until the connection is gone."""
        try:
            with _Contained(self):
                await self._serve()
            self._end_session()
            await self._discard()
        finally:
            self._end_session()
            self._abort()

    async def _serve(self) -> None:
        try:
            await self._shake_hands()
            while not self._wire.closed:
                await self._feed(await self._read())
        except trio.ClosedResourceError:
            pass  # our outgoing half was closed while we waited: the rest is for _discard
        except WireClosedError:
            self._abort()

    async def _read(self) -> bytes:
        """Some bytes, none at the peer's end.

        Raises WireClosedError when the connection is gone, trio.ClosedResourceError when ``wire.close``
        woke us.
        """
        connected, buffer = self._wire.socket, self._context.buffer
        while connected.fileno() >= 0:
            await trio.lowlevel.wait_readable(connected)
            try:
                return bytes(buffer[: connected.recv_into(buffer)])
            except BlockingIOError:
                continue
            except OSError:
                break
        raise WireClosedError

    async def _discard(self) -> None:
        """Let our last bytes out, and the peer end in its own time; the sweeper limits both."""
        ended = False
        while not ended:
            try:
                ended = not await self._read()
            except trio.ClosedResourceError:
                continue
            except WireClosedError:
                return
        await self._wire.wait_closed()

    # --- the handshake ---------------------------------------------------------------------------------

    async def _shake_hands(self) -> None:
        head = bytearray()
        while not self._wire.closed:
            data = await self._read()
            if not data:
                raise WireClosedError
            head += data
            end = head.find(handshake.HEAD_END) + len(handshake.HEAD_END)
            whole = end >= len(handshake.HEAD_END)
            if (end if whole else len(head)) > HANDSHAKE_BYTES_MAX:
                self.refuse(handshake.HEAD_TOO_LARGE)
            elif not handshake.may_be_request(head):
                self.refuse(handshake.NOT_HTTP)
            elif whole:
                await self._answer(bytes(head[:end]))
                if len(head) > end and not self._wire.closed:  # a client that didn't wait for the answer
                    await self._feed(bytes(head[end:]))
                return

    async def _answer(self, head: bytes) -> None:
        context = self._context
        if handshake.wants_events(head):
            answer = sse.answer(head, context.origins, context.refusal_of)
        else:
            answer = handshake.answer(head, context.origins)
        if isinstance(answer, Rejected) or self._refusal is not None:
            self.refuse(answer if isinstance(answer, Rejected) else cast("Rejected", self._refusal))
        elif isinstance(answer, sse.Opened):
            await self._open_events(answer)
        else:
            self._open(answer.response, context.lanes[answer.subprotocol])
            self._reader = MessageReader(binary=cast("ConnectionWriter", self._writer).lane.codec.binary)

    def _open(self, response: bytes, lane: Lane) -> None:
        self._writer = self._context.writers.open(self._wire, lane)
        self._writer.write(response)
        self._session = self._context.sessions(self._writer)
        self._session.ask_silence(self._silent_s)
        self._context.counters.handshakes += 1

    async def _open_events(self, opened: sse.Opened) -> None:
        """Say for the client what it would say on a WebSocket. It says nothing more."""
        unsent_ms = EVENTS_UNSENT_TIMEOUT_MS
        self._wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unsent_ms)
        self._open(opened.response, self._context.events_lane)
        for frame in opened.frames:
            if self._session is not None:
                await self._session.receive(frame)

    def refuse(self, rejected: Rejected) -> None:
        """Answer the handshake over HTTP and leave."""
        self._context.counters.handshakes_refused[rejected.status] += 1
        with suppress(WireClosedError):  # gone before it could be told
            self._wire.send_some(rejected.response)  # the first bytes on this socket: its buffer has room
        self._wire.close()

    # --- frames in -------------------------------------------------------------------------------------

    async def _feed(self, data: bytes) -> None:
        writer, reader, session = self._writer, self._reader, self._session
        assert writer is not None
        assert session is not None
        if not data:
            writer.close(CloseCode.NORMAL, "")
            await self._wire.wait_closed()
            return
        self._context.counters.bytes_in += len(data)
        if reader is None:
            return  # events go one way: whatever a client sends after its request means nothing
        frames = reader.feed(data)
        if frames:
            self._heard_at = self._context.clock.monotonic()
            self._pinged = False
        try:
            for frame in frames:
                if writer.closing:
                    return
                message = reader.take(frame, self._heard_at)
                if message is not None:
                    self._context.counters.messages_in += 1
                    await session.receive(message)
                elif frame.opcode is Opcode.PING:
                    writer.write(framing.pong(bytes(frame.data)))
            if (code := reader.ending()) is not None:
                writer.close(code, "")
        except ViolationError as violation:
            session.close(violation.code)

    # --- closing ---------------------------------------------------------------------------------------

    def crashed(self, error: Exception) -> None:
        """A bug ended this connection: log it and tell the client to come back."""
        self._context.counters.crashes += 1
        session = None if self._session is None else self._session.id
        log.error("connection crashed", session=session, exc_info=error)
        if self._writer is None:
            self._wire.close()
        else:
            self._writer.close(CloseCode.INTERNAL, CLOSE_SENTENCES[CloseCode.INTERNAL])

    def _abort(self) -> None:
        if self._writer is not None:
            self._context.counters.abnormal += not self._writer.closing
            self._writer.abort()
        self._wire.abort()

    def _end_session(self) -> None:
        session, self._session = self._session, None
        self._reader = None
        if session is not None:
            with _Contained(self):
                session.end()

    # --- deadlines, and the end of the node ------------------------------------------------------------

    def sweep(self, now_s: float, now_ms: int) -> None:
        """Do what is due: ``now_s`` of the monotonic clock, ``now_ms`` Unix time."""
        with _Contained(self):
            self._sweep(now_s, now_ms)

    def _sweep(self, now_s: float, now_ms: int) -> None:
        phase = self._phase_now()
        if phase is not self._phase:
            self._phase, self._phase_since = phase, now_s
        if self._wire.moved:
            self._wire.moved, self._heard_at = False, now_s
        expires_at = None if self._session is None else self._session.token_expires_at
        what = due(
            phase,
            in_phase_s=now_s - self._phase_since,
            silent_s=now_s - self._heard_at,
            pinged=self._pinged,
            token_left_ms=1 if expires_at is None else expires_at - now_ms,
        )
        if what is not Due.NOTHING:
            self._do(what)

    def _silent_s(self) -> float:
        return self._context.clock.monotonic() - self._heard_at

    def _phase_now(self) -> Phase:
        if self._wire.closed:
            return Phase.LEAVING
        if self._writer is None:
            return Phase.HANDSHAKE
        return Phase.READY if self._session is not None and self._session.ready else Phase.HELLO

    def _do(self, what: Due) -> None:
        if what is Due.ABORT:
            self._wire.reset()
        elif what is Due.REFUSE:
            self.refuse(handshake.TIMED_OUT)
        elif what is Due.PING:
            assert self._writer is not None
            if self._reader is None:
                self._heard_at = (
                    self._context.clock.monotonic()
                )  # nothing is heard there: the kernel tells who is gone
                self._writer.write(sse.HEARTBEAT)
            else:
                self._pinged = True
                self._writer.write(framing.PING)
        elif self._session is not None:
            self._session.close(_BY_DUE[what])

    def go_away(self, retry_after_s: float) -> None:
        """The node is going away: tell the client to come back after this long."""
        with _Contained(self):
            if self._writer is None:
                if not self._wire.closed:
                    self.refuse(handshake.DRAINING)
            elif self._session is not None:
                self._session.close(CloseCode.GOING_AWAY, retry_after_s=retry_after_s)

    def reset(self) -> None:
        """End it now, whatever is unsent."""
        self._wire.reset()


_BY_DUE: Final[dict[Due, CloseCode]] = {
    Due.HELLO_TIMEOUT: CloseCode.HELLO_TIMEOUT,
    Due.TOKEN_EXPIRED: CloseCode.TOKEN_EXPIRED,
    Due.IDLE: CloseCode.IDLE,
}

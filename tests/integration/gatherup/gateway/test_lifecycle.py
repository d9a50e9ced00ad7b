from __future__ import annotations

import resource
import socket
import struct

import pytest
import structlog.testing
import trio
from websockets.frames import Opcode

from gatherup.config import Stream
from protocol import limits
from protocol.codec import Subprotocol, codecs
from protocol.codes import CloseCode
from protocol.frames import Goodbye
from tests.integration.gatherup.gateway.serving import HANG_S, Peer, Serving, serving, tasks


def reset(stream: trio.SocketStream) -> None:
    """End with an RST."""
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.socket.close()


def goodbye(message: bytes) -> Goodbye:
    frame = codecs()[Subprotocol.MSGPACK].decode_server(message)
    assert isinstance(frame, Goodbye)
    return frame


async def test_connections_leave_no_task() -> None:
    async with serving() as served:
        before = tasks()
        for _ in range(3):
            peers = [await served.peer() for _ in range(20)]
            assert tasks() == before + 20  # one a connection
            for number, peer in enumerate(peers):
                await peer.echo(b"hello")
                if number % 3 == 0:
                    await peer.close()
                elif number % 3 == 1:
                    reset(peer.stream)
                else:
                    await peer.stream.aclose()
            await served.gone()
            await trio.testing.wait_all_tasks_blocked()
            assert tasks() == before


@pytest.mark.parametrize("sent", [b"", b"\x82", b"\x82\xfe\x10\x00\x01\x02\x03\x04half a frame"])
async def test_a_half_closed_peer_is_answered_with_a_close(sent: bytes) -> None:
    async with serving() as served:
        witness = await served.peer()
        peer = await served.peer()
        await peer.echo(b"hello")
        if sent:
            await peer.stream.send_all(sent)
        await peer.stream.send_eof()
        assert await peer.close_code() == CloseCode.NORMAL
        await served.gone(left=1)
        await witness.echo(b"still here")


async def test_a_half_closed_peer_gets_what_was_queued_for_it() -> None:
    async with serving(writer_bytes_max=16 << 20) as served:
        peer = await served.peer(receive_buffer=4096)
        await peer.echo(b"hello")
        for _ in range(100):
            served.sessions[0].write(b"x" * 60_000)
        assert served.sessions[0].writer.queued_bytes
        await peer.stream.send_eof()
        assert await peer.close_code() == CloseCode.NORMAL
        assert sum(frame.opcode is Opcode.BINARY for frame in peer.frames) == 100
        await served.gone()


async def test_a_reset_with_bytes_queued_frees_everything() -> None:
    async with serving(writer_bytes_max=16 << 20) as served:
        before = tasks()
        peer = await served.peer(receive_buffer=4096)
        await peer.echo(b"hello")
        session = served.sessions[0]
        while not session.writer.queued_bytes:
            session.write(b"x" * 60_000)
        reset(peer.stream)
        await served.gone()
        await trio.testing.wait_all_tasks_blocked()
        assert session.writer.closed
        assert session.writer.queued_bytes == 0
        assert tasks() == before


async def test_a_peer_that_never_reads_costs_bounded_memory() -> None:
    async with serving(writer_bytes_max=limits.OUTBOX_BYTES_MAX) as served:
        witness = await served.peer()
        peer = await served.peer(receive_buffer=4096)
        await peer.echo(b"hello")
        session = served.sessions[-1]
        most = 0
        while not session.writer.closing:
            session.write(b"x" * 10_000)
            most = max(most, session.writer.queued_bytes)
            await witness.echo(b"meanwhile")
        assert 0 < most <= limits.OUTBOX_BYTES_MAX
        assert session.writer.queued_bytes < 20_000
        assert await peer.close_code() == CloseCode.SLOW_READER
        await served.gone(left=1)


async def test_a_peer_that_sends_and_never_reads_is_closed() -> None:
    async with serving(writer_bytes_max=256 * 1024) as served:
        witness = await served.peer()
        peer = await served.peer(receive_buffer=4096)
        await peer.echo(b"hello")
        while not served.sessions[1].writer.closing:
            await peer.send(b"x" * 60_000)
            await witness.echo(b"meanwhile")
        await served.clock.advance(2 * limits.CLOSE_TIMEOUT_S + 3)
        await witness.echo(b"after")
        await served.gone(left=1)


async def test_a_bug_ends_its_own_connection_alone() -> None:
    async with serving() as served:
        witness, peer = await served.peer(), await served.peer()
        await peer.echo(b"hello")
        with structlog.testing.capture_logs() as logged:
            await peer.send(b"crash")
            assert await peer.close_code() == CloseCode.INTERNAL
            await served.gone(left=1)
        assert [entry["log_level"] for entry in logged] == ["error"]
        assert isinstance(logged[0]["exc_info"], RuntimeError)
        assert served.gateway.counters.crashes == 1
        await witness.echo(b"still here")


async def test_connections_beyond_the_limit_are_told_so() -> None:
    async with serving(options=Stream(port=0, connections_max=2)) as served:
        first, second = await served.peer(), await served.peer()
        with pytest.raises(AssertionError, match="503"):
            await served.peer()
        assert served.gateway.counters.handshakes_refused == {503: 1}
        await second.close()
        for stream in served.streams[2:]:
            await stream.aclose()
        await served.gone(left=1)
        await (await served.peer()).echo(b"room again")
        await first.echo(b"still here")


async def test_connections_of_one_address() -> None:
    async with serving(options=Stream(port=0, connections_per_address_max=1)) as served:
        first = await served.peer()
        with pytest.raises(AssertionError, match="429"):
            await served.peer()
        await served.streams[-1].aclose()
        await first.close()
        await served.gone()
        await (await served.peer()).echo(b"room again")


async def test_accepting_survives_running_out_of_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with serving() as served:
        witness = await served.peer()
        waiting = trio.socket.socket()
        resource.setrlimit(resource.RLIMIT_NOFILE, (waiting.fileno() + 1, hard))
        try:
            await waiting.connect(served.address)
            while not served.gateway.counters.accepts_paused:
                await witness.echo(b"meanwhile")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        await served.clock.advance(1)
        served.streams.append(trio.SocketStream(waiting))
        late = Peer(served.streams[-1], Subprotocol.MSGPACK)
        await late.shake_hands()
        await late.echo(b"served at last")


async def drain(served: Serving, timeout_s: float) -> None:
    await served.gateway.drain(timeout_s)


async def test_draining_tells_everybody_when_to_come_back() -> None:
    options = Stream(port=0, goodbye_spread_s=5.0)
    async with serving(options=options) as served:
        peers = [await served.peer() for _ in range(30)]
        for peer in peers:
            await peer.echo(b"hello")
        half_way = await served.raw()
        served.nursery.start_soon(drain, served, 10.0)
        await served.clock.advance(6)
        delays: set[float] = set()
        for peer in peers:
            said = goodbye(await peer.receive())
            assert (said.code, said.retry) == (CloseCode.GOING_AWAY, True)
            assert said.retry_after_s is not None
            assert 0 <= said.retry_after_s <= 5
            delays.add(said.retry_after_s)
            assert await peer.close_code() == CloseCode.GOING_AWAY
        assert len(delays) == 30
        assert (await half_way.receive_some()).startswith(b"HTTP/1.1 503")
        await half_way.aclose()
        await served.gone()
        with pytest.raises(OSError, match="refused"):
            await served.raw()


async def test_draining_ends_those_who_dont_leave() -> None:
    async with serving(writer_bytes_max=64 << 20) as served:
        peer = await served.peer(receive_buffer=4096)
        await peer.echo(b"hello")
        while not served.sessions[0].writer.queued_bytes:
            served.sessions[0].write(b"x" * 60_000)
        done = trio.Event()

        async def drain_and_tell() -> None:
            await served.gateway.drain(3.0)
            done.set()

        served.nursery.start_soon(drain_and_tell)
        await served.clock.advance(2.9)
        assert not done.is_set()
        await served.clock.advance(0.2)
        await done.wait()
        await served.gone()


async def test_cancelling_closes_every_socket() -> None:
    async with serving() as served:
        peer, half_way = await served.peer(), await served.raw()
        await peer.echo(b"hello")
        served.nursery.cancel_scope.cancel()
    for stream in (peer.stream, half_way):
        assert stream.socket.fileno() == -1  # closed by the fixture, as the client's side
    assert served.sessions[0].ended


async def test_an_occupied_port_is_an_error_and_leaves_nothing_open() -> None:
    async with serving() as served:
        with trio.fail_after(HANG_S), pytest.RaisesGroup(OSError):
            async with serving(options=Stream(port=served.address[1])):
                pass


async def test_the_counters() -> None:
    async with serving() as served:
        peer = await served.peer()
        await peer.echo(b"12345")
        counters = served.gateway.counters
        assert (counters.connections, counters.handshakes, counters.messages_in) == (1, 1, 1)
        assert counters.bytes_in == 2 + 4 + 5
        await peer.close()
        going, slow = await served.peer(), await served.peer(receive_buffer=4096)
        reset(going.stream)
        while not served.sessions[2].writer.closing:
            served.sessions[2].write(b"x" * 60_000)
        await slow.close_code()
        await served.gone()
        assert counters.connections == 0
        assert counters.closes == {CloseCode.NORMAL: 1, 1006: 1, CloseCode.SLOW_READER: 1}

from __future__ import annotations

import pytest
import trio
from websockets.frames import Opcode

from gatherup.config import Stream
from protocol import limits
from protocol.codes import CloseCode
from tests.integration.gatherup.gateway.serving import EchoSession, Serving, serving


async def ready(served: Serving) -> EchoSession:
    """Wait for the newest session's hello."""
    while not served.sessions or not served.sessions[-1].ready:
        await trio.lowlevel.checkpoint()
    return served.sessions[-1]


async def test_no_hello() -> None:
    async with serving() as served:
        peer = await served.peer()
        await served.clock.advance(limits.HELLO_TIMEOUT_S + 2)
        assert await peer.close_code() == CloseCode.HELLO_TIMEOUT
        await served.gone()


async def test_pings_are_no_hello() -> None:
    async with serving() as served:
        peer = await served.peer()
        for _ in range(int(limits.HELLO_TIMEOUT_S) + 2):
            await peer.stream.send_all(peer.frame(Opcode.PING, b""))
            await served.clock.advance(1)
        assert await peer.close_code() == CloseCode.HELLO_TIMEOUT
        await served.gone()


async def test_a_silent_peer_is_pinged_once_then_closed() -> None:
    async with serving() as served:
        peer = await served.peer()
        await peer.echo(b"hello")
        await served.clock.advance(limits.IDLE_TIMEOUT_S - 2)
        assert await peer.receive((Opcode.PING,)) == b""
        await served.clock.advance(4)
        assert await peer.close_code() == CloseCode.IDLE
        assert not any(frame.opcode is Opcode.PING for frame in peer.frames)
        await served.gone()


async def test_a_peer_that_answers_pings_stays() -> None:
    async with serving() as served:
        peer = await served.peer()
        await peer.echo(b"hello")
        for _ in range(10):
            await served.clock.advance(limits.HEARTBEAT_S + 2)
            assert await peer.receive((Opcode.PING,)) == b""
            await peer.stream.send_all(peer.frame(Opcode.PONG, b""))
        await peer.echo(b"still here")
        assert await peer.close() == CloseCode.NORMAL
        await served.gone()


async def test_a_frame_in_drips_is_no_sign_of_life() -> None:
    async with serving() as served:
        peer = await served.peer()
        await peer.echo(b"hello")
        frame = peer.frame(Opcode.BINARY, b"x" * 1000)
        for byte in frame[: int(limits.IDLE_TIMEOUT_S) // 2 + 2]:
            await peer.stream.send_all(bytes((byte,)))
            await served.clock.advance(2)
        assert await peer.close_code() == CloseCode.IDLE
        await served.gone()


async def test_a_peer_that_takes_what_was_queued_is_alive() -> None:
    options = Stream(port=0, send_buffer_bytes=16_384)
    async with serving(options=options, writer_bytes_max=8 << 20) as served:
        peer = await served.peer(receive_buffer=4096)
        await peer.echo(b"hello")
        session = await ready(served)
        for _ in range(80):
            session.write(b"x" * 60_000)
        for _ in range(6):  # it reads for longer than the idle timeout, and sends nothing
            await served.clock.advance(limits.IDLE_TIMEOUT_S / 2)
            for _ in range(8):
                await peer.receive()
        assert not session.writer.closing
        await peer.stream.aclose()
        await served.gone()


async def test_a_token_that_expires() -> None:
    async with serving() as served:
        peer = await served.peer()
        await peer.echo(b"hello")
        session = await ready(served)
        session.token_expires_at = served.clock.now() + 5000
        await served.clock.advance(3)
        await peer.echo(b"not yet")
        await served.clock.advance(3)
        assert await peer.close_code() == CloseCode.TOKEN_EXPIRED
        await served.gone()


async def test_a_refreshed_token_doesnt_expire() -> None:
    async with serving() as served:
        peer = await served.peer()
        await peer.echo(b"hello")
        session = await ready(served)
        session.token_expires_at = served.clock.now() + 5000
        await served.clock.advance(3)
        session.token_expires_at += 60_000
        await served.clock.advance(10)
        await peer.echo(b"still here")
        await peer.close()
        await served.gone()


@pytest.mark.parametrize("queued", [False, True])
async def test_a_peer_that_ignores_our_close_is_ended(queued: bool) -> None:
    async with serving(writer_bytes_max=64 << 20) as served:
        peer = await served.peer(receive_buffer=4096)
        await peer.echo(b"hello")
        session = await ready(served)
        if queued:
            while not session.writer.queued_bytes:
                session.write(b"x" * 60_000)
        session.close(CloseCode.REVOKED)
        assert session.writer.closing
        await served.clock.advance(2 * limits.CLOSE_TIMEOUT_S + 3)
        await served.gone()
        await peer.stream.aclose()


async def test_a_peer_that_sends_on_and_on_after_our_close_is_ended() -> None:
    async with serving() as served:
        peer = await served.peer()
        await peer.echo(b"hello")
        (await ready(served)).close(CloseCode.REVOKED)
        assert await peer.protocol_close() == CloseCode.REVOKED
        for _ in range(int(limits.CLOSE_TIMEOUT_S) + 1):
            await peer.send(b"more")
            await served.clock.advance(1)
        await served.clock.advance(1)
        await served.gone()

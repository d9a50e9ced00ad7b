"""The fault proxy on real sockets."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from gatherup.chaos.proxy import Direction, FaultProxy

HANG_S = 30
Dial = Callable[[FaultProxy], Awaitable[trio.SocketStream]]


@asynccontextmanager
async def echoing() -> AsyncGenerator[tuple[FaultProxy, list[bytes]]]:
    """A proxy before a server that keeps and echoes what it gets."""
    heard: list[bytes] = []

    async def echo(stream: trio.SocketStream) -> None:
        try:
            async for data in stream:
                heard.append(bytes(data))
                await stream.send_all(data)
        except trio.BrokenResourceError:
            heard.append(b"<reset>")

    with trio.fail_after(HANG_S):
        async with trio.open_nursery() as nursery:
            (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
            nursery.start_soon(trio.serve_listeners, echo, [listener])
            proxy = FaultProxy("127.0.0.1", listener.socket.getsockname()[1])
            await nursery.start(proxy.run)
            yield proxy, heard
            nursery.cancel_scope.cancel()


@pytest.fixture
async def dial() -> AsyncGenerator[Dial]:
    """Connections to a proxy, closed after the test."""
    opened: list[trio.SocketStream] = []

    async def connect(proxy: FaultProxy) -> trio.SocketStream:
        opened.append(await trio.open_tcp_stream("127.0.0.1", proxy.port))
        return opened[-1]

    yield connect
    for stream in opened:
        stream.socket.close()


async def exchanged(stream: trio.SocketStream, data: bytes) -> bytes:
    await stream.send_all(data)
    return bytes(await stream.receive_some())


async def test_bytes_pass_both_ways_and_an_end_is_passed_on(dial: Dial) -> None:
    async with echoing() as (proxy, heard):
        stream = await dial(proxy)
        assert await exchanged(stream, b"hello") == b"hello"
        assert proxy.connections == 1
        await stream.send_eof()
        assert await stream.receive_some() == b""
        assert heard == [b"hello"]
        big = await dial(proxy)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(big.send_all, b"x" * 3_000_000)
            left = 3_000_000
            while left:
                left -= len(await big.receive_some())


async def test_a_cut_resets_what_is_open_and_what_comes_until_it_is_healed(dial: Dial) -> None:
    async with echoing() as (proxy, heard):
        stream = await dial(proxy)
        await exchanged(stream, b"one")
        proxy.cut()
        with pytest.raises(trio.BrokenResourceError):
            await stream.receive_some()
        with pytest.raises(trio.BrokenResourceError):  # the reset may come with any of the two
            await exchanged(await dial(proxy), b"two")
        proxy.heal()
        assert await exchanged(await dial(proxy), b"three") == b"three"
        assert heard == [b"one", b"<reset>", b"three"]


async def test_a_silenced_way_holds_bytes_back_until_it_is_healed(dial: Dial) -> None:
    async with echoing() as (proxy, heard):
        stream = await dial(proxy)
        await exchanged(stream, b"one")
        proxy.drop((Direction.UP,))
        await stream.send_all(b"two")
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert heard == [b"one"]
        proxy.heal()
        assert await stream.receive_some() == b"two"


async def test_a_one_way_cut_leaves_the_other_way_open(dial: Dial) -> None:
    async with echoing() as (proxy, heard):
        stream = await dial(proxy)
        await exchanged(stream, b"one")
        proxy.drop((Direction.DOWN,))
        await stream.send_all(b"two")
        while len(heard) < 2:  # noqa: ASYNC110 - the server hears it
            await trio.sleep(0.001)
        with trio.move_on_after(0.05) as silence:
            await stream.receive_some()
        assert silence.cancelled_caught, "and its answer doesn't come"
        proxy.reset()
        with pytest.raises(trio.BrokenResourceError):
            await stream.receive_some()


async def test_a_delay_keeps_bytes_and_their_order(dial: Dial) -> None:
    async with echoing() as (proxy, heard):
        stream = await dial(proxy)
        proxy.delay(0.02)
        begun = trio.current_time()
        for part in (b"a", b"b", b"c"):
            await stream.send_all(part)
        got = b""
        while len(got) < 3:
            got += await stream.receive_some()
        assert got == b"abc" == b"".join(heard)
        assert trio.current_time() - begun >= 0.04, "a delay can't be shorter than it is"


async def test_a_server_that_is_away_looks_like_a_reset(dial: Dial) -> None:
    with trio.fail_after(HANG_S):
        async with trio.open_nursery() as nursery:
            (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
            port = listener.socket.getsockname()[1]
            await listener.aclose()
            proxy = FaultProxy("127.0.0.1", port)
            await nursery.start(proxy.run)
            with pytest.raises(trio.BrokenResourceError):
                await exchanged(await dial(proxy), b"x")
            nursery.cancel_scope.cancel()

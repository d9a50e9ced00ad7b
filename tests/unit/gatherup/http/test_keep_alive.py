"""How long the facade keeps a connection that waits for its next request."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio
import trio.testing
from quart_trio import QuartTrio

from gatherup.config import Http
from gatherup.http.server import bind, serve_http

REQUEST = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"


@asynccontextmanager
async def connected(settings: Http) -> AsyncGenerator[trio.SocketStream]:
    app = QuartTrio("test")

    @app.get("/")
    async def page() -> str:
        return "here"

    listener = bind("127.0.0.1", 0)
    address = listener.getsockname()
    async with trio.open_nursery() as nursery:
        await nursery.start(serve_http, app, listener, settings, trio.sleep_forever)
        async with await trio.open_tcp_stream(*address) as stream:
            yield stream
        nursery.cancel_scope.cancel()


async def served(stream: trio.SocketStream) -> bool:
    """Whether a request on this connection is answered."""
    try:
        await stream.send_all(REQUEST)
        said = b""
        while not said.endswith(b"here"):
            if not (data := await stream.receive_some()):
                return False
            said += data
    except trio.BrokenResourceError:
        return False
    return said.startswith(b"HTTP/1.1 200")


async def passed(clock: trio.testing.MockClock, seconds: float) -> None:
    await trio.testing.wait_all_tasks_blocked(0.01)
    clock.jump(seconds)
    await trio.testing.wait_all_tasks_blocked(0.01)


async def test_a_connection_outlasts_the_proxys_own_patience(mock_clock: trio.testing.MockClock) -> None:
    settings = Http()
    assert settings.keep_alive_s > 60
    async with connected(settings) as stream:
        for _ in range(3):
            assert await served(stream)
            await passed(mock_clock, 74)
        assert await served(stream)
        await passed(mock_clock, 76)
        assert not await served(stream)


async def test_it_is_a_setting(mock_clock: trio.testing.MockClock) -> None:
    async with connected(Http(keep_alive_s=5)) as stream:
        assert await served(stream)
        await passed(mock_clock, 6)
        assert not await served(stream)


async def test_half_a_request_is_not_waited_for_longer(mock_clock: trio.testing.MockClock) -> None:
    async with connected(Http()) as stream:
        for part in (REQUEST[:5], REQUEST[5:9]):
            await stream.send_all(part)
            await passed(mock_clock, 40)
        assert await stream.receive_some() == b""

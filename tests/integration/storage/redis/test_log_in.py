"""What a server says of a log-in is told without the password, whatever it repeats."""

from __future__ import annotations

from functools import partial

import pytest
import trio

from actors.ports.bus import BusUnavailableError
from tests.integration.storage.redis.conftest import Station

PASSWORD = "not-to-be-seen"


async def test_a_server_that_repeats_the_password(
    station: Station, nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    """As Redis answers a command that it doesn't know: AUTH can be renamed, and old Sentinels have none."""

    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        said = f"-ERR unknown command 'AUTH', with args beginning with: '{PASSWORD}' \x1b[31m" + "x" * 5000
        await stream.send_all(said.encode() + b"\r\n")

    (listener,) = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
    port = listener.socket.getsockname()[1]
    bus = await station.bus(f"redis://:{PASSWORD}@127.0.0.1:{port}")
    with pytest.raises(BusUnavailableError) as caught:
        await bus.publish([("here", b"")])
    for text in (str(caught.value), caplog.text):
        assert "log-in" in text
        assert "ERR" in text
        assert PASSWORD not in text
        assert "\x1b" not in text
        assert len(text) < 500


async def test_what_a_server_says_is_cut_and_plain(station: Station, nursery: trio.Nursery) -> None:
    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"-OOM \x1b[31m\xc2\x9b" + b"x" * 5000 + b"\r\n")

    (listener,) = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
    bus = await station.bus(f"redis://127.0.0.1:{listener.socket.getsockname()[1]}")
    with pytest.raises(BusUnavailableError, match="OOM") as caught:
        await bus.publish([("here", b"")])
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500

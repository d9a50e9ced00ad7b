from __future__ import annotations

import json

import pytest
import trio

from gatherup.config import Stream
from gatherup.gateway.limits import HANDSHAKE_BYTES_MAX
from protocol import limits
from protocol.codec import Subprotocol
from tests.integration.gatherup.gateway.serving import Serving, serving

GOOD = {
    "Host": "localhost",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Protocol": "gatherup.v1.json",
}


def request(line: str = "GET /v1/stream HTTP/1.1", **changes: str | None) -> bytes:
    """A good request, but for the changes: header names with _ for -, None leaves one out."""
    fields = GOOD | {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [line, *(f"{name}: {value}" for name, value in fields.items() if value is not None)]
    return "\r\n".join([*lines, "", ""]).encode()


async def exchanged(served: Serving, sent: bytes) -> bytes:
    """Everything that comes back until the server ends."""
    stream = await served.raw()
    async with stream:
        await stream.send_all(sent)
        got = b""
        async for data in stream:
            got += data
        return got


def split(response: bytes) -> tuple[int, dict[str, str], dict[str, object]]:
    head, _, body = response.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines[1:])
    assert fields["content-type"] == "application/problem+json"
    assert (fields["cache-control"], fields["x-content-type-options"]) == ("no-store", "nosniff")
    assert int(fields["content-length"]) == len(body)
    return int(lines[0].split()[1]), fields, json.loads(body)


@pytest.mark.parametrize(
    ("sent", "status", "code", "field"),
    [
        (request(Sec_WebSocket_Protocol=None), 400, "invalid", "Sec-WebSocket-Protocol"),
        (request(Sec_WebSocket_Protocol="chat, superchat"), 400, "invalid", "Sec-WebSocket-Protocol"),
        (request(Sec_WebSocket_Protocol="gatherup.v2.json"), 400, "invalid", "Sec-WebSocket-Protocol"),
        (request(Sec_WebSocket_Protocol="(,)"), 400, "invalid", None),
        (request(Sec_WebSocket_Key=None), 400, "invalid", None),
        (request(Sec_WebSocket_Key="short"), 400, "invalid", None),
        (request(Sec_WebSocket_Version="8"), 400, "invalid", None),
        (request("GET / HTTP/1.1"), 404, "not_found", "path"),
        (request("GET /v1/streams HTTP/1.1"), 404, "not_found", "path"),
        (request("POST /v1/stream HTTP/1.1"), 405, "method_not_allowed", None),
        (request("GET /v1/stream HTTP/1.0"), 505, "invalid", None),
        (request("GET /v1/stream HTTP/3"), 400, "invalid", None),
        (request(Upgrade=None, Connection=None), 426, "invalid", "Upgrade"),
        (request(Upgrade="h2c"), 426, "invalid", "Upgrade"),
        (request(Transfer_Encoding="chunked"), 400, "invalid", None),
        (request(Content_Length="5") + b"hello", 400, "invalid", None),
        (request(X_Padding="x" * HANDSHAKE_BYTES_MAX), 431, "too_large", None),
        (b"GET /v1/stream HTTP/1.1\r\nno colon\r\n\r\n", 400, "invalid", None),
        (b"GET /v1/stream HTTP/1.1\r\nX-\xff: \x00\r\n\r\n", 400, "invalid", None),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "invalid", None),  # TLS
        (b"garbage", 400, "invalid", None),
        (b"\r\n\r\n", 400, "invalid", None),
        (b"A" * 20_000, 400, "invalid", None),
        (b"GET " + b"x" * HANDSHAKE_BYTES_MAX, 431, "too_large", None),
    ],
)
async def test_a_bad_request_is_refused(sent: bytes, status: int, code: str, field: str | None) -> None:
    async with serving() as served:
        witness = await served.peer()
        got, _, problem = split(await exchanged(served, sent))
        assert (got, problem["code"], problem.get("field")) == (status, code, field)
        assert problem["status"] == status
        assert served.gateway.counters.handshakes_refused == {status: 1}
        await witness.echo(b"still here")
        await served.gone(left=1)


async def test_the_subprotocols_to_choose_from_are_named() -> None:
    async with serving() as served:
        _, _, problem = split(await exchanged(served, request(Sec_WebSocket_Protocol="mqtt")))
        assert problem["subprotocols"] == [s.value for s in Subprotocol]


async def test_what_a_refusal_needs_beside_its_body() -> None:
    async with serving() as served:
        assert split(await exchanged(served, request("PUT /v1/stream HTTP/1.1")))[1]["allow"] == "get"
        assert split(await exchanged(served, request(Upgrade=None)))[1]["upgrade"] == "websocket"


@pytest.mark.parametrize("subprotocol", list(Subprotocol))
async def test_one_subprotocol_is_chosen_and_no_extension(subprotocol: Subprotocol) -> None:
    async with serving() as served:
        stream = await served.raw()
        asked = f"other, {subprotocol.value}"
        extensions = "permessage-deflate; client_max_window_bits"
        await stream.send_all(request(Sec_WebSocket_Protocol=asked, Sec_WebSocket_Extensions=extensions))
        head = b""
        while b"\r\n\r\n" not in head:
            head += await stream.receive_some()
        lines = head.decode().lower().split("\r\n")
        assert lines[0].startswith("http/1.1 101")
        assert f"sec-websocket-protocol: {subprotocol.value}" in lines
        assert "sec-websocket-extensions" not in head.decode().lower()
        await stream.aclose()
        await served.gone()


async def test_frames_sent_before_the_answer_are_served_after_it() -> None:
    async with serving() as served:
        peer = await served.peer(Subprotocol.JSON)
        ping = peer.frame(9, b"early") + peer.frame(1, b'"early"')  # type: ignore[arg-type]
        got = await exchanged(served, request() + ping + peer.frame(8, b"\x03\xe8"))  # type: ignore[arg-type]
        head, _, frames = got.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101")
        assert frames == b'\x8a\x05early\x81\x07"early"\x88\x02\x03\xe8'


async def test_a_request_may_come_byte_by_byte() -> None:
    async with serving() as served:
        stream = await served.raw()
        for byte in request():
            await stream.send_all(bytes((byte,)))
        assert (await stream.receive_some()).startswith(b"HTTP/1.1 101")
        await stream.aclose()
        await served.gone()


@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://play.example", 101), ("https://evil.example", 403), (None, 101), ("null", 403)],
)
async def test_origins(origin: str | None, status: int) -> None:
    options = Stream(port=0, allowed_origins=("https://play.example",))
    async with serving(options=options) as served:
        stream = await served.raw()
        await stream.send_all(request(Origin=origin))
        assert (await stream.receive_some()).startswith(b"HTTP/1.1 %d" % status)
        await stream.aclose()
        await served.gone()


@pytest.mark.parametrize("sent", [b"", b"G", b"GET /v1/stream HTTP/1.1\r\nHost:"])
async def test_a_stalled_handshake_times_out(sent: bytes) -> None:
    async with serving() as served:
        witness = await served.peer()
        await witness.echo(b"hello")
        stream = await served.raw()
        if sent:
            await stream.send_all(sent)
        await served.clock.advance(limits.HANDSHAKE_TIMEOUT_S + 1)
        async with stream:
            got = b"".join([data async for data in stream])
        assert split(got)[0] == 408
        await witness.echo(b"still here")
        await served.gone(left=1)


async def test_a_peer_that_takes_no_answer_is_ended_all_the_same() -> None:
    async with serving() as served:
        stream = await served.raw()
        await served.clock.advance(limits.HANDSHAKE_TIMEOUT_S + 1)
        await served.clock.advance(limits.CLOSE_TIMEOUT_S + 2)
        await served.gone()
        await stream.aclose()


async def test_going_in_the_handshake_leaves_nothing() -> None:
    async with serving() as served:
        for sent in (b"", b"GET", request()[:-1]):
            stream = await served.raw()
            if sent:
                await stream.send_all(sent)
            await trio.testing.wait_all_tasks_blocked()
            await stream.aclose()
        await served.gone()

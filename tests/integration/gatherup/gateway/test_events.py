"""Server-Sent Events on real sockets: what a browser's EventSource gets, drops and resumes."""

from __future__ import annotations

import io
import json
from typing import Any, cast

import msgspec
import pytest
import structlog
import trio

from gatherup.gateway import connection
from protocol import limits
from protocol.codec import Subprotocol
from protocol.codes import CloseCode
from protocol.frames import Accepted, Event, Subscribe, Subscribed
from protocol.room.commands import CreateRoom, PostMessage
from tests.integration.gatherup.gateway.node import Client, Node, client_id, serving_node, user_id
from tests.integration.gatherup.gateway.serving import EchoSession, serving

ANN = user_id(1)


class EventSource:
    """Reads events as the standard has it."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self.buffer = b""
        self.last_id = ""

    async def open(self, target: str, **headers: str) -> str:
        """The head of the answer."""
        lines = (
            f"GET {target} HTTP/1.1",
            "Host: x",
            *(f"{name}: {value}" for name, value in headers.items()),
        )
        await self.stream.send_all(("\r\n".join(lines) + "\r\n\r\n").encode())
        return await self.until(b"\r\n\r\n")

    async def until(self, end: bytes) -> str:
        while end not in self.buffer:
            data = await self.stream.receive_some()
            assert data, "ended"
            self.buffer += data
        found, _, self.buffer = self.buffer.partition(end)
        return found.decode()

    async def event(self) -> dict[str, Any]:
        while True:
            lines = [line.partition(": ") for line in (await self.until(b"\n\n")).split("\n")]
            fields = {name: value for name, _, value in lines}
            self.last_id = fields.get("id", self.last_id)
            if "data" in fields and '"presence"' not in fields["data"]:
                return json.loads(fields["data"])

    async def comment(self) -> None:
        while (await self.until(b"\n\n")) != ":":
            pass


async def source(node: Node, target: str, **headers: str) -> tuple[str, EventSource]:
    opened = EventSource(await node.served.raw())
    return await opened.open(target, Authorization=f"Bearer {node.token(ANN)}", **headers), opened


async def room(client: Client) -> str:
    await client.tell(CreateRoom(client_id=client_id(), name="hall"))
    made = await client.frame()
    assert isinstance(made, Accepted)
    assert made.stream is not None
    return made.stream


async def post(client: Client, stream: str, body: str) -> None:
    await client.tell(PostMessage(client_id=client_id(), stream=stream, body=body))
    assert isinstance(await client.frame(), Accepted)


async def test_events_come_and_resume_after_a_drop():
    async with serving_node() as node:
        ann = await node.greeted(ANN)
        hall = await room(ann)
        head, events = await source(node, f"/v1/events?stream={hall}")
        assert head.startswith("HTTP/1.1 200")
        assert "text/event-stream" in head
        assert [(await events.event())["t"] for _ in range(2)] == ["welcome", "subscribed"]
        await post(ann, hall, "first")
        assert (await events.event())["payload"] == {"body": "first"}
        await events.stream.aclose()
        await node.served.gone(left=1)
        await post(ann, hall, "missed")

        _, again = await source(node, f"/v1/events?stream={hall}", **{"Last-Event-ID": events.last_id})
        welcome, subscribed, missed = [await again.event() for _ in range(3)]
        assert (welcome["t"], subscribed["t"]) == ("welcome", "subscribed")
        assert "snapshot" not in subscribed
        assert missed["payload"] == {"body": "missed"}


async def test_a_stream_one_may_not_hear_is_refused_as_on_a_socket():
    async with serving_node() as node:
        _, events = await source(node, f"/v1/events?stream=room:{'9' * 32}")
        assert (await events.event())["t"] == "welcome"
        refused = await events.event()
        assert (refused["t"], refused["code"]) == ("refused", "not_found")


async def test_silence_is_filled_with_comments_and_the_end_of_a_token_ends_it():
    async with serving_node() as node:
        ann = await node.greeted(ANN)
        hall = await room(ann)
        await ann.peer.stream.aclose()
        _, events = await source(node, f"/v1/events?stream={hall}")
        assert [(await events.event())["t"] for _ in range(2)] == ["welcome", "subscribed"]
        await node.served.clock.advance(3 * limits.IDLE_TIMEOUT_S)
        await events.comment()
        await node.served.clock.advance(900.0)
        goodbye = await events.event()
        assert (goodbye["t"], goodbye["code"]) == ("goodbye", CloseCode.TOKEN_EXPIRED)
        assert await events.stream.receive_some() == b""


async def test_what_a_client_sends_after_its_request_means_nothing():
    async with serving_node() as node:
        ann = await node.greeted(ANN)
        hall = await room(ann)
        _, events = await source(node, f"/v1/events?stream={hall}")
        await events.stream.send_all(b"\x00garbage" * 1000)
        assert [(await events.event())["t"] for _ in range(2)] == ["welcome", "subscribed"]
        await post(ann, hall, "still here")
        assert (await events.event())["payload"] == {"body": "still here"}


async def test_a_slow_reader_is_told_so_and_slows_nobody():
    async with serving_node() as node:
        ann = await node.greeted(ANN, Subprotocol.JSON)
        hall = await room(ann)
        await ann.tell(Subscribe(client_id=client_id(), stream=hall))
        assert isinstance(await ann.frame(), Subscribed)
        slow = EventSource(await node.served.raw(receive_buffer=4096))
        await slow.open(f"/v1/events?stream={hall}&access_token={node.token(ANN)}")
        _, quick = await source(node, f"/v1/events?stream={hall}")
        for reader in (slow, quick):
            assert [(await reader.event())["t"] for _ in range(2)] == ["welcome", "subscribed"]
        writers, posted, most = node.served.writers, 0, 0
        while not writers.slow_closes:
            await post(ann, hall, f"{posted} ".ljust(limits.BODY_CHARS_MAX, "語"))
            posted += 1
            await node.served.clock.advance(2 / limits.COMMANDS_PER_S)
            assert isinstance(event := await ann.frame(), Event)
            assert (await quick.event())["payload"] == json.loads(bytes(cast("msgspec.Raw", event.payload)))
            most = max(most, writers.queued_bytes)
        assert 0 < most <= writers.bytes_max
        assert writers.queued_bytes < 32_000  # what it had begun to get, and the goodbye

        *heard, last = await rest(slow)
        assert [event["payload"]["body"].split()[0] for event in heard] == [str(n) for n in range(len(heard))]
        assert 0 < len(heard) < posted
        assert (last["t"], last["code"], last["retry"]) == ("goodbye", CloseCode.SLOW_READER, True)
        await slow.stream.aclose()
        await node.served.gone(left=2)
        assert node.served.gateway.counters.closes == {CloseCode.SLOW_READER: 1}
        await post(ann, hall, "after")
        assert (await quick.event())["payload"] == {"body": "after"}


async def rest(events: EventSource) -> list[dict[str, Any]]:
    """Everything until the end, each event whole."""
    async for data in events.stream:
        events.buffer += data
    assert events.buffer.endswith(b"\n\n")
    found: list[dict[str, Any]] = []
    while events.buffer:
        found.append(await events.event())
    return found


class Crashing(EchoSession):
    """Doesn't survive its hello."""

    async def receive(self, message: bytes) -> None:
        raise RuntimeError("a bug")


async def test_a_token_in_the_query_is_never_logged(logs: io.StringIO, monkeypatch: pytest.MonkeyPatch):
    # The module's own keeps the set-up it is first used with, for every test that follows.
    monkeypatch.setattr(connection, "log", structlog.stdlib.get_logger("gatherup.gateway"))
    async with serving_node() as node:
        token = node.token(ANN)
        ann = await node.greeted(ANN)
        hall = await room(ann)
        for wanted, parameters in (
            ("200", f"stream={hall}"),
            ("400", "stream=nowhere"),
            ("400", f"stream={hall}&since=then"),
            ("400", f"stream={hall}" + "&x=1" * 1000),
            ("401", f"stream={hall}&access_token=x"),
        ):
            target = f"/v1/events?{parameters}&access_token={token}"
            events = EventSource(await node.served.raw())
            head = await events.open(target)
            assert head.startswith(f"HTTP/1.1 {wanted}"), head
            if wanted == "200":
                assert [(await events.event())["t"] for _ in range(2)] == ["welcome", "subscribed"]
            await events.stream.aclose()
        await node.served.gone(left=1)

    async with serving(sessions=lambda writer: Crashing(writer, [])) as served:
        peer = EventSource(await served.raw())
        head = await peer.open(f"/v1/events?stream={hall}&access_token={token}")
        assert head.startswith("HTTP/1.1 200")
        await peer.stream.aclose()
        await served.gone()
    said = logs.getvalue()
    events = {json.loads(line)["event"] for line in said.splitlines()}
    assert {"a session began", "connection crashed"} <= events  # down to debug, or nothing was tested
    assert not [part for part in token.split(".") if part in said]

"""Server-Sent Events on real sockets: what a browser's EventSource gets, drops and resumes."""

from __future__ import annotations

import json
from typing import Any

import trio

from protocol import limits
from protocol.codes import CloseCode
from protocol.frames import Accepted
from protocol.room import CreateRoom, PostMessage
from tests.integration.gateway.node import Client, Node, client_id, serving_node, user_id

ANN = user_id(1)


class EventSource:
    """Reads events as the standard has it."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self.buffer = b""
        self.last_id = ""

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
    fields = {"Host": "x", "Authorization": f"Bearer {node.token(ANN)}", **headers}
    lines = (f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()))
    await opened.stream.send_all(("\r\n".join(lines) + "\r\n\r\n").encode())
    return await opened.until(b"\r\n\r\n"), opened


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

"""A page of history and a post over HTTP, beside FastAPI on uvicorn doing the same work in the same run."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from itertools import cycle
from typing import Final

import msgspec

from loadtest.children import Child
from loadtest.cluster import Servers, wait_for
from loadtest.connection import Address, Connection, RefusedError
from loadtest.figures import Scale
from loadtest.frames import stamped
from loadtest.node import LOOPBACK, Node, client_id, join, make_room
from loadtest.report import Figure
from loadtest.requests import Callers, HttpConnection, request
from protocol.http.accounts.accounts import Jwks
from protocol.http.rooms.messages import NewMessage
from protocol.room.commands import PostMessage

BODY_CHARS: Final = 128
MEMBERS: Final = 5
"""Of each room."""
HISTORY: Final = 60
"""Messages in each room at first: a page is 50."""
CONNECTIONS: Final = 16
JWKS_PATH: Final = "/.well-known/jwks.json"
PROFILED: Final = "gatherup.bench.sampled"
_PEER: Final = [sys.executable, "-m", "loadtest.peers.fastapi_peer"]
PAGE, POST = "history page", "post"


class Contestant:
    """A server of both requests, and how many it answers for each second of its CPU."""

    def __init__(self, child: Child, address: Address, asked: dict[str, Callable[[], bytes]]) -> None:
        self.child: Final = child
        self.address: Final = address
        self.per_cpu_s: dict[str, list[float]] = {what: [] for what in asked}
        self._asked = asked

    def measure(self, what: str, seconds: float) -> None:
        """Ask this for so long, on new connections: servers close those that rest."""
        callers = Callers(self.address, CONNECTIONS, self._asked[what])
        cpu_s = self.child.cpu_s
        callers.run(seconds)
        self.per_cpu_s[what].append(len(callers.took_ns) / max(self.child.cpu_s - cpu_s, 0.001))
        callers.close()


def measure(scale: Scale) -> list[Figure]:
    """In turns, on one PostgreSQL."""
    module = PROFILED if scale.profile else "gatherup"
    with Servers() as servers, servers.node("bench", alone=True, module=module) as node:
        wait_for(lambda: node.ready)
        members = _rooms(node, scale.asked_rooms)
        keys = HttpConnection(node.http_address).ask(request("GET", JWKS_PATH))
        msgspec.json.decode(keys, type=Jwks)
        environment = {**os.environ, "DATABASE_URL": servers.database_url, "JWKS": keys.decode()}
        with Child(_PEER, "ready", environment=environment) as peer:
            asked = _asked(members)
            contestants = {
                "node": Contestant(node, node.http_address, asked),
                "FastAPI": Contestant(peer, (LOOPBACK, int(peer.said.split()[-1])), asked),
            }
            _check_alike([contestant.address for contestant in contestants.values()], asked[PAGE]())
            for repeat in range(scale.repeats + 1):
                for what in asked:
                    _turn(contestants, what, scale, warming=repeat == 0)
    return _figures(contestants)


def _rooms(node: Node, count: int) -> list[tuple[str, str]]:
    """Rooms with some history, that nobody listens to: each member's token and room."""
    tokens = node.guests(count * MEMBERS)
    connections = node.connect(tokens)
    members: list[tuple[str, str]] = []
    for first in range(0, len(tokens), MEMBERS):
        people = connections[first : first + MEMBERS]
        room = make_room(people[0])
        join(room, people[1:])
        for connection in people:
            _fill(connection, room)
        members += [(token, room) for token in tokens[first : first + MEMBERS]]
    for connection in connections:
        connection.socket.close()
    return members


def _fill(connection: Connection, room: str) -> None:
    for number in range(HISTORY // MEMBERS):
        body = stamped(number, BODY_CHARS)
        connection.send(PostMessage(client_id=client_id(), stream=room, body=body))
    for _ in range(HISTORY // MEMBERS):
        connection.answer()


def _asked(members: list[tuple[str, str]]) -> dict[str, Callable[[], bytes]]:
    """The next request of each sort, members taking turns."""
    readers, writers = cycle(members), cycle(members)

    def page() -> bytes:
        token, room = next(readers)
        return request("GET", f"/v1/rooms/{room}/messages", token=token)

    def post() -> bytes:
        token, room = next(writers)
        message = NewMessage(client_id=client_id(), body=stamped(0, BODY_CHARS))
        return request("POST", f"/v1/rooms/{room}/messages", token=token, body=msgspec.json.encode(message))

    return {PAGE: page, POST: post}


def _check_alike(addresses: list[Address], page: bytes) -> None:
    """All must answer the same JSON. Raises RefusedError."""
    answers = [msgspec.json.decode(HttpConnection(address).ask(page)) for address in addresses]
    if any(answer != answers[0] for answer in answers):
        raise RefusedError(f"these aren't the same page: {answers}")


def _turn(contestants: dict[str, Contestant], what: str, scale: Scale, *, warming: bool) -> None:
    for contestant in contestants.values():
        contestant.measure(what, scale.seconds)
        if warming:
            contestant.per_cpu_s[what].clear()
    if scale.profile:
        sys.stderr.write(f"{what}:\n")
        sys.stderr.flush()
        contestants["node"].child.signal(signal.SIGUSR2)


def _figures(contestants: dict[str, Contestant]) -> list[Figure]:
    def figure(name: str, unit: str, values: list[float]) -> Figure:
        group = f"HTTP, {CONNECTIONS} connections, {BODY_CHARS} B, beside FastAPI on uvicorn"
        return Figure(group=group, name=name, unit=unit, values=tuple(values))

    figures: list[Figure] = []
    for what in (PAGE, POST):
        per_cpu_s = {name: contestant.per_cpu_s[what] for name, contestant in contestants.items()}
        figures += [figure(f"{what}, {name}", "/CPU s", values) for name, values in per_cpu_s.items()]
        ratio = [a / b for a, b in zip(per_cpu_s["node"], per_cpu_s["FastAPI"], strict=True)]
        figures.append(figure(f"{what}, node : FastAPI, same turn", "", ratio))
    return figures

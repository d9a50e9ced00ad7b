"""A whole installation of GatherUp as a child, and the people on it."""

from __future__ import annotations

import http.client
import os
import re
import sys
import uuid
from collections.abc import Sequence
from typing import Final

import msgspec

from gatherup.embedded.child import any_free_port
from loadtest.children import Child, ChildError
from loadtest.connection import Connection, LastScan
from protocol.frames import Accepted, CreateCommand, Hello, ServerFrame, Subscribe, Welcome
from protocol.http.accounts.accounts import SignedIn, SignInAsGuest
from protocol.room.commands import CreateRoom, JoinRoom

LOOPBACK: Final = "127.0.0.1"
STREAM_PATH: Final = "/v1/stream"
_METRIC: Final = re.compile(r"^(\w+) ([0-9.e+]+)$", re.MULTILINE)
_RUN: Final = uuid.uuid4().hex[:12]
_ids: Final = iter(range(1 << 47))


def client_id() -> str:
    """One that was never used."""
    digits = f"{next(_ids):012x}"
    return f"00000000-0000-4000-{digits[:4]}-{_RUN[:4]}{digits[4:]}"


class Node(Child):
    """``gatherup dev`` on data that vanishes: PostgreSQL and Valkey are its children, the node is itself.

    With a ``command`` of its own a node on servers that run already, its settings being the environment's.
    ``module`` is what Python runs.
    Everybody comes from one address here, so the limit of requests per address is lifted.
    """

    def __init__(
        self,
        command: Sequence[str] = ("dev", "--ephemeral"),
        ready: str | None = "GatherUp is running",
        *,
        module: str = "gatherup",
        **settings: str,
    ) -> None:
        self.http_address: Final = (LOOPBACK, any_free_port())
        self.address: Final = (LOOPBACK, any_free_port())
        foreign = ("GATHERUP_", "DATABASE_", "REDIS_")
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(foreign)},
            "GATHERUP_HTTP_PORT": str(self.http_address[1]),
            "GATHERUP_STREAM_PORT": str(self.address[1]),
            "GATHERUP_STREAM_GOODBYE_SPREAD_S": "0",
            "GATHERUP_NODE_LAME_DUCK_S": "0",
            "GATHERUP_HTTP_ANONYMOUS_PER_S": "1e6",
            "GATHERUP_HTTP_ANONYMOUS_BURST": "1e6",
            "GATHERUP_AUTH_ACCESS_TOKEN_S": "86400",
            "PYTHONUNBUFFERED": "1",
            **settings,
        }
        super().__init__([sys.executable, "-m", module, *command], ready, environment=environment)

    @property
    def ready(self) -> bool:
        """Whether the node says that it is. Raises ChildError if it ended."""
        if self.ended is not None:
            raise ChildError(f"a node ended with {self.ended}")
        facade = http.client.HTTPConnection(*self.http_address)
        try:
            facade.request("GET", "/health/ready")
            return facade.getresponse().status == http.client.OK
        except ConnectionRefusedError:
            return False  # it doesn't listen yet
        finally:
            facade.close()

    def counters(self) -> dict[str, float]:
        """The node's own counters that have no labels."""
        text = self._get("/metrics").decode()
        return {name: float(value) for name, value in _METRIC.findall(text)}

    def guests(self, count: int) -> list[str]:
        """The tokens of this many new guests."""
        facade = http.client.HTTPConnection(*self.http_address)
        tokens: list[str] = []
        for number in range(count):
            body = msgspec.json.encode(SignInAsGuest(display_name=f"guest {number}"))
            facade.request("POST", "/v1/guest", body, {"Content-Type": "application/json"})
            answer = facade.getresponse()
            tokens.append(msgspec.json.decode(answer.read(), type=SignedIn).access_token)
        facade.close()
        return tokens

    def connect(self, tokens: Sequence[str]) -> list[Connection]:
        """A session for each token."""
        last = LastScan()
        connections: list[Connection] = []
        for token in tokens:
            connection = Connection(self.address, STREAM_PATH, last)
            connections.append(connection)
            welcome = connection.ask(Hello(token=token))
            assert isinstance(welcome, Welcome)
            connection.user = welcome.user
        return connections

    def _get(self, path: str) -> bytes:
        facade = http.client.HTTPConnection(*self.http_address)
        facade.request("GET", path)
        body = facade.getresponse().read()
        facade.close()
        return body


def make_room(owner: Connection) -> str:
    """A new room, whose owner becomes its first member."""
    command: CreateCommand = CreateRoom(client_id=client_id(), name="loadtest")
    made = owner.ask(command)
    assert isinstance(made, Accepted)
    assert made.stream is not None
    return made.stream


def join(room: str, members: Sequence[Connection]) -> None:
    """Make all of them members; their joining is pipelined."""
    for member in members:
        member.send(JoinRoom(client_id=client_id(), stream=room))
    for member in members:
        member.answer()


def subscribe(room: str, members: Sequence[Connection]) -> None:
    """Let all of them listen."""
    for member in members:
        member.send(Subscribe(client_id=client_id(), stream=room))
        _check(member.answer())


def _check(answer: ServerFrame) -> None:
    assert answer.__struct_config__.tag == "subscribed"

"""People to try the shared node with, without Trio.

Whatever the node tells its operators during a test is searched for what nobody may find there.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec
import psycopg
import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from gatherup.addresses import Addresses
from tests.integration.shared import SharedNode
from tests.integration.site import SETTINGS, unique, unused_address
from tests.tls import NO_TLS

PASSWORD = "correct horse battery staple"


class Node:
    """The shared node seen from an address of a test's own, and an HTTP client of nobody."""

    def __init__(self, addresses: Addresses, dsn: str) -> None:
        self.addresses = addresses
        self.dsn = dsn
        self.address = unused_address()
        self._open: list[httpx.Client] = []
        self.http = self.client()
        self.document: dict[str, Any] = self.http.get("/openapi.json").json()
        self.secrets: set[str] = {PASSWORD, *(v for v in SETTINGS.values() if len(v) == 64)}

    def client(self) -> httpx.Client:
        client = httpx.Client(base_url=self.addresses.http, timeout=30, verify=NO_TLS, trust_env=False)
        client.headers["X-Forwarded-For"] = self.address
        self._open.append(client)
        return client

    def close(self) -> None:
        for client in self._open:
            client.close()

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield method, path, operation

    def example(self, operation: dict[str, Any]) -> Any:
        """A body as the document shows it, with a client id of its own where it has one."""
        if "requestBody" not in operation:
            return None
        example = dict(operation["requestBody"]["content"]["application/json"]["example"])
        return {**example, "client_id": str(uuid.uuid4())} if "client_id" in example else example

    def guest(self, name: str = "Guest") -> Person:
        return Person(self, self.signed_in("/v1/guest", display_name=name))

    def registered(self) -> Person:
        handle = unique("abuser")
        return Person(self, self.signed_in("/v1/register", handle=handle, password=PASSWORD), handle)

    def admin(self) -> Person:
        admin = self.guest("Admin")
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute("update account set admin = true where id = %s", [admin.user[-32:]])
        return admin

    def key(self, admin: Person) -> httpx.Client:
        """An API key with every scope."""
        scopes = [
            "streams.publish",
            "rooms.create",
            "rooms.manage",
            "tokens.mint",
            "tournaments.manage",
            "webhooks.manage",
        ]
        made = admin.http.post("/v1/admin/keys", json={"name": "arena", "scopes": scopes})
        text = made.json()["text"]
        self.secrets.add(text)
        client = self.client()
        client.headers["Authorization"] = f"Bearer {text}"
        return client

    def signed_in(self, path: str, **body: str) -> dict[str, Any]:
        answer = self.http.post(path, json=body)
        assert answer.is_success, answer.text
        tokens = answer.json()
        self.secrets |= {
            value for name, value in tokens.items() if value and name.endswith(("_token", "_secret"))
        }
        return tokens


class Person:
    """Somebody signed in."""

    def __init__(self, node: Node, tokens: dict[str, Any], handle: str | None = None) -> None:
        self.node = node
        self.tokens = tokens
        self.handle = handle
        self.user: str = tokens["user"]
        self.http = node.client()
        self.http.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    def send(self, method: str, path: str, **body: Any) -> httpx.Response:
        return self.http.request(method, path, json={"client_id": str(uuid.uuid4()), **body})

    def room(self, **settings: Any) -> str:
        made = self.send("POST", "/v1/rooms", **{"name": "A room", **settings})
        assert made.status_code == 201, made.text
        return made.json()["stream"]

    def post(self, room: str, body: str) -> int:
        posted = self.send("POST", f"/v1/rooms/{room}/messages", body=body)
        assert posted.status_code == 201, posted.text
        return posted.json()["seq"]

    def tournament(self) -> str:
        """One of two entrants that has started."""
        made = self.send("POST", "/v1/tournaments", name="A cup", ready_s=0)
        path = f"/v1/tournaments/{made.json()['stream']}"
        assert self.send("POST", path + "/open-registration").is_success
        assert self.send("POST", path + "/entrants", entrants=[{"name": "Ann"}, {"name": "Ben"}]).is_success
        assert self.send("POST", path + "/start").is_success
        return made.json()["stream"]

    def gathering(self) -> str:
        """One whose registration is open, and that they have registered with."""
        made = self.send("POST", "/v1/gatherings", name="A fair")
        path = f"/v1/gatherings/{made.json()['stream']}"
        assert self.send("POST", path + "/open-registration").is_success
        assert self.send("POST", path + "/register").is_success
        return made.json()["stream"]

    def series(self) -> str:
        """One that makes no tournaments by itself."""
        made = self.send("POST", "/v1/series", name="Weekly")
        assert made.status_code == 201, made.text
        return made.json()["stream"]

    @contextmanager
    def socket(self) -> Iterator[Socket]:
        """A session in JSON."""
        json = Subprotocol("gatherup.v1.json")
        with connect(self.node.addresses.stream, subprotocols=[json], proxy=None) as connection:
            socket = Socket(connection)
            socket.tell({"t": "hello", "token": self.tokens["access_token"]})
            assert socket.frame()["t"] == "welcome"
            yield socket


class Socket:
    """The frames of a session."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def tell(self, frame: Any) -> None:
        self.connection.send(msgspec.json.encode(frame).decode())

    def frame(self) -> dict[str, Any]:
        return msgspec.json.decode(self.connection.recv(timeout=30))

    def reply(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Send a frame with a client id; what answers it, whatever comes in between."""
        self.tell(frame)
        while (told := self.frame()).get("client_id") != frame["client_id"]:
            pass
        return told


@pytest.fixture
def node(shared_node: SharedNode) -> Iterator[Node]:
    """Whatever the node tells its operators while the test runs holds no secret, and of no crash."""
    logged = shared_node.logged
    node = Node(shared_node.addresses, shared_node.dsn)
    try:
        yield node
    finally:
        node.close()
        with psycopg.connect(shared_node.dsn, autocommit=True) as connection:
            connection.execute("delete from webhook")  # or they would be told what later tests do
    told = shared_node.said(logged)
    assert "Traceback" not in told, told
    for secret in node.secrets:
        assert secret not in told, "a secret stands in the log"

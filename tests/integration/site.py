"""Nodes for integration tests, and people who use them over HTTP.

Most tests need no node of their own: the fixture ``site`` is the facade of one that all tests of a run share. A test
that stops, configures or looks into a node has one in this process, with ``running``.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from typing import Any

import httpx
import trio

from gatherup import config
from gatherup.addresses import Addresses
from gatherup.config import Config
from gatherup.lifetime import run_node
from tests.integration.gatherup.http.conforming import conforms
from tests.tls import NO_TLS

SETTINGS = {
    "GATHERUP_AUTH_TOKEN_KEY": "a1" * 32,
    "GATHERUP_RUNTIME_RECEIPT_KEY": "b2" * 32,
    "GATHERUP_HTTP_PORT": "0",
    "GATHERUP_STREAM_PORT": "0",
    "GATHERUP_STREAM_GOODBYE_SPREAD_S": "0",
    "GATHERUP_NODE_LAME_DUCK_S": "0",
    "GATHERUP_HTTP_ANONYMOUS_BURST": "100000",
    "GATHERUP_AUTH_HASH_MEMORY_KIB": "8",
    "GATHERUP_AUTH_HASH_PASSES": "1",
    "GATHERUP_CANARY_PERIOD_S": "0.05",
}
HANG_S = 60
_numbers = itertools.count(1)


def unique(name: str) -> str:
    """A handle that nobody else has: the tests of a run share their users."""
    return f"{name}_{next(_numbers)}"


def unused_address() -> str:
    """An address whose rate limits and locks no other test has touched."""
    return str(IPv4Address("10.0.0.0") + next(_numbers))


def settings(dsn: str, **changes: str) -> Config:
    return config.read({**SETTINGS, "DATABASE_URL": dsn, **changes})


@asynccontextmanager
async def running(configured: Config, *, hang_s: float = HANG_S) -> AsyncGenerator[Addresses]:
    """A node that serves for the block and is shut down gracefully at its end."""
    found: list[Addresses] = []
    stop, serving = trio.Event(), trio.Event()

    def started(addresses: Addresses) -> None:
        found.append(addresses)
        serving.set()

    with trio.fail_after(hang_s):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(run_node, configured, stop, started)
            await serving.wait()
            try:
                yield found[0]
            finally:
                stop.set()


class Person:
    """Somebody signed in, with an HTTP client of their own."""

    def __init__(self, http: httpx.AsyncClient, signed_in: dict[str, Any]) -> None:
        self.http = http
        self.signed_in = signed_in
        self.user: str = signed_in["user"]
        http.headers["Authorization"] = f"Bearer {signed_in['access_token']}"

    async def send(self, method: str, path: str, **body: Any) -> httpx.Response:
        """A command with a client id of its own, unless one is given."""
        return await self.http.request(method, path, json={"client_id": str(uuid.uuid4()), **body})

    async def new_room(self, **body: Any) -> str:
        made = await self.send("POST", "/v1/rooms", **{"name": "A room", **body})
        assert made.status_code == 201, made.text
        return made.json()["stream"]

    async def post(self, room: str, text: str) -> int:
        posted = await self.send("POST", f"/v1/rooms/{room}/messages", body=text)
        assert posted.status_code == 201, posted.text
        return posted.json()["seq"]


class Site:
    """The facade of a running node, seen from one ``address``: its own unless one is given."""

    def __init__(self, url: str, *, address: str | None = None) -> None:
        self.url = url
        self.address = address
        self._open: list[httpx.AsyncClient] = []
        self.http = self.client()

    def client(self) -> httpx.AsyncClient:
        hooks = {"response": [conforms]}
        client = httpx.AsyncClient(
            base_url=self.url, timeout=30, verify=NO_TLS, trust_env=False, event_hooks=hooks
        )
        if self.address is not None:
            client.headers["X-Forwarded-For"] = self.address
        self._open.append(client)
        return client

    async def guest(self, name: str = "Guest") -> Person:
        answer = await self.http.post("/v1/guest", json={"display_name": name})
        assert answer.status_code == 201, answer.text
        return Person(self.client(), answer.json())

    async def aclose(self) -> None:
        for client in self._open:
            await client.aclose()


def problem(response: httpx.Response, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    """The problem document of a response, which must be this one and complete."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    document = response.json()
    assert (response.status_code, document["code"], document.get("field")) == (status, code, field), document
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert document["type"] == f"/docs#{code}"
    assert "Traceback" not in response.text
    return document

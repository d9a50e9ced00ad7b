"""The end of a login closes its sockets and no others, on every node, and its requests are refused."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream

from gatherup.http import live
from protocol.codes import CloseCode
from tests.integration.actors.cluster.rig import Rig, rig
from tests.integration.site import Person, Site, problem, running, settings

pytestmark = pytest.mark.real
PASSWORD = "correct horse battery staple"


class Socket:
    """One session, in JSON."""

    def __init__(self, connection: WebSocketConnection) -> None:
        self._connection = connection

    async def tell(self, type_: str, **fields: Any) -> None:
        await self._connection.send_message(json.dumps({"t": type_, **fields}))

    async def get(self) -> dict[str, Any]:
        return json.loads(await self._connection.get_message())

    async def answers(self) -> None:
        """It is open, and nothing came before."""
        client_id = str(uuid.uuid4())
        await self.tell("ping", client_id=client_id)
        assert await self.get() == {"t": "accepted", "client_id": client_id}

    async def ended(self) -> dict[str, Any]:
        """The goodbye, which is what comes next; the Close after it has the same code."""
        goodbye = await self.get()
        assert goodbye["t"] == "goodbye"
        with pytest.raises(ConnectionClosed):
            await self.get()
        assert self._connection.closed is not None
        assert self._connection.closed.code == goodbye["code"]
        return goodbye

    async def revoked(self) -> None:
        """Its last frame says that the login ended, and then it is closed for that."""
        goodbye = await self.ended()
        assert (goodbye["code"], goodbye["retry"]) == (CloseCode.REVOKED, False)


@asynccontextmanager
async def opened(url: str, person: Person) -> AsyncIterator[Socket]:
    """A connection that has said hello; what it is answered is still to be read."""
    where = urlsplit(url)
    assert where.hostname is not None
    assert where.port is not None
    # The library doesn't close the socket when the server ends the connection.
    async with (
        await trio.open_tcp_stream(where.hostname, where.port) as stream,
        trio.open_nursery() as nursery,
    ):
        connection = await wrap_client_stream(
            nursery, stream, where.netloc, where.path, subprotocols=["gatherup.v1.json"]
        )
        found = Socket(connection)
        await found.tell("hello", token=person.signed_in["access_token"])
        yield found
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def greeted(url: str, person: Person) -> AsyncIterator[Socket]:
    async with opened(url, person) as found:
        assert (await found.get())["t"] == "welcome"
        yield found


async def logins(site: Site, handle: str, *elsewhere: Site) -> list[Person]:
    """Somebody with a login here and on each of the other sites."""
    made = await site.http.post("/v1/register", json={"handle": handle, "password": PASSWORD})
    assert made.status_code == 201, made.text
    people = [Person(site.client(), made.json())]
    for other in elsewhere:
        again = await other.http.post("/v1/login", json={"name": handle, "password": PASSWORD})
        assert again.status_code == 200, again.text
        people.append(Person(other.client(), again.json()))
    return people


async def test_a_logout_ends_the_sockets_of_that_login_alone(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "TRUSTED_S", 0.0)
    async with running(settings(postgres_dsn)) as addresses:
        site = Site(addresses.http)
        phone, desk = await logins(site, "ann", site)
        stranger = await site.guest("Ben")
        async with (
            greeted(addresses.stream, phone) as one,
            greeted(addresses.stream, phone) as two,
            greeted(addresses.stream, desk) as other,
            greeted(addresses.stream, stranger) as strangers,
        ):
            assert (await phone.http.post("/v1/logout")).status_code == 204
            await one.revoked()
            await two.revoked()
            await other.answers()
            await strangers.answers()
            problem(await phone.http.get("/v1/inbox"), 401, "unauthenticated", "Authorization")
            assert (await desk.http.get("/v1/inbox")).is_success
        async with opened(addresses.stream, phone) as late:
            await late.revoked()
        await site.aclose()


async def test_a_deleted_or_banned_account_and_a_login_nobody_has_don_t_get_in(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "TRUSTED_S", 0.0)
    async with running(settings(postgres_dsn)) as addresses:
        site = Site(addresses.http)
        banned, deleted, unknown = [await site.guest(name) for name in ("Ann", "Ben", "Cid")]
        statements = {
            banned: "update account set banned_at = 1 where id = %s",
            deleted: "update account set deleted_at = 1, erase_at = 2 where id = %s",
            unknown: "delete from login where account = %s",
        }
        with psycopg.connect(postgres_dsn, autocommit=True) as connection:
            for person, statement in statements.items():
                connection.execute(statement.encode(), [person.user.removeprefix("user:")])
        for person in statements:
            async with opened(addresses.stream, person) as socket:
                await socket.revoked()
            problem(await person.http.get("/v1/inbox"), 401, "unauthenticated", "Authorization")
        await site.aclose()


async def test_the_end_of_all_closes_sockets_on_every_node(postgres_dsn: str, valkey_url: str) -> None:
    async with rig(postgres_dsn, valkey_url) as cluster:
        await _ends_of_all(cluster)


async def _ends_of_all(cluster: Rig) -> None:
    first, second = [await cluster.start(f"node-{n}") for n in (1, 2)]
    await cluster.balanced()
    sites = [cluster.site(first), cluster.site(second)]
    here, there = await logins(sites[0], "ann", sites[1])
    others_here, others_there = await logins(sites[0], "ben", sites[1])
    async with (
        greeted(first.addresses.stream, here) as one,
        greeted(second.addresses.stream, there) as two,
        greeted(first.addresses.stream, others_here) as three,
        greeted(second.addresses.stream, others_there) as four,
    ):
        ended = await there.http.delete("/v1/me/logins")
        assert ended.status_code == 204, ended.text
        await one.revoked()
        await two.revoked()
        await three.answers()
        await four.answers()
        kept = await others_here.http.delete("/v1/me/logins", params={"scope": "others"})
        assert kept.status_code == 204, kept.text
        await four.revoked()
        await three.answers()

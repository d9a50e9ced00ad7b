"""What a game's own backend does with a key, on a whole node: rooms, members, messages, tokens, webhooks."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest
import trio

from gatherup.clock import SystemClock
from gatherup.features.integrations.keys import made
from gatherup.features.integrations.signing import verify
from gatherup.jobs import worker
from gatherup.randomness import SystemRandomness
from protocol.frames import Command
from protocol.http.integrations import KeyMade, NewKey, Scope
from protocol.room.commands import PostMessage
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent, rows
from storage.postgres.integrations.keys import ApiKeys
from tests.integration.gatherup.features.integrations.receiver import receiver
from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site, problem, running, settings, unique

pytestmark = pytest.mark.real
ALL: list[Scope] = [
    "streams.publish",
    "rooms.create",
    "rooms.manage",
    "tokens.mint",
    "tournaments.manage",
    "webhooks.manage",
]


@pytest.fixture
async def pool(node: SharedNode) -> AsyncGenerator[Pool]:
    async with Pool(node.dsn, autocommit=True) as pool:
        yield pool


@asynccontextmanager
async def own_site(dsn: str, **changes: str) -> AsyncGenerator[Site]:
    async with running(settings(dsn, **changes)) as addresses:
        site = Site(addresses.http)
        try:
            yield site
        finally:
            await site.aclose()


@pytest.fixture
async def webhooks(postgres_dsn: str) -> AsyncGenerator[Backend]:
    """With a node of its own: a webhook is told what everybody does there."""
    async with (
        own_site(postgres_dsn, GATHERUP_WEBHOOKS_ALLOW_PRIVATE="true") as site,
        Pool(postgres_dsn, autocommit=True) as pool,
    ):
        yield Backend(site, (await new_key(pool, *ALL)).text)


class NoShouting:
    """The hook of this node: its rule, and what it saw."""

    seen: list[tuple[str, str]] = []

    @staticmethod
    def before(command: Command, by: str) -> Any:
        from gatherup.hooks import Refusal

        if isinstance(command, PostMessage) and command.body.isupper():
            return Refusal("Don't shout.", field="body")
        if isinstance(command, PostMessage) and command.body == "crash":
            raise ZeroDivisionError
        return None

    @classmethod
    def after(cls, command: Command, by: str, reply: Any) -> None:
        cls.seen.append((str(command.__struct_config__.tag), type(reply).__name__))


async def new_key(pool: Pool, *scopes: Scope, lifetime_s: int | None = None) -> KeyMade:
    wanted = NewKey(name="arena", scopes=list(scopes), lifetime_s=lifetime_s)
    return await made(ApiKeys(pool), wanted, SystemClock(), SystemRandomness(), by="system", address=None)


class Backend:
    """A game's server, with its key."""

    def __init__(self, site: Site, text: str) -> None:
        self.site = site
        self._text = text
        self.http = site.client()
        self.http.headers["Authorization"] = f"Bearer {text}"

    @property
    def author(self) -> str:
        """As whom it acts."""
        return f"key:{self._text[3:35]}"

    async def send(self, method: str, path: str, **body: Any) -> httpx.Response:
        if "/rooms" in path:
            body = {"client_id": str(uuid.uuid4()), **body}
        return await self.http.request(method, f"/v1/server{path}", json=body)

    async def done(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        answer = await self.send(method, path, **body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}


@pytest.fixture
async def backend(site: Site, pool: Pool) -> Backend:
    return Backend(site, (await new_key(pool, *ALL)).text)


async def test_a_key_has_its_scopes_and_no_others(site: Site, pool: Pool) -> None:
    key = await new_key(pool, "rooms.create")
    backend = Backend(site, key.text)
    room = (await backend.done("POST", "/rooms", name="Arena"))["stream"]
    refused = await backend.send("POST", f"/rooms/{room}/messages", body="hi")
    assert "streams.publish" in problem(refused, 403, "forbidden", "Authorization")["detail"]
    # A key is no user, and a user no key.
    problem(await backend.http.get("/v1/me"), 401, "unauthenticated", "Authorization")
    ann = await site.guest()
    problem(await ann.http.get("/v1/server/webhooks"), 401, "unauthenticated", "Authorization")
    for text in ("gu_", f"gu_{'0' * 32}_{'a' * 43}", key.text[:-1] + "?", key.text + "a"):
        wrong = Backend(site, text)
        problem(await wrong.send("POST", "/rooms", name="x"), 401, "unauthenticated", "Authorization")
    other = key.text[:-2] + ("AA" if not key.text.endswith("AA") else "BB")
    problem(
        await Backend(site, other).send("POST", "/rooms", name="x"),
        401,
        "unauthenticated",
        "Authorization",
    )


async def test_a_revoked_and_an_expired_key_are_good_no_more(site: Site, pool: Pool) -> None:
    key = await new_key(pool, "webhooks.manage")
    assert await ApiKeys(pool).revoke(key.key.key, by="system", address=None, at=1)
    assert not await ApiKeys(pool).revoke(key.key.key, by="system", address=None, at=1)
    refused = await Backend(site, key.text).http.get("/v1/server/webhooks")
    problem(refused, 401, "unauthenticated", "Authorization")
    key = await new_key(pool, "webhooks.manage", lifetime_s=60)
    async with lent(pool) as connection:
        await connection.execute("update api_key set expires_at = 1 where id = %s", [key.key.key])
    refused = await Backend(site, key.text).http.get("/v1/server/webhooks")
    problem(refused, 401, "token_expired", "Authorization")
    kept = str(await rows(pool, "select api_key::text from api_key", {}))
    assert key.text[-43:] not in kept


async def test_rooms_members_roles_and_messages(site: Site, backend: Backend, pool: Pool) -> None:
    ann, bob = await site.guest("Ann"), await site.guest("Bob")
    for access in ("public", "private"):
        room = (await backend.done("POST", "/rooms", name="Arena", access=access))["stream"]
        once = {"client_id": str(uuid.uuid4()), "role": "owner"}
        first = await backend.done("PUT", f"/rooms/{room}/members/{ann.user}", **once)
        assert first["seq"] is not None
        await backend.done("PUT", f"/rooms/{room}/members/{ann.user}", **once, resend=True)
        await backend.done("PUT", f"/rooms/{room}/members/{bob.user}")
        await backend.done("POST", f"/rooms/{room}/messages", body="The match begins.")
        await ann.post(room, "yes")
        page = (await ann.http.get(f"/v1/rooms/{room}/messages")).json()["messages"]
        assert [message["author"][:4] for message in page] == ["key:", "user"]
        await backend.done("DELETE", f"/rooms/{room}/members/{bob.user}")
        assert (await bob.http.get(f"/v1/rooms/{room}/messages")).status_code in {403, 404}
        nobody = f"user:{'0' * 32}"
        problem(await backend.send("PUT", f"/rooms/{room}/members/{nobody}"), 404, "not_found", "user")
    problem(await backend.send("PUT", f"/rooms/{room}/members/me"), 404, "not_found")
    problem(await backend.send("POST", "/rooms/room:1/messages", body="x"), 404, "not_found")
    said = "select act from audit_log where actor = %(key)s and act like 'server.%%'"  # rooms tell theirs by a job
    acts = await rows(pool, said, {"key": backend.author})
    assert {act for (act,) in acts} == {"server.create_room", "server.put_member", "server.delete_member"}


async def test_a_direct_room_is_none_to_a_key(site: Site, backend: Backend) -> None:
    ann, bob, cem = await site.guest("Ann"), await site.guest("Bob"), await site.guest("Cem")
    opened = await ann.send("POST", "/v1/direct-rooms", user=bob.user)
    room = opened.json()["stream"]
    problem(await backend.send("POST", f"/rooms/{room}/messages", body="You won."), 404, "not_found")
    problem(await backend.send("PUT", f"/rooms/{room}/members/{cem.user}"), 404, "not_found")
    problem(await backend.send("DELETE", f"/rooms/{room}/members/{bob.user}"), 404, "not_found")
    assert (await ann.http.get(f"/v1/rooms/{room}/messages")).json()["messages"] == []


async def test_a_games_own_users_sign_in_and_are_the_same_each_time(
    site: Site, backend: Backend, pool: Pool
) -> None:
    tokens: list[dict[str, Any]] = []
    player = unique("player")

    async def mint(external_id: str) -> None:
        body = {"external_id": external_id, "display_name": "Zoë", "device": "arena"}
        tokens.append(await backend.done("POST", "/tokens", **body))

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(mint, player)
    await mint(unique("player"))
    assert len({one["user"] for one in tokens}) == 2
    zoe = Person(site.client(), tokens[0])
    assert (await zoe.http.get("/v1/me")).json()["display_name"] == "Zoë"
    refreshed = await site.http.post("/v1/refresh", json={"refresh_token": tokens[1]["refresh_token"]})
    assert refreshed.json()["user"] == zoe.user
    async with lent(pool) as connection:
        await connection.execute("update account set banned_at = 1 where id = %s", [zoe.user[-32:]])
    refused = await backend.send("POST", "/tokens", external_id=player, display_name="Zoë")
    problem(refused, 403, "banned")
    query = "select subject from audit_log where act = 'server.mint_token' and actor = %(key)s"
    assert len(await rows(pool, query, {"key": backend.author})) >= 5


async def test_only_admins_make_and_see_keys(site: Site, pool: Pool) -> None:
    ann = await site.guest("Ann")
    body = {"name": "arena", "scopes": ["rooms.create"]}
    problem(await ann.http.post("/v1/admin/keys", json=body), 403, "forbidden")
    problem(await ann.http.get("/v1/admin/keys"), 403, "forbidden")
    problem(await ann.http.delete(f"/v1/admin/keys/{'0' * 32}"), 403, "forbidden")
    async with lent(pool) as connection:
        await connection.execute("update account set admin = true where id = %s", [ann.user[-32:]])
    new = (await ann.http.post("/v1/admin/keys", json=body)).json()

    async def listed() -> list[dict[str, Any]]:
        keys = (await ann.http.get("/v1/admin/keys")).json()["keys"]
        return [key for key in keys if key["key"] == new["key"]["key"]]

    assert await listed() == [new["key"]]
    room = await Backend(site, new["text"]).done("POST", "/rooms", name="Arena")
    assert room["stream"]
    (used,) = await listed()
    assert used["last_used_at"] is not None
    assert (await ann.http.delete(f"/v1/admin/keys/{new['key']['key']}")).status_code == 204
    problem(await ann.http.delete(f"/v1/admin/keys/{new['key']['key']}"), 404, "not_found")
    problem(await ann.http.delete("/v1/admin/keys/x"), 404, "not_found")
    wrong = await ann.http.post("/v1/admin/keys", json={"name": "x", "scopes": ["everything"]})
    assert wrong.status_code == 422
    query = "select act, actor from audit_log where subject = %(key)s and act like 'key.%%' order by id"
    acts = await rows(pool, query, {"key": f"key:{new['key']['key']}"})
    assert acts == [("key.create", ann.user), ("key.revoke", ann.user)]


async def test_a_webhook_is_told_after_the_commit_and_not_after_a_sweep(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "SWEEP_S", 1e6)
    async with (
        own_site(postgres_dsn, GATHERUP_WEBHOOKS_ALLOW_PRIVATE="true") as site,
        Pool(postgres_dsn, autocommit=True) as pool,
        receiver() as it,
    ):
        backend = Backend(site, (await new_key(pool, *ALL)).text)
        await backend.done("POST", "/webhooks", url=it.url, types=["room.posted"])
        ann = await site.guest("Ann")
        room = await ann.new_room()
        for number in range(3):
            await ann.post(room, "hello")
            with trio.fail_after(60):
                while len(it.received) <= number:
                    await trio.lowlevel.checkpoint()


async def test_webhooks_from_their_making_to_their_end(webhooks: Backend) -> None:
    backend, site = webhooks, webhooks.site
    async with receiver() as it:
        new = await backend.done(
            "POST", "/webhooks", url=it.url, types=["room.posted", "account.created", "room.posted"]
        )
        hook = new["webhook"]["webhook"]
        assert new["webhook"]["types"] == ["account.created", "room.posted"]
        await backend.done("POST", f"/webhooks/{hook}/test")
        ann = await site.guest("Ann")
        room = await ann.new_room()
        await ann.post(room, "hello")
        with trio.fail_after(60):
            while len(it.received) < 3:
                await trio.lowlevel.checkpoint()
        bodies = {
            body["type"]: body
            for got in it.received
            for body in [verify(new["secret"], got.headers, got.body, now_s=SystemClock().now() / 1000)]
        }
        assert bodies.keys() == {"webhook.test", "account.created", "room.posted"}
        assert bodies["account.created"]["data"] == {"user": ann.user}
        assert (bodies["room.posted"]["stream"], bodies["room.posted"]["author"]) == (room, ann.user)
        assert bodies["room.posted"]["data"] == {"body": "hello"}
    listed = (await backend.http.get("/v1/server/webhooks")).json()
    assert [one["webhook"] for one in listed["webhooks"]] == [hook]
    assert {"room.created", "account.created"} <= set(listed["types"])
    assert not [name for name in listed["types"] if name.startswith(("inbox.", "canary."))]
    page = (await backend.http.get(f"/v1/server/webhooks/{hook}/deliveries?limit=2")).json()
    assert len(page["deliveries"]) == 2
    before = page["before"]
    rest = (await backend.http.get(f"/v1/server/webhooks/{hook}/deliveries?before={before}")).json()
    assert (len(rest["deliveries"]), rest["before"]) == (1, None)
    other = await backend.done("POST", f"/webhooks/{hook}/rotate")
    assert other["secret"] != new["secret"]
    changed = await backend.done("PATCH", f"/webhooks/{hook}", types=["room.joined"], active=False)
    assert (changed["types"], changed["active"]) == (["room.joined"], False)
    assert (await backend.http.delete(f"/v1/server/webhooks/{hook}")).status_code == 204
    for method, path in (
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/rotate"),
        ("POST", "/test"),
        ("GET", "/deliveries"),
    ):
        answer = await backend.http.request(method, f"/v1/server/webhooks/{hook}{path}")
        problem(answer, 404, "not_found")


async def test_bad_webhooks_are_refused_by_field(webhooks: Backend) -> None:
    backend = webhooks
    good = {"url": "https://example.org/in", "types": ["room.posted"]}
    for change, field in (
        ({"url": "ftp://example.org"}, "url"),
        ({"url": "https://ann:pw@example.org/"}, "url"),
        ({"url": "nonsense"}, "url"),
        ({"url": ""}, "url"),
        ({"types": []}, "types"),
        ({"types": ["room.eaten"]}, "types"),
        ({"types": ["inbox.warned"]}, "types"),
        ({"types": ["x"]}, "types[0]"),
        ({"more": 1}, "more"),
    ):
        problem(await backend.send("POST", "/webhooks", **{**good, **change}), 422, "invalid", field)
    for n in range(20):
        await backend.done("POST", "/webhooks", **{**good, "url": f"https://example.org/{n}"})
    problem(await backend.send("POST", "/webhooks", **good), 409, "too_many")


async def test_hooks_stand_before_every_client_and_see_what_became_of_it(postgres_dsn: str) -> None:
    NoShouting.seen.clear()
    async with own_site(postgres_dsn, GATHERUP_HOOKS_LOAD=f"{__name__}:NoShouting") as site:
        await _hooked(site)


async def _hooked(site: Site) -> None:
    ann = await site.guest("Ann")
    room = await ann.new_room()
    shouted = await ann.send("POST", f"/v1/rooms/{room}/messages", body="HELLO")
    assert problem(shouted, 403, "hook_refused", "body")["detail"] == "Don't shout."
    problem(
        await ann.send("POST", f"/v1/rooms/{room}/messages", body="HELLO", resend=True),
        504,
        "unknown_outcome",
    )
    problem(await ann.send("POST", f"/v1/rooms/{room}/messages", body="crash"), 500, "internal")
    await ann.post(room, "hello")
    assert NoShouting.seen == [
        ("room.create", "Accepted"),
        ("room.post", "Refused"),
        ("room.post", "Unknown"),
        ("room.post", "Refused"),
        ("room.post", "Accepted"),
    ]


async def test_metrics_and_the_document_know_them(site: Site, backend: Backend) -> None:
    document = (await site.http.get("/openapi.json")).json()
    assert "/v1/server/tokens" in document["paths"]
    assert msgspec.json.encode(document).count(b"WebhookMade") >= 2
    with trio.fail_after(60):
        while "gatherup_jobs_total" not in (text := (await site.http.get("/metrics")).text):
            await trio.lowlevel.checkpoint()
    assert "# TYPE gatherup_jobs_dead gauge" in text


async def test_a_key_signs_no_admin_in(site: Site, backend: Backend, pool: Pool) -> None:
    zoe = {"external_id": unique("player"), "display_name": "Zoë"}
    user = (await backend.done("POST", "/tokens", **zoe))["user"][-32:]
    async with lent(pool) as connection:
        await connection.execute("update account set admin = true where id = %s", [user])
    problem(await backend.send("POST", "/tokens", **zoe), 403, "forbidden")
    assert len(await rows(pool, "select from login where account = %(user)s", {"user": user})) == 1

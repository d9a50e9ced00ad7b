"""People over HTTP: profiles, handles, blocks, friends, and what admins may do."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream

from gatherup.cli import main
from protocol.codec import Subprotocol, codecs
from protocol.codes import CloseCode
from protocol.frames import Hello, Welcome
from tests.integration.shared import SharedNode
from tests.integration.site import HANG_S, Person, Site, problem, unique

pytestmark = pytest.mark.real
PASSWORD = "correct horse battery"
NOBODY = "user:" + "f" * 32


class Named(Person):
    """Somebody with a handle."""

    def __init__(self, site: Site, signed_in: dict[str, Any], handle: str) -> None:
        super().__init__(site.client(), signed_in)
        self.handle = handle


async def registered(site: Site, name: str) -> Named:
    """Somebody new whose handle begins so."""
    handle = unique(name)
    answer = await site.http.post("/v1/register", json={"handle": handle, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return Named(site, answer.json(), handle)


async def test_ones_own_profile(site: Site) -> None:
    ann = await registered(site, "Ann")
    read = await ann.http.get("/v1/me/profile")
    assert read.status_code == 200
    own, tag = read.json(), read.headers["etag"]
    assert (own["user"], own["handle"], own["display_name"]) == (ann.user, ann.handle, ann.handle)
    assert (own["direct_from"], own["admin"], own["handle_changeable_at"]) == ("everyone", False, None)
    unchanged = await ann.http.get("/v1/me/profile", headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")

    avatar = "https://cdn.example.org/a.png?size=64"
    changes = {"display_name": "Ann <b>", "about": "*hi*", "avatar_url": avatar, "invites_from": "friends"}
    changed = await ann.http.patch("/v1/me/profile", json=changes, headers={"If-Match": tag})
    assert changed.status_code == 200, changed.text
    assert {name: changed.json()[name] for name in changes} == changes
    for stale in (tag, '"x"', 'W/"1"', '"1", "2"'):
        refused = await ann.http.patch("/v1/me/profile", json={"about": ""}, headers={"If-Match": stale})
        problem(refused, 412, "stale", "If-Match")
    for now in ('W/"{}"', '"{}-gzip"', 'W/"{}-br"'):  # as servers that compress write it
        current = (await ann.http.get("/v1/me/profile")).headers["etag"].strip('"')
        named = {"If-Match": now.format(current)}
        assert (await ann.http.patch("/v1/me/profile", json={"about": now}, headers=named)).status_code == 200
    anyway = await ann.http.patch("/v1/me/profile", json={"about": ""}, headers={"If-Match": "*"})
    assert anyway.json()["about"] == ""

    ben = await site.guest("Ben")
    (seen,) = (await ben.http.get("/v1/users", params={"handle": ann.handle.upper()})).json()["users"]
    assert seen == {
        "id": ann.user,
        "handle": ann.handle,
        "display_name": "Ann <b>",
        "about": "",
        "avatar_url": avatar,
        "last_seen_at": None,
    }


BAD: list[tuple[str, str, dict[str, Any], str]] = [
    ("PATCH", "/v1/me/profile", {"display_name": ""}, "display_name"),
    ("PATCH", "/v1/me/profile", {"display_name": "a\0"}, "display_name"),
    ("PATCH", "/v1/me/profile", {"about": "x" * 501}, "about"),
    ("PATCH", "/v1/me/profile", {"avatar_url": "http://example.org/a.png"}, "avatar_url"),
    ("PATCH", "/v1/me/profile", {"avatar_url": "javascript:alert(1)"}, "avatar_url"),
    ("PATCH", "/v1/me/profile", {"avatar_url": 'https://example.org/"><script>'}, "avatar_url"),
    ("PATCH", "/v1/me/profile", {"avatar_url": "https://u:p@example.org/"}, "avatar_url"),
    ("PATCH", "/v1/me/profile", {"direct_from": "enemies"}, "direct_from"),
    ("PATCH", "/v1/me/profile", {"admin": True}, "admin"),
    ("PUT", "/v1/me/handle", {"handle": "ab"}, "handle"),
    ("PUT", "/v1/me/handle", {"handle": "a b c"}, "handle"),
    ("PUT", "/v1/me/handle", {"handle": "ann\u202e"}, "handle"),
    ("PUT", "/v1/me/handle", {"handle": "pаypal"}, "handle"),  # noqa: RUF001 - a Cyrillic letter
    ("PUT", "/v1/me/handle", {}, "handle"),
]
BAD_QUERIES: list[tuple[str, str]] = [
    ("/v1/users", "id"),
    ("/v1/users?id=ann", "id[0]"),
    ("/v1/users/search?prefix=a", "prefix"),
    ("/v1/users/search?prefix=ann&cursor=x", "cursor"),
    ("/v1/users/search?prefix=ann&limit=0", "limit"),
    ("/v1/me/blocks?cursor=nkgEA", "cursor"),
    ("/v1/me/friends?limit=201", "limit"),
    ("/v1/me/friend-requests?direction=lost", "direction"),
]


async def test_bad_input_is_told_apart(site: Site) -> None:
    ann = await registered(site, "Ann")
    for method, path, body, field in BAD:
        problem(await ann.http.request(method, path, json=body), 422, "invalid", field)
    for path, field in BAD_QUERIES:
        problem(await ann.http.get(path), 422, "invalid", field)
    for method, path in (
        ("PUT", "/v1/me/friends/ann"),
        ("PUT", f"/v1/me/friends/{NOBODY}"),
        ("PUT", f"/v1/me/blocks/{NOBODY}"),
        ("DELETE", "/v1/me/blocks/x"),
    ):
        problem(await ann.http.request(method, path), 404, "not_found")
    problem(await ann.http.put(f"/v1/me/friends/{ann.user}"), 422, "invalid", "user")
    problem(await site.http.get("/v1/me/profile"), 401, "unauthenticated", "Authorization")
    assert (await ann.http.get("/v1/me/profile")).json()["handle"] == ann.handle


async def test_handles_change_rarely_and_never_to_a_lookalike(site: Site) -> None:
    ann, ben = await registered(site, "paypal"), await registered(site, "ben")
    guest = await site.guest()
    alike = ann.handle.replace("paypal", "paypaI")
    refused = await site.http.post("/v1/register", json={"handle": alike, "password": PASSWORD})
    problem(refused, 409, "handle_taken", "handle")
    alike = ann.handle.replace("paypal", "PAYPA1")
    problem(await ben.http.put("/v1/me/handle", json={"handle": alike}), 409, "handle_taken", "handle")
    problem(await ben.http.put("/v1/me/handle", json={"handle": "adm1n"}), 409, "handle_taken", "handle")
    problem(await guest.http.put("/v1/me/handle", json={"handle": "guest_1"}), 403, "forbidden")
    anna = unique("anna")
    changed = await ann.http.put("/v1/me/handle", json={"handle": anna})
    assert changed.json()["handle"] == anna
    again = problem(
        await ann.http.put("/v1/me/handle", json={"handle": "annie"}), 429, "rate_limited", "handle"
    )
    assert again["retry_after_s"] > 29 * 86_400
    signed_in = await site.http.post("/v1/login", json={"name": anna.upper(), "password": PASSWORD})
    assert signed_in.json()["user"] == ann.user
    assert (await ben.http.put("/v1/me/handle", json={"handle": ann.handle})).status_code == 200

    found = await guest.http.get("/v1/users/search", params={"prefix": ann.handle.upper()})
    assert [user["id"] for user in found.json()["users"]] == [ben.user]


async def test_friends_blocks_and_what_the_inbox_tells(site: Site) -> None:
    ann, ben = await registered(site, "ann"), await registered(site, "ben")
    asked = await ann.http.put(f"/v1/me/friends/{ben.user}")
    assert asked.json() == {"state": "asked"}
    received = (await ben.http.get("/v1/me/friend-requests")).json()
    assert [one["user"] for one in received["people"]] == [ann.user]
    sent = (await ann.http.get("/v1/me/friend-requests", params={"direction": "sent"})).json()
    assert [one["user"] for one in sent["people"]] == [ben.user]
    assert (await ben.http.put(f"/v1/me/friends/{ann.user}")).json() == {"state": "friends"}
    friends = (await ann.http.get("/v1/me/friends")).json()
    assert ([one["user"] for one in friends["people"]], friends["next"]) == ([ben.user], None)

    assert (await ben.http.put(f"/v1/me/blocks/{ann.user}")).status_code == 204
    assert (await ann.http.get("/v1/me/friends")).json()["people"] == []
    problem(await ann.http.put(f"/v1/me/friends/{ben.user}"), 403, "blocked")
    problem(await ben.http.put(f"/v1/me/friends/{ann.user}"), 403, "blocked")
    blocks = (await ben.http.get("/v1/me/blocks")).json()
    assert [one["user"] for one in blocks["people"]] == [ann.user]
    assert (await ben.http.delete(f"/v1/me/blocks/{ann.user}")).status_code == 204
    assert (await ben.http.get("/v1/me/blocks")).json()["people"] == []


async def test_pages_of_people_go_both_ways(site: Site) -> None:
    ann = await site.guest("Ann")
    others = [(await site.guest(f"Guest {number}")).user for number in range(5)]
    for other in others:
        await ann.http.put(f"/v1/me/blocks/{other}")

    async def page(cursor: str | None) -> dict[str, Any]:
        params = {"limit": "2", **({} if cursor is None else {"cursor": cursor})}
        return (await ann.http.get("/v1/me/blocks", params=params)).json()

    pages = [await page(None)]
    while pages[-1]["next"] is not None:
        pages.append(await page(pages[-1]["next"]))
    assert [len(one["people"]) for one in pages] == [2, 2, 1]
    assert sorted(one["user"] for part in pages for one in part["people"]) == sorted(others)
    assert (await page(pages[2]["previous"]))["people"] == pages[1]["people"]
    assert (await page(pages[1]["previous"]))["people"] == pages[0]["people"]


async def test_a_ban_reaches_an_open_session_and_every_sign_in(site: Site, node: SharedNode) -> None:
    with trio.fail_after(HANG_S):
        await _banned(site, node.addresses.stream, node.dsn)


async def _banned(site: Site, stream: str, dsn: str) -> None:
    admin, ben = await registered(site, "chief"), await registered(site, "ben")
    for method, path in (
        ("GET", "/v1/admin/audit"),
        ("GET", "/v1/admin/bans"),
        ("PUT", f"/v1/admin/bans/{ben.user}"),
        ("DELETE", f"/v1/admin/bans/{ben.user}"),
    ):
        problem(await admin.http.request(method, path), 403, "forbidden")
    await trio.to_thread.run_sync(_grant, dsn, admin.handle)

    async with socket_to(stream) as socket:
        codec = codecs()[Subprotocol.JSON]
        await socket.send_message(codec.encode(Hello(token=ben.signed_in["access_token"])).decode())
        assert isinstance(codec.decode_server(str(await socket.get_message()).encode()), Welcome)
        done = await admin.http.put(f"/v1/admin/bans/{ben.user}", json={"reason": "spam"})
        assert done.status_code == 204, done.text
        with pytest.raises(ConnectionClosed) as closed:
            await _until_closed(socket)
        assert closed.value.reason is not None
        assert closed.value.reason.code == CloseCode.REVOKED
    refused = await site.http.post("/v1/login", json={"name": ben.handle, "password": PASSWORD})
    problem(refused, 403, "banned")
    refreshed = await site.http.post("/v1/refresh", json={"refresh_token": ben.signed_in["refresh_token"]})
    problem(refreshed, 401, "unauthenticated", "refresh_token")
    problem(await admin.http.put(f"/v1/admin/bans/{admin.user}"), 403, "forbidden")
    problem(await admin.http.put(f"/v1/admin/bans/{NOBODY}"), 404, "not_found")
    newest = (await admin.http.get("/v1/admin/bans")).json()["bans"][0]
    assert (newest["user"], newest["reason"]) == (ben.user, "spam")

    assert (await admin.http.delete(f"/v1/admin/bans/{ben.user}")).status_code == 204
    signed_in = await site.http.post("/v1/login", json={"name": ben.handle, "password": PASSWORD})
    assert signed_in.status_code == 200
    audit = (await admin.http.get("/v1/admin/audit", params={"on": ben.user, "by": admin.user})).json()
    acts = [entry["act"] for entry in audit["acts"]]
    assert acts[0] == "account.unbanned"
    assert {"account.banned", "login.ended"} <= set(acts)
    assert all(entry["from_address"] == site.address for entry in audit["acts"])
    older = (
        await admin.http.get("/v1/admin/audit", params={"before": audit["acts"][0]["id"], "limit": "1"})
    ).json()
    assert older["acts"][0]["id"] < audit["acts"][0]["id"]
    problem(await admin.http.get("/v1/admin/audit?act=x"), 422, "invalid", "act")
    problem(await admin.http.get("/v1/admin/audit?before=1&after=1"), 422, "invalid", "after")


@asynccontextmanager
async def socket_to(url: str) -> AsyncGenerator[WebSocketConnection]:
    """A WebSocket whose TCP connection ends with the block, however the server closed it."""
    at = urlsplit(url)
    async with (
        await trio.open_tcp_stream(at.hostname or "", at.port or 0) as stream,
        trio.open_nursery() as nursery,
    ):
        spoken = [Subprotocol.JSON.value]
        yield await wrap_client_stream(nursery, stream, at.netloc, at.path, subprotocols=spoken)
        nursery.cancel_scope.cancel()


async def _until_closed(socket: WebSocketConnection) -> None:
    while True:
        await socket.get_message()


def _grant(dsn: str, handle: str) -> None:
    from click.testing import CliRunner

    runner, environment = CliRunner(), {"DATABASE_URL": dsn}
    done = runner.invoke(main, ["admin", "grant", handle.upper()], env=environment)
    assert (done.exit_code, done.output) == (0, f"{handle.upper()} is an admin now.\n")
    assert handle in runner.invoke(main, ["admin", "list"], env=environment).output.splitlines()
    missing = runner.invoke(main, ["admin", "revoke", "nobody_here"], env=environment)
    assert (missing.exit_code, missing.output) == (1, "Nobody has the handle nobody_here.\n")
    with psycopg.connect(dsn) as connection:
        found = connection.execute("select admin from account where handle = %s", [handle]).fetchone()
    assert found == (True,)

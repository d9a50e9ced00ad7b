"""Rooms and messages: through the actors, and listed from their rows."""

from __future__ import annotations

import uuid
from base64 import urlsafe_b64encode
from typing import Any

import httpx
import msgspec
import psycopg
import pytest
import trio
from psycopg import sql

from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site, problem

pytestmark = pytest.mark.real
NOWHERE = "room:" + "0" * 32


async def test_create_get_join_leave(site: Site) -> None:
    ann, ben = await site.guest("Ann"), await site.guest("Ben")
    made = await ann.send("POST", "/v1/rooms", name="Lobby")
    room = made.json()["stream"]
    assert made.headers["location"] == f"/v1/rooms/{room}"
    seen = (await ben.http.get(f"/v1/rooms/{room}")).json()
    assert seen == {
        "room": room,
        "name": "Lobby",
        "topic": "",
        "access": "public",
        "peer": None,
        "creator": ann.user,
        "created_at": seen["created_at"],
        "archived": False,
        "history": True,
        "slow_mode_s": 0,
        "member": False,
        "invited": False,
        "role": None,
        "muted_until": None,
        "members": 1,
        "moderators": [],
        "owner": None,
        "messages": 0,
        "pinned": [],
    }
    joined = await ben.send("POST", f"/v1/rooms/{room}/join")
    assert (joined.status_code, joined.json()["seq"]) == (200, 2)
    seen = (await ben.http.get(f"/v1/rooms/{room}")).json()
    assert (seen["member"], seen["role"], seen["members"], seen["owner"]) == (True, "member", 2, ann.user)
    problem(await ben.send("POST", f"/v1/rooms/{room}/join"), 409, "already_exists")
    assert (await ben.send("POST", f"/v1/rooms/{room}/leave")).status_code == 200
    problem(await ben.send("POST", f"/v1/rooms/{room}/messages", body="hi"), 403, "not_a_member")


async def test_the_same_request_again_gets_the_same_answer(site: Site) -> None:
    ann = await site.guest()
    room = await ann.new_room()
    client_id = str(uuid.uuid4())
    first = await ann.send("POST", f"/v1/rooms/{room}/messages", body="once", client_id=client_id)
    again = await ann.send(
        "POST", f"/v1/rooms/{room}/messages", body="once", client_id=client_id, resend=True
    )
    assert (again.status_code, again.json()) == (201, first.json())
    by_header = await ann.http.post(
        f"/v1/rooms/{room}/messages", json={"body": "once"}, headers={"Idempotency-Key": client_id}
    )
    assert by_header.json() == first.json()
    other = await ann.send("POST", f"/v1/rooms/{room}/messages", body="twice", client_id=client_id)
    assert problem(other, 409, "client_id_reused")["client_id"] == client_id
    page = (await ann.http.get(f"/v1/rooms/{room}/messages")).json()
    assert [message["body"] for message in page["messages"]] == ["once"]


async def test_a_client_id_is_needed_and_must_be_one(site: Site) -> None:
    ann = await site.guest()
    room = await ann.new_room()
    path, key = f"/v1/rooms/{room}/messages", str(uuid.uuid4())
    problem(await ann.http.post(path, json={"body": "x"}), 422, "invalid", "client_id")
    problem(await ann.send("POST", path, body="x", client_id="1"), 422, "invalid", "client_id")
    for bad in ("1", f"{key}0"):
        by_header = await ann.http.post(path, json={"body": "x"}, headers={"Idempotency-Key": bad})
        problem(by_header, 422, "invalid", "Idempotency-Key")
    both = await ann.http.post(
        path, json={"body": "x", "client_id": str(uuid.uuid4())}, headers={"Idempotency-Key": key}
    )
    problem(both, 422, "invalid", "Idempotency-Key")
    posted = await ann.http.post(path, json={"body": "x"}, headers={"Idempotency-Key": key.upper()})
    assert (posted.status_code, posted.json()["client_id"]) == (201, key)


async def test_edit_and_delete(site: Site) -> None:
    ann, ben = await site.guest(), await site.guest()
    room = await ann.new_room()
    await ben.send("POST", f"/v1/rooms/{room}/join")
    seq = await ben.post(room, "first")
    path = f"/v1/rooms/{room}/messages/{seq}"
    problem(await ann.send("PATCH", path, body="mine"), 403, "forbidden", "message")
    assert (await ben.send("PATCH", path, body="second")).status_code == 200
    (message,) = (await ann.http.get(f"/v1/rooms/{room}/messages")).json()["messages"]
    assert (message["body"], message["author"], message["deleted"]) == ("second", ben.user, False)
    assert message["edited_at"] >= message["at"]
    deleted = await ann.http.delete(path, headers={"Idempotency-Key": str(uuid.uuid4())})  # no body, as owner
    assert deleted.status_code == 200
    (message,) = (await ann.http.get(f"/v1/rooms/{room}/messages")).json()["messages"]
    assert (message["seq"], message["body"], message["deleted"]) == (seq, None, True)
    problem(await ben.send("PATCH", path, body="third"), 404, "not_found", "message")
    problem(await ben.send("DELETE", f"/v1/rooms/{room}/messages/999"), 404, "not_found", "message")
    problem(await ben.send("DELETE", f"/v1/rooms/{room}/messages/0"), 404, "not_found", "message")
    problem(await ben.send("DELETE", f"/v1/rooms/{room}/messages/{2**70}"), 404, "not_found", "message")


async def test_a_deleted_message_stands_in_no_row_of_any_table(site: Site, node: SharedNode) -> None:
    ann = await site.guest()
    room = await ann.new_room()
    seq = await ann.post(room, "the first secret")
    path = f"/v1/rooms/{room}/messages/{seq}"
    assert (await ann.send("PATCH", path, body="the second secret")).status_code == 200
    written = await trio.to_thread.run_sync(every_row, node.dsn)
    assert holds(written, "first secret"), "the log holds it: so this test would see it"
    assert holds(written, "second secret")
    assert (await ann.send("DELETE", path)).status_code == 200
    written = await trio.to_thread.run_sync(every_row, node.dsn)
    assert not holds(written, "first secret")
    assert not holds(written, "second secret")


def every_row(dsn: str) -> str:
    """All rows of all our tables as text; bytes are hexadecimal."""
    with psycopg.connect(dsn) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        queries = [sql.SQL("select t::text from {} t").format(sql.Identifier(name)) for (name,) in tables]
        return "\n".join(row[0] for query in queries for row in connection.execute(query))


def holds(written: str, text: str) -> bool:
    """Whether a text stands there, as itself or as bytes."""
    return text in written or text.encode().hex() in written


async def test_a_kick_ends_reading_too(site: Site) -> None:
    ann, ben = await site.guest(), await site.guest()
    room = await ann.new_room()
    await ben.send("POST", f"/v1/rooms/{room}/join")
    await ann.post(room, "hello")
    path = f"/v1/rooms/{room}/messages"
    assert (await ben.http.get(path)).status_code == 200
    problem(await ben.send("POST", f"/v1/rooms/{room}/kick", user=ann.user), 403, "forbidden")
    assert (await ann.send("POST", f"/v1/rooms/{room}/kick", user=ben.user, reason="rude")).status_code == 200
    problem(await ben.http.get(path), 403, "not_a_member")
    problem(await ann.send("POST", f"/v1/rooms/{room}/kick", user=ben.user), 404, "not_found", "user")
    problem(await ann.send("POST", f"/v1/rooms/{room}/kick", user="ben"), 422, "invalid", "user")


async def test_history_pages_both_ways(site: Site) -> None:
    ann = await site.guest()
    room = await ann.new_room()
    seqs = [await ann.post(room, f"message {number}") for number in range(7)]
    await ann.send("DELETE", f"/v1/rooms/{room}/messages/{seqs[3]}")
    path = f"/v1/rooms/{room}/messages"

    async def page(**query: Any) -> dict[str, Any]:
        answer = await ann.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    newest = await page(limit=3)
    assert [m["seq"] for m in newest["messages"]] == seqs[4:]
    middle = await page(limit=3, before=newest["before"])
    assert [(m["seq"], m["deleted"]) for m in middle["messages"]] == [
        (seqs[1], False),
        (seqs[2], False),
        (seqs[3], True),
    ]
    oldest = await page(limit=3, before=middle["before"])
    assert [m["seq"] for m in oldest["messages"]] == seqs[:1]
    assert oldest["before"] is None
    forward = await page(limit=4, after=0)
    assert [m["seq"] for m in forward["messages"]] == seqs[:4]
    rest = await page(limit=4, after=forward["after"])
    assert [m["seq"] for m in rest["messages"]] == seqs[4:]
    nothing = await page(after=rest["after"])
    assert (nothing["messages"], nothing["after"]) == ([], rest["after"])
    exact = await page(limit=7)
    assert (len(exact["messages"]), exact["before"]) == (7, None)


BAD_QUERIES = [
    ("limit=0", "limit"),
    ("limit=201", "limit"),
    ("limit=x", "limit"),
    ("limit=1&limit=2", "limit"),
    ("before=0", "before"),
    ("after=-1", "after"),
    ("before=99999999999999999999", "before"),
    ("before=5&after=3", "after"),
    ("bfore=5", "bfore"),
]


async def test_a_bad_query_is_named(site: Site) -> None:
    ann = await site.guest()
    room = await ann.new_room()
    for query, field in BAD_QUERIES:
        problem(await ann.http.get(f"/v1/rooms/{room}/messages?{query}"), 422, "invalid", field)


async def test_rooms_are_listed_in_pages_both_ways(site: Site) -> None:
    ann, ben = await site.guest(), await site.guest()
    public = [await ann.new_room(name=f"Room {number}") for number in range(5)]
    private = await ann.new_room(name="Secret", access="private")

    async def page(person: Person, **query: Any) -> dict[str, Any]:
        answer = await person.http.get("/v1/rooms", params={"limit": 2, **query})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def listed(
        person: Person, way: str, cursor: str | None = None, *, until: int = 1000, **query: Any
    ) -> list[str]:
        found: list[str] = []
        while True:
            shown = await page(person, **query, **({"cursor": cursor} if cursor else {}))
            rooms = [room["room"] for room in shown["rooms"]]
            found += rooms if way == "next" else rooms[::-1]
            if (cursor := shown[way]) is None or len(found) >= until:
                return found

    forward = (await listed(ben, "next", until=5))[:5]  # the newest first; those of other tests come after
    assert sorted(forward) == sorted(public)
    first = await page(ben)
    assert first["previous"] is None
    last = await page(ben, limit=4)
    newest = await ann.new_room(name="Newest")
    rest = await page(ben, cursor=last["next"])
    assert rest["rooms"][0]["room"] == forward[4]
    back = await listed(ben, "previous", rest["previous"])
    assert back == [*forward[:4][::-1], newest]
    assert await listed(ben, "next", scope="mine") == []
    mine = await listed(ann, "next", scope="mine")
    assert sorted(mine) == sorted([*public, private, newest])
    own = await page(ann, limit=7, scope="mine")
    assert ([room["room"] for room in own["rooms"]], own["previous"], own["next"]) == (mine, None, None)
    forged = [_cursor((1, NOWHERE[5:])), _cursor((2**63, NOWHERE)), _cursor((1,)), _cursor("x")]
    for cursor in ("x", "n", "nAA", "n" * 300, first["next"][1:], "q" + first["next"][1:], *forged):
        problem(await ann.http.get("/v1/rooms", params={"cursor": cursor}), 422, "invalid", "cursor")
    problem(await ann.http.get("/v1/rooms?scope=all"), 422, "invalid", "scope")


def _cursor(key: object) -> str:
    return "n" + urlsafe_b64encode(msgspec.msgpack.encode(key)).decode().rstrip("=")


async def test_what_is_polled_is_sent_again_only_when_it_changed(site: Site) -> None:
    ann, ben = await site.guest(), await site.guest()
    room = await ann.new_room()
    await ann.post(room, "hello")
    seq = await ann.post(room, "pin me")
    paths = ["/v1/rooms", "/v1/rooms?scope=mine", f"/v1/rooms/{room}", f"/v1/rooms/{room}/members"]
    paths += [f"/v1/rooms/{room}/pins", f"/v1/rooms/{room}/messages/{seq}/reactions"]
    tags: list[str] = []
    for path in paths:
        first = await ann.http.get(path)
        assert first.headers["cache-control"] == "private, no-cache"
        again = await ann.http.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        tags.append(first.headers["etag"])
    await ann.new_room(name="Another")
    await ben.send("POST", f"/v1/rooms/{room}/join")
    await ann.send("POST", f"/v1/rooms/{room}/messages/{seq}/pin")
    await ann.send("POST", f"/v1/rooms/{room}/messages/{seq}/react", reaction="👍")
    for path, tag in zip(paths, tags, strict=True):
        changed = await ann.http.get(path, headers={"If-None-Match": f'W/"x", {tag}'})
        assert changed.status_code == 200, path
        assert changed.headers["etag"] != tag


async def test_a_room_is_changed_archived_removed_and_restored(site: Site) -> None:
    ann, ben, eve = await site.guest(), await site.guest(), await site.guest()
    room = await ann.new_room(name="Tea")
    path = f"/v1/rooms/{room}"
    await ben.send("POST", f"{path}/join")
    seq = await ben.post(room, "hello")
    assert (await ann.send("PATCH", path, topic="Milk?", slow_mode_s=5, access="private")).status_code == 200
    problem(await ben.send("PATCH", path, topic="Mine"), 403, "forbidden")
    seen = (await ben.http.get(path)).json()
    assert (seen["topic"], seen["slow_mode_s"], seen["access"], seen["name"]) == (
        "Milk?",
        5,
        "private",
        "Tea",
    )
    problem(await eve.http.get(path), 404, "not_found")

    assert (await ann.send("PUT", f"{path}/filter", words=["coffee"], links="forbidden")).status_code == 200
    assert (await ann.http.get(f"{path}/filter")).json() == {
        "words": ["coffee"],
        "links": "forbidden",
        "hosts": [],
    }
    problem(await ben.http.get(f"{path}/filter"), 403, "forbidden")

    assert (await ann.send("POST", f"{path}/archive")).status_code == 200
    assert (await ben.http.get(path)).json()["archived"] is True
    problem(await ben.send("POST", f"{path}/messages", body="x"), 409, "archived")
    assert (await ann.send("POST", f"{path}/unarchive")).status_code == 200

    problem(await ben.send("DELETE", path), 403, "forbidden")
    assert (await ann.send("DELETE", path)).status_code == 200
    for person in (ann, ben):
        for rest in ("", "/messages", "/members", f"/messages/{seq}", f"/messages/{seq}/thread", "/pins"):
            problem(await person.http.get(path + rest), 404, "not_found")
        mine = (await person.http.get("/v1/rooms?scope=mine")).json()["rooms"]
        assert [r["room"] for r in mine] == []
    assert (await ben.http.get("/v1/rooms?scope=removed")).json()["rooms"] == []
    (removed,) = (await ann.http.get("/v1/rooms?scope=removed")).json()["rooms"]
    assert (removed["room"], removed["name"], removed["member"]) == (room, "Tea", False)
    assert removed["restorable_until"] > removed["created_at"]
    problem(await ben.send("POST", f"{path}/restore"), 404, "not_found")
    assert (await ann.send("POST", f"{path}/restore")).status_code == 200
    (message,) = (await ben.http.get(f"{path}/messages")).json()["messages"]
    assert message["seq"] == seq


async def test_two_people_have_one_direct_room(site: Site) -> None:
    ann, ben, eve = await site.guest(), await site.guest(), await site.guest()
    made = await ann.send("POST", "/v1/direct-rooms", user=ben.user)
    assert made.status_code == 201, made.text
    room = made.json()["stream"]
    found = await ben.send("POST", "/v1/direct-rooms", user=ann.user)
    assert (found.status_code, found.json()["stream"]) == (200, room)
    assert found.headers["location"] == f"/v1/rooms/{room}"
    for person, peer in ((ann, ben), (ben, ann)):
        seen = (await person.http.get(f"/v1/rooms/{room}")).json()
        assert (seen["access"], seen["peer"], seen["owner"], seen["role"]) == (
            "direct",
            peer.user,
            None,
            "member",
        )
        (listed,) = (await person.http.get("/v1/rooms?scope=mine")).json()["rooms"]
        assert (listed["peer"], listed["access"]) == (peer.user, "direct")
    problem(await eve.http.get(f"/v1/rooms/{room}"), 404, "not_found")
    problem(await ann.send("POST", "/v1/direct-rooms", user="user:" + "0" * 32), 404, "not_found", "user")


async def test_a_private_room_looks_like_a_missing_one(site: Site) -> None:
    ann, ben = await site.guest(), await site.guest()
    private = await ann.new_room(access="private")
    seq = await ann.post(private, "secret")
    client_id = str(uuid.uuid4())
    requests: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", "", None),
        ("GET", "/messages", None),
        ("GET", "/messages?before=5", None),
        ("POST", "/join", {}),
        ("POST", "/leave", {}),
        ("POST", "/messages", {"body": "hi"}),
        ("PATCH", f"/messages/{seq}", {"body": "hi"}),
        ("DELETE", f"/messages/{seq}", {}),
        ("POST", "/kick", {"user": ann.user}),
        ("PATCH", "", {"name": "Mine"}),
        ("DELETE", "", {}),
        ("POST", "/restore", {}),
        ("POST", "/archive", {}),
        ("GET", "/filter", None),
        ("PUT", "/filter", {}),
        ("GET", "/members", None),
        ("GET", "/bans", None),
        ("POST", "/ban", {"user": ann.user}),
        ("POST", "/mute", {"user": ann.user, "for_s": 5}),
        ("POST", "/role", {"user": ann.user, "role": "member"}),
        ("GET", "/invited", None),
        ("POST", "/invite", {"user": ben.user}),
        ("POST", "/uninvite", {"user": ben.user}),
        ("GET", "/invites", None),
        ("POST", "/invites", {}),
        ("DELETE", "/invites/1", {}),
        ("POST", "/join", {"invite": "1-" + "0" * 24}),
        ("GET", "/pins", None),
        ("GET", f"/messages/{seq}", None),
        ("GET", f"/messages/{seq}/thread", None),
        ("GET", f"/messages/{seq}/reactions", None),
        ("POST", f"/messages/{seq}/react", {"reaction": "👍"}),
        ("POST", f"/messages/{seq}/unreact", {"reaction": "👍"}),
        ("POST", f"/messages/{seq}/pin", {}),
        ("GET", "/reports", None),
        ("POST", f"/reports/{'0' * 32}/close", {"verdict": "acted"}),
        ("POST", f"/messages/{seq}/report", {"ground": "spam"}),
    ]
    for method, rest, body in requests:
        answers = []
        for room in (private, NOWHERE):
            plain = body is None or "/report" in rest
            sent = body if plain else {**(body or {}), "client_id": client_id}
            answer = await ben.http.request(method, f"/v1/rooms/{room}{rest}", json=sent)
            problem(answer, 404, "not_found")
            headers = {k: v for k, v in answer.headers.items() if k != "date"}
            answers.append((answer.status_code, headers, answer.json()))
        assert answers[0] == answers[1], (method, rest)
    for code in ("1-" + "0" * 24, "1", "x", "9" * 5000, "1-%ED%A0%80", "%00"):
        answers = []
        for room in (private, NOWHERE):
            answer = await ben.http.get(f"/v1/rooms/{room}/invites/{code}")
            answers.append(problem(answer, 404, "invite_invalid", "invite"))
        assert answers[0] == answers[1]


async def test_a_malformed_room_id_is_no_room(site: Site) -> None:
    ann = await site.guest()
    zeros = "0" * 32
    for room in (
        "x",
        "room:",
        zeros,
        f"room:{zeros[1:]}",
        f"user:{zeros}",
        f"canary:{zeros}",
        f"room:{zeros[1:]}g",
    ):
        problem(await ann.http.get(f"/v1/rooms/{room}"), 404, "not_found")
        problem(await ann.send("POST", f"/v1/rooms/{room}/join"), 404, "not_found")


BAD_FIELDS: list[tuple[str, dict[str, Any], str]] = [
    ("/v1/rooms", {"name": ""}, "name"),
    ("/v1/rooms", {"name": "x" * 81}, "name"),
    ("/v1/rooms", {"name": "a\0b"}, "name"),
    ("/v1/rooms", {"name": "x", "access": "direct"}, "access"),
    ("/v1/rooms", {"name": "x", "history": "no"}, "history"),
    ("/v1/direct-rooms", {"user": "ben"}, "user"),
    (f"/v1/rooms/{NOWHERE}/join", {"invite": "1"}, "invite"),
    (f"/v1/rooms/{NOWHERE}/mute", {"user": "user:" + "1" * 32, "for_s": 0}, "for_s"),
    (f"/v1/rooms/{NOWHERE}/messages/1/react", {"reaction": ":ann:"}, "reaction"),
    (f"/v1/rooms/{NOWHERE}/messages", {"body": ""}, "body"),
    (f"/v1/rooms/{NOWHERE}/messages", {"body": "x" * 4001}, "body"),
    (f"/v1/rooms/{NOWHERE}/messages", {"body": "a\0b"}, "body"),
    (f"/v1/rooms/{NOWHERE}/messages", {"body": "x", "author": "me"}, "author"),
    (f"/v1/rooms/{NOWHERE}/kick", {}, "user"),
]


async def test_a_bad_field_is_named(site: Site) -> None:
    ann = await site.guest()
    for path, body, field in BAD_FIELDS:
        problem(await ann.send("POST", path, **body), 422, "invalid", field)


async def first_limited(person: Person, status: int, **fields: object) -> httpx.Response:
    """The first answer with this status among commands that come faster than any machine answers one by one."""
    found: list[httpx.Response] = []

    async def send() -> None:
        answer = await person.send("POST", f"/v1/rooms/{NOWHERE}/join", **fields)
        if answer.status_code == status:
            found.append(answer)

    for _ in range(10):
        async with trio.open_nursery() as nursery:
            for _ in range(40):
                nursery.start_soon(send)
        if found:
            break
    return found[0]


async def test_commands_are_limited_per_user_and_a_resend_is_told_unknown(site: Site) -> None:
    ann, ben = await site.guest(), await site.guest()
    room = await ann.new_room()
    refused = await first_limited(ann, 429)
    assert problem(refused, 429, "rate_limited")["retry_after_s"] > 0
    problem(await first_limited(ann, 504, resend=True), 504, "unknown_outcome")
    assert (await ben.send("POST", f"/v1/rooms/{room}/join")).status_code == 200

"""Rooms and messages: through the actors, and listed from their rows."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
import pytest
import trio
from psycopg import sql

from tests.integration.http.conftest import Site, problem

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
        "public": True,
        "creator": ann.user,
        "created_at": seen["created_at"],
        "member": False,
    }
    joined = await ben.send("POST", f"/v1/rooms/{room}/join")
    assert (joined.status_code, joined.json()["seq"]) == (200, 2)
    assert (await ben.http.get(f"/v1/rooms/{room}")).json()["member"] is True
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
    for bad in ("1", key.upper(), f"{key}0"):
        by_header = await ann.http.post(path, json={"body": "x"}, headers={"Idempotency-Key": bad})
        problem(by_header, 422, "invalid", "Idempotency-Key")
    both = await ann.http.post(
        path, json={"body": "x", "client_id": str(uuid.uuid4())}, headers={"Idempotency-Key": key}
    )
    problem(both, 422, "invalid", "Idempotency-Key")


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


async def test_a_deleted_message_stands_in_no_row_of_any_table(site: Site, postgres_dsn: str) -> None:
    ann = await site.guest()
    room = await ann.new_room()
    seq = await ann.post(room, "the first secret")
    path = f"/v1/rooms/{room}/messages/{seq}"
    assert (await ann.send("PATCH", path, body="the second secret")).status_code == 200
    written = await trio.to_thread.run_sync(every_row, postgres_dsn)
    assert holds(written, "first secret"), "the log holds it: so this test would see it"
    assert holds(written, "second secret")
    assert (await ann.send("DELETE", path)).status_code == 200
    written = await trio.to_thread.run_sync(every_row, postgres_dsn)
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


async def test_rooms_are_listed_in_pages(site: Site) -> None:
    ann, ben = await site.guest(), await site.guest()
    public = [await ann.new_room(name=f"Room {number}") for number in range(5)]
    private = await ann.new_room(name="Secret", public=False)

    async def listed(person: Any, **query: Any) -> list[str]:
        found: list[str] = []
        cursor: str | None = None
        while True:
            params = {**query, "limit": 2, **({"cursor": cursor} if cursor else {})}
            answer = await person.http.get("/v1/rooms", params=params)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            assert len(page["rooms"]) <= 2
            found += [room["room"] for room in page["rooms"]]
            if (cursor := page["next"]) is None:
                return found

    assert sorted(await listed(ben)) == sorted(public)
    assert await listed(ben, scope="mine") == []
    assert sorted(await listed(ann, scope="mine")) == sorted([*public, private])
    for cursor in ("x", "1-", "-1", "1-zz", "9" * 100, "1-" + "0" * 31, "99999999999999999999-" + "0" * 32):
        problem(await ann.http.get("/v1/rooms", params={"cursor": cursor}), 422, "invalid", "cursor")
    problem(await ann.http.get("/v1/rooms?scope=all"), 422, "invalid", "scope")


async def test_a_private_room_looks_like_a_missing_one(site: Site) -> None:
    ann, ben = await site.guest(), await site.guest()
    private = await ann.new_room(public=False)
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
    ]
    for method, rest, body in requests:
        answers = []
        for room in (private, NOWHERE):
            sent = None if body is None else {**body, "client_id": client_id}
            answer = await ben.http.request(method, f"/v1/rooms/{room}{rest}", json=sent)
            problem(answer, 404, "not_found")
            headers = {k: v for k, v in answer.headers.items() if k != "date"}
            answers.append((answer.status_code, headers, answer.json()))
        assert answers[0] == answers[1], (method, rest)


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
    ("/v1/rooms", {"name": "x", "public": "yes"}, "public"),
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


async def test_commands_are_limited_per_user_and_a_resend_is_told_unknown(site: Site) -> None:
    ann, ben = await site.guest(), await site.guest()
    room = await ann.new_room()
    refused = None
    for _ in range(200):
        refused = await ann.send("POST", f"/v1/rooms/{NOWHERE}/join")
        if refused.status_code == 429:
            break
    assert refused is not None
    assert problem(refused, 429, "rate_limited")["retry_after_s"] > 0
    for _ in range(50):
        resent = await ann.send("POST", f"/v1/rooms/{NOWHERE}/join", resend=True)
        if resent.status_code == 504:
            break
    problem(resent, 504, "unknown_outcome")
    assert (await ben.send("POST", f"/v1/rooms/{room}/join")).status_code == 200

"""Texts that look like something else stay what they are: text, to the last code point."""

from __future__ import annotations

import itertools
import uuid

import pytest

from protocol import limits
from tests.integration.abuse.conftest import Node

pytestmark = pytest.mark.real
GRIN = "\U0001f600"
TEXTS = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "**bold** [link](javascript:alert(1)) `code` &amp; &lt;",
    "' or 1=1; drop table message; --",
    "${jndi:ldap://example.org/a} {{7*7}} %s %n",
    "\u202egnirts\u202c \u200b\u200d\ufeff\u00ad",
    "e\u0301 \u00e9 \ufb03 \uff21",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea",
    "Z̷̡̛͎͠a̵͝l̸͝g̵͠o̶",
    "line\nline\r\n\ttab",
    "a" + "\u0301" * limits.MARKS_MAX,
)


REFUSED = (
    "\x1b[31mred",
    "\x01",
    "\x7f\x9b",
    "a" + "\u0301" * (limits.MARKS_MAX + 1),
    "\u202egnirts",
    "\u2067a\n\u2069",
)


def test_a_body_that_reaches_beyond_itself_is_refused_and_changes_nothing(node: Node) -> None:
    ann = node.guest()
    room = ann.room()
    for text in REFUSED:
        answer = ann.send("POST", f"/v1/rooms/{room}/messages", body=text)
        assert answer.status_code == 422, answer.text
        assert (answer.json()["code"], answer.json()["field"]) == ("invalid", "body")
    assert ann.http.get(f"/v1/rooms/{room}/messages").json()["messages"] == []


def test_a_body_comes_out_as_it_went_in(node: Node) -> None:
    ann = node.guest()
    room = ann.room(name=TEXTS[0][: limits.ROOM_NAME_CHARS_MAX])
    for text in TEXTS:
        ann.post(room, text)
    found = ann.http.get(f"/v1/rooms/{room}/messages")
    assert found.headers["content-type"] == "application/json"
    assert [one["body"] for one in found.json()["messages"]] == list(TEXTS)
    assert ann.http.get(f"/v1/rooms/{room}").json()["name"] == TEXTS[0][: limits.ROOM_NAME_CHARS_MAX]


def test_limits_count_code_points_not_bytes(node: Node) -> None:
    ann = node.guest(GRIN * limits.DISPLAY_NAME_CHARS_MAX)
    room = ann.room(name=GRIN * limits.ROOM_NAME_CHARS_MAX)
    ann.post(room, GRIN * limits.BODY_CHARS_MAX)
    path = f"/v1/rooms/{room}"
    for method, where, field, most in (
        ("POST", f"{path}/messages", "body", limits.BODY_CHARS_MAX),
        ("PATCH", path, "name", limits.ROOM_NAME_CHARS_MAX),
        ("PATCH", path, "topic", limits.TOPIC_CHARS_MAX),
    ):
        refused = ann.send(method, where, **{field: GRIN * (most + 1)})
        assert (refused.status_code, refused.json()["field"]) == (422, field)


def test_what_no_text_may_hold(node: Node) -> None:
    ann = node.guest()
    room = ann.room()
    given = {"Content-Type": "application/json"}
    for raw in (
        rb'"a\u0000b"',
        rb'"\ud800"',
        rb'"\udc00\ud800"',
        b'"\xed\xa0\x80"',
        b'"\xc0\xaf"',
        b'"\xff"',
    ):
        body = b'{"client_id": "%s", "body": %s}' % (str(uuid.uuid4()).encode(), raw)
        refused = ann.http.post(f"/v1/rooms/{room}/messages", content=body, headers=given)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid"), raw
    assert ann.http.get(f"/v1/rooms/{room}/messages").json()["messages"] == []


def test_nobody_gets_a_handle_that_looks_like_anothers(node: Node) -> None:
    ann = node.registered()
    handle = ann.handle or ""
    names = (
        handle.upper(),
        handle.replace("o", "0"),
        handle.replace("a", "\u0430"),
        handle.replace("e", "\u0435"),
    )
    others = [name for name in names if name != handle]
    for other in (*others, handle + "\u200b", "\u202e" + handle, handle + "\ufeff", handle + " "):
        refused = node.http.post("/v1/register", json={"handle": other, "password": "long enough"})
        assert (refused.status_code, refused.json()["field"]) in {(409, "handle"), (422, "handle")}, other


def test_ten_thousand_reactions_over_the_socket_end_in_refusals(node: Node) -> None:
    ann = node.guest()
    room = ann.room()
    seq = ann.post(room, "react!")
    refused: dict[str, int] = {}
    with ann.socket() as socket:
        react = {"t": "room.react", "stream": room, "message": seq}
        for first in range(0, 10_000, 250):
            sent = [str(uuid.uuid4()) for _ in range(250)]
            for number, client_id in enumerate(sent, first):
                emoji = f"{chr(0x1F300 + number // 100)}\u200d{chr(0x1F400 + number % 100)}"
                socket.tell({**react, "client_id": client_id, "reaction": emoji})
            for _ in sent:
                told = socket.frame()
                code = told.get("code", told["t"])
                refused[code] = refused.get(code, 0) + 1
    assert sum(refused.values()) == 10_000
    assert refused.pop("accepted") == limits.REACTIONS_PER_MESSAGE_MAX
    assert set(refused) <= {"too_many", "rate_limited", "overloaded"}
    given = ann.http.get(f"/v1/rooms/{room}/messages/{seq}/reactions", params={"limit": 200}).json()
    assert len(given["reactions"]) == limits.REACTIONS_PER_MESSAGE_MAX


def test_invites_cant_be_guessed(node: Node) -> None:
    owner, eve = node.guest(), node.guest()
    room = owner.room(access="private")
    code = owner.send("POST", f"/v1/rooms/{room}/invites").json()["answer"]["code"]
    codes = [f"1-{number:024x}" for number in range(15)] + [code[:-1] + ("0" if code[-1] != "0" else "1")]
    for guess in codes:
        refused = eve.send("POST", f"/v1/rooms/{room}/join", invite=guess)
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found"), refused.text
    looks = [eve.http.get(f"/v1/rooms/{room}/invites/{guess}").status_code for guess in codes * 2]
    assert set(looks) == {404, 429}
    assert eve.http.get(f"/v1/rooms/{room}").status_code == 404
    assert node.guest().send("POST", f"/v1/rooms/{room}/join", invite=code).is_success


def test_stuffed_credentials_meet_a_lock_and_learn_nothing(node: Node) -> None:
    ann = node.registered()
    told: set[tuple[int, str]] = set()
    for name, number in itertools.product((ann.handle, "nobody_" + uuid.uuid4().hex[:8]), range(30)):
        refused = node.http.post("/v1/login", json={"name": name, "password": f"guess {number}"})
        told.add((refused.status_code, refused.json()["code"]))
    assert told == {(401, "wrong_credentials"), (429, "locked_out")}


def test_a_refresh_token_shown_twice_ends_the_login(node: Node) -> None:
    ann = node.guest()
    body = {"refresh_token": ann.tokens["refresh_token"]}
    assert node.http.post("/v1/refresh", json=body).is_success
    with ann.socket() as socket:
        again = node.http.post("/v1/refresh", json=body)
        assert (again.status_code, again.json()["code"]) == (401, "unauthenticated")
        while (frame := socket.frame())["t"] != "goodbye":
            pass
        assert frame["code"] == 4107


def test_reading_has_a_limit_for_each_user(node: Node) -> None:
    ann, ben = node.guest(), node.guest()
    statuses = [ann.http.get("/v1/me/friends").status_code for _ in range(int(limits.REQUESTS_BURST) * 3)]
    assert set(statuses) == {200, 429}
    refused = ann.http.get("/v1/me/friends")
    while refused.status_code == 200:
        refused = ann.http.get("/v1/me/friends")
    assert (refused.json()["code"], refused.headers["retry-after"]) == ("rate_limited", "1")
    assert ben.http.get("/v1/me").is_success


def test_headers_that_are_no_tags(node: Node) -> None:
    ann = node.guest()
    for text in (
        "",
        ",",
        ",,",
        '"',
        '""',
        "W/",
        'W/"',
        "W/,1",
        ";",
        "a b",
        "=",
        "1" * 5000,
        '"1", "2"',
        "*, *",
    ):
        changed = ann.http.patch("/v1/me/profile", json={"about": "x"}, headers={"If-Match": text})
        assert changed.status_code == 412 or not text.strip(), (text, changed.text)
        got = ann.http.get("/v1/me/profile", headers={"If-None-Match": text})
        assert got.status_code in {200, 304}, text

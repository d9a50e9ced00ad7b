"""Every endpoint and every command, found in the OpenAPI document and in the codec: a new one is covered at once."""

from __future__ import annotations

import re
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import msgspec
import pytest

from gatherup.http.examples import example_of
from protocol.frames import ClientFrame, StreamCommand, Subscribe
from tests.declared import CLIENT_FRAMES
from tests.integration.abuse.conftest import Node, Person

pytestmark = pytest.mark.real
NOBODY = "user:" + "0" * 32
WRONG: tuple[Any, ...] = (
    None,
    5,
    -1,
    1e300,
    True,
    "",
    "x\x00y",
    "\u202e",
    [],
    [[]],
    {},
    {"$ne": 1},
    "a" * 70_000,
)
STREAM_COMMANDS = [frame for frame in CLIENT_FRAMES if issubclass(frame, StreamCommand)]


def forged(*key: Any) -> list[str]:
    """A cursor that names this row, in either direction: anybody can make one."""
    text = urlsafe_b64encode(msgspec.msgpack.encode(key)).decode().rstrip("=")
    return ["n" + text, "p" + text]


NEEDED = {"prefix": "an", "game": "chess"}
"""What some lists can't be asked without."""
NO_CURSORS = ("x", "n", "n" + "A" * 100, "nkg", "n" * 500, "\u0000", "0" * 33)
FORGED = [
    forged(*key)[number % 2]
    for number, string in enumerate(("x", "a\x00b", "\U0001f600", NOBODY, "room:" + "f" * 32, "f" * 32))
    for key in ((string,), (0, string), (2**63, string), (2**64 - 1, string), (string, string))
]


def missing(stream: str) -> str:
    return stream[:-32] + uuid.uuid4().hex


def filled(path: str, parts: dict[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda found: parts.get(found[1], "1"), path)


def tag(frame: type[ClientFrame]) -> str:
    return str(frame.__struct_config__.tag)


def command(frame: type[ClientFrame], stream: str, client_id: str) -> dict[str, Any]:
    """A good command of this type to a stream."""
    example = {name: value for name, value in example_of(frame).items() if name != "since"}
    return {**example, "t": tag(frame), "client_id": client_id, "stream": stream}


def sound(answer: httpx.Response, what: str) -> None:
    """A refusal that tells what is wrong and nothing of the server."""
    assert 400 <= answer.status_code < 500, (what, answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json", what
    assert "Traceback" not in answer.text
    assert len(answer.text) < 1500, what


def for_users(node: Node) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for method, path, operation in node.operations():
        if "bearer" in (operation.get("security") or [{}])[0]:
            yield method, path, operation


def test_wrong_types_in_every_field_of_every_body(node: Node) -> None:
    admin = node.admin()
    key = node.key(admin)
    tried = 0
    for method, path, operation in node.operations():
        if "requestBody" not in operation:
            continue
        security = (operation.get("security") or [{}])[0]
        http = key if "key" in security else node.guest().http if security else node.http
        body = node.example(operation)
        url = filled(path, {"room": "room:" + "0" * 32, "user": NOBODY})
        for wrong in (b"null", b"5", b'"x"', b"[]", b"[{}]", b"{", b"\xff", b'{"a":"\\ud800"}'):
            given = {"Content-Type": "application/json"}
            sound(http.request(method, url, content=wrong, headers=given), f"{method} {path} {wrong!r}")
        sound(http.request(method, url, json={**body, "surprise": 1}), f"{method} {path} surprise")
        for field in body:
            for wrong in WRONG[tried % 4 :: 4]:
                answer = http.request(method, url, json={**body, field: wrong})
                assert answer.status_code < 500, (method, path, field, wrong, answer.text)
                assert "Traceback" not in answer.text
                tried += 1
    assert tried > 300


def test_every_path_with_ids_that_are_none(node: Node) -> None:
    guest = node.guest()
    for method, path, operation in for_users(node):
        if "{" not in path:
            continue
        for part in ("1", "%00", "%F0%9F%92%A9", "..%2f..%2fetc", "'%20or%201=1--", "%ff", "a" * 3000):
            url = re.sub(r"{\w+}", part, path)
            answer = guest.http.request(method, url, json=node.example(operation))
            if answer.status_code == 429:
                guest = node.guest()
            sound(answer, f"{method} {path} {part}")


def test_every_list_with_a_stale_or_forged_cursor(node: Node) -> None:
    owner = node.guest()
    room = owner.room()
    seq = owner.post(room, "hello")
    ours = {"tournament": owner.tournament(), "gathering": owner.gathering(), "series": owner.series()}

    def reader() -> Person:
        admin = node.admin()
        assert admin.send("POST", f"/v1/rooms/{room}/join").is_success
        assert owner.send("POST", f"/v1/rooms/{room}/role", user=admin.user, role="moderator").is_success
        return admin

    admin, found = reader(), 0
    for method, path, operation in node.operations():
        if not any(one["name"] == "cursor" for one in operation["parameters"]):
            continue
        found += 1
        url = filled(path, {"room": room, "seq": str(seq), **ours})
        required = {
            one["name"] for one in operation["parameters"] if one["in"] == "query" and one.get("required")
        }
        needed = {name: NEEDED[name] for name in required}
        for cursor in (*NO_CURSORS, *FORGED):
            asked = {**needed, "cursor": cursor}
            answer = admin.http.request(method, url, params=asked)
            if answer.status_code == 429:
                admin = reader()
                answer = admin.http.request(method, url, params=asked)
            if cursor in NO_CURSORS or not answer.is_success:
                sound(answer, f"{path} {cursor!r}")
            if cursor in NO_CURSORS:
                assert answer.json()["field"] == "cursor", (path, cursor, answer.text)
    assert found >= 9


def test_a_private_room_and_a_missing_one_answer_alike_over_http(node: Node) -> None:
    owner, removed_by, stranger = node.guest(), node.guest(), node.guest()
    private, removed = owner.room(access="private"), removed_by.room()
    seq = owner.post(private, "secret plans")
    removed_by.post(removed, "secret plans")
    assert removed_by.send("DELETE", f"/v1/rooms/{removed}").is_success
    tried = 0
    for method, path, operation in for_users(node):
        if "{room}" not in path:
            continue
        body = node.example(operation)
        seen: set[tuple[int, str, str]] = set()
        for room in (private, removed, missing(private)):
            parts = {"room": room, "seq": str(seq), "invite": "1", "report": "0" * 32}
            answer = stranger.http.request(method, filled(path, parts), json=body)
            assert answer.status_code == 404, (method, path, answer.text)
            seen.add((answer.status_code, _anonymous(answer), answer.text.replace(room, "")))
            tried += 1
        assert len(seen) == 1, (method, path, seen)
        if tried % 60 > 50:
            stranger = node.guest()
    assert tried > 100


def _anonymous(answer: httpx.Response) -> str:
    return str(
        sorted((k, v) for k, v in answer.headers.items() if k not in {"date", "traceparent", "retry-after"})
    )


def test_a_private_room_and_a_missing_one_answer_alike_on_the_socket(node: Node) -> None:
    owner = node.guest()
    private, removed = owner.room(access="private"), owner.room()
    assert owner.send("DELETE", f"/v1/rooms/{removed}").is_success
    for frame in (*STREAM_COMMANDS, Subscribe):
        seen: set[str] = set()
        with node.guest().socket() as socket:
            for stream in (private, removed, missing(private)):
                client_id = str(uuid.uuid4())
                told = socket.reply(command(frame, stream, client_id))
                assert told["code"] == "not_found", (tag(frame), told)
                seen.add(str(sorted(told.items())).replace(stream, "").replace(client_id, ""))
        assert len(seen) == 1, (frame, seen)


def test_nothing_is_told_of_heads_and_positions_in_rooms_of_others(node: Node) -> None:
    private = node.guest().room(access="private")
    with node.guest().socket() as socket:
        for room in (private, missing(private)):
            socket.tell({"t": "mark_read", "room": room, "number": 1})
            for t, fields in (("watch_heads", {"rooms": [room]}), ("ping", {})):
                client_id = str(uuid.uuid4())
                socket.tell({"t": t, "client_id": client_id, **fields})
                assert socket.frame() == {"t": "accepted", "client_id": client_id}


def test_wrong_types_in_every_field_of_every_frame(node: Node) -> None:
    for frame in CLIENT_FRAMES:
        fields = example_of(frame)
        wrong = sorted(fields.keys() - {"t", "client_id"})
        # Whoever goes on sending what is invalid is sent away.
        for first in range(0, len(wrong), 10):
            with node.guest().socket() as socket:
                for field in wrong[first : first + 10]:
                    socket.tell({"t": tag(frame), **fields, field: {"$ne": 1}})
                    told = socket.frame()
                    assert (told["t"], told["code"]) == ("refused", "invalid"), (tag(frame), field, told)
                    assert told["field"].partition(".")[0] == field, told


def test_a_client_id_used_again_for_something_else_is_refused_everywhere(node: Node) -> None:
    owner, other = node.guest(), node.guest()
    room = owner.room()
    first = str(uuid.uuid4())
    posted = owner.send("POST", f"/v1/rooms/{room}/messages", client_id=first, body="first")
    assert posted.status_code == 201
    seq = posted.json()["seq"]
    paths = 0
    for method, path, operation in for_users(node):
        if "{room}" not in path or "Idempotency-Key" not in {p["name"] for p in operation["parameters"]}:
            continue
        body = {**node.example(operation), "client_id": first}
        if "user" in body:
            body["user"] = other.user
        url = filled(path, {"room": room, "seq": str(seq), "invite": "1"})
        _reused(lambda owner=owner, m=method, u=url, b=body: owner.http.request(m, u, json=b), path)
        paths += 1
    assert paths >= 25
    with owner.socket() as socket:
        for frame in STREAM_COMMANDS:
            if tag(frame).startswith("room."):
                told = socket.reply(command(frame, room, first))
                assert told["code"] == "client_id_reused", (tag(frame), told)
    assert len(owner.http.get(f"/v1/rooms/{room}/messages").json()["messages"]) == 1


def _reused(send: Callable[[], httpx.Response], path: str) -> None:
    answer = send()
    assert (answer.status_code, answer.json()["code"]) == (409, "client_id_reused"), (path, answer.text)


def test_what_is_for_admins_and_keys_is_for_nobody_else(node: Node) -> None:
    guest, admin = node.guest(), node.admin()
    key = node.key(admin)
    for method, path, operation in node.operations():
        url = filled(path, {"user": guest.user})
        body = node.example(operation)
        if path.startswith("/v1/admin"):
            sound(answer := guest.http.request(method, url, json=body), path)
            assert answer.status_code == 403, (method, path, answer.text)
        if "key" in (operation.get("security") or [{}])[0]:
            assert guest.http.request(method, url, json=body).status_code == 401, path
        elif operation.get("security"):
            assert key.request(method, url, json=body).status_code == 401, path


def test_what_others_own_is_not_found(node: Node) -> None:
    ann, eve = node.guest(), node.guest()
    login = ann.http.get("/v1/me/logins").json()["logins"][0]["login"]
    theirs, nothing = (eve.http.delete(f"/v1/me/logins/{one}") for one in (login, "0" * 32))
    assert (theirs.status_code, theirs.text) == (404, nothing.text)
    assert ann.http.get("/v1/me").is_success
    inbox = "inbox:" + ann.user[5:]
    with eve.socket() as socket:
        for stream in (inbox, missing(inbox)):
            for t in ("subscribe", "inbox.read"):
                fields = {"t": t, "client_id": str(uuid.uuid4()), "stream": stream}
                assert (
                    socket.reply(fields | ({"up_to": 1} if t == "inbox.read" else {}))["code"] == "not_found"
                )
        internal = {"t": "inbox.end_logins", "client_id": str(uuid.uuid4()), "stream": inbox}
        assert socket.reply(internal)["code"] == "unknown_type"

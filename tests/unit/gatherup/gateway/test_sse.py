"""Requests for Server-Sent Events, and what their lane writes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatherup.gateway.handshake import Rejected, wants_events
from gatherup.gateway.limits import EVENT_STREAMS_MAX
from gatherup.gateway.sse import Opened, SseLane, answer
from gatherup.origins import Origins
from protocol.codec import Subprotocol, codecs
from protocol.codes import Code
from protocol.event import Header, encode_header, encode_payload
from protocol.frames import Hello, Position, Subscribe, Subscribed
from protocol.room.events import MessagePosted

ROOM, HALL = "room:" + "1" * 32, "room:" + "2" * 32
CODEC = codecs()[Subprotocol.JSON]
HERE = "https://game.example"


def head(target: str = f"/v1/events?stream={ROOM}", method: str = "GET", **headers: str) -> bytes:
    fields = {
        "Host": "x",
        "Authorization": "Bearer good",
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    return "\r\n".join(
        (f"{method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items()), "", "")
    ).encode()


def refused(token: str) -> Code | None:
    return {"good": None, "old": Code.TOKEN_EXPIRED}.get(token, Code.UNAUTHENTICATED)


def ask(request: bytes, origins: tuple[str, ...] | None = None) -> Opened | Rejected:
    assert wants_events(request)
    return answer(request, Origins(origins), refused)


def said(opened: Opened | Rejected) -> list[object]:
    assert isinstance(opened, Opened), opened.response
    assert b"\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n" in opened.response
    return [CODEC.decode(frame) for frame in opened.frames]


def problem(rejected: Opened | Rejected) -> dict[str, object]:
    assert isinstance(rejected, Rejected)
    return json.loads(rejected.response.partition(b"\r\n\r\n")[2])


def test_a_request_is_a_hello_and_its_subscribes():
    hello, one, two = said(ask(head(f"/v1/events?stream={ROOM}&stream={HALL}&stream={ROOM}")))
    assert hello == Hello(token="good")
    assert isinstance(one, Subscribe)
    assert isinstance(two, Subscribe)
    assert (one.stream, two.stream) == (ROOM, HALL)


def test_positions_come_from_the_last_event_and_from_the_query():
    opened = ask(
        head(
            f"/v1/events?stream={ROOM}&stream={HALL}&since={ROOM}@7-41&since={HALL}@7-3",
            Last_Event_ID=f"{ROOM}@7-42",
        )
    )
    (hello,) = said(opened)
    assert hello == Hello(
        token="good",
        positions=(
            Position(stream=ROOM, incarnation=7, seq=42),
            Position(stream=HALL, incarnation=7, seq=3),
        ),
    )


def test_who_wants_not_to_be_seen_says_so_in_the_query():
    assert said(ask(head(f"/v1/events?stream={ROOM}&status=invisible")))[0] == Hello(
        token="good", status="invisible"
    )


def test_an_event_source_has_its_token_in_the_query():
    request = head(f"/v1/events?stream={ROOM}&access_token=good", Authorization="Basic x")
    assert said(ask(request))[0] == Hello(token="good")


@pytest.mark.parametrize(
    ("request_head", "code", "field", "status"),
    [
        (head(Authorization="Bearer stale"), "unauthenticated", "Authorization", 401),
        (head(Authorization="Bearer old"), "token_expired", "Authorization", 401),
        (head("/v1/events"), "invalid", "stream", 400),
        (head("/v1/events?stream=nonsense"), "invalid", "stream", 400),
        (head("/v1/events?" + "&".join(f"stream=room:{n:032x}" for n in range(EVENT_STREAMS_MAX + 1))),
         "invalid", "stream", 400),
        (head("/v1/events?" + "a=1&" * 500), "invalid", "query", 400),
        (head(f"/v1/events?stream={ROOM}&since=x"), "invalid", "since", 400),
        (head(Last_Event_ID=f"{ROOM}@1"), "invalid", "Last-Event-ID", 400),
        (head(f"/v1/events?stream={ROOM}&status=asleep"), "invalid", "status", 400),
        (head(method="POST"), "method_not_allowed", None, 405),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_before_anything_is_opened(request_head, code, field, status):
    answered = ask(request_head)
    assert isinstance(answered, Rejected)
    assert (problem(answered)["code"], problem(answered).get("field"), answered.status) == (
        code,
        field,
        status,
    )


def test_pages_of_other_origins_are_refused_and_those_allowed_may_read():
    assert problem(ask(head(Origin="https://evil.example"), (HERE,)))["field"] == "Origin"
    opened = ask(head(Origin=HERE), (HERE,))
    assert isinstance(opened, Opened)
    assert f"Access-Control-Allow-Origin: {HERE}".encode() in opened.response
    preflight = ask(head(method="OPTIONS", Origin=HERE), (HERE,))
    assert isinstance(preflight, Rejected)
    assert preflight.response.startswith(b"HTTP/1.1 204")
    assert b"Authorization" in preflight.response


def test_events_carry_their_positions():
    lane = SseLane(CODEC)
    lane.frame(Subscribed(stream=ROOM, incarnation=7, seq=40, head=41))
    header = Header(stream=ROOM, seq=41, at=1, author="user:" + "a" * 32, type="room.posted")
    event = lane.event(encode_header(header), encode_payload(MessagePosted(body="one\ntwo\r\n\n")))
    id_, data, *rest = event.decode().split("\n")
    assert id_ == f"id: {ROOM}@7-41"
    assert json.loads(data.removeprefix("data: "))["payload"]["body"] == "one\ntwo\r\n\n"
    assert rest == ["", ""]
    assert said(ask(head(Last_Event_ID=id_.removeprefix("id: "))))[0] == Hello(
        token="good", positions=(Position(stream=ROOM, incarnation=7, seq=41),)
    )


@given(target=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=200))
def test_no_request_breaks_it(target):
    answer(head("/v1/events?" + target), Origins(None), refused)

"""Telemetry of a real node: traces to a collector, and what log lines and metrics don't tell."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
import trio
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gatherup.client import Event, connect
from protocol.room.events import MessagePosted
from tests.integration.site import Site, running, settings
from tests.tls import NO_TLS

pytestmark = pytest.mark.real
PASSWORD = "correct horse battery 7411"
EMAIL = "ann.7411@mail.example"
BODY = "a body that nobody logs 7411"
CALLER, CALLERS_SPAN = "a" * 32, "b" * 16


class Collector:
    """What an OTLP collector was sent."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.resources: list[dict[str, str]] = []

    def take(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resources.append({a.key: a.value.string_value for a in resource.resource.attributes})
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]

    def trace_of(self, span: Any) -> list[Any]:
        return [other for other in self.spans if other.trace_id == span.trace_id]


@contextmanager
def collecting() -> Iterator[tuple[Collector, str]]:
    """A collector on loopback, and its endpoint."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield collector, f"http://127.0.0.1:{server.server_address[1]}/v1/traces"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_a_collector_gets_the_way_from_socket_to_delivery(postgres_dsn: str) -> None:
    with collecting() as (collector, endpoint):
        traced = settings(postgres_dsn, GATHERUP_TRACES_ENDPOINT=endpoint, GATHERUP_TRACES_RATIO="1")
        async with running(traced) as addresses:
            site = Site(addresses.http)
            ann = await site.guest("Ann")
            room = await ann.new_room(access="public")
            async with connect(addresses.stream, token=ann.signed_in["access_token"]) as client:
                there = client.room(room)
                stream = await there.subscribe()
                await there.post(BODY)
                async for item in stream:
                    if isinstance(item, Event) and isinstance(item.payload, MessagePosted):
                        break
            header = {"traceparent": f"00-{CALLER}-{CALLERS_SPAN}-01"}
            ann.http.headers.update(header)
            await ann.post(room, "over HTTP")
            await site.aclose()
    assert {resource["service.name"] for resource in collector.resources} == {"gatherup"}
    posts = [span for span in collector.spans if span.name == "room.post"]
    socket, http = sorted(posts, key=lambda span: span.start_time_unix_nano)

    names = {span.name: span for span in collector.trace_of(socket)}
    assert names.keys() == {"room.post", "mailbox", "decide", "commit", "deliver"}
    assert not socket.parent_span_id
    assert {span.parent_span_id for span in names.values()} == {b"", socket.span_id}

    assert http.trace_id.hex() == CALLER
    (request,) = [span for span in collector.trace_of(http) if span.parent_span_id.hex() == CALLERS_SPAN]
    assert request.name == "POST /v1/rooms/<room>/messages"
    assert http.parent_span_id == request.span_id
    said = str(collector.spans)
    assert all(text not in said for text in (BODY, room[5:], ann.user[5:], ann.signed_in["access_token"]))


async def test_a_collector_that_is_away_holds_nobody_up(postgres_dsn: str) -> None:
    with collecting() as (_, endpoint):
        pass  # nobody listens there any more
    traced = settings(postgres_dsn, GATHERUP_TRACES_ENDPOINT=endpoint, GATHERUP_TRACES_RATIO="1")
    async with running(traced) as addresses:
        site = Site(addresses.http)
        ann = await site.guest("Ann")
        assert await ann.post(await ann.new_room(), "hello") == 2
        await site.aclose()


async def test_no_log_line_tells_a_secret(postgres_dsn: str, logs: io.StringIO) -> None:
    async with running(settings(postgres_dsn)) as addresses:
        site = Site(addresses.http)
        secrets = {PASSWORD, EMAIL, BODY, *await a_day(site, addresses.stream)}
        await site.aclose()
    said = logs.getvalue()
    assert '"event": "a session began"' in said  # down to debug, or nothing was tested
    assert '"node": "node-1"' in said
    assert {secret for secret in secrets if secret in said} == set()


async def a_day(site: Site, stream_url: str) -> set[str]:
    """Signing up and in, rightly and wrongly, posting, failing: the tokens that went over the wire."""
    named = {"handle": "ann7411", "password": PASSWORD}
    made = await site.http.post("/v1/register", json={**named, "email": EMAIL})
    assert made.status_code == 201, made.text
    by_name = {"name": named["handle"], "password": PASSWORD}
    for wrong in (PASSWORD + "x", ""):
        await site.http.post("/v1/login", json={**by_name, "password": wrong})
    signed_in = (await site.http.post("/v1/login", json=by_name)).json()
    bearer = {"Authorization": f"Bearer {signed_in['access_token']}"}
    await site.http.get("/v1/me", headers={"Authorization": f"Bearer {signed_in['access_token']}x"})
    await site.http.post("/v1/refresh", json={"refresh_token": signed_in["refresh_token"]})
    await site.http.post("/v1/login", content=b'{"password": "' + PASSWORD.encode() + b"\xff")
    async with connect(stream_url, token=signed_in["access_token"]) as client:
        room = await client.create_room("Den", access="public")
        await room.post(BODY)
    async with httpx.AsyncClient(base_url=site.url, headers=bearer, verify=NO_TLS, trust_env=False) as http:
        await http.post(f"/v1/rooms/{room.id}/messages", json={"body": BODY, "client_id": BODY})
        await http.post("/v1/rooms", json={"name": BODY, "nonsense": PASSWORD})
    return {signed_in["access_token"], signed_in["refresh_token"], made.json()["refresh_token"]}


async def test_metrics_tell_of_everything(site: Site) -> None:
    before = await events(site)
    ann = await site.guest()
    await ann.post(await ann.new_room(), "hello")
    with trio.fail_after(30):
        while (after := await events(site))["room.posted"] == before["room.posted"]:
            pass
    assert {name: after[name] - before[name] for name in ("room.posted", "room.created")} == {
        "room.posted": 1,
        "room.created": 1,
    }
    text = (await site.http.get("/metrics")).text
    for sample in (
        'gatherup_commit_s_bucket{le="+Inf"}',
        'gatherup_commit_events_bucket{le="1.0"}',
        "gatherup_mailbox_commands 0.0",
        "gatherup_outbox_bytes 0.0",
        "gatherup_stream_crashes_total 0.0",
        "gatherup_owed_waiting 0.0",
        "gatherup_users_present 0.0",
    ):
        assert f"\n{sample}" in text, sample


async def events(site: Site) -> Counter[str]:
    """How many events of each type the node has committed."""
    text = (await site.http.get("/metrics")).text
    found = re.findall(r'^gatherup_events_total{type="(.+)"} (\S+)$', text, re.MULTILINE)
    return Counter({name: int(float(count)) for name, count in found})

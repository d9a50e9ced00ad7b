"""What all endpoints share: who may call, what is malformed, and the documents about them."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import jwt
import pytest
import trio
import trio.testing
from jsonschema import Draft202012Validator

from gatherup.auth.tokens import AccessTokens
from gatherup.http import server
from gatherup.http.openapi import check_operation_ids
from protocol import limits
from protocol.codes import Code
from tests.integration.site import SETTINGS, Site, problem, running, settings

pytestmark = pytest.mark.real
KEY = bytes.fromhex(SETTINGS["GATHERUP_AUTH_TOKEN_KEY"])
NO_KEY: Any = None
USER = "user:" + "1" * 32


async def test_errors_of_the_request_itself(site: Site) -> None:
    json = {"Content-Type": "application/json"}
    send = site.http.post
    problem(await site.http.get("/nope"), 404, "not_found")
    problem(await site.http.get("/v1/rooms/"), 404, "not_found")
    wrong_method = await site.http.put("/v1/login")
    problem(wrong_method, 405, "method_not_allowed")
    assert "POST" in wrong_method.headers["allow"]
    for body in (b"{", b"[1]", b"null", b'"x"', b"\xff", b"{}{}", b"[" * 100_000, b'{"display_name":"\xff"}'):
        answer = await send("/v1/guest", content=body, headers=json)
        assert problem(answer, 422, "invalid", answer.json().get("field"))
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""):
        answer = await send("/v1/guest", content=b'{"display_name":"x"}', headers={"Content-Type": kind})
        problem(answer, 415, "unsupported_media_type", "Content-Type")
    with_charset = {"Content-Type": "application/json; charset=utf-8"}
    assert (await send("/v1/guest", content=b'{"display_name":"x"}', headers=with_charset)).status_code == 201
    problem(await send("/v1/guest"), 422, "invalid", "display_name")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (rb'{"display_name":"\ud83d"}', "display_name"),
        (rb'{"display_name":"\ude00\ud83d"}', "display_name"),
        (rb'{"display_name":"x","device":"\ud83d"}', "device"),
        (b'{"display_name":"\xed\xa0\xbd"}', "display_name"),
        (b'{"display_name":"\xff"}', "display_name"),
        (rb'{"a\ud83d":1,"display_name":"x"}', "a\ufffd"),
    ],
)
async def test_text_that_is_not_utf8_is_refused_by_its_field(site: Site, body: bytes, field: str) -> None:
    answer = await site.http.post("/v1/guest", content=body, headers={"Content-Type": "application/json"})
    assert problem(answer, 422, "invalid", field)["detail"] == "The text isn't valid UTF-8."


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("handle=%ED%A0%BD", "handle"),
        ("handle=%FF", "handle"),
        ("handle=x&other=%C3", "other"),
        ("handle=x&%FF=1", "?"),
    ],
)
async def test_a_query_that_is_not_utf8_is_refused_by_its_field(site: Site, query: str, field: str) -> None:
    ann = await site.guest()
    answer = await ann.http.get(f"/v1/users/search?{query}")
    assert problem(answer, 422, "invalid", field)["detail"] == "The text isn't valid UTF-8."


async def test_a_body_that_is_too_large_is_refused(site: Site) -> None:
    large = b" " * (limits.HTTP_BODY_BYTES_MAX + 1)
    headers = {"Content-Type": "application/json"}
    refused = await site.http.post("/v1/guest", content=large, headers=headers)
    problem(refused, 413, "too_large")
    assert (
        refused.headers["connection"] == "close"
    )  # or clients would send on a connection that is going away

    async def chunks() -> AsyncGenerator[bytes]:
        for _ in range(len(large) // 4096 + 2):
            yield b" " * 4096

    problem(await site.http.post("/v1/guest", content=chunks(), headers=headers), 413, "too_large")
    assert (await site.http.get("/health/live")).status_code == 200


async def test_every_endpoint_that_needs_a_token_refuses_bad_ones(site: Site) -> None:
    document = (await site.http.get("/openapi.json")).json()
    guarded = [
        (method, re.sub(r"{\w+}", "1", path))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation.get("security")
    ]
    assert len(guarded) > 80
    for method, path in guarded:
        refused = await site.http.request(method, path)
        problem(refused, 401, "unauthenticated", "Authorization")
        assert refused.headers["www-authenticate"] == "Bearer"


async def test_bad_tokens(site: Site) -> None:
    ours = AccessTokens(KEY, lifetime_s=60)
    expired, _ = ours.issue(USER, "2" * 32, 1_000_000)
    kid = jwt.get_unverified_header(expired)["kid"]
    unsigned = jwt.encode({"sub": USER}, NO_KEY, "none", headers={"kid": kid})
    foreign, _ = AccessTokens(b"f" * 32, lifetime_s=10**9).issue(USER, "2" * 32, 10**12)
    for header in (
        "",
        "Bearer",
        "Basic YTpi",
        "Bearer x",
        f"Bearer {unsigned}",
        f"Bearer {foreign}",
    ):
        refused = await site.http.get("/v1/me", headers={"Authorization": header})
        problem(refused, 401, "unauthenticated", "Authorization")
    refused = await site.http.get("/v1/me", headers={"Authorization": f"Bearer {expired}"})
    problem(refused, 401, "token_expired", "Authorization")
    guest = await site.guest()
    token = guest.signed_in["access_token"]
    assert (await site.http.get("/v1/me", headers={"Authorization": f"bearer {token}"})).status_code == 200


async def test_a_token_of_nobody_is_nobody(site: Site) -> None:
    token, _ = AccessTokens(KEY, lifetime_s=10**9).issue(USER, "2" * 32, 10**12)
    answer = await site.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    problem(answer, 401, "unauthenticated", "Authorization")


async def test_ready_when_an_event_went_the_whole_way(site: Site) -> None:
    with trio.fail_after(30):
        while (await site.http.get("/health/ready")).status_code == 503:  # noqa: ASYNC110 - polls a server
            await trio.sleep(0.01)
    metrics = (await site.http.get("/metrics")).text
    heard = re.search(r"^gatherup_canaries_heard_total (\S+)$", metrics, re.MULTILINE)
    assert heard is not None
    assert float(heard[1]) >= 1


async def test_metrics_name_nobody(site: Site) -> None:
    ann = await site.guest()
    room = await ann.new_room()
    await ann.post(room, "hello")
    await ann.http.get(f"/v1/rooms/{room}/messages")
    answer = await site.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    made = re.search(r'_http_answers_total{endpoint="POST /v1/rooms",status="201"} (\S+)\n', answer.text)
    committed = re.search(r"^gatherup_events_committed_total (\S+)$", answer.text, re.MULTILINE)
    assert made is not None and float(made[1]) >= 1
    assert committed is not None and float(committed[1]) >= 2
    assert room[5:] not in answer.text
    assert ann.user[5:] not in answer.text
    assert not re.search(r"[0-9a-f]{32}", answer.text)


def resolved(document: dict[str, Any], node: Any) -> None:
    """Every reference in the document leads somewhere."""
    match node:
        case {"$ref": str(ref)}:
            place: Any = document
            for part in ref.removeprefix("#/").split("/"):
                place = place[part]
        case dict():
            for value in node.values():
                resolved(document, value)
        case list():
            for value in node:
                resolved(document, value)


async def test_the_openapi_document_is_sound(site: Site) -> None:
    answer = await site.http.get("/openapi.json")
    document = answer.json()
    assert document["openapi"].startswith("3.1.")
    resolved(document, document)
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    ids = [operation["operationId"] for _, _, operation in operations]
    assert len(set(ids)) == len(ids)
    for path, method, operation in operations:
        assert operation["summary"], path
        assert all(response["description"] for response in operation["responses"].values()), path
        assert all(one["description"] or one["schema"] for one in operation["parameters"]), path
        named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", path))
        assert method not in {"get", "head"} or "requestBody" not in operation, path
        assert (
            bool(operation.get("security")) == ("401" in operation["responses"])
            or path == "/v1/refresh"
            or (path.startswith(("/v1/login", "/v1/oidc")))
        ), path
        assert path.startswith(("/health", "/metrics")) or {"429", "503"} <= set(operation["responses"]), path
        assert "requestBody" not in operation or {"413", "415", "422"} <= set(operation["responses"]), path
    schemes = document["components"]["securitySchemes"]
    assert {scheme["scheme"] for scheme in schemes.values()} == {"bearer"}


async def test_every_example_of_the_document_is_good(site: Site) -> None:
    document = (await site.http.get("/openapi.json")).json()
    examples = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for holder in (operation.get("requestBody", {}), *operation["responses"].values()):
                for content in holder.get("content", {}).values():
                    if "$ref" in content["schema"]:
                        root = {**content["schema"], "components": document["components"]}
                        Draft202012Validator(root).validate(content["example"])
                        examples += 1
            for one in operation["parameters"]:
                if one["in"] == "path":
                    assert re.search(one["schema"]["pattern"], one["example"]), (method, path, one["name"])
    assert examples > 500


async def test_the_document_says_what_the_server_asks_of_parameters(site: Site) -> None:
    """Which exclude each other, and how a cursor and an Idempotency-Key look."""
    document = (await site.http.get("/openapi.json")).json()
    ann = await site.guest()
    named = {
        (path, one["name"]): one
        for path, methods in document["paths"].items()
        for operation in methods.values()
        for one in operation["parameters"]
    }
    excluded = {key: one for key, one in named.items() if "Not together with" in one["description"]}
    assert {path for path, _ in excluded} == {
        "/v1/rooms/{room}/messages",
        "/v1/rooms/{room}/messages/{seq}/thread",
        "/v1/admin/audit",
        "/v1/inbox",
        "/v1/heads",
    }
    assert excluded["/v1/inbox", "after"]["description"] == "Not together with before."
    both = await ann.http.get("/v1/inbox?before=3&after=1")
    assert problem(both, 422, "invalid", "after")["detail"] == "Give before or after, not both."
    room = await ann.new_room()
    both = await ann.http.get("/v1/heads", params={"room": room, "cursor": "nkQ"})
    problem(both, 422, "invalid", "cursor")
    cursors = [one["schema"] for (_, name), one in named.items() if name == "cursor"]
    assert len(cursors) > 5
    for schema in cursors:
        pattern = next(part["pattern"] for part in schema["anyOf"] if "pattern" in part)
        assert re.search(pattern, "nkQ")
        assert not any(re.search(pattern, bad) for bad in ("", "x", "n", "nk=", "n k", "nkQ\n"))
    for bad in ("", "x", "nk=", "n%20k"):
        problem(await ann.http.get(f"/v1/rooms?cursor={bad}"), 422, "invalid", "cursor")
    keys = [one for (_, name), one in named.items() if name == "Idempotency-Key"]
    assert keys
    assert all("must stand here or in the body" in key["description"] for key in keys)
    assert all(re.search(key["schema"]["pattern"], str(uuid.uuid4())) for key in keys)


def test_no_two_operations_share_an_id() -> None:
    once = {"get": {"operationId": "rooms_get"}}
    check_operation_ids({"paths": {"/a": once}})
    with pytest.raises(ValueError, match="rooms_get"):
        check_operation_ids({"paths": {"/a": once, "/b": once}})


async def test_head_is_answered_where_get_is(site: Site) -> None:
    ann = await site.guest()
    for path in ("/v1/me", "/v1/rooms", "/health/live", "/openapi.json", "/docs"):
        got, head = await ann.http.get(path), await ann.http.head(path)
        assert (head.status_code, head.content) == (got.status_code, b"")
        assert head.headers["content-length"] == str(len(got.content))
    problem(await ann.http.get("/v1/rooms/x"), 404, "not_found")
    assert (await ann.http.head("/v1/rooms/x")).status_code == 404


async def test_what_a_client_has_isnt_sent_again(site: Site) -> None:
    ann = await site.guest()
    room = await ann.new_room()
    for path in (f"/v1/rooms/{room}", "/v1/rooms", "/v1/heads", "/v1/me/profile", "/v1/inbox"):
        tag = (await ann.http.get(path)).headers["etag"]
        for given in (tag, f'W/{tag}, "x"', "*"):
            same = await ann.http.get(path, headers={"If-None-Match": given})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag), (path, given)
        assert (await ann.http.get(path, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_an_early_refusal_leaves_the_connection_good(site: Site) -> None:
    """The body comes after the answer could have gone: it is waited for."""
    url = httpx.URL(site.url)
    head = b"POST /v1/logout HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n"
    stream = await trio.open_tcp_stream(url.host, url.port or 80)
    async with stream:
        with trio.fail_after(10):
            for _ in range(3):
                await stream.send_all(head)
                await trio.testing.wait_all_tasks_blocked(0.02)  # it has all but the body
                await stream.send_all(b"{}")
                answer = b""
                while not answer.endswith(b"}"):
                    answer += await stream.receive_some()
                assert answer.startswith(b"HTTP/1.1 401")


async def test_pages_of_any_origin_may_read_and_no_cookie_is_asked_for(site: Site) -> None:
    page = {"Origin": "https://game.example.org"}
    asks = {
        **page,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization",
    }
    preflight = await site.http.options("/v1/rooms/x", headers=asks)
    assert (preflight.status_code, preflight.content) == (204, b"")
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "PATCH" in preflight.headers["access-control-allow-methods"]
    assert "Authorization" in preflight.headers["access-control-allow-headers"]
    for path in ("/v1/me", "/nope", "/openapi.json"):
        answer = await site.http.get(path, headers=page)
        assert answer.headers["access-control-allow-origin"] == "*"
        told = answer.headers["access-control-expose-headers"]
        assert {"ETag", "Retry-After", "Location", "traceparent"} <= set(told.split(", "))
        assert "access-control-allow-credentials" not in answer.headers
    assert "access-control-allow-origin" not in (await site.http.get("/v1/me")).headers


async def test_pages_of_other_origins_than_allowed_may_read_nothing(postgres_dsn: str) -> None:
    ours = "https://game.example.org"
    async with running(settings(postgres_dsn, GATHERUP_STREAM_ALLOWED_ORIGINS=ours)) as addresses:
        site = Site(addresses.http)
        asks = {"Access-Control-Request-Method": "GET"}
        for origin, allowed in ((ours, ours), ("https://evil.example.org", None), ("null", None)):
            for method, headers in (("OPTIONS", asks), ("GET", {})):
                answer = await site.http.request(method, "/v1/oidc", headers={"Origin": origin, **headers})
                assert answer.headers.get("access-control-allow-origin") == allowed
                assert "Origin" in answer.headers["vary"]
        await site.aclose()


async def test_answers_are_as_the_document_says(site: Site) -> None:
    document = (await site.http.get("/openapi.json")).json()

    def check(answer: httpx.Response, method: str, path: str) -> None:
        response = document["paths"][path][method]["responses"][str(answer.status_code)]
        content = response["content"][answer.headers["content-type"].partition(";")[0]]
        root = {**content["schema"], "components": document["components"]}
        Draft202012Validator(root).validate(answer.json())

    ann = await site.guest()
    room = await ann.new_room()
    await ann.post(room, "hello")
    check(await site.http.post("/v1/guest", json={"display_name": "x"}), "post", "/v1/guest")
    check(await site.http.post("/v1/guest", json={}), "post", "/v1/guest")
    check(await site.http.get("/v1/me"), "get", "/v1/me")
    check(await ann.http.get("/v1/me"), "get", "/v1/me")
    check(await ann.http.get("/v1/rooms"), "get", "/v1/rooms")
    check(await ann.http.get(f"/v1/rooms/{room}"), "get", "/v1/rooms/{room}")
    check(await ann.http.get(f"/v1/rooms/{room}/messages"), "get", "/v1/rooms/{room}/messages")
    check(await ann.send("POST", f"/v1/rooms/{room}/leave"), "post", "/v1/rooms/{room}/leave")


async def test_nobody_keeps_an_answer_with_tokens_or_guesses_its_type(site: Site) -> None:
    """The hook of every client here looks for these headers too; see conforming.py."""
    guest = await site.guest()
    refresh = {"refresh_token": guest.signed_in["refresh_token"]}
    answers = [
        await site.http.post("/v1/guest", json={"display_name": "x"}),
        await site.http.post("/v1/refresh", json=refresh),
        await guest.http.get("/v1/me"),
        await guest.http.get("/v1/nothing"),
        await site.http.put("/v1/guest"),
        await site.http.post("/v1/guest", content=b"{"),
    ]
    assert {answer.headers["Cache-Control"] for answer in answers[:2]} == {"no-store"}
    assert {answer.headers["X-Content-Type-Options"] for answer in answers} == {"nosniff"}
    keys = await site.http.get("/.well-known/jwks.json")
    assert keys.headers["Cache-Control"].startswith("public")
    page = await site.http.get("/docs")
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


async def test_the_documentation_loads_nothing_from_elsewhere(site: Site) -> None:
    answer = await site.http.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", answer.text)
    assert "<script" not in answer.text
    for code in Code:
        assert f'id="{code.value}"' in answer.text
    assert "/v1/rooms/{room}/messages" in answer.text
    assert "Idempotency-Key" in answer.text
    assert "gg, well played @ben" in answer.text


async def test_a_peer_that_never_reads_doesnt_keep_the_node_from_ending(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "UNREAD_ANSWER_TIMEOUT_MS", 500)
    quiet = settings(postgres_dsn, GATHERUP_CANARY_PERIOD_S="60", GATHERUP_HTTP_SHUTDOWN_TIMEOUT_S="0.1")
    async with trio.open_nursery() as nursery:
        async with running(quiet) as addresses:
            url = httpx.URL(addresses.http)
            stream = await trio.open_tcp_stream(url.host, url.port or 80)
            asks = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 200_000
            nursery.start_soon(stream.send_all, asks)
            await trio.testing.wait_all_tasks_blocked(0.1)  # the node waits for us to read, we wait for it
        nursery.cancel_scope.cancel()
    await stream.aclose()


async def test_what_a_refusal_quotes_is_cut(site: Site) -> None:
    answer = await site.http.post("/v1/guest", json={"display_name": "x", "y" * 5000: 1})
    document = problem(answer, 422, "invalid", "y" * limits.DETAIL_CHARS_MAX)
    assert len(document["detail"]) <= limits.DETAIL_CHARS_MAX

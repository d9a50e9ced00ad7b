"""Reports: filed by members, looked at by moderators and admins."""

from __future__ import annotations

from typing import Any

import httpx
import psycopg
import pytest
import trio

from protocol import limits
from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site, problem

pytestmark = pytest.mark.real


def make_admin(dsn: str, user: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("update account set admin = true where id = %s::uuid", (user[-32:],))


async def report(person: Person, room: str, seq: int, **body: Any) -> httpx.Response:
    return await person.http.post(f"/v1/rooms/{room}/messages/{seq}/report", json={"ground": "spam", **body})


async def listed(person: Person, path: str, **query: Any) -> dict[str, Any]:
    answer = await person.http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_report_is_filed_listed_and_closed(site: Site, node: SharedNode) -> None:
    ann, ben, cleo, eve = [await site.guest(name) for name in ("Ann", "Ben", "Cleo", "Eve")]
    room = await ann.new_room()
    path = f"/v1/rooms/{room}/reports"
    for person in (ben, cleo):
        await person.send("POST", f"/v1/rooms/{room}/join")
    seqs = [await cleo.post(room, f"buy {number}") for number in range(3)]
    problem(await report(eve, room, seqs[0]), 403, "not_a_member")
    problem(await report(ben, room, seqs[0], ground="boring"), 422, "invalid", "ground")
    filed = await report(ben, room, seqs[0], note="first")
    assert filed.status_code == 201, filed.text
    again = await report(ben, room, seqs[0], ground="other", note="second")
    assert again.json() == filed.json(), "one of a user and message"
    for seq in seqs[1:]:
        assert (await report(ben, room, seq)).status_code == 201

    problem(await ben.http.get(path), 403, "forbidden")
    page = await listed(ann, path, limit=2)
    rest = await listed(ann, path, limit=2, cursor=page["next"])
    found = [*page["reports"], *rest["reports"]]
    assert [r["message"]["seq"] for r in found] == seqs[::-1]
    assert (await listed(ann, path, limit=2, cursor=rest["previous"]))["reports"] == page["reports"]
    oldest = found[-1]
    assert (oldest["ground"], oldest["note"], oldest["reporter"]) == ("other", "second", ben.user)
    assert (oldest["message"]["body"], oldest["message"]["author"]) == ("buy 0", cleo.user)

    close = f"{path}/{filed.json()['report']}/close"
    problem(await ben.http.post(close, json={"verdict": "acted"}), 403, "forbidden")
    assert (await ann.http.post(close, json={"verdict": "acted"})).status_code == 204
    problem(await ann.http.post(close, json={"verdict": "acted"}), 409, "already_exists", "report")
    problem(await report(ben, room, seqs[0]), 409, "already_exists")
    (closed,) = (await listed(ann, path, state="closed"))["reports"]
    assert (closed["verdict"], closed["closed_by"]) == ("acted", ann.user)

    other = await ann.new_room()
    elsewhere = f"/v1/rooms/{other}/reports/{found[0]['report']}/close"
    problem(await ann.http.post(elsewhere, json={"verdict": "acted"}), 404, "not_found", "report")

    problem(await eve.http.get("/v1/admin/reports"), 403, "forbidden")
    await trio.to_thread.run_sync(make_admin, node.dsn, eve.user)
    everywhere = (await listed(eve, "/v1/admin/reports"))["reports"]
    assert [r["report"] for r in everywhere if r["room"] == room] == [r["report"] for r in found[:2]]
    all_close = f"/v1/admin/reports/{found[0]['report']}/close"
    assert (await eve.http.post(all_close, json={"verdict": "dismissed"})).status_code == 204
    problem(
        await eve.http.post("/v1/admin/reports/x/close", json={"verdict": "acted"}),
        404,
        "not_found",
        "report",
    )


async def test_a_report_of_what_was_deleted_shows_no_body(site: Site) -> None:
    ann, ben = await site.guest(), await site.guest()
    room = await ann.new_room()
    await ben.send("POST", f"/v1/rooms/{room}/join")
    seq = await ben.post(room, "gone soon")
    assert (await report(ann, room, seq)).status_code == 201
    await ben.send("DELETE", f"/v1/rooms/{room}/messages/{seq}")
    (shown,) = (await listed(ann, f"/v1/rooms/{room}/reports"))["reports"]
    assert (shown["message"]["body"], shown["message"]["deleted"]) == (None, True)
    problem(await report(ann, room, seq), 404, "not_found", "message")


async def test_reports_are_limited_per_user(site: Site) -> None:
    ann = await site.guest()
    room = await ann.new_room()
    seq = await ann.post(room, "mine")
    answers: list[httpx.Response] = []

    async def once() -> None:
        answers.append(await report(ann, room, seq))

    async with trio.open_nursery() as nursery:
        for _ in range(5 * int(limits.SIGNALS_BURST)):
            nursery.start_soon(once)
    assert {answer.status_code for answer in answers} == {201, 429}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert problem(refused, 429, "rate_limited")["retry_after_s"] > 0

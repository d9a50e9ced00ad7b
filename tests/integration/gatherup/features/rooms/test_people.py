"""Who is in a room, who may come in, and how order is kept, over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest
import trio

from protocol import limits
from storage.postgres.audit_log import AuditLog
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows
from tests.integration.shared import SharedNode
from tests.integration.site import Person, Site, problem

pytestmark = pytest.mark.real


async def get(person: Person, path: str, **query: Any) -> dict[str, Any]:
    answer = await person.http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_members_by_role_in_pages_both_ways(site: Site) -> None:
    ann, ben, cleo, dan = [await site.guest(name) for name in ("Ann", "Ben", "Cleo", "Dan")]
    room = await ann.new_room()
    path = f"/v1/rooms/{room}"
    for person in (ben, cleo, dan):
        assert (await person.send("POST", f"{path}/join")).status_code == 200
    assert (await ann.send("POST", f"{path}/role", user=ben.user, role="moderator")).status_code == 200
    assert (
        await ben.send("POST", f"{path}/mute", user=cleo.user, for_s=60, reason="loud")
    ).status_code == 200
    problem(await cleo.send("POST", f"{path}/messages", body="x"), 403, "muted")
    everybody = (await get(dan, f"{path}/members"))["members"]
    assert [m["user"] for m in everybody] == sorted(p.user for p in (ann, ben, cleo, dan))
    roles = {m["user"]: m["role"] for m in everybody}
    assert roles == {ann.user: "owner", ben.user: "moderator", cleo.user: "member", dan.user: "member"}
    assert {m["user"] for m in everybody if m["muted_until"] is not None} == {cleo.user}
    assert (await get(cleo, path))["muted_until"] is not None
    first = await get(dan, f"{path}/members", limit=3)
    assert first["position"] == {"stream": room, "incarnation": 1, "seq": 6}  # made, 3 joins, role, mute
    second = await get(dan, f"{path}/members", limit=3, cursor=first["next"])
    assert [*first["members"], *second["members"]] == everybody
    assert (first["previous"], second["next"]) == (None, None)
    back = await get(dan, f"{path}/members", limit=3, cursor=second["previous"])
    assert back["members"] == first["members"]
    assert (await ann.send("POST", f"{path}/unmute", user=cleo.user)).status_code == 200
    assert (await cleo.send("POST", f"{path}/messages", body="x")).status_code == 201


async def test_a_page_of_members_holds_all_that_happened_up_to_its_position(site: Site) -> None:
    """Who joined at or before the position is in the page, however many join meanwhile."""
    ann, *others = [await site.guest() for _ in range(13)]
    room = await ann.new_room()
    path = f"/v1/rooms/{room}"
    joined: dict[str, int] = {ann.user: 1}
    pages: list[dict[str, Any]] = []

    async def join(person: Person) -> None:
        answer = await person.send("POST", f"{path}/join")
        joined[person.user] = answer.json()["seq"]

    async def watch() -> None:
        while len(joined) <= len(others):
            pages.append(await get(ann, f"{path}/members", limit=limits.PAGE_ITEMS_MAX))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        for person in others:
            nursery.start_soon(join, person)
    pages.append(await get(ann, f"{path}/members"))
    for page in pages:
        named, seq = {member["user"] for member in page["members"]}, page["position"]["seq"]
        assert {user for user, at in joined.items() if at <= seq} <= named
    assert pages[-1]["position"]["seq"] == max(joined.values())
    assert {member["user"] for member in pages[-1]["members"]} == set(joined)


async def test_a_ban_keeps_out_and_is_listed_for_who_may_lift_it(site: Site) -> None:
    ann, ben, eve = await site.guest(), await site.guest(), await site.guest()
    room = await ann.new_room()
    path = f"/v1/rooms/{room}"
    await ben.send("POST", f"{path}/join")
    problem(await ben.http.get(f"{path}/bans"), 403, "forbidden")
    problem(await eve.http.get(f"{path}/bans"), 403, "not_a_member")
    assert (await ann.send("POST", f"{path}/ban", user=ben.user, reason="rude")).status_code == 200
    assert (await ann.send("POST", f"{path}/ban", user=eve.user, for_s=60)).status_code == 200
    problem(await ben.send("POST", f"{path}/join"), 403, "banned")
    bans = {ban["user"]: ban for ban in (await get(ann, f"{path}/bans"))["bans"]}
    assert (bans[ben.user]["until"], bans[ben.user]["reason"], bans[ben.user]["by"]) == (
        None,
        "rude",
        ann.user,
    )
    assert bans[eve.user]["until"] > bans[eve.user]["at"]
    page = await get(ann, f"{path}/bans", limit=1)
    rest = await get(ann, f"{path}/bans", limit=1, cursor=page["next"])
    assert {page["bans"][0]["user"], rest["bans"][0]["user"]} == {ben.user, eve.user}
    assert (await ann.send("POST", f"{path}/unban", user=ben.user)).status_code == 200
    assert (await ben.send("POST", f"{path}/join")).status_code == 200


async def test_an_invitation_opens_a_private_room_to_one_user(site: Site) -> None:
    ann, ben, eve = await site.guest(), await site.guest(), await site.guest()
    room = await ann.new_room(name="Den", access="private")
    path = f"/v1/rooms/{room}"
    assert (await ann.send("POST", f"{path}/invite", user=ben.user)).status_code == 200
    seen = await get(ben, path)
    assert (seen["name"], seen["invited"], seen["member"], seen["members"]) == ("Den", True, False, 1)
    assert [r["room"] for r in (await get(ben, "/v1/rooms", scope="invited"))["rooms"]] == [room]
    (invited,) = (await get(ann, f"{path}/invited"))["invited"]
    assert (invited["user"], invited["by"]) == (ben.user, ann.user)
    problem(await eve.http.get(path), 404, "not_found")
    problem(await ben.http.get(f"{path}/messages"), 403, "not_a_member")
    assert (await ben.send("POST", f"{path}/join")).status_code == 200
    assert (await get(ann, f"{path}/invited"))["invited"] == []
    assert (await get(ben, "/v1/rooms", scope="invited"))["rooms"] == []
    await ann.send("POST", f"{path}/invite", user=eve.user)
    assert (await eve.send("POST", f"{path}/uninvite", user=eve.user)).status_code == 200
    problem(await eve.http.get(path), 404, "not_found")


async def test_an_invites_code_is_told_once_looked_at_and_used(site: Site) -> None:
    ann, ben, eve = await site.guest(), await site.guest(), await site.guest()
    room = await ann.new_room(name="Den", access="private")
    path = f"/v1/rooms/{room}"
    made = await ann.send("POST", f"{path}/invites", uses=1)
    assert made.status_code == 201, made.text
    code = made.json()["answer"]["code"]
    listed = await ann.http.get(f"{path}/invites")
    assert code not in listed.text
    (invite,) = listed.json()["invites"]
    assert (invite["invite"], invite["uses"], invite["used"], invite["by"]) == (1, 1, 0, ann.user)
    look = await get(ben, f"{path}/invites/{code}")
    assert look == {
        "room": room,
        "name": "Den",
        "access": "private",
        "members": 1,
        "expires_at": invite["expires_at"],
    }
    assert (await ben.send("POST", f"{path}/join", invite=code)).status_code == 200
    problem(await ben.http.get(f"{path}/invites"), 403, "forbidden")
    problem(await eve.http.get(f"{path}/invites/{code}"), 404, "invite_invalid", "invite")  # used up
    problem(await eve.send("POST", f"{path}/join", invite=code), 404, "invite_invalid", "invite")

    second = (await ann.send("POST", f"{path}/invites")).json()["answer"]
    assert (await get(eve, f"{path}/invites/{second['code']}"))["members"] == 2
    assert (await ann.send("DELETE", f"{path}/invites/{second['invite']}")).status_code == 200
    problem(await eve.http.get(f"{path}/invites/{second['code']}"), 404, "invite_invalid", "invite")
    third = (await ann.send("POST", f"{path}/invites")).json()["answer"]
    assert (await ann.send("DELETE", path)).status_code == 200
    problem(await eve.http.get(f"{path}/invites/{third['code']}"), 404, "invite_invalid", "invite")


async def test_guessing_codes_is_limited(site: Site) -> None:
    eve = await site.guest()
    guess = f"/v1/rooms/room:{'1' * 32}/invites/1-{'0' * 24}"
    answers: list[httpx.Response] = []

    async def once() -> None:
        answers.append(await eve.http.get(guess))

    async with trio.open_nursery() as nursery:
        for _ in range(2 * int(limits.INVITE_LOOKS_BURST)):
            nursery.start_soon(once)
    assert {answer.status_code for answer in answers} == {404, 429}
    for answer in answers:
        if answer.status_code == 404:
            problem(answer, 404, "invite_invalid", "invite")
        else:
            assert problem(answer, 429, "rate_limited")["retry_after_s"] > 0


async def test_what_moderators_do_stands_in_the_audit_log_once(site: Site, node: SharedNode) -> None:
    ann, ben = await site.guest("Ann"), await site.guest("Ben")
    room = await ann.new_room()
    await ben.send("POST", f"/v1/rooms/{room}/join")
    kicked = await ann.send("POST", f"/v1/rooms/{room}/kick", user=ben.user, reason="secret")
    assert kicked.status_code == 200, kicked.text
    wanted = "select at, act, actor, after::text from audit_log where subject = %(user)s"
    async with Pool(node.dsn, autocommit=True) as pool:
        with trio.fail_after(60):
            while not (found := await rows(pool, wanted, {"user": ben.user})):
                await trio.lowlevel.checkpoint()
        ((at, act, by, after),) = found
        assert (act, by) == ("room.kicked", ann.user)
        told = msgspec.json.decode(after)
        assert told == {"room": room, "seq": kicked.json()["seq"]}
        again = AuditLog(pool).note_once
        await again(act, at=int(at.timestamp() * 1000), by=by, on=ben.user, after=told)
        assert len(await rows(pool, wanted, {"user": ben.user})) == 1
        await again(act, at=5, by=by, on=ben.user, after={**told, "seq": 99})
        assert len(await rows(pool, wanted, {"user": ben.user})) == 2

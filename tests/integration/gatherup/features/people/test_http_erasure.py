"""The end of an account: hidden at once, kept by who comes back in time, and erased everywhere when nobody does."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
import structlog
import trio
from psycopg import sql

import gatherup.jobs.worker
import gatherup.keeps
from gatherup.features.people.keeps import DELETED
from gatherup.kinds import TABLES
from storage.postgres.ids import uuid_of
from storage.postgres.people.erasure import Erasures
from tests.integration.gatherup.features.people.test_erasers import KEPT
from tests.integration.shared import SharedNode
from tests.integration.site import HANG_S, Person, Site, problem, running, settings

pytestmark = pytest.mark.real
DUE = DELETED.what
PASSWORD = "correct horse battery"
HANDLE, NAME, ABOUT = "zanzibarine", "Quillonella Vex", "I breed xylocopes."
AVATAR, EMAIL = "https://pics.example.org/quillonella.png", "qvex@post.example.org"
DEVICE = "Qvexian telephone"
BODIES = ["The cromulent first", "The cromulent edit", "Whispered snollygoster", "Doomed gardyloo"]
ROOM, TOPIC = "Borborygmus hall", "Only about taradiddle"
KICK, BAN, MUTE = "for absquatulating", "for bumfuzzlement", "for cattywampus"
TEXTS = [HANDLE, NAME, ABOUT, AVATAR, EMAIL, DEVICE, *BODIES, ROOM, TOPIC, KICK, BAN, MUTE]


class Erased:
    """Has people erased now, and tells when that was settled."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.happened = trio.Event()
        settle = Erasures.settle

        async def told(erasures: Erasures, user: str) -> None:
            await settle(erasures, user)
            self.happened.set()

        monkeypatch.setattr(Erasures, "settle", told)
        monkeypatch.setattr(gatherup.jobs.worker, "SWEEP_S", 0.05)
        monkeypatch.setattr(gatherup.keeps, "PAUSE_S", 0.0)

    async def now(self, dsn: str, handle: str) -> None:
        """The time of this account is over, and the recurring job is due."""
        run(dsn, "update account set erase_at = 1 where handle = %s", handle)
        run(
            dsn,
            "insert into job (queue, arguments) values ('cleanup', jsonb_build_object('kind', %s::text))",
            DUE,
        )
        await self.happened.wait()


@asynccontextmanager
async def site_of(dsn: str) -> AsyncGenerator[Site]:
    with trio.fail_after(HANG_S):
        async with running(settings(dsn)) as addresses:
            site = Site(addresses.http)
            try:
                yield site
            finally:
                await site.aclose()


def where(dsn: str, text: str) -> list[str]:
    """Every column of every table that holds this text, in whatever form; like a search through a dump."""
    columns = """
        select c.table_name, c.column_name, c.data_type from information_schema.columns c
        join information_schema.tables t using (table_schema, table_name)
        where table_schema = 'public' and t.table_type = 'BASE TABLE'
    """
    found: list[str] = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        for table, column, kind in connection.execute(columns).fetchall():
            holds = (
                sql.SQL("position(convert_to({}, 'UTF8') in {}) > 0")
                if kind == "bytea"
                else sql.SQL("position(lower({}) in lower({}::text)) > 0")
            )
            query = sql.SQL("select count(*) from {} where ").format(sql.Identifier(table))
            query += holds.format(sql.Literal(text), sql.Identifier(column))
            ((number,),) = connection.execute(query).fetchall()
            if number:
                found.append(f"{table}.{column}")
    return found


def ids(user: str) -> tuple[str, str]:
    """A user's id, as text and as a key of rows."""
    return user, str(uuid_of(user))


def run(dsn: str, statement: str, *values: Any) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode(), values)


async def signed_in(site: Site) -> Person:
    answer = await site.http.post("/v1/login", json={"name": HANDLE, "password": PASSWORD, "device": DEVICE})
    assert answer.status_code == 200, answer.text
    return Person(site.client(), answer.json())


async def sent(person: Person, method: str, path: str, **body: Any) -> dict[str, Any]:
    answer = await person.send(method, path, **body)
    assert answer.status_code < 300, answer.text
    return answer.json()


async def a_life(site: Site, ben: Person, eve: Person) -> tuple[Person, str, str]:
    """Somebody who leaves traces of every kind: who, the room that is theirs, and another's."""
    body = {"handle": HANDLE, "password": PASSWORD, "email": EMAIL, "display_name": NAME, "device": DEVICE}
    answer = await site.http.post("/v1/register", json=body)
    assert answer.status_code == 201, answer.text
    ann = Person(site.client(), answer.json())
    changed = await ann.http.patch("/v1/me/profile", json={"about": ABOUT, "avatar_url": AVATAR})
    assert changed.status_code == 200, changed.text

    own = (await sent(ann, "POST", "/v1/rooms", name=ROOM))["stream"]
    await sent(ann, "PATCH", f"/v1/rooms/{own}", topic=TOPIC)
    theirs = (await sent(ben, "POST", "/v1/rooms", name="Ben's own"))["stream"]
    await sent(ann, "POST", f"/v1/rooms/{theirs}/join")
    for person in (ben, eve):
        await sent(person, "POST", f"/v1/rooms/{own}/join")
    first = await ann.post(own, BODIES[0])
    reaction = f"/v1/rooms/{own}/messages/{first}/react"
    await sent(ann, "POST", reaction, reaction="👍")
    problem(await ann.send("POST", reaction, reaction=f":{HANDLE}:"), 422, "invalid", "reaction")
    await sent(ann, "PATCH", f"/v1/rooms/{own}/messages/{first}", body=BODIES[1])
    await ann.post(theirs, BODIES[2])
    doomed = await ann.post(own, BODIES[3])
    await sent(ann, "DELETE", f"/v1/rooms/{own}/messages/{doomed}")
    await sent(ann, "POST", f"/v1/rooms/{own}/mute", user=eve.user, for_s=3600, reason=MUTE)
    await sent(ann, "POST", f"/v1/rooms/{own}/kick", user=ben.user, reason=KICK)
    await sent(ann, "POST", f"/v1/rooms/{own}/ban", user=eve.user, reason=BAN)
    await ann.http.put(f"/v1/me/friends/{ben.user}")
    await ben.http.put(f"/v1/me/friends/{ann.user}")
    await sent(ben, "POST", f"/v1/rooms/{theirs}/messages", body="Ben stays")
    return ann, own, theirs


async def deleted(ann: Person) -> None:
    answer = await ann.http.request("DELETE", "/v1/me", json={"password": PASSWORD})
    assert answer.status_code == 200, answer.text


async def test_an_account_is_hidden_then_kept_then_erased_everywhere(
    postgres_dsn: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    erased = Erased(monkeypatch)
    with structlog.testing.capture_logs() as logs:
        async with site_of(postgres_dsn) as site:
            ben, eve = await site.guest("Ben"), await site.guest("Eve")
            ann, own, theirs = await a_life(site, ben, eve)
            run(postgres_dsn, "update account set email = %s where handle = %s", EMAIL, HANDLE)
            kept = [text for text in TEXTS if text != BODIES[3]]
            assert [text for text in kept if not where(postgres_dsn, text)] == []

            await _hidden(site, ann, ben)
            back = await signed_in(site)  # and is there again
            assert (await ben.http.get("/v1/users", params={"id": ann.user})).json()["users"] != []
            assert [one["user"] for one in (await ben.http.get("/v1/me/friends")).json()["people"]] == [
                ann.user
            ]

            await deleted(back)
            await erased.now(postgres_dsn, HANDLE)
            left = {text: found for text in TEXTS if (found := where(postgres_dsn, text))}
            assert left == {}
            await _others_keep_theirs(site, ben, ann, own, theirs)
    said = repr(logs) + "".join(capfd.readouterr())
    said += "".join(r.getMessage() for r in caplog.records if not r.name.startswith("http"))
    assert [text for text in TEXTS if text in said] == []
    named = {column.partition(".")[0] for id_ in ids(ann.user) for column in where(postgres_dsn, id_)}
    assert {"event", "audit_log"} <= named <= {*KEPT, *TABLES, "audit_log"}  # only there ids stay


async def _hidden(site: Site, ann: Person, ben: Person) -> None:
    wrong = await ann.http.request("DELETE", "/v1/me", json={"password": "wrong"})
    problem(wrong, 401, "wrong_credentials", "password")
    problem(await ann.http.request("DELETE", "/v1/me", json={}), 401, "wrong_credentials", "password")
    await deleted(ann)
    assert (await ben.http.get("/v1/users", params={"id": ann.user})).json()["users"] == []
    assert (await ben.http.get("/v1/users/search", params={"prefix": HANDLE})).json()["users"] == []
    assert (await ben.http.get("/v1/me/friends")).json()["people"] == []
    token = {"refresh_token": ann.signed_in["refresh_token"]}
    problem(await site.http.post("/v1/refresh", json=token), 401, "unauthenticated", "refresh_token")
    taken = {"handle": HANDLE, "password": PASSWORD}
    problem(await site.http.post("/v1/register", json=taken), 409, "handle_taken", "handle")


async def _others_keep_theirs(site: Site, ben: Person, ann: Person, own: str, theirs: str) -> None:
    page = (await ben.http.get(f"/v1/rooms/{theirs}/messages")).json()
    assert [(message["author"], message["body"]) for message in page["messages"]] == [
        (ann.user, None),
        (ben.user, "Ben stays"),
    ]
    room = (await ben.http.get(f"/v1/rooms/{own}")).json()
    assert room["name"] is None
    gone = await site.http.post("/v1/login", json={"name": HANDLE, "password": PASSWORD})
    problem(gone, 401, "wrong_credentials")
    again = await site.http.post("/v1/register", json={"handle": HANDLE, "password": PASSWORD})
    assert again.status_code == 201
    assert again.json()["user"] != ann.user


async def test_who_has_no_password_deletes_from_a_fresh_login(site: Site, node: SharedNode) -> None:
    guest = await site.guest("Passer-by")
    aged = "update login set created_at = created_at - %s where account = %s"
    run(node.dsn, aged, 3_600_000, guest.user[-32:])
    old = await guest.http.request("DELETE", "/v1/me", json={})
    problem(old, 401, "wrong_credentials")
    run(node.dsn, aged, -3_600_000, guest.user[-32:])
    assert (await guest.http.request("DELETE", "/v1/me", json={})).status_code == 200

"""A node's life: refused starts, a graceful end, storage that goes away, the canary's own traces."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import trio
from trio_websocket import open_websocket_url

from actors.ports.log import Fence
from actors.tables import Column, Table, Type
from gatherup import lifetime, start, store
from gatherup.addresses import Addresses
from gatherup.canary.readiness import NOBODY_BETTER
from gatherup.embedded import embedded_postgres
from gatherup.embedded.child import any_free_port
from gatherup.lifetime import run_node
from gatherup.start import StartRefusedError
from storage.postgres.driver.pool import Pool
from storage.postgres.schema.migrate import migrate
from storage.postgres.schema.plan import Phase, own
from storage.postgres.streams.canary import CanaryStreams
from tests.integration.site import SETTINGS, Site, problem, running, settings
from tests.tls import NO_TLS

pytestmark = pytest.mark.real
JSON = "gatherup.v1.json"
GATHERUP = (sys.executable, "-m", "gatherup")


async def refused(dsn: str, **changes: str) -> str:
    """The sentence with which a start is refused."""
    with trio.fail_after(60), pytest.raises((StartRefusedError, ExceptionGroup)) as caught:
        await run_node(settings(dsn, **changes), trio.Event(), lambda _: None)
    error: BaseException = caught.value
    while isinstance(error, ExceptionGroup):
        (error,) = error.exceptions
    assert isinstance(error, StartRefusedError)
    assert "\n" not in str(error)
    return str(error)


async def test_a_second_node_is_refused(postgres_dsn: str) -> None:
    async with running(settings(postgres_dsn)):
        assert "node_name_taken" in await refused(postgres_dsn)
        assert "bus_needed" in await refused(postgres_dsn, GATHERUP_NODE_NAME="another")
    async with running(settings(postgres_dsn)):
        pass  # and may start when the first is gone


async def test_a_node_joins_when_all_of_it_is_wired(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wiring takes long on a busy machine: a member that is still at it would be declared dead."""
    members: list[int] = []
    wired = lifetime.wired

    def watched(*parts: Any) -> Any:
        node = wired(*parts)
        with psycopg.connect(postgres_dsn) as connection:
            found = connection.execute("select count(*) from node where member").fetchone()
            assert found is not None
            members.append(found[0])
        return node

    monkeypatch.setattr(lifetime, "wired", watched)
    async with running(settings(postgres_dsn)):
        assert members == [0]


async def test_an_unreachable_database_is_refused(postgres_dsn: str) -> None:
    assert "can't be reached" in await refused("postgresql://x:secret-word@127.0.0.1:1/x")
    assert "secret-word" not in await refused("postgresql://x:secret-word@127.0.0.1:1/x")


async def test_an_unmigrated_database_is_refused(empty_postgres_dsn: str) -> None:
    assert "gatherup migrate" in await refused(empty_postgres_dsn)


async def test_a_schema_that_lacks_a_migration_is_refused(postgres_dsn: str) -> None:
    async with Pool(postgres_dsn, autocommit=True) as pool, pool.connection() as connection:
        newest = max(migration.version for migration in own().ordered if migration.phase is Phase.PRE)
        await connection.execute("delete from schema_migrations where version = %s", (newest,))
    sentence = await refused(postgres_dsn)
    assert sentence.startswith("The database's schema is older than this version of GatherUp needs: ")
    assert "`gatherup migrate pre`" in sentence


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (Table("lot", (Column("item", Type.TEXT),)), "table lot, which has no writer"),
        (
            Table("room", (Column("name", Type.TEXT), Column("colour", Type.TEXT)), key=None),
            "room hasn't: colour.",
        ),
        (
            Table("reaction", (Column("at", Type.INTEGER),), Column("emoji", Type.TEXT)),
            "reaction hasn't: emoji.",
        ),
    ],
)
async def test_a_declaration_without_its_table_is_refused(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch, table: Table, sentence: str
) -> None:
    """PostgreSQL would take the rows of its streams, and drop what no column holds."""
    monkeypatch.setattr(start, "TABLES", {**start.TABLES, table.name: table})
    assert sentence in await refused(postgres_dsn)


async def test_a_node_that_the_schema_no_longer_serves_is_not_left_a_member(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `post` that began before the node joined, and ended its checks before: the node finds out when it joined."""
    async with Pool(postgres_dsn, autocommit=True) as pool, pool.connection() as connection:

        async def joined_late(*given: Any) -> Fence:
            fence = await start.joined(*given)
            await connection.execute("update schema_serves set oldest = %s", (own().level + 1,))
            return fence

        monkeypatch.setattr(store, "joined", joined_late)
        assert "`gatherup migrate post` of a later release" in await refused(postgres_dsn)
        cursor = await connection.execute("select member from node")
        assert await cursor.fetchall() == [(False,)]


async def test_a_taken_port_is_refused(postgres_dsn: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for variable in ("GATHERUP_HTTP_PORT", "GATHERUP_STREAM_PORT", "GATHERUP_INTERNAL_PORT"):
            sentence = await refused(postgres_dsn, **{variable: port})
            assert variable in sentence
            assert port in sentence


async def health(port: int, *options: str) -> tuple[int, bytes]:
    """What `gatherup healthcheck` says of the node on this internal port."""
    environment = {**os.environ, "GATHERUP_INTERNAL_PORT": str(port)}
    done = await trio.run_process(
        (*GATHERUP, "healthcheck", *options), env=environment, capture_stderr=True, check=False
    )
    return done.returncode, done.stderr


async def test_health_and_metrics_may_have_a_port_of_their_own(postgres_dsn: str) -> None:
    port = any_free_port()
    stop, addresses = trio.Event(), list[Addresses]()
    apart = settings(postgres_dsn, GATHERUP_INTERNAL_PORT=str(port), GATHERUP_NODE_LAME_DUCK_S="3600")
    with trio.fail_after(60):
        async with (
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", verify=NO_TLS, trust_env=False) as inside,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(run_node, apart, stop, addresses.append)
            while not addresses:  # noqa: ASYNC110 - it is another's doing
                await trio.sleep(0.02)
            while await health(port, "--ready") != (0, b""):
                pass
            async with httpx.AsyncClient(
                base_url=addresses[0].http, verify=NO_TLS, trust_env=False
            ) as outside:
                for path in ("/health/live", "/health/ready", "/metrics"):
                    problem(await outside.get(path), 404, "not_found")
                    assert (await inside.get(path)).status_code == 200
                for client, status in ((outside, 201), (inside, 404)):
                    guest = await client.post("/v1/guest", json={"display_name": "x"})
                    assert guest.status_code == status
            stop.set()
            while (said := await health(port, "--ready"))[0] == 0:
                pass
            assert said[1].startswith(b"The node answers 503 to /health/ready: ")
            assert await health(port) == (0, b"")  # probes are answered while it stops
            nursery.cancel_scope.cancel()


async def test_without_postgres_requests_are_refused_and_service_returns(server_dir: Path) -> None:
    async with embedded_postgres(server_dir / "postgres-that-fails", settings={"fsync": "off"}) as server:
        dsn = server.dsn_for("gatherup")
        await trio.to_thread.run_sync(migrate, dsn)
        async with running(settings(dsn, GATHERUP_CANARY_TIMEOUT_S="2")) as addresses:
            site = Site(addresses.http)
            ann = await site.guest()
            room = await ann.new_room()
            await until_ready(site, 200)
            await server.kill()
            listing = await ann.http.get("/v1/rooms")
            code = listing.json()["code"]
            problem(listing, listing.status_code, code)
            assert code in {"unavailable", "unknown_outcome"}
            assert listing.headers["retry-after"]
            posted = await ann.send("POST", f"/v1/rooms/{room}/messages", body="lost?")
            assert posted.json()["code"] in {"unavailable", "unknown_outcome"}
            assert (await until_degraded(site)).endswith(NOBODY_BETTER)
            assert (await site.http.get("/health/live")).status_code == 200
            await server.restart()
            await until_well(site)
            await ann.post(room, "back")
            await site.aclose()


async def until_ready(site: Site, status: int) -> None:
    with trio.fail_after(60):
        while True:
            answer = await site.http.get("/health/ready")
            if answer.status_code == status:
                return
            await trio.sleep(0.02)


async def until_degraded(site: Site, part: str = "") -> str:
    """Why the node says that it serves less than well, though no other serves better: once this is in it."""
    with trio.fail_after(60):
        while True:
            answer = await site.http.get("/health/ready")
            if answer.status_code == 200 and part in (found := answer.json()["degraded"] or "") and found:
                return found
            await trio.sleep(0.02)


async def until_well(site: Site) -> None:
    with trio.fail_after(60):
        while True:
            answer = await site.http.get("/health/ready")
            if answer.status_code == 200 and answer.json()["degraded"] is None:
                return
            await trio.sleep(0.02)


async def test_a_node_that_is_stopped_serves_on_until_proxies_know(postgres_dsn: str) -> None:
    stop, addresses = trio.Event(), list[Addresses]()
    patient = settings(postgres_dsn, GATHERUP_NODE_LAME_DUCK_S="3600")
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(run_node, patient, stop, addresses.append)
            while not addresses:  # noqa: ASYNC110 - it is another's doing
                await trio.sleep(0.02)
            site = Site(addresses[0].http)
            await until_ready(site, 200)
            stop.set()
            await until_ready(site, 503)
            newcomers = Site(addresses[0].http)  # over new connections
            newcomer = await newcomers.guest()
            await newcomer.post(await newcomer.new_room(), "still served")
            async with open_websocket_url(addresses[0].stream, subprotocols=[JSON]) as socket:
                assert socket.subprotocol == JSON
            await newcomers.aclose()
            await site.aclose()
            nursery.cancel_scope.cancel()


async def test_the_canarys_log_is_trimmed(postgres_dsn: str) -> None:
    async with running(settings(postgres_dsn)) as addresses:
        site = Site(addresses.http)
        await _trimmed(postgres_dsn, site)
        await site.aclose()


async def _trimmed(postgres_dsn: str, site: Site) -> None:
    await until_ready(site, 200)
    async with Pool(postgres_dsn, autocommit=True) as pool, pool.connection() as connection:
        cursor = await connection.execute("select id, head from stream where kind = 'canary'")
        ((stream, head),) = await cursor.fetchall()
        await connection.execute(
            "insert into checkpoint (stream_id, version, seq, state) values (%s, 9, %s, 'x')", (stream, head)
        )
        streams = CanaryStreams(pool, "canary")
        assert await streams.delete(0, 1) == 1
        await streams.delete(0, 1000)
        for table, column in (("event", "seq"), ("receipt", "last_seq")):
            query = f"select count(*) from {table} where stream_id = %s and {column} <= %s"
            while (await (await connection.execute(query.encode(), (stream, head))).fetchall()) != [(0,)]:
                await streams.delete(0, 1000)  # the node writes to it meanwhile
        ann = await site.guest()
        room = await ann.new_room()
        await streams.delete(2**60, 1000)
        cursor = await connection.execute("select kind from stream")
        assert {kind for (kind,) in await cursor.fetchall()} <= {"room", "canary"}
        cursor = await connection.execute("select count(*) from event where stream_id = %s", (stream,))
        assert await cursor.fetchall() == [(0,)]
        assert await ann.post(room, "untouched") == 2
    await until_ready(site, 200)  # it opened another stream


def environment(dsn: str, **changes: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GATHERUP_")}
    return {**clean, **SETTINGS, "DATABASE_URL": dsn, **changes}


def test_serve_ends_cleanly_on_sigterm(postgres_dsn: str) -> None:
    with subprocess.Popen(
        (*GATHERUP, "serve"), env=environment(postgres_dsn), stderr=subprocess.PIPE, text=True
    ) as node:
        assert node.stderr is not None
        line = next(line for line in node.stderr if "serves on" in line)
        url = next(word for word in line.split() if word.startswith("http"))
        assert httpx.get(f"{url}/health/live").status_code == 200
        second = subprocess.run(
            (*GATHERUP, "serve"),
            env=environment(postgres_dsn),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == 1
        *logged, sentence = second.stderr.splitlines()
        assert sentence.startswith("node_name_taken: ")
        assert all(json.loads(line)["level"] == "warning" for line in logged)
        node.send_signal(signal.SIGTERM)
        rest = node.stderr.read()
        assert node.wait(60) == 0
        assert "Traceback" not in rest


def test_serve_with_a_bad_configuration_exits_2() -> None:
    done = subprocess.run(
        (*GATHERUP, "serve"),
        env=environment("mysql://x", GATHERUP_NOPE="1"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert {line.partition(":")[0] for line in done.stderr.splitlines()} == {"DATABASE_URL", "GATHERUP_NOPE"}

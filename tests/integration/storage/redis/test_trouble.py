"""One server, and everything that may become of it or of the way there."""

from __future__ import annotations

import datetime
import ssl
from ipaddress import ip_address
from pathlib import Path

import coredis
import pytest
import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from actors.ports.bus import BusUnavailableError
from gatherup.embedded import ValkeyServer
from tests.contract.test_bus import Ear, published, until_published
from tests.integration.storage.redis.conftest import Station
from tests.integration.storage.redis.fleet import Fleet, told
from tests.integration.storage.redis.gate import Gate

pytestmark = [pytest.mark.real, pytest.mark.slow]


async def heals(station: Station, url: str, ear: Ear) -> None:
    """The ear was cut off, is subscribed again, and hears what is published then."""
    await ear.until(lambda noted: noted[-2:] == [False, True])
    assert await published(await station.bus(url), ("here", b"healed")) == [1]
    await ear.until(lambda noted: noted[-1] == b"healed")


async def test_another_client_understands_and_is_understood(station: Station, valkey_url: str) -> None:
    ear, bus = await station.ear(valkey_url), await station.bus(valkey_url)
    async with coredis.Redis.from_url(valkey_url) as client:
        assert await client.publish("here", b"\r\n\x00$5\r\n") == 1
        await ear.until(lambda noted: noted[-1] == b"\r\n\x00$5\r\n")
        async with client.pubsub(channels=["there"]) as subscription:
            await until_published(bus, ("there", b"\xff\r\n"))
            while (message := await subscription.get_message(ignore_subscribe_messages=True)) is None:
                pass
            assert message["data"] == b"\xff\r\n"


async def test_kill_and_restart(station: Station, server_dir: Path) -> None:
    server = ValkeyServer(server_dir / "kill")
    server.start()
    try:
        ear, bus = await station.ear(server.url), await station.bus(server.url)
        for _ in range(2):
            assert await published(bus, ("here", b"heard")) == [1]
            await trio.to_thread.run_sync(server.kill)
            with pytest.raises(BusUnavailableError):
                await bus.publish([("here", b"lost")])
            await ear.until(lambda noted: noted[-1] is False)
            await trio.to_thread.run_sync(server.clear)
            server.relaunch()
            await trio.to_thread.run_sync(server.wait_ready)
            await heals(station, server.url, ear)
    finally:
        server.close()


async def test_flushall_changes_nothing(
    station: Station, valkey_server: ValkeyServer, valkey_url: str
) -> None:
    ear, bus = await station.ear(valkey_url), await station.bus(valkey_url)
    await bus.publish([("here", b"before")])
    assert await told(valkey_server.port, "FLUSHALL", password=valkey_server.password) == "+OK\r\n"
    assert await bus.publish([("here", b"after")]) == [1]
    await ear.until(lambda noted: noted == [True, b"before", b"after"])


async def test_the_listening_connection_is_killed(
    station: Station, valkey_server: ValkeyServer, valkey_url: str
) -> None:
    ear = await station.ear(valkey_url)
    killed = await told(
        valkey_server.port, "CLIENT", "KILL", "TYPE", "pubsub", password=valkey_server.password
    )
    assert int(killed.removeprefix(":")) >= 1
    await heals(station, valkey_url, ear)


async def test_the_publishing_connection_is_killed(
    station: Station, valkey_server: ValkeyServer, valkey_url: str
) -> None:
    bus = await station.bus(valkey_url)
    await bus.publish([("here", b"")])
    killed = await told(
        valkey_server.port, "CLIENT", "KILL", "TYPE", "normal", password=valkey_server.password
    )
    assert int(killed.removeprefix(":")) >= 1
    with pytest.raises(BusUnavailableError):
        await bus.publish([("here", b"")])
    assert await published(bus, ("here", b"")) == [0]


async def test_a_black_hole_is_noticed_by_both_sides(
    station: Station, valkey_server: ValkeyServer, nursery: trio.Nursery
) -> None:
    gate = Gate(valkey_server.port)
    await nursery.start(gate.run)
    url = f"redis://:{valkey_server.password}@127.0.0.1:{gate.port}/0"
    ear, bus = await station.ear(url), await station.bus(url)
    assert await bus.publish([("here", b"heard")]) == [1]
    gate.shut()
    with pytest.raises(BusUnavailableError, match="no answer"):
        await bus.publish([("here", b"lost")])
    while True:  # connecting anew finds a server that accepts and says nothing
        with pytest.raises(BusUnavailableError):
            await bus.publish([("here", b"lost")])
        if ear.noted[-1] is False:
            break
        await trio.sleep(0.05)
    gate.open()
    await heals(station, url, ear)
    assert await published(bus, ("here", b"again")) == [1]


async def test_full_memory_stops_no_frame(station: Station, fleet: Fleet) -> None:
    port = await fleet.start("maxmemory 3mb", "maxmemory-policy noeviction")
    url = f"redis://127.0.0.1:{port}"
    ear, bus = await station.ear(url), await station.bus(url)
    while not (await told(port, "APPEND", "filler", "x" * 30_000)).startswith("-OOM"):
        pass
    frames = [b"x" * 100_000] * 20
    assert await bus.publish([("here", frame) for frame in frames]) == [1] * len(frames)
    await ear.until(lambda noted: len(noted) == 1 + len(frames))
    assert ear.frames == frames
    assert (await told(port, "SET", "a", "b")).startswith("-OOM")


async def test_a_wrong_password_is_told_once_and_tried_seldom(
    station: Station, valkey_server: ValkeyServer, caplog: pytest.LogCaptureFixture, nursery: trio.Nursery
) -> None:
    caplog.set_level("WARNING", "storage.redis")
    gate = Gate(valkey_server.port)
    await nursery.start(gate.run)
    url = f"redis://user:not-the-password@127.0.0.1:{gate.port}"
    ear, bus = await station.ear(url, subscribed=False), await station.bus(url)
    refused = 0
    while gate.connections < 6:
        with pytest.raises(BusUnavailableError, match="WRONGPASS"):
            await bus.publish([("here", b"")])
        refused += 1
    assert ear.noted == []
    assert refused > gate.connections  # most are refused without a word to the server
    told_of = [record.getMessage() for record in caplog.records]
    assert sorted(told_of) == sorted(set(told_of))
    assert len(told_of) <= 2
    assert all("WRONGPASS" in text and "not-the-password" not in text for text in told_of)


async def test_a_listener_that_is_too_slow_is_cut_off_and_comes_back(
    station: Station, fleet: Fleet, nursery: trio.Nursery
) -> None:
    port = await fleet.start("client-output-buffer-limit pubsub 1mb 1mb 1")
    gate = Gate(port)
    await nursery.start(gate.run)
    ear = await station.ear(f"redis://127.0.0.1:{gate.port}")
    bus = await station.bus(f"redis://127.0.0.1:{port}")
    gate.shut()
    while await bus.publish([("here", b"x" * 500_000)]) == [1]:
        pass
    assert "client_output_buffer_limit_disconnections:1" in await told(port, "INFO", "stats")
    gate.open()
    await heals(station, f"redis://127.0.0.1:{port}", ear)


async def test_a_server_that_speaks_something_else(station: Station, nursery: trio.Nursery) -> None:
    async def babble(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.receive_some()
            await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    nursery.start_soon(trio.serve_listeners, babble, [listener])
    bus = await station.bus(f"redis://127.0.0.1:{listener.socket.getsockname()[1]}")
    ear = await station.ear(f"redis://127.0.0.1:{listener.socket.getsockname()[1]}", subscribed=False)
    with pytest.raises(BusUnavailableError, match="not RESP2"):
        await bus.publish([("here", b"")])
    assert ear.noted == []


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own authority, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, secret = folder / "certificate.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    secret.write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    return chain, secret


async def test_tls_is_spoken_and_the_certificate_judged(
    station: Station,
    valkey_server: ValkeyServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    nursery: trio.Nursery,
) -> None:
    chain, key = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain, key)
    gate = Gate(valkey_server.port, context)
    await nursery.start(gate.run)
    url = f"rediss://:{valkey_server.password}@127.0.0.1:{gate.port}"
    with pytest.raises(BusUnavailableError, match="certificate verify failed"):
        await (await station.bus(url)).publish([("here", b"")])
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    ear, bus = await station.ear(url), await station.bus(url)
    assert await bus.publish([("here", b"x" * 300_000), ("here", b"2")]) == [1, 1]
    await ear.until(lambda noted: noted[-1] == b"2")
    gate.shut()
    await ear.until(lambda noted: noted[-1] is False)

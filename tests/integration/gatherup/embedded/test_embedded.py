"""The launcher of the embedded servers: real servers, real kills."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import psycopg
import pytest
import trio
import trio.testing

from gatherup.embedded import (
    EmbeddedServerError,
    PostgresServer,
    ValkeyServer,
    account,
    embedded_postgres,
    embedded_valkey,
)
from gatherup.embedded import server as embedded_server
from gatherup.embedded.child import any_free_port, marked_processes
from tests.markdown import ROOT

pytestmark = [pytest.mark.real, pytest.mark.slow]

HANG_GUARD_S = 60
FAST = {"fsync": "off", "full_page_writes": "off"}


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="gatherup-test-"))
    path.chmod(0o755)
    yield path
    rmtree(path)


def ask(dsn: str, query: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else None


def redis(server: ValkeyServer, *commands: str) -> list[bytes]:
    with socket.create_connection(("127.0.0.1", server.port)) as stream, stream.makefile("rb") as answers:
        stream.sendall("".join(f"{c}\r\n" for c in (f"AUTH {server.password}", *commands)).encode())
        assert answers.readline() == b"+OK\r\n"
        return [answers.readline() for _ in commands]


async def wait_ended(server: PostgresServer | ValkeyServer) -> None:
    with trio.fail_after(HANG_GUARD_S):
        while marked_processes(server.mark, server.name):  # noqa: ASYNC110 (another launcher's child)
            await trio.sleep(0.005)


async def test_postgres_data_outlives_the_run(folder: Path) -> None:
    async with embedded_postgres(folder / "pg", settings=FAST) as server:
        port = server.port
        ask(server.dsn, "create table t as select 1 as a")
        assert ask(server.tcp_dsn_for("postgres"), "select a from t") == [(1,)]
        assert ask(server.dsn, "show server_encoding") == [("UTF8",)]
        row = ask(server.dsn, "select datlocprovider, datlocale from pg_database where datname = 'template1'")
        assert row == [("b", "C.UTF-8")]
    async with embedded_postgres(folder / "pg", settings=FAST) as server:
        assert server.port == port
        assert server.notes == []
        assert ask(server.dsn, "select a from t") == [(1,)]


async def test_a_password_is_needed_on_socket_and_tcp(folder: Path) -> None:
    async with embedded_postgres(folder / "pg", settings=FAST) as server:
        for dsn in (server.dsn, server.tcp_dsn_for("postgres")):
            with pytest.raises(psycopg.OperationalError, match="password"):
                ask(dsn.replace("password='", "password='x"), "select 1")
        assert (server.home / "password").stat().st_mode & 0o777 == 0o600
        assert (server.home / "postgres.log").stat().st_mode & 0o777 == 0o600


async def test_kill_and_restart_keep_committed_data_and_port(folder: Path) -> None:
    async with embedded_postgres(folder / "pg") as server:
        ask(server.dsn, "create table t as select 1 as a")
        before, port = server.pid, server.port
        await server.kill()
        with pytest.raises(psycopg.OperationalError):
            ask(server.dsn, "select 1")
        await server.restart()
        assert server.pid != before
        assert server.port == port
        assert ask(server.dsn, "select a from t") == [(1,)]
        await server.restart()  # also while it runs
        assert ask(server.dsn, "select a from t") == [(1,)]


async def test_a_second_launcher_uses_the_running_server(folder: Path) -> None:
    async with embedded_postgres(folder / "pg", settings=FAST) as first:
        async with embedded_postgres(folder / "pg") as second:
            assert not second.owned
            assert second.pid == first.pid
            assert second.dsn == first.dsn
            assert "already runs" in second.notes[0]
            for forbidden in (second.kill, second.restart):
                with pytest.raises(EmbeddedServerError):
                    await forbidden()
        assert ask(first.dsn, "select 1") == [(1,)]  # and leaves it running


async def test_a_taken_port_is_replaced_and_said_so(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupant:
        taken = occupant.getsockname()[1]
        async with embedded_postgres(folder / "pg", port=taken, settings=FAST) as server:
            assert server.port != taken
            assert server.notes == [f"Port {taken} is taken; postgres listens on {server.port}."]
            assert ask(server.tcp_dsn_for("postgres"), "select 1") == [(1,)]


def test_a_port_taken_between_choosing_and_binding(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = PostgresServer(folder / "pg", port=any_free_port(), settings=FAST)
    server.open()
    with socket.create_server(("127.0.0.1", 0)) as occupant:
        taken = occupant.getsockname()[1]
        monkeypatch.setattr(server, "_choose_port", lambda: taken)
        server.launch()
        assert not server.wait_ready()
        server.launch()
        assert server.wait_ready()
    assert server.port != taken
    server.close()


def test_a_stale_pid_file_with_a_living_process_id(folder: Path) -> None:
    server = PostgresServer(folder / "pg", settings=FAST)
    server.start()
    pid_file = folder / "pg" / "pgdata" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.kill()
    pretender = subprocess.Popen(
        ["sleep", "600"],
        user=server.account.user,
        group=server.account.group,
        extra_groups=server.account.extra_groups,
    )
    pid_file.write_text("\n".join([str(pretender.pid), *lines[1:]]) + "\n")
    (server.socket_dir / f".s.PGSQL.{server.port}.lock").write_text(f"{pretender.pid}\n")
    try:
        server.restart()
        assert ask(server.dsn, "select 1") == [(1,)]
        server.close()
        assert pretender.poll() is None
    finally:
        pretender.kill()
        pretender.wait()


def test_a_long_data_path_gets_a_short_private_socket(folder: Path) -> None:
    server = PostgresServer(folder / ("long" * 25) / "it's a \\ path", settings=FAST)
    server.start()
    assert len(bytes(server.socket_dir)) < 80
    assert server.socket_dir.stat().st_mode & 0o777 == 0o700
    assert ask(server.dsn, "select 1") == [(1,)]
    server.close()
    server.socket_dir.rmdir()


@pytest.mark.parametrize("name", ["Postgres", "Valkey"])
async def test_kill_9_of_the_launcher_ends_its_servers_cleanly(folder: Path, name: str) -> None:
    program = f"""
import sys
from pathlib import Path
from gatherup.embedded import {name}Server
server = {name}Server(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
sys.stdin.read()
"""
    launcher = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", program, str(folder / "data")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    with launcher:
        assert launcher.stdout
        pid = int(launcher.stdout.readline())
        os.kill(pid, 0)
        launcher.kill()
    server = PostgresServer(folder / "data") if name == "Postgres" else ValkeyServer(folder / "data")
    await wait_ended(server)
    log = server.log_path.read_text()
    assert ("database system is shut down" if name == "Postgres" else "bye bye") in log
    server.start()  # and the next start finds nothing in its way
    server.close()


def test_a_server_left_by_a_dead_launcher_is_replaced(folder: Path) -> None:
    """Where the kernel didn't end it with its launcher."""
    left = PostgresServer(folder / "pg", settings=FAST)
    left.start()
    ask(left.dsn, "create table t as select 1 as a")
    left_pid = left.pid
    left._unlock()  # as the death of its launcher would
    successor = PostgresServer(folder / "pg", settings=FAST)
    successor.start()
    assert left._child
    assert left._child.wait(HANG_GUARD_S) == 0
    assert successor.pid != left_pid
    assert ask(successor.dsn, "select a from t") == [(1,)]
    successor.close()


@pytest.mark.parametrize("leaderless", [False, True])
def test_a_server_that_was_left_and_hangs_is_replaced(
    folder: Path, monkeypatch: pytest.MonkeyPatch, leaderless: bool
) -> None:
    """One of its processes ends neither by itself nor when asked."""
    monkeypatch.setattr(embedded_server, "LEFTOVER_TIMEOUT_S", 0.3)
    left = PostgresServer(folder / "pg", settings=FAST)
    left.start()
    ask(left.dsn, "create table t as select 1 as a")
    hanging = next(pid for pid in marked_processes(left.mark, left.name) if pid != left.pid)
    os.kill(hanging, signal.SIGSTOP)
    if leaderless:
        os.kill(left.pid, signal.SIGKILL)
    left._unlock()
    successor = PostgresServer(folder / "pg", settings=FAST)
    successor.start()
    assert left._child
    left._child.wait(HANG_GUARD_S)
    assert hanging not in marked_processes(successor.mark, successor.name)
    assert ask(successor.dsn, "select a from t") == [(1,)]
    successor.close()


async def said_once(said: list[str]) -> None:
    with trio.fail_after(HANG_GUARD_S):
        while not said:  # noqa: ASYNC110 - it is said from another task
            await trio.sleep(0.005)


async def test_a_killed_postgres_is_told_and_started_again(folder: Path) -> None:
    said: list[str] = []
    async with embedded_postgres(folder / "pg", settings=FAST) as server, trio.open_nursery() as nursery:
        ask(server.dsn, "create table t as select 1 as a")
        before, port = server.pid, server.port
        nursery.start_soon(server.keep, said.append)
        os.kill(before, signal.SIGKILL)
        await said_once(said)
        with trio.fail_after(HANG_GUARD_S):
            await server.restart()  # waits for the start under way
        assert said == ["postgres ended with -9; it is started again."]
        assert server.pid != before and server.port == port
        assert ask(server.dsn, "select a from t") == [(1,)]
        nursery.cancel_scope.cancel()


async def test_a_server_that_is_ended_on_purpose_stays_so_and_is_kept_afterwards(folder: Path) -> None:
    said: list[str] = []
    async with embedded_valkey(folder / "valkey") as server, trio.open_nursery() as nursery:
        nursery.start_soon(server.keep, said.append)
        await server.kill()
        await trio.testing.wait_all_tasks_blocked()
        await server.restart()
        await server.restart()
        await trio.testing.wait_all_tasks_blocked()
        assert said == []
        os.kill(server.pid, signal.SIGKILL)
        await said_once(said)
        assert said == ["valkey-server ended with -9; it is started again."]
        nursery.cancel_scope.cancel()


def test_a_bad_setting_is_a_clear_error_and_gives_the_folder_up(folder: Path) -> None:
    with pytest.raises(EmbeddedServerError, match="no_such_setting"):
        PostgresServer(folder / "pg", settings={"no_such_setting": "1"}).start()
    server = PostgresServer(folder / "pg", settings=FAST)
    server.start()
    assert server.owned
    server.close()


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(folder: Path) -> None:
    server = PostgresServer(folder / "pg", settings=FAST)
    server.start()
    assert os.getpgid(server.pid) != os.getpgid(0)
    server.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")
def test_root_uses_places_that_nobody_can_reach(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "STATE_ROOT", folder / "state")
    monkeypatch.setattr(account, "CACHE_ROOT", folder / "cache")
    monkeypatch.setattr(
        account.Account,
        "can_reach",
        lambda self, path: "site-packages" not in str(path) and _reach(self, path),
    )
    private = folder / "root"
    private.mkdir(mode=0o700)
    for _ in range(2):  # the second run finds both again
        server = PostgresServer(private / "pg", settings=FAST)
        assert server.home.parent == folder / "state"
        assert str(private) in server.notes[0]
        server.start()
        program = Path(f"/proc/{server.pid}/exe").readlink()
        assert program.is_relative_to(folder / "cache")
        assert Path(f"/proc/{server.pid}").stat().st_uid == server.account.uid != 0
        assert ask(server.dsn, "select 1") == [(1,)]
        server.close()
    valkey = ValkeyServer(private / "valkey")
    valkey.start()
    assert redis(valkey, "PING") == [b"+PONG\r\n"]
    valkey.close()
    assert private.stat().st_mode & 0o777 == 0o700
    assert list(private.iterdir()) == []


_reach = account.Account.can_reach


async def test_valkey_data_outlives_the_run_and_kill_restart(folder: Path) -> None:
    async with embedded_valkey(folder / "vk") as running:
        server = running._server
        assert redis(server, "SET a 1") == [b"+OK\r\n"]
        url = running.url
    async with embedded_valkey(folder / "vk") as running:
        server = running._server
        assert running.url == url
        assert redis(server, "GET a", "SET b 2")[0] == b"$1\r\n"
        async with embedded_valkey(folder / "vk") as second:
            assert (second.owned, second.pid, second.url) == (False, running.pid, url)
        pid = running.pid
        await running.kill()
        await running.restart()
        assert running.pid != pid
        assert running.url == url
        assert redis(server, "PING") == [b"+PONG\r\n"]
        # the password is nobody else's to read
        cmdline = Path(f"/proc/{running.pid}/cmdline").read_text()  # noqa: ASYNC240
        assert server.password not in cmdline


def test_no_outgoing_connection_can_get_a_port_that_a_server_is_given() -> None:
    ephemeral = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert max(any_free_port() for _ in range(20)) < ephemeral

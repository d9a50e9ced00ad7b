"""Server processes: started so that they never outlive their launcher, found again by their mark."""

import ctypes
import os
import secrets
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gatherup.embedded.account import Account

_PR_SET_PDEATHSIG: Final = 1
# Loaded at import: between fork and exec nothing may allocate, lock or import more than it must.
_libc: Final = ctypes.CDLL(None, use_errno=True)
_LOOPBACK: Final = "127.0.0.1"
_EPHEMERAL_PORTS: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FIRST_PORT: Final = 10_000
_TRIES: Final = 100


def spawn(
    argv: Sequence[str],
    *,
    program: Path,
    account: Account,
    cwd: Path,
    log: Path,
    last_signal: signal.Signals,
    stdin: bytes = b"",
) -> subprocess.Popen[bytes]:
    """Start ``program`` as a child that gets ``last_signal`` from the kernel when its launcher dies.

    Even after kill -9 of the launcher the server so shuts down in its own clean way. The kernel means
    the *thread* that forked: call this from one that lives as long as the server shall, the main one.
    The child leads a session of its own, so that Ctrl-C in the terminal reaches the launcher alone.
    ``stdin`` must fit a pipe (64 KiB).
    """
    launcher = os.getpid()

    def die_with_launcher() -> None:
        # Runs after the change of user, which would clear the setting.
        _libc.prctl(_PR_SET_PDEATHSIG, int(last_signal), 0, 0, 0)
        if os.getppid() != launcher:  # it died before prctl: no signal will come
            os._exit(1)

    # For its owner alone: servers log rows that they refuse, and names of people stand in them.
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        child = subprocess.Popen(
            argv,
            executable=program,
            cwd=cwd,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_launcher,  # noqa: PLW1509 (one system call, see above)
            user=account.user,
            group=account.group,
            extra_groups=account.extra_groups,
        )
    assert child.stdin is not None
    try:
        with child.stdin as pipe:
            pipe.write(stdin)
    except BrokenPipeError:
        pass  # it died already: waiting for readiness tells why
    return child


def marked_processes(mark: str, name: str) -> list[int]:
    """The ids of all live processes called ``name`` with ``mark`` in their command line or title.

    Read from /proc/<pid>/cmdline, which a root without CAP_SYS_PTRACE may read too. A zombie has none.
    """
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                marked = os.fsencode(mark) in (entry / "cmdline").read_bytes()
                if marked and (entry / "comm").read_text().strip() == name:
                    found.append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended while we looked
    return sorted(found)


def signal_all(pids: Sequence[int], number: signal.Signals) -> None:
    """Send a signal to each process that still exists."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def port_is_free(port: int) -> bool:
    """Whether a server could listen on the loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOOPBACK, port))
        except OSError:
            return False
        return True


def any_free_port() -> int:
    """A loopback port that nobody listens on at this moment.

    Where there is room it lies below the ports that the kernel gives to outgoing connections: one of these could take
    it before its server listens, or while the server is down between two starts.
    """
    ephemeral = int(_EPHEMERAL_PORTS.read_text().split()[0])
    candidates = range(_FIRST_PORT, ephemeral)
    for _ in range(_TRIES if candidates else 0):
        if port_is_free(port := secrets.choice(candidates)):
            return port
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])

"""The life of one embedded server, whichever it is: own or find it, start, wait, stop, kill, restart.

Synchronous on purpose: tests use it as it is, ``gatherup.embedded.running`` puts it on Trio.

Who owns a data folder is decided by a lock on a file in it, which the kernel drops with its holder. A
launcher that gets the lock first stops what an earlier one may have left (so stale pid and socket files
are stale for certain) and starts the server as its child. One that doesn't get it uses the running server.
"""

import abc
import fcntl
import hashlib
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Final

from gatherup.embedded.account import Account, reachable_home, server_account
from gatherup.embedded.child import any_free_port, marked_processes, port_is_free, signal_all, spawn
from gatherup.embedded.errors import EmbeddedServerError

START_TIMEOUT_S: Final = 60.0  # crash recovery of a big log takes long; a start takes 0.1 s
STOP_TIMEOUT_S: Final = 30.0
LEFTOVER_TIMEOUT_S: Final = 10.0  # what a leftover gets for each way to end it, the clean one first
_POLL_S: Final = 0.01
_LAUNCHES_MAX: Final = 5  # each but the first because somebody took the port between choosing and binding
_LOG_TAIL_BYTES: Final = 2000
_PASSWORD_BYTES: Final = 24


class EmbeddedServer(abc.ABC):
    """One server on one data folder. The order of calls is open, (launch, wait_ready)*, close.

    ``home`` is the data folder in use, ``port`` the TCP port on 127.0.0.1, ``password`` the server's,
    ``owned`` whether this launcher started it, ``notes`` sentences about what differs from what was asked.
    """

    name: ClassVar[str]  # of the process, as in /proc/<pid>/comm
    stop_signal: ClassVar[signal.Signals]  # a clean and quick end
    force_signal: ClassVar[signal.Signals]  # an end that the next start has to recover from

    def __init__(self, data_dir: Path, *, port: int | None = None) -> None:
        self.account: Account = server_account()
        self.home: Path = reachable_home(data_dir, self.account)
        self.mark: str = "gatherup-" + hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        self.password = ""
        self.port = 0
        self.owned = False
        self.notes: list[str] = []
        self._wanted_port = port
        self._child: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None  # the open lock file while this launcher owns the folder
        self._launches = 0
        if self.home != data_dir.resolve():
            self.notes.append(f"The server's account cannot reach {data_dir}; the data is in {self.home}.")

    # ------------------------------------------------------------ what the servers differ in

    @abc.abstractmethod
    def _prepare(self) -> None:
        """Create or clean what the server needs; runs while no server runs on the folder."""

    @abc.abstractmethod
    def _spawn(self) -> subprocess.Popen[bytes]:
        """Start the server on ``self.port``."""

    @abc.abstractmethod
    def _ready_pid(self) -> int | None:
        """The process id of the server that takes connections on ``self.port``, or None."""

    # ------------------------------------------------------------ what they share

    @property
    def log_path(self) -> Path:
        """Where the server writes its log; the one of the start before it has ``.1`` appended."""
        return self.home / f"{self.name}.log"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        pid = self._child.pid if self._child is not None else self._ready_pid()
        if pid is None:
            raise EmbeddedServerError(f"{self.name} is not running.")
        return pid

    def open(self) -> None:
        """Own the data folder, or find the server that another launcher runs on it; may take seconds."""
        self._until(
            self._own_or_find, START_TIMEOUT_S, f"Another launcher holds {self.home} but is not ready."
        )
        if not self.owned:
            self.notes.append(f"Using the {self.name} that already runs on {self.home}.")
            return
        try:
            self._end_leftovers()
            self.password = self._kept_password()
            self._prepare()
        except BaseException:
            self._unlock()
            raise

    def start(self) -> None:
        """open() and launch until ready, all from this thread."""
        self.open()
        if self.owned:
            try:
                self.launch()
                while not self.wait_ready():
                    self.launch()
            except BaseException:
                self.close()
                raise

    def launch(self) -> None:
        """Start the process. Quick. Call it from the main thread (see child.spawn)."""
        assert self.owned
        assert self._child is None
        self._launches += 1
        if self._launches == 1:
            self.port = self._choose_port()
        if self.log_path.exists():
            self.log_path.replace(self.log_path.with_name(self.log_path.name + ".1"))
        self._port_path.write_text(str(self.port))
        self._child = self._spawn()

    def wait_ready(self) -> bool:
        """Wait until the launched server takes connections. False: its port was taken, launch again."""
        child = self._child
        assert child is not None
        self._until(
            lambda: child.poll() is not None or self._ready_pid() == child.pid,
            START_TIMEOUT_S,
            f"{self.name} did not get ready in {START_TIMEOUT_S:.0f} s.",
        )
        if child.poll() is None:
            return True
        self._child = None
        if self._launches < _LAUNCHES_MAX and not port_is_free(self.port):
            self._take_other_port()
            return False
        raise EmbeddedServerError(
            f"{self.name} ended with {child.returncode} at its start:\n{self._log_tail()}"
        )

    def kill(self) -> None:
        """SIGKILL to every process of the server at once, as a power cut would. Owned servers only."""
        child = self._owned_child()
        child.kill()
        signal_all(marked_processes(self.mark, self.name), signal.SIGKILL)
        child.wait()
        self._child = None
        self._until(self._all_ended, STOP_TIMEOUT_S, f"{self.name} survived SIGKILL.")

    def stop(self) -> None:
        """A clean, quick end: what was accepted is on disk. Owned servers only; nothing if not running."""
        if self._child is None:
            return
        child = self._owned_child()
        for number in (self.stop_signal, self.force_signal):
            child.send_signal(number)
            try:
                child.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                continue
            self._child = None
            return
        raise EmbeddedServerError(f"{self.name} (process {child.pid}) does not stop; see {self.log_path}.")

    def reap(self) -> int:
        """Let go of a process that has ended by itself: its exit code, negative for a signal."""
        code = self._owned_child().wait()
        self._child = None
        return code

    def clear(self) -> None:
        """Make ready for relaunch() after the process ended; may take seconds."""
        self._end_leftovers()
        self._prepare()

    def relaunch(self) -> None:
        """Start again after clear(), on the same port; wait_ready() comes next. Quick, and as launch() in that."""
        if not port_is_free(self.port):
            raise EmbeddedServerError(f"Port {self.port}, which {self.name} had, was taken by somebody else.")
        self._launches = _LAUNCHES_MAX  # a restart must not move: its clients know the port
        self.launch()

    def restart(self) -> None:
        """Stop if running, then start on the same port, all from this thread."""
        if not self.owned:
            raise EmbeddedServerError(f"{self.name} belongs to another launcher.")
        self.stop()
        self.clear()
        self.relaunch()
        self.wait_ready()

    def close(self) -> None:
        """stop(), and give the folder up. A server that another launcher owns is left alone."""
        try:
            self.stop()
        finally:
            self._unlock()

    # ------------------------------------------------------------ ownership

    def _own_or_find(self) -> bool:
        lock = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            self.password = _text(self._password_path)
            self.port = int(_text(self._port_path) or 0)
            return self._ready_pid() is not None
        self._lock, self.owned = lock, True
        return True

    def _unlock(self) -> None:
        self.owned = False
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _end_leftovers(self) -> None:
        """Stop what a launcher that no longer lives left running. Usually it is stopping already."""
        for number in (self.stop_signal, self.force_signal):
            if pids := marked_processes(self.mark, self.name):
                signal_all(self._leaders(pids), number)
                if self._ended_within(LEFTOVER_TIMEOUT_S):
                    return
        # One of its processes hangs, or their leader is gone.
        signal_all(pids := marked_processes(self.mark, self.name), signal.SIGKILL)
        if not self._ended_within(LEFTOVER_TIMEOUT_S):
            raise EmbeddedServerError(f"Processes {pids} still use {self.home}; end them.")

    def _leaders(self, pids: Sequence[int]) -> Sequence[int]:
        """Those of a server's processes to which a signal is sent to end it."""
        return pids

    def _all_ended(self) -> bool:
        return not marked_processes(self.mark, self.name)

    def _owned_child(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            raise EmbeddedServerError(f"{self.name} is not running as a child of this launcher.")
        return self._child

    # ------------------------------------------------------------ ports, password, waiting

    @property
    def _port_path(self) -> Path:
        return self.home / "port"

    @property
    def _password_path(self) -> Path:
        return self.home / "password"

    def _choose_port(self) -> int:
        wanted = self._wanted_port or int(_text(self._port_path) or 0)
        if not wanted:
            return any_free_port()
        self.port = wanted
        if not port_is_free(wanted):
            self._take_other_port()
        return self.port

    def _take_other_port(self) -> None:
        taken, self.port = self.port, any_free_port()
        self.notes.append(f"Port {taken} is taken; {self.name} listens on {self.port}.")

    def _kept_password(self) -> str:
        if not (kept := _text(self._password_path)):
            kept = secrets.token_urlsafe(_PASSWORD_BYTES)
            draft = self._password_path.with_name("password.new")
            draft.unlink(missing_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(kept)
            self.account.own(draft)
            draft.rename(self._password_path)
        return kept

    def _until(self, done: Callable[[], bool], timeout_s: float, failure: str) -> None:
        if not self._within(timeout_s, done):
            raise EmbeddedServerError(f"{failure}\n{self._log_tail()}")

    def _ended_within(self, timeout_s: float) -> bool:
        return self._within(timeout_s, self._all_ended)

    def _within(self, timeout_s: float, done: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + timeout_s
        while not done():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        return True

    def _log_tail(self) -> str:
        try:
            return self.log_path.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace")
        except FileNotFoundError:
            return ""

    def _launch(
        self, argv: Sequence[str], program: Path, cwd: Path, stdin: bytes = b""
    ) -> subprocess.Popen[bytes]:
        return spawn(
            argv,
            program=program,
            account=self.account,
            cwd=cwd,
            log=self.log_path,
            last_signal=self.stop_signal,
            stdin=stdin,
        )


def _text(path: Path) -> str:
    """The stripped text of a file, empty if there is none."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return ""

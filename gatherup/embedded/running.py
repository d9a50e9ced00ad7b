"""The embedded servers on Trio: one async context manager each."""

import os
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Generic, TypeVar

import trio

from gatherup.embedded.errors import EmbeddedServerError
from gatherup.embedded.postgres import PostgresServer
from gatherup.embedded.server import EmbeddedServer
from gatherup.embedded.valkey import ValkeyServer

Server = TypeVar("Server", bound=EmbeddedServer)
Say = Callable[[str], object]


class Running(Generic[Server]):
    """A running server.

    Processes are started from the calling (the main) thread, because a server ends with the thread
    that started it; only the waiting happens in worker threads.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._changing = trio.Lock()
        """Held by whoever ends or starts it."""
        self._up = trio.Event()
        """Set unless it was killed by ``kill``."""
        self._up.set()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._server.pid

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1."""
        return self._server.port

    @property
    def home(self) -> Path:
        """The folder with the data and the log."""
        return self._server.home

    @property
    def owned(self) -> bool:
        """Whether this launcher started the server; False if it found one of another launcher."""
        return self._server.owned

    @property
    def notes(self) -> list[str]:
        """Sentences for a person about what differs from what was asked: another port, another folder."""
        return self._server.notes

    async def kill(self) -> None:
        """SIGKILL to all processes of the server, until ``restart``. Raises EmbeddedServerError if it isn't ours."""
        async with self._changing:
            await trio.to_thread.run_sync(self._server.kill)
            self._up = trio.Event()

    async def restart(self) -> None:
        """Stop if running, then start on the same port. Raises EmbeddedServerError if it isn't ours."""
        if not self.owned:
            raise EmbeddedServerError(f"{self._server.name} belongs to another launcher.")
        async with self._changing:
            await trio.to_thread.run_sync(self._server.stop)
            await self._start_again()
            self._up.set()

    async def keep(self, say: Say) -> None:
        """Start it again whenever it ends by itself, and say so, until cancelled.

        One of another launcher is left alone. Raises EmbeddedServerError if it doesn't start.
        """
        while self.owned:
            await self._up.wait()
            pid = self.pid
            process = os.pidfd_open(pid)
            try:
                await trio.lowlevel.wait_readable(process)
            finally:
                os.close(process)
            async with self._changing:
                if self._up.is_set() and self.pid == pid:  # nobody has ended it on purpose
                    code = await trio.to_thread.run_sync(self._server.reap)
                    say(f"{self._server.name} ended with {code}; it is started again.")
                    await self._start_again()

    async def _start_again(self) -> None:
        await trio.to_thread.run_sync(self._server.clear)
        self._server.relaunch()
        await trio.to_thread.run_sync(self._server.wait_ready)


class RunningPostgres(Running[PostgresServer]):
    """A running PostgreSQL."""

    @property
    def dsn(self) -> str:
        """How to reach the maintenance database, as a libpq connection string."""
        return self._server.dsn

    def dsn_for(self, database: str) -> str:
        """How to reach ``database``, as a libpq connection string; the database need not exist yet."""
        return self._server.dsn_for(database)

    def tcp_dsn_for(self, database: str) -> str:
        """The same over TCP instead of the unix socket."""
        return self._server.tcp_dsn_for(database)


class RunningValkey(Running[ValkeyServer]):
    """A running Valkey."""

    @property
    def url(self) -> str:
        """How to reach it, as a ``redis://`` URL with its password."""
        return self._server.url


@asynccontextmanager
async def embedded_postgres(
    data_dir: Path, *, port: int | None = None, settings: Mapping[str, str] | None = None
) -> AsyncGenerator[RunningPostgres]:
    """Run PostgreSQL on ``data_dir`` (or use the one already running on it) for the block.

    A ``port`` that is taken is replaced, and ``notes`` says so; without one the last is used again.
    Raises EmbeddedServerError. The server stops cleanly at the end of the block, and when this process
    dies in whatever way.
    """
    server = PostgresServer(data_dir, port=port, settings=settings)
    async with _run(server):
        yield RunningPostgres(server)


@asynccontextmanager
async def embedded_valkey(
    data_dir: Path, *, port: int | None = None, settings: Mapping[str, str] | None = None
) -> AsyncGenerator[RunningValkey]:
    """Run Valkey on ``data_dir`` for the block, or use the one that runs there already, as embedded_postgres does."""
    server = ValkeyServer(data_dir, port=port, settings=settings)
    async with _run(server):
        yield RunningValkey(server)


@asynccontextmanager
async def _run(server: EmbeddedServer) -> AsyncGenerator[None]:
    await trio.to_thread.run_sync(server.open)
    try:
        if server.owned:
            server.launch()
            while not await trio.to_thread.run_sync(server.wait_ready):
                server.launch()
        yield
    finally:
        with trio.CancelScope(shield=True):  # bounded: stop() waits STOP_TIMEOUT_S twice at most
            await trio.to_thread.run_sync(server.close)

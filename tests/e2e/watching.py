"""``gatherup watch`` as a process of its own."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio

from tests.e2e.installation import GATHERUP, Installation


@asynccontextmanager
async def watching(installation: Installation, tournament: str) -> AsyncGenerator[list[str]]:
    """``gatherup watch`` without a terminal, until it ends; what it has said after how it first stood."""
    seen: list[str] = []
    where = ["--url", installation.url, "--stream", installation.stream_url]
    begun = trio.Event()

    async def read(process: trio.Process) -> None:
        assert process.stdout is not None
        said = ""
        async for chunk in process.stdout:
            said += chunk.decode()
            begun.set()
        seen.extend(said.splitlines()[1:])

    async with trio.open_nursery() as nursery:
        process = await trio.lowlevel.open_process(
            [str(GATHERUP), "watch", tournament, *where], stdout=subprocess.PIPE
        )
        nursery.start_soon(read, process)
        try:
            await begun.wait()
            yield seen
            assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()

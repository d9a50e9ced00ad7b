"""A node as operators run it: `gatherup serve` in a process of its own, which a test may kill."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import httpx
import trio

from gatherup.client import Policy
from gatherup.embedded.child import any_free_port

GATHERUP = Path(sys.executable).with_name("gatherup")
QUICK = Policy(backoff_min_s=0.05, backoff_max_s=0.5)
HANG_S = 120
"""A test that takes this long hangs."""


class Installation:
    """One configuration on fixed ports, so that a restarted node is found where the first one was."""

    def __init__(self, nursery: trio.Nursery, dsn: str, valkey_url: str) -> None:
        http, stream = any_free_port(), any_free_port()
        self.url = f"http://127.0.0.1:{http}"
        self.stream_url = f"ws://127.0.0.1:{stream}"
        self._nursery = nursery
        self._process: trio.Process | None = None
        self._env = os.environ | {
            "DATABASE_URL": dsn,
            "REDIS_URL": valkey_url,
            "GATHERUP_HTTP_PORT": str(http),
            "GATHERUP_STREAM_PORT": str(stream),
            "GATHERUP_STREAM_GOODBYE_SPREAD_S": "0",
            "GATHERUP_NODE_LAME_DUCK_S": "0",
            "GATHERUP_HTTP_ANONYMOUS_BURST": "1000",  # a crowd signs in from one address
            "GATHERUP_AUTH_TOKEN_KEY": secrets.token_hex(32),
            "GATHERUP_RUNTIME_RECEIPT_KEY": secrets.token_hex(32),
            "GATHERUP_CLUSTER_SECRET": secrets.token_hex(32),
        }

    async def start(self) -> None:
        """Return when the node says that it serves."""
        self._process = await trio.lowlevel.open_process(
            [str(GATHERUP), "serve"], env=self._env, stderr=subprocess.PIPE
        )
        started = trio.Event()
        self._nursery.start_soon(self._listen, self._process, started)
        await started.wait()

    async def _listen(self, process: trio.Process, started: trio.Event) -> None:
        said = bytearray()
        assert process.stderr is not None
        try:
            async with process.stderr as stderr:
                async for chunk in stderr:
                    said += chunk
                    if b"GatherUp serves on" in said:
                        started.set()
        finally:  # a test that fails leaves no node to the next one
            process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()
        assert started.is_set(), said.decode()

    async def kill(self) -> None:
        """kill -9, and nothing less."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        """Ask it to end, and wait."""
        assert self._process is not None
        self._process.terminate()
        await self._process.wait()

    async def guest(self, name: str) -> str:
        """A guest's access token."""
        async with httpx.AsyncClient(base_url=self.url) as api:
            answer = await api.post("/v1/guest", json={"display_name": name})
            assert answer.is_success, answer.text
            return answer.json()["access_token"]

"""Every end-to-end test runs real processes on real servers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import trio

from tests.e2e.installation import HANG_S, Installation


@pytest.fixture
async def installation(postgres_dsn: str, valkey_url: str) -> AsyncIterator[Installation]:
    """A running node on a fresh database."""
    with trio.fail_after(HANG_S):
        async with trio.open_nursery() as nursery:
            installation = Installation(nursery, postgres_dsn, valkey_url)
            await installation.start()
            yield installation
            await installation.kill()

"""Fixtures of the cluster's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.integration.actors.cluster.rig import Rig, rig


@pytest.fixture
async def cluster(postgres_dsn: str, valkey_url: str) -> AsyncIterator[Rig]:
    """No node yet."""
    async with rig(postgres_dsn, valkey_url) as made:
        yield made

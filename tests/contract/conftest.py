"""The fixture that runs a contract on memory and on the real server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.rig import Rig, memory_rig, postgres_rig


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.real)])
def storage_name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def storage_dsn(storage_name: str, request: pytest.FixtureRequest) -> str | None:
    return request.getfixturevalue("postgres_dsn") if storage_name == "postgres" else None


@pytest.fixture
async def log_under_test(storage_dsn: str | None) -> AsyncIterator[Rig]:
    """A log on an empty database, alike in memory and on PostgreSQL."""
    async with memory_rig() if storage_dsn is None else postgres_rig(storage_dsn) as rig:
        yield rig

"""The node that these tests share, its facade, and what a node in this process logs."""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

from gatherup.config import Log
from gatherup.telemetry.logs import configure_logs
from storage.postgres.driver.pool import Pool
from tests.integration.shared import SharedNode, running_apart
from tests.integration.site import Site, unused_address
from tests.logs import logging_restored


@pytest.fixture(scope="session")
def shared_node(shared_postgres_dsn: str, server_dir: Path) -> Iterator[SharedNode]:
    with running_apart(shared_postgres_dsn, server_dir / "node.log") as node:
        yield node


@pytest.fixture
def node(shared_node: SharedNode) -> Iterator[SharedNode]:
    """A node that others have used before: a test has its own users and rooms there, and counts nothing else.

    Nothing may crash there while the test runs.
    """
    logged = shared_node.logged
    yield shared_node
    told = shared_node.said(logged)
    assert "Traceback" not in told, told


@pytest.fixture
async def site(node: SharedNode) -> AsyncGenerator[Site]:
    """The facade of the shared node, from an address of its own."""
    site = Site(node.addresses.http, address=unused_address())
    try:
        yield site
    finally:
        await site.aclose()


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that is logged in this process, down to debug, as operators get it."""
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    with logging_restored():
        configure_logs(Log(format="json", level="debug"), "node-1")
        yield said


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncGenerator[Pool]:
    """A pool on a fresh database, without a node."""
    async with Pool(postgres_dsn, size_max=10, autocommit=True) as pool:
        yield pool

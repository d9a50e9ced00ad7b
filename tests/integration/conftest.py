"""The node that these tests share, and its facade."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest

from tests.integration.shared import SharedNode, running_apart
from tests.integration.site import Site, unused_address


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

"""The directory of the last release, by its own contract suite, on this version's schema."""

import pytest
import trio

from storage.postgres.schema.migrate import migrate
from storage.postgres.schema.plan import Phase
from tests.released.code.actors.ports import JoinRefusedError
from tests.released.code.tests.contract.rig import joining, postgres_rig
from tests.released.code.tests.contract.test_directory import *  # noqa: F403 - the suite

pytestmark = pytest.mark.real


async def test_no_node_joins_after_post(rolling_dsn: str) -> None:
    """It could write to none of the streams that it would own."""
    await trio.to_thread.run_sync(migrate, rolling_dsn, Phase.POST)
    async with postgres_rig(rolling_dsn) as rig:
        directory = rig.directory()
        before = await directory.read()
        with pytest.raises(JoinRefusedError):
            await directory.join(joining())
        assert await directory.read() == before

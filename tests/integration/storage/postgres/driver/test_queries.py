"""The seam at which the driver's errors end."""

from __future__ import annotations

import pytest

from storage.postgres.driver.errors import DataRejected
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows


@pytest.mark.real
async def test_a_parameter_that_cannot_be_written_was_certainly_not_sent(postgres_dsn: str) -> None:
    async with Pool(postgres_dsn, autocommit=True) as pool:
        with pytest.raises(DataRejected):
            await rows(pool, "select %(text)s::text", {"text": "a\0b"})
        assert await rows(pool, "select %(text)s::text", {"text": "ab"}) == [("ab",)]

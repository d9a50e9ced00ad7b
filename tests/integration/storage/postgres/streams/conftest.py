"""Fixtures of the storage tests."""

from tests.integration.storage.postgres.streams.cutting import setting

__all__ = ["setting"]

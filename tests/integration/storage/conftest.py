"""Fixtures of the storage tests."""

from tests.integration.storage.cutting import setting

__all__ = ["setting"]

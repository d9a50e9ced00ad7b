"""The runtime's world, for what it tells of itself."""

from __future__ import annotations

from tests.unit.actors.runtime.conftest import world

__all__ = ["world"]

"""Streams, and runs of nodes, as the parameters of statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from actors.ports.log import Fence
from protocol.ids import kind_of, stream_key


def named(streams: Sequence[str]) -> dict[str, Any]:
    """The parameters ``streams`` and ``kinds``."""
    return {
        "streams": [UUID(bytes=stream_key(stream)) for stream in streams],
        "kinds": [kind_of(stream) for stream in streams],
    }


def run_of(fence: Fence) -> dict[str, Any]:
    """The parameters ``node`` and ``fence``."""
    return {"node": fence.node, "fence": fence.number}

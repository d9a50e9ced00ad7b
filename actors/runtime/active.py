"""What an activation holds of its stream."""

from __future__ import annotations

from collections import deque

from msgspec import Struct

from actors.kind import Instant
from actors.runtime.draft import PendingEffect


class Active(Struct):
    """A stream's committed state, as the activation found it and each commit moves it."""

    state: Struct
    head: int
    last_at: Instant
    activation: int
    checkpoint_seq: int
    pending: deque[PendingEffect]
    """Effects not settled yet, oldest first."""
    retry_at: Instant | None = None
    """When the oldest of them is tried again, after its target was unavailable."""

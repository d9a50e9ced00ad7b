"""What an activation holds of its stream."""

from __future__ import annotations

from msgspec import Struct

from actors.kind import Instant
from actors.runtime.owed import Owed


class Active(Struct):
    """A stream's committed state, as the activation found it and each commit moves it."""

    state: Struct
    head: int
    last_at: Instant
    activation: int
    checkpoint_seq: int
    owed: Owed
    """Effects not settled yet."""
    retry_at: Instant | None = None
    """When the next of them is tried again, while all their targets are unavailable."""

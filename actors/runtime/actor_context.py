"""What the entities of a node share."""

from __future__ import annotations

from collections.abc import Callable

import trio
from msgspec import Struct

from actors.cluster.ownership import Ownership
from actors.kind import Instant
from actors.ports.time import Clock, Randomness
from actors.runtime.committer import Committer
from actors.runtime.counters import RuntimeCounters
from actors.runtime.effects import Delivery, EffectSource
from actors.runtime.envelope import Envelope
from actors.runtime.publisher import Publisher
from actors.runtime.stream_store import StreamStore
from actors.runtime.trials import Trials
from actors.runtime.work import Works


class ActorContext(Struct, frozen=True, kw_only=True):
    """What every entity and cell of a node shares."""

    store: StreamStore
    ownership: Ownership
    clock: Clock
    randomness: Randomness
    committer: Committer
    trials: Trials
    works: Works
    publisher: Publisher
    digest_key: bytes
    route: Callable[[Envelope], None]
    """Takes back a command that can't be served by this activation."""
    fenced: Callable[[str], None]
    """Told of a stream that was found to be another's, before its commands are given back."""
    schedule: Callable[[str, Instant], None]
    deliver: Callable[[trio.Nursery, EffectSource], Delivery]
    """Starts the sending of a cell's pending effects."""
    counters: RuntimeCounters
    tracing: bool
    """Whether any command may be traced."""

"""Whether a node is ready, and whether less than well: a pure decision over what was observed.

Ready means that no other node serves better. So where a node can't do its work it is unready, unless the others can't
either: then it is as good as any, says what is wrong, and clients find it where it is when its work goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from actors.cluster.audible import Audibility

STARTING: Final = "The node is starting."
NOBODY_BETTER: Final = "No other node serves better."
NO_STREAMERS: Final = "No node with the role stream runs: commands are refused as unavailable."
STOPPING: Final = "The node is shutting down."


class Away(Struct, frozen=True):
    """How the last canary to another member went."""

    name: str
    reason: str | None
    """Why it didn't come back; None if it did."""


class Signs(Struct, frozen=True, kw_only=True):
    """What was observed."""

    stopping: bool
    skew_s: float | None
    """How far the database's clock jumped, if by more than is allowed."""
    acting: bool
    shards: int
    """How many this node serves."""
    streamers: int
    """Members of the cluster, this one included, that may own streams."""
    home: str | None
    """Why the canary in a stream of our own didn't come back; None if it did."""
    served: bool
    """Whether a canary in a stream of our own ever came back."""
    trouble: str | None
    """What PostgreSQL said when it last took no write, if it has taken none since."""
    audible: Audibility
    peers: int
    unhearing: int
    """Of them, how many don't hear this node."""
    hears: int
    serving: int
    """Of those that it hears, how many say that they can serve what they own."""
    away: Sequence[Away]
    """Of the peers that a canary was sent to."""


class Readiness(Struct, frozen=True):
    """Ready if ``unready`` is None; then ``degraded`` says what doesn't work nevertheless. Sentences."""

    unready: str | None
    degraded: str | None = None


def readiness(signs: Signs) -> Readiness:
    """Unready is a node that others can stand in for; what no node can do only degrades it."""
    found = own_trouble(signs)
    if found is None:
        return _among_others(signs)
    # Who hears none of the others is more likely cut off alone than one of many in the same trouble.
    alike = not signs.serving and (signs.hears > 0 or signs.peers == 0)
    if signs.stopping or not signs.served or not alike:
        return Readiness(found)
    return Readiness(None, f"{found} {NOBODY_BETTER}")


def own_trouble(signs: Signs) -> str | None:
    """Why this node can't serve the streams it owns, whatever others can."""
    if signs.stopping:
        return STOPPING
    if signs.skew_s is not None:
        return f"The database's clock jumped by {signs.skew_s:.1f} s against this node's: it isn't followed."
    if not signs.acting:
        return _with_trouble(
            "The lease can't be renewed: streams of this node are suspended until it can.", signs
        )
    if signs.shards and signs.home is not None:
        return _with_trouble(signs.home, signs)
    return None


def _with_trouble(sentence: str, signs: Signs) -> str:
    return sentence if signs.trouble is None else f"{sentence} PostgreSQL says: {signs.trouble}"


def _among_others(signs: Signs) -> Readiness:
    if signs.audible is Audibility.UNHEARD:
        return Readiness(
            f"{signs.unhearing} of {signs.peers} other nodes don't hear this one, though the bus carries frames."
        )
    failing = [away for away in signs.away if away.reason is not None]
    came_back = len(failing) < len(signs.away)
    if not signs.streamers:
        return Readiness(NO_STREAMERS)
    if not signs.shards and not signs.peers:
        return Readiness(STARTING)
    if not signs.shards and not came_back:
        return Readiness("This node has no streams yet, and no canary came back from another.")
    if signs.audible is Audibility.DEGRADED:
        return Readiness(
            None,
            "No node hears another: Redis may be away. Streams of the node a client is on are served; what must "
            "cross nodes is refused.",
        )
    if failing:
        told = "; ".join(f"{away.name}: {away.reason}" for away in failing)
        if not came_back and signs.peers > 1 and not signs.hears:
            return Readiness(f"This node hears no other, and no canary came back: {told}")
        return Readiness(None, f"No canary came back from {told}")
    return Readiness(None)

"""Limits of the cluster, each with its unit. What an operator may set stands in the config tree."""

from __future__ import annotations

from typing import Final

LEASE_S: Final = 2.0
"""A node whose lease didn't move for this long is dead, unless it is set up with another number."""
RENEWALS_PER_LEASE: Final = 4
"""A lease is renewed every lease_s / RENEWALS_PER_LEASE."""
ACTING_PART: Final = 0.75
"""A node stops acting lease_s * ACTING_PART after the start of its last renewal that succeeded."""
LOSS_REMEMBERED_S: Final = 120.0
"""So long after a node was lost what is sent again may be what it died of: longer than senders wait to repeat."""

HANDOVER_SHARDS: Final = 8
"""Shards handed over together."""
HANDOVERS_AT_ONCE: Final = 2
"""So many of these at a time while a node drains: what waits for its turn is served meanwhile."""
HANDOVER_PAUSE_S: Final = 0.1
"""Between two such hand-overs to a node that joined."""
HANDOVER_TIMEOUT_S: Final = 2.0
"""What the streams of a shard get to finish before they are cut off."""

BEAT_S: Final = 1.0
"""Each link says at least so often where it stands."""
LINK_SILENCE_S: Final = 3.0
"""A peer not heard for this long is silent: heads of its streams are then read from the log."""
LINK_QUEUE_BYTES_MAX: Final = 8 * 1024 * 1024
LINK_QUEUE_MESSAGES_MAX: Final = 20_000
"""What waits for one peer's next frame, either way. More: of events only the heads are told, commands are refused
``overloaded``; answers may take as much again."""
LINK_FRAME_BYTES_MAX: Final = 1024 * 1024
"""One frame on the bus holds about this much, unless one message alone is larger."""
LINK_SENT_BYTES_MAX: Final = 2 * 1024 * 1024
LINK_SENT_FRAMES_MAX: Final = 1000
"""The last frames to one peer are kept, to say again what was in those that it missed. Older ones: everything is said
again."""
RECOVERY_S: Final = 1.0
"""Everything is said again to one peer at most so often."""
QUESTIONS_HELD_MAX: Final = 10_000
"""Questions for snapshots of one peer that wait for room on its link. More: refused ``overloaded``."""
VIEWS_AT_ONCE: Final = 50
"""Of these so many are answered in one step."""
VIEWS_ENCODED_MAX: Final = 64
"""Streams of which the encoding of what all see alike is kept."""
CALLS_MAX: Final = 20_000
"""Commands and questions of one node that wait for other nodes' answers. More: refused ``overloaded``."""
HELD_MAX: Final = 10_000
"""Commands of one node that wait for a shard to get its next owner. More: refused ``overloaded``."""
REGISTER_STREAMS_MAX: Final = 1000
"""Streams in one registration."""
HEADS_READ_MAX: Final = 1000
"""Streams whose heads are compared in one read."""
HEADS_RETRY_S: Final = 0.5
"""After a read of heads that failed, or a registration that was declined."""

"""What the gateway allows itself; limits that a client meets stand in ``protocol.limits``."""

from __future__ import annotations

from typing import Final

STREAM_PATH: Final = "/v1/stream"
EVENTS_PATH: Final = "/v1/events"
EVENT_STREAMS_MAX: Final = 20
"""Streams that one request for Server-Sent Events may name."""
EVENTS_UNSENT_TIMEOUT_MS: Final = 30_000
"""A peer that takes nothing of its events for this long is reset: unlike on a WebSocket, it answers nothing."""
HANDSHAKE_BYTES_MAX: Final = 16 * 1024
"""Request line and headers together. More: HTTP 431."""
READ_BYTES_MAX: Final = 16 * 1024
"""Bytes read from one socket per turn: what bounds the work (some 2,700 empty frames) until others run."""
REFUSALS_MAX: Final = 256
"""Connections beyond ``connections_max`` that are told so with HTTP 503; further ones are reset."""
LISTEN_BACKLOG: Final = 4096
"""Connections the kernel holds until they are accepted."""
ACCEPTS_PER_TURN: Final = 64
ACCEPT_PAUSE_S: Final = 0.5
"""How long accepting rests when the process or the machine is out of file descriptors or memory."""
SWEEP_S: Final = 1.0
"""Distance of two looks at all deadlines: each is kept to within this."""
SWEEP_BATCH: Final = 1000
"""Connections looked at before others run."""
GOODBYE_BATCH: Final = 200
"""Connections told to leave before others run, in a shutdown."""

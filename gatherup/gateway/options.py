"""What an operator can set about the gateway; limits that a client meets stand in ``protocol.limits``."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

STREAM_PATH: Final = "/v1/stream"
HANDSHAKE_BYTES_MAX: Final = 16 * 1024
"""Request line and headers together. More: HTTP 431."""
READ_BYTES_MAX: Final = 16 * 1024
"""Bytes read from one socket per turn: what bounds the work (some 2,700 empty frames) until others run."""
REFUSALS_MAX: Final = 256
"""Connections beyond ``connections_max`` that are told so with HTTP 503; further ones are reset."""
ACCEPTS_PER_TURN: Final = 64
ACCEPT_PAUSE_S: Final = 0.5
"""How long accepting rests when the process or the machine is out of file descriptors or memory."""
SWEEP_S: Final = 1.0
"""Distance of two looks at all deadlines: each is kept to within this."""
SWEEP_BATCH: Final = 1000
"""Connections looked at before others run."""
GOODBYE_BATCH: Final = 200
"""Connections told to leave before others run, in a shutdown."""


class GatewayOptions(Struct, frozen=True, kw_only=True):
    """One listener and its limits."""

    host: str = "127.0.0.1"
    """A name or address; every address it resolves to is listened on."""
    port: int = 8081
    """0 takes any free one, for each address its own."""
    reuse_port: bool = False
    """Whether several processes may share the port (SO_REUSEPORT)."""
    backlog: int = 4096
    allowed_origins: tuple[str, ...] | None = None
    """Values of ``Origin`` that browsers may come from; requests without one pass.

    None allows all: a session speaks for whoever the token in its hello names, and no cookie is read, so a
    foreign page can't borrow a visitor's login.
    """
    connections_max: int = 50_000
    connections_per_address_max: int | None = None
    """Leave None behind a proxy, whose address all connections have."""
    send_buffer_bytes: int | None = None
    """SO_SNDBUF of each connection; None leaves it to the kernel."""
    goodbye_spread_s: float = 5.0
    """A shutdown tells its clients to leave within this time, in random order, and to come back as spread."""

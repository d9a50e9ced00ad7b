"""How patient the SDK is. Every value has its unit in its name; the defaults suit a game client."""

from __future__ import annotations

from msgspec import Struct

from protocol import limits


class Policy(Struct, frozen=True, kw_only=True):
    """Deadlines, back-off and bounds of one client."""

    connect_timeout_s: float = 10.0
    """For the token, TCP, TLS and the WebSocket handshake of one attempt."""
    welcome_timeout_s: float = limits.HELLO_TIMEOUT_S
    """From our hello to the server's welcome."""
    close_timeout_s: float = 2.0
    """What a connection gets for its closing handshake."""

    backoff_min_s: float = 0.25
    """The first attempt to come back is made after half to all of this; it doubles with each further one."""
    backoff_max_s: float = 30.0
    backoff_reset_s: float = 10.0
    """A session that lasted this long was a good one: the next back-off begins at the minimum."""

    refused_retry_for_s: float = 30.0
    """How long a command refused with ``retry`` is tried again, from its first refusal; 0 raises each at once."""
    resend_for_s: float = limits.RESEND_FOR_S
    """How long a command without a certain outcome is sent again before UnknownOutcomeError."""
    pending_commands_max: int = 1024
    """Commands that are not settled; ``send`` waits while there are so many."""
    buffer_items_max: int = 256
    """Items of one stream that wait for its reader; beyond, the stream is left and resumed once they are read."""

    token_refresh_fraction: float = 0.75
    """A refreshable token is replaced when this part of its life has passed."""

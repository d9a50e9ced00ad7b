"""Every limit a client can meet, each with its unit. The welcome frame carries those a client should honour.

Limits that only an operator sees (pool sizes, timeouts of PostgreSQL …) live in ``gatherup.config``.
"""

from __future__ import annotations

from typing import Final

PROTOCOL_VERSION: Final = 1

# --- one frame -----------------------------------------------------------------------------------------
FRAME_BYTES_MAX: Final = 64 * 1024
"""A client's message, whole, after reassembly. Larger: close code 1009."""
FRAGMENTS_MAX: Final = 64
"""Pieces one message may come in. More: close code 1009."""
TOKEN_CHARS_MAX: Final = 4096
POSITIONS_MAX: Final = 200
"""Positions in one hello."""
DETAIL_CHARS_MAX: Final = 200
"""The sentence of a refused frame, and its field, are cut here: they may quote what was sent."""
SEQ_MAX: Final = 2**53 - 1
"""The largest integer a frame may hold: what JavaScript reads exactly."""

# --- one session ---------------------------------------------------------------------------------------
HANDSHAKE_TIMEOUT_S: Final = 10.0
"""From accept to a finished WebSocket handshake."""
HELLO_TIMEOUT_S: Final = 10.0
"""From the handshake to a valid hello."""
HEARTBEAT_S: Final = 20.0
"""The server pings a peer that was silent this long."""
IDLE_TIMEOUT_S: Final = 60.0
"""A peer silent this long, pings included, is closed."""
CLOSE_TIMEOUT_S: Final = 5.0
"""What a peer gets to take our last bytes and answer our Close."""
SUBSCRIPTIONS_PER_SESSION_MAX: Final = 200
SESSIONS_PER_USER_MAX: Final = 20
INFLIGHT_COMMANDS_MAX: Final = 256
"""Commands of one session that wait for their reply."""
COMMAND_TIMEOUT_S: Final = 10.0
"""A command not settled in this time is answered: refused if it never started, unknown otherwise."""

# --- rates (token buckets, per session) ----------------------------------------------------------------
COMMANDS_PER_S: Final = 20.0
COMMANDS_BURST: Final = 60.0
SUBSCRIBES_PER_S: Final = 20.0
SUBSCRIBES_BURST: Final = 250.0
SIGNALS_PER_S: Final = 5.0
SIGNALS_BURST: Final = 10.0
PINGS_PER_S: Final = 5.0
PINGS_BURST: Final = 50.0

# --- delivery ------------------------------------------------------------------------------------------
OUTBOX_BYTES_MAX: Final = 1024 * 1024
"""Bytes that wait for one slow reader. More: close code 4001, come back and resume."""
RESUME_EVENTS_MAX: Final = 1000
"""How far behind a resume may be and still get every event; further behind it gets a snapshot."""
RESUME_PAGE_EVENTS: Final = 200
"""Events read from the log at once while a client resumes."""
RING_EVENTS_MAX: Final = 256
RING_BYTES_MAX: Final = 256 * 1024
FLUSH_TICK_MIN_S: Final = 0.020
"""Shortest distance of two flushes of one busy stream; an idle stream is flushed at once."""
FLUSH_SENDS_MAX: Final = 1000
"""Sends before a flush lets others run."""
FLUSH_HOLD_MAX_S: Final = 0.005
"""Time before a flush lets others run."""

# --- streams -------------------------------------------------------------------------------------------
MAILBOX_COMMANDS_MAX: Final = 1000
"""Commands that wait for one stream's actor. More: refused ``overloaded``."""
BATCH_COMMANDS_MAX: Final = 200
"""Commands an actor decides at once and commits together."""
EVENTS_PER_COMMAND_MAX: Final = 64
ERASE_SEQS_MAX: Final = 128
"""Events one erasing event may empty: a message and its edits."""
PAYLOAD_BYTES_MAX: Final = 32 * 1024
"""One encoded event payload."""
RECEIPT_KEEP_DAYS: Final = 7
"""How long a resend is recognised. SDKs give up resending after RESEND_FOR_S, well before."""
RESEND_FOR_S: Final = 24 * 3600.0

# --- rooms ---------------------------------------------------------------------------------------------
ROOM_NAME_CHARS_MAX: Final = 80
BODY_CHARS_MAX: Final = 4000
REASON_CHARS_MAX: Final = 200
ROOM_MEMBERS_MAX: Final = 5000
EDITS_PER_MESSAGE_MAX: Final = 100
PRESENT_USERS_MAX: Final = 100
"""Users named in a subscribe's presence list; the count is exact."""

# --- HTTP ----------------------------------------------------------------------------------------------
PAGE_ITEMS_MAX: Final = 200
PAGE_ITEMS_DEFAULT: Final = 50
PROFILES_MAX: Final = 100
"""Users whose profiles one request may ask for."""
HANDLE_CHARS_MIN: Final = 3
HANDLE_CHARS_MAX: Final = 32
PASSWORD_CHARS_MIN: Final = 8
PASSWORD_CHARS_MAX: Final = 256
HTTP_BODY_BYTES_MAX: Final = 256 * 1024
DISPLAY_NAME_CHARS_MAX: Final = 64
DEVICE_CHARS_MAX: Final = 120
CURSOR_CHARS_MAX: Final = 200

"""Whether PostgreSQL lets a node write, and which of the node's sessions must go because it didn't."""

# ruff: noqa: TID251  (a driver: sessions are told apart by when they were opened)

from __future__ import annotations

import logging
from typing import Final

import trio

READ_ONLY: Final = "25006"
"""read_only_sql_transaction: the session, or the whole server, takes no writes."""

_log = logging.getLogger(__name__)


class WriteAccess:
    """What all connections of a node know together.

    A session keeps the mode that it began with, also when the database takes writes again. So the first refusal
    condemns every session that is open, a later one only the session that was refused; and when a write succeeds
    again, those that were opened meanwhile are condemned too. Their holders close them and connect anew. The log is
    told once when it begins and once when it ends.
    """

    def __init__(self) -> None:
        self._read_only = False
        self._condemned_until = float("-inf")
        """Sessions opened until then (trio.current_time) are used no more."""

    def refused(self, reason: str) -> None:
        """A session was told that it may only read; its holder closes it."""
        if not self._read_only:
            self._read_only = True
            self._condemned_until = trio.current_time()
            _log.warning(
                "PostgreSQL is read-only: its sessions are left for new ones until one can write",
                extra={"error": reason},
            )

    def granted(self) -> None:
        """A write succeeded."""
        if self._read_only:
            self._read_only = False
            self._condemned_until = trio.current_time()
            _log.info("PostgreSQL takes writes again")

    def trusts(self, opened_at: float) -> bool:
        """Whether a session that was opened then may be used."""
        return opened_at > self._condemned_until

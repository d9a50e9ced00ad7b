"""Calendars of tournaments, for programs that have no login."""

from __future__ import annotations

from protocol.http.base import Answer


class CalendarAddress(Answer, frozen=True, kw_only=True):
    """Where a calendar is to be had."""

    path: str
    """Below the address of the server. Who knows it can read the calendar; it is told this once."""

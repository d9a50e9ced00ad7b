"""Calendars of tournaments and gatherings: for who is signed in, and for programs that subscribe to them by a token."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from quart import Response, request

from actors.ports.time import Clock, Randomness
from gatherup.auth.one_time import new_token, token_digest
from gatherup.features.tournaments.calendar import calendar
from gatherup.features.tournaments.tournament_access import found, tournament_id
from gatherup.features.tournaments.tournaments import TOURNAMENT
from gatherup.http.conditional import tagged
from gatherup.http.endpoint import Caller, PathPart, endpoint
from gatherup.http.ids import stream_id
from gatherup.http.problem import ProblemError
from gatherup.offloop.pool import OffLoop
from protocol import limits
from protocol.codes import Code
from protocol.gathering import KIND as GATHERING_KIND
from protocol.http.tournaments.calendars import CalendarAddress
from protocol.ids import kind_of
from protocol.series import KIND as SERIES_KIND
from storage.postgres.tournaments.calendars import CalendarRow, Calendars

GROUP: Final = "calendars"
ICALENDAR: Final = "text/calendar"
UTF_8: Final = f"{ICALENDAR}; charset=utf-8"
TOKEN: Final = PathPart(
    "calendar",
    "the token of a calendar",
    "^[A-Za-z0-9_-]{43}$",
    "q3CzB0yO4GfWc1nUo7vXk2eRt5pLs8dMhJ9aIuYbTgE",
)
GATHERING: Final = "/v1/gatherings/<gathering>"
SERIES: Final = "/v1/series/<series>"
MINE: Final = "/v1/me/calendar"
_TAG_BYTES: Final = 12


class CalendarsResource:
    """Calendars."""

    def __init__(self, calendars: Calendars, off_loop: OffLoop, clock: Clock, randomness: Randomness) -> None:
        self._calendars = calendars
        self._off_loop = off_loop
        self._clock = clock
        self._randomness = randomness

    @endpoint(
        "GET",
        TOURNAMENT + "/calendar.ics",
        media_type=ICALENDAR,
        versioned=True,
        refuses=(Code.OVERLOADED,),
        group=GROUP,
    )
    async def get(self, caller: Caller, tournament: str) -> Response:
        """Get a tournament's phases and matches as iCalendar: staff all matches, entrants their own, others none.

        It has the matches that were opened or put off, the latest ones if there are many.
        """
        return await self._answered(caller.user, tournament_id(tournament))

    @endpoint(
        "GET",
        MINE + ".ics",
        media_type=ICALENDAR,
        versioned=True,
        refuses=(Code.OVERLOADED,),
        group=GROUP,
    )
    async def mine(self, caller: Caller) -> Response:
        """Get the phases and matches of all tournaments that one takes part in or is on the staff of."""
        return await self._answered(caller.user, None)

    @endpoint(
        "GET",
        "/v1/calendars/<calendar>/calendar.ics",
        media_type=ICALENDAR,
        versioned=True,
        refuses=(Code.OVERLOADED,),
        anonymous=True,
        group=GROUP,
    )
    async def subscribed(self, caller: Caller, calendar: str) -> Response:
        """Get a calendar that somebody has subscribed to, as they may see it now."""
        subscription = found(await self._calendars.subscription(token_digest(calendar)))
        return await self._answered(subscription.user, subscription.stream)

    @endpoint(
        "GET",
        GATHERING + "/calendar.ics",
        media_type=ICALENDAR,
        versioned=True,
        refuses=(Code.OVERLOADED,),
        group=GROUP,
    )
    async def gathering(self, caller: Caller, gathering: str) -> Response:
        """Get the phases of a gathering and its competitions as iCalendar, with the matches that one plays or runs."""
        return await self._answered(caller.user, stream_id(GATHERING_KIND, gathering))

    @endpoint(
        "GET",
        SERIES + "/calendar.ics",
        media_type=ICALENDAR,
        versioned=True,
        refuses=(Code.OVERLOADED,),
        group=GROUP,
    )
    async def series(self, caller: Caller, series: str) -> Response:
        """Get the tournaments of a series as iCalendar, and its next times, with the matches that one plays or runs."""
        return await self._answered(caller.user, stream_id(SERIES_KIND, series))

    @endpoint("POST", SERIES + "/calendar", answer=CalendarAddress, refuses=(Code.TOO_MANY,), group=GROUP)
    async def subscribe_series(self, caller: Caller, series: str) -> CalendarAddress:
        """Make an address for the calendar of a series that needs no login. The one that one had for it ends."""
        found(await self._rows(caller.user, stream_id(SERIES_KIND, series)) or None)
        return await self._subscribed(caller.user, series)

    @endpoint("DELETE", SERIES + "/calendar", status=204, group=GROUP)
    async def unsubscribe_series(self, caller: Caller, series: str) -> None:
        """End the address that one has for the calendar of a series."""
        await self._calendars.unsubscribe(caller.user, stream_id(SERIES_KIND, series))

    @endpoint("POST", GATHERING + "/calendar", answer=CalendarAddress, refuses=(Code.TOO_MANY,), group=GROUP)
    async def subscribe_gathering(self, caller: Caller, gathering: str) -> CalendarAddress:
        """Make an address for a gathering's calendar that needs no login. The one that one had for it ends."""
        found(await self._rows(caller.user, stream_id(GATHERING_KIND, gathering)) or None)
        return await self._subscribed(caller.user, gathering)

    @endpoint("DELETE", GATHERING + "/calendar", status=204, group=GROUP)
    async def unsubscribe_gathering(self, caller: Caller, gathering: str) -> None:
        """End the address that one has for a gathering's calendar."""
        await self._calendars.unsubscribe(caller.user, stream_id(GATHERING_KIND, gathering))

    @endpoint("POST", TOURNAMENT + "/calendar", answer=CalendarAddress, refuses=(Code.TOO_MANY,), group=GROUP)
    async def subscribe(self, caller: Caller, tournament: str) -> CalendarAddress:
        """Make an address for a tournament's calendar that needs no login. The one that one had for it ends."""
        found(await self._rows(caller.user, tournament_id(tournament)) or None)
        return await self._subscribed(caller.user, tournament)

    @endpoint("POST", MINE, answer=CalendarAddress, refuses=(Code.TOO_MANY,), group=GROUP)
    async def subscribe_mine(self, caller: Caller) -> CalendarAddress:
        """Make an address for the calendar of all of one's tournaments that needs no login. The one before ends."""
        return await self._subscribed(caller.user, None)

    @endpoint("DELETE", TOURNAMENT + "/calendar", status=204, group=GROUP)
    async def unsubscribe(self, caller: Caller, tournament: str) -> None:
        """End the address that one has for a tournament's calendar."""
        await self._calendars.unsubscribe(caller.user, tournament_id(tournament))

    @endpoint("DELETE", MINE, status=204, group=GROUP)
    async def unsubscribe_mine(self, caller: Caller) -> None:
        """End the address that one has for the calendar of all of one's tournaments."""
        await self._calendars.unsubscribe(caller.user, None)

    async def _subscribed(self, user: str, stream: str | None) -> CalendarAddress:
        token = new_token(self._randomness)
        kept = await self._calendars.subscribe(
            user,
            stream,
            digest=token_digest(token),
            at=self._clock.now(),
            most=limits.CALENDARS_PER_USER_MAX,
        )
        if not kept:
            most = f"At most {limits.CALENDARS_PER_USER_MAX} calendars can have an address at a time."
            raise ProblemError(Code.TOO_MANY, most)
        return CalendarAddress(path=f"/v1/calendars/{token}/calendar.ics")

    async def _answered(self, user: str, stream: str | None) -> Response:
        rows = await self._rows(user, stream)
        if stream is not None:
            found(rows or None)
        if request.if_none_match.contains_weak(tag := _tag(rows)):
            return tagged(b"", tag, UTF_8)
        asked = [
            (row.stream, None if row.staff else row.entrant)
            for row in rows
            if row.staff or row.entrant is not None
        ]
        matches = await self._calendars.matches(asked, limit=limits.CALENDAR_MATCHES_MAX)
        name = "Tournaments" if stream is None else rows[0].name or kind_of(stream).capitalize()
        return tagged(await self._off_loop.call(calendar, name, rows, matches), tag, UTF_8)

    async def _rows(self, user: str, stream: str | None) -> Sequence[CalendarRow]:
        return await self._calendars.rows(user, stream, limit=limits.CALENDAR_TOURNAMENTS_MAX)


def _tag(rows: Sequence[CalendarRow]) -> str:
    seen = [(row.stream, row.incarnation, row.seq, row.entrant, row.staff) for row in rows]
    return blake2b(repr(seen).encode(), digest_size=_TAG_BYTES).hexdigest()

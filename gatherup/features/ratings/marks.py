"""Which tournaments are rated, where the operator wants them to be marked: so ratings can't be farmed by tournaments of
one's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from actors.ports.time import Clock
from gatherup.http.admins import Admins, require_admin
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.ids import stream_id
from gatherup.http.problem import ProblemError
from gatherup.http.throttle import Throttle
from protocol.codes import Code
from protocol.http.ratings import RatedMark, TournamentRated
from protocol.tournament import KIND as TOURNAMENT
from storage.postgres.ratings.marks import RatedMarks

GROUP: Final = "ratings"
SCOPE: Final = "tournaments.manage"


class RatedMarksResource:
    """The marks."""

    def __init__(
        self,
        marks: RatedMarks,
        admins: Admins,
        clock: Clock,
        throttle: Throttle,
        wake: Callable[[], None],
        *,
        needed: bool,
    ) -> None:
        """``needed``: whether only marked tournaments are rated."""
        self._marks = marks
        self._admins = admins
        self._clock = clock
        self._throttle = throttle
        self._wake = wake
        self._needed = needed

    @endpoint("GET", "/v1/tournaments/<tournament>/rated", answer=TournamentRated, polled=True, group=GROUP)
    async def get(self, caller: Caller, tournament: str) -> TournamentRated:
        """Tell whether a tournament is rated."""
        row = await self._marks.get(caller.user, stream_id(TOURNAMENT, tournament))
        if row is None:
            raise ProblemError(Code.NOT_FOUND)
        rated = row.can_be_rated and (row.marked or not self._needed)
        return TournamentRated(tournament=tournament, marked=row.marked, rated=rated)

    @endpoint(
        "PUT",
        "/v1/admin/tournaments/<tournament>/rated",
        body=RatedMark,
        status=204,
        refuses=(Code.FORBIDDEN,),
        group="admin",
    )
    async def mark_tournament(self, caller: Caller, tournament: str, body: RatedMark) -> None:
        """As admin, mark a tournament as rated, or take the mark away; what it came to before counts likewise."""
        await require_admin(self._admins, caller)
        await self._set(caller, tournament, body)

    @endpoint(
        "PUT",
        "/v1/server/tournaments/<tournament>/rated",
        body=RatedMark,
        status=204,
        scope=SCOPE,
        group="server",
    )
    async def put_tournament_rated(self, caller: Caller, tournament: str, body: RatedMark) -> None:
        """Mark a tournament as rated, or take the mark away; what it came to before counts likewise."""
        await self._set(caller, tournament, body)

    async def _set(self, caller: Caller, tournament: str, body: RatedMark) -> None:
        self._throttle.admit(caller.user)
        known = await self._marks.set(
            stream_id(TOURNAMENT, tournament),
            rated=body.rated,
            by=caller.user,
            address=caller.address,
            at=self._clock.now(),
        )
        if not known:
            raise ProblemError(Code.NOT_FOUND)
        self._wake()

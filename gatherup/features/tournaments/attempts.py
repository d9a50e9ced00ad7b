"""Attempts of leaderboards: submitted and corrected through the tournament's actor, read from their rows."""

from __future__ import annotations

from typing import Final

from gatherup.features.tournaments.answers import position_of
from gatherup.features.tournaments.entrants import ENTRANT
from gatherup.features.tournaments.overseeing import SCOPE, SERVER, SERVER_GROUP
from gatherup.features.tournaments.tournament_access import entrant_in, found, number_of, tournament_id
from gatherup.features.tournaments.tournaments import TOURNAMENT
from gatherup.http.commands import Commands, fields_of
from gatherup.http.endpoint import Caller, endpoint
from gatherup.http.paging import Pages
from gatherup.http.problem import ProblemError
from protocol import limits
from protocol.codes import Code
from protocol.http.base import CommandAccepted
from protocol.http.tournaments.attempts import (
    AttemptPage,
    AttemptsQuery,
    CorrectedAttempt,
    NewAttempt,
    ServerAttempt,
    TournamentAttempt,
    Window,
)
from protocol.tournament.attempts import CorrectAttempt, SetWindow, SubmitAttempt
from storage.postgres.tournaments.attempts import AttemptKey, AttemptRow, Attempts

GROUP: Final = "attempts"


class AttemptsResource:
    """Attempts."""

    def __init__(self, attempts: Attempts, commands: Commands) -> None:
        self._attempts = attempts
        self._commands = commands
        self._pages = Pages(AttemptKey)

    @endpoint("POST", TOURNAMENT + "/attempts", body=NewAttempt, answer=CommandAccepted, group=GROUP)
    async def submit(self, caller: Caller, tournament: str, body: NewAttempt) -> CommandAccepted:
        """Submit an attempt in the leaderboard that is being played; organisers and referees for anybody."""
        return await self._commands.send(
            caller, SubmitAttempt, body, stream=tournament_id(tournament), **fields_of(body)
        )

    @endpoint(
        "POST",
        SERVER + "/<tournament>/attempts",
        body=ServerAttempt,
        answer=CommandAccepted,
        scope=SCOPE,
        group=SERVER_GROUP,
    )
    async def submit_for(self, caller: Caller, tournament: str, body: ServerAttempt) -> CommandAccepted:
        """Submit an attempt of somebody in the leaderboard that is being played, as the game's own backend."""
        return await self._commands.send(
            caller, SubmitAttempt, body, stream=tournament_id(tournament), **fields_of(body)
        )

    @endpoint(
        "POST",
        ENTRANT + "/attempts/<attempt>/correct",
        body=CorrectedAttempt,
        answer=CommandAccepted,
        group=GROUP,
    )
    async def correct(
        self, caller: Caller, tournament: str, entrant: str, attempt: str, body: CorrectedAttempt
    ) -> CommandAccepted:
        """Correct an attempt, or make it void, as an organiser or referee, also after the end."""
        if (number := number_of(attempt, "attempt")) > limits.ATTEMPTS_MAX:
            raise ProblemError(Code.NOT_FOUND, "There is no such attempt.", field="attempt")
        return await self._commands.send(
            caller,
            CorrectAttempt,
            body,
            **entrant_in(tournament, entrant),
            attempt=number,
            **fields_of(body),
        )

    @endpoint("PUT", TOURNAMENT + "/window", body=Window, answer=CommandAccepted, group=GROUP)
    async def set_window(self, caller: Caller, tournament: str, body: Window) -> CommandAccepted:
        """Set until when the leaderboard that is being played takes attempts, as an organiser."""
        return await self._commands.send(
            caller, SetWindow, body, stream=tournament_id(tournament), **fields_of(body)
        )

    @endpoint(
        "GET", TOURNAMENT + "/attempts", query=AttemptsQuery, answer=AttemptPage, polled=True, group=GROUP
    )
    async def page(self, caller: Caller, tournament: str, query: AttemptsQuery) -> AttemptPage:
        """List attempts, the last one first, and where in the tournament's log they were read."""
        edge = self._pages.edge(query.cursor)
        read = found(
            await self._attempts.page(
                caller.user,
                tournament_id(tournament),
                stage=query.stage,
                entrant=query.entrant,
                beside=edge.beside,
                back=edge.back,
                limit=query.limit + 1,
            )
        )
        page = self._pages.page(read.rows, edge, query.limit, lambda row: AttemptKey(row.seq))
        return AttemptPage(
            attempts=list(map(_attempt, page.rows)),
            position=position_of(tournament, read.head),
            next=page.next,
            previous=page.previous,
        )


def _attempt(row: AttemptRow) -> TournamentAttempt:
    return TournamentAttempt(
        stage=row.stage,
        entrant=row.entrant,
        attempt=row.attempt,
        score=row.score,
        submitted_at=row.submitted_at,
        corrected_at=row.corrected_at,
    )

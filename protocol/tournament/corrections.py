"""What corrections of a tournament do. Of the marks the same is true as in ``protocol.tournament.events``."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from protocol.tournament import EntrantStatus, Policy, ResultKind, Scores


class MatchCorrected(Struct, frozen=True, kw_only=True):
    """Staff have corrected the result of a match that was done."""

    match: int
    winner: int
    """The number of an entrant; 0 for nobody."""
    loser: int
    """The number of an entrant; 0 for nobody, or for both."""
    kind: ResultKind
    policy: Policy
    """By which the rest was worked out."""
    done: int
    """How many matches are done now."""
    scores: Scores = ()
    note: str = ""
    fills: tuple[int, ...] = ()
    """Matches that begin anew, whatever has happened in them: a match, its side a, its side b; the next match, and so
    on, as in ``MatchFinished``. A match with nobody on a side is done.
    """
    placed: tuple[int, ...] = ()
    """Who has another place now: an entrant, a place; the next one, and so on. 0: none any more."""
    out: tuple[int, ...] = ()
    """Who plays no more in this stage by it, if it ends with standings, which give the places."""


class MatchUndone(Struct, frozen=True, kw_only=True):
    """Staff have taken back the result of a match."""

    match: int
    done: int
    """How many matches are done now."""
    fills: tuple[int, ...]
    """Matches that begin anew, as in ``MatchCorrected``: this match, then those that it had led to."""
    placed: tuple[int, ...] = ()
    """Who has another place now, likewise."""
    out: tuple[int, ...] = ()
    """Who plays no more in this stage by it, likewise."""


class EntrantReinstated(Struct, frozen=True, kw_only=True):
    """Staff have taken back that an entrant isn't in the running tournament any more."""

    entrant: int
    was: EntrantStatus
    """*left*, *removed* or *disqualified*; they are *entered* now."""
    frozen: bool = False
    """Whether a later stage had started than the one that they left: what their withdrawal meant for that one stays."""


class TournamentReopened(Struct, frozen=True, kw_only=True):
    """The tournament, which had finished, is running again: a correction has left matches to be played."""


class StageReopened(Struct, frozen=True, kw_only=True):
    """A result of a stage that was over changes: this stage is the one that is played again. Those after it are void
    with all of their matches. What has changed is told by the event that follows.
    """

    stage: int
    """From 1 on."""
    count: int
    """How many play it. Nobody has one of the first so many places any more."""
    void: tuple[int, ...]
    """The void stages: a stage, the numbers of its first and its last match; the next one, and so on. A stage that had
    no match yet has its last one before its first. No other match gets one of these numbers.
    """


class MatchVoided(Struct, frozen=True, kw_only=True):
    """A match that was open has become void with its stage. The mark ``players`` holds the users who are told: those
    who play for its sides.
    """

    match: int


EVENTS: Final[dict[str, type[Struct]]] = {
    "tournament.match_corrected": MatchCorrected,
    "tournament.match_undone": MatchUndone,
    "tournament.reinstated": EntrantReinstated,
    "tournament.reopened": TournamentReopened,
    "tournament.stage_reopened": StageReopened,
    "tournament.match_voided": MatchVoided,
}

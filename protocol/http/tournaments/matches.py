"""Matches of tournaments, and the bracket that they make."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from protocol import limits
from protocol.frames import Position
from protocol.http.base import Answer, CommandBody, Cursor, Limit
from protocol.ids import StreamId, UserId
from protocol.tournament import (
    EntrantNumber,
    Evidence,
    Format,
    MatchPhase,
    Note,
    Part,
    ResultKind,
    Scores,
    StageNumber,
)


class Readiness(CommandBody, frozen=True, kw_only=True):
    """Say that one is ready to play a match that is open."""

    entrant: EntrantNumber | None = None
    """Whose side staff say it of; None: one's own."""


class ReportedResult(CommandBody, frozen=True, kw_only=True):
    """Report the result of one's own match."""

    scores: Scores
    """Who has won the games that it takes has won the match."""


class Dispute(CommandBody, frozen=True, kw_only=True):
    """Dispute one's own match, so that staff decide it."""

    note: Note = ""
    evidence: Evidence | None = None


class Decision(CommandBody, frozen=True, kw_only=True):
    """Decide a match as staff."""

    winner: Annotated[int, Meta(ge=0, le=limits.TOURNAMENT_ENTRIES_MAX)]
    """The number of the entrant who has won; 0: nobody, both forfeit unless it is drawn."""
    draw: bool = False
    """That it is drawn, in a stage with draws."""
    scores: Scores = ()
    """None, or some that lead to this result."""
    note: Note = ""


class MatchesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which matches to list: those that were opened, or that a result has led to, of which all of this is true."""

    phase: MatchPhase | None = None
    stage: StageNumber | None = None
    """None: of all stages, or the last one that has started if a part, a round or a group is given."""
    part: Part | None = None
    round: Annotated[int, Meta(ge=1, le=limits.TOURNAMENT_ENTRANTS_MAX)] | None = None
    group: Annotated[int, Meta(ge=1, le=limits.GROUPS_MAX)] | None = None
    entrant: EntrantNumber | None = None
    mine: bool = False
    """Those of the one who asks."""
    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class TournamentMatch(Answer, frozen=True, kw_only=True):
    """A match of a tournament."""

    match: int
    """Its number within the tournament."""
    stage: int = 1
    """The number of its stage, from 1 on."""
    part: Part
    round: int
    group: int | None = None
    """From 1 on; None where there are no groups."""
    phase: MatchPhase
    a: int | None
    b: int | None
    """The numbers of the entrants on its sides; 0 for nobody, None while it isn't known."""
    ready_a: bool
    ready_b: bool
    until: int | None
    """When its phase ends by itself, Unix time in milliseconds."""
    picks: tuple[int, ...]
    """What was chosen in the steps of its picks and bans so far: the place of a game in the pool, from 1; in a *side*
    step 1 for *first* and 2 for *second*.
    """
    held: bool
    """Whether staff hold it."""
    latest: int | None
    """Until when its sides may agree to play it, Unix time in milliseconds; None: they can't put it off."""
    proposed_by: int | None
    """The number of the entrant who has proposed another time for it."""
    proposed_at: int | None
    """That time, Unix time in milliseconds."""
    room: StreamId | None = None
    """The room in which its players and staff can talk; None if it has none, or wasn't opened yet."""
    reported_by: int | None
    """The number of the entrant who has reported the scores."""
    scores: Scores
    winner: int | None
    """The number of the entrant who has won, 0 for nobody; None until it is done."""
    kind: ResultKind | None
    """None until it is done."""
    disputed_by: int | None
    """The number of the entrant who has disputed it."""
    disputed_scores: Scores
    """What that one has reported."""
    note: str | None
    evidence: str | None
    """What was said with the dispute, and the link that was given."""
    decision: str | None
    """What staff have said to their decision."""
    opened_at: int | None
    ended_at: int | None
    """When it was opened, and when it was done, Unix time in milliseconds."""


class Substitution(Answer, frozen=True, kw_only=True):
    """Who plays instead of whom from a match on."""

    entrant: int
    """The number of the team."""
    player: UserId
    substitute: UserId


class MatchOfTournament(TournamentMatch, frozen=True, kw_only=True):
    """A match of a tournament, and where in the tournament's log it was read."""

    substitutions: list[Substitution]
    """Of both teams, in the order in which they were made."""
    position: Position


class MatchPage(Answer, frozen=True, kw_only=True):
    """Matches, by number."""

    matches: list[TournamentMatch]
    position: Position
    """Where in the tournament's log this was read. Pages of one list may be read at different positions."""
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""


class OwnMatchesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of one's own matches."""

    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class OwnMatch(Answer, frozen=True, kw_only=True):
    """A match that one plays now or next."""

    tournament: StreamId
    entrant: int
    """One's own number within the tournament."""
    match: TournamentMatch
    collides: list[StreamId]
    """Other tournaments, up to 10, whose match of one's own is played at the same time: both are open now, or the times
    that were agreed on are less than half an hour apart, from now or from each other.
    """


class OwnMatchPage(Answer, frozen=True, kw_only=True):
    """The match that one plays or waits for in each tournament that runs; the one that started last first."""

    matches: list[OwnMatch]
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""


class BracketSlot(Answer, frozen=True, kw_only=True):
    """A side of a match."""

    match: int
    side: Annotated[int, Meta(ge=0, le=1)]


class BracketMatch(Answer, frozen=True, kw_only=True):
    """A match in its place."""

    match: int
    part: Part
    round: int
    group: int | None = None
    """From 1 on; None where there are no groups."""
    a: int | None
    b: int | None
    """The numbers of the entrants on its sides; 0 for nobody, None while it isn't known."""
    phase: MatchPhase
    scores: Scores
    winner: int | None
    """The number of the entrant who has won, 0 for nobody; None until it is done."""
    kind: ResultKind | None
    """None until it is done."""
    winner_to: BracketSlot | None
    loser_to: BracketSlot | None
    """Where the winner and the loser go; None: nowhere."""


class BracketScore(Answer, frozen=True, kw_only=True):
    """What an entrant has come to in a leaderboard."""

    entrant: int
    counted: int
    """What counts of their attempts."""
    best: int
    """The score of their best one."""
    reached: int
    """The seq of the attempt by which they had what counts."""


class BracketQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which state of the bracket."""

    at: Annotated[int, Meta(ge=1, le=limits.SEQ_MAX)] | None = None
    """As it was after the event with this seq; None: as it is now."""
    stage: StageNumber | None = None
    """None: the last one that has started."""


class PictureQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a bracket is drawn."""

    stage: StageNumber | None = None
    """None: the last one that has started."""
    group: Annotated[int, Meta(ge=1, le=limits.GROUPS_MAX)] | None = None
    """Of a round robin: the group that is drawn, with its matches; None: the standings of all."""
    place: Annotated[int, Meta(ge=1, le=limits.TOURNAMENT_ENTRANTS_MAX)] = 1
    """Of the standings of one group, or of a Swiss stage: the first place that is drawn."""
    theme: Literal["light", "dark", "overlay"] = "light"
    """*overlay*: without a background, to lie over a video."""


class TournamentBracket(Answer, frozen=True, kw_only=True):
    """The whole bracket of a stage that has started. The answer's ETag is its position in the log."""

    stage: int = 1
    """The number of the stage, from 1 on."""
    stages: int = 1
    """How many stages have started."""
    format: Format
    seeds: list[int]
    """The entrants by seed, the best first."""
    matches: list[BracketMatch]
    """All of the stage, by number."""
    scores: tuple[BracketScore, ...] = ()
    """In a leaderboard: of everybody who has an attempt that counts, by the number of the entrant."""
    position: Position
    """Where in the tournament's log this was read: apply the events after it, and the bracket is right."""

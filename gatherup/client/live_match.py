"""A match as a spectator sees it."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from protocol.tournament import MatchPhase, Part, ResultKind, Scores
from protocol.tournament.view import MatchView


class LiveMatch(Struct, frozen=True, kw_only=True):
    """A match as it stands now. A match of the bracket that HTTP answers can be decoded as one."""

    match: int
    part: Part | None = None
    round: int | None = None
    """Both are None until a snapshot, its opening or ``learn`` told them."""
    phase: MatchPhase = "waiting"
    a: int | None = None
    b: int | None = None
    """The numbers of the entrants on its sides; 0 for nobody, None while it isn't known."""
    ready_a: bool = False
    ready_b: bool = False
    """While it is open: which sides have said that they are ready."""
    until: int | None = None
    """When its phase ends by itself, Unix milliseconds. This, readiness and the four that follow are told by snapshots
    and events alone."""
    picks: tuple[int, ...] = ()
    """What was chosen in the steps of its picks and bans so far, as in ``MatchView``."""
    held: bool = False
    """Whether staff hold it."""
    proposed_by: int = 0
    """The number of the entrant who has proposed another time for it; 0 if nobody has."""
    proposed_at: int | None = None
    """That time, Unix milliseconds."""
    scores: Scores = ()
    """What was reported or decided: the points of each game."""
    winner: int | None = None
    """The number of an entrant, 0 for nobody; None until it is done."""
    kind: ResultKind | None = None
    """None until it is done."""


def of_view(shown: MatchView) -> LiveMatch:
    """A match of a snapshot."""
    return LiveMatch(
        match=shown.match,
        part=shown.part,
        round=shown.round,
        phase=shown.phase,
        a=shown.a,
        b=shown.b,
        ready_a=shown.ready_a and shown.phase == "open",
        ready_b=shown.ready_b and shown.phase == "open",
        until=shown.until,
        picks=shown.picks,
        held=shown.held,
        proposed_by=shown.proposed_by,
        proposed_at=shown.proposed_at,
        scores=shown.scores,
        winner=None if shown.kind is None else shown.winner,
        kind=shown.kind,
    )


def placed(known: LiveMatch, read: LiveMatch, *, sides: bool) -> LiveMatch:
    """With what no event told of it; ``sides``: who is on them, too."""
    a, b = known.a, known.b
    if sides:
        a, b = (read.a if a is None else a), (read.b if b is None else b)
    return replace(known, part=read.part, round=read.round, a=a, b=b)

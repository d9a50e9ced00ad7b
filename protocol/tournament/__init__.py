"""Tournaments on the wire: the words that commands, events and the snapshot's view share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Final, Literal

from msgspec import Meta

from protocol import limits
from protocol.text import LINES, NAME, NO_NUL

KIND: Final = "tournament"

Name = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.TOURNAMENT_NAME_CHARS_MAX,
        pattern=NO_NUL,
        description="its name",
        extra=NAME,
    ),
]
Description = Annotated[
    str, Meta(max_length=limits.TOURNAMENT_DESCRIPTION_CHARS_MAX, pattern=NO_NUL, extra=LINES)
]
EntrantName = Annotated[
    str, Meta(min_length=1, max_length=limits.ENTRANT_NAME_CHARS_MAX, pattern=NO_NUL, extra=NAME)
]
EntrantTag = Annotated[
    str,
    Meta(
        max_length=limits.ENTRANT_TAG_CHARS_MAX,
        pattern=r"^[a-z0-9][a-z0-9_-]*$(?!\n)",
        description="a label such as a team or a region",
    ),
]
EntrantTags = Annotated[tuple[EntrantTag, ...], Meta(max_length=limits.ENTRANT_TAGS_MAX)]
"""Who has one in common is kept apart in the first round, as far as that goes."""
Note = Annotated[str, Meta(max_length=limits.NOTE_CHARS_MAX, pattern=NO_NUL, extra=LINES)]
Evidence = Annotated[
    str,
    Meta(
        max_length=limits.URL_CHARS_MAX,
        pattern=r"^https?://[!-~]*$(?!\n)",
        description="a link to a picture, a video or the like",
    ),
]

EntrantNumber = Annotated[int, Meta(ge=1, le=limits.TOURNAMENT_ENTRIES_MAX)]
"""Entrants are numbered within their tournament, in the order of their entry. Who comes back has the same number."""
MatchNumber = Annotated[int, Meta(ge=1, le=limits.SEQ_MAX)]
"""Matches are numbered within their tournament."""
StageNumber = Annotated[int, Meta(ge=1, le=limits.STAGES_MAX)]
"""Stages are numbered within their tournament, from 1 on."""
At = Annotated[int, Meta(ge=1, le=limits.SEQ_MAX, description="Unix milliseconds")]
AtOrNever = Annotated[int, Meta(ge=0, le=limits.SEQ_MAX, description="Unix milliseconds; 0 for never")]
EntrantsMax = Annotated[int, Meta(ge=limits.TOURNAMENT_ENTRANTS_MIN, le=limits.TOURNAMENT_ENTRANTS_MAX)]
BestOf = Literal[1, 3, 5, 7, 9]
ReadyS = Annotated[int, Meta(ge=0, le=limits.READY_S_MAX)]
ConfirmS = Annotated[int, Meta(ge=1, le=limits.CONFIRM_S_MAX)]
PlayS = Annotated[int, Meta(ge=0, le=limits.PLAY_S_MAX)]
Points = Annotated[int, Meta(ge=0, le=limits.POINTS_MAX)]
Game = Annotated[
    tuple[Points, ...], Meta(min_length=2, max_length=2, description="points of side a and side b")
]
Scores = Annotated[tuple[Game, ...], Meta(max_length=limits.BEST_OF_MAX)]
"""The points of each game that was played, in their order."""

Format = Literal["single_elimination", "double_elimination", "round_robin", "swiss", "leaderboard"]
Visibility = Literal["public", "unlisted", "invited"]
"""*public*: listed, everybody may watch. *unlisted*: whoever knows its id may watch. *invited*: only staff and entrants
may watch, and staff enter people.
"""
Entry = Literal["open", "approval", "listed"]
"""Who gets in: *open*: anyone. *approval*: those whom staff accept. *listed*: those whom staff enter."""
Phase = Literal["draft", "registration", "check_in", "running", "finished", "cancelled"]
StaffRole = Literal["organiser", "referee", "streamer"]
"""*organiser*: runs the tournament. *referee*: decides matches. *streamer*: shows them."""
EntrantStatus = Literal["pending", "waiting", "entered", "dropped", "left", "removed", "disqualified"]
"""*pending*: staff haven't accepted it. *waiting*: on the waitlist. *entered*: takes part. *dropped*: hadn't checked in
at the start, or was still pending or waiting. *left*: by themselves. *removed*, *disqualified*: by staff.
"""
Part = Literal["winners", "losers", "final", "reset", "third", "group", "swiss"]
"""Where in its stage a match is. In single elimination all before the final are *winners*; in round robin all are
*group*, in a Swiss system *swiss*.
"""
MatchPhase = Literal[
    "waiting",
    "due",
    "open",
    "scheduled",
    "picking",
    "playing",
    "reported",
    "disputed",
    "done",
    "cancelled",
    "void",
]
"""*waiting*: a side isn't known yet, or its round hasn't begun. *due*: it is opened in a moment. *open*: both sides
must say that they are ready. *scheduled*: they have agreed on another time, at which it is opened again. *picking*:
they pick and ban what they play. *playing*: a report is awaited. *reported*: the other side must confirm it.
*disputed*: staff must decide. *done*. *cancelled*: it wasn't done when the tournament was cancelled. *void*: the stage
before was corrected, so that its own begins anew with other matches.
"""
ResultKind = Literal["played", "decided", "forfeit", "double_forfeit", "bye"]
"""*played*: reported and confirmed. *decided*: by staff. One of these that nobody has won was drawn. *forfeit*: a side
was absent or out. *double_forfeit*: both, and nobody goes on. *bye*: there was nobody on a side.
"""
Policy = Literal["reset", "keep"]
"""What becomes of matches that were opened and depend on a result that is corrected. *reset*: they are void, and their
sides are filled anew; so are later stages. *keep*: they stand as they are, and so does everybody's way through the
bracket.
"""
NOBODY: Final = 0
"""As the number of an entrant: nobody, where an entrant could be."""
UNKNOWN: Final = -1
"""As a side in ``fills`` of an event: it isn't known yet who comes."""


def flattened(scores: Iterable[Iterable[int]]) -> tuple[int, ...]:
    """Scores as marks hold them: side a and side b of each game, one after the other."""
    return tuple(points for game in scores for points in game)


def games_of(flat: Sequence[int]) -> Scores:
    """Scores from marks."""
    return tuple(zip(flat[::2], flat[1::2], strict=True))

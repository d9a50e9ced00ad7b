"""What is asked of a match that its sides haven't begun to play, and what then happens: picks and bans, another start,
and matches that staff hold.

Of the marks the same is true as in ``protocol.tournament.events``.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from protocol import limits
from protocol.frames import StreamCommand
from protocol.tournament import At, EntrantNumber, MatchNumber
from protocol.tournament.rounds import PoolGame

PickNumber = Annotated[int, Meta(ge=1, le=limits.PICK_STEPS_MAX)]

# --- commands ----------------------------------------------------------------------------------------------


class PickGame(StreamCommand, frozen=True, kw_only=True, tag="tournament.pick"):
    """Do the step of picks and bans that is one's own in one's match."""

    match: MatchNumber
    step: PickNumber
    """Which one, from 1 on: so that a word that comes late isn't taken for the next step."""
    choice: PoolGame
    """The game that is picked or banned; in a *side* step *first* or *second*, where one begins."""
    entrant: EntrantNumber | None = None
    """Whose side staff choose for; None: one's own."""


class HoldMatch(StreamCommand, frozen=True, kw_only=True, tag="tournament.hold"):
    """Hold a match that is open as staff, for a stream or a place to play: its time stands still, and its sides can't
    go on with it.
    """

    match: MatchNumber


class ReleaseMatch(StreamCommand, frozen=True, kw_only=True, tag="tournament.release"):
    """Release a match that is held, as staff: it goes on with the time that was left."""

    match: MatchNumber


class ProposeStart(StreamCommand, frozen=True, kw_only=True, tag="tournament.propose_start"):
    """Propose to the other side of one's match to play it at another time; instead of what was proposed before."""

    match: MatchNumber
    at: At
    """It is still to come, and within the window of the round."""


class AcceptStart(StreamCommand, frozen=True, kw_only=True, tag="tournament.accept_start"):
    """Accept the time that the other side of one's match has proposed: it is opened again then."""

    match: MatchNumber
    at: At
    """The time that was proposed: so that another one isn't accepted by mistake."""


# --- events ------------------------------------------------------------------------------------------------


class PicksBegun(Struct, frozen=True, kw_only=True):
    """Both sides of a match are ready, and pick and ban what they play."""

    match: int
    until: int
    """When lots choose in the first step, Unix milliseconds."""


class GamePicked(Struct, frozen=True, kw_only=True):
    """A step of the picks and bans of a match was done."""

    match: int
    entrant: int
    """The number of the entrant who has chosen; 0: by lot."""
    picks: tuple[int, ...]
    """What was chosen in all steps so far, this one the last: a game by its place in the pool, from 1; in a *side* step
    1 for *first* and 2 for *second*.
    """
    until: int | None = None
    """When lots choose in the next step, Unix milliseconds; None: this was the last, and the match is being played."""
    play_until: int | None = None
    """Until when somebody must report it then, Unix milliseconds."""


class MatchHeld(Struct, frozen=True, kw_only=True):
    """Staff hold a match: its time stands still."""

    match: int
    left: int | None = None
    """How much time its phase has left, in milliseconds; None if it doesn't end by itself."""


class MatchReleased(Struct, frozen=True, kw_only=True):
    """A match that was held goes on."""

    match: int
    until: int | None = None
    """When its phase ends by itself, Unix milliseconds."""


class StartProposed(Struct, frozen=True, kw_only=True):
    """A side of a match has proposed to play it at another time."""

    match: int
    entrant: int
    start: int
    """Unix milliseconds."""


class MatchScheduled(Struct, frozen=True, kw_only=True):
    """The sides of a match have agreed to play it at another time: it is opened again then."""

    match: int
    until: int
    """When, Unix milliseconds."""


EVENTS: Final[dict[str, type[Struct]]] = {
    "tournament.picks_begun": PicksBegun,
    "tournament.picked": GamePicked,
    "tournament.held": MatchHeld,
    "tournament.released": MatchReleased,
    "tournament.start_proposed": StartProposed,
    "tournament.scheduled": MatchScheduled,
}

"""Rounds of Swiss stages: what is published, and the server's own command that brings it."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from protocol.frames import StreamCommand

PairingEnd = Literal["nobody_left", "impossible"]
"""Why no more rounds of a stage are paired. *nobody_left*: everybody has advanced, is out or has left. *impossible*: by
the rules of the stage those who are left can't be paired, since they have met.
"""


class TakeRound(StreamCommand, frozen=True, kw_only=True, tag="tournament.take_round"):
    """The server's own: this is the next round of the stage that is being played, worked out from the tournament as it
    was after the event with this seq. It is refused if it would be worked out from another event by now.
    """

    key: int
    pairs: tuple[int, ...]
    """As in the mark of ``RoundPublished``. None: nobody is left to be paired, or they can't be."""
    reasons: tuple[int, ...]
    impossible: bool


class RoundPublished(Struct, frozen=True, kw_only=True):
    """The next round of a Swiss stage was paired. Its matches are opened in a moment.

    The mark ``pairs`` holds the numbers of the entrants: side a and side b of each match, in the order of the matches;
    then, with 0, who has the bye. The mark ``reasons`` holds why they were paired so, which is read over HTTP.
    """

    stage: int
    round: int
    """Both from 1 on."""
    first: int
    """The number of its first match."""
    matches: int
    """How many there are."""
    bye: int
    """The number of the entrant who has the bye; 0: nobody."""


class PairingEnded(Struct, frozen=True, kw_only=True):
    """No round of a Swiss stage is paired after this one, unless a correction changes that: the stage ends."""

    stage: int
    round: int
    """The last round that was published; 0: none was."""
    why: PairingEnd


EVENTS: Final[dict[str, type[Struct]]] = {
    "tournament.round_published": RoundPublished,
    "tournament.pairing_ended": PairingEnded,
}

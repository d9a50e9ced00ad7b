"""In which order entrants begin, and who is kept apart."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from protocol import limits
from protocol.frames import StreamCommand
from protocol.tournament import EntrantNumber, EntrantTags


class SetTags(StreamCommand, frozen=True, kw_only=True, tag="tournament.set_tags"):
    """Give an entrant of a tournament these tags instead of those they have; until the start."""

    entrant: EntrantNumber
    tags: EntrantTags


class SetSeeds(StreamCommand, frozen=True, kw_only=True, tag="tournament.set_seeds"):
    """Set the order in which entrants of a tournament are seeded, the best first. All others come after them, drawn at
    the start.
    """

    entrants: Annotated[tuple[EntrantNumber, ...], Meta(max_length=limits.TOURNAMENT_ENTRANTS_MAX)]

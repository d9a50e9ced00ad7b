"""Files in TRF16, in which programs for tournaments hand them to each other."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from protocol import limits
from protocol.http.base import Answer, CommandBody, RequestBody
from protocol.tournament import Name, Visibility


class ForeignFile(RequestBody, frozen=True, kw_only=True):
    """A file of another program, whose next round is to be paired."""

    file: Annotated[bytes, Meta(max_length=limits.TRF_BYTES_MAX)]
    """In Base64, as it is: UTF-8 or Latin-1, with any line ends."""


class ImportedFile(CommandBody, frozen=True, kw_only=True):
    """A Swiss tournament of another program that goes on here."""

    file: Annotated[bytes, Meta(max_length=limits.TRF_BYTES_MAX)]
    """In Base64, as it is: UTF-8 or Latin-1, with any line ends."""
    name: Name | None = None
    """None: as the file calls it."""
    rounds: Annotated[int, Meta(ge=1, le=limits.SWISS_ROUNDS_MAX)] | None = None
    """How many rounds there are in all; None: as many as the file says."""
    visibility: Visibility = "public"


class PairedTwo(Answer, frozen=True, kw_only=True):
    """Two who meet, and why they do. The numbers are those of the file."""

    white: int
    black: int
    group: float
    """The points of the score group in which they were paired."""
    floats: int | None
    """Which of them came down to this group from a higher one."""
    exchanged: bool
    """Whether one of them has changed from one half of the group to the other."""
    expected: int | None
    """Whom the one who ranks higher would have met had nobody's past mattered, if somebody else."""
    because: Literal["met", "sides", "side_wishes", "floats", "others"] | None
    """Why they don't meet: they have met; both must have the same colour; fewer would get the colour they wish; one
    would float again; or it is for others.
    """


class PairedRound(Answer, frozen=True, kw_only=True):
    """The next round of a tournament of another program."""

    round: int
    pairs: list[PairedTwo]
    """By their boards."""
    bye: int | None
    """Who has the bye."""
    file: str
    """The file with this round. Its games have no result yet: add the results, and it can be paired again."""

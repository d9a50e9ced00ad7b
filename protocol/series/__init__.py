"""Series of tournaments on the wire: the words that commands, events and the snapshot's view share."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta

from protocol import limits
from protocol.ids import StreamId
from protocol.text import NAME, NO_NUL

KIND: Final = "series"

SeriesName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.SERIES_NAME_CHARS_MAX,
        pattern=NO_NUL,
        description="its name",
        extra=NAME,
    ),
]
SeriesVisibility = Literal["public", "unlisted"]
"""*public*: listed. *unlisted*: for whoever knows its id."""
AheadS = Annotated[int, Meta(ge=limits.SERIES_AHEAD_S_MIN, le=limits.SERIES_AHEAD_S_MAX)]
BeforeS = Annotated[
    int, Meta(ge=0, le=limits.SERIES_AHEAD_S_MAX, description="seconds before the start; 0: it has no time")
]
PlacePoints = Annotated[
    tuple[Annotated[int, Meta(ge=0, le=limits.SERIES_POINTS_MAX)], ...],
    Meta(max_length=limits.SERIES_POINTS_PLACES_MAX, description="of the first place, the second, and so on"),
]
Best = Annotated[int, Meta(ge=0, le=limits.SERIES_TOURNAMENTS_MAX)]
Tournament = Annotated[StreamId, Meta(description="the id of a tournament")]
SeriesPhase = Literal["running", "cancelled"]
Missed = Literal["late", "full", "too_many"]
"""*late*: its start had passed before it could be made. *full*: the series has as many tournaments as it can have.
*too_many*: its owner has as many tournaments that aren't over as a user may have.
"""

"""Gatherings on the wire: several tournaments that one registers with and checks in to once. The words that commands,
events and the snapshot's view share.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta

from protocol import limits
from protocol.ids import StreamId
from protocol.lookups import LookupKey

KIND: Final = "gathering"

GatheringPhase = Literal["draft", "registration", "check_in", "closed", "cancelled"]
"""*closed*: nobody registers or checks in any more; its competitions go on."""
GatheringVisibility = Literal["public", "unlisted"]
"""*public*: listed, everybody may see it. *unlisted*: whoever knows its id may see it."""
GatheringRole = Literal["organiser"]
"""*organiser*: runs the gathering."""
RegistrationStatus = Literal["registered", "withdrawn", "removed", "barred"]
"""*withdrawn*: by themselves. *removed*, *barred*: by organisers; who is barred can't come back."""
Games = Annotated[
    tuple[LookupKey, ...],
    Meta(max_length=limits.GATHERING_GAMES_MAX, description="keys of the lookup table of this name"),
]
PlayersMax = Annotated[int, Meta(ge=1, le=limits.GATHERING_PLAYERS_MAX)]
PlayerNumber = Annotated[int, Meta(ge=1, le=limits.GATHERING_ENTRIES_MAX)]
"""Players are numbered within their gathering, in the order of their registration. Who comes back has the same number.
"""
Chosen = Annotated[
    tuple[StreamId, ...],
    Meta(max_length=limits.GATHERING_COMPETITIONS_MAX, description="tournaments of the gathering"),
]

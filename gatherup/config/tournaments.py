"""What the operator says of tournaments."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from actors.kind import CREATED_TOLD_MAX, UNFINISHED_COUNTED_MAX


class Tournaments(Struct, frozen=True, kw_only=True):
    """Tournaments and gatherings: who may create them, and how long removed ones are kept."""

    creators: Annotated[
        Literal["everybody", "verified", "keys"],
        Meta(
            description="Who may create one: everybody who is signed in, users with a verified e-mail address, or API "
            "keys alone, which always may."
        ),
    ] = "everybody"
    unfinished_max: Annotated[
        int,
        Meta(ge=1, le=UNFINISHED_COUNTED_MAX, description="Those of one user that aren't over, in all."),
    ] = 50
    per_day_max: Annotated[
        int,
        Meta(ge=1, le=CREATED_TOLD_MAX, description="Those that one user creates in 24 hours, in all."),
    ] = 50
    keep_removed_days: Annotated[
        int,
        Meta(ge=1, le=365, description="A removed one can be restored for so long; then it is erased."),
    ] = 14
    rated: Annotated[
        Literal["every", "marked"],
        Meta(
            description="Which tournaments enter ratings: every one of a game, or those alone that an admin or an API "
            "key has marked as rated."
        ),
    ] = "every"

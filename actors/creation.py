"""Who may create tournaments and gatherings, and how many of both together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, cast

from msgspec import Struct

from actors.kind import (
    CREATED_TOLD_MAX,
    ORGANISED,
    UNFINISHED_COUNTED_MAX,
    FactKey,
    Facts,
    Instant,
    Refuse,
    Row,
)
from protocol.codes import Code

Creators = Literal["everybody", "verified", "keys"]
DAY_MS: Final = 86_400_000


_NOTHING: Final[Row] = {"verified": False, "unfinished": 0, "created": []}


class Creation(Struct, frozen=True, kw_only=True):
    """What the operator says of it. API keys always may."""

    creators: Creators = "everybody"
    """*verified*: users with a verified e-mail address. *keys*: no user."""
    unfinished_max: int = UNFINISHED_COUNTED_MAX
    """Those of one user that aren't over; at most UNFINISHED_COUNTED_MAX."""
    per_day_max: int = CREATED_TOLD_MAX
    """Those that one user creates in 24 hours; at most CREATED_TOLD_MAX."""

    def refusal(self, facts: Facts, user: str, now: Instant) -> Refuse | None:
        """Why this user can't create one more now. Two at the same moment may both be let through."""
        if self.creators == "keys":
            return Refuse(Code.FORBIDDEN, "Only the game's own backend creates them here.")
        known = facts.get(organised_key(user)) or _NOTHING
        if self.creators == "verified" and not known["verified"]:
            return Refuse(Code.FORBIDDEN, "Verify your e-mail address first.")
        if cast(int, known["unfinished"]) >= self.unfinished_max:
            message = f"Tournaments and gatherings of yours that aren't over: at most {self.unfinished_max}."
            return Refuse(Code.TOO_MANY, message)
        created = cast("Sequence[int]", known["created"])
        if len(created) < self.per_day_max:
            return None
        wait_ms = created[self.per_day_max - 1] + DAY_MS - now
        if wait_ms <= 0:
            return None
        message = f"At most {self.per_day_max} tournaments and gatherings a day."
        return Refuse(Code.RATE_LIMITED, message, retry_after_s=wait_ms / 1000)


EVERYBODY: Final = Creation()


def organised_key(user: str) -> FactKey:
    """What a user has created and owns."""
    return FactKey(ORGANISED, user)

"""How often people do what a tournament must cope with, and how chance decides it."""

from __future__ import annotations

from hashlib import blake2b
from typing import Annotated

from msgspec import Meta, Struct

Part = Annotated[float, Meta(ge=0, le=1)]


class Rates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each is a part, from 0 to 1, of the cases that its text names."""

    missed_check_ins: Part = 0.1
    """Entrants who don't check in."""
    no_shows: Part = 0.05
    """Sides of a match that neither say that they are ready nor anything else."""
    withdrawals: Part = 0.01
    """Sides of a match that leave the tournament instead of playing it."""
    late_reports: Part = 0.03
    """Matches that neither side reports."""
    false_reports: Part = 0.02
    """Reports that name the wrong winner. The other side reports what is true, so that staff decide."""
    disputes: Part = 0.02
    """True reports that the other side disputes."""
    silences: Part = 0.1
    """Reports to which the other side says nothing, so that they count when their time has passed."""
    postponements: Part = 0.05
    """Matches whose sides agree on another time, where the rules of the round let them."""
    missed_picks: Part = 0.05
    """Steps of picks and bans in which nobody chooses, so that lots do."""
    substitutions: Part = 0.05
    """Matches of a team before which a reserve comes to it, as long as it has one."""
    holds: Part = 0.02
    """Matches that staff hold for a while."""
    corrections: Part = 0.02
    """Results that staff correct afterwards."""
    undoings: Part = 0.01
    """Results that staff take back, so that the match is played again."""
    reinstatements: Part = 0.2
    """Entrants who have left the running tournament and whom staff let come back, once."""


class Fates(Struct, frozen=True):
    """What happens in one rehearsal: the same questions get the same answers, in whatever order they are asked."""

    seed: str
    rates: Rates

    def number(self, *of: object) -> float:
        """A number from 0 to 1 that belongs to this."""
        digest = blake2b(f"{self.seed} {of}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) / 2**64

    def happens(self, rate: str, *of: object) -> bool:
        """Whether what this rate tells of happens here."""
        return self.number(rate, *of) < getattr(self.rates, rate)

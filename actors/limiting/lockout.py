"""How wrong attempts slow down those that follow."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from actors.kind import Instant

FORGET_AFTER_S: Final = 24 * 3600
"""After this long without a wrong attempt, earlier ones no longer count."""
_DOUBLINGS_MAX: Final = 20


class Tally(Struct, frozen=True):
    """Wrong attempts so far, those that are under way included, and when the last was made."""

    failures: int
    last_at: Instant


class Rule(Struct, frozen=True):
    """``free`` attempts at once; each further one waits twice as long as the one before, up to ``wait_s_max``."""

    free: int
    wait_s: float
    wait_s_max: float
    cleared: bool = True
    """Whether a right attempt forgives the wrong ones before it."""

    def wait_ms(self, tally: Tally, now: Instant) -> int:
        """How long until the next attempt may be made; 0 for now."""
        over = _current(tally, now) - self.free
        if over < 0:
            return 0
        wait_s = min(self.wait_s_max, self.wait_s * 2 ** min(over, _DOUBLINGS_MAX))
        return max(0, tally.last_at + int(wait_s * 1000) - now)


class Limited(Struct, frozen=True):
    """One thing that is counted: the digest that names it, and the rule it is under."""

    key: bytes
    rule: Rule


def counted(tally: Tally, now: Instant) -> Tally:
    """The tally with an attempt that begins now. It counts as wrong until it turns out to be right."""
    return Tally(_current(tally, now) + 1, now)


def forgiven(rule: Rule, tally: Tally) -> Tally:
    """The tally once an attempt that it counts turned out to be right."""
    return Tally(0 if rule.cleared else max(0, tally.failures - 1), tally.last_at)


def _current(tally: Tally, now: Instant) -> int:
    return 0 if tally.last_at + FORGET_AFTER_S * 1000 <= now else tally.failures

"""What formats have in common that go round by round."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct

from actors.tournament.engine.correction import Correction
from actors.tournament.engine.elimination import Slot
from actors.tournament.engine.progress import Outcome, Sides


class ByRound(Struct, frozen=True):
    """The part of ``Play`` that is the same for all of them: sides are settled before a round begins, so no result
    leads anywhere. Who has a bye has no match.
    """

    by_round: ClassVar[bool] = True

    def __len__(self) -> int:
        """See ``Play``."""
        raise NotImplementedError

    def leads(self, number: int) -> tuple[Slot | None, Slot | None]:
        """See ``Play``."""
        return None, None

    @property
    def done_first(self) -> int:
        """See ``Play``."""
        return 0

    @property
    def due_first(self) -> int:
        """See ``Play``: all that there are so far."""
        return len(self)

    def nth_due(self, count: int) -> int:
        """See ``Play``."""
        return count + 1

    def outcome(
        self, sides: Callable[[int], Sides], match: int, winner: int | None, *, most: int | None = None
    ) -> Outcome:
        """See ``Play``."""
        return Outcome((), ())

    def correct(self, sides: Callable[[int], Sides], match: int, winner: int | None) -> Correction:
        """See ``Play``."""
        return Correction()

    def take_back(self, sides: Callable[[int], Sides], match: int) -> Correction:
        """See ``Play``."""
        return Correction()

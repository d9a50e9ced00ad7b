"""The numbers of a stage's matches. The engine counts those of each stage from 1 on; a tournament counts those of all
of its stages, and never gives a number again that a void match had.
"""

from __future__ import annotations

from msgspec import Struct

Jump = tuple[int, int]
"""A match by its number within the stage, and the number that it has within the tournament."""


class Numbers(Struct, frozen=True):
    """From the first match on they run on, but for jumps."""

    first: int = 1
    jumps: tuple[Jump, ...] = ()
    """Where they don't follow on the number before, in order: void matches had those in between."""

    def outer(self, number: int) -> int:
        """The number within the tournament of a match that has this one within the stage."""
        begin, at = 1, self.first
        for jump in self.jumps:
            if number < jump[0]:
                break
            begin, at = jump
        return at + number - begin

    def inner(self, number: int) -> int:
        """The number within the stage of a match that has this one within the tournament; 0 if the stage has none of
        it. After the last match they count on.
        """
        if not self.jumps:
            return number - self.first + 1 if number >= self.first else 0
        end = 0
        for begin, at in (*reversed(self.jumps), (1, self.first)):
            if number >= at:
                found = number - at + begin
                return found if not end or found < end else 0
            end = begin
        return 0

    def followed(self, number: int, at: int) -> Numbers:
        """The numbers once a match with this one within the stage has that one within the tournament."""
        if self.outer(number) == at:
            return self
        return Numbers(self.first, (*self.jumps, (number, at)))

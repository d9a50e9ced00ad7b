"""How long it takes to work out all of a large bracket, as who reads all of it does.

``python -m gatherup.bench.brackets`` does it once and prints a ``Measured``, as JSON.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from actors.tournament.engine.beginning import first_sides
from actors.tournament.engine.elimination import double
from gatherup.bench.measuring import cpu_s, say
from gatherup.garbage import relax_garbage_collection

ENTRANTS: Final = 1024


class Measured(Struct, frozen=True, kw_only=True):
    """One bracket of double elimination, in CPU time."""

    entrants: int
    built_ms: float
    seated_ms: float


def main() -> None:
    """The command line."""
    relax_garbage_collection()
    begun = cpu_s()
    bracket, order = double(ENTRANTS), range(1, ENTRANTS + 1)
    numbers = range(1, len(bracket) + 1)
    for number in numbers:
        bracket[number]
    built = cpu_s()
    for number in numbers:
        first_sides(bracket, order, number)
    seated = cpu_s()
    say(Measured(entrants=ENTRANTS, built_ms=(built - begun) * 1000, seated_ms=(seated - built) * 1000))


if __name__ == "__main__":
    main()

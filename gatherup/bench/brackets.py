"""How long a large bracket takes until its first matches are known.

``python -m gatherup.bench.brackets`` builds one and prints a ``Measured``, as JSON. Later ones of that size share it,
so each repeat is a run of its own.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from actors.tournament.engine.elimination import double
from actors.tournament.engine.progress import seat
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
    bracket = double(ENTRANTS)
    built = cpu_s()
    seat(bracket, range(1, ENTRANTS + 1))
    seated = cpu_s()
    say(Measured(entrants=ENTRANTS, built_ms=(built - begun) * 1000, seated_ms=(seated - built) * 1000))


if __name__ == "__main__":
    main()

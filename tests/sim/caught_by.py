"""The seed that caught each deliberate bug last, so that the suite finds it at once.

A change of the code changes histories, so a seed may stop catching its bug: then the search goes through all, which
takes minutes for the rare ones. ``python -m tests.sim.caught_by`` searches and writes the list anew.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import msgspec

from tests.sim.run import VARIANT_SEEDS, first_failure, pool
from tests.sim.variants import VARIANTS

FILE: Final = Path(__file__).with_name("caught_by.json")


def caught_by() -> dict[str, int]:
    """By variant; one that is new is not in it."""
    return msgspec.json.decode(FILE.read_bytes(), type=dict[str, int])


def main() -> None:
    """Search for all and write the list."""
    known = caught_by()
    found: dict[str, int] = {}
    with pool() as workers:
        for variant in sorted(VARIANTS):
            result = first_failure(workers, range(VARIANT_SEEDS), variant, hint=known.get(variant))
            assert result is not None, f"{variant} passed {VARIANT_SEEDS} seeds"
            found[variant] = result.seed
            sys.stdout.write(f"{variant}: {result.seed}\n")
            sys.stdout.flush()
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")


if __name__ == "__main__":
    main()

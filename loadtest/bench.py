"""``make bench``: the figures, measured on a whole installation that lives as long as the run."""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Final

import msgspec

from loadtest.figures import (
    FULL,
    QUICK,
    Scale,
    brackets,
    commit_path,
    cross_node,
    crowds,
    draining,
    effects,
    events,
    fanout,
    heads,
    http,
    idle,
    idle_rooms,
    jobs,
    logins,
    long_steps,
    pairing,
    posts,
    snapshots,
    swiss,
    tournaments,
)
from loadtest.node import Node
from loadtest.report import Figure, table

Alone = Callable[[Scale], list[Figure]]
"""What starts by itself what it measures."""
OnNode = Callable[[Node, Scale], list[Figure]]
"""What measures a whole installation."""

ON_NODE: Final[dict[str, OnNode]] = {
    "idle": idle.measure,  # first: it is about memory that nothing took before
    "posts": posts.measure,
    "fanout": fanout.measure,
    "events": events.measure,
    "heads": heads.measure,
}
ALONE: Final[dict[str, Alone]] = {
    "http": http.measure,
    "commit-path": commit_path.measure,
    "long-steps": long_steps.measure,
    "brackets": brackets.measure,
    "tournaments": tournaments.measure,
    "swiss": swiss.measure,
    "pairing": pairing.measure,
    "effects": effects.measure,
    "jobs": jobs.measure,
    "draining": draining.measure,
    "crowds": crowds.measure,
    "logins": logins.measure,
    "cross-node": cross_node.measure,
    "snapshots": snapshots.measure,
    "idle-rooms": idle_rooms.measure,
}
MEASURES: Final = (*ON_NODE, *ALONE)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line. A missed target is reported and is no error: machines differ."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.bench", description=__doc__)
    parser.add_argument("--only", choices=MEASURES, action="append", help="measure this; may be repeated")
    parser.add_argument(
        "--quick", action="store_true", help="see that everything works; the numbers mean nothing"
    )
    parser.add_argument(
        "--profile", action="store_true", help="tell where the node's CPU time goes, as far as a measure can"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args(arguments)
    _allow_many_files()
    scale = msgspec.structs.replace(QUICK if given.quick else FULL, profile=given.profile)
    figures: list[Figure] = []
    with ExitStack() as stack:
        # To start an installation takes longer than to see that a measure works.
        shared = stack.enter_context(Node()) if given.quick else None
        for name in given.only or MEASURES:
            sys.stderr.write(f"measuring {name} ...\n")
            measured = _measured(name, scale, shared)
            figures += measured
            if not given.json:
                sys.stdout.write(table(measured) + "\n")
                sys.stdout.flush()
    if given.json:
        sys.stdout.write(msgspec.json.encode([figure.plain() for figure in figures]).decode() + "\n")


def _measured(name: str, scale: Scale, shared: Node | None) -> list[Figure]:
    if name in ALONE:
        return ALONE[name](scale)
    if shared is not None:
        return ON_NODE[name](shared, scale)
    with Node() as node:
        return ON_NODE[name](node, scale)


def _allow_many_files() -> None:
    """As many open files as the system lets this process and its children have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    main()

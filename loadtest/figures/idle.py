"""What a connection costs that only is there."""

from __future__ import annotations

from typing import Final

from loadtest.crowd import Crowd
from loadtest.figures import Scale
from loadtest.node import Node
from loadtest.report import Figure, at_most

KB_MAX: Final = 14.0
WARM_UP: Final = 20
"""Connections made before, so that code loaded late isn't counted."""
SWEEPS_S: Final = 2.5
"""Two looks of the node at all deadlines."""


def measure(node: Node, scale: Scale) -> list[Figure]:
    """Resident memory of the node, with and without so many sessions, each of a user of its own."""
    tokens = node.guests(scale.idle + WARM_UP)
    warm = Crowd(node.connect(tokens[:WARM_UP]))
    before = node.rss_bytes
    crowd = Crowd(node.connect(tokens[WARM_UP:]))
    crowd.read_for(SWEEPS_S)
    kb = (node.rss_bytes - before) / 1024 / scale.idle
    for done in (crowd, warm):
        done.close()
    group = f"{scale.idle} idle connections with their sessions"
    return [
        Figure(
            group=group, name="node memory per connection", unit="KB", values=(kb,), target=at_most(KB_MAX)
        )
    ]

"""Who is really there, by the sessions that are open, and whether every node that wants to know says so in the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import trio

from actors.presence.roster import Here, RosterState, more_present, together
from actors.session.session import Session
from protocol import limits
from protocol.frames import INVISIBLE
from protocol.ids import kind_of
from protocol.presence import KIND
from tests.sim.history import History
from tests.sim.node import SimNode

TRUE_S: Final = 10.0
"""In peace a roster is true after so long: a shard that moved last waits for what the nodes say, and they say it once
in PRESENCE_INTERVAL_S.
"""
LOOK_S: Final = 0.5


def truly_there(nodes: Iterable[SimNode], stream: str) -> RosterState:
    """Whose sessions listen to a room now, and how they want to be seen."""
    return together(_here(node, stream) for node in nodes)


def _here(node: SimNode, stream: str) -> Here:
    sessions = [session for session in node.sessions if session.id is not None and not session._ended]
    seen: dict[str, str] = {}
    for user in dict.fromkeys(s.user for s in sessions if s._subscriptions.live(stream)):
        if (status := _status([s for s in sessions if s.user == user])) is not None:
            seen[user] = status
    listed = dict(list(seen.items())[: limits.PRESENT_USERS_MAX])
    return Here(listed, len(seen) - len(listed))


def _status(sessions: Iterable[Session]) -> str | None:
    seen: str | None = None
    for session in sessions:
        if session._status == INVISIBLE:
            return None
        seen = session._status if seen is None else more_present(seen, session._status)
    return seen


async def check_rosters(nodes: Mapping[str, SimNode], history: History) -> int:
    """What each node knows of the rooms that it wants to know of comes true soon; of how many. Raises Violation."""
    deadline = trio.current_time() + TRUE_S
    while wrong := _wrong(nodes):
        if trio.current_time() > deadline:
            raise history.fail(2, f"in the end {wrong[0]}")
        await trio.sleep(LOOK_S)
    return sum(_known(node, stream).count for node in nodes.values() for stream in _wanted(node))


def _wrong(nodes: Mapping[str, SimNode]) -> list[str]:
    wrong: list[str] = []
    for name, node in nodes.items():
        for stream in _wanted(node):
            told, true = _known(node, stream), truly_there(nodes.values(), stream)
            if told != true:
                wrong.append(f"{name} says that {told} are in {stream}, not {true}")
    return wrong


def _wanted(node: SimNode) -> list[str]:
    return [stream for stream in node.presence._wanted if kind_of(stream) not in ("inbox", KIND)]


def _known(node: SimNode, stream: str) -> RosterState:
    return node.presence.roster_state(stream)

"""The commands of the playground, as they are typed."""

from __future__ import annotations

from enum import Enum
from typing import Final

from msgspec import Struct

from gatherup.chaos.node import Server
from gatherup.chaos.proxy import Direction

FREEZE_S: Final = 5.0
"""What ``freeze`` takes if no time is said: longer than a lease."""
SECONDS_MAX: Final = 3600.0
HELP: Final = """\
  kill N                    kill -9 of node N; it is started again, as a supervisor would
  freeze N [SECONDS]        stop node N for so long (5), then let it go on: longer than its lease, others take over
  cut N redis|postgres [in|out]
                            cut a link of node N; with in or out, one way only, and nobody is told
  heal [N]                  mend the links of node N, or all
  drain N                   node N hands over its streams, moves its clients and ends
  restart N                 drain node N if it runs, and start it
  status                    nodes, shards, leases, and how the chat goes
  wait SECONDS              do nothing, for scripts
  help, quit"""


class Verb(Enum):
    """What can be ordered."""

    KILL = "kill"
    FREEZE = "freeze"
    CUT = "cut"
    HEAL = "heal"
    DRAIN = "drain"
    RESTART = "restart"
    STATUS = "status"
    WAIT = "wait"
    HELP = "help"
    QUIT = "quit"


_WITHOUT_NODE: Final = {Verb.STATUS, Verb.WAIT, Verb.HELP, Verb.QUIT}


class Order(Struct, frozen=True, kw_only=True):
    """One line, understood."""

    verb: Verb
    node: str = ""
    """Empty for all, or none."""
    seconds: float = 0.0
    server: Server | None = None
    direction: Direction | None = None
    """None for a cut that both ends notice."""


class NotUnderstoodError(Exception):
    """The message says what was expected."""


def read_order(line: str, nodes: int) -> Order:
    """Understand a line that isn't blank; nodes are 1 … ``nodes``. Raises NotUnderstoodError."""
    word, *rest = line.lower().split()
    try:
        verb = Verb(word)
    except ValueError:
        raise NotUnderstoodError(f"There is no command {word!r}; help lists them.") from None
    node = ""
    if verb not in _WITHOUT_NODE and (rest or verb is not Verb.HEAL):
        node = _node(rest.pop(0) if rest else "", nodes)
    seconds, server, direction = 0.0, None, None
    match verb:
        case Verb.FREEZE:
            seconds = _seconds(rest.pop(0)) if rest else FREEZE_S
        case Verb.WAIT:
            seconds = _seconds(rest.pop(0) if rest else "")
        case Verb.CUT:
            server = _server(rest.pop(0) if rest else "")
            direction = _direction(rest.pop(0)) if rest else None
        case _:
            pass
    if rest:
        raise NotUnderstoodError(f"{' '.join(rest)!r} is too much; help lists the commands.")
    return Order(verb=verb, node=node, seconds=seconds, server=server, direction=direction)


def _node(text: str, nodes: int) -> str:
    number = text.removeprefix("node-")
    if not number.isascii() or not number.isdigit() or not 1 <= int(number[:4]) <= nodes:
        raise NotUnderstoodError(f"Which node? A number from 1 to {nodes}.")
    return f"node-{int(number)}"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= SECONDS_MAX:
        raise NotUnderstoodError(f"How long? Seconds, up to {SECONDS_MAX:.0f}.")
    return seconds


def _server(text: str) -> Server:
    for server in Server:
        if text == server.name.lower():
            return server
    raise NotUnderstoodError("Which link? redis or postgres.")


def _direction(text: str) -> Direction:
    match text:
        case "in":
            return Direction.DOWN
        case "out":
            return Direction.UP
        case _:
            raise NotUnderstoodError(
                "Which way? in (to the node), out (from it), or nothing for a whole cut."
            )

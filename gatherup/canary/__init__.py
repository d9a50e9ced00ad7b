"""The canary: an event that goes the whole way again and again, and with it the node's readiness.

A node is ready when a command of its own reached an actor, was committed, published, and arrived at a subscriber on
this node: in a stream of its own, and where there are other nodes also in streams of theirs, through the bus. Nothing
on that way is asked whether it feels well; it is used.
"""

from gatherup.canary.canary import Canary
from gatherup.canary.kind import KIND, CanaryKind
from gatherup.canary.singer import Air

__all__ = ["KIND", "Air", "Canary", "CanaryKind"]

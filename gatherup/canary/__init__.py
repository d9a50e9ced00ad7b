"""The canary: an event that goes the whole way again and again, by which the node's readiness is measured.

A node is ready when a command of its own reached an actor, was committed and published, and arrived at a subscriber
on this node: in a stream that the node owns, and where there are other nodes also in streams of theirs, through the
bus. No part is asked whether it works; every part is used.
"""

from gatherup.canary.canary import Canary
from gatherup.canary.kind import KIND, CanaryKind
from gatherup.canary.probe import ProbeContext

__all__ = ["KIND", "Canary", "CanaryKind", "ProbeContext"]

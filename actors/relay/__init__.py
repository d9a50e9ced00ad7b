"""From a node's streams to its own subscribers: order, coalescing, catching up, repair.

Free of sockets: bytes leave through each subscriber's outbox.
"""

from actors.relay.entry import Subscriber, Subscription, Watch, Watcher
from actors.relay.relay import Relay

__all__ = ["Relay", "Subscriber", "Subscription", "Watch", "Watcher"]

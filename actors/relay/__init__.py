"""From a node's streams to its own subscribers: order, coalescing, catching up, repair.

Free of sockets: bytes leave through each subscriber's writer.
"""

from actors.relay.entry import Subscription, Watch
from actors.relay.relay import Relay
from actors.relay.subscriber import Subscriber, Watcher

__all__ = ["Relay", "Subscriber", "Subscription", "Watch", "Watcher"]

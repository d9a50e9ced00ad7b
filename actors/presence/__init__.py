"""Who is there: each node says who is on it, a stream's owner puts that together and tells whoever wants to know.

Nothing here is logged or promised; what is lost is said again when links recover, and a node that is gone takes with it
whom it had.
"""

from actors.presence.presence import Presence

__all__ = ["Presence"]

"""What can go wrong with an embedded server."""


class EmbeddedServerError(Exception):
    """An embedded server could not be started, found or stopped; the message says why and what to do."""

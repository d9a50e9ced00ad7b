"""The HTTP facade on a real node with a real PostgreSQL, over loopback."""

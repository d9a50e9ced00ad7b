"""People on the real PostgreSQL."""

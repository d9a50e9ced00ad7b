"""The runtime on a real PostgreSQL."""

"""Streams in PostgreSQL: the log, projected rows, facts, and the directory of who owns what."""

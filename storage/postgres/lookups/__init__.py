"""Lookup tables, in PostgreSQL."""

"""Lookup tables over HTTP."""

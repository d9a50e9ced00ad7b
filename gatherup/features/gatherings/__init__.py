"""Gatherings over HTTP."""

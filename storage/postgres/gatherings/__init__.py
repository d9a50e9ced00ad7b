"""Repositories of gatherings."""

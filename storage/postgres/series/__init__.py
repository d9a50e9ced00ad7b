"""Repositories of series of tournaments."""

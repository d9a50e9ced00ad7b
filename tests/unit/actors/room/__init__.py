"""Rooms: decisions by example, folding and projecting by property."""

"""Ratings of players, by game."""

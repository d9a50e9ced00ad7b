"""Mirrors actors/."""

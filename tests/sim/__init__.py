"""Whole nodes on a mock clock and a seeded schedule; checkers hold the history against the promises."""

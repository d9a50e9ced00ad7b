"""Faults on a real cluster, and the checkers that hold what its clients saw against what was promised."""
